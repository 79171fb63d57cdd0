"""What elaboration makes of a tree: a typed program that keeps the structure of the spec.

A program is models; a model is a region; a region is steps over numbered wires. A step applies an
operator, calls a region (a block, shared part or model), or repeats regions in runs. A region is
closed: every outer tensor that it reads is one of its inputs, so equal uses share one region, and
what is known of it is worked out once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nnspec.ops.operator import Operator
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType, Type
from nnspec.source import Span
from nnspec.syntax.tree import Node, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.shapes.alternatives import Demand


class Region(Record):
    """Steps over wires: `types` has the type of each, and `inputs` says which come from outside.

    `results` are the wires that leave it, `exports` those whose labels do; `labels` are the names that
    the spec gives to wires.
    Regions are compared by identity: the elaborator already shares equal ones.
    """

    syntax: Node
    inputs: tuple[int, ...]
    steps: tuple[Step, ...]
    types: tuple[Type, ...]
    results: tuple[int, ...]
    exports: tuple[int, ...] = ()
    labels: tuple[tuple[int, str], ...] = ()
    conditions: Mapping[Demand, Span] = {}  # each with the stage or promise that was the first to demand it

    __eq__ = object.__eq__
    __hash__ = object.__hash__  # Python's own: analyses look regions up again and again

    def __repr__(self) -> str:
        return f"<Region of {len(self.steps)} steps>"


class Use(Record):
    """A region put to use: the wires it is given, in the order of its inputs.

    In a repeat the first `carried` of them are what the turn before gave.
    """

    region: Region
    operands: tuple[int, ...]
    carried: int = 0


class OperatorStep(Record):
    """An operator applied to wires."""

    operator: Operator
    operands: tuple[int, ...]
    outputs: tuple[int, ...]
    span: Span


class CallStep(Record):
    """A block, shared part or model applied to wires; `outputs` are its results, then its exports.

    `name` is empty for a wrapper of one operator, whose layer says it. `owner` is None for a block, whose weights
    are new at each use; uses with one owner share them.
    """

    use: Use
    outputs: tuple[int, ...]
    span: Span
    name: str
    owner: str | None = None


class RunStep(Record):
    """A stretch of a repeat: `cycle` again and again, `count` times in all (turns, not cycles).

    The carried operands of `cycle[0]` feed the first turn; all others that are not carried are the
    same at every turn. `outputs` are the last turn's results, then its exports.
    """

    cycle: tuple[Use, ...]
    count: int
    outputs: tuple[int, ...]
    span: Span
    turns: tuple[int, int]  # which turns of how many, (first, of), counted from 1


Step: TypeAlias = "OperatorStep | CallStep | RunStep"


class NamedTensor(Record):
    """An input or output of a model."""

    name: str
    type: Type
    wire: int


class Model(Record):
    """A network: a region without inputs, whose `Input` operators are its inputs, in written order."""

    name: str
    region: Region
    inputs: tuple[NamedTensor, ...]
    outputs: tuple[NamedTensor, ...]
    span: Span

    @property
    def is_known(self) -> bool:
        """Whether every output has a type, so that the model can be counted and built."""
        return bool(self.outputs) and all(isinstance(output.type, TensorType) for output in self.outputs)


class Program(Record):
    """All models of a file, with the tree they came from."""

    tree: Tree
    models: tuple[Model, ...]

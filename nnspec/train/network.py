"""What training asks of a network: its inputs and outputs, and which activation each output leaves by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.ops.activation import GumbelSoftmax, HardSigmoid, Sigmoid, Softmax
from nnspec.ops.shape import Flatten, Identity, Permute, Reshape
from nnspec.program.program import CallStep, Model, OperatorStep, Region, RunStep
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.ops.operator import Operator
    from nnspec.source import Span


class End(Record):
    """An input or output; `span` is where its operator stands, `operator` what made an output's values."""

    name: str
    type: TensorType
    span: Span
    operator: Operator | None = None

    @property
    def is_probability(self) -> bool:
        """Whether the values have passed a softmax or sigmoid."""
        return isinstance(self.operator, (Softmax, GumbelSoftmax, Sigmoid, HardSigmoid))


class Network(Record):
    """A network from the outside."""

    name: str
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    span: Span


def network_of(model: Model) -> Network | None:
    """The network of a model; None where errors left a type unknown."""
    inputs = [_end(model, end.name, end.type, end.wire) for end in model.inputs]
    outputs = [_end(model, end.name, end.type, end.wire) for end in model.outputs]
    known = [end for end in (*inputs, *outputs) if end is not None]
    if not inputs or not outputs or len(known) < len(inputs) + len(outputs):
        return None
    return Network(model.name, tuple(known[: len(inputs)]), tuple(known[len(inputs) :]), model.span)


def _end(model: Model, name: str, type: object, wire: int) -> End | None:
    if not isinstance(type, TensorType):
        return None
    made = _maker(model.region, wire)
    return End(name, type, model.span if isinstance(made, int) else made[1], None if isinstance(made, int) else made[0])


def _maker(region: Region, wire: int) -> tuple[Operator, Span] | int:
    """The operator that made a wire's values, or the number of the input of the region that they came by.

    Operators that only move values are passed through.
    """
    while wire not in region.inputs:
        step = next(step for step in region.steps if wire in step.outputs)
        if isinstance(step, OperatorStep):
            if not isinstance(step.operator, (Flatten, Reshape, Permute, Identity)) or not step.operands:
                return step.operator, step.span
            wire = step.operands[0]
            continue
        use = step.use if isinstance(step, CallStep) else _last_use(step)
        position = step.outputs.index(wire)
        inside = (*use.region.results, *use.region.exports)[position]
        made = _maker(use.region, inside)
        if not isinstance(made, int):
            return made
        wire = use.operands[made]
    return region.inputs.index(wire)


def _last_use(step: RunStep) -> Any:
    return step.cycle[(step.count - 1) % len(step.cycle)]


__all__ = ["End", "Network", "network_of"]

"""What happens while a spec is walked: operators applied, parts entered, turns taken, choices made.

A section is what happens inside one region, in order, over the region's wires. Sections of the same
syntax differ where sizes do; `merge` says what they have in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from nnspec.calls import Value
from nnspec.ops.operator import Operator
from nnspec.program.program import Region
from nnspec.program.unit import Block, Network, Shared
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType

#: Where a piece of syntax stands: its file, and its first and last characters.
Place: TypeAlias = "tuple[str, int, int]"


class LocalName(Record):
    """A block's parameter, or a loop's name, in an expression."""

    name: str


class GlobalName(Record):
    """A `param` or `let`, in an expression: its place tells it from others of the name."""

    name: str
    place: Place


class Formula(Record):
    """A `let f(v) = …` that is called in an expression."""

    name: str
    place: Place


class Wire(Record):
    """A tensor of the section at hand, in an expression: `in` in `in.channels`."""

    index: int


class Hinge(Record):
    """A condition that chose an argument, `padding=same if s == 1 else 1`, and what it came to.

    `condition` is None where it cannot be spelled. `decides` is False where the choice is a number, which is spelled.
    """

    place: Place
    condition: Value
    truth: bool
    decides: bool


class Applied(Record):
    """An operator applied to wires."""

    place: Place
    operator: Operator
    operands: tuple[int, ...]
    outputs: tuple[int, ...]
    types: tuple[TensorType, ...]  # of the operands
    hinges: tuple[Hinge, ...] = ()


class Entered(Record):
    """A block, shared part or model as a stage, or the flow of a wrapper, which has no part.

    `arguments` are the expressions given to its parameters, None where one cannot be spelled.
    """

    place: Place
    part: Block | Shared | Network | None
    section: Section
    operands: tuple[int, ...]
    outputs: tuple[int, ...]
    arguments: Mapping[str, Value]
    by_name: frozenset[str] = frozenset()
    defaults: Mapping[str, Value] = {}
    values: Mapping[str, Any] = {}
    hinges: tuple[Hinge, ...] = ()


class Turn(Record):
    """A turn of a repeat: its section, what its inputs are given, and the wires of its exports."""

    section: Section
    operands: tuple[int, ...]
    exports: tuple[int, ...]
    carried: int
    item: Any


class Repeated(Record):
    """`x n` and `for`: `over` is the count, or the list, as written (None where it cannot be spelled)."""

    place: Place
    names: tuple[str, ...]
    over: Value
    turns: tuple[Turn, ...]
    arriving: tuple[int, ...]
    outputs: tuple[int, ...]
    is_count: bool


class Chosen(Record):
    """`a if c else b`: the events of what was chosen, and the wires it gave, which are `outputs` from here on."""

    place: Place
    condition: Value
    chosen: bool
    events: tuple[Event, ...]
    results: tuple[int, ...]
    outputs: tuple[int, ...]


class Hinged(Record):
    """A part of the spec that is there or not, as numbers have it: `Residual(when=…)`."""

    place: Place


class Spread(Record):
    """`{ for k in …: flow }`: of each item its events and the wires it gave, which are `outputs` from here on."""

    place: Place
    names: tuple[str, ...]
    over: Value
    items: tuple[tuple[Any, tuple[Event, ...], tuple[int, ...]], ...]
    outputs: tuple[tuple[int, ...], ...]


class Put(Record):
    """`as e[i]`: a label with indexes, and the wire it names."""

    place: Place
    name: str
    indexes: tuple[Value, ...]
    values: tuple[Any, ...]
    wire: int


class Got(Record):
    """`e[3 - i]` as a stage: the label's wire, which is `output` from here on."""

    place: Place
    name: str
    indexes: tuple[Value, ...]
    wire: int
    output: int


class Promised(Record):
    """`: (7, 7, 512)` behind a stage: as written, and the shape that is there."""

    place: Place
    text: str
    shape: str
    wire: int


Event: TypeAlias = "Applied | Entered | Repeated | Chosen | Hinged | Spread | Put | Got | Promised"


class Section(Record):
    """What happens in a region. `keys` say of each input what it is read as, None for what arrives."""

    region: Region
    inputs: tuple[int, ...]
    keys: tuple[Any, ...]
    events: tuple[Event, ...]
    results: tuple[int, ...]
    labels: Mapping[int, str]
    exports: tuple[tuple[Any, int], ...]

    __eq__ = object.__eq__
    __hash__ = object.__hash__

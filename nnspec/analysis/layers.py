"""Every layer of a flat view with what it costs and sees; what a table of layers shows.

A shared layer's weights are counted at its first use, its multiply-adds at each.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nnspec.analysis.cost import operator_cost
from nnspec.analysis.field import AxisField, Field, ReceptiveField, axes_of, centres
from nnspec.program.graph import TooManyLayers, flatten
from nnspec.record import Record
from nnspec.shapes.dim import DimTooLarge, compare, maximum
from nnspec.shapes.reach import PeriodTooLong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.program.graph import Graph, Layer, Port
    from nnspec.program.program import Model
    from nnspec.shapes.dim import Dim
    from nnspec.shapes.tensor import TensorType
    from nnspec.source import Span

MOST_FOLLOWED = 20_000  # layers that are looked at for the largest field where blocks and repeats do not tell it

#: What differs between paths that meet: how far apart their fields lie, or the middles of these.
Unaligned: TypeAlias = 'Literal["strides", "centres"]'


class LayerRow(Record):
    """One layer. `receptive_field` is the largest over axes, None where positions no longer correspond.

    `field` says it of each spatial axis; `unaligned` what differs where paths meet that look elsewhere.
    Units: weights; multiply-adds and bytes for one example; input positions.
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[TensorType, ...]
    params: Dim
    trainable_params: Dim
    macs: Dim
    receptive_field: Dim | None
    activation_bytes: Dim
    span: Span
    field: tuple[AxisField, ...] | None = None
    unaligned: Unaligned | None = None


def layer_rows(graph: Graph) -> Iterator[LayerRow]:
    """A row for each layer, in the order of computation."""
    fields = _Fields(graph)
    for layer in graph.layers:
        inputs: list[Any] = [graph.type_of(port) for port in layer.inputs]
        cost = operator_cost(layer.operator, inputs, list(layer.types))
        own = layer.shares is None
        unaligned = fields.enter(layer, inputs)
        axes = fields.last_axes()
        yield LayerRow(
            layer.name, layer.operator.title, tuple([_port_name(graph, port) for port in layer.inputs]),
            layer.types, cost.params if own else 0, cost.trainable_params if own else 0, cost.macs,
            None if axes is None else maximum(1, *[axis.size for axis in axes]), cost.activation_bytes, layer.span,
            axes, unaligned,
        )  # fmt: skip


def largest_field(model: Model) -> Dim | None:
    """The largest receptive field of a model, layer after layer; None where one is not known, or layers are many."""
    try:
        graph = flatten(model, MOST_FOLLOWED)
        fields = _Fields(graph)
        sizes: list[Dim] = [1]
        for layer in graph.layers:
            fields.enter(layer, [graph.type_of(port) for port in layer.inputs])
            sizes += fields.last_sizes()
        return maximum(*dict.fromkeys(sizes))
    except (TooManyLayers, PeriodTooLong, DimTooLarge):
        return None


def _port_name(graph: Graph, port: Port) -> str:
    layer = graph.layers[port.layer]
    return layer.name if len(layer.types) == 1 else f"{layer.name}[{port.position}]"


class _Lost(Record):
    """Stands for a field that cannot be written down."""


_LOST = _Lost()


class _Fields:
    """Receptive fields, layer after layer, of each of their outputs."""

    def __init__(self, graph: Graph) -> None:
        self.algebra = ReceptiveField()
        self.graph = graph
        self.known: list[list[Field | _Lost | None]] = []

    def enter(self, layer: Layer, inputs: list[TensorType]) -> Unaligned | None:
        """Take the next layer; what differs between the paths that meet in it."""
        found: list[Field | _Lost | None] = []
        unaligned: Unaligned | None = None
        for result in range(len(layer.types)):
            try:
                arriving = self._arriving(layer, inputs, result)
                unaligned = unaligned or _difference([field for field in arriving if not isinstance(field, _Lost)])
                found.append(self._joined(layer, arriving))
            except (PeriodTooLong, DimTooLarge):
                found.append(_LOST)
        self.known.append(found)
        return unaligned

    def _arriving(self, layer: Layer, inputs: list[TensorType], result: int) -> list[Field | _Lost]:
        """What each operand brings, seen through the operator."""
        found: list[Field | _Lost] = []
        for operand, port in enumerate(layer.inputs):
            before = self.known[port.layer][port.position]
            step = self.algebra.step(layer.operator, inputs, layer.types[result], operand, result)
            if before is None or step is None:
                continue
            if isinstance(before, _Lost):
                found.append(before)
            else:
                grown = self.algebra.then(before, step)
                assert isinstance(grown, tuple)  # fields, not marks
                found.append(grown)
        return found

    def _joined(self, layer: Layer, arriving: list[Field | _Lost]) -> Field | _Lost | None:
        if layer.operator.is_input:
            return self.algebra.one
        joined: Field | None = None
        for field in arriving:
            if isinstance(field, _Lost):
                return field
            both = field if joined is None else self.algebra.join(joined, field)
            assert isinstance(both, tuple)
            joined = both
        return joined

    def last_axes(self) -> tuple[AxisField, ...] | None:
        """What is shown of the last layer's first output; None where it has no field, or none that can be written."""
        try:
            return self._axes(0)
        except (PeriodTooLong, DimTooLarge):
            return None

    def last_sizes(self) -> list[Dim]:
        """How much the last layer's outputs see on each of their axes.

        Raises: PeriodTooLong, where that cannot be written down.
        """
        return [axis.size for result in range(len(self.known[-1])) for axis in self._axes(result) or ()]

    def _axes(self, result: int) -> tuple[AxisField, ...] | None:
        field, type = self.known[-1][result], self.graph.layers[len(self.known) - 1].types[result]
        if field is None or type.rank < 2:
            return None
        if isinstance(field, _Lost):
            raise PeriodTooLong
        return axes_of(field, type.spatial)


def _differ(a: Dim | Fraction | None, b: Dim | Fraction | None) -> bool:
    """Whether two middles are certainly not the same."""
    if a is None or b is None:
        return False
    if isinstance(a, Fraction) or isinstance(b, Fraction):
        return a != b
    return compare(a, "==", b) is False


def _difference(fields: list[Field]) -> Unaligned | None:
    """What differs between fields that meet, on any axis; an axis that is seen whole fits every other."""
    axes = max([len(field) for field in fields], default=0)
    found: Unaligned | None = None
    for axis in range(axes):
        middles = [centres(field or ReceptiveField.identity(axes))[axis] for field in fields]
        middles = [each for each in middles if each]
        if any(each.keys() != middles[0].keys() for each in middles):
            return "strides"
        if any(_differ(each[stride], middles[0][stride]) for each in middles for stride in each):
            found = "centres"
    return found

"""Every layer of a flat view with what it costs and sees; what a table of layers shows.

A shared layer's weights are counted at its first use, its multiply-adds at each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.analysis.cost import operator_cost
from nnspec.analysis.paths import Field, ReceptiveField
from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.program.graph import Graph, Layer, Port
    from nnspec.shapes.dim import Dim
    from nnspec.shapes.tensor import TensorType
    from nnspec.source import Span


class LayerRow(Record):
    """One layer. `receptive_field` is the largest over axes, None where positions no longer correspond.

    Units: weights; multiply-adds and bytes for one example; input positions.
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[TensorType, ...]
    params: Dim
    trainable_params: Dim
    macs: Dim
    receptive_field: int | None
    activation_bytes: Dim
    span: Span


def layer_rows(graph: Graph) -> Iterator[LayerRow]:
    """A row for each layer, in the order of computation."""
    fields = _Fields(graph)
    for layer in graph.layers:
        inputs: list[Any] = [graph.type_of(port) for port in layer.inputs]
        cost = operator_cost(layer.operator, inputs, list(layer.types))
        own = layer.shares is None
        yield LayerRow(
            layer.name, layer.operator.title, tuple([_port_name(graph, port) for port in layer.inputs]),
            layer.types, cost.params if own else 0, cost.trainable_params if own else 0, cost.macs,
            fields.extent(fields.enter(layer, inputs)), cost.activation_bytes, layer.span,
        )  # fmt: skip


def _port_name(graph: Graph, port: Port) -> str:
    layer = graph.layers[port.layer]
    return layer.name if len(layer.types) == 1 else f"{layer.name}[{port.position}]"


class _Fields:
    """Receptive fields, layer after layer."""

    def __init__(self, graph: Graph) -> None:
        self.algebra = ReceptiveField()
        self.graph = graph
        self.known: list[Field | None] = []

    def enter(self, layer: Layer, inputs: list[TensorType]) -> Field | None:
        """The field of the next layer: what its window adds to those of its inputs, joined."""
        field = self.algebra.one if layer.operator.is_input else None
        step = self.algebra.step(layer.operator, inputs, layer.types[0])
        for before in [self.known[port.layer] for port in layer.inputs]:
            if before is not None and step is not None:
                grown = self.algebra.then(before, step)
                field = grown if field is None else self.algebra.join(field, grown)
        self.known.append(field)
        return field if layer.types[0].rank > 1 else None

    @staticmethod
    def extent(field: Field | None) -> int | None:
        """The largest extent over axes."""
        return None if field is None else max((int(reach) + 1 for reach, _ in field), default=1)

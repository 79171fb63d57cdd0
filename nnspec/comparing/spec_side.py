"""A spec's network as comparing sees it, made of its flat view. Layers that change nothing are passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.layers import layer_rows
from nnspec.comparing.net import Net, Node, Source, Totals, outputs_node
from nnspec.comparing.wording import settings_of, written
from nnspec.record import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.analysis.layers import LayerRow
    from nnspec.analysis.quantities import Counts
    from nnspec.comparing.net import Setting
    from nnspec.ops.operator import Operator
    from nnspec.program.graph import Graph, Layer
    from nnspec.shapes.dim import Dim
    from nnspec.shapes.tensor import TensorType


def net_of_graph(graph: Graph, counts: Counts, path: str, on_domain: Callable[[Dim], Dim] | None = None) -> Net:
    """The network of a model; `on_domain` gives sizes as they are for the inputs that it takes."""
    net = _Reading(graph).net(counts, path)
    return net if on_domain is None else _rewritten(net, on_domain)


class _Reading:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.sources: dict[Source, Source] = {}  # of the graph's ports
        self.places: dict[int, int] = {}  # of the graph's layers, the nodes
        self.said: dict[object, tuple[str, tuple[Setting, ...], bool]] = {}  # by the operator's id and what arrives
        self.labels: dict[int, str] = {port.layer: label for port, label in graph.labels}

    def net(self, counts: Counts, path: str) -> Net:
        for index, (layer, row) in enumerate(zip(self.graph.layers, layer_rows(self.graph), strict=True)):
            if layer.operator.is_layer or layer.operator.is_input:
                self._add(index, layer, row)
            else:
                source = layer.inputs[0]
                self.sources[index, 0] = self.sources[source.layer, source.position]
        leaving = tuple([self.sources[port.layer, port.position] for _, port in self.graph.outputs])
        inputs = tuple([self.places[port.layer] for port in self.graph.inputs])
        return Net(self.graph.name, path, (*self.nodes, outputs_node(leaving)), inputs, _totals(counts))

    def _add(self, index: int, layer: Layer, row: LayerRow) -> None:
        arriving = tuple([self.graph.type_of(port) for port in layer.inputs])
        text, settings, is_idle = self._words(layer.operator, arriving)
        on_vectors = layer.operator.on_vectors
        family = row.operator if on_vectors is None else on_vectors.__name__
        form = family if [each.rank for each in arriving] == [1] else row.operator
        for position in range(len(layer.types)):
            self.sources[index, position] = (len(self.nodes), position)
        self.places[index] = len(self.nodes)
        self.nodes.append(
            Node(
                row.name, row.operator, family, form, text, settings,
                tuple([self.sources[port.layer, port.position] for port in layer.inputs]), layer.types,
                row.params, row.trainable_params, row.macs, row.activation_bytes, row.receptive_field, layer.span,
                None if layer.shares is None else self.places[layer.shares],
                layer.operator.is_input, is_idle, layer.operator.layered()[-1].commutes,
                layer.operator.arranges, layer.operator.flattens,
                self.labels.get(index), layer.path,
            )
        )  # fmt: skip

    def _words(self, operator: Operator, arriving: tuple[TensorType, ...]) -> tuple[str, tuple[Setting, ...], bool]:
        """What an operator is called, how it is set and whether it does nothing; worked out once for all alike."""
        key = (id(operator), arriving)
        if key not in self.said:
            self.said[key] = (written(operator), settings_of(operator, arriving), operator.is_idle(*arriving))
        return self.said[key]


def _rewritten(net: Net, on_domain: Callable[[Dim], Dim]) -> Net:
    """A network with its sizes and costs in other words."""
    known: dict[Dim, Dim] = {}

    def rewritten(dim: Dim) -> Dim:
        if isinstance(dim, int):
            return dim
        if dim not in known:
            known[dim] = on_domain(dim)
        return known[dim]

    def costs(of: Node | Totals) -> dict[str, Dim]:
        sizes = {name: getattr(of, name) for name in ("params", "trainable_params", "macs", "activation_bytes")}
        return {name: rewritten(size) for name, size in sizes.items() if size is not None}

    nodes = [
        replace(
            node,
            outputs=tuple([replace(each, shape=tuple(map(rewritten, each.shape))) for each in node.outputs]),
            **costs(node),
        )
        for node in net.nodes
    ]
    return replace(net, nodes=tuple(nodes), totals=replace(net.totals, **costs(net.totals)))


def _totals(counts: Counts) -> Totals:
    return Totals(
        counts.params, counts.trainable_params, counts.macs, counts.layers, counts.depth, counts.receptive_field,
        counts.activation_bytes,
    )  # fmt: skip

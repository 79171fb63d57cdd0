"""A network as comparing sees it: layers over one another's outputs, whether a spec or a saved model said them.

It knows what a layer is called, how it was set and what it costs; not where any of that came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nnspec.record import Record, replace

if TYPE_CHECKING:
    from nnspec.shapes.dim import Dim
    from nnspec.shapes.tensor import TensorType
    from nnspec.source import Span

#: The output of a layer: the layer's index, and which of its outputs.
Source: TypeAlias = "tuple[int, int]"

#: The kind of the last node of every net, whose inputs are what leaves the network.
OUTPUTS = "outputs"


class Setting(Record):
    """One argument of a layer, given or at its default, and how it is shown.

    `key` is what is written, `meant` what that comes to at the sizes that arrive: two are alike where either is equal.
    """

    name: str
    key: str
    meant: str
    text: str


class Node(Record):
    """One layer. `text` is how a spec would write it; `shares` is the first layer of those that use one set of weights.

    Layers of one `family` may correspond; those of one `form` or one kind compute alike, if they are set alike. An
    idle one gives what arrives; one that arranges gives its elements, in their order, in other axes, and one that
    flattens takes them all whatever the axes. `commutes` says that the order of its inputs does not matter. `label` is
    the name that a person gave it, `path` the blocks and turns around it.
    Units: weights; multiply-adds and bytes for one example; input positions. None is unknown.
    """

    name: str
    kind: str
    family: str
    form: str
    text: str
    settings: tuple[Setting, ...]
    inputs: tuple[Source, ...]
    outputs: tuple[TensorType, ...]
    params: Dim
    trainable_params: Dim
    macs: Dim | None
    activation_bytes: Dim
    receptive_field: Dim | None
    span: Span | None = None
    shares: int | None = None
    is_input: bool = False
    is_idle: bool = False
    commutes: bool = False
    arranges: bool = False
    flattens: bool = False
    label: str | None = None
    path: tuple[str, ...] = ()


class Totals(Record):
    """What a whole network comes to; None is unknown."""

    params: Dim
    trainable_params: Dim
    macs: Dim | None
    layers: int
    depth: int | None
    receptive_field: Dim | None
    activation_bytes: Dim


class Net(Record):
    """Nodes in the order of computation, the last of them the outputs; `inputs` are those of the network, in order."""

    name: str
    path: str
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    totals: Totals

    def types_into(self, node: Node) -> tuple[TensorType, ...]:
        """What arrives at a node."""
        return tuple([self.nodes[index].outputs[position] for index, position in node.inputs])


def outputs_node(leaving: tuple[Source, ...]) -> Node:
    """The node in which every net ends."""
    return Node(OUTPUTS, OUTPUTS, OUTPUTS, OUTPUTS, OUTPUTS, (), leaving, (), 0, 0, 0, 0, None)


def without_idle(net: Net) -> Net:
    """A network without its idle layers, of each of which its readers read what arrives there."""
    kept: list[Node] = []
    sources: list[Source] = []  # of each node the node that gives what it gives; of its first output
    for node in net.nodes:
        inputs = tuple([_through(sources, source) for source in node.inputs])
        sources.append(inputs[0] if node.is_idle else (len(kept), 0))
        if not node.is_idle:
            shares = None if node.shares is None else sources[node.shares][0]
            kept.append(replace(node, inputs=inputs, shares=shares))
    return replace(net, nodes=tuple(kept), inputs=tuple([sources[index][0] for index in net.inputs]))


def _through(sources: list[Source], source: Source) -> Source:
    index, position = sources[source[0]]
    return (index, position + source[1])  # an idle layer has one output

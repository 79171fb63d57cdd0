"""A spec beside a model that Keras saved: both are taken as Keras's layers, the spec's by building it without weights.

What only our rules know, products and fields, a saved model has from the spec that it is compared with, less and plus
what the layers that differ come to; where one of those is not understood, it is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.backends.keras_build import build
from nnspec.backends.saved import open_model, without_weights
from nnspec.comparing.difference import Difference, difference
from nnspec.comparing.keras_side import net_of_model
from nnspec.record import replace
from nnspec.shapes.dim import total

if TYPE_CHECKING:
    from nnspec.analysis.quantities import Counts
    from nnspec.comparing.net import Net, Node
    from nnspec.program.graph import Graph
    from nnspec.shapes.dim import Dim
    from nnspec.source import Span


def net_of_saved(path: str) -> Net:
    """The network of a `.keras` file.

    Raises: SavedModelError, FrameworkMissingError.
    """
    return net_of_model(open_model(path), path)


def net_of_built(graph: Graph, counts: Counts, path: str) -> Net:
    """A spec's network in Keras's layers; products and field are those of the spec.

    Raises: BuildError, FrameworkMissingError.
    """
    spans: dict[int, Span] = {}

    def watch(layer: int, value: Any) -> None:
        for each in value if isinstance(value, (tuple, list)) else (value,):
            history = getattr(each, "_keras_history", None)
            spans.setdefault(id(each if history is None else history.operation), graph.layers[layer].span)

    with without_weights():
        model = build(graph, watch=watch)
    net = net_of_model(model, path, spans)
    return replace(net, totals=replace(net.totals, macs=counts.macs, receptive_field=counts.receptive_field))


def difference_in_keras(old: Net, new: Net) -> Difference:
    """What differs between networks in Keras's layers; those of specs have spans, a saved one has none."""
    found = difference(old, new)
    is_old_saved, is_new_saved = (not any(node.span for node in net.nodes) for net in (old, new))
    if is_old_saved == is_new_saved:
        return found
    saved, spec = (old, new) if is_old_saved else (new, old)
    known = replace(saved.totals, macs=_macs(found, spec.totals.macs, saved is new))
    if found.is_none:
        known = replace(known, receptive_field=spec.totals.receptive_field)
    named = replace(saved, totals=known)
    return replace(found, old=named) if is_old_saved else replace(found, new=named)


def _macs(found: Difference, spec: Dim | None, is_new: bool) -> Dim | None:
    """The products of the saved model, by what differs from the spec's."""
    pairs: list[tuple[Node | None, Node | None]] = [(each.old, each.new) for each in found.changes]
    pairs += [(each.old, each.new) for each in found.resized]
    more: list[Dim] = [] if spec is None else [spec]
    for pair in pairs:
        theirs, ours = (pair[1], pair[0]) if is_new else pair
        for node, sign in ((theirs, 1), (ours, -1)):
            if node is not None and node.macs is None:
                return None
            more.append(0 if node is None or node.macs is None else sign * node.macs)
    return None if spec is None else total(more)

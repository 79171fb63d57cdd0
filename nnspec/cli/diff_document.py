"""The JSON answer of `diff`; its keys are documented on the page about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.cli.document import VERSION, dim_data, file_data
from nnspec.comparing.net import OUTPUTS, Totals
from nnspec.diagnostics.json import span_data

if TYPE_CHECKING:
    from nnspec.cli.diff_sides import Pairing, Side
    from nnspec.comparing.difference import Change, Difference
    from nnspec.comparing.net import Net, Node
    from nnspec.shapes.dim import Dim

_CHANGES = {"+": "added", "-": "removed", "~": "changed"}


def diff_document(sides: tuple[Side, Side], found: list[tuple[Pairing, Difference | None]]) -> dict[str, Any]:
    """The whole answer."""
    return {
        "version": VERSION,
        "same": all(each is not None and each.is_none for _, each in found),
        "files": [_file(side) for side in sides],
        "models": [_model(pair, each) for pair, each in found],
    }


def _file(side: Side) -> dict[str, Any]:
    if side.report is None:
        return {"path": side.path, "ok": True, "models": [], "diagnostics": []}
    return file_data(side.report, ok=not side.report.has_errors)


def _model(pair: Pairing, found: Difference | None) -> dict[str, Any]:
    return {
        "old": None if pair.old is None else pair.old.name,
        "new": None if pair.new is None else pair.new.name,
        "same": found is not None and found.is_none,
        "totals": _totals(pair.old, pair.new),
        "changes": [] if found is None else [_change(found, change) for change in found.changes],
        "resized": []
        if found is None
        else [{"old": _node(found.old, each.old), "new": _node(found.new, each.new)} for each in found.resized],
        "renamed": 0 if found is None else found.renamed,
        "idle": 0 if found is None else found.idle,
    }


def _totals(old: Net | None, new: Net | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in Totals._fields:
        before, after = (None if net is None else getattr(net.totals, name) for net in (old, new))
        change = None if before is None or after is None else _dim(after - before)
        found[name] = {"old": _dim(before), "new": _dim(after), "change": change}
    return found


def _dim(size: Dim | None) -> int | str | None:
    return None if size is None else dim_data(size)


def _change(found: Difference, change: Change) -> dict[str, Any]:
    return {
        "change": _CHANGES[change.sign],
        "old": None if change.old is None else _node(found.old, change.old),
        "new": None if change.new is None else _node(found.new, change.new),
        "arguments": [{"name": each.name, "old": each.old, "new": each.new} for each in change.arguments],
        "rewired": list(change.rewired),
    }


def _node(net: Net, node: Node) -> dict[str, Any]:
    shapes = [[dim_data(size) for size in each.shape] for each in node.outputs]
    arriving = [net.nodes[index].name for index, _ in node.inputs]
    return {
        "name": node.name,
        "operator": None if node.kind == OUTPUTS else node.kind,
        "text": node.text,
        "inputs": arriving,
        "output": shapes[0] if len(shapes) == 1 else shapes,
        "params": dim_data(node.params),
        "trainable_params": dim_data(node.trainable_params),
        "macs": _dim(node.macs),
        "receptive_field": _dim(node.receptive_field),
        "activation_bytes": dim_data(node.activation_bytes),
        "span": None if node.span is None else span_data(node.span, net.path),
    }

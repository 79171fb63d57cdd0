"""Flattening that layers would do themselves: `Flatten -> FC(64)` and `FC(64)`, which is also `Flatten -> Dense(64)`.

Which operators flatten, and which only arrange, they say themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.record import replace

if TYPE_CHECKING:
    from nnspec.comparing.net import Net, Node


def taken_in(old: Net, new: Net) -> tuple[Net, Net] | None:
    """Both networks with such flattening idle, and the layers after it as those that flatten; None where it is none."""
    kinds = {node.family: node.kind for net in (old, new) for node in net.nodes if node.flattens}
    found = [_taken_in(net, kinds) for net in (old, new)] if kinds else []
    return (found[0], found[1]) if found and (found[0] is not old or found[1] is not new) else None


def _taken_in(net: Net, kinds: dict[str, str]) -> Net:
    readers = _readers(net)
    nodes = list(net.nodes)
    for index, node in enumerate(net.nodes):
        read = readers[index]
        if node.arranges and not node.is_idle and read and all(_flattens(net, net.nodes[at], kinds) for at in read):
            nodes[index] = replace(node, is_idle=True)
            for at in read:
                kind = kinds[net.nodes[at].family]
                nodes[at] = replace(nodes[at], kind=kind, form=kind)
    return net if nodes == list(net.nodes) else replace(net, nodes=tuple(nodes))


def _readers(net: Net) -> list[list[int]]:
    """Of each node those that read it, past idle ones."""
    found: list[list[int]] = [[] for _ in net.nodes]
    through = list(range(len(net.nodes)))
    for index, node in enumerate(net.nodes):
        if node.is_idle:
            through[index] = through[node.inputs[0][0]]
        else:
            for source, _ in node.inputs:
                found[through[source]].append(index)
    return found


def _flattens(net: Net, node: Node, kinds: dict[str, str]) -> bool:
    """Whether a layer takes all that arrives: by itself, or because it is one that does where a vector arrives."""
    is_kin = node.family in kinds and len(node.inputs) == 1
    return is_kin and (node.flattens or [each.rank for each in net.types_into(node)] == [1])

"""How alike the surroundings of layers are: numbers that are equal where layers, and what lies around them, are.

The numbers are handed out, not hashed, so equal ones mean equal surroundings. Names take no part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.comparing.net import Net, Node

#: How far around a layer is looked, in steps.
RADII = (1, 2, 4, 8)


class Side:
    """One of the two networks, with who reads what in it."""

    def __init__(self, net: Net, numbers: dict[object, int]) -> None:
        self.nodes: Sequence[Node] = net.nodes
        self.inputs = net.inputs
        known: dict[int, int] = {}  # by the id of a layer's settings, which layers of one operator have in common
        self.signs: list[int] = []
        for node in net.nodes:
            if id(node.settings) not in known or not node.settings:
                known[id(node.settings)] = _number(numbers, _sign(node))
            self.signs.append(known[id(node.settings)])
        self.kinds = [_number(numbers, node.kind) for node in net.nodes]
        self._readers_of: dict[int, list[int]] = {}
        self._read_by: dict[int, frozenset[int]] = {}
        #: Of each node those that read it, as (reader, at which of its inputs, which output is read).
        self.readers: list[list[tuple[int, int, int]]] = [[] for _ in net.nodes]
        for index, node in enumerate(net.nodes):
            for place, (source, position) in enumerate(node.inputs):
                self.readers[source].append((index, 0 if node.commutes else place, position))

    def readers_of(self, index: int) -> list[int]:
        """Those that read any output of a node, each once."""
        if index not in self._readers_of:
            self._readers_of[index] = list(dict.fromkeys([reader for reader, _, _ in self.readers[index]]))
        return self._readers_of[index]

    def read_by(self, index: int) -> frozenset[int]:
        """Those that a node reads."""
        if index not in self._read_by:
            self._read_by[index] = frozenset([source for source, _ in self.nodes[index].inputs])
        return self._read_by[index]

    def below(self, numbers: dict[object, int]) -> list[int]:
        """Of each node a number for it and all that is made of it, to the outputs."""
        found = [0] * len(self.nodes)
        for index in reversed(range(len(self.nodes))):
            read = sorted([(found[reader], place, position) for reader, place, position in self.readers[index]])
            found[index] = _number(numbers, ("below", self.signs[index], *read))
        return found

    def around(self, before: list[int], numbers: dict[object, int]) -> list[int]:
        """The numbers of surroundings one step larger."""
        found: list[int] = []
        for index, node in enumerate(self.nodes):
            above = [(before[source], position) for source, position in node.inputs]
            read = sorted([(before[reader], place, position) for reader, place, position in self.readers[index]])
            key = (before[index], *(sorted(above) if node.commutes else above), None, *read)
            found.append(_number(numbers, key))
        return found


def _number(numbers: dict[object, int], key: object) -> int:
    return numbers.setdefault(key, len(numbers))


def _sign(node: Node) -> object:
    """What must be equal for two nodes to be the same layer; the sizes of an input are not what it is."""
    if node.is_input:
        return (node.kind,)
    return (node.kind, *[(setting.name, setting.key) for setting in node.settings])


def surroundings(old: Side, new: Side, numbers: dict[object, int]) -> list[tuple[list[int], list[int]]]:
    """For each radius the numbers of both sides, the widest first."""
    found: list[tuple[list[int], list[int]]] = []
    here = (old.signs, new.signs)
    for radius in range(1, RADII[-1] + 1):
        here = (old.around(here[0], numbers), new.around(here[1], numbers))
        if radius in RADII:
            found.append(here)
    return found[::-1]

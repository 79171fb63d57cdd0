"""How alike the surroundings of layers are: numbers that are equal where layers, and what lies around them, are.

The numbers are handed out, not hashed, so equal ones mean equal surroundings. Names take no part.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.comparing.net import Net, Node

#: Settings by the family of the layers and their name.
Settings: TypeAlias = "frozenset[tuple[str, str]]"

#: How far around a layer is looked, in steps.
RADII = (1, 2, 4, 8)


class Side:
    """One of the two networks, with who reads what in it.

    `passed_over` are the settings that do not tell layers apart; None is all of them.
    """

    def __init__(self, net: Net, numbers: dict[object, int], passed_over: Settings | None) -> None:
        self.nodes: Sequence[Node] = net.nodes
        self.inputs = net.inputs
        self.kinds = [_number(numbers, node.family) for node in net.nodes]
        known: dict[int, int] = {}  # by the id of a layer's settings, which layers of one operator have in common
        self.signs: list[int] = []
        for node in net.nodes:
            if id(node.settings) not in known or not node.settings:
                known[id(node.settings)] = _number(numbers, _sign(node, passed_over))
            self.signs.append(known[id(node.settings)])
        self._readers_of: dict[int, list[int]] = {}
        self._read_by: dict[int, frozenset[int]] = {}
        #: Of each node those that read it, as (reader, at which of its inputs, which output is read).
        self.readers: list[list[tuple[int, int, int]]] = [[] for _ in net.nodes]
        for index, node in enumerate(net.nodes):
            for place, (source, position) in enumerate(node.inputs):
                self.readers[source].append((index, 0 if node.commutes else place, position))

    @cached_property
    def crossing(self) -> list[int]:
        """Of each node how many before it are read by it or by later ones: 1 where all goes on in one tensor."""
        ends = [0] * (len(self.nodes) + 1)
        found: list[int] = []
        live = 0
        for index, readers in enumerate(self.readers):
            live -= ends[index]
            found.append(live)
            if readers:
                live += 1
                ends[max([reader for reader, _, _ in readers]) + 1] += 1
        return found

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


def _sign(node: Node, passed_over: Settings | None) -> object:
    """What must be equal for two nodes to be the same layer; the sizes of an input are not what it is."""
    if node.is_input or passed_over is None:
        return (node.family,)
    telling = [setting for setting in node.settings if (node.family, setting.name) not in passed_over]
    return (node.family, *[(setting.name, setting.key) for setting in telling])


def never_alike(old: Net, new: Net) -> Settings:
    """The settings that no layer of the one has as a layer of the other has: they change everywhere, or nowhere."""
    mine, theirs = _keys(old), _keys(new)
    return frozenset([which for which, keys in mine.items() if which in theirs and keys.isdisjoint(theirs[which])])


def _keys(net: Net) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for settings, family in {id(node.settings): (node.settings, node.family) for node in net.nodes}.values():
        for setting in settings:
            found.setdefault((family, setting.name), set()).add(setting.key)
    return found


def surroundings(old: Side, new: Side, numbers: dict[object, int]) -> list[tuple[list[int], list[int]]]:
    """For each radius the numbers of both sides, the widest first."""
    found: list[tuple[list[int], list[int]]] = []
    here = (old.signs, new.signs)
    for radius in range(1, RADII[-1] + 1):
        here = (old.around(here[0], numbers), new.around(here[1], numbers))
        if radius in RADII:
            found.append(here)
    return found[::-1]

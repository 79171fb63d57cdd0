"""Which layers of two networks correspond: by what they do and what lies around them, never by name.

From the sure to the likely: inputs and outputs; what is made alike of corresponding layers; what all that follows
makes alike use of; layers whose surroundings are like no others; then, between those, an alignment in order, in
which layers of one operator may differ in their arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nnspec.comparing.alignment import heaviest, longest, rising
from nnspec.comparing.likeness import Side, never_alike, surroundings
from nnspec.comparing.sliding import slide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nnspec.comparing.net import Net, Node

#: Of each node of both sides a number that is equal where they are alike.
Alike: TypeAlias = tuple[list[int], list[int]]

#: Up to so many pairs of layers between two sure places are weighed one by one.
_WEIGHED = 90_000


class Match:
    """Pairs of nodes: `new_of` the old ones, `old_of` the new ones, None where there is no other."""

    def __init__(self, old: Net, new: Net, *, loosely: bool) -> None:
        self.numbers: dict[object, int] = {}
        passed_over = None if loosely else never_alike(old, new)
        self.old = Side(old, self.numbers, passed_over)
        self.new = Side(new, self.numbers, passed_over)
        self.new_of: list[int | None] = [None] * len(old.nodes)
        self.old_of: list[int | None] = [None] * len(new.nodes)
        self.below = (self.old.below(self.numbers), self.new.below(self.numbers))

    def pair(self, a: int, b: int) -> None:
        """Two nodes that are free correspond."""
        self.new_of[a] = b
        self.old_of[b] = a

    def is_free(self, a: int, b: int) -> bool:
        """Whether neither has another."""
        return self.new_of[a] is None and self.old_of[b] is None

    def pairs(self) -> list[tuple[int, int]]:
        """All pairs, in the old one's order."""
        return [(a, b) for a, b in enumerate(self.new_of) if b is not None]

    @property
    def is_whole(self) -> bool:
        """Whether one side has nothing left to match."""
        return None not in self.new_of or None not in self.old_of


def match(old: Net, new: Net, *, loosely: bool = False) -> Match:
    """The layers of two networks that correspond; the same ones whichever of the two is called the old one.

    Where it is done loosely, what layers are is looked at and not how they are set.
    """
    if _order(new) < _order(old):
        turned = _match(new, old, loosely=loosely)
        found = Match(old, new, loosely=loosely)
        for a, b in turned.pairs():
            found.pair(b, a)
        return found
    return _match(old, new, loosely=loosely)


def _order(net: Net) -> tuple[int, list[object]]:
    return (len(net.nodes), [(node.text, node.inputs) for node in net.nodes])


def _match(old: Net, new: Net, *, loosely: bool) -> Match:
    found = Match(old, new, loosely=loosely)
    _pair_ends(found, old, new)
    _grow(found, found.below)
    if not found.is_whole:
        for numbers in surroundings(found.old, found.new, found.numbers):
            _pair_unique(found, *numbers)
            _grow(found, numbers)
        _grow(found, None)
        _between(found)
        _above(found, found.old.signs, found.new.signs)
        _align(found)
        _between(found)
        _above(found, found.old.kinds, found.new.kinds)
        slide(found)
    return found


def _grow(found: Match, alike: Alike | None) -> None:
    _down(found, alike)
    _up(found, alike)


# What is sure.


def _pair_ends(found: Match, old: Net, new: Net) -> None:
    """Inputs by what is made of them, then by their sizes, then in order; outputs with outputs."""
    found.pair(len(old.nodes) - 1, len(new.nodes) - 1)
    for is_like in (_used_alike_and_sized, _used_alike, _sized, _anyhow):
        for a in old.inputs:
            if found.new_of[a] is None:
                b = next((b for b in new.inputs if found.old_of[b] is None and is_like(found, a, b)), None)
                if b is not None:
                    found.pair(a, b)


def _used_alike_and_sized(found: Match, a: int, b: int) -> bool:
    return _used_alike(found, a, b) and _sized(found, a, b)


def _used_alike(found: Match, a: int, b: int) -> bool:
    return found.below[0][a] == found.below[1][b]


def _sized(found: Match, a: int, b: int) -> bool:
    return found.old.nodes[a].outputs == found.new.nodes[b].outputs


def _anyhow(found: Match, a: int, b: int) -> bool:
    return True


def _down(found: Match, alike: Alike | None) -> None:
    """Layers that are the same and made of corresponding ones, from the inputs on.

    Of twins only those correspond that are alike by these numbers, as long as there are any.
    """
    old, new = alike or (found.old.signs, found.new.signs)
    made: dict[object, list[int]] = {}
    for b, node in enumerate(found.new.nodes):
        if found.old_of[b] is None and not node.is_input:
            made.setdefault((found.new.signs[b], new[b], _sources(node, None)), []).append(b)
    for a, node in enumerate(found.old.nodes):
        if found.new_of[a] is None and not node.is_input:
            free = made.get((found.old.signs[a], old[a], _sources(node, found.new_of)), ())
            first = next((b for b in free if found.old_of[b] is None), None)
            if first is not None:
                found.pair(a, first)


def _sources(node: Node, through: list[int | None] | None) -> object:
    """What a node is made of, by the new side's numbers; what has none there is like nothing."""
    made: list[tuple[int, int]] = []
    for index, position in node.inputs:
        here = index if through is None else through[index]
        if here is None:
            return None
        made.append((here, position))
    return tuple(sorted(made)) if node.commutes else tuple(made)


def _up(found: Match, alike: Alike | None) -> None:
    """Layers of which all that follows is alike, and that read the like, from the outputs on.

    Where several of them are joined, they must be alike by these numbers too.
    """
    for a in reversed(range(len(found.old.nodes))):
        b = found.new_of[a]
        if b is not None and any(found.new_of[x] is None for x, _ in found.old.nodes[a].inputs):
            for x, y in _opposite(found, a, b, alike):
                if found.is_free(x, y) and found.below[0][x] == found.below[1][y] and _read_alike(found, x, y):
                    found.pair(x, y)


def _opposite(found: Match, a: int, b: int, alike: Alike | None) -> Iterator[tuple[int, int]]:
    """The sources of two corresponding nodes that stand at the same input; where that is open, those used alike."""
    old, new = found.old.nodes[a], found.new.nodes[b]
    if not old.commutes:
        yield from [(x, y) for (x, p), (y, q) in zip(old.inputs, new.inputs, strict=False) if p == q]
        return
    numbers = alike or found.below
    used: dict[tuple[int, int], list[int]] = {}
    for y, _ in reversed(new.inputs):
        if found.old_of[y] is None:
            used.setdefault((found.below[1][y], numbers[1][y]), []).append(y)
    for x, _ in old.inputs:
        likes = used.get((found.below[0][x], numbers[0][x]), [])
        is_clear = alike is not found.below or len(likes) == 1  # else what lies above them decides, later
        if found.new_of[x] is None and likes and is_clear:
            yield x, likes.pop()


def _read_alike(found: Match, a: int, b: int) -> bool:
    """Whether two nodes read layers that are alike: the last of a stretch is not taken for one further on."""
    old, new = found.old, found.new
    above = [old.signs[index] for index, _ in old.nodes[a].inputs]
    return sorted(above) == sorted([new.signs[index] for index, _ in new.nodes[b].inputs])


def _pair_unique(found: Match, old: list[int], new: list[int]) -> None:
    """Layers whose surroundings are like those of one other layer alone."""
    left = _singles(old, found.new_of)
    right = _singles(new, found.old_of)
    for number, a in left.items():
        b = right.get(number)
        if b is not None:
            found.pair(a, b)


def _singles(numbers: list[int], taken: list[int | None]) -> dict[int, int]:
    """Of each number that only one free node has, that node."""
    seen: dict[int, int] = {}
    several: set[int] = set()
    for index, number in enumerate(numbers):
        if taken[index] is None:
            if number in seen:
                several.add(number)
            seen[number] = index
    return {number: index for number, index in seen.items() if number not in several}


# What is likely.


def _between(found: Match) -> None:
    """Layers of one operator between corresponding ones, of which there is one on each side."""
    for a, node in enumerate(found.old.nodes):
        if found.new_of[a] is None and node.inputs and not node.is_input:
            source = node.inputs[0][0]
            beside = [x for x in found.old.readers_of(source) if found.old.kinds[x] == found.old.kinds[a]]
            near = _near(found, a, source)
            if len(near) == 1 and sum(found.new_of[x] is None for x in beside) == 1 and _read_by(found, a, near[0]):
                found.pair(a, near[0])


def _near(found: Match, a: int, source: int) -> list[int]:
    """The free layers of the same operator that read what corresponds to what this one reads first."""
    other = found.new_of[source]
    readers = [] if other is None else found.new.readers_of(other)
    return [b for b in readers if found.old_of[b] is None and found.new.kinds[b] == found.old.kinds[a]]


def _read_by(found: Match, a: int, b: int) -> bool:
    """Whether what reads the one corresponds to what reads the other: where they are alike, as far as it is known."""
    readers = found.new.readers_of(b)
    known = [found.new_of[x] for x in found.old.readers_of(a)]
    alike = found.old.signs[a] == found.new.signs[b]
    return all((alike and reader is None) or reader in readers for reader in known)


def _above(found: Match, old: list[int], new: list[int]) -> None:
    """Layers with equal numbers that corresponding ones read, of which there is one on each side."""
    for a in reversed(range(len(found.new_of))):
        if found.new_of[a] is None and not found.old.nodes[a].is_input:
            near = [b for b in _read_with(found, a) if new[b] == old[a]]
            beside = [x for x in _beside(found, a) if found.new_of[x] is None and old[x] == old[a]]
            if len(near) == 1 and len(beside) == 1:
                found.pair(a, near[0])


def _read_with(found: Match, a: int) -> list[int]:
    """The free nodes that all those read to which the readers of a node correspond."""
    readers = [found.new_of[x] for x in found.old.readers_of(a)]
    read = [found.new.read_by(y) for y in readers if y is not None]
    return sorted([b for b in frozenset.intersection(*read) if found.old_of[b] is None]) if read else []


def _beside(found: Match, a: int) -> set[int]:
    """The nodes that the readers of a node read."""
    readers = found.old.readers_of(a)
    return {index for x in readers if found.new_of[x] is not None for index in found.old.read_by(x)}


def _align(found: Match) -> None:
    """What is left, in order, between pairs that are in order themselves."""
    sure = rising([(-1, -1), *found.pairs()])
    for (a, b), (c, d) in zip(sure, [*sure[1:], (len(found.new_of), len(found.old_of))], strict=True):
        left = [x for x in range(a + 1, c) if found.new_of[x] is None]
        right = [y for y in range(b + 1, d) if found.old_of[y] is None]
        if left and right:
            _align_between(found, left, right)


def _align_between(found: Match, left: list[int], right: list[int]) -> None:
    if len(left) * len(right) <= _WEIGHED:
        weigh = _Weighing(found, left, right)
        for row, column in heaviest(len(left), len(right), weigh):
            found.pair(left[row], right[column])
        return
    signs = longest([found.old.signs[a] for a in left], [found.new.signs[b] for b in right])
    kinds = longest([found.old.kinds[a] for a in left], [found.new.kinds[b] for b in right])
    alike = sum(found.old.signs[left[x]] == found.new.signs[right[y]] for x, y in kinds)
    chosen = kinds if len(kinds) + alike >= 2 * len(signs) else signs
    for x, y in chosen:
        found.pair(left[x], right[y])
    if chosen is signs:
        for rows, columns in _gaps(signs, len(left), len(right)):
            rest = [left[x] for x in rows], [right[y] for y in columns]
            if len(rows) * len(columns) <= _WEIGHED:
                _align_between(found, *rest)


def _gaps(pairs: Iterable[tuple[int, int]], rows: int, columns: int) -> Iterator[tuple[range, range]]:
    """What lies between pairs in order."""
    a = b = -1
    for c, d in (*pairs, (rows, columns)):
        if c > a + 1 and d > b + 1:
            yield range(a + 1, c), range(b + 1, d)
        a, b = c, d


class _Weighing:
    """How much speaks for a pair: what the layers are, how they are set, what they stand beside."""

    def __init__(self, found: Match, left: list[int], right: list[int]) -> None:
        self.found = found
        self.left = left
        self.right = right

    def __call__(self, row: int, column: int) -> float:
        a, b = self.left[row], self.right[column]
        old, new = self.found.old, self.found.new
        if old.kinds[a] != new.kinds[b]:
            return 0.0
        x, y = old.nodes[a], new.nodes[b]
        weight = 8.0 if old.signs[a] == new.signs[b] else 2.0 + _shared_settings(x, y)
        weight += 1.0 if x.outputs == y.outputs else 0.0
        weight += 2.0 if any(self.found.new_of[s] in new.read_by(b) for s, _ in x.inputs) else 0.0
        return weight * (2.0 if x.params != 0 or len(x.inputs) > 1 else 1.0)


def _shared_settings(x: Node, y: Node) -> float:
    """The share of arguments that are equal."""
    mine, other = ({(each.name, each.key) for each in node.settings} for node in (x, y))
    return len(mine & other) / max(len(mine | other), 1)

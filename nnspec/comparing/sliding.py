"""Moves a stretch that only one network has to where it reads best, among the places that are all the same to counts.

In `a b | a b | a b` against `a b | a b` the layers that are too many may be the last `a b` or the `b a` before it.
The better one keeps more of what feeds what, begins where a block or turn does, where all that was made before goes
on in one tensor, and with a product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.comparing.likeness import Side
    from nnspec.comparing.matching import Match

#: A stretch is moved by so many layers at most.
_FARTHEST = 64

#: What more layers read than this is not asked whether all of them still do.
_MOST_READERS = 32


def slide(found: Match) -> None:
    """Move every stretch of either side."""
    _Sliding(found.new, found.old, found.old_of, found.new_of).all()
    _Sliding(found.old, found.new, found.new_of, found.old_of).all()


class _Sliding:
    """The stretches of one side, `here`, whose nodes have none on the other side, `there`."""

    def __init__(self, here: Side, there: Side, of: list[int | None], back: list[int | None]) -> None:
        self.here = here
        self.there = there
        self.of = of
        self.back = back

    def all(self) -> None:
        for start, end in list(self.stretches()):
            best = max((self.reach(start, end, way) for way in (1, -1)), key=lambda each: each[0])
            if best[0] > self.place(start, end):
                self.move(start, end, best[1])

    def stretches(self) -> Iterator[tuple[int, int]]:
        start = None
        for index, other in enumerate(self.of):
            if other is None and start is None:
                start = index
            elif other is not None and start is not None:
                yield start, index
                start = None

    def reach(self, start: int, end: int, way: int) -> tuple[float, int]:
        """The best place on one way: what speaks for it, and by how many it lies away. The match stays as it was."""
        steps = 0
        while steps < min(end - start, _FARTHEST) and self.can_step(start, end, way, steps):
            steps += 1
        touched = [self.touched(start, end, way, step) for step in range(steps)]
        before = {index: self.is_kept(index) for indices in touched for index in indices}
        best = (self.place(start, end), 0)
        near: set[int] = set()
        for step in range(steps):
            self.hand(*self.ends(start, end, way, step))
            near |= touched[step]
            gain = sum([self.is_kept(index) - before[index] for index in near])
            by = way * (step + 1)
            score = gain + self.place(start + by, end + by)
            if score > best[0]:
                best = (score, by)
        for step in reversed(range(steps)):
            giver, taker = self.ends(start, end, way, step)
            self.hand(taker, giver)
        return best

    def place(self, start: int, end: int) -> float:
        """What speaks for a stretch by itself."""
        nodes = self.here.nodes
        begins = start == 0 or nodes[start].path != nodes[start - 1].path
        stops = end == len(nodes) or nodes[end - 1].path != nodes[end].path
        return 0.4 * begins + 0.4 * stops + 0.2 * (self.here.crossing[start] <= 1) + 0.1 * (nodes[start].macs != 0)

    def is_kept(self, index: int) -> bool:
        """Whether a node has one on the other side, and what reads it there is what reads it here."""
        other = self.of[index]
        if other is None:
            return False
        theirs = self.there.nodes
        readers = [self.of[reader] for reader in self.here.readers_of(index)]
        return all(
            any(source == other for source, _ in theirs[reader].inputs) for reader in readers if reader is not None
        )

    # One step: the node at one end of the stretch takes the like of the node beyond the other end.

    def ends(self, start: int, end: int, way: int, step: int) -> tuple[int, int]:
        """Who gives its like in a step, and who takes it."""
        return (end + step, start + step) if way > 0 else (start - 1 - step, end - 1 - step)

    def can_step(self, start: int, end: int, way: int, step: int) -> bool:
        giver, taker = self.ends(start, end, way, step)
        if not 0 <= giver < len(self.of) or self.of[giver] is None or self.here.nodes[giver].is_input:
            return False
        return self.here.signs[giver] == self.here.signs[taker] and not self.here.nodes[taker].is_input

    def touched(self, start: int, end: int, way: int, step: int) -> set[int]:
        """The nodes of which a step decides whether they are kept."""
        ends = self.ends(start, end, way, step)
        near = {*ends, *[source for index in ends for source in self.here.read_by(index)]}
        return {index for index in near if len(self.here.readers[index]) <= _MOST_READERS}

    def hand(self, giver: int, taker: int) -> None:
        other = self.of[giver]
        assert other is not None  # a step was found possible
        self.of[giver], self.of[taker], self.back[other] = None, other, taker

    def move(self, start: int, end: int, by: int) -> None:
        for step in range(abs(by)):
            self.hand(*self.ends(start, end, 1 if by > 0 else -1, step))

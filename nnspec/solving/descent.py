"""Goes from the least numbers to fitting ones, one hole at a time, where fewer promises are broken: best first.

Where each promise hangs on one hole, it mends one after the other and is there in a few trials, however many holes
there are. What is found was tried; that there is nothing else is not said.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

from nnspec.diagnostics.codes.promises import BROKEN_EXPECT
from nnspec.solving.following import FARTHEST_TOGETHER, beyond

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nnspec.solving.places import Gap
    from nnspec.solving.trial import Budget, Outcome
    from nnspec.source import Span

    Way: TypeAlias = "tuple[int, ...]"
    #: Errors of stages, sizes that were not promised, broken budgets: the less, the nearer.
    Rank: TypeAlias = "tuple[int, int, int]"

MOST_HINTS = 24  # numbers of the file that are tried where no promise leads on


class Descent:
    """A search that starts at the least numbers; `at` says what some numbers come to, `hints` are likely ones."""

    def __init__(
        self, at: Callable[[Way], Outcome], gaps: Sequence[Gap], budget: Budget, hints: Sequence[int] = ()
    ) -> None:
        self._at = at
        self._gaps = gaps
        self._budget = budget
        self._hints = tuple(hints)[:MOST_HINTS]
        self._seen: set[Way] = set()
        self._todo: list[tuple[Rank, int, Way, int]] = []  # with the hole to look at next

    def run(self) -> Iterator[Way]:
        """The ways that fit, as they are met.

        Raises: Spent.
        """
        yield from self._met(tuple([gap.values[0] for gap in self._gaps]))
        while self._todo:
            rank, largest, way, position = heappop(self._todo)
            while position < len(self._gaps):
                better = False
                for value in self._values(way, position):
                    other = (*way[:position], value, *way[position + 1 :])
                    yield from self._met(other)
                    better = better or rank_of(self._at(other)) < rank
                position += 1
                if better and position < len(self._gaps):
                    heappush(self._todo, (rank, largest, way, position))
                    break

    def nearest(self) -> tuple[Way, frozenset[Span]]:
        """The way with the least that is wrong, and the holes in it whose number alone fits the stages.

        Raises: Spent.
        """
        way = min(self._seen, key=lambda way: (rank_of(self._at(way)), max(way), way))
        faults = self._faults(way)
        settled = [
            gap.span
            for position, gap in enumerate(self._gaps)
            if all(self._faults((*way[:position], near, *way[position + 1 :])) > faults
                   for near in (way[position] - 1, way[position] + 1) if near >= gap.values[0])
        ]  # fmt: skip
        return way, frozenset(settled)

    def _faults(self, way: Way) -> tuple[int, int]:
        return rank_of(self._at(way))[:2]

    def _met(self, way: Way) -> Iterator[Way]:
        """Put a way where it belongs; one that fits is handed out."""
        if way in self._seen:
            return
        self._seen.add(way)
        outcome = self._at(way)
        if outcome.fits:
            yield way
        heappush(self._todo, (rank_of(outcome), max(way), way, 0))

    def _values(self, way: Way, position: int) -> Iterator[int]:
        """The numbers for one hole at which something changes, then those that the file itself names."""
        gap = self._gaps[position]

        def at(value: int) -> Outcome:
            return self._at((*way[:position], value, *way[position + 1 :]))

        start, rank, is_better = gap.values[0], rank_of(self._at(way)), False
        yield start
        for value in beyond(at, self._budget, start, FARTHEST_TOGETHER if gap.goes_on else gap.values[-1]):
            is_better = is_better or rank_of(at(value)) < rank
            yield value
        yield from () if is_better else self._hints


def rank_of(outcome: Outcome) -> Rank:
    """How far an outcome is from fitting."""
    broken = sum(error.code is BROKEN_EXPECT for error in outcome.errors)
    return len(outcome.errors) - broken, outcome.misses, broken

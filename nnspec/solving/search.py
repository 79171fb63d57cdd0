"""Searches for the numbers that fit: together, the smallest first, as far as the budget allows.

All fillings with numbers up to 1 are tried, then up to 2, 4, 8, …: so what is found first is smallest,
and what was tried is easily said. A hole is filled only where nothing certain is wrong yet with those before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes.names import SYMBOLIC_VALUE
from nnspec.record import Record, replace
from nnspec.solving.following import beyond, pointed_at
from nnspec.solving.places import LARGEST
from nnspec.solving.trial import Spent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nnspec.solving.places import Gap
    from nnspec.solving.trial import Outcome, Trials
    from nnspec.source import Span

MOST_WAYS = 2_000
MOST_LOOKS = 200_000  # fillings gone through, tried before or not


class Found(Record):
    """What a search came to.

    `ways` are the fillings that fit, one number a hole, the smallest first. Every number up to `searched` was tried
    (0 where not even the first were), or all that may stand there where `is_whole`. Of one hole whose last number
    tried fits, `until` is how far that goes on, where an end was seen.
    """

    ways: tuple[tuple[int, ...], ...]
    searched: int
    is_whole: bool
    until: int | None = None

    @property
    def is_only(self) -> bool:
        """Whether one way alone fits of all that were to be tried."""
        return len(self.ways) == 1 and self.searched >= LARGEST >= max(self.ways[0], default=0)


class TooSymbolic(Exception):  # noqa: N818 (no error: numbers are tried then)
    """Raised where letters in place of sizes leave undecided what numbers would decide."""


class Search:
    """A search for what fits some holes, while the others are filled as `fixed` says."""

    def __init__(self, trials: Trials, gaps: Sequence[Gap], fixed: Mapping[Span, int | str]) -> None:
        self.trials = trials
        self.gaps = tuple(gaps)
        self.fixed = dict(fixed)
        self.has_letters = any(isinstance(value, str) for value in fixed.values())
        self.looks = 0

    def run(self) -> Found:
        """All that fits, as far as the budget allows.

        Raises: TooSymbolic.
        """
        ways: dict[tuple[int, ...], None] = {}
        self.trials.budget.keep(20 if len(self.gaps) < 2 else 50)
        searched = self._sweep(ways)
        self.trials.budget.keep(0)
        is_whole = searched >= LARGEST and not any(gap.goes_on for gap in self.gaps)
        if not ways and not is_whole and len(self.gaps) > 1:
            ways.update(dict.fromkeys(pointed_at(self.trials, self.gaps, self.fixed)))
        found = Found(tuple(sorted(ways, key=_size)), searched, is_whole)
        return self._followed(found) if len(self.gaps) == 1 and searched and not is_whole else found

    def _sweep(self, ways: dict[tuple[int, ...], None]) -> int:
        """Add all ways up to a bound that grows, and say up to where all were tried."""
        bound, searched = 1, 0
        try:
            while bound <= LARGEST:
                for way in self._fitting((), bound):
                    ways[way] = None
                    if len(ways) > MOST_WAYS:
                        raise Spent
                bound, searched = 2 * bound, bound
        except Spent:
            searched = max(searched, self._tried_alone(bound))
        return searched

    def outcome(self, way: tuple[int, ...]) -> Outcome:
        """What the spec comes to with the first holes filled so.

        Raises: Spent, TooSymbolic.
        """
        self.looks += 1
        if self.looks > MOST_LOOKS:
            raise Spent
        filling = dict(zip([gap.span for gap in self.gaps], way, strict=False))
        outcome = self.trials.of({**self.fixed, **filling})
        if self.has_letters and (outcome.is_undecided or any(each.code is SYMBOLIC_VALUE for each in outcome.errors)):
            raise TooSymbolic
        return outcome

    def _fitting(self, start: tuple[int, ...], bound: int) -> Iterator[tuple[int, ...]]:
        """The ways that begin so and fit, with no number past the bound."""
        if len(start) == len(self.gaps):
            if self.outcome(start).fits:
                yield start
            return
        if start and self.outcome(start).certain:
            return
        for value in self.gaps[len(start)].values_to(bound):
            yield from self._fitting((*start, value), bound)

    def _tried_alone(self, bound: int) -> int:
        """Of one hole, the last number before the budget was spent."""
        if len(self.gaps) != 1:
            return 0
        tried = 0
        for value in self.gaps[0].values_to(bound):
            if not self.trials.knows({**self.fixed, self.gaps[0].span: value}):
                break
            tried = value
        return tried

    def _followed(self, found: Found) -> Found:
        """What lies beyond the numbers that were tried one by one, where the promises point there."""
        ways, until = list(found.ways), None
        try:
            goes_on = self.outcome((found.searched,)).fits
            for value in beyond(lambda value: self.outcome((value,)), self.trials.budget, found.searched):
                if self.outcome((value,)).fits:
                    ways.append((value,))
                elif goes_on and until is None:
                    until = value - 1
        except Spent:
            pass
        return replace(found, ways=tuple(ways), until=until)


def _size(way: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    return max(way, default=0), way

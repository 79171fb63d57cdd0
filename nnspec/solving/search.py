"""Searches for the numbers that fit: together, the smallest first, as far as the budget allows.

All fillings with numbers up to 1 are tried, then up to 2, 4, 8, …: so what is found first is smallest,
and what was tried is easily said. A hole is filled only where nothing certain is wrong yet with those before it.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes.names import SYMBOLIC_VALUE
from nnspec.record import Record, replace
from nnspec.solving.bands import in_bands
from nnspec.solving.descent import Descent
from nnspec.solving.equations import solutions
from nnspec.solving.following import FARTHEST_TOGETHER, beyond, pointed_at
from nnspec.solving.places import FARTHEST, LARGEST
from nnspec.solving.sizes import some_sizes
from nnspec.solving.trial import Spent
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nnspec.solving.places import Gap
    from nnspec.solving.trial import Outcome, Trials
    from nnspec.source import Span

MOST_WAYS = 2_000
MOST_SOLUTIONS = 100  # of equations, which are tried then
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
        self.letters = {value: span for span, value in fixed.items() if isinstance(value, str)}
        #: Sizes that fit with some numbers, where letters left undecided whether they do; and how far all were tried.
        self.sized: dict[frozenset[tuple[Span, int]], tuple[dict[Span, int], ...]] = {}
        self.sizes_to = FARTHEST
        self.looks = 0
        self._bound = 1
        #: Per hole, its numbers so far that are not wrong whatever the others are, and how many were looked at.
        self._alone: list[list[int]] = [[] for _ in gaps]
        self._looked_at = [0] * len(self.gaps)
        self._order = list(range(len(self.gaps)))

    def run(self) -> Found:
        """All that fits, as far as the budget allows.

        Raises: TooSymbolic.
        """
        ways: dict[tuple[int, ...], None] = {}
        budget, alone = self.trials.budget, len(self.gaps) < 2
        budget.keep(45 if alone else 80)
        searched = self._sweep(ways)
        if ways and not alone:
            budget.keep(30)
            searched = self._sweep(ways)
        is_whole = searched >= LARGEST and not any(gap.goes_on for gap in self.gaps)
        if not ways and not is_whole and not alone:
            budget.keep(35)
            ways.update(dict.fromkeys(self._banded() or self._descended()))
        budget.keep(0)
        found = Found(tuple(sorted(ways, key=_size)), searched, is_whole)
        return self._followed(found) if len(self.gaps) == 1 and searched and not is_whole else found

    def _banded(self) -> list[tuple[int, ...]]:
        """A way into the band that promises leave a quantity."""
        with suppress(Spent):
            for way in islice(in_bands(self.outcome_of, self.gaps), MOST_SOLUTIONS):
                if self.outcome_of(way).fits:
                    return [tuple([way[gap.span] for gap in self.gaps])]
        return []

    def _descended(self) -> list[tuple[int, ...]]:
        """Ways to which the promises lead, one hole at a time; then, the settled holes kept, several at a time."""
        descent = Descent(self.outcome, self.gaps, self.trials.budget, _numbers_in(self.trials.syntax))
        found: list[tuple[int, ...]] = []
        with suppress(Spent):
            found.extend(islice(descent.run(), 1))
        self.trials.budget.keep(0)
        return found or self._around(descent)

    def _around(self, descent: Descent) -> list[tuple[int, ...]]:
        """Ways of filling the holes that a descent did not settle."""
        spans = [gap.span for gap in self.gaps]
        with suppress(Spent):
            nearest, settled = descent.nearest()
            kept = {span: number for span, number in zip(spans, nearest, strict=True) if span in settled}
            rest = [gap for gap in self.gaps if gap.span not in kept]
            for way in islice(solutions(self.outcome_of, rest, kept), MOST_SOLUTIONS):
                if self.outcome_of(way).fits:
                    return [tuple([way[span] for span in spans])]
            ways = pointed_at(self.outcome_of, rest, kept, self.trials.budget)
            return [tuple([way[span] for span in spans]) for way in ways]
        return []

    def _sweep(self, ways: dict[tuple[int, ...], None]) -> int:
        """Add all ways up to a bound that grows, and say up to where all were tried; goes on where it ended."""
        try:
            while self._bound <= LARGEST:
                for way in self._ways_to(self._bound):
                    ways[way] = None
                    if len(ways) > MOST_WAYS:
                        raise Spent
                self._bound *= 2
        except Spent:
            return max(self._bound // 2, self._tried_alone(self._bound))
        return self._bound // 2

    def outcome(self, way: tuple[int, ...]) -> Outcome:
        """What the spec comes to with the first holes filled so.

        Raises: Spent, TooSymbolic.
        """
        return self.outcome_of({gap.span: value for gap, value in zip(self.gaps, way, strict=False)})

    def outcome_of(self, filling: Mapping[Span, int]) -> Outcome:
        """What the spec comes to with some holes filled, by their places.

        Raises: Spent, TooSymbolic.
        """
        self.looks += 1
        if self.looks > MOST_LOOKS:
            raise Spent
        outcome = self.trials.of({**self.fixed, **filling})
        if self.letters and any(each.code is SYMBOLIC_VALUE for each in outcome.errors):
            raise TooSymbolic
        is_left = outcome.is_undecided and not outcome.open and not outcome.errors
        return self._with_sizes(filling, outcome) if self.letters and is_left else outcome

    def _with_sizes(self, filling: Mapping[Span, int], outcome: Outcome) -> Outcome:
        """What letters leave undecided, decided by the least sizes that their conditions allow."""
        choices, to = some_sizes(tuple(self.letters), outcome.demands)
        if not choices or not filling:  # sizes alone are better searched among all numbers
            raise TooSymbolic
        self.sizes_to = min(self.sizes_to, to)
        first: Outcome | None = None
        fitting: list[tuple[dict[Span, int], Outcome]] = []
        for sizes in choices:
            placed = {self.letters[letter]: size for letter, size in sizes.items()}
            tried = self.trials.of({**self.fixed, **filling, **placed})
            first = first or tried
            if tried.fits:
                fitting.append((placed, tried))
        self.sized[frozenset(filling.items())] = tuple([placed for placed, _ in fitting])
        return fitting[0][1] if fitting else first or outcome

    def _ways_to(self, bound: int) -> Iterator[tuple[int, ...]]:
        """The ways that fit, with no number past the bound."""
        if not self._narrow(bound):
            return
        fewest = sorted(range(len(self.gaps)), key=lambda number: len(self._alone[number]))
        yield from self._fitting({}, fewest)

    def _narrow(self, bound: int) -> bool:
        """Leave out what is wrong whatever the others are; whether each hole has numbers left."""
        for number in list(self._order):
            gap, alone = self.gaps[number], self._alone[number]
            for value in gap.values_to(bound)[self._looked_at[number] :]:
                if len(self.gaps) < 2 or not self.outcome_of({gap.span: value}).certain:
                    alone.append(value)
                self._looked_at[number] += 1
            if not alone:
                self._order.remove(number)
                self._order.insert(0, number)  # while it has none, the others need no look
                return False
        return True

    def _fitting(self, filling: dict[Span, int], rest: list[int]) -> Iterator[tuple[int, ...]]:
        """The ways that begin so and fit; `rest` are the holes to fill yet."""
        if not rest:
            if self.outcome_of(filling).fits:
                yield tuple([filling[gap.span] for gap in self.gaps])
            return
        if filling and self.outcome_of(filling).certain:
            return
        span = self.gaps[rest[0]].span
        for value in self._alone[rest[0]]:
            yield from self._fitting({**filling, span: value}, rest[1:])

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


def _numbers_in(syntax: tree.Tree) -> list[int]:
    """The whole numbers that a file names, the most frequent first: what is missing is often one of them."""
    found: Counter[int] = Counter()
    todo: list[tree.Node] = [syntax]
    while todo:
        node = todo.pop()
        if isinstance(node, tree.Number) and isinstance(node.value, int) and 0 < node.value <= FARTHEST_TOGETHER:
            found[node.value] += 1
        todo.extend(tree.children(node))
    return [number for number, _ in found.most_common()]


def _size(way: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    return max(way, default=0), way

"""Why no number fits: what the spec comes to with numbers next to which something changes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes.promises import BROKEN_EXPECT, SHAPE_PROMISE
from nnspec.record import Record
from nnspec.solving.descent import rank_of
from nnspec.solving.places import FARTHEST, LARGEST
from nnspec.solving.trial import Spent

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.solving.search import Search

MOST_REASONS = 4
MOST_SIDES = 3  # of several holes
MOST_NAMED = 6  # numbers of one way
PERCENT = 10  # of what a search may try, for its reasons


class Reason(Record):
    """An error that a way of filling the first holes gives."""

    numbers: tuple[int, ...]
    error: Diagnostic

    def __str__(self) -> str:
        error = self.error
        label = f": {error.label}" if error.label else ""
        if error.code is BROKEN_EXPECT:
            said = f"`{error.span.text}` does not hold{label}"
        elif error.code is SHAPE_PROMISE:
            said = f"{error.message}, and promised is {error.span.text}"
        else:
            said = f"{error.message}{label}"
        if not self.numbers:
            return said
        return f"with {self._named()}: {said}"

    def _named(self) -> str:
        *most, last = [f"{number:,}" for number in self.numbers]
        if len(most) < MOST_NAMED:
            return f"{', '.join(most)} and {last}" if most else last
        return "the smallest numbers" if len(set(self.numbers)) == 1 else f"{', '.join(most[:MOST_NAMED])}, …"


def reasons(search: Search) -> tuple[Reason, ...]:
    """A few ways that nearly fit, with what is wrong with each."""
    search.trials.budget.renew(PERCENT)
    search.looks = 0
    try:
        found = _at_changes(search) if len(search.gaps) == 1 else _of_several(search)
    except Spent:
        found = []
    return tuple(found[:MOST_REASONS])


def _at_changes(search: Search) -> list[Reason]:
    """Of one hole: the numbers on both sides of each change, else the least and the greatest."""
    (gap,) = search.gaps
    far = [value for value in _powers() if search.trials.knows({gap.span: value})]
    values = [value for value in (*gap.values, *far) if search.trials.knows({gap.span: value})]
    shown: dict[int, None] = {}
    for one, other in pairwise(values):
        if search.outcome((one,)).signature != search.outcome((other,)).signature:
            shown.update({one: None, other: None})
    chosen = list(shown)[:MOST_REASONS] or list(dict.fromkeys((values[0], values[-1])))
    return [Reason((value,), search.outcome((value,)).errors[0]) for value in chosen]


def _powers() -> list[int]:
    powers = [2 * LARGEST]
    while powers[-1] < FARTHEST:
        powers.append(2 * powers[-1])
    return powers


def _of_several(search: Search) -> list[Reason]:
    """What the nearest miss; of where even the least numbers break a stage, that."""
    least = _with_the_least(search)
    is_short = least and len(least[0].numbers) < len(search.gaps)
    return least if is_short else _nearest(search)[:MOST_SIDES] or least


def _nearest(search: Search) -> list[Reason]:
    """Of several holes: what was tried that misses least, on each side of each promise that is missed."""
    tried = search.trials.whole([gap.span for gap in search.gaps])
    nearest = sorted(tried, key=lambda each: (rank_of(each[1])[0], each[1].far, max(each[0]), each[0]))
    sides: dict[object, Reason] = {}
    for numbers, outcome in nearest:
        if outcome.errors and rank_of(outcome)[0] == rank_of(nearest[0][1])[0]:
            sides.setdefault(outcome.signature, Reason(numbers, outcome.errors[0]))
    return list(sides.values())


def _with_the_least(search: Search) -> list[Reason]:
    """Of several holes: the shortest beginnings with the least numbers that are wrong already."""
    found: list[Reason] = []
    start: tuple[int, ...] = ()
    for gap in search.gaps:
        start = (*start, gap.values[0])
        outcome = search.outcome(start)
        wrong = outcome.certain or (outcome.errors if len(start) == len(search.gaps) else ())
        if wrong:
            found.append(Reason(start, wrong[0]))
            break
    return found

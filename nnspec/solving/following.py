"""Follows one hole in leaps to where something changes, the others being given.

Between two numbers with different outcomes a change is found by halving. What is found was tried; that there is
nothing else is not said, for what changes and changes back between two leaps is not seen.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from nnspec.solving.places import FARTHEST, LARGEST
from nnspec.solving.trial import Spent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nnspec.solving.places import Gap
    from nnspec.solving.trial import Budget, Outcome, Trials
    from nnspec.source import Span

MOST_WORK_OF_A_LEAP = 20_000  # where a leap takes more than that, there is no further
FARTHEST_TOGETHER = 2**14
LARGEST_ALONE = 64  # what changes at no promise, the classes of data say, is looked for among small numbers


def beyond(at: Callable[[int], Outcome], budget: Budget, low: int, end: int = FARTHEST) -> Iterator[int]:
    """The numbers above `low` at which something changes, each leap twice as far.

    Raises: Spent.
    """
    high = max(2 * low, 1)
    while low < high <= end:
        work = budget.work
        while at(low).signature != at(high).signature:
            low = _change(at, low, high)
            yield low
        low, high = high, 2 * high
        if work - budget.work > MOST_WORK_OF_A_LEAP:
            break


def _change(at: Callable[[int], Outcome], low: int, high: int) -> int:
    before = at(low).signature
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at(middle).signature == before else (low, middle)
    return high


def pointed_at(trials: Trials, gaps: Sequence[Gap], fixed: Mapping[Span, int | str]) -> list[tuple[int, ...]]:
    """Ways of filling several holes to which the promises point: all but one are small, and that one is followed."""
    bound, found = 1, list[tuple[int, ...]]()
    try:
        for gap in gaps:
            found += _one_by_one(trials, gap, gaps, fixed)
        while bound <= LARGEST and not found:
            for gap in gaps:
                others = [each for each in gaps if each is not gap]
                for numbers in product(*[each.values_to(bound) for each in others]):
                    known = dict(zip([each.span for each in others], numbers, strict=True))
                    for value in _fitting(trials, gap, {**fixed, **known}):
                        found.append(tuple([known.get(each.span, value) for each in gaps]))
            bound *= 2
    except Spent:
        pass
    return found


def _one_by_one(
    trials: Trials, gap: Gap, gaps: Sequence[Gap], fixed: Mapping[Span, int | str]
) -> Iterator[tuple[int, ...]]:
    """The small numbers for one hole that fit while all others are as small as they can be."""
    known = {each.span: each.values[0] for each in gaps if each is not gap}
    if trials.of({**fixed, **known}).certain:
        return
    for value in gap.values_to(LARGEST_ALONE):
        if trials.of({**fixed, **known, gap.span: value}).fits:
            yield tuple([known.get(each.span, value) for each in gaps])


def _fitting(trials: Trials, gap: Gap, known: Mapping[Span, int | str]) -> Iterator[int]:
    """The numbers at the changes of one hole that fit; none where something is wrong whatever it is."""
    if trials.of(known).certain:
        return

    def at(value: int) -> Outcome:
        return trials.of({**known, gap.span: value})

    first = gap.values[0]
    if at(first).fits:
        yield first
    for value in beyond(at, trials.budget, first, FARTHEST_TOGETHER if gap.goes_on else gap.values[-1]):
        if at(value).fits:
            yield value

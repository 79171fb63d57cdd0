"""Follows one hole in leaps to where something changes, the others being given.

Between two numbers with different outcomes a change is found by halving. What is found was tried; that there is
nothing else is not said, for what changes and changes back between two leaps is not seen.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from nnspec.solving.places import FARTHEST, LARGEST
from nnspec.solving.trial import Spent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nnspec.solving.places import Gap
    from nnspec.solving.trial import Budget, Outcome
    from nnspec.source import Span

    Filled: TypeAlias = dict[Span, int]

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


def pointed_at(
    at: Callable[[Filled], Outcome], gaps: Sequence[Gap], kept: Filled, budget: Budget
) -> list[dict[Span, int]]:
    """Ways of filling several holes to which the promises point: all but one are small, and that one is followed.

    `kept` are holes that stay filled as they are.
    """
    bound = 1
    found: list[dict[Span, int]] = []
    try:
        for gap in gaps:
            found += _one_by_one(at, gap, {**{each.span: each.values[0] for each in gaps if each is not gap}, **kept})
        while bound <= LARGEST and not found and gaps:
            for gap in gaps:
                others = [each for each in gaps if each is not gap]
                for numbers in product(*[each.values_to(bound) for each in others]):
                    known = {**dict(zip([each.span for each in others], numbers, strict=True)), **kept}
                    for value in _fitting(at, gap, known, budget):
                        found.append({**known, gap.span: value})
            bound *= 2
    except Spent:
        pass
    return found


def _one_by_one(at: Callable[[Filled], Outcome], gap: Gap, known: Filled) -> Iterator[dict[Span, int]]:
    """The small numbers for one hole that fit while all others are as small as they can be."""
    if at(known).certain:
        return
    for value in gap.values_to(LARGEST_ALONE):
        if at({**known, gap.span: value}).fits:
            yield {**known, gap.span: value}


def _fitting(at: Callable[[Filled], Outcome], gap: Gap, known: Filled, budget: Budget) -> Iterator[int]:
    """The numbers at the changes of one hole that fit; none where something is wrong whatever it is."""
    if at(known).certain:
        return

    def alone(value: int) -> Outcome:
        return at({**known, gap.span: value})

    first = gap.values[0]
    if alone(first).fits:
        yield first
    for value in beyond(alone, budget, first, FARTHEST_TOGETHER if gap.goes_on else gap.values[-1]):
        if alone(value).fits:
            yield value

"""Promises that leave a quantity a band, `>=` beside `<=`: numbers for two holes, from what a few trials come to.

Where a band is narrow, no hole alone leads into it by leaps. So what the comparisons leave over is taken for
polynomials, as in equations; one hole is then set so that the least is met that is promised, and the rest must hold
there. What is handed out is yet to be tried.
"""

from __future__ import annotations

from itertools import combinations, product
from math import lcm
from typing import TYPE_CHECKING, TypeAlias

from nnspec.diagnostics.codes.promises import BROKEN_EXPECT
from nnspec.solving.equations import line_of, nodes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction

    from nnspec.solving.places import Gap
    from nnspec.solving.trial import Outcome
    from nnspec.source import Span

    Filled: TypeAlias = dict[Span, int]
    Table: TypeAlias = dict[tuple[int, ...], Fraction]

MOST_HOLES = 5
LARGEST_FIRST = 512  # of the hole that is gone through; the other is found for it
FARTHEST_SECOND = 2**14
_LOWER, _UPPER = (">", ">="), ("<", "<=")


def in_bands(at: Callable[[Filled], Outcome], gaps: Sequence[Gap]) -> list[Filled]:
    """Ways of filling holes by which all comparisons should hold: two holes at a time, the others as small as can be.

    Those whose greatest number is least come first.

    Raises: Spent.
    """
    least = {gap.span: gap.values[0] for gap in gaps}
    start = at(least)
    if not 2 <= len(gaps) <= MOST_HOLES or any(error.code is not BROKEN_EXPECT for error in start.errors):
        return []
    relations = {relation for (_, relation), _ in start.amounts}
    if relations.isdisjoint(_LOWER) or relations.isdisjoint(_UPPER) or "==" in relations:
        return []
    found = [way for pair in combinations(gaps, 2) for way in _in_pair(at, pair, least)]
    return sorted(found, key=lambda way: (max(way.values()), [way[gap.span] for gap in gaps]))


def _in_pair(at: Callable[[Filled], Outcome], pair: tuple[Gap, Gap], least: Filled) -> Iterator[Filled]:
    nodes = [nodes_of(gap, place) for place, gap in enumerate(pair)]
    first, second = pair
    left = {
        point: dict(at({**least, first.span: point[0], second.span: point[1]}).amounts) for point in product(*nodes)
    }
    common = set.intersection(*[set(each) for each in left.values()])
    tables = {key: {point: each[key] for point, each in left.items()} for key in sorted(common)}
    for number in first.values_to(LARGEST_FIRST):
        lines = [(relation, _whole(line_of(table, nodes, (number,)))) for (_, relation), table in tables.items()]
        ends = sorted({end for relation, line in lines for end in _ends(relation, line, second.values[0])})
        for end in ends:
            if all(_holds(relation, line, end) for relation, line in lines):
                yield {**least, first.span: number, second.span: end}
                break


def _whole(line: Sequence[Fraction]) -> list[int]:
    """A polynomial with whole coefficients that has the same sign everywhere."""
    factor = lcm(*[each.denominator for each in line])
    return [int(each * factor) for each in line]


def _holds(relation: str, line: Sequence[int], at: int) -> bool:
    total = 0
    for factor in reversed(line):
        total = total * at + factor
    if relation in _LOWER:
        return total > 0 or (total == 0 and relation == ">=")
    return relation not in _UPPER or total < 0 or (total == 0 and relation == "<=")


def _ends(relation: str, line: Sequence[int], low: int) -> Iterator[int]:
    """The number from which on a comparison holds, or else the least: one between two powers of two at most."""
    if _holds(relation, line, low):
        yield low
    while low < FARTHEST_SECOND:
        high = max(2 * low, low + 1)
        if not _holds(relation, line, low) and _holds(relation, line, high):
            below, above = low, high
            while above - below > 1:
                middle = (below + above) // 2
                below, above = (below, middle) if _holds(relation, line, middle) else (middle, above)
            yield above
        low = high

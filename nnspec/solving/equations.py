"""Promises that are equations: numbers for several holes at once, from what a few trials come to.

What `params == n` leaves over is a polynomial in most holes. It is found from its values on a small grid, solved in
whole numbers, and each solution is then tried: where it is no polynomial, nothing is found, and nothing wrong is said.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nnspec.solving.places import Gap
    from nnspec.solving.trial import Outcome
    from nnspec.source import Span

    Filled: TypeAlias = dict[Span, int]

NODES = 4  # so many values determine a cubic
MOST_HOLES = 3
MOST_POINTS = 4_096  # ways of filling all holes but the last, for which it is solved
FARTHEST_ROOT = 2**16

#: Coefficients, that of the constant first.
Polynomial: TypeAlias = "list[Fraction]"


def solutions(at: Callable[[Filled], Outcome], gaps: Sequence[Gap], kept: Filled) -> Iterator[Filled]:
    """Ways of filling holes at which all equations hold, those with small numbers first; they are yet to be tried.

    Raises: Spent.
    """
    if not 2 <= len(gaps) <= MOST_HOLES:
        return
    nodes = [nodes_of(gap, place) for place, gap in enumerate(gaps)]
    spans = [gap.span for gap in gaps]
    left: dict[tuple[int, ...], Mapping[int, Fraction]] = {}
    for point in product(*nodes):
        amounts = at({**dict(zip(spans, point, strict=True)), **kept}).amounts
        left[point] = {place: amount for (place, relation), amount in amounts if relation == "=="}
    common = set.intersection(*[set(each) for each in left.values()])
    tables = [{point: each[place] for point, each in left.items()} for place in sorted(common)]
    tables = [table for table in tables if len(set(table.values())) > 1]
    if not tables:
        return
    most = int(MOST_POINTS ** (1 / (len(gaps) - 1)))
    first = [range(gap.values[0], most + 1) for gap in gaps[:-1]]
    for start in sorted(product(*first), key=lambda start: (max(start), start)):
        lines = [line_of(table, nodes, start) for table in tables]
        for root in _roots(lines[0], gaps[-1].values[0]):
            if not any(_value(line, root) for line in lines[1:]):
                yield {**dict(zip(spans, (*start, root), strict=True)), **kept}


def nodes_of(gap: Gap, place: int) -> list[int]:
    """The values of one hole on the grid: others for each hole, for equal widths may be a case of their own."""
    start = gap.values[0] + NODES * place
    return list(range(start, start + NODES))


def line_of(
    table: Mapping[tuple[int, ...], Fraction], nodes: Sequence[list[int]], start: tuple[int, ...]
) -> Polynomial:
    """The polynomial in the last hole, where the others are given."""
    weights = [_weights(each, value) for each, value in zip(nodes, start, strict=False)]
    values = []
    for last in nodes[-1]:
        total = Fraction(0)
        for chosen in product(*[range(NODES) for _ in weights]):
            factor = Fraction(1)
            for place, number in enumerate(chosen):
                factor *= weights[place][number]
            if factor:
                point = tuple([nodes[place][number] for place, number in enumerate(chosen)])
                total += factor * table[*point, last]
        values.append(total)
    return _through(nodes[-1], values)


def _weights(nodes: list[int], value: int) -> list[Fraction]:
    """What each node counts at a value: Lagrange's polynomials."""
    found = []
    for node in nodes:
        weight = Fraction(1)
        for other in nodes:
            if other != node:
                weight *= Fraction(value - other, node - other)
        found.append(weight)
    return found


def _through(nodes: list[int], values: list[Fraction]) -> Polynomial:
    """The polynomial through some points: Newton's divided differences, multiplied out."""
    differences = list(values)
    for order in range(1, NODES):
        for place in range(NODES - 1, order - 1, -1):
            differences[place] = (differences[place] - differences[place - 1]) / (nodes[place] - nodes[place - order])
    found: Polynomial = [differences[-1]]
    for place in range(NODES - 2, -1, -1):
        shifted = [Fraction(0), *found]
        for power, factor in enumerate(found):
            shifted[power] -= nodes[place] * factor
        shifted[0] += differences[place]
        found = shifted
    return found


def _value(line: Polynomial, at: int) -> Fraction:
    total = Fraction(0)
    for factor in reversed(line):
        total = total * at + factor
    return total


def _roots(line: Polynomial, least: int) -> Iterator[int]:
    """Whole numbers from `least` on at which a polynomial is 0, one between two powers of two at most."""
    if not any(line[1:]):
        return
    low = least
    if not _value(line, low):
        yield low
    while low < FARTHEST_ROOT:
        high = max(2 * low, low + 1)
        sides = _value(line, low) > 0, _value(line, high) > 0
        if not _value(line, high):
            yield high
        elif sides[0] != sides[1] and _value(line, low):
            yield from _between(line, low, high)
        low = high


def _between(line: Polynomial, low: int, high: int) -> Iterator[int]:
    """The whole root between two numbers of other signs, if it is one."""
    rises = _value(line, low) < 0
    while high - low > 1:
        middle = (low + high) // 2
        value = _value(line, middle)
        if not value:
            yield middle
            return
        low, high = (middle, high) if (value < 0) == rises else (low, middle)

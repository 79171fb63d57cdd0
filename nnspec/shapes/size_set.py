"""The values of one symbol that fulfil conditions, exactly, however far they go: pieces of residue classes.

Nothing here knows how such a set is written down.
"""

from __future__ import annotations

from math import gcd, lcm
from typing import TYPE_CHECKING, NamedTuple

from nnspec.shapes.lines import MAX_PERIOD, NoLines, checked_period, lines_of
from nnspec.shapes.symbolic import add
from nnspec.shapes.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnspec.shapes.alternatives import Demand
    from nnspec.shapes.condition import Condition
    from nnspec.shapes.lines import Line

MAX_TRIED = 4_096  # values of the symbol that are tried out one by one

Interval = tuple[int, int | None]  # both ends belong to it; None is no end


class Progression(NamedTuple):
    """The positive `n` with `n % step == residue` and `least <= n <= most`; both ends belong to it."""

    least: int
    most: int | None
    step: int
    residue: int

    def below(self, n: int) -> int | None:
        """Its greatest member below a number."""
        end = n - 1 if self.most is None else min(n - 1, self.most)
        found = end - (end - self.residue) % self.step
        return found if found >= self.least else None

    def above(self, n: int) -> int | None:
        """Its least member above a number."""
        start = max(n + 1, self.least)
        found = start + (self.residue - start) % self.step
        return found if self.most is None or found <= self.most else None


class SizeSet(NamedTuple):
    """Numbers tried out one by one, all below the pieces, and pieces of the residue classes of one period."""

    tried: tuple[int, ...]
    pieces: tuple[Progression, ...]
    period: int

    @property
    def is_empty(self) -> bool:
        """Whether no number is in it."""
        return not self.tried and not self.pieces

    def below(self, n: int) -> int | None:
        """Its greatest member below a number; None where there is none."""
        found = [m for m in self.tried if m < n]
        found += [m for piece in self.pieces if (m := piece.below(n)) is not None]
        return max(found, default=None)

    def above(self, n: int) -> int | None:
        """Its least member above a number; None where there is none."""
        found = [m for m in self.tried if m > n]
        found += [m for piece in self.pieces if (m := piece.above(n)) is not None]
        return min(found, default=None)

    def as_progression(self) -> Progression | None:
        """The one progression that it is, if it is one; an empty set is none."""
        return None if self.is_empty else _one_progression(list(self.tried), self.pieces, self.period)


def solutions(name: str, demands: Sequence[Demand], most_tried: int = MAX_TRIED) -> SizeSet | None:
    """The values of the symbol that fulfil all demands, which speak of no other; None where they have no such form."""
    leaves = list(dict.fromkeys(leaf for demand in demands for way in demand.ways for leaf in way))
    try:
        sizes = [lines_of(add(leaf.left, leaf.right, -1)) for leaf in leaves]
        period = checked_period(lcm(*(size.period for size in sizes)))
    except NoLines:
        return None
    since = max(1, *(size.since for size in sizes)) if sizes else 1
    if since > most_tried:
        return None
    Work.terms += since
    lines = dict(zip(leaves, [size.stretched(period).lines for size in sizes], strict=True))
    tried = tuple([n for n in range(1, since) if all(demand.evaluate({name: n}) for demand in demands)])
    pieces: list[Progression] = []
    for residue in range(period):
        turns: list[Interval] = [(-(-(since - residue) // period), None)]
        for demand in demands:
            turns = _common(
                turns, _turns_of(demand, {leaf: lines[leaf][residue] for way in demand.ways for leaf in way})
            )
            if not turns:
                break
        for low, high in turns:
            last = None if high is None else high * period + residue
            pieces.append(Progression(low * period + residue, last, period, residue))
    return SizeSet(tried, tuple(pieces), period)


def _turns_of(demand: Demand, lines: dict[Condition, Line]) -> list[Interval]:
    """The turns `t` of one residue class in which a demand is fulfilled: in all, where all of one of its ways are."""
    found: list[Interval] = []
    for way in demand.ways:
        turns: list[Interval] = [(0, None)]
        for leaf in way:
            turns = _common(turns, _turns(lines[leaf], leaf.relation))
        found = _either(found, turns)
    return found


def _turns(line: Line, relation: str) -> list[Interval]:
    """The turns `t`, none negative, in which `slope * t + start` stands in the relation to zero."""
    slope, start = line
    if relation == "<=":
        slope, start, relation = -slope, -start, ">="
    if slope == 0:
        true = {"==": start == 0, "!=": start != 0, ">=": start >= 0}[relation]
        return [(0, None)] if true else []
    if relation == ">=":
        first, last = (max(0, -(start // slope)), None) if slope > 0 else (0, start // -slope)
        return [(first, last)] if last is None or last >= first else []
    root = -start // slope if start % slope == 0 else -1
    if relation == "==":
        return [(root, root)] if root >= 0 else []
    return [(0, None)] if root < 0 else [*([(0, root - 1)] if root else []), (root + 1, None)]


def _common(a: Sequence[Interval], b: Sequence[Interval]) -> list[Interval]:
    """What is in both."""
    found: list[Interval] = []
    for low, high in a:
        for other_low, other_high in b:
            least, most = max(low, other_low), _lesser(high, other_high)
            if most is None or least <= most:
                found.append((least, most))
    return sorted(found, key=lambda interval: interval[0])


def _either(a: Sequence[Interval], b: Sequence[Interval]) -> list[Interval]:
    """What is in one of them at least, in intervals that do not touch."""
    found: list[Interval] = []
    for low, high in sorted((*a, *b), key=lambda interval: interval[0]):
        if found and (found[-1][1] is None or low <= found[-1][1] + 1):
            before, end = found.pop()
            found.append((before, None if end is None or high is None else max(end, high)))
        else:
            found.append((low, high))
    return found


def _lesser(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else min(a, b)


def met(a: Progression, b: Progression) -> Progression | None:
    """What both progressions hold; None where that is nothing, or its step is too long."""
    step = lcm(a.step, b.step)
    if step > MAX_PERIOD:
        return None
    residue = next((n for n in range(a.residue, step, a.step) if n % b.step == b.residue), None)
    if residue is None:
        return None
    first, most = max(a.least, b.least), _lesser(a.most, b.most)
    first += (residue - first) % step
    last = None if most is None else most - (most - residue) % step
    return Progression(first, last, step, residue) if last is None or first <= last else None


def _one_progression(tried: list[int], pieces: Sequence[Progression], period: int) -> Progression | None:
    """The one progression that holds the numbers tried and the pieces, if there is one."""
    endless = [found for found in pieces if found.most is None]
    if endless and len(endless) != len(pieces):
        return None
    lasts = [*tried, *(found.most for found in pieces if found.most is not None)]
    firsts = [*tried, *(found.least for found in pieces)]
    least = min(firsts)
    step = gcd(*(n - least for n in firsts), *(n - least for n in lasts), *(_inner_step(found) for found in pieces))
    if step == 0:
        return Progression(least, least, 1, 0)
    most = None if endless else max(lasts)
    expected = Progression(least, most, step, least % step)
    return expected if step <= MAX_PERIOD and _is_all(expected, tried, pieces, period) else None


def _inner_step(found: Progression) -> int:
    return 0 if found.most == found.least else found.step


def _is_all(expected: Progression, tried: list[int], pieces: Iterable[Progression], period: int) -> bool:
    """Whether the numbers tried and the pieces, which lie in it, are all of it."""
    pieces = list(pieces)
    if expected.most is not None:
        have = len(tried) + sum((found.most - found.least) // found.step + 1 for found in pieces if found.most)
        return have == (expected.most - expected.least) // expected.step + 1
    # Endless: each class must be in it whole, from where the trying ended.
    if period % expected.step or len(pieces) != period // expected.step:
        return False
    start = max(found.least for found in pieces)
    have = sum(n < start for n in tried) + sum(-(-(start - found.least) // period) for found in pieces)
    return have == -(-(start - expected.least) // expected.step)

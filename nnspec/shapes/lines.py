"""Sizes of one symbol as straight lines: one for each residue class, right from some value of the symbol on.

Exact or not at all: a product of symbols has no such form, nor one whose period is too long.
"""

from __future__ import annotations

from math import gcd, lcm
from typing import TYPE_CHECKING, Literal, NamedTuple

from nnspec.shapes.symbolic import Dim, Extreme, Floor, Monomial, Symbol
from nnspec.shapes.work import Work

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PERIOD = 4_096
LINES_OF_A_TERM = 16  # so many lines take as long as a term of symbolic arithmetic, by which work is counted


class Line(NamedTuple):
    """`slope * (n // period) + start` for every `n` of one residue class."""

    slope: int
    start: int


class Lines(NamedTuple):
    """A size as one line per residue class, right for symbols of at least `since`."""

    since: int
    lines: Sequence[Line]

    @property
    def period(self) -> int:
        """The number of residue classes."""
        return len(self.lines)

    def stretched(self, period: int) -> Lines:
        """The same size with a longer period, a multiple of its own."""
        times, own = period // self.period, self.period
        if times == 1:
            return self
        Work.terms += period // LINES_OF_A_TERM
        lines = [self.lines[n % own] for n in range(period)]
        return Lines(
            self.since,
            [Line(line.slope * times, line.start + line.slope * (n // own)) for n, line in enumerate(lines)],
        )


class NoLines(Exception):  # noqa: N818
    """The size is not made of lines, or of too many."""


def lines_of(dim: Dim) -> Lines:
    """The size as a line per residue class.

    Raises: NoLines.
    """
    if isinstance(dim, int):
        return Lines(1, [Line(0, dim)])
    found = Lines(1, [Line(0, dim.constant)])
    for monomial, coefficient in dim.terms.items():
        if monomial:
            found = _sum(found, _atom_lines(monomial), coefficient)
    return found


def _atom_lines(monomial: Monomial) -> Lines:
    ((atom, power), *more) = monomial
    if more or power != 1:
        raise NoLines
    if isinstance(atom, Symbol):
        return Lines(1, [Line(1, 0)])
    if isinstance(atom, Floor):
        return _floor_lines(lines_of(atom.numerator), atom.divisor)
    return _extreme_lines(atom)


def _floor_lines(size: Lines, divisor: Dim) -> Lines:
    if not isinstance(divisor, int):
        raise NoLines
    longer = lcm(*(divisor // gcd(divisor, line.slope) for line in size.lines))  # every slope a multiple
    stretched = size.stretched(checked_period(size.period * longer))
    return Lines(size.since, [Line(line.slope // divisor, line.start // divisor) for line in stretched.lines])


def _extreme_lines(atom: Extreme) -> Lines:
    sign: Literal[1, -1] = 1 if atom.kind == "max" else -1
    found, *others = [lines_of(member) for member in atom.members]
    for other in others:
        found = _larger(found, other, sign)
    return found


def _larger(a: Lines, b: Lines, sign: int) -> Lines:
    """The upper of two sizes (the lower for -1), from past the last crossing of their lines on."""
    period = checked_period(lcm(a.period, b.period))
    since = max(a.since, b.since)
    found = []
    for one, two in zip(a.stretched(period).lines, b.stretched(period).lines, strict=True):
        found.append(max(one, two) if sign > 0 else min(one, two))  # the steeper wins, then the higher
        if one.slope != two.slope:
            crossing = (two.start - one.start) // (one.slope - two.slope)
            since = max(since, (crossing + 2) * period)
    return Lines(since, found)


def _sum(a: Lines, b: Lines, times: int) -> Lines:
    period = checked_period(lcm(a.period, b.period))
    pairs = zip(a.stretched(period).lines, b.stretched(period).lines, strict=True)
    lines = [Line(one.slope + times * two.slope, one.start + times * two.start) for one, two in pairs]
    return Lines(max(a.since, b.since), lines)


def checked_period(period: int) -> int:
    """The period, unless it is too long.

    Raises: NoLines.
    """
    if period > MAX_PERIOD:
        raise NoLines
    return period

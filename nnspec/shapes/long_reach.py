"""Reaches whose spans come round again so late that they are not written down, but worked out where they are asked for.

Between the reaches of `reach.py`, of which they are made, and the fields that are read off them. Every position must
see something: only then does the first of a stretch see first, and the last of it last.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import ClassVar, TypeAlias

from nnspec.record import Record
from nnspec.shapes.dim import Dim, maximum, minimum
from nnspec.shapes.reach import PeriodTooLong, Reach, Span

#: What the positions of one axis see of another, written down or not.
AnyReach: TypeAlias = "Reach | LongReach"

MOST_PARTS = 64


class LongReach(Record):
    """A reach made of two others.

    `known` are the spans that were asked for before. `weight` is how many reaches it is made of.
    """

    _unequal: ClassVar[tuple[str, ...]] = ("known",)

    a: AnyReach
    b: AnyReach
    period: int
    advance: int
    weight: int
    known: dict[int, tuple[Dim, Dim]]

    @property
    def stride(self) -> Fraction:
        """How far a position's span lies from that of the one before, in the mean over a period."""
        return Fraction(self.advance, self.period)

    @property
    def offset(self) -> Dim:
        """The first position that position 0 sees."""
        return self.span(0)[0]

    def at(self, place: Dim) -> Span:
        """What the position at `place` sees.

        Raises: PeriodTooLong, where `place` hangs on an open size.
        """
        if not isinstance(place, int):
            raise PeriodTooLong
        return self.span(place)

    def span(self, place: int) -> tuple[Dim, Dim]:
        """What the position at `place` sees."""
        found = self.known.get(place)
        if found is None:
            found = self.known[place] = self._span(place)
        return found

    def _span(self, place: int) -> tuple[Dim, Dim]:
        raise NotImplementedError

    def after(self, before: AnyReach) -> AnyReach:
        """What is seen through this axis of what `before` sees."""
        return through(before, self)

    def united(self, other: AnyReach) -> AnyReach:
        """From the first to the last position that either sees; both must have the same stride."""
        return united(self, other)


class Through(LongReach):
    """What is seen of `a` through `b`."""

    def _span(self, place: int) -> tuple[Dim, Dim]:
        first, last = _seen(self.b, place)
        return _seen(self.a, first)[0], _seen(self.a, last)[1]


class Around(LongReach):
    """What `a` and `b` see together."""

    def _span(self, place: int) -> tuple[Dim, Dim]:
        (first, last), (other_first, other_last) = _seen(self.a, place), _seen(self.b, place)
        return minimum(first, other_first), maximum(last, other_last)


def through(before: AnyReach, own: AnyReach) -> AnyReach:
    """What is seen through `own` of what `before` sees.

    Raises: PeriodTooLong.
    """
    times = before.period // gcd(own.advance, before.period)
    period, advance = own.period * times, own.advance * times // before.period * before.advance
    if isinstance(own, Reach) and isinstance(before, Through):  # windows one behind the other are one window
        top = own.after(before.b)
        if isinstance(top, Reach):
            before, own = before.a, top
    return Through(before, own, period, advance, _weight(before, own), {})


def united(a: AnyReach, b: AnyReach) -> AnyReach:
    """From the first to the last position that either sees; both must have the same stride.

    Raises: PeriodTooLong.
    """
    if a == b:
        return a
    if isinstance(a, Through) and isinstance(b, Through) and a.a == b.a:
        return through(a.a, a.b.united(b.b))
    period = a.period * b.period // gcd(a.period, b.period)
    return Around(a, b, period, a.advance * period // a.period, _weight(a, b), {})


def _weight(a: AnyReach, b: AnyReach) -> int:
    """How many reaches these are made of, all of which see something from everywhere.

    Raises: PeriodTooLong, where they do not, or are too many.
    """
    weight = 0
    for each in (a, b):
        if isinstance(each, Reach) and None in each.spans:
            raise PeriodTooLong
        weight += 1 if isinstance(each, Reach) else each.weight
    if weight > MOST_PARTS:
        raise PeriodTooLong
    return weight


def _seen(reach: AnyReach, place: Dim) -> tuple[Dim, Dim]:
    span = reach.at(place)
    assert span is not None  # see `_weight`
    return span


__all__ = ["AnyReach", "Around", "LongReach", "Through", "through", "united"]

"""What the positions of one axis see of another: the first and the last position, exactly.

A window sees F' positions and moves by its stride. What makes an axis larger sees by turns more and
less, and comes round again: so the spans of one period are kept, and by how much they move with it.
Spans compose along a path and are united where paths meet; this module knows no operator.
Source: Araujo, Norris & Sim 2019, "Computing receptive fields of convolutional neural networks".
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import TYPE_CHECKING, TypeAlias

from nnspec.record import Record
from nnspec.shapes.dim import Dim, maximum, minimum

if TYPE_CHECKING:
    from nnspec.shapes.long_reach import AnyReach

#: The first and the last position that is seen; None where nothing is.
Span: TypeAlias = "tuple[Dim, Dim] | None"

MAX_PERIOD = 4_096  # of what is seen through one another: longer ones are worked out where they are asked for
MAX_PLACES = 65_536  # of one operator, and those that are looked at where nothing is written down


class PeriodTooLong(Exception):  # noqa: N818
    """Spans come round again after so many positions only that they are neither written down nor worked out."""


class Reach(Record):
    """What position 0, 1, … of one period of an axis sees; both ends move by `advance` with each period.

    Positions before 0 and past the end are those of padding.
    """

    spans: tuple[Span, ...]
    advance: int

    @property
    def period(self) -> int:
        """After how many positions spans are the same again, only further on."""
        return len(self.spans)

    @property
    def stride(self) -> Fraction:
        """How far a position's span lies from that of the one before, in the mean over a period."""
        return Fraction(self.advance, len(self.spans))

    @property
    def size(self) -> Dim:
        """The number of positions from the first to the last that any one position sees."""
        sizes: list[Dim] = [last - first + 1 for first, last in filter(None, self.spans)]
        return maximum(*sizes) if sizes else 0

    @property
    def offset(self) -> Dim:
        """The first position that position 0 sees; where it sees none, the next that sees any."""
        return next((span[0] for span in self.spans if span is not None), 0)

    def at(self, place: Dim) -> Span:
        """What the position at `place` sees.

        Raises: PeriodTooLong, where it hangs on an open size which of a period's spans it is.
        """
        turns: Dim
        phase: Dim
        if len(self.spans) == 1:
            turns, phase = place, 0
        else:
            turns, phase = place // len(self.spans), place % len(self.spans)
            if not isinstance(phase, int):
                raise PeriodTooLong
        span = self.spans[phase]
        if span is None:
            return None
        moved = turns * self.advance
        return span[0] + moved, span[1] + moved

    def after(self, before: AnyReach) -> AnyReach:
        """What is seen through this axis of what `before` sees.

        Raises: PeriodTooLong.
        """
        if isinstance(before, Reach) and len(self.spans) == len(before.spans) == 1:
            (own,), (inner,), step = self.spans, before.spans, before.advance
            if own is None or inner is None:
                return Reach((None,), self.advance * step)
            return Reach(((inner[0] + own[0] * step, inner[1] + own[1] * step),), self.advance * step)
        times = before.period // gcd(self.advance, before.period)
        if self.period * times > MAX_PERIOD:
            from nnspec.shapes.long_reach import through  # few networks have any

            return through(before, self)
        spans = tuple([_through(before, self._long(place)) for place in range(self.period * times)])
        return _reduced(Reach(spans, self.advance * times // before.period * before.advance))

    def united(self, other: AnyReach) -> AnyReach:
        """From the first to the last position that either sees; both must have the same stride.

        Raises: PeriodTooLong.
        """
        period = lcm(self.period, other.period)
        if period > MAX_PERIOD or not isinstance(other, Reach):
            from nnspec.shapes.long_reach import united  # few networks have any

            return united(self, other)
        spans = tuple([_around(self._long(place), other._long(place)) for place in range(period)])
        return _reduced(Reach(spans, self.advance * period // self.period))

    def _long(self, place: int) -> Span:
        span, moved = self.spans[place % len(self.spans)], place // len(self.spans) * self.advance
        return span if span is None or not moved else (span[0] + moved, span[1] + moved)


def _checked(period: int) -> int:
    if period > MAX_PLACES:
        raise PeriodTooLong
    return period


def _through(before: AnyReach, span: Span) -> Span:
    """What is seen through the positions of a span: from what its first sees of anything to what its last does."""
    if span is None:
        return None
    first, last = before.at(span[0]), before.at(span[1])
    if first is not None and last is not None:
        return first[0], last[1]
    seen = [before.at(span[0] + more) for more in range(before.period)]  # nothing is seen from the ends themselves
    back = [before.at(span[1] - less) for less in range(before.period)]
    ends = next(filter(None, seen), None), next(filter(None, back), None)
    if ends[0] is None or ends[1] is None or _is_below(ends[1][1], ends[0][0]):
        return None
    return ends[0][0], ends[1][1]


def _is_below(a: Dim, b: Dim) -> bool:
    return isinstance(a, int) and isinstance(b, int) and a < b


def _around(a: Span, b: Span) -> Span:
    if a is None or b is None:
        return a or b
    return minimum(a[0], b[0]), maximum(a[1], b[1])


def _reduced(reach: Reach) -> Reach:
    """The same with the shortest period."""
    period = reach.period
    for shorter in range(1, period // 2 + 1):
        if period % shorter or reach.advance * shorter % period:
            continue
        found = Reach(reach.spans[:shorter], reach.advance * shorter // period)
        if all(found._long(place) == reach.spans[place] for place in range(shorter, period)):
            return found
    return reach


#: Each position sees the one in its place.
SAME_PLACE = Reach(((0, 0),), 1)


def window(extent: Dim, stride: int = 1, before: Dim = 0) -> Reach:
    """A window over so many positions, of which so many lie before position 0 for the first."""
    return Reach(((-before, extent - 1 - before),), stride)


def divided(old: Dim, new: int) -> Reach | None:
    """An axis cut into as many parts as wanted: part i is floor(i · old / new) up to ceil((i + 1) · old / new).

    None where it hangs on an open size. Raises: PeriodTooLong.
    """
    if not isinstance(old, int):
        return None
    period, advance = new // gcd(old, new), old // gcd(old, new)
    spans = [(place * old // new, -(-(place + 1) * old // new) - 1) for place in range(_checked(period))]
    return Reach(tuple(spans), advance)


def whole(size: Dim) -> Reach:
    """Every position sees the whole axis."""
    return Reach(((0, size - 1),), 0)


def repeated(times: int) -> Reach:
    """Every position so many times over.

    Raises: PeriodTooLong.
    """
    return Reach(((0, 0),) * _checked(times), 1)


def spread(extent: int, stride: int, before: int) -> Reach:
    """A transposed window: its input's positions lie a stride apart, and so many are cut off before the first.

    Position o of the output is fed by input i where i · stride - before <= o < i · stride - before + extent.

    Raises: PeriodTooLong.
    """
    spans: list[Span] = []
    for place in range(_checked(stride)):
        first, last = -((extent - 1 - place - before) // stride), (place + before) // stride
        spans.append((first, last) if first <= last else None)
    return _reduced(Reach(tuple(spans), 1))


def interpolated(old: int, new: int, taps: int, size: Dim, *, blurs: bool = False) -> Reach:
    """Positions made between those of an axis of this size, `new` out of `old`, by a kernel over so many taps.

    The centre of output i lies at (i + ½) · old / new - ½; one tap is the nearest. A kernel is 0 at every other whole
    distance, and `blurs` widens it where the axis becomes smaller. Past an axis its last position stands again.

    Raises: PeriodTooLong.
    """
    radius = Fraction(taps, 2) * (max(Fraction(1), Fraction(old, new)) if blurs and taps > 1 else 1)
    is_blurred = radius != Fraction(taps, 2)
    if isinstance(size, int) and size <= 2 * radius:  # a kernel may lie over both ends
        spans = _between(size, size * new // old, taps, radius, is_blurred=is_blurred)
        return Reach(tuple([(max(first, 0), min(last, size - 1)) for first, last in spans]), size)
    common = gcd(old, new)
    spans = _between(old // common, new // common, taps, radius, is_blurred=is_blurred)
    return _reduced(Reach(spans, old // common))


def _between(old: int, new: int, taps: int, radius: Fraction, *, is_blurred: bool) -> tuple[tuple[int, int], ...]:
    """What the `new` positions see that are made of the first `old`."""
    spans: list[tuple[int, int]] = []
    for place in range(_checked(new)):
        centre = Fraction((2 * place + 1) * old, 2 * new)  # from the edge of the axis
        middle = centre - Fraction(1, 2)
        if taps == 1:
            spans.append((floor(centre), floor(centre)))
        elif middle.denominator == 1 and not is_blurred:
            spans.append((int(middle), int(middle)))
        else:
            spans.append((floor(middle - radius) + 1, ceil(middle + radius) - 1))
    return tuple(spans)


__all__ = [
    "MAX_PLACES", "SAME_PLACE", "PeriodTooLong", "Reach", "Span",
    "divided", "interpolated", "repeated", "spread", "whole", "window",
]  # fmt: skip

"""What the positions of a map see of the network's inputs, axis by axis: size, stride and offset.

The path algebra of receptive fields. Along a path what is seen is seen through; where paths meet
it is united, and paths of other strides stay apart, for what they see together grows with the place.
Source: Araujo, Norris & Sim 2019, "Computing receptive fields of convolutional neural networks".
"""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, zip_longest
from math import lcm
from typing import TYPE_CHECKING, TypeAlias

from nnspec.record import Record
from nnspec.shapes.dim import Dim, compare, maximum, minimum, recording
from nnspec.shapes.reach import MAX_PLACES, SAME_PLACE, PeriodTooLong, Reach

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nnspec.ops.operator import Operator
    from nnspec.shapes.long_reach import AnyReach
    from nnspec.shapes.reach import Span
    from nnspec.shapes.tensor import TensorType

#: What one axis sees: one reach for each stride of the paths that come to it.
Sight: TypeAlias = "tuple[AnyReach, ...]"

#: Per spatial axis what it sees; () stands for any number of axes that see themselves.
Field: TypeAlias = "tuple[Sight, ...]"

#: What an axis of so many positions sees.
Mark: TypeAlias = "tuple[Sight, Dim]"

MOST_MARKS = 64


class Marks(Record):
    """Per axis, what it sees at tensors on the way: of those the largest is asked for."""

    axes: tuple[tuple[Mark, ...], ...]


class AxisField(Record):
    """The field of one axis. Position i sees `size` inputs at most, from `offset + i * stride` on.

    `stride` is None where paths of different strides meet; 0 where every position sees all; and a
    fraction where the axis is larger than the input's: then positions see by turns more and less,
    and move by the stride in the mean.
    """

    size: Dim
    stride: Fraction | None
    offset: Dim


class ReceptiveField:
    """How far a position looks into the network's inputs, per spatial axis."""

    one: Field = ()

    @staticmethod
    def identity(axes: int) -> Field:
        """The field of so many axes that see themselves."""
        return ((SAME_PLACE,),) * axes

    def step(
        self, operator: Operator, inputs: list[TensorType], output: TensorType, operand: int = 0, result: int = 0
    ) -> Field | None:
        """What one result sees of one operand; None where axes do not correspond."""
        with recording():  # of conditions on open sizes, which elaboration knows already
            reach = operator.reach_from(operand, result, *inputs)
        if reach is None or len(reach) != len(output.spatial):
            return None
        return tuple([(axis,) for axis in reach])

    def then(self, first: Field | Marks, second: Field | Marks) -> Field | Marks:
        """What the second sees through the first."""
        if isinstance(first, Marks):  # what was marked before is not seen through anything
            return first
        if not first:
            return second
        if isinstance(second, Marks):
            axes = zip(first, second.axes, strict=False)
            return Marks(tuple([_kept((_through(a, sight), size) for sight, size in marks) for a, marks in axes]))
        return tuple([_through(a, b) for a, b in zip(first, second, strict=False)]) or first

    def join(self, a: Field | Marks, b: Field | Marks) -> Field | Marks:
        """What two paths see together; of marked tensors, all."""
        if isinstance(a, Marks) and isinstance(b, Marks):
            return Marks(tuple([_kept(chain(x, y)) for x, y in zip_longest(a.axes, b.axes, fillvalue=())]))
        if isinstance(a, Marks) or isinstance(b, Marks):
            return a or b
        return tuple([_united((*x, *y)) for x, y in zip_longest(a, b, fillvalue=(SAME_PLACE,))])

    def mark(self, value: Field | Marks, output: TensorType) -> Marks | None:
        """The value as one that may be asked for as the largest; only tensors with spatial axes count."""
        if isinstance(value, Marks) or output.rank < 2:
            return None
        sights = value or self.identity(len(output.spatial))
        return Marks(tuple([((sight, size),) for sight, size in zip(sights, output.spatial, strict=False)]))

    @staticmethod
    def largest(marks: Marks) -> Dim:
        """The largest size over axes and marked tensors.

        Raises: PeriodTooLong.
        """
        return maximum(1, *[size_of(*mark) for axis in marks.axes for mark in axis])


def axes_of(field: Field, sizes: tuple[Dim, ...]) -> tuple[AxisField, ...]:
    """What is shown of a field over axes of these sizes.

    Raises: PeriodTooLong.
    """
    sights = field or ReceptiveField.identity(len(sizes))
    return tuple([_axis(sight, size) for sight, size in zip(sights, sizes, strict=True)])


def _axis(sight: Sight, size: Dim) -> AxisField:
    strides = [reach.stride for reach in sight]
    stride = strides[0] if len(strides) == 1 else Fraction(0) if 0 in strides else None
    return AxisField(size_of(sight, size), stride, minimum(*[reach.offset for reach in sight]))


def size_of(sight: Sight, size: Dim) -> Dim:
    """The most that any one position of an axis of this size sees.

    Raises: PeriodTooLong, where it hangs on an open size or more positions than are looked at.
    """
    if len(sight) == 1 and isinstance(sight[0], Reach) and not (isinstance(size, int) and size < sight[0].period):
        return sight[0].size
    # Together paths of different strides see most at one end or the other.
    period = lcm(*[reach.period for reach in sight])
    looked_at = min(period, size) if isinstance(size, int) else period
    if looked_at > MAX_PLACES:
        raise PeriodTooLong
    places: list[Dim] = [*range(looked_at)]
    if len(sight) > 1:
        places += [size - 1 - less for less in range(looked_at)]
    found: list[Dim] = []
    for place in dict.fromkeys(places):
        spans = [span for span in [reach.at(place) for reach in sight] if span is not None]
        if spans:
            found.append(maximum(*[last for _, last in spans]) - minimum(*[first for first, _ in spans]) + 1)
    return maximum(*found) if found else 0


def _through(first: Sight, second: Sight) -> Sight:
    if len(first) == len(second) == 1:
        return (second[0].after(first[0]),)
    return _united([after.after(before) for before in first for after in second])


def _united(reaches: Iterable[AnyReach]) -> Sight:
    """One reach for each stride."""
    found: dict[Fraction, AnyReach] = {}
    for reach in reaches:
        known = found.setdefault(reach.stride, reach)
        if known is not reach and known != reach:
            found[reach.stride] = known.united(reach)
    return tuple(found.values())


def _kept(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Marks without those of which another sees all at every place, and so sees it through whatever lies before.

    Raises: PeriodTooLong, where too many are left.
    """
    kept: list[Mark] = []
    for mark in marks:
        if any(_holds(known, mark) for known in kept):
            continue
        kept = [known for known in kept if not _holds(mark, known)]
        kept.append(mark)
    if len(kept) > MOST_MARKS:
        raise PeriodTooLong
    return tuple(kept)


def _holds(wide: Mark, mark: Mark) -> bool:
    """Whether an axis sees at every place at least what another of the same strides does."""
    if wide == mark:
        return True
    if [reach.stride for reach in wide[0]] != [reach.stride for reach in mark[0]]:
        return False
    is_alike_everywhere = len(wide[0]) == 1 and wide[0][0].period == mark[0][0].period == 1
    if not is_alike_everywhere and compare(wide[1], ">=", mark[1]) is not True:  # the other has more places
        return False
    return all(_contains(a, b) for a, b in zip(wide[0], mark[0], strict=True))


def _contains(wide: AnyReach, reach: AnyReach) -> bool:
    if wide == reach:
        return True
    if not isinstance(wide, Reach) or not isinstance(reach, Reach):
        return False
    if wide.period == reach.period == 1:
        places = [0]
    else:
        period = lcm(wide.period, reach.period)
        if period > MAX_PLACES:
            return False
        places = [*range(period)]
    return all(_spans(wide.at(place), reach.at(place)) for place in places)


def _spans(wide: Span, span: Span) -> bool:
    """Whether one span certainly reaches as far as another on both sides."""
    if wide is None or span is None:
        return span is None
    return compare(wide[0], "<=", span[0]) is True and compare(wide[1], ">=", span[1]) is True


def centres(field: Field) -> list[dict[Fraction, Dim | Fraction | None]]:
    """Per axis, twice the middle of what position 0 sees, in the mean over a period; for each stride but 0.

    None for one that is not known.
    """
    return [{reach.stride: _centre(reach) for reach in sight if reach.advance} for sight in field]


def _centre(reach: AnyReach) -> Dim | Fraction | None:
    if reach.period > MAX_PLACES:
        return None
    total: Dim = 0
    for place in range(reach.period):
        span = reach.at(place)
        if span is None:
            return None
        total = total + span[0] + span[1]
    if reach.period == 1:
        return total
    return Fraction(total, reach.period) - reach.stride * (reach.period - 1) if isinstance(total, int) else None


__all__ = ["AxisField", "Field", "Marks", "ReceptiveField", "axes_of", "centres", "size_of"]

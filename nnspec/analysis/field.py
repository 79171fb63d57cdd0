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
from nnspec.shapes.dim import Dim, maximum, minimum, recording
from nnspec.shapes.reach import SAME_PLACE, PeriodTooLong, Reach

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nnspec.ops.operator import Operator
    from nnspec.shapes.tensor import TensorType

#: What one axis sees: one reach for each stride of the paths that come to it.
Sight: TypeAlias = "tuple[Reach, ...]"

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

    Raises: PeriodTooLong, where it hangs on an open size.
    """
    if len(sight) == 1:
        return sight[0].size
    # Together paths of different strides see most at one end or the other.
    period = lcm(*[reach.period for reach in sight])
    places: list[Dim] = [*range(period), *[size - 1 - less for less in range(period)]]
    if isinstance(size, int):
        places = [*range(min(period, size)), *range(max(0, size - period), size)]
    found: list[Dim] = []
    for place in places:
        spans = [span for span in [reach.at(place) for reach in sight] if span is not None]
        if spans:
            found.append(maximum(*[last for _, last in spans]) - minimum(*[first for first, _ in spans]) + 1)
    return maximum(*found) if found else 0


def _through(first: Sight, second: Sight) -> Sight:
    if len(first) == len(second) == 1:
        return (second[0].after(first[0]),)
    return _united([after.after(before) for before in first for after in second])


def _united(reaches: Iterable[Reach]) -> Sight:
    """One reach for each stride."""
    found: dict[Fraction, Reach] = {}
    for reach in reaches:
        known = found.setdefault(reach.stride, reach)
        if known is not reach and known != reach:
            found[reach.stride] = known.united(reach)
    return tuple(found.values())


def _kept(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Of marks with the same strides the largest: that is the largest too of what they are seen through."""
    kept: dict[object, tuple[Dim, Mark]] = {}
    for mark in marks:
        size = size_of(*mark)
        key: object = tuple([reach.stride for reach in mark[0]]) if isinstance(size, int) else mark
        known = kept.get(key)
        if known is None or (isinstance(size, int) and isinstance(known[0], int) and size > known[0]):
            kept[key] = size, mark
    if len(kept) > MOST_MARKS:
        raise PeriodTooLong
    return tuple([mark for _, mark in kept.values()])


def centres(field: Field) -> list[dict[Fraction, Dim | Fraction]]:
    """Per axis, twice the middle of what position 0 sees, in the mean over a period; for each stride but 0."""
    return [{reach.stride: _centre(reach) for reach in sight if reach.advance} for sight in field]


def _centre(reach: Reach) -> Dim | Fraction:
    if reach.period == 1 and reach.spans[0] is not None:
        return reach.spans[0][0] + reach.spans[0][1]
    total = 0
    for span in reach.spans:
        if span is None or not isinstance(span[0], int) or not isinstance(span[1], int):
            return 0
        total += span[0] + span[1]
    return Fraction(total, reach.period) - reach.stride * (reach.period - 1)


__all__ = ["AxisField", "Field", "Marks", "ReceptiveField", "axes_of", "centres", "size_of"]

"""Axes as specs count them: 0 is the first axis of a sample, -1 the last; the batch is never counted.

Kinds that read them and the way to Keras's counting, where the batch is axis 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Integer, Kind, Many, one_changed
from nnspec.shapes.tensor import SPATIAL_NAMES, TensorType, shape_text


class Axis(Integer):
    """One axis: a whole number."""

    def __init__(self) -> None:
        super().__init__(ge=-64, le=63)

    def describe(self) -> str:
        return "an axis: 0 is the first of a sample, -1 the last"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}


class Axes(Kind["int | tuple[int, ...]"]):
    """One axis, or several."""

    def __init__(self) -> None:
        self.item = Axis()

    def read(self, value: object) -> int | tuple[int, ...]:
        if isinstance(value, tuple):
            if not value:
                raise self.refuse(value)
            return tuple(self.item.read(item) for item in value)
        return self.item.read(value)

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[Any]:
        if isinstance(value, int):
            return self.item.near(value, sizes)
        return (*one_changed(value, lambda item: self.item.near(item, ())), value[:-1])

    def describe(self) -> str:
        return "one axis or a list of axes: 0 is the first of a sample, -1 the last"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.item.schema(), {"type": "array", "items": self.item.schema(), "minItems": 1}]}


class Order(Many[int]):
    """Axes in an order."""

    def __init__(self) -> None:
        super().__init__(Axis(), least=1)

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[Any]:
        if all(axis > 0 for axis in value):
            yield tuple(axis - 1 for axis in value)  # they were counted with the batch
        yield from super().near(value, sizes)


def axis_of(x: TensorType, axis: int, at: str = "axis") -> int:
    """The axis counted from the first, 0 up to the rank.

    Raises: RuleError at `at`, if the tensor has no such axis.
    """
    if -x.rank <= axis < x.rank:
        return axis % x.rank
    raise RuleError(
        codes.NO_SUCH_AXIS,
        f"there is no axis {axis}",
        at=at,
        label=f"{shape_text(x.shape)} has {count_of(x.rank, 'axis', 'axes')}",
        notes=("the batch is not counted",),
        help=f"the axes are {span_of(0, x.rank - 1)}, or {span_of(-x.rank, -1)} from the end" if x.rank else None,
    )


def axes_of(x: TensorType, axes: int | tuple[int, ...], at: str = "axis") -> tuple[int, ...]:
    """The axes counted from the first, in ascending order.

    Raises: RuleError at `at`, if the tensor has no such axis, or one is named twice.
    """
    found = [axis_of(x, axis, at) for axis in (axes if isinstance(axes, tuple) else (axes,))]
    for axis in found:
        if found.count(axis) > 1:
            raise RuleError(
                codes.AXIS_REPEATED,
                f"axis {axis} is named twice",
                at=at,
                label=f"axis {axis} is also axis {axis - x.rank}",
                help="name each axis once",
            )
    return tuple(sorted(found))


def keras_axis(axis: int) -> int:
    """The axis in Keras's counting, where the batch is axis 0; those from the end stay."""
    return axis + 1 if axis >= 0 else axis


def axis_name(rank: int, axis: int) -> str:
    """What an axis of a tensor of this rank is called in messages; the axis is counted from the first."""
    if axis == rank - 1:
        return "channels"
    names = SPATIAL_NAMES.get(rank)
    return names[axis] if names else f"axis {axis}"


def count_of(number: int, one: str, many: str) -> str:
    """`1 axis`, `3 axes`, `no axes`."""
    return f"{number or 'no'} {one if number == 1 else many}"


def span_of(first: int, last: int) -> str:
    """`0`, `0 and 1`, `0 to 3`."""
    return str(first) if first == last else f"{first} {'and' if last == first + 1 else 'to'} {last}"

"""Shape operators that take parts of a tensor along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Call, Item, Value
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import Axis, axis_of, keras_axis
from nnspec.ops.kinds import Integer, Kind, OrNone
from nnspec.ops.operator import SAME_PLACE, Example, Operator, Reach, param
from nnspec.ops.spatial import needs_size
from nnspec.shapes.dim import Dim, Symbolic, compare, demand
from nnspec.shapes.reach import window
from nnspec.shapes.tensor import TensorType
from nnspec.spelled import is_spelled

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class Position(Kind[Dim]):
    """An index of an axis: from 0 on, or from -1 back from its end."""

    def read(self, value: object) -> Dim:
        if isinstance(value, Symbolic):
            return value
        try:
            return Integer().read(value)
        except RuleError as error:
            raise self.refuse(value) from error

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[int]:
        return Integer().near(value, sizes)

    def describe(self) -> str:
        return "a position: 0 is the first, -1 the last"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}


def _leading(axis: int, *index: Value) -> tuple[Value, ...]:
    """An index that leaves the batch and the axes before this one whole."""
    return (*(slice(None) for _ in range(axis + 1)), *index)


def _check_index(index: int, size: Dim, at: str, past: int = 0) -> None:
    """Demand that the axis has this position; `past` is 1 where one past the end will do.

    Raises: RuleError at the argument.
    """
    need = index + 1 - past if index >= 0 else -index
    if demand(compare(size, ">=", need)):
        return
    last = f"{size} - 1" if isinstance(size, Symbolic) else str(size - 1 + past)
    raise RuleError(
        codes.OUT_OF_RANGE,
        f"position {index} lies outside an axis of {size}",
        at=at,
        label=f"{index} of {size}",
        help=f"use 0 to {last}, or -1 to -{size} from the end",
    )


class Take(Operator):
    """One position of an axis, which goes.

    Shape: `(…, size, …) -> (…, …)`.
    Source: `x[:, index]`.
    """

    index: int = param(Integer(), doc="which position: 0 is the first, -1 the last")
    axis: int = param(Axis(), default=0, doc="of which axis")

    examples = (
        Example("Input(65, 192) -> Take(0)", (192,)),
        Example("Input(4, 6, 3) -> Take(-1, axis=-1)", (4, 6)),
        Example("Input(8, 3) -> Take(8)", fails="out-of-range"),
        Example("Input(8, 3) -> Take(0, axis=2)", fails="no-such-axis"),
    )

    def infer(self, x: TensorType) -> TensorType:
        axis = axis_of(x, self.axis)
        _check_index(self.index, x.shape[axis], "index")
        return TensorType((*x.shape[:axis], *x.shape[axis + 1 :]), x.dtype, x.batched)

    def reach(self, x: TensorType) -> None:
        return None

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.without(x, y, axis_of(x.type, self.axis) + 1)

    def lower(self, x: Arrival) -> Value:
        return Item(x, _leading(axis_of(x.type, self.axis), self.index))


class Slice(Operator):
    """The positions from `start` up to, not including, `stop`.

    Shape: `(…, size, …) -> (…, stop - start, …)`.
    Source: `x[:, start:stop]`.
    """

    start: Dim = param(Position(), doc="the first position")
    stop: Dim | None = param(OrNone(Position()), default=None, doc="the first position after; the end when absent")
    axis: int = param(Axis(), default=0, doc="of which axis")

    examples = (
        Example("Input(65, 192) -> Slice(1, 65)", (64, 192)),
        Example("Input(65, 192) -> Slice(1)", (64, 192)),
        Example("Input(8, 8, 6) -> Slice(-2, none, axis=-1)", (8, 8, 2)),
        Example("Input(8, 3) -> Slice(2, 9)", fails="out-of-range"),
        Example("Input(8, 3) -> Slice(4, 4)", fails="nothing-left"),
    )

    def infer(self, x: TensorType) -> TensorType:
        axis = axis_of(x, self.axis)
        size = x.shape[axis]
        start = self._place(self.start, size, "start")
        stop = size if self.stop is None else self._place(self.stop, size, "stop")
        if not demand(compare(stop, ">", start)):
            raise RuleError(
                codes.NOTHING_LEFT,
                f"no position lies from {start} up to {stop}",
                at="stop" if self.stop is not None else "start",
                label=f"{stop} - {start} = {stop - start}",
                help=f"`stop` is the first position after, from {start + 1} to {size}",
            )
        return TensorType((*x.shape[:axis], stop - start, *x.shape[axis + 1 :]), x.dtype, x.batched)

    def _place(self, index: Dim, size: Dim, at: str) -> Dim:
        """The position counted from the first.

        Raises: RuleError at the argument, if it lies outside.
        """
        if isinstance(index, int):
            _check_index(index, size, at, past=1)
            return size + index if index < 0 else index
        if not demand(compare(size, ">=", index)) or not demand(compare(index, ">=", 0)):
            raise RuleError(
                codes.OUT_OF_RANGE,
                f"position {index} lies outside an axis of {size}",
                at=at,
                label=f"{index} of {size}",
            )
        return index

    def reach(self, x: TensorType) -> tuple[Reach, ...] | None:
        axis = axis_of(x, self.axis)
        start = self._place(self.start, x.shape[axis], "start")
        return tuple(window(1, before=-start) if at == axis else SAME_PLACE for at in range(x.rank - 1))

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.view(x, y, is_dense=y == x.type)

    def lower(self, x: Arrival) -> Value:
        axis = axis_of(x.type, self.axis)
        for place in (self.start, self.stop):
            if isinstance(place, Symbolic):
                raise needs_size("a slice is built for positions that are numbers", place)
        start = self.start if self.start or is_spelled(self.start) else None
        return Item(x, _leading(axis, slice(start, self.stop)))


class Split(Operator):
    """An axis cut into n equal parts, which come as a tuple.

    Shape: `(…, size, …) -> ((…, size / n, …), …)`.
    Source: `keras.ops.split`.
    """

    n: int = param(Integer(ge=1, le=10_000), doc="how many parts")
    axis: int = param(Axis(), default=-1, doc="which axis is cut")

    examples = (
        Example("Input(8, 8, 6) -> Split(3)", ((8, 8, 2), (8, 8, 2), (8, 8, 2))),
        Example("Input(10, 4) -> Split(2, axis=0)", ((5, 4), (5, 4))),
        Example("Input(8, 3) -> Split(2)", fails="does-not-divide"),
    )

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        axis = axis_of(x, self.axis)
        size = x.shape[axis]
        if not demand(compare(size % self.n, "==", 0)):
            raise self._uneven(size)
        part = TensorType((*x.shape[:axis], size // self.n, *x.shape[axis + 1 :]), x.dtype, x.batched)
        return (part,) * self.n

    def _uneven(self, size: Dim) -> RuleError:
        fit = [n for n in range(2, min(size, 64) + 1) if size % n == 0] if isinstance(size, int) else []
        return RuleError(
            codes.DOES_NOT_DIVIDE,
            f"an axis of {size} cannot be cut into {self.n} equal parts",
            at="n",
            label=f"{size} / {self.n}",
            notes=(f"{size} mod {self.n} = {size % self.n}",),
            help=f"it can be cut into {', '.join(map(str, fit[:6]))}" if fit else None,
        )

    def reach_from(self, operand: int, result: int, *inputs: TensorType) -> tuple[Reach, ...] | None:
        (x,) = inputs
        axis = axis_of(x, self.axis)
        start = x.shape[axis] // self.n * result
        return tuple(window(1, before=-start) if at == axis else SAME_PLACE for at in range(x.rank - 1))

    def trace(self, tape: Tape, x: Held, y: tuple[TensorType, ...] | TensorType) -> tuple[Held, ...]:
        parts = y if isinstance(y, tuple) else (y,)
        return tuple(tape.view(x, part, is_dense=len(parts) == 1) for part in parts)

    def lower(self, x: Arrival) -> Value:
        return Call("keras.ops.split", (x, self.n), {"axis": keras_axis(self.axis)})


class ArgMax(Operator):
    """The position of the largest value along an axis, which goes.

    Shape: `(…, size, …) -> (…, …)`, whole numbers.
    Source: `keras.ops.argmax`.
    """

    axis: int = param(Axis(), default=-1, doc="along which axis")

    examples = (
        Example("Input(10) -> ArgMax", ()),
        Example("Input(8, 8, 21) -> ArgMax", (8, 8)),
        Example("Input(8, 3) -> ArgMax(axis=0)", (3,)),
    )

    def infer(self, x: TensorType) -> TensorType:
        axis = axis_of(x, self.axis)
        return TensorType((*x.shape[:axis], *x.shape[axis + 1 :]), "int32")

    def reach(self, x: TensorType) -> None:
        return None

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.new(y)

    def lower(self, x: Arrival) -> Value:
        return Call("keras.ops.argmax", (x,), {"axis": keras_axis(self.axis)})

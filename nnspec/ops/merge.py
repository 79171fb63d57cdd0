"""Merges: several tensors made one, of equal shapes, or with a gate or learned tensor spread over the others.

What Keras would broadcast silently beyond that is an error; `joining.py` finds it and words it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Call, layer
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import Axis, axis_of, keras_axis
from nnspec.ops.dtypes import is_number, joined
from nnspec.ops.joining import Joining, need_numbers
from nnspec.ops.kinds import Flag, Kind
from nnspec.ops.operator import SAME_PLACE, Example, Operator, Reach, option
from nnspec.ops.spatial import need_real
from nnspec.shapes.dim import Dim, compare, demand, total
from nnspec.shapes.reach import whole
from nnspec.shapes.tensor import TensorType, shape_text

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class Elementwise(Operator):
    """What element by element merges have in common; `gates` says whether sizes of 1 are spread over the others."""

    is_merge = True
    is_pointwise = True
    gates = False

    def join(self, *xs: TensorType) -> TensorType:
        """The type of the result."""
        name = type(self).__name__
        need_numbers(name, xs)
        shape = Joining(name, xs, gates=self.gates).shape()
        return TensorType(shape, self.dtype(xs), any(x.batched for x in xs))

    def dtype(self, xs: tuple[TensorType, ...]) -> str:
        """The dtype of the result."""
        return joined(x.dtype for x in xs)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return (SAME_PLACE,) * (max(x.rank for x in inputs) - 1)

    def reach_from(self, operand: int, result: int, *inputs: TensorType) -> tuple[Reach, ...] | None:
        """Of a gate's axis of 1 every position sees the one that there is; a vector has no positions."""
        x, most = inputs[operand], max(inputs, key=lambda x: x.rank)
        if x.rank < most.rank:
            return None
        maps = [each.shape for each in inputs if each.rank == most.rank]
        return tuple(_spread(own, [shape[axis] for shape in maps]) for axis, own in enumerate(x.spatial))

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Held:
        *xs, y = inputs_and_output
        return tape.like(y, *xs)  # a sum needs none of its parts

    def lower(self, *xs: Arrival) -> Call:
        # Keras puts axes of 1 after the batch until the ranks are equal, which is how shorter shapes are meant here.
        return layer(f"keras.layers.{type(self).__name__}")(list(xs))


def _spread(size: Dim, sizes: list[Dim]) -> Reach:
    return whole(1) if size == 1 and any(each != 1 for each in sizes) else SAME_PLACE


class AnyNumber(Elementwise):
    """A merge of any number of tensors, in whatever order."""

    commutes = True

    def infer(self, first: TensorType, *others: TensorType) -> TensorType:
        return self.join(first, *others)


class Add(AnyNumber):
    """The sum, element by element.

    Shape: equal shapes `(*axes), … -> (*axes)`; a `Weight` may be smaller.
    Source: `keras.layers.Add`.
    """

    examples = (
        Example("Input(8, 8, 3) -> Add{ Conv(3, 3, padding=same) | _ }", (8, 8, 3)),
        Example("Input(64, 192) -> Add{ _ | Weight(64, 192) }", (64, 192)),
        Example("Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | _ }", fails="shapes-differ"),
        Example("Input(8, 8, 3) -> Add{ _ | Conv(1, 1) }", fails="shapes-differ"),
    )


class Residual(Operator):
    """`Residual{ F }` is `Add{ F | _ }`: what its braces make of the tensor, added to the tensor itself.

    Shape: `(*axes) -> (*axes)`.
    Source: He et al. 2016, "Deep residual learning for image recognition", equation 1.
    """

    when: bool = option(Flag(), default=True, doc="whether the tensor is added; if not, the flow stands alone")

    adds_skip = Add
    examples = (
        Example("Input(8, 8, 4) -> Residual{ Conv(4, 3, padding=same) -> ReLU }", (8, 8, 4)),
        Example("Input(8, 8, 3) -> Residual(when=false){ Conv(4, 3) }", (6, 6, 4)),
        Example("Input(8, 8, 3) -> Residual{ Conv(4, 3, padding=same) }", fails="shapes-differ"),
    )

    def infer(self, x: TensorType) -> TensorType:
        return x


class Multiply(AnyNumber):
    """The product, element by element; a gate is spread over the others.

    A gate has sizes of 1 where others have more, or is a vector of as many channels.

    Shape: equal shapes, or `(*sizes, channels), (channels) -> (*sizes, channels)`.
    Source: Hu et al. 2018, "Squeeze-and-excitation networks", equation 4; `keras.layers.Multiply`.
    """

    gates = True
    examples = (
        Example("Input(8, 8, 4) -> Multiply{ _ | Conv(4, 1) -> Sigmoid }", (8, 8, 4)),
        Example("Input(8, 8, 4) -> Multiply{ _ | GlobalAvgPool -> Dense(4) -> Sigmoid }", (8, 8, 4)),
        Example("Input(8, 8, 4) -> Multiply{ _ | Conv(1, 1) -> Sigmoid }", (8, 8, 4)),
        Example("Input(8, 8, 4) -> Multiply{ _ | Conv(2, 1) }", fails="shapes-differ"),
    )

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Held:
        first, *others, y = inputs_and_output
        result: Held = first
        for other in others:
            result = tape.times(y, result, other)
        return result


class Average(AnyNumber):
    """The mean, element by element.

    Shape: equal shapes `(*axes), … -> (*axes)`; a `Weight` may be smaller.
    Source: `keras.layers.Average`.
    """

    examples = (Example("Input(8) -> Average{ FC(3) | FC(3) | FC(3) }", (3,)),)

    def dtype(self, xs: tuple[TensorType, ...]) -> str:
        return "float32"


class Extreme(AnyNumber):
    """The largest or smallest of numbers; truth values have no order."""

    def infer(self, first: TensorType, *others: TensorType) -> TensorType:
        for index, x in enumerate((first, *others)):
            if not is_number(x.dtype):
                raise RuleError(
                    codes.NOT_REAL, f"{type(self).__name__} compares numbers", at=index, label=f"{x.dtype} arrives"
                )
        return self.join(first, *others)

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Held:
        first, *others, y = inputs_and_output
        result: Held = first
        for other in others:
            result = tape.function(y, result, other)
        return result


class Maximum(Extreme):
    """The largest, element by element.

    Shape: equal shapes `(*axes), … -> (*axes)`; a `Weight` may be smaller.
    Source: `keras.layers.Maximum`.
    """

    examples = (Example("Input(8) -> Maximum{ FC(3) | FC(3) }", (3,)),)


class Minimum(Extreme):
    """The smallest, element by element.

    Shape: equal shapes `(*axes), … -> (*axes)`; a `Weight` may be smaller.
    Source: `keras.layers.Minimum`.
    """

    examples = (Example("Input(8) -> Minimum{ FC(3) | FC(3) }", (3,)),)


class Subtract(Elementwise):
    """The first less the second, element by element.

    Shape: equal shapes `(*axes), (*axes) -> (*axes)`; a `Weight` may be smaller.
    Source: `keras.layers.Subtract`.
    """

    examples = (
        Example("Input(8) -> Subtract{ FC(3) | FC(3) }", (3,)),
        Example("Input(8) -> Subtract{ FC(3) | FC(3) | FC(3) }", fails="wrong-input-count"),
    )

    def infer(self, a: TensorType, b: TensorType) -> TensorType:
        return self.join(a, b)


class Concat(Operator):
    """One after the other along an axis, the channels where nothing is said; a `Weight` is repeated for each example.

    Shape: shapes equal but for `axis`, whose sizes add up.
    Source: `keras.layers.Concatenate`.
    """

    axis: int = option(Axis(), default=-1, doc="the axis that is joined: 0 is the first of a sample, -1 the last")

    is_merge = True
    examples = (
        Example("Input(8, 8, 3) -> Concat{ Conv(4, 3, padding=same) | _ }", (8, 8, 7)),
        Example("Input(64, 192) -> Concat(axis=0){ Weight(1, 192) | _ }", (65, 192)),
        Example("Input(8, 8, 3) -> Concat{ Conv(4, 3) | _ }", fails="shapes-differ"),
        Example("Input(8) -> Concat(axis=1){ _ | FC(3) }", fails="no-such-axis"),
    )

    def infer(self, first: TensorType, *others: TensorType) -> TensorType:
        xs = (first, *others)
        if any((x.dtype == "string") != (first.dtype == "string") for x in xs):
            need_numbers("Concat", xs)
        axis = axis_of(max([x for x in xs if x.batched] or xs, key=lambda x: x.rank), self.axis)
        shape = list(Joining("Concat", xs, but=axis).shape())
        shape[axis] = total(x.shape[axis] for x in xs)
        return TensorType(tuple(shape), joined(x.dtype for x in xs), any(x.batched for x in xs))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...] | None:
        x = inputs[0]
        return super().reach(x) if axis_of(x, self.axis) == x.rank - 1 else None

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Held:
        *xs, y = inputs_and_output
        return tape.new(y, grad=any(x.grad for x in xs), order=self.order(xs))

    def order(self, xs: list[Held]) -> tuple[int, ...] | None:
        """How the axes of the result lie: as those of all inputs, where these agree."""
        orders = {x.order if x.is_dense else None for x in xs}
        return orders.pop() if len(orders) == 1 else None

    def lower(self, *xs: Arrival) -> Call:
        last = axis_of(xs[0].type, self.axis) == xs[0].type.rank - 1
        axis = {} if last else {"axis": keras_axis(self.axis)}
        return layer("keras.layers.Concatenate", **axis)(list(xs))


class OneOrTwo(Kind["int | tuple[int, int]"]):
    """One axis of both tensors, or one of each."""

    item = Axis()

    def read(self, value: object) -> int | tuple[int, int]:
        if isinstance(value, tuple):
            if len(value) != 2:
                raise self.refuse(value)
            return self.item.read(value[0]), self.item.read(value[1])
        return self.item.read(value)

    def describe(self) -> str:
        return "one axis of both tensors, or one of each: 0 is the first of a sample, -1 the last"

    def schema(self) -> dict[str, object]:
        item = self.item.schema()
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": 2, "maxItems": 2}]}


class Dot(Operator):
    """Products of two tensors summed over an axis of each: all pairs of the other positions.

    Shape: `(*a, n), (*b, n) -> (*a, *b)`, with `axes` wherever they stand; two vectors give `(1)`.
    Source: `keras.layers.Dot`.
    """

    axes: int | tuple[int, int] = option(
        OneOrTwo(), doc="the axis that is summed over: of both, or (of the first, of the second)"
    )
    normalize: bool = option(
        Flag(), default=False, keras="normalize", doc="whether each is first brought to length 1 along it (cosines)"
    )

    is_merge = True
    examples = (
        Example("Input(8) -> Dot(axes=-1){ FC(3) | FC(3) }", (1,)),
        Example("Input(5, 8) -> Dot(axes=(1, 1), normalize=true){ _ | Dense(8) }", (5, 5)),
        Example("Input(5, 8) -> Dot(axes=(0, 1)){ _ | Dense(8) }", fails="shapes-differ"),
    )

    def of_each(self, a: TensorType, b: TensorType) -> tuple[int, int]:
        """The axis of each tensor, counted from the first."""
        first, second = self.axes if isinstance(self.axes, tuple) else (self.axes, self.axes)
        return axis_of(a, first, "axes"), axis_of(b, second, "axes")

    def filled(self, a: TensorType, b: TensorType) -> dict[str, Any]:
        return {"axes": self.of_each(a, b)}

    def infer(self, a: TensorType, b: TensorType) -> TensorType:
        need_numbers("Dot", (a, b))
        if self.normalize:
            need_real(a, "a normalised Dot")
            need_real(b, "a normalised Dot")
        i, j = self.of_each(a, b)
        if not demand(compare(a.shape[i], "==", b.shape[j])):
            raise RuleError(
                codes.SHAPES_DIFFER,
                f"Dot sums over axes of equal size, not {a.shape[i]} and {b.shape[j]}",
                at="axes", label=f"{shape_text(a.shape)} and {shape_text(b.shape)}",
                notes=(f"axis {i} of the first has {a.shape[i]}, axis {j} of the second {b.shape[j]}",),
                help=_equal_axes(a, b),
            )  # fmt: skip
        rest = (*a.shape[:i], *a.shape[i + 1 :], *b.shape[:j], *b.shape[j + 1 :])
        return TensorType(rest or (1,), joined((a.dtype, b.dtype)), a.batched or b.batched)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...] | None:
        return None

    def trace(self, tape: Tape, a: Held, b: Held, y: TensorType) -> Held:
        if self.normalize:
            for x in (a, b):
                if x.grad:
                    tape.keep(x)
                    tape.extra(2 * (x.size // x.type.shape[self.of_each(a.type, b.type)[x is b]]))
            a, b = tape.like(a.type, a), tape.like(b.type, b)
        if b.grad:
            tape.keep(a)
        if a.grad:
            tape.keep(b)
        return tape.new(y, grad=a.grad or b.grad)

    def lower(self, a: Arrival, b: Arrival) -> Call:
        i, j = self.of_each(a.type, b.type)
        axes = i + 1 if i == j and a.type.rank == b.type.rank else (i + 1, j + 1)
        return layer("keras.layers.Dot", axes=axes, **self.keras_options())([a, b])


def _equal_axes(a: TensorType, b: TensorType) -> str | None:
    """Axes of equal size, where there are any."""
    for i in reversed(range(a.rank)):
        for j in reversed(range(b.rank)):
            if compare(a.shape[i], "==", b.shape[j]) is True:
                return f"`axes=({i}, {j})` are equal, both {a.shape[i]}"
    return None

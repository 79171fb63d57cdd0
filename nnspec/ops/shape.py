"""Shape operators that keep every value and only arrange them anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import Order
from nnspec.ops.kinds import Integer, Kind, Many, Size, show
from nnspec.ops.operator import Example, Operator, Reach, param
from nnspec.ops.spatial import computed, need_spatial, needs_size
from nnspec.shapes.dim import Dim, Symbolic, compare, demand, is_known, product
from nnspec.shapes.reach import repeated
from nnspec.shapes.tensor import TensorType, shape_text, sizes_text

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class Flatten(Operator):
    """All axes of a sample in one.

    Shape: `(*sizes) -> (product of the sizes)`.
    Source: `keras.layers.Flatten`.
    """

    arranges = True
    examples = (
        Example("Input(7, 7, 512) -> Flatten", (25088,)),
        Example("Input(8) -> Flatten", (8,)),
    )

    def infer(self, x: TensorType) -> TensorType:
        return computed(x, x.size)

    def reach(self, x: TensorType) -> None:
        return None

    def is_idle(self, x: TensorType) -> bool:
        return x.rank == 1

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.reshaped(x, y)

    def lower(self, x: Arrival) -> Value:
        return layer("keras.layers.Flatten")(x)


class NewSize(Kind[Dim]):
    """A size of a reshape, or -1 for what the others leave."""

    def __init__(self) -> None:
        self.size = Size()

    def read(self, value: object) -> Dim:
        if value == -1 and not isinstance(value, (bool, Symbolic)):
            return -1
        try:
            return self.size.read(value)
        except RuleError as error:
            raise self.refuse(value) from error

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[Dim]:
        return (*self.size.near(value, sizes), -1)

    def describe(self) -> str:
        return "a size of at least 1, or -1 for what the others leave"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": [-1]}, self.size.schema()]}


class Reshape(Operator):
    """The same values, in order, under other sizes.

    Shape: `(*sizes) -> (*sizes')`, of equal product.
    Source: `keras.layers.Reshape`.
    """

    sizes: tuple[Dim, ...] = param(
        Many(NewSize(), least=1), variadic=True, doc="the sizes that come out; one may be -1"
    )

    arranges = True
    renamed = {"target_shape": "sizes"}
    examples = (
        Example("Input(8, 8, 3) -> Reshape(64, 3)", (64, 3)),
        Example("Input(24) -> Reshape(2, -1, 4)", (2, 3, 4)),
        Example("Input(8, 8, 3) -> Reshape(64, 4)", fails="elements-differ"),
        Example("Input(8, 8, 3) -> Reshape(-1, 5)", fails="elements-differ"),
    )

    def infer(self, x: TensorType) -> TensorType:
        free = [index for index, size in enumerate(self.sizes) if _is_free(size)]
        if len(free) > 1:
            raise RuleError(
                codes.ELEMENTS_DIFFER, "only one size can be -1", at="sizes", label=shape_text(self.sizes),
                help="write the others as numbers",
            )  # fmt: skip
        rest = product(size for size in self.sizes if not _is_free(size))
        if not free:
            if not demand(compare(x.size, "==", rest)):
                raise self._differ(x, rest)
            return computed(x, *self.sizes)
        if not demand(compare(x.size % rest, "==", 0)):
            raise self._differ(x, rest)
        return computed(x, *(x.size // rest if _is_free(size) else size for size in self.sizes))

    def _differ(self, x: TensorType, rest: Dim) -> RuleError:
        free = any(map(_is_free, self.sizes))
        notes = [f"{sizes_text(x.shape)} = {x.size}"]
        if not free:
            notes.append(f"{sizes_text(self.sizes)} = {rest}")
        return RuleError(
            codes.ELEMENTS_DIFFER,
            f"{x.size} elements do not fit the new sizes" if not free else f"{rest} does not divide {x.size} elements",
            at="sizes",
            label=f"{x.size} into {shape_text(self.sizes)}",
            notes=tuple(notes),
            help=self._fitting(x),
        )

    def _fitting(self, x: TensorType) -> str:
        """The sizes with one of them changed, so that they fit; the first that can be."""
        for index in range(len(self.sizes)):
            others = product(size for at, size in enumerate(self.sizes) if at != index and not _is_free(size))
            if is_known(others) and is_known(x.size) and x.size % others == 0 and not _is_free(self.sizes[index]):
                new = [str(size) for size in self.sizes]
                new[index] = str(x.size // others) if not any(map(_is_free, self.sizes)) else "1"
                return f"`Reshape({', '.join(new)})` would fit"
        return "`Flatten` makes one axis of them"

    def reach(self, x: TensorType) -> None:
        return None

    def is_idle(self, x: TensorType) -> bool:
        return self.infer_sizes(x) == x.shape

    def filled(self, x: TensorType) -> dict[str, Any]:
        return {"sizes": self.infer_sizes(x)}

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.reshaped(x, y)

    def lower(self, x: Arrival) -> Value:
        sizes = self.infer_sizes(x.type)
        unknown = [size for size in sizes if not is_known(size)]
        if len(unknown) > 1:
            raise needs_size("Keras reshapes to one unknown size at most", unknown[0])
        return layer("keras.layers.Reshape", tuple(size if is_known(size) else -1 for size in sizes))(x)

    def infer_sizes(self, x: TensorType) -> tuple[Dim, ...]:
        """The sizes that come out, -1 replaced."""
        rest = product(size for size in self.sizes if not _is_free(size))
        return tuple(x.size // rest if _is_free(size) else size for size in self.sizes)


def _is_free(size: Dim) -> bool:
    return isinstance(size, int) and size == -1


class Permute(Operator):
    """The axes of a sample in another order.

    Shape: `(s0, s1, …) -> (s[axes[0]], s[axes[1]], …)`.
    Source: `keras.layers.Permute`, which counts the batch.
    """

    axes: tuple[int, ...] = param(
        Order(), variadic=True, doc="for each axis that comes out, which one it was: 0 is the first"
    )

    renamed = {"dims": "axes"}
    examples = (
        Example("Input(5, 8) -> Permute(1, 0)", (8, 5)),
        Example("Input(4, 6, 3) -> Permute(-1, 0, 1)", (3, 4, 6)),
        Example("Input(8, 8, 3) -> Permute(1, 1, 2)", fails="not-a-permutation"),
    )

    def order(self, x: TensorType) -> tuple[int, ...]:
        """The axes counted from the first.

        Raises: RuleError at `axes`, if one is missing, named twice or not there.
        """
        found = tuple(axis % x.rank if -x.rank <= axis < x.rank else axis for axis in self.axes)
        if sorted(found) != list(range(x.rank)):
            raise RuleError(
                codes.NOT_A_PERMUTATION,
                f"{show(self.axes)} is not an order of the axes 0 to {x.rank - 1}",
                at="axes",
                label=f"{shape_text(x.shape)} has {x.rank} axes",
                help=_named_twice(found, x.rank),
            )
        return found

    def infer(self, x: TensorType) -> TensorType:
        return computed(x, *(x.shape[axis] for axis in self.order(x)))

    def reach(self, x: TensorType) -> tuple[Reach, ...] | None:
        return super().reach(x) if self.is_idle(x) else None

    def is_idle(self, x: TensorType) -> bool:
        return self.order(x) == tuple(range(x.rank))

    def filled(self, x: TensorType) -> dict[str, Any]:
        return {"axes": self.order(x)}

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        now = [0, *(axis + 1 for axis in self.order(x.type))]
        return tape.view(x, y, tuple([now.index(axis) for axis in x.order]))

    def lower(self, x: Arrival) -> Value:
        return layer("keras.layers.Permute", tuple(axis + 1 for axis in self.order(x.type)))(x)


def _named_twice(axes: tuple[int, ...], rank: int) -> str:
    missing = [str(axis) for axis in range(rank) if axis not in axes]
    if sorted(axes) == list(range(1, rank + 1)):
        return f"axes count from 0, without the batch: `Permute({', '.join(str(axis - 1) for axis in axes)})`"
    return f"name each axis once; missing: {', '.join(missing)}" if missing else f"name {rank} axes, each once"


class RepeatVector(Operator):
    """A vector n times over.

    Shape: `(channels) -> (n, channels)`.
    Source: `keras.layers.RepeatVector`.
    """

    n: int = param(Integer(ge=1), doc="how many times")

    examples = (
        Example("Input(8) -> RepeatVector(5)", (5, 8)),
        Example("Input(5, 8) -> RepeatVector(5)", fails="wrong-rank"),
    )

    def infer(self, x: TensorType) -> TensorType:
        if x.rank != 1:
            raise RuleError(
                codes.WRONG_RANK,
                "a repeated vector has one axis",
                label=f"{shape_text(x.shape)} arrives",
                help="put `Flatten` before it" if x.rank else None,
            )
        return computed(x, self.n, x.channels)

    def reach(self, x: TensorType) -> None:
        return None

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.like(y, x)

    def lower(self, x: Arrival) -> Value:
        return layer("keras.layers.RepeatVector", self.n)(x)


class PixelShuffle(Operator):
    """Channels spread over space: each pixel's n · n groups of channels become a square of n by n pixels.

    Group i · n + j of the C channels goes to row i and column j, as in `tf.nn.depth_to_space`:
    y[h · n + i, w · n + j, c] = x[h, w, (i · n + j) · C / n² + c].

    Shape: `(height, width, channels) -> (height * n, width * n, channels / n²)`.
    Source: Shi et al. 2016, "Real-time single image and video super-resolution", equation 4;
    `keras.ops.depth_to_space`.
    """

    n: int = param(Integer(ge=1), doc="how many times larger height and width become")

    renamed = {"block_size": "n"}
    examples = (
        Example("Input(8, 8, 12) -> PixelShuffle(2)", (16, 16, 3)),
        Example("Input(8, 8, 12) -> PixelShuffle(3)", fails="does-not-divide"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_spatial(x, "pixel shuffling", (3,))
        parts = self.n * self.n
        height, width, channels = x.shape
        if not demand(compare(channels % parts, "==", 0)):
            raise RuleError(
                codes.DOES_NOT_DIVIDE,
                f"{channels} channels cannot be spread over {self.n} x {self.n} pixels",
                at="n",
                label=f"{channels} / {parts}",
                notes=(f"{channels} mod {parts} = {channels % parts}",),
                help=f"give the convolution before it a multiple of {parts} filters",
            )
        return TensorType((height * self.n, width * self.n, channels // parts), x.dtype, x.batched)

    def reach(self, x: TensorType) -> tuple[Reach, ...]:
        return (repeated(self.n),) * 2

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.new(y, grad=x.grad) if self.n > 1 else x

    def lower(self, x: Arrival) -> Value:
        return Call("keras.ops.depth_to_space", (x, self.n)) if self.n > 1 else x


class Identity(Operator):
    """The tensor that arrives.

    Shape: unchanged.
    """

    is_layer = False

    examples = (Example("Input(8, 8, 3) -> Identity", (8, 8, 3)),)

    def infer(self, x: TensorType) -> TensorType:
        return x

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return x

    def lower(self, x: Arrival) -> Value:
        return x

"""Pooling: the largest or the mean value of a window, of the whole map, or of parts of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Flag, Integer, OrNone, Padding, PaddingValue, PerAxis
from nnspec.ops.operator import Example, Operator, Reach, Remark, option, param
from nnspec.ops.spatial import brief, brief_pads, computed, need_real, need_spatial, pads_of, ranked, uneven, unread
from nnspec.shapes.dim import Dim, compare, demand, maximum, product
from nnspec.shapes.reach import divided
from nnspec.shapes.tensor import TensorType
from nnspec.shapes.window import Pair, Window, axis_names, padding_per_axis, per_axis

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape

_OWN = "nnspec.backends.layers."


class Pooling(Operator):
    """A window that slides over every axis but the last, each channel for itself."""

    keras: ClassVar[str]
    padded: ClassVar[str]  # our own layer, for explicit padding and `ceil`
    fill: ClassVar[float | None] = None  # what may stand around the input without being seen

    size: int | tuple[int, ...] = param(PerAxis(), default=2, doc="window size, one number or one per axis")
    stride: int | tuple[int, ...] | None = param(
        OrNone(PerAxis()), default=None, doc="step of the window; the window's size when absent"
    )
    padding: PaddingValue = param(
        Padding("valid", "same"),
        default="valid",
        doc="positions around the input, which never count: a word or numbers",
    )
    ceil: bool = param(Flag(), default=False, doc="whether the last window may stick out at the end")

    renamed = {"pool_size": "size", "strides": "stride"}

    def windows(self, x: TensorType) -> tuple[Window, ...]:
        """The window over each spatial axis."""
        need_spatial(x, "pooling")
        need_real(x, "pooling")
        sizes = per_axis(self.size, x.rank, "size")
        strides = sizes if self.stride is None else per_axis(self.stride, x.rank, "stride")
        pads = padding_per_axis(self.padding, x.rank)
        for size, pad in zip(sizes, pads, strict=True):
            if isinstance(pad, tuple) and max(pad) >= size:
                raise _all_padding(size, max(pad))
        return tuple(
            Window(size, stride, 1, pad, self.ceil) for size, stride, pad in zip(sizes, strides, pads, strict=True)
        )

    def infer(self, x: TensorType) -> TensorType:
        windows = self.windows(x)
        sizes = (w.output(size, axis) for w, size, axis in zip(windows, x.spatial, axis_names(x.rank), strict=True))
        return computed(x, *sizes, x.channels)

    def reach(self, x: TensorType) -> tuple[Reach, ...]:
        return tuple(window.reach(width) for window, width in zip(self.windows(x), x.spatial, strict=True))

    def is_idle(self, x: TensorType) -> bool:
        return all(window.size == window.stride == 1 for window in self.windows(x))

    def filled(self, x: TensorType) -> dict[str, Any]:
        windows = self.windows(x)
        return {"stride": tuple([window.stride for window in windows]), "padding": pads_of(windows, x)}

    def remarks(self, x: TensorType) -> Iterator[Remark]:
        return unread(self.windows(x), x)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        windows = self.windows(x.type)
        by_keras = self._keras_can(windows, x.type, self._pads(windows, x.type))
        taken = tape.channels_first(x if by_keras else self._surrounded(tape, x, windows))
        if x.grad:
            self.keep_seen(tape, taken, y, by_keras=by_keras)
        return tape.new(y, grad=x.grad, order=tape.first(x.rank))

    def keep_seen(self, tape: Tape, x: Held, y: TensorType, *, by_keras: bool) -> None:
        """Keep the input, each channel for itself."""
        tape.keep(x)

    def _surrounded(self, tape: Tape, x: Held, windows: tuple[Window, ...]) -> Held:
        """The input with its padding around it."""
        sizes: list[Dim] = []
        for window, width in zip(windows, x.type.spatial, strict=True):
            before, after = window.pads(width)
            reached = (window.output(width) - 1) * window.stride + window.size if window.ceil else 0
            sizes.append(maximum(width + before + after, reached))
        return tape.new(x.type.with_shape(*sizes, x.type.channels), grad=x.grad, order=x.order)

    def lower(self, x: Arrival) -> Value:
        windows = self.windows(x.type)
        size = brief(tuple(window.size for window in windows))
        stride = brief(tuple(window.stride for window in windows))
        settings: dict[str, Value] = {} if stride == size else {"strides": stride}
        pads = self._pads(windows, x.type)
        if self._keras_can(windows, x.type, pads):
            if self.padding == "same":
                settings["padding"] = "same"
            return layer(ranked(self.keras, x), size, **settings)(x)
        reached = _reached(windows, x.type)
        if self.fill is not None and reached is not None:
            around = Call("keras.ops.pad", (x, ((0, 0), *reached, (0, 0))), {"constant_values": self.fill})
            return layer(ranked(self.keras, x), size, **settings)(around)
        if any(map(any, pads)):
            settings["padding"] = brief_pads(pads)
        if self.ceil:
            settings["ceil"] = True
        return layer(_OWN + self.padded, size, **settings)(x)

    def _pads(self, windows: tuple[Window, ...], x: TensorType) -> tuple[Pair, ...]:
        """The padding of each axis; none where it is `same` around an open size."""
        found = [window.pads(width) for window, width in zip(windows, x.spatial, strict=True)]
        return tuple(
            (before, after) if isinstance(before, int) and isinstance(after, int) else (0, 0) for before, after in found
        )

    def _keras_can(self, windows: tuple[Window, ...], x: TensorType, pads: tuple[Pair, ...]) -> bool:
        """Whether Keras's own layer has windows in the same places."""
        if self.padding == "same":
            # On PyTorch, Keras repeats the last values in uneven padding, which a maximum does not see and a mean does.
            return self.fill is not None or all(before == after for before, after in pads)
        if any(any(window.explicit) for window in windows):
            return False
        floor = (Window(window.size, window.stride) for window in windows)
        return not self.ceil or all(
            isinstance(size, int) and plain.output(size) == window.output(size)
            for plain, window, size in zip(floor, windows, x.spatial, strict=True)
        )


def _reached(windows: tuple[Window, ...], x: TensorType) -> tuple[Pair, ...] | None:
    """The padding that the windows reach into, before and after each axis; None where it depends on an open size."""
    found: list[Pair] = []
    for window, width in zip(windows, x.spatial, strict=True):
        before, after = window.explicit
        if window.ceil:
            count = window.output(width)
            if not isinstance(width, int) or not isinstance(count, int):
                return None
            after = max(0, (count - 1) * window.stride + window.size - width - before)
            if (width + before + after - window.size) // window.stride + 1 != count:
                return None
        found.append((before, after))
    return tuple(found)


def _all_padding(size: int, pad: int) -> RuleError:
    return RuleError(
        codes.PADDING_TOO_LARGE,
        "a window fits in the padding, where there is nothing to pool",
        at="padding",
        label=f"{pad} >= {size}",
        help=f"pad at most {size - 1}" if size > 1 else "a window of 1 takes no padding",
    )


class MaxPool(Pooling):
    """The largest value in each window, y = max x; padding never wins.

    Shape: `(*sizes, channels) -> (*sizes', channels)`.
    Source: Boureau et al. 2010, "A theoretical analysis of feature pooling"; `keras.layers.MaxPooling1D/2D/3D`.
    """

    keras = "MaxPooling"
    padded = "padded_max_pooling.PaddedMaxPooling"
    fill = float("-inf")

    aliases = ("Pool",)
    examples = (
        Example("Input(32, 32, 3) -> MaxPool", (16, 16, 3)),
        Example("Input(112, 112, 64) -> Pool(3, stride=2, padding=1)", (56, 56, 64)),
        Example("Input(13, 8) -> MaxPool(3, 2, ceil=true)", (6, 8)),
        Example("Input(14, 8) -> MaxPool(3, 2, ceil=true)", (7, 8)),
        Example("Input(7, 7, 7, 2) -> MaxPool(2, padding=same)", (4, 4, 4, 2)),
        Example("Input(1, 1, 3) -> MaxPool(2)", fails="window-too-large"),
        Example("Input(8, 8, 3) -> MaxPool(2, padding=2)", fails="padding-too-large"),
    )

    def keep_seen(self, tape: Tape, x: Held, y: TensorType, *, by_keras: bool) -> None:
        tape.keep(x)
        tape.extra(y.size, "int64")  # where the largest value of each window stands
        windows = self.windows(x.type)
        if by_keras and self.padding == "same":
            pads = [window.pads(width) for window, width in zip(windows, x.type.spatial, strict=True)]
            if uneven(pads) is not False:  # which for open sizes it mostly is
                tape.keep(self._surrounded(tape, x, windows))


class AvgPool(Pooling):
    """The mean of each window, y = Σ x / n over its n real positions; padding is not counted.

    Shape: `(*sizes, channels) -> (*sizes', channels)`.
    Source: Boureau et al. 2010, "A theoretical analysis of feature pooling"; `keras.layers.AveragePooling1D/2D/3D`.
    """

    keras = "AveragePooling"
    padded = "padded_average_pooling.PaddedAveragePooling"

    examples = (
        Example("Input(32, 32, 3) -> AvgPool(2)", (16, 16, 3)),
        Example("Input(8, 8, 3) -> AvgPool(3, stride=1, padding=((0, 1), (1, 1)))", (7, 8, 3)),
        Example("Input(9, 4) -> AvgPool(2, ceil=true)", (5, 4)),
    )

    def keep_seen(self, tape: Tape, x: Held, y: TensorType, *, by_keras: bool) -> None:
        tape.keep(x)
        if not by_keras:
            tape.constant(product(y.spatial))  # the share of real positions in each window


class GlobalPooling(Operator):
    """One value of each channel, over all positions."""

    keras: ClassVar[str]

    keepdims: bool = option(Flag(), default=False, keras="keepdims", doc="whether the spatial axes stay, with size 1")

    def infer(self, x: TensorType) -> TensorType:
        need_spatial(x, "global pooling")
        need_real(x, "global pooling")
        return computed(x, *((1,) * (x.rank - 1) if self.keepdims else ()), x.channels)

    def reach(self, x: TensorType) -> None:
        return None

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.new(y, grad=x.grad)

    def lower(self, x: Arrival) -> Value:
        return layer(ranked(self.keras, x), **self.keras_options())(x)


class GlobalMaxPool(GlobalPooling):
    """The largest value of each channel.

    Shape: `(*sizes, channels) -> (channels)`.
    Source: `keras.layers.GlobalMaxPooling1D/2D/3D`.
    """

    keras = "GlobalMaxPooling"

    examples = (
        Example("Input(50, 100) -> GlobalMaxPool", (100,)),
        Example("Input(4, 4, 4, 2) -> GlobalMaxPool(keepdims=true)", (1, 1, 1, 2)),
    )

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        result = tape.new(y, grad=x.grad)
        if x.grad:
            tape.keep(x, result)
        return result


class GlobalAvgPool(GlobalPooling):
    """The mean of each channel.

    Shape: `(*sizes, channels) -> (channels)`.
    Source: Lin et al. 2014, "Network in network", section 3.2; `keras.layers.GlobalAveragePooling1D/2D/3D`.
    """

    keras = "GlobalAveragePooling"

    aliases = ("GAP",)
    examples = (
        Example("Input(7, 7, 2048) -> GlobalAvgPool", (2048,)),
        Example("Input(7, 7, 2048) -> GAP(keepdims=true)", (1, 1, 2048)),
        Example("Input(10) -> GlobalAvgPool", fails="wrong-rank"),
    )


class KMaxPool(Operator):
    """The k largest values of each channel, in the order in which they come: x[i₁], …, x[iₖ] with i₁ < … < iₖ.

    Shape: `(length, channels) -> (k, channels)`.
    Source: Kalchbrenner et al. 2014, "A convolutional neural network for modelling sentences", section 3.2.
    """

    k: int = param(Integer(ge=1), doc="how many values are kept")

    examples = (
        Example("Input(20, 6) -> KMaxPool(3)", (3, 6)),
        Example("Input(4, 8) -> KMaxPool(5)", fails="too-few-values"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_spatial(x, "k-max pooling", (2,))
        need_real(x, "k-max pooling")
        length = x.shape[0]
        if not demand(compare(length, ">=", self.k)):
            raise RuleError(
                codes.TOO_FEW_VALUES,
                f"{self.k} values cannot be kept of {length}",
                at="k",
                label=f"{self.k} > {length}",
                help=f"keep at most {length}",
            )
        return computed(x, self.k, x.channels)

    def reach(self, x: TensorType) -> None:
        return None

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            tape.keep(x)
            tape.extra(2 * y.size, "int64")
        return tape.new(y, grad=x.grad, order=tape.first(x.rank))

    def lower(self, x: Arrival) -> Value:
        return layer(_OWN + "k_max_pooling.KMaxPooling", self.k)(x)


class AdaptivePooling(Operator):
    """Pooling into as many parts as wanted: part i of n of an axis of W is floor(i W / n) up to ceil((i + 1) W / n)."""

    mode: ClassVar[str]

    size: int | tuple[int, ...] = param(PerAxis(), doc="size that comes out, one number or one per axis")

    renamed = {"output_size": "size"}

    def infer(self, x: TensorType) -> TensorType:
        need_spatial(x, "adaptive pooling")
        need_real(x, "adaptive pooling")
        return computed(x, *per_axis(self.size, x.rank, "size"), x.channels)

    def reach(self, x: TensorType) -> tuple[Reach, ...] | None:
        sizes = per_axis(self.size, x.rank, "size")
        if set(sizes) == {1}:  # global pooling by another name
            return None
        found = [divided(old, new) for old, new in zip(x.spatial, sizes, strict=True)]
        return None if None in found else tuple(each for each in found if each is not None)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        # Axis by axis: the pieces are looked at, and each gives one position of the next tensor.
        for axis, size in enumerate(y.spatial):
            if x.grad and self.mode == "max":
                tape.keep(x)
                tape.extra(x.size // x.type.shape[axis] * size)
            x = tape.new(x.type.with_shape(*x.type.shape[:axis], size, *x.type.shape[axis + 1 :]), grad=x.grad)
        return x

    def lower(self, x: Arrival) -> Value:
        return layer(_OWN + "adaptive_pooling.AdaptivePooling", self.parts(x.type), mode=self.mode)(x)

    def parts(self, x: TensorType) -> int | tuple[int, ...]:
        """The sizes that come out, as Keras's layers take them."""
        return brief(per_axis(self.size, x.rank, "size"))


class AdaptiveAvgPool(AdaptivePooling):
    """The means of the parts of a map: part i of n of an axis of W is ⌊i · W / n⌋ up to ⌈(i + 1) · W / n⌉.

    Shape: `(*sizes, channels) -> (*size, channels)`.
    Source: He et al. 2015, "Spatial pyramid pooling", appendix A;
    `keras.layers.AdaptiveAveragePooling1D/2D/3D`, which needs the sizes of what arrives.
    """

    mode = "average"

    examples = (
        Example("Input(13, 13, 8) -> AdaptiveAvgPool(6)", (6, 6, 8)),
        Example("Input(13, 8) -> AdaptiveAvgPool(4)", (4, 8)),
    )

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if not all(isinstance(size, int) for size in x.type.spatial):
            return super().trace(tape, x, y)
        if x.grad:
            tape.keep(tape.channels_first(x))
        return tape.new(y, grad=x.grad, order=tape.first(x.rank))

    def lower(self, x: Arrival) -> Value:
        if not all(isinstance(size, int) for size in x.type.spatial):
            return super().lower(x)
        return layer(ranked("AdaptiveAveragePooling", x), self.parts(x.type))(x)


class AdaptiveMaxPool(AdaptivePooling):
    """The largest values of the parts of a map: part i of n of an axis of W is ⌊i · W / n⌋ up to ⌈(i + 1) · W / n⌉.

    Shape: `(*sizes, channels) -> (*size, channels)`.
    Source: He et al. 2015, "Spatial pyramid pooling", appendix A; `keras.layers.AdaptiveMaxPooling1D/2D/3D`, which on
    TensorFlow ends the process for a size of 1.
    """

    mode = "max"

    examples = (
        Example("Input(13, 9, 8) -> AdaptiveMaxPool(6x3)", (6, 3, 8)),
        Example("Input(5, 5, 5, 2) -> AdaptiveMaxPool(2)", (2, 2, 2, 2)),
    )

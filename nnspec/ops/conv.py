"""Convolutions: weighted windows that slide over every axis but the last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Value, layer
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Integer, Padding, PaddingValue, PerAxis
from nnspec.ops.operator import Example, Reach, Remark, Weight, option, param
from nnspec.ops.spatial import (
    brief,
    computed,
    every,
    known_pads,
    need_real,
    need_spatial,
    needs_size,
    pads_of,
    ranked,
    uneven,
    unread,
    zero_padded,
)  # fmt: skip
from nnspec.ops.weighted import Stacked
from nnspec.shapes.dim import Dim, compare, demand, product
from nnspec.shapes.tensor import TensorType
from nnspec.shapes.window import Window, axis_names, padding_per_axis, per_axis
from nnspec.spelled import is_spelled

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class Sliding(Stacked):
    """A convolution whose window slides over the input; what comes out of it is the subclass's affair."""

    kernel: int | tuple[int, ...] = param(PerAxis(), doc="window size, one number or one per axis")
    stride: int | tuple[int, ...] = option(PerAxis(), default=1, doc="step of the window")
    dilation: int | tuple[int, ...] = option(PerAxis(), default=1, doc="distance between the taps of the window")
    padding: PaddingValue = option(
        Padding("valid", "same", "causal"), default="valid", doc="zeros around the input: a word, or how many"
    )

    renamed = {**Stacked.renamed, "kernel_size": "kernel", "strides": "stride", "dilation_rate": "dilation"}
    then = ("stride", "padding")

    def windows(self, x: TensorType) -> tuple[Window, ...]:
        """The window over each spatial axis."""
        need_spatial(x, "a convolution")
        need_real(x, "a convolution")
        return tuple(
            Window(size, stride, dilation, padding)
            for size, stride, dilation, padding in zip(
                per_axis(self.kernel, x.rank, "kernel"), per_axis(self.stride, x.rank, "stride"),
                per_axis(self.dilation, x.rank, "dilation"), padding_per_axis(self.padding, x.rank), strict=True,
            )
        )  # fmt: skip

    def positions(self, x: TensorType) -> tuple[Dim, ...]:
        """The spatial sizes that come out."""
        windows = self.windows(x)
        return tuple(w.output(size, name) for w, size, name in zip(windows, x.spatial, axis_names(x.rank), strict=True))

    def reach(self, x: TensorType) -> tuple[Reach, ...]:
        return tuple(window.reach(width) for window, width in zip(self.windows(x), x.spatial, strict=True))

    def filled(self, x: TensorType) -> dict[str, Any]:
        return {"padding": pads_of(self.windows(x), x)}

    def remarks(self, x: TensorType) -> Iterable[Remark]:
        return unread(self.windows(x), x) if self.stride != 1 else ()

    def slide(self, name: str, x: Arrival, *args: Value, causal: bool = False, **options: Value) -> Value:
        """The Keras layer of this name over the input, padded and strided as the operator says.

        Keras strides or dilates, but not both: then every s-th position is kept of a dilated convolution.
        """
        windows = self.windows(x.type)
        strides = tuple(window.stride for window in windows)
        dilations = tuple(window.dilation for window in windows)
        both = max(strides) > 1 and max(dilations) > 1
        words = ("valid", "same", "causal") if causal and x.type.rank == 2 else ("valid", "same")
        settings: dict[str, Value] = {}
        if (max(strides) > 1 or is_spelled(strides)) and not both:
            settings["strides"] = brief(strides)
        padded: Value = x
        if both or self.padding not in words:
            padded = zero_padded(x, known_pads(windows, x.type, "a strided, dilated convolution"))
        elif self.padding != "valid":
            settings["padding"] = self.padding
        if max(dilations) > 1 or is_spelled(dilations):
            settings["dilation_rate"] = brief(dilations)
        slid = layer(ranked(name, x), *args, **settings, **options)(padded)
        return every(slid, strides) if both else slid

    def slid(self, tape: Tape, x: Held, y: TensorType, kernel: Dim) -> Held:
        """Traces a convolution with a kernel of so many weights; what padding it cannot do itself is added before."""
        windows = self.windows(x.type)
        pads = [window.pads(width) for window, width in zip(windows, x.type.spatial, strict=True)]
        both = any(window.stride > 1 for window in windows) and any(window.dilation > 1 for window in windows)
        if (both or self.padding != "same" or uneven(pads)) and any(before or after for before, after in pads):
            sizes = [width + before + after for width, (before, after) in zip(x.type.spatial, pads, strict=True)]
            x = tape.new(x.type.with_shape(*sizes, x.type.channels), grad=x.grad, order=x.order)
        grad = x.grad or self.trainable
        self.keep_slid(tape, x, kernel, y.channels, grad=grad)
        return tape.new(y, grad=grad, order=tape.first(x.rank) if x.rank == 2 else None)

    @staticmethod
    def keep_slid(tape: Tape, x: Held, kernel: Dim, filters: Dim, *, grad: bool) -> None:
        """Keep what the framework's convolution takes.

        In one dimension each channel must lie for itself; in two and three the channels are then made the fastest
        again, and of the kernel too.
        """
        taken = tape.channels_first(x)
        if x.rank > 2:
            taken = tape.channels_last(taken)
        if grad:
            tape.keep(taken)
            tape.kernel(kernel, copied=x.rank > 2 and filters != 1)

    def taps(self, x: TensorType) -> tuple[int, ...]:
        """The window size of each spatial axis."""
        return per_axis(self.kernel, x.rank, "kernel")


class Conv(Sliding):
    """Convolution over every axis but the last.

    Shape: `(*sizes, channels) -> (*sizes', filters)`.
    Source: Dumoulin & Visin 2016, relationship 6; `keras.layers.Conv1D/2D/3D`.
    """

    filters: int = param(Integer(ge=1), doc="channels of the output")
    groups: int = option(Integer(ge=1), default=1, keras="groups", doc="groups of channels convolved apart")

    elsewhere = ("Convolution",)
    has_kernel = True
    examples = (
        Example("Input(32, 32, 3) -> Conv(64, 3)", (30, 30, 64)),
        Example("Input(32, 32, 3) -> Conv(64, 7, stride=2, padding=3)", (16, 16, 64)),
        Example("Input(50, 8) -> Conv(16, 3, dilation=2, padding=causal)", (50, 16)),
        Example("Input(8, 8, 8, 4) -> Conv(6, 3, groups=2)", (6, 6, 6, 6)),
        Example("Input(8, 8, 3) -> Conv(4, 9)", fails="window-too-large"),
        Example("Input(8, 8, 6) -> Conv(8, 3, groups=4)", fails="groups-do-not-divide"),
    )

    def infer(self, x: TensorType) -> TensorType:
        sizes = self.positions(x)
        for count, what in ((self.filters, "filters"), (x.channels, "channels that arrive")):
            if not demand(compare(count % self.groups, "==", 0)):
                raise self._uneven(count, what, x.channels)
        return computed(x, *sizes, self.filters)

    def _uneven(self, count: Dim, what: str, channels: Dim) -> RuleError:
        known = [number for number in (self.filters, channels) if isinstance(number, int)]
        fit = [g for g in range(1, min(self.groups, 1_000, *known) + 1) if not any(number % g for number in known)]
        return RuleError(
            codes.GROUPS_DO_NOT_DIVIDE,
            f"{self.groups} groups do not divide the {count} {what}",
            at="groups",
            label=f"{count} / {self.groups}",
            notes=(f"{count} mod {self.groups} = {count % self.groups}",),
            help=f"groups of {', '.join(map(str, fit[-4:]))} divide {' and '.join(map(str, dict.fromkeys(known)))}",
        )

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield Weight("kernel", (*self.taps(x), x.channels // self.groups, self.filters), self.trainable)
        if self.bias:
            yield Weight("bias", (self.filters,), self.trainable)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return y.size * product(self.taps(x)) * (x.channels // self.groups)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return self.slid(tape, x, y, product(self.taps(x.type)) * (x.type.channels // self.groups) * self.filters)

    def lower(self, x: Arrival) -> Value:
        return self.slide(
            "Conv", x, self.filters, brief(self.taps(x.type)), causal=True, **self.kernel_options(x.type.rank + 1)
        )


def _renamed(options: dict[str, Any], *prefixes: str) -> dict[str, Any]:
    """Keras's options, those of the kernel under the names that they have in this layer: `depthwise_…`."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        if name.startswith("kernel_"):
            found |= {f"{prefix}_{name.removeprefix('kernel_')}": value for prefix in prefixes}
        else:
            found[name] = value
    return found


def _keras_names(*prefixes: str) -> dict[str, str]:
    settings = (("initializer", "init"), ("regularizer", "regularizer"), ("constraint", "constraint"))
    return {f"{prefix}_{keras}": ours for prefix in prefixes for keras, ours in settings}


class DepthwiseConv(Sliding):
    """A convolution of each channel for itself.

    Shape: `(*sizes, channels) -> (*sizes', channels * depth_multiplier)`.
    Source: Howard et al. 2017; `keras.layers.DepthwiseConv1D/2D`, in three dimensions a grouped `Conv3D`.
    """

    depth_multiplier: int = option(
        Integer(ge=1), default=1, keras="depth_multiplier", doc="outputs for each channel that arrives"
    )

    renamed = {**Sliding.renamed, **_keras_names("depthwise")}
    has_kernel = True
    examples = (
        Example("Input(32, 32, 16) -> DepthwiseConv(3, padding=same)", (32, 32, 16)),
        Example("Input(32, 32, 16) -> DepthwiseConv(5x3, stride=2, padding=(2, 1))", (16, 16, 16)),
        Example("Input(20, 4) -> DepthwiseConv(3, depth_multiplier=2)", (18, 8)),
        Example("Input(6, 6, 6, 4) -> DepthwiseConv(3)", (4, 4, 4, 4)),
        Example("Input(20, 4) -> DepthwiseConv(21)", fails="window-too-large"),
    )

    def infer(self, x: TensorType) -> TensorType:
        return computed(x, *self.positions(x), x.channels * self.depth_multiplier)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        if x.rank == 4:
            yield Weight("kernel", (*self.taps(x), 1, x.channels * self.depth_multiplier), self.trainable)
        else:
            yield Weight("kernel", (*self.taps(x), x.channels, self.depth_multiplier), self.trainable)
        if self.bias:
            yield Weight("bias", (x.channels * self.depth_multiplier,), self.trainable)

    def kernel_outputs(self, kernel: tuple[Dim, ...]) -> Dim:
        return kernel[-2] * kernel[-1]

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return y.size * product(self.taps(x))

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return self.slid(tape, x, y, product(self.taps(x.type)) * y.channels)

    def lower(self, x: Arrival) -> Value:
        kernel = brief(self.taps(x.type))
        if x.type.rank < 4:
            options = self.kernel_options(x.type.rank + 1, -2, -1)
            return self.slide("DepthwiseConv", x, kernel, **_renamed(options, "depthwise"))
        channels = x.type.channels
        if not isinstance(channels, int):
            raise needs_size("a depthwise convolution needs the number of channels", channels)
        options = self.kernel_options(5)
        options.pop("depth_multiplier", None)
        return self.slide("Conv", x, channels * self.depth_multiplier, kernel, groups=channels, **options)


class SeparableConv(Sliding):
    """A depthwise convolution, then one of 1 x 1 over its outputs.

    Shape: `(*sizes, channels) -> (*sizes', filters)`.
    Source: Chollet 2017; `keras.layers.SeparableConv1D/2D`.
    """

    filters: int = param(Integer(ge=1), doc="channels of the output")
    depth_multiplier: int = option(
        Integer(ge=1), default=1, keras="depth_multiplier", doc="depthwise outputs for each channel that arrives"
    )

    elsewhere = ("SeparableConvolution",)
    renamed = {**Sliding.renamed, **_keras_names("depthwise", "pointwise")}
    examples = (
        Example("Input(32, 32, 16) -> SeparableConv(64, 3, padding=same)", (32, 32, 64)),
        Example("Input(50, 8) -> SeparableConv(16, 3, stride=2, bias=false)", (24, 16)),
        Example("Input(6, 6, 6, 4) -> SeparableConv(8, 3)", fails="wrong-rank"),
    )

    def infer(self, x: TensorType) -> TensorType:
        if x.rank == 4:
            raise RuleError(
                codes.WRONG_RANK,
                "a separable convolution needs (length, channels) or (height, width, channels)",
                label="three spatial axes arrive",
                help=f"write `DepthwiseConv({_written(self.kernel)}, bias=false) -> Conv({self.filters}, 1)`",
            )
        return computed(x, *self.positions(x), self.filters)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        between = x.channels * self.depth_multiplier
        yield Weight("depthwise_kernel", (*self.taps(x), x.channels, self.depth_multiplier), self.trainable)
        yield Weight("pointwise_kernel", (*(1 for _ in x.spatial), between, self.filters), self.trainable)
        if self.bias:
            yield Weight("bias", (self.filters,), self.trainable)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return product(y.spatial) * x.channels * self.depth_multiplier * (product(self.taps(x)) + self.filters)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        between = y.with_channels(x.type.channels * self.depth_multiplier)
        spread = self.slid(tape, x, between, product(self.taps(x.type)) * between.channels)
        self.keep_slid(tape, spread, between.channels * self.filters, self.filters, grad=spread.grad)
        return tape.new(y, grad=spread.grad, order=spread.order)

    def lower(self, x: Arrival) -> Value:
        options = _renamed(self.kernel_options(x.type.rank + 1, -2, -1), "depthwise")
        options |= _renamed(self.kernel_options(x.type.rank + 1), "pointwise")
        return self.slide("SeparableConv", x, self.filters, brief(self.taps(x.type)), **options)


def _written(size: int | tuple[int, ...]) -> str:
    return str(size) if isinstance(size, int) else "x".join(map(str, size))

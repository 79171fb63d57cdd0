"""The transposed convolution, which undoes the sizes of a convolution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nnspec.calls import Arrival, Value, layer
from nnspec.diagnostics.codes import lowering
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Integer, OrNone, Padding, PaddingValue, PerAxis
from nnspec.ops.operator import Example, Reach, Weight, option, param
from nnspec.ops.spatial import brief, brief_pads, computed, need_real, need_spatial, ranked
from nnspec.ops.weighted import Stacked
from nnspec.shapes.dim import Dim, compare, demand, product
from nnspec.shapes.tensor import TensorType
from nnspec.shapes.window import Window, axis_names, padding_per_axis, per_axis

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class ConvTranspose(Stacked):
    """Transposed convolution: every input position adds its window, weighted, to the output.

    Shape: `(*sizes, channels) -> (*sizes', filters)`; padding cuts off what a convolution would have padded.
    Source: Dumoulin & Visin 2016, relationship 14; `keras.layers.Conv1DTranspose/2D/3D`.
    """

    filters: int = param(Integer(ge=1), doc="channels of the output")
    kernel: int | tuple[int, ...] = param(PerAxis(), doc="window size, one number or one per axis")
    stride: int | tuple[int, ...] = option(PerAxis(), default=1, doc="distance of the windows in the output")
    dilation: int | tuple[int, ...] = option(PerAxis(), default=1, doc="distance between the taps of the window")
    padding: PaddingValue = option(
        Padding("valid", "same"), default="valid", doc="positions cut off the output: a word, or how many"
    )
    output_padding: int | tuple[int, ...] | None = option(
        OrNone(PerAxis(ge=0)), default=None, doc="positions added at the end, to choose among the sizes that fit"
    )

    aliases = ("Deconv",)
    elsewhere = ("ConvolutionTranspose",)
    has_kernel = True
    renamed = {**Stacked.renamed, "kernel_size": "kernel", "strides": "stride", "dilation_rate": "dilation"}
    then = ("stride", "padding")
    examples = (
        Example("Input(16, 16, 8) -> ConvTranspose(4, 2, stride=2)", (32, 32, 4)),
        Example("Input(16, 16, 8) -> Deconv(4, 4, stride=2, padding=1)", (32, 32, 4)),
        Example("Input(7, 7, 8) -> ConvTranspose(4, 3, stride=2, padding=1, output_padding=1)", (14, 14, 4)),
        Example("Input(10, 8) -> ConvTranspose(4, 5, stride=3, padding=same)", (30, 4)),
        Example("Input(7, 7, 8) -> ConvTranspose(4, 3, stride=2, output_padding=2)", fails="output-padding"),
        Example("Input(2, 2, 8) -> ConvTranspose(4, 3, padding=2)", fails="nothing-left"),
    )

    def windows(self, x: TensorType) -> tuple[Window, ...]:
        """The window of each spatial axis."""
        need_spatial(x, "a transposed convolution")
        need_real(x, "a transposed convolution")
        return tuple(
            Window(size, stride, dilation, padding)
            for size, stride, dilation, padding in zip(
                per_axis(self.kernel, x.rank, "kernel"), per_axis(self.stride, x.rank, "stride"),
                per_axis(self.dilation, x.rank, "dilation"), padding_per_axis(self.padding, x.rank), strict=True,
            )
        )  # fmt: skip

    def additions(self, x: TensorType) -> tuple[int | None, ...]:
        """The output padding of each spatial axis."""
        if self.output_padding is None:
            return (None,) * (x.rank - 1)
        return per_axis(self.output_padding, x.rank, "output_padding")

    def infer(self, x: TensorType) -> TensorType:
        sizes: list[Dim] = []
        for window, added, width, axis in zip(
            self.windows(x), self.additions(x), x.spatial, axis_names(x.rank), strict=True
        ):
            if added is not None:
                _check_addition(window, added)
            size = window.spread(width, added)
            if not demand(compare(size, ">=", 1)):
                raise _nothing_left(window, added, width, size, axis)
            sizes.append(size)
        return computed(x, *sizes, self.filters)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield Weight("kernel", (*per_axis(self.kernel, x.rank, "kernel"), self.filters, x.channels), self.trainable)
        if self.bias:
            yield Weight("bias", (self.filters,), self.trainable)

    def kernel_outputs(self, kernel: tuple[Dim, ...]) -> Dim:
        return kernel[-2]

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return x.size * product(per_axis(self.kernel, x.rank, "kernel")) * self.filters

    def reach(self, x: TensorType) -> tuple[Reach, ...]:
        axes = zip(self.windows(x), x.spatial, self.additions(x), strict=True)
        return tuple(window.reach_back(width, added) for window, width, added in axes)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        grad = x.grad or self.trainable
        if grad:
            tape.keep(tape.channels_first(x))
            tape.kernel(product(per_axis(self.kernel, x.rank, "kernel")) * x.type.channels * self.filters)
        spread = [
            (width - 1) * w.stride + w.extent for width, w in zip(x.type.spatial, self.windows(x.type), strict=True)
        ]
        whole = y.with_shape(*spread, self.filters)
        # One position is read as if channels were the fastest, and then so they come out.
        order = None if all(size == 1 for size in x.type.spatial) else tape.first(x.rank)
        if whole.shape == y.shape or (self.bias and self.padding in ("valid", "same")):
            return tape.new(y, grad=grad, order=order)
        # What was cut off is still there.
        return tape.view(tape.new(whole, grad=grad, order=order), y, is_dense=False)

    def lower(self, x: Arrival) -> Value:
        windows = self.windows(x.type)
        strides = tuple(window.stride for window in windows)
        dilations = tuple(window.dilation for window in windows)
        if max(strides) > 1 and max(dilations) > 1:
            raise _both()
        settings: dict[str, Value] = {}
        if max(strides) > 1:
            settings["strides"] = brief(strides)
        if self.padding == "same":
            settings["padding"] = "same"
        additions = self._keras_output_padding(windows, self.additions(x.type))
        if additions is not None:
            settings["output_padding"] = brief(additions)
        if max(dilations) > 1:
            settings["dilation_rate"] = brief(dilations)
        kernel = brief(tuple(window.size for window in windows))
        made = layer(_transposed(x), self.filters, kernel, **settings, **self.kernel_options(x.type.rank + 1, -2))(x)
        pads = tuple(window.explicit for window in windows)
        return layer(ranked("Cropping", x), brief_pads(pads))(made) if any(map(any, pads)) else made

    def _keras_output_padding(
        self, windows: tuple[Window, ...], additions: tuple[int | None, ...]
    ) -> tuple[int, ...] | None:
        """None where Keras's own rule gives the same: explicit padding adds nothing, `valid` up to the stride."""
        if isinstance(self.padding, str) and self.output_padding is None:
            return None
        found = tuple(added or 0 for added in additions)
        if not any(found) and all(window.extent >= window.stride for window in windows) and self.padding != "same":
            return None
        return found


def _transposed(x: Arrival) -> str:
    return ranked("Conv", x) + "Transpose"


def _check_addition(window: Window, added: int) -> None:
    """Demand an output size that the convolution maps back to the input's.

    Raises: RuleError at `output_padding`.
    """
    if added >= window.stride:
        raise RuleError(
            codes.OUTPUT_PADDING,
            "the output padding is not smaller than the stride",
            at="output_padding",
            label=f"{added} >= {window.stride}",
            help=f"use at most {window.stride - 1}" if window.stride > 1 else "leave it out: the stride is 1",
        )
    if window.padding == "same" and window.extent % 2 == 0 and added == 0:
        raise RuleError(
            codes.OUTPUT_PADDING,
            "an even window with `padding=same` needs an output padding of at least 1",
            at="output_padding",
            label=f"window {window.extent}, output padding 0",
            notes=(f"(W - 1) · {window.stride} + 0 positions are covered by W - 1 windows, not by W",),
            help="leave it out" + (f", or use 1 to {window.stride - 1}" if window.stride > 1 else ""),
        )


def _nothing_left(window: Window, added: int | None, width: Dim, size: Dim, axis: str) -> RuleError:
    before, after = window.explicit
    value = f" = {size}" if isinstance(size, int) else ""
    formula = f"({width} - 1) * {window.stride} + {window.extent} - {before} - {after} + {added or 0}"
    return RuleError(
        codes.NOTHING_LEFT,
        f"the padding cuts off the whole {axis}",
        at="padding",
        label=f"{axis}: {size}",
        notes=(f"size: {formula}{value}",),
        help="use a smaller padding, or a larger stride or window",
    )


def _both() -> RuleError:
    return RuleError(
        lowering.NOT_IN_KERAS,
        "Keras has no transposed convolution with both a stride and a dilation",
        at="dilation",
        help="use one of them, or `UpSample` before a dilated `Conv`",
    )

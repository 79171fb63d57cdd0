"""A recurrent operator whose steps are maps: convolutions take the place of the matrix products.

The window over the maps is `conv.py`'s, the recurrence `recurrent.py`'s. What Keras's layer lacks
(padding in numbers, a cell that training leaves alone) is put around it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.diagnostics.codes import lowering
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.choices import per_unit
from nnspec.ops.kinds import Integer, Padding, PaddingValue, PerAxis
from nnspec.ops.operator import Example, Reach, Remark, Weight, option, param
from nnspec.ops.recurrent import Carrying
from nnspec.ops.spatial import brief, known_pads, needs_size, unread
from nnspec.shapes.dim import Dim, is_known, product
from nnspec.shapes.reach import whole, window
from nnspec.shapes.tensor import TensorType, shape_text
from nnspec.shapes.window import Window, axis_names, padding_per_axis, per_axis

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape

_OWN = "nnspec.backends.layers.frozen_conv_lstm.Frozen"


class ConvLSTM(Carrying):
    """An LSTM over maps, whose products are convolutions: of a step's map, and of the state with windows of stride 1.

    With i, f and o = σ(x * W + h' * U + b), each with weights of its own, and g = tanh(…) likewise:
    c = f ⊙ c' + i ⊙ g, h = o ⊙ tanh(c). The convolution of the state keeps its sizes.

    Shape: `(time, *sizes, channels) -> (*sizes', filters)`, or `(time, *sizes', filters)` with `sequences=true`; a
    tuple with h and c under `state=true`. Further inputs are the first h and c.
    Source: Shi et al. 2015, "Convolutional LSTM network", equation 3, without the products with c;
    `keras.layers.ConvLSTM1D/2D/3D`.
    """

    filters: int = param(Integer(ge=1), doc="channels of the state, and of the output of a step")
    kernel: int | tuple[int, ...] = param(PerAxis(), doc="window size, one number or one per axis of the maps")
    stride: int | tuple[int, ...] = option(PerAxis(), default=1, doc="step of the window over what arrives")
    dilation: int | tuple[int, ...] = option(PerAxis(), default=1, doc="distance between its taps")
    padding: PaddingValue = option(
        Padding("valid", "same", "causal"), default="valid", doc="zeros around the maps: a word, or how many"
    )

    renamed = {
        **Carrying.renamed, "kernel_size": "kernel", "strides": "stride", "dilation_rate": "dilation",
    }  # fmt: skip
    examples = (
        Example("Input(5, 16, 16, 3) -> ConvLSTM(8, 3)", (14, 14, 8)),
        Example("Input(5, 16, 16, 3) -> ConvLSTM(8, 3, padding=same, sequences=true)", (5, 16, 16, 8)),
        Example("Input(5, 16, 3) -> ConvLSTM(8, 5, stride=2, padding=2, state=true)", ((8, 8), (8, 8), (8, 8))),
        Example("Input(5, 6, 6, 6, 2) -> ConvLSTM(4, (1, 3, 3), bias=false)", (6, 4, 4, 4)),
        Example("Input(5, 16, 3) -> ConvLSTM(8, 3, trainable=false)", (14, 8)),
        Example("Input(5, 3) -> ConvLSTM(8, 3)", fails="wrong-rank"),
        Example("Input(5, 8, 8, 3) -> ConvLSTM(8, 9)", fails="window-too-large"),
        Example("Input(5, 8, 8, 3) -> ConvLSTM(8, (3, 3, 3))", fails="wrong-axes"),
    )

    def windows(self, x: TensorType) -> tuple[Window, ...]:
        """The window over each axis of a step's map."""
        step = _step(x)
        return tuple(
            Window(size, stride, dilation, padding)
            for size, stride, dilation, padding in zip(
                self.taps(x), per_axis(self.stride, step.rank, "stride"),
                per_axis(self.dilation, step.rank, "dilation"), padding_per_axis(self.padding, step.rank), strict=True,
            )
        )  # fmt: skip

    def taps(self, x: TensorType) -> tuple[int, ...]:
        """The window size of each axis of a step's map."""
        return per_axis(self.kernel, x.rank - 1, "kernel")

    def state_shape(self, x: TensorType) -> tuple[Dim, ...]:
        step = _step(x)
        axes = zip(self.windows(x), step.spatial, axis_names(step.rank), strict=True)
        return (*(window.output(size, name) for window, size, name in axes), self.filters)

    def mended_state(self, state: TensorType, shape: tuple[Dim, ...]) -> str | None:
        if state.rank == len(shape) + 1:
            return "the last step of a sequence is `Take(-1)`"
        if state.shape[:-1] == shape[:-1]:
            return f"`Conv({self.filters}, 1)` gives it as many channels"
        return None

    def weights(self, x: TensorType, *more: TensorType) -> Iterator[Weight]:
        width = self.gates * self.filters
        yield Weight("kernel", (*self.taps(x), x.channels, width), self.trainable)
        yield Weight("recurrent_kernel", (*self.taps(x), self.filters, width), self.trainable)
        if self.bias:
            yield Weight("bias", (width,), self.trainable)

    def macs(self, x: TensorType, *more_and_output: Any) -> Dim:
        window = product(self.taps(x)) * (x.channels + self.filters)
        return x.shape[0] * product(self.state_shape(x)) * self.gates * window

    def reach(self, x: TensorType, *more: TensorType) -> tuple[Reach, ...] | None:
        """All steps, and on the maps the window, wider by that of the state's convolution with each step before."""
        if not self.sequences:
            return None
        steps = x.shape[0]
        maps: list[Reach] = []
        for around, width in zip(self.windows(x), x.shape[1:-1], strict=True):
            wider = (steps - 1) * around.stride
            extent = around.extent + wider * (around.size - 1)
            maps.append(window(extent, around.stride, around.pads(width)[0] + wider * ((around.size - 1) // 2)))
        return (whole(steps), *maps)

    def reach_from(self, operand: int, result: int, *inputs: TensorType) -> tuple[Reach, ...] | None:
        return self.reach(*inputs) if operand == 0 else None  # states have no steps

    def remarks(self, x: TensorType, *more: TensorType) -> Iterator[Remark]:
        return unread(self.windows(x), _step(x))

    def keep_steps(self, tape: Tape, x: Held, *, is_masked: bool) -> None:
        # Each gate has a convolution of its own, and Keras makes the first step twice, to see what comes out.
        times, step, map_size = x.type.shape[0] + 1, _step(x.type), product(self.state_shape(x.type))
        sizes = list(step.spatial)
        if self.padding != "same":
            pads = [window.pads(width) for window, width in zip(self.windows(x.type), sizes, strict=True)]
            sizes = [width + before + after for width, (before, after) in zip(sizes, pads, strict=True)]
        tape.extra(times * self.gates * product(sizes) * step.channels)
        if step.rank > 2:
            tape.constant(times * product(self.taps(x.type)) * step.channels * self.gates * self.filters)
        values = times * (8 if step.rank == 2 else 10) - 1
        if not self.trainable:
            values -= 2 * self.gates  # of the state at the start, which no gradient reaches
        tape.extra(values * map_size)

    def lower(self, x: Arrival, *more: Arrival) -> Value:
        for size in x.type.shape[1:]:
            if not is_known(size):
                raise needs_size("Keras's convolutional LSTM needs the sizes of the maps", size)
        return self.apply(self.made(x.type), self.padded(x), more)

    def made(self, x: TensorType) -> Call:
        """The Keras layer, not yet applied.

        Raises: RuleError, for a stride with a dilation.
        """
        windows = self.windows(x)
        settings: dict[str, Value] = {}
        if any(window.stride > 1 for window in windows):
            settings["strides"] = brief(tuple(window.stride for window in windows))
        if self.padding == "same":
            settings["padding"] = "same"
        if any(window.dilation > 1 for window in windows):
            settings["dilation_rate"] = brief(tuple(window.dilation for window in windows))
        if "strides" in settings and "dilation_rate" in settings:
            raise RuleError(
                lowering.NOT_IN_KERAS,
                "Keras has no convolutional LSTM with both a stride and a dilation",
                at="dilation",
                help="use one of them, or a `Conv` with a stride before it",
            )
        name = f"ConvLSTM{x.rank - 2}D"
        # Keras's own does not hand `trainable` on to its cell, which has the weights.
        target = f"keras.layers.{name}" if self.trainable else _OWN + name
        options = self.kernel_options(x.rank)
        if self.recurrent_constraint is not None:
            options["recurrent_constraint"] = per_unit(self.recurrent_constraint, x.rank, -1)
        return layer(target, self.filters, brief(self.taps(x)), **settings, **options)

    def padded(self, x: Arrival) -> Value:
        """The sequence with zeros around its maps."""
        if self.padding in ("valid", "same"):
            return x
        pads = known_pads(self.windows(x.type), _step(x.type), "a convolutional LSTM")
        return Call("keras.ops.pad", (x, ((0, 0), (0, 0), *pads, (0, 0)))) if any(map(any, pads)) else x


def _step(x: TensorType) -> TensorType:
    """The type of one step.

    Raises: RuleError, if that is no map.
    """
    if not 3 <= x.rank <= 5:
        wanted = [f"(time, {', '.join(axis_names(rank))}, channels)" for rank in (2, 3, 4)]
        raise RuleError(
            codes.WRONG_RANK,
            f"ConvLSTM needs a sequence of maps: {wanted[0]}, {wanted[1]} or {wanted[2]}",
            label=f"{shape_text(x.shape)} arrives",
            help="use `LSTM`" if x.rank == 2 else None,
        )
    return TensorType(x.shape[1:], x.dtype, x.batched)

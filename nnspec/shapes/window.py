"""The output-size formulas of everything that slides a window over an axis.

Written once for numbers and symbolic sizes alike. An axis that cannot hold its window raises a
RuleError with the formula and its numbers; a demand on a symbolic size is recorded.
Source: Dumoulin & Visin 2016, "A guide to convolution arithmetic for deep learning".
"""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.record import Record
from nnspec.shapes.dim import Dim, ceil_div, compare, demand, maximum, minimum
from nnspec.shapes.reach import Reach, spread, window
from nnspec.shapes.tensor import SPATIAL_NAMES, sizes_text

Pair: TypeAlias = "tuple[int, int]"
PaddingOfAxis: TypeAlias = 'Literal["valid", "same", "causal"] | Pair'

LARGER = {"height": "taller", "width": "wider", "depth": "deeper", "length": "longer"}


class Window(Record):
    """A window over one axis: extent F, stride S, dilation D and padding (before, after) or a word."""

    size: int
    stride: int = 1
    dilation: int = 1
    padding: PaddingOfAxis = "valid"
    ceil: bool = False

    @property
    def extent(self) -> int:
        """F' = (F - 1) · D + 1, the input positions from the first to the last that it touches."""
        return (self.size - 1) * self.dilation + 1

    def pads(self, width: Dim) -> tuple[Dim, Dim]:
        """Padding before and after an axis of this width."""
        if isinstance(self.padding, tuple):
            return self.padding
        if self.padding == "valid":
            return 0, 0
        if self.padding == "causal":
            return self.extent - 1, 0
        need = maximum(0, (ceil_div(width, self.stride) - 1) * self.stride + self.extent - width)
        return need // 2, need - need // 2

    def output(self, width: Dim, axis: str = "width") -> Dim:
        """The size of the axis that comes out: W' = floor((W - F' + P) / S) + 1, or ceil(W / S).

        Raises: RuleError for the stage as a whole, if no window fits.
        """
        if self.padding in ("same", "causal"):
            return ceil_div(width, self.stride)
        before, after = self.explicit
        padded = width + before + after
        if not demand(compare(padded, ">=", self.extent)):
            raise self._too_large(width, before + after, axis)
        if not self.ceil:
            return padded - (self.extent - 1) if self.stride == 1 else (padded - self.extent) // self.stride + 1
        up = ceil_div(padded - self.extent, self.stride) + 1
        if after + self.stride <= self.extent:
            return up
        # A window may stick out at the end, but none may start in the padding there.
        return minimum(up, ceil_div(width + before, self.stride))

    def spread(self, width: Dim, output_padding: int | None = None) -> Dim:
        """The size that comes out of a transposed convolution; at most 0 where padding eats all of it.

        Source: Dumoulin & Visin 2016, relationship 14; Keras's own rule for `output_padding` with `same`.
        """
        if self.padding == "same":
            if output_padding is None:
                return width * self.stride
            return (width - 1) * self.stride + self.extent % 2 + output_padding
        if self.padding == "valid" and output_padding is None:
            return (width - 1) * self.stride + max(self.extent, self.stride)
        before, after = self.explicit
        return (width - 1) * self.stride + self.extent - before - after + (output_padding or 0)

    def unread(self, width: Dim) -> Dim:
        """Positions at the end, padding included, that no window reads; 0 under `same`, `causal` and `ceil`."""
        if self.padding in ("same", "causal") or self.ceil or self.stride == 1:
            return 0
        before, after = self.explicit
        return (width + before + after - self.extent) % self.stride

    def reach(self, width: Dim) -> Reach:
        """What output positions see of an axis of this width."""
        return window(self.extent, self.stride, self.pads(width)[0])

    def reach_back(self, width: Dim, output_padding: int | None = None) -> Reach:
        """What output positions of the transposed convolution see of an axis of this width.

        Under `same` what is too much is cut off, of an odd number one more at the end.
        """
        before = self.explicit[0]
        if self.padding == "same":
            over = (width - 1) * self.stride + self.extent - self.spread(width, output_padding)
            before = max(0, over) // 2 if isinstance(over, int) else 0
        return spread(self.extent, self.stride, before)

    @property
    def explicit(self) -> Pair:
        """The padding as numbers; the words, whose padding depends on the width, count as none."""
        return self.padding if isinstance(self.padding, tuple) else (0, 0)

    def _too_large(self, width: Dim, pad: int, axis: str) -> RuleError:
        room = width + pad
        brackets = "ceil" if self.ceil else "floor"
        size = f"{brackets}(({width} - {self.extent} + {pad}) / {self.stride}) + 1"
        value = f" = {self._count(room)}" if isinstance(room, int) else ""
        spans = f"a window of {self.size} with dilation {self.dilation} spans {self.extent}"
        fits = (room - 1) // self.dilation + 1 if isinstance(room, int) else 0
        return RuleError(
            codes.WINDOW_TOO_LARGE,
            f"the window is {LARGER.get(axis, 'larger')} than its {'padded ' if pad else ''}input",
            label=f"{self.extent} > {room}",
            notes=(f"size: {size}{value}", *([spans] if self.dilation > 1 else [])),
            help=f"use a window of at most {fits}, or `padding=same`" if fits > 1 else "use `padding=same`",
        )

    def _count(self, room: int) -> int:
        over = room - self.extent
        return (-(-over // self.stride) if self.ceil else over // self.stride) + 1


def axis_names(rank: int) -> tuple[str, ...]:
    """Names of the spatial axes of a tensor of this rank (the batch not counted)."""
    return SPATIAL_NAMES[rank] if rank in SPATIAL_NAMES else tuple(f"axis {axis}" for axis in range(rank - 1))


def per_axis(value: int | tuple[int, ...], rank: int, at: str) -> tuple[int, ...]:
    """One number for each spatial axis.

    Raises: RuleError at the argument, if there are more or fewer numbers than axes.
    """
    axes = rank - 1
    if isinstance(value, int):
        return (value,) * axes
    if len(value) != axes:
        raise RuleError(
            codes.WRONG_AXES,
            f"`{at}` has {len(value)} numbers for {axes} spatial {'axis' if axes == 1 else 'axes'}",
            at=at,
            label=f"{len(value)} numbers",
            notes=(f"the spatial axes are {', '.join(axis_names(rank))}",),
            help=f"give one number for all axes, or {axes}" if axes > 1 else "give one number",
        )
    return value


def padding_per_axis(value: object, rank: int, at: str = "padding") -> tuple[PaddingOfAxis, ...]:
    """The padding of each spatial axis, from a word, a number, one per axis or pairs.

    Raises: RuleError at `padding`, if there are more or fewer numbers than axes.
    """
    axes = rank - 1
    if isinstance(value, str):
        return (cast(PaddingOfAxis, value),) * axes
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        if len(value) != axes:
            per_axis(tuple(range(len(value))), rank, at)
        return cast("tuple[Pair, ...]", value)
    return tuple((number, number) for number in per_axis(cast("int | tuple[int, ...]", value), rank, at))


__all__ = ["Window", "axis_names", "padding_per_axis", "per_axis", "sizes_text"]

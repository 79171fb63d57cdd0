"""What operators over spatial axes share: the ranks and numbers they need, and how padding is lowered.

Knows no operator: convolutions, pooling and resampling call it with their own windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnspec.calls import Arrival, Item, Value, layer
from nnspec.diagnostics.codes import lowering
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.dtypes import cast, is_float, is_number
from nnspec.ops.operator import Remark
from nnspec.shapes.dim import Dim, compare
from nnspec.shapes.tensor import TensorType, shape_text
from nnspec.shapes.window import Pair, Window, axis_names

ROWS = {"height": "rows", "width": "columns", "depth": "planes", "length": "steps"}


def need_spatial(x: TensorType, what: str, ranks: tuple[int, ...] = (2, 3, 4)) -> None:
    """Demand as many spatial axes as the ranks allow, and channels.

    Raises: RuleError, if the rank is another.
    """
    if x.rank in ranks:
        return
    wanted = [f"({', '.join((*axis_names(rank), 'channels'))})" for rank in ranks]
    raise RuleError(
        codes.WRONG_RANK,
        f"{what} needs {', '.join(wanted[:-1])}{' or ' if wanted[1:] else ''}{wanted[-1]}",
        label=f"{shape_text(x.shape)} arrives",
        help=_rank_help(x, ranks),
    )


def _rank_help(x: TensorType, ranks: tuple[int, ...]) -> str | None:
    if x.rank + 1 in ranks and x.rank:
        return f"add the channel axis: `Reshape({', '.join(map(str, x.shape))}, 1)`"
    return None


def need_real(x: TensorType, what: str) -> None:
    """Demand numbers with fractions.

    Raises: RuleError, if whole numbers or truth values arrive.
    """
    if not is_float(x.dtype):
        raise RuleError(
            codes.NOT_REAL,
            f"{what} computes with real numbers",
            label=f"{x.dtype} arrives",
            help="declare the input without `dtype`, or put an `Embedding` before it",
        )


def need_numbers(x: TensorType, what: str) -> None:
    """Demand numbers, with fractions or whole.

    Raises: RuleError, if truth values or texts arrive.
    """
    if not is_number(x.dtype):
        raise RuleError(codes.NOT_REAL, f"{what} computes with numbers", label=f"{x.dtype} arrives")


def computed(x: TensorType, *shape: Dim) -> TensorType:
    """What a Keras layer makes of `x`: it computes real numbers in float32 and leaves others as they are."""
    return TensorType(shape, cast(x.dtype), x.batched)


def ranked(name: str, x: Arrival) -> str:
    """The Keras layer for this rank: `Conv` is `keras.layers.Conv2D` on images."""
    return f"keras.layers.{name}{x.type.rank - 1}D"


def brief(values: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number, where all axes have the same."""
    return values[0] if len(set(values)) == 1 else values


def brief_pads(pads: tuple[Pair, ...]) -> Value:
    """Padding or cropping as Keras's layers take it: a number, one per axis, or pairs."""
    if all(before == after for before, after in pads):
        return brief(tuple(before for before, _ in pads))
    return pads if len(pads) > 1 else pads[0]


def zero_padded(x: Arrival, pads: tuple[Pair, ...]) -> Value:
    """The tensor with zeros around its spatial axes."""
    if not any(before or after for before, after in pads):
        return x
    return layer(ranked("ZeroPadding", x), brief_pads(pads))(x)


def known_pads(windows: tuple[Window, ...], x: TensorType, what: str) -> tuple[Pair, ...]:
    """The padding of each axis in numbers.

    Raises: RuleError, if it hangs on a symbolic size.
    """
    found: list[Pair] = []
    for window, width in zip(windows, x.spatial, strict=True):
        before, after = window.pads(width)
        if not isinstance(before, int) or not isinstance(after, int):
            raise needs_size(f"`padding=same` of {what} adds padding that depends on the size", width)
        found.append((before, after))
    return tuple(found)


def pads_of(windows: tuple[Window, ...], x: TensorType) -> tuple[tuple[Dim, Dim], ...]:
    """The padding before and after each spatial axis, whichever way it is written."""
    return tuple([window.pads(width) for window, width in zip(windows, x.spatial, strict=True)])


def uneven(pads: Sequence[tuple[Dim, Dim]]) -> bool | None:
    """Whether padding has more positions behind some axis than before it; None where that hangs on an open size."""
    if all(compare(before, "==", after) is True for before, after in pads):
        return False
    return True if all(isinstance(pad, int) for pair in pads for pad in pair) else None


def needs_size(message: str, size: Dim) -> RuleError:
    """The error of `build` for what can only be built for sizes that are known."""
    return RuleError(
        lowering.NOT_IN_KERAS,
        message,
        label=f"{size} is symbolic",
        help="fix the sizes with `--input`, such as `--input 224,224,3`",
    )


def every(value: Value, steps: tuple[int, ...]) -> Value:
    """Every s-th position of each spatial axis: `y[:, ::2, ::2]`."""
    return Item(value, (slice(None), *(slice(None, None, step if step > 1 else None) for step in steps)))


def unread(windows: tuple[Window, ...], x: TensorType) -> Iterator[Remark]:
    """One remark on all axes whose ends no window reads."""
    ends = [
        end
        for window, width, axis in zip(windows, x.spatial, axis_names(x.rank), strict=True)
        if (end := _end(window, width, axis)) is not None
    ]
    if ends:
        whats, labels, notes = (list(dict.fromkeys(each)) for each in zip(*ends, strict=True))
        message = f"the stride leaves the last {' and '.join(whats)} unread"
        yield Remark(codes.INPUTS_UNREAD, message, label=", ".join(labels), notes=tuple(notes))


def _end(window: Window, width: Dim, axis: str) -> tuple[str, str, str] | None:
    """What is left at the end of an axis, its size, and the formula; None where all is read or it is not known."""
    left = window.unread(width) if isinstance(width, int) else 0
    if not isinstance(width, int) or not isinstance(left, int) or left == 0:
        return None
    before, after = window.explicit
    inputs = max(0, left - after)
    what = f"{inputs} of {width} {ROWS.get(axis, 'positions')}" if inputs else f"{left} of the padding"
    formula = f"({width} - {window.extent} + {before + after}) mod {window.stride} = {left}, which is not 0"
    return what, f"{axis}: {width}", formula

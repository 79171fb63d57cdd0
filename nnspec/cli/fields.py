"""Receptive fields in the answers of `nnspec summary`: size, stride and offset of each axis, and where paths part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from nnspec.analysis.layers import LayerRow
    from nnspec.shapes.dim import Dim

FIELD_HEAD = ("field_size", "field_stride", "field_offset")

_MOST_NAMED = 3


def field_data(row: LayerRow) -> list[dict[str, Any]] | None:
    """Per axis, as JSON has it: a stride is a number, `"1/2"`, or null where paths of several meet."""
    from nnspec.cli.document import dim_data

    if row.field is None:
        return None
    return [
        {"size": dim_data(axis.size), "stride": _stride_data(axis.stride), "offset": dim_data(axis.offset)}
        for axis in row.field
    ]


def _stride_data(stride: Fraction | None) -> int | str | None:
    return None if stride is None else int(stride) if stride.denominator == 1 else str(stride)


def field_columns(row: LayerRow) -> tuple[str, str, str]:
    """Size, stride and offset, the axes of each apart by spaces."""
    axes = row.field or ()
    return (
        " ".join([_bare(axis.size) for axis in axes]),
        " ".join(["-" if axis.stride is None else str(axis.stride) for axis in axes]),
        " ".join([_bare(axis.offset) for axis in axes]),
    )


def _bare(size: Dim) -> str:
    """Without spaces, which part axes."""
    return str(size).replace(" ", "")


def field_cells(row: LayerRow) -> tuple[str, str]:
    """Stride and offset for a table: one for all axes where they are equal."""
    axes = row.field or ()
    return (
        _of_all(["none" if axis.stride is None else str(axis.stride) for axis in axes]),
        _of_all([str(axis.offset) for axis in axes]),
    )


def _of_all(cells: list[str]) -> str:
    return cells[0] if cells and len(set(cells)) == 1 else f"({', '.join(cells)})" if cells else ""


def unaligned_lines(rows: Iterable[LayerRow]) -> Iterator[str]:
    """A line for the merges whose paths look at different places."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.unaligned is not None:
            found.setdefault(row.unaligned, []).append(row.name)
    for what, names in found.items():
        more = len(names) - _MOST_NAMED
        named = ", ".join([f"`{name}`" for name in names[:_MOST_NAMED]]) + (f" and {more:,} more" if more > 0 else "")
        yield f"note: what meets at {named} looks at different places: the {what} of the fields differ"

"""Rows and columns as text, Markdown or CSV: cells in, lines out."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from nnspec.diagnostics.screen import Screen, width_in_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Cells = tuple[str, ...]

_LEAST = 12  # cells that are left of the first column, however narrow the terminal


def text_table(
    head: Cells, rows: Sequence[Cells], right: frozenset[int], screen: Screen, width: int | None, spare: Sequence[int]
) -> Iterator[str]:
    """Columns two spaces apart; those in `right` are flush right.

    Past a `width`, columns of `spare` are left out in that order, which a last line says, and the first is cut.
    """
    shown = [head, *[tuple(map(screen.safe, row)) for row in rows]]
    widths = {at: max(map(width_in_cells, column)) for at, column in enumerate(zip(*shown, strict=True))}
    left_out = _fit(widths, width, spare)
    for number, row in enumerate(shown):
        cells = [_padded(_cut(row[at], cells, screen.safe("…")), cells, at in right) for at, cells in widths.items()]
        line = "  ".join(cells).rstrip()
        yield screen.paint(line, "bold") if number == 0 else line
    if left_out:
        names = ", ".join([head[at] for at in sorted(left_out)])
        yield screen.paint(f"(no room for {names})", "faint")


def _fit(widths: dict[int, int], most: int | None, spare: Sequence[int]) -> list[int]:
    """Narrow the widths of columns to those that fit; the columns left out."""
    left_out: list[int] = []
    for at in spare:
        if most is None or _line(widths) <= most:
            return left_out
        del widths[at]
        left_out.append(at)
    if most is not None:
        widths[0] = max(min(widths[0], _LEAST), widths[0] - max(0, _line(widths) - most))
    return left_out


def _line(widths: dict[int, int]) -> int:
    return sum(widths.values()) + 2 * (len(widths) - 1)


def _cut(cell: str, width: int, mark: str) -> str:
    if width_in_cells(cell) <= width:
        return cell
    while width_in_cells(cell + mark) > width:
        cell = cell[:-1]
    return cell + mark


def _padded(cell: str, width: int, right: bool) -> str:
    space = " " * (width - width_in_cells(cell))
    return space + cell if right else cell + space


def markdown_table(head: Cells, rows: Sequence[Cells], right: frozenset[int]) -> Iterator[str]:
    """A pipe table; what would end a cell is escaped."""
    yield _piped(head)
    yield _piped(tuple(["--:" if at in right else "---" for at in range(len(head))]))
    for row in rows:
        yield _piped(tuple(map(marked, row)))


def _piped(cells: Cells) -> str:
    return f"| {' | '.join(cells)} |"


def marked(cell: str) -> str:
    """A text in which Markdown finds nothing to act on; spaces before it are kept."""
    text = cell.lstrip(" ")
    marked = plain(text)
    for char in "\\|<*_`":
        marked = marked.replace(char, f"\\{char}")
    return "&emsp;" * ((len(cell) - len(text)) // 2) + marked


def plain(text: str) -> str:
    """A text without what a terminal would obey."""
    return "".join([char if char.isprintable() else "\ufffd" for char in text])


def csv_table(head: Cells, rows: Sequence[Cells]) -> str:
    """Comma-separated values; numbers are not grouped."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()

"""Rows and columns as text, Markdown or CSV: cells in, one text out."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from nnspec.diagnostics.screen import Screen, width_in_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Cells = tuple[str, ...]


def text_table(head: Cells, rows: Sequence[Cells], right: frozenset[int], screen: Screen) -> Iterator[str]:
    """Columns two spaces apart; those in `right` are flush right."""
    shown = [head, *[tuple(map(screen.safe, row)) for row in rows]]
    widths = [max(map(width_in_cells, column)) for column in zip(*shown, strict=True)]
    for number, row in enumerate(shown):
        cells = [_padded(cell, widths[at], at in right) for at, cell in enumerate(row)]
        line = "  ".join(cells).rstrip()
        yield screen.paint(line, "bold") if number == 0 else line


def _padded(cell: str, width: int, right: bool) -> str:
    space = " " * (width - width_in_cells(cell))
    return space + cell if right else cell + space


def markdown_table(head: Cells, rows: Sequence[Cells], right: frozenset[int]) -> Iterator[str]:
    """A pipe table; what would end a cell is escaped."""
    yield _piped(head)
    yield _piped(tuple(["--:" if at in right else "---" for at in range(len(head))]))
    for row in rows:
        yield _piped(tuple(map(_marked, row)))


def _piped(cells: Cells) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(cell: str) -> str:
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

"""Lines of a source with marks below them: what a diagnostic shows of the files that it speaks of.

Knows spans and terminals' cells, not what a diagnostic is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.screen import Screen, width_in_cells
from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nnspec.source import SourceFile, Span

_WIDEST = 160  # cells of a source line; longer ones are cut around the mark
_LEAD = 50  # characters kept before the mark of such a line


class Mark(Record):
    """A span to underline, the text beside it, and whether it is the place of the fault itself."""

    span: Span
    text: str
    primary: bool = False


class _Row(Record):
    """A mark's share of one line: columns counted from 0, the end exclusive."""

    line: int
    start: int
    end: int
    text: str
    primary: bool

    def order(self) -> tuple[int, bool, int]:
        """By lines; on one line the place of the fault first."""
        return self.line, not self.primary, self.start


def excerpt(file: SourceFile, marks: Iterable[Mark], screen: Screen, gutter: int) -> Iterator[str]:
    """The marked lines of one file, in their order, each with its marks below it."""
    rows = sorted(
        (row for mark in marks for row in _rows(mark)), key=lambda row: (row.line, not row.primary, row.start)
    )
    bar = screen.paint(f"{' ' * (gutter + 1)} |", "gutter")
    yield bar
    shown = 0
    for line in dict.fromkeys(row.line for row in rows):
        if shown and line > shown + 2:
            yield screen.paint(f"{'.' * 3:>{gutter + 2}}", "gutter")
        elif shown and line == shown + 2:
            yield _source_line(file, line - 1, screen, gutter, (0, _WIDEST))
        own = [row for row in rows if row.line == line]
        part = _part(file.line(line), own[0])
        yield _source_line(file, line, screen, gutter, part)
        yield from (f"{bar} {_underline(file.line(line), row, screen, part)}" for row in own)
        shown = line


def last_line(span: Span) -> int:
    """The number of the last line that a span touches."""
    return span.file.position(max(span.start, span.end - 1))[0]


def gutter_width(spans: Iterable[Span]) -> int:
    """Digits of the largest line number that excerpts of these spans show."""
    return max(len(str(last_line(span))) for span in spans)


def _rows(mark: Mark) -> Iterator[_Row]:
    """One row of a mark on one line; the first and the last of one over several."""
    file = mark.span.file
    first, column = file.position(mark.span.start)
    last = last_line(mark.span)
    if first == last:
        end = column - 1 + mark.span.end - mark.span.start
        yield _Row(first, column - 1, max(end, column), mark.text, mark.primary)
        return
    yield _Row(first, column - 1, max(len(file.line(first).rstrip()), column), "", mark.primary)
    text = file.line(last)
    indent = len(text) - len(text.lstrip())
    end = file.position(mark.span.end - 1)[1]
    yield _Row(last, min(indent, end - 1), end, mark.text, mark.primary)


def _part(text: str, row: _Row) -> tuple[int, int]:
    """Which characters of a line are shown: all of it, or what is around the mark."""
    if len(text) <= _WIDEST:
        return 0, len(text)
    start = max(0, min(row.start - _LEAD, len(text) - _WIDEST))
    return start, start + _WIDEST


def _source_line(file: SourceFile, line: int, screen: Screen, gutter: int, part: tuple[int, int]) -> str:
    head = screen.paint(f" {line:>{gutter}} |", "gutter")
    text = _cut(file.line(line), screen, part)
    return f"{head} {text}" if text else head


def _cut(text: str, screen: Screen, part: tuple[int, int]) -> str:
    body = "".join(map(screen.glyph, text[part[0] : part[1]])).rstrip()
    before = screen.glyph("…") if part[0] else ""
    return f"{before}{body}{screen.glyph('…') if part[1] < len(text) else ''}"


def _underline(text: str, row: _Row, screen: Screen, part: tuple[int, int]) -> str:
    start, end = max(row.start, part[0]), min(max(row.end, row.start + 1), part[1] + 1)
    before = "".join(map(screen.glyph, text[part[0] : start]))
    under = "".join(map(screen.glyph, text[start:end]))
    lead = width_in_cells(before) + (width_in_cells(screen.glyph("…")) if part[0] else 0)
    sign = "^" if row.primary else "-"
    marks = sign * max(1, width_in_cells(under))
    return " " * lead + screen.paint(f"{marks} {screen.safe(row.text)}".rstrip(), "error" if row.primary else "gutter")

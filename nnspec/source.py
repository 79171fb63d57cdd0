"""Source files and the spans in them: where everything else points.

A span is a pair of character offsets into a file as it was decoded, without the
byte order mark; lines and columns are worked out only when somebody asks.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from nnspec.record import Record

_LINE_END = re.compile(r"\r\n|\n|\r")


class SourceFile:
    """A named text. `path` is what the user called it; `text` is decoded, without a BOM."""

    __slots__ = ("_starts", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._starts: list[int] | None = None

    def __repr__(self) -> str:
        return f"SourceFile({self.path!r})"

    @property
    def line_starts(self) -> list[int]:
        r"""Offset of the first character of every line; `\n`, `\r\n` and `\r` end one."""
        if self._starts is None:
            self._starts = [0, *(end.end() for end in _LINE_END.finditer(self.text))]
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end."""
        starts = self.line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")


class Span(Record):
    """The characters from `start` up to, not including, `end` of a file."""

    file: SourceFile
    start: int
    end: int

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Span) and self.file is other.file and self.start == other.start and self.end == other.end
        )

    def __hash__(self) -> int:
        return hash((id(self.file), self.start, self.end))

    def __repr__(self) -> str:
        line, column = self.file.position(self.start)
        return f"<{self.file.path}:{line}:{column} {self.text[:40]!r}>"

    @property
    def text(self) -> str:
        """The characters of the span."""
        return self.file.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(self.file, self.start, other.end)

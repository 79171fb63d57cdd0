"""Where a piece of text lies in its file: straight, or through a table of offsets.

Everything that is parsed gets its spans from here, so an arrow string inside a
YAML scalar (quotes, escapes, folds) is located as exactly as an arrow file. It
knows nothing of what the text says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.source import SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Sequence


class Place:
    """Maps [start, end) of a text to a span of its file.

    Without a table the text is a slice of the file that begins at `offset`. With one,
    `offsets[i]` is the offset in the file of the text's i-th character, and its last entry
    that of the end: one entry more than the text has characters.
    """

    __slots__ = ("file", "offset", "offsets")

    def __init__(self, file: SourceFile, offset: int = 0, offsets: Sequence[int] | None = None) -> None:
        self.file = file
        self.offset = offset
        self.offsets = offsets

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from `start` up to `end` of the text."""
        if self.offsets is None:
            return Span(self.file, start + self.offset, end + self.offset)
        return Span(self.file, self.offsets[start + self.offset], self.offsets[end + self.offset])

    def at(self, start: int) -> Place:
        """The place of what is left of the text from `start` on."""
        return Place(self.file, self.offset + start, self.offsets)

"""What a terminal can show: colours, the characters of its encoding, and how wide each of them is.

A spec is somebody else's text: no control character, bidirectional override or lone surrogate of
it may reach a terminal, so whatever is not printable is written as an escape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = {
    "→": "->", "×": "x", "…": "...", "·": "*", "−": "-", "–": "-", "—": "-", "≤": "<=", "≥": ">=", "≠": "!=",
    "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "\u2018": "'", "\u2019": "'", "“": '"', "”": '"',
}  # fmt: skip

_COLORS = {
    "error": "1;31", "warning": "1;33", "note": "1;36", "help": "1;32", "gutter": "1;34", "bold": "1", "faint": "2",
    "ok": "1;32",
}  # fmt: skip

_LONGEST_TEXT = 4000


class Screen(Record):
    """A place to show text: whether in colours, and in which encoding."""

    color: bool = False
    encoding: str = "utf-8"

    def paint(self, text: str, role: str) -> str:
        """The text in the colour of its role."""
        return f"\x1b[{_COLORS[role]}m{text}\x1b[0m" if self.color and text else text

    def glyph(self, character: str) -> str:
        """What is shown for one character of a spec."""
        if character == "\t":
            return "    "
        if not character.isprintable():
            return escape(character)
        if character.isascii() or self._encodes(character):
            return character
        return _PLAIN.get(character) or escape(character)

    def safe(self, text: str) -> str:
        """A text of any origin on one line: nothing unprintable, nothing the encoding lacks, no endless length."""
        if len(text) > _LONGEST_TEXT:
            text = text[:_LONGEST_TEXT] + "…"
        if text.isascii() and text.isprintable():
            return text
        return "".join([escape(each) if each == "\t" else self.glyph(each) for each in text])

    def _encodes(self, character: str) -> bool:
        try:
            character.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True


def escape(character: str) -> str:
    r"""`\\x1b`, `\\u202e`: a character by its number."""
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def width_in_cells(shown: str) -> int:
    """How many cells of a terminal a shown text takes."""
    if shown.isascii():
        return len(shown)
    return sum(map(_measure(), shown))


def _measure() -> Callable[[str], int]:
    from unicodedata import category, east_asian_width  # a file of ASCII does not pay for the tables

    def cells(character: str) -> int:
        if category(character) in ("Mn", "Me", "Cf"):
            return 0
        return 2 if east_asian_width(character) in "WF" else 1

    return cells

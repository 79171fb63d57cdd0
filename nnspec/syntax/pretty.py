"""Fits a row of words and possible line breaks into a width, and puts comments at the breaks.

Oppen's idea in two flat passes: first how wide each group is, then what stays on one line.
No recursion, so depth costs nothing. It knows nothing of what the words say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 100


class Word:
    """A piece of text; `offset` is where its syntax stood in the source."""

    __slots__ = ("offset", "text")

    def __init__(self, text: str, offset: int | None = None) -> None:
        self.text = text
        self.offset = offset


class Break:
    """A place where a line may end; `flat` is what stands there otherwise."""

    __slots__ = ("chunk", "comments", "flat", "group")

    def __init__(self, flat: str = " ") -> None:
        self.flat = flat
        self.chunk = 0  # width up to the next break of its group
        self.comments: list[str] = []
        self.group: Open | None = None


class Open:
    """Begins a group: its breaks are lines all together, or where needed (`fill`), or not at all.

    Its lines are indented by `indent` from the enclosing group, or, where that is None, stand
    under the column where the group began.
    """

    __slots__ = ("broken", "fill", "indent", "outer", "width")

    def __init__(self, indent: int | None = None, *, fill: bool = False) -> None:
        self.indent = indent
        self.fill = fill
        self.width = 0
        self.broken = False  # a comment demands it
        self.outer: Open | None = None


class Close:
    """Ends the innermost group."""

    __slots__ = ()


CLOSE = Close()
Item: TypeAlias = "Word | Break | Open | Close"


def flat(items: Sequence[Item]) -> str:
    """Everything on one line."""
    return "".join(
        item.text if isinstance(item, Word) else item.flat for item in items if isinstance(item, Word | Break)
    )


def place_comments(items: Sequence[Item], comments: Sequence[tuple[int, str]]) -> list[str]:
    """Hang each comment (offset, text) on the first break behind it; those without a break come back."""
    if not comments:
        return []
    breaks = _breaks(items)
    if not breaks:
        return [text for _, text in comments]
    for offset, text in comments:
        chosen = next((found for after, found in breaks if after is not None and after > offset), breaks[-1][1])
        chosen.comments.append(text)
        group = chosen.group
        while group is not None:
            group.broken = True
            group = group.outer
    return []


def _breaks(items: Sequence[Item]) -> list[tuple[int | None, Break]]:
    """Every break with the offset of the first word behind it."""
    found: list[tuple[int | None, Break]] = []
    offset: int | None = None
    for item in reversed(items):
        if isinstance(item, Word):
            offset = item.offset if item.offset is not None else offset
        elif isinstance(item, Break):
            found.append((offset, item))
    found.reverse()
    groups: list[Open] = []
    for item in items:
        if isinstance(item, Open):
            item.outer = groups[-1] if groups else None
            groups.append(item)
        elif isinstance(item, Close):
            groups.pop()
        elif isinstance(item, Break):
            item.group = groups[-1] if groups else None
    return found


def fit(items: Sequence[Item], width: int = WIDTH) -> list[str]:
    """The items as lines no wider than `width` where breaks allow it."""
    tails = _measure(items)
    return _Printer(width).lines(items, tails)


def _measure(items: Sequence[Item]) -> list[int]:
    """Set the widths of groups and chunks; returns what stands behind each item up to the next break."""
    column = 0
    opened: list[tuple[Open, int]] = []
    last: list[tuple[Break, int] | None] = [None]
    for item in items:
        if isinstance(item, Word):
            column += len(item.text)
        elif isinstance(item, Break):
            _end_chunk(last, column)
            column += len(item.flat)
            last[-1] = (item, column)
        elif isinstance(item, Open):
            opened.append((item, column))
            last.append(None)
        else:
            _end_chunk(last, column)
            last.pop()
            group, start = opened.pop()
            group.width = column - start
    tails = [0] * (len(items) + 1)
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if isinstance(item, Word):
            tails[index] = tails[index + 1] + len(item.text)
        elif not isinstance(item, Break):
            tails[index] = tails[index + 1]
    return tails


def _end_chunk(last: list[tuple[Break, int] | None], column: int) -> None:
    before = last[-1]
    if before is not None:
        before[0].chunk = column - before[1]


class _Printer:
    def __init__(self, width: int) -> None:
        self.width = width
        self.done: list[str] = []
        self.parts: list[str] = []
        self.column = 0

    def lines(self, items: Sequence[Item], tails: Sequence[int]) -> list[str]:
        groups: list[tuple[bool, bool, int]] = [(False, False, 0)]  # (broken, fill, indent)
        for index, item in enumerate(items):
            if isinstance(item, Word):
                self._write(item.text)
            elif isinstance(item, Break):
                self._break(item, groups[-1], tails[index + 1])
            elif isinstance(item, Open):
                groups.append(self._open(item, groups[-1], tails[index + 1]))
            else:
                groups.pop()
        self._end()
        return self.done

    def _open(self, group: Open, outer: tuple[bool, bool, int], _tail: int) -> tuple[bool, bool, int]:
        indent = self.column if group.indent is None else outer[2] + group.indent
        tight = self.column + group.width > self.width
        return group.broken or tight, group.fill, indent

    def _break(self, item: Break, group: tuple[bool, bool, int], tail: int) -> None:
        broken, fill, indent = group
        if item.comments:
            self._comments(item.comments, indent)
        elif broken and (not fill or self.column + len(item.flat) + max(item.chunk, tail) > self.width):
            self._end(indent)
        else:
            self._write(item.flat)

    def _comments(self, comments: Sequence[str], indent: int) -> None:
        """The first comment ends the line, the others have lines of their own."""
        self._write("  " if self.column else "")
        for comment in comments:
            self._write(comment_text(comment))
            self._end(indent)

    def _write(self, text: str) -> None:
        self.parts.append(text)
        self.column += len(text)

    def _end(self, indent: int = 0) -> None:
        self.done.append("".join(self.parts).rstrip(" "))
        self.parts = [" " * indent]
        self.column = indent


def comment_text(text: str) -> str:
    """A comment as it is written."""
    return f"# {text}" if text else "#"

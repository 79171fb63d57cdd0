"""YAML scalars: what a plain one means by the 1.2 core schema, and where each character stands.

A table of offsets gives every character of a decoded scalar its place in the file, so that a
fault inside an arrow string is shown where it was written. It knows no keys and no language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

CoreValue: TypeAlias = "str | int | float | bool | None"

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOST_DIGITS = 1300  # more than 4,096 bits, fewer than Python refuses to convert


def core_value(text: str) -> CoreValue:
    """What a plain scalar means by YAML 1.2's core schema; `no` and `12:30` are text, `1e-3` a number."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "+-.0123456789" or len(text) > _MOST_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    special = _SPECIAL.fullmatch(text)
    if special is None:
        return text
    return float("nan") if special[1] is None else float(special[1] + "inf")


def too_long_a_number(text: str) -> bool:
    """Whether a plain scalar is a whole number past the limit of 4,096 bits."""
    return len(text) > _MOST_DIGITS and _INTEGER.fullmatch(text) is not None


# --- where the characters stand ---------------------------------------------------------

_Placed: TypeAlias = "list[tuple[str, int]]"
"""Characters of the decoded text, each with its offset in the file."""

_BLANK = " \t"
_BREAK = "\r\n\x85\u2028\u2029"
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_WIDTHS = {"x": 2, "u": 4, "U": 8}


def offsets(source: str, start: int, end: int, style: str, value: str) -> Sequence[int] | None:
    """For each character of a scalar's decoded value its offset in the file, and one more for the end.

    `start` and `end` bound the scalar as it was written, quotes or block header included; `style` is
    one of `"", "'", '"', "|", ">"`. None where our reading differs from the decoder's: then only the
    scalar as a whole has a place.
    """
    if style == "" and source.startswith(value, start) and start + len(value) == end:
        return range(start, end + 1)
    for placed, last in _readings(source, start, end, style, value):
        if len(placed) == len(value) and "".join(character for character, _ in placed) == value:
            return [*(offset for _, offset in placed), last]
    return None


def _readings(source: str, start: int, end: int, style: str, value: str) -> Iterator[tuple[_Placed, int]]:
    if style in ("'", '"'):
        yield _flow_scalar(source, start + 1, end - 1, _unescaped if style == '"' else _unquoted), end - 1
    elif style == "":
        yield _flow_scalar(source, start, end, _literally), end
    else:
        for indent, keep, body in _block_layouts(source, start, end, value):
            placed = _block_scalar(source, body, end, indent, keep, style == ">")
            yield placed, placed[-1][1] + 1 if placed else end


_Reader: TypeAlias = Callable[[str, int], tuple[str, int]]


def _literally(source: str, at: int) -> tuple[str, int]:
    return source[at], 1


def _unquoted(source: str, at: int) -> tuple[str, int]:
    return source[at], 2 if source[at] == "'" else 1


def _unescaped(source: str, at: int) -> tuple[str, int]:
    """The character written at an offset of a double-quoted scalar, and its width; none for an escaped line end."""
    if source[at] != "\\":
        return source[at], 1
    kind = source[at + 1]
    if kind in _WIDTHS:
        width = _WIDTHS[kind]
        return chr(int(source[at + 2 : at + 2 + width], 16)), 2 + width
    if kind in _BREAK:
        return "", 1 + _break_width(source, at + 1)
    return _ESCAPES.get(kind, "\0"), 2


def _flow_scalar(source: str, at: int, end: int, read: _Reader) -> _Placed:
    """A quoted or plain scalar: line ends fold into a space, further ones stay."""
    placed: _Placed = []
    while at < end:
        if source[at] in _BLANK or source[at] in _BREAK:
            at = _fold(source, at, end, placed, joined=False)
            continue
        character, width = read(source, at)
        at += width
        if character:
            placed.append((character, at - width))
        else:
            at = _fold(source, at, end, placed, joined=True)
    return placed


def _fold(source: str, at: int, end: int, placed: _Placed, *, joined: bool) -> int:
    """Read blanks and line ends, add what they stand for, and return where they end.

    The first character of a fold is placed where the text before it ends. `joined` is true after an
    escaped line end: that one stands for nothing, and blanks after it count for nothing.
    """
    begin = at
    blanks: _Placed = []
    breaks: _Placed = []
    while at < end and (source[at] in _BLANK or source[at] in _BREAK):
        if source[at] in _BREAK:
            breaks.append((_break_text(source, at), at))
            at += _break_width(source, at)
        else:
            if not breaks and not joined:
                blanks.append((source[at], at))
            at += 1
    if joined:
        placed.extend(breaks)
    elif not breaks:
        placed.extend(blanks)
    elif breaks[0][0] != "\n":
        placed.extend(breaks)
    else:
        folded = breaks[1:] or [(" ", begin)]
        placed.extend([(folded[0][0], begin), *folded[1:]])
    return at


def _break_width(source: str, at: int) -> int:
    return 2 if source.startswith("\r\n", at) else 1


def _break_text(source: str, at: int) -> str:
    return source[at] if source[at] in "\u2028\u2029" else "\n"


_HEADER = re.compile(r"[|>]([-+0-9]*)[^\r\n\x85\u2028\u2029]*")


_FIRST_LINE = re.compile(r"(?:^|[\n\u2028\u2029])( *)[^ \n\u2028\u2029]")
_DEEPEST_BLANK = 40


def _block_layouts(source: str, start: int, end: int, value: str) -> Iterator[tuple[int, str, int]]:
    """The indentations a block scalar may have, its chomping indicator, and where its body begins.

    Only the decoder knows the indentation around the scalar: the first line that holds something
    tells it, or else each one that the lines allow is offered, and the decoded value decides.
    """
    header = _HEADER.match(source, start)
    if header is None:
        return
    keep = "+" if "+" in header[1] else "-" if "-" in header[1] else ""
    body = header.end() + (_break_width(source, header.end()) if header.end() < len(source) else 0)
    lines = re.split(r"\r\n|[\r\n\x85\u2028\u2029]", source[body:end])
    depths = [len(line) - len(line.lstrip(" ")) for line in lines]
    first = next((depth for line, depth in zip(lines, depths, strict=True) if len(line) > depth), None)
    kept = _FIRST_LINE.search(value)
    if first is not None and kept is not None:
        yield first - len(kept[1]), keep, body
    else:
        for depth in range(1, min(max(depths), _DEEPEST_BLANK) + 2):
            yield depth, keep, body


def _block_scalar(source: str, at: int, end: int, indent: int, keep: str, folded: bool) -> _Placed:
    """A literal or folded block scalar, its lines indented by `indent`."""
    placed: _Placed = []
    last: _Placed = []  # the end of the line before, still to be kept, folded or chomped
    after_blank = False
    at, empty = _empty_lines(source, at, end, indent)
    while at < end and _column(source, at) == indent:
        blank = source[at] in _BLANK
        if folded and last and last[0][0] == "\n" and not after_blank and not blank:
            placed.extend([] if empty else [(" ", last[0][1])])
        else:
            placed.extend(last)
        placed.extend(empty)
        after_blank = blank
        while at < end and source[at] not in _BREAK:
            placed.append((source[at], at))
            at += 1
        last = [(_break_text(source, at), at)] if at < end else []
        at += _break_width(source, at) if at < end else 0
        at, empty = _empty_lines(source, at, end, indent)
    return placed + (last if keep != "-" else []) + (empty if keep == "+" else [])


def _empty_lines(source: str, at: int, end: int, indent: int) -> tuple[int, _Placed]:
    """Skip indentation and lines that hold no more; where the next line's content begins, and the line ends read."""
    breaks: _Placed = []
    while True:
        begin = at
        while at < end and at - begin < indent and source[at] == " ":
            at += 1
        if at >= end or source[at] not in _BREAK:
            return at, breaks
        breaks.append((_break_text(source, at), at))
        at += _break_width(source, at)


def _column(source: str, at: int) -> int:
    begin = at
    while begin > 0 and source[begin - 1] not in _BREAK:
        begin -= 1
    return at - begin

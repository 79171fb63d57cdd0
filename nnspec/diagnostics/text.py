"""Diagnostics for people: the message, the place, what is there, why, and what to type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnspec.diagnostics.diagnostic import Diagnostic, Frame, Severity
from nnspec.diagnostics.excerpt import Mark, excerpt, gutter_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.diagnostics.screen import Screen
    from nnspec.source import SourceFile, Span

_HEADED = re.compile(r"[A-Za-z][\w-]*: ")
_MOST_FRAMES = 12


def render(found: Diagnostic, screen: Screen) -> str:
    """A diagnostic with its excerpts, without a last newline."""
    return "\n".join(_lines(found, screen))


def _lines(found: Diagnostic, screen: Screen) -> Iterator[str]:
    head = screen.paint(f"{found.severity}[{found.code.number}]", found.severity)
    yield head + screen.paint(f": {screen.safe(found.message)}", "bold")
    gutter = gutter_width([found.span, *(label.span for label in found.labels)])
    for number, (file, marks) in enumerate(_by_file(found).items()):
        first = found.span if number == 0 else marks[0].span
        arrow = screen.paint(f"{' ' * (gutter + 1)}{':::' if number else '-->'}", "gutter")
        yield f"{arrow} {place(first, screen)}"
        if file.text:
            yield from excerpt(file, marks, screen, gutter)
    for head, text in _remarks(found, screen):
        yield from _remark(head, text, screen, gutter)


def _by_file(found: Diagnostic) -> dict[SourceFile, list[Mark]]:
    """All marks by the file they lie in, the diagnostic's own file first."""
    marks = {found.span.file: [Mark(found.span, found.label, primary=True)]}
    for label in found.labels:
        marks.setdefault(label.span.file, []).append(Mark(label.span, label.text))
    return marks


def _remarks(found: Diagnostic, screen: Screen) -> Iterator[tuple[str, str]]:
    for frame in _frames(found.trace):
        if isinstance(frame, Frame):
            yield "in", f"{frame.message} ({place(frame.span, screen)})"
        else:
            yield "in", frame
    for note in found.notes:
        headed = _HEADED.match(note)
        yield (note[: headed.end() - 2], note[headed.end() :]) if headed else ("note", note)
    if found.help:
        yield "help", found.help
    for fix in found.fixes:
        if fix.tried:
            yield "fix", fix.said


def _frames(trace: tuple[Frame, ...]) -> tuple[Frame | str, ...]:
    """The way to a fault; of a very long one its two ends."""
    if len(trace) <= _MOST_FRAMES:
        return trace
    ends = _MOST_FRAMES // 2
    return (*trace[:ends], f"… {len(trace) - 2 * ends} more …", *trace[-ends:])


def _remark(head: str, text: str, screen: Screen, gutter: int) -> Iterator[str]:
    sign = screen.paint(f"{' ' * (gutter + 2)}=", "gutter")
    first, *others = text.split("\n")
    painted = screen.paint(f"{head}:", "help" if head in ("help", "fix") else "bold")
    yield f"{sign} {painted} {screen.safe(first)}"
    for other in others:
        yield f"{' ' * (gutter + 6 + len(head))}{screen.safe(other)}".rstrip()


def place(span: Span, screen: Screen) -> str:
    """`vgg.nn:3:34`."""
    line, column = span.file.position(span.start)
    return f"{screen.safe(span.file.path)}:{line}:{column}"


def tally(severities: list[Severity], files: int) -> str:
    """`1 error, 2 notes in 3 files`."""
    kinds: tuple[Severity, ...] = ("error", "warning", "note")
    parts = [_plural(severities.count(kind), kind) for kind in kinds if kind in severities]
    return f"{', '.join(parts) or 'no errors'} in {_plural(files, 'file')}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

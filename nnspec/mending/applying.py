"""Applies fixes to a text until there is nothing more to apply: each time it is checked again.

A text is never left with more errors than it had, but for those that could not be seen while it could not be read.
Nothing here reads or writes files.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nnspec.mending.trial import apply
from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nnspec.diagnostics.diagnostic import Diagnostic, Edit, Fix
    from nnspec.source import SourceFile, Span

    #: What is found in a text, with its fixes; None where it cannot be said any more.
    Look = Callable[[SourceFile], Sequence[Diagnostic] | None]
    Refused = tuple[str, tuple[tuple[int, int, str], ...]]

MOST_ROUNDS = 60


class Mended(Record):
    """A text with fixes applied: what they did, and what is found now."""

    file: SourceFile
    titles: tuple[str, ...]
    found: tuple[Diagnostic, ...]


def mend(file: SourceFile, look: Look, *, unsafe: bool, others: Sequence[str] = ()) -> Mended:
    """The text with the safe fixes applied, and, if asked for, the first fix of whatever else has one.

    A finding whose first fix lies in one of the `others` is left to them.
    """
    titles: list[str] = []
    found = tuple(look(file) or ())
    refused: set[Refused] = set()
    seen = {file.text}
    for _ in range(MOST_ROUNDS):
        step = _next(file, found, look, refused, unsafe=unsafe, others=others)
        if step is None or step[0].text in seen:
            break
        file, found, done = step
        seen.add(file.text)
        titles += done
    return Mended(file, tuple(titles), found)


def _next(
    file: SourceFile,
    found: Sequence[Diagnostic],
    look: Look,
    refused: set[Refused],
    *,
    unsafe: bool,
    others: Sequence[str],
) -> tuple[SourceFile, tuple[Diagnostic, ...], list[str]] | None:
    """The text after the next fixes that do no harm; None where there are none."""
    for fixes in _choices(file, found, unsafe=unsafe, others=others):
        key = (file.text, tuple([(e.span.start, e.span.end, e.text) for fix in fixes for e in fix.edits]))
        texts = apply([edit for fix in fixes for edit in fix.edits])
        if key in refused or texts is None or len(texts) != 1 or texts[0].after.text == file.text:
            continue
        after = texts[0].after
        now = look(after)
        if now is not None and _is_better(now, found, fixes):
            return after, tuple(now), [fix.title for fix in fixes]
        refused.add(key)
    return None


def _choices(
    file: SourceFile, found: Sequence[Diagnostic], *, unsafe: bool, others: Sequence[str]
) -> Iterator[list[Fix]]:
    """What may be applied next: all safe fixes at once, each safe one, and each of the others."""
    safe = [fix for each in found for fix in _own(each.fixes, file, others) if fix.safe]
    apart = _apart(safe)
    if len(apart) > 1:
        yield apart
    yield from ([fix] for fix in safe)
    if unsafe:
        for each in found:
            yield from ([fix] for fix in _own(each.fixes, file, others) if not fix.safe)


def _is_better(now: Sequence[Diagnostic], before: Sequence[Diagnostic], fixes: Sequence[Fix]) -> bool:
    """Whether there are fewer errors; where others may only have come to light, not more.

    While a text cannot be read, nothing else is seen in it: there fewer errors of how it is written are enough.
    """
    if all(fix.safe for fix in fixes) and _misspelt(now) < _misspelt(before):
        return True
    return _errors(now) - _errors(before) < all(fix.safe or fix.tried for fix in fixes)


def _own(fixes: Sequence[Fix], file: SourceFile, others: Sequence[str]) -> list[Fix]:
    """The first of the fixes that touches no other file, unless one before it touches nothing but one of the others."""
    for fix in fixes:
        if fix.edits and all(lies_in(edit.span, file.path) for edit in fix.edits):
            return [fix]
        if fix.edits and any(all(lies_in(edit.span, path) for edit in fix.edits) for path in others):
            return []
    return []


def lies_in(span: Span, path: str) -> bool:
    """Whether a place is in the file of a path, which who imports it may write in another way."""
    return span.file.path == path or os.path.realpath(span.file.path) == os.path.realpath(path)


def _apart(fixes: Sequence[Fix]) -> list[Fix]:
    """The fixes without those that touch what an earlier one touches."""
    kept: list[Fix] = []
    edits: list[Edit] = []
    for fix in fixes:
        if not any(_meet(edit, other) for edit in fix.edits for other in edits):
            kept.append(fix)
            edits += fix.edits
    return kept


def _meet(one: Edit, other: Edit) -> bool:
    return one.span.start <= other.span.end and other.span.start <= one.span.end


def _misspelt(found: Sequence[Diagnostic]) -> int:
    """How many errors lie in how a text is written."""
    return sum(each.severity == "error" and each.code.number.startswith("NN1") for each in found)


def _errors(found: Sequence[Diagnostic]) -> int:
    return sum(each.severity == "error" for each in found)

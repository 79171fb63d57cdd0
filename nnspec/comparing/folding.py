"""Repeats in a list: what comes again and again is said once, with how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The longest stretch that is looked for as a whole.
_LONGEST = 64


class Stretch(Record):
    """From `start` on, `length` items, `times` in a row."""

    start: int
    length: int
    times: int


def folded(keys: Sequence[object]) -> list[Stretch]:
    """A list as stretches; each begins where the one before it ends."""
    found: list[Stretch] = []
    start = 0
    while start < len(keys):
        found.append(_stretch(keys, start))
        start += found[-1].length * found[-1].times
    return _joined(found)


def _stretch(keys: Sequence[object], start: int) -> Stretch:
    """The repeat that covers most from here on, the shortest of those; else the one item."""
    best = Stretch(start, 1, 1)
    for length in range(1, min(_LONGEST, (len(keys) - start) // 2) + 1):
        if keys[start] != keys[start + length]:
            continue
        end = start + length
        while end < len(keys) and keys[end] == keys[end - length]:
            end += 1
        times = (end - start) // length
        if times > 1 and times * length > best.times * best.length:
            best = Stretch(start, length, times)
    return best


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """Single items that follow one another, as one stretch."""
    found: list[Stretch] = []
    for each in stretches:
        last = found[-1] if found else None
        if last is not None and last.times == 1 and each.times == 1:
            found[-1] = Stretch(last.start, last.length + 1, 1)
        else:
            found.append(each)
    return found

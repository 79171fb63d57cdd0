"""Repeats in a list: what comes again and again is said once, with how often."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A file, and where in it something was written.
Place: TypeAlias = "tuple[str, int]"

#: The longest stretch that is looked for as a whole.
_LONGEST = 64


class Stretch(Record):
    """From `start` on, `length` items, `times` in a row."""

    start: int
    length: int
    times: int


def folded(keys: Sequence[object], places: Sequence[Place | None] = ()) -> list[Stretch]:
    """A list as stretches; each begins where the one before it ends.

    What is said once goes back in a file as seldom as can be, by where the items were written.
    """
    found: list[Stretch] = []
    start = 0
    while start < len(keys):
        stretch = _stretch(keys, start)
        if places:
            stretch = _in_step(keys, places, stretch)
            found += [Stretch(place, 1, 1) for place in range(start, stretch.start)]
        found.append(stretch)
        start = stretch.start + stretch.length * stretch.times
    return _joined(found)


def _in_step(keys: Sequence[object], places: Sequence[Place | None], found: Stretch) -> Stretch:
    """A repeat as often, begun a little later where that is where a turn begins."""
    shift = 0
    best = found
    while best.times > 1 and shift + 1 < found.length:
        end = found.start + found.length * found.times + shift
        if end >= len(keys) or keys[end] != keys[end - found.length]:
            break
        shift += 1
        later = Stretch(found.start + shift, found.length, found.times)
        if _steps_back(places, later) < _steps_back(places, best):
            best = later
    return best


def _steps_back(places: Sequence[Place | None], stretch: Stretch) -> int:
    inside = places[stretch.start : stretch.start + stretch.length]
    pairs = [(a, b) for a, b in pairwise(inside) if a is not None and b is not None]
    return sum(a[0] == b[0] and b[1] < a[1] for a, b in pairs)


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

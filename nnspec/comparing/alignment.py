"""Two sequences side by side: which places correspond, in order, so that as much as can be does.

Short ones are aligned by weight, long ones by Myers's search with a bound, so that no pair of sequences takes more
than time in proportion to their length. It knows no layers.
Source: Myers 1986, "An O(ND) difference algorithm and its variations".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Pairs = list[tuple[int, int]]

#: The most edits that one search follows before it settles for the furthest that it came.
_REACH = 128


def heaviest(rows: int, columns: int, weight: Callable[[int, int], float]) -> Pairs:
    """The pairs in order whose weights add up to most; those of weight 0 are none."""
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    weights = [[weight(row, column) for column in range(columns)] for row in range(rows)]
    for row in reversed(range(rows)):
        here, after, own = best[row], best[row + 1], weights[row]
        for column in reversed(range(columns)):
            most = after[column] if after[column] >= here[column + 1] else here[column + 1]
            if own[column] and own[column] + after[column + 1] >= most:
                most = own[column] + after[column + 1]
            here[column] = most
    found: Pairs = []
    row = column = 0
    while row < rows and column < columns:
        paired = weights[row][column] + best[row + 1][column + 1] if weights[row][column] else -1.0
        if paired >= best[row][column]:
            found.append((row, column))
            row, column = row + 1, column + 1
        elif best[row + 1][column] >= best[row][column + 1]:
            row += 1
        else:
            column += 1
    return found


def longest(old: Sequence[int], new: Sequence[int]) -> Pairs:
    """Pairs of equal items in order, as many as there can be, or nearly where the sequences differ much."""
    found: Pairs = []
    x = y = 0
    while x < len(old) and y < len(new):
        stretch = _search(old, new, x, y)
        found += stretch[0]
        x, y = stretch[1]
    return found


def _search(old: Sequence[int], new: Sequence[int], x0: int, y0: int) -> tuple[Pairs, tuple[int, int]]:
    """The pairs from one place on, and where they end: at the end of both, or as far as the search reaches."""
    height, width = len(old), len(new)
    ends: dict[int, int] = {1: x0}  # of each diagonal, counted from the start, how far down the old one we came
    history: list[dict[int, int]] = []
    for edits in range(_REACH + 1):
        history.append(dict(ends))
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (diagonal != edits and ends[diagonal - 1] < ends[diagonal + 1])
            x = ends[diagonal + 1] if down else ends[diagonal - 1] + 1
            y = y0 + (x - x0) - diagonal
            while x < height and y < width and old[x] == new[y]:
                x, y = x + 1, y + 1
            ends[diagonal] = x
            if x >= height and y >= width:
                return _walked(history, diagonal, (x, y), (x0, y0))
    inside = [d for d in ends if abs(d) <= _REACH and (d - _REACH) % 2 == 0]
    inside = [d for d in inside if ends[d] <= height and y0 + ends[d] - x0 - d <= width]
    if not inside:
        return [], (height, width)
    furthest = max(inside, key=lambda d: 2 * ends[d] - d)
    end = (ends[furthest], y0 + ends[furthest] - x0 - furthest)
    return _walked(history, furthest, end, (x0, y0))


def _walked(
    history: list[dict[int, int]], diagonal: int, end: tuple[int, int], start: tuple[int, int]
) -> tuple[Pairs, tuple[int, int]]:
    """The pairs on the way to an end, found by going back."""
    found: Pairs = []
    (x, y), (x0, y0) = end, start
    for edits in range(len(history) - 1, -1, -1):
        ends = history[edits]
        down = diagonal == -edits or (diagonal != edits and ends[diagonal - 1] < ends[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        entered = x0 if edits == 0 else (ends[before] if down else ends[before] + 1)
        while x > entered and x > x0:
            x, y = x - 1, y - 1
            found.append((x, y))
        if edits == 0:
            break
        x = ends[before]
        y = y0 + (x - x0) - before
        diagonal = before
    return found[::-1], end


def rising(pairs: Sequence[tuple[int, int]]) -> Pairs:
    """Of pairs sorted by their first, the most that rise in their second, too."""
    from bisect import bisect_left

    tails: list[int] = []  # the least second at which a chain of each length ends
    chain: list[int] = []  # which pair that is
    before: list[int] = []
    for number, (_, second) in enumerate(pairs):
        place = bisect_left(tails, second)
        before.append(chain[place - 1] if place else -1)
        tails[place : place + 1] = [second]
        chain[place : place + 1] = [number]
    found: Pairs = []
    at = chain[-1] if chain else -1
    while at >= 0:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]

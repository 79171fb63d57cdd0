"""The least sizes that demands on letters allow; they are tried one by one, so it is right for every demand."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from nnspec.shapes.condition import Condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.shapes.alternatives import Demand

MOST_TRIED = 8_192
MOST_EACH = 33  # of sizes that are tried because their conditions do not decide
MOST_CHOICES = 25
_SAMPLE = range(1_000, 1_120)
LARGEST_PAIRED = 64  # of sizes that hang on one another, so many of each are tried


def first_sizes(letter: str, demands: Sequence[Demand], count: int) -> list[int]:
    """The least sizes that fulfil all demands on one letter; fewer where no more are near."""
    plain = [each for each in demands if isinstance(each, Condition) and str(each.left) == letter]
    least = [each.right for each in plain if each.relation == ">="]
    start = max([size for size in least if isinstance(size, int)], default=1)
    found: list[int] = []
    for size in range(max(start, 1), start + MOST_TRIED):
        if all(demand.evaluate({letter: size}) for demand in demands):
            found.append(size)
            if len(found) == count:
                break
    return found


def left_out(demands: Sequence[Demand]) -> int:
    """How many sizes demands leave out, of a few large ones: of each letter, all where it hangs on others."""
    count = 0
    for letter in sorted({letter for each in demands for letter in each.symbols}):
        own = [each for each in demands if letter in each.symbols]
        if any(len(each.symbols) > 1 for each in own):
            count += len(_SAMPLE)
        else:
            count += sum(not all(each.evaluate({letter: size}) for each in own) for size in _SAMPLE)
    return count


def least_sizes(letters: Sequence[str], demands: Sequence[Demand]) -> dict[str, int] | None:
    """The least sizes that fulfil all demands; None where none were found."""
    alone = {name: [each for each in demands if each.symbols == {name}] for name in letters}
    together = [each for each in demands if len(each.symbols) > 1]
    first = {name: first_sizes(name, held, 1) for name, held in alone.items()}
    if not all(first.values()) or any(not each.symbols <= set(letters) for each in together):
        return None
    sizes = {name: found[0] for name, found in first.items()}
    joined = sorted({name for each in together for name in each.symbols})
    if all(each.evaluate(sizes) for each in together) or not joined:
        return sizes
    if len(joined) > 2:
        return None
    choices = [first_sizes(name, alone[name], LARGEST_PAIRED) for name in joined]
    for pair in sorted(product(*choices), key=lambda pair: (max(pair), pair)):
        given = {**sizes, **dict(zip(joined, pair, strict=True))}
        if all(each.evaluate(given) for each in together):
            return given
    return None


def some_sizes(letters: Sequence[str], demands: Sequence[Demand]) -> tuple[list[dict[str, int]], int]:
    """The least sizes that fulfil all demands, those of equal letters first; and up to which size those are all."""
    alone = [first_sizes(name, [each for each in demands if each.symbols == {name}], MOST_EACH) for name in letters]
    together = [each for each in demands if len(each.symbols) > 1]
    if not all(alone):
        return [], 0
    found: list[dict[str, int]] = []
    by_spread = sorted(product(*alone), key=lambda sizes: (max(sizes) - min(sizes), sizes))
    for sizes in by_spread:
        given = dict(zip(letters, sizes, strict=True))
        if all(each.evaluate(given) for each in together):
            found.append(given)
    is_all = len(found) <= MOST_CHOICES and all(len(sizes) < MOST_EACH for sizes in alone)
    return found[:MOST_CHOICES], MOST_TRIED if is_all else min(map(min, alone)) - 1

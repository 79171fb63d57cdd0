"""What an answer says: numbers and conditions as a reader of the spec would say them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from nnspec.solving.places import LARGEST
from nnspec.solving.sizes import first_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.shapes.alternatives import Demand
    from nnspec.solving.places import Gap
    from nnspec.solving.search import Found
    from nnspec.solving.solve import Solution

FEW = 6
MOST_LIMITS = 6


def listed(numbers: Sequence[int]) -> str:
    """`3, 5 or 7`; `1 to 312`; `16, 32, 48, … 512`."""
    *most, last = [f"{number:,}" for number in numbers]
    steps = {after - before for before, after in pairwise(numbers)}
    if steps == {1} and len(numbers) > 2:
        return f"{most[0]} to {last}"
    if len(numbers) <= FEW:
        return f"{', '.join(most)} or {last}" if most else last
    if len(steps) == 1:
        return f"{', '.join(most[:3])}, … {last}"
    return f"{', '.join(most[: FEW - 1])}, … ({len(numbers):,} numbers)"


def folded(numbers: Sequence[int]) -> str:
    """All of some numbers, from the least: `1 to 12, 14, 16 to 20`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [[f"{run[0]:,} to {run[-1]:,}"] if len(run) > 2 else [f"{number:,}" for number in run] for run in runs]
    return ", ".join([text for run in shown for text in run])


def described(solution: Solution, gap: Gap) -> str:
    """What fits one hole, whatever fits the others."""
    letter = dict(solution.letters).get(gap.span)
    if letter is not None and len({way.conditions for way in solution.ways}) == 1:
        return _sizes(letter, solution.ways[0].conditions)
    if letter is not None:
        return "what the others allow"
    position = solution.gaps.index(gap)
    numbers = sorted({way.numbers[position] for way in solution.ways})
    if len(solution.gaps) == 1 and solution.found.until is not None:
        near = [number for number in numbers if number <= solution.found.searched]
        start = max((b for a, b in pairwise(near) if b != a + 1), default=near[0])
        before = [number for number in near if number < start]
        return ", ".join(filter(None, (folded(before), f"{start:,} to {solution.found.until:,}")))
    return listed(numbers) + perhaps_more(solution, numbers)


def perhaps_more(solution: Solution, numbers: Sequence[int]) -> str:
    """That greater numbers may fit too, where the greatest that was tried does."""
    found = solution.found
    goes_on = numbers[-1] == found.searched or (numbers[-1] > found.searched and numbers[-1] - 1 in numbers)
    return ", and perhaps more" if goes_on and not found.is_whole and found.until is None else ""


def _sizes(letter: str, demands: Sequence[Demand]) -> str:
    """The sizes that a letter may stand for: `28`, `223 to 230`, `at least 188, with H % 16 == 12`."""
    own = [each for each in demands if each.symbols == {letter}]
    others = [str(each) for each in demands if letter in each.symbols and len(each.symbols) > 1]
    bare = {each.relation: each for each in own if str(each.left) == letter}
    first = first_sizes(letter, own, FEW + 1)
    if len(first) <= FEW and bare.keys() & {"<=", "==", "in"}:
        return ", with ".join([listed(first), *others])
    least, most = bare.get(">="), bare.get("<=")
    if most is not None and isinstance(most.right, int) and first:
        rest = [str(each) for each in own if each not in (least, most)]
        return ", with ".join([f"{first[0]:,} to {most.right:,}", *rest, *others])
    rest = [str(each) for each in own if each is not least]
    if least is not None:
        head = f"at least {first[0]:,}"
    else:
        head = f"{', '.join(map(str, first[:3]))}, …" if own else "any size"
    return ", with ".join([head, *rest, *others])


def limited(solution: Solution) -> list[str]:
    """Of one hole, what its numbers demand of the file's letters, where that is not the same for all."""
    by_limits: dict[str, list[int]] = {}
    common = set.intersection(*[set(map(str, way.restrictions)) for way in solution.ways])
    for way in solution.ways if len(solution.gaps) == 1 else ():
        own = [str(each) for each in way.restrictions if str(each) not in common]
        by_limits.setdefault(" and ".join(own), []).append(way.numbers[0])
    if len(by_limits) < 2:
        return []
    lines = []
    for limits, numbers in by_limits.items():
        ending = "s" if len(numbers) == 1 else ""
        said = f"demand{ending} {limits}" if limits else f"add{ending} no condition on sizes"
        lines.append(f"{listed(numbers)} {said}")
    return lines[:MOST_LIMITS]


def tried(found: Found, holes: int) -> str:
    """What was tried, and what is known by that."""
    if found.is_whole:
        return "every number that can stand here was tried"
    if not found.searched:
        return "numbers were tried to which the promises point, and not all others"
    searched, all_of = f"{found.searched:,}", "every number" if holes == 1 else "all numbers"
    if found.until is not None:
        return f"{all_of} up to {searched} was tried; {found.until:,} fits too, and {found.until + 1:,} does not"
    if found.ways and all(max(way, default=0) > found.searched for way in found.ways):
        fits = f"no number up to {searched} fits" if holes == 1 else f"no numbers up to {searched} fit"
        return f"{fits}; of greater ones those were tried to which the promises point"
    beyond = "" if found.searched >= LARGEST else "; greater ones may fit too"
    return f"{all_of} up to {searched} {'was' if holes == 1 else 'were'} tried{beyond}"

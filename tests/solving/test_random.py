"""Random specs with holes: what is found is what brute force finds, number by number in the text."""

from __future__ import annotations

import os
from random import Random

import pytest

from nnspec.compiler import with_deep_stack
from tests.solving.brute import accepted, holds, search_to, solved, with_numbers
from tests.solving.random_holes import random_holes

CASES = int(os.environ.get("NNSPEC_CASES", "60"))
SEED = int(os.environ.get("NNSPEC_SEED", "5"))
LARGEST = 8
CHUNKS = 10


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_is_found_is_what_brute_force_finds(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    search_to(monkeypatch, LARGEST, 16 * LARGEST)
    for number in range(chunk, CASES, CHUNKS):
        random = Random(SEED * 1_000_003 + number)
        text, least = with_deep_stack(lambda random=random: random_holes(random, random.choice([1, 1, 1, 2])))
        solution = solved(text)
        if solution.others:
            assert not accepted(text, least, 3), text
            continue
        ways = {way.numbers for way in solution.ways}
        searched = min(solution.found.searched, LARGEST)
        near = {way for way in ways if max(way) <= searched}
        assert searched >= 4, text
        assert near == accepted(text, least, searched), text
        assert all(holds(with_numbers(text, way)) for way in ways), text
        if solution.found.until is not None:
            assert holds(with_numbers(text, (solution.found.until,))), text
            assert not holds(with_numbers(text, (solution.found.until + 1,))), text
        if not ways:
            assert solution.reasons, text


@pytest.mark.parametrize("number", range(max(10, CASES // 6)))
def test_sizes_are_what_brute_force_finds(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes of an `Input` are found with letters: the conditions hold exactly where the numbers do."""
    search_to(monkeypatch, LARGEST, 16 * LARGEST)
    random = Random(SEED * 7_000_003 + number)
    text, _ = with_deep_stack(lambda: random_holes(random, 1))
    head, _, rest = text.replace("?", "2").partition("Input(")
    text = f"{head}Input(?, ?, 2){rest.partition(')')[2]}"
    solution = solved(text)
    sizes = [(random.randint(1, 24), random.randint(1, 24)) for _ in range(25)]
    if solution.letters and solution.ways:
        (way,) = solution.ways
        names = dict(solution.letters)
        letters = [names[gap.span] for gap in solution.gaps]
        for size in [*sizes, way.numbers]:
            given = dict(zip(letters, size, strict=True))
            assert all(each.evaluate(given) for each in way.conditions) == holds(with_numbers(text, size)), (text, size)
    for size in sizes:
        if not solution.ways:
            assert not holds(with_numbers(text, size)) or max(size) > max(1, solution.found.searched), text
    if solution.ways:
        assert holds(with_numbers(text, solution.ways[0].numbers)), text

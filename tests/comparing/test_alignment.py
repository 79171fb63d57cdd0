"""Sequences side by side, against all there is to try."""

from __future__ import annotations

from itertools import combinations, pairwise
from random import Random

import pytest

from nnspec.comparing import alignment
from nnspec.comparing.alignment import heaviest, longest, rising
from nnspec.comparing.folding import folded


def most_equal(old: list[int], new: list[int]) -> int:
    """The length of a longest common subsequence, by the textbook's table."""
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, a in enumerate(old):
        for j, b in enumerate(new):
            table[i + 1][j + 1] = table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


def in_order(pairs: list[tuple[int, int]]) -> bool:
    return all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


def drawn(random: Random, most: int) -> list[int]:
    return [random.randrange(3) for _ in range(random.randrange(most))]


@pytest.mark.parametrize("seed", range(300))
def test_as_many_equal_items_as_there_can_be(seed: int) -> None:
    random = Random(seed)
    old, new = drawn(random, 25), drawn(random, 25)
    pairs = longest(old, new)
    assert in_order(pairs)
    assert all(old[a] == new[b] for a, b in pairs)
    assert len(pairs) == most_equal(old, new)


def test_a_search_that_is_cut_short_still_pairs_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "_REACH", 3)
    found = best = 0
    for seed in range(100):
        random = Random(seed)
        old, new = drawn(random, 60), drawn(random, 60)
        pairs = longest(old, new)
        assert in_order(pairs)
        assert all(old[a] == new[b] for a, b in pairs)
        found, best = found + len(pairs), best + most_equal(old, new)
    assert found >= 0.8 * best


@pytest.mark.parametrize("seed", range(60))
def test_the_heaviest_pairs_are_the_best_of_all(seed: int) -> None:
    random = Random(seed)
    rows, columns = random.randrange(5), random.randrange(5)
    weights = [[float(random.randrange(4)) for _ in range(columns)] for _ in range(rows)]
    pairs = heaviest(rows, columns, lambda row, column: weights[row][column])
    best = max(
        sum(weights[a][b] for a, b in zip(left, right, strict=True))
        for count in range(min(rows, columns) + 1)
        for left in combinations(range(rows), count)
        for right in combinations(range(columns), count)
    )
    assert in_order(pairs)
    assert sum(weights[a][b] for a, b in pairs) == best


@pytest.mark.parametrize("seed", range(60))
def test_the_longest_rise(seed: int) -> None:
    random = Random(seed)
    pairs = [(number, random.randrange(12)) for number in range(random.randrange(9))]
    best = max(
        count for count in range(len(pairs) + 1)
        if any(in_order(list(chosen)) for chosen in combinations(pairs, count))
    )  # fmt: skip
    found = rising(pairs)
    assert in_order(found)
    assert set(found) <= set(pairs)
    assert len(found) == best


@pytest.mark.parametrize("seed", range(100))
def test_what_is_folded_unfolds_to_the_same(seed: int) -> None:
    random = Random(seed)
    keys = [key for _ in range(random.randrange(6)) for key in drawn(random, 5) * random.randrange(1, 5)]
    stretches = folded(keys)
    unfolded: list[int] = []
    for each in stretches:
        assert each.start == len(unfolded)
        unfolded += keys[each.start : each.start + each.length] * each.times
    assert unfolded == keys


def test_repeats_are_folded() -> None:
    stretches = folded([*"ab", *"xyz" * 1000, "c", *"dd"])
    assert [(each.start, each.length, each.times) for each in stretches] == [
        (0, 2, 1), (2, 3, 1000), (3002, 1, 1), (3003, 1, 2),
    ]  # fmt: skip

"""Promises on open sizes, joined by `and`, `or` and `not`: beside trying every pair of sizes in Python."""

from __future__ import annotations

import re
from random import Random

import pytest

from tests.program.checking import check

NETWORK = "Input(H, W, 3) -> Conv(8, 5) -> MaxPool(2) as c\nexpect {promise}\n"
SIZES = [(h, w) for h in range(6, 44) for w in range(6, 44)]
PARTS = (
    "c.height >= {n}", "c.height < {n}", "c.width > {n}", "c.height % 2 == 1", "c.width % 3 != 1",
    "c.height == c.width", "params == 608", "params > 1K", "c.height + c.width <= {n}",
)  # fmt: skip


def drawn(random: Random, depth: int) -> str:
    if depth == 0:
        return random.choice(PARTS).format(n=random.randrange(1, 14))
    if random.random() < 0.25:
        return f"not ({drawn(random, depth - 1)})"
    return f"({drawn(random, depth - 1)}) {random.choice(('and', 'or'))} ({drawn(random, depth - 1)})"


def in_python(text: str) -> str:
    sizes = text.replace("c.height", "((H - 4) // 2)").replace("c.width", "((W - 4) // 2)")
    return sizes.replace("params", "608").replace("1K", "1000")


def holding(text: str) -> list[tuple[int, int]]:
    code = compile(in_python(text), "promise", "eval")
    return [(h, w) for h, w in SIZES if eval(code, {"H": h, "W": w})]


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_what_is_said_of_a_joined_promise_is_so(first: int) -> None:
    for seed in range(first, first + 100):
        random = Random(seed)
        promise = f"({drawn(random, random.randrange(1, 4))})"
        found = check(NETWORK.format(promise=promise)).found
        true_at = holding(promise)
        codes = {each.code.number for each in found}
        conditions = [m[1] for each in found if (m := re.search(r"depends on (.*)", each.message))]
        if "NN502" in codes:
            assert not true_at, promise
        elif "H and W" not in conditions:  # that is said of what no line holds
            joined = " and ".join(f"({text})" for text in conditions) or "True"
            assert holding(joined) == true_at, promise


def test_each_verdict_is_reached() -> None:
    verdicts = {
        "c.height >= 1": set(),
        "not c.height < 1": set(),
        "c.height < 1 or c.width < 1": {"NN502"},
        "c.height % 2 == 1 and c.height % 4 == 2 or params > 1K": {"NN502"},
        "c.height >= 2 or c.height < 2": set(),
        "c.height > 3 or params > 10": set(),
        "c.height > 3 or params < 10": {"NN503"},
        "c.height > 3 or 5": {"NN210"},
        "not (" + " and ".join(f"(H > {n} or W == {n})" for n in range(7, 20)) + ")": {"NN211"},
    }
    for promise, codes in verdicts.items():
        assert {each.code.number for each in check(NETWORK.format(promise=promise)).found} == codes, promise

"""Sizes rewritten for the set that their symbols lie in, beside the same sizes in numbers."""

from __future__ import annotations

import os
from random import Random

import pytest

from nnspec.shapes.dim import Dim, evaluate, symbol
from nnspec.shapes.size_set import Progression
from nnspec.shapes.within import within
from tests.program.checking import sound

CASES = int(os.environ.get("NNSPEC_CASES", "300"))
SEED = int(os.environ.get("NNSPEC_SEED", "0"))


def drawn_size(random: Random, names: str, depth: int) -> Dim:
    if depth == 0:
        return symbol(random.choice(names)) if random.random() < 0.8 else random.randrange(1, 9)
    size = drawn_size(random, names, depth - 1)
    kind = random.randrange(4)
    if kind == 0:
        return (size + random.randrange(-12, 12)) // random.choice((2, 3, 4, 8))
    if kind == 1:
        return size * random.choice((2, 3, 8, -1)) + random.randrange(-9, 9)
    other = drawn_size(random, names, depth - 1)
    return size + other if kind == 2 or depth > 3 else size * other


def drawn_set(random: Random) -> Progression:
    step = random.choice((1, 2, 3, 4, 8, 12, 16))
    least = random.randrange(1, 40)
    most = None if random.random() < 0.8 else least + step * random.randrange(3)
    return Progression(least, most, step, least % step)


def test_equal_wherever_the_symbols_lie_in_their_sets() -> None:
    changed = 0
    for seed in range(SEED, SEED + CASES):
        random = Random(seed)
        size = drawn_size(random, "HW", random.randrange(1, 5))
        sets = {name: drawn_set(random) for name in "HW"}
        found = within(size, sets)
        changed += found != size
        for _ in range(25):
            values = {name: each.least + each.step * random.randrange(9) for name, each in sets.items()}
            if all(each.most is None or values[name] <= each.most for name, each in sets.items()):
                assert evaluate(found, values) == evaluate(size, values), (seed, str(size), sets, str(found))
    assert changed > CASES / 20, "next to nothing is rewritten, so that little is compared"


@pytest.mark.parametrize(
    ("text", "shape", "macs"),
    [
        ("Input(H, 8, 1) as x -> [MaxPool(2)] x 3 -> UpSample(8) -> Add{ _ | x }", "H", "0"),
        (
            "Input(H, 8, 1) as x -> MaxPool(2) -> UpSample(2) -> Concat{ _ | x } -> Conv(1, 1, stride=2)",
            "H // 2",
            "H * 4",
        ),
        ("Input(H, 8, 1) -> Conv(1, 5, padding=same) -> MaxPool(4)", "H // 4", "H * 200"),
    ],
)
def test_what_check_shows(text: str, shape: str, macs: str) -> None:
    from nnspec.analysis.on_domain import OnDomain

    checked = sound(text)
    on_domain = OnDomain(checked.model)
    (output,) = checked.model.outputs
    assert str(on_domain(output.type.shape[0])) == shape
    assert str(on_domain(checked.counts.macs)) == macs


def test_rows_and_their_sum_are_those_of_numbers() -> None:
    from nnspec.analysis.on_domain import OnDomain, rows_on_domain

    net = "Input(H, W, 3) as x -> Conv(4, 3) -> MaxPool(4) -> UpSample(4) -> Concat{ _ | x } -> FC(2)"
    text = f"default Conv(padding=same)\n{net}"
    checked = sound(text)
    rows = list(rows_on_domain(checked.model, checked.graph))
    assert [str(row.outputs[0].shape[0]) for row in rows] == ["H", "H", "H // 4", "H", "H", "2"]
    numbers = sound(text, inputs="12,20,3")
    for row, other in zip(rows, rows_on_domain(numbers.model, numbers.graph), strict=True):
        for name in ("params", "trainable_params", "macs", "activation_bytes"):
            assert evaluate(getattr(row, name), {"H": 12, "W": 20}) == getattr(other, name)
    assert str(OnDomain(checked.model)(checked.counts.macs)) == "H * W * 122"

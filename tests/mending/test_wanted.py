"""What people want first of a mistake that many make: the line that the first fix gives, found by hand."""

from __future__ import annotations

import pytest

from tests.mending.offering import Offered, faults, spliced

FIRST = [
    # Keras's Permute counts the batch
    ("Input(30, 300) -> Permute(2, 1) -> GRU(5)\n", "Input(30, 300) -> Permute(1, 0) -> GRU(5)"),
    ("Input(8, 9, 3) -> Permute(2, 3, 1)\n", "Input(8, 9, 3) -> Permute(1, 2, 0)"),
    ("Input(8, 9, 3) -> Permute(2, 1, 3) -> GAP\n", "Input(8, 9, 3) -> Permute(1, 0, 2) -> GAP"),
    # the second call of the block has another fault, at the same place and of the same code
    (
        "block Res(c, s=1) = Add{ Conv(c, 3, stride=s, padding=same) -> ReLU -> Conv(c, 3) | _ }\n"
        "Input(32, 32, 16) -> Res(16) -> Res(32, 2)\n",
        "block Res(c, s=1) = Add{ Conv(c, 3, stride=s, padding=same) -> ReLU -> Conv(c, 3, padding=same)"
        " | Conv(c, 1, stride=s) }",
    ),
    # one that does not flatten, and one that does
    (
        "Input(20, 8) -> LSTM(16, sequences=true) -> FC(7) : (20, 7)\n",
        "Input(20, 8) -> LSTM(16, sequences=true) -> Dense(7) : (20, 7)",
    ),
    (
        "Input(28, 28, 1) -> Conv(8, 3) -> MaxPool(2) -> Dense(128) -> Reshape(128)\n",
        "Input(28, 28, 1) -> Conv(8, 3) -> MaxPool(2) -> FC(128) -> Reshape(128)",
    ),
    # He et al. 2015, option B
    (
        "Input(32, 32, 16) -> Add{ Conv(16, 3, stride=2, padding=same) -> BN | _ }\n",
        "Input(32, 32, 16) -> Add{ Conv(16, 3, stride=2, padding=same) -> BN | Conv(16, 1, stride=2) }",
    ),
    # a mixer's permutation back
    (
        "Input(64, 128) -> Add{ Permute(1, 0) -> Dense(64) | _ }\n",
        "Input(64, 128) -> Add{ Permute(1, 0) -> Dense(64) -> Permute(1, 0) | _ }",
    ),
    ("Input(8, 8, 3) -> FC(10) : (1, 10)\n", "Input(8, 8, 3) -> FC(10) : (10,)"),
    ("Input(28, 28) -> Conv(32, 3x3) -> Pool(2x2)\n", "Input(28, 28, 1) -> Conv(32, 3x3) -> Pool(2x2)"),
    # Szegedy et al. 2014, figure 2
    (
        "Input(28, 28, 8) -> Concat{ Conv(4, 1) | Conv(6, 3, padding=same) | MaxPool(3) -> Conv(2, 1) }\n",
        "Input(28, 28, 8) -> Concat{ Conv(4, 1) | Conv(6, 3, padding=same)"
        " | MaxPool(3, stride=1, padding=same) -> Conv(2, 1) }",
    ),
    # channels first, as PyTorch has them
    ("Input(3, 64, 64) -> Conv(8, 7) -> FC(2)\n", "Input(64, 64, 3) -> Conv(8, 7) -> FC(2)"),
    ("Input(28, 3) -> Conv(32, 3x3)\n", "Input(28, 3) -> Conv(32, 3)"),
]


@pytest.mark.parametrize(("text", "line"), FIRST, ids=[text.splitlines()[-1][:60] for text, _ in FIRST])
def test_the_first_fix(text: str, line: str) -> None:
    error = Offered(text).errors[0]
    after = spliced(text, error.fixes[0].edits)
    assert line in after.splitlines(), [fix.title for fix in error.fixes]
    assert len(faults(after)) < len(faults(text))


def test_a_stage_is_not_made_to_do_nothing() -> None:
    assert [fix.title for fix in Offered(FIRST[0][0]).fixes if "Permute(0, 1)" in fix.title] == []

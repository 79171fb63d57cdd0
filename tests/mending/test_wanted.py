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
]


@pytest.mark.parametrize(("text", "line"), FIRST, ids=[text.splitlines()[-1][:60] for text, _ in FIRST])
def test_the_first_fix(text: str, line: str) -> None:
    error = Offered(text).errors[0]
    after = spliced(text, error.fixes[0].edits)
    assert line in after.splitlines(), [fix.title for fix in error.fixes]
    assert len(faults(after)) < len(faults(text))


def test_a_stage_is_not_made_to_do_nothing() -> None:
    assert [fix.title for fix in Offered(FIRST[0][0]).fixes if "Permute(0, 1)" in fix.title] == []

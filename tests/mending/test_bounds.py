"""What is spent on fixes is bounded, whatever the spec: counted in trials and calls, never timed."""

from __future__ import annotations

import pytest

from nnspec.mending.trial import MOST_TRIALS
from tests.effort import effort
from tests.mending.offering import Offered

MOST_CALLS = 5_000_000

HUNDRED = "".join(f"x{i} = Input(8, 8, 3) -> Conv(4, 9)\n" for i in range(100))
NESTED = "Input(4000, 8) -> " + "(" * 12 + "Conv(4, 3)" + " x 3)" * 12 + "\n"
LONG = "Input(8, 8, 3)\n" + "-> Conv(4, 3, padding=same)\n" * 200 + "-> Conv(4, 9)\n"
WIDE = "Input(8, 8, 3) -> Concat{ " + " | ".join(f"Conv(4, {i % 3 + 1})" for i in range(50)) + " }\n"
CALLS = "block B0(c) = Conv(c, 3)\n" + "".join(
    f"block B{i}(c) = B{i - 1}(c) -> B{i - 1}(c)\n" for i in range(1, 12)
) + "Input(40, 8) -> B11(4)\n"  # fmt: skip

HOSTILE = {
    "twenty errors": "\n".join(HUNDRED.split("\n")[:20]) + "\n",
    "a million turns": "Input(8, 8, 3) -> [Conv(4, 3)] x 1_000_000 -> FC(3)\n",
    "a million turns of another size each": "Input(9000, 3) -> [Conv(4, 3) -> Conv(4, 2)] x 1_000_000 -> FC(3)\n",
    "repeats in repeats": NESTED,
    "a thousand stages": LONG,
    "three hundred branches": WIDE,
    "blocks of blocks": CALLS,
    "a budget that every trial breaks": (
        "block B(c) = Residual{ BN -> Conv(c, 3, padding=same) }\n"
        "Input(33, 33, 16) -> B(16) x 900 : (32, 32, 16) -> FC(3)\nexpect params == 3\nexpect receptive_field >= 9999\n"
    ),
    "large numbers": "Input(9999999999, 9999999999, 3) -> Reshape(7, 99999999999) -> FC(2)\n",
    "symbols": "Input(H, W, C) -> Conv(8, 3) -> Add{ _ | Conv(9, 5) -> Crop(99) } -> Reshape(7, 7, 7)\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_work_is_bounded(text: str) -> None:
    offered: list[Offered] = []
    calls = effort(lambda: offered.append(Offered(text)))
    assert calls < MOST_CALLS
    assert offered[0].budget.trials >= 0


def test_a_file_too_long_to_be_tried_is_not() -> None:
    text = "# " + "x" * 400_000 + "\nInput(8, 8, 3) -> Conv(4, 9)\n"
    offered = Offered(text)
    assert offered.errors
    assert not offered.fixes
    assert offered.budget.trials == MOST_TRIALS


def test_of_many_errors_the_first_get_fixes() -> None:
    offered = Offered(HUNDRED)
    with_fixes = [bool(error.fixes) for error in offered.errors]
    assert len(with_fixes) == 100
    assert with_fixes == sorted(with_fixes, reverse=True)
    assert 5 <= sum(with_fixes) <= 20

"""Promises that another size breaks: few trials find their fixes, counted and never timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnspec.mending.trial import MOST_TRIALS
from tests.effort import effort
from tests.mending.offering import Offered, faults

RESNET = Path(__file__).parents[2] / "specs" / "residual" / "resnet50.nn"
MOST_TRIED = 20
MOST_CALLS = 5_000_000


@pytest.mark.parametrize("size", [20, 64])
def test_another_size_is_not_sought_in_repeats_that_do_not_change_it(size: int) -> None:
    """A block more or less leaves the map as it is, so its number is no way to another map, and no trial's worth."""
    text = RESNET.read_text().replace("224, 224", f"{size}, {size}")
    offered: list[Offered] = []
    calls = effort(lambda: offered.append(Offered(text, str(RESNET))))
    (found,) = offered
    assert MOST_TRIALS - found.budget.trials < MOST_TRIED
    assert calls < MOST_CALLS
    broken = [error for error in found.errors if error.code.number == "NN501"]
    assert len(broken) == 5
    assert all(error.fixes for error in broken)


def test_a_repeat_that_changes_sizes_still_counts() -> None:
    """32 / 2 / 2 / 2 = 4, and one turn fewer gives the 8 that is promised."""
    found = Offered("Input(32, 32, 3) -> [Conv(8, 3, padding=same) -> Pool] x 3 : (8, 8, 8)\n")
    assert any("repeat 2 times" in fix.title for fix in found.fixes)
    assert not faults(found.file.text.replace("x 3", "x 2"))

"""Specs made to be large, deep or slow: one function a trap, scaled at random up to 64 KB."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz import nasty_files, nasty_flows, nasty_syntax, nasty_values

TRAPS: tuple[Callable[[int], str], ...] = tuple(
    [
        value
        for module in (nasty_syntax, nasty_flows, nasty_values, nasty_files)
        for name, value in vars(module).items()
        if name.startswith("_") and not name.startswith("__") and callable(value)
    ]
)
SCALES = (1, 2, 3, 5, 8, 13, 20, 40, 60, 100, 150, 199, 200, 201, 300, 500, 1000, 3000)


def trap(rng: Random) -> tuple[str, bool, str]:
    """A trap's text, whether it is YAML, and its name."""
    make = rng.choice(TRAPS)
    text = make(rng.choice(SCALES))
    return text[:65_536], make.__name__.startswith("_yaml"), make.__name__.strip("_")

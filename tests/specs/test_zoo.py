"""The smaller published networks are built, take a training step, are saved and loaded, as `python -m tests.specs.zoo`
does with all of them. What an initialisation does is seen in the network that is there to show it.
"""

from __future__ import annotations

import glob
import os
from typing import Any

import numpy as np
import pytest

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.program.graph import flatten
from tests.reference.test_published import ROOT
from tests.specs.test_specs import compiled
from tests.specs.zoo import ZOO, try_member

MOST_PARAMS = 30_000_000
LARGE = {name for name, entry in ZOO.items() if entry["params"] >= MOST_PARAMS or entry.get("tried") == "alone"}


def test_every_spec_in_a_folder_is_a_member() -> None:
    specs = {os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "specs", "*", "*"))}
    libraries = {path for path in specs if path.endswith("/blocks.nn")}
    assert {entry["spec"] for entry in ZOO.values()} == specs - libraries


@pytest.mark.parametrize("name", [name for name in ZOO if name not in LARGE])
def test_a_member_works(name: str) -> None:
    try_member(name)


@pytest.mark.parametrize(
    ("start", "low", "high"), [("xavier", 0.1, 0.7), ("normal(std=0.01)", 0, 1e-5), ("normal(std=1)", 0.95, 1)]
)
def test_what_an_initialisation_does_to_ten_layers(start: str, low: float, high: float) -> None:
    """The root mean square of what the tenth layer gives: alive, faded, or saturated."""
    keras: Any = import_keras()
    (model,) = compiled("specs/basics/tanh10.nn", params=(("start", start),))
    x = np.random.default_rng(1).normal(size=(50, 500)).astype("float32")
    tenth = np.array(build(flatten(model), seed=1)(x)[-1])
    assert low <= np.sqrt((tenth**2).mean()) <= high
    keras.utils.clear_session(free_memory=True)

"""Two networks of `keras.applications`, their weights in ours; `python -m tests.specs.applications` tries all six."""

from __future__ import annotations

import pytest

from tests.specs.applications import try_application


@pytest.mark.parametrize("name", ["MobileNet", "ResNet50"])
def test_with_the_same_weights_it_gives_the_same_outputs(name: str) -> None:
    try_application(name)

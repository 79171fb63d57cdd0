"""Multiply-adds of each layer beside TensorFlow's profiler, where it is right: half its float operations.

`benchmarks/profiler.py` says what it does not see, and compares all convolutional networks of `specs/`.
"""

from __future__ import annotations

import pytest

from benchmarks.profiler import ours, profiled
from tests.ops.by_spec import model_of
from tests.program.checking import sound

NETWORKS = {
    "every convolution that it sees": (
        "Input(24, 20, 6) -> Conv(8, 3x5, stride=2) -> DepthwiseConv(3, depth_multiplier=2) -> SeparableConv(5, 3) "
        "-> Conv(4, 3, padding=same) -> Dense(7) -> GAP -> FC(3)"
    ),
    "in one and in three dimensions": (
        "x = Input(30, 4) -> Conv(6, 3, padding=causal) -> GlobalMaxPool -> FC(2)\n"
        "y = Input(6, 7, 8, 2) -> Conv(3, 2x3x1) -> FC(2)\noutput x, y"
    ),
    "blocks and repeats": (
        "block Unit(c) = Residual{ Conv(c, 3, padding=same) -> BN -> ReLU -> Conv(c, 3, padding=same) }\n"
        "Input(16, 16, 8) -> Unit(8) x 3 -> Conv(4, 1, stride=2) -> Unit(4) x 2 -> FC(5)"
    ),
}


@pytest.mark.parametrize("title", NETWORKS)
def test_each_layer(title: str) -> None:
    text = NETWORKS[title]
    seen, unseen, _ = ours(sound(text).graph)
    assert not unseen
    assert profiled(model_of(text)) == seen


@pytest.mark.parametrize("path", ["specs/vision/lenet5.nn", "specs/textbook.nn"])
def test_networks_of_the_specs(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    model = model_of(text)
    seen, *_ = ours(sound(text).graph)
    assert profiled(model) == seen
    assert model.count_params() == sound(text).counts.params

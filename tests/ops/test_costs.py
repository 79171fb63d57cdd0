"""Multiply-adds and what an output position sees, counted by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import read

MACS = [
    ("Conv(64, 3)", (32, 32, 3), 30 * 30 * 64 * 9 * 3),
    ("Conv(64, 7, stride=2, padding=3)", (224, 224, 3), 118_013_952),  # the first layer of ResNet-50
    ("Conv(6, 3, groups=2)", (8, 8, 8, 4), 6**3 * 6 * 27 * 2),
    ("Conv(16, 3, padding=causal)", (50, 8), 50 * 16 * 3 * 8),
    ("ConvTranspose(4, 2, stride=2)", (16, 16, 8), 16 * 16 * 2 * 2 * 8 * 4),
    ("ConvTranspose(4, 3, stride=2, padding=1, output_padding=1)", (16, 8), 16 * 3 * 8 * 4),
    ("DepthwiseConv(3, padding=same)", (32, 32, 16), 32 * 32 * 16 * 9),
    ("DepthwiseConv(3, depth_multiplier=2)", (20, 4), 18 * 8 * 3),
    ("SeparableConv(64, 3, padding=same)", (32, 32, 16), 32 * 32 * 16 * 9 + 32 * 32 * 16 * 64),
    ("Dense(3)", (5, 8), 5 * 8 * 3),
    ("FC(10)", (4, 4, 2), 32 * 10),
    ("Maxout(3, 4)", (8,), 8 * 12),
    ("MaxPool(2)", (8, 8, 3), 0),
    ("GlobalAvgPool", (8, 8, 3), 0),
]


@pytest.mark.parametrize(("text", "shape", "macs"), MACS)
def test_macs(text: str, shape: tuple[int, ...], macs: int) -> None:
    (operator,) = read(text)
    x = TensorType(shape)
    assert operator.macs(x, operator.infer(x)) == macs


#: Per axis the size of what an output position sees, the stride from one to the next, and where the first begins.
REACH = [
    ("Conv(8, 5, dilation=2, stride=3)", (40, 3), [(9, 3, 0)]),
    ("Conv(8, 3x1, stride=(2, 1))", (9, 9, 3), [(3, 2, 0), (1, 1, 0)]),
    ("Conv(8, 3, padding=same)", (9, 8, 3), [(3, 1, -1), (3, 1, -1)]),
    ("Conv(8, 3, stride=2, padding=same)", (9, 8, 3), [(3, 2, -1), (3, 2, 0)]),  # 9 is padded by 2, 8 by 1 at its end
    ("Conv(8, 4, padding=same)", (9, 3), [(4, 1, -1)]),  # of 3 zeros 1 before, 2 after
    ("Conv(8, 3, dilation=4, padding=causal)", (40, 3), [(9, 1, -8)]),
    ("Conv(8, 3, padding=((2, 0), (0, 1)))", (9, 9, 3), [(3, 1, -2), (3, 1, 0)]),
    ("MaxPool(3, 2, 1)", (9, 9, 3), [(3, 2, -1), (3, 2, -1)]),
    ("ConvTranspose(8, 3, stride=2)", (9, 3), [(2, Fraction(1, 2), -1)]),  # an output position sees one or two inputs
    ("ConvTranspose(8, 2, stride=2)", (9, 3), [(1, Fraction(1, 2), 0)]),
    ("ConvTranspose(8, 4, stride=2, padding=1)", (9, 3), [(2, Fraction(1, 2), -1)]),
    ("UpSample(4)", (9, 3), [(1, Fraction(1, 4), 0)]),
    ("UpSample(2, interpolation=bilinear)", (9, 9, 3), [(2, Fraction(1, 2), -1)] * 2),
    ("Resize(3, interpolation=nearest)", (9, 12, 3), [(1, 3, 1), (1, 4, 2)]),
    ("PixelShuffle(3)", (4, 4, 9), [(1, Fraction(1, 3), 0)] * 2),
    ("ZeroPad(1)", (9, 9, 3), [(1, 1, -1)] * 2),
    ("Crop(1)", (9, 9, 3), [(1, 1, 1)] * 2),
    ("Crop(((0, 1), (2, 3)))", (9, 9, 3), [(1, 1, 0), (1, 1, 2)]),
    ("Slice(-4, axis=1)", (9, 9, 3), [(1, 1, 0), (1, 1, 5)]),
    ("CenterCrop(4, 5)", (9, 9, 3), [(1, 1, 2), (1, 1, 2)]),
    ("Split(3)", (9, 9, 3), [(1, 1, 0)] * 2),
    ("GlobalMaxPool", (9, 9, 3), None),
    ("Flatten", (9, 9, 3), None),
    ("Reshape(-1, 3)", (9, 9, 3), None),
]


@pytest.mark.parametrize(("text", "shape", "reach"), REACH)
def test_reach(text: str, shape: tuple[int, ...], reach: list[tuple[int, Fraction | int, int]] | None) -> None:
    (operator,) = read(text)
    found = operator.reach(TensorType(shape))
    assert (None if found is None else [(axis.size, axis.stride, axis.offset) for axis in found]) == reach

"""What these operators are lowered to can be saved and loaded again, and computes the same."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from nnspec.ops import activation as a
from nnspec.ops import merge as m
from nnspec.ops import norm as n
from nnspec.ops import regularization as r
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.ops.registry import shorthands
from tests.ops.oracle import build, make
from tests.ops.pointwise import as_array, tensor, values

CONSTANT = Word("constant", (0.5,))
ONE: list[Operator] = [
    *(make(name) for name in shorthands("act").values()),
    a.GELU(approximate=True),
    a.LogSoftmax(axis=0),
    a.PReLU(shared_axes=0, init=CONSTANT),
    a.RReLU(low=0.1, high=0.2, seed=4),
    a.GumbelSoftmax(axis=0, hard=True, temperature=0.5, seed=4),
    a.Step(threshold=0.5),
    n.BatchNorm(axis=0, trainable=False),
    n.LayerNorm(axis=(0, 1), init=CONSTANT),
    n.GroupNorm(groups=2),
    n.InstanceNorm(),
    n.RMSNorm(),
    n.RMSNorm(axis=0, init=CONSTANT, bias=True, bias_init=CONSTANT),
    n.UnitNorm(axis=(0, 1)),
    n.LRN(size=3, alpha=0.5, beta=0.5, k=1),
    r.Dropout(rate=0.2, noise_shape=(1, None)),
    r.SpatialDropout(rate=0.2),
    r.AlphaDropout(rate=0.2),
    r.GaussianDropout(rate=0.2),
    r.GaussianNoise(std=0.2),
    r.DropPath(rate=0.2, seed=1),
]
SEVERAL: list[tuple[Operator, list[tuple[int, ...]]]] = [
    (m.Add(), [(5, 4), (5, 4)]),
    (m.Multiply(), [(5, 4), (4,)]),
    (m.Concat(axis=0), [(5, 4), (2, 4)]),
    (m.Dot(axes=(1, 1), normalize=True), [(5, 4), (3, 4)]),
]
CASES = [*((operator, [(5, 4)]) for operator in ONE), *SEVERAL]


@pytest.mark.parametrize(("operator", "shapes"), CASES, ids=[repr(operator) for operator, _ in CASES])
def test_a_saved_model_loads_and_computes_the_same(
    operator: Operator, shapes: list[tuple[int, ...]], tmp_path: Any
) -> None:
    model = build(operator, [tensor(*shape) for shape in shapes]).model
    inputs = [values(*shape) for shape in shapes]
    path = str(tmp_path / "model.keras")
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert np.allclose(as_array(loaded(inputs)), as_array(model(inputs)), atol=1e-6)
    before = [(w.name, tuple(w.shape), w.trainable) for w in model.weights]
    assert [(w.name, tuple(w.shape), w.trainable) for w in loaded.weights] == before
    assert [layer.get_config() for layer in loaded.layers] == [layer.get_config() for layer in model.layers]

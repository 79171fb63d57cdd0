"""Our own Keras layers as layers: unknown sizes in a compiled graph, training, saving and loading."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from nnspec.shapes.dim import recording, symbol
from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import build, read

RANDOM = np.random.default_rng(5)

OWN = [
    ((None, None, 3), "MaxPool(3, 2, 1)"),
    ((None, None, 3), "MaxPool(3, 2, 1, ceil=true)"),
    ((None, None, 3), "AvgPool(3, 2, ((0, 1), (2, 0)), ceil=true)"),
    ((None, 3), "KMaxPool(3)"),
    ((None, None, 3), "AdaptiveMaxPool(3x4)"),
    ((None, None, 3), "AdaptiveAvgPool(3)"),
    ((None, 6), "Maxout(4, 2)"),
    ((None, None, 4), "PixelShuffle(2)"),
    ((None, 4), "Slice(1, -1)"),
    ((None, None, 4), "Conv(2, 3, stride=2, dilation=2, padding=1)"),
]


@pytest.mark.parametrize(("shape", "text"), OWN)
def test_graph_mode_training_and_saving(shape: tuple[int | None, ...], text: str, tmp_path: object) -> None:
    (operator,) = read(text)
    letters = iter("HWD")
    type = TensorType(tuple(symbol(next(letters)) if size is None else size for size in shape))
    with recording():
        built = build(operator, [type])
    model = built.model
    x = RANDOM.normal(size=(4, *(size or 9 for size in shape))).astype("float32")
    eager = built.run(x)
    np.testing.assert_allclose(model.predict([x], verbose=0), eager, rtol=1e-5, atol=1e-6)
    model.save(f"{tmp_path}/m.keras")
    again = keras.saving.load_model(f"{tmp_path}/m.keras")
    np.testing.assert_allclose(again.predict([x], verbose=0), eager, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("shape", "text"), [case for case in OWN if case[1] != "PixelShuffle(2)"])
def test_gradients_pass(shape: tuple[int | None, ...], text: str) -> None:
    """A layer before ours learns, so that ours hands gradients on."""
    (operator,) = read(text)
    sizes = tuple(size or 9 for size in shape)
    inputs = keras.Input(sizes)
    before = keras.layers.Dense(sizes[-1], use_bias=False)
    (y,) = build(operator, [TensorType(sizes)]).model([before(inputs)])
    model = keras.Model(inputs, keras.layers.Flatten()(y))
    model.compile("sgd", "mse")
    old = before.get_weights()[0].copy()
    x = RANDOM.normal(size=(4, *sizes)).astype("float32")
    model.fit(x, np.ones((4, *model.output_shape[1:])), verbose=0)
    new = before.get_weights()[0]
    assert np.isfinite(new).all()
    assert not np.array_equal(old, new)

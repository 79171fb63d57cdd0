"""Specs beside Keras: `keras.applications` where it has the network, else the same layers written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnspec.analysis.quantities import count
from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.program.graph import flatten
from tests.specs.test_specs import compiled

keras: Any = import_keras()
L = keras.layers


def sizes(model: Any) -> tuple[int, int]:
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return model.count_params(), trainable


def weights(model: Any) -> list[tuple[int, ...]]:
    return sorted(tuple(weight.shape) for weight in model.weights)


def textbook() -> Any:
    x = first = keras.Input((32, 32, 3))
    for _ in range(3):
        for _ in range(2):
            x = L.ReLU()(L.Conv2D(32, 3, padding="same")(x))
        x = L.MaxPooling2D()(x)
    return keras.Model(first, L.Dense(10)(L.Flatten()(x)))


def lenet5() -> Any:
    x = first = keras.Input((28, 28, 1))
    x = L.Conv2D(6, 5, padding="same", activation="tanh")(x)
    x = L.AveragePooling2D(2)(x)
    x = L.AveragePooling2D(2)(L.Conv2D(16, 5, activation="tanh")(x))
    x = L.Dense(84, activation="tanh")(L.Dense(120, activation="tanh")(L.Flatten()(x)))
    return keras.Model(first, L.Dense(10, activation="softmax")(x))


def siamese() -> Any:
    inside = keras.Input((28, 28, 1))
    x = inside
    for _ in range(2):
        x = L.MaxPooling2D()(L.ReLU()(L.Conv2D(32, 3)(x)))
    tower = keras.Model(inside, L.Dense(64)(L.Flatten()(x)))
    a, b = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    return keras.Model([a, b], L.Dense(1, activation="sigmoid")(L.Subtract()([tower(a), tower(b)])))


def textcnn() -> Any:
    words = keras.Input((56,), dtype="int32")
    x = L.Embedding(18765, 300)(words)
    found = [L.GlobalMaxPooling1D()(L.Conv1D(100, k, activation="relu")(x)) for k in (3, 4, 5)]
    return keras.Model(words, L.Dense(2, activation="softmax")(L.Dropout(0.5)(L.Concatenate()(found))))


def unet() -> Any:
    def double(x: Any, c: int) -> Any:
        return L.Conv2D(c, 3, activation="relu")(L.Conv2D(c, 3, activation="relu")(x))

    x = first = keras.Input((204, 220, 1))
    skips = []
    for i in range(4):
        skips.append(double(x, 64 * 2**i))
        x = L.MaxPooling2D()(skips[-1])
    x = double(x, 1024)
    for i in range(4):
        x = L.Conv2DTranspose(512 // 2**i, 2, strides=2)(x)
        skip = skips[3 - i]
        crop = [((s - t) // 2, s - t - (s - t) // 2) for s, t in zip(skip.shape[1:3], x.shape[1:3], strict=True)]
        x = double(L.Concatenate()([L.Cropping2D(tuple(crop))(skip), x]), 512 // 2**i)
    return keras.Model(first, L.Conv2D(2, 1)(x))


WRITTEN = {
    "specs/textbook.nn": (textbook, ()),
    "specs/textbook.yaml": (textbook, ()),
    "specs/vision/lenet5.nn": (lenet5, ()),
    "specs/basics/siamese.nn": (siamese, ()),
    "specs/text/textcnn.nn": (textcnn, ()),
    "specs/vision/unet.nn": (unet, ((None, "204,220,1"),)),
    "specs/residual/resnet50.nn": (lambda: keras.applications.ResNet50(weights=None), ()),
    "specs/vision/vgg16.nn": (lambda: keras.applications.VGG16(weights=None), ()),
}


@pytest.mark.parametrize("path", WRITTEN)
def test_it_has_the_weights_of_the_network_written_by_hand(path: str) -> None:
    by_hand, inputs = WRITTEN[path]
    (model,) = compiled(path, inputs=inputs)
    counts, theirs = count(model), by_hand()
    expected, shapes, output = sizes(theirs), weights(theirs), tuple(theirs.output_shape)
    del theirs
    keras.utils.clear_session(free_memory=True)
    assert (counts.params, counts.trainable_params) == expected
    ours = build(flatten(model))
    assert sizes(ours) == expected
    assert weights(ours) == shapes
    assert tuple(ours.output_shape) == output
    keras.utils.clear_session(free_memory=True)

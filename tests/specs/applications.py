"""Networks of `keras.applications`, and ours with the weights of theirs: the same outputs.

    python -m tests.specs.applications [NAME…]

tries all of them; `test_applications.py` tries the smaller ones. Layers are matched by hand, by the names that Keras
gives them; nothing is matched by shape.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.backends.lower import Lowered, lower
from nnspec.calls import Call
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.graph import flatten
from tests.specs.test_specs import compiled

#: Spec, and the names of Keras's layers with weights in the order in which the spec writes them.
APPLICATIONS: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "VGG16": ("specs/vision/vgg16.nn", lambda: _vgg(2, 2, 3, 3, 3)),
    "VGG19": ("specs/vision/vgg19.nn", lambda: _vgg(2, 2, 4, 4, 4)),
    "ResNet50": ("specs/residual/resnet50.nn", lambda: _resnet(3, 4, 6, 3)),
    "ResNet101": ("specs/residual/resnet101.nn", lambda: _resnet(3, 4, 23, 3)),
    "ResNet152": ("specs/residual/resnet152.nn", lambda: _resnet(3, 8, 36, 3)),
    "MobileNet": ("specs/vision/mobilenet.nn", lambda: _mobilenet()),
}


def _vgg(*turns: int) -> Iterator[str]:
    for i, n in enumerate(turns, start=1):
        for j in range(1, n + 1):
            yield f"block{i}_conv{j}"
    yield from ("fc1", "fc2", "predictions")


def _resnet(*turns: int) -> Iterator[str]:
    yield from ("conv1_conv", "conv1_bn")
    for stage, n in enumerate(turns, start=2):
        for block in range(1, n + 1):
            # the main path, which our spec writes first, and the projection, which Keras makes first and calls 0
            for number in (1, 2, 3, 0) if block == 1 else (1, 2, 3):
                yield f"conv{stage}_block{block}_{number}_conv"
                yield f"conv{stage}_block{block}_{number}_bn"
    yield "predictions"


def _mobilenet() -> Iterator[str]:
    yield from ("conv1", "conv1_bn")
    for i in range(1, 14):
        for kind in ("dw", "pw"):
            yield f"conv_{kind}_{i}"
            yield f"conv_{kind}_{i}_bn"
    yield "conv_preds"  # a 1 x 1 convolution of one pixel, which our spec writes as the FC that it is


def try_application(name: str) -> float:
    """Set the weights and compare the outputs; the largest difference found."""
    keras: Any = import_keras()
    keras.utils.clear_session(free_memory=True)
    path, names = APPLICATIONS[name]
    found = Diagnostics()
    lowered = lower(flatten(compiled(path)[0]), found)
    assert lowered is not None
    ours, theirs = build(lowered), getattr(keras.applications, name)(weights=None)
    x = np.random.default_rng(1).normal(size=(2, 224, 224, 3)).astype("float32")
    _draw_weights(keras, theirs, x)
    others = [theirs.get_layer(each) for each in names()]
    assert {each.name for each in others} == {each.name for each in theirs.layers if each.weights}
    for layer, other in zip(_in_order(lowered, ours), others, strict=True):
        given = other.get_weights()
        if name == "MobileNet" and other.name == "conv_preds":
            given[0] = given[0][0, 0]
        layer.set_weights(given)
    expected = np.array(theirs(x, training=False))
    assert np.abs(expected[0] - expected[1]).max() > 1e-3  # or the comparison would say little
    difference = float(np.abs(np.array(ours(x, training=False)) - expected).max())
    assert difference <= 1e-5, difference
    return difference


def _in_order(lowered: Lowered, built: Any) -> list[Any]:
    """Our layers with weights, in the order in which the spec writes them."""
    calls = [statement.value.target for statement in lowered.statements if isinstance(statement.value, Call)]
    named = [call.kwargs["name"] for call in calls if isinstance(call, Call) and "name" in call.kwargs]
    return [layer for layer in map(built.get_layer, named) if layer.weights]


def _draw_weights(keras: Any, model: Any, x: Any) -> None:
    """Normalisations that change something yet keep what passes in its range, and a head that tells examples apart."""
    random = np.random.default_rng(2)
    normalisations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in normalisations:
        layer.gamma.assign(random.uniform(0.5, 1.5, layer.gamma.shape))
        layer.beta.assign(random.normal(0, 0.3, layer.beta.shape))
        layer.momentum = 0.0
    model(x, training=True)  # now the moving statistics are those of x
    for layer in normalisations:
        layer.momentum = 0.99
    head = [layer for layer in model.layers if layer.weights][-1]
    features = np.array(keras.Model(model.input, head.input)(x, training=False))
    kernel, bias = head.get_weights()
    scores = features.reshape(len(x), -1) @ kernel.reshape(-1, kernel.shape[-1])
    head.set_weights([kernel * 2 / scores.std(), bias])


def main(names: list[str]) -> int:
    """Try networks one after the other."""
    for name in names or APPLICATIONS:
        print(f"{name}: outputs differ by at most {try_application(name):.1e}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""ResNet-50 from its spec, against the one that Keras ships, weights copied layer by layer."""

import numpy as np
import pytest

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.backends.keras_source import generate
from nnspec.backends.lower import lower
from nnspec.calls import Call
from nnspec.compiler import Settings, load
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.graph import flatten

keras = import_keras()

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def lowered():
    found = Diagnostics()
    program = load("specs/residual/resnet50.nn", Settings(), found)
    assert not found.has_errors, found.sorted()
    return lower(flatten(program.models[0]), found)


@pytest.fixture(scope="module")
def built(lowered):
    return build(lowered, seed=1)


@pytest.fixture(scope="module")
def published():
    keras.utils.set_random_seed(2)
    model = keras.applications.ResNet50(weights=None)
    random = np.random.default_rng(3)
    for layer in model.layers:  # statistics and scales that are not ones and zeros
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return model


def by_use(model):
    """Layers with weights as the published model names them: the stem, then each block's convolutions.

    Keras makes the shortcut first (`_0_`), our spec writes it last: they are put in one order by name.
    """

    def place(layer):
        stage, *rest = layer.name.split("_")
        block = int(rest[0].removeprefix("block")) if rest and rest[0].startswith("block") else 0
        number = int(rest[1]) if len(rest) > 1 and rest[1].isdigit() else 0
        return (stage == "predictions", stage, block, number or 9, layer.name.endswith("_bn"))

    return sorted((layer for layer in model.layers if layer.get_weights()), key=place)


def test_the_counts_are_the_published_ones(built):
    assert built.count_params() == 25_636_712
    assert sum(int(np.prod(w.shape)) for w in built.trainable_weights) == 25_583_592


def test_with_the_published_weights_it_gives_the_published_outputs(built, lowered, published):
    written = [statement.value.target for statement in lowered.statements if isinstance(statement.value.target, Call)]
    named = [built.get_layer(call.kwargs["name"]) for call in written if "name" in call.kwargs]
    ours = [layer for layer in named if layer.get_weights()]
    theirs = by_use(published)
    assert len(ours) == len(theirs) == 107
    for mine, other in zip(ours, theirs, strict=True):
        assert type(mine) is type(other)
        mine.set_weights(other.get_weights())
    x = np.random.default_rng(4).normal(size=(2, 224, 224, 3)).astype("float32")
    expected = np.asarray(published(x, training=False))
    np.testing.assert_allclose(np.asarray(built(x, training=False)), expected, rtol=1e-4, atol=1e-6)
    assert expected.std() > 1e-6  # or the comparison says nothing


def test_the_printed_source_gives_them_too(built, lowered):
    scope = {"__name__": "printed"}
    exec(compile(generate([lowered], title="ResNet-50."), "model.py", "exec"), scope)
    printed = scope["build_model"]()
    printed.set_weights(built.get_weights())
    x = np.random.default_rng(5).normal(size=(1, 224, 224, 3)).astype("float32")
    np.testing.assert_array_equal(np.asarray(printed(x, training=False)), np.asarray(built(x, training=False)))

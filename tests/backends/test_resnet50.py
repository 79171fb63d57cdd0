"""ResNet-50 from its spec: the published counts, and the same from printed source.

That it gives what the one that Keras ships gives, `tests/specs/test_applications.py` says.
"""

import numpy as np
import pytest

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.backends.keras_source import generate
from nnspec.backends.lower import lower
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


def test_the_counts_are_the_published_ones(built):
    assert built.count_params() == 25_636_712
    assert sum(int(np.prod(w.shape)) for w in built.trainable_weights) == 25_583_592


def test_the_printed_source_gives_the_same(built, lowered):
    scope = {"__name__": "printed"}
    exec(compile(generate([lowered], title="ResNet-50."), "model.py", "exec"), scope)
    printed = scope["build_model"]()
    printed.set_weights(built.get_weights())
    x = np.random.default_rng(5).normal(size=(1, 224, 224, 3)).astype("float32")
    np.testing.assert_array_equal(np.asarray(printed(x, training=False)), np.asarray(built(x, training=False)))

"""The specs of this repository, built and printed; the table of parameters is Keras's."""

import glob
import subprocess
import sys

import numpy as np
import pytest

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.backends.keras_source import generate
from nnspec.backends.lower import lower
from nnspec.compiler import Settings, load
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.graph import flatten
from tests.backends.test_equal import batch, printed_model

keras = import_keras()

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SPECS = sorted(path for path in glob.glob("specs/**/*.*", recursive=True) if not path.endswith("blocks.nn"))
LARGE = 30_000_000
DEEP = 250


def models_of(path):
    found = Diagnostics()
    program = load(path, Settings(), found)
    if found.has_errors:
        pytest.skip("needs numbers from the command line")
    made = [lower(flatten(model), found) for model in program.models]
    assert all(each is not None for each in made), found.sorted()
    return made


@pytest.mark.parametrize("path", SPECS)
def test_printed_specs_are_laid_out_as_ruff_leaves_them(path):
    text = generate(models_of(path), title=path)
    for command in (["format", "--isolated", "--diff"], ["check", "--isolated", "--select", "E4,E7,E9,F,I,W,B,N"]):
        ruff = [sys.executable, "-m", "ruff", *command, "-"]
        done = subprocess.run(ruff, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SPECS)
def test_built_specs_equal_printed_ones(path):
    for lowered in models_of(path):
        graph = lowered.graph
        counted = sum(
            np.prod(weight.shape)
            for layer in graph.layers if layer.shares is None
            for weight in layer.operator.weights(*(graph.type_of(port) for port in layer.inputs))
        )  # fmt: skip
        if counted > LARGE or len(graph.layers) > DEEP:
            pytest.skip(f"{counted:,} parameters in {len(graph.layers):,} layers")
        keras.utils.clear_session()
        one = build(lowered, seed=3)
        two = printed_model(lowered, 3)
        assert one.count_params() == counted
        assert [w.path for w in one.weights] == [w.path for w in two.weights]
        if any(None in tensor.shape[1:] or np.prod(tensor.shape[1:]) > LARGE for tensor in one.inputs):
            continue
        x = batch(one)
        for a, b in zip(flat(one(x, training=False)), flat(two(x, training=False)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def flat(given):
    return [keras.ops.convert_to_numpy(y) for y in (given if isinstance(given, (list, tuple)) else [given])]

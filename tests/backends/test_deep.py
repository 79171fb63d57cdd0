"""Chains deeper than Python's recursion limit lets Keras follow."""

import subprocess
import sys

import numpy as np
import pytest

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build, load
from nnspec.backends.keras_source import generate
from nnspec.backends.lower import lower
from nnspec.diagnostics.diagnostic import Diagnostics
from tests.backends.graphs import Net
from tests.backends.networks import op
from tests.effort import growth

keras = import_keras()

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

DEEP = 1010


def deep(count):
    net = Net("deep")
    x = net(op("Input", sizes=(4,)), name="input")
    return net.graph(y=net.chain(x, *[op("ReLU")] * count))


def test_a_deep_chain_is_built_saved_and_loaded(tmp_path):
    limit = sys.getrecursionlimit()
    model = build(deep(DEEP))
    assert sys.getrecursionlimit() == limit
    assert len(model.layers) == DEEP + 1
    path = str(tmp_path / "deep.keras")
    model.save(path)
    with pytest.raises(RecursionError):  # what the limit is raised for
        keras.models.load_model(path)
    again = load(path)
    assert sys.getrecursionlimit() == limit
    given = np.array([[-1.0, 2.0, -3.0, 4.0]], "float32")
    np.testing.assert_array_equal(again(given), [[0.0, 2.0, 0.0, 4.0]])


def test_a_deep_chain_is_printed(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(generate([lower(deep(DEEP), Diagnostics())], title="deep"), encoding="utf-8")
    program = "import model; print(len(model.build_model().layers))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.strip() == str(DEEP + 1), done.stderr


def test_the_work_grows_with_the_layers():
    assert growth(lambda count: lower(deep(count), Diagnostics()), 400) < 2.5
    assert growth(lambda count: build(deep(count)), 400) < 2.5

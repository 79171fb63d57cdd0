"""The built model and the printed one: the same layers, weights and outputs; Keras loads what was saved."""

import os
import subprocess
import sys

import numpy as np
import pytest

from nnspec.backends.execute import resolve
from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import BuildError, build
from nnspec.backends.keras_source import generate
from nnspec.backends.lower import lower
from nnspec.calls import Assign, Call, Variable
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.record import replace
from tests.backends.graphs import Net
from tests.backends.networks import ALL, chain, op, own_layers, shared_towers

keras = import_keras()

# TensorFlow's variables are behind numpy 2; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def source_of(graph, **options):
    return generate([lower(graph, Diagnostics())], title="A test.", **options)


def printed(graph, seed):
    """The model that the printed source makes."""
    return printed_model(lower(graph, Diagnostics()), seed)


def printed_model(lowered, seed):
    scope = {"__name__": "printed"}
    exec(compile(generate([lowered], title="A test."), "model.py", "exec"), scope)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    return scope["build_model"]()


def built(graph, seed):
    keras.utils.clear_session()
    return build(graph, seed)


def batch(model, seed=0):
    random = np.random.default_rng(seed)
    found = []
    for tensor in model.inputs:
        shape = [2, *(size or 8 for size in tensor.shape[1:])]
        whole = "int" in tensor.dtype
        found.append(random.integers(0, 9, shape) if whole else random.normal(size=shape).astype("float32"))
    return found if len(found) > 1 else found[0]


def outputs(model):
    given = model(batch(model), training=False)
    return [np.asarray(keras.ops.convert_to_numpy(y)) for y in (given if isinstance(given, (list, tuple)) else [given])]


def without_modules(config):
    if isinstance(config, dict):
        return {key: without_modules(item) for key, item in config.items() if key not in ("module", "registered_name")}
    return [without_modules(item) for item in config] if isinstance(config, (list, tuple)) else config


@pytest.mark.parametrize("make", ALL)
def test_built_and_printed_are_one_model(make):
    graph = make()
    one, two = built(graph, 7), printed(graph, 7)
    assert without_modules(one.get_config()) == without_modules(two.get_config())
    assert one.name == two.name
    assert [w.path for w in one.weights] == [w.path for w in two.weights]
    assert [w.trainable for w in one.weights] == [w.trainable for w in two.weights]
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # one seed gives the same weights
    for a, b in zip(outputs(one), outputs(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("make", ALL)
def test_the_shapes_are_those_of_the_graph(make):
    graph = make()
    model = built(graph, 1)
    shapes = [graph.type_of(port).shape for _, port in graph.outputs]
    expected = [tuple(size if isinstance(size, int) else None for size in shape) for shape in shapes]
    assert [tuple(tensor.shape[1:]) for tensor in model.outputs] == expected
    own = [layer for layer in graph.layers if layer.shares is None]
    counted = sum(np.prod(weight.shape) for layer in own
                  for weight in layer.operator.weights(*(graph.type_of(port) for port in layer.inputs)))  # fmt: skip
    assert model.count_params() == counted


@pytest.mark.parametrize("make", ALL)
def test_keras_loads_what_was_saved(make, tmp_path):
    model = built(make(), 3)
    path = str(tmp_path / "model.keras")
    model.save(path)
    again = keras.models.load_model(path)
    for a, b in zip(outputs(model), outputs(again), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


def test_another_seed_gives_other_weights():
    one, two = built(chain(), 1), built(chain(), 2)
    assert not np.array_equal(one.get_weights()[0], two.get_weights()[0])


def test_outputs_have_their_names():
    for make in ALL:
        graph = make()
        done = lower(graph, Diagnostics())
        model = built(graph, 1)
        assert tuple(model.output_names) == done.outputs
        assert tuple(tensor.name for tensor in model.inputs) == done.inputs


@pytest.mark.parametrize("make", ALL)
def test_printed_source_passes_ruff(make):
    text = source_of(make())
    ruff = [sys.executable, "-m", "ruff"]
    layout = [*ruff, "format", "--isolated", "--diff", "-"]
    done = subprocess.run(layout, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    check = [*ruff, "check", "--isolated", "--select", "E4,E7,E9,F,I,W,B,UP,SIM,N,PIE,RET,C4", "-"]
    done = subprocess.run(check, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "nnspec" not in text.replace('package="nnspec"', "")


def test_a_printed_file_runs_by_itself(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(source_of(own_layers()), encoding="utf-8")
    done = subprocess.run([sys.executable, "-P", str(path)], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'Model: "own"' in done.stdout


def test_weights_move_between_both(tmp_path):
    one, two = built(shared_towers(), 1), printed(shared_towers(), 2)
    one.save_weights(tmp_path / "some.weights.h5")
    two.load_weights(tmp_path / "some.weights.h5")
    for a, b in zip(outputs(one), outputs(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


def test_what_keras_refuses_is_found_at_its_layer():
    done = lower(chain(), Diagnostics())
    wrong = Assign(("x",), Call(Call("keras.layers.Conv2D", (4, 3), {"strides": -1}), (Variable("inputs"),)))
    broken = replace(done, statements=(done.statements[0], wrong, *done.statements[2:]))
    with pytest.raises(BuildError) as caught:
        build(broken)
    [found] = caught.value.found.sorted()
    assert found.code.number == "NN702"
    assert found.span.start == 10
    assert "strides" in found.message


@pytest.mark.parametrize(
    "program",
    [
        "from nnspec.backends.keras_build import load; model = load('own.keras')",
        "import keras, nnspec.backends.layers; model = keras.models.load_model('own.keras')",
    ],
)
def test_own_layers_are_loaded_in_another_process(program, tmp_path):
    model = built(own_layers(), 3)
    model.save(str(tmp_path / "own.keras"))
    program = f"import sys; sys.path.insert(0, {os.getcwd()!r}); {program}; print(model.count_params())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.strip() == str(model.count_params()), done.stderr


def test_paths_are_resolved_without_importing_more_than_they_name():
    assert resolve("keras.layers.Conv2D") is keras.layers.Conv2D
    assert resolve("float") is float
    assert resolve("os.path.join") is __import__("os").path.join


def test_what_does_not_fit_into_memory_is_said_before_it_is_made():
    net = Net("huge")
    x = net(op("Input", sizes=(10_000_000,)), name="input")
    graph = net.graph(
        y=net(op("Dense", units=10_000_000), net(op("Dense", units=4), x)), z=net(op("FC", units=10**9), x)
    )
    with pytest.raises(BuildError) as caught:
        build(graph)
    [found] = caught.value.found.sorted()
    assert (found.code.number, found.label) == ("NN704", "40,000,004.0 GB")

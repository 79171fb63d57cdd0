"""Models with layers of our own, saved here, load where there is no nnspec once their generated file is imported.

The layers are found in their folder, and for each a spec among the operators' examples that uses it.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

import nnspec.backends.layers
from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.backends.keras_source import generate
from nnspec.ops.catalogue import families
from tests.ops.by_spec import lowered, own_layers

keras = import_keras()

#: For layers that no example of an operator needs: open sizes, settings that are seldom.
BEYOND = {
    "crop_like.CropLike": "Input(H, W, 3) as x -> MaxPool(2) -> Add{ _ | x -> Crop(like=_) }",
    "frozen_conv_lstm.FrozenConvLSTM2D": "Input(3, 8, 8, 2) -> ConvLSTM(4, 3, trainable=false)",
    "frozen_conv_lstm.FrozenConvLSTM3D": "Input(3, 4, 4, 4, 2) -> ConvLSTM(3, 3, trainable=false)",
    "padded_max_pooling.PaddedMaxPooling": "Input(H, W, 3) -> MaxPool(2, ceil=true)",
    "multi_head.MultiHead": "Input(5, 8) -> MultiHeadAttention(2, trainable=false)",
    "time_steps.FoldSteps": "Input(5, 4, 3) -> TimeDistributed{ Concat{ Conv(2, 3, padding=same) | _ } }",
    "time_steps.UnfoldSteps": "Input(5, 4, 3) -> TimeDistributed{ Concat{ Conv(2, 3, padding=same) | _ } }",
    "time_steps.RepeatSteps": "Input(5, 4, 3) -> TimeDistributed{ Concat{ Weight(4, 2) | _ } }",
}

#: Run where nnspec cannot be imported; gives the outputs of each model, and what was said without its file.
ELSEWHERE = """
import sys
sys.modules["nnspec"] = None

import importlib.util
import json
import pathlib

import keras
import numpy as np

said = {}
for path in sorted(pathlib.Path(".").glob("*.keras")):
    keras.saving.get_custom_objects().clear()
    try:
        keras.models.load_model(path)
    except (TypeError, ValueError, ImportError) as error:
        said[path.stem] = str(error)[:200]
    spec = importlib.util.spec_from_file_location(path.stem, path.with_suffix(".py"))
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    model = keras.models.load_model(path)
    given = np.load(path.with_suffix(".in.npz"))
    outputs = model([given[name] for name in given.files])
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    np.savez(path.with_suffix(".out.npz"), *[keras.ops.convert_to_numpy(y) for y in outputs])
assert not any(name.startswith("nnspec.") for name in sys.modules)
print(json.dumps(said))
"""


def layers():
    """Every Keras layer of our own: its file's name and its own."""
    found = []
    for path in sorted(Path(nnspec.backends.layers.__path__[0]).glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and "register_keras_serializable" in map(decorator, node.decorator_list):
                found.append(f"{path.stem}.{node.name}")
    return found


def decorator(node):
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""


def specs():
    """For each layer of our own a lowered spec that uses it."""
    examples = [example for made in families().values() for operator in made for example in operator.examples]
    found = {}
    for spec in [*(example.spec for example in examples if example.fails is None), *BEYOND.values()]:
        made = lowered(spec)
        for layer in own_layers(made):
            found.setdefault(layer, made)
    return found


def batch(model):
    random = np.random.default_rng(0)
    found = []
    for tensor in model.inputs:
        shape = [2, *(size or 8 for size in tensor.shape[1:])]
        real = "float" in tensor.dtype
        found.append(
            random.normal(size=shape).astype("float32") if real else random.integers(0, 2, shape).astype(tensor.dtype)
        )
    return found


def spread(model):
    """Other weights than a new model has: what is loaded must be what was saved."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(weight + random.uniform(0.1, 0.5, weight.shape))


def outputs(model, given):
    found = model(given if len(given) > 1 else given[0])
    return [np.asarray(keras.ops.convert_to_numpy(y)) for y in (found if isinstance(found, (list, tuple)) else [found])]


def test_every_layer_of_our_own_loads_without_nnspec(tmp_path):
    by_layer = specs()
    assert sorted(by_layer) == sorted(layers())
    expected = {}
    for layer, made in by_layer.items():
        keras.utils.clear_session()
        model = build(made, 1)
        spread(model)
        given = batch(model)
        name = layer.replace(".", "_")
        expected[name] = outputs(model, given)
        model.save(tmp_path / f"{name}.keras")
        (tmp_path / f"{name}.py").write_text(generate([made], title="A test."), encoding="utf-8")
        np.savez(tmp_path / f"{name}.in.npz", *given)
    done = subprocess.run(
        [sys.executable, "-P", "-c", ELSEWHERE], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert set(json.loads(done.stdout.splitlines()[-1])) == set(expected)  # the file is needed
    for name, values in expected.items():
        found = np.load(tmp_path / f"{name}.out.npz")
        assert len(found.files) == len(values), name
        for key, value in zip(found.files, values, strict=True):
            np.testing.assert_allclose(found[key], value, rtol=1e-5, atol=1e-5, err_msg=name)


def test_what_stands_beyond_the_examples_is_needed():
    reached = {layer for made in families().values() for operator in made for example in operator.examples
               if example.fails is None for layer in own_layers(lowered(example.spec))}  # fmt: skip
    assert not reached & set(BEYOND)

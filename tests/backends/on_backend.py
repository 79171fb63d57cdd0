"""Generated models at work on another back end of Keras, beside the built ones with the same weights.

    python -m tests.backends.on_backend BACKEND [--keep FOLDER] [NAME…]

BACKEND is tensorflow, jax or torch. Small published networks, and a spec for each Keras layer of our own go through
`generate` and `build`; a line for each says what came of it. With `--keep` their outputs stay in a folder, and are held
against those that other back ends left there: weights and inputs are numpy's, so they are the same everywhere.
"""

from __future__ import annotations

import argparse
import contextlib
import glob
import importlib.util
import io
import os
import sys
import tempfile
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from nnspec.record import Record

BATCH = 3
BACKENDS = ("tensorflow", "jax", "torch")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))


class Published(Record):
    """A published network: its spec, what makes it small, and its model where the spec holds several."""

    spec: str
    flags: tuple[str, ...] = ()
    model: str | None = None


PUBLISHED = {
    "lenet5": Published("specs/vision/lenet5.nn"),
    "resnet18": Published("specs/residual/resnet18.nn"),
    "mobilenet": Published("specs/vision/mobilenet.nn"),
    "textcnn": Published("specs/text/textcnn.nn"),
    "seq2seq_dot": Published(
        "specs/sequence/seq2seq_dot.nn", ("-p", "vocabulary=50", "--input", "source=6", "--input", "target=4")
    ),
    "transformer": Published(
        "specs/sequence/transformer.nn",
        ("-p", "vocabulary=50", "-p", "width=64", "--input", "source=6", "--input", "target=4"),
    ),
    "gcn_cora": Published("specs/graphs/gcn_cora.nn", ("--input", "papers=9,5", "--input", "citations=9,9")),
    "dcgan": Published("specs/generative/dcgan.nn", model="Generator"),
}

#: A generated file's text and the function in it that makes the model, and the model as we build it.
Made = tuple[str, str, Any]


def cases() -> dict[str, Callable[[str], Made]]:
    """Everything that is tried, by name: functions that take a folder for their files. They load Keras."""
    from tests.backends.test_without_nnspec import specs

    found: dict[str, Callable[[str], Made]] = {}
    for name, published in PUBLISHED.items():
        found[name] = lambda folder, published=published: by_command(published, folder)
    for layer, lowered in sorted(specs().items()):
        found[layer] = lambda folder, lowered=lowered: by_function(lowered)
    return found


def by_command(published: Published, folder: str) -> Made:
    """What `nnspec generate` writes, and what `nnspec build` saves."""
    from nnspec.backends.keras_build import load

    spec, chosen = os.path.join(ROOT, published.spec), ("--model", published.model) if published.model else ()
    source, saved = os.path.join(folder, "generated.py"), os.path.join(folder, "built.keras")
    _nnspec("generate", spec, *published.flags, "-o", source)
    _nnspec("build", spec, *published.flags, *chosen, "-o", saved)
    with open(source, encoding="utf-8") as file:
        text = file.read()
    return text, f"build_{published.model.lower()}" if published.model else "build_model", load(saved)


def _nnspec(*arguments: str) -> None:
    from nnspec.cli.main import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main(list(arguments))
    assert status == 0, said.getvalue()


def by_function(lowered: Any) -> Made:
    """The same of a spec that is in no file."""
    from nnspec.backends.keras_build import build
    from nnspec.backends.keras_source import generate

    return generate([lowered], title="A test."), "build_model", build(lowered, 1)


def try_case(make: Callable[[str], Made], keep: str | None = None) -> str:
    """All that is asked of a generated model, in words; an AssertionError says what it does not do.

    `keep` is where its outputs are kept, without an ending.
    """
    import keras

    with tempfile.TemporaryDirectory() as folder:
        text, function, built = make(folder)
        model = imported(text, folder, function)
        assert [tuple(w.shape) for w in model.weights] == [tuple(w.shape) for w in built.weights]
        random = np.random.default_rng(7)
        values = [weight_value(weight, random) for weight in model.weights]
        model.set_weights(values)
        built.set_weights(values)
        given = [input_value(tensor, random) for tensor in model.inputs]
        first = outputs(model, given)
        same(first, outputs(built, given), 1e-5, "the built model")
        beside = held_against_others(first, keep) if keep else ""
        step = take_a_step(model, given, random)
        path = os.path.join(folder, "trained.keras")
        model.save(path)
        same(outputs(model, given), outputs(keras.models.load_model(path), given), 1e-5, "the saved model")
    return f"ok, {model.count_params():,} params, as built, {step}, saved and loaded{beside}"


_numbers = count()


def imported(text: str, folder: str, function: str) -> Any:
    """The model that a generated file makes, imported as any module is."""
    path = os.path.join(folder, "to_import.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    spec = importlib.util.spec_from_file_location(f"generated_{next(_numbers)}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, function)()


def weight_value(weight: Any, random: np.random.Generator) -> Any:
    """Numbers that let signals through: kernels by what they take in, the rest about 1; counters stay."""
    if "float" not in weight.dtype:
        return np.array(weight)
    shape = tuple(weight.shape)
    if len(shape) < 2:
        return random.uniform(0.5, 1.5, shape).astype(weight.dtype)
    return (random.normal(size=shape) * np.prod(shape[:-1]) ** -0.5).astype(weight.dtype)


def input_value(tensor: Any, random: np.random.Generator) -> Any:
    """A batch for an input: numbers, or words of a small vocabulary; sizes that are open are 8."""
    shape = (BATCH, *(size or 8 for size in tensor.shape[1:]))
    if "float" in tensor.dtype:
        return random.normal(size=shape).astype(tensor.dtype)
    return random.integers(0, 2, shape).astype(tensor.dtype)


def outputs(model: Any, given: list[Any]) -> list[np.ndarray]:
    import keras

    made = model(one_or_all(given), training=False)
    return [np.asarray(keras.ops.convert_to_numpy(y)) for y in (made if isinstance(made, list | tuple) else [made])]


def one_or_all(values: list[Any]) -> Any:
    return values if len(values) > 1 else values[0]


def same(ones: list[np.ndarray], others: list[np.ndarray], tolerance: float, what: str) -> None:
    assert len(ones) == len(others)
    for one, other in zip(ones, others, strict=True):
        assert np.isfinite(one).all()
        scale = float(np.abs(one).max())
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * scale, err_msg=f"beside {what}")


def held_against_others(found: list[np.ndarray], keep: str) -> str:
    """Keep outputs under `keep`, which ends in the back end's name, beside those of other back ends."""
    stem, _, here = keep.rpartition(".")
    np.savez(f"{keep}.npz", *found)
    compared = []
    for path in sorted(glob.glob(f"{glob.escape(stem)}.*.npz")):
        name = path.removeprefix(f"{stem}.").removesuffix(".npz")
        if name in BACKENDS and name != here:
            with np.load(path) as kept:
                same(found, [kept[key] for key in kept.files], 1e-4, name)
            compared.append(name)
    return f", as on {' and '.join(compared)}" if compared else ""


def take_a_step(model: Any, given: list[Any], random: np.random.Generator) -> str:
    """One step of training as a user takes it, compiled as the back end does: what may learn moves, the rest stays."""
    import keras

    targets = [random.uniform(size=output.shape).astype("float32") for output in outputs(model, given)]
    learns = {id(weight) for weight in model.trainable_weights}
    statistics = {id(weight) for layer in model._flatten_layers() if hasattr(layer, "moving_mean")
                  for weight in layer.weights}  # fmt: skip
    before = [np.array(weight) for weight in model.weights]
    adam = keras.optimizers.Adam(1e-3, epsilon=1e-20, clipnorm=1.0)  # moves whatever has a gradient
    model.compile(optimizer=adam, loss=["mse"] * len(targets))
    loss = np.mean(model.train_on_batch(one_or_all(given), one_or_all(targets)))
    assert np.isfinite(loss)
    moved = [not np.array_equal(old, np.array(new)) for old, new in zip(before, model.weights, strict=True)]
    learned = [m for m, weight in zip(moved, model.weights, strict=True) if id(weight) in learns]
    frozen = [m for m, weight in zip(moved, model.weights, strict=True) if id(weight) not in learns | statistics]
    assert all(learned), f"{sum(learned)} of {len(learned)} weights moved"
    assert not any(frozen), "weights moved that do not learn"
    return f"{len(learned)} weights moved by a step"


def main(arguments: list[str]) -> int:
    """Try cases; 1 where one fails, 2 where they cannot be tried."""
    parser = argparse.ArgumentParser("python -m tests.backends.on_backend")
    parser.add_argument("backend", choices=BACKENDS)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the outputs, beside those of other back ends")
    options = parser.parse_intermixed_args(arguments)
    os.environ["KERAS_BACKEND"] = options.backend
    from nnspec.backends.framework import FrameworkMissingError, import_keras

    try:
        keras = import_keras()
    except FrameworkMissingError as error:
        parser.error(str(error))
    known = cases()
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"nothing is called {', '.join(unknown)}; there are {', '.join(known)}")
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    failed = 0
    for name in options.names or known:
        keras.utils.clear_session(free_memory=True)
        try:
            said = try_case(known[name], options.keep and os.path.join(options.keep, f"{name}.{options.backend}"))
        except Exception as error:  # whatever a back end raises is what there is to say of it
            said, failed = f"FAILED, {type(error).__name__}: {' '.join(str(error).split())[:300]}", failed + 1
        print(f"{name}: {said}", flush=True)
    print(f"{options.backend}, Keras {keras.version()}: {len(options.names or known) - failed} work, {failed} fail")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

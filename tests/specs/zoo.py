"""The published networks at work: each is built, takes a training step, is saved, and gives the same when loaded.

    python -m tests.specs.zoo [NAME…]

tries those that are named, by the names of `tests/reference/published.yaml`, else all: each in a process of its own, so
that one line tells the time and the most memory that it took. `test_zoo.py` tries the smaller ones.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build, load
from nnspec.program.graph import flatten
from tests.reference.test_published import PUBLISHED, compiled

BATCH = 2

#: Members of the zoo, by their names.
ZOO = {name: entry for name, entry in PUBLISHED.items() if entry.get("tried") != "never"}


def try_member(name: str, *, eagerly: bool = True) -> dict[str, float]:
    """All that is asked of a member, and the seconds of each part; an AssertionError says what it does not do."""
    keras: Any = import_keras()
    keras.utils.clear_session(free_memory=True)
    entry, clock = ZOO[name], Clock()
    model = build(flatten(compiled(name)), seed=1)
    clock.stop("built")
    assert model.count_params() == entry["params"]
    assert _sizes(model.trainable_weights) == entry["trainable_params"]
    assert [list(output.shape[1:]) for output in model.outputs] == entry["outputs"]
    random = np.random.default_rng(2)
    given = [_made(tensor, random) for tensor in model.inputs]
    _take_a_step(model, given, random, eagerly=eagerly)
    before = _outputs(model, given)
    assert all(np.isfinite(output).all() for output in before)
    assert any(output.std() > 0 for output in before), "all outputs are equal, so they compare nothing"
    clock.stop("trained")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        clock.stop("saved")
        del model
        keras.utils.clear_session(free_memory=True)
        loaded = load(path)
        clock.stop("loaded")
    assert loaded.count_params() == entry["params"]
    for one, other in zip(before, _outputs(loaded, given), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-6)
    return clock.seconds


class Clock:
    """How long each of several parts took, for people to read: nothing is asserted of it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.monotonic()

    def stop(self, part: str) -> None:
        """The part that began where the last one ended is over."""
        now = time.monotonic()
        self.seconds[part], self._began = now - self._began, now


def _take_a_step(model: Any, given: list[Any], random: np.random.Generator, *, eagerly: bool) -> None:
    """One step of gradient descent towards made targets: what may learn moves, the rest stays.

    Moving statistics become those of the batch: a deep network with those that it begins with overflows.
    """
    targets = [random.uniform(size=(BATCH, *output.shape[1:])).astype("float32") for output in model.outputs]
    trained = {id(weight) for weight in model.trainable_weights}
    normalisations = {layer: layer.momentum for layer in _layers(model) if hasattr(layer, "moving_mean")}
    statistics = {id(weight) for layer in normalisations for weight in layer.weights}
    before = [np.array(weight) for weight in model.weights]
    for layer in normalisations:
        layer.momentum = 0.0
    optimizer = import_keras().optimizers.Adam(1e-4, epsilon=1e-20)  # moves whatever has a gradient
    model.compile(optimizer=optimizer, loss=["mse"] * len(targets), run_eagerly=eagerly, jit_compile=False)
    loss = model.train_on_batch(_one_or_all(given), _one_or_all(targets))
    for layer, momentum in normalisations.items():
        layer.momentum = momentum
    assert np.isfinite(loss).all()
    moved = [not np.array_equal(old, np.array(new)) for old, new in zip(before, model.weights, strict=True)]
    learned = [m for m, weight in zip(moved, model.weights, strict=True) if id(weight) in trained]
    frozen = [m for m, weight in zip(moved, model.weights, strict=True) if id(weight) not in trained | statistics]
    assert all(learned), f"{sum(learned)} of {len(learned)} weights moved"
    assert not any(frozen)


def _layers(model: Any) -> list[Any]:
    return list(model._flatten_layers())


def _made(tensor: Any, random: np.random.Generator) -> Any:
    """Values for an input: normal numbers, or words of a small vocabulary."""
    shape = (BATCH, *tensor.shape[1:])
    if "int" in tensor.dtype:
        return random.integers(0, 2, shape, dtype="int32")
    return random.normal(size=shape).astype(tensor.dtype)


def _outputs(model: Any, given: list[Any]) -> list[Any]:
    made = model(_one_or_all(given), training=False)
    return [np.array(output) for output in (made if isinstance(made, list | tuple) else [made])]


def _one_or_all(values: list[Any]) -> Any:
    return values if len(values) > 1 else values[0]


def _sizes(weights: list[Any]) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)


def main(names: list[str]) -> int:
    """Try members, each in a process of its own; 1 where one fails."""
    if unknown := [name for name in names if name not in ZOO]:
        print(f"no member is called {', '.join(unknown)}; there are {', '.join(ZOO)}", file=sys.stderr)
        return 2
    failed = 0
    for name in names or ZOO:
        began = time.monotonic()
        command = [sys.executable, "-m", "tests.specs.zoo", "--here", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - began
        last = done.stdout.strip() if not done.returncode else (done.stderr.strip().splitlines() or ["no word"])[-1]
        print(f"{name}: {'ok' if not done.returncode else 'FAILED'}, {seconds:.0f} s, {last}", flush=True)
        failed += bool(done.returncode)
    return 1 if failed else 0


def try_here(name: str) -> int:
    """Try one member in this process, as a user trains: by the graph that Keras makes of the step."""
    parts = try_member(name, eagerly=False)
    print(", ".join(f"{part} in {seconds:.0f} s" for part, seconds in parts.items()), end=", ")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(try_here(sys.argv[2]) if sys.argv[1:2] == ["--here"] else main(sys.argv[1:]))

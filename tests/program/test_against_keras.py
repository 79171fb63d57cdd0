"""Random whole specs: our verdict, every layer's shape, the weights in order and their split, against plain Keras.

`NNSPEC_CASES=1000 pytest tests/program/test_against_keras.py` draws more. Where we differ on purpose,
the class is named below and listed in docs/differences.md.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nnspec.backends.keras_build import build
from tests.program.by_keras import Network, OurOwn, Refused, keras
from tests.program.checking import Checked, check, shape_of
from tests.program.random_specs import draw

COUNT = int(os.environ.get("NNSPEC_CASES", "100"))
SEED = int(os.environ.get("NNSPEC_SEED", "1"))
AT_ONCE = 20

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def plain(spec: Any) -> Network | Exception:
    """The network in Keras, or why there is none."""
    try:
        return Network(spec)
    except (Refused, OurOwn, ValueError, TypeError, ArithmeticError, RuntimeError) as error:
        return error
    except (tf.errors.ResourceExhaustedError, tf.errors.InvalidArgumentError) as error:
        if "OOM" not in str(error) and "2**63" not in str(error):
            raise
        return OurOwn("weights that no machine holds: Keras makes them to tell their shapes")


def compare(seed: int, verdicts: Counter[str]) -> str | None:
    """What differs for a seed, or None."""
    spec = draw(seed)
    checked, theirs = check(str(spec)), plain(spec)
    if isinstance(theirs, OurOwn):
        verdicts["ours alone"] += 1
        return None
    if checked.errors:
        verdicts[f"refused: {checked.errors[0][:5]}"] += 1
        if isinstance(theirs, Exception):
            return None
        if theirs.broadcasts and any(error.startswith("NN305") for error in checked.errors):
            verdicts["stricter: broadcasts"] += 1
            return None
        return f"we refuse, Keras does not: {[found.message for found in checked.found]}"
    if isinstance(theirs, Exception) and "at least 3 dimensions" in str(theirs):
        verdicts["freer: steps of one number"] += 1
        return None
    if isinstance(theirs, Exception):
        return f"Keras refuses, we do not: {type(theirs).__name__} {theirs}"
    verdicts["taken"] += 1
    return differing(checked, theirs)


def differing(checked: Checked, theirs: Network) -> str | None:
    graph = checked.graph
    layers = [layer for layer in graph.layers if layer.operator.is_layer]
    shapes = [shape_of(layer.types[0]) for layer in layers]
    if shapes != theirs.shapes:
        return f"shapes {shapes}, not {theirs.shapes}"
    ours = [
        (tuple(weight.shape), weight.trainable)
        for layer in graph.layers if layer.shares is None
        for weight in layer.operator.weights(*[graph.type_of(port) for port in layer.inputs])
    ]  # fmt: skip
    expected = [split(weight) for layer in theirs.layers for weight in in_order(layer)]
    if ours != expected:
        return f"weights {ours}, not {expected}"
    counts = (checked.counts.params, checked.counts.trainable_params)
    if counts != sizes(theirs.model):
        return f"counts {counts}, not {sizes(theirs.model)}"
    built = build(graph)
    made = [tuple(tensor.shape[1:]) for tensor in built.outputs]
    if made != checked.shapes or sizes(built) != counts:
        return f"built: {made} of {sizes(built)} weights, not {checked.shapes} of {counts}"
    if sorted(map(split, built.weights)) != sorted(expected):
        return f"built with weights {list(map(split, built.weights))}, not {expected}"
    return None


def in_order(layer: Any) -> list[Any]:
    """A layer's weights, each with the layer it belongs to being trainable or not."""
    return list(layer.weights)


def split(weight: Any) -> tuple[tuple[int, ...], bool]:
    return tuple(weight.shape), bool(weight.trainable)


def sizes(model: Any) -> tuple[int, int]:
    return model.count_params(), sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize("start", range(SEED, SEED + COUNT, AT_ONCE))
def test_random_specs(start: int) -> None:
    verdicts: Counter[str] = Counter()
    faults = []
    for seed in range(start, min(start + AT_ONCE, SEED + COUNT)):
        fault = compare(seed, verdicts)
        if fault is not None:
            faults.append(f"seed {seed}: {fault}\n{draw(seed)}")
    keras.utils.clear_session()
    print(dict(verdicts))
    assert not faults, "\n".join(faults)


def test_most_specs_hold_and_some_do_not() -> None:
    verdicts = Counter(bool(check(str(draw(seed))).errors) for seed in range(200))
    assert verdicts[False] > 80
    assert verdicts[True] > 30

"""What optimisers keep for each weight, held against Keras's own."""

from __future__ import annotations

from typing import Any

import pytest

from nnspec.backends.framework import import_keras
from nnspec.train.memory import Step, step_of
from nnspec.train.optimizers import OPTIMIZERS

#: Settings on which it hangs what is kept, under Keras's names.
SETTINGS: dict[str, tuple[dict[str, Any], ...]] = {
    "sgd": ({"momentum": 0.9}, {"momentum": 0.0, "nesterov": False}),
    "rmsprop": ({"momentum": 0.5}, {"centered": True}, {"momentum": 0.5, "centered": True}),
    "adam": ({"amsgrad": True},),
    "adamw": ({"amsgrad": True},),
}
CASES = [(word, {}) for word in OPTIMIZERS] + [(word, each) for word, all_of in SETTINGS.items() for each in all_of]


@pytest.mark.parametrize(("word", "arguments"), CASES, ids=str)
def test_slots_are_those_of_keras(word: str, arguments: dict[str, Any]) -> None:
    keras = import_keras()
    variables = [keras.Variable(keras.ops.zeros(shape)) for shape in ((3, 5), (7,))]
    chosen = OPTIMIZERS[word]
    made = getattr(keras.optimizers, chosen.target.rsplit(".", 1)[-1])(**{**chosen.fixed, **arguments})
    made.build(variables)
    kept = sum(int(keras.ops.size(each)) for each in made.variables if len(each.shape))
    assert kept == (3 * 5 + 7) * Step(1, "float32", word, arguments).slots


def test_a_spec_without_a_section_is_trained_as_an_empty_one_says() -> None:
    step = step_of(None)
    assert (step.batch, step.precision, step.optimizer, step.slots) == (32, "float32", "adam", 2)


@pytest.mark.parametrize(
    ("precision", "compute", "stored"),
    [
        ("float32", "float32", "float32"),
        ("float64", "float64", "float64"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("mixed_bfloat16", "bfloat16", "float32"),
        ("mixed_float16", "float16", "float32"),
    ],
)
def test_precisions_are_those_of_keras(precision: str, compute: str, stored: str) -> None:
    policy = import_keras().DTypePolicy(precision)
    step = Step(1, precision, "adam")
    assert (step.compute, step.stored) == (compute, stored) == (policy.compute_dtype, policy.variable_dtype)

"""Activations against their formulas in numpy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops import activation as a
from nnspec.ops.operator import Operator
from tests.ops.pointwise import infer, run, tensor, values

Formula = Callable[[np.ndarray], np.ndarray]


def phi(x: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda v: 0.5 * (1 + math.erf(v / math.sqrt(2))))(x)


def gelu_by_tanh(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    e = np.exp(x)
    return e / e.sum(axis, keepdims=True)


FORMULAS: list[tuple[Operator, Formula]] = [
    (a.ReLU(), lambda x: np.maximum(x, 0)),
    (a.ReLU(max_value=1), lambda x: np.clip(x, 0, 1)),
    (a.ReLU(negative_slope=0.5, threshold=1), lambda x: np.where(x >= 1, x, 0.5 * (x - 1))),
    (a.LeakyReLU(), lambda x: np.where(x >= 0, x, 0.3 * x)),
    (a.LeakyReLU(slope=0.1), lambda x: np.where(x >= 0, x, 0.1 * x)),
    (a.PReLU(), lambda x: np.maximum(x, 0)),
    (a.RReLU(), lambda x: np.where(x >= 0, x, x * (1 / 8 + 1 / 3) / 2)),
    (a.RReLU(low=0, high=0.5), lambda x: np.where(x >= 0, x, x / 4)),
    (a.ELU(), lambda x: np.where(x > 0, x, np.exp(x) - 1)),
    (a.ELU(alpha=2), lambda x: np.where(x > 0, x, 2 * (np.exp(x) - 1))),
    (a.SELU(), lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * (np.exp(x) - 1))),
    (a.GELU(), lambda x: x * phi(x)),
    (a.GELU(approximate=True), gelu_by_tanh),
    (a.SiLU(), lambda x: x * sigmoid(x)),
    (a.HardSwish(), lambda x: x * np.clip(x + 3, 0, 6) / 6),
    (a.Sigmoid(), sigmoid),
    (a.HardSigmoid(), lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    (a.Tanh(), np.tanh),
    (a.Softplus(), lambda x: np.log(1 + np.exp(x))),
    (a.Softsign(), lambda x: x / (1 + np.abs(x))),
    (a.Softmax(), softmax),
    (a.Softmax(axis=0), lambda x: softmax(x, 1)),
    (a.Softmax(axis=-2), lambda x: softmax(x, 2)),
    (a.LogSoftmax(), lambda x: np.log(softmax(x))),
    (a.LogSoftmax(axis=1), lambda x: np.log(softmax(x, 2))),
    (a.GumbelSoftmax(temperature=0.5), lambda x: softmax(2 * x)),
    (a.GumbelSoftmax(axis=0), lambda x: softmax(x, 1)),
    (a.GumbelSoftmax(hard=True), lambda x: np.eye(x.shape[-1])[x.argmax(-1)]),
    (a.Linear(), lambda x: x),
    (a.Step(), lambda x: (x >= 0) * 1.0),
    (a.Step(threshold=0.5), lambda x: (x >= 0.5) * 1.0),
    (a.Abs(), np.abs),
]


@pytest.mark.parametrize(("operator", "formula"), FORMULAS, ids=[repr(operator) for operator, _ in FORMULAS])
def test_activation_computes_its_formula(operator: Operator, formula: Formula) -> None:
    x = values(4, 5, 6) * 2
    assert np.allclose(run(operator, x), formula(x), atol=1e-5)


def test_every_activation_is_compared_with_a_formula() -> None:
    named = {value for value in vars(a).values() if isinstance(value, type) and value.__dict__.get("examples")}
    assert {type(operator) for operator, _ in FORMULAS} == named


def test_rrelu_draws_a_slope_for_each_negative_element_in_training() -> None:
    x = -np.ones((8, 500), "float32")
    slopes = -run(a.RReLU(low=0.1, high=0.4), x, training=True)
    assert slopes.min() >= 0.1
    assert slopes.max() <= 0.4
    assert abs(slopes.mean() - 0.25) < 0.01
    assert len(np.unique(slopes)) > 3900
    assert np.array_equal(run(a.RReLU(), -x, training=True), -x)


def test_gumbel_softmax_in_training_draws_categories_as_often_as_softmax_says() -> None:
    logits = np.log(np.array([0.6, 0.3, 0.1], "float32"))
    x = np.tile(logits, (20000, 1))
    drawn = run(a.GumbelSoftmax(hard=True), x, training=True)
    assert np.allclose(drawn.sum(-1), 1, atol=1e-5)
    assert np.allclose(np.sort(drawn, -1)[:, :2], 0, atol=1e-5)
    assert np.allclose(drawn.mean(0), [0.6, 0.3, 0.1], atol=0.02)


def test_a_hard_gumbel_softmax_of_equal_values_is_one_hot() -> None:
    assert run(a.GumbelSoftmax(hard=True), np.zeros((2, 4), "float32")).tolist() == [[1, 0, 0, 0]] * 2


def test_prelu_shares_alpha_along_axes_and_keras_counts_the_batch() -> None:
    x = tensor(4, 5, 6)
    (weight,) = a.PReLU(shared_axes=(0, -2)).weights(x)
    assert weight.shape == (1, 1, 6)
    (weight,) = a.PReLU(shared_axes=2).weights(x)
    assert weight.shape == (4, 5, 1)


@pytest.mark.parametrize(
    ("operator", "dtype", "out"),
    [
        (a.ReLU(), "int32", "int32"),
        (a.Abs(), "int32", "int32"),
        (a.Abs(), "float64", "float64"),
        (a.Step(), "uint8", "float32"),
        (a.Tanh(), "float16", "float32"),
        (a.LogSoftmax(axis=0), "float64", "float64"),
        (a.GELU(approximate=True), "float64", "float64"),
        (a.LogSoftmax(), "float64", "float32"),
    ],
)
def test_dtype_is_what_keras_computes(operator: Operator, dtype: str, out: str) -> None:
    assert infer(operator, tensor(4, 5, dtype=dtype))[0].dtype == out
    assert run(operator, np.ones((2, 4, 5), dtype)).dtype == out


@pytest.mark.parametrize("operator", [a.Sigmoid(), a.GELU(), a.Softmax(), a.PReLU(), a.RReLU(), a.GumbelSoftmax()])
def test_whole_numbers_are_refused_where_keras_fails_or_loses_the_fraction(operator: Operator) -> None:
    with pytest.raises(RuleError, match="real numbers"):
        operator.infer(tensor(4, 5, dtype="int32"))


def test_a_symbolic_size_passes_and_a_weight_stays_without_a_batch() -> None:
    found, conditions = infer(a.ReLU(), tensor(4, 5, batched=False))
    assert (found.batched, conditions) == (False, [])

"""Regularisers and constraints by their formulas in numpy: what the loss gains, and what a step of training leaves."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from nnspec.ops.choices import CONSTRAINTS, REGULARIZERS
from tests.ops.by_spec import keras, model_of, weight, weights
from tests.program.checking import check, sound

# Regularisers.


def mean_cosine(rows: np.ndarray) -> float:
    """The mean of |cos| over all pairs of rows."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = [abs(a @ b) for i, a in enumerate(unit) for b in unit[:i]]
    return float(np.mean(pairs))


PENALTIES: list[tuple[str, Callable[[np.ndarray], float]]] = [
    ("l1", lambda w: 0.01 * np.abs(w).sum()),
    ("l1(0.3)", lambda w: 0.3 * np.abs(w).sum()),
    ("l2", lambda w: 0.01 * (w**2).sum()),
    ("l2(1e-4)", lambda w: 1e-4 * (w**2).sum()),
    ("l1_l2(0.1, 0.2)", lambda w: 0.1 * np.abs(w).sum() + 0.2 * (w**2).sum()),
    ("l1_l2(l2=0.2)", lambda w: 0.2 * (w**2).sum()),
]
MATRIX_PENALTIES: list[tuple[str, Callable[[np.ndarray], float]]] = [
    ("orthogonal", lambda w: 0.01 * mean_cosine(w)),
    ("orthogonal(0.5, mode=columns)", lambda w: 0.5 * mean_cosine(w.T)),
]
PENALISED = [
    ("Input(6) -> Dense(5, regularizer={})", "kernel"),
    ("Input(3, 2) -> FC(5, regularizer={}, bias_init=ones)", "kernel"),
    ("Input(7, dtype=int32) -> Embedding(9, 4, regularizer={})", "embeddings"),
]
KERNELS = [
    ("Input(8, 8, 3) -> Conv(4, 3, regularizer={})", "kernel"),
    ("Input(8, 8, 3) -> ConvTranspose(4, 3, regularizer={})", "kernel"),
    ("Input(8, 8, 3) -> DepthwiseConv(3, regularizer={})", "kernel"),
    ("Input(8, 3) -> BN(init=normal, regularizer={})", "gamma"),
    ("Input(8, 3) -> BN(bias_init=normal, beta_regularizer={})", "beta"),
    ("Input(8, 3) -> RMSNorm(init=normal, regularizer={})", "scale"),
    ("Input(8, 3) -> PReLU(init=normal, regularizer={})", "alpha"),
    ("Input(8, 3) -> Add{{ _ | Weight(3, init=normal, regularizer={}) }}", "value"),
]
CASES = [
    *((text, name, *case) for text, name in PENALISED for case in (*PENALTIES, *MATRIX_PENALTIES)),
    *((text, name, *case) for text, name in KERNELS for case in PENALTIES),
]


@pytest.mark.parametrize(("text", "name", "penalty", "formula"), CASES, ids=[f"{c[0]} {c[2]}" for c in CASES])
def test_a_penalty_is_its_formula(text: str, name: str, penalty: str, formula: Callable[[np.ndarray], float]) -> None:
    model = model_of(text.format(penalty))
    (loss,) = model.losses
    value = weight(model, name)
    assert value.any()
    np.testing.assert_allclose(float(loss), formula(value.astype("float64")), rtol=1e-5)


def test_both_kernels_of_a_separable_convolution_are_penalised() -> None:
    model = model_of("Input(8, 8, 3) -> SeparableConv(4, 3, regularizer=l2(0.1))")
    expected = [0.1 * (weight(model, name) ** 2).sum() for name in ("depthwise_kernel", "pointwise_kernel")]
    np.testing.assert_allclose([float(loss) for loss in model.losses], expected, rtol=1e-5)


def test_penalties_of_layers_add_up_and_a_shared_part_counts_once() -> None:
    model = model_of("shared S = Dense(4, regularizer=l1(0.5))\nInput(4) -> S -> S -> Dense(4, regularizer=l2(2))")
    one, two = weights(model, "kernel")
    np.testing.assert_allclose(
        sorted(map(float, model.losses)), sorted([0.5 * np.abs(one).sum(), 2 * (two**2).sum()]), rtol=1e-5
    )


def test_a_penalty_enters_the_loss_and_its_gradient() -> None:
    """A step of gradient descent on a penalty alone: `l2(a)` shrinks by 1 - 2 a rate, `l1(a)` moves by a rate."""
    x, y = np.zeros((4, 3), "float32"), np.zeros((4, 2), "float32")
    for penalty, expected in (
        ("l2(0.5)", lambda w: w * (1 - 2 * 0.5 * 0.1)),
        ("l1(0.5)", lambda w: w - 0.5 * 0.1 * np.sign(w)),
    ):
        model = model_of(f"Input(3) -> Dense(2, regularizer={penalty})")
        before = weight(model, "kernel")
        loss = stepped(model, x, y, rate=0.1)
        np.testing.assert_allclose(
            loss, float(0.5 * ((before**2) if "l2" in penalty else abs(before)).sum()), rtol=1e-5
        )
        np.testing.assert_allclose(weight(model, "kernel"), expected(before), rtol=1e-5)


@pytest.mark.parametrize("penalty", [case[0] for case in (*PENALTIES, *MATRIX_PENALTIES)])
def test_a_penalty_is_saved_with_the_model(penalty: str, tmp_path: Any) -> None:
    model = model_of(f"Input(6) -> Dense(5, regularizer={penalty}, constraint=max_norm(3, axis=(0, 1)))")
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(float(again.losses[0]), float(model.losses[0]), rtol=1e-6)
    assert again.layers[-1].get_config() == model.layers[-1].get_config()


# Constraints.


def stepped(model: Any, x: np.ndarray, y: np.ndarray, rate: float) -> float:
    """One step of gradient descent; gives the loss before it."""
    model.compile(keras.optimizers.SGD(rate), "mse", run_eagerly=True)
    return float(model.train_on_batch(x, y, return_dict=True)["loss"])


@cache
def pushed(text: str, rate: float = 50.0) -> Any:
    """The model after a step that would take its weights far away."""
    model = model_of(text)
    rng = np.random.default_rng(4)
    (given,) = model.inputs
    shape = (8, *given.shape[1:])
    x = rng.integers(0, 9, shape) if "int" in given.dtype else rng.normal(size=shape)
    stepped(model, x, 100 * rng.normal(size=(8, *model.output_shape[1:])), rate)
    return model


def norms(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return np.sqrt((values.astype("float64") ** 2).sum(axes))


#: A layer, its weight, and the axes along which the weights of one unit lie.
UNITS = [
    ("Input(6) -> Dense(5, {})", "kernel", (0,)),
    ("Input(3, 2) -> FC(5, {})", "kernel", (0,)),
    ("Input(6) -> Maxout(5, 2, {})", "kernel", (0,)),
    ("Input(9, 3) -> Conv(4, 3, {})", "kernel", (0, 1)),
    ("Input(8, 8, 3) -> Conv(4, 3x2, {})", "kernel", (0, 1, 2)),
    ("Input(8, 8, 4) -> Conv(4, 3, groups=2, {})", "kernel", (0, 1, 2)),
    ("Input(5, 5, 5, 2) -> Conv(4, 3, {})", "kernel", (0, 1, 2, 3)),
    ("Input(5, 5, 3) -> ConvTranspose(4, 3, {})", "kernel", (0, 1, 3)),
    ("Input(9, 3) -> ConvTranspose(4, 3, {})", "kernel", (0, 2)),
    ("Input(8, 8, 3) -> DepthwiseConv(3, depth_multiplier=2, {})", "kernel", (0, 1)),
    ("Input(9, 3) -> DepthwiseConv(3, {})", "kernel", (0,)),
    ("Input(5, 5, 5, 2) -> DepthwiseConv(3, {})", "kernel", (0, 1, 2, 3)),
    ("Input(8, 8, 3) -> SeparableConv(4, 3, {})", "depthwise_kernel", (0, 1)),
    ("Input(8, 8, 3) -> SeparableConv(4, 3, {})", "pointwise_kernel", (0, 1, 2)),
    ("Input(7, dtype=int32) -> Embedding(9, 4, {})", "embeddings", (1,)),
]
UNIT = pytest.mark.parametrize(("text", "name", "axes"), UNITS, ids=[f"{case[0]} {case[1]}" for case in UNITS])


@UNIT
def test_max_norm_limits_the_weights_of_each_unit(text: str, name: str, axes: tuple[int, ...]) -> None:
    free = norms(weight(pushed(text.format("")), name), axes)
    assert (free > 3).any()  # the step goes far
    held = weight(pushed(text.format("constraint=max_norm(3)")), name)
    found = norms(held, axes)
    assert found.max() <= 3 + 1e-5
    # Only as much as needed: what is shorter stays, what is longer comes to the limit.
    np.testing.assert_allclose(found, np.minimum(free, 3), rtol=1e-4)


@UNIT
def test_unit_norm_brings_the_weights_of_each_unit_to_length_one(text: str, name: str, axes: tuple[int, ...]) -> None:
    found = norms(weight(pushed(text.format("constraint=unit_norm")), name), axes)
    np.testing.assert_allclose(found, 1, atol=1e-4)


@UNIT
def test_min_max_norm_holds_the_weights_of_each_unit_between(text: str, name: str, axes: tuple[int, ...]) -> None:
    found = norms(weight(pushed(text.format("constraint=min_max_norm(1.5, 2)"), rate=1e-6), name), axes)
    assert found.min() >= 1.5 - 1e-4
    assert found.max() <= 2 + 1e-4
    far = norms(weight(pushed(text.format("constraint=min_max_norm(1.5, 2)")), name), axes)
    assert far.max() <= 2 + 1e-4
    free = norms(weight(pushed(text.format("")), name), axes)
    part = norms(weight(pushed(text.format("constraint=min_max_norm(1.5, 2, rate=0.25)")), name), axes)
    np.testing.assert_allclose(part, 0.25 * np.clip(free, 1.5, 2) + 0.75 * free, rtol=1e-4)


@UNIT
def test_non_neg_leaves_no_negative_weight(text: str, name: str, axes: tuple[int, ...]) -> None:
    free, held = (weight(pushed(text.format(c)), name) for c in ("", "constraint=non_neg"))
    assert (free < 0).any()
    np.testing.assert_allclose(held, np.maximum(free, 0), rtol=1e-5)


@pytest.mark.parametrize(("axis", "axes"), [("0", (0,)), ("-1", (3,)), ("(0, 1)", (0, 1)), ("(0, -1)", (0, 3))])
def test_axes_that_are_written_win(axis: str, axes: tuple[int, ...]) -> None:
    text = "Input(8, 8, 3) -> Conv(4, 3, {})"
    free = weight(pushed(text.format("")), "kernel")
    held = weight(pushed(text.format(f"constraint=max_norm(0.5, axis={axis})")), "kernel")
    np.testing.assert_allclose(norms(held, axes), np.minimum(norms(free, axes), 0.5), rtol=1e-4)


@pytest.mark.parametrize(
    ("text", "name", "free"),
    [
        ("Input(8, 3) -> BN(constraint={})", "gamma", False),
        ("Input(8, 3) -> BN(beta_constraint={})", "beta", False),
        ("Input(8, 3) -> PReLU(shared_axes=0, constraint={})", "alpha", True),
        ("Input(8, 3) -> Add{{ _ | Weight(3, constraint={}) }}", "value", False),
    ],
)
def test_other_weights_are_held_along_their_first_axis(text: str, name: str, free: bool) -> None:
    found = norms(weight(pushed(text.format("max_norm(0.25)")), name), (0,))
    np.testing.assert_allclose(found.max(), 0.25, rtol=1e-4)


def test_a_bias_is_free_of_the_kernels_constraint() -> None:
    model = pushed("Input(6) -> Dense(5, regularizer=l2, constraint=max_norm(0.1))")
    assert norms(weight(model, "bias"), (0,)) > 1


def test_every_word_is_tried() -> None:
    assert {case[0].partition("(")[0] for case in (*PENALTIES, *MATRIX_PENALTIES)} == set(REGULARIZERS)
    assert set(CONSTRAINTS) == {"max_norm", "unit_norm", "min_max_norm", "non_neg"}


@pytest.mark.parametrize(
    ("text", "slug", "message"),
    [
        ("Conv(4, 3, regularizer=orthogonal)", "bad-argument", "`orthogonal` is for a matrix, and `kernel` has 4 axes"),
        ("BN(beta_regularizer=orthogonal)", "bad-argument", "`orthogonal` is for a matrix, and `beta` has 1 axis"),
        ("RMSNorm(regularizer=orthogonal)", "bad-argument", "`orthogonal` is for a matrix, and `scale` has 1 axis"),
        ("Dense(1, regularizer=orthogonal(mode=columns))", "bad-argument", "and there is one"),
        ("Dense(4, constraint=max_norm(3, axis=2))", "no-such-axis", "`kernel` has no axis 2"),
        ("SeparableConv(4, 3, constraint=unit_norm(axis=(0, 4)))", "no-such-axis", "`depthwise_kernel` has no axis 4"),
        ("BN(constraint=max_norm(3, axis=1))", "no-such-axis", "`gamma` has no axis 1"),
        ("Conv(4, 3, constraint=max_norm(axis=(0, -4)))", "axis-repeated", "names an axis twice"),
        ("Dense(4, constraint=min_max_norm(3, 2))", "bad-argument", "`low` is above `high`"),
        ("Dense(4, constraint=max_norm(0))", "bad-argument", "`limit` of `max_norm` expects a number above 0"),
        ("Dense(4, constraint=max_norm(axis=ones))", "bad-argument", "`axis` of `max_norm` expects one axis"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, slug: str, message: str) -> None:
    found = check(f"Input(6, 5, 3) -> {text}\n").only()
    assert found.code.slug == slug
    assert message in found.message


def test_what_fits_a_matrix_is_taken() -> None:
    sound("Input(6, 5, 3) -> Dense(4, regularizer=orthogonal, bias=false, bias_init=zeros, constraint=unit_norm(1))\n")
    sound("Input(1) -> Dense(4, regularizer=orthogonal(mode=columns))\n")

"""Every initialiser against its formula: mean, variance and shape of real draws, by a model of a spec.

Seeds are fixed, so each test always gives the same; the bounds are four standard errors of what is estimated.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from nnspec.ops.choices import INITIALIZERS
from tests.ops.by_spec import model_of, weight, weights
from tests.program.checking import check

#: A layer with its weight; the numbers of inputs and outputs of a unit, the window counted.
DENSE = ("Input(300) -> Dense(400, {})", "kernel", 300, 400)
CONV = ("Input(9, 9, 30) -> Conv(80, 5x3, {})", "kernel", 5 * 3 * 30, 5 * 3 * 80)
GROUPED = ("Input(9, 9, 40) -> Conv(80, 3, groups=4, {})", "kernel", 3 * 3 * 10, 3 * 3 * 80)
EMBEDDING = ("Input(5, dtype=int32) -> Embedding(500, 200, {})", "embeddings", 500, 200)
# Their kernels lie as Keras lays them, and so are read: (…, filters, channels) and (…, channels, 1).
TRANSPOSED = ("Input(9, 9, 30) -> ConvTranspose(80, 5x3, {})", "kernel", 5 * 3 * 80, 5 * 3 * 30)
DEPTHWISE = ("Input(9, 9, 2000) -> DepthwiseConv(5x3, {})", "kernel", 5 * 3 * 2000, 5 * 3 * 1)
LAYERS = (DENSE, CONV, GROUPED, EMBEDDING, TRANSPOSED, DEPTHWISE)
LAYER = pytest.mark.parametrize(
    "layer", LAYERS, ids=["dense", "conv", "grouped", "embedding", "transposed", "depthwise"]
)

Layer = tuple[str, str, int, int]


def drawn(layer: Layer, init: str) -> np.ndarray:
    text, name, _, _ = layer
    return weight(model_of(text.format(f"init={init}"), seed=3), name)


def test_the_hand_counts_are_of_such_kernels() -> None:
    shapes = [drawn(layer, "zeros").shape for layer in LAYERS]
    assert shapes == [(300, 400), (5, 3, 30, 80), (3, 3, 10, 80), (500, 200), (5, 3, 80, 30), (5, 3, 2000, 1)]


# Of standardised numbers: the largest, and the fourth moment, which says how far a variance strays.


def truncated() -> tuple[float, float, float]:
    """Of a standard Gaussian cut at 2: its variance, and largest value and fourth moment once standardised."""
    x = np.linspace(-2, 2, 400_001)
    density = np.exp(-(x**2) / 2)
    density /= density.sum()
    variance = float((density * x**2).sum())
    return variance, 2 / variance**0.5, float((density * x**4).sum()) / variance**2


CUT, CUT_LARGEST, CUT_FOURTH = truncated()
FORMS = {"gaussian": (np.inf, 3.0), "uniform": (3**0.5, 1.8), "truncated": (CUT_LARGEST, CUT_FOURTH)}

#: The initialiser as written, its form, its mean, and its variance for n_in and n_out.
RULES: list[tuple[str, str, float, Callable[[int, int], float]]] = [
    ("normal", "gaussian", 0, lambda n, m: 0.05**2),
    ("normal(std=0.01)", "gaussian", 0, lambda n, m: 0.01**2),
    ("normal(0.5, 2)", "gaussian", 0.5, lambda n, m: 4.0),
    ("truncated_normal(std=0.1)", "truncated", 0, lambda n, m: CUT * 0.1**2),
    ("truncated_normal(mean=-1)", "truncated", -1, lambda n, m: CUT * 0.05**2),
    ("uniform", "uniform", 0, lambda n, m: 0.1**2 / 12),
    ("uniform(1, 3)", "uniform", 2, lambda n, m: 2**2 / 12),
    ("xavier", "gaussian", 0, lambda n, m: 1 / n),
    ("glorot", "gaussian", 0, lambda n, m: 2 / (n + m)),
    ("he", "gaussian", 0, lambda n, m: 2 / n),
    ("lecun", "gaussian", 0, lambda n, m: 1 / n),
    ("glorot_normal", "truncated", 0, lambda n, m: 2 / (n + m)),
    ("glorot_uniform", "uniform", 0, lambda n, m: 2 / (n + m)),
    ("he_normal", "truncated", 0, lambda n, m: 2 / n),
    ("he_uniform", "uniform", 0, lambda n, m: 2 / n),
    ("lecun_normal", "truncated", 0, lambda n, m: 1 / n),
    ("lecun_uniform", "uniform", 0, lambda n, m: 1 / n),
    ("variance_scaling", "truncated", 0, lambda n, m: 1 / n),
    ("variance_scaling(3, fan_out, uniform)", "uniform", 0, lambda n, m: 3 / m),
    ("variance_scaling(0.5, fan_avg, untruncated_normal)", "gaussian", 0, lambda n, m: 0.5 / ((n + m) / 2)),
]


@LAYER
@pytest.mark.parametrize(("init", "form", "mean", "variance"), RULES, ids=[rule[0] for rule in RULES])
def test_draws_have_the_mean_and_variance_of_the_formula(
    layer: Layer, init: str, form: str, mean: float, variance: Callable[[int, int], float]
) -> None:
    values = drawn(layer, init).astype("float64").ravel()
    expected = variance(layer[2], layer[3])
    largest, fourth = FORMS[form]
    assert values.size >= 7_000
    assert abs(values.mean() - mean) < 4 * (expected / values.size) ** 0.5
    assert abs(((values - mean) ** 2).mean() - expected) < 4 * expected * ((fourth - 1) / values.size) ** 0.5
    standardised = (values - mean) / expected**0.5
    assert abs(standardised).max() <= largest + 1e-3
    if form == "gaussian":
        assert abs((abs(standardised) > 2).mean() - 0.0455) < 4 * (0.0455 / values.size) ** 0.5
    else:
        assert abs(standardised).max() > 0.99 * largest


CONSTANTS = {"zeros": 0.0, "ones": 1.0, "constant(-0.25)": -0.25}


@LAYER
@pytest.mark.parametrize("init", CONSTANTS)
def test_constants_are_everywhere(layer: Layer, init: str) -> None:
    assert np.unique(drawn(layer, init)).tolist() == [CONSTANTS[init]]


ORTHOGONAL = ["orthogonal", "orthogonal(gain=2)", "orthogonal(0.5)"]
GAINS = (1.0, 2.0, 0.5)


@pytest.mark.parametrize(("init", "gain"), list(zip(ORTHOGONAL, GAINS, strict=True)))
@pytest.mark.parametrize("text", ["Input(60) -> Dense(40, {})", "Input(9, 9, 6) -> Conv(50, 3, {})"])
def test_columns_of_an_orthogonal_kernel_are_orthonormal(text: str, init: str, gain: float) -> None:
    kernel = weight(model_of(text.format(f"init={init}")), "kernel")
    w = kernel.reshape(-1, kernel.shape[-1])
    np.testing.assert_allclose(w.T @ w, gain**2 * np.eye(w.shape[1]), atol=1e-5)


@pytest.mark.parametrize("text", ["Input(40) -> Dense(60, {})", "Input(9, 9, 2) -> Conv(50, 3, {})"])
def test_rows_of_a_wide_orthogonal_kernel_are_orthonormal(text: str) -> None:
    kernel = weight(model_of(text.format("init=orthogonal")), "kernel")
    w = kernel.reshape(-1, kernel.shape[-1])
    assert w.shape[0] < w.shape[1]
    np.testing.assert_allclose(w @ w.T, np.eye(w.shape[0]), atol=1e-5)


@pytest.mark.parametrize(("init", "gain"), [("identity", 1.0), ("identity(gain=0.5)", 0.5)])
@pytest.mark.parametrize("units", [4, 6, 9])
def test_an_identity_hands_on_what_arrives(units: int, init: str, gain: float) -> None:
    kernel = weight(model_of(f"Input(6) -> Dense({units}, init={init})"), "kernel")
    assert np.array_equal(kernel, gain * np.eye(6, units))


def test_every_word_is_tried() -> None:
    tried = [*(rule[0] for rule in RULES), *CONSTANTS, *ORTHOGONAL, "identity"]
    assert {re.split(r"\W", text)[0] for text in tried} == set(INITIALIZERS)


SEEDED = [word for word, choice in INITIALIZERS.items() if "seed" in choice.settings]


@pytest.mark.parametrize("word", SEEDED)
def test_a_seed_draws_the_same_again_and_another_seed_others(word: str) -> None:
    text = f"Input(20) -> Dense(30, init={word}(seed=5)) -> Dense(30, init={word}(seed=6)) -> Dense(30, init={word})"
    one, two = weights(model_of(text, seed=1), "kernel"), weights(model_of(text, seed=2), "kernel")
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])
    assert not np.array_equal(one[2], two[2])
    same = f"Input(30) -> Dense(30, init={word}(seed=5)) -> Dense(30, init={word}(seed=6))"
    first, second = weights(model_of(same), "kernel")
    assert not np.array_equal(first, second)


def test_layers_without_a_seed_draw_for_themselves_and_the_models_seed_repeats_them() -> None:
    text = "Input(30) -> Dense(30, init=he) x 2"
    one, two, other = (weights(model_of(text, seed=seed), "kernel") for seed in (1, 1, 2))
    assert not np.array_equal(one[0], one[1])
    assert np.array_equal(one, two)
    assert not np.array_equal(one[0], other[0])


@pytest.mark.parametrize(
    ("text", "bias"),
    [
        ("Input(8) -> Dense(4, bias_init=constant(0.1))", "bias"),
        ("Input(8) -> FC(4, init=ones, bias_init=constant(0.1))", "bias"),
        ("Input(8, 8, 3) -> Conv(4, 3, bias_init=constant(0.1))", "bias"),
        ("Input(8, 8, 3) -> ConvTranspose(4, 3, bias_init=constant(0.1))", "bias"),
        ("Input(8, 8, 3) -> SeparableConv(4, 3, bias_init=constant(0.1))", "bias"),
        ("Input(8, 3) -> BN(bias_init=constant(0.1))", "beta"),
    ],
)
def test_a_bias_starts_as_it_is_told(text: str, bias: str) -> None:
    model = model_of(text)
    assert np.array_equal(weight(model, bias), np.full(model.output_shape[-1], 0.1, "float32"))
    assert not weight(model_of(text.replace("bias_init=constant(0.1)", "bias=true")), bias).any()


def test_a_bias_may_be_drawn_with_its_length_as_number_of_inputs() -> None:
    bias = weight(model_of("Input(2) -> Dense(40000, bias_init=he)"), "bias")
    assert abs(bias.var() - 2 / 40000) < 4 * 2 / 40000 * (2 / 40000) ** 0.5


@pytest.mark.parametrize("text", ["SeparableConv(300, 3, depth_multiplier=2, init=he)"])
def test_both_kernels_of_a_separable_convolution_are_drawn(text: str) -> None:
    model = model_of(f"Input(8, 8, 200) -> {text}")
    for name, inputs in (("depthwise_kernel", 9 * 200), ("pointwise_kernel", 400)):
        kernel = weight(model, name)
        assert abs(kernel.var() * inputs / 2 - 1) < 4 * (2 / kernel.size) ** 0.5


@pytest.mark.parametrize(
    ("text", "slug", "span", "message"),
    [
        (
            "Conv(4, 3, init=identity)",
            "bad-argument",
            "identity",
            "`identity` is for a matrix, and `kernel` has 4 axes",
        ),
        ("Dense(4, bias_init=orthogonal)", "bad-argument", "orthogonal", "`bias` has 1 axis"),
        ("BN(init=orthogonal)", "bad-argument", "orthogonal", "`gamma` has 1 axis"),
        ("RMSNorm(init=orthogonal)", "bad-argument", "orthogonal", "`scale` has 1 axis"),
        ("Add{ _ | Weight(3, init=identity) }", "bad-argument", "identity", "`value` has 1 axis"),
        ("Dense(4, init=uniform(0.5, -0.5))", "bad-argument", "uniform(0.5, -0.5)", "`low` is above `high`"),
        ("Dense(4, init=normal(std=-1))", "bad-argument", "normal(std=-1)", "`std` of `normal` expects a number"),
        ("Dense(4, init=he(std=1))", "unknown-argument", "he(std=1)", "`he` has no setting `std`"),
        ("Dense(4, init=constant)", "missing-argument", "constant", "`constant` needs `value`"),
        ("Dense(4, init=kaiming)", "bad-argument", "kaiming", "expects an initialiser"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_is_written(text: str, slug: str, span: str, message: str) -> None:
    found = check(f"Input(6, 5, 3) -> {text}\n").only()
    assert (found.code.slug, found.span.text) == (slug, span)
    assert message in found.message

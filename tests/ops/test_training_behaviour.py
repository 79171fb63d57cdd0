"""What training does and inference does not, by models of specs: statistics, masks, noise, and their gradients.

The operators by themselves are held against their formulas in test_norm, test_regularization and test_activation;
here they stand in networks, and take steps of training. Seeds are fixed: each test always gives the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.ops.by_spec import as_array, keras, model_of, run, weight, weights

BATCH = 64


def values(*shape: int, batch: int = BATCH, seed: int = 0) -> np.ndarray:
    """A batch whose channels differ in mean and spread."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(batch, *shape)) * np.linspace(0.5, 3, shape[-1]) + np.linspace(-4, 5, shape[-1])
    return x.astype("float32")


def gradient(model: Any, x: np.ndarray, upstream: np.ndarray, *, training: bool) -> tuple[np.ndarray, np.ndarray]:
    """The output, and the gradient of Σ upstream · output with respect to the input."""
    given = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(given)
        y = model(given, training=training)
        loss = tf.reduce_sum(tf.cast(upstream, y.dtype) * y)
    return as_array(y), as_array(tape.gradient(loss, given))


def train(model: Any, x: np.ndarray, steps: int = 1, rate: float = 0.0) -> None:
    """Steps of gradient descent on one batch; a rate of 0 changes nothing but statistics."""
    model.compile(keras.optimizers.SGD(rate), "mse")
    target = np.zeros((len(x), *model.output_shape[1:]), "float32")
    for _ in range(steps):
        model.train_on_batch(x, target)


def close(found: np.ndarray, expected: np.ndarray, tolerance: float = 1e-4) -> None:
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


# Batch normalisation.

NORMALISED = [
    ("Input(5) -> BN(epsilon=0)", (5,), (0,)),
    ("Input(7, 5) -> BN(epsilon=0)", (7, 5), (0, 1)),
    ("Input(3, 4, 5) -> BN(epsilon=0)", (3, 4, 5), (0, 1, 2)),
    ("Input(3, 4, 5) -> BN(epsilon=0, axis=0)", (3, 4, 5), (0, 2, 3)),
    ("Input(2, 3, 4, 5) -> BN(epsilon=0)", (2, 3, 4, 5), (0, 1, 2, 3)),
]
BY_RANK = pytest.mark.parametrize(("text", "shape", "axes"), NORMALISED, ids=[case[0] for case in NORMALISED])


@BY_RANK
def test_in_training_each_channel_of_a_batch_has_mean_0_and_variance_1(
    text: str, shape: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    y = run(model_of(text), values(*shape), training=True)
    close(y.mean(axes), 0, 1e-3)
    close(y.var(axes), 1, 1e-3)


@BY_RANK
def test_moving_averages_take_up_the_batch_by_the_momentum(
    text: str, shape: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    model = model_of(text.replace("epsilon=0", "momentum=0.75"))
    one, two = values(*shape, seed=1), values(*shape, seed=2) * 2 + 1
    mean, variance = 0.0, 1.0
    for x in (one, two):
        run(model, x, training=True)
        mean = 0.75 * mean + 0.25 * x.mean(axes)  # type: ignore[assignment]
        variance = 0.75 * variance + 0.25 * x.var(axes)  # type: ignore[assignment]
        close(weight(model, "moving_mean"), np.asarray(mean))
        close(weight(model, "moving_variance"), np.asarray(variance))
    before = [w.copy() for w in model.get_weights()]
    run(model, two * 100)
    model.predict(two, verbose=0)
    assert all(map(np.array_equal, before, model.get_weights()))  # inference takes nothing up


@BY_RANK
def test_inference_uses_the_moving_averages_alone(text: str, shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    model = model_of(text.replace("epsilon=0", "momentum=0.5, epsilon=0.01, init=constant(2), bias_init=constant(-1)"))
    x = values(*shape)
    train(model, x, steps=3)
    mean, variance = (weight(model, f"moving_{name}") for name in ("mean", "variance"))
    close(mean, (1 - 0.5**3) * x.mean(axes))
    (kept,) = set(range(x.ndim)) - set(axes)
    spread = [1] * x.ndim
    spread[kept] = -1
    expected = 2 * (x - mean.reshape(spread)) / np.sqrt(variance.reshape(spread) + 0.01) - 1
    close(run(model, x), expected, 1e-3)
    close(run(model, x[:1]), expected[:1], 1e-3)  # whatever stands beside it
    close(np.asarray(model.predict(x, verbose=0)), expected, 1e-3)


def test_in_training_an_example_depends_on_the_others_of_its_batch() -> None:
    model = model_of("Input(4) -> BN")
    x = values(4)
    other = x.copy()
    other[1:] *= 3
    assert not np.allclose(run(model, x, training=True)[0], run(model, other, training=True)[0], atol=0.1)
    assert np.array_equal(run(model, x)[0], run(model, other)[0])


def test_a_long_training_makes_both_behaviours_one() -> None:
    model = model_of("Input(6, 6, 3) -> Conv(8, 3, norm=batch)")
    x = values(6, 6, 3)
    assert not np.allclose(run(model, x), run(model, x, training=True), atol=0.1)
    train(model, x, steps=1500)
    close(run(model, x), run(model, x, training=True), 1e-2)


def test_momentum_0_keeps_the_last_batch_alone_and_1_the_start() -> None:
    model = model_of(
        "Input(3) -> BN(momentum=0) -> BN(momentum=1, moving_mean_init=ones, moving_variance_init=constant(4))"
    )
    for seed in (1, 2):
        run(model, values(3, seed=seed), training=True)
    (last, start), (last_variance, start_variance) = (weights(model, f"moving_{n}") for n in ("mean", "variance"))
    close(last, values(3, seed=2).mean(0))
    close(last_variance, values(3, seed=2).var(0))
    assert (start == 1).all()
    assert (start_variance == 4).all()


def test_a_shared_batch_norm_takes_up_both_of_its_uses() -> None:
    model = model_of("shared N = BN(momentum=0.5)\na = Input(3)\nb = Input(3)\nConcat{ a -> N | b -> N }")
    a, b = values(3, seed=1), values(3, seed=2)
    model([a, b], training=True)
    once = 0.5 * a.mean(0) + 0.5 * 0
    close(weight(model, "moving_mean"), 0.5 * once + 0.5 * b.mean(0))


def test_what_is_not_trainable_keeps_its_averages_through_training() -> None:
    frozen = "Input(3) -> BN(trainable=false, moving_mean_init=ones, epsilon=0)"
    x = values(3)
    close(run(model_of(frozen), x, training=True), x - 1)
    model = model_of(frozen + " -> Dense(2)")
    dense = weight(model, "kernel").copy()
    train(model, x, steps=2, rate=1e-3)
    assert (weight(model, "moving_mean") == 1).all()
    assert (weight(model, "moving_variance") == 1).all()
    assert (weight(model, "gamma") == 1).all()
    assert not np.array_equal(weight(model, "kernel"), dense)


def test_gradients_flow_through_the_statistics_of_the_batch() -> None:
    """Ioffe & Szegedy 2015, section 3: the gradient with respect to x, summed up by hand."""
    model = model_of("Input(5) -> BN(epsilon=0.001, init=constant(1.5))")
    x, upstream = values(5), values(5, seed=3)
    _, found = gradient(model, x, upstream, training=True)
    root = np.sqrt(x.var(0) + 0.001)
    standard = (x - x.mean(0)) / root
    given = 1.5 * upstream
    expected = (given - given.mean(0) - standard * (given * standard).mean(0)) / root
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    close(found.sum(0), 0, 1e-2)  # a shift of the whole batch changes nothing
    _, after = gradient(model_of("Input(5) -> BN(epsilon=0.001, init=constant(1.5))"), x, upstream, training=False)
    close(after, given / np.sqrt(1.001))


def test_gamma_and_beta_learn_and_the_averages_do_not() -> None:
    model = model_of("Input(3) -> BN(momentum=1)")
    x = values(3)
    model.compile(keras.optimizers.SGD(0.3), "mse")
    model.train_on_batch(x, np.ones_like(x))
    standard = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)
    error = 2 * (standard - 1) / x.size
    close(weight(model, "gamma"), 1 - 0.3 * (error * standard).sum(0))
    close(weight(model, "beta"), -0.3 * error.sum(0))
    assert (weight(model, "moving_mean") == 0).all()


@pytest.mark.parametrize(
    "norm", ["LN", "GroupNorm(2)", "InstanceNorm", "RMSNorm", "RMSNorm(axis=0)", "UnitNorm", "LRN"]
)
def test_other_normalisations_know_neither_training_nor_the_rest_of_the_batch(norm: str) -> None:
    model = model_of(f"Input(5, 4) -> {norm}")
    x = values(5, 4)
    y = run(model, x)
    close(run(model, x, training=True), y, 1e-6)
    close(run(model, x[:1]), y[:1], 1e-6)


# Noise.


def share_is(found: np.ndarray, rate: float) -> None:
    """A share of trues within four standard errors of a probability."""
    assert abs(found.mean() - rate) < 4 * (rate * (1 - rate) / found.size) ** 0.5


NOISE = [
    "Dropout(0.4)", "SpatialDropout(0.4)", "AlphaDropout(0.4)", "GaussianDropout(0.4)", "GaussianNoise(0.4)",
    "DropPath(0.4)", "RReLU", "GumbelSoftmax", "GumbelSoftmax(hard=true)",
]  # fmt: skip


@pytest.mark.parametrize("noise", NOISE)
def test_noise_is_drawn_anew_at_each_step_of_training_and_never_after(noise: str) -> None:
    model = model_of(f"Input(6, 5) -> {noise}")
    x = np.random.default_rng(0).normal(size=(BATCH, 6, 5)).astype("float32")
    first, second = (run(model, x, training=True) for _ in range(2))
    assert not np.array_equal(first, second)
    after = run(model, x)
    assert np.array_equal(run(model, x), after)
    close(np.asarray(model.predict(x, verbose=0)), after, 1e-6)
    if "RReLU" not in noise and "Gumbel" not in noise:
        assert np.array_equal(after, x)


@pytest.mark.parametrize("noise", NOISE)
def test_a_seed_gives_the_same_noise_in_the_same_order(noise: str) -> None:
    name, _, inside = noise.partition("(")
    text = f"Input(6, 5) -> {name}({', '.join(filter(None, (inside.rstrip(')'), 'seed=3')))})"
    x = np.random.default_rng(0).normal(size=(BATCH, 6, 5)).astype("float32")
    one, two = model_of(text, seed=1), model_of(text, seed=2)
    for _ in range(2):
        assert np.array_equal(run(one, x, training=True), run(two, x, training=True))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_inverted_dropout_drops_its_share_scales_the_rest_and_keeps_the_mean(rate: float) -> None:
    x = np.random.default_rng(0).normal(2, 1, (100, 400)).astype("float32")
    y, slope = gradient(model_of(f"Input(400) -> Dropout({rate})"), x, np.ones_like(x), training=True)
    dropped = y == 0
    share_is(dropped, rate)
    close(y[~dropped], x[~dropped] / (1 - rate), 1e-5)
    close(slope, np.where(dropped, 0, 1 / (1 - rate)), 1e-5)  # what is dropped learns nothing
    assert abs(y.mean() - x.mean()) < 4 * ((x**2).mean() * rate / (1 - rate) / x.size) ** 0.5
    each = dropped.mean(axis=0)  # units are dropped for each example apart, not all alike
    assert each.min() > 0
    assert each.max() < 1


def test_the_shorthand_drops_after_the_activation() -> None:
    model = model_of("Input(8) -> Dense(5000, act=sigmoid, dropout=0.25)")
    x = values(8, batch=8)
    plain, y = run(model, x), run(model, x, training=True)
    assert plain.min() > 0
    share_is(y == 0, 0.25)
    close(y[y != 0], plain[y != 0] / 0.75, 1e-5)


def test_dropout_acts_while_a_model_is_fitted_and_not_while_it_is_evaluated() -> None:
    model = model_of("Input(2000) -> Dropout(0.5) -> Multiply{ _ | Weight(2000, init=ones) }")
    x = np.ones((50, 2000), "float32")
    model.compile(keras.optimizers.SGD(0.0), "mse")
    fitted = model.train_on_batch(x, np.zeros_like(x), return_dict=True)["loss"]
    assert abs(fitted - 2) < 4 * (4 / x.size) ** 0.5  # the mean of 2² for one half
    assert model.evaluate(x, np.zeros_like(x), verbose=0) == 1


@pytest.mark.parametrize("shape", [(30, 50), (5, 6, 50), (2, 3, 4, 50)])
def test_spatial_dropout_drops_whole_maps_and_scales_the_others(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=(60, *shape)).astype("float32")
    y = run(model_of(f"Input({', '.join(map(str, shape))}) -> SpatialDropout(0.3)"), x, training=True)
    maps = y.reshape(60, -1, 50)
    dropped = (maps == 0).all(axis=1)
    assert np.array_equal(dropped, (maps == 0).any(axis=1))
    share_is(dropped, 0.3)
    kept = np.broadcast_to(~dropped[:, None], maps.shape)
    close(maps[kept], x.reshape(maps.shape)[kept] / 0.7, 1e-5)


def test_alpha_dropout_sets_to_the_least_of_selu_and_keeps_mean_and_variance() -> None:
    x = np.random.default_rng(0).normal(size=(100, 1000)).astype("float32")
    y = run(model_of("Input(1000) -> AlphaDropout(0.3)"), x, training=True)
    least = -1.0507009873554805 * 1.6732632423543772  # Klambauer et al. 2017, section 3
    a = (0.7 + least**2 * 0.3 * 0.7) ** -0.5
    b = -a * 0.3 * least
    dropped = np.isclose(y, a * least + b, atol=1e-6) & ~np.isclose(a * x + b, a * least + b, atol=1e-6)
    share_is(dropped, 0.3)
    close(y[~dropped], a * x[~dropped] + b, 1e-5)
    assert abs(y.mean()) < 4 / x.size**0.5
    assert abs(y.var() - 1) < 4 * (3 / x.size) ** 0.5


@pytest.mark.parametrize("training", [False, True])
def test_a_deep_selu_network_normalises_itself_with_alpha_dropout(training: bool) -> None:
    """Klambauer et al. 2017: from an input of other mean and variance towards 0 and 1, layer by layer."""
    text = "Input(500) -> [Dense(500, init=lecun_normal) -> SELU -> AlphaDropout(0.1)] x 10"
    x = np.random.default_rng(0).normal(0.5, 1.5, (100, 500)).astype("float32")
    y = run(model_of(text), x, training=training)
    assert abs(y.mean()) < 0.1
    assert abs(y.var() - 1) < 0.15
    other = run(model_of(text.replace("SELU -> AlphaDropout(0.1)", "ReLU")), x, training=training)
    assert other.var() < 0.15


def test_gaussian_dropout_multiplies_and_gaussian_noise_adds() -> None:
    x = np.repeat(np.array([[-3.0, 0.0, 5.0]], "float32"), 40_000, axis=0)
    count = len(x)
    scaled = run(model_of("Input(3) -> GaussianDropout(0.2)"), x, training=True)
    added = run(model_of("Input(3) -> GaussianNoise(0.3)"), x, training=True)
    assert (scaled[:, 1] == 0).all()
    for y, variance in ((scaled, x[0] ** 2 * 0.2 / 0.8), (added, np.full(3, 0.09))):
        assert (abs(y.mean(0) - x[0]) <= 4 * np.sqrt(variance / count)).all()
        assert (abs(y.var(0) - variance) <= 4 * variance * np.sqrt(2 / count)).all()


def test_drop_path_leaves_out_the_branch_for_whole_examples_and_scales_it_for_the_others() -> None:
    text = "Input(4, 4, 3) -> Residual{ Conv(3, 3, padding=same, bias=false) -> DropPath(0.3) }"
    model = model_of(text)
    x = np.random.default_rng(0).normal(size=(2000, 4, 4, 3)).astype("float32")
    branch = run(model, x) - x
    y = run(model, x, training=True)
    left_out = (y == x).all(axis=(1, 2, 3))
    share_is(left_out, 0.3)
    close(y[~left_out], (x + branch / 0.7)[~left_out], 1e-4)


def test_a_path_that_is_dropped_hands_no_gradient_on() -> None:
    x = np.random.default_rng(0).normal(size=(500, 6)).astype("float32")
    y, slope = gradient(model_of("Input(6) -> DropPath(0.4)"), x, np.ones_like(x), training=True)
    dropped = (y == 0).all(axis=1)
    assert (slope[dropped] == 0).all()
    close(slope[~dropped], np.float32(1 / 0.6), 1e-5)


def test_rrelu_has_random_slopes_in_training_and_their_mean_after() -> None:
    x = np.random.default_rng(0).normal(size=(100, 500)).astype("float32")
    model = model_of("Input(500) -> RReLU(low=0.1, high=0.5)")
    y, slope = gradient(model, x, np.ones_like(x), training=True)
    negative = x < 0
    close(y, slope * x, 1e-6)  # the slope that was drawn is the one that is learned by
    assert (slope[~negative] == 1).all()
    drawn = slope[negative]
    assert drawn.min() >= 0.1
    assert drawn.max() <= 0.5
    assert abs(drawn.mean() - 0.3) < 4 * 0.4 / (12 * drawn.size) ** 0.5
    assert abs(drawn.var() - 0.4**2 / 12) < 4 * 0.4**2 / 12 * (0.8 / drawn.size) ** 0.5
    _, after = gradient(model, x, np.ones_like(x), training=False)
    close(after, np.where(negative, 0.3, 1), 1e-6)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
def test_gumbel_softmax_draws_as_softmax_says_whatever_the_temperature(temperature: float) -> None:
    logits = np.array([1.0, 0.0, -1.0, 2.0], "float32")
    x = np.repeat(logits[None], 20_000, axis=0)
    model = model_of(f"Input(4) -> GumbelSoftmax(temperature={temperature})")
    y = run(model, x, training=True)
    close(y.sum(-1), 1, 1e-5)
    for category, probability in enumerate(softmax(logits)):
        share_is(y.argmax(-1) == category, probability)
    close(run(model, x[:1])[0], softmax(logits / temperature), 1e-5)


def test_a_small_temperature_is_near_to_one_hot_and_a_large_one_to_equal_shares() -> None:
    x = np.random.default_rng(0).normal(size=(2000, 5)).astype("float32")
    largest = [
        run(model_of(f"Input(5) -> GumbelSoftmax(temperature={t})"), x, training=True).max(-1).mean()
        for t in (0.05, 1, 50)
    ]
    assert largest[0] > 0.95
    assert largest[0] > largest[1] > largest[2]
    assert largest[2] < 0.25


def test_a_hard_sample_learns_by_the_gradient_of_the_soft_one() -> None:
    x = np.random.default_rng(0).normal(size=(200, 5)).astype("float32")
    upstream = np.random.default_rng(1).normal(size=x.shape).astype("float32")
    hard, soft = (
        gradient(model_of(f"Input(5) -> GumbelSoftmax(temperature=0.7, seed=2{more})"), x, upstream, training=True)
        for more in (", hard=true", "")
    )
    close(hard[0], np.eye(5)[soft[0].argmax(-1)], 1e-6)
    assert abs(soft[1]).max() > 0.1
    close(hard[1], soft[1], 1e-5)

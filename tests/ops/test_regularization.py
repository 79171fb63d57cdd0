"""Noise: what training does to a tensor, and that nothing is done afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops import regularization as r
from nnspec.ops.operator import Operator
from nnspec.shapes.dim import symbol
from tests.ops.oracle import build
from tests.ops.pointwise import infer, run, tensor, values

EVERY: list[Operator] = [
    r.Dropout(rate=0.4),
    r.Dropout(rate=0.4, noise_shape=(1, None, 3)),
    r.SpatialDropout(rate=0.4),
    r.AlphaDropout(rate=0.4),
    r.AlphaDropout(rate=0.4, noise_shape=(1, 5, 3)),
    r.GaussianDropout(rate=0.4),
    r.GaussianNoise(std=0.4),
    r.DropPath(rate=0.4),
]


@pytest.mark.parametrize("operator", EVERY, ids=repr)
def test_noise_is_for_training_alone(operator: Operator) -> None:
    x = values(4, 5, 3)
    assert np.array_equal(run(operator, x), x)
    assert not np.array_equal(run(operator, x, training=True), x)
    assert build(operator, [tensor(4, 5, 3)]).weights == []


@pytest.mark.parametrize("operator", EVERY, ids=repr)
def test_a_seed_makes_noise_repeatable(operator: Operator) -> None:
    x = values(4, 5, 3)
    seeded = type(operator)(**{**operator.__dict__, "seed": 3})
    assert np.array_equal(run(seeded, x, training=True), run(seeded, x, training=True))


def test_dropout_is_inverted_so_that_the_mean_stays() -> None:
    y = run(r.Dropout(rate=0.25), np.ones((10, 5000), "float32"), training=True)
    assert set(np.unique(y)) == {np.float32(0), np.float32(4 / 3)}
    assert abs((y == 0).mean() - 0.25) < 0.01
    assert abs(y.mean() - 1) < 0.02


def test_dropout_draws_once_along_an_axis_of_noise_one() -> None:
    y = run(r.Dropout(rate=0.5, noise_shape=(1, None)), np.ones((50, 6, 7), "float32"), training=True)
    assert np.array_equal(y, np.repeat(y[:, :1], 6, axis=1))
    assert 0.4 < (y == 0).mean() < 0.6


@pytest.mark.parametrize("shape", [(6, 20), (4, 4, 20), (2, 2, 2, 20)])
def test_spatial_dropout_drops_whole_channels(shape: tuple[int, ...]) -> None:
    y = run(r.SpatialDropout(rate=0.5), np.ones((40, *shape), "float32"), training=True)
    flat = y.reshape(40, -1, 20)
    assert np.array_equal(flat, np.repeat(flat[:, :1], flat.shape[1], axis=1))
    assert 0.4 < (flat == 0).mean() < 0.6


def test_drop_path_drops_whole_examples_and_scales_the_others() -> None:
    y = run(r.DropPath(rate=0.25), np.ones((4000, 3, 2), "float32"), training=True)
    each = y.reshape(4000, -1)
    assert np.array_equal(each, np.repeat(each[:, :1], 6, axis=1))
    assert set(np.unique(y)) == {np.float32(0), np.float32(4 / 3)}
    assert abs((each[:, 0] == 0).mean() - 0.25) < 0.03


def test_drop_path_of_rate_zero_is_the_identity() -> None:
    x = values(3)
    assert np.array_equal(run(r.DropPath(rate=0), x, training=True), x)


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = np.random.default_rng(1).normal(size=(20, 5000)).astype("float32")
    y = run(r.AlphaDropout(rate=0.2), x, training=True)
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02


def test_gaussian_noise_and_dropout_have_the_variance_that_they_say() -> None:
    ones = np.ones((20, 5000), "float32")
    added = run(r.GaussianNoise(std=0.3), ones, training=True)
    assert abs(added.mean() - 1) < 0.01
    assert abs(added.std() - 0.3) < 0.01
    scaled = run(r.GaussianDropout(rate=0.2), ones * 2, training=True)
    assert abs(scaled.mean() - 2) < 0.02
    assert abs(scaled.std() - 2 * np.sqrt(0.2 / 0.8)) < 0.02


def test_the_size_of_a_noise_on_a_symbolic_axis_becomes_a_condition() -> None:
    assert infer(r.Dropout(rate=0.5, noise_shape=(5, 1)), tensor(symbol("T"), 8))[1] == ["T == 5"]


@pytest.mark.parametrize(
    ("make", "arguments", "slug"),
    [
        (r.Dropout, {"rate": 1}, "bad-argument"),
        (r.Dropout, {"rate": -0.1}, "bad-argument"),
        (r.Dropout, {}, "missing-argument"),
        (r.Dropout, {"rate": 0.1, "noise_shape": (1,)}, "wrong-axes"),
        (r.Dropout, {"rate": 0.1, "noise_shape": (1, 2)}, "bad-argument"),
        (r.AlphaDropout, {"rate": 0.1, "noise_shape": (1, 1, 1)}, "wrong-axes"),
        (r.GaussianNoise, {"std": 1.5}, "bad-argument"),
        (r.DropPath, {"rate": 1}, "bad-argument"),
    ],
)
def test_what_does_not_fit_is_refused(make: type[Operator], arguments: dict[str, Any], slug: str) -> None:
    with pytest.raises(RuleError) as caught:
        make(**arguments).infer(tensor(4, 3))
    assert caught.value.code.slug == slug


@pytest.mark.parametrize("rank", [1, 5])
def test_spatial_dropout_needs_one_to_three_spatial_axes(rank: int) -> None:
    with pytest.raises(RuleError, match="spatial axes"):
        r.SpatialDropout(rate=0.5).infer(tensor(*[2] * rank))


@pytest.mark.parametrize("operator", EVERY, ids=repr)
def test_whole_numbers_are_refused_as_keras_fails_in_training(operator: Operator) -> None:
    with pytest.raises(RuleError, match="real numbers"):
        operator.infer(tensor(4, 5, 3, dtype="int32"))

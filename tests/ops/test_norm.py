"""Normalisations against their formulas in numpy, and batch normalisation's two behaviours."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from nnspec.calls import Call
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops import norm as n
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.shapes.dim import symbol
from tests.ops.oracle import build, make
from tests.ops.pointwise import as_array, infer, run, tensor, values

CONSTANT = Word("constant", (3,))


def standardised(x: np.ndarray, axes: tuple[int, ...], epsilon: float = 1e-3) -> np.ndarray:
    """Mean 0 and variance 1 over the axes, of which 0 is the batch."""
    return np.asarray((x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon))


def by_groups(x: np.ndarray, groups: int) -> np.ndarray:
    parts = np.split(x, groups, axis=-1)
    axes = tuple(range(1, x.ndim))
    return np.concatenate([standardised(part, axes) for part in parts], axis=-1)


def lrn(x: np.ndarray, size: int, alpha: float, beta: float, k: float) -> np.ndarray:
    """Krizhevsky et al. 2012, section 3.3, channel by channel."""
    out = np.empty_like(x)
    channels = x.shape[-1]
    for i in range(channels):
        near = x[..., max(0, i - size // 2) : min(channels - 1, i + size // 2) + 1]
        out[..., i] = x[..., i] / (k + alpha * (near**2).sum(-1)) ** beta
    return out


def test_batch_norm_uses_the_batch_in_training_and_moving_averages_after() -> None:
    x = values(4, 4, 2, batch=8) * 3 + 5
    model = build(n.BatchNorm(momentum=0.8), [tensor(4, 4, 2)]).model
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    assert np.allclose(as_array(model([x], training=False)), x / np.sqrt(1.001), atol=1e-4)
    assert np.allclose(as_array(model([x], training=True)), standardised(x, (0, 1, 2)), atol=1e-4)
    layer = model.layers[-1]
    assert np.allclose(layer.moving_mean, 0.2 * mean, atol=1e-4)
    assert np.allclose(layer.moving_variance, 0.8 + 0.2 * variance, rtol=1e-2)  # n or n - 1 is Keras's affair
    expected = (x - layer.moving_mean) / np.sqrt(layer.moving_variance + 1e-3)
    assert np.allclose(as_array(model([x], training=False)), expected, atol=1e-4)


def test_a_batch_norm_that_is_not_trainable_keeps_its_averages() -> None:
    x = values(2, batch=8) + 5
    model = build(n.BatchNorm(trainable=False), [tensor(2)]).model
    assert np.allclose(as_array(model([x], training=True)), x / np.sqrt(1.001), atol=1e-4)
    assert model.trainable_weights == []
    assert not any(weight.trainable for weight in n.BatchNorm(trainable=False).weights(tensor(2)))


def test_moving_averages_are_never_trained() -> None:
    found = [(w.name, w.trainable) for w in n.BatchNorm().weights(tensor(3))]
    assert found == [("gamma", True), ("beta", True), ("moving_mean", False), ("moving_variance", False)]


@pytest.mark.parametrize("how", [{"center": False}, {"bias": False}, {"bias": False, "center": True}])
@pytest.mark.parametrize("name", ["BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm"])
def test_bias_and_center_both_take_beta_away(name: str, how: dict[str, bool]) -> None:
    operator = make(name, **how, **({"groups": 2} if name == "GroupNorm" else {}))
    x = tensor(5, 4)
    expected = [(w.name, w.shape, w.trainable) for w in operator.weights(x)]
    assert "beta" not in [w[0] for w in expected]
    assert build(operator, [x]).weights == expected


@pytest.mark.parametrize(
    ("operator", "axes"),
    [
        (n.LayerNorm(), (3,)),
        (n.LayerNorm(axis=0), (1,)),
        (n.LayerNorm(axis=(0, 1)), (1, 2)),
        (n.LayerNorm(axis=(-1, 0)), (1, 3)),
        (n.LayerNorm(axis=(0, 1, 2)), (1, 2, 3)),
        (n.InstanceNorm(), (1, 2)),
        (n.InstanceNorm(axis=0), (2, 3)),
    ],
)
def test_layer_and_instance_norm_standardise_over_their_axes(operator: Operator, axes: tuple[int, ...]) -> None:
    x = values(4, 5, 6) * 2 + 1
    assert np.allclose(run(operator, x), standardised(x, axes), atol=1e-4)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_group_norm_standardises_each_group_of_channels(groups: int) -> None:
    x = values(4, 5, 6) * 2 + 1
    assert np.allclose(run(n.GroupNorm(groups=groups), x), by_groups(x, groups), atol=1e-4)
    first = np.moveaxis(by_groups(np.moveaxis(values_like(x), 1, -1), 2), -1, 1)
    assert np.allclose(run(n.GroupNorm(groups=2, axis=0), values_like(x)), first, atol=1e-4)


def values_like(x: np.ndarray) -> np.ndarray:
    return np.sin(np.arange(x.size, dtype="float32")).reshape(x.shape)


@pytest.mark.parametrize(
    ("operator", "axes"),
    [
        (n.RMSNorm(), (3,)),
        (n.RMSNorm(axis=(1, 2)), (2, 3)),
        (n.RMSNorm(axis=0), (1,)),
        (n.RMSNorm(axis=(0, -1)), (1, 3)),
        (n.RMSNorm(init=Word("ones")), (3,)),
    ],
)
def test_rms_norm_divides_by_the_root_mean_square(operator: Operator, axes: tuple[int, ...]) -> None:
    x = values(4, 5, 6) * 2 + 1
    expected = x / np.sqrt((x**2).mean(axes, keepdims=True) + 1e-6)
    assert np.allclose(run(operator, x), expected, atol=1e-4)
    types = [tensor(4, 5, 6)]
    assert build(operator, types).weights == [(w.name, w.shape, w.trainable) for w in operator.weights(*types)]


def test_rms_norm_takes_settings_that_keras_has_not() -> None:
    x = values(5, 6)
    operator = n.RMSNorm(init=CONSTANT, bias=True, bias_init=Word("constant", (2,)), regularizer=Word("l2"))
    expected = 3 * x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) + 2
    assert np.allclose(run(operator, x), expected, atol=1e-4)
    found = build(operator, [tensor(5, 6)])
    assert found.weights == [("scale", (6,), True), ("offset", (6,), True)]
    assert len(found.model.layers[-1].losses) == 1


@pytest.mark.parametrize(("axis", "axes"), [(-1, (3,)), (0, (1,)), ((0, 1), (1, 2))])
def test_unit_norm_brings_to_length_one(axis: int | tuple[int, ...], axes: tuple[int, ...]) -> None:
    x = values(4, 5, 6)
    assert np.allclose(run(n.UnitNorm(axis=axis), x), x / np.sqrt((x**2).sum(axes, keepdims=True)), atol=1e-5)


@pytest.mark.parametrize(
    ("size", "alpha", "beta", "k"), [(5, 1e-4, 0.75, 2), (5, 1, 0.75, 2), (3, 0.5, 0.5, 1), (1, 1, 1, 1), (9, 1, 1, 1)]
)
@pytest.mark.parametrize("shape", [(7,), (3, 4, 7)])
def test_lrn_is_the_formula_of_the_paper(
    shape: tuple[int, ...], size: int, alpha: float, beta: float, k: float
) -> None:
    x = values(*shape) * 2
    found = run(n.LRN(size=size, alpha=alpha, beta=beta, k=k), x)
    assert np.allclose(found, lrn(x, size, alpha, beta, k), atol=1e-5)


@pytest.mark.parametrize("name", ["BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm"])
def test_settings_of_gamma_and_beta_reach_keras(name: str) -> None:
    given = {
        "init": CONSTANT,
        "bias_init": Word("constant", (2,)),
        "regularizer": Word("l2", (0.1,)),
        "beta_regularizer": Word("l1"),
        "constraint": Word("non_neg"),
        "beta_constraint": Word("unit_norm"),
        "epsilon": 1e-5,
    }
    operator = make(name, **given, **({"groups": 2} if name == "GroupNorm" else {}))
    layer = build(operator, [tensor(5, 4)]).model.layers[-1]
    assert np.allclose(layer.gamma, 3)
    assert np.allclose(layer.beta, 2)
    assert isinstance(layer.gamma_regularizer, keras.regularizers.L2)
    assert isinstance(layer.beta_regularizer, keras.regularizers.L1)
    assert isinstance(layer.gamma_constraint, keras.constraints.NonNeg)
    assert isinstance(layer.beta_constraint, keras.constraints.UnitNorm)
    assert layer.epsilon == 1e-5


def test_what_keras_has_as_default_is_not_written() -> None:
    x = build_call(n.BatchNorm())
    assert (x.target, x.args, dict(x.kwargs)) == ("keras.layers.BatchNormalization", (), {})
    assert dict(build_call(n.BatchNorm(epsilon=1.001e-5, axis=2, momentum=0.99)).kwargs) == {"epsilon": 1.001e-5}
    assert dict(build_call(n.LayerNorm(axis=0)).kwargs) == {"axis": 1}
    assert dict(build_call(n.InstanceNorm()).kwargs) == {"groups": -1}


def build_call(operator: Operator) -> Call:
    from nnspec.calls import Arrival

    made = operator.lower(Arrival(tensor(4, 5, 6))).target
    assert isinstance(made, Call)
    return made


def test_groups_of_symbolic_channels_become_a_condition() -> None:
    found, conditions = infer(n.GroupNorm(groups=4), tensor(8, symbol("C")))
    assert found.shape == (8, symbol("C"))
    assert conditions == ["C % 4 == 0"]


@pytest.mark.parametrize(
    ("operator", "x", "slug", "words"),
    [
        (n.GroupNorm(), tensor(8, 8, 48), "groups-do-not-divide", "`groups=24` or `groups=48` divides 48"),
        (n.GroupNorm(groups=5), tensor(8, 8, 4), "groups-do-not-divide", "`groups=4` divides 4"),
        (n.InstanceNorm(), tensor(8), "wrong-rank", None),
        (n.BatchNorm(axis=3), tensor(8, 8, 3), "no-such-axis", "the axes are 0 to 2, or -3 to -1 from the end"),
        (n.LayerNorm(axis=(0, -2)), tensor(8, 8), "axis-repeated", "name each axis once"),
        (n.RMSNorm(), tensor(8, dtype="int32"), "not-real-numbers", None),
        (n.BatchNorm(), tensor(8, dtype="bool"), "not-real-numbers", None),
        (n.LRN(size=4), tensor(8), "bad-argument", "write `size=5`: as many on both sides of each channel"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_way_out(operator: Operator, x: object, slug: str, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        operator.infer(x)
    assert caught.value.code.slug == slug
    if words is not None:
        assert caught.value.help == words

"""Input processing: values against numpy, fitting against numpy and scikit-learn, and what is saved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from sklearn import decomposition

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.operator import Operator
from nnspec.ops.preprocess import PCA, Rescale, Standardize, Whiten
from nnspec.shapes.dim import recording, symbol
from tests.ops.oracle import build, make
from tests.ops.pointwise import RANDOM, as_array, infer, run, tensor, values
from tests.program.checking import check, sound


def mixed(*shape: int) -> np.ndarray:
    """Values whose channels depend on one another, differ in scale, and lie far from 0."""
    mix = np.random.default_rng(3).normal(size=(shape[-1], shape[-1])) * np.arange(1, shape[-1] + 1)
    return (RANDOM.normal(size=shape) @ mix + 50 * np.arange(shape[-1])).astype("float32")


def fitted(operator: Operator, data: np.ndarray, batches: int | None = None) -> Any:
    """A model of the operator alone, its layer fitted to data: to all of them, or to batches."""
    model = build(operator, [tensor(*data.shape[1:], dtype=str(data.dtype))]).model
    (layer,) = [layer for layer in model.layers if hasattr(layer, "adapt")]
    layer.adapt(data if batches is None else iter(np.array_split(data, batches)))
    return model


def through(model: Any, x: np.ndarray) -> np.ndarray:
    return as_array(model([x]))


# --- rescaling ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32"])
def test_rescaling(dtype: str) -> None:
    x = (RANDOM.random((3, 4, 2)) * 255).astype(dtype)
    np.testing.assert_allclose(run(Rescale(scale=1 / 255), x), x / 255, rtol=1e-6)
    np.testing.assert_allclose(run(Rescale(scale=2, offset=-1), x), x * 2.0 - 1, rtol=1e-6)
    each = Rescale(scale=(2, 0.5), offset=(0, -3))
    np.testing.assert_allclose(run(each, x), x * np.array([2, 0.5]) + np.array([0, -3]), rtol=1e-6)


# --- standardising -----------------------------------------------------------------------


def test_standardising_with_numbers() -> None:
    x = values(4, 3)
    one = run(Standardize(mean=0.5, variance=4), x)
    np.testing.assert_allclose(one, (x - 0.5) / 2, rtol=1e-5, atol=1e-6)
    each = run(Standardize(mean=(1, 2, 3), variance=4), x)
    np.testing.assert_allclose(each, (x - np.array([1, 2, 3])) / 2, rtol=1e-5, atol=1e-6)
    rows = run(Standardize(axis=0, mean=0, variance=(1, 4, 9, 16)), x)
    np.testing.assert_allclose(rows, x / np.array([[1], [2], [3], [4]]), rtol=1e-5, atol=1e-6)
    both = run(Standardize(axis=(0, 1), mean=(1, 2, 3), variance=(1, 1, 4)), x)
    np.testing.assert_allclose(both, (x - np.array([1, 2, 3])) / np.array([1, 1, 2]), rtol=1e-5, atol=1e-6)


def test_standardising_with_numbers_has_no_weights() -> None:
    assert list(Standardize(mean=0, variance=1).weights(tensor(4, 3))) == []
    assert not Standardize(mean=0, variance=1).is_fitted


@pytest.mark.parametrize(
    ("axis", "over"), [(-1, (0, 1)), (0, (0, 2)), ((0, 1), (0,)), ((1, 0), (0,)), (None, (0, 1, 2))]
)
@pytest.mark.parametrize("batches", [None, 4])
def test_standardising_is_fitted_to_data(axis: Any, over: tuple[int, ...], batches: int | None) -> None:
    x = mixed(50, 4, 3)
    y = through(fitted(Standardize(axis=axis), x, batches), x)
    mean, variance = x.mean(axis=over, keepdims=True), x.var(axis=over, keepdims=True)
    np.testing.assert_allclose(y, (x - mean) / np.sqrt(variance), rtol=1e-3, atol=1e-3)


def test_what_is_not_fitted_changes_nothing() -> None:
    x = values(4, 3)
    np.testing.assert_array_equal(run(Standardize(), x), x)
    np.testing.assert_array_equal(run(PCA(k=2), x), x[..., :2])
    np.testing.assert_array_equal(run(Whiten(), x), x)


# --- projections -------------------------------------------------------------------------


def principal(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, directions in columns and variances along them, by a singular value decomposition."""
    rows = x.reshape(-1, x.shape[-1]).astype("float64")
    _, singular, directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    return rows.mean(axis=0), directions.T, singular**2 / len(rows)


def alike(y: np.ndarray, expected: np.ndarray, tolerance: float = 2e-4) -> None:
    """Equal up to the sign of each component."""
    flat, other = y.reshape(-1, y.shape[-1]), expected.reshape(-1, y.shape[-1])
    signs = np.sign((flat * other).sum(axis=0))
    assert set(signs) <= {-1, 1}
    np.testing.assert_allclose(flat * signs, other, rtol=tolerance, atol=tolerance * np.abs(other).max())


@pytest.mark.parametrize("shape", [(200, 6), (40, 5, 6), (20, 3, 4, 6)])
@pytest.mark.parametrize("batches", [None, 7])
@pytest.mark.parametrize("k", [2, 6])
def test_pca_is_the_one_of_a_singular_value_decomposition(shape: tuple[int, ...], batches: int | None, k: int) -> None:
    x = mixed(*shape)
    mean, directions, _ = principal(x)
    alike(through(fitted(PCA(k=k), x, batches), x), (x - mean) @ directions[:, :k])


def test_pca_is_the_one_of_scikit_learn() -> None:
    x, new = mixed(300, 8), mixed(20, 8)
    alike(through(fitted(PCA(k=3), x), new), decomposition.PCA(3).fit(x.astype("float64")).transform(new))


def test_whitening_is_the_one_of_scikit_learn() -> None:
    x, new = mixed(300, 8), mixed(20, 8)
    # scikit-learn divides sums of squares by n - 1, and has no epsilon.
    expected = decomposition.PCA(8, whiten=True).fit(x.astype("float64")).transform(new) * np.sqrt(300 / 299)
    alike(through(fitted(Whiten(epsilon=1e-9), x), new), expected)


@pytest.mark.parametrize("batches", [None, 7])
def test_whitened_data_have_the_covariance_of_noise(batches: int | None) -> None:
    x = mixed(500, 6)
    y = through(fitted(Whiten(epsilon=1e-9), x, batches), x).astype("float64")
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(y.T, bias=True), np.eye(6), atol=2e-3)
    few = through(fitted(Whiten(k=2, epsilon=1e-9), x, batches), x)
    np.testing.assert_allclose(few, y[:, :2], rtol=1e-3, atol=1e-3)


def test_epsilon_is_added_to_the_variances() -> None:
    x = mixed(500, 3)
    mean, directions, variances = principal(x)
    expected = (x - mean) @ directions / np.sqrt(variances + 10)
    assert variances.min() < 10  # or the epsilon would not be seen
    alike(through(fitted(Whiten(epsilon=10), x), x), expected)


def test_directions_point_to_their_largest_component() -> None:
    model = fitted(PCA(k=6), mixed(200, 6))
    _, components = model.layers[-1].get_weights()
    rows = np.argmax(np.abs(components), axis=0)
    assert (components[rows, np.arange(6)] > 0).all()


def test_channels_that_do_not_vary_are_not_blown_up() -> None:
    x = mixed(100, 4)
    x[:, 2] = 7
    y = through(fitted(Whiten(), x), x + np.array([0, 0, 0.01, 0], "float32"))
    assert np.isfinite(y).all()
    assert np.abs(y).max() < 20


def test_whole_numbers_are_projected_as_real_ones() -> None:
    x = (RANDOM.random((100, 5)) * 200).astype("uint8")
    mean, directions, _ = principal(x)
    alike(through(fitted(PCA(k=3), x), x), (x - mean) @ directions[:, :3])


def test_a_projection_is_trained_by_nothing_but_its_data() -> None:
    inputs = keras.Input((4,))
    (y,) = build(PCA(k=2), [tensor(4)]).model([inputs])
    model = keras.Model(inputs, keras.layers.Dense(1)(y))
    before = [np.array(weight) for weight in model.non_trainable_weights]
    model.compile("sgd", "mse")
    model.fit(values(4, batch=8), np.ones((8, 1)), verbose=0)
    assert len(before) == 2
    for old, new in zip(before, model.non_trainable_weights, strict=True):
        np.testing.assert_array_equal(old, np.array(new))


# --- saving, counts, open sizes ----------------------------------------------------------


@pytest.mark.parametrize(
    "operator",
    [Standardize(), Standardize(axis=(0, 1)), Standardize(axis=None), PCA(k=2), Whiten(), Whiten(k=2, epsilon=0.1)],
    ids=repr,
)
def test_what_was_fitted_is_saved(operator: Operator, tmp_path: Any) -> None:
    x = mixed(50, 4, 3)
    model = fitted(operator, x)
    model.save(str(tmp_path / "m.keras"))
    again = keras.models.load_model(str(tmp_path / "m.keras"))
    assert np.abs(through(model, x) - x[..., : model.output_shape[-1]]).max() > 0.1
    np.testing.assert_array_equal(through(again, x), through(model, x))
    np.testing.assert_array_equal(again.predict([x], verbose=0), model.predict([x], verbose=0))
    fresh = build(operator, [tensor(4, 3)]).model
    fresh.set_weights(model.get_weights())
    model.save_weights(str(tmp_path / "m.weights.h5"))
    fresh.load_weights(str(tmp_path / "m.weights.h5"))
    np.testing.assert_array_equal(through(fresh, x), through(model, x))


@pytest.mark.parametrize(
    "operator", [Rescale(scale=(1, 2, 3), offset=(1, 1, 0)), Standardize(mean=(1, 2, 3), variance=2)], ids=repr
)
def test_numbers_are_saved(operator: Operator, tmp_path: Any) -> None:
    x = values(4, 3)
    model = build(operator, [tensor(4, 3)]).model
    model.save(str(tmp_path / "m.keras"))
    again = keras.models.load_model(str(tmp_path / "m.keras"))
    np.testing.assert_array_equal(through(again, x), through(model, x))


def test_counts() -> None:
    counts = sound("Input(8, 8, 3) -> Rescale(1/255) -> Standardize -> Whiten -> Flatten -> PCA(10)\n").counts
    # Keras counts what it has counted, too: mean, variance and one number for each Normalization.
    assert counts.params == (3 + 3 + 1) + (3 + 3 * 3) + (192 + 192 * 10)
    assert counts.trainable_params == 0
    assert counts.macs == 64 * 3 * 3 + 192 * 10


def test_open_sizes() -> None:
    n, c = symbol("N"), symbol("C")
    assert infer(PCA(k=3), tensor(n, c)) == (tensor(n, 3), ["C >= 3"])
    assert infer(Whiten(), tensor(n, c)) == (tensor(n, c), [])
    assert infer(Rescale(scale=(1, 2)), tensor(n, c))[1] == ["C == 2"]
    assert infer(Standardize(mean=(1, 2), variance=1), tensor(n, c))[1] == ["C == 2"]
    x = values(5, 4)
    with recording():
        for operator in (Standardize(mean=1, variance=4), Standardize(axis=None), Rescale(scale=(1, 2, 3, 4))):
            model = build(operator, [tensor(n, c)]).model
            assert as_array(model.predict([x], verbose=0)).shape == x.shape
        with pytest.raises(RuleError) as caught:
            build(Standardize(mean=(1, 2), variance=1), [tensor(n, c)])
        assert caught.value.code.number == "NN750"
        projected = build(PCA(k=2), [tensor(n, 4)]).model
    assert as_array(projected.predict([x], verbose=0)).shape == (3, 5, 2)


@pytest.mark.parametrize(
    ("name", "arguments", "shape", "slug", "at"),
    [
        ("Rescale", {"scale": (1, 2)}, (4, 3), "bad-argument", "scale"),
        ("Rescale", {"scale": 1, "offset": (1,)}, (4, 3), "bad-argument", "offset"),
        ("Rescale", {}, (4, 3), "missing-argument", "scale"),
        ("Rescale", {"scale": True}, (4, 3), "bad-argument", "scale"),
        ("Standardize", {"mean": 1}, (3,), "missing-argument", "mean"),
        ("Standardize", {"variance": 1}, (3,), "missing-argument", "variance"),
        ("Standardize", {"mean": 1, "variance": -1}, (3,), "bad-argument", "variance"),
        ("Standardize", {"mean": (1, 2), "variance": 1, "axis": None}, (2,), "bad-argument", "mean"),
        ("Standardize", {"axis": (0, -2)}, (4, 3), "axis-repeated", "axis"),
        ("PCA", {}, (3,), "missing-argument", None),
        ("PCA", {"k": 0}, (3,), "bad-argument", "k"),
        ("PCA", {"k": 4}, (9, 3), "bad-argument", "k"),
        ("Whiten", {"k": 4}, (3,), "bad-argument", "k"),
        ("Whiten", {"epsilon": 0}, (3,), "bad-argument", "epsilon"),
        ("PCA", {"k": 1}, (), "wrong-rank", None),
    ],
)
def test_what_does_not_fit_is_refused(
    name: str, arguments: dict[str, Any], shape: tuple[int, ...], slug: str, at: str | None
) -> None:
    with pytest.raises(RuleError) as caught:
        make(name, **arguments).infer(tensor(*shape))
    assert caught.value.code.slug == slug
    if at is not None and arguments:
        assert caught.value.at == at


@pytest.mark.parametrize("operator", [Rescale(scale=2), Standardize(), PCA(k=1), Whiten()], ids=repr)
@pytest.mark.parametrize("dtype", ["bool", "string"])
def test_numbers_are_needed(operator: Operator, dtype: str) -> None:
    with pytest.raises(RuleError, match="numbers"):
        operator.infer(tensor(4, 3, dtype=dtype))


def test_keras_names_lead_here() -> None:
    for theirs, ours in (("Rescaling", "Rescale"), ("Normalization", "Standardize")):
        [fix] = check(f"Input(3) -> {theirs}(2)\n").only().fixes
        assert fix.edits[0].text == ours


# --- random cases against plain Keras ----------------------------------------------------


def cases(count: int) -> Iterator[tuple[str, dict[str, Any], tuple[int, ...], str, Any]]:
    """Operator, arguments, shape, dtype, and what plain Keras has of it."""
    random = np.random.default_rng(11)
    layers = keras.layers
    for _ in range(count):
        shape = tuple(int(size) for size in random.integers(1, 5, random.integers(1, 4)))
        dtype = str(random.choice(["float32", "float32", "uint8", "int32", "float64"]))
        several = bool(random.random() < 0.4)

        def numbers(several: bool = several, shape: tuple[int, ...] = shape, low: float = -3) -> Any:
            drawn = random.uniform(low, 3, shape[-1]).round(2).tolist()
            return tuple(drawn) if several else drawn[0]

        if random.random() < 0.5:
            given = {"scale": numbers()} | ({"offset": numbers()} if random.random() < 0.5 else {})
            yield "Rescale", given, shape, dtype, layers.Rescaling(**_listed(given))
        elif random.random() < 0.5:
            given = {"mean": numbers(), "variance": numbers(low=0.1)}
            yield "Standardize", given, shape, dtype, layers.Normalization(**_listed(given))
        else:
            axis = int(random.integers(-len(shape), len(shape)))
            keras_axis = axis + 1 if axis >= 0 else axis
            yield "Standardize", {"axis": axis}, shape, dtype, layers.Normalization(axis=keras_axis)


def _listed(given: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def test_random_cases_are_those_of_keras() -> None:
    for name, given, shape, dtype, layer in cases(120):
        operator = make(name, **given)
        x = (RANDOM.random((6, *shape)) * 9).astype(dtype)
        built = build(operator, [tensor(*shape, dtype=dtype)])
        said = f"{name}({given}) of {dtype}{shape}"
        ours = operator.infer(tensor(*shape, dtype=dtype))
        theirs = layer(keras.Input(shape, dtype=dtype))
        assert (ours.shape, ours.dtype) == (theirs.shape[1:], theirs.dtype), said
        found = [(weight.name, tuple(weight.shape), weight.trainable) for weight in layer.weights]
        assert [(w.name, w.shape, w.trainable) for w in operator.weights(tensor(*shape))] == found == built.weights, (
            said
        )
        if operator.is_fitted:
            layer.adapt(x)
            built.model.layers[-1].adapt(x)
        np.testing.assert_allclose(built.run(x), as_array(layer(x)), rtol=1e-5, atol=1e-5, err_msg=said)

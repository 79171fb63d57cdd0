"""What attention and positions compute, against numpy."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from nnspec.ops import attention as a
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.ops.position import PositionEncoding
from nnspec.shapes.dim import symbol
from nnspec.shapes.tensor import TensorType
from tests.ops import attention_by_hand as hand
from tests.ops.by_spec import model_of
from tests.ops.oracle import build, weights_of
from tests.ops.pointwise import as_array, tensor, values

T = symbol("T")
RANDOM = np.random.default_rng(11)
NORMAL = Word("normal", (), (("std", 0.7),))


def mask_of(*shape: int, dtype: str = "bool") -> np.ndarray:
    """A batch of masks in which every query sees a key at least: the first."""
    mask = RANDOM.random((3, *shape)) < 0.5
    mask[..., 0] = True
    return mask.astype(dtype)


def randomise(model: Any) -> dict[str, np.ndarray]:
    """New random weights, with their names."""
    found: dict[str, np.ndarray] = {}
    for layer in model.layers:
        for name, weight in weights_of(layer):
            weight.assign(RANDOM.normal(size=tuple(weight.shape), scale=0.5))
            found[name] = keras.ops.convert_to_numpy(weight)
    return found


def outputs(operator: Operator, *inputs: np.ndarray) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    """What Keras computes with random weights, and these; its shapes are those that were inferred."""
    types = [tensor(*x.shape[1:], dtype=str(x.dtype)) for x in inputs]
    built = build(operator, types)
    weights = randomise(built.model)
    found = built.run(*inputs)
    parts = found if isinstance(found, list) else [found]
    inferred = operator.infer(*types)
    shapes = [type.shape for type in (inferred if isinstance(inferred, tuple) else (inferred,))]
    assert [part.shape[1:] for part in parts] == shapes == built.shapes
    return parts, weights


def close(found: np.ndarray, expected: list[np.ndarray]) -> None:
    np.testing.assert_allclose(found, np.array(expected), rtol=1e-4, atol=1e-5)


SHAPES = [[(5, 6)], [(4, 6), (7, 6)], [(4, 6), (7, 6), (7, 3)]]


@pytest.mark.parametrize("shapes", SHAPES, ids=["self", "two", "three"])
@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
@pytest.mark.parametrize(("dtype", "rank"), [(None, 0), ("bool", 1), ("int32", 1), ("bool", 2), ("float32", 2)])
def test_scores_and_means(shapes: list[tuple[int, ...]], causal: bool, dtype: str | None, rank: int) -> None:
    """Dot, scaled, concat and additive attention, with every kind of mask, for one to three tensors."""
    inputs = [values(*shape) for shape in shapes]
    query, key, value = (*inputs, inputs[-1], inputs[-1])[:3]
    sizes = (query.shape[1], key.shape[1])
    masks = [] if dtype is None else [mask_of(*sizes[-rank:], dtype=dtype)]
    given: dict[str, Any] = {"causal": causal, "scores": True}
    given |= {"mask": tensor(*masks[0].shape[1:], dtype=dtype)} if dtype is not None else {}
    for operator in (
        a.Attention(**given),
        a.Attention(scaled=True, scale=True, **given),
        a.Attention(score_mode=Word("concat"), scale=True, **given),
        a.Attention(score_mode=Word("concat"), **given),
        a.AdditiveAttention(**given),
        a.AdditiveAttention(scale=False, **given),
        a.AdditiveAttention(init=NORMAL, **given),
    ):
        [found, scores], weights = outputs(operator, *inputs, *masks)
        expected = []
        for example in range(3):
            seen = hand.visible(*sizes, causal, masks[0][example].astype(bool) if masks else None)
            rule = score_of(operator, weights, query.shape[-1])
            expected.append(hand.attend(query[example], key[example], value[example], rule, seen))
        close(found, [y for y, _ in expected])
        close(scores, [weight for _, weight in expected])


def score_of(operator: Any, weights: dict[str, np.ndarray], channels: int) -> hand.Score:
    """How the operator scores, by its formula."""
    scale = weights.get("scale", np.array(1.0))
    if isinstance(operator, a.AdditiveAttention):
        return hand.additive(scale if scale.shape else np.ones(channels))
    if operator.score_mode == "concat":
        return hand.concat(float(scale), float(weights["concat_score_weight"]))
    return hand.dot(float(scale) * (channels**-0.5 if operator.scaled else 1))


@pytest.mark.parametrize("shapes", SHAPES, ids=["self", "two", "three"])
@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
@pytest.mark.parametrize(("dtype", "rank"), [(None, 0), ("bool", 1), ("int32", 1), ("float32", 2)])
def test_heads(shapes: list[tuple[int, ...]], causal: bool, dtype: str | None, rank: int) -> None:
    """Multi-head attention, with and without bias, widths, gate, window and scores."""
    inputs = [values(*shape) for shape in shapes]
    query, key, value = (*inputs, inputs[-1], inputs[-1])[:3]
    sizes = (query.shape[1], key.shape[1])
    masks = [] if dtype is None else [mask_of(*sizes[-rank:], dtype=dtype)]
    given: dict[str, Any] = {"causal": causal}
    given |= {"mask": tensor(*masks[0].shape[1:], dtype=dtype)} if dtype is not None else {}
    for operator in (
        a.MultiHeadAttention(heads=2, **given),
        a.MultiHeadAttention(heads=3, key_width=4, value_width=5, output_width=7, bias=False, **given),
        a.MultiHeadAttention(heads=2, gate=True, scores=True, **given),
        a.MultiHeadAttention(heads=2, scores=True, **given),
        # every query's own neighbourhood must hold the first key, which masks never hide
        *([a.MultiHeadAttention(heads=2, sliding_window=8 if masks else 2, **given)] if sizes[0] <= sizes[1] else []),
    ):
        [found, *scores], weights = outputs(operator, *inputs, *masks)
        expected = []
        for example in range(3):
            mask = masks[0][example].astype(bool) if masks else None
            seen = hand.visible(*sizes, causal, mask, operator.sliding_window or 10**6)
            expected.append(hand.multi_head(query[example], key[example], value[example], weights, seen))
        close(found, [y for y, _ in expected])
        for given_scores in scores:
            close(given_scores, [each for _, each in expected])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("masked", [0, 1, 2])
def test_heads_along_one_axis_of_several(axis: int, masked: int) -> None:
    """Every row, or every column, is a sequence of its own."""
    x, other = values(4, 5, 6), values(*((3, 5, 6) if axis == 0 else (4, 3, 6)))
    sizes = (x.shape[axis + 1], 3)
    masks = [mask_of(*sizes[-masked:])] if masked else []
    given = {"mask": tensor(*masks[0].shape[1:], dtype="bool")} if masks else {}
    operator = a.MultiHeadAttention(heads=2, attention_axes=axis, scores=True, **given)
    [found, scores], weights = outputs(operator, x, other, *masks)
    for example in range(3):
        seen = hand.visible(*sizes, mask=masks[0][example]) if masks else None
        for at in range(x.shape[2 - axis]):
            one: Any = (example, slice(None), at) if axis == 0 else (example, at)
            y, weight = hand.multi_head(x[one], other[one], other[one], weights, seen)
            np.testing.assert_allclose(found[one], y, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(scores[example, at], weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("masked", [0, 1, 2])
def test_heads_along_all_axes(masked: int) -> None:
    """Without `attention_axes` an image is one sequence of its pixels; masks are of pixels, or of pairs of them."""
    x, other = values(2, 3, 6), values(3, 2, 4)
    masks = [mask_of(*((2, 3, 3, 2) if masked == 2 else (3, 2)))] if masked else []
    for mask in masks:
        mask[..., 0, 0] = True
    given = {"mask": tensor(*masks[0].shape[1:], dtype="bool")} if masks else {}
    [found, scores], weights = outputs(a.MultiHeadAttention(heads=2, scores=True, **given), x, other, *masks)
    for example in range(3):
        seen = hand.visible(6, 6, mask=masks[0][example].reshape(*[6] * masked)) if masks else None
        keys = other[example].reshape(6, 4)
        y, weight = hand.multi_head(x[example].reshape(6, 6), keys, keys, weights, seen)
        np.testing.assert_allclose(found[example].reshape(6, 6), y, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(scores[example].reshape(2, 6, 6), weight, rtol=1e-4, atol=1e-5)


def test_causal_heads_along_the_first_of_two_axes() -> None:
    x = values(4, 3, 6)
    [found], weights = outputs(a.MultiHeadAttention(heads=2, attention_axes=0, causal=True), x)
    seen = hand.visible(4, 4, causal=True)
    for example, column in np.ndindex(3, 3):
        rows = x[example, :, column]
        y, _ = hand.multi_head(rows, rows, rows, weights, seen)
        np.testing.assert_allclose(found[example, :, column], y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("masked", [0, 1, 2])
@pytest.mark.parametrize("operator", [a.Attention, a.AdditiveAttention])
def test_axes_before_the_positions_stand_for_themselves(operator: Any, masked: int) -> None:
    """As for heads that were made by hand: (heads, length, channels)."""
    query, key, value = values(2, 4, 6), values(2, 5, 6), values(2, 5, 3)
    masks = [mask_of(*(4, 5)[-masked:])] if masked else []
    given = {"mask": tensor(*masks[0].shape[1:], dtype="bool")} if masks else {}
    made = operator(causal=True, **given)
    [found], weights = outputs(made, query, key, value, *masks)
    for example, head in np.ndindex(3, 2):
        seen = hand.visible(4, 5, True, masks[0][example] if masks else None)
        rule = score_of(made, weights, 6)
        y, _ = hand.attend(query[example, head], key[example, head], value[example, head], rule, seen)
        np.testing.assert_allclose(found[example, head], y, rtol=1e-4, atol=1e-5)


PADDED = """
ids = Input(5, dtype=int32)
m = Input(5, dtype=bool)
y, w = ids -> Embedding(9, 4, mask_zero=true) -> {operator}
output y, w
"""


@pytest.mark.parametrize("name", ["Attention(", "AdditiveAttention(", "MultiHeadAttention(2, "])
def test_padding_of_embeddings_is_hidden_beside_a_mask(name: str) -> None:
    """`mask_zero=true` hides padding; a mask of one's own hides more, and does not bring the padding back."""
    ids = np.array([[1, 2, 3, 0, 0], [4, 5, 0, 0, 0], [1, 1, 2, 2, 0]])
    mask = np.array([[True, False, True, True, True]] * 3)
    model = model_of(PADDED.replace("{operator}", f"{name}mask=m, scores=true)"))
    scores = keras.ops.convert_to_numpy(model([ids, mask])[1])
    for example in range(3):
        rows = scores[example].reshape(-1, 5, 5)[0]
        seen = (ids[example] > 0) & mask[example]
        assert np.array_equal(rows[0] > 0, seen)


# Dropout.


@pytest.mark.parametrize(
    "operator",
    [
        a.Attention(dropout=0.5, seed=4, scores=True),
        a.AdditiveAttention(dropout=0.5, seed=4, scores=True, init=NORMAL),
        a.Attention(dropout=0.5, seed=4, scores=True, mask=tensor(400, dtype="bool")),
    ],
    ids=["keras", "ours", "masked"],
)
def test_dropout_drops_weights_in_training_alone(operator: Operator) -> None:
    x = np.ones((2, 400, 3), "float32")
    inputs = [x] if operator.mask is None else [x, np.ones((2, 400), bool)]  # type: ignore[attr-defined]
    model = build(operator, [tensor(*each.shape[1:], dtype=str(each.dtype)) for each in inputs]).model
    resting = keras.ops.convert_to_numpy(model(inputs, training=False)[1])
    np.testing.assert_allclose(resting, 1 / 400, rtol=1e-4)
    weights = keras.ops.convert_to_numpy(model(inputs, training=True)[1])
    kept = weights > 0
    assert 0.49 < kept.mean() < 0.51
    np.testing.assert_allclose(weights[kept], 2 / 400, rtol=1e-4)


def test_dropout_of_heads_acts_in_training_alone() -> None:
    model = build(a.MultiHeadAttention(heads=2, dropout=0.5, seed=4), [tensor(40, 4)]).model
    x = values(40, 4)
    resting = [as_array(model([x], training=False)) for _ in range(2)]
    training = [as_array(model([x], training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*resting)
    assert np.abs(training[0] - training[1]).max() > 1e-3


# Positions.


@pytest.mark.parametrize("length", [1, 9, 50])
@pytest.mark.parametrize("channels", [1, 2, 7, 16])
@pytest.mark.parametrize(("base", "start"), [(10000, 0), (30, 5)])
def test_position_encoding_is_the_formula(length: int, channels: int, base: float, start: int) -> None:
    x = values(length, channels)
    model = build(PositionEncoding(base=base, start=start), [tensor(length, channels)]).model
    found = as_array(model([x]))
    expected = x + hand.sinusoids(length, channels, base, start)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_position_encoding_takes_any_length_and_keeps_the_mask_of_padding() -> None:
    type = TensorType((T, 6))
    model = build(PositionEncoding(), [type]).model
    for length in (1, 3, 12):
        x = values(length, 6)
        found = model.predict([x], verbose=0)
        np.testing.assert_allclose(found, x + hand.sinusoids(length, 6), rtol=1e-5, atol=1e-5)
    model = model_of("Input(4, dtype=int32) -> Embedding(9, 6, mask_zero=true) -> PositionEncoding -> Attention")
    assert model.layers[-1].input[0]._keras_mask is not None

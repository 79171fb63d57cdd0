"""Which tensors attention takes, its weights and counts, and whole specs: against Keras, hand counts and papers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from nnspec.backends.keras_source import generate
from nnspec.diagnostics.codes.lowering import NOT_IN_KERAS
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops import attention as a
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.shapes.dim import Dim, symbol
from nnspec.shapes.tensor import TensorType
from tests.ops.by_spec import lowered, model_of
from tests.ops.oracle import build, known
from tests.ops.pointwise import infer, tensor, values
from tests.program.checking import check, sound

T, S, C = symbol("T"), symbol("S"), symbol("C")
BOTH = [a.Attention, a.AdditiveAttention]
HEADS = a.MultiHeadAttention


def mask(*shape: Dim, dtype: str = "bool") -> TensorType:
    return tensor(*shape, dtype=dtype)


FIT: list[tuple[Operator, list[TensorType], list[tuple[Dim, ...]], list[str]]] = [
    (a.Attention(), [tensor(T, 64)], [(T, 64)], []),
    (a.Attention(), [tensor(T, 64), tensor(S, 64)], [(T, 64)], []),
    (a.Attention(scores=True), [tensor(T, 64), tensor(S, 64), tensor(S, 3)], [(T, 3), (T, S)], []),
    (a.Attention(), [tensor(4, 64), tensor(T, 64), tensor(S, 3)], [(4, 3)], ["S == T"]),
    (a.Attention(), [tensor(4, C), tensor(T, 8)], [(4, 8)], ["C == 8"]),
    (a.Attention(), [tensor(2, T, 8), tensor(2, S, 8)], [(2, T, 8)], []),
    (a.Attention(mask=mask(S)), [tensor(T, 8), tensor(S, 8), mask(S)], [(T, 8)], []),
    (a.Attention(mask=mask(T)), [tensor(7, 8), mask(T)], [(7, 8)], ["T == 7"]),
    (a.AdditiveAttention(mask=mask(T, S)), [tensor(T, 8), tensor(S, 8), mask(T, S)], [(T, 8)], []),
    (HEADS(heads=8), [tensor(T, 64)], [(T, 64)], []),
    (HEADS(heads=8, scores=True), [tensor(T, 64), tensor(S, 32)], [(T, 64), (8, T, S)], []),
    (HEADS(heads=8, scores=True), [tensor(T, 64), tensor(5, 32)], [(T, 64), (8, T, 5)], []),
    (HEADS(heads=8, output_width=10), [tensor(T, 64), tensor(S, 32), tensor(S, 7)], [(T, 10)], []),
    (HEADS(heads=2, mask=mask(T, S)), [tensor(T, 8), tensor(S, 8), mask(T, S)], [(T, 8)], []),
    (HEADS(heads=2, mask=mask(S)), [tensor(T, 8), tensor(S, 8), mask(S)], [(T, 8)], []),
    (HEADS(heads=2, attention_axes=-2, scores=True), [tensor(T, 6, 8)], [(T, 6, 8), (T, 2, 6, 6)], []),
    (HEADS(heads=2, attention_axes=(1, 0), scores=True), [tensor(3, T, 8)], [(3, T, 8), (2, 3, T, 3, T)], []),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "types", "shapes", "conditions"), FIT, ids=lambda value: str(value)[:60])
def test_what_fits(
    operator: Operator, types: list[TensorType], shapes: list[tuple[Dim, ...]], conditions: list[str]
) -> None:
    found, demanded = infer(operator, *types)
    outputs = list(found) if isinstance(found, tuple) else [found]
    assert ([type.shape for type in outputs], demanded) == (shapes, conditions)
    if C in types[0].shape:
        return  # Keras makes weights for channels that are known
    built = build(operator, types)
    assert built.shapes == [known(shape) for shape in shapes]
    lengths = {"T": 7, "S": 7 if "S == T" in demanded else 4}
    sizes = [[size if isinstance(size, int) else lengths[str(size)] for size in type.shape] for type in types]
    arrays = [np.ones((2, *size), type.dtype) for size, type in zip(sizes, types, strict=True)]
    ran = built.run(*arrays)
    for part, shape in zip(ran if isinstance(ran, list) else [ran], shapes, strict=True):
        assert part.shape[1:] == tuple(size if isinstance(size, int) else lengths[str(size)] for size in shape)


REFUSED: list[tuple[Operator, list[TensorType], str, Any, str]] = [
    (HEADS(heads=5), [tensor(4, 24)], "does-not-divide", "heads",
     "`heads=4` or `heads=6` divides 24; otherwise say how wide a head is: `key_width=…`"),
    (HEADS(heads=30), [tensor(4, 24)], "does-not-divide", "heads", "`heads=24` divides 24"),
    (HEADS(heads=10**9), [tensor(4, 24)], "does-not-divide", "heads", "`heads=24` divides 24"),
    (HEADS(heads=2), [tensor(4, 8), tensor(5, 8), tensor(6, 8)], "attention-differs", 2, "query, key and value"),
    (HEADS(heads=2), [tensor(8)], "wrong-rank", 0, "Reshape(1, 8)"),
    (HEADS(heads=2), [tensor(4, 8), tensor(2, 4, 8)], "wrong-rank", 1, ""),
    (HEADS(heads=2, attention_axes=1), [tensor(4, 5, 8), tensor(3, 5, 8)], "attention-differs", 1, ""),
    (HEADS(heads=2, attention_axes=2), [tensor(4, 5, 8)], "no-such-axis", "attention_axes", "leave"),
    (HEADS(heads=2, attention_axes=(0, -3)), [tensor(4, 5, 8)], "axis-repeated", "attention_axes", "once"),
    (HEADS(heads=2, causal=True), [tensor(4, 5, 8)], "bad-argument", "causal", "attention_axes=0"),
    (HEADS(heads=2, sliding_window=2), [tensor(4, 5, 8)], "bad-argument", "sliding_window", "attention_axes=0"),
    (HEADS(heads=2, mask=mask(5)), [tensor(4, 8), mask(5)], "attention-differs", "mask", ""),
    (HEADS(heads=2, mask=mask(4)), [tensor(4, 5, 8), mask(4)], "wrong-rank", "mask", ""),
    (a.Attention(), [tensor(4, 8), tensor(5, 6)], "attention-differs", 1, "`Dense(8)`"),
    (a.AdditiveAttention(), [tensor(4, 8), tensor(5, 8), tensor(4, 8)], "attention-differs", 2, ""),
    (a.Attention(), [tensor(2, 4, 8), tensor(3, 4, 8)], "attention-differs", 1, ""),
    (a.Attention(), [tensor(4, 8), tensor(5, 8, dtype="int32")], "not-real-numbers", 1, "Embedding"),
    (a.Attention(mask=mask(4, 5)), [tensor(5, 8), tensor(4, 8), mask(4, 5)], "attention-differs", "mask", ""),
    (a.Attention(mask=mask(4, 4, 1)), [tensor(4, 8), mask(4, 4, 1)], "wrong-rank", "mask", ""),
    (a.Attention(mask=mask(4, dtype="string")), [tensor(4, 8), mask(4, dtype="string")], "not-real-numbers", "mask",
     ""),
    (a.Attention(scaled=True, score_mode=Word("concat")), [tensor(4, 8)], "bad-argument", "scaled", "leave"),
    (a.AdditiveAttention(scale=False, regularizer=Word("l2")), [tensor(4, 8)], "bad-argument", "regularizer", "leave"),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "types", "slug", "at", "help"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_is_refused(operator: Operator, types: list[TensorType], slug: str, at: Any, help: str) -> None:
    with pytest.raises(RuleError) as caught:
        operator.infer(*types)
    assert (caught.value.code.slug, caught.value.at) == (slug, at)
    assert help in (caught.value.help or "")


def test_faults_are_marked_where_they_are() -> None:
    inputs = "q = Input(4, 8)\nk = Input(5, 8)\nv = Input(6, 8)\nm = Input(3, dtype=bool)\n"
    assert check(inputs + "Attention{ q | k | v -> Dense(3) }").errors[:1] == ["NN323 v -> Dense(3)"]
    assert check(inputs + "Attention(mask=m){ q | k }").errors[:1] == ["NN323 m"]
    assert check(inputs + "q -> MultiHeadAttention(3)").errors[:1] == ["NN318 3"]
    assert check(inputs + "{ q | k | k | k } -> Attention").only().code.number == "NN304"
    found = check("Input(4, 8) -> MultiHeadAttention(num_heads=2, key_dim=4, use_causal_mask=true)").found
    assert [fix.title for each in found for fix in each.fixes] == [
        "write `heads`", "write `key_width`", "write `causal`",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["causal", "sliding_window"])
def test_an_order_along_another_axis_than_the_first_cannot_be_built(name: str) -> None:
    given: dict[str, Any] = {name: True if name == "causal" else 3}
    operator = HEADS(heads=2, attention_axes=1, **given)
    assert operator.infer(tensor(4, 5, 8)).shape == (4, 5, 8)
    with pytest.raises(RuleError) as caught:
        build(operator, [tensor(4, 5, 8)])
    assert caught.value.code is NOT_IN_KERAS


# Weights.

LAYERS = keras.layers
LIKE: list[tuple[Operator, Any, list[tuple[int, ...]]]] = [
    (HEADS(heads=2), LAYERS.MultiHeadAttention(2, 4), [(5, 8)]),
    (HEADS(heads=2, key_width=3), LAYERS.MultiHeadAttention(2, 3), [(5, 8), (4, 6)]),
    (HEADS(heads=3, key_width=4, value_width=5, output_width=7),
     LAYERS.MultiHeadAttention(3, 4, 5, output_shape=7), [(5, 8), (4, 6), (4, 9)]),
    (HEADS(heads=2, bias=False, gate=True), LAYERS.MultiHeadAttention(2, 4, use_bias=False, use_gate=True), [(5, 8)]),
    (HEADS(heads=2, scores=True), LAYERS.MultiHeadAttention(2, 4), [(5, 8), (4, 6)]),
    (HEADS(heads=2, attention_axes=1), LAYERS.MultiHeadAttention(2, 4, attention_axes=2), [(5, 3, 8)]),
    (a.Attention(scale=True), LAYERS.Attention(use_scale=True), [(5, 8)]),
    (a.Attention(scale=True, score_mode=Word("concat")),
     LAYERS.Attention(use_scale=True, score_mode="concat"), [(5, 8)]),
    (a.AdditiveAttention(), LAYERS.AdditiveAttention(), [(5, 8), (4, 8), (4, 6)]),
    (a.AdditiveAttention(trainable=False, init=Word("ones")), LAYERS.AdditiveAttention(trainable=False), [(5, 8)]),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "layer", "shapes"), LIKE, ids=lambda value: str(value)[:60])
def test_weights_are_those_of_keras(operator: Operator, layer: Any, shapes: list[tuple[int, ...]]) -> None:
    types = [tensor(*shape) for shape in shapes]
    query, key, value = [keras.Input(shape) for shape in (*shapes, shapes[-1], shapes[-1])[:3]]
    layer(query, value, key=key) if isinstance(operator, HEADS) else layer([query, value, key])
    paths = [weight.path.removeprefix(f"{layer.path}/") for weight in layer.weights]
    expected = [(p, tuple(w.shape), w.trainable) for p, w in zip(paths, layer.weights, strict=True)]
    assert [(w.name, w.shape, w.trainable) for w in operator.weights(*types)] == expected
    assert build(operator, types).weights == expected


@pytest.mark.parametrize("scores", [False, True])
def test_frozen_heads_stay_as_they_are(scores: bool, tmp_path: Any) -> None:
    """Keras's own layer makes its projections trainable whatever `trainable` says."""
    operator = HEADS(heads=2, trainable=False, scores=scores)
    made = build(operator, [tensor(5, 8)])
    assert made.weights == [(w.name, w.shape, False) for w in operator.weights(tensor(5, 8))]
    made.model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.trainable_weights == []
    assert len(again.non_trainable_weights) == 8


def test_settings_of_weights_reach_keras() -> None:
    settings = {"init": Word("constant", (0.5,)), "regularizer": Word("l2", (0.5,)), "constraint": Word("non_neg")}
    for operator in (HEADS(heads=2, bias_init=Word("ones"), **settings), a.AdditiveAttention(**settings)):
        model = build(operator, [tensor(5, 8)]).model
        kernels = [w for w in model.weights if w.name != "bias"]
        assert all(np.all(np.asarray(w) == 0.5) for w in kernels)
        assert all(np.all(np.asarray(w) == 1) for w in model.weights if w.name == "bias")
        assert {type(w.constraint).__name__ for w in kernels} == {"NonNeg"}
        penalty = 0.5 * sum(0.25 * np.prod(w.shape) for w in kernels)
        assert float(sum(model.losses)) == pytest.approx(penalty)


def test_norms_are_of_the_weights_of_one_unit(tmp_path: Any) -> None:
    """A unit of a head has inputs on one axis of its kernel, and a unit that comes out on two."""
    settings = {"init": Word("constant", (0.5,)), "constraint": Word("max_norm", (1,))}
    model = build(HEADS(heads=2, **settings), [tensor(5, 8)]).model
    model.save(tmp_path / "model.keras")
    for each in (model, keras.saving.load_model(tmp_path / "model.keras")):
        for weight in each.weights:
            if weight.name == "kernel":
                held = np.asarray(weight.constraint(weight))
                over = (0, 1) if "attention_output" in weight.path else (0,)
                np.testing.assert_allclose(np.sqrt((held**2).sum(axis=over)), 1, rtol=1e-5)


# Counts.

MACS: list[tuple[Operator, list[tuple[Dim, ...]], Dim]] = [
    (a.Attention(), [(5, 8)], 5 * 5 * 8 + 5 * 5 * 8),
    (a.Attention(), [(5, 8), (7, 8), (7, 3)], 5 * 7 * 8 + 5 * 7 * 3),
    (a.Attention(causal=True), [(2, 5, 8)], 2 * (5 * 5 * 8 + 5 * 5 * 8)),
    (a.AdditiveAttention(), [(5, 8), (7, 8), (7, 3)], 5 * 7 * 8 + 5 * 7 * 3),
    (a.Attention(), [(T, 8), (S, 8)], 16 * S * T),
    (HEADS(heads=2), [(5, 8)], 4 * (5 * 8 * 8) + 2 * (5 * 5 * 4) * 2),
    (HEADS(heads=2, bias=False, gate=True), [(5, 8)], 5 * (5 * 8 * 8) + 2 * (5 * 5 * 4) * 2),
    (HEADS(heads=3, key_width=4, value_width=2, output_width=10), [(5, 8), (7, 6), (7, 9)],
     5 * 8 * 12 + 7 * 6 * 12 + 7 * 9 * 6 + 5 * 6 * 10 + 5 * 7 * 12 + 5 * 7 * 6),
    # 6 rows that are sequences of 5, then 5 columns that are sequences of 6, then one sequence of 30
    (HEADS(heads=2, attention_axes=1), [(6, 5, 8)], 4 * 30 * 64 + 6 * (2 * 5 * 5 * 8)),
    (HEADS(heads=2, attention_axes=0), [(6, 5, 8)], 4 * 30 * 64 + 5 * (2 * 6 * 6 * 8)),
    (HEADS(heads=2), [(6, 5, 8)], 4 * 30 * 64 + 2 * 30 * 30 * 8),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "shapes", "macs"), MACS, ids=lambda value: str(value)[:60])
def test_macs_by_hand(operator: Operator, shapes: list[tuple[Dim, ...]], macs: Dim) -> None:
    types = [tensor(*shape) for shape in shapes]
    assert operator.macs(*types, operator.infer(*types)) == macs


#: Per axis the size of what is seen, the stride, and where the first position's begins.
REACH: list[tuple[Operator, list[tuple[Dim, ...]], list[tuple[Dim, int, int]]]] = [
    (a.Attention(), [(5, 8)], [(5, 0, 0)]),
    (a.Attention(), [(5, 8), (T, 8)], [(T, 0, 0)]),
    (a.AdditiveAttention(), [(2, 5, 8), (2, 7, 8)], [(1, 1, 0), (7, 0, 0)]),
    (HEADS(heads=2), [(6, 5, 8)], [(6, 0, 0), (5, 0, 0)]),
    (HEADS(heads=2, attention_axes=1), [(6, 5, 8)], [(1, 1, 0), (5, 0, 0)]),
    (HEADS(heads=2, sliding_window=3), [(50, 8)], [(5, 1, -2)]),
    (HEADS(heads=2, sliding_window=3, causal=True), [(50, 8)], [(3, 1, -2)]),
    (HEADS(heads=2, sliding_window=30), [(50, 8)], [(50, 0, 0)]),
]


@pytest.mark.parametrize(("operator", "shapes", "axes"), REACH, ids=lambda value: str(value)[:60])
def test_reach(operator: Operator, shapes: list[tuple[Dim, ...]], axes: list[tuple[Dim, int, int]]) -> None:
    found = operator.reach(*(tensor(*shape) for shape in shapes))
    assert [(axis.size, axis.stride, axis.offset) for axis in found] == axes


def test_the_receptive_field_is_the_whole_sequence() -> None:
    sound("Input(50, 8) -> Attention -> Attention(causal=true)\nexpect receptive_field == 50")
    sound("Input(50, 8) -> Conv(8, 3) -> MultiHeadAttention(2, sliding_window=4)\nexpect receptive_field == 3 + 6")


# Whole specs.

VISION = """
param classes = 1000
let width = 192
block Encoder(heads, hidden) =
  Residual{ LN(epsilon=1e-6) -> MultiHeadAttention(heads) }
  -> Residual{ LN(epsilon=1e-6) -> Dense(hidden, act=gelu) -> Dense(_.channels) }
Input(64, 64, 3)
-> Conv(width, 8, stride=8) -> Reshape(in.height * in.width, width)  : (64, width)
-> Concat(axis=0){ Weight(1, width) | _ } -> Add{ _ | Weight(65, width, init=normal(std=0.02)) }
-> Encoder(3, 4 * width) x 6
-> LN(epsilon=1e-6) -> Take(0) -> Dense(classes)
"""

# The seq2seq example of the language page, with a convolution where that has an LSTM.
ALIGNED = """
src = Input(T, dtype=int32)
tgt = Input(S, dtype=int32)
enc = src -> Embedding(800, 256) -> Conv(512, 3, padding=same)
dec = tgt -> Embedding(800, 256) -> Conv(512, 3, padding=causal)
{ dec | enc } -> Attention -> Concat{ _ | dec } -> Dense(800) -> Softmax
"""

# Vaswani et al. 2017, table 3, base, with both sequences of 25 words; the last matrix is not the embedding's here.
TRANSFORMER = """
let width = 512
shared Words = Embedding(37000, width)
block Feed = Residual{ Dense(2048, act=relu) -> Dense(width) } -> LN
block Encoder = Residual{ MultiHeadAttention(8) } -> LN -> Feed
block Decoder(memory) =
  Residual{ MultiHeadAttention(8, causal=true) } -> LN
  -> Residual{ { _ | memory } -> MultiHeadAttention(8) } -> LN
  -> Feed
memory = Input(25, dtype=int32) -> Words -> PositionEncoding -> Encoder x 6
Input(25, dtype=int32) -> Words -> PositionEncoding -> Decoder(memory) x 6 -> Dense(37000, bias=false)
"""

# Everything that becomes a layer of our own, beside Keras's, and one layer used twice.
OWN = """
shared Look = MultiHeadAttention(2, 3, scores=true)
x = Input(T, 6)
y = Input(S, 6)
pairs = Input(T, S, dtype=bool)
keys = Input(S, dtype=bool)
a, s = { x | y } -> Look
b, t = { x | y -> Dense(6) } -> Look
c = Attention(mask=pairs, scaled=true, causal=true){ x | y }
d = AdditiveAttention(mask=keys, constraint=non_neg, seed=3, dropout=0.1){ x | y }
e = MultiHeadAttention(3, mask=keys, seed=5, dropout=0.1){ x | y }
f, w = { x -> PositionEncoding(base=50, start=1) | y } -> Attention(scale=true, scores=true)
output a, b, c, d, e, f, s, t, w
"""


def test_the_vision_transformer_of_the_language_page() -> None:
    checked = sound(VISION)
    assert checked.shape == (1000,)
    block = 4 * (192 * 192 + 192) + 2 * 192 * 768 + 768 + 192 + 4 * 192
    total = 8 * 8 * 3 * 192 + 192 + 192 + 65 * 192 + 6 * block + 2 * 192 + 192 * 1000 + 1000
    assert checked.counts.params == total
    attention = 4 * 65 * 192 * 192 + 2 * 65 * 65 * 192
    macs = 64 * 8 * 8 * 3 * 192 + 6 * (attention + 2 * 65 * 192 * 768) + 192 * 1000
    assert checked.counts.macs == macs
    assert built(VISION).count_params() == total


def test_two_sequences_of_any_length() -> None:
    checked = sound(ALIGNED)
    assert checked.shape == ("S", 800)
    model = built(ALIGNED)
    for source, target in ((3, 7), (6, 2)):
        words = [np.ones((2, source), "int32"), np.ones((2, target), "int32")]
        assert model.predict(words, verbose=0).shape == (2, target, 800)


def test_the_transformer_has_the_counts_of_its_reference() -> None:
    """63,082,496 parameters; 1,574,604,800 multiply-adds, and 11,520,000 of the products of attention."""
    checked = sound(TRANSFORMER)
    assert checked.counts.params == 63_082_496 + 37_000 * 512
    assert checked.counts.macs == 1_574_604_800 + 11_520_000
    assert checked.shape == (25, 37_000)


def built(text: str) -> Any:
    keras.utils.clear_session()
    return model_of(text, seed=3)


def example_inputs() -> list[np.ndarray]:
    seen = np.ones((3, 4, 5), bool)
    seen[:, 1, 2:] = False
    return [values(4, 6), values(5, 6), seen, seen[:, 1]]


def outputs(model: Any) -> list[np.ndarray]:
    inputs = dict(zip(("x", "y", "pairs", "keys"), RANDOM_INPUTS, strict=True))
    return [keras.ops.convert_to_numpy(part) for part in model(inputs, training=False)]


RANDOM_INPUTS = example_inputs()


def test_a_saved_model_gives_the_same_outputs(tmp_path: Any) -> None:
    model = built(OWN)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    before, after = outputs(model), outputs(again)
    for one, two in zip(before, after, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)
    assert [w.path for w in again.weights] == [w.path for w in model.weights]


def test_the_printed_source_is_the_built_model() -> None:
    scope: dict[str, Any] = {"__name__": "printed"}
    text = generate([lowered(OWN)], title="A test.")
    assert "nnspec" not in text.replace('package="nnspec"', "")
    exec(compile(text, "model.py", "exec"), scope)
    one = built(OWN)
    before = outputs(one)
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    two = scope["build_model"]()
    assert [w.path for w in two.weights] == [w.path for w in one.weights]
    for mine, theirs in zip(before, outputs(two), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6)


def test_attention_inside_a_flow_that_is_done_at_every_step() -> None:
    model = built("Input(3, 5, 8) -> TimeDistributed{ PositionEncoding -> MultiHeadAttention(2) -> Attention }")
    x = values(3, 5, 8)
    whole = keras.ops.convert_to_numpy(model(x))
    assert whole.shape == (3, 3, 5, 8)
    for step in range(3):
        same = np.repeat(x[:, step : step + 1], 3, axis=1)
        alone = keras.ops.convert_to_numpy(model(same))
        np.testing.assert_allclose(whole[:, step], alone[:, 0], rtol=1e-5, atol=1e-6)


def test_a_training_step_reaches_every_weight() -> None:
    model = built(OWN)
    old = [np.array(w) for w in model.trainable_weights]
    model.compile("sgd", "mse")
    inputs = dict(zip(("x", "y", "pairs", "keys"), RANDOM_INPUTS, strict=True))
    model.fit(inputs, [np.ones_like(part) for part in outputs(model)], verbose=0)
    for weight, before in zip(model.trainable_weights, old, strict=True):
        assert np.isfinite(np.asarray(weight)).all()
        changed = not np.array_equal(np.asarray(weight), before)
        assert changed or weight.path.endswith("key/bias"), weight.path  # softmax does not see what all keys share

"""Recurrent operators: what they compute, step by step in numpy; their weights, costs and errors."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from nnspec.diagnostics.codes.lowering import NOT_IN_KERAS
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.functions import Function
from nnspec.ops.kinds import Word
from nnspec.shapes.dim import recording, symbol
from nnspec.shapes.tensor import TensorType
from tests.ops import recurrent_by_hand as by_hand
from tests.ops.by_hand import Axis
from tests.ops.oracle import Built, build, make, read
from tests.ops.recurrent_by_hand import FUNCTIONS, recur

T, C, BATCH = 6, 3, 4
RANDOM = np.random.default_rng(11)


def filled(built: Built) -> list[np.ndarray]:
    """Random weights, set and given back."""
    weights = [0.6 * RANDOM.normal(size=weight.shape).astype("float32") for weight in built.model.weights]
    built.model.set_weights(weights)
    return weights


def listed(found: Any) -> list[np.ndarray]:
    return found if isinstance(found, list) else [found]


def mask_values(dtype: str) -> np.ndarray:
    """Each example skips steps of its own: at its end, its beginning, in its middle, none."""
    rows = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1], [1, 0, 0, 1, 0, 1], [1, 1, 1, 1, 1, 1]])
    return rows.astype(dtype) if dtype != "float32" else 0.5 * rows.astype(dtype)


CELLS = {"RNN": by_hand.rnn, "LSTM": by_hand.lstm, "GRU": by_hand.gru}
#: Operators with what numpy is told of them: the activation, that of the gates, and whether the reset comes after.
VALUES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("RNN(4", "tanh", "sigmoid", {}),
    ("RNN(4, bias=false", "relu", "sigmoid", {}),
    ("RNN(5", "softmax", "sigmoid", {}),
    ("LSTM(4", "tanh", "sigmoid", {}),
    ("LSTM(4, unroll=true", "tanh", "sigmoid", {}),
    ("LSTM(3, bias=false", "leaky_relu(0.1)", "hard_sigmoid", {}),
    ("LSTM(3, use_cudnn=false", "leaky_relu", "sigmoid", {}),
    ("GRU(4", "tanh", "sigmoid", {}),
    ("GRU(4, reset_after=false", "tanh", "sigmoid", {"after": False}),
    ("GRU(4, bias=false", "softsign", "hard_sigmoid", {}),
    ("GRU(4, reset_after=false, bias=false", "elu(alpha=0.5)", "sigmoid", {"after": False}),
    ("GRU(4, unroll=true", "relu(max_value=0.2)", "linear", {}),
]


def text_of(start: str, act: str, gate: str, sequences: bool, backwards: bool) -> str:
    words = [
        start,
        f"activation={act}",
        f"sequences={str(sequences).lower()}",
        f"go_backwards={str(backwards).lower()}",
    ]
    if not start.startswith("RNN"):
        words.append(f"recurrent_activation={gate}")
    return ", ".join([*words, "state=true)"])


@pytest.mark.parametrize(("sequences", "backwards", "states", "mask"), [
    (False, False, False, None), (True, False, True, None), (True, True, False, "bool"), (False, False, True, "int32"),
    (False, True, True, "float32"), (True, False, False, "bool"),
])  # fmt: skip
@pytest.mark.parametrize(("start", "act", "gate", "more"), VALUES, ids=lambda value: str(value))
def test_values(start: str, act: str, gate: str, more: dict[str, Any],
                sequences: bool, backwards: bool, states: bool, mask: str | None) -> None:  # fmt: skip
    (operator,) = read(text_of(start, act, gate, sequences, backwards))
    made: Any = operator
    if mask is not None:
        made.__dict__["mask"] = TensorType((T,), mask)
    size = made.units
    count = len(made.state_names)
    types = [TensorType((T, C)), *[TensorType((size,))] * (count * states)]
    types += [TensorType((T,), mask)] if mask else []
    built = build(made, types)
    weights = filled(built)
    x = RANDOM.normal(size=(BATCH, T, C)).astype("float32")
    first = [RANDOM.normal(size=(BATCH, size)).astype("float32") for _ in range(count)]
    skipped = mask_values(mask) if mask else None
    found = listed(built.run(x, *(first if states else []), *([skipped] if mask else [])))
    cell = CELLS[type(made).__name__](*weights, act=FUNCTIONS[act], gate=FUNCTIONS[gate], **more)
    for example in range(BATCH):
        begin = [state[example] if states else np.zeros(size) for state in first]
        keep = None if skipped is None else skipped[example]
        every, last, end = recur(cell, x[example], begin, keep, backwards)
        expected = [every if sequences else last, *end]
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one[example], other, rtol=1e-4, atol=1e-5)


MAPS: list[tuple[str, tuple[int, ...], list[Axis]]] = [
    ("ConvLSTM(2, 3)", (4, 7, 2), [(3, 1, 1, 0, 0)]),
    ("ConvLSTM(2, 3, padding=same)", (4, 5, 4, 2), [(3, 1, 1, 1, 1), (3, 1, 1, 1, 1)]),
    ("ConvLSTM(2, (2, 3), padding=((0, 2), (1, 0)))", (3, 5, 4, 2), [(2, 1, 1, 0, 2), (3, 1, 1, 1, 0)]),
    ("ConvLSTM(3, 3, stride=2, padding=1, bias=false)", (4, 7, 2), [(3, 2, 1, 1, 1)]),
    ("ConvLSTM(2, 2, dilation=2, padding=causal)", (4, 6, 3), [(2, 1, 2, 2, 0)]),
    ("ConvLSTM(2, 2)", (2, 3, 4, 3, 2), [(2, 1, 1, 0, 0)] * 3),
    ("ConvLSTM(2, 2, padding=1)", (2, 2, 3, 2, 2), [(2, 1, 1, 1, 1)] * 3),
]


@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize(("text", "shape", "axes"), MAPS)
def test_values_of_maps(text: str, shape: tuple[int, ...], axes: list[Axis], states: bool) -> None:
    (operator,) = read(f"{text[:-1]}, sequences=true, state=true, activation=softsign)")
    type = TensorType(shape)
    inferred: Any = operator.infer(type)
    state = inferred[1]
    built = build(operator, [type, *[state] * (2 * states)])
    weights = filled(built)
    x = RANDOM.normal(size=(2, *shape)).astype("float32")
    first = [RANDOM.normal(size=(2, *state.shape)).astype("float32") for _ in range(2)]
    found = listed(built.run(x, *(first if states else [])))
    cell = by_hand.conv_lstm(*weights, axes=axes, act=FUNCTIONS["softsign"], gate=FUNCTIONS["sigmoid"])
    for example in range(2):
        begin = [each[example] if states else np.zeros(state.shape) for each in first]
        every, _, end = recur(cell, x[example], begin)
        for one, other in zip(found, [every, *end], strict=True):
            np.testing.assert_allclose(one[example], other, rtol=1e-4, atol=1e-5)


def test_maps_under_a_mask() -> None:
    type, mask = TensorType((T, 5, 2)), TensorType((T,), "bool")
    operator = make("ConvLSTM", 3, 3, mask=mask)
    built = build(operator, [type, mask])
    weights = filled(built)
    x = RANDOM.normal(size=(BATCH, T, 5, 2)).astype("float32")
    keep = mask_values("bool")
    found = built.run(x, keep)
    cell = by_hand.conv_lstm(*weights, axes=[(3, 1, 1, 0, 0)], act=FUNCTIONS["tanh"], gate=FUNCTIONS["sigmoid"])
    for example in range(BATCH):
        _, last, _ = recur(cell, x[example], [np.zeros((3, 3))] * 2, keep[example])
        np.testing.assert_allclose(found[example], last, rtol=1e-4, atol=1e-5)


WEIGHTS = [
    ("RNN(4)", (T, C), [("kernel", (3, 4)), ("recurrent_kernel", (4, 4)), ("bias", (4,))]),
    ("LSTM(4)", (T, C), [("kernel", (3, 16)), ("recurrent_kernel", (4, 16)), ("bias", (16,))]),
    ("LSTM(4, bias=false)", (T, C), [("kernel", (3, 16)), ("recurrent_kernel", (4, 16))]),
    ("GRU(4)", (T, C), [("kernel", (3, 12)), ("recurrent_kernel", (4, 12)), ("bias", (2, 12))]),
    ("GRU(4, reset_after=false)", (T, C), [("kernel", (3, 12)), ("recurrent_kernel", (4, 12)), ("bias", (12,))]),
    ("ConvLSTM(4, 3)", (T, 9, 9, 2),
     [("kernel", (3, 3, 2, 16)), ("recurrent_kernel", (3, 3, 4, 16)), ("bias", (16,))]),
    ("Masking", (T, C), []),
]  # fmt: skip


@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize(("text", "shape", "expected"), WEIGHTS)
def test_weights(text: str, shape: tuple[int, ...], expected: list[Any], trainable: bool) -> None:
    (operator,) = read(text)
    if text != "Masking":
        operator.__dict__["trainable"] = trainable
    type = TensorType(shape)
    found = [(weight.name, weight.shape, weight.trainable) for weight in operator.weights(type)]
    assert found == [(name, size, trainable) for name, size in expected]
    built = build(operator, [type])
    assert built.weights == found
    trained = sum(int(np.prod(size)) for _, size in expected) * trainable
    assert sum(int(np.prod(weight.shape)) for weight in built.model.trainable_weights) == trained


def test_the_generator_of_dropout_is_no_parameter() -> None:
    for dropout in (0.0, 0.5):
        operator = make("LSTM", 4, dropout=dropout, recurrent_dropout=dropout)
        assert build(operator, [TensorType((T, C))]).model.count_params() == 4 * 4 * (3 + 4 + 1)


def test_dropout_acts_in_training_alone_and_alike_at_all_steps() -> None:
    built = build(make("RNN", 40, dropout=0.5, seed=3, bias=False, sequences=True), [TensorType((T, 40))])
    built.model.set_weights([np.eye(40), np.zeros((40, 40))])
    x = np.full((2, T, 40), 0.25, "float32")
    np.testing.assert_allclose(built.run(x), np.tanh(x), rtol=1e-5)
    drawn = np.asarray(built.model([x], training=True))
    kept = drawn[:, :1] != 0
    np.testing.assert_allclose(drawn, np.broadcast_to(kept * np.tanh(0.5), drawn.shape), rtol=1e-5)
    assert 10 < kept.sum() < 70


MACS = [
    ("RNN(4)", (6, 3), 6 * 4 * (3 + 4)),
    ("LSTM(4)", (6, 3), 6 * 4 * 4 * (3 + 4)),
    ("LSTM(512, state=true)", (20, 256), 20 * 4 * 512 * (256 + 512)),
    ("LSTM(4, sequences=true, bias=false, unroll=true)", (6, 3), 6 * 4 * 4 * (3 + 4)),
    ("GRU(4)", (6, 3), 6 * 3 * 4 * (3 + 4)),
    ("GRU(4, reset_after=false)", (6, 3), 6 * 3 * 4 * (3 + 4)),
    ("ConvLSTM(4, 3)", (6, 8, 3), 6 * 6 * (3 * 3 + 3 * 4) * 4 * 4),
    ("ConvLSTM(4, (3, 1), stride=2, padding=same)", (6, 8, 8, 2), 6 * (4 * 4) * (3 * 2 + 3 * 4) * 4 * 4),
    ("Masking", (6, 3), 0),
]


@pytest.mark.parametrize(("text", "shape", "macs"), MACS)
def test_macs(text: str, shape: tuple[int, ...], macs: int) -> None:
    (operator,) = read(text)
    x = TensorType(shape)
    assert operator.macs(x, operator.infer(x)) == macs


REACH = [
    ("LSTM(4)", (6, 3), None),
    ("LSTM(4, sequences=true)", (6, 3), [(6, 0, 0)]),
    ("ConvLSTM(4, 3)", (6, 9, 9, 3), None),
    # At the last step: the window, and one position more on either side for each of the 5 steps before.
    ("ConvLSTM(4, 3, sequences=true)", (6, 9, 9, 3), [(6, 0, 0), (3 + 5 * 2, 1, -5), (3 + 5 * 2, 1, -5)]),
    ("ConvLSTM(4, (3, 1), stride=2, sequences=true)", (6, 9, 9, 3), [(6, 0, 0), (3 + 5 * 4, 2, -10), (1, 2, 0)]),
    ("ConvLSTM(4, 3, dilation=2, sequences=true)", (2, 9, 3), [(2, 0, 0), (5 + 2, 1, -1)]),
]


@pytest.mark.parametrize(("text", "shape", "reach"), REACH)
def test_reach(text: str, shape: tuple[int, ...], reach: list[tuple[int, int, int]] | None) -> None:
    (operator,) = read(text)
    found = operator.reach(TensorType(shape))
    assert (None if found is None else [(axis.size, axis.stride, axis.offset) for axis in found]) == reach


@pytest.mark.parametrize(("text", "shape", "at"), [
    ("ConvLSTM(1, 3, sequences=true, padding=same)", (3, 15, 1), (2, 7)),
    ("ConvLSTM(1, 3, stride=2, sequences=true, padding=same)", (3, 15, 1), (2, 4)),
    ("ConvLSTM(1, 3, dilation=2, sequences=true, padding=same)", (3, 15, 1), (2, 7)),
])  # fmt: skip
def test_what_a_position_of_a_map_sees(text: str, shape: tuple[int, ...], at: tuple[int, int]) -> None:
    """The inputs that change one output of the last step, tried one by one."""
    (operator,) = read(text)
    built = build(operator, [TensorType(shape)])
    built.model.set_weights([np.full(weight.shape, 0.3) for weight in built.model.weights])
    x = RANDOM.normal(size=shape).astype("float32")
    tries = [x]
    for place in range(shape[1]):
        moved = x.copy()
        moved[:, place] += 1
        tries.append(moved)
    found = built.run(np.stack(tries))[:, at[0], at[1], 0]
    seen = np.flatnonzero(found[1:] != found[0])
    _, along = operator.reach(TensorType(shape)) or ()
    assert along.at(at[1]) == (seen.min(), seen.max())


# Symbolic sizes.


def test_open_lengths() -> None:
    length, width = symbol("T"), symbol("W")
    x = TensorType((length, 8))
    (operator,) = read("LSTM(4, sequences=true, state=true)")
    with recording():
        y, h, _ = operator.infer(x)
        assert (y.shape, h.shape) == ((length, 4), (4,))
        assert operator.macs(x, (y, h, h)) == length * 4 * 4 * 12
        assert next(iter(operator.weights(TensorType((5, width))))).shape == (width, 16)
        built = build(operator, [x])
    assert built.shapes == [(None, 4), (4,), (4,)]
    for steps in (1, 7):
        assert [each.shape for each in built.run(np.ones((2, steps, 8)))] == [(2, steps, 4), (2, 4), (2, 4)]


@pytest.mark.parametrize(("text", "shape"), [
    ("GRU(4, unroll=true)", (symbol("T"), 8)), ("ConvLSTM(4, 3, padding=same)", (5, symbol("H"), 8)),
    ("ConvLSTM(4, 3, stride=2, dilation=2)", (5, 9, 8)),
])  # fmt: skip
def test_what_keras_lacks_is_refused_by_build_alone(text: str, shape: tuple[Any, ...]) -> None:
    (operator,) = read(text)
    with recording():
        operator.infer(TensorType(shape))
        with pytest.raises(RuleError) as caught:
            build(operator, [TensorType(shape)])
    assert caught.value.code is NOT_IN_KERAS


def test_maps_of_open_length() -> None:
    (operator,) = read("ConvLSTM(4, 3, padding=1, sequences=true)")
    with recording():
        built = build(operator, [TensorType((symbol("T"), 8, 2))])
    assert built.run(np.ones((1, 3, 8, 2))).shape == (1, 3, 8, 4)


# Further inputs.

VECTOR, OTHER, SEQUENCE = TensorType((4,)), TensorType((5,)), TensorType((T, 4))
WHOLE = TensorType((4,), "int32")


@pytest.mark.parametrize(("text", "more", "slug", "at"), [
    ("LSTM(4)", [VECTOR], "wrong-input-count", None),
    ("LSTM(4)", [VECTOR, OTHER], "shapes-differ", 2),
    ("LSTM(4)", [OTHER, VECTOR], "shapes-differ", 1),
    ("LSTM(4)", [VECTOR, SEQUENCE], "shapes-differ", 2),
    ("LSTM(4)", [VECTOR, TensorType(())], "shapes-differ", 2),
    ("LSTM(4)", [WHOLE, VECTOR], "not-real-numbers", 1),
    ("GRU(4)", [OTHER], "shapes-differ", 1),
    ("RNN(4)", [SEQUENCE], "shapes-differ", 1),
    ("RNN(4)", [TensorType((4,), "bool")], "not-real-numbers", 1),
])  # fmt: skip
def test_initial_states_that_do_not_fit(text: str, more: list[TensorType], slug: str, at: int | None) -> None:
    (operator,) = read(text)
    with pytest.raises(RuleError) as caught:
        operator.infer(TensorType((T, C)), *more)
    assert (caught.value.code.slug, caught.value.at) == (slug, at)


def test_initial_states_of_maps() -> None:
    (operator,) = read("ConvLSTM(4, 3)")
    x = TensorType((5, 8, 2))
    assert operator.infer(x, TensorType((6, 4)), TensorType((6, 4))).shape == (6, 4)
    for wrong, help in [((8, 4), None), ((6, 2), "`Conv(4, 1)` gives it as many channels"), ((5, 6, 4), "the last")]:
        with pytest.raises(RuleError) as caught:
            operator.infer(x, TensorType((6, 4)), TensorType(wrong))
        assert caught.value.at == 2
        assert (caught.value.help or "").startswith(help or "")
        assert (caught.value.help is None) == (help is None)


@pytest.mark.parametrize(("mask", "slug"), [
    (TensorType((T + 1,), "bool"), "shapes-differ"), (TensorType((T, C), "bool"), "shapes-differ"),
    (TensorType((), "bool"), "shapes-differ"), (TensorType((T,), "string"), "not-real-numbers"),
])  # fmt: skip
def test_masks_that_do_not_fit(mask: TensorType, slug: str) -> None:
    operator = make("GRU", 4, mask=mask)
    with pytest.raises(RuleError) as caught:
        operator.infer(TensorType((T, C)), mask)
    assert (caught.value.code.slug, caught.value.at) == (slug, "mask")


def test_how_many_tensors_it_takes() -> None:
    assert [type(make(name, 4)).arity() for name in ("RNN", "GRU", "LSTM")] == [(1, 2), (1, 2), (1, 3)]
    assert type(make("ConvLSTM", 4, 3)).arity() == (1, 3)


def test_a_learned_state_is_no_example() -> None:
    """What comes out has a batch where anything that goes in has one."""
    (operator,) = read("GRU(4)")
    learned = TensorType((4,), batched=False)
    assert operator.infer(TensorType((T, C)), learned).batched
    assert operator.infer(TensorType((T, C), batched=False), VECTOR).batched
    assert not operator.infer(TensorType((T, C), batched=False), learned).batched


# Activations as arguments.


def test_every_word_is_the_operator_of_that_name() -> None:
    """Each word computes what the stage of that name computes, as Keras runs both."""
    x = RANDOM.normal(size=(3, 1, 8)).astype("float32")
    for word, name in Function().words.items():
        inside = build(make("RNN", 8, activation=Word(word), bias=False), [TensorType((1, 8))])
        inside.model.set_weights([np.eye(8), np.zeros((8, 8))])
        stage = build(make(name), [TensorType((8,))])
        np.testing.assert_allclose(inside.run(x), stage.run(x[:, 0]), rtol=1e-5, atol=1e-6, err_msg=word)


@pytest.mark.parametrize(("word", "slug"), [
    (Word("prelu"), "bad-argument"), (Word("rrelu"), "bad-argument"), (Word("gumbel_softmax"), "bad-argument"),
    (Word("abs"), "bad-argument"), (Word("leaky_relu", (-1,)), "bad-argument"), ("relu", "bad-argument"),
    (Word("relu", (6,)), "too-many-arguments"), (Word("softmax", (), (("axis", 0),)), "unknown-argument"),
    (Word("gelu", (), (("approximate", True),)), "unknown-argument"),
    (Word("leaky_relu", (1,), (("slope", 1),)), "repeated-argument"), (Word("tanh", (1,)), "too-many-arguments"),
])  # fmt: skip
def test_words_that_are_no_function(word: object, slug: str) -> None:
    with pytest.raises(RuleError) as caught:
        Function().read(word)
    assert caught.value.code.slug == slug


def test_defaults_are_not_written() -> None:
    lowered = partial(build, types=[TensorType((T, C))])
    for text in ("LSTM(4, activation=tanh, recurrent_activation=sigmoid)", "GRU(4, use_cudnn=auto)"):
        (operator,) = read(text)
        assert operator.keras_options() == {}
        assert lowered(operator).shapes == [(4,)]

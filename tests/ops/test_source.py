"""Inputs and learned tensors, and merges of tensors with learned ones as Keras runs them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from nnspec.backends.execute import evaluate
from nnspec.calls import Arrival, Variable
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops import merge as m
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.ops.source import Input, Weight
from nnspec.shapes.dim import symbol
from tests.ops.pointwise import as_array, tensor, values
from tests.program.checking import check


def learned(operator: Weight, anchor: Any) -> Any:
    """The learned tensor as the back end makes it, beside an input of the model."""
    call = operator.lower(Arrival(tensor(*anchor.shape[1:])))
    return evaluate(call.target, {})(anchor)


def with_weight(merge: Operator, sizes: tuple[int, ...], weight: Weight, *, first: bool = False) -> Any:
    """The Keras model of a merge of an input and a learned tensor."""
    x = keras.Input(sizes)
    pair = [learned(weight, x), x] if first else [x, learned(weight, x)]
    call = merge.lower(*(Arrival(tensor(*each.shape[1:]), index) for index, each in enumerate(pair)))
    y = evaluate(call.target, {})(pair)
    return keras.Model(x, y)


def test_an_input_has_its_sizes_and_dtype_and_is_open_where_they_are_symbolic() -> None:
    assert Input(sizes=(32, 32, 3)).infer().shape == (32, 32, 3)
    operator = Input(sizes=(symbol("H"), 8), dtype=Word("int32"))
    assert operator.infer().dtype == "int32"
    made = evaluate(operator.lower(), {})
    assert (made.shape, made.dtype) == ((None, None, 8), "int32")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int8", "uint64", "bool", "string"])
def test_every_dtype_is_one_of_keras(dtype: str) -> None:
    assert evaluate(Input(sizes=(3,), dtype=Word(dtype)).lower(), {}).dtype == dtype


@pytest.mark.parametrize(("make", "way"), [(Input, "--input 32,32,3"), (Weight, "Weight(1, 192)")])
def test_sizes_that_are_missing_are_asked_for(make: type[Operator], way: str) -> None:
    with pytest.raises(RuleError) as caught:
        make().infer()
    assert caught.value.code.slug == "missing-argument"
    assert caught.value.at == "sizes"
    assert way in str(caught.value.help)


@pytest.mark.parametrize(
    ("sizes", "help"),
    [
        ("None, 64", "`Input(T, 64)`"),
        ("none, 64", "`Input(T, 64)`"),
        ("-1, 64", "`Input(T, 64)`"),
        ("None, None, 3", "`Input(H, W, 3)`"),
        ("None, 32, None, 1", "`Input(D, 32, W, 1)`"),
        ("8, None", "`Input(8, N2)`"),
    ],
)
def test_an_open_size_has_a_name(sizes: str, help: str) -> None:
    found = check(f"Input({sizes}) -> ReLU").only()
    assert (found.code.number, found.help) == ("NN206", f"name it with a capital: {help}")
    assert check(f"{help.strip('`')} -> ReLU").errors == []


@pytest.mark.parametrize("sizes", [(0,), (3, -1), (2.5,)])
def test_sizes_are_at_least_one(sizes: tuple[Any, ...]) -> None:
    for make in (Input, Weight):
        with pytest.raises(RuleError) as caught:
            make(sizes=sizes)
        assert caught.value.code.slug == "bad-argument"


def test_a_weight_has_no_batch_axis_and_one_set_of_values() -> None:
    operator = Weight(sizes=(2, 3), init=Word("constant", (5,)), trainable=False)
    assert not operator.infer().batched
    assert [(w.name, w.shape, w.trainable) for w in operator.weights()] == [("value", (2, 3), False)]
    x = keras.Input((7,), dtype="int32")
    model = keras.Model(x, learned(operator, x))
    (weight,) = model.weights
    assert (weight.name, tuple(weight.shape), weight.trainable) == ("value", (2, 3), False)
    assert np.array_equal(as_array(model(np.zeros((4, 7), "int32"))), np.full((4, 2, 3), 5, "float32"))


def test_a_weight_may_be_regularised() -> None:
    x = keras.Input((7,))
    operator = Weight(sizes=(2, 3), init=Word("ones"), regularizer=Word("l2", (0.5,)))
    (loss,) = keras.Model(x, learned(operator, x)).losses
    assert float(loss) == 3


@pytest.mark.parametrize("sizes", [(4, 3), (1, 3), (4, 1), (3,), (1,)])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("merge", [m.Add(), m.Multiply(), m.Subtract(), m.Maximum()])
def test_a_weight_is_spread_over_the_batch_and_over_what_is_larger(
    merge: Operator, sizes: tuple[int, ...], first: bool
) -> None:
    model = with_weight(merge, (4, 3), Weight(sizes=sizes, init=Word("normal")), first=first)
    x, w = values(4, 3), as_array(model.weights[0])
    how = {"Add": np.add, "Multiply": np.multiply, "Subtract": np.subtract, "Maximum": np.maximum}
    expected = how[type(merge).__name__](w, x) if first else how[type(merge).__name__](x, w)
    assert np.allclose(as_array(model(x)), expected, atol=1e-6)
    assert model.output_shape == (None, 4, 3)


def test_a_weight_is_repeated_over_the_batch_when_it_is_joined() -> None:
    model = with_weight(m.Concat(axis=0), (4, 3), Weight(sizes=(1, 3)), first=True)
    x, w = values(4, 3), as_array(model.weights[0])
    assert np.allclose(as_array(model(x)), np.concatenate([np.repeat(w[None], 3, 0), x], 1))
    assert model.output_shape == (None, 5, 3)


def test_gradients_reach_a_weight(tmp_path: Any) -> None:
    model = with_weight(m.Add(), (4, 3), Weight(sizes=(4, 3), init=Word("zeros"), constraint=Word("non_neg")))
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss="mse")
    x = np.zeros((8, 4, 3), "float32")
    model.fit(x, x + 1, epochs=30, verbose=0)
    assert as_array(model.weights[0]).mean() > 0.5
    model.fit(x, x - 5, epochs=30, verbose=0)
    assert as_array(model.weights[0]).min() == 0
    path = str(tmp_path / "model.keras")
    model.save(path)
    assert np.allclose(as_array(keras.saving.load_model(path)(x)), as_array(model(x)))


def test_the_expression_of_an_input_is_what_a_person_would_write() -> None:
    call = Input(sizes=(8, 3)).lower()
    assert (call.target, call.args, dict(call.kwargs)) == ("keras.Input", (), {"shape": (8, 3)})
    call = Weight(sizes=(3,)).lower(Variable("x"))
    assert dict(call.target.kwargs) == {}

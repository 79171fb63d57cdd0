"""Graph convolution: the formula in numpy, the counts of a published network, and symbolic numbers of nodes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.graph_conv import GraphConv
from nnspec.ops.kinds import Word
from nnspec.shapes.dim import recording, symbol
from tests.ops.oracle import build
from tests.ops.pointwise import RANDOM, as_array, infer, run, tensor
from tests.program.checking import check, sound


def graphs(nodes: int, batch: int = 3, dtype: str = "float32") -> np.ndarray:
    """Directed graphs: rows and columns sum to other numbers, and some nodes have no edges."""
    found = RANDOM.random((batch, nodes, nodes)) < 0.3
    found[:, 0] = found[:, :, 1] = False
    return found.astype(dtype) if dtype != "float32" else (found * RANDOM.random(found.shape)).astype(dtype)


def normalised(a: np.ndarray, how: str | None) -> np.ndarray:
    """Each graph's matrix by the formula, with whole diagonal matrices."""
    a = a.astype("float64")
    if how is None:
        return a
    made = []
    for each in a:
        closed = each + np.eye(len(each))
        sums = closed.sum(axis=1)
        if how == "row":
            made.append(np.diag(1 / sums) @ closed)
        else:
            made.append(np.diag(sums**-0.5) @ closed @ np.diag(sums**-0.5))
    return np.stack(made)


def weights_of(model: Any) -> list[np.ndarray]:
    (layer,) = [layer for layer in model.layers if layer.weights]
    return [np.asarray(weight, "float64") for weight in layer.get_weights()]


@pytest.mark.parametrize("how", [None, "symmetric", "row"])
@pytest.mark.parametrize("dtype", ["float32", "int32", "bool"])
@pytest.mark.parametrize("bias", [True, False])
def test_values_follow_the_formula(how: str | None, dtype: str, bias: bool) -> None:
    operator = GraphConv(
        units=4, normalize=Word(how) if how else None, bias=bias, bias_init=Word("normal", kwargs=(("std", 1),))
    )
    x, a = RANDOM.normal(size=(3, 7, 5)).astype("float32"), graphs(7, dtype=dtype)
    model = build(operator, [tensor(7, 5), tensor(7, 7, dtype=dtype)]).model
    kernel, *offset = weights_of(model)
    expected = normalised(a, how) @ (x @ kernel) + (offset[0] if bias else 0)
    np.testing.assert_allclose(as_array(model([x, a])), expected, rtol=1e-4, atol=1e-5)


def test_the_normalisations_are_told_apart() -> None:
    a = graphs(7)
    made = [normalised(a, how) for how in (None, "symmetric", "row")]
    assert np.abs(made[0] - made[1]).max() > 0.1
    assert np.abs(made[1] - made[2]).max() > 0.1


@pytest.mark.parametrize("how", ["symmetric", "row"])
def test_rows_that_sum_to_nothing_count_as_nothing(how: str) -> None:
    operator = GraphConv(units=2, normalize=Word(how), bias=False, init=Word("ones"))
    a = np.zeros((1, 3, 3), "float32")
    a[0, 1, 1] = -1  # with its own edge the second row sums to 0
    y = run(operator, np.ones((1, 3, 1), "float32"), a)
    np.testing.assert_array_equal(y[0, :, 0], [1, 0, 1])


def test_gradients_are_finite_where_a_row_sums_to_nothing() -> None:
    x, a = keras.Input((3, 2)), np.zeros((1, 3, 3), "float32")
    a[0, 1, 1] = -1
    dense = keras.layers.Dense(2)
    (y,) = build(GraphConv(units=2, normalize=Word("symmetric")), [tensor(3, 2), tensor(3, 3)]).model(
        [dense(x), given := keras.Input((3, 3))]
    )
    model = keras.Model([x, given], y)
    model.compile("sgd", "mse")
    model.fit([np.ones((1, 3, 2)), a], np.ones((1, 3, 2)), verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_gcn_on_cora_has_the_published_counts() -> None:
    # Kipf & Welling 2017: 2708 nodes, 1433-16-7, no bias; the products are counted by hand.
    text = """
x = Input(2708, 1433)
a = Input(2708, 2708)
h = GraphConv(16, normalize=symmetric, bias=false, act=relu){ x -> Dropout(0.5) | a }  : (2708, 16)
GraphConv(7, normalize=symmetric, bias=false){ h -> Dropout(0.5) | a } -> Softmax       : (2708, 7)
"""
    counts = sound(text).counts
    assert counts.params == counts.trainable_params == 23_040
    features = 2708 * 1433 * 16 + 2708 * 16 * 7
    edges = 2708 * 2708 * 16 + 2708 * 2708 * 7
    assert (features, edges) == (62_392_320, 168_665_072)
    assert counts.macs == features + edges
    assert sound(text.replace(", bias=false", "")).counts.params == 23_063


def test_symbolic_numbers_of_nodes_must_be_equal() -> None:
    n, m = symbol("N"), symbol("M")
    y, conditions = infer(GraphConv(units=4), tensor(n, 5), tensor(m, m))
    assert y.shape == (n, 4)
    assert conditions in (["M == N"], ["N == M"])
    assert infer(GraphConv(units=4), tensor(n, 5), tensor(n, n))[1] == []
    with recording():
        model = build(GraphConv(units=4, normalize=Word("row")), [tensor(n, 5), tensor(n, n)]).model
    kernel, _ = weights_of(model)
    for nodes in (4, 9):
        x, a = RANDOM.normal(size=(3, nodes, 5)).astype("float32"), graphs(nodes)
        expected = normalised(a, "row") @ (x @ kernel)
        np.testing.assert_allclose(model.predict([x, a], verbose=0), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("shapes", "slug", "at"),
    [
        (((7, 5), (7, 6)), "shapes-differ", 1),
        (((7, 5), (6, 6)), "shapes-differ", 1),
        (((7, 5), (7,)), "wrong-rank", 1),
        (((7,), (7, 7)), "wrong-rank", 0),
        (((2, 7, 5), (7, 7)), "wrong-rank", 0),
    ],
)
def test_what_does_not_fit_is_refused_at_its_input(shapes: Any, slug: str, at: int) -> None:
    with pytest.raises(RuleError) as caught:
        GraphConv(units=4).infer(*(tensor(*shape) for shape in shapes))
    assert (caught.value.code.slug, caught.value.at) == (slug, at)


@pytest.mark.parametrize("dtypes", [("bool", "float32"), ("string", "float32"), ("float32", "string")])
def test_what_is_no_number_is_refused(dtypes: tuple[str, str]) -> None:
    with pytest.raises(RuleError) as caught:
        GraphConv(units=4).infer(tensor(7, 5, dtype=dtypes[0]), tensor(7, 7, dtype=dtypes[1]))
    assert caught.value.code.slug == "not-real-numbers"


def test_one_tensor_is_too_few_and_three_are_too_many() -> None:
    assert check("Input(7, 5) -> GraphConv(4)\n").errors == ["NN304 GraphConv(4)"]
    text = "x = Input(7, 7)\n{ x | x | x } -> GraphConv(4)\n"
    assert check(text).errors == ["NN304 GraphConv(4)"]


def test_shorthands_and_keras_words_are_those_of_weighted_operators() -> None:
    text = "a = Input(7, 7)\nGraphConv(4, norm=batch, act=relu, dropout=0.2){ Input(7, 5) | a }\n"
    assert sound(text).operators == "Input Input GraphConv BatchNorm ReLU Dropout"
    wrong = check(text.replace("norm=batch", "use_bias=false"))
    assert wrong.only().fixes[0].edits[0].text == "bias"


def test_weights_are_frozen_held_and_penalised() -> None:
    types = [tensor(7, 5), tensor(7, 7)]
    held = {"regularizer": Word("l2", (0.1,)), "constraint": Word("max_norm", (0.5,)), "init": Word("ones")}
    model = build(GraphConv(units=4, **held), types).model
    assert float(model.losses[0]) == pytest.approx(0.1 * 5 * 4)
    (layer,) = [layer for layer in model.layers if layer.weights]
    assert layer.kernel.constraint.max_value == 0.5
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
    assert build(GraphConv(units=4, trainable=False), types).model.trainable_weights == []


def test_a_saved_model_computes_the_same(tmp_path: Any) -> None:
    model = build(GraphConv(units=4, normalize=Word("symmetric")), [tensor(7, 5), tensor(7, 7)]).model
    given = [RANDOM.normal(size=(3, 7, 5)).astype("float32"), graphs(7)]
    model.save(str(tmp_path / "m.keras"))
    again = keras.models.load_model(str(tmp_path / "m.keras"))
    np.testing.assert_array_equal(as_array(again(given)), as_array(model(given)))

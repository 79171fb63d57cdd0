"""A spec beside what Keras saved of it, and beside what people write in Keras."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nnspec.comparing.difference import Difference
from nnspec.comparing.with_saved import difference_in_keras, net_of_built, net_of_saved
from tests.comparing.edits import said
from tests.comparing.saving import forgetting, rewrite, save
from tests.program.checking import check

np = pytest.importorskip("numpy")
keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

forget = pytest.fixture(autouse=True)(forgetting)

Saved = Callable[[str], str]

SPECS = {
    "convolutions": (
        "Input(16, 16, 3) -> Conv(8, 3, padding=same, act=relu, norm=batch) -> MaxPool(3, stride=2, padding=1)\n"
        "-> Residual{ Conv(8, 3, padding=1, init=he_normal) -> BN -> ReLU } -> DepthwiseConv(3, stride=2) -> FC(10)"
    ),
    "sequences": (
        "Input(12, dtype=int32) -> Embedding(50, 8) -> Bidirectional{ LSTM(4, sequences=true) }\n"
        "-> MultiHeadAttention(2) -> Residual{ LN -> Dense(16, act=gelu) -> Dense(8) } -> Take(0) -> Dense(3)\n"
        "-> Softmax"
    ),
    "shared parts": (
        "shared T = FC(4) -> ReLU\na = Input(8)\nb = Input(8)\nSubtract{ a -> T | b -> T } -> FC(1) -> Sigmoid"
    ),
    "open sizes": "Input(H, W, 3) -> Conv(8, 3) -> AvgPool(2) -> Conv(4, 1) -> GlobalAvgPool -> Dense(2)",
    "layers of our own": "Input(9, 9, 4) -> Add{ _ | Weight(4) } -> RMSNorm -> LRN -> DropPath(0.1) -> FC(2)",
    "several outputs": "x = Input(8) -> FC(4, act=tanh)\ny = x -> FC(2)\nz = x -> Softmax\noutput y, z",
    "twins": "Input(8) -> Concat{ FC(3) | FC(3) | FC(3) -> ReLU | _ } -> FC(2)",
}


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    return lambda text: str(save(text, tmp_path / "saved.keras"))


def beside(path: str, text: str) -> Difference:
    checked = check(text)
    return difference_in_keras(net_of_saved(path), net_of_built(checked.graph, checked.counts, "new.nn"))


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_is_what_was_built_of_it(name: str, saved: Saved) -> None:
    found = beside(saved(SPECS[name]), SPECS[name])
    counts = check(SPECS[name]).counts
    assert said(found) == []
    assert found.is_none
    assert found.old.totals == found.new.totals
    assert found.old.totals.params == counts.params
    assert found.old.totals.trainable_params == counts.trainable_params
    assert found.old.totals.macs == counts.macs


def test_a_spec_in_other_words_is_what_was_built_of_it(saved: Saved) -> None:
    old = "Input(8, 8, 3) -> Conv(4, 1) -> BN -> MaxPool(2) -> Conv(4, 3, padding=same) -> GAP -> FC(4) -> FC(3)"
    new = (
        "Input(8, 8, 3) -> Conv(4, 1, padding=same) -> BN(axis=2) -> MaxPool(2, stride=2)\n"
        "-> Conv(4, 3, padding=same) -> GAP -> Flatten -> Dense(4) -> Dropout(0) -> Dense(3)"
    )
    found = beside(saved(old), new)
    assert said(found) == []
    assert (found.is_none, found.idle) == (True, 2)


def test_an_edit_is_found_with_its_costs(saved: Saved) -> None:
    old = "Input(8, 8, 3) -> Conv(4, 3) -> ReLU -> FC(5)"
    new = "Input(8, 8, 3) -> Conv(4, 5) -> BN -> ReLU -> FC(5)"
    found = beside(saved(old), new)
    assert said(found) == ["~ Conv2D kernel_size (3, 3) (5, 5)", "+ BatchNormalization"]
    assert found.old.totals.params == check(old).counts.params
    assert found.old.totals.macs == check(old).counts.macs
    assert found.new.totals.macs == check(new).counts.macs
    (conv, _) = found.changes
    assert conv.new is not None
    assert conv.new.span is not None
    assert conv.new.span.text == "Conv(4, 5)"


def by_hand() -> Any:
    """A network as people write it in Keras: a model inside a model, activations inside layers."""
    layers = keras.layers
    body = keras.Sequential([layers.Conv2D(8, 3, activation="relu", name="first"), layers.MaxPooling2D(2)])
    inputs = keras.Input((16, 16, 3))
    x = layers.Flatten()(body(inputs))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def test_what_people_write_in_keras_is_what_a_spec_says(tmp_path: Path) -> None:
    path = tmp_path / "hand.keras"
    by_hand().save(path)
    found = beside(str(path), "Input(16, 16, 3) -> Conv(8, 3, act=relu) -> MaxPool(2) -> FC(10) -> Softmax")
    assert said(found) == []
    assert found.is_none
    other = beside(str(path), "Input(16, 16, 3) -> Conv(8, 3, act=tanh) -> MaxPool(2) -> FC(10) -> Softmax")
    assert sorted(said(other)) == ["+ Tanh", "- ReLU"]


def compiled(model: Any, optimizer: Any, *, fitted: bool) -> Any:
    """A model that was made ready for training, and trained for one step."""
    model.compile(optimizer, "mse", metrics=["mae"])
    if fitted:
        x, y = np.zeros((2, 6), "float32"), np.zeros((2, 2), "float32")
        model.fit(x, y, epochs=1, verbose=0)
    return model


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_how_a_model_was_trained_is_no_part_of_it(optimizer: str, fitted: bool, tmp_path: Path) -> None:
    """A model inside another may be compiled as well, with a loss that nobody else knows."""
    layers = keras.layers
    text = "Input(6) -> Dense(4, act=relu) -> Dense(2)"

    def chosen() -> Any:
        return keras.optimizers.SGD(0.1, momentum=0.9) if optimizer == "momentum" else optimizer

    def chain() -> Any:
        return keras.Sequential([keras.Input((6,)), layers.Dense(4, activation="relu"), layers.Dense(2)])

    inputs = keras.Input((6,))
    inner = chain()
    inner.compile("adam", loss=lambda wanted, got: keras.ops.mean(wanted - got))
    for model in (chain(), keras.Model(inputs, inner(inputs))):
        path = tmp_path / "trained.keras"
        compiled(model, chosen(), fitted=fitted).save(path)
        with zipfile.ZipFile(path) as archive:
            assert "compile_config" in archive.read("config.json").decode()
        assert said(beside(str(path), text)) == []
        assert said(beside(str(path), text.replace("4", "5"))) == ["~ Dense units 4 5"]


def test_shared_layers_and_models_of_several_inputs(tmp_path: Path) -> None:
    layers = keras.layers
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(8, activation="relu"), layers.Dense(8)])
    shared = layers.Dense(4)
    a, b = keras.Input((8,)), keras.Input((8,))
    path = tmp_path / "twice.keras"
    keras.Model([a, b], [shared(inner(a)), shared(layers.Add()([inner(b), b]))]).save(path)
    text = (
        "shared Inner = FC(8) -> ReLU -> FC(8)\nshared Last = FC(4)\na = Input(8)\nb = Input(8)\n"
        "v = Add{ b | b -> Inner } -> Last\nu = a -> Inner -> Last\noutput u, v\n"
    )
    assert said(beside(str(path), text)) == []
    apart = text.replace("shared Last", "block Last")
    assert [line.split(" those")[0] for line in said(beside(str(path), apart))] == ["~ Dense weights"]


def test_no_weight_is_made_of_a_description(tmp_path: Path, saved: Saved) -> None:
    """A million million weights are counted and take no memory."""
    path = Path(saved("Input(8) -> Dense(4)"))
    rewrite(path, lambda text: text.replace('"units": 4', '"units": 100000000000'))
    assert net_of_saved(str(path)).totals.params == 9 * 100_000_000_000

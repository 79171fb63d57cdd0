"""Specs in other words that compute the same, and specs in like words that do not, with Keras as the judge of both."""

from __future__ import annotations

from typing import Any

import pytest

from nnspec.backends.keras_build import build
from tests.comparing.edits import differ, said
from tests.program.checking import check

np = pytest.importorskip("numpy")
pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ALIKE = {
    "FC and Dense on a vector": ("Input(6) -> FC(4) -> ReLU -> FC(3)", "Input(6) -> Dense(4) -> ReLU -> Dense(3)"),
    "a flattened vector": ("Input(4, 4, 2) -> GAP -> FC(3)", "Input(4, 4, 2) -> GAP -> Flatten -> Dense(3)"),
    "a dropout of nothing": ("Input(6) -> FC(4) -> FC(3)", "Input(6) -> FC(4) -> Dropout(0) -> FC(3)"),
    "noise of nothing": (
        "Input(4, 6) -> Dense(3)",
        "Input(4, 6) -> GaussianNoise(0) -> SpatialDropout(0) -> Dense(3) -> DropPath(0) -> AlphaDropout(0)",
    ),
    "sizes that stay": (
        "Input(4, 6, 2) -> Conv(3, 2)",
        "Input(4, 6, 2) -> Reshape(4, -1, 2) -> Permute(0, 1, 2) -> ZeroPad(0) -> UpSample(1) -> Conv(3, 2) -> Linear",
    ),
    "a window of one": ("Input(4, 6, 2) -> Conv(3, 2)", "Input(4, 6, 2) -> Conv(3, 2) -> MaxPool(1)"),
    "an idle branch": (
        "Input(6) -> Add{ FC(6) | _ } -> FC(2)", "Input(6) -> Add{ FC(6) | Dropout(0) -> Flatten } -> FC(2)"
    ),
    "the stride of a window": (
        "Input(8, 8, 2) -> MaxPool(3) -> AvgPool", "Input(8, 8, 2) -> MaxPool(3, stride=3) -> AvgPool(2, (2, 2))"
    ),
    "axes from either end": (
        "Input(4, 6) -> BN -> LN(axis=-1) -> Softmax -> Concat(axis=-2){ _ | _ } -> Take(0)",
        "Input(4, 6) -> BN(axis=1) -> LN(axis=1) -> Softmax(axis=1) -> Concat(axis=0){ _ | _ } -> Take(0, axis=-2)",
    ),
    "padding in numbers": (
        "Input(8, 8, 2) -> Conv(3, 3, padding=same) -> Conv(2, 3, stride=2, padding=same) -> Conv(4, 1, padding=same)",
        "Input(8, 8, 2) -> Conv(3, 3, padding=1) -> Conv(2, 3, stride=2, padding=((0, 1), (0, 1))) -> Conv(4, 1)",
    ),
    "padding of a pooling": (
        "Input(7, 7, 2) -> MaxPool(3, stride=2, padding=same) -> AvgPool(2, padding=0)",
        "Input(7, 7, 2) -> MaxPool(3, stride=2, padding=1) -> AvgPool(2)",
    ),
    "zeros around one axis": ("Input(4, 6) -> ZeroPad(1) -> Dense(2)", "Input(4, 6) -> ZeroPad(1, axis=0) -> Dense(2)"),
    "widths of attention": (
        "Input(5, 8) -> MultiHeadAttention(2)",
        "Input(5, 8) -> MultiHeadAttention(2, 4, value_width=4, output_width=8, attention_axes=0)",
    ),
    "axes of products": (
        "Input(5, 8) -> Dot(axes=-1){ _ | Dense(8) } -> Permute(1, 0)",
        "Input(5, 8) -> Dot(axes=(1, -1)){ _ | Dense(8) } -> Permute(-1, 0)",
    ),
    "a map that FC flattens itself": (
        "Input(4, 4, 2) -> Conv(3, 2) -> Flatten -> FC(4) -> ReLU -> FC(3)",
        "Input(4, 4, 2) -> Conv(3, 2) -> FC(4) -> ReLU -> FC(3)",
    ),
    "a flattened map and FC": ("Input(4, 4, 2) -> Conv(3, 2) -> Flatten -> Dense(4)",
                               "Input(4, 4, 2) -> Conv(3, 2) -> FC(4)"),
    "FC and Dense of a flattened map": ("Input(4, 6) -> Flatten -> Dense(3) -> FC(2)",
                                        "Input(4, 6) -> Flatten -> FC(3) -> Dense(2)"),
    "several that flatten": ("Input(4, 6) -> Flatten -> Concat{ FC(2) | FC(3) -> FC(2) }",
                             "Input(4, 6) -> Concat{ FC(2) | FC(3) -> FC(2) }"),
    "sizes that FC does not see": ("Input(4, 6) -> Reshape(2, 12) -> FC(3)", "Input(4, 6) -> Reshape(3, 8) -> FC(3)"),
}  # fmt: skip

APART = {
    "FC and Dense on a map": ("Input(4, 6) -> FC(3)", "Input(4, 6) -> Dense(3)", "~ FC operator Dense FC"),
    "a flattened map": ("Input(4, 6) -> Dense(3)", "Input(4, 6) -> Flatten -> Dense(3)", "+ Flatten"),
    "FC of a flattened map, and Dense": ("Input(4, 6) -> Dense(3)", "Input(4, 6) -> Flatten -> FC(3)", "+ Flatten"),
    "an order that FC sees": ("Input(4, 6) -> FC(3)", "Input(4, 6) -> Permute(1, 0) -> FC(3)", "+ Permute(1, 0)"),
    "what FC is not alone to see": (
        "Input(4, 6) -> Reshape(2, 12) as x -> FC(3) -> Concat{ _ | x -> Take(0) }",
        "Input(4, 6) -> Reshape(3, 8) as x -> FC(3) -> Concat{ _ | x -> Take(0) }", "~ Reshape sizes (2, 12) (3, 8)",
    ),
    "some dropout": ("Input(6) -> Dropout(0) -> FC(3)", "Input(6) -> Dropout(0.5) -> FC(3)", "~ Dropout rate 0 0.5"),
    "another axis": ("Input(6, 6) -> Softmax", "Input(6, 6) -> Softmax(axis=0)", "~ Softmax axis -1 0"),
    "a denser window": ("Input(8, 8, 2) -> MaxPool(2)", "Input(8, 8, 2) -> MaxPool(2, stride=1)",
                        "~ MaxPool stride 2 1"),
    "padding on the other side": (
        "Input(8, 8, 2) -> Conv(2, 3, stride=2, padding=same)",
        "Input(8, 8, 2) -> Conv(2, 3, stride=2, padding=((1, 0), (1, 0)))",
        "~ Conv padding same ((1, 0), (1, 0))",
    ),
    "axes that change places": ("Input(6, 6) -> Dense(6)", "Input(6, 6) -> Permute(1, 0) -> Dense(6)",
                                "+ Permute(1, 0)"),
    "what goes past an idle layer": (
        "Input(6) as x -> FC(6) as a -> Tanh -> Concat{ _ | a -> Dropout(0) } -> FC(2)",
        "Input(6) as x -> FC(6) as a -> Tanh -> Concat{ _ | x } -> FC(2)",
        "~ Concat takes x no longer takes a",
    ),
}  # fmt: skip


def outputs(text: str, training: bool) -> Any:
    """What Keras computes, with weights and data that are drawn by their order alone."""
    model = build(check(text).graph)
    random = np.random.default_rng(3)
    for weight in model.weights:
        weight.assign(random.uniform(0.1, 1, weight.shape))
    data = [random.uniform(-1, 1, (2, *tensor.shape[1:])).astype("float32") for tensor in model.inputs]
    return np.asarray(model(data if len(data) > 1 else data[0], training=training))


@pytest.mark.parametrize("name", ALIKE)
def test_what_computes_the_same_is_no_difference(name: str) -> None:
    old, new = ALIKE[name]
    for training in (False, True):
        np.testing.assert_allclose(outputs(old, training), outputs(new, training), rtol=1e-5, atol=1e-6)
    assert said(differ(old, new)) == []
    assert differ(old, new).is_none
    assert differ(new, old).is_none


@pytest.mark.parametrize("name", APART)
def test_what_computes_something_else_is_a_difference(name: str) -> None:
    old, new, change = APART[name]
    before, after = outputs(old, training=True), outputs(new, training=True)
    assert before.shape != after.shape or not np.allclose(before, after, rtol=1e-3)
    assert change in said(differ(old, new)) or change in said(differ(new, old))


def test_idle_layers_are_counted() -> None:
    assert differ("Input(6) -> FC(3)", "Input(6) -> Flatten -> Dropout(0) -> Dense(3)").idle == 2
    assert differ("Input(4, 6) -> FC(3)", "Input(4, 6) -> Flatten -> Dropout(0) -> Dense(3)").idle == 2
    assert said(differ("Input(4, 6) -> FC(3)", "Input(4, 6) -> Flatten -> Dense(4)")) == ["~ FC units 3 4"]
    found = differ("Input(6) -> FC(3)", "Input(6) -> Flatten -> Dropout(0) -> Dense(4)")
    assert (said(found), found.idle) == (["~ Dense units 3 4"], 2)
    together = differ("Input(6) -> FC(3)", "Input(6) -> FC(3) -> ReLU -> Dropout(0) -> FC(5)")
    assert (said(together), together.idle) == (["+ ReLU", "+ Dropout(0)", "+ FC(5)"], 0)


def test_an_argument_that_changes_everywhere_hides_nothing_else() -> None:
    text = "Input(8, 8, 4) -> (Conv(4, 3, padding=same INIT) -> BN -> Residual{ ReLU -> Conv(4, 1 INIT) }) x N -> GAP"
    old = text.replace("INIT", "").replace("N)", "N)").replace("x N", "x 6")
    new = text.replace("INIT", ", init=he_normal").replace("x N", "x 8")
    found = said(differ(old, new))
    assert found.count("~ Conv init none he_normal") == 12
    assert sorted(set(found)) == sorted({
        "~ Conv init none he_normal", "+ Conv(4, 3, padding=same, init=he_normal)", "+ BatchNorm", "+ ReLU",
        "+ Conv(4, 1, init=he_normal)", "+ Add",
    })  # fmt: skip
    assert len(found) == 12 + 2 * 5


def test_all_layers_twice_as_wide_are_the_same_layers() -> None:
    text = "Input(32, 32, 3)" + "".join(
        f" -> (Conv({width}, 3, padding=same) -> ReLU) x 2 -> MaxPool" for width in ("w", "2 * w", "4 * w")
    )
    found = said(differ(f"let w = 64\n{text} -> GAP -> FC(10)", f"let w = 128\n{text} -> GAP -> FC(10)"))
    assert found == [f"~ Conv filters {width} {2 * width}" for width in (64, 64, 128, 128, 256, 256)]


def test_the_paths_that_meet_in_a_sum_are_not_taken_for_one_another() -> None:
    text = (
        "Input(16, 16, 8) -> PAD MaxPool(3, stride=2)\n"
        "-> Add{ Conv(4, 1) -> BN -> ReLU -> Conv(8, 1) -> BN | Conv(8, 1) -> BN } -> ReLU -> GAP -> FC(2)\n"
    )
    assert said(differ(text.replace("PAD", "ZeroPad(1) ->"), text.replace("PAD", "Dropout(0.5) ->"))) == [
        "- ZeroPad(1)", "+ Dropout(0.5)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "stage",
    ["Conv(2, 3", "DepthwiseConv(3", "ConvTranspose(2, 3", "Reshape(8, 16) -> LSTM(3", "FC(3", "MultiHeadAttention(2"],
)
def test_a_default_that_is_written_out_is_no_difference(stage: str) -> None:
    """Keras draws both alike."""
    given = {"": "", "alike": ", init=glorot_uniform, bias_init=zeros", "apart": ", init=he_normal, bias_init=zeros"}
    specs = {name: f"Input(8, 8, 2) -> {stage}{options})" for name, options in given.items()}
    drawn = {name: initializers(text) for name, text in specs.items()}
    assert drawn[""] == drawn["alike"] != drawn["apart"]
    assert differ(specs[""], specs["alike"]).is_none
    assert differ(specs["alike"], specs[""]).is_none
    (change,) = differ(specs[""], specs["apart"]).changes
    assert [(each.name, each.old, each.new) for each in change.arguments] == [("init", "none", "he_normal")]


def initializers(text: str) -> list[str]:
    """How Keras draws each weight of a spec."""
    configs = [layer.get_config() for layer in build(check(text).graph).layers]
    return [
        f"{name} {value['class_name']}" for config in configs for name, value in config.items() if "initializer" in name
    ]

"""Names that other notations have for operators: an error with an exact fix, and the fixed spec holds."""

from __future__ import annotations

import pytest

from nnspec.diagnostics.diagnostic import Diagnostic
from nnspec.ops.registry import find_operator, named_elsewhere
from tests.program.checking import check

STAGES = {
    "Conv2D(4, 3)": "Conv(4, 3)",
    "Conv2d(4, 3)": "Conv(4, 3)",
    "Convolution2DTranspose(4, 2)": "ConvTranspose(4, 2)",
    "MaxPool2D(2)": "MaxPool(2)",
    "AveragePooling2D(2)": "AvgPool(2)",
    "GlobalAvgPool2D": "GlobalAvgPool",
    "BatchNorm2d": "BatchNorm",
    "GroupNormalization(2)": "GroupNorm(2)",
    "SpatialDropout2D(0.2)": "SpatialDropout(0.2)",
    "Dropout2d(0.2)": "SpatialDropout(0.2)",
    "Swish": "SiLU",
    "MHA(2)": "MultiHeadAttention(2)",
    "MultiheadAttention(2)": "MultiHeadAttention(2)",
    "Activation(relu)": "ReLU",
    'Activation("relu")': "ReLU",
    "Activation(activation=hard_silu)": "HardSwish",
    "Activation(swish)": "SiLU",
}
HEAD = "Input(8, 8, 4) -> "


def fixed(text: str, found: Diagnostic) -> str:
    (fix,) = found.fixes
    (edit,) = fix.edits
    return text[: edit.span.start] + edit.text + text[edit.span.end :]


@pytest.mark.parametrize(("written", "meant"), STAGES.items())
def test_a_name_of_another_notation_has_an_exact_fix(written: str, meant: str) -> None:
    found = check(HEAD + written).only()
    assert (found.code.number, found.span.text) == ("NN202", written.partition("(")[0])
    assert fixed(HEAD + written, found) == HEAD + meant
    assert not check(HEAD + meant).errors


@pytest.mark.parametrize("written", ["Activation: relu", "{Activation: relu}", "Activation: {activation: relu}"])
def test_in_yaml_the_fix_is_the_whole_stage(written: str) -> None:
    text = f"nnspec: 1\nnetwork:\n  - Input(8, 8, 4)\n  - {written}\n"
    assert fixed(text, check(text, path="net.yaml").only()) == text.replace(written, "ReLU")


@pytest.mark.parametrize("written", ["Activation", "Activation(mish)", "Activation(relu, 3)", "Activation(2)"])
def test_an_activation_that_is_not_known_is_explained(written: str) -> None:
    found = check(HEAD + written).only()
    assert found.fixes == ()
    assert "`ReLU`" in (found.help or "")
    assert "leaky_relu" in (found.help or "")


def test_only_what_others_say_is_renamed() -> None:
    assert check(HEAD + "Foo3D").only().fixes == ()
    assert check("block Activation(a) = ReLU\n" + HEAD + "Activation(1)").errors == []
    for ours in ("Conv", "LSTM", "Dropout"):
        assert find_operator(ours) is not None
        assert named_elsewhere(ours) is None

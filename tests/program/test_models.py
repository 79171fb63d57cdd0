"""Models, their inputs and outputs and what these are called, and what reaches none: section 2 of the language."""

from __future__ import annotations

import pytest

from tests.program.checking import Checked, check, shape_of, sound


def outputs(checked: Checked) -> list[str]:
    return [output.name for output in checked.model.outputs]


def inputs(checked: Checked) -> list[str]:
    return [given.name for given in checked.model.inputs]


OUTPUTS = {
    "the operator in snake case": ("Input(8) -> FC(3)", ["fc"]),
    "an operator's full name": ("Input(8, 2) -> BN", ["batch_norm"]),
    "an operator of capitals": ("Input(8) -> LeakyReLU", ["leaky_relu"]),
    "operators numbered": ("Input(8) -> { FC(3) | FC(4) | ReLU | FC(5) }", ["fc", "fc_1", "relu", "fc_2"]),
    "the tensor's name": ("y = Input(8) -> FC(3)\n", ["y"]),
    "the label": ("Input(8) -> FC(3) as logits", ["logits"]),
    "a label with an index": ("Input(8) -> FC(3) as e[2]", ["e_2"]),
    "the output's name": ("x = Input(8) -> FC(3) as h -> FC(4) as y\noutput y, h", ["y", "h"]),
    "a member of a tuple": ("y = Input(8) -> { FC(3) | FC(4) | FC(5) }\noutput y[2], y[0]", ["y_2", "y_0"]),
    "a tuple's members": ("y = Input(8) -> { FC(3) | FC(4) }\noutput y", ["y_0", "y_1"]),
    "two outputs of one operator through a block": ("block B = FC(3)\nInput(8) -> { B | B }", ["fc", "fc_1"]),
    "a stage's shorthand": ("Input(8) -> FC(3, act=relu)", ["relu"]),
    "through a repeat": ("Input(8) -> (FC(3) -> ReLU) x 3", ["relu"]),
    "two outputs from two statements": (
        "a = Input(8) -> FC(3)\nb = a -> FC(4)\noutput b\noutput a",
        ["b", "a"],
    ),
}


@pytest.mark.parametrize("title", OUTPUTS)
def test_what_outputs_are_called(title: str) -> None:
    text, names = OUTPUTS[title]
    assert outputs(sound(text)) == names


def test_the_outputs_are_those_of_output_then_of_the_bare_flow_then_of_the_last_tensor() -> None:
    assert outputs(sound("y = Input(8) -> FC(3)\nz = y -> FC(4)\noutput y")) == ["y"]
    assert outputs(sound("y = Input(8) -> FC(3)\ny -> FC(4)")) == ["fc"]
    assert outputs(sound("y = Input(8) -> FC(3)\nz = y -> FC(4)")) == ["z"]


INPUTS = {
    "an unnamed one": ("Input(8) -> FC(3)", ["input"]),
    "a tensor's name": ("a = Input(8)\na -> FC(3)", ["a"]),
    "a label": ("Input(8) as a -> FC(3)", ["a"]),
    "in the order written": ("b = Input(8)\na = Input(8)\nAdd{ a | b }", ["b", "a"]),
    "numbered": ("Add{ Input(8) | Input(8) }", ["input", "input_1"]),
}


@pytest.mark.parametrize("title", INPUTS)
def test_what_inputs_are_called(title: str) -> None:
    text, names = INPUTS[title]
    assert inputs(sound(text)) == names


def test_an_input_that_is_named_again_keeps_its_first_name() -> None:
    for text in ("x = Input(8)\nz = x\nz -> FC(3)", "Input(8) as x -> FC(3)\nz = x", "x = Input(8)\ny = x\nz = y"):
        checked = sound(text, inputs=(("x", "9"),))
        assert [(end.name, shape_of(end.type)) for end in checked.model.inputs] == [("x", (9,))]
        assert checked.graph.layers[0].name == "x"
    assert [end.name for end in sound("x = Input(8)\nz = x").model.outputs] == ["z"]


def test_the_bare_flow_is_named_after_the_file() -> None:
    assert sound("Input(8) -> FC(3)").model.name == "net"
    assert sound("Input(8) -> FC(3)", path="<stdin>").model.name == "network"


def test_no_model_is_called_as_the_network_of_its_file() -> None:
    text = "model Net = Input(4) -> FC(2)\nInput(8) -> FC(3)"
    found = check(text, path="Net.nn").only()
    assert (found.code.number, found.span.text, found.span.start) == ("NN203", "Net", 6)
    assert [label.span.text for label in found.labels] == ["Input(8) -> FC(3)"]
    assert "rename" in (found.help or "")
    assert sound(text, path="net.nn")["Net"].inputs[0].type.shape == (4,)
    sound("model Net = Input(4) -> FC(2)", path="Net.nn")
    named = 'nnspec: 1\nname: Net\nmodels: {Net: "Input(4) -> FC(2)"}\nnetwork: Input(8) -> FC(3)\n'
    assert check(named, path="a.yaml").errors == ["NN203 Net"]


def test_several_models() -> None:
    checked = sound("model A = Input(8) -> FC(3)\nmodel B = Input(9) -> FC(4)\nInput(7) -> FC(5)")
    assert [model.name for model in checked.program.models] == ["A", "B", "net"]
    assert [model.name for model in sound("model A = Input(8) -> FC(3)").program.models] == ["A"]


def test_one_model_of_several() -> None:
    text = "model A = Input(8) -> FC(3)\nmodel B = Input(9) -> FC(4)"
    assert [model.name for model in sound(text, model="B").program.models] == ["B"]


UNUSED = {
    "an Input": ("a = Input(8)\nb = Input(8)\na -> FC(3)", ["error NN402 Input(8)"]),
    "the last stage of a chain": ("x = Input(8)\ny = x -> ReLU -> FC(4)\nx -> FC(3)", ["warning NN403 FC(4)"]),
    "a stage behind the labels that are used": (
        "Input(8) -> FC(3) as h -> FC(4)\noutput h",
        ["warning NN403 FC(4)"],
    ),
    "a stage of a model": (
        "model M = Input(8) -> [FC(3) as h -> ReLU] -> h",
        ["warning NN403 ReLU"],
    ),
    "a stage of the last turn alone": ("Input(8) -> [FC(8) as e[i] -> ReLU] for i in range(3)\noutput e[2]", []),
    "a stage of a block that one use needs": (
        "block B = { FC(3) | FC(4) }\nx = Input(8)\na, b = x -> B\nc, d = x -> B\noutput a, d",
        [],
    ),
    "a stage of a block that no use needs": (
        "block B = { FC(3) | FC(4) }\nx = Input(8)\na, b = x -> B\noutput a",
        ["warning NN403 FC(4)"],
    ),
}


@pytest.mark.parametrize("title", UNUSED)
def test_what_reaches_no_output(title: str) -> None:
    text, findings = UNUSED[title]
    assert [found for found in check(text).all if not found.startswith("note")] == findings


def test_what_reaches_no_output_is_not_counted() -> None:
    text = "x = Input(8)\ny = x -> FC(100)\nx -> FC(3)"
    assert sound(text).counts.params == 27
    assert sound(text).counts.layers == 1


def test_a_network_of_shared_and_own_parts_counts_each_layer_at_each_use() -> None:
    checked = sound("shared T = FC(8) -> ReLU\nInput(8) -> T -> T -> FC(3)")
    assert (checked.counts.layers, checked.counts.depth, checked.counts.params) == (5, 5, 72 + 27)


LAYERS = {
    "Input, Identity and groups are none": ("Input(8) -> (Identity -> (FC(3)))", 1),
    "FC's flatten is none": ("Input(2, 2, 2) -> FC(3)", 1),
    "Flatten is one": ("Input(2, 2, 2) -> Flatten -> FC(3)", 2),
    "shorthands are layers": ("Input(8) -> FC(3, norm=batch, act=relu, dropout=0.1)", 4),
    "a merge is one": ("Input(8) -> Add{ FC(3) | FC(3) }", 3),
    "a merge of one flow is none": ("Input(8) -> Add{ FC(3) }", 1),
    "turns": ("Input(8) -> (FC(8) -> ReLU) x 1_000_000", 2_000_000),
}


@pytest.mark.parametrize("title", LAYERS)
def test_layers(title: str) -> None:
    text, layers = LAYERS[title]
    assert sound(text).counts.layers == layers


RECEPTIVE_FIELDS = {
    "nothing looks around": ("Input(9, 9, 3) -> ReLU", 1),
    "a window": ("Input(9, 9, 3) -> Conv(4, 3)", 3),
    "two windows": ("Input(9, 9, 3) -> Conv(4, 3) x 2", 5),
    "a window after a stride": ("Input(9, 9, 3) -> Conv(4, 3, stride=2) -> Conv(4, 3)", 7),
    "dilation": ("Input(9, 9, 3) -> Conv(4, 3, dilation=2)", 5),
    "the larger axis": ("Input(9, 9, 3) -> Conv(4, 1x5)", 5),
    "the longer path": ("Input(9, 9, 3) -> Concat{ Conv(4, 3, padding=same) | Conv(4, 5, padding=same) }", 5),
    "what follows the maps does not count": ("Input(9, 9, 3) -> Conv(4, 3) -> GlobalAvgPool -> FC(3)", 3),
    "the longer of paths that never meet as maps": (
        "Input(9, 3) -> Concat{ Conv(4, 5) -> GlobalMaxPool | Conv(4, 3) -> GlobalMaxPool }",
        5,
    ),
    "the largest over outputs": (
        "x = Input(9, 9, 3) -> Conv(4, 3)\na = x -> Conv(4, 5) -> GAP\nb = x -> FC(3)\noutput a, b",
        7,
    ),
    "words of a text": ("Input(9, dtype=int32) -> Embedding(10, 4) -> Conv(4, 3) -> GlobalMaxPool", 3),
    "many turns": ("Input(9, 9, 3) -> Conv(3, 3, padding=same) x 1000", 2001),
}


@pytest.mark.parametrize("title", RECEPTIVE_FIELDS)
def test_receptive_field(title: str) -> None:
    text, field = RECEPTIVE_FIELDS[title]
    assert sound(text).counts.receptive_field == field


def test_activation_bytes_are_those_of_all_layers() -> None:
    assert sound("Input(8) -> FC(3) -> ReLU -> FC(5)").counts.activation_bytes == 4 * (3 + 3 + 5)
    assert sound("Input(8) -> FC(8) x 1000").counts.activation_bytes == 4 * 8 * 1000

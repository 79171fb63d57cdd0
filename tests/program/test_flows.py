"""Stages and flows: repeats, choices, braces, merges, `in` and `_`. Section 3 of the language."""

from __future__ import annotations

import pytest

from tests.program.checking import check, sound

SHAPES = {
    "a group in round brackets": ("Input(8) -> (FC(4) -> FC(3))", (3,)),
    "a group in square brackets": ("Input(8) -> [FC(4) -> FC(3)]", (3,)),
    "an operator without brackets": ("Input(8) -> ReLU", (8,)),
    "the other arrow and the other times": ("Input(8)→(FC(4)→ReLU)×2→FC(3)", (3,)),
    "a repeat": ("Input(9, 1) -> Conv(4, 3) x 3", (3, 4)),
    "a star repeats": ("Input(9, 1) -> Conv(4, 3) * 3", (3, 4)),
    "a repeat of a computed number of turns": ("let n = 2\nInput(9, 1) -> Conv(4, 3) x (n + 1)", (3, 4)),
    "x 0 is the identity": ("Input(8) -> FC(3) x 0", (8,)),
    "x 1 is the stage": ("Input(8) -> FC(3) x 1", (3,)),
    "a million turns": ("Input(8) -> FC(8) x 1_000_000", (8,)),
    "a loop": ("Input(8) -> FC(n) for n in [5, 4, 3]", (3,)),
    "a loop over pairs": ("Input(8) -> FC(a + b) for a, b in [(1, 2), (3, 4)]", (7,)),
    "a loop over nothing is the identity": ("Input(8) -> FC(i) for i in range(0)", (8,)),
    "a loop in a loop": ("Input(8) -> [FC(10 * i + j) for j in range(1, 3)] for i in range(1, 3)", (22,)),
    "a repeat and then a loop, left to right": ("Input(8) -> FC(i) x 2 for i in [5, 4]", (4,)),
    "an if that holds": ("Input(8) -> FC(3) if 1 < 2 else FC(4)", (3,)),
    "an if that does not": ("Input(8) -> FC(3) if 1 > 2 else FC(4)", (4,)),
    "an if without else is the identity": ("Input(8) -> FC(3) if false", (8,)),
    "if binds tighter than x": ("Input(8) -> FC(3) if true else FC(4) x 2", (3,)),
    "an if in a loop": ("Input(8) -> [FC(i) if i % 2 == 0 else Identity] for i in range(1, 6)", (4,)),
    "an if on the tensor that arrives": ("Input(8) -> FC(3) if in.channels > 4 else FC(4)", (3,)),
    "the branch not taken is not elaborated": ("Input(8) -> [FC(3) if true else Conv(4, 3)]", (3,)),
    "branches": ("Input(8) -> Concat{ FC(3) | FC(4) }", (7,)),
    "a tuple and then a merge": ("Input(8) -> { FC(3) | FC(4) } -> Concat", (7,)),
    "an empty branch is what arrives": ("Input(8) -> Concat{ FC(3) | }", (11,)),
    "an underscore is what arrives": ("Input(8) -> Concat{ FC(3) | _ }", (11,)),
    "Identity is what arrives": ("Input(8) -> Concat{ FC(3) | Identity }", (11,)),
    "braces inside braces are spliced": ("Input(8) -> Concat{ FC(1) | { FC(2) | { FC(3) | FC(4) } } }", (10,)),
    "a branch that begins with a tensor": ("x = Input(8)\nx -> FC(3) -> Concat{ x | _ }", (11,)),
    "a branch that begins with Input": ("Concat{ Input(8) -> FC(3) | Input(4) }", (7,)),
    "a branch per element": ("Input(8) -> Concat{ for k in [1, 2, 3]: FC(k) }", (6,)),
    "a branch per pair": ("Input(8) -> Concat{ for a, b in [(1, 2), (3, 4)]: FC(a * b) }", (14,)),
    "a tensor replaces what arrived": ("x = Input(8)\nx -> FC(3) -> x", (8,)),
    "the first stage of a branch may be conditional": (
        "Input(8) -> Add{ ReLU if true -> FC(3) | FC(3) }",
        (3,),
    ),
    "Residual adds": ("Input(8) -> Residual{ FC(8) }", (8,)),
    "Residual(when=false) is the flow alone": ("Input(8) -> Residual(when=false){ FC(3) }", (3,)),
    "Residual(when=) of sizes": ("Input(8) -> Residual(when=in.channels == 3){ FC(3) }", (3,)),
    "a merge of one flow is that flow": ("Input(8) -> Add{ FC(3) }", (3,)),
    "a merge of one loop's flow is that flow": ("Input(8) -> Concat{ for k in [3]: FC(k) }", (3,)),
    "a squeeze-and-excitation gate": (
        "Input(6, 6, 32) -> Multiply{ _ | GlobalAvgPool -> Dense(_.channels // 16, act=relu) "
        "-> Dense(_.channels) -> Sigmoid }",
        (6, 6, 32),
    ),
    "in is what arrives at the stage": ("Input(8) -> FC(4) -> FC(2 * in.channels)", (8,)),
    "_ is what arrived at the innermost braces": (
        "Input(8) -> FC(4) -> Concat{ FC(2) -> FC(_.channels) | FC(3) -> Concat{ FC(1) -> FC(_.channels) } }",
        (7,),
    ),
    "a shape's sizes": ("Input(4, 5, 6) -> FC(100 * in.height + 10 * in.width + in.channels)", (456,)),
    "a shape's length": ("Input(4, 6) -> FC(in.length)", (4,)),
    "a shape's depth": ("Input(3, 4, 5, 6) -> FC(in.depth + in.shape[-1] + in.rank)", (13,)),
    "a shape's axes": ("Input(4, 5, 6) -> FC(in.shape[0] + in.shape[1])", (9,)),
    "a tensor in scope has sizes": ("x = Input(8)\nx -> FC(3) -> FC(x.channels)", (8,)),
    "a Weight begins a branch": ("Input(8, 4) -> Concat(axis=0){ Weight(1, 4) | _ }", (9, 4)),
    "a chain over lines": ("Input(8)\n-> FC(4)\n# a comment\n\n-> FC(3)", (3,)),
    "FC flattens": ("Input(4, 5, 6) -> FC(3)", (3,)),
    "Dense acts on the last axis": ("Input(4, 5, 6) -> Dense(3)", (4, 5, 3)),
}


@pytest.mark.parametrize("title", SHAPES)
def test_shapes(title: str) -> None:
    text, shape = SHAPES[title]
    assert sound(text).shape == shape


OPERATORS = {
    "a repeat": ("Input(8) -> (FC(4) -> ReLU) x 2", "Input FC ReLU FC ReLU"),
    "x 0": ("Input(8) -> (FC(4) -> ReLU) x 0 -> FC(3)", "Input FC"),
    "Residual": ("Input(8) -> Residual{ FC(8) }", "Input FC Add"),
    "Residual(when=false)": ("Input(8) -> Residual(when=false){ FC(8) }", "Input FC"),
    "a merge of one flow": ("Input(8) -> Add{ FC(3) }", "Input FC"),
    "a group": ("Input(8) -> (FC(3))", "Input FC"),
    "if binds tighter than x": ("Input(8) -> FC(3) if true else ReLU x 2", "Input FC FC"),
    "x binds tighter than the arrow": ("Input(8) -> FC(3) -> ReLU x 2", "Input FC ReLU ReLU"),
    "what reaches no output is left out": ("x = Input(8)\ny = x -> ReLU\nx -> FC(3)", "Input FC"),
}


@pytest.mark.parametrize("title", OPERATORS)
def test_operators(title: str) -> None:
    text, operators = OPERATORS[title]
    assert sound(text).operators == operators


FAULTS = {
    "nothing arrives at an operator": ("FC(3) -> ReLU", ["NN401 FC(3)"]),
    "nothing arrives at a group": ("(ReLU -> FC(3)) x 2", ["NN401 ReLU"]),
    "an Input in the middle": ("Input(8) -> FC(3) -> Input(4) -> FC(2)", ["NN404 Input"]),
    "a tuple at an operator of one input": ("Input(8) -> { FC(3) | FC(4) } -> ReLU", ["NN304 ReLU"]),
    "one tensor at a merge": ("Input(8) -> Add", ["NN304 Add"]),
    "a merge with no flow": ("Input(8) -> Add{ for k in []: FC(k) }", ["NN409 Add{ for k in []: FC(k) }"]),
    "unequal shapes to add": ("Input(8) -> Add{ FC(3) | FC(4) }", ["NN305 FC(4)"]),
    "a silent broadcast of Keras": ("Input(8, 8, 4) -> Add{ _ | Conv(1, 1) }", ["NN305 Conv(1, 1)"]),
    "a vector added to a map": ("Input(8, 8, 4) -> Add{ _ | GlobalAvgPool }", ["NN305 GlobalAvgPool"]),
    "a Residual whose sizes change": ("Input(8) -> Residual{ FC(3) }", ["NN305 FC(3)"]),
    "a Residual of two flows": ("Input(8) -> Residual{ FC(8) | FC(8) }", ["NN409 Residual{ FC(8) | FC(8) }"]),
    "a count that is no number": ("Input(8) -> FC(8) x 2.5", ["NN210 2.5"]),
    "a negative count": ("let n = 1\nInput(8) -> FC(8) x (n - 2)", ["NN210 (n - 2)"]),
    "a condition that is a number": ("Input(8) -> FC(3) if 1", ["NN210 1"]),
    "a loop over a number": ("Input(8) -> FC(i) for i in 3", ["NN210 3"]),
    "a loop whose names do not fit": ("Input(8) -> FC(i) for i, j in [1, 2]", ["NN210 [1, 2]"]),
    "_ outside braces and blocks": ("Input(8) -> FC(_.channels)", ["NN210 _"]),
    "in where nothing arrives": ("Input(in.channels) -> FC(3)", ["NN210 in"]),
    "a size that the rank does not have": ("Input(8) -> FC(in.height)", ["NN210 height"]),
    "an axis past the last": ("Input(8) -> FC(in.shape[1])", ["NN210 1"]),
    "two bare flows": ("Input(8) -> FC(3)\nInput(8) -> FC(4)", ["NN408 Input(8) -> FC(4)"]),
    "a line that forgot its arrow": (
        "Input(8) -> FC(3)\nFC(4) -> FC(widht)",
        ["NN408 FC(4) -> FC(widht)", "NN201 widht"],
    ),
    "the window of a Pool in the last turn": ("Input(8, 8, 3) -> Pool x 4", ["NN301 Pool"]),
}


@pytest.mark.parametrize("title", FAULTS)
def test_faults(title: str) -> None:
    text, errors = FAULTS[title]
    assert check(text).errors == errors


SLIPS = {
    "a loop that holds only the last stage": ("Input(8) -> FC(i) -> ReLU for i in [3]", "NN201 i", "put `[…]` around"),
    "a count that goes on": ("let n = 3\nInput(8) -> ReLU x n - 1", "NN114", "x (n - 1)"),
    "a count without its space": ("Input(8) -> (ReLU) x3", "NN114", "x 3"),
    "a label before its repeat": ("Input(8) -> ReLU as e x 2", "NN113", "x 2 as e"),
}


@pytest.mark.parametrize("title", SLIPS)
def test_the_usual_slips(title: str) -> None:
    text, code, help = SLIPS[title]
    found = check(text).only()
    assert f"{found.code.number} {found.span.text}".startswith(code)
    assert help in str(found.help)


def test_a_broadcast_error_offers_ways_out() -> None:
    help = str(check("Input(8, 8, 4) -> Add{ _ | Conv(1, 1) }").only().help)
    assert "Multiply" in help or "Conv(4, 1)" in help


def test_one_repeat_too_many() -> None:
    found = check("Input→[(Conv→ReLU)×n→Pool]×m→FC", {"n": "2", "m": "6"}, {
        "Conv.filters": "32", "Conv.kernel": "3", "Conv.padding": "same", "FC.units": "10",
    }, "32,32,3").only()  # fmt: skip
    assert found.code.number == "NN301"
    assert found.span.text == "Pool"
    assert [frame.message for frame in found.trace] == ["repeat 6 of 6"]
    assert found.notes == ("size: floor((1 - 2 + 0) / 2) + 1 = 0",)
    assert "at most 5 repeats fit a 32 x 32 input" in str(found.help)


def test_the_textbook_line() -> None:
    checked = sound("Input→[(Conv→ReLU)×n→Pool]×m→FC", {"n": "2", "m": "3"}, {
        "Conv.filters": "32", "Conv.kernel": "3", "Conv.padding": "same", "FC.units": "10",
    }, "32,32,3")  # fmt: skip
    # 3*3*3*32+32, five times 3*3*32*32+32, and 4*4*32*10+10
    assert checked.counts.params == 896 + 5 * 9248 + 5130
    # 32*32*27*32 + 32*32*288*32, 2 * 16*16*288*32, 2 * 8*8*288*32, 512*10
    assert checked.counts.macs == 884736 + 9437184 + 2 * 2359296 + 2 * 589824 + 5120
    assert checked.counts.layers == 16
    assert checked.shape == (10,)
    assert not checked.all

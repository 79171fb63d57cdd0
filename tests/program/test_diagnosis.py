"""One cause, one error; all independent faults in one run; the smallest true span; the way to it."""

from __future__ import annotations

import pytest

from tests.program.checking import check

FAULTS = {
    "what follows from an error is not said": (
        "Input(8) -> Dence(3) -> Conv(4, 3) -> Add",
        ["NN202 Dence"],
    ),
    "nor what follows from a broken shape": ("Input(8, 8, 3) -> Conv(4, 9) -> Conv(4, 9)", ["NN301 Conv(4, 9)"]),
    "nor of a tensor's name": ("x = Input(8) -> Dence(3)\ny = x -> Conv(4, 3)\nAdd{ x | y }", ["NN202 Dence"]),
    "nor of a number": ("let n = 1 / 0\nlet m = n + 1\nInput(8) -> FC(m) -> FC(n)", ["NN210 1 / 0"]),
    "nor of a statement that did not parse": ("x = Input(8 -> FC(3)\nx -> FC(3)", ["NN102 ("]),
    "nor of a block that did not parse": ("block B(n) = FC(n -> ReLU\nInput(8) -> B(3) -> B(4)", ["NN102 ("]),
    "names and arguments behind an error are checked": (
        "Input(8) -> Dence(3) -> FC(widht) -> Conv(4, 3, paddin=same)",
        ["NN202 Dence", "NN201 widht", "NN204 paddin"],
    ),
    "two faults of one flow": (
        "x = Input(8)\ny = x -> FC(a)\nz = x -> FC(b)\n{ y | z } -> Concat",
        ["NN201 a", "NN201 b"],
    ),
    "faults of statements": (
        "let a = 1 / 0\nlet b = wide + 1\nblock B = Fc(3)\nInput(8) -> FC(3",
        ["NN210 1 / 0", "NN201 wide", "NN202 Fc", "NN102 ("],
    ),
    "faults of branches": (
        "Input(8) -> Concat{ Dence(3) | FC(widht) | Conv(4, 3) }",
        ["NN202 Dence", "NN201 widht", "NN303 Conv(4, 3)"],
    ),
    "both branches of an undecidable if": (
        "Input(8) -> [Dence(3) if wide > 2 else Dance(3)]",
        ["NN202 Dence", "NN201 wide", "NN202 Dance"],
    ),
    "the body of a repeat without a count": ("Input(8) -> Dence(3) x n", ["NN202 Dence", "NN201 n"]),
    "the body of a loop without a list": ("Input(8) -> Dence(i) for i in wide", ["NN202 Dence", "NN201 wide"]),
    "a repeat's body behind an error": ("Input(8) -> Dence(3) -> Fc(4) x 3", ["NN202 Dence", "NN202 Fc"]),
    "several arguments of one operator": (
        "Input(8, 1) -> Conv(-4, widht, padding=sane)",
        ["NN206 -4", "NN201 widht", "NN206 sane"],
    ),
    "an unknown block's arguments": ("Input(8) -> Blok(1 / 0)", ["NN202 Blok", "NN210 1 / 0"]),
    "an unknown block's braces": ("Input(8) -> Blok{ Dence(3) }", ["NN202 Blok", "NN202 Dence"]),
    "a block's body, once for all uses": ("block B = Dence(3)\nInput(8) -> B -> B\n", ["NN202 Dence"]),
    "a shared part's body": ("shared S = Dence(3)\nInput(8) -> S -> S\n", ["NN202 Dence"]),
    "a model's body": ("model M = Input(8) -> Dence(3)\nInput(8) -> M", ["NN202 Dence"]),
    "output of nothing": ("y = Input(8) -> FC(3)\noutput z", ["NN201 z"]),
    "a tensor whose flow has an error is a tensor": ("x = Input(8) -> Dence(3)\noutput x", ["NN202 Dence"]),
}


@pytest.mark.parametrize("title", FAULTS)
def test_faults(title: str) -> None:
    text, errors = FAULTS[title]
    assert sorted(check(text).errors) == sorted(errors)


def test_faults_are_sorted_by_their_places() -> None:
    found = check("Input(8) -> Dence(3)\nlet a = 1 / 0\nlet b = 2 / 0").found
    assert [f.span.start for f in found] == sorted(f.span.start for f in found)


def test_the_first_turn_is_shown_and_the_others_are_counted() -> None:
    found = check("Input(8, 1) -> [Conv(1, k)] for k in [3, 9, 9]").only()
    assert [frame.message for frame in found.trace] == ["turn 2 of 3, k = 9"]
    text = "Input(8, 8, 3) -> Concat{ for k in [9, 9, 11]: Conv(4, k) }"
    assert "the same is found here 2 times more, at other turns or uses" in check(text).only().notes


def test_the_first_use_is_shown_and_the_others_are_counted() -> None:
    found = check("block B(k) = Conv(1, k)\nx = Input(8, 1)\nConcat{ x -> B(9) | x -> B(10) }").only()
    assert [frame.message for frame in found.trace] == ["B(k=9)"]
    assert found.notes[-1] == "the same is found here once more, at other turns or uses"


SPANS = {
    "an argument": ("Input(8, 1) -> Conv(4, 3, stride=0)", "0"),
    "a misspelt argument": ("Input(8, 1) -> Conv(4, 3, strid=2)", "strid"),
    "a name in an expression": ("Input(8) -> FC(2 * (1 + wide))", "wide"),
    "the stage whose shape is wrong": ("Input(8, 8, 1) -> ReLU -> Conv(4, 9) -> ReLU", "Conv(4, 9)"),
    "the branch that differs": ("Input(8) -> Add{ FC(3) -> ReLU | FC(3) | ReLU -> FC(4) }", "ReLU -> FC(4)"),
    "an index": ("Input(8) -> FC([1, 2][5])", "5"),
    "an unknown operator's name": ("Input(8) -> Dence(3, 4){ FC(3) }", "Dence"),
}


@pytest.mark.parametrize("title", SPANS)
def test_the_smallest_true_span(title: str) -> None:
    text, marked = SPANS[title]
    assert check(text).only().span.text == marked


def test_the_way_through_blocks_and_turns() -> None:
    text = "block B(k) = [Conv(1, k)] x 3\nInput(8, 1) -> B(k) for k in [1, 4]"
    found = check(text).only()
    assert [frame.message for frame in found.trace] == ["turn 2 of 2, k = 4", "B(k=4)", "repeat 3 of 3"]
    assert found.notes == ("size: floor((2 - 4 + 0) / 1) + 1 = -1",)


def test_messages_stand_alone() -> None:
    for text, _ in FAULTS.values():
        for found in check(text).found:
            assert found.message
            assert not found.message.endswith(".")
            assert found.message[0].islower() or not found.message[0].isalpha() or found.message.split()[0][0].isupper()

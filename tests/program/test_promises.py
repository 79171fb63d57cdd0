"""Shape promises and `expect`: sections 2 and 3 of the language."""

from __future__ import annotations

import pytest

from tests.program.checking import check, sound

HOLD = {
    "a promise": "Input(8, 8, 3) -> Conv(4, 3) : (6, 6, 4)",
    "any size": "Input(8, 8, 3) -> Conv(4, 3) : (_, _, 4)",
    "one axis": "Input(8) -> FC(3) : (3)",
    "one axis with its comma": "Input(8) -> FC(3) : (3,)",
    "computed sizes": "let n = 3\nInput(8, 8, 3) -> Conv(n + 1, 3) : (8 - 2, 6, n + 1)",
    "of a repeat's end": "Input(8, 8, 3) -> Pool x 2 : (2, 2, 3)",
    "at each turn": "Input(8, 8, 3) -> [Pool : (8 // 2^i, _, 3)] for i in range(1, 4)",
    "inside a branch": "Input(8) -> Concat{ FC(3) : (3) | FC(4) : (4) } : (7)",
    "in a block, of its arguments": "block B(c) = FC(c) : (c)\nInput(8) -> B(3) -> B(4)",
    "of what arrives": "Input(8, 8, 3) -> Conv(4, 3) : (in.height - 2, _, in.channels + 1)",
    "over a line": "Input(8, 8, 3)\n-> Conv(4, 3)\n: (6, 6, 4)",
    "params": "Input(8) -> FC(3)\nexpect params == 27",
    "params and macs": "Input(8) -> FC(3)\nexpect params == 27 and macs == 24",
    "1K": "Input(8) -> FC(3)\nexpect params <= 1K",
    "one or the other": "param n = 3\nInput(8) -> FC(n)\nexpect params == 27 or n != 3",
    "trainable_params": "Input(8) -> FC(3, trainable=false) -> FC(4)\nexpect trainable_params == 16 and params == 43",
    "layers and depth": "Input(8) -> Add{ FC(3) -> ReLU | FC(3) }\nexpect layers == 4 and depth == 3",
    "receptive_field": "Input(8, 8, 3) -> Conv(4, 3) x 2\nexpect receptive_field == 5",
    "activation_bytes": "Input(8) -> FC(3)\nexpect activation_bytes == 12",
    "of a model by its name": (
        "model Critic = Input(8) -> FC(3)\nmodel Actor = Input(8) -> FC(4)\n"
        "expect Critic.params == 27 and Actor.params == 36"
    ),
    "of a file's only model": "model Critic = Input(8) -> FC(3)\nexpect params == 27",
    "of the file's own network beside models": "model M = Input(8) -> FC(3)\nInput(8) -> FC(4)\nexpect params == 36",
    "a computed bound": "let n = 27\nInput(8) -> FC(3)\nexpect params == n and params < 2 * n",
    "above the network": "expect params == 27\nInput(8) -> FC(3)",
    "of moving statistics": "Input(8) -> BN\nexpect params == 32 and trainable_params == 16",
}


@pytest.mark.parametrize("title", HOLD)
def test_promises_that_hold(title: str) -> None:
    assert check(HOLD[title]).all == []


BROKEN = {
    "a size": ("Input(8, 8, 3) -> Conv(4, 3) : (8, 8, 4)", ["NN501 (8, 8, 4)"]),
    "the rank": ("Input(8, 8, 3) -> Conv(4, 3) : (6, 4)", ["NN501 (6, 4)"]),
    "of what arrives": ("Input(8, 8, 3) -> Conv(4, 3) : (in.height, _, 4)", ["NN501 (in.height, _, 4)"]),
    "a tuple": ("Input(8) -> { FC(3) | FC(4) } : (3) -> Concat", ["NN501 (3)"]),
    "params": ("Input(8) -> FC(3)\nexpect params <= 26", ["NN502 params <= 26"]),
    "the half of it": ("Input(8) -> FC(3)\nexpect params <= 27 and macs < 24", ["NN502 macs < 24"]),
    "both halves": (
        "Input(8) -> FC(3)\nexpect params < 27 and macs < 24",
        ["NN502 params < 27", "NN502 macs < 24"],
    ),
    "neither one nor the other": (
        "param n = 3\nInput(8) -> FC(n)\nexpect params == 26 or n != 3",
        ["NN502 params == 26 or n != 3"],
    ),
    "of a model": ("model Critic = Input(8) -> FC(3)\nexpect Critic.params < 27", ["NN502 Critic.params < 27"]),
    "a quantity that is none": ("model M = Input(8) -> FC(3)\nexpect M.parms < 27", ["NN201 parms"]),
    "a name that is none": ("Input(8) -> FC(3)\nexpect parms < 27", ["NN201 parms"]),
    "a model that is none": ("Input(8) -> FC(3)\nexpect Critic.params < 27", ["NN201 Critic"]),
    "a number": ("Input(8) -> FC(3)\nexpect params", ["NN210 params"]),
    "under -p": ("param n = 4\nInput(8) -> FC(n)\nexpect params == 27", ["NN502 params == 27"]),
    "of a network with an error, which is not counted": (
        "Input(8) -> Dence(3)\nexpect params == 27",
        ["NN202 Dence"],
    ),
}


@pytest.mark.parametrize("title", BROKEN)
def test_promises_that_do_not_hold(title: str) -> None:
    text, errors = BROKEN[title]
    assert check(text).errors == errors


def test_a_broken_promise_says_what_there_is() -> None:
    found = check("Input(8, 8, 3) -> Conv(4, 3) : (8, 8, 4)").only()
    assert found.label == "6 on axis 0, not 8"
    assert "(6, 6, 4)" in str(found.help)
    found = check("Input(8) -> FC(3000)\nexpect params <= 26 and macs < 10").found[0]
    assert found.label == "params is 27,000"


def test_a_broken_promise_does_not_hide_what_follows() -> None:
    text = "Input(8, 8, 3) -> Conv(4, 3) : (8, 8, 4) -> Conv(4, 9)"
    assert check(text).errors == ["NN501 (8, 8, 4)", "NN301 Conv(4, 9)"]


def test_promises_hold_under_p_too() -> None:
    text = "param n = 3\nInput(8) -> FC(n)\nexpect params == 27 or n != 3"
    assert sound(text, {"n": "5"}).counts.params == 45

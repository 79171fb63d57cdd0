"""Which names are seen from where: section 2 of the language."""

from __future__ import annotations

import pytest

from tests.program.checking import check, sound

SEEN = {
    "a block is seen above its definition": ("Input(8) -> B\nblock B = FC(3)", (3,)),
    "a shared part is seen above its definition": ("Input(8) -> S\nshared S = FC(3)", (3,)),
    "a block is seen in a block above it": ("block A = B(4)\nblock B(n) = FC(n)\nInput(8) -> A", (4,)),
    "a number is seen below its definition": ("let n = 3\nInput(8) -> FC(n)", (3,)),
    "a number is seen in numbers below it": ("let n = 3\nlet m = n + 1\nInput(8) -> FC(m)", (4,)),
    "a block sees the file's numbers": ("let n = 3\nblock B = FC(n)\nInput(8) -> B", (3,)),
    "a shared part sees the file's numbers": ("let n = 3\nshared S = FC(n)\nInput(8) -> S", (3,)),
    "a number is read from a tensor above it": ("x = Input(8, 5)\nlet n = x.channels\nx -> FC(n)", (5,)),
    "a loop's name hides the file's": ("let i = 9\nInput(8) -> FC(i) for i in [3]", (3,)),
    "a block's argument hides the file's number": ("let n = 9\nblock B(n) = FC(n)\nInput(8) -> B(3)", (3,)),
    "a formula's argument hides the file's number": ("let n = 9\nlet f(n) = n + 1\nInput(8) -> FC(f(2))", (3,)),
    "the hidden name comes back": ("let i = 9\nInput(8) -> FC(i) for i in [3] -> FC(i)", (9,)),
    "a tensor is seen below its definition": ("x = Input(8)\nx -> FC(3)", (3,)),
    "x is a name like any other": ("x = Input(8)\nlet y = 3\nx -> FC(y) x 2", (3,)),
    "a choice wins over a name": ("let same = 9\nInput(8, 3) -> Conv(4, 3, padding=same)", (8, 4)),
    "a bare word passes through a block": (
        "block B(p) = Conv(4, 3, padding=p)\nInput(8, 3) -> B(same)",
        (8, 4),
    ),
    "a bare word passes through two blocks": (
        "block A(p) = Conv(4, 3, padding=p)\nblock B(q) = A(q)\nInput(8, 3) -> B(same)",
        (8, 4),
    ),
    "a word with settings passes through a block": (
        "block B(i) = FC(4, init=i)\nInput(8) -> B(normal(std=0.1))",
        (4,),
    ),
    "a word names a number of the block's caller": (
        "let wide = 7\nblock B(n) = FC(n)\nInput(8) -> B(wide)",
        (7,),
    ),
    "words are compared": ("block B(k) = [FC(3) if k == big else FC(2)]\nInput(8) -> B(big)", (3,)),
    "a model sees the file's numbers": ("let n = 3\nmodel M = Input(8) -> FC(n)", (3,)),
}


@pytest.mark.parametrize("title", SEEN)
def test_names_that_are_seen(title: str) -> None:
    text, shape = SEEN[title]
    assert sound(text).shape == shape


UNSEEN = {
    "a number above its definition": ("Input(8) -> FC(n)\nlet n = 3", ["NN201 n"]),
    "a number in a number above it": ("let m = n + 1\nlet n = 3\nInput(8) -> FC(m)", ["NN201 n"]),
    "a number in a block above it": ("block B = FC(n)\nlet n = 3\nInput(8) -> B", ["NN201 n"]),
    "a tensor above its definition": ("model M = Input(8) -> FC(3)\ny = x -> FC(3)\nx = Input(8)", ["NN201 x"]),
    "a tensor in a block": ("x = Input(8)\nblock B = Add{ _ | x }\nx -> B", ["NN201 x"]),
    "a tensor in a shared part": ("x = Input(8)\nshared S = Add{ _ | x }\nx -> S", ["NN201 x"]),
    "a tensor in a model": ("x = Input(8)\nmodel M = Input(8) -> Add{ _ | x }\nx -> FC(3)", ["NN201 x"]),
    "a tensor's size in a block": ("x = Input(8)\nblock B = FC(x.channels)\nx -> B", ["NN201 x"]),
    "a loop's name behind the loop": ("Input(8) -> FC(i) for i in [3] -> FC(i)", ["NN201 i"]),
    "a block's argument outside": ("block B(n) = FC(n)\nInput(8) -> B(3) -> FC(n)", ["NN201 n"]),
    "an argument of the calling block": (
        "block A = FC(n)\nblock B(n) = A\nInput(8) -> B(3)",
        ["NN201 n"],
    ),
    "an operator that is not there": ("Input(8) -> Dence(3)", ["NN202 Dence"]),
    "two numbers of one name": ("let n = 3\nlet n = 4\nInput(8) -> FC(n)", ["NN203 n"]),
    "a number and a param of one name": ("let n = 3\nparam n = 4\nInput(8) -> FC(n)", ["NN203 n"]),
    "two blocks of one name": ("block B = FC(3)\nblock B = FC(4)\nInput(8) -> B", ["NN203 B"]),
    "a block and a model of one name": ("block B = FC(3)\nmodel B = Input(8) -> FC(4)", ["NN203 B"]),
    "two tensors of one name": ("x = Input(8)\nx = Input(9)\nx -> FC(3)", ["NN203 x"]),
    "a number and a tensor of one name": ("let x = 3\nx = Input(8)\nx -> FC(3)", ["NN203 x"]),
    "a part called like an operator": ("block Conv(n) = FC(n)\nInput(8) -> FC(3)", ["NN203 Conv"]),
    "a part called like an alias": ("block BN = FC(3)\nInput(8) -> FC(3)", ["NN203 BN"]),
    "two arguments of one name": ("block B(n, n) = FC(n)\nInput(8) -> B(3, 4)", ["NN203 n"]),
    "a word where a number is wanted": ("Input(8) -> FC(widht)", ["NN201 widht"]),
    "a word that is no choice": ("Input(8, 3) -> Conv(4, 3, padding=sane)", ["NN206 sane"]),
    "a word that is no choice, shown where it was written": (
        "block B(p) = Conv(4, 3, padding=p)\nInput(8, 3) -> B(sane)",
        ["NN206 sane"],
    ),
    "a number as a stage": ("let n = 3\nn -> FC(3)", ["NN407 n"]),
}


@pytest.mark.parametrize("title", UNSEEN)
def test_names_that_are_not_seen(title: str) -> None:
    text, errors = UNSEEN[title]
    assert check(text).errors == errors


def test_a_misspelt_name_gets_its_nearest() -> None:
    assert check("let width = 3\nInput(8) -> FC(widht)").only().help == "did you mean `width`?"
    assert check("Input(8) -> Dence(3)").only().help == "did you mean `Dense`?"
    assert "same" in str(check("Input(8, 3) -> Conv(4, 3, padding=sane)").only().help)


def test_what_is_never_used_is_a_note() -> None:
    text = "let a = 1\nlet f(v) = v\nparam p = 2\nblock B = FC(3)\nshared S = FC(3)\nInput(8) -> FC(3)"
    assert check(text).all == ["note NN213 a", "note NN213 f", "note NN213 p", "note NN213 B", "note NN213 S"]


def test_of_a_tensor_never_used_the_stage_is_reported_else_its_name() -> None:
    assert check("x = Input(8)\ny = x -> FC(4)\nx -> FC(3)").all == ["warning NN403 FC(4)"]
    assert check("x = Input(8)\ny = x\nx -> FC(3)").all == ["note NN213 y"]
    assert check("x = Input(8) -> FC(3)\ny = x\nz = y\noutput x").all == ["note NN213 z"]


@pytest.mark.parametrize(
    "text",
    [
        "Input(8) -> FC(3) as h -> FC(4)",
        "Input(8) -> FC(3) for i in range(2)",
        "Input(8) -> Add{ for i in range(2): FC(3) }",
        "p = Input(8) -> { _ | _ }\na, b = p\na -> FC(3)",
        "x = Input(8) -> FC(3)\ny = x",
        "x = Input(8)\ny = x\ny -> FC(3)",
        "x = Input(8)\ny = x\nz = x -> FC(3)\noutput y, z",
        "x = Input(8)\ny = x\nlet n = y.channels\nx -> FC(n)",
    ],
)
def test_labels_loops_and_names_that_are_read_are_silent(text: str) -> None:
    assert check(text).all == []


def test_a_library_is_checked_and_has_no_models() -> None:
    checked = check("let n = 3\nblock B(c) = FC(c) -> Dence(n)")
    assert checked.program.models == ()
    assert checked.all == ["error NN202 Dence"]
    assert check("let n = 3\nblock B(c) = FC(c)").all == []


def test_a_block_never_used_is_checked_for_names_and_arguments() -> None:
    text = "block B(c) = Conv(c, 3, paddin=same) -> FC(widht) -> Dence\nInput(8) -> FC(3)"
    assert check(text).errors == ["NN204 paddin", "NN201 widht", "NN202 Dence"]

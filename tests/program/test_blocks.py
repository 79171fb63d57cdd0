"""Blocks, shared parts, and models as stages: section 2 of the language."""

from __future__ import annotations

import pytest

from tests.program.checking import check, sound

SHAPES = {
    "a block without arguments": ("block B = FC(3)\nInput(8) -> B", (3,)),
    "arguments by position and keyword": ("block B(a, b) = FC(a) -> FC(b)\nInput(8) -> B(5, b=3)", (3,)),
    "a default": ("block B(a, b=3) = FC(a) -> FC(b)\nInput(8) -> B(5)", (3,)),
    "a default that uses the argument before it": ("block B(a, b=2 * a) = FC(b)\nInput(8) -> B(5)", (10,)),
    "a default that uses the tensor that arrives": ("block B(a=2 * in.channels) = FC(a)\nInput(8) -> B", (16,)),
    "a default that uses a number of the file": ("let n = 3\nblock B(a=n) = FC(a)\nInput(8) -> B", (3,)),
    "`in` in a block's flow is what arrives at the stage": (
        "block B = FC(4) -> FC(2 * in.channels)\nInput(8) -> B",
        (8,),
    ),
    "`_` in a block is what arrived at the block": ("block B = FC(4) -> FC(_.channels)\nInput(8) -> B", (8,)),
    "a block that calls itself": (
        "block Half(n) = FC(n) -> [Half(n // 2) if n > 1]\nInput(8) -> Half(8)",
        (1,),
    ),
    "two blocks that call each other": (
        "block A(n) = FC(n) -> [B(n - 1) if n > 1]\nblock B(n) = Dense(n) -> [A(n - 1) if n > 1]\nInput(8) -> A(6)",
        (1,),
    ),
    "a tensor as an argument": ("block B(t) = Add{ _ | t }\nx = Input(8)\nx -> FC(8) -> B(x)", (8,)),
    "a tensor's size through an argument": ("block B(t) = FC(t.channels)\nx = Input(8)\nx -> FC(4) -> B(x)", (8,)),
    "a list as an argument": ("block B(l) = FC(n) for n in l\nInput(8) -> B([5, 4, 3])", (3,)),
    "a tuple that is taken apart": (
        "block Cell(f) = _ as h, before -> { h -> FC(f) | h }\n"
        "Input(8) -> { FC(4) | _ } -> Cell(4) -> Cell(4) -> Concat",
        (8,),
    ),
    "a block with braces": ("block Join = Concat -> FC(3)\nInput(8) -> Join{ FC(4) | FC(5) }", (3,)),
    "a block that begins with braces": ("block B = Concat{ FC(2) | FC(3) }\nInput(8) -> B", (5,)),
    "a shared part": ("shared S = FC(8)\nInput(8) -> S -> S", (8,)),
    "a model as a stage": ("model M = Input(8) -> FC(3)\nInput(8) -> M", (3,)),
    "a model of two inputs as a stage": (
        "model M = Add{ Input(8) | Input(8) } -> FC(3)\nx = Input(8)\n{ x | x } -> M",
        (3,),
    ),
    "a model of two inputs, with braces": (
        "model M = { Input(8) | Input(4) } -> Concat\nx = Input(8)\nM{ x | x -> FC(4) }",
        (12,),
    ),
    "a model that gives a tuple": ("model M = Input(8) -> { FC(3) | FC(4) }\nInput(8) -> M -> Concat", (7,)),
}


@pytest.mark.parametrize("title", SHAPES)
def test_shapes(title: str) -> None:
    text, shape = SHAPES[title]
    checked = sound(text)
    assert [s for m in checked.program.models if m.name == "net" for s in [m.outputs[0].type.shape]] == [shape]


def own_params(text: str) -> int:
    from nnspec.analysis.quantities import count

    params = count(sound(text)["net"]).params
    assert isinstance(params, int)
    return params


#: FC(8) from 8: 8 * 8 + 8 = 72 weights.
PARAMS = {
    "a block has new weights at each use": ("block B = FC(8)\nInput(8) -> B -> B", 144),
    "a shared part has one set": ("shared S = FC(8)\nInput(8) -> S -> S", 72),
    "a repeat has new weights at each turn": ("Input(8) -> FC(8) x 5", 360),
    "a repeated shared part has one set": ("shared S = FC(8)\nInput(8) -> S x 5", 72),
    "a shared part in a block": ("shared S = FC(8)\nblock B = S -> FC(8)\nInput(8) -> B -> B", 72 + 144),
    "a block in a shared part": ("block B = FC(8)\nshared S = B -> B\nInput(8) -> S -> S", 144),
    "a shared part in a shared part": ("shared S = FC(8)\nshared T = S -> FC(8)\nInput(8) -> T -> S -> T", 144),
    "a model as a stage, twice": ("model M = Input(8) -> FC(8)\nInput(8) -> M -> M", 72),
    "two parts of equal flows are two sets": ("shared S = FC(8)\nshared T = FC(8)\nInput(8) -> S -> T", 144),
    "one part in branches": ("shared S = FC(8)\nInput(8) -> Add{ S | S }", 72),
    "a part that holds a repeat": ("shared S = FC(8) x 3\nInput(8) -> S -> S", 216),
    "sizes may differ where weights do not": (
        "shared S = Conv(4, 3) -> ReLU\na = Input(8, 2)\nb = Input(6, 2)\nConcat(axis=0){ a -> S | b -> S }",
        3 * 2 * 4 + 4,
    ),
}


@pytest.mark.parametrize("title", PARAMS)
def test_whose_weights_are_whose(title: str) -> None:
    text, params = PARAMS[title]
    assert own_params(text) == params


FAULTS = {
    "an argument too few": ("block B(n) = FC(n)\nInput(8) -> B", ["NN205 B"]),
    "an argument too many": ("block B(n) = FC(n)\nInput(8) -> B(3, 4)", ["NN207 4"]),
    "an argument it does not have": ("block B(n) = FC(n)\nInput(8) -> B(m=3)", ["NN204 m"]),
    "an argument twice": ("block B(n) = FC(n)\nInput(8) -> B(3, n=4)", ["NN208 n=4"]),
    "an argument of a shared part": ("shared S = FC(3)\nInput(8) -> S(4)", ["NN207 4"]),
    "recursion without an end": ("block B = FC(8) -> B\nInput(8) -> B", ["NN801 B"]),
    "an Input in a block": ("block B = Input(8) -> FC(3)\nB", ["NN404 Input(8)"]),
    "an Input in a shared part": ("shared S = Input(8) -> FC(3)\nS -> FC(3)", ["NN404 Input(8)"]),
    "an Input in a repeat": ("[Input(8) -> FC(3)] x 2 -> FC(3)", ["NN404 Input(8)"]),
    "a shared part at two sizes": (
        "shared S = FC(3)\na = Input(8)\nb = Input(9)\nAdd{ a -> S | b -> S }",
        ["NN405 S"],
    ),
    "a model given another shape": ("model M = Input(8) -> FC(3)\nInput(9) -> M", ["NN405 M"]),
    "a model given too few tensors": ("model M = Add{ Input(8) | Input(8) }\nInput(8) -> M", ["NN304 M"]),
    "a model given too many tensors": (
        "model M = Input(8) -> FC(3)\nInput(8) -> { FC(8) | FC(8) } -> M",
        ["NN304 M"],
    ),
    "three names for two": ("a, b, c = Input(8) -> { FC(3) | FC(3) }", ["NN406 a, b, c"]),
    "names for one tensor": ("a, b = Input(8) -> FC(3)\nAdd{ a | b }", ["NN406 a, b"]),
}  # fmt: skip


@pytest.mark.parametrize("title", FAULTS)
def test_faults(title: str) -> None:
    text, errors = FAULTS[title]
    assert check(text).errors == errors


def test_unequal_sizes_of_a_shared_part_show_both_uses() -> None:
    text = "shared S = FC(3)\na = Input(8)\nb = Input(9)\nAdd{ a -> S | b -> S }"
    found = check(text).only()
    (first,) = found.labels
    assert first.span.start == text.index("a -> S") + 5
    assert found.span.start == text.index("b -> S") + 5
    assert "9 x 3" in found.label
    assert not check(text).model.is_known
    assert "8 x 3" in first.text


def test_a_fault_in_a_block_shows_the_way_to_it() -> None:
    text = "block A(k) = Conv(4, k)\nblock B(k) = A(k) -> A(9)\nInput(8, 2) -> B(3)"
    found = check(text).only()
    assert found.span.text == "Conv(4, k)"
    assert [frame.message for frame in found.trace] == ["B(k=3)", "A(k=9)"]
    assert [frame.span.text for frame in found.trace] == ["B(3)", "A(9)"]


def test_equal_calls_are_elaborated_once() -> None:
    text = "block B(c) = FC(c)\nInput(8) -> B(8) -> B(4 + 4) -> B(2 ^ 3)"
    region = sound(text).model.region
    assert len({step.use.region for step in region.steps if hasattr(step, "use")}) == 1

"""Sizes that are letters: what they come to, what they demand, what may not depend on them. Section 4."""

from __future__ import annotations

import pytest

from tests.program.checking import check, sound

UNET = """
block Double(c) = (Conv(c, 3) -> ReLU) x 2
Input(H, W, 1)
-> [Double(64 * 2^i) as e[i] -> MaxPool(2)] for i in range(4)
-> Double(1024)
-> [ConvTranspose(512 // 2^i, 2, stride=2) -> Concat{ e[3 - i] -> Crop(like=_) | _ } -> Double(512 // 2^i)] for i in range(4)
-> Conv(2, 1)
"""  # noqa: E501
SAME = "default Conv(padding=same)\n" + UNET


def at(text: object, **sizes: int) -> int:
    result = eval(str(text), {"__builtins__": {}, "ceil": None, "min": min, "max": max}, dict(sizes))
    assert isinstance(result, int)
    return result


SHAPES = {
    "a size stays": ("Input(H, W, 3) -> ReLU", ("H", "W", 3)),
    "a window": ("Input(H, W, 3) -> Conv(4, 3)", ("H - 2", "W - 2", 4)),
    "same": ("Input(H, W, 3) -> Conv(4, 3, padding=same)", ("H", "W", 4)),
    "a pool": ("Input(H, 8, 3) -> Pool", ("H // 2", 4, 3)),
    "the flow's own arithmetic": ("Input(T, 8) -> Reshape(in.length * in.channels)", ("T * 8",)),
    "one letter, one size": ("Add{ Input(N) | Input(N) }", ("N",)),
    "a size given back": ("x = Input(H, 4)\nx -> Reshape(x.length, 2, 2)", ("H", 2, 2)),
}


@pytest.mark.parametrize("title", SHAPES)
def test_shapes(title: str) -> None:
    text, shape = SHAPES[title]
    assert sound(text).shape == shape


def test_the_u_net_takes_pictures_from_188_on() -> None:
    checked = sound(UNET)
    assert checked.conditions == ["H >= 188", "W >= 188"]
    assert checked.counts.params == 31_030_658


@pytest.mark.parametrize("size", [188, 189, 203, 204, 572, 573])
def test_the_u_nets_symbolic_sizes_are_those_of_numbers(size: int) -> None:
    letters, numbers = sound(UNET), sound(UNET, inputs=f"{size},{size + 16},1")
    assert [at(s, H=size, W=size + 16) for s in letters.shape[:2]] == list(numbers.shape[:2])
    assert at(letters.counts.macs, H=size, W=size + 16) == numbers.counts.macs
    assert at(letters.counts.activation_bytes, H=size, W=size + 16) == numbers.counts.activation_bytes
    assert numbers.conditions == []


def test_the_u_net_of_187_is_too_small() -> None:
    assert check(UNET, inputs="187,572,1").only().code.number == "NN301"


def test_a_u_net_of_same_padding_wants_multiples_of_16() -> None:
    assert sound(SAME.replace(" -> Crop(like=_)", "")).conditions == ["H % 16 == 0", "W % 16 == 0"]


@pytest.mark.parametrize(("size", "is_sound"), [(16, True), (32, True), (24, False), (160, True), (100, False)])
def test_multiples_of_16_are_what_numbers_say_too(size: int, is_sound: bool) -> None:
    checked = check(SAME.replace(" -> Crop(like=_)", ""), inputs=f"{size},16,1")
    assert (not checked.errors) is is_sound


RESNET = """
block Basic(c, s=1) = Add{
  Conv(c, 3, stride=s, padding=same) -> BN -> ReLU -> Conv(c, 3, padding=same) -> BN
| (Conv(c, 1, stride=s) if s > 1 else Identity)
} -> ReLU
Input(H, W, 3) -> STEM -> Basic(16) x 2 -> Basic(32, 2) -> Basic(32) -> Basic(64, 2) -> Conv(10, 1)
"""


@pytest.mark.parametrize(
    ("stem", "conditions", "least"),
    [
        ("Conv(16, 3, padding=same)", [], 1),
        ("Conv(16, 7, stride=2) -> MaxPool(3, 2)", ["H >= 11", "W >= 11"], 11),  # 7 + 2 * (3 - 1)
    ],
)
def test_a_fully_convolutional_resnet_takes_any_size_from_its_stem_on(
    stem: str, conditions: list[str], least: int
) -> None:
    text = RESNET.replace("STEM", stem)
    checked = sound(text)
    assert checked.conditions == conditions
    for size in (least, least + 1, least + 4, 37, 224):
        (height, *_) = sound(text, inputs=f"{size},40,3").shape
        assert eval(str(checked.shape[0]), {"H": size}) == height
    assert least == 1 or check(text, inputs=f"{least - 1},40,3").errors


def test_counts_of_letters() -> None:
    counts = sound("Input(H, W, 3) -> Conv(4, 3) -> FC(10)").counts
    assert at(counts.params, H=10, W=12) == 112 + 8 * 10 * 4 * 10 + 10
    assert at(counts.macs, H=10, W=12) == 8 * 10 * 4 * 27 + 8 * 10 * 4 * 10


def test_a_weight_may_be_counted_by_letters() -> None:
    assert at(sound("Input(H) -> FC(10)").counts.params, H=7) == 80


REFUSED = {
    "units": ("Input(H) -> FC(H)", ["NN211 H"]),
    "filters": ("Input(H, 3) -> Conv(in.length, 3)", ["NN211 in.length"]),
    "a kernel": ("Input(H, 3) -> Conv(4, H)", ["NN211 H"]),
    "a repeat count": ("Input(H, 3) -> ReLU x H", ["NN211 H"]),
    "a condition": ("Input(H, 3) -> ReLU if in.length > 3", ["NN211 in.length > 3"]),
    "a condition in an expression": ("Input(H, 3) -> Dense(3 if in.length > 3 else 4)", ["NN211 in.length > 3"]),
    "a division": ("Input(H, 3) -> Reshape(in.length / 3, 9)", ["NN211 in.length / 3"]),
    "a power": ("Input(H, 3) -> Reshape(2 ^ in.length, 9)", ["NN211 2 ^ in.length"]),
}


@pytest.mark.parametrize("title", REFUSED)
def test_what_may_not_depend_on_a_letter(title: str) -> None:
    text, errors = REFUSED[title]
    assert check(text).errors == errors


PROMISES = {
    "it holds": ("Input(H, W, 3) -> Pool x 2 : (H // 4, W // 4, 3)", [], ["H >= 4", "W >= 4"]),
    "it holds where sizes are right": (
        "Input(H, 8, 3) -> ConvTranspose(3, 2, stride=2) -> Pool : (H, 8, 3)",
        [],
        [],
    ),
    "it fixes what it must": ("Input(H, 8, 3) -> Pool : (16, 4, 3)", [], ["H >= 32", "H <= 33"]),
    "it cannot hold": ("Input(H, 8, 3) -> Conv(4, 3) : (H, 6, 4)", ["NN501 (H, 6, 4)"], []),
    "any size": ("Input(H, 8, 3) -> Conv(4, 3) : (_, _, 4)", [], ["H >= 3"]),
}


@pytest.mark.parametrize("title", PROMISES)
def test_promises(title: str) -> None:
    text, errors, conditions = PROMISES[title]
    checked = check(text)
    assert checked.errors == errors
    assert errors or checked.conditions == conditions


def test_letters_that_must_be_equal_are_a_condition() -> None:
    assert sound("a = Input(M)\nb = Input(N)\nAdd{ a | b }").conditions == ["M == N"]


def test_demands_that_no_size_meets_are_an_error() -> None:
    checked = check("Input(H, 3) -> { Reshape(12) | Reshape(15) } -> Concat")
    assert checked.errors
    assert "H" in checked.only().message


def test_a_merge_that_fits_for_no_size_is_shown_with_the_sizes_of_both() -> None:
    found = check("Input(H, W, 3) -> Conv(8, 3) as a -> MaxPool(2) -> Add{ _ | a }").only()
    assert found.span.text == "Add"
    assert found.label == ("(H // 2 - 1) x (W // 2 - 1) x 8 and (H - 2) x (W - 2) x 8: needs H == H // 2 + 1")
    assert [(each.span.text, each.text) for each in found.labels] == [("MaxPool(2)", "needs H >= 4")]


def test_expect_is_a_note_where_letters_leave_it_open() -> None:
    text = "Input(H, W, 3) -> Conv(4, 3)\nexpect params == 112 and macs < 1M"
    assert check(text).all == ["note NN503 macs < 1M"]
    assert check(text, inputs="8,8,3").all == []
    assert check(text, inputs="512,512,3").all == ["error NN502 macs < 1M"]


def test_input_fixes_a_letter_wherever_it_stands() -> None:
    text = "Input(H, 4) -> ReLU : (H, 4) -> FC(3)"
    assert sound(text, inputs="8,4").counts.params == 8 * 4 * 3 + 3
    assert sound("a = Input(N)\nb = Input(N)\nAdd{ a | b }", inputs=(("a", "5"),)).shape == (5,)

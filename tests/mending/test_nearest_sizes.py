"""The nearest valid sizes of an input, beside those that trying every size near it finds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nnspec.cli.main import main
from nnspec.compiler import compile_tree, with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.mending.nearest_sizes import NearestSizes, nearest_sizes
from nnspec.program.settings import Settings
from nnspec.source import SourceFile
from nnspec.syntax.read import parse
from tests.program.checking import check

U_NET = """default Conv(padding=same)
block Double(c) = (Conv(c, 3) -> ReLU) x 2
Input({}, {}, 1)
-> [Double(4 * 2^i) as e[i] -> MaxPool(2)] for i in range(4)
-> Double(64)
-> [ConvTranspose(32 // 2^i, 2, stride=2) -> Concat{{ e[3 - i] | _ }} -> Double(32 // 2^i)] for i in range(4)
"""


def nearest(text: str) -> list[NearestSizes]:
    found = Diagnostics()

    def look() -> list[NearestSizes]:
        program = compile_tree(parse(SourceFile("net.nn", text), found, yaml=False), Settings(), found)
        return [each for model in program.models for each in nearest_sizes(program, Settings(), model)]

    return with_deep_stack(look)


def tried(text: Callable[[int], str], given: int, farthest: int) -> tuple[int | None, int | None]:
    """The nearest sizes on both sides that have no error."""
    below = [n for n in range(max(1, given - farthest), given) if not check(text(n)).errors]
    above = next((n for n in range(given + 1, given + farthest) if not check(text(n)).errors), None)
    return max(below, default=None), above


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (lambda n: U_NET.format(n, 32), 100),
        (lambda n: U_NET.format(32, n), 33),
        (lambda n: U_NET.format(32, n), 5),
        (lambda n: f"Input({n}, 8, 3) -> Conv(16, (9, 3)) -> FC(10)", 8),
        (lambda n: f"Input({n}, 6) -> Conv(8, 3, padding=same) -> GroupNorm(4) -> Split(7, axis=0) -> Add", 30),
        (lambda n: f"Input(8, 8, {n}) -> Conv(8, 3, groups=4)", 6),
        (lambda n: f"Input({n}) -> Reshape(-1, 12)", 30),
        (lambda n: f"Input({n}, {n + 20}, 3) -> Conv(4, 3, stride=2, padding=same) x 2 : (7, _, 4)", 32),
        (lambda n: f"Input({n}, 4) -> Concat{{ Pool(3) | Conv(4, 3, stride=3, padding=same) }} -> Conv(4, 7)", 20),
        (lambda n: f"Input({n}, 4) -> Multiply{{ _ | Conv(4, 1, stride=2) }}", 20),
        (lambda n: f"Input({n}, 4) -> Slice(10, in.length - 7) -> Concat{{ Pool(2) | Conv(4, 1, stride=2) }}", 11),
        (lambda n: f"picture = Input({n}, 9, 3)\npicture -> AvgPool(2) -> Conv(4, 3) : (3, _, _)", 40),
    ],
)
def test_they_are_what_trying_finds(text: Callable[[int], str], given: int) -> None:
    assert check(text(given)).errors
    ((axis,),) = [found.axes for found in nearest(text(given))]
    assert axis.given == given
    assert (axis.below, axis.above) == tried(text, given, 60)


def test_two_axes_at_once_and_each_shape_holds() -> None:
    (found,) = nearest(U_NET.format(100, 120))
    assert [(axis.name, axis.below, axis.above) for axis in found.axes] == [("height", 96, 112), ("width", 112, 128)]
    assert found.shapes[0] in ((96, 112, 1), (96, 128, 1))
    for height, width, _ in found.shapes:
        assert not check(U_NET.format(height, width)).errors


@pytest.mark.parametrize(
    "text",
    [
        "Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | Conv(5, 1) }",  # of channels that no size mends
        "Input(8, 8, 3) -> Conv(4, 3) -> Dense(wide)",  # another fault
        "Input(8, 8, 3) -> Concat{ Conv(4, 3) | _ }",  # equal for no size
        "Input(8, 3) -> Reshape(12) -> Reshape(15)",  # a contradiction
    ],
)
def test_where_no_size_suits_none_is_named(text: str) -> None:
    assert check(text).errors
    assert nearest(text) == []


def test_of_two_inputs_each_alone() -> None:
    found = nearest("a = Input(7, 8)\nb = Input(9, 8)\nAdd{ a | b }")
    assert [(each.input, each.shapes) for each in found] == [("a", ((9, 8),)), ("b", ((7, 8),))]


def test_the_other_networks_of_a_file_say_nothing_of_one() -> None:
    found = nearest("model A = Input(7, 3) -> Conv(3, 9)\nmodel B = Input(8, 3) -> Conv(3, 10)")
    assert [(each.model, each.shapes) for each in found] == [("A", ((9, 3),)), ("B", ((10, 3),))]


@pytest.mark.parametrize(
    ("text", "inputs", "help"),
    [
        (U_NET.format("H", "W"), "100,96,1", "nearest valid heights: 96 and 112"),
        (U_NET.format("H", "H"), "100,100,1", "nearest valid heights and widths: 96 and 112"),
        (U_NET.format("H", "W"), "100,W,1", "nearest valid heights: 96 and 112"),
        (U_NET.format("H", 120), "H,120,1", "nearest valid widths: 112 and 128"),
        (U_NET.format(100, 120), None, "nearest valid heights: 96 and 112; nearest valid widths: 112 and 128"),
        ("Input(8, 8, 3) -> Conv(16, 9)", None, "nearest valid height and width: 9"),
        ("Input(8, 8, 6) -> Conv(8, 3, groups=4)", None, "nearest valid numbers of channels: 4 and 8"),
        ("words = Input(7, 8)\nwords -> Conv(3, 9)", "words=6,8", "nearest valid length of `words`: 9"),
        (
            "a = Input(7)\nb = Input(9)\nAdd{ a | b }",
            None,
            "nearest valid size of `a`: 9, or nearest valid size of `b`: 7",
        ),
    ],
)
def test_check_says_them_once(text: str, inputs: str | None, help: str, tmp_path: Any, capsys: Any) -> None:
    path = tmp_path / "net.nn"
    path.write_text(text)
    options = ["check", str(path), *(("--input", inputs) if inputs else ())]
    assert main([*options, "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    helped = [each["help"] for each in found if each["help"] and "nearest valid" in each["help"]]
    assert [said[said.index("nearest") :] for said in helped] == [help]
    assert main(options) == 1
    assert capsys.readouterr().out.count(help) == 1

"""Several holes in published networks: what was hidden is found, which their own promises alone decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnspec.compiler import Settings, compile_tree, with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.solving.solve import Solution, solve
from nnspec.source import SourceFile
from nnspec.syntax.read import parse
from nnspec.syntax.tree import Tree
from tests.solving.brute import with_numbers

SPECS = Path(__file__).parents[2] / "specs"

#: What is hidden, and the numbers that stood there.
HIDDEN = {
    "a repeat and a width": (
        "residual/resnet18.nn",
        {"Basic(128) x 2": "Basic(128) x ?", "Basic(512)": "Basic(?)"},
        (2, 512),
    ),
    "a size, a repeat and a width": (
        "residual/resnet18.nn",
        {"224, 224": "?, 224", "Basic(512) x 2": "Basic(?) x ?"},
        (224, 512, 2),
    ),
    "widths that budgets alone decide": (
        "residual/resnet18.nn",
        {"Basic(256) x 2  : (14, 14, 256)": "Basic(?) x 2", "Basic(512) x 2  : (7, 7, 512)": "Basic(?) x 2"},
        (256, 512),
    ),
    "three repeats and a width": (
        "residual/resnet50.nn",
        {"x 3   : (56": "x ?   : (56", "x 4": "x ?", "x 6": "x ?", "Bottleneck(512)": "Bottleneck(?)"},
        (3, 4, 6, 512),
    ),
    "items of a list": (
        "vision/vgg16.nn",
        {"(64, 2, 112)": "(64, ?, 112)", "(128, 2, 56)": "(?, 2, 56)"},
        (2, 128),
    ),
    "the width of all stages": (
        "vision/unet.nn",
        {"Double(64 * 2^i)": "Double(? * 2^i)", "Double(1024)": "Double(?)"},
        (64, 1024),
    ),
}


def _read(path: str, text: str) -> Tree:
    return parse(SourceFile(path, text), Diagnostics(), yaml=False)


def _holds(path: str, text: str) -> bool:
    found = Diagnostics()
    with_deep_stack(lambda: compile_tree(_read(path, text), Settings(), found))
    return not found.has_errors


@pytest.mark.parametrize("name", HIDDEN)
def test_what_was_hidden_is_found(name: str) -> None:
    """What is said to fit is accepted in the text by the checker, and what stood there is said."""
    file, hidden, expected = HIDDEN[name]
    path = str(SPECS / file)
    text = Path(path).read_text()
    for shown, hole in hidden.items():
        assert shown in text
        text = text.replace(shown, hole, 1)
    assert _holds(path, with_numbers(text, expected))
    solution: Solution = with_deep_stack(lambda: solve(_read(path, text), Settings()))
    for way in solution.ways[:3]:
        assert _holds(path, with_numbers(text, way.numbers)), way.numbers
    assert expected in [way.numbers for way in solution.ways]

"""What expressions come to: exactness, functions, formulas, words and their faults. Section 4 of the language."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.scope import FILE, Broken, Numbers, Scope
from nnspec.program.values import Evaluator, Site
from nnspec.source import SourceFile
from nnspec.syntax.arrow import parse_expression
from nnspec.syntax.place import Place
from tests.program.checking import check, sound


def value(text: str) -> Any:
    found = Diagnostics()
    node = parse_expression(text, Place(SourceFile("it", text)), found)
    assert node is not None, found.sorted()
    try:
        result = Evaluator(found).evaluate(node, Site(Scope(Numbers({}, 0), FILE)))
    except Broken:
        return [f"{fault.code.number} {fault.span.text}" for fault in found.sorted()]
    return list(result) if isinstance(result, range) else result


VALUES = {
    "1 + 2 * 3": 7,
    "(1 + 2) * 3": 9,
    "2 ^ 3 ^ 2": 512,
    "-2 ^ 2": -4,
    "2 * -3": -6,
    "7 / 2": Fraction(7, 2),
    "6 / 2": 3,
    "1 / 3 * 3": 1,
    ".1 + .2": Fraction(3, 10),
    "1 / 3 + 1 / 6": Fraction(1, 2),
    "7 // 2": 3,
    "-7 // 2": -4,
    "7 % 3": 1,
    "-7 % 3": 2,
    "7.5 // 2": 3,
    "2 ^ -2": Fraction(1, 4),
    "2 ^ 100": 2**100,
    "4 ^ .5": 2.0,
    "1K": 1000,
    "1.5M": 1_500_000,
    "2G": 2_000_000_000,
    "1e-3": Fraction(1, 1000),
    "1_000": 1000,
    "round(2.5)": 3,
    "round(-2.5)": -2,
    "round(2.4)": 2,
    "round(0.49999999999999994)": 0,
    "floor(-1.5)": -2,
    "ceil(1.5)": 2,
    "abs(-1.5)": Fraction(3, 2),
    "sqrt(16)": 4,
    "sqrt(9 / 4)": Fraction(3, 2),
    "sqrt(2)": math.sqrt(2),
    "log2(1024)": 10,
    "log2(1 / 8)": -3,
    "log2(10)": math.log2(10),
    "min(3, 1, 2)": 1,
    "max([3, 1, 2])": 3,
    "len([3, 1, 2])": 3,
    "sum([1, 2, 3.5])": Fraction(13, 2),
    "sum(range(5))": 10,
    "range(3)": [0, 1, 2],
    "range(2, 5)": [2, 3, 4],
    "range(5, 0, -2)": [5, 3, 1],
    "zip([1, 2], [3, 4])": ((1, 3), (2, 4)),
    "[1, 2, 3][1]": 2,
    "[1, 2, 3][-1]": 3,
    "[[1, 2], [3]][0][1]": 2,
    "(3, 4)": (3, 4),
    "(16)": 16,
    "3x5": (3, 5),
    "[1, 2,]": (1, 2),
    "[1] + [2]": (1, 2),
    "1 if 2 > 1 else 3": 1,
    "1 if false else 2 if true else 3": 2,
    "1 < 2 and 2 < 3": True,
    "not 1 == 2": True,
    "not true or true": True,
    "false and 1 / 0 == 1": False,
    "true or 1 / 0 == 1": True,
    "1 == 1.0": True,
    "1 == true": False,
    "[1, 2] == (1, 2)": True,
    "none == none": True,
    "5 - 2 - 1": 2,
    "2 * 3 // 4": 1,
    "7 // 2 * 2": 6,
    "-7 + 2": -5,
}


@pytest.mark.parametrize("text", VALUES)
def test_values(text: str) -> None:
    got = value(text)
    assert got == VALUES[text]
    assert isinstance(got, bool) == isinstance(VALUES[text], bool)


FAULTS = {
    "1 / 0": ["NN210 1 / 0"],
    "1 % 0": ["NN210 1 % 0"],
    "1 + true": ["NN210 1 + true"],
    "[1][1]": ["NN210 1"],
    "5[0]": ["NN210 5"],
    "1 if 2 else 3": ["NN210 2"],
    "1 and true": ["NN210 1"],
    "sqrt(-1)": ["NN210 sqrt(-1)"],
    "log2(0)": ["NN210 log2(0)"],
    "min()": ["NN210 min()"],
    "len(3)": ["NN210 len(3)"],
    "range(1.5)": ["NN210 range(1.5)"],
    "range(0, 5, 0)": ["NN210 range(0, 5, 0)"],
    "1 + wide": ["NN201 wide"],
    "max(1, wide)": ["NN201 wide"],
    "wide > 1": ["NN201 wide"],
    "2 ^ 5000": ["NN802 2 ^ 5000"],
    "range(1_000_001)": ["NN802 range(1_000_001)"],
    "(-8) ^ .5": ["NN210 (-8) ^ .5"],
    '1 + "a"': ['NN210 1 + "a"'],
    "?": ["NN214 ?"],
    "1 < 2 < 3": ["NN112"],
}


@pytest.mark.parametrize("text", FAULTS)
def test_faults(text: str) -> None:
    if text == "1 < 2 < 3":
        assert [error[:5] for error in check(f"let a = {text}\nInput(8) -> FC(3)").errors] == FAULTS[text]
    else:
        assert value(text) == FAULTS[text]


SHAPES = {
    "a formula": ("let twice(v) = 2 * v\nInput(8) -> FC(twice(3))", (6,)),
    "the formula of the language page": (
        "let round8(v) = max(8, (v + 4) // 8 * 8)\nInput(8) -> FC(round8(3)) -> FC(round8(27))",
        (24,),
    ),
    "a formula with a default": ("let f(v, k=v + 1) = v * k\nInput(8) -> FC(f(3))", (12,)),
    "a formula by keyword": ("let f(v, k=1) = v * k\nInput(8) -> FC(f(3, k=2))", (6,)),
    "a formula that calls a formula": ("let f(v) = v + 1\nlet g(v) = f(f(v))\nInput(8) -> FC(g(3))", (5,)),
    "a formula that calls itself": (
        "let fact(n) = 1 if n <= 1 else n * fact(n - 1)\nInput(8) -> FC(fact(4))",
        (24,),
    ),
    "a formula reads numbers above it": ("let n = 3\nlet f(v) = v * n\nInput(8) -> FC(f(2))", (6,)),
    "a list by name": ("let sizes = [5, 4, 3]\nInput(8) -> FC(sizes[1]) -> FC(n) for n in sizes", (3,)),
    "a range by name": ("let turns = range(1, 4)\nInput(8) -> FC(i) for i in turns", (3,)),
    "a number without a fraction is a whole number": ("Input(8) -> FC(6 / 2) -> FC(2.0)", (2,)),
    "a size by name": ("let k = 3x5\nInput(8, 8, 1) -> Conv(2, k)", (6, 4, 2)),
    "a word by name": ("let pad = same\nInput(8, 1) -> Conv(2, 3, padding=pad)", (8, 2)),
    "powers of two by depth": ("Input(8) -> FC(64 * 2^i) for i in range(3)", (256,)),
}


@pytest.mark.parametrize("title", SHAPES)
def test_shapes(title: str) -> None:
    text, shape = SHAPES[title]
    assert sound(text).shape == shape


FORMULA_FAULTS = {
    "an argument too few": ("let f(v) = v\nInput(8) -> FC(f())", ["NN205 f()"]),
    "an argument too many": ("let f(v) = v\nInput(8) -> FC(f(1, 2))", ["NN207 f(1, 2)"]),
    "an argument it does not have": ("let f(v) = v\nInput(8) -> FC(f(w=1))", ["NN204 w=1"]),
    "without an end": ("let f(v) = f(v + 1)\nInput(8) -> FC(f(1))", ["NN801 f(v + 1)"]),
    "called above its definition": ("Input(8) -> FC(f(1))\nlet f(v) = v", ["NN201 f(1)"]),
    "a fraction of a unit": ("Input(8) -> FC(7 / 2)", ["NN206 7 / 2"]),
    "a number called": ("let n = 3\nInput(8) -> FC(n(1))", ["NN210 n"]),
    "a number that cannot be computed, once": ("let n = 1 / 0\nInput(8) -> FC(n) -> FC(n)", ["NN210 1 / 0"]),
}


@pytest.mark.parametrize("title", FORMULA_FAULTS)
def test_faults_of_formulas(title: str) -> None:
    text, errors = FORMULA_FAULTS[title]
    assert check(text).errors == errors

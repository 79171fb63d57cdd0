"""Spells single nodes: numbers, texts and sizes, and how tight expressions bind.

Knows words, not lines; format.py puts them together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nnspec.syntax import tree
from nnspec.syntax.numbers import read_number

if TYPE_CHECKING:
    from fractions import Fraction

CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, TERM, SIGN, POWER, POSTFIX = range(10)
BINDING = {
    "or": OR, "and": AND,
    "==": COMPARISON, "!=": COMPARISON, "<": COMPARISON, "<=": COMPARISON, ">": COMPARISON, ">=": COMPARISON,
    "+": SUM, "-": SUM, "*": TERM, "/": TERM, "//": TERM, "%": TERM, "^": POWER,
}  # fmt: skip

_LITERAL = re.compile(r"(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?[KMG]?")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def binding(node: Any) -> int:
    """How tight an expression holds together."""
    if isinstance(node, tree.Binary):
        return BINDING[node.operator]
    if isinstance(node, tree.Unary):
        return NOT if node.operator == "not" else SIGN
    if isinstance(node, tree.Conditional):
        return CONDITIONAL
    if isinstance(node, tree.Number):
        return SIGN if node.value < 0 else TERM if "/" in number_text(node) else POSTFIX
    return POSTFIX


def number_text(node: tree.Number) -> str:
    """The literal as it was written where it says the same, else the shortest."""
    written = node.span.text
    if len(written) < 1300 and _LITERAL.fullmatch(written) and read_number(written) == node.value:
        return written
    return number_literal(node.value)


def number_literal(value: int | Fraction) -> str:
    """The shortest exact literal; a quotient where there is none."""
    if isinstance(value, int) or value.denominator == 1:
        return str(int(value))
    sign = "-" if value < 0 else ""
    digits = _decimal(abs(value))
    if digits is None:
        return f"{value.numerator} / {value.denominator}"
    mantissa, places = digits
    if places - len(mantissa) >= 4:
        rest = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
        return f"{sign}{mantissa[0]}{rest}e-{places - len(mantissa) + 1}"
    whole = mantissa.rjust(places + 1, "0")
    return f"{sign}{whole[:-places]}.{whole[-places:]}"


def _decimal(value: Fraction) -> tuple[str, int] | None:
    """Digits and how many of them stand behind the point; None for a number without an end."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return None
    places = max(twos, fives)
    return str(value.numerator * 10**places // value.denominator), places


def text_literal(value: str) -> str:
    """A text in double quotes."""
    return '"' + "".join(_ESCAPES.get(char) or _character(char) for char in value) + '"'


def _character(char: str) -> str:
    return char if char.isprintable() or ord(char) > 0xFFFF else f"\\u{ord(char):04x}"


def size_text(node: tree.Tuple, sign: str) -> str | None:
    """`3x3`, where the items are whole numbers."""
    sides = [item.value for item in node.items if isinstance(item, tree.Number)]
    if (
        len(sides) != len(node.items)
        or len(sides) < 2
        or not all(isinstance(side, int) and side >= 0 for side in sides)
    ):
        return None
    return sign.join(str(side) for side in sides)

"""Numbers that know the expression they were written as: `4 * c`, which is 256 here.

An operator whose arguments are such numbers lowers as it would with plain ones; wherever a number
reaches a call unchanged, the source printer writes the expression in its place.
"""

from __future__ import annotations

from typing import Any

from nnspec.calls import Operation, Value


class _Arithmetic:
    """Sums and products of spelled numbers are spelled; what compares them sees plain numbers."""

    expression: Value

    def __add__(self, other: Any) -> Any:
        return _combined(self, "+", other)

    def __radd__(self, other: Any) -> Any:
        return _combined(other, "+", self)

    def __sub__(self, other: Any) -> Any:
        return _combined(self, "-", other)

    def __rsub__(self, other: Any) -> Any:
        return _combined(other, "-", self)

    def __mul__(self, other: Any) -> Any:
        return _combined(self, "*", other)

    def __rmul__(self, other: Any) -> Any:
        return _combined(other, "*", self)

    def __floordiv__(self, other: Any) -> Any:
        return _combined(self, "//", other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _combined(other, "//", self)


class SpelledInt(_Arithmetic, int):
    """A whole number, or a truth value as 0 or 1, with its expression."""

    __hash__ = int.__hash__


class SpelledFloat(_Arithmetic, float):
    """A number with a fraction, with its expression."""

    __hash__ = float.__hash__


def spelled(number: Any, expression: Value) -> Any:
    """The number with its expression; what is no number stays what it is."""
    if not isinstance(number, (int, float)):
        return number
    made = SpelledFloat(number) if isinstance(number, float) else SpelledInt(number)
    made.expression = expression
    return made


def is_spelled(value: object) -> bool:
    """Whether a number knows its expression, or one of several does."""
    return isinstance(value, _Arithmetic) or (isinstance(value, tuple) and any(map(is_spelled, value)))


def plain(number: Any) -> Any:
    """The number without its expression."""
    if isinstance(number, SpelledInt):
        return int(number)
    return float(number) if isinstance(number, SpelledFloat) else number


_SIGNS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
}


def _combined(left: Any, sign: str, right: Any) -> Any:
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        return NotImplemented
    value = _SIGNS[sign](plain(left), plain(right))
    if not is_spelled(right) and ((sign in "+-" and right == 0) or (sign in ("*", "//") and right == 1)):
        return left
    if not is_spelled(left) and ((sign == "+" and left == 0) or (sign == "*" and left == 1)):
        return right
    return spelled(value, Operation(sign, getattr(left, "expression", left), getattr(right, "expression", right)))


__all__ = ["SpelledFloat", "SpelledInt", "is_spelled", "plain", "spelled"]

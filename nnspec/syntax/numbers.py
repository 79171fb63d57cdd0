"""Number literals to exact numbers, within limits: `64`, `.5`, `1e-3`, `1_000`, `1K`.

Refuses, before any power is computed, what would not fit in 4,096 bits; knows
nothing of where the literal stands.
"""

from __future__ import annotations

from fractions import Fraction

LONGEST_NUMBER_BITS = 4096
_LONGEST_DIGITS = 1234  # 2 ** 4096 has this many
_THOUSANDS = {"K": 3, "M": 6, "G": 9}


def read_number(literal: str) -> int | Fraction | None:
    """The exact value of a literal, whole where it has no fraction; None past 4,096 bits."""
    text = literal.replace("_", "")
    scale = _THOUSANDS.get(text[-1], 0)
    mantissa, _, exponent = (text[:-1] if scale else text).lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return 0
    trimmed = digits.rstrip("0")
    power = _exponent(exponent) + scale - len(fraction) + len(digits) - len(trimmed)
    if len(trimmed) > _LONGEST_DIGITS or abs(power) > 2 * _LONGEST_DIGITS:
        return None
    return _within(int(trimmed), power)


def _exponent(text: str) -> int:
    if len(text) > 8:  # far past any limit, with or without leading zeros
        text = text[0] * (text[0] in "+-") + (text.lstrip("+-0") or "0")
        text = text if len(text) <= 8 else text[0] * (text[0] == "-") + "9999999"
    return int(text or "0")


def _within(mantissa: int, power: int) -> int | Fraction | None:
    value = mantissa * 10**power if power >= 0 else Fraction(mantissa, 10**-power)
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    if isinstance(value, int):
        return value if value.bit_length() <= LONGEST_NUMBER_BITS else None
    longest = max(value.numerator.bit_length(), value.denominator.bit_length())
    return value if longest <= LONGEST_NUMBER_BITS else None

"""Arithmetic, comparison and the functions of expressions, over exact and symbolic numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

from nnspec.ops.kinds import Word, show
from nnspec.shapes.condition import Condition, Relation
from nnspec.shapes.dim import DimTooLarge, Symbolic, compare, maximum, minimum

MAX_BITS = 4096
MAX_ITEMS = 1_000_000
_SHORT = 64
_SMALL = 2**64
_OF_WHOLE: dict[str, Callable[[int, int], int | bool]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Fault(Exception):  # noqa: N818
    """What is wrong with an operation on values; the evaluator knows where it stands."""

    def __init__(self, message: str, *, limit: bool = False, symbolic: bool = False, by_zero: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_by_zero = by_zero
        self.is_limit = limit
        self.is_symbolic = symbolic


def of_whole(left: int, sign: str, right: int) -> Any:
    """`left sign right` of two whole numbers, of which most are small: the common case, without ceremony.

    Raises: Fault.
    """
    if sign in _OF_WHOLE and (right or sign not in ("//", "%")):
        made = _OF_WHOLE[sign](left, right)
        return made if -_SMALL < made < _SMALL else within(made)
    return arithmetic(left, sign, right)


def arithmetic(left: Any, operator: str, right: Any) -> Any:
    """`left operator right`, exactly.

    Raises: Fault.
    """
    if isinstance(left, (tuple, range)) and isinstance(right, (tuple, range)) and operator == "+":
        if len(left) + len(right) > MAX_ITEMS:
            raise Fault(f"a list of more than {MAX_ITEMS:,} elements", limit=True)
        return (*left, *right)
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, (int, Fraction, float, Symbolic)):
            raise Fault(f"`{operator}` needs numbers, not {_named(value)}")
    try:
        if isinstance(left, Symbolic) or isinstance(right, Symbolic):
            return _symbolic(left, operator, right)
        return within(_exact(left, operator, right))
    except ZeroDivisionError:
        raise Fault(f"{show(left)} {operator} {show(right)} divides by zero", by_zero=True) from None
    except OverflowError:
        raise Fault(f"{show(left)} {operator} {show(right)} is too large", limit=True) from None
    except DimTooLarge:
        raise Fault("the symbolic size grows too large", limit=True) from None


def work_of(*values: Any) -> int:
    """What going through values costs, in expression steps: elements of lists, bits of fractions.

    Raises: Fault, where a list is too long.
    """
    steps = 0
    for value in values:
        if isinstance(value, Fraction):
            steps += (value.numerator.bit_length() + value.denominator.bit_length()) >> 7
        elif isinstance(value, (tuple, range)):
            steps += (len(value) >> 2) + nested(value)
            if len(value) > _SHORT and not isinstance(value[0], int):
                steps += len(value)  # fractions or symbolic sizes
    return steps


def nested(value: Any) -> int:
    """What going through the lists within a list costs; they count with all their elements.

    Raises: Fault, where there are too many.
    """
    if isinstance(value, range) or not any(isinstance(item, (tuple, range)) for item in value):
        return 0
    count, todo = 0, [value]
    while todo:
        here = todo.pop()
        count += len(here)
        if count > MAX_ITEMS + len(value):
            raise Fault(f"a list of more than {MAX_ITEMS:,} elements", limit=True)
        if isinstance(here, tuple):
            todo += [item for item in here if isinstance(item, (tuple, range))]
    return count >> 2


def _exact(left: Any, operator: str, right: Any) -> Any:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "/":
        return left / right if isinstance(left, float) or isinstance(right, float) else Fraction(left) / right
    if operator == "//":
        return left // right
    if operator == "%":
        return left % right
    return power(left, right)


def power(base: Any, exponent: Any) -> Any:
    """`base ^ exponent`; exact where the exponent is whole.

    Raises: Fault.
    """
    if isinstance(exponent, Fraction) or isinstance(base, float) or isinstance(exponent, float):
        result = float(base) ** float(exponent)
        if isinstance(result, complex):
            raise Fault(f"{show(base)} ^ {show(exponent)} is not a real number")
        return result
    if base == 0 and exponent < 0:
        raise ZeroDivisionError
    size = max(abs(base.numerator).bit_length(), base.denominator.bit_length())
    if abs(base) != 1 and base != 0 and (size - 1) * abs(exponent) > MAX_BITS:
        raise Fault(f"{show(base)} ^ {show(exponent)} has more than {MAX_BITS:,} bits", limit=True)
    if base in (-1, 0, 1):
        return base ** (exponent % 2 if base == -1 else min(exponent, 1))
    return Fraction(base) ** exponent


def within(value: Any) -> Any:
    """A number in its simplest form.

    Raises: Fault, where it has too many bits or is not finite.
    """
    if isinstance(value, Fraction):
        if value.denominator == 1:
            value = value.numerator
        elif max(abs(value.numerator).bit_length(), value.denominator.bit_length()) > MAX_BITS:
            raise Fault(f"a number of more than {MAX_BITS:,} bits", limit=True)
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise Fault(f"a number of more than {MAX_BITS:,} bits", limit=True)
    if isinstance(value, float) and not math.isfinite(value):
        raise Fault("a number that is not finite")
    return value


def _symbolic(left: Any, operator: str, right: Any) -> Any:
    for value in (left, right):
        if isinstance(value, (Fraction, float)):
            raise Fault(f"a symbolic size and the fraction {show(value)} cannot be joined", symbolic=True)
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "//":
        return left // right
    if operator == "%":
        return left % right
    raise Fault(f"`{operator}` is not defined for symbolic sizes: + - * // % min max are", symbolic=True)


def compared(left: Any, operator: str, right: Any) -> bool | Condition:
    """A comparison; undecided for symbolic sizes.

    Raises: Fault.
    """
    if isinstance(left, Symbolic) or isinstance(right, Symbolic):
        if isinstance(left, (int, Symbolic)) and isinstance(right, (int, Symbolic)):
            return compare(left, cast(Relation, operator), right)
        if operator in ("==", "!="):
            return operator == "!="
    if operator in ("==", "!="):
        return _equal(left, right) is (operator == "==")
    numbers = (int, Fraction, float)
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, numbers):
            raise Fault(f"`{operator}` compares numbers, not {_named(value)}")
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    if isinstance(left, range) or isinstance(right, range):
        return len(left) == len(right) and tuple(left) == tuple(right) if _both_lists(left, right) else False
    return bool(left == right)


def _both_lists(left: Any, right: Any) -> bool:
    return isinstance(left, (tuple, range)) and isinstance(right, (tuple, range))


def _named(value: Any) -> str:
    if isinstance(value, (tuple, range)):
        return f"a list of {len(value)}"
    return "a condition" if hasattr(value, "ways") else show(value) if not hasattr(value, "wire") else "a tensor"


def _number(value: Any, name: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, Fraction, float)):
        if isinstance(value, Symbolic):
            raise Fault(f"`{name}` is not defined for symbolic sizes", symbolic=True)
        raise Fault(f"`{name}` needs a number, not {_named(value)}")
    return value


def _extreme(name: str, symbolic: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(*values: Any) -> Any:
        items = tuple(values[0]) if len(values) == 1 and isinstance(values[0], (tuple, range)) else values
        if not items:
            raise Fault(f"`{name}` of nothing")
        if any(isinstance(item, Symbolic) for item in items):
            if not all(isinstance(item, (int, Symbolic)) and not isinstance(item, bool) for item in items):
                raise Fault(f"`{name}` of a symbolic size takes whole numbers", symbolic=True)
            return symbolic(*items)
        return plain([_number(item, name) for item in items])

    return extreme


def _absolute(value: Any) -> Any:
    return abs(_number(value, "abs"))


def _ceiling(value: Any) -> Any:
    return value if isinstance(value, Symbolic) else math.ceil(_number(value, "ceil"))


def _floor(value: Any) -> Any:
    return value if isinstance(value, Symbolic) else math.floor(_number(value, "floor"))


def _round(value: Any) -> Any:
    return value if isinstance(value, Symbolic) else math.floor(_number(value, "round") + Fraction(1, 2))


def _sqrt(value: Any) -> Any:
    number = _number(value, "sqrt")
    if number < 0:
        raise Fault(f"sqrt({show(value)}) is not a real number")
    if isinstance(number, float):
        return math.sqrt(number)
    exact = Fraction(math.isqrt(number.numerator), math.isqrt(number.denominator))
    return within(exact) if exact * exact == number else within(_as_float(number) ** 0.5)


def _as_float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        raise Fault("a number that is too large", limit=True) from None


def _log2(value: Any) -> Any:
    number = _number(value, "log2")
    if number <= 0:
        raise Fault(f"log2({show(value)}) is not a real number")
    if isinstance(number, float):
        return math.log2(number)
    top, bottom = number.numerator, number.denominator
    if top & (top - 1) == 0 and bottom & (bottom - 1) == 0:
        return top.bit_length() - bottom.bit_length()
    return math.log2(top) - math.log2(bottom)


def _range(*bounds: Any) -> range:
    if not 1 <= len(bounds) <= 3:
        raise TypeError
    for bound in bounds:
        number = _number(bound, "range")
        if number != int(number):
            raise Fault(f"`range` needs whole numbers, not {show(bound)}")
    try:
        made = range(*[int(bound) for bound in bounds])
    except ValueError:
        raise Fault("`range` cannot step by 0") from None
    try:
        count = len(made)
    except OverflowError:
        count = MAX_ITEMS + 1
    if count > MAX_ITEMS:
        raise Fault(f"a range of more than {MAX_ITEMS:,} elements", limit=True)
    return made


def _list(value: Any, name: str) -> Any:
    if not isinstance(value, (tuple, range)):
        raise Fault(f"`{name}` needs a list, not {_named(value)}")
    return value


def _len(value: Any) -> int:
    return len(_list(value, "len"))


def _sum(value: Any) -> Any:
    result: Any = 0
    items = _list(value, "sum")
    if isinstance(items, range) or all(type(item) is int for item in items):
        return within(sum(items))
    for item in items:
        result = arithmetic(result, "+", item)
    return result


def _zip(*lists: Any) -> Any:
    if len(lists) * min([len(_list(value, "zip")) for value in lists], default=0) > MAX_ITEMS:
        raise Fault(f"a list of more than {MAX_ITEMS:,} elements", limit=True)
    return tuple(zip(*[_list(value, "zip") for value in lists], strict=False))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": _extreme("min", minimum, min),
    "max": _extreme("max", maximum, max),
    "abs": _absolute,
    "ceil": _ceiling,
    "floor": _floor,
    "round": _round,
    "sqrt": _sqrt,
    "log2": _log2,
    "range": _range,
    "len": _len,
    "sum": _sum,
    "zip": _zip,
}

__all__ = ["FUNCTIONS", "Fault", "Word", "arithmetic", "compared"]

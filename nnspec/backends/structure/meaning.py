"""What Python makes of a spelled expression: it must be the number that the spec means, of the same type.

Fractions are exact in a spec and floats in Python, `/` gives a float there, `2**-1` too. What differs
is mended here (`//`, `round`) or is not spelled at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from nnspec.backends.structure.events import Formula, GlobalName, LocalName, Wire
from nnspec.calls import Call, Either, Item, Member, Operation, Unary, Value, Variable
from nnspec.shapes.tensor import TensorType

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": min, "max": max, "abs": abs, "len": len, "sum": sum,
    "zip": lambda *lists, strict: tuple(zip(*lists, strict=strict)),
    "range": range, "round": round, "math.ceil": math.ceil, "math.floor": math.floor, "math.sqrt": math.sqrt,
    "math.log2": math.log2,
}  # fmt: skip
_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "//": lambda a, b: a // b, "%": lambda a, b: a % b, "**": lambda a, b: a**b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


class NoMeaning(Exception):  # noqa: N818
    """Python would raise an exception."""


def python_value(value: Any) -> Any:
    """A spec's value as the source has it."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    return tuple(map(python_value, value)) if isinstance(value, tuple) else value


class Meaning:
    """The values of names where an expression is read: leaves by themselves, formulas by their places."""

    def __init__(self, leaves: Mapping[Any, Any], formulas: Mapping[Any, tuple[str, tuple[str, ...], Value]]) -> None:
        self.leaves = leaves
        self.formulas = formulas

    def of(self, value: Value) -> Any:
        """What Python computes.

        Raises: NoMeaning.
        """
        try:
            return self._of(value)
        except (ArithmeticError, TypeError, ValueError, LookupError) as error:
            raise NoMeaning from error

    def _of(self, value: Value) -> Any:
        if isinstance(value, (LocalName, GlobalName)):
            return self.leaves[value]
        if isinstance(value, (tuple, list)):
            return tuple(map(self._of, value))
        if isinstance(value, slice):
            return value
        if isinstance(value, Unary):
            found = self._of(value.value)
            return not found if value.operator == "not" else -found
        if isinstance(value, Operation):
            return self._operation(value)
        if isinstance(value, Either):
            return self._of(value.then if self._of(value.condition) else value.otherwise)
        if isinstance(value, Member):
            return self._shape(value)
        if isinstance(value, Item):
            return self._of(value.value)[self._of(value.index)]
        return self._call(value) if isinstance(value, Call) else value

    def _operation(self, value: Operation) -> Any:
        left = self._of(value.left)
        if value.operator in ("and", "or"):
            return left if bool(left) is (value.operator == "or") else self._of(value.right)
        found = _SIGNS[value.operator](left, self._of(value.right))
        if isinstance(found, complex):
            raise ValueError(found)
        return found

    def _shape(self, value: Member) -> Any:
        type = self.leaves[value.value] if isinstance(value.value, Wire) else None
        if not isinstance(type, TensorType):
            raise LookupError(value)
        sizes = tuple([size if isinstance(size, int) else None for size in type.shape])
        return (None, *sizes) if type.batched else sizes

    def _call(self, value: Call) -> Any:
        args = [self._of(item) for item in value.args]
        kwargs = {name: self._of(item) for name, item in value.kwargs.items()}
        if isinstance(value.target, Formula):
            _, names, body = self.formulas[value.target.place]
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            leaves = {**self.leaves, **{LocalName(name): given[name] for name in names}}
            return Meaning(leaves, self.formulas)._of(body)
        name = value.target.name if isinstance(value.target, Variable) else str(value.target)
        return _FUNCTIONS[name](*args, **kwargs)

    def exact(self, value: Value) -> Value:
        """The expression with `//` where a division of whole numbers leaves nothing over."""
        if isinstance(value, Operation):
            made = Operation(value.operator, self.exact(value.left), self.exact(value.right))
            if made.operator == "/":
                left, right = self.of(made.left), self.of(made.right)
                if type(left) is int and type(right) is int and right and left % right == 0:
                    return Operation("//", made.left, made.right)
            return made
        if isinstance(value, (tuple, list)):
            return type(value)(self.exact(item) for item in value)
        if isinstance(value, Unary):
            return Unary(value.operator, self.exact(value.value))
        if isinstance(value, Call):
            args = tuple(self.exact(item) for item in value.args)
            return Call(value.target, args, {name: self.exact(item) for name, item in value.kwargs.items()})
        return value

    def fitting(self, value: Value, wanted: Any) -> Value:
        """The expression, such that Python makes of it what is wanted.

        Raises: NoMeaning, where that cannot be.
        """
        if isinstance(value, (tuple, list)) and isinstance(wanted, tuple) and len(value) == len(wanted):
            return type(value)(self.fitting(item, each) for item, each in zip(value, wanted, strict=True))
        if is_same(self.of(value), wanted):
            return value
        if type(wanted) is int:
            exact = self.exact(value)
            found = self.of(exact)
            if is_same(found, wanted):
                return exact
            if isinstance(found, float) and math.isclose(found, wanted, rel_tol=1e-9):
                return Call(Variable("round"), (value,))
        raise NoMeaning


def is_same(found: Any, wanted: Any) -> bool:
    """Whether a value in Python is the spec's; a whole number will do for a float, not the other way round."""
    if isinstance(wanted, range) and isinstance(found, range):
        return found == wanted
    if isinstance(wanted, (tuple, range)):
        return isinstance(found, (tuple, range)) and len(found) == len(wanted) and all(map(is_same, found, wanted))
    if isinstance(wanted, bool) or isinstance(found, bool):
        return found is wanted
    if isinstance(wanted, float):
        return isinstance(found, (int, float)) and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-15)
    return type(found) is type(wanted) and bool(found == wanted)

"""Sections while bodies are compared: what their wires and names are called so far."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from nnspec.backends.structure.events import LocalName, Section, Wire
from nnspec.backends.structure.statements import Statement, Var
from nnspec.calls import Either, Operation, Value, mapped, same


class Disagreement(Exception):  # noqa: N818 (not an error: sections that need bodies of their own)
    """Sections have no body in common."""


class Observation:
    """A section while bodies are compared: what its wires are called so far, and its local names."""

    def __init__(self, operands: Mapping[int, Value], names: Mapping[str, Value]) -> None:
        self.operands = dict(operands)
        self.names = dict(names)

    def inner(self, /, **names: Value) -> Observation:
        """The same wires, and a few names more."""
        made = Observation(self.operands, {**self.names, **names})
        made.operands = self.operands  # one map: what is made inside is seen outside
        return made

    def read(self, wire: int) -> Value:
        """What a wire is called.

        Raises: Disagreement, where it was made on one way and not on another.
        """
        if wire not in self.operands:
            raise Disagreement("a tensor is not known here")
        return self.operands[wire]

    def spell(self, value: Value) -> Value:
        """An expression over this section's wires and names, as one over variables."""

        def change(part: Any) -> Value:
            if isinstance(part, LocalName):
                if part.name not in self.names:
                    raise Disagreement(f"{part.name} has no expression")
                return self.names[part.name]
            if isinstance(part, Wire):
                return self.read(part.index)
            if isinstance(part, Either):
                return chosen(part, change)
            return folded(part, change) if isinstance(part, Operation) else None

        return mapped(value, change)


def folded(value: Operation, change: Callable[[Any], Any]) -> Value:
    """The operation with `change` made to its sides; computed where that turned names into whole numbers."""
    left, right = mapped(value.left, change), mapped(value.right, change)
    became = type(left) is type(right) is int and not (type(value.left) is type(value.right) is int)
    if became and value.operator in _EXACT:
        return _EXACT[value.operator](left, right)
    return Operation(value.operator, left, right)


def chosen(value: Either, change: Callable[[Any], Any]) -> Value:
    """The conditional with `change` made to its parts; one of its sides where that turned names into numbers."""
    condition = mapped(value.condition, change)
    if isinstance(condition, bool):
        return mapped(value.then if condition else value.otherwise, change)
    return Either(mapped(value.then, change), condition, mapped(value.otherwise, change))


_EXACT: Mapping[str, Callable[[int, int], Value]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def hint(observation: Observation, section: Section) -> None:
    """Give variables the names that the spec gives their tensors."""
    for wire, name in section.labels.items():
        found = observation.operands.get(wire)
        if isinstance(found, Var) and found.hint is None:
            found.hint = name


def agreed(values: Sequence[Value]) -> Value:
    """The expression that all sections have.

    Raises: Disagreement.
    """
    if any(not same(value, values[0]) for value in values[1:]):
        raise Disagreement("other expressions")
    return values[0]


def first_agreeing(attempts: Iterable[Any], seen: Sequence[Observation]) -> list[Statement]:
    """The first attempt that leads to common statements; one that does not leaves nothing behind.

    Raises: Disagreement.
    """
    before = [dict(observation.operands) for observation in seen]
    last: Disagreement | None = None
    for attempt in attempts:
        try:
            found: list[Statement] = attempt()
            return found
        except Disagreement as error:
            last = error
            for observation, operands in zip(seen, before, strict=True):
                observation.operands.clear()
                observation.operands.update(operands)
    assert last is not None
    raise last


def literals(names: Sequence[str], item: Any) -> dict[str, Value]:
    """The loop's names as numbers.

    Raises: Disagreement, where an item is no number, text or list of those.
    """
    items = () if not names else (item,) if len(names) == 1 else item
    return {name: _literal(value) for name, value in zip(names, items, strict=True)}


def _literal(value: Any) -> Value:
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, (tuple, range)):
        return tuple(_literal(item) for item in value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise Disagreement("a name that is no number")

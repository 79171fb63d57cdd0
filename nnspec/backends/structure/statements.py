"""Statements of a function to be, over variables that have no name yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.calls import Value, Variable, mapped
from nnspec.record import Record

if TYPE_CHECKING:
    from nnspec.backends.structure.functions import Function, SharedPart


class Var:
    """A variable to be named: by its `hint`, what the spec calls it, or by its role."""

    __slots__ = ("hint", "is_list", "is_skip")

    def __init__(self, hint: str | None = None, *, is_list: bool = False) -> None:
        self.hint = hint
        self.is_list = is_list  # a list or dictionary of tensors
        self.is_skip = False  # read by a merge, later than at once

    def __repr__(self) -> str:
        return f"<{self.hint or 'x'} {id(self) % 9973}>"


class LoopName:
    """A number that a loop runs over, to be named: after `hint`, but as nothing else that is read where it is bound."""

    __slots__ = ("hint",)

    def __init__(self, hint: str) -> None:
        self.hint = hint


class Inline(Record):
    """An expression that is no computation of tensors, though it reads one: `x.shape[-1]`."""

    value: Value


class Element(Record):
    """An item of a list that is being filled: the `position`-th of `count`."""

    of: Var
    position: int
    count: int

    def __hash__(self) -> int:
        return hash((id(self.of), self.position))


class FunctionRef(Record):
    """A function of the file, called."""

    function: Function

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class SharedRef(Record):
    """A shared part's layer or function, called."""

    part: SharedPart

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Set:
    """`targets = value`; a note stands behind it. With no targets, an expression."""

    __slots__ = ("is_merge", "keeps", "note", "targets", "value")

    def __init__(self, targets: tuple[Value, ...], value: Value, *, is_merge: bool = False) -> None:
        self.targets = targets
        self.value = value
        self.note: str | None = None
        self.is_merge = is_merge
        self.keeps = False  # calls a layer with weights


class Copy(Set):
    """`target = source`, gone where both have one name."""

    __slots__ = ()


class Branch:
    """`if condition: … else: …`."""

    __slots__ = ("condition", "otherwise", "then")

    def __init__(self, condition: Value, then: list[Statement], otherwise: list[Statement]) -> None:
        self.condition = condition
        self.then = then
        self.otherwise = otherwise


class Loop:
    """`for names in over: …`; without names, `for _ in over: …`. A note says what the last turn gives."""

    __slots__ = ("body", "names", "note", "over")

    def __init__(self, names: tuple[LoopName, ...], over: Value, body: list[Statement]) -> None:
        self.names = names
        self.over = over
        self.body = body
        self.note: str | None = None


Statement: TypeAlias = "Set | Branch | Loop"


def parts_of(statements: Iterable[Statement]) -> Iterator[Any]:
    """Everything in expressions of statements."""
    for statement in statements:
        if isinstance(statement, Branch):
            yield from within(statement.condition)
            yield from parts_of(statement.then)
            yield from parts_of(statement.otherwise)
        elif isinstance(statement, Loop):
            yield from within(statement.over)
            yield from parts_of(statement.body)
        else:
            yield from within(statement.value)
            for target in statement.targets:
                if not isinstance(target, (Var, Variable)):
                    yield from within(target)


def made_in(body: Iterable[Statement]) -> Iterator[Var]:
    """The variables that statements make, in order."""
    for statement in body:
        if isinstance(statement, Branch):
            yield from made_in(statement.then)
            yield from made_in(statement.otherwise)
        elif isinstance(statement, Loop):
            yield from made_in(statement.body)
        else:
            yield from (target for target in statement.targets if isinstance(target, Var))


def within(value: Value) -> Iterator[Any]:
    """An expression and all its parts."""
    found: list[Any] = []

    def note(part: Any) -> Value:
        found.append(part)
        if isinstance(part, Inline):
            mapped(part.value, note)
        return None

    mapped(value, note)
    yield from found

"""What one operator's calls hang on, where they are not the same at all turns or uses: a condition of the spec.

`padding=same if s == 1 else 1` becomes an `if` around the two ways in which Keras is called; what both
ways do alike stands behind it, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from nnspec.backends.structure.events import Applied, Hinge, Place
from nnspec.backends.structure.observation import Disagreement, Observation, agreed
from nnspec.backends.structure.statements import Branch, Copy, Inline, Set, Statement, Var
from nnspec.calls import Call, Either, Member, Operation, Value, Variable, mapped, same
from nnspec.spelled import is_spelled, plain

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class Split(NamedTuple):
    """A condition, and what it came to at each event; `is_opening` where only what comes before a call may differ."""

    condition: Value
    truths: list[bool]
    place: Place | None = None
    is_opening: bool = False


def splits_of(events: Sequence[Applied], seen: Sequence[Observation]) -> Iterator[Split]:
    """The conditions that hold for some of the events alone.

    Those that chose an argument come first, then whether a number is 0, for of no padding there is no layer, and last
    how many axes arrive, for a vector need not be flattened.
    """
    for hinges in zip(*[event.hinges for event in events], strict=False):
        places = {hinge.place for hinge in hinges}
        if len(places) == 1 and all(hinge.condition is not None for hinge in hinges):
            yield from _split([(hinge.condition, hinge.truth) for hinge in hinges], seen, places.pop())
    for name in events[0].operator.params:
        given: list[Any] = [event.operator.__dict__.get(name) for event in events]  # by `act=…` another one elsewhere
        if all(isinstance(value, int) and is_spelled(value) for value in given):
            yield from _split([(value.expression, plain(value) != 0) for value in given], seen)
    ranks = [len(event.types[0].shape) + event.types[0].batched if event.types else 0 for event in events]
    if len(set(ranks)) == 2 and 0 not in ranks:
        operand = agreed([o.read(event.operands[0]) for event, o in zip(events, seen, strict=True)])
        axes = Call(Variable("len"), (Member(operand, "shape"),))
        yield Split(Operation(">", axes, min(ranks)), [rank > min(ranks) for rank in ranks], is_opening=True)


def _split(
    candidate: Sequence[tuple[Value, bool]], seen: Sequence[Observation], place: Place | None = None
) -> Iterator[Split]:
    """The condition, if it went both ways and is the same for all."""
    truths = [truth for _, truth in candidate]
    if len(set(truths)) > 1:
        with suppress(Disagreement):
            yield Split(agreed([o.spell(value) for (value, _), o in zip(candidate, seen, strict=True)]), truths, place)


def decided(hinges: Sequence[Sequence[Hinge]]) -> set[Place]:
    """The conditions in arguments that went one way only, so that the other is not written."""
    ways: dict[Place, set[bool]] = {}
    for hinge in [hinge for each in hinges for hinge in each if hinge.decides]:
        ways.setdefault(hinge.place, set()).add(hinge.truth)
    return {place for place, truths in ways.items() if len(truths) == 1}


def joined(branch: Branch) -> list[Statement]:
    """The branch, and behind it the call with which both ways end, where only its tensor differs."""
    then, otherwise = _end(branch.then), _end(branch.otherwise)
    if then is None or otherwise is None:
        return [branch]
    (last, one, target), (_, other, _) = then, otherwise
    if not (same(one.target, other.target) and same(one.kwargs, other.kwargs)):
        return [branch]
    read = Var()
    branch.then[-2:] = [Copy((read,), one.args[0])]
    branch.otherwise[-2:] = [Copy((read,), other.args[0])]
    last.targets, last.value = (target,), Call(one.target, (read,), one.kwargs)
    return [branch, last]


def settle(statements: Sequence[Statement], condition: Value, truth: bool) -> None:
    """Write what the condition comes to in place of it, where statements stand below it."""
    is_comparison = isinstance(condition, Operation) and condition.operator in COMPARISONS

    def change(part: Any) -> Value:
        if isinstance(part, Inline):
            return Inline(mapped(part.value, change))
        if isinstance(part, Either) and same(part.condition, condition):
            return mapped(part.then if truth else part.otherwise, change)
        return truth if is_comparison and isinstance(part, Operation) and same(part, condition) else None

    for statement in statements:
        if isinstance(statement, Branch):
            statement.condition = mapped(statement.condition, change)
            settle([*statement.then, *statement.otherwise], condition, truth)
        elif isinstance(statement, Set):
            statement.value = mapped(statement.value, change)


def _end(statements: Sequence[Statement]) -> tuple[Set, Call, Var] | None:
    """The call of one tensor with which statements end, and the variable that it is copied to."""
    if len(statements) < 2:
        return None
    last, copy = statements[-2:]
    if not isinstance(copy, Copy) or not isinstance(last, Set) or list(last.targets) != [copy.value]:
        return None
    call = last.value
    target = copy.targets[0]
    is_plain = isinstance(call, Call) and len(call.args) == 1 and isinstance(call.args[0], Var)
    return (last, call, target) if is_plain and isinstance(target, Var) else None

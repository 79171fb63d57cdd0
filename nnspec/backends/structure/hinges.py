"""What one operator's calls hang on, where they are not the same at all turns or uses: a condition of the spec.

`padding=same if s == 1 else 1` becomes an `if` around the two ways in which Keras is called; what both
ways do alike stands behind it, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from nnspec.backends.structure.events import Applied
from nnspec.backends.structure.observation import Disagreement, Observation, agreed
from nnspec.backends.structure.statements import Branch, Copy, Set, Statement, Var
from nnspec.calls import Call, Member, Operation, Value, Variable, same
from nnspec.spelled import is_spelled, plain


class Hinge(NamedTuple):
    """A condition, and what it came to at each event; `is_opening` where only what comes before a call may differ."""

    condition: Value
    truths: list[bool]
    is_opening: bool = False


def hinges_of(events: Sequence[Applied], seen: Sequence[Observation]) -> Iterator[Hinge]:
    """The conditions that hold for some of the events alone.

    Those that chose an argument come first, then whether a number is there at all, for of no padding there is no
    layer, and last how many axes arrive, for a vector need not be flattened.
    """
    count = min(len(event.hinges) for event in events)
    candidates = [[event.hinges[position] for event in events] for position in range(count)]
    for name in events[0].operator.params:
        given: list[Any] = [event.operator.__dict__.get(name) for event in events]  # by `act=…` another one elsewhere
        if all(isinstance(value, int) and is_spelled(value) for value in given):
            candidates.append([(value.expression, plain(value) != 0) for value in given])
    for candidate in candidates:
        truths = [truth for _, truth in candidate]
        if len(set(truths)) == 1:
            continue
        try:
            yield Hinge(agreed([o.spell(condition) for (condition, _), o in zip(candidate, seen, strict=True)]), truths)
        except Disagreement:
            continue
    ranks = [len(event.types[0].shape) + event.types[0].batched if event.types else 0 for event in events]
    if len(set(ranks)) == 2 and 0 not in ranks:
        operand = agreed([o.read(event.operands[0]) for event, o in zip(events, seen, strict=True)])
        axes = Call(Variable("len"), (Member(operand, "shape"),))
        yield Hinge(Operation(">", axes, min(ranks)), [rank > min(ranks) for rank in ranks], is_opening=True)


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

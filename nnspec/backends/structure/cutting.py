"""Lowered expressions over variables, cut into one statement a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnspec.backends.steps import is_auxiliary, short, taken_apart
from nnspec.backends.structure.observation import Disagreement, Observation
from nnspec.backends.structure.statements import Element, Inline, Set, Var, within
from nnspec.calls import Arrival, Call, Item, Member, Operation, Starred, Value, mapped
from nnspec.record import replace
from nnspec.shapes.tensor import TensorType
from nnspec.spelled import SpelledFloat, SpelledInt, plain, spelled


def spelled_type(type: TensorType, operand: Value) -> TensorType:
    """The type with sizes that are written as the tensor's own: `x.shape[-1]`."""
    if not isinstance(operand, (Var, Item)):
        return type
    shape = Member(operand, "shape")
    first = 1 if type.batched else 0
    last = len(type.shape) - 1
    sizes = [
        spelled(size, Inline(Item(shape, -1 if axis == last else axis + first))) if isinstance(size, int) else size
        for axis, size in enumerate(type.shape)
    ]
    return replace(type, shape=tuple(sizes))


def over(value: Value, operands: Sequence[Value], observation: Observation, *, is_apart: bool = False) -> Value:
    """A lowered expression over variables: what stands twice in it, as one object, still does.

    Where a layer is made apart from what it is called with, sizes of tensors are numbers.
    """
    done: dict[int, Value] = {}

    def change(part: Any) -> Value:
        if isinstance(part, Arrival):
            return operands[part.index]
        if isinstance(part, (SpelledInt, SpelledFloat)):
            expression = observation.spell(part.expression)
            if is_apart and any(isinstance(each, Var) for each in within(expression)):
                return plain(part)
            return Inline(expression)
        if isinstance(part, tuple):
            return tuple([_alone(each(item)) for item in part])
        if isinstance(part, list):
            return _collapsed([each(item) for item in part])
        if isinstance(part, (Call, Item, Member, Operation)) and id(part) not in done:
            done[id(part)] = whole(part)
        return done.get(id(part))

    def each(part: Any) -> Value:
        return mapped(part, change)

    def whole(part: Any) -> Value:
        if isinstance(part, Call):
            target = part.target if isinstance(part.target, str) else each(part.target)
            return Call(target, each(part.args), {name: each(given) for name, given in part.kwargs.items()})
        if isinstance(part, Operation):
            return Operation(part.operator, each(part.left), each(part.right))
        return replace(part, value=each(part.value), **({"index": each(part.index)} if isinstance(part, Item) else {}))

    return each(value)


def _alone(item: Value) -> Value:
    """An item that is none of a list that was filled.

    Raises: Disagreement.
    """
    if isinstance(item, Element):
        raise Disagreement("one of a list")
    return item


def _collapsed(items: list[Value]) -> Value:
    """Items with those of a list that was filled as that list: `[x, *branches]`, or `branches` alone.

    Raises: Disagreement, where only some of the list are there.
    """
    if not any(isinstance(item, Element) for item in items):
        return items
    found: list[Value] = []
    position = 0
    while position < len(items):
        item = items[position]
        if not isinstance(item, Element):
            found.append(item)
            position += 1
            continue
        run = items[position : position + item.count]
        if (
            item.position
            or len(run) < item.count
            or any(
                not isinstance(one, Element) or one.of is not item.of or one.position != index
                for index, one in enumerate(run)
            )
        ):
            raise Disagreement("some of a list")
        found.append(Starred(item.of))
        position += item.count
    if len(found) == 1 and isinstance(found[0], Starred):
        return found[0].value
    return found


class Cut:
    """Cuts an expression into one statement a call."""

    def __init__(self, *, is_merge: bool) -> None:
        self.is_merge = is_merge
        self.statements: list[Set] = []
        self._done: dict[int, Value] = {}

    def results(self, value: Value, count: int) -> list[Var]:
        """The variables of the outputs."""
        source = taken_apart(value, count)
        if source is not None:
            return self.emit(source, count)
        several = value if isinstance(value, (tuple, list)) else (value,)
        found = [self.tensor(item) if computes(item) else self.emit(item, 1)[0] for item in several]
        if len(found) != count or not all(isinstance(item, (Var, Item)) for item in found):
            raise Disagreement("no tensor")
        return found

    def tensor(self, value: Value) -> Value:
        """The expression with variables for the tensors that are computed in it."""
        if isinstance(value, (Var, Inline)) or not computes(value):
            return value
        if isinstance(value, Element):
            raise Disagreement("one of a list")
        if isinstance(value, Item) and isinstance(value.value, Var) and value.value.is_list:
            return value
        if isinstance(value, Starred):
            return value
        if isinstance(value, (tuple, list)):
            return type(value)(self.tensor(item) for item in value)
        if isinstance(value, dict):
            return {name: self.tensor(item) for name, item in value.items()}
        if id(value) not in self._done:
            self._done[id(value)] = self.emit(value, 1)[0]
        return self._done[id(value)]

    def emit(self, value: Value, count: int) -> list[Var]:
        """The statements of a call."""
        if isinstance(value, Call):
            target = value.target
            if isinstance(target, Call):
                target = layer_call(target)
            cut: Value = Call(
                target,
                tuple(self.tensor(item) for item in value.args),
                {name: self.tensor(item) for name, item in value.kwargs.items()},
            )
        elif isinstance(value, Item):
            cut = Item(self.tensor(value.value), value.index)
        elif isinstance(value, Operation):
            cut = Operation(value.operator, self.tensor(value.left), self.tensor(value.right))
        else:
            cut = Member(self.tensor(value.value), value.name)
        results = [Var() for _ in range(count)]
        self.statements.append(Set(tuple(results), cut, is_merge=self.is_merge))
        return results


def layer_call(call: Call) -> Call:
    """The call that makes a layer, its initialisers without settings by their names."""
    return Call(call.target, call.args, {name: short(given) for name, given in call.kwargs.items()})


def is_kept(statement: Set) -> bool:
    """Whether a statement calls a layer that a shared part makes once, not one that only prepares its input."""
    made = statement.value.target if isinstance(statement.value, Call) else None
    return isinstance(made, Call) and not is_auxiliary(made)


def computes(value: Value) -> bool:
    """Whether an expression depends on a tensor."""
    if isinstance(value, (Var, Element)):
        return True
    if isinstance(value, Inline):
        return False
    if isinstance(value, Call):
        return not isinstance(value.target, str) or any(map(computes, (*value.args, *value.kwargs.values())))
    if isinstance(value, (tuple, list)):
        return any(map(computes, value))
    if isinstance(value, dict):
        return any(map(computes, value.values()))
    if isinstance(value, Operation):
        return computes(value.left) or computes(value.right)
    return isinstance(value, (Item, Member, Starred)) and computes(value.value)

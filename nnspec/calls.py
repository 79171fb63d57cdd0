"""Calls as data: what an operator is lowered to, what a back end runs, what the source printer prints.

An expression is a plain Python value (number, text, None, tuple, list, dict) or one of the
records below. Running and printing the same expression is what keeps the model in the process
and the file on disk from drifting apart; nothing here knows how to do either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from nnspec.record import Record, replace
from nnspec.shapes.tensor import TensorType

Value: TypeAlias = Any  # a plain Python value, or one of the records below


class Arrival(Record):
    """The `index`-th tensor that arrives at the operator being lowered."""

    type: TensorType
    index: int = 0


class Variable(Record):
    """A name that an earlier statement assigned."""

    name: str


class Dotted(Record):
    """A module, function or class by its dotted path: `keras.activations.relu`."""

    path: str


class Call(Record):
    """`target(*args, **kwargs)`: `keras.layers.Conv2D(64, 3)`, `keras.ops.pad(x, …)`.

    `target` is a dotted path, or an expression whose value is called: a layer applied to tensors
    is `Call(Call("keras.layers.ReLU"), (x,))`.
    """

    target: Value
    args: tuple[Value, ...] = ()
    kwargs: Mapping[str, Value] = {}

    def __call__(self, *inputs: Value, **kwargs: Value) -> Call:
        """This layer applied to tensors."""
        return Call(self, inputs, kwargs)

    def __hash__(self) -> int:
        return hash((str(self.target), len(self.args), tuple(self.kwargs)))


class Member(Record):
    """`value.name`."""

    value: Value
    name: str


class Item(Record):
    """`value[index]`; a slice is a Python `slice`."""

    value: Value
    index: Value


class Operation(Record):
    """`left operator right`, such as `x / 16.0`."""

    operator: str
    left: Value
    right: Value


class Unary(Record):
    """`-value`, `not value`."""

    operator: str
    value: Value


class Either(Record):
    """`then if condition else otherwise`."""

    then: Value
    condition: Value
    otherwise: Value


class Starred(Record):
    """`*value`, the items of a list among others."""

    value: Value


class Assign(Record):
    """`names = value`: several names take a tuple apart; none at all is a bare expression.

    A comment stands above it, after a blank line; an empty one is the blank line alone.
    """

    names: tuple[str, ...]
    value: Value
    comment: str | None = None


def layer(target: str, /, *args: Value, **kwargs: Value) -> Call:
    """A layer still to be applied: `layer("keras.layers.Dense", 10)(x)`."""
    return Call(target, args, kwargs)


def rewrite(value: Value, *, arrival: Callable[[Arrival], Value], made: Callable[[Call], Call]) -> Value:
    """An expression with something else for each tensor that arrives, and for each layer that is applied.

    What stands twice in the expression, as one object, does so in the result.
    """
    done: dict[int, Value] = {}

    def new(part: Value) -> Value:
        if isinstance(part, Arrival):
            return arrival(part)
        if isinstance(part, (tuple, list)):
            return type(part)(new(item) for item in part)
        if isinstance(part, dict):
            return {name: new(item) for name, item in part.items()}
        if not isinstance(part, (Call, Member, Item, Operation)):
            return part
        if id(part) not in done:
            done[id(part)] = inside(part)
        return done[id(part)]

    def inside(part: Value) -> Value:
        if isinstance(part, Call):
            target = made(part.target) if isinstance(part.target, Call) else part.target
            return Call(target, new(part.args), new(part.kwargs))
        if isinstance(part, Operation):
            return replace(part, left=new(part.left), right=new(part.right))
        return replace(part, value=new(part.value))

    return new(value)


def mapped(value: Value, change: Callable[[Any], Any]) -> Value:
    """An expression with `change` made to each part, from the outside in; where that is None, its parts are changed."""
    changed = change(value)
    if changed is not None:
        return changed
    if isinstance(value, (tuple, list)):
        return type(value)(mapped(item, change) for item in value)
    if isinstance(value, dict):
        return {name: mapped(item, change) for name, item in value.items()}
    if isinstance(value, slice):
        return slice(mapped(value.start, change), mapped(value.stop, change), mapped(value.step, change))
    if isinstance(value, Call):
        target = value.target if isinstance(value.target, str) else mapped(value.target, change)
        return Call(target, mapped(value.args, change), mapped(dict(value.kwargs), change))
    if isinstance(value, Operation):
        return Operation(value.operator, mapped(value.left, change), mapped(value.right, change))
    if isinstance(value, Either):
        return Either(mapped(value.then, change), mapped(value.condition, change), mapped(value.otherwise, change))
    if isinstance(value, Unary):
        return Unary(value.operator, mapped(value.value, change))
    if isinstance(value, Starred):
        return Starred(mapped(value.value, change))
    if isinstance(value, Member):
        return Member(mapped(value.value, change), value.name)
    return Item(mapped(value.value, change), mapped(value.index, change)) if isinstance(value, Item) else value


def same(left: Value, right: Value) -> bool:
    """Whether two expressions are the same, numbers of other types told apart."""
    if type(left) is not type(right):
        return False
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(map(same, left.values(), right.values()))
    if isinstance(left, slice):
        return same((left.start, left.stop, left.step), (right.start, right.stop, right.step))
    if isinstance(left, Call):
        return same((left.target, left.args, dict(left.kwargs)), (right.target, right.args, dict(right.kwargs)))
    if isinstance(left, (Member, Item, Operation, Either, Unary, Starred)):
        return all(same(getattr(left, name), getattr(right, name)) for name in left._fields)
    return left is right or bool(left == right)

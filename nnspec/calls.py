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

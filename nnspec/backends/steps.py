"""An operator's expression, cut into one step for each call: what happens before anything has a name.

Tensors and kept layers are numbered slots, and a Keras layer that is made is a `Made`; both stand in
expressions until `fill` puts variables and named calls in their place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnspec.calls import Arrival, Call, Item, Member, Operation, Value
from nnspec.record import Record
from nnspec.shapes.dim import Symbolic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnspec.shapes.tensor import TensorType

#: Layers that only prepare or trim what another layer of the same operator computes.
_AUXILIARY = ("ZeroPadding", "Cropping", "Flatten", "Reshape", "Permute", "RepeatVector", "Identity")


class Slot(Record):
    """A value that some step makes."""

    index: int


class Made:
    """A Keras layer that is made once: by which graph layer, and under which name (None: Keras's choice)."""

    __slots__ = ("call", "carries_weights", "is_main", "layer", "name", "output", "uses")

    def __init__(self, call: Call, layer: int) -> None:
        self.call = call
        self.layer = layer
        self.is_main = False
        self.carries_weights = False
        self.name: str | None = None
        self.output: str | None = None
        self.uses = 0

    @property
    def keras_class(self) -> str:
        """The last part of the class's path: `Conv2D`."""
        return class_name(self.call)

    def named_call(self) -> Call:
        """The call that makes the layer."""
        if self.name is None:
            return self.call
        return Call(self.call.target, self.call.args, {**self.call.kwargs, "name": self.name})


class Step:
    """One statement to be: `outs = value`, made for the graph layer `layer`, by the Keras layer `made`."""

    __slots__ = ("layer", "made", "outs", "value")

    def __init__(self, outs: tuple[Slot, ...], value: Value, layer: int, made: Made | None = None) -> None:
        self.outs = outs
        self.value = value
        self.layer = layer
        self.made = made


class Kept(Record):
    """A layer that is used more than once, and the slot that holds it."""

    made: Made
    slot: Slot


class Ledger:
    """All steps and slots of a model, in order."""

    def __init__(self, shared: Mapping[int, list[Kept]]) -> None:
        self.steps: list[Step] = []
        self.types: list[TensorType | None] = []  # of each slot; None where it is not known, or a layer
        self.made: list[Made] = []
        self.shared = shared

    def slot(self, type: TensorType | None = None) -> Slot:
        """A new slot."""
        self.types.append(type)
        return Slot(len(self.types) - 1)

    def add(self, value: Value, layer: int, types: Sequence[TensorType | None], made: Made | None = None) -> list[Slot]:
        """A step with as many outputs as types."""
        outs = [self.slot(type) for type in types]
        self.steps.append(Step(tuple(outs), value, layer, made))
        return outs

    def make(self, call: Call, layer: int) -> Made:
        """A new Keras layer."""
        made = Made(call, layer)
        self.made.append(made)
        return made


class Cutter:
    """Cuts the expression of one graph layer into steps.

    `owner` is the graph layer whose Keras layers are used again, None where they are its own. What
    has no weights is made anew at each use: it reads better, and computes the same.
    """

    def __init__(self, ledger: Ledger, layer: int, operands: Sequence[Slot], owner: int | None) -> None:
        self.ledger = ledger
        self.layer = layer
        self.operands = operands
        self.owner = owner
        self._used: set[int] = set()  # which of the owner's layers this use has called already
        self._made: list[Made] = []
        self._done: dict[int, Value] = {}  # by identity: a call that two outputs share is one step

    def results(self, value: Value, types: Sequence[TensorType]) -> list[Slot]:
        """What leaves the graph layer, a slot for each output.

        Raises: TypeError, where the operator lowers to no tensor.
        """
        source = taken_apart(value, len(types))
        if source is not None:
            return self.emit(source, types)
        several = value if isinstance(value, (tuple, list)) else (value,)
        found = [self.tensor(item, type) for item, type in zip(several, types, strict=True)]
        if not all(isinstance(result, Slot) for result in found):
            raise TypeError(f"lowered to {value!r}, which is no tensor")
        return found

    def main(self) -> Made | None:
        """The layer that the operator stands for, of all that this use has made."""
        computing = [made for made in self._made if not is_auxiliary(made.call)]
        made = computing or self._made
        return made[-1] if made else None

    def tensor(self, value: Value, type: TensorType | None = None) -> Value:
        """The expression with a slot for each tensor in it."""
        if isinstance(value, Arrival):
            return self.operands[value.index]
        if not holds_tensor(value):
            return value
        if isinstance(value, (tuple, list)):
            return builtin_sequence(value, [self.tensor(item) for item in value])
        if isinstance(value, dict):
            return {key: self.tensor(item) for key, item in value.items()}
        if id(value) not in self._done:
            self._done[id(value)] = self.emit(value, [type])[0]
        return self._done[id(value)]

    def emit(self, value: Value, types: Sequence[TensorType | None]) -> list[Slot]:
        """The steps of a call, an item or an operation, the last with as many outputs as types."""
        made: Made | None = None
        if isinstance(value, Call):
            args = tuple(self.tensor(item) for item in value.args)
            kwargs = {name: self.tensor(item) for name, item in value.kwargs.items()}
            target = value.target
            if isinstance(target, Call):
                target, made = self.keras_layer(target)
            cut: Value = Call(target, args, kwargs)
        elif isinstance(value, Item):
            cut = Item(self.tensor(value.value), self.tensor(value.index))
        elif isinstance(value, Operation):
            cut = Operation(value.operator, self.tensor(value.left), self.tensor(value.right))
        else:
            cut = Member(self.tensor(value.value), value.name)
        return self.ledger.add(cut, self.layer, types, made)

    def keras_layer(self, call: Call) -> tuple[Value, Made]:
        """What to call, and the layer behind it: a new one, or one that was made for an earlier use."""
        call = Call(call.target, call.args, {name: short(given) for name, given in call.kwargs.items()})
        if self.owner is None or is_auxiliary(call):
            made = self.make(call)
            made.uses += 1
            return made, made
        kept = self.ledger.shared[self.owner]
        for position, one in enumerate(kept):
            if position not in self._used and one.made.call == call:
                self._used.add(position)
                one.made.uses += 1
                return one.slot, one.made
        made = self.make(call)
        made.uses += 1
        [slot] = self.ledger.add(made, self.layer, [None])
        self._used.add(len(kept))
        kept.append(Kept(made, slot))
        return slot, made

    def make(self, call: Call) -> Made:
        """A new Keras layer, made for this graph layer."""
        made = self.ledger.make(call, self.layer)
        self._made.append(made)
        return made


def class_name(call: Call) -> str:
    """The last part of a class's path: `Conv2D`."""
    return str(call.target).rsplit(".", 1)[-1]


def innermost(call: Call) -> Call:
    """The layer within those that wrap it: `Dense(3)` in `TimeDistributed(Dense(3))`."""
    while call.args and isinstance(call.args[0], Call):
        call = call.args[0]
    return call


def snake_case(keras_class: str) -> str:
    """What Keras makes of a class's name: `MaxPooling2D` is `max_pooling2d`, `HeNormal` is `he_normal`."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", keras_class)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def short(value: Value) -> Value:
    """An initialiser without settings by its name, as people write it: `"he_normal"`."""
    plain = isinstance(value, Call) and str(value.target).startswith("keras.initializers.")
    return snake_case(class_name(value)) if plain and not value.args and not value.kwargs else value


def is_auxiliary(call: Call) -> bool:
    """Whether a layer has no weights, and only prepares or trims what another one computes."""
    return class_name(innermost(call)).startswith(_AUXILIARY)


def taken_apart(value: Value, count: int) -> Value | None:
    """The call that gives several tensors at once, where the outputs are just those."""
    if count < 2:
        return None
    if isinstance(value, Call):
        return value
    if not isinstance(value, (tuple, list)) or not all(isinstance(item, Item) for item in value):
        return None
    same = all(item.value is value[0].value and item.index == index for index, item in enumerate(value))
    return value[0].value if same else None


def builtin_sequence(like: Value, items: list[Value]) -> Value:
    """The items as a tuple or a list, whichever the other is."""
    return tuple(items) if isinstance(like, tuple) else items


def holds_tensor(value: Value) -> bool:
    """Whether an expression depends on a tensor that arrives."""
    if isinstance(value, Arrival):
        return True
    if isinstance(value, Call):
        return not isinstance(value.target, str) or any(map(holds_tensor, (*value.args, *value.kwargs.values())))
    if isinstance(value, (tuple, list)):
        return any(map(holds_tensor, value))
    if isinstance(value, dict):
        return any(map(holds_tensor, value.values()))
    if isinstance(value, Operation):
        return holds_tensor(value.left) or holds_tensor(value.right)
    return isinstance(value, (Item, Member)) and holds_tensor(value.value)


def slots_in(value: Value) -> list[int]:
    """The slots that an expression reads, in order."""
    if isinstance(value, Slot):
        return [value.index]
    return [slot for part in _parts(value) for slot in slots_in(part)]


def symbolic_in(value: Value) -> Symbolic | None:
    """A size in an expression that is not a number, if there is one."""
    if isinstance(value, Symbolic):
        return value
    return next((found for part in _parts(value) if (found := symbolic_in(part)) is not None), None)


def _parts(value: Value) -> Sequence[Value]:
    if isinstance(value, Call):
        return (value.target, *value.args, *value.kwargs.values())
    if isinstance(value, Made):
        return (value.call,)
    if isinstance(value, (tuple, list)):
        return value
    if isinstance(value, dict):
        return tuple(value.values())
    if isinstance(value, Operation):
        return (value.left, value.right)
    return (value.value,) if isinstance(value, (Item, Member)) else ()


def fill(value: Value, variables: Sequence[Value]) -> Value:
    """The expression with variables for its slots, and named calls for the layers that are made."""
    match value:
        case Slot():
            return variables[value.index]
        case Made():
            return value.named_call()
        case Call():
            target = value.target if isinstance(value.target, str) else fill(value.target, variables)
            kwargs = {name: fill(given, variables) for name, given in value.kwargs.items()}
            return Call(target, tuple(fill(given, variables) for given in value.args), kwargs)
        case tuple() | list():
            return builtin_sequence(value, [fill(item, variables) for item in value])
        case dict():
            return {key: fill(item, variables) for key, item in value.items()}
        case Operation():
            return Operation(value.operator, fill(value.left, variables), fill(value.right, variables))
        case Item():
            return Item(fill(value.value, variables), fill(value.index, variables))
        case Member():
            return Member(fill(value.value, variables), value.name)
    return value

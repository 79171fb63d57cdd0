"""The layers of a Keras model in the order of computation, models inside it opened, each with what it is called on.

It reads Keras's own record of how the model was put together, and follows it from the outputs, so that two models of
one structure come in one order.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nnspec.record import Record
from nnspec.shapes.dim import symbol
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.comparing.net import Source
    from nnspec.shapes.dim import Dim

#: The size of an axis that is open.
OPEN = symbol("None")


class Applied(Record):
    """A layer or operation of Keras, applied once; `given` is what it is called with beside tensors."""

    made: Any
    inputs: tuple[Source, ...]
    types: tuple[TensorType, ...]
    given: str = ""


class Walked(Record):
    """A model: the inputs first, then everything that reaches an output."""

    applied: tuple[Applied, ...]
    inputs: tuple[int, ...]
    outputs: tuple[Source, ...]


def walk(model: Any) -> Walked:
    """Everything that is applied in a model."""
    walking = _Walking()
    for tensor in model.inputs:
        walking.sources[id(tensor)] = (len(walking.found), 0)
        walking.found.append(Applied(tensor._keras_history.operation, (), (type_of(tensor),)))
    count = len(walking.found)
    leaving = walking.enter(model)
    return Walked(tuple(walking.found), tuple(range(count)), leaving)


class _Walking:
    def __init__(self) -> None:
        self.found: list[Applied] = []
        self.sources: dict[int, Source] = {}  # by the id of the tensor, which the model keeps alive

    def enter(self, model: Any) -> tuple[Source, ...]:
        """Everything that a model does, its inputs known; what leaves it."""
        todo = [(tensor, False) for tensor in reversed(model.outputs)]
        while todo:
            tensor, is_fed = todo.pop()
            if id(tensor) in self.sources:
                continue
            history = tensor._keras_history
            node = history.operation._inbound_nodes[history.node_index]
            if is_fed:
                self.apply(history.operation, node)
            else:
                todo.append((tensor, True))
                todo += [(each, False) for each in reversed(node.arguments.keras_tensors)]
        return tuple([self.sources[id(tensor)] for tensor in model.outputs])

    def apply(self, made: Any, node: Any) -> None:
        arriving = [self.sources[id(tensor)] for tensor in node.arguments.keras_tensors]
        if hasattr(made, "layers") and getattr(made, "inputs", None):  # a model inside the model
            outer = self.sources
            inner = {id(tensor): source for tensor, source in zip(made.inputs, arriving, strict=True)}
            self.sources = inner
            leaving = self.enter(made)
            self.sources = outer
        else:
            types = tuple([type_of(tensor) for tensor in node.outputs])
            leaving = tuple([(len(self.found), position) for position in range(len(types))])
            self.found.append(Applied(made, tuple(arriving), types, _given(node.arguments)))
        for tensor, source in zip(node.outputs, leaving, strict=True):
            self.sources[id(tensor)] = source


def type_of(tensor: Any) -> TensorType:
    """The type of one example of a tensor."""
    sizes: list[Dim] = [OPEN if size is None else int(size) for size in tensor.shape[1:]]
    return TensorType(tuple(sizes), str(tensor.dtype))


def _given(arguments: Any) -> str:
    """What a layer is called with, `·` for each tensor; empty where that is tensors alone."""
    kwargs = {name: value for name, value in arguments.kwargs.items() if value is not None}
    shown = [_plain(value) for value in arguments.args], {name: _plain(value) for name, value in kwargs.items()}
    text = json.dumps(shown, sort_keys=True, default=str)
    return "" if not shown[1] and _only_tensors(shown[0]) else text


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return "·" if hasattr(value, "_keras_history") else value


def _only_tensors(value: Any) -> bool:
    return all(map(_only_tensors, value)) if isinstance(value, list) else value == "·"

"""The oracle: real Keras, running what an operator is lowered to.

`read` turns an example's text into operators, `build` runs their expressions on Keras's symbolic
tensors, `Built` says what Keras then knows: shapes, dtypes, weights.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from nnspec.backends.execute import evaluate
from nnspec.calls import Arrival, Call, Item, Operation, Variable
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.ops.registry import find_operator
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType

Shape = tuple[int | None, ...]


def lacks_kernel(error: Exception) -> bool:
    """Whether TensorFlow has no kernel for this on the processor at hand: transposed dilation, unequal strides."""
    return any(words in str(error) for words in ("Current CPU implementation", "Current implementation"))


class Built(Record):
    """What Keras made of an operator: its tensors, and the layers with weights among them."""

    inputs: list[Any]
    outputs: list[Any]

    @property
    def model(self) -> Any:
        return keras.Model(self.inputs, self.outputs)

    @property
    def shapes(self) -> list[Shape]:
        """Shapes of the outputs, without the batch."""
        return [tuple(output.shape[1:]) for output in self.outputs]

    @property
    def dtypes(self) -> list[str]:
        return [keras.backend.standardize_dtype(output.dtype) for output in self.outputs]

    @property
    def weights(self) -> list[tuple[str, Shape, bool]]:
        """Name, shape and whether it is trained, in Keras's order."""
        return [(name, tuple(weight.shape), weight.trainable) for name, weight in _weights(self.outputs)]

    def run(self, *values: np.ndarray) -> Any:
        """The outputs for batches of values."""
        found = self.model(list(values))
        if isinstance(found, (list, tuple)):
            return [keras.ops.convert_to_numpy(value) for value in found]
        return keras.ops.convert_to_numpy(found)


def build(operator: Operator, types: Sequence[TensorType]) -> Built:
    """Run the operator's expression on Keras's symbolic tensors of these types."""
    inputs = [keras.Input(known(type.shape), dtype=type.dtype) for type in types]
    value = operator.lower(*(Arrival(type, index) for index, type in enumerate(types)))
    scope = {f"x{index}": tensor for index, tensor in enumerate(inputs)}
    found = evaluate(_named(value), scope)
    return Built(inputs, list(found) if isinstance(found, (list, tuple)) else [found])


def known(shape: Sequence[Any]) -> Shape:
    """The shape with None for symbolic sizes."""
    return tuple(size if isinstance(size, int) else None for size in shape)


def _named(value: Any) -> Any:
    """The expression with a variable for each arriving tensor."""
    match value:
        case Arrival():
            return Variable(f"x{value.index}")
        case Call():
            target = value.target if isinstance(value.target, str) else _named(value.target)
            kwargs = {name: _named(given) for name, given in value.kwargs.items()}
            return Call(target, tuple(map(_named, value.args)), kwargs)
        case Item():
            return Item(_named(value.value), value.index)
        case Operation():
            return Operation(value.operator, _named(value.left), _named(value.right))
        case list() | tuple():
            return type(value)(map(_named, value))
    return value


def weights_of(layer: Any) -> list[tuple[str, Any]]:
    """The weights of a Keras layer with their names; where these do not tell them apart, their paths in the layer."""
    names = [weight.name for weight in layer.weights]
    if len(set(names)) < len(names):
        names = [weight.path.removeprefix(f"{layer.path}/") for weight in layer.weights]
    return list(zip(names, layer.weights, strict=True))


def _weights(outputs: Sequence[Any]) -> list[tuple[str, Any]]:
    """The weights of all layers that lead to the outputs, with their names, first layers first."""
    found: list[tuple[str, Any]] = []
    seen: set[int] = set()

    def visit(tensor: Any) -> None:
        history = tensor._keras_history
        if id(history.operation) in seen:
            return
        seen.add(id(history.operation))
        node = history.operation._inbound_nodes[history.node_index]
        for source in node.input_tensors:
            visit(source)
        if isinstance(history.operation, keras.layers.Layer):
            found.extend(weights_of(history.operation))

    for output in outputs:
        visit(output)
    return found


class _Words(dict[str, Any]):
    """The names of an example's text: constants, and words for all the rest."""

    def __missing__(self, name: str) -> Any:
        constants = {"true": True, "false": False, "none": None}
        return constants[name] if name in constants else _CallableWord(name)


class _CallableWord(Word):
    """A word that may be written with settings."""

    def __init__(self, name: str) -> None:
        self.__dict__.update(name=name, args=(), kwargs=(), span=None)

    def __call__(self, *args: Any, **kwargs: Any) -> Word:
        return Word(self.name, args, tuple(kwargs.items()))


def plain(value: Any) -> Any:
    """A value as the elaborator gives it to a kind."""
    if isinstance(value, _CallableWord):
        return Word(value.name)
    if isinstance(value, float):
        return Fraction(str(value))
    if isinstance(value, (tuple, list)):
        return tuple(map(plain, value))
    return value


def read(flow: str) -> Iterator[Operator]:
    """The operators of a flow such as `Input(8, 8, 3) -> Conv(4, 3x3, padding=same)`."""
    for stage in flow.split("->"):
        name, _, inside = stage.strip().partition("(")
        inside = re.sub(r"\b(\d+)((?:x\d+)+)\b", lambda m: f"({m[1]}{m[2].replace('x', ', ')})", inside)
        args, kwargs = eval(f"_collect({inside or ')'}", {}, _Words(_collect=lambda *a, **k: (a, k)))
        yield make(name, *args, **kwargs)


def make(name: str, *args: Any, **kwargs: Any) -> Operator:
    """An operator with its arguments, positional ones as its parameters are declared."""
    cls = find_operator(name)
    assert cls is not None, f"no operator {name}"
    given = {key: plain(value) for key, value in kwargs.items()}
    positional = [declared for declared in cls.params.values() if declared.positional]
    if positional and positional[-1].variadic:
        given[positional[-1].name] = tuple(map(plain, args))
    else:
        given |= {declared.name: plain(value) for declared, value in zip(positional, args, strict=False)}
    made = cls(**given)
    assert isinstance(made, Operator)
    return made


def verdict(operator: Operator, types: Sequence[TensorType]) -> Any:
    """The type that comes out, or the RuleError."""
    try:
        return operator.infer(*types)
    except RuleError as error:
        return error

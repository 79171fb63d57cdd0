"""From a spec's text to a Keras model by the way of the commands: parsed, elaborated, lowered, built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.backends.lower import Lowered, lower
from nnspec.calls import Call, Item, Member, Operation
from nnspec.diagnostics.diagnostic import Diagnostics
from tests.program.checking import sound

keras: Any = import_keras()


def lowered(text: str) -> Lowered:
    """The statements of a spec without faults."""
    found = Diagnostics()
    made = lower(sound(text + "\n").graph, found)
    assert made is not None, found.sorted()
    return made


def model_of(text: str, seed: int | None = 1) -> Any:
    """The model of a spec without faults."""
    return build(lowered(text), seed)


def weights(model: Any, name: str) -> list[np.ndarray]:
    """The weights of this name, in order."""
    return [as_array(weight) for weight in model.weights if weight.name == name]


def weight(model: Any, name: str) -> np.ndarray:
    """The one weight of this name."""
    (found,) = weights(model, name)
    return found


def as_array(value: Any) -> np.ndarray:
    """A tensor's values."""
    return np.asarray(keras.ops.convert_to_numpy(value))


def run(model: Any, x: np.ndarray, *, training: bool = False) -> np.ndarray:
    """The one output of a model for a batch."""
    found = model(x, training=training)
    return as_array(found[0] if isinstance(found, (list, tuple)) else found)


def own_layers(made: Lowered) -> set[str]:
    """The layers of our own in the statements: their files' names and their own."""
    paths = [path for statement in made.statements for path in _targets(statement.value)]
    return {path.removeprefix("nnspec.backends.layers.") for path in paths if path.startswith("nnspec.")}


def _targets(value: Any) -> Iterator[str]:
    """The dotted paths that an expression calls."""
    match value:
        case Call():
            yield from [value.target] if isinstance(value.target, str) else _targets(value.target)
            yield from _targets([*value.args, *value.kwargs.values()])
        case list() | tuple():
            for item in value:
                yield from _targets(item)
        case dict():
            yield from _targets(list(value.values()))
        case Item() | Member():
            yield from _targets(value.value)
        case Operation():
            yield from _targets([value.left, value.right])

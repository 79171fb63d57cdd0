"""From a spec's text to a Keras model by the way of the commands: parsed, elaborated, lowered, built."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.backends.lower import Lowered, lower
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

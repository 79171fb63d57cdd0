"""What the tests of activations, normalisations, noise and merges share: types in short, and running an operator."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from nnspec.ops.operator import Operator
from nnspec.shapes.dim import recording
from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import build

RANDOM = np.random.default_rng(7)


def tensor(*shape: Any, dtype: str = "float32", batched: bool = True) -> TensorType:
    return TensorType(shape, dtype, batched)


def values(*shape: int, batch: int = 3) -> np.ndarray:
    return RANDOM.normal(size=(batch, *shape)).astype("float32")


def run(operator: Operator, *inputs: np.ndarray, training: bool = False) -> np.ndarray:
    """What Keras computes of batches when it runs the operator's expression."""
    types = [tensor(*x.shape[1:], dtype=str(x.dtype)) for x in inputs]
    model = build(operator, types).model
    return as_array(model(list(inputs), training=training))


def as_array(found: Any) -> np.ndarray:
    found = found[0] if isinstance(found, (list, tuple)) else found
    return np.asarray(keras.ops.convert_to_numpy(found))


def infer(operator: Operator, *types: TensorType) -> tuple[TensorType, list[str]]:
    """The type that comes out, and the conditions on symbolic sizes."""
    with recording() as conditions:
        found = operator.infer(*types)
    return found, [str(condition) for condition in conditions]

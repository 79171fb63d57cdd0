"""Which files `diff` takes, by their names, and what is said of those that it does not.

It opens no file. What others save is named here with the way to a format that is read, and no more.
"""

from __future__ import annotations

import os

from nnspec.cli.usage import UsageError
from nnspec.syntax.read import is_stream

#: What a spec's name ends in, and a model's that Keras saved.
SPECS = (".nn", ".yaml", ".yml")
SAVED = ".keras"

_TAKEN = "`diff` takes specs (.nn, .yaml, .yml) and models that Keras saved as .keras"
_OLDER = (".h5", ".hdf5")
_WEIGHTS = (".weights.h5", ".ckpt", ".safetensors", ".npz")
_OTHERS = {
    ".onnx": "ONNX", ".pt": "PyTorch", ".pth": "PyTorch", ".pt2": "PyTorch", ".pb": "TensorFlow",
    ".tflite": "TensorFlow Lite",
}  # fmt: skip


def is_saved(path: str) -> bool:
    """Whether a file is a model that Keras saved, by its name."""
    return path.lower().endswith(SAVED)


def verify_format(path: str) -> None:
    """Refuse a file whose name says that it is neither a spec nor a saved model; one that is not there is left alone.

    Raises: UsageError.
    """
    lower = path.lower()
    if is_stream(path) or lower.endswith((*SPECS, SAVED)) or not os.path.lexists(path):
        return
    if os.path.isdir(path):
        if os.path.exists(os.path.join(path, "saved_model.pb")):
            raise UsageError(
                f"{path} is a SavedModel of TensorFlow, which has operations and no layers: {_TAKEN}. "
                "Save the Keras model that it was exported from: `model.save('net.keras')`"
            )
        return  # folders are refused by every command that takes one file
    ending = os.path.splitext(lower)[1]
    if lower.endswith(_WEIGHTS):
        said = f"holds weights alone, and no layers: {_TAKEN}"
    elif ending in _OLDER:
        to = f"{os.path.splitext(os.path.basename(path))[0]}{SAVED}"
        said = f"is in Keras's older format: {_TAKEN}. Convert it: {_conversion(path, to)}"
    elif ending in _OTHERS:
        said = f"is a file of {_OTHERS[ending]} by its name: {_TAKEN}"
    else:
        said = f"is neither a spec nor a saved model by its name: it should end in .nn, .yaml, .yml or {SAVED}"
    raise UsageError(f"{path} {said}")


def _conversion(path: str, to: str) -> str:
    return f"`import keras; keras.models.load_model({path!r}).save({to!r})`"

"""Models that Keras saved, taken from their description alone: layers and sizes, no weights, and no code of others.

The archive is not trusted. Nothing of it is larger than a bound, only layers of Keras and of this package are made,
and none of what can carry code. It knows no spec.
"""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

from nnspec.backends.execute import resolve
from nnspec.backends.framework import import_keras, recursion_room
from nnspec.backends.keras_build import refusals

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

MAX_BYTES = 64_000_000
MAX_DEPTH = 200

_CONFIG = "config.json"
#: What Keras keeps of how a model is trained: an optimizer, losses, metrics. It is no part of the network.
_TRAINING = "compile_config"
#: What Keras, or this package, calls classes that stand for code or for files elsewhere.
_CODE = ("__lambda__", "__typespec__", "Lambda", "TorchModuleWrapper", "TFSMLayer", "FlaxLayer", "JaxLayer")
#: Modules whose classes are made: Keras's own, and the layers of this package.
_KNOWN = ("keras", "builtins", "nnspec.backends.layers")
#: What such classes are registered under.
_PACKAGES = ("keras", "builtins", "nnspec")


class SavedModelError(Exception):
    """The file is no model that can be read; the text says why."""


def open_model(path: str) -> Any:
    """The Keras model of a `.keras` file, without its weights.

    Raises: SavedModelError. FrameworkMissingError, where Keras is not installed.
    """
    description = _description(path)
    _verify(description)
    import_keras()
    resolve("nnspec.backends.layers")
    refused: tuple[type[Exception], ...] = (*refusals(), LookupError)
    try:
        with recursion_room(_count(description)), without_weights():
            model = resolve("keras.saving.deserialize_keras_object")(description, safe_mode=True)
    except RecursionError:
        raise SavedModelError("it is nested too deep") from None
    except refused as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise SavedModelError(f"Keras cannot make it: {said[0][:200]}") from None
    if not isinstance(model, resolve("keras.Model")):
        raise SavedModelError("it holds no model")
    if not _is_built(model):
        raise SavedModelError("its layers are not connected: build the model, or call it on data, before it is saved")
    return model


def _is_built(model: Any) -> bool:
    """Whether Keras knows what is called on what: not of a model that was never called."""
    try:
        return bool(model.inputs)
    except (AttributeError, ValueError):
        return False


def without_weights() -> AbstractContextManager[Any]:
    """While this lasts, layers have weights of known shapes and no values, which take no memory."""
    scope: AbstractContextManager[Any] = resolve("keras.StatelessScope")(initialize_variables=False)
    return scope


def _description(path: str) -> Any:
    """What the archive says of the model, less how it is trained.

    Raises: SavedModelError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_CONFIG).file_size > MAX_BYTES:
                raise SavedModelError(f"its description is larger than {MAX_BYTES // 10**6} MB")
            with archive.open(_CONFIG) as file:
                text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise SavedModelError(f"its description is larger than {MAX_BYTES // 10**6} MB")
        return json.loads(text, object_hook=_untrained)
    except KeyError:
        raise SavedModelError(f"it holds no {_CONFIG}: Keras 3 writes one into each `.keras` file") from None
    except (ValueError, RecursionError):
        raise SavedModelError(f"its {_CONFIG} is not JSON") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError):
        raise SavedModelError("it is no `.keras` file, or a damaged one") from None
    except OSError as error:
        raise SavedModelError((error.strerror or str(error)).lower()) from None


def _untrained(part: dict[str, Any]) -> dict[str, Any]:
    """A model's description without how it is trained: an optimizer has weights of its own, which are not made."""
    if "class_name" in part:
        part.pop(_TRAINING, None)
    return part


def _verify(description: Any) -> None:
    """Refuse what is not layers of Keras and of ours.

    Raises: SavedModelError.
    """
    todo: list[tuple[Any, int]] = [(description, 0)]
    while todo:
        part, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise SavedModelError("it is nested too deep")
        if isinstance(part, dict):
            _verify_class(part)
            todo += [(each, depth + 1) for each in part.values()]
        elif isinstance(part, list):
            todo += [(each, depth + 1) for each in part]


def _verify_class(part: dict[str, Any]) -> None:
    name, module, registered = (part.get(key) for key in ("class_name", "module", "registered_name"))
    if name in _CODE:
        raise SavedModelError(f"it holds code (`{name}`), which is not run")
    package, mark, _ = registered.partition(">") if isinstance(registered, str) else ("", "", "")
    if mark and package not in _PACKAGES:
        raise SavedModelError(f"it has a layer or function that is neither Keras's nor ours: `{registered}`")
    if not isinstance(name, str) or not isinstance(module, str):
        return
    if not any(module == known or module.startswith(f"{known}.") for known in _KNOWN):
        raise SavedModelError(f"it has a layer that is neither Keras's nor ours: `{module}.{name}`")


def _count(description: Any) -> int:
    """How many objects it describes, which bounds how deep Keras goes."""
    return json.dumps(description).count('"class_name"')

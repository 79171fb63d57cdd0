"""The state of a run: all variables of model and optimiser, the epoch, and what callbacks remember.

It is kept as plain arrays and numbers after every epoch, so that nothing in it can be run.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from nnspec.diagnostics.codes import training as codes
from nnspec.train.load import DAMAGED
from nnspec.train.run_folder import METRICS, RunFolder

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics

_STATE = "state.npz"
#: What early stopping, checkpoints and plateaus remember from epoch to epoch.
_MEMORY = ("best", "wait", "best_epoch", "stopped_epoch", "cooldown_counter", "epochs_since_last_save")


def keep(folder: RunFolder, model: Any, callbacks: list[Any], epoch: int) -> None:
    """Write the state down; the old one stays until the new one is whole."""
    arrays = {f"variable_{index}": np.asarray(variable) for index, variable in enumerate(_variables(model))}
    memory = []
    for index, callback in enumerate(callbacks):
        memory.append({name: _plain(getattr(callback, name)) for name in _MEMORY if _has(callback, name)})
        for place, weight in enumerate(getattr(callback, "best_weights", None) or ()):
            arrays[f"best_{index}_{place}"] = np.asarray(weight)
    said = json.dumps({"epoch": epoch, "callbacks": memory})
    temporary = folder.file(f".state-{os.getpid()}.npz")  # another run in the folder has its own
    with open(temporary, "wb") as file:
        np.savez(file, allow_pickle=False, said=np.array(said), **{name: _storable(a) for name, a in arrays.items()})
    os.replace(temporary, folder.file(_STATE))


def _variables(model: Any) -> list[Any]:
    """Model and optimiser: weights, moments, counters, seeds."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def _storable(array: Any) -> Any:
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def _has(callback: Any, name: str) -> bool:
    value = getattr(callback, name, None)
    return value is not None and np.ndim(value) == 0 and isinstance(value, (int, float, np.number))


def _plain(value: Any) -> int | float:
    return int(value) if isinstance(value, (int, np.integer)) else float(value)


def restore(folder: RunFolder, model: Any, callbacks: list[Any], found: Diagnostics) -> int | None:
    """Put a state back, and return the epoch to begin with; None where it does not fit, which is reported.

    The last of the callbacks is the run's own monitor.
    """
    path, span = folder.file(_STATE), folder.span
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        said = json.loads(str(arrays.pop("said")))
        epoch, memory = int(said["epoch"]), list(said["callbacks"])
    except DAMAGED as error:
        why = "it is no archive of plain arrays" if "pickle" in str(error) else str(error)[:150]
        found.report(codes.BAD_RUN, f"{path} cannot be read: {why}", span,
                     help="the run cannot be continued; train anew")  # fmt: skip
        return None
    variables = _variables(model)
    kept = [arrays.get(f"variable_{index}") for index in range(len(variables))]
    fits = f"variable_{len(variables)}" not in arrays and all(
        array is not None and tuple(array.shape) == tuple(variable.shape)
        for array, variable in zip(kept, variables, strict=True)
    )
    if not fits:
        found.report(codes.BAD_RUN, f"{folder.path} is a run of another network or optimiser", span,
                     help="resume with the spec that began it, or train anew")  # fmt: skip
        return None
    try:
        folder.keep_epochs(epoch + 1)
    except DAMAGED as error:
        found.report(codes.BAD_RUN, f"{folder.file(METRICS)} cannot be read: {str(error)[:150]}", span,
                     help="mend or remove it; the figures of its epochs are lost with it")  # fmt: skip
        return None
    for array, variable in zip(kept, variables, strict=True):
        variable.assign(array)
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):  # it computes with what it made of its variables
            layer.finalize_state()
    monitor = callbacks[-1]
    monitor.put_back = lambda: _remember(callbacks[:-1], memory, arrays)
    return epoch + 1


def _remember(callbacks: list[Any], memory: list[dict[str, Any]], arrays: dict[str, Any]) -> None:
    """What callbacks knew; one that the spec has added since begins anew."""
    for index, (callback, known) in enumerate(zip(callbacks, memory, strict=False)):
        for name, value in known.items():
            if name in _MEMORY and hasattr(callback, name):
                setattr(callback, name, value)
        best = [arrays[f"best_{index}_{place}"] for place in range(len(arrays)) if f"best_{index}_{place}" in arrays]
        if best:
            callback.best_weights = best

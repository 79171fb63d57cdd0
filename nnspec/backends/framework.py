"""The one door to Keras: chosen, quietened and imported when the first call is run, never before.

The user's own choices, in the environment or in Keras's configuration file, are left as they are.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

#: Frameworks that Keras runs on, in the order in which we look for one: (Keras's name, its module).
FRAMEWORKS = (("tensorflow", "tensorflow"), ("jax", "jax"), ("torch", "torch"))
_MODULES = dict(FRAMEWORKS)

#: Chains longer than this do not fit into Python's usual limit of 1000 frames: Keras takes one a layer.
DEEP = 800


class FrameworkMissingError(ImportError):
    """Keras, or what it runs on, is not installed."""


def import_keras() -> ModuleType:
    """Keras, on the framework that the user chose, else on the first one that is installed.

    Raises: FrameworkMissingError.
    """
    if "keras" not in sys.modules:
        if find_spec("keras") is not None:
            _choose_framework()
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with _quiet_start():
            _import("keras")
    return sys.modules["keras"]


def has_float64() -> bool:
    """Whether the framework in use computes with float64: JAX takes float32 for it, unless it is told otherwise."""
    if import_keras().config.backend() != "jax":
        return True
    return bool(importlib.import_module("jax").config.jax_enable_x64)


def _choose_framework() -> None:
    """Name a framework that is installed, unless the environment names one, or Keras's own choice is there.

    Raises: FrameworkMissingError.
    """
    named = os.environ.get("KERAS_BACKEND")
    wanted = named or _configured() or "tensorflow"
    if find_spec(_MODULES.get(wanted, wanted)) is not None:
        return
    installed = next((name for name, module in FRAMEWORKS if find_spec(module) is not None), None)
    if named:
        raise FrameworkMissingError(
            f"KERAS_BACKEND is {named}, which is not installed{_instead(installed)}", name=named
        )
    if installed is None:
        raise FrameworkMissingError(
            "Keras runs on TensorFlow, JAX or PyTorch, and none of them is installed: "
            'pip install "nnspec[tensorflow]" (or [jax], [torch])', name=wanted
        )  # fmt: skip
    os.environ["KERAS_BACKEND"] = installed


def _instead(installed: str | None) -> str:
    return f"; {installed} is: set KERAS_BACKEND={installed}" if installed else ""


def _configured() -> str | None:
    """The framework that Keras's configuration file names. Keras writes that file itself, so it is no firm choice."""
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    try:
        with open(os.path.join(home, "keras.json"), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return None
    return found.get("backend") if isinstance(found, dict) else None


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        raise FrameworkMissingError(
            f'{missing} is not installed: pip install "nnspec[tensorflow]" (or [jax], [torch])', name=missing
        ) from error


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Hold back what frameworks write to the terminal while they are imported; show it if that fails."""
    try:
        terminal = os.dup(2)
    except OSError:  # no standard error to be quiet on
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except KeyboardInterrupt:  # nothing failed
            raise
        except BaseException:
            held.seek(0)
            os.write(terminal, held.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


@contextmanager
def recursion_room(depth: int) -> Iterator[None]:
    """Let Keras follow a chain of `depth` layers; Python's recursion limit is put back afterwards."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + depth)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)

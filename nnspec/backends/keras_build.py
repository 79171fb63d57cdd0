"""Runs the statements of a lowered model: the Keras model in this process."""

from __future__ import annotations

import json
import os
import re
import sys
import zipfile
from typing import TYPE_CHECKING, Any

from nnspec.backends.execute import evaluate, resolve, run_statement
from nnspec.backends.framework import import_keras, recursion_room
from nnspec.backends.lower import Lowered, lower, weights_of
from nnspec.diagnostics.codes import backends as codes
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.shapes.dim import is_known, product

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.program.graph import Graph
    from nnspec.shapes.dim import Dim

#: What Keras and the frameworks below it raise for values that they do not take.
_REFUSALS = (ValueError, TypeError, NotImplementedError, RuntimeError, ArithmeticError, AttributeError, MemoryError)


BYTES_PER_WEIGHT = 4


class BuildError(Exception):
    """The model cannot be built; `found` says why and where."""

    def __init__(self, found: Diagnostics) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in found.sorted()))
        self.found = found


def build(model: Graph | Lowered, seed: int | None = None, watch: Callable[[int, Any], None] | None = None) -> Any:
    """The `keras.Model` of a graph, or of one that is lowered already.

    `watch` is told what each statement gave, with the index of its layer in the graph.

    With a seed, the random numbers of Python, numpy and the framework are set before the first layer
    is made, so that the same seed gives the same weights here and in printed source.

    Raises: BuildError, with located diagnostics. FrameworkMissingError, where Keras is not installed.
    """
    found = Diagnostics()
    lowered = model if isinstance(model, Lowered) else lower(model, found)
    if lowered is None:
        raise BuildError(found)
    _check_memory(lowered, found)
    import_keras()
    if seed is not None:
        resolve("keras.utils.set_random_seed")(seed)
    with recursion_room(lowered.depth):
        return _run(lowered, found, watch)


def _run(lowered: Lowered, found: Diagnostics, watch: Callable[[int, Any], None] | None) -> Any:
    scope: dict[str, Any] = {}
    current = 0
    try:
        for current, statement in enumerate(lowered.statements):
            value = run_statement(statement, scope)
            if watch is not None:
                watch(lowered.layers[current], value)
        return evaluate(lowered.model, scope)
    except RecursionError:
        raise
    except refusals() as error:
        layer = lowered.graph.layers[lowered.layers[current]]
        lines = _said(error) or [type(error).__name__]
        found.report(
            codes.REFUSED_BY_KERAS,
            f"Keras refuses this layer: {lines[0][:200]}",
            layer.span,
            label=layer.name,
            notes=tuple(line[:200] for line in lines[1:6] if line.strip()),
        )
        raise BuildError(found) from error


def _said(error: Exception) -> list[str]:
    """What an error says, without colours and the names of a framework's own functions."""
    plain = re.sub(r"\x1b\[[0-9;]*m|\{\{.*?\}\} ?", "", str(error))
    return plain.strip().splitlines()


def _check_memory(lowered: Lowered, found: Diagnostics) -> None:
    """Refuse what cannot fit: a process that is killed for its memory says nothing.

    Raises: BuildError.
    """
    graph = lowered.graph
    sizes = {
        index: sum(_known(product(weight.shape)) for weight in weights_of(graph, layer))
        for index, layer in enumerate(graph.layers) if layer.shares is None
    }  # fmt: skip
    needed, memory = BYTES_PER_WEIGHT * sum(sizes.values()), _memory_bytes()
    if memory is None or needed <= memory:
        return
    largest = max(sizes, key=lambda index: sizes[index])
    found.report(
        codes.TOO_LARGE_FOR_MEMORY,
        f"the weights of `{graph.name}` take {needed / 1e9:,.1f} GB, and this machine has {memory / 1e9:,.1f} GB",
        graph.layers[largest].span,
        label=f"{BYTES_PER_WEIGHT * sizes[largest] / 1e9:,.1f} GB",
        help="make this layer smaller; `nnspec summary` shows what each layer takes, whatever its size",
    )
    raise BuildError(found)


def _known(size: Dim) -> int:
    return size if is_known(size) else 0  # never: it is known, or it were not lowered


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not every system says
        return None


def refusals() -> tuple[type[Exception], ...]:
    """The errors by which Keras, on the framework in use, refuses a layer."""
    tensorflow = sys.modules.get("tensorflow")
    return (*_REFUSALS, tensorflow.errors.OpError) if tensorflow is not None else _REFUSALS


def load(path: str) -> Any:
    """A saved model, however deep, with our own layers known by name.

    Raises: FrameworkMissingError; what Keras raises for files that it cannot read.
    """
    import_keras()
    resolve("nnspec.backends.layers")
    with recursion_room(_saved_layers(path)):
        return resolve("keras.models.load_model")(os.fspath(path))


def _saved_layers(path: str) -> int:
    """How many layers a saved model names, which bounds its depth; 0 where that is not known."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read("config.json").count(json.dumps("class_name").encode())
    except (OSError, KeyError, zipfile.BadZipFile):
        return 0

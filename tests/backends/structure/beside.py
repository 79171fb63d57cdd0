"""A spec's generated file beside the model that is built of the spec: the same layers, weights and outputs.

    python -m tests.backends.structure.beside [SPEC…]

holds all specs, or those that are named, against what is built of them, whatever their size, at another value of each
of their params too. `test_zoo.py` does it for all that are small enough.
"""

from __future__ import annotations

import functools
import glob
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnspec.backends.framework import import_keras, recursion_room
from nnspec.backends.keras_build import build
from nnspec.backends.keras_source import function_names
from nnspec.backends.lower import Lowered, lower
from nnspec.cli.generate import source_text
from nnspec.cli.options import Chosen
from nnspec.cli.output import Output
from nnspec.cli.specs import Report, read_one
from nnspec.cli.stop import promises_as_warnings
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.graph import flatten

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
LIBRARIES = {"specs/residual/blocks.nn"}
SPECS = sorted(
    path
    for found in glob.glob(os.path.join(ROOT, "specs", "**", "*.*"), recursive=True)
    if (path := os.path.relpath(found, ROOT)) not in LIBRARIES
)

#: Models of more weights than this are compared by their layers alone.
MOST_PARAMS = 5_000_000
#: Models with inputs of more values than this, for one example, are not run.
MOST_VALUES = 10_000_000
#: Specs that are left to the command, for they are very deep, or have 60 million weights and more.
LARGE = {
    f"specs/{name}.nn"
    for name in (
        *(f"residual/{name}" for name in ("preact_resnet164", "resnet101", "resnet110", "resnet152", "resnet1202")),
        *(f"vision/{name}" for name in ("alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "vit")),
        *("sequence/rnnsearch", "sequence/transformer", "text/bert"),
    )
}
#: Of sizes that are open, so many.
OPEN = 7
#: What a layer's configuration says that is no setting: names, and how the layers inside are kept.
BOOKKEEPING = {"name", "module", "registered_name", "build_config", "seed"}
SEED = 3


@functools.lru_cache(maxsize=128)
def read(spec: str, params: tuple[tuple[str, str], ...] = ()) -> Report:
    """The spec, as the command line reads it."""
    return promises_as_warnings(read_one(os.path.join(ROOT, spec), Chosen(params, (), (), None, False)))


@functools.lru_cache(maxsize=128)
def written(spec: str) -> str:
    """What `nnspec generate` writes of a spec."""
    found = Diagnostics()
    text = source_text(read(spec), Chosen((), (), (), None, False), Output.errors("never"), found)
    assert text is not None, found.sorted()
    return text


@functools.lru_cache(maxsize=128)
def scope_of(spec: str) -> dict[str, Any]:
    """What the generated file defines, run."""
    scope: dict[str, Any] = {"__name__": "generated"}
    exec(compile(written(spec), f"{spec}.py", "exec"), scope)
    return scope


def lowered_models(report: Report) -> list[Lowered]:
    """The models of a spec, ready to be built."""
    found = Diagnostics()
    made = [lower(flatten(counted.model), found) for counted in report.models]
    return [model for model in made if model is not None]


def builders(spec: str) -> list[tuple[Lowered, Callable[..., Any]]]:
    """The models of a spec, each with the function of the generated file that makes it."""
    models = lowered_models(read(spec))
    functions = function_names(models)
    return [(model, scope_of(spec)[name]) for model, name in zip(models, functions, strict=True)]


def functions_of(spec: str) -> list[Callable[..., Any]]:
    """The functions of the generated file that make models."""
    return [made for name, made in scope_of(spec).items() if name.startswith("build_")]


def arguments(function: Callable[..., Any]) -> dict[str, Any]:
    """The arguments of a function, with their defaults."""
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


def other_value(spec: str, name: str, value: Any) -> Any:
    """Another value that a param can have.

    Raises: LookupError, where none is found.
    """
    if isinstance(value, bool):
        near = [not value]
    elif isinstance(value, (int, float)):
        near = [value + 1, value * 2, value - 1, value * 4, value / 2] if isinstance(value, int) else [value / 2]
    else:
        raise LookupError(f"no other value of {name} = {value!r} is known")
    for other in near:
        if type(other) is type(value) and not read(spec, ((name, _spelled(other)),)).has_errors:
            return other
    raise LookupError(f"no value beside {name} = {value!r} is valid")


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def compare_params(spec: str, names: Sequence[str] | None = None) -> str:
    """Compare what is built at other values of params with what the functions give for them; says at which."""
    said: list[str] = []
    for _, function in builders(spec):
        for name, value in arguments(function).items():
            if names is None or name in names:
                other = other_value(spec, name, value)
                changed = lowered_models(read(spec, ((name, _spelled(other)),)))
                functions = [make for _, make in builders(spec)]
                compare(changed[functions.index(function)], functools.partial(function, **{name: other}))
                said.append(f"{name}={other}")
    return " ".join(said)


def params_of(lowered: Lowered) -> int:
    """How many weights a model has, by our own count."""
    from nnspec.backends.lower import weights_of

    graph = lowered.graph
    return sum(
        int(np.prod(weight.shape))
        for layer in graph.layers
        if layer.shares is None
        for weight in weights_of(graph, layer)
    )


def compare(lowered: Lowered, make: Callable[[], Any]) -> str:
    """What was compared, in words; an AssertionError says what differs."""
    if params_of(lowered) > MOST_PARAMS:
        with without_weights():
            one, other = made(lambda: build(lowered), lowered), made(make, lowered)
            compare_layers(one, other)
        return f"{len(one._operations)} layers"
    one, other = made(lambda: build(lowered), lowered), made(make, lowered)
    compare_layers(one, other)
    for first, second in zip(one.weights, other.weights, strict=True):
        message = f"one seed gives other weights {first.path}"
        np.testing.assert_array_equal(np.array(first), np.array(second), err_msg=message)
    said = f"{len(one._operations)} layers, {one.count_params():,} weights"
    if any(np.prod([size or OPEN for size in tensor.shape[1:]]) > MOST_VALUES for tensor in one.inputs):
        return said
    compare_outputs(one, other)
    return f"{said} and the outputs"


def without_weights() -> Any:
    """Models that are made in this context have weights that are shapes alone."""
    return import_keras().src.backend.StatelessScope(initialize_variables=False)


def made(make: Callable[[], Any], lowered: Lowered) -> Any:
    """A model made from nothing, at one seed."""
    keras: Any = import_keras()
    keras.utils.clear_session()
    keras.utils.set_random_seed(SEED)
    with recursion_room(lowered.depth):
        return make()


def compare_layers(one: Any, other: Any) -> None:
    """The same layers in the same order, called with the same tensors; the same names outside."""
    same("name", one.name, other.name)
    same("inputs", [tensor.name for tensor in one.inputs], [tensor.name for tensor in other.inputs])
    if len(one.outputs) > 1:  # the names by which a user gives targets
        same("outputs", one.output_names, other.output_names)
    same("layers", list(map(_class_of, one._operations)), list(map(_class_of, other._operations)))
    firsts, seconds = _Positions(one), _Positions(other)
    for first, second in zip(one._operations, other._operations, strict=True):
        same(f"settings of {first.name}", settings(first.get_config()), settings(second.get_config()))
        same(f"weights of {first.name}", _weights_of(first), _weights_of(second))
        if _class_of(first) != "LearnedTensor":  # of any tensor it takes the number of examples alone
            same(f"calls of {first.name}", firsts.calls(first), seconds.calls(second))
    same("outputs", firsts.of(one.outputs), seconds.of(other.outputs))
    same("inputs", firsts.of(one.inputs), seconds.of(other.inputs))
    same("weights", _weights_of(one), _weights_of(other))


def same(what: str, built: Any, generated: Any) -> None:
    """Both are equal; the first difference is said."""
    if isinstance(built, list) and isinstance(generated, list) and len(built) == len(generated):
        for number, (first, second) in enumerate(zip(built, generated, strict=True)):
            same(f"{what}[{number}]", first, second)
    assert built == generated, f"{what}: {built} is built, {generated} generated"


def _class_of(operation: Any) -> str:
    return type(operation).__name__


def _weights_of(operation: Any) -> list[tuple[Any, ...]]:
    return [(tuple(weight.shape), weight.dtype, weight.trainable) for weight in getattr(operation, "weights", ())]


def settings(config: Any) -> Any:
    """A layer's configuration without names and bookkeeping."""
    if isinstance(config, dict):
        return {key: settings(value) for key, value in config.items() if key not in BOOKKEEPING}
    return [settings(item) for item in config] if isinstance(config, (list, tuple)) else config


class _Positions:
    """The tensors of a model, by the layers that give them: which in order, at which call, which output."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.order = {id(operation): number for number, operation in enumerate(model._operations)}
        self.nodes = {id(node) for nodes in model._nodes_by_depth.values() for node in nodes}

    def calls(self, operation: Any) -> list[Any]:
        """With what the model calls a layer, each time."""
        return [
            (self.of(node.arguments.args), self.of(node.arguments.kwargs))
            for node in operation._inbound_nodes
            if id(node) in self.nodes and not node.is_input
        ]

    def of(self, value: Any) -> Any:
        """A value with places in place of tensors."""
        if isinstance(value, dict):
            return {key: self.of(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(item) for item in value]
        if isinstance(value, slice):
            return repr(slice(value.start or None, value.stop, value.step))
        history = getattr(value, "_keras_history", None)
        if history is None:
            return repr(value)
        nodes = [id(node) for node in history.operation._inbound_nodes if id(node) in self.nodes]
        node = nodes.index(id(history.operation._inbound_nodes[history.node_index]))
        return ("tensor", self.order[id(history.operation)], node, history.tensor_index)


def compare_outputs(one: Any, other: Any) -> None:
    """The same outputs for the same weights, which are random."""
    random = np.random.default_rng(5)
    values = [_weight(weight, random) for weight in one.weights]
    one.set_weights(values)
    other.set_weights(values)
    given = [_batch(tensor, random) for tensor in one.inputs]
    for first, second in zip(_outputs(one, given), _outputs(other, given), strict=True):
        assert np.isfinite(first).all()
        np.testing.assert_allclose(first, second, rtol=1e-6, atol=1e-6 * max(1.0, float(np.abs(first).max())))


def _weight(weight: Any, random: np.random.Generator) -> Any:
    if "float" not in weight.dtype:
        return np.array(weight)
    shape = tuple(weight.shape)
    if len(shape) < 2:
        return random.uniform(0.5, 1.5, shape).astype(weight.dtype)
    return (random.normal(size=shape) * np.prod(shape[:-1]) ** -0.5).astype(weight.dtype)


def _batch(tensor: Any, random: np.random.Generator) -> Any:
    shape = (2, *(size or OPEN for size in tensor.shape[1:]))
    if "float" in tensor.dtype:
        return random.normal(size=shape).astype(tensor.dtype)
    return random.integers(0, 2, shape).astype(tensor.dtype)


def _outputs(model: Any, given: list[Any]) -> list[Any]:
    made = model(given if len(given) > 1 else given[0], training=False)
    return [np.array(output) for output in (made if isinstance(made, (list, tuple)) else [made])]


def main(specs: list[str]) -> int:
    """Compare specs, all by default; 1 where one differs."""
    import time

    failed = 0
    for spec in specs or SPECS:
        began = time.process_time()
        try:
            said = ", ".join([*(compare(lowered, make) for lowered, make in builders(spec)), compare_params(spec)])
        except Exception as error:
            said, failed = f"FAILED: {type(error).__name__}: {' '.join(str(error).split())[:400]}", failed + 1
        print(f"{spec}: {said} ({time.process_time() - began:.1f} s of work)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs generated source against a Keras that only takes notes: which layers are made, and what they are called with.

The source that keeps the structure of a spec must make and call the same layers, in the same order, as
the one in which every layer is a statement. Nothing is computed, so thousands of specs can be rehearsed;
tensors know the shapes of our own graph, for `x.shape[-1]`.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_source import function_names, generate
from nnspec.backends.lower import Lowered, _Lowering
from nnspec.backends.structure.vary import Structure, find_structure
from nnspec.backends.variables import variable_name
from nnspec.compiler import Settings, compile_tree, with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.graph import flatten
from nnspec.program.program import Program
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType
from nnspec.source import SourceFile
from nnspec.syntax.read import parse

keras = import_keras()

#: The types of what a call gives, None where it is inside an operator.
Outs: TypeAlias = "tuple[TensorType | None, ...]"
IDENTITY = "keras.layers.Identity"  # carries the name of an output, and is no call here


class Differs(AssertionError):  # noqa: N818
    """Structured source does something else than the spec says."""


class Plain:
    """A spec at one setting: its program, its models as single statements, and what they do."""

    def __init__(self, text: str, params: Mapping[str, str] | None = None, path: str = "net.nn") -> None:
        self.settings = Settings(tuple((params or {}).items()))
        self.found = Diagnostics()
        file = SourceFile(path, text)
        self.program: Program = with_deep_stack(
            lambda: compile_tree(parse(file, self.found, yaml=path.endswith(".yaml")), self.settings, self.found)
        )
        self.is_sound = not self.found.has_errors and bool(self.program.models)
        self.lowered: list[Lowered] = []
        self.types: list[list[Outs]] = []
        self.inputs: list[dict[str, TensorType]] = []
        for model in self.program.models if self.is_sound else ():
            lowering = _Lowering(flatten(model), self.found)
            if not lowering.has_all_layers():
                self.is_sound = False
                return
            lowered = lowering.finish()
            self.lowered.append(lowered)
            ledger = lowering.ledger
            ports = lowering.graph.inputs
            self.inputs.append(
                {name: lowering.graph.type_of(port) for name, port in zip(lowered.inputs, ports, strict=True)}
            )
            self.types.append([
                tuple([ledger.types[out.index] for out in step.outs])
                for step, statement in zip(ledger.steps, lowered.statements, strict=True)
                if not _is_apart(statement.value)
            ])  # fmt: skip

    @functools.cached_property
    def text(self) -> str:
        return generate(self.lowered, title="A test.")

    @functools.cached_property
    def notes(self) -> list[Notes]:
        """What the models' builders do."""
        names = function_names(self.lowered)
        parts = zip(names, self.types, self.inputs, strict=True)
        return [perform(self.text, name, types, inputs, {}) for name, types, inputs in parts]

    def structure(self) -> Structure | None:
        return find_structure(self.program.tree, self.settings)

    def structured(self, structure: Structure) -> str:
        return generate(self.lowered, title="A test.", structure=structure)


def _is_apart(value: Any) -> bool:
    """Whether a statement makes no tensor, or one that has no place in the order of calls."""
    target = getattr(value, "target", None)
    if not isinstance(target, str):
        return getattr(target, "target", None) == IDENTITY
    return target == "keras.Input" or target.startswith(("keras.layers.", "nnspec."))


class Made:
    """A layer, or another object of Keras, that the source makes: its class and its arguments."""

    def __init__(self, stage: Stage, path: str, kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.stage = stage
        self.path = path
        self.name = kwargs.pop("name", None)
        self.arguments = _bound(kind, args, kwargs)
        self.number: int | None = None  # of layers in the order of their first calls

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.stage.call(self, args, kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Made) and self.described() == other.described()

    __hash__ = None  # type: ignore[assignment]

    def described(self) -> tuple[Any, ...]:
        return (self.path, self.arguments)


def _bound(kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The arguments by name, with defaults: `Dense(3)` is `Dense(units=3, use_bias=True, …)`."""
    known = {key: _plain(value) for key, value in kwargs.items()}
    if kind is None:
        return tuple(map(_plain, args)), sorted(known.items())
    bound = inspect.signature(kind.__init__).bind(None, *map(_plain, args), **known)
    bound.apply_defaults()
    given = {key: _plain(value) for key, value in bound.arguments.items() if key not in ("self", "name")}
    more = given.pop("kwargs", {})
    return sorted({**given, **more}.items(), key=lambda item: item[0])


def _plain(value: Any) -> Any:
    """A value that tells no lists from tuples."""
    if isinstance(value, Made):
        return value.described()
    if isinstance(value, Dotted):
        return ("dotted", value.path)
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


class Tensor:
    """The `position`-th output of a call."""

    def __init__(self, stage: Stage, call: int | str, position: int, type: TensorType | None, maker: Any) -> None:
        self.stage = stage
        self.call = call
        self.position = position
        self.type = type
        self.maker = maker

    @property
    def shape(self) -> tuple[int | None, ...]:
        if self.type is None:
            raise Differs("a tensor inside an operator is asked for its shape")
        sizes = tuple([size if isinstance(size, int) else None for size in self.type.shape])
        return (None, *sizes) if self.type.batched else sizes

    @property
    def dtype(self) -> Any:
        return ("dtype", None if self.type is None else self.type.dtype)

    def __getitem__(self, index: Any) -> Any:
        places = index if isinstance(index, tuple) else (index,)
        plain = [
            slice(each.start or None, each.stop, each.step) if isinstance(each, slice) else each for each in places
        ]
        return self.stage.call("getitem", (self, repr(plain)), {})

    def __iter__(self) -> Any:
        raise Differs("a tensor is taken apart")

    def __bool__(self) -> bool:
        raise Differs("a tensor as a condition")

    __hash__ = object.__hash__


def _arithmetic(sign: str) -> Any:
    return lambda self, other: self.stage.call(sign, (self, other), {})


for _sign in ("add", "sub", "mul", "truediv", "floordiv", "pow", "neg", "eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Tensor, f"__{_sign}__", _arithmetic(_sign))
    if _sign in ("add", "sub", "mul", "truediv"):
        setattr(Tensor, f"__r{_sign}__", _arithmetic(f"r{_sign}"))
Tensor.__neg__ = lambda self: self.stage.call("neg", (self,), {})  # type: ignore[attr-defined]


class Notes:
    """What a builder did: its calls in order, the layers that it made, the model's inputs and outputs."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.made: list[Made] = []
        self.more: list[Any] = []  # calls that reach no output, where another network is followed
        self.layers: list[Made] = []  # that were called, in the order of their first calls
        self.feeds: list[Any] = []
        self.gives: list[Any] = []
        self.names: list[Any] = []
        self.name: Any = None

    def difference(self, other: Notes) -> str | None:
        """What differs, in words; None where nothing does."""
        if len(self.calls) < len(other.calls):
            index = len(self.calls)
            return f"call {index} of {len(other.calls)}: {other.calls[index]} is not made, but {self.more}"
        for target, _ in self.more:
            if isinstance(target, Made) and target.number is None and "initializer" in str(target.arguments):
                return f"weights that nothing reads: {target.described()}"
        for what in ("feeds", "gives", "name"):
            if not agree(getattr(self, what), getattr(other, what)):
                return f"{what}: {getattr(self, what)}, {getattr(other, what)}"
        if len(self.gives) > 1 and self.names != other.names:
            return f"names of outputs: {self.names}, {other.names}"
        return None


def agree(ours: Any, theirs: Any) -> bool:
    """Whether two notes say the same: a whole number may stand for a float, never a float for a whole number."""
    if isinstance(theirs, tuple):
        if not isinstance(ours, tuple) and theirs and all(item == theirs[0] for item in theirs):
            return agree(ours, theirs[0])  # 1 for (1, 1)
        return isinstance(ours, tuple) and len(ours) == len(theirs) and all(map(agree, ours, theirs))
    if isinstance(ours, tuple):
        return all(agree(item, theirs) for item in ours) and isinstance(theirs, int)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(agree, ours, theirs))
    if isinstance(theirs, float):
        return isinstance(ours, (int, float)) and math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    return type(ours) is type(theirs) and bool(ours == theirs)


class Dotted:
    """Something of Keras by its path: a module, class or function."""

    def __init__(self, stage: Stage, path: str) -> None:
        self.stage = stage
        self.path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = f"{self.path}.{name}"
        if path in ("keras.Layer", "keras.layers.Layer"):
            return self.stage.layer_class
        return Dotted(self.stage, path)

    def __mro_entries__(self, bases: Any) -> Any:
        return (self.stage.layer_class,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        last = self.path.rpartition(".")[2]
        if self.path == "keras.saving.register_keras_serializable":
            return lambda cls: cls
        if self.path == "keras.Input":
            return Tensor(self.stage, kwargs["name"], 0, self.stage.inputs[kwargs["name"]], None)
        if self.path == "keras.Model":
            return self.stage.finish(*args, **kwargs)
        if last[:1].isupper():
            kind = functools.reduce(getattr, self.path.split(".")[1:], keras)
            made = Made(self.stage, self.path, kind, args, kwargs)
            if ".layers." in self.path:
                self.stage.notes.made.append(made)
            return made
        return self.stage.call(self.path, args, kwargs)


class Stage:
    """One performance of a builder."""

    def __init__(self, types: Sequence[Outs], inputs: Mapping[str, TensorType], follows: Notes | None) -> None:
        self.types = types
        self.inputs = inputs
        self.follows = follows
        self.notes = Notes()
        self.tensors = 0
        stage = self

        class Meta(type):
            """Makes notes in place of layers of our own."""

            def __call__(cls, *args: Any, **kwargs: Any) -> Any:
                made = Made(stage, cls.__name__, cls, args, kwargs)
                stage.notes.made.append(made)
                return made

        self.layer_class = Meta("Layer", (), {})

    def call(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A layer, or a function of Keras, is called."""
        if isinstance(target, Made) and target.path == IDENTITY:
            (given,) = args
            self.notes.made.remove(target)
            return Tensor(self, given.call, given.position, given.type, target)
        arguments = (self.fed(args), sorted((key, self.fed(value)) for key, value in kwargs.items()))
        if isinstance(target, Made) and target.path == "LearnedTensor":
            arguments = ()  # it looks at a batch alone, and all are as large
        index = len(self.notes.calls)
        if not self.is_next(target, arguments):
            self.notes.more.append((target, arguments))
            return Tensor(self, f"more {len(self.notes.more)}", 0, None, target)
        if isinstance(target, Made) and target.number is None:
            target.number = len(self.notes.layers)
            self.notes.layers.append(target)
        self.notes.calls.append((self.what(target, None), arguments))
        outs = tuple([Tensor(self, index, position, type, target) for position, type in enumerate(self.types[index])])
        return outs[0] if len(outs) == 1 else outs

    def is_next(self, target: Any, arguments: Any) -> bool:
        """Whether a call is the next of the network that is followed."""
        index = len(self.notes.calls)
        if self.follows is None:
            return True
        if index == len(self.follows.calls):
            return False
        return agree((self.what(target, len(self.notes.layers)), arguments), self.follows.calls[index])

    def what(self, target: Any, number: int | None) -> Any:
        """What is called: a layer by its number, `number` where it has none."""
        if not isinstance(target, Made):
            return target
        return (number if target.number is None else target.number, *target.described())

    def fed(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return ("tensor", value.call, value.position)
        if isinstance(value, (tuple, list)):
            return tuple(map(self.fed, value))
        return _plain(value)

    def finish(self, inputs: Any, outputs: Any, name: str | None = None) -> Notes:
        """The model is made."""
        notes = self.notes
        feeds = inputs if isinstance(inputs, list) else [inputs]
        gives = outputs if isinstance(outputs, list) else [outputs]
        notes.feeds, notes.gives, notes.name = self.fed(feeds), self.fed(gives), name
        notes.names = [getattr(each.maker, "name", None) for each in gives]
        return notes


def perform(
    text: str,
    builder: str,
    types: Sequence[Outs],
    inputs: Mapping[str, TensorType],
    arguments: Mapping[str, Any],
    follows: Notes | None = None,
) -> Notes:
    """What a builder of the source does, its calls giving tensors of these types, beside what another did."""
    stage = Stage(types, inputs, follows)
    fake = Dotted(stage, "keras")

    def importing(name: str, *args: Any) -> Any:
        return fake if name == "keras" else builtins.__import__(name, *args)

    scope = {"__name__": "rehearsed", "__builtins__": {**vars(builtins), "__import__": importing}}
    exec(compile(text, "model.py", "exec"), scope)
    notes = scope[builder](**arguments)
    assert isinstance(notes, Notes)
    return notes


def arguments_of(text: str) -> dict[str, dict[str, Any]]:
    """The parameters of each builder, with their defaults."""
    found: dict[str, dict[str, Any]] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.returns is not None and "Model" in ast.unparse(node.returns):
            names = [argument.arg for argument in node.args.args]
            found[node.name] = dict(zip(names, map(ast.literal_eval, node.args.defaults), strict=True))
    return found


class Outcome(Record):
    """How a spec went: `refused`, `unrolled` or `kept`, at how many settings it was compared, and what differs."""

    verdict: str
    settings: int = 0
    faults: tuple[str, ...] = ()


def rehearse(text: str, path: str = "net.nn") -> Outcome:
    """A spec's structured source against the plain one, at its own numbers and at others of each open param."""
    plain = Plain(text, path=path)
    if not plain.is_sound:
        return Outcome("refused")
    structure = plain.structure()
    if structure is None:
        return Outcome("unrolled")
    source = plain.structured(structure)
    faults = list(differing(plain, source, {}))
    settings = 1
    open_names = {name for given in arguments_of(source).values() for name in given}
    for name in structure.kept:
        if variable_name(name) not in open_names:
            continue
        default = next(
            given[variable_name(name)] for given in arguments_of(source).values() if variable_name(name) in given
        )
        for value in others(default):
            other = Plain(text, {name: spec_text(value)}, path)
            if not other.is_sound:
                continue
            settings += 1
            faults += [f"{name}={value}: {fault}" for fault in differing(other, source, {variable_name(name): value})]
    return Outcome("kept", settings, tuple(faults))


def differing(plain: Plain, source: str, given: Mapping[str, Any]) -> Iterator[str]:
    """What a source does otherwise than the models of a spec."""
    heads = arguments_of(source)
    names = function_names(plain.lowered)
    for name, types, inputs, notes in zip(names, plain.types, plain.inputs, plain.notes, strict=True):
        known = {key: value for key, value in given.items() if key in heads[name]}
        try:
            fault = perform(source, name, types, inputs, known, notes).difference(notes)
        except Exception as error:  # whatever a person who runs the file would meet
            fault = f"{type(error).__name__}: {error}"
        if fault is not None:
            yield f"{name}: {fault}"


def others(value: Any) -> list[Any]:
    """Other values of a param."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        near = [value + 1, value - 1, 0, 1, 2, 3, value * 2, value + 3, value * 4, 16]
        return [each for each in dict.fromkeys(near) if each >= 0 and each != value]
    if isinstance(value, float):
        return [value / 2, value / 4]
    if isinstance(value, tuple):
        return [each for each in (value[:-1], value[1:], value[::-1], (*value, *value[-1:])) if each != value]
    return []


def spec_text(value: Any) -> str:
    """A value as a spec writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(spec_text, value))}]"
    return str(value).lower()


__all__ = ["Differs", "Outcome", "Plain", "perform", "rehearse"]

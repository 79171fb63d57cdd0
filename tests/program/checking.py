"""What the compiler says of a spec text, in words that tests can state: shapes, counts, codes with their spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nnspec.analysis.conditions import conditions
from nnspec.analysis.quantities import Counts, count
from nnspec.compiler import compile_tree, with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostic, Diagnostics
from nnspec.program.graph import Graph, flatten
from nnspec.program.program import Model, Program
from nnspec.program.settings import Settings
from nnspec.source import SourceFile
from nnspec.syntax.read import parse


class Checked:
    """A program, and all that was found on the way to it."""

    def __init__(self, program: Program, found: Diagnostics) -> None:
        self.program = program
        self.found = found.sorted()

    def __getitem__(self, name: str) -> Model:
        return next(model for model in self.program.models if model.name == name)

    @property
    def model(self) -> Model:
        (model,) = self.program.models
        return model

    @property
    def counts(self) -> Counts:
        return count(self.model)

    @property
    def graph(self) -> Graph:
        return flatten(self.model)

    @property
    def shape(self) -> tuple[Any, ...]:
        (shape,) = self.shapes
        return shape

    @property
    def shapes(self) -> list[tuple[Any, ...]]:
        return [shape_of(output.type) for output in self.model.outputs]

    @property
    def operators(self) -> str:
        """The names of all layers, in the order of computation."""
        return " ".join(type(layer.operator).__name__ for layer in self.graph.layers)

    @property
    def conditions(self) -> list[str]:
        return [str(condition) for condition in conditions(self.model)]

    def of(self, severity: str) -> list[str]:
        """Code and marked text of each finding of a severity: `NN201 widht`."""
        return [shown(found) for found in self.found if found.severity == severity]

    @property
    def errors(self) -> list[str]:
        return self.of("error")

    @property
    def all(self) -> list[str]:
        return [f"{found.severity} {shown(found)}" for found in self.found]

    def only(self) -> Diagnostic:
        """The one error."""
        (found,) = [found for found in self.found if found.severity == "error"]
        return found


def shown(found: Diagnostic) -> str:
    return f"{found.code.number} {found.span.text}"


def shape_of(type: Any) -> tuple[Any, ...]:
    return tuple(size if isinstance(size, int) else str(size) for size in type.shape)


def check(
    text: str,
    params: Mapping[str, str] | None = None,
    sets: Mapping[str, str] | None = None,
    inputs: Sequence[tuple[str | None, str]] | str = (),
    path: str = "net.nn",
    **settings: Any,
) -> Checked:
    """Everything that the compiler says of a text."""
    given = ((None, inputs),) if isinstance(inputs, str) else tuple(inputs)
    chosen = Settings(tuple((params or {}).items()), tuple((sets or {}).items()), given, **settings)
    found = Diagnostics()
    file = SourceFile(path, text)
    program = with_deep_stack(lambda: compile_tree(parse(file, found, yaml=path.endswith(".yaml")), chosen, found))
    return Checked(program, found)


def sound(text: str, *args: Any, **kwargs: Any) -> Checked:
    """The same, for a text without errors."""
    checked = check(text, *args, **kwargs)
    assert not checked.errors, [f"{shown(found)}: {found.message}" for found in checked.found]
    return checked

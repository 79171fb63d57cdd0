"""The sizes that a spec takes, by trying them one by one: what `check` promises in letters, beside numbers.

On the side of numbers there is no solver: a size suits a spec where elaborating it with that size finds no error.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nnspec.compiler import compile_tree
from nnspec.diagnostics.diagnostic import Diagnostic, Diagnostics
from nnspec.program.elaborate import Elaborator
from nnspec.program.imports import Importer
from nnspec.program.liveness import forget
from nnspec.program.settings import Given, Settings, inputs_of, model_name
from nnspec.shapes.dim import Dim
from nnspec.shapes.tensor import TensorType
from nnspec.source import SourceFile
from nnspec.syntax import tree
from nnspec.syntax.read import parse
from tests.program.checking import Checked

#: A letter may not stand there (NN211), or there is too much to compute.
NOT_IN_LETTERS = {"NN211", "NN801", "NN802", "NN803"}
MOST = 600
MOST_LAYERS = 3_000

Sizes = Mapping[str, int]


class Refused(Exception):  # noqa: N818
    """There is an error, and one is enough."""


class UntilAnError(Diagnostics):
    """Ends elaboration at the first error."""

    def add(self, found: Diagnostic) -> None:
        if found.severity == "error":
            raise Refused


class Sized:
    """A spec whose inputs have letters among their sizes; it is read once, and tried as often as asked."""

    def __init__(self, syntax: tree.Tree, shapes: Mapping[str, tuple[int | str, ...]], **settings: Any) -> None:
        self.syntax = syntax
        self.shapes = shapes
        self.settings = Settings(**settings)
        self.inputs = dict(inputs_of(syntax, self.settings.model))
        self.letters = list(dict.fromkeys(s for shape in shapes.values() for s in shape if isinstance(s, str)))
        self.symbolic = self.checked({})

    @classmethod
    def of(cls, text: str) -> Sized:
        """A spec with one input, whose sizes are written there."""
        syntax = parse(SourceFile("net.nn", text), Diagnostics(), yaml=False)
        ((name, node),) = inputs_of(syntax, None)
        written = [argument.span.text for argument in node.arguments or ()]
        return cls(syntax, {name: tuple([int(size) if size.isdigit() else size for size in written])})

    def checked(self, sizes: Sizes) -> Checked:
        """All that `check` says of it, with numbers for some letters."""
        found = Diagnostics()
        inputs = tuple([(name, ",".join(map(str, self._shape(name, sizes)))) for name in self.shapes])
        settings = Settings(inputs=inputs, model=self.settings.model, params=self.settings.params)
        return Checked(compile_tree(self.syntax, settings, found), found)

    def takes(self, sizes: Sizes) -> bool:
        """Whether it suits these sizes, by elaborating it with them."""
        given = {
            id(self.inputs[name]): tuple([
                tree.Argument(node.span, None, tree.Number(node.span, size))
                for node, size in zip([self.inputs[name]] * 9, self._shape(name, sizes), strict=False)
                if isinstance(size, int)
            ])
            for name in self.shapes
        }  # fmt: skip
        found = UntilAnError()
        forget()
        named = Given(self.syntax, {}, {}, (), given, dict(sizes), model_name(self.syntax))
        try:
            Elaborator(found, named, Importer(found, self.syntax.file.path, None)).program()
        except Refused:
            return False
        return True

    def _shape(self, name: str, sizes: Sizes) -> list[int | str]:
        return [sizes.get(size, size) if isinstance(size, str) else size for size in self.shapes[name]]

    @property
    def errors(self) -> set[str]:
        """The numbers of the errors that it has in letters."""
        return {found.code.number for found in self.symbolic.found if found.severity == "error"}

    def promises(self, sizes: Sizes) -> bool:
        """Whether there is no error in letters, and the printed conditions hold as Python reads them."""
        return not self.errors and all(read(text, sizes) for text in self.symbolic.conditions)


def read(text: str, sizes: Sizes) -> Any:
    """A printed size or condition, by Python alone."""
    return eval(text, {"__builtins__": {}, "max": max, "min": min}, dict(sizes))


def letters_of(text: str) -> set[str]:
    """The letters in a printed size or condition."""
    return {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)} - {"max", "min"}


def others_of(spec: Sized, letter: str) -> dict[str, int]:
    """A size for the other letters at which some size of this one suits, found by trying equal ones; else 24."""
    others = [other for other in spec.letters if other != letter]
    suits = next((n for n in range(1, 200) if spec.takes(dict.fromkeys(spec.letters, n))), 24) if others else 0
    return dict.fromkeys(others, suits)


def wrong_sizes(spec: Sized, letter: str, tried: Iterable[int], taken: Iterable[int], others: Sizes) -> Iterator[str]:
    """Where the promise in letters differs from the sizes that were taken, of those tried."""
    if spec.errors & NOT_IN_LETTERS:
        return
    kept = set(taken)
    for size in tried:
        promised = spec.promises({**others, letter: size})
        if promised != (size in kept):
            said = sorted(spec.errors) or spec.symbolic.conditions
            yield f"{letter} = {size}, {dict(others)} is {'refused' if promised else 'taken'}, but check says {said}"


def wrong_figures(spec: Sized, sizes: Sizes) -> Iterator[str]:
    """Every size of every layer and all counts, letters evaluated beside numbers; the sizes must suit."""
    symbolic, numeric = spec.symbolic, spec.checked(sizes)
    for name in ("params", "trainable_params", "macs", "activation_bytes", "layers", "depth"):
        yield from _differing(name, getattr(symbolic.counts, name), getattr(numeric.counts, name), sizes)
    for mine, yours in zip(symbolic.model.outputs, numeric.model.outputs, strict=True):
        yield from _differing_types(mine.name, mine.type, yours.type, sizes)
    if numeric.counts.layers > MOST_LAYERS:
        return
    for ours, theirs in zip(symbolic.graph.layers, numeric.graph.layers, strict=True):
        for one, other in zip(ours.types, theirs.types, strict=True):
            yield from _differing_types(ours.name, one, other, sizes)


def _differing_types(name: str, said: Any, is_so: Any, sizes: Sizes) -> Iterator[str]:
    assert isinstance(said, TensorType)
    assert isinstance(is_so, TensorType)
    if (said.rank, said.dtype) != (is_so.rank, is_so.dtype):
        yield f"{name} at {dict(sizes)}: {said} and {is_so}"
    for axis, (mine, yours) in enumerate(zip(said.shape, is_so.shape, strict=False)):
        yield from _differing(f"{name}, axis {axis}", mine, yours, sizes)


def _differing(name: str, said: Dim, is_so: Any, sizes: Sizes) -> Iterator[str]:
    value = said if isinstance(said, int) else said.evaluate(sizes)
    as_read = read(str(said), sizes)
    if not value == as_read == is_so:
        yield f"{name} at {dict(sizes)}: {said} is {value}, Python reads {as_read}, and it is {is_so}"


__all__ = [
    "MOST", "NOT_IN_LETTERS", "Sized", "letters_of", "others_of", "read", "wrong_figures", "wrong_sizes",
]  # fmt: skip

"""The sizes of an input that come nearest to those it has and suit the network, where those it has do not.

The network is elaborated once more with letters for the sizes of one input; what it demands of them is solved,
and each answer is elaborated before it is given. Nothing here knows how an answer is shown, or what an edit is.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nnspec.analysis.conditions import conditions
from nnspec.compiler import Effort, compile_tree
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.mending.trial import Budget, Frugal
from nnspec.program.settings import inputs_of, model_name
from nnspec.record import Record, replace
from nnspec.shapes.nearest import nearest
from nnspec.shapes.tensor import SPATIAL_NAMES, TensorType
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.program.program import Model, Program
    from nnspec.program.settings import Settings
    from nnspec.source import Span

#: Sizes of an input, with OPEN for those that are letters, which stay what they are.
Shape = tuple[int, ...]

OPEN = 0


class NearestAxis(Record):
    """An axis whose size does not suit the network, and the nearest below and above that do, None where none does."""

    axis: int
    name: str
    given: int
    below: int | None
    above: int | None

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes that suit, the smaller first."""
        return tuple([size for size in (self.below, self.above) if size is not None])


class NearestSizes(Record):
    """What to change of one input, all else left as it is, so that the network is sound.

    `axes` are those that must change; `shapes` are whole shapes for it, the nearest first, each of them elaborated
    without an error. `model` is None for the file's own network.
    """

    model: str | None
    input: str
    span: Span
    shape: Shape
    axes: tuple[NearestAxis, ...]
    shapes: tuple[Shape, ...]


def nearest_sizes(
    program: Program, settings: Settings, model: Model, budget: Budget | None = None
) -> tuple[NearestSizes, ...]:
    """For each input of a model that is at fault, the sizes nearest to its own that mend it; few have any.

    Each costs some elaborations, so ask only where a shape is wrong; what a budget does not pay for is not found.
    """
    search = _Search(program, settings, model, Budget() if budget is None else budget)
    return tuple([found for name, node in search.inputs if (found := search.of(name, node)) is not None])


class _Search:
    """Elaborates one model of a file again and again, with other sizes of one of its inputs."""

    def __init__(self, program: Program, settings: Settings, model: Model, budget: Budget) -> None:
        self.budget = budget
        self.syntax = program.tree
        self.model = model.name
        self.is_own = model.name == model_name(program.tree)
        self.settings = replace(settings, model=model.name)
        self.inputs = list(inputs_of(program.tree, model.name))
        self.promises = [each for each in program.tree.statements if isinstance(each, tree.ExpectStatement)]
        self.open: dict[int, str] = {}  # of the input that is looked at
        self.shapes = {tensor.name: tensor.type.shape for tensor in model.inputs if isinstance(tensor.type, TensorType)}

    def of(self, name: str, node: tree.Apply) -> NearestSizes | None:
        """The answer for one input: all its axes but the last at once, or else one axis alone."""
        shape = self.shapes.get(name, ())
        sizes: Shape = tuple([size if isinstance(size, int) else OPEN for size in shape])
        self.open = {axis: str(size) for axis, size in enumerate(shape) if not isinstance(size, int)}
        letters = self._letters(node, len(sizes))
        for attempt in _attempts(len(sizes)):
            axes = [axis for axis in attempt if axis not in self.open]
            found = self._solved(name, sizes, {axis: letters[axis] for axis in axes})
            shapes = self._verified(name, sizes, found)
            if shapes:
                kept = tuple([_kept(axis, shapes) for axis in found])
                return NearestSizes(None if self.is_own else self.model, name, node.span, sizes, kept, shapes)
        return None

    def _letters(self, node: tree.Apply, rank: int) -> list[str]:
        """A letter for each axis: the one that is written there, which promises may name, else one of its own."""
        written = [argument.value for argument in node.arguments or () if argument.name is None]
        letters = []
        for axis in range(rank):
            own = written[axis] if len(written) == rank else None
            if isinstance(own, tree.Name) and own.name[0].isupper() and own.name not in self.open.values():
                letters.append(own.name)
                continue
            letter = f"Size{axis}"
            while letter in self.syntax.file.text or letter in self.open.values():
                letter += "x"
            letters.append(letter)
        return letters

    def _solved(self, name: str, sizes: Shape, letters: Mapping[int, str]) -> list[NearestAxis]:
        """The axes that must change, with the sizes that are demanded there; none where there is no answer."""
        model = self._elaborated(name, self._texts(sizes, letters)) if letters else None
        if model is None:
            return []
        demanded = conditions(model)
        own = set(letters.values())
        if any(len(condition.symbols) != 1 for condition in demanded if condition.symbols & own):
            return []  # a condition on several axes is left for the attempts with one
        found = []
        for axis, letter in letters.items():
            needed = [condition for condition in demanded if condition.symbols == {letter}]
            if not all(condition.evaluate({letter: sizes[axis]}) for condition in needed):
                below, above = nearest(letter, needed, sizes[axis])
                found.append(NearestAxis(axis, _axis_name(len(sizes), axis), sizes[axis], below, above))
        return found if all(axis.sizes for axis in found) else []

    def _verified(self, name: str, sizes: Shape, axes: Sequence[NearestAxis]) -> tuple[Shape, ...]:
        """The shapes that the answers make, the nearest first, without those that some other error refuses."""
        if not axes:
            return ()
        shapes = dict.fromkeys(_shapes(sizes, axes))
        return tuple([shape for shape in shapes if self._elaborated(name, self._texts(shape, {})) is not None])

    def _texts(self, sizes: Shape, letters: Mapping[int, str]) -> list[str]:
        """Sizes as `--input` gives them, with letters for some axes."""
        return [letters.get(axis) or self.open.get(axis) or str(size) for axis, size in enumerate(sizes)]

    def _elaborated(self, name: str, texts: list[str]) -> Model | None:
        """The model with these sizes of an input; None where it has errors."""
        others = tuple([given for given in self.settings.inputs if given[0] not in (None, name)])
        if self.budget.is_spent:
            return None
        found, effort = Diagnostics(), Effort()
        settings = replace(self.settings, inputs=(*others, (name, ",".join(texts))))
        make = partial(Frugal, most=self.budget.work)
        program = compile_tree(self.syntax, settings, found, effort=effort, make=make)
        self.budget.take(effort.spent)
        if not program.models or any(self._concerns(error, texts) for error in found.errors()):
            return None
        return program.models[0]

    def _concerns(self, error: Diagnostic, texts: list[str]) -> bool:
        """Whether an error stands in the way; with letters no promise does, which may be one for numbers alone."""
        promised = any(_lies_in(error.span, each.span) for each in self.promises)
        return concerns(error, self.model, self.syntax) and not (promised and not all(map(str.isdigit, texts)))


def concerns(error: Diagnostic, model: str, syntax: tree.Tree) -> bool:
    """Whether an error is one of this model: one of another network, met on no way from here, says nothing of it."""
    is_own = model == model_name(syntax)
    places = [error.span, *(frame.span for frame in error.trace)]
    return not any(
        _is_other(statement, model, is_own) and any(_lies_in(place, statement.span) for place in places)
        for statement in syntax.statements
    )


def _is_other(statement: tree.AnyStatement, model: str, is_own: bool) -> bool:
    """Whether a statement is part of another network of the file."""
    if isinstance(statement, tree.ModelStatement):
        return is_own or statement.name.name != model
    return not is_own and isinstance(statement, (tree.FlowStatement, tree.TensorStatement))


def _lies_in(inner: Span, outer: Span) -> bool:
    return inner.file is outer.file and outer.start <= inner.start and inner.end <= outer.end


def _attempts(rank: int) -> Iterator[tuple[int, ...]]:
    """The axes to solve for, in turn: those of space together, each of them alone, at last the channels."""
    if rank > 2:
        yield tuple(range(rank - 1))
    for axis in range(rank):
        yield (axis,)


def _shapes(sizes: Shape, axes: Sequence[NearestAxis]) -> list[Shape]:
    """Each axis at its nearest size, all at those below, all at those above: the nearest first."""
    nearest = {axis.axis: min(axis.sizes, key=lambda size: abs(size - axis.given)) for axis in axes}
    below = {axis.axis: axis.sizes[0] for axis in axes}
    above = {axis.axis: axis.sizes[-1] for axis in axes}
    made = [tuple([way.get(at, size) for at, size in enumerate(sizes)]) for way in (nearest, below, above)]
    return sorted(made, key=lambda shape: sum(abs(new - old) for new, old in zip(shape, sizes, strict=True)))


def _kept(axis: NearestAxis, shapes: Sequence[Shape]) -> NearestAxis:
    """The axis with those of its sizes that some sound shape has."""
    sound = {shape[axis.axis] for shape in shapes}
    below, above = (size if size in sound else None for size in (axis.below, axis.above))
    return replace(axis, below=below, above=above)


def _axis_name(rank: int, axis: int) -> str:
    names = (
        *SPATIAL_NAMES.get(rank, tuple(f"axis {at}" for at in range(rank - 1))),
        "channels" if rank > 1 else "size",
    )
    return names[axis]

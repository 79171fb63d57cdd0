"""Another input: the sizes nearest to those it has that the network takes, or one size where none suits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.conditions import conditions
from nnspec.diagnostics.diagnostic import Edit
from nnspec.mending.candidate import Candidate
from nnspec.mending.nearest_sizes import nearest_sizes
from nnspec.mending.trial import Budget
from nnspec.mending.writing import shown
from nnspec.program.settings import inputs_of
from nnspec.record import replace
from nnspec.shapes.nearest import nearest
from nnspec.shapes.symbolic import evaluate, symbols_of
from nnspec.shapes.tensor import TensorType
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.mending.nearest_sizes import NearestSizes
    from nnspec.mending.places import Places
    from nnspec.mending.trial import Trials
    from nnspec.program.program import Model, Program
    from nnspec.program.settings import Settings

MOST_MODELS = 3
TYPICAL = 64  # a size to begin with, where no number is written
MOST_COLOURS = 4  # channels of a picture
MOST_ELABORATED = 24  # sizes that are tried for all of them


def other_inputs(program: Program, trials: Trials, places: Places) -> Iterator[Candidate]:
    """Each input of each model with the nearest sizes that suit, where other sizes alone would do."""
    own = Budget(MOST_ELABORATED, trials.budget.work // 3)
    before = own.work
    for model in program.models[:MOST_MODELS]:
        for found in nearest_sizes(program, trials.settings, model, own):
            yield from _changes(found, places, is_alone=len(program.models) == len(model.inputs) == 1)
    trials.budget.work -= before - own.work


def channels_last(program: Program) -> Iterator[Candidate]:
    """Inputs whose channels were written first, as other frameworks have them: `Input(224, 224, 3)`."""
    for _, node in inputs_of(program.tree, None):
        written = [argument.value for argument in node.arguments or () if argument.name is None]
        sizes = [int(size.value) for size in written if isinstance(size, tree.Number)]
        if len(sizes) == len(written) >= 3 and sizes[0] <= MOST_COLOURS < min(sizes[1:]):
            turned = zip(written, (*sizes[1:], sizes[0]), strict=True)
            edits = tuple([Edit(size.span, str(number)) for size, number in turned])
            title = f"write `{shown(node, edits)}`: channels come last"
            yield Candidate(title, (edits,), 0.1, "channels last")


def single_sizes(model: Model, settings: Settings) -> Iterator[Settings]:
    """Settings with one size for a letter that none suits: each suits all that the letter must fulfil but one thing."""
    demanded = conditions(model)
    for left_out in demanded:
        needed = [each for each in demanded if each is not left_out]
        for letter in sorted(left_out.symbols):
            if all(each.symbols == {letter} for each in demanded):
                below, above = nearest(letter, needed, TYPICAL)
                size = below if below is not None else above
                if size is not None:
                    yield replace(settings, model=model.name, inputs=tuple(_with_size(model, letter, size)))


def _with_size(model: Model, letter: str, size: int) -> Iterator[tuple[str, str]]:
    """The sizes of the inputs as `--input` gives them, with a number for a letter."""
    for tensor in model.inputs:
        if isinstance(tensor.type, TensorType):
            shape = tensor.type.shape
            sizes = [evaluate(each, {letter: size}) if symbols_of(each) == {letter} else each for each in shape]
            yield tensor.name, ",".join(map(str, sizes))


def _changes(found: NearestSizes, places: Places, *, is_alone: bool) -> Iterator[Candidate]:
    node = places.at(found.span, tree.Apply)
    written = [] if node is None else [argument for argument in node.arguments or () if argument.name is None]
    if node is None or len(written) != len(found.shape):
        return
    for shape in found.shapes:
        axes = [axis for axis, size in enumerate(shape) if size != found.shape[axis]]
        if all(isinstance(written[axis].value, tree.Number) for axis in axes):
            edits = tuple([Edit(written[axis].value.span, str(shape[axis])) for axis in axes])
            line = node.span.file.position(node.span.start)[0]
            where = "" if is_alone else f" in line {line}"
            title = f"write `{shown(node, edits)}`{where}: the nearest input that suits"
            change = max(abs(shape[axis] - found.shape[axis]) / found.shape[axis] for axis in axes)
            cost = 1.25 + 0.5 * min(1.0, change) + (len(shape) > 1 and shape[-1] != found.shape[-1])
            yield Candidate(title, (edits,), cost, f"input {found.input}")

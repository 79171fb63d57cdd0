"""A finding with all that is known of it, and the changes that may mend it.

Each kind of change has a file of its own, which proposes; what is proposed is a guess until it was tried.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nnspec.mending.outside import Level
from nnspec.mending.replay import Replay, Stopped, leading, spans_before
from nnspec.mending.witness import Kept, Scene
from nnspec.mending.writing import Wording, shown
from nnspec.record import Record
from nnspec.shapes.condition import compare
from nnspec.shapes.tensor import TensorType, Type
from nnspec.source import Span
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.mending.places import Places
    from nnspec.mending.replay import Changed
    from nnspec.mending.trial import Edited
    from nnspec.mending.witness import Applied, Testimony

MOST_RULES = 8_000  # that are applied on the way to the guesses for one finding


class Candidate(Record):
    """A change that may mend a finding, in one wording or several.

    `cost` says how much it changes: 1 is a number or a word, 2 a stage. Of one `family` only the first that holds is
    wanted. `is_safe` where it cannot change what the spec means.
    """

    title: str
    wordings: tuple[Wording, ...]
    cost: float
    family: str
    is_safe: bool = False


class Case:
    """A finding, and what was there when it was found."""

    def __init__(
        self,
        found: Diagnostic,
        scene: Scene | Kept,
        testimony: Testimony,
        places: Places,
        before: tuple[Edited, ...] = (),
    ) -> None:
        self.found = found
        self.edited = before
        self.scene = scene
        self.testimony = testimony
        self.places = places
        self.replay = Replay(MOST_RULES)

    @property
    def node(self) -> tree.Apply | None:
        """The stage at fault; None for a promise."""
        return self.places.at(self.scene.span, tree.Apply) if isinstance(self.scene, Scene) else None

    @property
    def wires(self) -> tuple[int, ...]:
        """The wires that must have other types."""
        return self.scene.operands if isinstance(self.scene, Scene) else (self.scene.wire,)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The steps before the fault: in its own region, and in those around, from the inside out."""
        return (Level(self.scene.steps, self.scene.types), *self.scene.outside)

    def before(self) -> list[tuple[int, Span]]:
        """The places of the operators that lead to the fault, the nearest first, each with its level."""
        return [(at, span) for at, wires in enumerate(self.wanted()) for span in self.leading(at, wires)]

    def wanted(self) -> list[tuple[int, ...]]:
        """For each level the wires that must have other types, or that lead to such."""
        found = [self.wires]
        for here, around in pairwise(self.levels):
            inside = leading(here.steps, found[-1])
            found.append(tuple([outer for outer, inner in around.handed if inner in inside]))
        return found

    def leading(self, level: int, wires: Sequence[int]) -> list[Span]:
        """The places of the operators of a level that lead to some wires of it, the nearest first."""
        return spans_before(self.levels[level].steps, wires)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers that play a part: the sizes that arrive, how many elements those are, the sizes wanted."""
        arriving = self.scene.arriving if isinstance(self.scene, Scene) else (self.scene.leaves,)
        found = [size for type in arriving for size in type.shape]
        found += [type.size for type in arriving]
        if isinstance(self.scene, Kept):
            found += [size for size in self.scene.wanted if size is not None]
        return tuple(dict.fromkeys([size for size in found if isinstance(size, int)]))

    def holds(self, types: Sequence[Type]) -> bool:
        """Whether the rule holds for these types of all wires."""
        if isinstance(self.scene, Kept):
            wanted = (*[None] * self.scene.hidden, *self.scene.wanted)
            return suits(types[self.scene.wire], wanted, self.scene.dtype)
        if not self.scene.is_read:
            return False  # other types are still as many
        applied = self.scene.applied
        try:
            self.replay.infer(applied.whole(applied.operator), [types[wire] for wire in self.scene.operands])
        except Stopped:
            return False
        return True

    def holds_with(self, changed: Changed, level: int = 0) -> bool:
        """Whether the rule holds where some operators before are others, from a level inwards."""
        outer: list[Type] = []
        handed: tuple[tuple[int, int], ...] = ()
        try:
            for here in reversed(self.levels[: level + 1]):
                types = list(here.types)
                for there, inside in handed:
                    types[inside] = outer[there]
                outer, handed = self.replay.types(here.steps, types, changed, here.types), here.handed
        except Stopped:
            return False
        return self.holds(outer)

    def written(self, step: object) -> Applied | None:
        """How a step was written."""
        return self.testimony.written.get(id(step))

    def line_of(self, span: Span) -> str:
        """` in line 3`, where that is not the line of the finding."""
        here, span = self.origin(self.found.span), self.origin(span)
        line = span.file.position(span.start)[0]
        if here.file.path != span.file.path:
            return f" in {span.file.path}:{line}"
        return "" if here.file.position(here.start)[0] == line else f" in line {line}"

    def where(self, node: tree.Node) -> str:
        """The line of a stage that is not the finding's, and its column, where that line says the same twice."""
        span = self.origin(node.span)
        line, column = span.file.position(span.start)
        is_clear = span.start == self.origin(self.found.span).start or span.file.line(line).count(span.text) < 2
        return self.line_of(node.span) + ("" if is_clear else f" at column {column}")

    def origin(self, span: Span) -> Span:
        """A place in the text as it is read by those who are told of it, before edits that were tried on the way."""
        for text in reversed(self.edited):
            if span.file is text.after:
                span = Span(text.before, text.back(span.start), text.back(span.end))
        return span

    def reads(self, node: tree.Node, wording: Wording) -> str:
        """A stage as it reads after a change, for a title."""
        return f"`{shown(node, wording)}`{self.where(node)}"


def suits(type: Type, wanted: Sequence[Any], dtype: str | None = None) -> bool:
    """Whether a type has the sizes that are wanted, None for any, and the dtype, if one is."""
    if not isinstance(type, TensorType) or type.rank != len(wanted) or dtype not in (None, type.dtype):
        return False
    return all(size is None or compare(have, "==", size) is True for have, size in zip(type.shape, wanted, strict=True))

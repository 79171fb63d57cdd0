"""What one trial worked out and the next can use: regions that come out equal, and what was counted of them.

Trials differ in a few numbers, so most of a network is the same in all. A region is known by its syntax, what arrives
and what it read; what is not seen there, a hole in a block that it calls or in a default, is part of the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.program.liveness import Liveness
from nnspec.program.regions import Regions
from nnspec.syntax import tree
from nnspec.syntax.holes import holes_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.program.scope import Made, Scope
    from nnspec.solving.attempt import Attempt
    from nnspec.syntax.holes import Filling

MOST_TRIALS_OF_A_STORE = 100  # then all is forgotten, and memory with it
MOST_STORES = 8
_SEEN = (tree.FlowStatement, tree.TensorStatement, tree.ExpectStatement, tree.OutputStatement)


class Known(Regions):
    """The regions of several trials; `now` is the trial at hand."""

    now: Attempt

    def __init__(self) -> None:
        super().__init__()
        self.liveness = Liveness()
        self.parts: set[int] = set()
        self.trials = 0
        self._notes: dict[int, _Note] = {}  # by id of the region's `Made`

    def begin(self, attempt: Attempt) -> None:
        """Another trial begins."""
        self.now = attempt
        self.trials += 1

    def make(self, syntax: tree.Node, *given: Any, **options: Any) -> Made:
        """The region of this syntax here, elaborated only if none is equal in any trial."""
        now = self.now
        outer, marks, steps, stages = now.leans, now.marks, now.steps, now.stages
        now.leans = {}
        try:
            made = super().make(syntax, *given, **options)
        finally:
            leans, now.leans = now.leans, outer
            now.add_leans(leans)
        if id(made) not in self._notes:
            is_clean = now.marks == marks and not made.failed and not now.uncertain
            cost = now.steps - steps, now.stages - stages
            self._notes[id(made)] = _Note(made, self.trials, cost, leans, is_clean=is_clean)
        return made

    def _found(self, known: Any, outer: Scope) -> Made | None:
        made = super()._found(known, outer)
        note = self._notes.get(id(made))
        if made is None or note is None or note.trial == self.trials:
            return made
        if not note.is_clean:
            return None
        note.trial = self.trials
        self.now.take(*note.cost, note.leans)
        return made


class _Note:
    """What else came of making a region, and in which trial it was used last."""

    def __init__(
        self, made: Made, trial: int, cost: tuple[int, int], leans: dict[tuple[int, int], int], *, is_clean: bool
    ) -> None:
        self.made = made
        self.trial = trial
        self.cost = cost
        self.leans = leans
        self.is_clean = is_clean


class Stores:
    """A store of regions for each way of filling the holes that regions do not show."""

    def __init__(self, syntax: tree.Tree) -> None:
        tensors = set(_tensors_in(syntax))
        lets = [each for each in syntax.statements if isinstance(each, (tree.LetStatement, tree.FormulaStatement))]
        is_read = any(tensors & tree.names_in(each) for each in lets)  # a number that hangs on holes in flows
        self._hidden = [hole.span for hole, around in holes_in(syntax) if is_read or _is_hidden(around)]
        self._stores: dict[tuple[Any, ...], Known] = {}

    def of(self, filling: Filling) -> Known:
        """The store for a filling."""
        key = tuple([filling.get(span) for span in self._hidden])
        store = self._stores.get(key)
        if store is None or store.trials >= MOST_TRIALS_OF_A_STORE:
            if len(self._stores) >= MOST_STORES:
                self._stores.clear()
            store = self._stores[key] = Known()
        return store


def _is_hidden(around: tuple[tree.Node, ...]) -> bool:
    """Whether a hole stands where a region neither holds it nor records that it reads it: the file's numbers, say."""
    statement = next((node for node in around if not isinstance(node, tree.Tree)), None)
    return not isinstance(statement, _SEEN)


def _tensors_in(syntax: tree.Tree) -> Iterator[str]:
    """The names of tensors, labels included."""
    todo: list[tree.Node] = [syntax]
    while todo:
        node = todo.pop()
        if isinstance(node, tree.TensorStatement):
            yield from (name.name for name in node.names)
        elif isinstance(node, tree.Labelled):
            yield from (label.name for label in node.labels)
        todo.extend(tree.children(node))

"""Tries numbers for holes: what a spec comes to with them, worked out in memory, within a budget.

Some holes may be left open: what hangs on them is unknown then, so an error that is found all the same
is one whatever they are. Nothing here knows which numbers are worth a trial.
"""

from __future__ import annotations

import os
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.analysis.conditions import conditions
from nnspec.compiler import Effort, compile_tree
from nnspec.diagnostics.codes.names import HOLE
from nnspec.diagnostics.codes.promises import UNDECIDED_EXPECT
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.elaborate import Elaborator
from nnspec.record import Record
from nnspec.syntax import tree
from nnspec.syntax.holes import Template
from nnspec.syntax.read import read_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.compiler import Settings
    from nnspec.diagnostics.diagnostic import Code, Diagnostic
    from nnspec.program.imports import Importer
    from nnspec.program.program import Program
    from nnspec.program.settings import Given
    from nnspec.program.values import Site
    from nnspec.shapes.alternatives import Demand
    from nnspec.shapes.tensor import TensorType
    from nnspec.source import Span
    from nnspec.syntax.holes import Filling

MOST_TRIALS = 2_400
MOST_WORK = 200_000  # what the compiler counts, of all trials together
WORK_OF_A_TRIAL = 20

#: Where an error stands: its code, and its place.
Key: TypeAlias = "tuple[str, str, int, int]"
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class Outcome(Record):
    """What a spec comes to with some of its holes filled.

    `certain` are the errors that stay whatever the open holes are; `demands` are those on letters put for holes;
    `leans` say of each promise on which side of it the spec lies, by its place.
    """

    errors: tuple[Diagnostic, ...]
    certain: tuple[Diagnostic, ...]
    open: frozenset[Span]
    is_undecided: bool
    demands: tuple[Demand, ...]
    leans: tuple[tuple[tuple[int, int], int], ...]

    @property
    def fits(self) -> bool:
        """Whether all is filled, and nothing is wrong."""
        return not self.open and not self.errors

    @property
    def signature(self) -> tuple[Any, ...]:
        """What is wrong, and on which side: equal where a number more makes no difference to that."""
        return tuple([key_of(error) for error in self.errors]), self.leans


class Budget:
    """How much may be tried in all, counted and never timed."""

    def __init__(self, trials: int = MOST_TRIALS, work: int = MOST_WORK) -> None:
        self.trials = trials
        self.work = work
        self._whole = trials, work
        self._kept = 0, 0

    def renew(self, percent: int = 100) -> None:
        """Give so much of what there was at first once more."""
        self.trials, self.work = (whole * percent // 100 for whole in self._whole)
        self._kept = 0, 0

    def keep(self, percent: int) -> None:
        """Keep so much of all of it back for what comes later."""
        trials, work = self._whole
        self._kept = trials * percent // 100, work * percent // 100

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be tried now."""
        return self.trials <= self._kept[0] or self.work <= self._kept[1]


class Spent(Exception):  # noqa: N818 (no error: the search ends there, and says so)
    """Raised where a further trial would pass the budget."""


class Trials:
    """Tries fillings of one tree; each is worked out once.

    `verify` adds what others have to say of a whole program, its training say.
    """

    def __init__(
        self,
        syntax: tree.Tree,
        settings: Settings,
        budget: Budget,
        verify: Callable[[Program, Diagnostics], object] | None = None,
    ) -> None:
        self.syntax = syntax
        self.settings = settings
        self.budget = budget
        self.template = Template(syntax)
        self._verify = verify
        self._known: dict[frozenset[tuple[Span, int | str]], Outcome] = {}
        self._trees: dict[str, tree.Tree] = {}

    def of(self, filling: Filling, *, is_free: bool = False) -> Outcome:
        """What the tree comes to with this filling; a free trial is made whatever the budget is.

        Raises: Spent.
        """
        key = frozenset(filling.items())
        if key not in self._known:
            if self.budget.is_spent and not is_free:
                raise Spent
            self._known[key] = self._tried(filling)
        return self._known[key]

    def knows(self, filling: Filling) -> bool:
        """Whether this filling was tried."""
        return frozenset(filling.items()) in self._known

    def _tried(self, filling: Filling) -> Outcome:
        found, effort, made = Diagnostics(), Effort(), list[Attempt]()

        def make(found: Diagnostics, given: Given, importer: Importer) -> Elaborator:
            made.append(Attempt(found, given, importer))
            return made[-1]

        program = compile_tree(self.template.filled(filling), self.settings, found, self._read, effort, make)
        open_holes = frozenset([error.span for error in found.errors() if error.code is HOLE])
        if self._verify is not None and not open_holes:
            self._verify(program, found)
        self.budget.trials -= 1
        self.budget.work -= effort.spent + WORK_OF_A_TRIAL
        errors = tuple([error for error in found.errors() if error.code is not HOLE])
        doubted = {key for attempt in made for key in attempt.doubted}
        return Outcome(
            errors,
            tuple([error for error in errors if key_of(error) not in doubted]),
            open_holes,
            any(each.code is UNDECIDED_EXPECT for each in found.sorted()),
            tuple(dict.fromkeys(each for model in program.models for each in conditions(model)))
            if any(isinstance(value, str) for value in filling.values())
            else (),
            tuple(sorted(lean for attempt in made for lean in attempt.leans.items())),
        )

    def _read(self, path: str, found: Diagnostics) -> tree.Tree:
        """The tree of an imported file, read once; its faults were found before anything was tried.

        Raises: Unreadable.
        """
        real = os.path.realpath(path)
        if real not in self._trees:
            self._trees[real] = read_spec(path, found)
        return self._trees[real]


class Attempt(Elaborator):
    """Elaborates a filled tree, and notes on which side of its promises it lies and what may not come to pass."""

    explains = False

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.doubted: set[Key] = set()
        self.leans: dict[tuple[int, int], int] = {}
        self._sides = {id(node) for node in _compared(self.unit.tree)}

    def report(self, code: Code, message: str, span: Span, **more: Any) -> None:
        """Report a finding; one in what may not come to pass is doubted."""
        if self.uncertain:
            self.doubted.add((code.number, span.file.path, span.start, span.end))
        else:
            self.doubted.discard((code.number, span.file.path, span.start, span.end))
        super().report(code, message, span, **more)

    def _verify(self, type: TensorType, wanted: list[Any], node: tree.Promise, site: Site) -> None:
        for axis, (size, promised) in enumerate(zip(type.shape, wanted, strict=False)):
            if isinstance(size, int) and isinstance(promised, int):
                self.leans[node.shape.span.start, axis] = (size > promised) - (size < promised)
        super()._verify(type, wanted, node, site)

    def _binary(self, node: tree.Binary, site: Site, words: Any) -> Any:
        if id(node) in self._sides:
            left, right = self.evaluate(node.left, site), self.evaluate(node.right, site)
            if isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction)):
                self.leans[node.span.start, 0] = (left > right) - (left < right)
        return super()._binary(node, site, words)


def key_of(error: Diagnostic) -> Key:
    """Where an error stands."""
    return error.code.number, error.span.file.path, error.span.start, error.span.end


def _compared(syntax: tree.Tree) -> list[tree.Binary]:
    """The comparisons in the promises of a file."""
    todo: list[tree.Node] = [each.condition for each in syntax.statements if isinstance(each, tree.ExpectStatement)]
    found: list[tree.Binary] = []
    while todo:
        node = todo.pop()
        if isinstance(node, tree.Binary) and node.operator in _COMPARISONS:
            found.append(node)
        todo.extend(tree.children(node))
    return found

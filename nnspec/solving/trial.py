"""Tries numbers for holes: what a spec comes to with them, worked out in memory, within a budget.

Some holes may be left open: what hangs on them is unknown then, so an error that is found all the same
is one whatever they are. Nothing here knows which numbers are worth a trial.
"""

from __future__ import annotations

import os
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nnspec.analysis.conditions import conditions
from nnspec.compiler import STAGE, Effort, compile_tree
from nnspec.diagnostics.codes.names import HOLE
from nnspec.diagnostics.codes.promises import BROKEN_EXPECT, SHAPE_PROMISE, UNDECIDED_EXPECT
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.liveness import recall
from nnspec.record import Record
from nnspec.solving.attempt import Attempt, key_of
from nnspec.solving.reuse import Stores
from nnspec.syntax.holes import Template
from nnspec.syntax.read import read_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nnspec.compiler import Settings
    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.program.elaborate import Elaborator
    from nnspec.program.imports import Importer
    from nnspec.program.program import Program
    from nnspec.program.settings import Given
    from nnspec.shapes.alternatives import Demand
    from nnspec.source import Span
    from nnspec.syntax import tree
    from nnspec.syntax.holes import Filling

MOST_TRIALS = 2_400
MOST_WORK = 400_000  # what the compiler counts, of all trials together
WORK_OF_A_TRIAL = 20
WORK_OF_A_PATH = 8  # an entry of a table of paths: they are followed where a promise says so


class Outcome(Record):
    """What a spec comes to with some of its holes filled.

    `certain` are the errors that stay whatever the open holes are; `demands` are those on letters, put for holes or the
    file's own (where all fits);
    `leans` say of each promise on which side of it the spec lies, by its place, `misses` how many sizes are wrong,
    `amounts` what each comparison of a budget leaves over, left less right, by its place and relation, and `far` how
    far the promises that are broken are missed, as parts of what they promise.
    """

    errors: tuple[Diagnostic, ...]
    certain: tuple[Diagnostic, ...]
    open: frozenset[Span]
    is_undecided: bool
    demands: tuple[Demand, ...]
    leans: tuple[tuple[tuple[int, int], int], ...]
    misses: int
    amounts: tuple[tuple[tuple[int, str], Fraction], ...]
    far: Fraction

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
        self._stores = Stores(syntax)
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

    def whole(self, spans: Iterable[Span]) -> Iterator[tuple[tuple[int, ...], Outcome]]:
        """All that was tried with a number in each of some holes, and in no others."""
        spans = tuple(spans)
        for key, outcome in self._known.items():
            filling = dict(key)
            numbers = tuple([number for span in spans if isinstance(number := filling.get(span), int)])
            if len(numbers) == len(spans) == len(filling):
                yield numbers, outcome

    def _tried(self, filling: Filling) -> Outcome:
        found, effort, made = Diagnostics(), Effort(), list[Attempt]()
        known = self._stores.of(filling)

        def make(found: Diagnostics, given: Given, importer: Importer) -> Elaborator:
            recall(known.liveness)
            made.append(Attempt(found, given, importer, known))
            return made[-1]

        program = compile_tree(self.template.filled(filling), self.settings, found, self._read, effort, make)
        open_holes = frozenset([error.span for error in found.errors() if error.code is HOLE])
        if self._verify is not None and not open_holes:
            self._verify(program, found)
        self.budget.trials -= 1
        borrowed = sum(attempt.borrowed[0] + STAGE * attempt.borrowed[1] for attempt in made)
        followed = known.liveness.renew() * WORK_OF_A_PATH
        self.budget.work -= max(effort.spent - borrowed, 0) + followed + WORK_OF_A_TRIAL
        errors = tuple([error for error in found.errors() if error.code is not HOLE])
        doubted = {key for attempt in made for key in attempt.doubted}
        return Outcome(
            errors,
            tuple([error for error in errors if key_of(error) not in doubted]),
            open_holes,
            any(each.code is UNDECIDED_EXPECT for each in found.sorted()),
            tuple(dict.fromkeys(each for model in program.models for each in conditions(model)))
            if any(isinstance(value, str) for value in filling.values()) or not (errors or open_holes)
            else (),
            tuple(sorted(lean for attempt in made for lean in attempt.leans.items())),
            sum(attempt.misses for attempt in made),
            tuple([amount for attempt in made for amount in attempt.amounts.items()]),
            _far(made, errors),
        )

    def _read(self, path: str, found: Diagnostics) -> tree.Tree:
        """The tree of an imported file, read once; its faults were found before anything was tried.

        Raises: Unreadable.
        """
        real = os.path.realpath(path)
        if real not in self._trees:
            self._trees[real] = read_spec(path, found)
        return self._trees[real]


def _far(made: Sequence[Attempt], errors: Sequence[Diagnostic]) -> Fraction:
    """How far broken promises are missed, all together."""
    broken = [error.span for error in errors if error.code in (BROKEN_EXPECT, SHAPE_PROMISE)]
    shares = [each for attempt in made for each in attempt.shares.items()]
    return sum([share for (start, _), share in shares if any(b.start <= start < b.end for b in broken)], Fraction(0))

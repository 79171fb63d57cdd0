"""Finds fixes: gathers what may mend each finding, tries the least change first, and keeps what holds.

A fix is kept where the finding is gone and no error is new; one that leaves no error at all goes before one that
leaves others. All trials of a spec are paid from one budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import promises, shapes
from nnspec.diagnostics.diagnostic import Fix
from nnspec.mending.arguments import arguments_around, earlier_arguments, own_arguments
from nnspec.mending.candidate import Candidate, Case
from nnspec.mending.places import Places
from nnspec.mending.projections import projections
from nnspec.mending.repeats import turns_around, turns_before
from nnspec.mending.sizes import other_inputs
from nnspec.mending.stages import joined_tensors, more_stages, promised_shape
from nnspec.mending.trial import sign
from nnspec.mending.witness import testify
from nnspec.record import Record, replace
from nnspec.shapes.condition import recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.mending.trial import Sign, Trial, Trials
    from nnspec.mending.witness import Testimony
    from nnspec.program.program import Program

MOST_FIXES = 3
MOST_TRIALS = 24  # for one finding
MOST_FINDINGS = 12  # that fixes are sought for
MOST_CANDIDATES = 60


class _Held(Record):
    """A fix that holds, and how well."""

    fix: Fix
    leaves: int  # errors
    cost: float

    @property
    def order(self) -> tuple[bool, float]:
        """Those that leave no error first, then the least change."""
        return self.leaves > 0, self.cost


def with_fixes(found: Sequence[Diagnostic], program: Program, trials: Trials) -> tuple[Diagnostic, ...]:
    """The findings of a spec, those that have to do with shapes with the fixes that hold."""
    errors = [each for each in found if each.severity == "error"]
    is_worth_it = any(map(_may_be_mended, errors)) and len(program.tree.file.text) <= trials.budget.work
    testimony = testify(program.tree, trials.settings) if is_worth_it else None
    if testimony is None:
        return tuple(found)
    trials.budget.work -= testimony.effort
    search = _Search(testimony, program, trials, errors)
    with recording():  # what rules demand of symbolic sizes on the way
        fixed = {id(each): search.mended(each) for each in _mendable(errors, testimony)}
    return tuple([fixed.get(id(each), each) for each in found])


def _may_be_mended(found: Diagnostic) -> bool:
    """Whether a finding is about shapes; the codes of other errors have no fixes that are sought."""
    return found.code in (*vars(shapes).values(), *vars(promises).values())


def _mendable(errors: Iterable[Diagnostic], testimony: Testimony) -> list[Diagnostic]:
    """The errors that were found on tensors, as many as fixes are sought for."""
    return [each for each in errors if sign(each) in testimony.scenes][:MOST_FINDINGS]


class _Search:
    """Looks for fixes of the findings of one spec."""

    def __init__(self, testimony: Testimony, program: Program, trials: Trials, errors: Sequence[Diagnostic]) -> None:
        self.testimony = testimony
        self.trials = trials
        self.program = program
        self.places = Places(testimony.trees)
        self.known: set[Sign] = {sign(each) for each in errors}
        self._inputs: list[Candidate] | None = None

    def mended(self, found: Diagnostic) -> Diagnostic:
        """The finding with the fixes that hold, at most three."""
        case = Case(found, self.testimony.scenes[sign(found)], self.testimony, self.places)
        held: list[_Held] = []
        families: set[str] = set()
        left = MOST_TRIALS
        for candidate in self._candidates(case):
            if left <= 0 or self.trials.budget.is_spent or self._is_enough(held):
                break
            if candidate.family in families:
                continue
            for wording in candidate.wordings:
                left -= 1
                leaves = self._leaves(found, self.trials.of(wording))
                if leaves is not None:
                    families.add(candidate.family)
                    fix = Fix(candidate.title, wording, candidate.is_safe, tried=True)
                    held.append(_Held(fix, leaves, candidate.cost))
                    break
        best = sorted(held, key=lambda each: each.order)[:MOST_FIXES]
        return replace(found, fixes=_beside(found.fixes, [each.fix for each in best]))

    def _is_enough(self, held: list[_Held]) -> bool:
        """Whether there are as many as are shown, and none could go before them."""
        clean = sum(each.leaves == 0 for each in held)
        return clean >= MOST_FIXES or (len(held) >= MOST_FIXES and len(self.known) > 1)

    def _leaves(self, found: Diagnostic, trial: Trial | None) -> int | None:
        """How many errors a trial leaves; None where it leaves this one, or has a new one."""
        if trial is None:
            return None
        errors = trial.signs()
        return None if sign(found) in errors or errors - self.known else len(errors)

    def _candidates(self, case: Case) -> list[Candidate]:
        """What may mend a finding, the least change first, each change once."""
        unique: dict[object, Candidate] = {}
        for candidate in self._proposed(case):
            if candidate.wordings:
                unique.setdefault(candidate.wordings[0], candidate)
        return sorted(unique.values(), key=lambda each: each.cost)[:MOST_CANDIDATES]

    def _proposed(self, case: Case) -> Iterator[Candidate]:
        for fix in case.found.fixes:
            yield Candidate(fix.title, (fix.edits,), 0.9, fix.title, fix.safe)
        yield from own_arguments(case)
        yield from turns_around(case)
        yield from joined_tensors(case)
        yield from earlier_arguments(case)
        yield from arguments_around(case)
        yield from more_stages(case)
        yield from projections(case)
        yield from turns_before(case)
        yield from promised_shape(case)
        if self._inputs is None:
            self._inputs = list(other_inputs(self.program, self.trials, self.places))
        yield from self._inputs


def _beside(known: Sequence[Fix], tried: Sequence[Fix]) -> tuple[Fix, ...]:
    """The fixes that were tried, and those there were before that do something else."""
    texts = {fix.edits for fix in tried}
    return (*tried, *[fix for fix in known if fix.edits not in texts])[:MOST_FIXES]

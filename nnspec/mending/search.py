"""Finds fixes: gathers what may mend each finding, tries the least change first, and keeps what holds.

A fix is kept where the finding is gone and no error is new; one that leaves no error at all goes before one that
leaves others. All trials of a spec are paid from one budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import promises, shapes
from nnspec.diagnostics.diagnostic import Edit, Fix
from nnspec.mending.arguments import arguments_around, earlier_arguments, own_arguments
from nnspec.mending.candidate import Candidate, Case
from nnspec.mending.places import Places
from nnspec.mending.projections import projections
from nnspec.mending.repeats import turns_around, turns_before
from nnspec.mending.sizes import other_inputs
from nnspec.mending.stages import joined_tensors, more_stages, promised_shape
from nnspec.mending.trial import Trials, apply, sign
from nnspec.mending.witness import testify
from nnspec.record import Record, replace
from nnspec.shapes.condition import recording
from nnspec.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.mending.trial import Sign, Trial
    from nnspec.mending.witness import Testimony
    from nnspec.mending.writing import Wording
    from nnspec.program.program import Program

MOST_FIXES = 3
MOST_TRIALS = 24  # for one finding
MOST_FINDINGS = 12  # that fixes are sought for
MOST_CANDIDATES = 60
MOST_UNCOVERING = 2  # of which it is sought what mends what they uncover


class _Held(Record):
    """A fix that holds, and how well."""

    fix: Fix
    leaves: int  # errors
    cost: float

    @property
    def order(self) -> tuple[bool, float]:
        """Those that leave no error first, then the least change."""
        return self.leaves > 0, self.cost


class _Uncovering(Record):
    """A change that mends a finding and shows another, which was hidden behind it."""

    candidate: Candidate
    wording: Wording
    trial: Trial


def with_fixes(found: Sequence[Diagnostic], program: Program, trials: Trials) -> tuple[Diagnostic, ...]:
    """The findings of a spec, those that have to do with shapes with the fixes that hold."""
    return _with_fixes(found, program, trials, lambda each: True, may_follow=True)


def _with_fixes(
    found: Sequence[Diagnostic],
    program: Program,
    trials: Trials,
    is_wanted: Callable[[Diagnostic], bool],
    *,
    may_follow: bool,
) -> tuple[Diagnostic, ...]:
    """The findings, those that are wanted with fixes; `may_follow` where a fix may uncover what is mended next."""
    errors = [each for each in found if each.severity == "error"]
    is_worth_it = any(map(_may_be_mended, errors)) and len(program.tree.file.text) <= trials.budget.work
    testimony = testify(program.tree, trials.settings) if is_worth_it else None
    if testimony is None:
        return tuple(found)
    trials.budget.work -= testimony.effort
    search = _Search(testimony, program, trials, errors, may_follow=may_follow)
    wanted = [each for each in errors if is_wanted(each)]
    with recording():  # what rules demand of symbolic sizes on the way
        fixed = {id(each): search.mended(each) for each in _mendable(wanted, testimony)}
    return tuple([fixed.get(id(each), each) for each in found])


def _may_be_mended(found: Diagnostic) -> bool:
    """Whether a finding is about shapes; the codes of other errors have no fixes that are sought."""
    return found.code in (*vars(shapes).values(), *vars(promises).values())


def _mendable(errors: Iterable[Diagnostic], testimony: Testimony) -> list[Diagnostic]:
    """The errors that were found on tensors, as many as fixes are sought for."""
    return [each for each in errors if sign(each) in testimony.scenes][:MOST_FINDINGS]


class _Search:
    """Looks for fixes of the findings of one spec."""

    def __init__(
        self,
        testimony: Testimony,
        program: Program,
        trials: Trials,
        errors: Sequence[Diagnostic],
        *,
        may_follow: bool,
    ) -> None:
        self.may_follow = may_follow
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
        uncover: list[_Uncovering] = []
        families: set[str] = set()
        left = MOST_TRIALS
        for candidate in self._candidates(case):
            if left <= 0 or self.trials.budget.is_spent or self._is_enough(held):
                break
            if candidate.family in families:
                continue
            for wording in candidate.wordings:
                left -= 1
                trial = self.trials.of(wording)
                leaves = self._leaves(found, trial)
                if leaves is None and trial is not None and self._uncovers(found, trial):
                    uncover.append(_Uncovering(candidate, wording, trial))
                if leaves is not None:
                    families.add(candidate.family)
                    fix = Fix(candidate.title, wording, candidate.is_safe, tried=True)
                    held.append(_Held(fix, leaves, candidate.cost))
                    break
        if not held and self.may_follow:
            held += [each for step in uncover[:MOST_UNCOVERING] for each in self._followed(step)]
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

    def _uncovers(self, found: Diagnostic, trial: Trial) -> bool:
        """Whether a trial mends the finding, and shows one that was hidden behind it."""
        errors = trial.signs()
        is_own = len(trial.texts) == 1 and trial.texts[0].before is self.trials.file
        return is_own and sign(found) not in errors and len(errors - self.known) == 1

    def _followed(self, step: _Uncovering) -> Iterator[_Held]:
        """A fix together with one of what it uncovers: as edits of the text at hand."""
        text, trial = step.trial.texts[0], step.trial
        inner = Trials(text.after, self.trials.settings, self.trials.budget, self.trials.verify)
        found = _with_fixes(
            trial.found.sorted(), trial.program, inner,
            lambda each: trial.sign(each) not in self.known, may_follow=False,
        )  # fmt: skip
        for fix in [fix for each in found if trial.sign(each) not in self.known for fix in each.fixes if fix.tried]:
            later = [Edit(Span(text.before, text.back(e.span.start), text.back(e.span.end)), e.text) for e in fix.edits]
            both, wanted = apply((*step.wording, *later)), apply(fix.edits)
            if both and wanted and both[0].after.text == wanted[0].after.text:
                title = f"{step.candidate.title}, and {fix.title}"
                whole = Fix(title, (*step.wording, *later), tried=True)
                yield _Held(whole, len(self.known) - 1, step.candidate.cost + 1)

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
        if not self.may_follow:
            return  # what mends a fault that another fix uncovered is not another input
        if self._inputs is None:
            self._inputs = list(other_inputs(self.program, self.trials, self.places))
        yield from self._inputs


def _beside(known: Sequence[Fix], tried: Sequence[Fix]) -> tuple[Fix, ...]:
    """The fixes that were tried, and those there were before that do something else."""
    texts = {fix.edits for fix in tried}
    return (*tried, *[fix for fix in known if fix.edits not in texts])[:MOST_FIXES]

"""Finds fixes: gathers what may mend each finding, tries the least change first, and keeps what holds.

A fix that leaves no error at all goes before one that leaves others, and that before one that uncovers an error which
was hidden behind the finding. All trials of a spec are paid from one budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.conditions import demanded
from nnspec.diagnostics.codes import graph, promises, shapes
from nnspec.diagnostics.diagnostic import Edit, Fix
from nnspec.mending.arguments import arguments_around, earlier_arguments, own_arguments
from nnspec.mending.candidate import Candidate, Case
from nnspec.mending.exchanges import exchanged, word_and_step
from nnspec.mending.judging import Judge, Verdict
from nnspec.mending.parts import arriving_input, own_weights, wanted_input
from nnspec.mending.places import Places
from nnspec.mending.projections import padded_projections, projections
from nnspec.mending.repeats import turns_around, turns_before
from nnspec.mending.sizes import channels_last, other_inputs, single_sizes
from nnspec.mending.stages import joined_tensors, more_stages, promised_shape
from nnspec.mending.trial import apply, sign
from nnspec.mending.witness import testify
from nnspec.record import Record, replace
from nnspec.shapes.condition import recording
from nnspec.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.mending.trial import Edited, Sign, Trial, Trials
    from nnspec.mending.witness import Testimony
    from nnspec.mending.writing import Wording
    from nnspec.program.program import Program
    from nnspec.source import SourceFile

MOST_FIXES = 3
MOST_TRIALS = 24  # for one finding
MOST_FINDINGS = 12  # that fixes are sought for
MOST_CANDIDATES = 60
MOST_UNCOVERING = 2  # of which it is sought what mends what they uncover
MOST_FOLLOWING = 2  # that follow a fix, each mending what the one before uncovers


class _Held(Record):
    """A fix that holds, what it does, and how well."""

    titles: tuple[str, ...]
    edits: Wording
    verdict: Verdict
    cost: float
    is_safe: bool = False

    @property
    def order(self) -> tuple[bool, bool, float]:
        """Those that leave no error first, then those that show none that was hidden, then the least change."""
        return self.verdict.leaves > 0, bool(self.verdict.uncovered), self.cost

    def fix(self, file: SourceFile) -> Fix:
        """It as it is shown."""
        title = ", and ".join(filter(None, (", ".join(self.titles[:-1]), self.titles[-1])))
        for number, path, start, _ in self.verdict.uncovered[:1]:
            there = f"line {file.position(start)[0]}" if path == file.path else path
            title += f"; then {number} is found in {there}"
        return Fix(title, self.edits, self.is_safe, tried=True)


class _Found(Record):
    """What was found for a finding: fixes that hold, and the trials of those that show an error behind it."""

    diagnostic: Diagnostic
    held: tuple[_Held, ...]
    uncovering: tuple[tuple[_Held, Trial], ...]


def with_fixes(found: Sequence[Diagnostic], program: Program, trials: Trials) -> tuple[Diagnostic, ...]:
    """The findings of a spec, those that have to do with shapes with the fixes that hold."""
    errors = [each for each in found if each.severity == "error"]
    search = _searched(errors, program, trials)
    if search is None:
        return tuple(found)
    fixed = {id(each): _mended(each, held, program.tree.file) for each, held in search.held(errors)}
    return tuple([fixed.get(id(each), each) for each in found])


def _searched(
    errors: Sequence[Diagnostic], program: Program, trials: Trials, edited: tuple[Edited, ...] = ()
) -> _Search | None:
    """A search for fixes, behind edits that were tried already; None where there is nothing to look for."""
    is_worth_it = any(map(_may_be_mended, errors)) and len(program.tree.file.text) <= trials.budget.work
    testimony = testify(program.tree, trials.settings, trials.read) if is_worth_it else None
    if testimony is None:
        return None
    trials.budget.work -= testimony.effort
    return _Search(testimony, program, trials, errors, edited)


def _mended(found: Diagnostic, held: Sequence[_Held], file: SourceFile) -> Diagnostic:
    """The finding with the best of the fixes, at most three; where one is whole, with none that uncovers another."""
    whole = [each for each in held if not each.verdict.uncovered]
    best = sorted(whole or held, key=lambda each: each.order)[:MOST_FIXES]
    return replace(found, fixes=_beside(found.fixes, [each.fix(file) for each in best]))


def _may_be_mended(found: Diagnostic) -> bool:
    """Whether a finding is about shapes; the codes of other errors have no fixes that are sought."""
    return found.code in (*vars(shapes).values(), *vars(promises).values(), graph.UNEQUAL_SHARES)


class _Search:
    """Looks for fixes of the findings of one spec, which may have been edited on the way here."""

    def __init__(
        self,
        testimony: Testimony,
        program: Program,
        trials: Trials,
        errors: Sequence[Diagnostic],
        edited: tuple[Edited, ...],
    ) -> None:
        self.edited = edited
        self.testimony = testimony
        self.trials = trials
        self.program = program
        self.places = Places(testimony.trees)
        self.known: set[Sign] = {sign(each) for each in errors}
        self.judge = Judge(self.known, testimony.latest, self.places)
        self._inputs: list[Candidate] | None = None

    def held(self, errors: Iterable[Diagnostic]) -> list[tuple[Diagnostic, list[_Held]]]:
        """The fixes of each error that was found on tensors: those alone first, then those that others follow."""
        mendable = [each for each in errors if self._is_mendable(each)][:MOST_FINDINGS]
        with recording():  # what rules demand of symbolic sizes on the way
            alone = [self._alone(each) for each in mendable]
            return [(each.diagnostic, [*each.held, *self._in_turn(each)]) for each in alone]

    def _is_mendable(self, found: Diagnostic) -> bool:
        return sign(found) in self.testimony.scenes or (found.code is shapes.NO_VALID_SIZE and not self.edited)

    def _alone(self, found: Diagnostic) -> _Found:
        """The fixes of a finding that one change is."""
        scenes = self.testimony.scenes.get(sign(found), ())
        cases = [Case(found, scene, self.testimony, self.places, self.edited) for scene in scenes]
        held: list[_Held] = []
        uncovering: list[tuple[_Held, Trial]] = []
        families: set[str] = set()
        left = MOST_TRIALS
        for candidate in self._candidates(found, cases):
            if left <= 0 or self.trials.budget.is_spent or self._is_enough(held):
                break
            for wording in candidate.wordings if candidate.family not in families else ():
                left -= 1
                trial = self.trials.of(wording)
                verdict = self.judge.of(found, trial)
                if verdict is None or trial is None:
                    continue
                if sign(found) not in verdict.uncovered:  # else another of them may suit all calls of a block
                    families.add(candidate.family)
                fix = _Held((candidate.title,), wording, verdict, candidate.cost, candidate.is_safe)
                held.append(fix)
                if verdict.uncovered:
                    uncovering.append((fix, trial))
                break
        return _Found(found, tuple(held), tuple(uncovering))

    def _is_enough(self, held: list[_Held]) -> bool:
        """Whether there are as many as are shown, and none could go before them."""
        clean = sum(each.verdict.leaves == 0 for each in held)
        whole = sum(not each.verdict.uncovered for each in held)
        return clean >= MOST_FIXES or (whole >= MOST_FIXES and len(self.known) > 1)

    def _in_turn(self, found: _Found) -> Iterator[_Held]:
        """Fixes that mend what they uncover too, where there are few that uncover nothing."""
        whole = sum(not each.verdict.uncovered for each in found.held)
        is_mended = any(not each.verdict.leaves for each in found.held)
        if whole < MOST_FIXES and len(self.edited) < MOST_FOLLOWING:
            for fix, trial in found.uncovering[:MOST_UNCOVERING]:
                is_elsewhere = sign(found.diagnostic) not in fix.verdict.uncovered
                if len(fix.verdict.uncovered) == 1 and (is_elsewhere or not is_mended):
                    yield from self._followed(fix, trial)

    def _followed(self, first: _Held, trial: Trial) -> Iterator[_Held]:
        """A fix together with those of what it uncovers: as edits of the text at hand."""
        text = trial.texts[0]
        if len(trial.texts) != 1 or text.before is not self.trials.file:
            return
        inner = self.trials.on(text.after, self.trials.settings)
        errors = [each for each in trial.found.sorted() if each.severity == "error"]
        search = _searched(errors, trial.program, inner, (*self.edited, text))
        new = [each for each in errors if trial.sign(each) in first.verdict.uncovered]
        for _, held in () if search is None else search.held(new):
            for fix in sorted(held, key=lambda each: each.order)[:MOST_FIXES]:
                later = [
                    Edit(Span(text.before, text.back(e.span.start), text.back(e.span.end)), e.text) for e in fix.edits
                ]
                both, wanted = apply((*first.edits, *later)), apply(fix.edits)
                is_same = both and wanted and both[0].after.text == wanted[0].after.text
                if is_same and not fix.verdict.uncovered:
                    verdict = Verdict(fix.verdict.leaves)
                    yield _Held((*first.titles, *fix.titles), (*first.edits, *later), verdict, first.cost + fix.cost)

    def _candidates(self, found: Diagnostic, cases: Sequence[Case]) -> list[Candidate]:
        """What may mend a finding, the least change first, each change once."""
        unique: dict[object, Candidate] = {}
        proposed = [each for case in cases for each in self._proposed(case)]
        proposed += self._other_inputs() if cases else self._at_one_size(found)
        for candidate in proposed:
            if candidate.wordings:
                unique.setdefault(candidate.wordings[0], candidate)
        return sorted(unique.values(), key=lambda each: each.cost)[:MOST_CANDIDATES]

    def _proposed(self, case: Case) -> Iterator[Candidate]:
        for fix in case.found.fixes:
            yield Candidate(fix.title, (fix.edits,), 0.9, fix.title, fix.safe)
        yield from own_arguments(case)
        yield from turns_around(case)
        yield from joined_tensors(case)
        yield from exchanged(case)
        yield from more_stages(case)
        yield from projections(case)
        yield from padded_projections(case)
        yield from promised_shape(case)
        yield from own_weights(case)
        yield from wanted_input(case)
        yield from arriving_input(case)
        yield from turns_before(case)
        yield from arguments_around(case)  # the last two may spend all that a case may replay
        yield from earlier_arguments(case)
        yield from word_and_step(case)

    def _at_one_size(self, found: Diagnostic) -> Iterator[Candidate]:
        """Where no size suits: what mends the stages that break at a size which suits the others."""
        model = next((each for each in self.program.models if found.span in demanded(each).values()), None)
        for settings in () if model is None else single_sizes(model, self.trials.settings):
            inner = self.trials.on(self.trials.file, settings)
            trial = inner.of(())
            errors = [] if trial is None else trial.found.errors()
            here = tuple(apply(()) or ())
            search = None if trial is None else _searched(errors, trial.program, inner, (*self.edited, *here))
            for _, held in () if search is None else search.held(errors):
                for fix in sorted(held, key=lambda each: each.order)[:MOST_FIXES]:
                    title = ", and ".join(fix.titles)
                    yield Candidate(title, (fix.edits,), fix.cost, title)

    def _other_inputs(self) -> list[Candidate]:
        """Other sizes of the inputs; what mends a fault that another fix uncovered is not one of them."""
        if self._inputs is None:
            sought = other_inputs(self.program, self.trials, self.places)
            self._inputs = [] if self.edited else [*channels_last(self.program), *sought]
        return self._inputs


def _beside(known: Sequence[Fix], tried: Sequence[Fix]) -> tuple[Fix, ...]:
    """The fixes that were tried, and those there were before that do something else."""
    texts = {fix.edits for fix in tried}
    return (*tried, *[fix for fix in known if fix.edits not in texts])[:MOST_FIXES]

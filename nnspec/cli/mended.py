"""Files with their fixes applied, in memory: each by itself, then for those that import it.

A fix may lie in another file than its fault. It is applied where that file is named too, and where no named file that
imports it has more errors then. Nothing here writes files.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nnspec.analysis.allowances import silence
from nnspec.cli.specs import check_training, settings_of
from nnspec.compiler import with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.mending.applying import Mended, lies_in, mend
from nnspec.mending.search import with_fixes
from nnspec.mending.trial import Budget, Trials
from nnspec.record import Record, replace
from nnspec.syntax.read import Unreadable, read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nnspec.cli.options import Chosen
    from nnspec.cli.specs import Named
    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.program.program import Program
    from nnspec.source import SourceFile

MOST_TRIALS = 600  # of one file that is mended, in all rounds
MOST_WORK = 6_000_000
MOST_ROUNDS = 4  # in which files are mended for each other


class Change(Record):
    """A file before and after its fixes."""

    named: Named
    before: SourceFile
    mended: Mended

    @property
    def path(self) -> str:
        """The file, as it was named."""
        return self.named.path

    @property
    def is_changed(self) -> bool:
        """Whether anything was mended."""
        return self.before.text != self.mended.file.text


def trials_of(
    file: SourceFile, named: Named, chosen: Chosen, budget: Budget, texts: Mapping[str, str] | None = None
) -> Trials:
    """Trials of a file with the options of the command line, its training say included."""

    def verify(program: Program, found: Diagnostics) -> None:
        check_training(program, chosen, found)

    return Trials(file, settings_of(named, chosen), budget, verify, texts)


def mended_files(files: Sequence[Named], chosen: Chosen, *, unsafe: bool) -> list[Change]:
    """The files that can be read as text, mended; of the others `check` will say why not."""
    mender = _Mender(chosen, unsafe=unsafe)
    changes: list[Change] = []
    for named in files:
        try:
            before = read_source(named.path, Diagnostics())
        except Unreadable:
            continue
        if before is not None:
            first = Change(named, before, Mended(before, (), ()))
            changes.append(mender.mended(first, [], [], [each.path for each in files if each is not named]))
    if len(changes) > 1:
        for waits in (True, False):  # the best fix goes first, wherever it lies
            _mend_for_each_other(mender, changes, waits=waits)
    return changes


def _mend_for_each_other(mender: _Mender, changes: list[Change], *, waits: bool) -> None:
    for _ in range(MOST_ROUNDS):
        texts = [change.mended.file.text for change in changes]
        for at, change in enumerate(changes):
            others = [*changes[:at], *changes[at + 1 :]]
            is_wanted = any(_lies_there(other, change.path) for other in others)
            if is_wanted or any(each.severity == "error" for each in change.mended.found):
                paths = [other.path for other in others] if waits else []
                changes[at] = mender.mended(change, others, others if is_wanted else [], paths)
        if [change.mended.file.text for change in changes] == texts:
            break


def _lies_there(change: Change, path: str) -> bool:
    """Whether a fix of what is found in one file lies in another."""
    edits = [edit for found in change.mended.found for fix in found.fixes for edit in fix.edits]
    return any(lies_in(edit.span, path) for edit in edits)


class _Mender:
    def __init__(self, chosen: Chosen, *, unsafe: bool) -> None:
        self.chosen = chosen
        self.unsafe = unsafe
        self._budgets: dict[str, Budget] = {}

    def mended(
        self, change: Change, others: Sequence[Change], seen_by: Sequence[Change], first: Sequence[str]
    ) -> Change:
        """A file with fixes applied, beside others as they are mended; of some it is seen what they find then too.

        What is mended best in one of the files `first` waits for them.
        """
        budget = self._budgets.setdefault(change.path, Budget(MOST_TRIALS, MOST_WORK))
        texts = {os.path.realpath(each.path): each.mended.file.text for each in others if each.is_changed}
        own = self._look(change.named, budget, texts)

        most: dict[str, int] = {}  # errors of each of those that see it, as it was before

        def look(file: SourceFile) -> Sequence[Diagnostic] | None:
            found = own(file)
            for each in seen_by if found is not None else ():
                with_it = self._look(each.named, budget, {**texts, os.path.realpath(change.path): file.text})
                more = with_it(each.mended.file)
                if more is None or _errors(more) > most.setdefault(each.path, _errors(more)):
                    return None
                found = [*(found or ()), *more]
            return found

        def mended() -> Mended:
            done = mend(change.mended.file, look, unsafe=self.unsafe, others=first)
            found = tuple(own(done.file) or ()) if seen_by else done.found
            return replace(done, titles=(*change.mended.titles, *done.titles), found=found)

        return replace(change, mended=with_deep_stack(mended))

    def _look(
        self, named: Named, budget: Budget, texts: Mapping[str, str]
    ) -> Callable[[SourceFile], Sequence[Diagnostic] | None]:
        """What is found in a file, with fixes, beside the texts of others."""

        def look(file: SourceFile) -> Sequence[Diagnostic] | None:
            trials = trials_of(file, named, self.chosen, budget, texts)
            trial = trials.of(())
            if trial is None:
                return None
            silence(trial.program.tree, trial.found, library=not trial.program.models)
            found = trial.found.sorted()
            return with_fixes(found, trial.program, trials) if self.unsafe else found

        return look


def _errors(found: Sequence[Diagnostic]) -> int:
    return sum(each.severity == "error" for each in found)

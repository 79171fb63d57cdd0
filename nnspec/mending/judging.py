"""Whether a trial mends a finding: the finding is gone, and what is new, if anything, was hidden behind it.

What follows from an error is not said, so behind one that is mended another may come to light. It is not the fix's
fault where the stage in question was never reached; where it was, and held, the fix has broken it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.mending.places import Places
from nnspec.mending.trial import sign
from nnspec.record import Record, replace
from nnspec.source import SourceFile, Span
from nnspec.syntax import tree
from nnspec.syntax.read import is_yaml, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.mending.trial import Edited, Sign, Trial

_ABOUT_NETWORKS = ("NN3", "NN4", "NN5")  # errors of other kinds lie in what was written, and hide behind nothing


class Verdict(Record):
    """What a fix of a finding leaves: how many errors, and which of them came to light with it."""

    leaves: int
    uncovered: tuple[Sign, ...] = ()


class Judge:
    """Compares trials with what was found before, and with the places of the operators that held then."""

    def __init__(self, known: set[Sign], sound: Iterable[Span], places: Places) -> None:
        self.known = known
        self._sound = {(span.file.path, span.start, span.end) for span in sound}
        self._places = places

    def of(self, finding: Diagnostic, trial: Trial | None) -> Verdict | None:
        """What a trial leaves.

        None where it leaves the finding, breaks what held, has more errors than before or gives a merge more branches.
        """
        if trial is None:
            return None
        found, errors = sign(finding), trial.signs()
        new = errors - self.known
        if found in errors and _is_found_later(finding, trial):
            new |= {found}
        if (
            (found in errors and found not in new)
            or (new and len(errors) > len(self.known))
            or not all(map(self._was_hidden, new))
        ):
            return None
        if not all(map(self._has_its_branches, trial.texts)):
            return None
        return Verdict(len(errors), tuple(sorted(new, key=lambda each: each[1:])))

    def _has_its_branches(self, text: Edited) -> bool:
        """Whether each merge has as many branches after the edits: a stage that is put into a list of YAML may be one.

        Arrow text writes a `|` for one more, and that nobody does by mistake.
        """
        if not is_yaml(text.after.path):
            return True
        places = Places((parse(text.after, Diagnostics(), yaml=True),))
        for after in places.all_of(tree.Braces):
            here = Span(text.before, text.back(after.span.start), text.back(after.span.end))
            before = self._places.at(here, tree.Braces)
            is_same = before is not None and self._places.owner(before) == places.owner(after)
            if before is not None and is_same and len(before.flows) != len(after.flows):
                return False
        return True

    def _was_hidden(self, new: Sign) -> bool:
        number, path, start, end = new
        node = self._places.at(Span(SourceFile(path, ""), start, end), tree.Node)
        if node is None or not number.startswith(_ABOUT_NETWORKS):
            return False  # it lies in what was put in
        for each in (node, *self._places.around(node)):
            if isinstance(each, tree.Apply):
                return not self._held(each)
            if isinstance(each, tree.Promise):
                inside = list(self._places.of_kind(tree.Apply, each.body))
                return not (inside and self._held(max(inside, key=lambda stage: stage.span.start)))
        return True

    def _held(self, stage: tree.Apply) -> bool:
        """Whether an operator was applied there without a fault."""
        return any((span.file.path, span.start, span.end) in self._sound for span in (stage.span, stage.name_span))


def _is_found_later(finding: Diagnostic, trial: Trial) -> bool:
    """Whether what is found at the same place is found in a later call of the block around it: this one was mended."""
    before = [sign(replace(finding, span=frame.span))[1:] for frame in finding.trace]
    for each in trial.found.errors():
        after = [trial.sign(replace(each, span=frame.span))[1:] for frame in each.trace]
        if trial.sign(each) == sign(finding) and before < after and before[0][0] == after[0][0]:
            return True
    return False

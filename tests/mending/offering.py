"""Fixes of a text, and the text with one applied, by a splice that owes the search nothing."""

from __future__ import annotations

from collections.abc import Sequence

from nnspec.compiler import Settings, compile_tree, with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostic, Diagnostics, Edit, Fix
from nnspec.mending.search import with_fixes
from nnspec.mending.trial import Budget, Trials
from nnspec.source import SourceFile
from nnspec.syntax.read import parse
from tests.program.checking import check


class Offered:
    """What is found in a text, with fixes, and what is left of the budget."""

    def __init__(self, text: str, path: str = "net.nn", settings: Settings = Settings()) -> None:  # noqa: B008
        self.file = SourceFile(path, text)
        self.budget = Budget()
        self.found: Sequence[Diagnostic] = with_deep_stack(lambda: self._found(settings))

    def _found(self, settings: Settings) -> Sequence[Diagnostic]:
        found = Diagnostics()
        program = compile_tree(parse(self.file, found, yaml=self.file.path.endswith(".yaml")), settings, found)
        return with_fixes(found.sorted(), program, Trials(self.file, settings, self.budget))

    @property
    def errors(self) -> list[Diagnostic]:
        return [each for each in self.found if each.severity == "error"]

    @property
    def fixes(self) -> list[Fix]:
        return [fix for error in self.errors for fix in error.fixes if fix.tried]


def spliced(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits, from the last to the first."""
    for edit in sorted(edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def faults(text: str, path: str = "net.nn") -> list[str]:
    """The codes of the errors that the plain checker finds."""
    return [error.split()[0] for error in check(text, path=path).errors]

"""Tries edits: what a spec would come to with them, worked out in memory, within a budget.

An edited spec is read and elaborated like any other, imports included, so what is said of it here is what
`check` will say of it. Nothing here knows which edits are worth a trial, or whether the outcome is good.
"""

from __future__ import annotations

import os
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.compiler import Effort, compile_tree
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.elaborate import Elaborator
from nnspec.record import Record
from nnspec.source import SourceFile
from nnspec.syntax.read import is_yaml, parse, read_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nnspec.compiler import Settings
    from nnspec.diagnostics.diagnostic import Diagnostic, Edit
    from nnspec.program.program import Program
    from nnspec.syntax.tree import Tree

MOST_TRIALS = 120
MOST_WORK = 300_000  # characters, stages and steps of expressions, of all trials together

#: A finding told across edits: its code, and its file, start and end before any edit.
Sign: TypeAlias = "tuple[str, str, int, int]"


class Budget:
    """How much may be tried in all: so many trials, and so much work, counted and never timed."""

    def __init__(self, trials: int = MOST_TRIALS, work: int = MOST_WORK) -> None:
        self.trials = trials
        self.work = work

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be tried."""
        return self.trials <= 0 or self.work <= 0

    def take(self, work: int) -> None:
        """One trial was made, and took so much work."""
        self.trials -= 1
        self.work -= work


class Frugal(Elaborator):
    """Elaborates as ever, gives up where it takes more steps than it may, and explains what it finds only if told."""

    def __init__(self, *given: Any, most: int = MOST_WORK, explains: bool = False) -> None:
        super().__init__(*given)
        self.most = most
        self.explains = explains

    def is_spent(self) -> bool:
        """Whether more was counted than is allowed."""
        return self.steps > self.most or super().is_spent()


class Edited(Record):
    """A text with edits in it, which do not overlap and stand in their order."""

    before: SourceFile
    edits: tuple[Edit, ...]
    after: SourceFile

    def back(self, offset: int) -> int:
        """Where an offset of the edited text lies in the text before; within what was put in, where that begins."""
        shift = 0
        for edit in self.edits:
            begins = edit.span.start + shift
            if offset <= begins:
                break
            if offset < begins + len(edit.text):
                return edit.span.start
            shift += len(edit.text) - (edit.span.end - edit.span.start)
        return offset - shift


class Trial(Record):
    """What a spec came to with edits in it; `found` speaks of the edited texts."""

    program: Program
    found: Diagnostics
    texts: tuple[Edited, ...]

    @property
    def has_errors(self) -> bool:
        """Whether anything found is an error."""
        return self.found.has_errors

    def signs(self, severity: str = "error") -> set[Sign]:
        """The findings of a severity, told so that they can be compared with those before the edits."""
        return {self.sign(found) for found in self.found.sorted() if found.severity == severity}

    def sign(self, found: Diagnostic) -> Sign:
        """One finding of this trial, told in places of the texts before the edits."""
        for edited in self.texts:
            if edited.after.path == found.span.file.path:
                start, end = edited.back(found.span.start), edited.back(found.span.end)
                return found.code.number, found.span.file.path, start, end
        return sign(found)


def sign(found: Diagnostic) -> Sign:
    """A finding of an unedited spec, told so that it can be compared with those of trials."""
    return found.code.number, found.span.file.path, found.span.start, found.span.end


class Trials:
    """Tries edits on one spec and on what it imports.

    `verify` adds what others have to say of a program, its training say, and takes no part otherwise. `texts` are those
    of imported files that are to be read as if they were written already, by their real paths.
    """

    def __init__(
        self,
        file: SourceFile,
        settings: Settings,
        budget: Budget,
        verify: Callable[[Program, Diagnostics], object] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        self.file = file
        self.settings = settings
        self.budget = budget
        self.verify = verify
        self.texts = texts or {}
        self._trees: dict[str, tuple[Tree, list[Diagnostic]]] = {}

    def of(self, edits: Sequence[Edit]) -> Trial | None:
        """What the spec comes to with the edits; None where they overlap, or the budget is spent."""
        if self.budget.is_spent:
            return None
        texts = apply(edits)
        if texts is None or self._length(texts) > self.budget.work:
            return None
        found, effort = Diagnostics(), Effort()
        changed = {os.path.realpath(text.before.path): text.after for text in texts}
        main = next((text.after for text in texts if text.before is self.file), self.file)

        def read(path: str, into: Diagnostics) -> Tree:
            edited = changed.get(os.path.realpath(path))
            return self.read(path, into) if edited is None else parse(edited, into, yaml=is_yaml(path))

        tree = parse(main, found, yaml=is_yaml(main.path))
        make = partial(Frugal, most=self.budget.work, explains=not edits)  # what nothing changed may be shown
        program = compile_tree(tree, self.settings, found, read, effort, make)
        if self.verify is not None:
            self.verify(program, found)
        self.budget.take(effort.spent + self._length(texts))
        return Trial(program, found, texts)

    def _length(self, texts: Sequence[Edited]) -> int:
        """How many characters are read."""
        others = sum(len(text.after.text) for text in texts if text.before is not self.file)
        return len(self.file.text) + others

    def on(self, file: SourceFile, settings: Settings) -> Trials:
        """Trials on another text, or with other settings, that are paid from the same budget."""
        return Trials(file, settings, self.budget, self.verify, self.texts)

    def has_read(self, path: str) -> bool:
        """Whether a file was imported by what was tried."""
        return os.path.realpath(path) in self._trees

    def read(self, path: str, found: Diagnostics) -> Tree:
        """The tree of a file that no edit touches, read once.

        Raises: Unreadable.
        """
        real = os.path.realpath(path)
        if real not in self._trees:
            own = Diagnostics()
            text = self.texts.get(real)
            syntax = read_spec(path, own) if text is None else parse(SourceFile(path, text), own, yaml=is_yaml(path))
            self._trees[real] = syntax, own.sorted()
        tree, known = self._trees[real]
        for each in known:
            found.add(each)
        return tree


def apply(edits: Sequence[Edit]) -> tuple[Edited, ...] | None:
    """The texts that the edits make, one for each file; None where two overlap."""
    by_file: dict[SourceFile, list[Edit]] = {}
    for edit in edits:
        by_file.setdefault(edit.span.file, []).append(edit)
    found: list[Edited] = []
    for file, own in by_file.items():
        own.sort(key=lambda edit: (edit.span.start, edit.span.end))
        if any(before.span.end > after.span.start for before, after in pairwise(own)):
            return None
        found.append(Edited(file, tuple(own), SourceFile(file.path, _replaced(file.text, own))))
    return tuple(found)


def _replaced(text: str, edits: Sequence[Edit]) -> str:
    pieces: list[str] = []
    at = 0
    for edit in edits:
        pieces += (text[at : edit.span.start], edit.text)
        at = edit.span.end
    return "".join((*pieces, text[at:]))

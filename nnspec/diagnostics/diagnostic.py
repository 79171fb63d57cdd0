"""What a diagnostic is: data, complete before anything renders it.

The message stands alone, lower case, without a full stop; the label holds the
local numbers; notes say why, with the formula; help says what to type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from nnspec.record import Record, replace
from nnspec.source import Span

Severity: TypeAlias = Literal["error", "warning", "note"]


class Code(Record):
    """An entry of the table of diagnostics; numbers and slugs are never used again for another.

    `explanation` is what `nnspec explain` prints, `failing` a spec (or other input) that shows it
    and `mended` the same put right. `surface` says what the two are: "nn" or "yaml" specs that
    `check` reads, or "none" where no spec can show it.
    """

    number: str
    slug: str
    severity: Severity
    title: str
    explanation: str
    failing: str = ""
    mended: str = ""
    surface: str = "nn"


class Label(Record):
    """A second place that matters, and what it shows."""

    span: Span
    text: str


class Frame(Record):
    """A step of the way to a fault: a turn of a repeat, a block call."""

    message: str
    span: Span


class Edit(Record):
    """Replace the characters of a span by a text."""

    span: Span
    text: str


class Fix(Record):
    """A change that mends the fault; `safe` where it cannot change what the spec means.

    `tried` where the spec was elaborated with it: then the fault is gone, and nothing that held is broken.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False
    tried: bool = False

    @property
    def said(self) -> str:
        """What it does, and what is then written, where its title does not say it."""
        if "`" in self.title or len(self.edits) != 1:
            return self.title
        (edit,) = self.edits
        line = edit.span.file.text[: edit.span.start].rpartition("\n")[2]
        last_word = line[line.rstrip().rfind(" ") + 1 :]
        return f"{self.title} (`{last_word}{edit.text}`)"


class Diagnostic(Record):
    """One finding, with its place and a way out."""

    code: Code
    severity: Severity
    message: str
    span: Span
    label: str = ""
    labels: tuple[Label, ...] = ()
    trace: tuple[Frame, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fixes: tuple[Fix, ...] = ()


class Diagnostics:
    """Collects findings: one per code and span, later ones counted in a note on the first."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span], Diagnostic] = {}
        self._again: dict[tuple[str, Span], int] = {}

    def add(self, found: Diagnostic) -> None:
        """Keep a finding, or count it where one of its code and span is kept already."""
        key = (found.code.number, found.span)
        if key in self._found:
            self._again[key] = self._again.get(key, 0) + 1
        else:
            self._found[key] = found

    def report(
        self,
        code: Code,
        message: str,
        span: Span,
        *,
        label: str = "",
        labels: tuple[Label, ...] = (),
        trace: tuple[Frame, ...] = (),
        notes: tuple[str, ...] = (),
        help: str | None = None,
        fixes: tuple[Fix, ...] = (),
        severity: Severity | None = None,
    ) -> None:
        """Add a finding, with its code's severity unless another is given."""
        self.add(Diagnostic(code, severity or code.severity, message, span, label, labels, trace, notes, help, fixes))

    def is_known(self, code: Code, span: Span) -> bool:
        """Whether a finding of this code and span is kept already; if so it is counted once more."""
        key = (code.number, span)
        if key not in self._found:
            return False
        self._again[key] = self._again.get(key, 0) + 1
        return True

    def take_away(self, is_silenced: Callable[[Diagnostic], bool]) -> None:
        """Drop the findings that are silenced."""
        self._found = {key: found for key, found in self._found.items() if not is_silenced(found)}

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(found.severity == "error" for found in self._found.values())

    def errors(self) -> list[Diagnostic]:
        """All errors, in the order in which they were found: what causes others comes before them."""
        return [found for found in self._found.values() if found.severity == "error"]

    def exchange(self, old: Diagnostic, new: Diagnostic) -> None:
        """Put a finding in the place of one of the same code and span, of which more is known now."""
        assert (old.code, old.span) == (new.code, new.span), "it is the same finding"
        self._found[new.code.number, new.span] = new

    def sorted(self) -> list[Diagnostic]:
        """All findings in the order of their places, each with its count of further ones."""
        whole = [self._counted(key, found) for key, found in self._found.items()]
        return sorted(whole, key=lambda found: (found.span.file.path, found.span.start, found.code.number))

    def _counted(self, key: tuple[str, Span], found: Diagnostic) -> Diagnostic:
        again = self._again.get(key, 0)
        if not again:
            return found
        times = "once more" if again == 1 else f"{again} times more"
        return replace(found, notes=(*found.notes, f"the same is found here {times}, at other turns or uses"))


class RuleError(Exception):
    """A rule broken by values, raised by code that knows no source positions.

    `at` names the argument to blame (None for the stage as a whole, an int for that input);
    whoever catches it knows where that was written.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        at: str | int | None = None,
        label: str = "",
        notes: tuple[str, ...] = (),
        help: str | None = None,
        replacement: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at
        self.label = label
        self.notes = notes
        self.help = help
        self.replacement = replacement  # (what the fix does, the text to put in place of `at`)

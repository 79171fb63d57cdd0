"""A fault found while one piece of syntax is read: all that its diagnostic needs.

It is raised by what builds the tree and turned into the statement's one error by
whoever asked for the parse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Code, Diagnostics, Fix, Label
    from nnspec.source import Span


class Slip(Exception):  # noqa: N818  (a slip of the writer, not of ours)
    """A syntax error with its place; the first one of a statement is the only one."""

    def __init__(
        self,
        code: Code,
        message: str,
        span: Span,
        *,
        label: str = "",
        labels: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        help: str | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.label = label
        self.labels = labels
        self.notes = notes
        self.help = help
        self.fixes = fixes

    def report(self, found: Diagnostics) -> None:
        """Put it among the findings."""
        found.report(
            self.code,
            self.message,
            self.span,
            label=self.label,
            labels=self.labels,
            notes=self.notes,
            help=self.help,
            fixes=self.fixes,
        )

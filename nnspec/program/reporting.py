"""Reports findings with the way of turns and calls that led to them, and leaves what they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from nnspec.diagnostics.codes import limits
from nnspec.diagnostics.diagnostic import Code, Diagnostics, Fix, Frame, Label
from nnspec.program.scope import Broken
from nnspec.shapes.work import Work
from nnspec.source import Span

MAX_STEPS = 1_000_000
MAX_TERMS = 150_000  # of symbolic sizes, which cost more
MAX_COMPARED = 30_000
STEPS_OF_A_STAGE = 12
STEPS_OF_A_FINDING = 8  # one stage may be at fault at every turn


class LimitReached(Exception):  # noqa: N818
    """A limit of the whole compilation was met and reported: nothing more can be checked."""


class Reporter:
    """Where findings go, and the turns and calls around what is elaborated now."""

    #: Whether anybody reads the findings, so that notes on them are worth working out.
    explains = True

    def __init__(self, found: Diagnostics) -> None:
        self.found = found
        #: The turns and calls at hand, outermost first; put into words only when something is found.
        self.trace: list[Callable[[], Frame]] = []
        self.steps = 0
        self.most_terms = Work.terms + MAX_TERMS
        self.compared = 0

    def report(
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
        """Report a finding with the way of turns and calls that led to it."""
        self.steps += STEPS_OF_A_FINDING
        if self.found.is_known(code, span):
            return
        self.found.report(
            code,
            message,
            span,
            label=label,
            labels=labels,
            trace=tuple([frame() for frame in self.trace]),
            notes=notes,
            help=help,
            fixes=fixes,
        )

    def near(self, word: str, known: Callable[[], Iterable[str]]) -> str | None:
        """`did you mean …?`, until so many names were looked through as a file that is meant may have."""
        from nnspec.diagnostics.nearest import nearest, suggestion  # only a mistake pays for it

        if self.compared > MAX_COMPARED:
            return None
        names = list(known())
        self.compared += len(names)
        return suggestion(nearest(word, names))

    def fail(self, code: Code, message: str, span: Span, **more: Any) -> NoReturn:
        """Report, and leave the expression.

        Raises: Broken.
        """
        self.report(code, message, span, **more)
        raise Broken

    def stop(self, code: Code, message: str, span: Span, **more: Any) -> NoReturn:
        """Report a limit, and leave everything.

        Raises: LimitReached.
        """
        self.report(code, message, span, **more)
        raise LimitReached

    def is_spent(self) -> bool:
        """Whether more was counted than is allowed."""
        return self.steps > MAX_STEPS or Work.terms > self.most_terms

    def spend(self, steps: int, span: Span) -> None:
        """Count what costs about as much as so many expression steps: turns, wires, elements of lists.

        Raises: LimitReached.
        """
        self.steps += steps
        if self.is_spent():
            self.stop(
                limits.TOO_LONG,
                f"the spec takes more than {MAX_STEPS:,} expression steps",
                span,
                help="write smaller ranges, or move what does not change out of loops",
            )

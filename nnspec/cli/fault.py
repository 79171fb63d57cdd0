"""Our own bugs, told to the user: what happened, where, and how to report it; never a traceback unasked."""

from __future__ import annotations

import os
import sys

from nnspec.cli.output import Output
from nnspec.diagnostics.codes.internal import INTERNAL
from nnspec.diagnostics.diagnostic import Diagnostic
from nnspec.diagnostics.text import render
from nnspec.source import SourceFile, Span


def fault_diagnostic(error: BaseException, file: SourceFile) -> Diagnostic:
    """An unforeseen exception as a diagnostic of the file at hand."""
    return Diagnostic(
        INTERNAL,
        "error",
        f"nnspec has a fault: {type(error).__name__}: {str(error)[:300] or 'no words'}",
        Span(file, 0, 0),
        notes=(f"place: {_place(error)}",),
        help="please file an issue with the spec and this command; `NNSPEC_TRACEBACK=1` in the environment shows "
        "the traceback",
    )


def report_fault(error: BaseException, path: str = "<command line>") -> int:
    """Show an unforeseen exception; the exit status is 2."""
    output = Output.errors()
    show_traceback(error)
    output.raw(render(fault_diagnostic(error, SourceFile(path, "")), output.screen) + "\n")
    return 2


def show_traceback(error: BaseException) -> None:
    """The whole traceback, where the environment asks for it."""
    if os.environ.get("NNSPEC_TRACEBACK") == "1":
        import traceback

        traceback.print_exception(error, file=sys.stderr)


def _place(error: BaseException) -> str:
    """The deepest frame of ours, by module and line."""
    found, trace = "unknown", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("nnspec"):
            found = f"{module}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return found

"""Diagnostics as workflow commands of GitHub Actions: one line each, shown beside the changed lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.screen import escape

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostic

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def command(found: Diagnostic) -> str:
    """`::error file=vgg.nn,line=3,col=34,endLine=3,endColumn=44,title=…::message`."""
    line, column = found.span.file.position(found.span.start)
    end_line, end_column = found.span.file.position(found.span.end)
    properties = {
        "file": found.span.file.path,
        "line": line,
        "col": column,
        "endLine": end_line,
        "endColumn": end_column,
        "title": f"{found.code.number} {found.code.slug}",
    }
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_LEVELS[found.severity]} {listed}::{_data(_message(found))}"


def _message(found: Diagnostic) -> str:
    head = f"{found.message}: {found.label}" if found.label else found.message
    tail = (f"help: {found.help}",) if found.help else ()
    fixes = [f"fix: {fix.said}" for fix in found.fixes if fix.tried]
    return "\n".join([head, *(f"in: {frame.message}" for frame in found.trace), *found.notes, *tail, *fixes])


def _data(text: str) -> str:
    shown = "".join([each if each.isprintable() or each == "\n" else escape(each) for each in text])
    return shown.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

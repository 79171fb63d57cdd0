"""Diagnostics as plain data, with exactly the keys that the command line promises, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostic, Fix
    from nnspec.source import SourceFile, Span


def diagnostic_data(found: Diagnostic, home: SourceFile | str) -> dict[str, Any]:
    """One diagnostic of a file; spans in other files carry their path."""
    path = home if isinstance(home, str) else home.path
    return {
        "code": found.code.number,
        "slug": found.code.slug,
        "severity": found.severity,
        "message": found.message,
        "span": span_data(found.span, path),
        "label": found.label,
        "labels": [{"message": label.text, "span": span_data(label.span, path)} for label in found.labels],
        "trace": [{"message": frame.message, "span": span_data(frame.span, path)} for frame in found.trace],
        "notes": list(found.notes),
        "help": found.help,
        "fixes": [_fix(fix, path) for fix in found.fixes],
    }


def _fix(fix: Fix, path: str) -> dict[str, Any]:
    edits = [{"span": span_data(edit.span, path), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def span_data(span: Span, path: str) -> dict[str, Any]:
    """Start and end of a span; its path too, where that is not the path at hand."""
    ends = {"start": _position(span.file, span.start), "end": _position(span.file, span.end)}
    return ends if span.file.path == path else {"path": span.file.path, **ends}


def _position(file: SourceFile, offset: int) -> dict[str, int]:
    line, column = file.position(offset)
    return {"line": line, "column": column, "offset": offset}

"""Diagnostics as SARIF 2.1.0, the format that code-scanning services read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nnspec import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nnspec.diagnostics.diagnostic import Code, Diagnostic, Fix
    from nnspec.source import SourceFile, Span

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def document(found: Iterable[Diagnostic]) -> dict[str, Any]:
    """A log of one run that found these, with the rules that they break."""
    diagnostics = list(found)
    rules: dict[str, Code] = {}
    for each in diagnostics:
        rules.setdefault(each.code.number, each.code)
    indexes = {number: index for index, number in enumerate(rules)}
    driver = {
        "name": "nnspec",
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in rules.values()],
    }
    results = [_result(each, indexes[each.code.number]) for each in diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: Code) -> dict[str, Any]:
    text, markdown = _help(code)
    return {
        "id": code.number,
        "name": "".join(word.capitalize() for word in code.slug.split("-")),
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.explanation or code.title},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _help(code: Code) -> tuple[str, str]:
    plain, marked = [code.explanation or code.title], [code.explanation or code.title]
    for head, spec in (("Failing", code.failing), ("Mended", code.mended)):
        if spec:
            plain.append(f"{head}:\n{spec.rstrip()}")
            marked.append(f"{head}:\n\n```\n{spec.rstrip()}\n```")
    return "\n\n".join(plain), "\n\n".join(marked)


def _result(found: Diagnostic, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.code.number,
        "ruleIndex": rule,
        "level": _LEVELS[found.severity],
        "message": {"text": _message(found)},
        "locations": [_location(found.span)],
    }
    if found.labels:
        result["relatedLocations"] = [
            {"id": number, **_location(label.span, label.text)} for number, label in enumerate(found.labels, start=1)
        ]
    if found.trace:
        steps = [(frame.span, frame.message) for frame in found.trace] + [(found.span, found.message)]
        result["codeFlows"] = [{"threadFlows": [{"locations": [{"location": _location(*step)} for step in steps]}]}]
    if found.fixes:
        result["fixes"] = [_fix(fix) for fix in found.fixes]
    return result


def _message(found: Diagnostic) -> str:
    head = f"{found.message}: {found.label}" if found.label else found.message
    tail = (f"help: {found.help}",) if found.help else ()
    return "\n".join([head, *found.notes, *tail])


def _location(span: Span, message: str = "") -> dict[str, Any]:
    physical = {"artifactLocation": {"uri": _uri(span.file.path)}, "region": _region(span)}
    place: dict[str, Any] = {"physicalLocation": physical}
    return {**place, "message": {"text": message}} if message else place


def _region(span: Span) -> dict[str, int]:
    line, column = span.file.position(span.start)
    end_line, end_column = span.file.position(span.end)
    return {
        "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column,
        "charOffset": span.start, "charLength": span.end - span.start,
    }  # fmt: skip


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[SourceFile, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        changes.setdefault(edit.span.file, []).append(replacement)
    artifacts = [
        {"artifactLocation": {"uri": _uri(file.path)}, "replacements": edits} for file, edits in changes.items()
    ]
    return {"description": {"text": fix.title}, "artifactChanges": artifacts}


def _uri(path: str) -> str:
    """A relative path as it is, an absolute one as a `file` URI; whatever a URI does not allow is escaped."""
    from urllib.parse import quote

    quoted = quote(os.fsencode(path.replace(os.sep, "/")))
    return f"file://{quoted}" if path.startswith("/") else quoted

"""The reference page of the diagnostics, from their table; `python -m nnspec.derive` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.catalogue import all_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.diagnostics.diagnostic import Code

_HEAD = """# Diagnostics

Written by `python -m nnspec.derive` from `nnspec/diagnostics/codes`. Numbers and slugs are never used again for
another. `nnspec explain CODE` shows an entry; a test runs every failing and every mended spec.
"""

_HUNDREDS = {
    "1": "Syntax", "2": "Names and arguments", "3": "Shapes", "4": "Graph", "5": "Promises", "6": "Advice",
    "7": "Back ends, data and training", "8": "Limits", "9": "Our own faults",
}  # fmt: skip

_MOST_LINES = 40
_WIDEST = 160


def reference() -> str:
    """The page, as Markdown."""
    codes = all_codes()
    rows = [
        f"| [{each.number}](#{_anchor(each)}) | `{each.slug}` | {each.severity} | {_cell(each.title)} |"
        for each in codes
    ]
    parts = [_HEAD, "| number | slug | severity | what |", "| --- | --- | --- | --- |", *rows, ""]
    hundred = ""
    for code in codes:
        if code.number[2] != hundred:
            hundred = code.number[2]
            parts.append(f"## {_HUNDREDS[hundred]}\n")
        parts += _entry(code)
    return "\n".join(parts)


def _anchor(code: Code) -> str:
    return f"{code.number.lower()}-{code.slug}"


def _entry(code: Code) -> Iterator[str]:
    yield f"### {code.number} {code.slug}\n"
    yield f"{code.severity.capitalize()}: {code.title}.\n"
    if code.explanation:
        yield code.explanation + "\n"
    for head, spec in (("Failing", code.failing), ("Mended", code.mended)):
        if spec:
            yield f"{head}:\n\n```{'yaml' if code.surface == 'yaml' else ''}\n{_shortened(spec)}\n```\n"


def _shortened(spec: str) -> str:
    """A spec that shows a limit is long; its beginning tells enough."""
    lines = spec.rstrip("\n").split("\n")[:_MOST_LINES]
    return "\n".join([line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…" for line in lines])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

"""Silences what a spec allows: `# allow: slug` on a line, or for the whole file. Errors cannot be silenced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import advice as codes
from nnspec.diagnostics.diagnostic import Diagnostic, Diagnostics
from nnspec.syntax.tree import Allowance, Tree

if TYPE_CHECKING:
    from nnspec.source import SourceFile


def silence(tree: Tree, found: Diagnostics, *, library: bool = False) -> None:
    """Take away the notes and warnings that a file, or one that it imports, allows; report what silences nothing.

    In a library some are silenced only where its blocks are used, so there nothing is said of those.
    """
    used: set[int] = set()
    others: dict[int, tuple[Allowance, ...]] = {}

    def is_allowed(finding: Diagnostic) -> bool:
        if finding.severity == "error":
            return False
        file = finding.span.file
        if file is not tree.file:
            if id(file) not in others:
                others[id(file)] = _allowances(file)
            return bool(_silencing(others[id(file)], finding))
        silencing = _silencing(tree.allowances, finding)
        used.update(silencing)
        return bool(silencing)

    found.take_away(is_allowed)
    for index, allowance in enumerate(tree.allowances):
        if index not in used:
            _report(allowance, found, library)


def _silencing(allowances: tuple[Allowance, ...], finding: Diagnostic) -> list[int]:
    """The allowances that silence a finding of their file, by their numbers."""
    if not allowances:
        return []
    line, _ = finding.span.file.position(finding.span.start)
    return [
        index
        for index, allowance in enumerate(allowances)
        if allowance.slug == finding.code.slug and allowance.line in (None, line)
    ]


def _allowances(file: SourceFile) -> tuple[Allowance, ...]:
    """What an imported file allows; it is read again, which few need."""
    if "allow" not in file.text:
        return ()
    from nnspec.syntax.read import parse

    return parse(file, Diagnostics(), yaml=not file.path.endswith(".nn")).allowances


def _report(allowance: Allowance, found: Diagnostics, library: bool) -> None:
    from nnspec.diagnostics.catalogue import all_codes
    from nnspec.diagnostics.nearest import nearest, suggestion

    slugs = [code.slug for code in all_codes() if code.severity != "error"]
    message = f"`{allowance.slug}` silences nothing here"
    help = "take it away"
    if library and allowance.slug in slugs:
        return
    if allowance.slug not in slugs:
        message = f"no note or warning is called `{allowance.slug}`"
        help = suggestion(nearest(allowance.slug, slugs)) or help
    found.report(codes.UNUSED_ALLOWANCE, message, allowance.span, help=help)

"""Silences what a spec allows: `# allow: slug` on a line, or for the whole file. Errors cannot be silenced."""

from __future__ import annotations

from nnspec.diagnostics.codes import advice as codes
from nnspec.diagnostics.diagnostic import Diagnostic, Diagnostics
from nnspec.syntax.tree import Allowance, Tree


def silence(tree: Tree, found: Diagnostics) -> None:
    """Take away the notes and warnings that the file allows; report allowances that silence nothing."""
    used: set[int] = set()

    def is_allowed(finding: Diagnostic) -> bool:
        if finding.severity == "error" or finding.span.file is not tree.file:
            return False
        line, _ = tree.file.position(finding.span.start)
        silencing = [
            index
            for index, allowance in enumerate(tree.allowances)
            if allowance.slug == finding.code.slug and allowance.line in (None, line)
        ]
        used.update(silencing)
        return bool(silencing)

    if not tree.allowances:
        return
    found.take_away(is_allowed)
    for index, allowance in enumerate(tree.allowances):
        if index not in used:
            _report(allowance, found)


def _report(allowance: Allowance, found: Diagnostics) -> None:
    from nnspec.diagnostics.catalogue import all_codes
    from nnspec.diagnostics.nearest import nearest, suggestion

    slugs = [code.slug for code in all_codes() if code.severity != "error"]
    message = f"`{allowance.slug}` silences nothing here"
    help = "take it away"
    if allowance.slug not in slugs:
        message = f"no note or warning is called `{allowance.slug}`"
        help = suggestion(nearest(allowance.slug, slugs)) or help
    found.report(codes.UNUSED_ALLOWANCE, message, allowance.span, help=help)

"""`check --fix`: fixes for what was found, sought, shown as a diff, and written.

What may be written is decided here: only files that were named, never with more errors than before, whole or not at
all, in the encoding that they had.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nnspec.cli.fault import show_traceback
from nnspec.cli.mended import Change, mended_files, trials_of
from nnspec.cli.output import Output
from nnspec.cli.specs import Named, named_files
from nnspec.cli.usage import UsageError
from nnspec.cli.writing import write_whole
from nnspec.compiler import with_deep_stack
from nnspec.diagnostics.text import render
from nnspec.mending.applying import lies_in
from nnspec.mending.nearest_help import with_nearest_sizes
from nnspec.mending.search import with_fixes
from nnspec.mending.trial import Budget
from nnspec.record import replace
from nnspec.syntax.read import STANDARD_INPUT

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from nnspec.cli.options import Chosen
    from nnspec.cli.specs import Report
    from nnspec.diagnostics.diagnostic import Diagnostic

MOST_SHOWN = 300  # in a run that only shows fixes
_BOM = b"\xef\xbb\xbf"


def budget_of_a_run() -> Budget:
    """How much may be tried for all files of a run that only shows fixes."""
    return Budget(MOST_SHOWN)


def report_with_fixes(report: Report, named: Named, chosen: Chosen, budget: Budget) -> Report:
    """The report with the fixes that were found and tried."""
    program = report.program
    if program is None or not report.has_errors or budget.is_spent:
        return report
    trials = trials_of(program.tree.file, named, chosen, budget)
    try:
        found = with_deep_stack(lambda: with_fixes(report.diagnostics, program, trials))
        found = with_deep_stack(lambda: with_nearest_sizes(found, program, trials.settings, budget))
    except Exception as error:  # a fault of ours in looking for fixes must not hide what they are for
        show_traceback(error)
        return report
    return replace(report, diagnostics=found)


def diff_lines(change: Change) -> list[str]:
    """What was changed, as a unified diff."""
    from difflib import unified_diff

    path = STANDARD_INPUT if change.path == "-" else change.path
    before, after = change.before.text.splitlines(), change.mended.file.text.splitlines()
    return list(unified_diff(before, after, fromfile=path, tofile=path, lineterm=""))


def write(change: Change) -> None:
    """Write a mended file, with the byte order mark and the rights that it had.

    Raises: UsageError, where it cannot be written, or is no longer what was read.
    """
    path = change.path
    with open(path, "rb") as stream:
        there = stream.read()
    mark = _BOM if there.startswith(_BOM) else b""
    if there != mark + change.before.text.encode():
        raise UsageError(f"{path} was changed while it was read, and is left as it is; try again")
    if not os.access(path, os.W_OK):
        raise UsageError(f"{path} cannot be written: it is read-only")
    rights = os.stat(path).st_mode

    def put(partial: str) -> None:
        with open(partial, "wb") as stream:
            stream.write(mark + change.mended.file.text.encode())
        os.chmod(partial, rights)

    write_whole(path, put)


def fix_files(options: Namespace, chosen: Chosen) -> int | None:
    """Mend the named files: show what changes, and write it unless only that is asked for.

    None where `check` is to go on and say what is found now, else the exit status.

    Raises: UsageError.
    """
    _verify(options)
    output, errors = Output.standard(options.color), Output.errors(options.color)
    files = [named for named in named_files(options.files) if isinstance(named, Named)]
    changes = mended_files(files, chosen, unsafe=options.unsafe_fixes)
    if options.files == ["-"] and not options.diff:
        return _answer_mended(changes, options, output, errors)
    for change in changes:
        if change.is_changed:
            if options.format == "text":
                _show(change, output)
            if not options.diff:
                write(change)
    _say_what_was_done(changes, errors, written=not options.diff)
    if not options.diff:
        return None
    found = [each for change in changes for each in change.mended.found]
    _say_what_lies_elsewhere(found, [change.path for change in changes], errors)
    return 1 if any(change.is_changed or _has_errors(change.mended.found) for change in changes) else 0


def _verify(options: Namespace) -> None:
    if options.unsafe_fixes and not (options.fix or options.diff):
        raise UsageError("`--unsafe-fixes` says which fixes are applied: write `--fix --unsafe-fixes`, or `--diff`")
    if options.diff and options.format != "text":
        raise UsageError("`--diff` answers with a diff; leave out `--format`")
    if options.fix and "-" in options.files and (len(options.files) > 1 or options.format != "text"):
        raise UsageError("`--fix -` answers with the mended spec; name no other file, and leave out `--format`")


def _answer_mended(changes: Sequence[Change], options: Namespace, output: Output, errors: Output) -> int:
    """Standard input, mended, on standard output; what is found in it beside."""
    for change in changes:
        output.raw(change.mended.file.text)
        for found in change.mended.found:
            errors.raw(render(found, errors.screen) + "\n\n")
    _say_what_was_done(changes, errors, written=True)
    return 1 if not changes or any(_has_errors(change.mended.found) for change in changes) else 0


def _show(change: Change, output: Output) -> None:
    roles = {"+": "ok", "-": "error", "@": "note"}
    for line in diff_lines(change):
        role = "bold" if line.startswith(("+++", "---")) else roles.get(line[:1])
        shown = "".join([each if each == "\t" else output.screen.glyph(each) for each in line])  # whole, to be applied
        output.raw((output.screen.paint(shown, role) if role else shown) + "\n")
    output.raw("\n")


def _say_what_was_done(changes: Sequence[Change], errors: Output, *, written: bool) -> None:
    count = sum(len(change.mended.titles) for change in changes)
    files = sum(change.is_changed for change in changes)
    verb = "applied" if written else "would apply"
    where = "" if not count else f" in {files} file{'s' * (files != 1)}"
    errors.text(f"{verb} {count or 'no'} fix{'es' * (count != 1)}{where}")


def say_what_is_left(reports: Sequence[Report], errors: Output, *, unsafe: bool) -> None:
    """How many findings have a fix that was not applied: it may change what the spec means, or lies elsewhere."""
    paths = [report.path for report in reports]
    found = [each for report in reports for each in report.diagnostics]
    left = sum(any(not fix.safe for fix in each.fixes) and not _other_file(each, paths) for each in found)
    if left and not unsafe:
        more = f"{left} more finding{'s have fixes' if left > 1 else ' has fixes'}"
        errors.text(f"{more} that may change what the spec means; `--fix --unsafe-fixes` applies the first of each")
    _say_what_lies_elsewhere(found, paths, errors)


def _say_what_lies_elsewhere(found: Sequence[Diagnostic], paths: Sequence[str], errors: Output) -> None:
    others = [other for each in found if (other := _other_file(each, paths))]
    for other in dict.fromkeys(others):
        count = others.count(other)
        more = f"{count} finding{'s have' if count > 1 else ' has'} fixes in {other}"
        errors.text(f"{more}, which is written only if it is named too")


def _other_file(found: Diagnostic, paths: Sequence[str]) -> str | None:
    """The file that all fixes of a finding lie in, where it is none of those that were named."""
    spans = [edit.span for fix in found.fixes for edit in fix.edits]
    if not spans or any(lies_in(span, path) for span in spans for path in paths):
        return None
    return spans[0].file.path


def _has_errors(found: Sequence[Diagnostic]) -> bool:
    return any(each.severity == "error" for each in found)

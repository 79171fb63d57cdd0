"""`nnspec check`: everything that can be said of specs before anything runs; loads no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.cli.options import add_spec_options, chosen, read_options
from nnspec.cli.output import Output
from nnspec.cli.specs import Named, Report, named_files, read_report
from nnspec.cli.usage import Parser
from nnspec.record import Record
from nnspec.syntax.read import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nnspec.cli.options import Chosen
    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.mending.trial import Budget

FORMATS = ("text", "json", "sarif", "github")

_EXAMPLES = (
    "nnspec check specs/vision/vgg16.nn",
    "nnspec check specs --strict",
    "nnspec check line.nn -p n=2 -p m=3 --input 32,32,3 --set Conv.filters=32",
    "nnspec check model.yaml --format json",
    "echo 'Input(8) -> FC(3)' | nnspec check -",
    "nnspec check model.nn --diff --unsafe-fixes",
    "nnspec check model.nn --fix",
)


class Checked(Record):
    """All files of a run, and what could not be read."""

    reports: tuple[Report, ...]
    unreadable: tuple[Unreadable, ...]
    strict: bool

    def is_ok(self, report: Report) -> bool:
        """The verdict on a file."""
        return not (report.has_errors or (self.strict and report.has_warnings))

    @property
    def status(self) -> int:
        """The exit status: what could not be done comes before what is wrong."""
        if self.unreadable or any(report.is_fault for report in self.reports):
            return 2
        return 0 if all(map(self.is_ok, self.reports)) else 1

    @property
    def fresh(self) -> list[tuple[Diagnostic, ...]]:
        """For each file, what was found; what an imported file was already said to have is left out."""
        seen: set[tuple[str, str, int, int]] = set()
        return [tuple([found for found in report.diagnostics if _is_new(found, seen)]) for report in self.reports]


def _is_new(found: Diagnostic, seen: set[tuple[str, str, int, int]]) -> bool:
    key = (found.code.number, found.span.file.path, found.span.start, found.span.end)
    if key in seen:
        return False
    seen.add(key)
    return True


def run(arguments: Sequence[str]) -> int:
    """Check the files; 1 where one does not hold, 2 where one cannot be read."""
    parser = Parser("check", "Say what is wrong with specs, before anything runs.", _EXAMPLES)
    parser.add_argument("files", metavar="FILE", nargs="+", help="a spec, a folder of specs, or - for standard input")
    parser.add_argument("--strict", action="store_true", help="warnings fail too")
    _add_fix_options(parser)
    add_spec_options(parser, FORMATS)
    options = read_options(parser, arguments)
    settings = chosen(options)
    if options.fix or options.diff or options.unsafe_fixes:
        from nnspec.cli.fixing import fix_files  # few runs mend anything

        status = fix_files(options, settings)
        if status is not None:
            return status
    reports: list[Report] = []
    unreadable: list[Unreadable] = []
    fixer = Fixer(settings)
    for named in named_files(options.files):
        try:
            report = read_report(_readable(named), settings)
            reports.append(fixer.of(report, _readable(named)))
        except Unreadable as error:
            unreadable.append(error)
    checked = Checked(tuple(reports), tuple(unreadable), options.strict)
    _complain(checked, Output.errors(options.color))
    _RENDERERS[options.format](checked, Output.standard(options.color))
    if options.fix:
        from nnspec.cli.fixing import say_what_is_left

        say_what_is_left(checked.reports, Output.errors(options.color), unsafe=options.unsafe_fixes)
    return checked.status


def _add_fix_options(parser: Parser) -> None:
    group = parser.add_argument_group("fixes")
    group.add_argument("--fix", action="store_true", help="write what can be mended without a change of meaning")
    group.add_argument(
        "--unsafe-fixes", action="store_true", help="with --fix or --diff: of every other error the first fix, too"
    )
    group.add_argument("--diff", action="store_true", help="show what --fix would write, and write nothing")


class Fixer:
    """Adds fixes to reports that have errors; all reports of a run share one budget."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._budget: Budget | None = None

    def of(self, report: Report, named: Named) -> Report:
        """The report with fixes for its errors."""
        if not report.has_errors:
            return report
        from nnspec.cli.fixing import budget_of_a_run, report_with_fixes  # what holds pays nothing for it

        self._budget = budget_of_a_run() if self._budget is None else self._budget
        return report_with_fixes(report, named, self._chosen, self._budget)


def _readable(named: Named | Unreadable) -> Named:
    if isinstance(named, Unreadable):
        raise named
    return named


def _complain(checked: Checked, errors: Output) -> None:
    for unreadable in checked.unreadable:
        head = errors.screen.paint("nnspec check: error:", "error")
        errors.raw(f"{head} {errors.screen.safe(str(unreadable))}\n")


def _text(checked: Checked, output: Output) -> None:
    from nnspec.cli.verdict import text_lines

    for line in text_lines(checked, output.screen):
        output.raw(line + "\n")


def _json(checked: Checked, output: Output) -> None:
    from nnspec.cli.document import check_document

    _dump(check_document(checked), output)


def _sarif(checked: Checked, output: Output) -> None:
    from nnspec.diagnostics.sarif import document

    _dump(document([found for each in checked.fresh for found in each]), output)


def _github(checked: Checked, output: Output) -> None:
    from nnspec.diagnostics.github import command

    for found in [found for each in checked.fresh for found in each]:
        output.text(command(found))


def _dump(document: dict[str, Any], output: Output) -> None:
    import json

    output.raw(json.dumps(document, indent=2) + "\n")


_RENDERERS: dict[str, Callable[[Checked, Output], None]] = {
    "text": _text, "json": _json, "sarif": _sarif, "github": _github,
}  # fmt: skip

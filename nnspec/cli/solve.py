"""`nnspec solve`: the numbers that fill the holes of a spec, shown or written into it; loads no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.cli.options import add_spec_options, chosen, read_options
from nnspec.cli.output import Output
from nnspec.cli.specs import Report, read_one
from nnspec.cli.stop import exit_status, show_diagnostics
from nnspec.cli.usage import Parser, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.solving.places import Gap
    from nnspec.solving.solve import Solution, Way

FORMATS = ("text", "json")
MOST_SHOWN = 10

_EXAMPLES = (
    "nnspec solve net.nn",
    "nnspec solve net.nn --write",
    "nnspec solve net.nn -p classes=100 --all",
    "echo 'Input(?, ?, 1) -> (Conv(8, 3) -> Pool) x 3 : (2, 5, _)' | nnspec solve -",
)


def run(arguments: Sequence[str]) -> int:
    """Find what fills the holes; 1 where nothing does."""
    parser = Parser("solve", "Find the numbers that fill the holes `?` of a spec.", _EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="a spec, or - for standard input")
    parser.add_argument("--write", action="store_true", help="put the smallest numbers that fit into the file")
    parser.add_argument("--all", action="store_true", help=f"list all that were found, not {MOST_SHOWN}")
    add_spec_options(parser, FORMATS)
    options = read_options(parser, arguments)
    if options.write and options.file == "-":
        raise UsageError("`--write` changes a file, and standard input is none")
    report = read_one(options.file, chosen(options), smallest_will_do=True)
    output, solution = Output.standard(options.color), report.solution
    if options.format == "json":
        _json(report, output)
    else:
        _show_faults(report, Output.errors(options.color))
        for line in _lines(report, everything=options.all):
            output.text(output.screen.safe(line))
    if options.write and solution is not None and solution.ways:
        _write(report.path, solution, output if options.format == "text" else None)
    return exit_status(report)


def _show_faults(report: Report, errors: Output) -> None:
    show_diagnostics(report, errors)


# The answer as text.


def _lines(report: Report, *, everything: bool) -> Iterator[str]:
    solution = report.solution
    if solution is None:
        if not report.has_errors:
            yield f"{report.path} has no holes"
        return
    if not solution.ways:
        return
    from nnspec.solving.words import described, limited, tried

    for gap in solution.gaps:
        shown = _every(solution, gap) if everything and solution.is_free else described(solution, gap)
        yield f"{_place(gap)}: {gap.what}: {shown}"
    yield from [f"  {line}" for line in limited(solution)]
    if not solution.is_free:
        yield from _together(solution, everything=everything)
    if len(solution.letters) < len(solution.gaps):
        only = ", and no other fits" if solution.is_only else ""
        yield tried(solution.found, len(solution.gaps) - len(solution.letters)) + only


def _place(gap: Gap) -> str:
    line, column = gap.span.file.position(gap.span.start)
    return f"{gap.span.file.path}:{line}:{column}"


def _every(solution: Solution, gap: Gap) -> str:
    from nnspec.solving.words import described, folded, perhaps_more

    if gap.span in dict(solution.letters):
        return described(solution, gap)
    position = solution.gaps.index(gap)
    numbers = sorted({way.numbers[position] for way in solution.ways})
    return (
        described(solution, gap)
        if solution.found.until is not None
        else folded(numbers) + perhaps_more(solution, numbers)
    )


def _together(solution: Solution, *, everything: bool) -> Iterator[str]:
    """The ways, one a line: what fits one hole hangs on the others."""
    shown = solution.ways if everything else solution.ways[:MOST_SHOWN]
    yield f"{len(solution.ways):,} ways to fill all {len(solution.gaps)} holes together, the smallest first:"
    cells = [[str(number) for number in way.numbers] for way in shown]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for way, row in zip(shown, cells, strict=True):
        numbers = "  ".join([cell.rjust(width) for cell, width in zip(row, widths, strict=True)])
        yield f"  {numbers}{_where(way)}"
    if len(shown) < len(solution.ways):
        yield f"  … {len(solution.ways) - len(shown):,} more, which `--all` lists"


def _where(way: Way) -> str:
    said = (*way.conditions, *way.restrictions)
    return "  where " + " and ".join(map(str, said)) if said else ""


# The answer as data.


def _json(report: Report, output: Output) -> None:
    import json

    from nnspec.diagnostics.json import diagnostic_data

    solution = report.solution
    document = {
        "version": 1,
        "path": report.path,
        "ok": not report.has_errors,
        "holes": [] if solution is None else [_hole(solution, gap, report.path) for gap in solution.gaps],
        "ways": [] if solution is None else [_way(way) for way in solution.ways],
        "only": solution is not None and solution.is_only,
        "searched": None if solution is None else solution.found.searched,
        "diagnostics": [diagnostic_data(found, report.path) for found in report.diagnostics],
    }
    output.raw(json.dumps(document, indent=2) + "\n")


def _hole(solution: Solution, gap: Gap, path: str) -> dict[str, Any]:
    from nnspec.diagnostics.json import span_data

    return {"what": gap.what, "letter": dict(solution.letters).get(gap.span), "span": span_data(gap.span, path)}


def _way(way: Way) -> dict[str, Any]:
    return {"numbers": list(way.numbers), "conditions": [str(each) for each in (*way.conditions, *way.limits)]}


# Writing.


def _write(path: str, solution: Solution, output: Output | None) -> None:
    """Put the first way into the file, its layout as it is.

    Raises: UsageError, where it cannot be written.
    """
    from difflib import unified_diff

    from nnspec.cli.writing import write_text
    from nnspec.diagnostics.diagnostic import Edit
    from nnspec.mending.trial import apply

    edits = [Edit(span, str(number)) for span, number in solution.filling(solution.ways[0]).items()]
    (edited,) = apply(edits) or ()
    before, after = edited.before.text, edited.after.text
    with open(path, "rb") as stream:
        mark = stream.read(3)
    write_text(path, ("\ufeff" if mark == b"\xef\xbb\xbf" else "") + after)
    if output is None:
        return
    lines = unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="", n=0)
    for line in list(lines)[2:]:
        if not line.startswith("@@"):
            output.text(output.screen.safe(line))
    output.text(f"wrote {output.screen.safe(path)}")

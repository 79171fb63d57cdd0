"""`nnspec diff`: what differs between two networks, matched by structure and not by name.

Like diff(1): 0 where there is no difference, 1 where there is one, 2 where they cannot be compared. Specs are
compared without a framework; a saved model needs Keras, which says what its layers are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.cli.diff_sides import Pairing, in_keras, options_of, pairings, read_sides
from nnspec.cli.options import add_spec_options, read_options
from nnspec.cli.output import Output
from nnspec.cli.usage import Parser
from nnspec.comparing.difference import difference
from nnspec.deep_stack import with_deep_stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.cli.diff_sides import Side
    from nnspec.cli.diff_words import Line
    from nnspec.comparing.difference import Difference

FORMATS = ("text", "json", "markdown")

_DOES = """What differs between two networks: layers added, removed and changed, matched by structure and not by
name, with the change in sizes, params, MACs and receptive field. Each is a spec or a model that Keras saved.
Options hold for both; one that begins with `old:` or `new:` holds for that one: -p new:n=3, --input old:32,32,3."""

_EXAMPLES = (
    "nnspec diff specs/residual/resnet18.nn specs/residual/resnet34.nn",
    "nnspec diff specs/residual/resnet18.nn -p new:classes=10",
    "nnspec diff net.nn net.keras",
    "git show HEAD:net.nn | nnspec diff - net.nn --format markdown",
    "nnspec diff gan.nn gan.nn --model Small:Large",
)


def run(arguments: Sequence[str]) -> int:
    """Show what differs."""
    parser = Parser("diff", _DOES, _EXAMPLES)
    parser.add_argument("old", metavar="OLD", help="a spec, a saved .keras model, or - for standard input")
    parser.add_argument("new", metavar="NEW", nargs="?", help="the other one; OLD itself, where options set them apart")
    parser.add_argument("--all", action="store_true", help="list the layers that only have other sizes, too")
    add_spec_options(parser, FORMATS)
    options = read_options(parser, arguments)
    errors = Output.errors(options.color)
    sides = read_sides(options.old, options.new, options_of(options), errors)
    if sides is None:
        return 2
    found: list[tuple[Pairing, Difference | None]] = []
    for pair in pairings(*sides):
        try:
            found.append((pair, _difference(pair, sides, errors)))
        except _NotBuilt:
            return 2
    output = Output.standard(options.color)
    if options.format == "json":
        _json(sides, found, output)
    else:
        for number, each in enumerate(found):
            if number:
                output.raw("\n")
            show = _markdown if options.format == "markdown" else _text
            for line in show(*each, options, output):
                output.text(line)
    return 0 if all(each is not None and each.is_none for _, each in found) else 1


class _NotBuilt(Exception):  # noqa: N818
    """A spec cannot be built in Keras, which was said."""


def _difference(pair: Pairing, sides: tuple[Side, Side], errors: Output) -> Difference | None:
    """What differs between two models; None where there is only one."""
    old, new = pair.old, pair.new
    if old is None or new is None:
        return None
    if all(side.report is not None for side in sides):
        return with_deep_stack(lambda: difference(old, new))
    from nnspec.comparing.with_saved import difference_in_keras

    nets = [in_keras(side, net, errors) for side, net in zip(sides, (old, new), strict=True)]
    if nets[0] is None or nets[1] is None:
        raise _NotBuilt
    return difference_in_keras(nets[0], nets[1])


def _json(sides: Any, found: list[tuple[Pairing, Difference | None]], output: Output) -> None:
    import json

    from nnspec.cli.diff_document import diff_document

    output.raw(json.dumps(diff_document(sides, found), indent=2) + "\n")


# Text.


def _text(pair: Pairing, found: Difference | None, options: Any, output: Output) -> Iterator[str]:
    from nnspec.cli.diff_words import (
        HEAD,
        RIGHT,
        SPARE,
        TOTALS_HEAD,
        TOTALS_RIGHT,
        change_lines,
        renamed,
        resized_line,
        resized_lines,
        tally,
        totals_rows,
    )  # fmt: skip
    from nnspec.cli.table import text_table

    screen = output.screen
    if found is None:
        yield screen.safe(pair.alone)
        return
    if found.is_none:
        yield f"{screen.safe(pair.both)} are {screen.paint('the same network', 'ok')}: {screen.safe(same_line(found))}"
        return
    yield screen.paint(screen.safe(pair.title), "bold")
    yield ""
    yield from text_table(TOTALS_HEAD, list(totals_rows(found)), TOTALS_RIGHT, screen, output.width, ())
    yield ""
    lines = [*change_lines(found), *(resized_lines(found) if options.all else ())]
    if lines:
        rows = text_table(HEAD, [line.cells for line in lines], RIGHT, screen, output.width, SPARE)
        yield next(rows)
        yield from _painted(rows, lines, output)
        yield ""
    if found.resized and not options.all:
        yield screen.safe(f"{resized_line(found)} (--all lists them)")
    yield "; ".join([each for each in (tally(found), renamed(found)) if each])


def _painted(rows: Iterator[str], lines: list[Line], output: Output) -> Iterator[str]:
    """The rows in the colours of what they say."""
    roles = {"+": "ok", "-": "error", "~": "warning"}
    for number, row in enumerate(rows):
        sign = lines[number].sign if number < len(lines) else ""
        yield output.screen.paint(row, roles[sign]) if sign in roles else row


def same_line(found: Difference) -> str:
    """What the one network comes to."""
    from nnspec.cli.diff_words import renamed
    from nnspec.cli.figures import amount, grouped, of, rounded

    totals = found.new.totals
    parts = [of(grouped(totals.params), "params")]
    parts += [of(rounded(totals.macs), "MACs")] if totals.macs is not None else []
    return ", ".join([*parts, amount(totals.layers, "layer")]) + (f" ({renamed(found)})" if found.renamed else "")


# Markdown.


def _markdown(pair: Pairing, found: Difference | None, options: Any, output: Output) -> Iterator[str]:
    from nnspec.cli.diff_words import (
        HEAD,
        RIGHT,
        TOTALS_HEAD,
        TOTALS_RIGHT,
        change_lines,
        resized_line,
        resized_lines,
        tally,
        totals_rows,
    )  # fmt: skip
    from nnspec.cli.table import markdown_table, marked

    if found is None:
        yield f"**{marked(pair.alone)}**"
        return
    if found.is_none:
        yield f"**{marked(pair.both)}** are the same network: {marked(same_line(found))}"
        return
    yield f"**{marked(pair.title)}**: {tally(found)}"
    yield ""
    yield from markdown_table(TOTALS_HEAD, list(totals_rows(found)), TOTALS_RIGHT)
    lines = [*change_lines(found), *(resized_lines(found) if options.all else ())]
    if lines:
        yield ""
        yield from markdown_table(HEAD, [line.cells for line in lines], RIGHT)
    if found.resized and not options.all:
        yield ""
        yield marked(resized_line(found))

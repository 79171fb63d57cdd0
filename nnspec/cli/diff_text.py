"""The text and Markdown answers of `diff`: totals, then what changed, repeats said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.cli.diff_words import (
    HEAD,
    RIGHT,
    SPARE,
    TOTALS_HEAD,
    TOTALS_RIGHT,
    TOTALS_SPARE,
    change_lines,
    idle,
    renamed,
    resized_line,
    resized_lines,
    tally,
    totals_rows,
)  # fmt: skip
from nnspec.cli.figures import amount, grouped, of, rounded
from nnspec.cli.table import markdown_table, marked, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.cli.diff_sides import Pairing
    from nnspec.cli.diff_words import Line
    from nnspec.cli.output import Output
    from nnspec.comparing.difference import Difference


def text_lines(pair: Pairing, found: Difference | None, output: Output, *, everything: bool) -> Iterator[str]:
    """The answer for a terminal."""
    screen = output.screen
    if found is None:
        yield screen.safe(pair.alone)
        return
    if found.is_none:
        yield f"{screen.safe(pair.both)} are {screen.paint('the same network', 'ok')}: {screen.safe(_same(found))}"
        return
    yield screen.paint(screen.safe(pair.title), "bold")
    yield ""
    yield from text_table(TOTALS_HEAD, list(totals_rows(found)), TOTALS_RIGHT, screen, output.width, TOTALS_SPARE)
    yield ""
    lines = [*change_lines(found), *(resized_lines(found) if everything else ())]
    if lines:
        rows = text_table(HEAD, [line.cells for line in lines], RIGHT, screen, output.width, SPARE)
        yield next(rows)
        yield from _painted(rows, lines, output)
        yield ""
    if found.resized and not everything:
        yield screen.safe(f"{resized_line(found)} (--all lists them)")
    yield "; ".join([each for each in (tally(found), renamed(found), idle(found)) if each])


def _painted(rows: Iterator[str], lines: list[Line], output: Output) -> Iterator[str]:
    """The rows in the colours of what they say."""
    roles = {"+": "ok", "-": "error", "~": "warning", "=": "faint"}
    for number, row in enumerate(rows):
        sign = lines[number].sign if number < len(lines) else ""
        yield output.screen.paint(row, roles[sign]) if sign in roles else row


def _same(found: Difference) -> str:
    """What the one network comes to."""
    totals = found.new.totals
    parts = [of(grouped(totals.params), "params")]
    parts += [of(rounded(totals.macs), "MACs")] if totals.macs is not None else []
    beside = "; ".join([each for each in (renamed(found), idle(found)) if each])
    return ", ".join([*parts, amount(totals.layers, "layer")]) + (f" ({beside})" if beside else "")


def markdown_lines(pair: Pairing, found: Difference | None, output: Output, *, everything: bool) -> Iterator[str]:
    """The answer for a comment of a pull request."""
    if found is None:
        yield f"**{marked(pair.alone)}**"
        return
    if found.is_none:
        yield f"**{marked(pair.both)}** are the same network: {marked(_same(found))}"
        return
    yield f"**{marked(pair.title)}**: {tally(found)}"
    yield ""
    yield from markdown_table(TOTALS_HEAD, list(totals_rows(found)), TOTALS_RIGHT)
    lines = [*change_lines(found), *(resized_lines(found) if everything else ())]
    if lines:
        yield ""
        yield from markdown_table(HEAD, [line.cells for line in lines], RIGHT)
    if found.resized and not everything:
        yield ""
        yield marked(resized_line(found))

"""`nnspec summary`: the table of layers with sizes, parameters and costs; loads no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.analysis.layers import LayerRow, layer_rows
from nnspec.analysis.on_domain import OnDomain, rows_on_domain
from nnspec.cli.fields import FIELD_HEAD, field_cells, field_columns, field_data, unaligned_lines
from nnspec.cli.figures import amount, cost, grouped, memory, rounded
from nnspec.cli.memory import add_memory_options, memory_data, memory_lines, memory_of, memory_rows, step_options
from nnspec.cli.options import add_spec_options, chosen, read_options
from nnspec.cli.output import Output
from nnspec.cli.specs import CountedModel, Report, read_one
from nnspec.cli.stop import exit_status, flat_view, show_diagnostics
from nnspec.cli.usage import Parser, UsageError
from nnspec.shapes.tensor import shape_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.diagnostics.screen import Screen
    from nnspec.program.graph import Graph
    from nnspec.shapes.dim import Dim
    from nnspec.train.memory import Step

FORMATS = ("text", "json", "csv", "markdown")
MOST_ROWS = 100_000

_HEAD = ("layer", "operator", "output", "params", "MACs", "field", "memory")
_RIGHT = frozenset((3, 4, 5, 6))
_WIDE_HEAD = (*_HEAD[:6], "stride", "offset", *_HEAD[6:])
_WIDE_RIGHT = _RIGHT | {7, 8}
_SPARE = (6, 5, 4, 1, 3)  # what a narrow terminal does without, in this order
_CSV_HEAD = (
    "name", "operator", "inputs", "output", "params", "trainable_params", "macs", "receptive_field", "activation_bytes",
    *FIELD_HEAD,
)  # fmt: skip

_EXAMPLES = (
    "nnspec summary specs/residual/resnet50.nn",
    "nnspec summary specs/vision/vgg16.nn --expand",
    "nnspec summary specs/residual/resnet50.nn --by block",
    "nnspec summary specs/vision/unet.nn --input 572,572,1 --format markdown",
    "nnspec summary specs/vision/lenet5.nn --format json",
    "nnspec summary specs/vision/vgg16.nn --memory --batch 32 --optimizer momentum",
)


def run(arguments: Sequence[str]) -> int:
    """Show the table of a spec's model."""
    parser = Parser("summary", "The table of layers with sizes, parameters and costs.", _EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="a spec, or - for standard input")
    parser.add_argument("--expand", action="store_true", help="every turn of every repeat")
    parser.add_argument(
        "--by", choices=("layer", "block"), default="layer",
        help="a line for each layer, or for each block and repeat with its share of the whole",
    )  # fmt: skip
    add_memory_options(parser)
    add_spec_options(parser, FORMATS)
    options = read_options(parser, arguments)
    if options.by == "block" and options.expand:
        raise UsageError("`--expand` lists the layers of every turn; leave it out with `--by block`")
    report = read_one(options.file, chosen(options))
    step = step_options(options, report.program, chosen(options).sets)
    models = [counted for counted in report.models if counted.counts is not None]
    if options.format in ("json", "csv") and len(report.models) > 1:
        names = ", ".join(counted.model.name for counted in report.models)
        raise UsageError(f"{report.path} holds several models; choose one with `--model`: {names}")
    if not report.models and not report.has_errors and options.format != "json":
        raise UsageError(f"{report.path} is a library: it has no network to list; `nnspec check` checks it")
    output = Output.standard(options.color)
    show_diagnostics(report, Output.errors(options.color))
    most = MOST_ROWS if options.format in ("json", "csv") else None
    graphs = [flat_view(counted, Output.errors(options.color), most) for counted in models]
    whole = [graph for graph in graphs if graph is not None]
    tables = list(zip(models, whole, strict=False)) if len(whole) == len(graphs) else []
    if options.format == "json":
        _json(report, tables, options.by, step, output)
    elif options.format == "csv":
        _csv(tables, options.by, step, output)
    else:
        _tables(tables, options, step, output)
    return max(exit_status(report), 0 if len(tables) == len(models) else 1)


def _json(report: Report, tables: list[tuple[CountedModel, Graph]], by: str, step: Step | None, output: Output) -> None:
    import json

    from nnspec.cli.document import VERSION, file_data

    rows = [_row_data(row, report.path) for counted, graph in tables for row in rows_on_domain(counted.model, graph)]
    document = {"version": VERSION, "files": [file_data(report, ok=not report.has_errors)], "rows": rows}
    if by == "block":
        from nnspec.cli.blocks import block_data

        document["blocks"] = [each for counted, graph in tables for each in block_data(counted, graph)]
    if step is not None:
        found = [memory_data(memory_of(counted.model, step), report.path) for counted, _ in tables]
        document["memory"] = found[0] if found else None
    output.raw(json.dumps(document, indent=2) + "\n")


def _row_data(row: LayerRow, path: str) -> dict[str, Any]:
    from nnspec.cli.document import dim_data
    from nnspec.diagnostics.json import span_data

    shapes = [[dim_data(size) for size in each.shape] for each in row.outputs]
    return {
        "name": row.name,
        "operator": row.operator,
        "inputs": list(row.inputs),
        "output": shapes[0] if len(shapes) == 1 else shapes,
        "params": dim_data(row.params),
        "trainable_params": dim_data(row.trainable_params),
        "macs": dim_data(row.macs),
        "receptive_field": None if row.receptive_field is None else dim_data(row.receptive_field),
        "span": span_data(row.span, path),
        "field": field_data(row),
        "unaligned": row.unaligned,
    }


def _csv(tables: list[tuple[CountedModel, Graph]], by: str, step: Step | None, output: Output) -> None:
    from nnspec.cli.table import csv_table, plain

    if step is not None:
        kept = [row for counted, _ in tables for row in memory_rows(memory_of(counted.model, step))]
        output.text(csv_table(("stage", "kept_bytes"), [(plain(stage), size) for stage, size in kept]).rstrip("\n"))
        return
    if by == "block":
        from nnspec.cli.blocks import block_csv

        for counted, graph in tables:
            output.text(block_csv(counted, graph).rstrip("\n"))
        return

    rows = [
        (
            plain(row.name), row.operator, plain(" ".join(row.inputs)), _shapes(row), str(row.params),
            str(row.trainable_params), str(row.macs), "" if row.receptive_field is None else str(row.receptive_field),
            str(row.activation_bytes), *field_columns(row),
        )
        for counted, graph in tables
        for row in rows_on_domain(counted.model, graph)
    ]  # fmt: skip
    output.text(csv_table(_CSV_HEAD, rows).rstrip("\n"))


def _tables(tables: list[tuple[CountedModel, Graph]], options: Any, step: Step | None, output: Output) -> None:
    for number, (counted, graph) in enumerate(tables):
        if number:
            output.raw("\n")
        lines = list(_table(counted, graph, options, output.screen, output.width))
        if step is not None:
            found = memory_of(counted.model, step)
            lines += ["", *memory_lines(found, output.screen, output.width, markdown=options.format == "markdown")]
        for line in lines:
            output.text(line)


def _table(counted: CountedModel, graph: Graph, options: Any, screen: Screen, width: int | None) -> Iterator[str]:
    from nnspec.cli.table import markdown_table, text_table

    markdown = options.format == "markdown"
    if options.by == "block":
        from nnspec.cli.blocks import block_lines

        yield from block_lines(counted, graph, screen, width, markdown=markdown)
    else:
        rows = list(_cells(counted, graph, expand=options.expand, wide=markdown))
        if markdown:
            yield from markdown_table(_WIDE_HEAD, rows, _WIDE_RIGHT)
        else:
            yield from text_table(_HEAD, rows, _RIGHT, screen, width, _SPARE)
    yield ""
    yield from _wrapped(screen.safe(_totals(counted)), width)
    for note in unaligned_lines(layer_rows(graph)) if options.by == "layer" else ():
        yield from _wrapped(screen.safe(note), width)


def _wrapped(text: str, width: int | None) -> list[str]:
    """A text in lines of a terminal."""
    if width is None:
        return [text]
    from textwrap import wrap

    return wrap(text, max(width, 20), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _cells(counted: CountedModel, graph: Graph, *, expand: bool, wide: bool) -> Iterator[tuple[str, ...]]:
    from nnspec.cli.fold import Line, folded_lines

    rows = list(rows_on_domain(counted.model, graph))
    again = {layer.name for layer in graph.layers if layer.shares is not None and rows[layer.shares].params != 0}
    lines = [Line(0, row.name, row) for row in rows] if expand else folded_lines(counted.model, rows)
    for line in lines:
        head = "  " * line.depth + line.title
        if line.row is None:
            yield (head, *[""] * (len(_WIDE_HEAD if wide else _HEAD) - 1))
            continue
        row = line.row
        field = "" if row.receptive_field is None else grouped(row.receptive_field)
        yield (
            head,
            row.operator,
            _shapes(row),
            "shared" if row.name in again else grouped(row.params),
            rounded(row.macs),
            field,
            *(field_cells(row) if wide else ()),
            memory(row.activation_bytes),
        )


def _shapes(row: LayerRow) -> str:
    return " ".join(shape_text(each.shape) for each in row.outputs)


def _followed(number: Dim | None) -> str:
    return "unknown" if number is None else grouped(number)


def _totals(counted: CountedModel) -> str:
    counts = counted.counts
    assert counts is not None  # only counted models have a table
    on_domain = OnDomain(counted.model)
    params, trainable = on_domain(counts.params), on_domain(counts.trainable_params)
    size = on_domain(counts.activation_bytes)
    activations = f"{memory(size)} of activations" if isinstance(size, int) else cost(size, "bytes of activations")
    return (
        f"{counted.model.name}: {cost(params, 'params')} ({cost(trainable, 'trainable')}), "
        f"{cost(on_domain(counts.macs), 'MACs')}, {amount(counts.layers, 'layer')}, depth {_followed(counts.depth)}, "
        f"receptive field {_followed(counts.receptive_field)}, {activations}"
    )

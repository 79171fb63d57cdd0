"""`nnspec summary --by block`: each block and repeat with what it costs, and its shares of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.analysis.blocks import Block, Totals, blocks_of
from nnspec.analysis.on_domain import rows_on_domain
from nnspec.cli.figures import brief, grouped, memory, rounded
from nnspec.cli.table import csv_table, markdown_table, plain, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.cli.specs import CountedModel
    from nnspec.diagnostics.screen import Screen
    from nnspec.program.graph import Graph
    from nnspec.shapes.dim import Dim

_HEAD = ("block", "layers", "params", "share", "MACs", "share", "memory", "share")
_RIGHT = frozenset((1, 2, 3, 4, 5, 6, 7))
_SPARE = (6, 7, 2, 4, 1, 3)  # what a narrow terminal does without, in this order
_CSV_HEAD = ("depth", "block", "label", "turns", "layers", "params", "macs", "activation_bytes")


def block_lines(
    counted: CountedModel, graph: Graph, screen: Screen, width: int | None, *, markdown: bool
) -> Iterator[str]:
    """The table of blocks."""
    whole, blocks = _blocks(counted, graph)
    rows = [_cells(block, depth, whole) for block, depth in _flat(blocks)]
    yield from (
        markdown_table(_HEAD, rows, _RIGHT) if markdown else text_table(_HEAD, rows, _RIGHT, screen, width, _SPARE)
    )


def block_csv(counted: CountedModel, graph: Graph) -> str:
    """The same as comma-separated values; shares are left to the reader."""
    rows = [
        (
            str(depth), plain(block.title), plain(block.label or ""), str(block.turns), str(block.totals.layers),
            str(block.totals.params), str(block.totals.macs), str(block.totals.activation_bytes),
        )
        for block, depth in _flat(_blocks(counted, graph)[1])
    ]  # fmt: skip
    return csv_table(_CSV_HEAD, rows)


def block_data(counted: CountedModel, graph: Graph) -> list[dict[str, Any]]:
    """The same as a tree of what JSON knows."""
    whole, blocks = _blocks(counted, graph)
    return [_data(block, whole) for block in blocks]


def _blocks(counted: CountedModel, graph: Graph) -> tuple[Totals, tuple[Block, ...]]:
    """What all of a model costs, and its blocks."""
    blocks = blocks_of(counted.model, graph, list(rows_on_domain(counted.model, graph)))
    whole = Totals()
    for block in blocks:
        whole = whole.plus(block.totals)
    return whole, blocks


def _flat(blocks: tuple[Block, ...], depth: int = 0) -> Iterator[tuple[Block, int]]:
    for block in blocks:
        yield block, depth
        yield from _flat(block.blocks, depth + 1)


def _cells(block: Block, depth: int, whole: Totals) -> tuple[str, ...]:
    own = block.totals
    title = block.title + (f" × {block.turns:,}" if block.turns > 1 else "")
    return (
        "  " * depth + (f"{block.label}: {title}" if block.label else title),
        f"{own.layers:,}",
        brief(own.params, grouped),
        _percent(own.params, whole.params),
        brief(own.macs, rounded),
        _percent(own.macs, whole.macs),
        brief(own.activation_bytes, memory),
        _percent(own.activation_bytes, whole.activation_bytes),
    )


def _percent(part: Dim, whole: Dim) -> str:
    """`12.5 %`; nothing where there is nothing, or where it hangs on an open size."""
    if not isinstance(part, int) or not isinstance(whole, int) or not part:
        return ""
    tenths = (part * 1_000 + whole // 2) // whole
    return f"{tenths // 10}.{tenths % 10} %" if tenths else "< 0.1 %"


def _data(block: Block, whole: Totals) -> dict[str, Any]:
    from nnspec.cli.document import dim_data

    costs = {name: (getattr(block.totals, name), getattr(whole, name)) for name in _COSTS}
    return {
        "block": block.title,
        "label": block.label,
        "turns": block.turns,
        "layers": block.totals.layers,
        **{name: dim_data(own) for name, (own, _) in costs.items()},
        "shares": {name: _share(own, all_of_it) for name, (own, all_of_it) in costs.items()},
        "blocks": [_data(each, whole) for each in block.blocks],
    }


_COSTS = ("params", "macs", "activation_bytes")


def _share(part: Dim, whole: Dim) -> float | None:
    """From 0 to 1; None where it hangs on an open size, or where there is nothing to share."""
    if not isinstance(part, int) or not isinstance(whole, int) or not whole:
        return None
    return round(part / whole, 6)

"""The table of layers as the spec is written: a block's layers below its name, a repeat's turn once.

Walks the structured program beside its flat view, from which it takes the rows; of alike turns the
first is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.blocks import RowCounts
from nnspec.deep_stack import with_deep_stack
from nnspec.program.liveness import Turns, liveness_of
from nnspec.program.program import CallStep, OperatorStep, RunStep
from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.analysis.layers import LayerRow
    from nnspec.program.liveness import Wires
    from nnspec.program.program import Model, Region


class Line(Record):
    """A row of the table, or a title over those that are indented below it."""

    depth: int
    title: str
    row: LayerRow | None = None


def folded_lines(model: Model, rows: Sequence[LayerRow]) -> list[Line]:
    """The lines of a model, repeats folded."""
    folding = _Folding(model, rows)
    return with_deep_stack(lambda: list(folding.region(model.region, frozenset(model.region.results), 0)))


class _Folding:
    def __init__(self, model: Model, rows: Sequence[LayerRow]) -> None:
        self.rows = rows
        self.liveness = liveness_of(model.region)
        self.at = 0  # the row that comes next
        self.counts = RowCounts(self.liveness)

    def region(self, region: Region, wanted: Wires, depth: int) -> Iterator[Line]:
        for step, entered in self.liveness.of(region, wanted).steps:
            if isinstance(step, OperatorStep):
                row = self.rows[self.at]
                self.at += 1
                yield Line(depth, row.name, row)
            elif isinstance(step, CallStep):
                if step.name:
                    yield Line(depth, step.name)
                yield from self._entered(entered[0], depth + bool(step.name))
            else:
                yield from self._run(step, entered, depth)

    def _run(self, step: RunStep, entered: tuple[Turns, ...], depth: int) -> Iterator[Line]:
        first, of = step.turns
        for turns in entered:
            title = _turns(first, turns.count, of)
            if title:
                yield Line(depth, title)
            yield from self._entered(turns, depth + (1 if title else 0))
            first += turns.count

    def _entered(self, turns: Turns, depth: int) -> Iterator[Line]:
        """The lines of one turn; the rows of all of them are passed."""
        after = self.at + self.counts.of(turns) * turns.count
        yield from self.region(turns.region, turns.wanted, depth)
        self.at = after


def _turns(first: int, count: int, of: int) -> str:
    """`× 3`, or which turns these are where not all are alike."""
    if count == of:
        return f"× {count:,}" if of > 1 else ""
    last = first + count - 1
    return f"turn {first:,} of {of:,}" if first == last else f"turns {first:,}-{last:,} of {of:,}"

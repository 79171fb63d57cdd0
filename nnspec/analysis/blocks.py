"""What each block of a network costs, of all that it costs: the calls and repeats of a spec as a tree.

Walks the structured program beside the rows of its flat view, and adds up the rows; so what is
shown of blocks and of layers cannot differ. It knows nothing of how either is shown.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from nnspec.deep_stack import with_deep_stack
from nnspec.program.liveness import Liveness, Turns, liveness_of
from nnspec.program.program import CallStep, OperatorStep, RunStep
from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nnspec.analysis.layers import LayerRow
    from nnspec.program.graph import Graph
    from nnspec.program.liveness import Wires
    from nnspec.program.program import Model, Region, Step
    from nnspec.shapes.dim import Dim

_MOST_NAMED = 3


class Totals(Record):
    """Costs that add. Units: operator applications; weights; multiply-adds and bytes for one example."""

    layers: int = 0
    params: Dim = 0
    macs: Dim = 0
    activation_bytes: Dim = 0

    def plus(self, other: Totals, times: int = 1) -> Totals:
        """Both, the other so many times."""
        return Totals(
            self.layers + other.layers * times,
            self.params + other.params * times,
            self.macs + other.macs * times,
            self.activation_bytes + other.activation_bytes * times,
        )


class Block(Record):
    """A call, a repeat or a layer of a spec, over all turns around it, with the blocks in it.

    `label` is the name that the spec gives what comes out; `turns` how many there are of a repeat.
    """

    title: str
    totals: Totals
    label: str | None = None
    turns: int = 1
    blocks: tuple[Block, ...] = ()
    is_layer: bool = False


def blocks_of(model: Model, graph: Graph, rows: Sequence[LayerRow]) -> tuple[Block, ...]:
    """The blocks of a model, in the order of computation; the layers beside them as blocks of their own."""
    walk = _Walk(model, graph, rows)
    return with_deep_stack(lambda: tuple(walk.region(model.region, frozenset(model.region.results), ())))


class RowCounts:
    """How many rows of the flat view regions take, remembered."""

    def __init__(self, liveness: Liveness) -> None:
        self.liveness = liveness
        self._known: dict[tuple[Region, Wires], int] = {}

    def of(self, turns: Turns) -> int:
        """The rows of one turn."""
        key = (turns.region, turns.wanted)
        if key not in self._known:
            self._known[key] = sum(self._step(step, entered) for step, entered in self.liveness.of(*key).steps)
        return self._known[key]

    def _step(self, step: Step, entered: tuple[Turns, ...]) -> int:
        return 1 if isinstance(step, OperatorStep) else sum(self.of(turns) * turns.count for turns in entered)


#: Turns around a place: how many, and how many rows each takes; from the outermost in.
_Around = tuple[tuple[int, int], ...]


class _Walk:
    def __init__(self, model: Model, graph: Graph, rows: Sequence[LayerRow]) -> None:
        self.liveness = liveness_of(model.region)
        self.counts = RowCounts(self.liveness)
        self.rows = rows
        self.at = 0  # the row that comes next
        self.sums = [Totals()]  # of the rows before each
        for layer, row in zip(graph.layers, rows, strict=True):
            own = Totals(int(layer.operator.is_layer), row.params, row.macs, row.activation_bytes)
            self.sums.append(self.sums[-1].plus(own))

    def region(self, region: Region, wanted: Wires, around: _Around) -> Iterator[Block]:
        labels = dict(region.labels)
        for _, group in groupby(self.liveness.of(region, wanted).steps, lambda pair: _repeat_of(pair[0])):
            steps = list(group)
            step, entered = steps[0]
            label = next((labels[wire] for wire in _results(steps[-1][0]) if wire in labels), None)
            start = self.at
            if isinstance(step, OperatorStep):
                self.at += 1
                if step.operator.is_layer:
                    yield Block(self.rows[start].name, self._totals(start, around), is_layer=True)
            elif isinstance(step, CallStep):
                inner = tuple(self._turns(entered[0], around))
                if step.name:
                    yield Block(step.name, self._totals(start, around), label, 1, self._within(inner))
                else:  # a wrapper of one operator
                    yield from inner
            else:
                yield self._repeat([(run, into) for run, into in steps if isinstance(run, RunStep)], label, around)

    def _repeat(self, runs: list[tuple[RunStep, tuple[Turns, ...]]], label: str | None, around: _Around) -> Block:
        """One block for all the turns of a repeat; where not all are alike, with one for those that are."""
        start = self.at
        parts: list[Block] = []
        count = 0
        for run, entered in runs:
            number = run.turns[0]
            for turns in entered:
                first = self.at
                inner = self._within(tuple(self._turns(turns, around)))
                named = _numbers(number, turns.count)
                parts.append(Block(named, self._totals(first, around), None, 1, inner))
                number += turns.count
                count += turns.count
        title = _title(runs[-1][1][-1].region)
        inner = parts[0].blocks if len(parts) == 1 else tuple(parts)
        if len(inner) == 1 and inner[0].title == title:  # a repeat of one block
            inner = inner[0].blocks
        elif len(parts) > 1:
            inner = tuple([_opened(part, title) for part in parts])
        return Block(title, self._totals(start, around), label, count, inner)

    def _turns(self, turns: Turns, around: _Around) -> Iterator[Block]:
        """The blocks of alike turns, walked once; the rows of all of them are passed."""
        size = self.counts.of(turns)
        after = self.at + size * turns.count
        yield from self.region(turns.region, turns.wanted, (*around, (turns.count, size)))
        self.at = after

    def _totals(self, start: int, around: _Around) -> Totals:
        """What the rows from here to where we are cost, over all turns around them."""
        return self._over(start, self.at, around)

    def _over(self, start: int, end: int, around: _Around) -> Totals:
        if not around:
            return self.sums[end].plus(self.sums[start], -1)
        *outer, (count, size) = around
        once = self._over(start, end, tuple(outer))
        # Weights that turns share count in the first; from the second on turns are alike.
        return once if count == 1 else once.plus(self._over(start + size, end + size, tuple(outer)), count - 1)

    @staticmethod
    def _within(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """What is shown in a block: the blocks in it, and its own layers together."""
        own = [block.totals for block in blocks if block.is_layer]
        inner = tuple([block for block in blocks if not block.is_layer])
        if not inner or not own:
            return inner
        return (*inner, Block("own layers", _sum(own)))


def _sum(totals: Iterable[Totals]) -> Totals:
    found = Totals()
    for each in totals:
        found = found.plus(each)
    return found


def _repeat_of(step: Step) -> object:
    """What is equal for the runs of one repeat, and for nothing else."""
    return (step.span, step.turns[1]) if isinstance(step, RunStep) else id(step)


def _results(step: Step) -> tuple[int, ...]:
    """The wires that a step gives, without those of labels within it."""
    if isinstance(step, OperatorStep):
        return step.outputs
    use = step.use if isinstance(step, CallStep) else step.cycle[-1]
    return step.outputs[: len(use.region.results)]


def _opened(part: Block, title: str) -> Block:
    """Some turns of a repeat of one block, without saying its name again."""
    if len(part.blocks) == 1 and part.blocks[0].title == title:
        return Block(part.title, part.totals, None, 1, part.blocks[0].blocks)
    return part


def _numbers(first: int, count: int) -> str:
    return f"turn {first:,}" if count == 1 else f"turns {first:,}-{first + count - 1:,}"


def _title(region: Region) -> str:
    """`Bottleneck`, `(Conv -> ReLU)`."""
    names: list[str] = []
    for step in region.steps:
        if isinstance(step, OperatorStep):
            names.append(step.operator.title)
        else:
            names.append(step.name or "…" if isinstance(step, CallStep) else _title(step.cycle[-1].region))
    if len(names) == 1:
        return names[0]
    if len(names) > _MOST_NAMED:
        names = [names[0], "…", names[-1]]
    return f"({' -> '.join(names)})"


__all__ = ["Block", "RowCounts", "Totals", "blocks_of"]

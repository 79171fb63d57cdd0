"""Which steps of a region reach an output, worked out once per region and outputs wanted.

What reaches no output is left out of the network and of every count. A repeat is followed from its
last turn back, until what a turn is wanted for comes round again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from nnspec.program.program import CallStep, OperatorStep, Region, RunStep, Step, Use
from nnspec.record import Record
from nnspec.source import Span

Wires: TypeAlias = "frozenset[int]"


class Turns(Record):
    """Turns of a run that are alike: a region, the wires of it that are wanted, and how many turns."""

    region: Region
    wanted: Wires
    count: int


class Live(Record):
    """What a region does for the wires wanted of it.

    `steps` are those that take part, in order, each with the (region, wanted) it enters: none for
    an operator, one for a call, for a run its turns from the first to the last, grouped.
    """

    steps: tuple[tuple[Step, tuple[Turns, ...]], ...]
    inputs: Wires  # positions in the region's inputs


class Liveness:
    """Answers for regions, remembered."""

    def __init__(self) -> None:
        self._known: dict[tuple[Region, Wires], Live] = {}
        self._needed: dict[tuple[Region, Wires], Wires] = {}
        self._followed: set[tuple[Region, Wires]] = set()
        self._added: dict[int, Span] = {}  # by id
        self.analyses: Any = None  # what follows from it, kept by those who work it out

    def renew(self) -> int:
        """Let the analyses go as far as at first; how much they took until now."""
        return 0 if self.analyses is None else int(self.analyses.renew())

    def of(self, region: Region, wanted: Wires | None = None) -> Live:
        """The live part of a region; all its results are wanted where nothing is said."""
        wires = frozenset(region.results) if wanted is None else wanted
        key = (region, wires)
        if key not in self._known:
            self._known[key] = self._follow(region, wires)
        return self._known[key]

    def needed(self, region: Region) -> Wires:
        """All wires of a region that its results depend on."""
        self.of(region)
        return self._needed[region, frozenset(region.results)]

    def add_spans(self, region: Region, found: set[Span]) -> None:
        """Add the places of all stages that take part at some turn or use; what was followed before is there."""
        todo = [(region, frozenset(region.results))]
        seen, spans = self._followed, self._added
        while todo:
            here, wanted = todo.pop()
            for step, entered in self.of(here, wanted).steps:
                if id(step.span) not in spans:  # the regions of one syntax have the same
                    spans[id(step.span)] = step.span
                    found.add(step.span)
                for turns in entered:
                    key = (turns.region, turns.wanted)
                    if key not in seen:
                        seen.add(key)
                        todo.append(key)

    def _follow(self, region: Region, wanted: Wires) -> Live:
        want = set(wanted)
        live: list[tuple[Step, tuple[Turns, ...]]] = []
        for step in reversed(region.steps):
            if not want.intersection(step.outputs):
                continue
            if isinstance(step, OperatorStep):
                want.update(step.operands)
                live.append((step, ()))
            elif isinstance(step, CallStep):
                live.append((step, self._call(step, want)))
            else:
                live.append((step, self._run(step, want)))
        self._needed[region, wanted] = frozenset(want)
        inputs = frozenset(position for position, wire in enumerate(region.inputs) if wire in want)
        return Live(tuple(reversed(live)), inputs)

    def _call(self, step: CallStep, want: set[int]) -> tuple[Turns, ...]:
        region = step.use.region
        inner = wanted_inside(region, step.outputs, want)
        for position in self.of(region, inner).inputs:
            want.add(step.use.operands[position])
        return (Turns(region, inner, 1),)

    def _run(self, step: RunStep, want: set[int]) -> tuple[Turns, ...]:
        cycle = step.cycle
        turn = step.count - 1
        wanted = wanted_inside(cycle[turn % len(cycle)].region, step.outputs, want)
        groups: list[Turns] = []
        seen: dict[tuple[int, Wires], int] = {}
        while turn >= 0:
            state = (turn % len(cycle), wanted)
            if state in seen:
                # The same as `period` turns later: leap over all whole periods that are left.
                period = seen[state] - turn
                leaps = turn // period
                if leaps:
                    groups = _leap(groups, period, leaps)
                    turn -= leaps * period
                seen.clear()
            seen[state] = turn
            use = cycle[turn % len(cycle)]
            needs = self.of(use.region, wanted).inputs
            want.update([use.operands[position] for position in needs if position >= use.carried])
            _add(groups, Turns(use.region, wanted, 1))
            carried = [position for position in needs if position < use.carried]
            if turn == 0:
                want.update([use.operands[position] for position in carried])
                break
            if not carried:
                break
            before = cycle[(turn - 1) % len(cycle)].region
            wanted = frozenset([before.results[position] for position in carried])
            turn -= 1
        return tuple(reversed(groups))


class _Latest:
    """What is known of the regions of the file that was compiled last: its networks share them."""

    liveness = Liveness()


def forget() -> None:
    """Another file is compiled now."""
    _Latest.liveness = Liveness()


def recall(liveness: Liveness) -> None:
    """What is compiled now shares regions with what this is known of."""
    _Latest.liveness = liveness
    liveness.renew()


def liveness_of(region: Region) -> Liveness:
    """What is known of the network with this region, shared by all who ask."""
    return _Latest.liveness


def _add(groups: list[Turns], turns: Turns) -> None:
    if groups and groups[-1].region is turns.region and groups[-1].wanted == turns.wanted:
        groups[-1] = Turns(turns.region, turns.wanted, groups[-1].count + turns.count)
    else:
        groups.append(turns)


def _leap(groups: list[Turns], period: int, leaps: int) -> list[Turns]:
    """The groups with their last `period` turns written `leaps` times more (grouped where alike)."""
    if period == 1:
        last = groups[-1]
        return [*groups[:-1], Turns(last.region, last.wanted, last.count + leaps)]
    tail: list[Turns] = []
    left = period
    for group in reversed(groups):
        take = min(group.count, left)
        tail.insert(0, Turns(group.region, group.wanted, take))
        left -= take
        if not left:
            break
    return [*groups, *[Turns(t.region, t.wanted, t.count * leaps) for t in tail]]


def wanted_inside(region: Region, outputs: tuple[int, ...], want: set[int]) -> Wires:
    """The region's own wires behind those of its outputs that are wanted."""
    inner = (*region.results, *region.exports)
    return frozenset([wire for wire, output in zip(inner, outputs, strict=True) if output in want])


def dead_ends(region: Region, live: set[Span], seen: set[Region]) -> Iterator[Span]:
    """The places of stages that never take part, of a chain of them the last, outside of dead ones.

    Regions that were seen before are passed over.
    """
    todo = [region]
    while todo:
        here = todo.pop()
        dead: list[Step] = []
        for step in here.steps:
            if step.span not in live:
                dead.append(step)
                continue
            for use in uses_of(step):
                if use.region not in seen:
                    seen.add(use.region)
                    todo.append(use.region)
        read = {wire for step in dead for wire in _operands(step)}
        yield from (step.span for step in dead if not read.intersection(step.outputs))


def uses_of(step: Step) -> tuple[Use, ...]:
    """The regions that a step puts to use."""
    return () if isinstance(step, OperatorStep) else (step.use,) if isinstance(step, CallStep) else step.cycle


def _operands(step: Step) -> Iterator[int]:
    if isinstance(step, OperatorStep):
        yield from step.operands
    for use in uses_of(step):
        yield from use.operands

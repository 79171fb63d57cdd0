"""How many bytes the tensors of a network take: at once when it is applied, and from forward to backward in training.

Walked over regions, each once for what is wanted of it and how what arrives lies in memory, so a repeat costs a few
looks whatever its count. What an operator keeps it says itself (`trace`); weights are counted in `cost.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nnspec.analysis.storages import Ledger, Walked, renumbered
from nnspec.ops.dtypes import bytes_of
from nnspec.ops.tape import Held, Tape
from nnspec.program.liveness import Liveness, Turns, Wires, liveness_of
from nnspec.program.program import CallStep, Model, OperatorStep, Region, RunStep, Step, Use
from nnspec.record import Record
from nnspec.shapes.dim import Dim, recording, total


class Kept(Record):
    """What one stage of a network keeps.

    Units: bytes of the whole batch.
    """

    step: Step
    bytes: Dim


class Activations(Record):
    """The memory that the tensors of a network take.

    `live` is the most that is there at once when the network is applied, a tensor being freed after its last use.
    `kept` is what training keeps from forward to backward; `stages` share by share, a tensor that several keep at the
    first. `held` is that and all layers' outputs, which Keras lets go when the forward pass ends; `flowing` the most
    that the gradients of one layer's inputs and outputs take.
    Units: bytes of the whole batch.
    """

    live: Dim
    kept: Dim
    held: Dim
    flowing: Dim
    stages: tuple[Kept, ...]


def activations(model: Model, batch: int, compute: str = "float32", *, casts_weights: bool = False) -> Activations:
    """The memory of a model whose outputs are known, for so many examples in layers that compute in this dtype.

    `casts_weights` says that the weights are of another. Nested blocks need a deep stack.
    """
    with recording():  # of conditions on open sizes, which elaboration knows already
        return _Walk(liveness_of(model.region), Tape(batch, compute, casts_weights=casts_weights)).model(model.region)


class _Walk:
    """Answers for regions, remembered."""

    def __init__(self, liveness: Liveness, tape: Tape) -> None:
        self.liveness = liveness
        self.tape = tape
        self.known: dict[Any, Walked] = {}

    def model(self, region: Region) -> Activations:
        """What the tensors of a network take, and what each of its stages keeps."""
        scope = _Scope(self, region, frozenset(region.results), {}, (), frozenset())
        stages: list[Kept] = []
        before: Dim = 0
        for step in scope.steps():
            stages.append(Kept(step, scope.ledger.kept - before))
            before = scope.ledger.kept
        ledger = scope.ledger
        return Activations(ledger.live.largest(), before, ledger.held, scope.flowing.largest(), tuple(stages))

    def region(
        self, region: Region, wanted: Wires, given: Mapping[int, Held], sizes: tuple[Dim, ...], pinned: frozenset[int]
    ) -> Walked:
        """What a region does with tensors by their places as its inputs, whose storages are -1, -2, …, of these sizes.

        Those `pinned` are needed afterwards too.
        """
        key = (region, wanted, tuple(given.items()), sizes, pinned)
        if key not in self.known:
            arriving = {region.inputs[place]: held for place, held in given.items()}
            scope = _Scope(self, region, wanted, arriving, sizes, pinned)
            for _ in scope.steps():
                pass
            self.known[key] = scope.walked()
        return self.known[key]


class _Scope:
    """One region, walked step by step."""

    def __init__(
        self, walk: _Walk, region: Region, wanted: Wires, given: Mapping[int, Held], sizes: tuple[Dim, ...],
        pinned: frozenset[int],
    ) -> None:  # fmt: skip
        self.walk, self.region, self.wanted = walk, region, wanted
        self.ledger = Ledger(walk.tape.beside(), sizes, pinned)
        self.plan = walk.liveness.of(region, wanted).steps
        self.last = _last_reads(self.plan, wanted)
        self.flowing = self.ledger.largest()
        self.tensors: dict[int, Held] = {}
        for wire, held in given.items():
            self._born(wire, held)

    def steps(self) -> Iterator[Step]:
        """Walk the steps, one by one."""
        dying: dict[int, list[int]] = {}
        for wire, index in self.last.items():
            dying.setdefault(index, []).append(wire)
        for index, (step, entered) in enumerate(self.plan):
            ending = [wire for wire in dying.get(index, ()) if wire in self.tensors]
            if isinstance(step, OperatorStep):
                made = self._operator(step)
            elif isinstance(step, CallStep):
                made = self._call(step, entered[0], ending)
            else:
                made = _Run(self, step, entered, ending).walk()
            for wire, held in made.items():
                self._born(wire, held)
            if isinstance(step, OperatorStep):  # what arrives and what comes out; a region inside has looked itself
                self.ledger.look()
            self.ledger.settle()
            unread = [wire for wire in made if wire not in self.last and wire not in self.wanted]
            for wire in (*ending, *unread):
                self.ledger.read(self.tensors.pop(wire).storage)
            yield step

    def _born(self, wire: int, held: Held) -> None:
        self.tensors[wire] = held
        self.ledger.need(held.storage)

    def _operator(self, step: OperatorStep) -> dict[int, Held]:
        types: list[Any] = [self.region.types[wire] for wire in step.outputs]
        tape, operator = self.ledger.tape, step.operator
        inputs = [tape.cast(self.tensors[wire]) if operator.is_layer else self.tensors[wire] for wire in step.operands]
        before = len(tape.sizes)
        made = operator.trace(tape, *inputs, types[0] if len(types) == 1 else tuple(types))
        outputs = made if isinstance(made, tuple) else (made,)
        self.ledger.hold(before, outputs)
        flowing = [x.size * tape.batch * bytes_of(x.dtype) for x in (*inputs, *outputs) if x.grad]
        self.flowing.add(total(flowing))
        return dict(zip(step.outputs, outputs, strict=True))

    def _call(self, step: CallStep, turns: Turns, ending: list[int]) -> dict[int, Held]:
        given = {place: self.tensors[wire] for place, wire in enumerate(step.use.operands) if wire in self.tensors}
        dying = self.ledger.dying([self.tensors[wire].storage for wire in ending])
        return self.left(step.use, step.outputs, self.enter(step.use, turns.wanted, given, dying))

    def enter(self, use: Use, wanted: Wires, given: dict[int, Held], dying: frozenset[int]) -> dict[int, Held]:
        """The tensors that leave a region, by its wires; `dying` are the storages that nobody needs after it."""
        needed = self.walk.liveness.of(use.region, wanted).inputs
        given = {place: held for place, held in given.items() if place in needed}
        inner, storages = renumbered(given)
        sizes = tuple([self.ledger.tape.sizes[storage] for storage in storages])
        pinned = frozenset([-1 - at for at, storage in enumerate(storages) if storage not in dying])
        walked = self.walk.region(use.region, wanted, inner, sizes, pinned)
        self.flowing.add(walked.flowing)
        return self.ledger.enter(walked, storages)

    @staticmethod
    def left(use: Use, outputs: tuple[int, ...], inner: Mapping[int, Held]) -> dict[int, Held]:
        """The tensors that leave a region, by the wires outside."""
        wires = (*use.region.results, *use.region.exports)
        return {outer: inner[wire] for wire, outer in zip(wires, outputs, strict=True) if wire in inner}

    def walked(self) -> Walked:
        """What came of it."""
        results = {wire: self.tensors[wire] for wire in self.wanted if wire in self.tensors}
        return self.ledger.close(results, self.flowing.largest())


class _Run:
    """A stretch of a repeat, turn by turn until what a turn meets comes round again."""

    def __init__(self, scope: _Scope, step: RunStep, entered: tuple[Turns, ...], ending: list[int]) -> None:
        self.scope, self.step, self.entered = scope, step, entered
        self.ledger = scope.ledger
        self.first = step.count - sum(turns.count for turns in entered)  # turns before it reach no output
        fixed = [wire for use in step.cycle for wire in use.operands[use.carried :] if wire in scope.tensors]
        self.fixed = {scope.tensors[wire].storage for wire in fixed}
        ended = self.ledger.dying([scope.tensors[wire].storage for wire in ending])
        self.lasting = ended & self.fixed
        self.ended = ended - self.lasting
        self.seen: dict[Any, tuple[int, Dim, Dim]] = {}

    def walk(self) -> dict[int, Held]:
        """The tensors that leave it, by the wires outside."""
        turn, inner = self.first, dict[int, Held]()
        use = self._use(turn)
        tensors = self.scope.tensors
        carried = [tensors.get(wire) for wire in use.operands[: use.carried]] if turn == 0 else []
        with self.ledger.lent(self.ended):
            for group, turns in enumerate(self.entered):
                end = turn + turns.count
                self.seen.clear()
                while turn < end:
                    turn = self._leap(group, turn, end, carried)
                    use = self._use(turn)
                    inner = self._turn(use, turns.wanted, carried, is_last=turn + 1 == self.step.count)
                    carried = [inner.get(wire) for wire in use.region.results]
                    turn += 1
        return self.scope.left(use, self.step.outputs, inner)

    def _use(self, turn: int) -> Use:
        return self.step.cycle[turn % len(self.step.cycle)]

    def _turn(self, use: Use, wanted: Wires, carried: list[Held | None], *, is_last: bool) -> dict[int, Held]:
        tensors = self.scope.tensors
        given = {place: held for place, held in enumerate(carried[: use.carried]) if held is not None}
        for place in range(use.carried, len(use.operands)):
            if use.operands[place] in tensors:
                given[place] = tensors[use.operands[place]]
        passing = {held.storage for held in carried if held is not None and self.ledger.is_loose(held.storage)}
        dying = frozenset(passing) | (self.lasting if is_last else frozenset())
        made = self.scope.enter(use, wanted, given, dying)
        self.ledger.settle()
        self.ledger.forget(passing - {held.storage for held in made.values()})
        return made

    def _leap(self, group: int, turn: int, end: int, carried: list[Held | None]) -> int:
        """The turn that comes next: where all is as it was some turns ago, the last that is like this one."""
        state = (turn % len(self.step.cycle), group, self.ledger.state(carried, self.fixed))
        kept, held = self.ledger.kept, self.ledger.held
        if state not in self.seen:
            self.seen[state] = (turn, kept, held)
            return turn
        before, kept_before, held_before = self.seen[state]
        leaps = (end - 1 - turn) // (turn - before)
        self.ledger.kept = kept + (kept - kept_before) * leaps
        self.ledger.held = held + (held - held_before) * leaps
        self.seen.clear()
        return turn + leaps * (turn - before)


def _last_reads(plan: tuple[tuple[Step, tuple[Turns, ...]], ...], wanted: Wires) -> dict[int, int]:
    """The last step that reads each wire, of those that do not leave."""
    found: dict[int, int] = {}
    for index, (step, _) in enumerate(plan):
        uses = () if isinstance(step, OperatorStep) else (step.use,) if isinstance(step, CallStep) else step.cycle
        operands = step.operands if isinstance(step, OperatorStep) else ()
        for wire in (*operands, *(wire for use in uses for wire in use.operands)):
            found[wire] = index
    return {wire: index for wire, index in found.items() if wire not in wanted}

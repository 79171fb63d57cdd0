"""Elaborates repeats, as runs of regions.

A turn whose region was made before costs a look-up; a turn that comes back to the type of an
earlier one closes a cycle, and all that remain cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnspec.diagnostics.diagnostic import Frame as TraceFrame
from nnspec.ops.kinds import show
from nnspec.program.parts import PartElaborator
from nnspec.program.program import RunStep, Use
from nnspec.program.regions import incoming_types, is_lost, use
from nnspec.program.scope import BROKEN, LOST, Binding, Broken, Key, Made, Scope, Tensor, Value, tensors_in
from nnspec.program.stages import Turn
from nnspec.program.values import Site
from nnspec.syntax import tree

#: What a turn costs that was made before, in expression steps.
STEPS_OF_A_TURN = 14


class RepeatElaborator(PartElaborator):
    """Elaborates `stage x n` and `stage for … in …`."""

    def repeat(self, node: tree.Repeat, arriving: Value | None, scope: Scope) -> Value:
        """`stage x n`: the count first, then its turns."""
        try:
            count = self.count(node.count, Site(scope, arriving))
        except Broken:
            return self._perhaps(node.body, (), arriving, scope)
        return self._turns(node, (), range(count), count, arriving, scope)

    def loop(self, node: tree.For, arriving: Value | None, scope: Scope) -> Value:
        """`stage for c, n in …`: the list first, then its turns."""
        try:
            items = self.items(node.iterable, Site(scope, arriving))
        except Broken:
            return self._perhaps(node.body, node.names, arriving, scope)
        return self._turns(node, node.names, items, len(items), arriving, scope)

    def _perhaps(self, body: tree.Stage, names: tuple[tree.Name, ...], arriving: Value | None, scope: Scope) -> Value:
        """A body whose turns are not known, walked once for the faults in it."""
        self.uncertain += 1
        lost = Scope(scope, scope.frame, {name.name: Binding(BROKEN, name.span) for name in names})
        self.stage(body, LOST if arriving is None else arriving, lost)
        self.uncertain -= 1
        return LOST

    def _turns(
        self,
        node: tree.Repeat | tree.For,
        names: tuple[tree.Name, ...],
        items: Sequence[Any],
        count: int,
        arriving: Value | None,
        scope: Scope,
    ) -> Value:
        if is_lost(arriving) or self.uncertain:
            return self._perhaps(node.body, names, arriving, scope)
        if not count:
            return self._present(arriving, node.span)
        return _Run(self, node, names, items, count, arriving, scope).elaborate()


class _Run:
    """One repeat while its turns are elaborated."""

    def __init__(
        self,
        elaborator: RepeatElaborator,
        node: tree.Repeat | tree.For,
        names: tuple[tree.Name, ...],
        items: Sequence[Any],
        count: int,
        arriving: Value | None,
        scope: Scope,
    ) -> None:
        self.elaborator = elaborator
        self.node = node
        self.names = names
        self.items = items
        self.first = arriving
        self.value = arriving
        self.scope = scope
        self.count = count
        self.steps: list[RunStep] = []
        self.line: list[tuple[Made, Use]] = []
        self.seen: dict[Any, int] = {}
        self.put_keys: set[Key] = set()
        self.own_keys: set[Key] = {name.name for name in names}
        #: The first turn from which nothing depended on the turn itself.
        self.steady = 0
        #: The turn at hand: its number from 0, and the loop's names in it.
        self.turn: tuple[int, dict[Key, Binding]] = (0, {})

    def elaborate(self) -> Value:
        """All turns, and what leaves the last."""
        number = 0
        self.seen[self._state()] = number
        while number < self.count:
            made = self._turn(number)
            if made is None:
                self._lose_labels()
                return LOST
            number += 1
            start = self.seen.setdefault(self._state(), number)
            if self.steady <= start < number < self.count:
                self._close(start, number)
                break
        self.scope.frame.steps.extend(self.steps)
        assert self.value is not None
        return self.value

    def _lose_labels(self) -> None:
        """What earlier turns put is unknown as well: no step will make it."""
        for key in self.put_keys:
            self.scope.frame.root.names[key].value = LOST

    def _state(self) -> Any:
        return incoming_types(self.value), isinstance(self.value, tuple)

    def _turn(self, number: int) -> Made | None:
        elaborator, item = self.elaborator, self.items[number]
        names = elaborator.targets(self.names, item, self.node.iterable) if isinstance(self.node, tree.For) else {}
        outer = Scope(self.scope, self.scope.frame, names)
        self.turn = (number, names)
        made = elaborator.regions.make(self.node.body, self.value, outer, self._first_time, is_turn=True)
        if made.failed:
            self.scope.frame.lost.update(key if isinstance(key, str) else key[0] for key, _, _ in made.labels)
            return None
        if made.labels:
            self.own_keys.update([key for key, _, _ in made.labels])
        if made.reads and any(key in self.own_keys for key, _ in made.reads):
            self.steady = number + 1
        put_to_use = use(made, self.value, outer)
        self.line.append((made, put_to_use))
        outputs = self._leave(made)
        work = (len(made.reads) + len(put_to_use.operands)) // 4 + len(outputs) - 1
        elaborator.spend(STEPS_OF_A_TURN + work, self.node.span)
        self._append(put_to_use, outputs, number)
        return made

    def _first_time(self, value: Value | None, scope: Scope) -> Value:
        """A turn like no turn before: it counts as a stage itself."""
        elaborator, (number, names) = self.elaborator, self.turn
        elaborator.count_stage(self.node.body.span)
        elaborator.trace.append(lambda: TraceFrame(self._shown(number, names), self.node.span))
        elaborator.turns.append(Turn(self.node, number + 1, self.first))
        left = elaborator.stage(self.node.body, value, scope)
        elaborator.turns.pop()
        elaborator.trace.pop()
        return left

    def _shown(self, number: int, names: dict[Key, Binding]) -> str:
        if isinstance(self.node, tree.Repeat):
            return f"repeat {number + 1} of {self.count}"
        values = ", ".join(f"{name} = {show(binding.value)}" for name, binding in names.items())
        return f"turn {number + 1} of {self.count}, {values}"

    def _leave(self, made: Made) -> tuple[int, ...]:
        """New wires for what a turn gives and for its labels, which take their names in the scope around."""
        frame = self.scope.frame
        self.value = self.elaborator.results(made, frame)
        wires = [tensor.wire for tensor in tensors_in(self.value)]
        for key, inner, span in made.labels:
            outer = self._outer(inner)
            wires += [tensor.wire for tensor in tensors_in(outer)]
            label = tree.Label(span, key if isinstance(key, str) else key[0])
            self.elaborator.put(frame, key, outer, span, label, in_repeat=True)
            self.put_keys.add(key)
        return tuple(wires)

    def _outer(self, inner: Value) -> Value:
        frame = self.scope.frame
        if isinstance(inner, tuple):
            return tuple([frame.wire(tensor.type) for tensor in inner])
        return frame.wire(inner.type) if tensors_in(inner) else LOST

    def _append(self, put_to_use: Use, outputs: tuple[int, ...], number: int) -> None:
        """A run of one turn, or one turn more of the run before."""
        if self.steps:
            last = self.steps[-1]
            (before,) = last.cycle
            fixed = before.operands[before.carried :] == put_to_use.operands[put_to_use.carried :]
            if before.region is put_to_use.region and fixed and before.carried == put_to_use.carried:
                self.steps[-1] = RunStep(last.cycle, last.count + 1, outputs, last.span, last.turns)
                return
        self.steps.append(RunStep((put_to_use,), 1, outputs, self.node.span, (number + 1, self.count)))

    def _close(self, start: int, number: int) -> None:
        """All turns from `start` on repeat those up to `number`: one run for them all."""
        before = self._steps_before(start)
        cycle = self.line[start:number]
        count = self.count - start
        last = cycle[(count - 1) % len(cycle)][0]
        outputs = self._leave(last)
        self.steps = before
        uses = tuple([put_to_use for _, put_to_use in cycle])
        self.steps.append(RunStep(uses, count, outputs, self.node.span, (start + 1, self.count)))

    def _steps_before(self, start: int) -> list[RunStep]:
        kept: list[RunStep] = []
        turns = 0
        for step in self.steps:
            if turns + step.count > start:
                break  # a run never crosses `start`: its turns have one state, and that closes at its first
            kept.append(step)
            turns += step.count
        return kept


__all__ = ["RepeatElaborator", "Tensor"]

"""What grows along the paths of a network: its depth here, the receptive field of its maps in `field.py`.

Both are path algebras: `one` on an untouched wire, `then` along a path, `join` where paths meet. A
region is worked out once, as a table from inputs to outputs, and a repeat by squaring its table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from nnspec.ops.operator import Operator
from nnspec.program.liveness import Liveness, Turns, Wires, uses_of
from nnspec.program.program import CallStep, Model, OperatorStep, Region, RunStep, Step
from nnspec.shapes.tensor import TensorType

P = TypeVar("P")

#: Where a path begins: an input of the region by its place, or the network's own inputs.
SOURCE = -1

#: From where paths come to a wire, and what they come to.
Row: TypeAlias = "Mapping[int, P]"


def largest_of(wire: int) -> int:
    """The key, beside that of a wire or place, of the largest value at any marked tensor on the way to it."""
    return -2 - wire


MAX_ENTRIES = 2_000_000


class TooManyPaths(Exception):  # noqa: N818
    """There are more ways from inputs to wires than a table may hold."""


class Algebra(Protocol[P]):
    """How a quantity grows along paths."""

    @property
    def one(self) -> P:
        """What is gathered where nothing is done."""

    def step(
        self, operator: Operator, inputs: list[TensorType], output: TensorType, operand: int = 0, result: int = 0
    ) -> P | None:
        """What an operator adds on the way from one of its operands to one of its results; None ends the path."""

    def then(self, first: P, second: P) -> P:
        """Along a path."""

    def join(self, a: P, b: P) -> P:
        """Where two paths meet."""

    def mark(self, value: P, output: TensorType) -> P | None:
        """A tensor's value as one that may be asked for as the largest on the way; None where it may not."""


class Paths(Generic[P]):
    """A path algebra over regions, remembered."""

    def __init__(self, algebra: Algebra[P], liveness: Liveness) -> None:
        self.algebra = algebra
        self.liveness = liveness
        self._known: dict[tuple[Region, Wires], dict[int, Row[P]]] = {}
        self._entries = 0

    def renew(self) -> int:
        """Let as much be followed once more as at first; what was followed until now, in entries of tables."""
        entries, self._entries = self._entries, 0
        return entries

    def largest(self, model: Model) -> P | None:
        """The largest value at a marked tensor on the way to any output of a model.

        Values never shrink along a path, so this is the one at the last marked tensor of the path that gathers most.
        """
        return self._at(model, [largest_of(wire) for wire in model.region.results])

    def greatest(self, model: Model) -> P | None:
        """The values at all outputs of a model, joined."""
        return self._at(model, list(model.region.results))

    def _at(self, model: Model, keys: list[int]) -> P | None:
        table = self.region(model.region, frozenset(model.region.results))
        joined: dict[int, P] = {}
        for key in keys:
            joined = self._joined(joined, table.get(key, {}))
        return joined.get(SOURCE)

    def region(self, region: Region, wanted: Wires) -> dict[int, Row[P]]:
        """Per wire, and for the largest on the way to it, what paths from each input of the region come to."""
        key = (region, wanted)
        if key not in self._known:
            table: dict[int, Row[P]] = {}
            for place, wire in enumerate(region.inputs):
                table[wire] = {place: self.algebra.one}
                table[largest_of(wire)] = {largest_of(place): self.algebra.one}
            for step, entered in self.liveness.of(region, wanted).steps:
                self._add(region, step, entered, table)
            self._known[key] = table
        return self._known[key]

    def _add(self, region: Region, step: Step, entered: tuple[Turns, ...], table: dict[int, Row[P]]) -> None:
        if isinstance(step, OperatorStep):
            self._operator(region, step, table)
        elif isinstance(step, CallStep):
            (turns,) = entered
            inner = self.region(turns.region, turns.wanted)
            self._leave(turns.region, step.outputs, inner, _taken(table, step.use.operands), table)
        else:
            self._run(step, entered, table)

    def _operator(self, region: Region, step: OperatorStep, table: dict[int, Row[P]]) -> None:
        inputs: list[Any] = [region.types[wire] for wire in step.operands]
        for result, wire in enumerate(step.outputs):
            output: Any = region.types[wire]
            row: dict[int, P] = {SOURCE: self.algebra.one} if step.operator.is_input else {}
            largest: dict[int, P] = {}
            for place, operand in enumerate(step.operands):
                grown = self.algebra.step(step.operator, inputs, output, place, result)
                if grown is not None:
                    row = self._joined(row, self._grown(table.get(operand, {}), grown))
                largest = self._joined(largest, table.get(largest_of(operand), {}))
            table[wire] = row
            marked = {key: self.algebra.mark(value, output) for key, value in row.items()}
            table[largest_of(wire)] = self._joined(largest, {k: mark for k, mark in marked.items() if mark is not None})

    def _leave(
        self,
        region: Region,
        outputs: tuple[int, ...],
        inner: Mapping[int, Row[P]],
        given: Mapping[int, Row[P]],
        table: dict[int, Row[P]],
    ) -> None:
        for wire, output in zip((*region.results, *region.exports), outputs, strict=True):
            for own, outer in ((wire, output), (largest_of(wire), largest_of(output))):
                table[outer] = self._through(inner.get(own, {}), given)

    def _through(self, inner: Row[P], given: Mapping[int, Row[P]]) -> dict[int, P]:
        """A row in terms of a region's inputs, in terms of what these are made of."""
        found: dict[int, P] = {}
        for place, value in inner.items():
            outer: Row[P] = {SOURCE: self.algebra.one} if place == SOURCE else given.get(place, {})
            found = self._joined(found, self._grown(outer, value))
        return found

    def _grown(self, row: Row[P], value: P) -> Row[P]:
        self._entries += len(row)
        if self._entries > MAX_ENTRIES:
            raise TooManyPaths
        return {place: self.algebra.then(before, value) for place, before in row.items()}

    def _joined(self, a: Row[P], b: Row[P]) -> dict[int, P]:
        found = dict(a)
        for place, value in b.items():
            found[place] = self.algebra.join(found[place], value) if place in found else value
        return found

    def _run(self, step: RunStep, entered: tuple[Turns, ...], table: dict[int, Row[P]]) -> None:
        first = step.cycle[0]
        state = _taken(table, first.operands[: first.carried])
        for number, turns in enumerate(entered, start=1):
            use = next(use for use in uses_of(step) if use.region is turns.region)
            fixed = _taken(table, use.operands[use.carried :], use.carried)
            inner = self.region(turns.region, turns.wanted)
            is_last = number == len(entered)
            state = self._turns(turns.region.results, inner, {**fixed, **state}, turns.count - is_last)
            if is_last:
                self._leave(turns.region, step.outputs, inner, {**fixed, **state}, table)

    def _turns(
        self, results: tuple[int, ...], inner: Mapping[int, Row[P]], given: dict[int, Row[P]], count: int
    ) -> dict[int, Row[P]]:
        """What is carried after so many turns of one region: by squaring where they are many."""
        turn = {key: inner.get(own, {}) for place, wire in enumerate(results) for key, own in _both(place, wire)}
        if count > 3:
            power = self._power(turn, count)
            return {place: self._through(row, given) for place, row in power.items()}
        carried = given
        for _ in range(count):
            carried = {place: self._through(row, {**given, **carried}) for place, row in turn.items()}
        return carried

    def _power(self, turn: Mapping[int, Row[P]], exponent: int) -> dict[int, Row[P]]:
        """A turn's table applied so many times; what is not carried stays what it is."""
        result: dict[int, Row[P]] = {place: {place: self.algebra.one} for place in turn}
        square: dict[int, Row[P]] = dict(turn)
        while exponent:
            if exponent & 1:
                result = self._after(square, result)
            square = self._after(square, square)
            exponent >>= 1
        return result

    def _after(self, second: Mapping[int, Row[P]], first: Mapping[int, Row[P]]) -> dict[int, Row[P]]:
        made: dict[int, Row[P]] = {}
        for key, row in second.items():
            found: dict[int, P] = {}
            for place, value in row.items():
                before: Row[P] = first.get(place, {place: self.algebra.one})
                found = self._joined(found, self._grown(before, value))
            made[key] = found
        return made


def _both(place: int, wire: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (place, wire), (largest_of(place), largest_of(wire))


def _taken(table: Mapping[int, Row[P]], wires: tuple[int, ...], start: int = 0) -> dict[int, Row[P]]:
    """The rows of wires, by their places as a region's inputs."""
    return {key: table.get(own, {}) for place, wire in enumerate(wires, start) for key, own in _both(place, wire)}


class Depth:
    """The number of layers on a path."""

    one = 0

    def step(
        self, operator: Operator, inputs: list[TensorType], output: TensorType, operand: int = 0, result: int = 0
    ) -> int:
        """One for a layer, none for what is not counted as one."""
        return 1 if operator.is_layer else 0

    def then(self, first: int, second: int) -> int:
        """The sum."""
        return first + second

    def join(self, a: int, b: int) -> int:
        """The longer path."""
        return max(a, b)

    def mark(self, value: int, output: TensorType) -> int:
        """Every tensor counts."""
        return value


__all__ = ["Depth", "Paths", "TooManyPaths"]

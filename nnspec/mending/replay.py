"""Types worked out anew through steps that were elaborated, with some operators changed.

It is quick and only almost right: arguments are not evaluated again, so what it says is a guess at which edits are
worth a trial. A rule is applied only where something else arrives than before. It knows no text and no edits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.program.liveness import uses_of
from nnspec.program.program import CallStep, OperatorStep, Region, RunStep, Step, Use
from nnspec.shapes.condition import recording
from nnspec.shapes.symbolic import DimTooLarge
from nnspec.shapes.tensor import UNKNOWN, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nnspec.ops.operator import Operator
    from nnspec.source import Span

MOST_TURNS = 64  # of a repeat whose turns are replayed

#: The operator that stands for a step, where it is another.
Changed: TypeAlias = "Callable[[OperatorStep], Operator | None]"


class Stopped(Exception):  # noqa: N818  # not an error: no type comes out
    """Raised where a changed operator, or one behind it, refuses what arrives."""


class Replay:
    """Replays steps; `left` is how many rules may still be applied."""

    def __init__(self, most: int) -> None:
        self.left = most

    def types(
        self, steps: Sequence[Step], types: Sequence[Type], changed: Changed, before: Sequence[Type] | None = None
    ) -> list[Type]:
        """The types of all wires of a region after its steps; `before` are those that there were, where others arrive.

        Raises: Stopped.
        """
        found = list(types)
        with recording():
            self._steps(steps, found, types if before is None else before, changed)
        return found

    def infer(self, operator: Operator, inputs: Sequence[Type]) -> tuple[Type, ...]:
        """What an operator gives for these types.

        Raises: Stopped, where it refuses them, or nothing more may be worked out.
        """
        self.left -= 1
        if self.left < 0:
            raise Stopped
        if not all(isinstance(type, TensorType) for type in inputs):
            return (UNKNOWN,)
        try:
            with recording():
                inferred = operator.infer(*inputs)
        except (RuleError, DimTooLarge):
            raise Stopped from None
        return inferred if isinstance(inferred, tuple) else (inferred,)

    def _steps(self, steps: Sequence[Step], types: list[Type], before: Sequence[Type], changed: Changed) -> None:
        for step in steps:
            if isinstance(step, OperatorStep):
                given = self._applied(step, types, before, changed(step))
                if len(given) != len(step.outputs):
                    raise Stopped
            elif isinstance(step, CallStep):
                given = self._used(step.use, [types[wire] for wire in step.use.operands], changed)
            else:
                given = self._run(step, types, changed)
            for wire, type in zip(step.outputs, given, strict=False):
                types[wire] = type

    def _applied(
        self, step: OperatorStep, types: list[Type], before: Sequence[Type], other: Operator | None
    ) -> Sequence[Type]:
        """What a step gives: as before, where it is as before and the same arrives; that counts as a rule too."""
        if other is None and self.left > 0 and all(types[wire] == before[wire] for wire in step.operands):
            self.left -= 1
            return [before[wire] for wire in step.outputs]
        return self.infer(other or step.operator, [types[wire] for wire in step.operands])

    def _used(self, use: Use, operands: Sequence[Type], changed: Changed) -> tuple[Type, ...]:
        region: Region = use.region
        types = list(region.types)
        for wire, type in zip(region.inputs, operands, strict=False):
            types[wire] = type
        self._steps(region.steps, types, region.types, changed)
        return tuple([types[wire] for wire in (*region.results, *region.exports)])

    def _run(self, step: RunStep, types: list[Type], changed: Changed) -> tuple[Type, ...]:
        if step.count > MOST_TURNS:
            raise Stopped
        carried: Sequence[Type] = ()
        given: tuple[Type, ...] = ()
        for turn in range(step.count):
            use = step.cycle[turn % len(step.cycle)]
            operands = [types[wire] for wire in use.operands]
            if turn:
                operands[: use.carried] = carried
            given = self._used(use, operands, changed)
            carried = given[: len(use.region.results)]
        return given


def leading(steps: Sequence[Step], wires: Sequence[int]) -> set[int]:
    """The wires, and all those that lead to them."""
    wanted = set(wires)
    for step in reversed(steps):
        if wanted.intersection(step.outputs):
            wanted.update(step.operands if isinstance(step, OperatorStep) else ())
            wanted.update([wire for use in uses_of(step) for wire in use.operands])
    return wanted


def spans_before(steps: Sequence[Step], wires: Sequence[int]) -> list[Span]:
    """The places of the operators that lead to some wires, the nearest first, each once."""
    found: dict[Span, None] = {}
    wanted = set(wires)
    for step in reversed(steps):
        if not wanted.intersection(step.outputs):
            continue
        if isinstance(step, OperatorStep):
            found[step.span] = None
            wanted.update(step.operands)
            continue
        for use in reversed(uses_of(step)):
            found.update(dict.fromkeys(_all_inside(use.region)))
            wanted.update(use.operands)
    return list(found)


def _all_inside(region: Region) -> list[Span]:
    """The places of the operators of a region and of those that it uses, the last first."""
    found: dict[Span, None] = {}
    todo: list[Region] = [region]
    seen: set[Region] = set()
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        for step in reversed(here.steps):
            if isinstance(step, OperatorStep):
                found[step.span] = None
            else:
                todo.extend(use.region for use in uses_of(step))
    return list(found)

"""What stands outside a region while it is made: the steps before it, and which wires were handed to it.

A fault inside a block, a wrapper or a turn may be mended by a change before it. Turns that ended already count as
steps too, though the repeat that they belong to has no step yet. Nothing here knows what is at fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.program.program import CallStep, Step
from nnspec.program.regions import Regions, operands_of, use
from nnspec.program.scope import tensors_in
from nnspec.record import Record

if TYPE_CHECKING:
    from nnspec.program.regions import Inside
    from nnspec.program.scope import Frame, Made, Scope, Value, Wrapping
    from nnspec.shapes.tensor import Type
    from nnspec.syntax.tree import Node

MOST_LEVELS = 6
MOST_TURNS = 64  # of one repeat that are remembered


class Level(Record):
    """The steps of a region so far, over wires of `types`; `handed` are wires that go in, and what they are inside."""

    steps: tuple[Step, ...]
    types: tuple[Type, ...]
    handed: tuple[tuple[int, int], ...] = ()


class _Open:
    """A region that is being made, and the turns of its repeats that were made: per repeat the steps, and the last."""

    def __init__(self, arriving: Value | None, outer: Scope | None) -> None:
        self.arriving = arriving
        self.outer = outer
        self.turns: dict[int, tuple[list[Step], Made, Value | None, Scope]] = {}


class WatchedRegions(Regions):
    """Makes regions as ever, and knows which ones are being made."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[_Open] = [_Open(None, None)]
        #: What arrived at the region that was made last, and where.
        self.last: tuple[Value | None, Frame | None] = (None, None)

    def make(
        self,
        syntax: Node,
        arriving: Value | None,
        outer: Scope,
        inside: Inside,
        *,
        is_turn: bool,
        wrapping: Wrapping | None = None,
    ) -> Made:
        """The region, as ever."""
        around = self._open[-1]
        if is_turn:
            _end_turn(around, syntax, arriving)
        self._open.append(_Open(arriving, outer))
        try:
            made = super().make(syntax, arriving, outer, inside, is_turn=is_turn, wrapping=wrapping)
        finally:
            self._open.pop()
        self.last = (arriving, outer.frame)
        if is_turn and not made.failed:
            before = around.turns[id(syntax)][0] if id(syntax) in around.turns else []
            around.turns[id(syntax)] = (before, made, arriving, outer)
        return made

    def around(self, frame: Frame) -> tuple[Level, ...]:
        """What stands outside a region in the making, from the inside out."""
        found: list[Level] = []
        for here, parent in zip(reversed(self._open[1:]), reversed(self._open[:-1]), strict=True):
            if len(found) == MOST_LEVELS or here.outer is None or frame.root.parent is not here.outer:
                break
            outer = here.outer
            given = operands_of(here.arriving, frame.captures, outer)
            turns = tuple([step for steps, *_ in parent.turns.values() for step in steps])
            steps, types = (*outer.frame.steps, *turns), tuple(outer.frame.types)
            found.append(Level(steps, types, tuple(zip(given, frame.inputs, strict=False))))
            frame = outer.frame
        return tuple(found)


def _end_turn(around: _Open, syntax: Node, arriving: Any) -> None:
    """The turn before this one as a step: what arrives now is what it gave."""
    known = around.turns.get(id(syntax))
    if known is not None and len(known[0]) < MOST_TURNS:
        steps, made, entered, outer = known
        outputs = tuple([tensor.wire for tensor in tensors_in(arriving)])
        steps.append(CallStep(use(made, entered, outer), outputs, syntax.span, ""))

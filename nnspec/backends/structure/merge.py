"""What sections of the same syntax have in common, as statements: one body for all turns, or all uses.

Each section says with its own numbers what happens; where all say the same once numbers are written
as expressions, that is the body. Where a condition went both ways, both ways are written. Where they
differ for another reason there is no common body (`Disagreement`), and whoever asked writes several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from nnspec.backends.names import keras_name
from nnspec.backends.structure.cutting import Cut, is_kept, over, spelled_type
from nnspec.backends.structure.events import (
    Applied,
    Chosen,
    Entered,
    Event,
    Got,
    Hinged,
    Place,
    Promised,
    Put,
    Repeated,
    Spread,
)
from nnspec.backends.structure.hinges import Split, decided, joined, settle, splits_of
from nnspec.backends.structure.loops import MOST_UNROLLED, Looping
from nnspec.backends.structure.observation import Disagreement, Observation, agreed, first_agreeing, hint, literals
from nnspec.backends.structure.statements import (
    Branch,
    Copy,
    Element,
    Inline,
    Loop,
    LoopName,
    Set,
    Statement,
    Var,
    made_in,
)
from nnspec.calls import Arrival, Call, Item, Member, Value
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.program.unit import Block

if TYPE_CHECKING:
    from nnspec.backends.structure.functions import Functions


#: How many conditions one operator may be written under: more would be longer than functions of their own.
MOST_APART = 2


class Writer:
    """Writes the body of one function."""

    def __init__(self, functions: Functions, *, is_flat: bool = False, gathers: bool = True) -> None:
        self.functions = functions
        self.gathers = gathers and not is_flat  # loops over braces fill a list, which not every reader takes
        self.is_flat = is_flat  # no calls of blocks: every layer is made where it stands
        self.decided: set[Place] = set()  # conditions and counts that are not written, for they went one way only
        self.settled: frozenset[Place | None] = frozenset()  # conditions that an operator at hand is written under
        self.apart = 0  # how many they are
        self.in_some_cases = 0  # how many loops and branches there are around
        self.lists: dict[str, Var] = {}  # labels with indexes
        self.first_input: Var | None = None
        self.input_names: list[str] = []  # of a model's own, still to come
        self.several_inputs = False
        self.inputs: list[Var] = []

    def body(self, lists: Sequence[Sequence[Event]], seen: Sequence[Observation]) -> list[Statement]:
        """The statements of all these sections.

        Raises: Disagreement.
        """
        if len({len(events) for events in lists}) > 1:
            raise Disagreement("other numbers of events")
        written: list[Statement] = []
        for events in zip(*lists, strict=True):
            first = events[0]
            if any(type(event) is not type(first) or event.place != first.place for event in events):
                raise Disagreement("other events")
            written += getattr(self, f"_{type(first).__name__.lower()}")(events, seen, written)
        return written

    @contextmanager
    def some_cases(self) -> Iterator[None]:
        """What is written now is done in some cases, or several times."""
        self.in_some_cases += 1
        try:
            yield
        finally:
            self.in_some_cases -= 1

    # Operators.

    def _applied(
        self, events: Sequence[Applied], seen: Sequence[Observation], before: list[Statement]
    ) -> list[Statement]:
        try:
            statements = self._applied_alike(events, seen)
        except Disagreement:
            apart = [partial(self._applied_apart, events, seen, split) for split in self._splits(events, seen)]
            if not apart:
                raise
            return first_agreeing(apart, seen)
        self.decided |= decided([event.hinges for event in events]) - self.settled
        return statements

    def _splits(self, events: Sequence[Applied], seen: Sequence[Observation]) -> list[Split]:
        """The conditions that an operator may be written under here."""
        if events[0].operator.is_input or self.apart >= MOST_APART:
            return []
        # In a loop the first turn alone would flatten: it reads better apart from the others.
        return [each for each in splits_of(events, seen) if not (each.is_opening and self.in_some_cases)]

    def _applied_apart(self, events: Sequence[Applied], seen: Sequence[Observation], split: Split) -> list[Statement]:
        """An operator that takes other calls where a condition holds than where it does not."""
        results = tuple(Var() for _ in events[0].outputs)
        pairs = list(zip(events, seen, strict=True))
        settled = self.settled
        self.settled, self.apart = settled | {split.place}, self.apart + 1
        try:
            branches: list[list[Statement]] = []
            for truth in (True, False):
                those = [pair for pair, own in zip(pairs, split.truths, strict=True) if own is truth]
                branch = self._applied([event for event, _ in those], [observation for _, observation in those], [])
                branches.append([*branch, *self.copies(results, those, lambda event: event.outputs)])
        finally:
            self.settled, self.apart = settled, self.apart - 1
        for event, observation in pairs:
            observation.operands.update(zip(event.outputs, results, strict=True))
        both = Branch(Inline(split.condition), *branches)
        statements = joined(both)
        settle(both.then, split.condition, True)
        settle(both.otherwise, split.condition, False)
        if split.is_opening and len(statements) == 1:
            raise Disagreement("other layers")
        return statements

    def _applied_alike(self, events: Sequence[Applied], seen: Sequence[Observation]) -> list[Statement]:
        try:
            value = agreed([self._lowered(e, o, deep=False) for e, o in zip(events, seen, strict=True)])
        except Disagreement:
            value = agreed([self._lowered(e, o, deep=True) for e, o in zip(events, seen, strict=True)])
        if events[0].operator.is_input:
            if self.in_some_cases:
                raise Disagreement("an input that is made several times, or in some cases")
            name = self.input_names.pop(0)
            value = Call(value.target, value.args, {**value.kwargs, "name": keras_name(name)})
        cut = Cut(is_merge=events[0].operator.is_merge)
        results = cut.results(value, len(events[0].outputs))
        if any(event.operator.weights(*event.types) for event in events if not event.operator.is_input):
            for statement in cut.statements:
                statement.keeps = is_kept(statement)
        if any(len(event.outputs) != len(results) for event in events):
            raise Disagreement("other numbers of outputs")
        for event, observation in zip(events, seen, strict=True):
            observation.operands.update(zip(event.outputs, results, strict=True))
        if events[0].operator.is_input:
            self.first_input = self.first_input or results[0]
            self.inputs.append(results[0])
            results[0].hint = name if self.several_inputs else "inputs"
        return [*cut.statements]

    def _lowered(self, event: Applied, observation: Observation, *, deep: bool) -> Value:
        """What the operator lowers to, over variables; `deep` writes sizes of tensors as expressions too."""
        operands = [observation.read(wire) for wire in event.operands]
        arrivals = [
            Arrival(spelled_type(type, operand) if deep else type, index)
            for index, (type, operand) in enumerate(zip(event.types, operands, strict=True))
        ]
        if event.operator.is_source and not event.operator.is_input:
            if self.first_input is None:
                raise Disagreement("a learned tensor where no input is at hand")
            operands, arrivals = [self.first_input], [Arrival(self.functions.first_type, 0)]
        try:
            value = event.operator.beside(event.operator, *event.types).lower(*arrivals)
        except (RuleError, TypeError, AttributeError) as error:
            raise Disagreement("an operator cannot be lowered so") from error
        has_weights = not event.operator.is_input and any(True for _ in event.operator.weights(*event.types))
        return over(value, operands, observation, is_apart=self.is_flat and has_weights)

    # Parts.

    def _entered(
        self, events: Sequence[Entered], seen: Sequence[Observation], before: list[Statement]
    ) -> list[Statement]:
        first = events[0]
        self.decided |= decided([event.hinges for event in events])
        if first.part is None or (self.is_flat and isinstance(first.part, Block)):
            return self.inlined(events, seen)
        if self.functions.is_under_way(first.part):
            lists, self.lists = self.lists, {}
            statements = self.inlined(events, seen)  # a block that calls itself
            self.lists = lists
            return statements
        value, count = self.functions.call(self, events, seen)
        results = tuple(Var() for _ in range(count))
        for event, observation in zip(events, seen, strict=True):
            observation.operands.update(zip(event.outputs, results, strict=True))
        return [Set(results, value)]

    def inlined(self, events: Sequence[Entered], seen: Sequence[Observation]) -> list[Statement]:
        """The flow of a part or wrapper, written where it stands."""
        inner: list[Observation] = []
        for event, observation in zip(events, seen, strict=True):
            operands = {
                wire: observation.read(operand)
                for wire, operand in zip(event.section.inputs, event.operands, strict=True)
            }
            names = {name: observation.spell(value) for name, value in event.arguments.items() if value is not None}
            made = Observation(operands, names if event.part is not None else observation.names)
            for name, value in event.defaults.items():
                if name not in made.names and value is not None:
                    made.names[name] = made.spell(value)
            inner.append(made)
        statements = self.body([event.section.events for event in events], inner)
        for event, observation, made in zip(events, seen, inner, strict=True):
            outs = (*event.section.results, *[wire for _, wire in event.section.exports])
            hint(made, event.section)
            observation.operands.update((out, made.read(wire)) for out, wire in zip(event.outputs, outs, strict=True))
        return statements

    # Choices.

    def _chosen(
        self, events: Sequence[Chosen], seen: Sequence[Observation], before: list[Statement]
    ) -> list[Statement]:
        pairs = list(zip(events, seen, strict=True))
        if len({event.chosen for event in events}) == 1:
            self.decided.add(events[0].place)
            statements = self.body([event.events for event in events], seen)
            for event, observation in pairs:
                for inner, outer in zip(event.results, event.outputs, strict=True):
                    observation.operands[outer] = observation.read(inner)
            return statements
        if any(event.condition is None for event in events):
            raise Disagreement("a condition cannot be written")
        condition = agreed([observation.spell(event.condition) for event, observation in pairs])
        results = tuple(Var() for _ in events[0].outputs)
        branches: list[list[Statement]] = []
        for truth in (True, False):
            those = [(event, observation) for event, observation in pairs if event.chosen is truth]
            with self.some_cases():
                branch = self.body([event.events for event, _ in those], [observation for _, observation in those])
            branch += self.copies(results, those, lambda event: event.results)
            branches.append(branch)
        for event, observation in pairs:
            observation.operands.update(zip(event.outputs, results, strict=True))
        return [Branch(Inline(condition), *branches)]

    def _hinged(
        self, events: Sequence[Hinged], seen: Sequence[Observation], before: list[Statement]
    ) -> list[Statement]:
        self.decided.add(events[0].place)
        return []

    def copies(self, targets: Sequence[Var], those: Any, wires: Any) -> list[Statement]:
        """Assignments of what the sections give to variables that they share."""
        given = [[observation.read(wire) for wire in wires(event)] for event, observation in those]
        if any(len(each) != len(targets) for each in given):
            raise Disagreement("other numbers of tensors")
        copies: list[Statement] = []
        for index, target in enumerate(targets):
            source = agreed([each[index] for each in given])
            if isinstance(source, Element):
                raise Disagreement("one of a list")
            copies.append(Copy((target,), source))
        return copies

    # Loops.

    def _repeated(
        self, events: Sequence[Repeated], seen: Sequence[Observation], before: list[Statement]
    ) -> list[Statement]:
        if not any(event.turns for event in events):
            for event, observation in zip(events, seen, strict=True):
                for inner, outer in zip(event.arriving, event.outputs, strict=True):
                    observation.operands[outer] = observation.read(inner)
            self.decided.add(events[0].place)
            return []
        return Looping(self, events, seen).statements()

    def _spread(
        self, events: Sequence[Spread], seen: Sequence[Observation], before: list[Statement]
    ) -> list[Statement]:
        self.decided.add(events[0].place)  # of one flow there is no merge, and of none none
        attempts = (self._gathered, self._side_by_side) if self.gathers else (self._side_by_side,)
        return first_agreeing([lambda each=each: each(events, seen) for each in attempts], seen)

    def _gathered(self, events: Sequence[Spread], seen: Sequence[Observation]) -> list[Statement]:
        """A loop that fills a list."""
        if any(event.over is None for event in events) or any(len(event.items) < 2 for event in events):
            raise Disagreement("a list cannot be written")  # and of one flow there is no merge
        over = agreed([observation.spell(event.over) for event, observation in zip(events, seen, strict=True)])
        names = tuple(LoopName(name) for name in events[0].names)
        inner: list[tuple[Any, Observation]] = []
        for event, observation in zip(events, seen, strict=True):
            for item in event.items:
                made = observation.inner(**dict(zip(event.names, names, strict=True)))
                inner.append((item, made))
        with self.some_cases():
            body = self.body([item[1] for item, _ in inner], [observation for _, observation in inner])
        branches = Var("branches", is_list=True)
        result = Var()
        body += self.copies((result,), inner, lambda item: item[2])
        body.append(Set((), Call(Member(branches, "append"), (result,))))
        for event, observation in zip(events, seen, strict=True):
            for position, outputs in enumerate(event.outputs):
                if len(outputs) != 1:
                    raise Disagreement("tuples in a list")
                (wire,) = outputs
                observation.operands[wire] = Element(branches, position, len(event.outputs))
        return [Set((branches,), []), Loop(names, Inline(over), body)]

    def _side_by_side(self, events: Sequence[Spread], seen: Sequence[Observation]) -> list[Statement]:
        """One after the other, with numbers in place of the loop's names."""
        if len({len(event.items) for event in events}) > 1 or len(events[0].items) > MOST_UNROLLED:
            raise Disagreement("other numbers of items")
        statements: list[Statement] = []
        for position in range(len(events[0].items)):
            inner = [
                observation.inner(**literals(event.names, event.items[position][0]))
                for event, observation in zip(events, seen, strict=True)
            ]
            statements += self.body([event.items[position][1] for event in events], inner)
            for event, observation in zip(events, seen, strict=True):
                wires = zip(event.items[position][2], event.outputs[position], strict=True)
                observation.operands.update({new: observation.read(old) for old, new in wires})
        return statements

    # Labels and promises.

    def _put(self, events: Sequence[Put], seen: Sequence[Observation], before: list[Statement]) -> list[Statement]:
        first = events[0]
        if first.name not in self.lists:
            return []
        indexes = self._indexes(events, seen)
        source = agreed([o.read(event.wire) for event, o in zip(events, seen, strict=True)])
        if isinstance(source, Element):
            raise Disagreement("one of a list")
        return [Set((Item(self.lists[first.name], Inline(indexes)),), source)]

    def _got(self, events: Sequence[Got], seen: Sequence[Observation], before: list[Statement]) -> list[Statement]:
        first = events[0]
        if first.name in self.lists:
            found: Value = Item(self.lists[first.name], Inline(self._indexes(events, seen)))
        else:
            found = agreed([o.read(event.wire) for event, o in zip(events, seen, strict=True)])
        for event, observation in zip(events, seen, strict=True):
            observation.operands[event.output] = found
        return []

    def _indexes(self, events: Sequence[Put | Got], seen: Sequence[Observation]) -> Value:
        if any(index is None for event in events for index in event.indexes):
            raise Disagreement("an index cannot be written")
        indexes = agreed([o.spell(event.indexes) for event, o in zip(events, seen, strict=True)])
        return indexes[0] if len(indexes) == 1 else tuple(indexes)

    def _promised(
        self, events: Sequence[Promised], seen: Sequence[Observation], before: list[Statement]
    ) -> list[Statement]:
        made = seen[0].read(events[0].wire)
        last = before[-1] if before else None
        shapes = {event.shape for event in events}
        text = events[0].text
        words = set(re.findall(r"[^\W\d]\w*|\.", text))
        shown = shapes.pop() if len(shapes) == 1 else None if words & {*seen[0].names, ".", "_"} else text
        if isinstance(last, (Set, Loop)) and made in made_in([last]) and last.note is None:
            last.note = shown if isinstance(last, Set) or shown is None else f"to {shown}"
        return []

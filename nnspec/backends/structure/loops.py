"""Loops: what the turns of a repeat have in common, as one body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnspec.backends.structure.events import Repeated, Turn
from nnspec.backends.structure.observation import Disagreement, Observation, agreed, first_agreeing, literals
from nnspec.backends.structure.statements import Branch, Copy, Element, Inline, Loop, LoopName, Statement, Var
from nnspec.calls import Call, Item, Operation, Value, Variable, same

if TYPE_CHECKING:
    from nnspec.backends.structure.merge import Writer

MOST_UNROLLED = 64


class Looping:
    """One loop: as a whole, else its first turn apart, else turn by turn."""

    def __init__(self, writer: Writer, events: Sequence[Repeated], seen: Sequence[Observation]) -> None:
        self.writer = writer
        self.events = events
        self.seen = seen
        self.names = tuple(LoopName(name) for name in events[0].names)

    def statements(self) -> list[Statement]:
        """The loop.

        Raises: Disagreement.
        """
        if self.writer.is_flat:  # what has weights is made apart, each turn's for itself
            return first_agreeing([lambda: without_layers(self.loop(0)), self.unrolled], self.seen)
        attempts = [lambda: self.loop(0), lambda: self.loop(1), self.unrolled]
        if all(len(event.turns) == 2 and isinstance(event.over, int) for event in self.events):
            attempts.pop(1)  # of two turns that differ, none is left for a loop
        return first_agreeing(attempts, self.seen)

    def loop(self, apart: int) -> list[Statement]:
        """So many turns apart, and a loop for all others."""
        pairs = list(zip(self.events, self.seen, strict=True))
        if any(event.over is None for event in self.events):
            raise Disagreement("a count cannot be written")
        over = agreed([observation.spell(event.over) for event, observation in pairs])
        statements: list[Statement] = []
        state = [_Carried(event, observation) for event, observation in pairs]
        for number in range(apart):
            statements += self.turn(state, number, self.item_names(over, number))
        rest = self.rest(over, apart)
        if not any(len(event.turns) > apart for event in self.events):
            raise Disagreement("no turn is left for a loop")
        if apart:
            self.writer.decided.add(self.events[0].place)  # with fewer turns there would be too many
        statements += self.looped(state, apart, rest)
        self.finish(state)
        return statements

    def item_names(self, over: Value, number: int) -> list[dict[str, Value]]:
        """The loop's names at a turn that stands apart: numbers where all agree, else an item of the list."""
        if any(len(event.turns) <= number for event in self.events):
            raise Disagreement("other numbers of turns")
        found = [literals(event.names, event.turns[number].item) for event in self.events]
        if all(same(each, found[0]) for each in found):
            return found
        if len(self.names) != 1:
            raise Disagreement("a tuple of names")
        return [{event.names[0]: Item(over, number)} for event in self.events]

    def rest(self, over: Value, apart: int) -> Value:
        """What the loop runs over, without the turns that stand apart."""
        if self.events[0].is_count:
            if not apart:
                return Call(Variable("range"), (over,))
            return Call(Variable("range"), (over - apart if isinstance(over, int) else Operation("-", over, apart),))
        if not apart:
            return tuple(over) if isinstance(over, list) else over
        if isinstance(over, (list, tuple)):
            return tuple(over[apart:])
        if isinstance(over, Call) and over.target == Variable("range") and len(over.args) == 1:
            return Call(Variable("range"), (apart, *over.args))
        return Item(over, slice(apart, None))

    def turn(self, state: list[_Carried], number: int, names: list[dict[str, Value]]) -> list[Statement]:
        """One turn, written as it is."""
        inner = [each.enter(each.event.turns[number], given) for each, given in zip(state, names, strict=True)]
        statements = self.writer.body([each.event.turns[number].section.events for each in state], inner)
        for each, made in zip(state, inner, strict=True):
            each.leave(each.event.turns[number], made)
        return statements

    def looped(self, state: list[_Carried], apart: int, over: Value) -> list[Statement]:
        """A loop over the turns from `apart` on."""
        width = len(state[0].values)
        carried = tuple(Var() for _ in range(width))
        opening: list[Statement] = []
        for index, target in enumerate(carried):
            source = agreed([each.values[index] for each in state])
            if isinstance(source, Element):
                raise Disagreement("one of a list")
            opening.append(Copy((target,), source))
        kept, copies = self.labels(state, apart)
        opening += copies
        inner: list[tuple[Turn, Observation]] = []
        for each in state:
            each.values = list(carried)
            for turn in each.event.turns[apart:]:
                names: dict[str, Value] = dict(zip(each.event.names, self.names, strict=True))
                made = each.enter(turn, names, kept)
                inner.append((turn, made))
        unique = _unique(inner)
        with self.writer.some_cases():
            body = self.writer.body([turn.section.events for turn, _ in unique], [made for _, made in unique])
        body += self.writer.copies(carried, unique, lambda turn: turn.section.results)
        ends: dict[Any, Value] = {}
        for key, target in kept.items():
            wires = [dict(turn.section.exports)[key] for turn, _ in unique]
            source = agreed([made.read(wire) for wire, (_, made) in zip(wires, unique, strict=True)])
            body.append(Copy((target,), source))
            ends[key] = target
        for key in dict.fromkeys(key for turn, _ in unique for key, _ in turn.section.exports):
            if isinstance(key, str) and key not in ends:
                exports = [(dict(turn.section.exports), made) for turn, made in unique]
                found = [made.read(wires[key]) for wires, made in exports if key in wires]
                ends[key] = agreed(found)
        for each in state:
            each.ends.update(ends)
            each.values = list(carried)
        return [*opening, Loop(self.names, Inline(over), body)]

    def labels(self, state: list[_Carried], apart: int) -> tuple[dict[Any, Var], list[Statement]]:
        """Labels that a turn reads and the turn before put: variables that go round with the loop."""
        kept: dict[Any, Var] = {}
        copies: list[Statement] = []
        for each in state:
            for turn in each.event.turns[apart:]:
                exported = {key for key, _ in turn.section.exports}
                for key in turn.section.keys:
                    if isinstance(key, str) and key in exported and key not in kept:
                        kept[key] = Var(key)
        for key, target in kept.items():
            sources = [each.operand_of(key, apart) for each in state if len(each.event.turns) > apart]
            copies.append(Copy((target,), agreed(sources)))
        return kept, copies

    def unrolled(self) -> list[Statement]:
        """Every turn for itself."""
        if len({len(event.turns) for event in self.events}) > 1 or len(self.events[0].turns) > MOST_UNROLLED:
            raise Disagreement("too many turns to write each")
        self.writer.decided.add(self.events[0].place)
        state = [_Carried(event, observation) for event, observation in zip(self.events, self.seen, strict=True)]
        statements: list[Statement] = []
        for number in range(len(self.events[0].turns)):
            names = [literals(event.names, event.turns[number].item) for event in self.events]
            statements += self.turn(state, number, names)
        self.finish(state)
        return statements

    def finish(self, state: list[_Carried]) -> None:
        """Give what leaves the loop its wires in the sections around."""
        for each in state:
            each.observation.operands.update(zip(each.event.outputs, each.values, strict=True))
            last = each.event.turns[-1] if each.event.turns else None
            if last is not None:
                for (key, _), wire in zip(last.section.exports, last.exports, strict=False):
                    if key in each.ends:
                        each.observation.operands[wire] = each.ends[key]


def without_layers(statements: list[Statement]) -> list[Statement]:
    """The statements, none of which calls a layer with weights.

    Raises: Disagreement.
    """
    for statement in statements:
        if isinstance(statement, Loop):
            without_layers(statement.body)
        elif isinstance(statement, Branch):
            without_layers([*statement.then, *statement.otherwise])
        elif statement.keeps:
            raise Disagreement("a layer of its own at each turn")
    return statements


class _Carried:
    """A loop of one section while its turns go by."""

    def __init__(self, event: Repeated, observation: Observation) -> None:
        self.event = event
        self.observation = observation
        self.values: list[Value] = [observation.read(wire) for wire in event.arriving]
        self.ends: dict[Any, Value] = {}

    def enter(self, turn: Turn, names: Mapping[str, Value], kept: Mapping[Any, Var] | None = None) -> Observation:
        """The section of a turn, its inputs given."""
        operands: dict[int, Value] = {}
        for position, (wire, key) in enumerate(zip(turn.section.inputs, turn.section.keys, strict=True)):
            if position < turn.carried:
                operands[wire] = self.values[position]
            elif kept is not None and key in kept:
                operands[wire] = kept[key]
            else:
                operand = turn.operands[position]
                if isinstance(key, tuple) and operand not in self.observation.operands:
                    continue  # one of a list, which is read by its index
                operands[wire] = self.observation.read(operand)
        return Observation(operands, {**self.observation.names, **names})

    def leave(self, turn: Turn, made: Observation) -> None:
        """Take what a turn that stands apart gives."""
        self.values = [made.read(wire) for wire in turn.section.results]
        for (key, inner), wire in zip(turn.section.exports, turn.exports, strict=False):
            self.observation.operands[wire] = made.read(inner)
            self.ends[key] = made.read(inner)

    def operand_of(self, key: Any, number: int) -> Value:
        turn = self.event.turns[number]
        return self.observation.read(turn.operands[turn.section.keys.index(key)])


def _unique(turns: list[tuple[Turn, Observation]]) -> list[tuple[Turn, Observation]]:
    """Turns that differ: of one section with the same inputs one is enough."""
    found: dict[Any, tuple[Turn, Observation]] = {}
    for turn, made in turns:
        inputs = tuple([_identity(made.operands.get(wire)) for wire in turn.section.inputs])
        found.setdefault((id(turn.section), inputs), (turn, made))
    return list(found.values())


def _identity(value: Value) -> Any:
    return id(value) if isinstance(value, Var) else repr(value)

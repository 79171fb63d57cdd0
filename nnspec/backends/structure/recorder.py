"""Walks a spec as elaboration does, and notes what happens: the events of every region, in order.

Arguments of operators keep the expressions they were written as; everything else is elaboration's
own doing, so what is recorded cannot differ from what is checked and built.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from nnspec.backends.structure.argument_recorder import ArgumentRecorder
from nnspec.backends.structure.events import (
    Applied,
    Chosen,
    Entered,
    Event,
    Got,
    Hinge,
    Hinged,
    Place,
    Promised,
    Put,
    Repeated,
    Section,
    Spread,
    Turn,
    Wire,
)
from nnspec.backends.structure.meaning import python_value
from nnspec.backends.structure.spelling import place_of
from nnspec.calls import Value, mapped
from nnspec.ops.operator import Operator
from nnspec.program.program import CallStep, OperatorStep, Region, RunStep
from nnspec.program.regions import Inside, Regions
from nnspec.program.scope import Frame, Made, Scope, Tensor, Wrapping, tensors_in
from nnspec.program.scope import Value as Tensors
from nnspec.program.unit import Block, Network, Shared
from nnspec.program.values import Site
from nnspec.record import replace
from nnspec.shapes.tensor import TensorType, shape_text
from nnspec.source import Span
from nnspec.syntax import tree


class Recorder(ArgumentRecorder):
    """Elaborates one file, and records what happens."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.events: list[Event] = []
        self.regions = _RecordedRegions(self)
        self.sections: dict[Region, Section] = {}
        #: The events of each `model` statement, by its name; those of the file's own network are in `events`.
        self.networks: dict[str, list[Event]] = {}
        self._twin: Operator | None = None
        self._spreading: list[tuple[tree.Flow, list[tuple[tuple[Event, ...], tuple[int, ...]]]]] = []

    # Operators.

    def applied(
        self,
        made: Operator,
        inputs: tuple[Tensor, ...],
        span: Span,
        spans: dict[str, Span],
        frame: Frame,
        flows: list[Span] | None = None,
        extra: int = 0,
    ) -> Tensors:
        """An operator applied to tensors, which is an event."""
        (latest, hinges), self._latest = self._latest or ({}, []), None
        twin = type(made).of({**made.__dict__, **latest}) if latest else made
        before = len(frame.steps)
        value = super().applied(made, inputs, span, spans, frame, flows, extra)
        self._twin = twin
        if len(frame.steps) == before:
            return value
        step = frame.steps[-1]
        assert isinstance(step, OperatorStep)
        if twin is made:
            twin = step.operator
        else:
            twin = frame.wrapping.stepped(frame.wrapping.changed(twin), [tensor.type for tensor in inputs])
        types = [known for wire in step.operands if isinstance(known := frame.types[wire], TensorType)]
        self.events.append(Applied(_place(span), twin, step.operands, step.outputs, tuple(types), tuple(hinges)))
        return value

    def _followed(self, followers: tuple[tuple[str, Any], ...], *others: Any) -> Tensors:
        twin = self._twin
        return super()._followed(twin.followers() if twin is not None else followers, *others)

    # Suffixes and braces.

    def _choice(self, node: tree.Choice, arriving: Tensors | None, scope: Scope) -> Tensors:
        outer, self.events = self.events, []
        value = super()._choice(node, arriving, scope)
        events, self.events = self.events, outer
        chosen = self.truth(node.condition, Site(scope, arriving))
        self._note(node, node.condition, Site(scope, arriving))
        outputs = self._again(value, scope.frame)
        self.events.append(
            Chosen(
                place_of(node),
                self.spell(node.condition, Site(scope, arriving)),
                chosen,
                tuple(events),
                _wires(value),
                _wires(outputs),
            )
        )
        return outputs

    def _again(self, value: Tensors, frame: Frame) -> Tensors:
        """The same tensors on wires of their own: what is one tensor here is another at another turn."""
        if isinstance(value, tuple):
            return tuple([frame.wire(tensor.type) for tensor in value])
        return frame.wire(value.type)

    def branches(
        self, braces: tree.Braces | tree.BracesFor, arriving: Tensors | None, scope: Scope
    ) -> list[tuple[Tensors, Span]]:
        """What each flow of the braces gives, with its place."""
        if isinstance(braces, tree.Braces):
            return super().branches(braces, arriving, scope)
        self._spreading.append((braces.flow, []))
        found = super().branches(braces, arriving, scope)
        _, collected = self._spreading.pop()
        items = self.items(braces.iterable, Site(scope, arriving))
        self._note(braces, braces.iterable, Site(scope, arriving))
        again = [(self._again(value, scope.frame), span) for value, span in found]
        self.events.append(
            Spread(
                place_of(braces),
                tuple([name.name for name in braces.names]),
                self.spell(braces.iterable, Site(scope, arriving)),
                tuple([(item, events, wires) for item, (events, wires) in zip(items, collected, strict=True)]),
                tuple([_wires(value) for value, _ in again]),
            )
        )
        return again

    def _branch(self, flow: tree.Flow, arriving: Tensors | None, scope: Scope) -> Tensors:
        if not self._spreading or self._spreading[-1][0] is not flow:
            return super()._branch(flow, arriving, scope)
        outer, self.events = self.events, []
        value = super()._branch(flow, arriving, scope)
        self._spreading[-1][1].append((tuple(self.events), _wires(value)))
        self.events = outer
        return value

    def _residual(self, cls: type[Operator], node: tree.Apply, arriving: Tensors | None, scope: Scope) -> Tensors:
        value = super()._residual(cls, node, arriving, scope)
        for argument in node.arguments or ():
            self._note(node, argument.value, Site(scope, arriving))
            self.events.append(Hinged(place_of(node)))
        return value

    def _promise(self, node: tree.Promise, arriving: Tensors | None, scope: Scope) -> Tensors:
        value = super()._promise(node, arriving, scope)
        if isinstance(value, Tensor) and isinstance(value.type, TensorType):
            text = " ".join(node.shape.span.text.split())
            self.events.append(Promised(place_of(node), text, shape_text(value.type.shape), value.wire))
        return value

    def _labelled(self, node: tree.Labelled, arriving: Tensors | None, scope: Scope) -> Tensors:
        value = super()._labelled(node, arriving, scope)
        members = value if isinstance(value, tuple) and len(node.labels) > 1 else (value,)
        for label, member in zip(node.labels, members, strict=False):  # what is at fault may have other members
            if label.indexes and isinstance(member, Tensor):
                site = Site(scope, value)
                values = tuple([self.evaluate(index, site) for index in label.indexes])
                written = tuple([self.spell(index, site) for index in label.indexes])
                self.events.append(Put(place_of(label), label.name, written, values, member.wire))
        return value

    def _reference(self, node: tree.Reference, arriving: Tensors | None, scope: Scope) -> Tensors:
        value = super()._reference(node, arriving, scope)
        if not node.indexes or not isinstance(value, Tensor):
            return value
        written = tuple([self.spell(index, Site(scope, arriving)) for index in node.indexes])
        output = scope.frame.wire(value.type)
        self.events.append(Got(place_of(node), node.name, written, value.wire, output.wire))
        return output

    def _turns(
        self, node: Any, names: tuple[tree.Name, ...], items: Any, count: int, arriving: Tensors | None, scope: Scope
    ) -> Tensors:
        before = len(scope.frame.steps)
        value = super()._turns(node, names, items, count, arriving, scope)
        runs = [step for step in scope.frame.steps[before:] if isinstance(step, RunStep)]
        outputs = self._again(value, scope.frame)
        over = node.count if isinstance(node, tree.Repeat) else node.iterable
        self._note(node, over, Site(scope, arriving))
        self.events.append(
            Repeated(
                place_of(node),
                tuple([name.name for name in names]),
                self.spell(over, Site(scope, arriving)),
                tuple(self._turns_of(runs, items)),
                _wires(arriving),
                _wires(outputs),
                isinstance(node, tree.Repeat),
            )
        )
        self._give(value, outputs, scope.frame)
        return outputs

    def _give(self, value: Tensors, outputs: Tensors, frame: Frame) -> None:
        """Labels that name what a repeat gives name it on its new wires."""
        pairs = dict(zip(_wires(value), _wires(outputs), strict=True))
        for old, new in pairs.items():
            if old in frame.label_names:
                frame.label_names.setdefault(new, frame.label_names[old])

    def _turns_of(self, runs: list[RunStep], items: Any) -> list[Turn]:
        turns: list[Turn] = []
        number = 0
        for run in runs:
            last = run.cycle[(run.count - 1) % len(run.cycle)].region
            exports = run.outputs[len(last.results) :]
            most = min(run.count, len(run.cycle) + 1) if run.count > _MANY else run.count
            for position in range(most):
                use = run.cycle[position % len(run.cycle)]
                section = self.sections[use.region]
                given = exports if position == run.count - 1 or run.count == 1 else ()
                turns.append(Turn(section, use.operands, given, use.carried, items[number + position]))
            number += run.count
        return turns

    # Parts.

    def _entered(
        self, part: Block | Shared | Network, node: tree.Node, arriving: Tensors | None, inner: Scope, scope: Scope
    ) -> Tensors:
        before = len(scope.frame.steps)
        value = super()._entered(part, node, arriving, inner, scope)
        if len(scope.frame.steps) > before:
            given: dict[str, Value] = {}
            by_name: set[str] = set()
            hinges: list[Hinge] = []
            if isinstance(part, Block) and isinstance(node, tree.Apply):
                names = [parameter.name for parameter in part.parameters]
                for position, argument in enumerate(node.arguments or ()):
                    name = argument.name or names[position]
                    given[name] = self._given(argument.value, Site(scope, arriving), inner.names[name].value)
                    if given[name] is None:
                        hinges += self._hinges_of(argument.value, Site(scope, arriving), decides=True)
                    if argument.name is not None:
                        by_name.add(name)
            defaults = self._defaults_of(part, given, inner, arriving) if isinstance(part, Block) else {}
            values = {name: binding.value for name, binding in inner.names.items() if isinstance(name, str)}
            self._enter(part, node.span, scope.frame, given, frozenset(by_name), defaults, values, hinges)
        return value

    def _given(self, node: tree.Expression, site: Site, value: Any) -> Value:
        """The expression of an argument, else its value; None for words and tensors."""
        expression = self.spell(node, site)
        plain = isinstance(value, (bool, int, float, Fraction))
        return python_value(value) if expression is None and plain else expression

    def _defaults_of(
        self, block: Block, given: dict[str, Value], inner: Scope, arriving: Tensors | None
    ) -> dict[str, Value]:
        """The expressions of a block's defaults, over the wires of its own inputs: the arriving ones come first."""
        own = {wire: Wire(position) for position, wire in enumerate(_wires(arriving))}
        return {
            parameter.name: _moved(self.spell(parameter.default, Site(inner, arriving)), own)
            for parameter in block.parameters
            if parameter.default is not None
        }

    def wrapped(self, cls: type[Operator], node: tree.Apply, arriving: Tensors | None, scope: Scope) -> Tensors:
        """The flow of a wrapper, entered."""
        before = len(scope.frame.steps)
        value = super().wrapped(cls, node, arriving, scope)
        if len(scope.frame.steps) > before:
            self._enter(None, node.span, scope.frame, {})
        return value

    def reading_part(
        self, cls: type[Operator], wanted: type[Operator], node: tree.Apply, arriving: Tensors | None, scope: Scope
    ) -> Tensors:
        """A part's weights, used by an operator: the part is entered by another door."""
        before = len(scope.frame.steps)
        events = len(self.events)
        value = super().reading_part(cls, wanted, node, arriving, scope)
        if len(scope.frame.steps) > before:
            step = scope.frame.steps[-1]
            assert isinstance(step, CallStep)
            region = step.use.region
            inner = [event for event in self.events[events:] if isinstance(event, Applied)][-1]
            self.events.remove(inner)
            self.sections[region] = Section(region, (0,), (None,), (inner,), region.results, {}, ())
            part: Any = self.home.unit.parts[inner.operator.layered()[-1].__dict__["part"]]
            table = self._table(part.flow, wanted)
            if type(inner.operator) is cls and table is not None:
                inner = replace(inner, operator=inner.operator.reading(table))
                self.sections[region] = replace(self.sections[region], events=(inner,))
            self._enter(part, node.span, scope.frame, {})
        return value

    def _table(self, flow: tree.Flow, wanted: type[Operator]) -> Operator | None:
        """The operator of a part that is just that, with its arguments as written."""
        for region, section in self.sections.items():
            first = section.events[0] if region.syntax is flow and section.events else None
            if isinstance(first, Applied) and type(first.operator) is wanted:
                return first.operator
        return None

    def _enter(
        self,
        part: Block | Shared | Network | None,
        span: Span,
        frame: Frame,
        given: dict[str, Value],
        by_name: frozenset[str] = frozenset(),
        defaults: dict[str, Value] | None = None,
        values: dict[str, Any] | None = None,
        hinges: Sequence[Hinge] = (),
    ) -> None:
        step = frame.steps[-1]
        assert isinstance(step, CallStep)
        section = self.sections[step.use.region]
        self.events.append(
            Entered(
                _place(span),
                part,
                section,
                step.use.operands,
                step.outputs,
                given,
                by_name,
                defaults or {},
                values or {},
                tuple(hinges),
            )
        )

    # The file's networks.

    def _model_statement(self, statement: tree.ModelStatement) -> None:
        outer, self.events = self.events, []
        super()._model_statement(statement)
        self.networks[statement.name.name] = self.events
        self.events = outer

    def record(self, made: Made, events: list[Event]) -> None:
        """The section of a region that was just made."""
        keys: list[Any] = []
        arriving = len(made.region.inputs) - sum(
            len(tensors_in(value)) for key, value in made.reads if key in made.captures
        )
        keys += [None] * arriving
        for key, value in made.reads:
            if key in made.captures:
                several = len(tensors_in(value))
                keys += [key] if several == 1 else [(key, index) for index in range(several)]
        exports = tuple([(key, tensor.wire) for key, value, _ in made.labels for tensor in tensors_in(value)])
        self.sections[made.region] = Section(
            made.region,
            made.region.inputs,
            tuple(keys),
            tuple(events),
            made.region.results,
            dict(made.region.labels),
            exports,
        )


_MANY = 2_000  # turns that are looked at one by one


class _RecordedRegions(Regions):
    """Regions that note what happens inside them."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def make(
        self,
        syntax: tree.Node,
        arriving: Tensors | None,
        outer: Scope,
        inside: Inside,
        *,
        is_turn: bool,
        wrapping: Wrapping | None = None,
    ) -> Made:
        recorder = self.recorder
        seen: list[list[Event]] = []

        def recorded(value: Tensors | None, scope: Scope) -> Tensors:
            before, recorder.events = recorder.events, []
            spreading, recorder._spreading = recorder._spreading, []
            seen.append(recorder.events)
            try:
                return inside(value, scope)
            finally:
                recorder.events = before
                recorder._spreading = spreading

        made = super().make(syntax, arriving, outer, recorded, is_turn=is_turn, wrapping=wrapping)
        if seen:
            recorder.record(made, seen[0])
        return made


def _moved(value: Value, wires: dict[int, Wire]) -> Value:
    """An expression over other wires."""
    return mapped(value, lambda part: wires.get(part.index, part) if isinstance(part, Wire) else None)


def _place(span: Span) -> Place:
    return (span.file.path, span.start, span.end)


def _wires(value: Tensors | None) -> tuple[int, ...]:
    return tuple([tensor.wire for tensor in tensors_in(value)])

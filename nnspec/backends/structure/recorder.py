"""Walks a spec as elaboration does, and notes what happens: the events of every region, in order.

Arguments of operators keep the expressions they were written as; everything else is elaboration's
own doing, so what is recorded cannot differ from what is checked and built.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from nnspec.backends.structure.events import (
    Applied,
    Chosen,
    Entered,
    Event,
    GlobalName,
    Got,
    Hinge,
    Hinged,
    LocalName,
    Place,
    Promised,
    Put,
    Repeated,
    Section,
    Spread,
    Turn,
    Wire,
)
from nnspec.backends.structure.facts import leaves
from nnspec.backends.structure.meaning import Meaning, NoMeaning, python_value
from nnspec.backends.structure.spelling import NotSpellable, Speller, place_of
from nnspec.backends.structure.statements import within
from nnspec.calls import Value, mapped
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.ops.operator import Operator, Param
from nnspec.program.arguments import Arguments, Written
from nnspec.program.elaborate import Elaborator
from nnspec.program.program import CallStep, OperatorStep, Region, RunStep
from nnspec.program.regions import Inside, Regions
from nnspec.program.scope import Binding, Broken, Formula, Frame, Made, Scope, Tensor, Wrapping, tensors_in
from nnspec.program.scope import Value as Tensors
from nnspec.program.stages import Literal
from nnspec.program.unit import Block, Home, Network, Shared
from nnspec.program.values import Site
from nnspec.record import replace
from nnspec.shapes.tensor import TensorType, shape_text
from nnspec.source import Span
from nnspec.spelled import is_spelled, spelled
from nnspec.syntax import tree


class Recorder(Elaborator):
    """Elaborates one file, and records what happens."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.events: list[Event] = []
        self.regions = _RecordedRegions(self)
        self.sections: dict[Region, Section] = {}
        #: The events of each `model` statement, by its name; those of the file's own network are in `events`.
        self.networks: dict[str, list[Event]] = {}
        #: The formulas that expressions call, by the places of their bodies.
        self.formulas: dict[Place, tuple[str, tuple[str, ...], Value]] = {}
        #: Of each formula, the values that its parameters and it were seen to have.
        self.formula_values: dict[Place, list[tuple[dict[str, Any], Any]]] = {}
        #: Of the numbers that formulas read from around them, the values.
        self.constants: dict[GlobalName, Any] = {}
        #: What decisions hang on: for each condition or count, the values that its names had.
        self.facts: dict[Place, set[Any]] = {}
        self._spelled: dict[str, Any] = {}
        #: Conditions and numbers in arguments that hang on one name: they tell which of its other values to try.
        self.hanging: dict[Any, tuple[Any, bool]] = {}
        self._hinges: list[Hinge] = []
        self._latest: tuple[dict[str, Any], list[Hinge]] | None = None
        self._twin: Operator | None = None
        self._spreading: list[tuple[tree.Flow, list[tuple[tuple[Event, ...], tuple[int, ...]]]]] = []

    def spell(self, node: tree.Expression, site: Site, wanted: Any = None) -> Value:
        """The expression, or None where it cannot be spelled; `wanted` is its value, where that is known better."""
        found, self.found = self.found, Diagnostics()  # a way that is not taken may hold a fault
        try:
            speller = Speller(self, site)
            value = speller.spell(node)
            known = self.evaluate(node, site) if wanted is None else wanted
            return Meaning({**self.constants, **speller.leaves}, self.formulas).fitting(value, python_value(known))
        except (NotSpellable, NoMeaning, Broken):
            return None
        finally:
            self.found = found

    # Operators.

    def operator_arguments(
        self, cls: type[Operator], written: tuple[tree.Argument, ...], name_span: Span, site: Site, home: Home
    ) -> Arguments | None:
        """The arguments of an operator; those that are expressions are noted as such."""
        self._spelled, self._hinges = {}, []
        arguments = super().operator_arguments(cls, written, name_span, site, home)
        self._latest = self._spelled, self._hinges
        return arguments

    def _read(self, declared: Param[Any], written: Written, tensors: list[Tensor]) -> Any:
        value = super()._read(declared, written, tensors)
        if len(written.values) == 1:
            made = self._as_written(value, written.values[0], written.site)
        elif isinstance(value, tuple) and len(value) == len(written.values):
            made = tuple([
                self._as_written(item, node, written.site) for item, node in zip(value, written.values, strict=True)
            ])  # fmt: skip
        else:
            made = value
        if is_spelled(made):
            self._spelled[declared.name] = made
        if len(written.values) == 1 and not isinstance(written.values[0], Literal):
            self._hinges += self._hinges_of(written.values[0], written.site, decides=not is_spelled(made))
        return value

    def _hinges_of(self, node: tree.Expression, site: Site, *, decides: bool) -> list[Hinge]:
        """The conditions that chose the value of an expression, as written, and what each came to."""
        if isinstance(node, tree.Conditional):
            truth = self.truth(node.condition, site)
            self._note(node, node.condition, site)
            condition = self.spell(node.condition, site)
            self._hang(condition, is_condition=True)
            inner = self._hinges_of(node.then if truth else node.otherwise, site, decides=decides)
            return [Hinge(place_of(node), condition, truth, decides), *inner]
        binding = site.scope.find(node.name.name) if isinstance(node, tree.FunctionCall) else None
        if not isinstance(node, tree.FunctionCall) or binding is None or not isinstance(binding.value, Formula):
            return []
        formula = binding.value
        names = [parameter.name for parameter in formula.parameters]
        inside = Scope(formula.scope, formula.scope.frame)
        given: dict[LocalName, Value] = {}
        for position, argument in enumerate(node.arguments):
            name = argument.name or names[position]
            inside.names[name] = Binding(self.evaluate(argument.value, site))
            given[LocalName(name)] = self.spell(argument.value, site)
        for parameter in formula.parameters:
            if parameter.name not in inside.names and parameter.default is not None:
                inside.names[parameter.name] = Binding(self.evaluate(parameter.default, Site(inside)))
                given[LocalName(parameter.name)] = _of_arguments(self.spell(parameter.default, Site(inside)), given)
        found = self._hinges_of(formula.body, Site(inside), decides=decides)
        return [replace(hinge, condition=_of_arguments(hinge.condition, given)) for hinge in found]

    def _hang(self, expression: Value, *, is_condition: bool) -> None:
        """Note an expression that hangs on one name."""
        leaves = {part for part in within(expression) if isinstance(part, (LocalName, GlobalName))}
        if len(leaves) == 1 and not any(isinstance(part, Wire) for part in within(expression)):
            self.hanging.setdefault(repr(expression), (expression, is_condition))

    def _as_written(self, value: Any, node: tree.Expression, site: Site) -> Any:
        """The value with its expression, where that says more than the value."""
        if isinstance(node, Literal):
            return spelled(value, node.value.expression) if is_spelled(node.value) else value
        if isinstance(node, (tree.Number, tree.Text, tree.Constant)) or value is None:
            return value
        wanted = value if isinstance(value, (bool, int, float)) else None
        if isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], int):
            expression = self.spell(node, site, value[0])  # of one axis the number may stand alone
            if expression is not None:
                return (spelled(value[0], expression),)
        expression = self.spell(node, site, wanted)
        if expression is None:
            return value
        if isinstance(value, int):
            self._hang(expression, is_condition=False)
        return _each_spelled(value, expression)

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

    def _note(self, node: tree.Node, expression: tree.Expression, site: Site) -> None:
        """Note the values of all names and sizes that a condition or count is made of."""
        found, self.found = self.found, Diagnostics()
        try:
            self.facts.setdefault(place_of(node), set()).add(tuple(leaves(self, expression, site)))
        finally:
            self.found = found

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


def _of_arguments(value: Value, given: dict[LocalName, Value]) -> Value:
    """An expression over a formula's parameters, over what is given for them; None where that cannot be spelled."""
    used = [part for part in within(value) if isinstance(part, LocalName)]
    if value is None or any(given.get(name) is None for name in used):
        return None
    return mapped(value, lambda part: given[part] if isinstance(part, LocalName) else None)


def _each_spelled(value: Any, expression: Value) -> Any:
    """The value with the expressions of its numbers, however deep they lie in it."""
    if not isinstance(value, tuple):
        return spelled(value, expression)
    same = isinstance(expression, (tuple, list)) and len(expression) == len(value)
    return tuple(map(_each_spelled, value, expression)) if same else value


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

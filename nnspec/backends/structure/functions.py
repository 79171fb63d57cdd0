"""Functions of the file: one for each block, or several where its uses have no body in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nnspec.backends.steps import class_name, innermost, snake_case
from nnspec.backends.structure.events import (
    Applied,
    Chosen,
    Entered,
    Event,
    Got,
    LocalName,
    Place,
    Put,
    Repeated,
    Section,
    Spread,
)
from nnspec.backends.structure.loops import without_layers
from nnspec.backends.structure.merge import Writer
from nnspec.backends.structure.naming import unused
from nnspec.backends.structure.observation import Disagreement, Observation, agreed, hint
from nnspec.backends.structure.spelling import place_of
from nnspec.backends.structure.statements import (
    Branch,
    FunctionRef,
    Inline,
    Set,
    SharedRef,
    Statement,
    Var,
    parts_of,
    within,
)
from nnspec.backends.variables import variable_name
from nnspec.calls import Call, Value, same
from nnspec.program.unit import Block, Network, Shared
from nnspec.record import replace
from nnspec.shapes.tensor import TensorType


class Parameter:
    """A parameter of a function, that of a block: its default if it has one, None where it needs none."""

    def __init__(self, name: str, default: Value, *, has_default: bool) -> None:
        self.name = name
        self.default = default
        self.has_default = has_default
        #: A default that is no plain value is computed where nothing else is given.
        self.is_late = has_default and not _is_plain(default)
        self.is_given = False
        #: Some call gives nothing, and there is no default that can be written: such a call's way must not read it.
        self.is_lacking = False
        #: What it is called in Python: like nothing else that the function reads.
        self.variable = variable_name(name)


class Function:
    """A function over tensors: what it takes, does and gives."""

    def __init__(self, part: Block | Shared | Network, sections: list[Section], number: int) -> None:
        self.part = part
        self.sections = sections
        self.number = number
        self.name = ""
        self.inputs: list[Var] = []
        self.parameters: list[Parameter] = []
        self.body: list[Statement] = []
        self.results: list[Value] = []
        self.decided: set[Place] = set()

    def used(self) -> list[Parameter]:
        """The parameters that the body reads, those with defaults last."""
        read = {part for part in parts_of(self.body) if isinstance(part, Parameter)}
        late = {
            part.name
            for parameter in self.parameters
            if parameter.is_late and parameter in read
            for part in within(parameter.default)
            if isinstance(part, LocalName)
        }
        found = [each for each in self.parameters if each in read or each.name in late]
        return sorted(found, key=lambda each: each.has_default)

    def name_parameters(self, taken: set[str]) -> None:
        """Give the parameters names of their own; `taken` are those that mean something else in the body."""
        used = set(taken)
        for parameter in self.used():
            parameter.variable = unused(variable_name(parameter.name), used)
            used.add(parameter.variable)

    def arguments(self) -> list[Parameter]:
        """The parameters that callers give."""
        return [each for each in self.used() if each.is_given or not each.is_late]


class SharedPart:
    """A shared part: layers that are made once, and what each way of using it does with them."""

    def __init__(self, part: Shared | Network) -> None:
        self.part = part
        self.name = ""
        self.layers: list[tuple[Var, Call]] = []
        self.uses: list[Function] = []

    @property
    def factory(self) -> str:
        """What the function is called that makes its layers."""
        return f"make_{self.name}".rstrip("_")  # of `next_`

    @property
    def is_layer(self) -> bool:
        """Whether the part is one layer, called with what arrives and nothing else done."""
        return len(self.layers) == 1 and all(self.call_of(use) is not None for use in self.uses)

    def call_of(self, use: Function) -> Call | None:
        """The one call that a use is, if it is that."""
        if len(use.body) != 1 or not isinstance(use.body[0], Set) or list(use.body[0].targets) != use.results:
            return None
        call = use.body[0].value
        is_plain = isinstance(call, Call) and call.target is self.layers[0][0] and list(call.args) == use.inputs
        return call if is_plain else None


class Functions:
    """All functions and shared parts of a file."""

    def __init__(self, recorded: Sequence[Iterable[Event]], first_type: TensorType) -> None:
        self.first_type = first_type
        self.entered: dict[Place, list[Entered]] = {}
        self._made: dict[Place, list[Function]] = {}
        self.shared: dict[Place, SharedPart] = {}
        self._under_way: set[Place] = set()
        seen: set[Section] = set()
        for events in recorded:
            for event in _all_events(events, seen):
                if isinstance(event, Entered) and event.part is not None:
                    self.entered.setdefault(place_of(event.part.flow), []).append(event)

    # Calls.

    def is_under_way(self, part: Block | Shared | Network) -> bool:
        """Whether the function of a block is what is being written."""
        return isinstance(part, Block) and place_of(part.flow) in self._under_way

    def call(self, writer: Writer, events: Sequence[Entered], seen: Sequence[Observation]) -> tuple[Value, int]:
        """The call of a part, and how many tensors it gives.

        Raises: Disagreement.
        """
        part = events[0].part
        assert part is not None
        place = place_of(part.flow)
        if any(len(event.operands) != len(events[0].operands) for event in events):
            raise Disagreement("other inputs")
        if any(event.part is None or place_of(event.part.flow) != place for event in events):
            raise Disagreement("other parts")
        if not isinstance(part, Block):
            return self._use(writer, place, events, seen)
        functions = [self._function_of(place, event.section) for event in events]
        function = functions[0]
        if any(each is not function for each in functions):
            raise Disagreement("uses that have functions of their own")
        writer.decided |= function.decided
        operands = [
            tuple(observation.read(wire) for wire in event.operands)
            for event, observation in zip(events, seen, strict=True)
        ]
        tensors = agreed(operands)
        args, kwargs = self._arguments(writer, function, events, seen)
        return Call(FunctionRef(function), (*tensors, *args), kwargs), len(function.results)

    def _arguments(
        self, writer: Writer, function: Function, events: Sequence[Entered], seen: Sequence[Observation]
    ) -> tuple[list[Value], dict[str, Value]]:
        args: list[Value] = []
        kwargs: dict[str, Value] = {}
        in_order = True
        for parameter in function.arguments():
            given = [parameter.name in event.arguments for event in events]
            if len(set(given)) > 1:
                raise Disagreement("other arguments")
            if not given[0]:
                in_order = False
                continue
            values = [event.arguments[parameter.name] for event in events]
            if any(value is None for value in values):
                raise Disagreement("an argument cannot be written")
            value = agreed([o.spell(value) for value, o in zip(values, seen, strict=True)])
            if in_order and parameter.name not in events[0].by_name:
                args.append(Inline(value))
            else:
                in_order = False
                kwargs[parameter.name] = Inline(value)
        return args, kwargs

    # Shared parts.

    def _use(
        self, writer: Writer, place: Place, events: Sequence[Entered], seen: Sequence[Observation]
    ) -> tuple[Value, int]:
        """The call of a shared part.

        Raises: Disagreement.
        """
        if place not in self.shared:
            self.shared[place] = self._share(place)
        shared = self.shared[place]
        uses = [next(each for each in shared.uses if event.section in each.sections) for event in events]
        if any(use is not uses[0] for use in uses):
            raise Disagreement("other uses of a shared part")
        operands = [
            tuple(observation.read(wire) for wire in event.operands)
            for event, observation in zip(events, seen, strict=True)
        ]
        tensors = agreed(operands)
        writer.decided |= uses[0].decided
        call = shared.call_of(uses[0]) if shared.is_layer else None
        kwargs = call.kwargs if call is not None else {}
        return Call(SharedRef(shared), tensors, kwargs), len(uses[0].results)

    def _share(self, place: Place) -> SharedPart:
        if place in self._under_way:
            raise Disagreement("a part that uses itself")
        self._under_way.add(place)
        try:
            part = self.entered[place][0].part
            assert isinstance(part, (Shared, Network))
            shared = SharedPart(part)
            sections = list(dict.fromkeys(event.section for event in self.entered[place]))
            changed = _beside_each_other(sections)
            groups: dict[Any, list[Section]] = {}
            for section in sections:
                groups.setdefault(tuple(map(_what, section.events)), []).append(section)
            for group in groups.values():
                use = self._shared_use(part, [changed[section] for section in group])
                use.sections = group
                self._keep_layers(shared, use)
                shared.uses.append(use)
            if len(shared.uses) > 1 and not shared.is_layer:
                raise Disagreement("a shared part that is used in several ways")
            return shared
        finally:
            self._under_way.discard(place)

    def _shared_use(self, part: Any, sections: list[Section]) -> Function:
        use = Function(part, sections, 0)
        first = sections[0]
        if any(len(section.inputs) != len(first.inputs) for section in sections):
            raise Disagreement("other inputs")
        use.inputs = [Var(_input_name(first, position)) for position in range(len(first.inputs))]
        seen = [Observation(dict(zip(section.inputs, use.inputs, strict=True)), {}) for section in sections]
        writer = Writer(self, is_flat=True)
        writer.first_input = use.inputs[0] if use.inputs else None
        use.body = writer.body([section.events for section in sections], seen)
        for section, observation in zip(sections, seen, strict=True):
            hint(observation, section)
        results = [tuple(o.read(wire) for wire in section.results) for section, o in zip(sections, seen, strict=True)]
        use.results = list(agreed(results))
        use.decided = writer.decided
        return use

    def _keep_layers(self, shared: SharedPart, use: Function) -> None:
        """Have the layers with weights made apart; every use has the same."""
        calls: list[Call] = []
        for statement in use.body:
            if not isinstance(statement, Set):
                without_layers([statement])
                continue
            if not statement.keeps:
                continue
            assert isinstance(statement.value, Call)
            made = statement.value.target
            if not shared.uses:
                shared.layers.append((Var(_layer_name(made)), made))
            position = len(calls)
            if any(isinstance(part, Var) for part in within(made)):
                raise Disagreement("a layer of its own at each size")
            if position >= len(shared.layers) or not same(shared.layers[position][1], made):
                raise Disagreement("uses with layers of their own")
            calls.append(made)
            statement.value = Call(shared.layers[position][0], statement.value.args, statement.value.kwargs)
        if len(calls) != len(shared.layers):
            raise Disagreement("uses with layers of their own")

    # Bodies.

    def _function_of(self, place: Place, section: Section) -> Function:
        if place not in self._made:
            self._make(place)
        return next(each for each in self._made[place] if section in each.sections)

    def _make(self, place: Place) -> None:
        if place in self._under_way:
            raise Disagreement("a block that calls itself")
        self._under_way.add(place)
        try:
            entered = self.entered[place]
            sections = list(dict.fromkeys(event.section for event in entered))
            part = entered[0].part
            assert part is not None
            try:
                made = [self._build(part, sections, 0)]
            except Disagreement:
                made = []
                for section in sections:
                    self._place_section(part, section, made)
        finally:
            self._under_way.discard(place)
        self._made[place] = made

    def _place_section(self, part: Any, section: Section, made: list[Function]) -> None:
        """Put a section to the first function that has a body in common with it, else to one of its own."""
        for index, function in enumerate(made):
            try:
                made[index] = self._build(part, [*function.sections, section], index)
            except Disagreement:
                continue
            return
        made.append(self._build(part, [section], len(made)))

    def _build(self, part: Any, sections: list[Section], number: int) -> Function:
        try:
            return self._built(part, sections, number, gathers=True)
        except Disagreement:
            return self._built(part, sections, number, gathers=False)

    def _built(self, part: Any, sections: list[Section], number: int, *, gathers: bool) -> Function:
        function = Function(part, sections, number)
        self._parameters(function)
        first = sections[0]
        if any(section.keys != first.keys for section in sections):
            raise Disagreement("other inputs")
        function.inputs = [Var(_input_name(first, position)) for position in range(len(first.inputs))]
        names = {each.name: each for each in function.parameters}
        seen = [Observation(dict(zip(section.inputs, function.inputs, strict=True)), names) for section in sections]
        writer = Writer(self, gathers=gathers)
        writer.first_input = function.inputs[0] if function.inputs else None
        writer.lists = lists_of([section.events for section in sections])
        function.body = opening_lists(writer.lists) + writer.body([section.events for section in sections], seen)
        for section, observation in zip(sections, seen, strict=True):
            hint(observation, section)
        results = [tuple(o.read(wire) for wire in section.results) for section, o in zip(sections, seen, strict=True)]
        function.results = list(agreed(results))
        function.decided = writer.decided
        if any(parameter.is_lacking for parameter in function.used()):
            raise Disagreement("a call that gives too little")
        self._late_defaults(function, seen)
        return function

    def _parameters(self, function: Function) -> None:
        part = function.part
        if not isinstance(part, Block):
            return
        events = [event for event in self.entered[place_of(part.flow)] if event.section in set(function.sections)]
        for declared in part.parameters:
            defaults = [event.defaults.get(declared.name) for event in events]
            default = defaults[0]
            if any(not same(each, default) for each in defaults):
                raise Disagreement("other defaults")
            made = Parameter(declared.name, default, has_default=default is not None)
            made.is_given = any(declared.name in event.arguments for event in events)
            made.is_lacking = default is None and any(declared.name not in event.arguments for event in events)
            function.parameters.append(made)

    def _late_defaults(self, function: Function, seen: Sequence[Observation]) -> None:
        """The statements that compute defaults which hang on what arrives, where nothing is given."""
        opening: list[Statement] = []
        for parameter in function.used():
            if not parameter.is_late:
                continue
            inputs = dict(enumerate(function.inputs))
            names = {each.name: each for each in function.parameters}
            value = Inline(Observation(inputs, names).spell(parameter.default))
            compute: Statement = Set((parameter,), value)
            if parameter.is_given:
                condition = Inline(is_none(parameter))
                compute = Branch(condition, [compute], [])
            opening.append(compute)
        function.body = opening + function.body

    def all(self) -> list[Function]:
        """All functions that were made, those that are called first."""
        return [function for functions in self._made.values() for function in functions]

    def _parameter_names(self) -> Iterator[Parameter]:
        """The parameters of all functions: none may hide a function that is called beside it."""
        for function in self.all():
            yield from function.parameters

    def name_all(self, taken: set[str]) -> None:
        """Give every function and shared part its name."""
        for shared in self.shared.values():
            hidden = taken | {variable_name(each.name) for each in self._parameter_names()}
            shared.name = unused(variable_name(snake_case(shared.part.name)), hidden)
            while shared.factory in hidden:
                hidden.add(shared.name)
                shared.name = unused(variable_name(snake_case(shared.part.name)), hidden)
            taken |= {shared.name, shared.factory}
        for functions in self._made.values():
            for function in functions:
                hidden = taken | {variable_name(each.name) for each in self._parameter_names()}
                function.name = unused(variable_name(snake_case(function.part.name)), hidden)
                taken.add(function.name)


def _what(event: Event) -> Any:
    """What tells an event from those that have no body in common with it."""
    return type(event), event.place, type(event.operator) if isinstance(event, Applied) else None


def _layer_name(made: Call) -> str:
    """What a layer is called that is made apart: `conv`, `dense`."""
    return re.sub(r"_?\d+_?d$", "", snake_case(class_name(innermost(made))))


def _beside_each_other(sections: Sequence[Section]) -> dict[Section, Section]:
    """The sections of a shared part, each operator such that all uses ask for the same layers."""
    applied = [[event for event in section.events if isinstance(event, Applied)] for section in sections]
    changed: dict[Section, Section] = {}
    for section, own in zip(sections, applied, strict=True):
        made: dict[int, Applied] = {}
        for position, event in enumerate(own):
            operator = event.operator
            for others in applied:
                if position < len(others):
                    operator = operator.beside(others[position].operator, *others[position].types)
            made[id(event)] = replace(event, operator=operator)
        changed[section] = replace(section, events=tuple([made.get(id(e), e) for e in section.events]))
    return changed


def is_none(value: Value) -> Value:
    """`value is None`."""
    from nnspec.calls import Operation

    return Operation("is", value, None)


def _input_name(section: Section, position: int) -> str | None:
    key = section.keys[position]
    label = section.labels.get(section.inputs[position])
    if isinstance(key, str) and key != "_":
        return key
    if isinstance(key, tuple) and isinstance(key[0], str):
        return "_".join(map(str, key))
    return label


def _is_plain(value: Value) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def lists_of(recorded: Sequence[Sequence[Event]]) -> dict[str, Var]:
    """Labels that are read again and whose indexes are expressions, each a dictionary of tensors."""
    own = [event for events in recorded for event in _own_events(events)]
    read = {event.name for event in own if isinstance(event, Got)}
    names: dict[str, Var] = {}
    for event in own:
        if isinstance(event, Put) and event.name in read and not all(isinstance(i, int) for i in event.indexes):
            names.setdefault(event.name, Var(event.name, is_list=True))
    return names


def opening_lists(lists: dict[str, Var]) -> list[Statement]:
    """The statements that make the dictionaries."""
    return [Set((var,), {}) for var in lists.values()]


def _own_events(events: Iterable[Event]) -> Iterator[Event]:
    """All events of a function: those inside choices, braces, turns and wrappers too."""
    for event in events:
        yield event
        if isinstance(event, Chosen):
            yield from _own_events(event.events)
        elif isinstance(event, Spread):
            for _, inner, _ in event.items:
                yield from _own_events(inner)
        elif isinstance(event, Repeated):
            for section in dict.fromkeys(turn.section for turn in event.turns):
                yield from _own_events(section.events)
        elif isinstance(event, Entered) and event.part is None:
            yield from _own_events(event.section.events)


def _all_events(events: Iterable[Event], seen: set[Section]) -> Iterator[Event]:
    """All events, those of parts once too."""
    for event in _own_events(events):
        yield event
        if isinstance(event, Entered) and event.part is not None and event.section not in seen:
            seen.add(event.section)
            yield from _all_events(event.section.events, seen)

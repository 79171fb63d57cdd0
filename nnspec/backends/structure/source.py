"""The functions of a file and the builders of its models, from what was recorded of the spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from nnspec.backends.imports import Imports
from nnspec.backends.names import keras_name
from nnspec.backends.printer import STEP, value_text
from nnspec.backends.structure.events import Formula, GlobalName, LocalName, Place
from nnspec.backends.structure.functions import (
    Function,
    Functions,
    Parameter,
    SharedPart,
    lists_of,
    opening_lists,
)
from nnspec.backends.structure.merge import Writer
from nnspec.backends.structure.naming import name_layers, name_variables, unused
from nnspec.backends.structure.numbers import Numbers, Recorded, kind_of, literal_text, plain_value
from nnspec.backends.structure.observation import Disagreement, Observation, agreed
from nnspec.backends.structure.printing import TENSOR, Printer, definition
from nnspec.backends.structure.spelling import place_of
from nnspec.backends.structure.statements import (
    FunctionRef,
    Inline,
    LoopName,
    Set,
    SharedRef,
    Statement,
    Var,
    parts_of,
    within,
)
from nnspec.backends.variables import RESERVED, variable_name
from nnspec.calls import Assign, Call, Item, Value, Variable, mapped
from nnspec.program.program import Model
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType

#: Classes of ours whose names are in capitals, as those of constants are.
OWN_CLASSES = ("LRN", "PCA")
#: How long a docstring may be that quotes a flow.
MOST_OF_A_LINE = 78
#: What a function takes from around it under its own name: open numbers, and shared parts.
Free: TypeAlias = "GlobalName | SharedPart"


class Builder(Record):
    """What builds one model: its parameters are the open params that it needs."""

    name: str
    text: str
    params: tuple[str, ...]


class Structured:
    """The text of all models of a file.

    Raises: Disagreement, where a model has no source of this form.
    """

    def __init__(
        self,
        recorded: Sequence[Recorded],
        kept: frozenset[str],
        imports: Imports,
        outputs: Sequence[Sequence[str]] | None = None,
    ) -> None:
        self.recorded = recorded
        self.outputs = outputs or [[each.name for each in model.outputs] for model in recorded[0].models]
        self.imports = imports
        self.numbers = Numbers(recorded[0].recorder, kept)
        events = [self._events(each, model) for each in recorded for model in each.models]
        first = recorded[0].models[0].inputs[0].type
        assert isinstance(first, TensorType)
        self.functions = Functions(events, first)
        self.constants: dict[GlobalName, str] = {}
        self.used_formulas: dict[Place, None] = {}
        self.bodies = [self._body(index) for index in range(len(recorded[0].models))]
        self.open_names = self._open_names_of_all()
        self.formulas = self._formula_names()
        builders = [f"build_{variable_name(model.name)}" for model in recorded[0].models]
        texts = {*self.open_names.values(), *self.formulas.values()}
        taken = {*RESERVED, *builders, "build_model", "train", *texts}
        self.functions.name_all(taken)
        self.taken = {
            *RESERVED,
            *self.formulas.values(),
            *[function.name for function in self.functions.all()],
            *[shared.name for shared in self.functions.shared.values()],
        }
        self._free: dict[int, tuple[Free, ...]] = {}
        for function in self.functions.all():
            function.name_parameters({*self.taken, *map(self.text_of, self.free(function))})

    @staticmethod
    def _events(each: Recorded, model: Model) -> Any:
        return each.recorder.networks.get(model.name, each.recorder.events)

    def _body(self, index: int) -> tuple[Writer, list[Statement], list[Value]]:
        try:
            return self._written(index, gathers=True)
        except Disagreement:
            return self._written(index, gathers=False)

    def _written(self, index: int, *, gathers: bool) -> tuple[Writer, list[Statement], list[Value]]:
        models = [each.models[index] for each in self.recorded]
        events = [self._events(each, model) for each, model in zip(self.recorded, models, strict=True)]
        writer = Writer(self.functions, gathers=gathers)
        writer.input_names = [tensor.name for tensor in models[0].inputs]
        writer.several_inputs = len(writer.input_names) > 1
        writer.lists = lists_of(events)
        seen = [Observation({}, {}) for _ in events]
        body = opening_lists(writer.lists) + writer.body(events, seen)
        for model, observation in zip(models, seen, strict=True):
            for wire, name in model.region.labels:
                found = observation.operands.get(wire)
                if isinstance(found, Var) and found.hint is None:
                    found.hint = name
        if len({len(model.outputs) for model in models}) > 1:
            raise Disagreement("other outputs")
        results: list[Value] = []
        for position in range(len(models[0].outputs)):
            found = [o.read(model.outputs[position].wire) for model, o in zip(models, seen, strict=True)]
            results.append(self._output(agreed(found)))
        if len(results) > 1:
            named = zip(results, self.outputs[index], strict=True)
            results = [self._named(body, value, name) for value, name in named]
        else:
            results = [self._alone(body, results[0])]
        self._refuse_decided(writer)
        return writer, body, results

    @staticmethod
    def _output(value: Value) -> Var | Item:
        """An output: a variable, or what is read from a list."""
        if isinstance(value, (Var, Item)):
            return value
        raise Disagreement("an output is one of a list")

    @staticmethod
    def _alone(body: list[Statement], value: Value) -> Var:
        """The only output, which has a name."""
        var = value if isinstance(value, Var) else Var()
        if var is not value:
            body.append(Set((var,), value))
        var.hint = var.hint or "outputs"
        return var

    def _refuse_decided(self, writer: Writer) -> None:
        """What conditions hang on cannot stay open where only one of their ways is known."""
        base, *others = [each.recorder.facts for each in self.recorded]
        for place in writer.decided:
            if any(place in each and each[place] != base.get(place) for each in others):
                raise Disagreement("a condition hangs on what is open")

    def _named(self, body: list[Statement], value: Value, name: str) -> Value:
        """An output whose layer carries its name: one of its own where it comes from a function or loop."""
        for statement in body:
            if isinstance(statement, Set) and value in statement.targets and isinstance(statement.value, Call):
                made = statement.value.target
                if isinstance(made, Call) and len(statement.targets) == 1 and "name" not in made.kwargs:
                    named = Call(made.target, made.args, {**made.kwargs, "name": keras_name(name)})
                    statement.value = Call(named, statement.value.args, statement.value.kwargs)
                    return value
        output = Var(name)
        body.append(Set((output,), Call(Call("keras.layers.Identity", (), {"name": keras_name(name)}), (value,))))
        return output

    # Text.

    def all_texts(self) -> list[str]:
        """Everything, to see whether it can be written.

        Raises: Disagreement.
        """
        texts = [*self.function_texts(), *self.part_texts()]
        for index, model in enumerate(self.recorded[0].models):
            call = Call("keras.Model", (), {"name": model.name})
            texts.append(self.builder(index, "build_model", "", (), call).text)
        texts += [*self.constant_lines(), *self.formula_texts()]
        try:
            compile("\n\n".join(texts), "model.py", "exec")  # which runs nothing
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise Disagreement("more levels than Python takes") from error
        return texts

    def function_texts(self) -> list[str]:
        """The definitions of all functions that the builders call, those that are called first."""
        return [self._function(function) for function in self.functions.all()]

    def free(self, function: Function) -> tuple[Free, ...]:
        """The open numbers and shared parts that a function and those it calls read."""
        if id(function) not in self._free:
            self._free[id(function)] = self._free_in(parts_of(function.body))
        return self._free[id(function)]

    def free_of_part(self, shared: SharedPart) -> tuple[Free, ...]:
        """What the layers of a shared part, and its uses, need from around."""
        bodies = [part for use in shared.uses for part in parts_of(use.body)]
        return self._free_in([*bodies, *[part for _, call in shared.layers for part in within(call)]])

    def _free_in(self, parts: Iterable[Any]) -> tuple[Free, ...]:
        found: dict[Free, None] = {}
        for part in parts:
            if isinstance(part, GlobalName) and self.numbers.is_open(part):
                found[part] = None
            elif isinstance(part, FunctionRef):
                found.update(dict.fromkeys(self.free(part.function)))
            elif isinstance(part, SharedRef):
                found[part.part] = None
        return tuple(found)

    def text_of(self, free: Free) -> str:
        """What is passed on under its own name."""
        return self.number(free) if isinstance(free, GlobalName) else free.name

    def kind_of_free(self, free: Free) -> str:
        """The type of what is passed on."""
        if isinstance(free, GlobalName):
            return kind_of([self.numbers.values.get(free.place)])
        if free.is_layer:
            return "keras.Layer"
        self.imports.names.setdefault("collections.abc", set()).add("Callable")
        return f"Callable[..., {self._result(free.uses[0])}]"

    @staticmethod
    def _result(function: Function) -> str:
        count = len(function.results)
        return TENSOR if count == 1 else f"tuple[{', '.join([TENSOR] * count)}]"

    def fill(self, names: Mapping[Any, str]) -> Any:
        """What puts names in place of variables, numbers and functions."""

        def change(part: Any) -> Value:
            if isinstance(part, Var):
                return Variable(names.get(part, "_"))
            if isinstance(part, LoopName):
                return Variable(names[part])
            if isinstance(part, Parameter):
                return Variable(part.variable)
            if isinstance(part, Inline):
                return each(part.value)
            if isinstance(part, GlobalName):
                return Variable(self.number(part))
            if isinstance(part, Call) and isinstance(part.target, FunctionRef):
                function = part.target.function
                free = {self.text_of(name): Variable(self.text_of(name)) for name in self.free(function)}
                variables = {parameter.name: parameter.variable for parameter in function.parameters}
                kwargs = {variables[name]: each(value) for name, value in part.kwargs.items()}
                return Call(Variable(function.name), tuple(map(each, part.args)), {**kwargs, **free})
            if isinstance(part, SharedRef):
                return Variable(part.part.name)
            if isinstance(part, Call) and isinstance(part.target, Formula):
                kwargs = {name: each(value) for name, value in part.kwargs.items()}
                return Call(Variable(self.formula(part.target)), tuple(map(each, part.args)), kwargs)
            return None

        def each(value: Value) -> Value:
            return mapped(value, change)

        return each

    def number(self, name: GlobalName) -> str:
        """What a param or let is called: in capitals, where it is the same for all models of the file."""
        if self.numbers.is_open(name):
            return self.open_names[name.place]
        if name not in self.constants:
            wanted = variable_name(name.name).upper()
            self.constants[name] = unused(wanted, {*self.constants.values(), *OWN_CLASSES})
            self.fill({})(self.constant(name))  # what it is made of is named before it
        return self.constants[name]

    def formula(self, formula: Formula) -> str:
        """What a formula is called."""
        self.used_formulas[formula.place] = None
        return self.formulas[formula.place]

    def constant(self, name: GlobalName) -> Value:
        """What a constant is: its value where a formula computes it, for functions stand below."""
        definition = self.numbers.definition(name)
        if any(isinstance(part, Formula) for part in within(definition)):
            return plain_value(self.numbers.values[name.place])
        return definition

    def _open_names_of_all(self) -> dict[Place, str]:
        """What the params and lets are called that stay open."""
        found: dict[Place, str] = {}
        for name in self.numbers.names():
            if self.numbers.is_open(name):
                found[name.place] = unused(variable_name(name.name), found.values())
        return found

    def _formula_names(self) -> dict[Place, str]:
        """What formulas are called: each otherwise than the others, and than the params and lets that stay open."""
        taken = set(self.open_names.values())
        found: dict[Place, str] = {}
        for each in self.recorded:
            for place, (name, _, _) in each.recorder.formulas.items():
                if place not in found:
                    found[place] = unused(variable_name(name), {*taken, *found.values()})
        return found

    def constant_lines(self) -> list[str]:
        """The assignments of numbers that are the same for all models."""
        fill = self.fill({})
        made: dict[GlobalName, str] = {}

        def define(name: GlobalName) -> None:
            if name in made:
                return
            definition = self.constant(name)
            for part in within(definition):
                if isinstance(part, GlobalName):
                    define(part)
            made[name] = value_text(f"{self.constants[name]} = ", fill(definition), self.imports.name, 0)

        for name in list(self.constants):
            define(name)
        return list(made.values())

    def formula_texts(self) -> list[str]:
        """The definitions of formulas."""
        texts: dict[Place, str] = {}
        while left := [each for each in self.used_formulas if each not in texts]:
            place = left[0]  # a formula may call others
            name = self.formulas[place]
            known_to = next(each.recorder for each in self.recorded if place in each.recorder.formulas)
            _, parameters, body = known_to.formulas[place]
            if any(isinstance(part, GlobalName) and self.numbers.is_open(part) for part in within(body)):
                raise Disagreement("a formula reads what is open")
            known = {each: Variable(variable_name(each)) for each in parameters}

            def change(part: Any, known: dict[str, Variable] = known) -> Value:
                return known.get(part.name) if isinstance(part, LocalName) else None

            value = self.fill({})(mapped(body, change))
            line = value_text("return ", value, self.imports.name, STEP)
            seen = [pair for each in self.recorded for pair in each.recorder.formula_values.get(place, ())]
            kinds = {each: kind_of([given.get(each) for given, _ in seen]) for each in parameters}
            heads = [f"{variable.name}: {kinds[each]}" for each, variable in known.items()]
            result = kind_of([value for _, value in seen])
            texts[place] = definition(name, heads, result, f"`{name}` of the spec.", [line])
        return list(texts.values())

    def _function(self, function: Function) -> str:
        free = [(self.text_of(name), name) for name in self.free(function)]
        taken = {*self.taken, *[name for name, _ in free], *[each.variable for each in function.used()]}
        names = name_variables(function.body, function.inputs, function.results, taken)
        fill = self.fill(names)
        printer = Printer(names, fill, self.imports)
        heads = [f"{names[var]}: {TENSOR}" for var in function.inputs]
        for parameter in function.arguments():
            kind = self._kind_of(function, parameter.name)
            if not parameter.has_default:
                heads.append(f"{parameter.variable}: {kind}")
            elif parameter.is_late:
                heads.append(f"{parameter.variable}: {kind} | None = None")
            else:
                heads.append(f"{parameter.variable}: {kind} = {literal_text(parameter.default)}")
        if free:
            heads += ["*", *[f"{text}: {self.kind_of_free(name)}" for text, name in free]]
        result = self._result(function)
        lines = printer.lines_returning(function.body, function.results, STEP)
        self.imports.modules.add("keras")
        return definition(function.name, heads, result, self._doc(function), lines)

    def part_texts(self) -> list[str]:
        """The functions that make the layers of shared parts that are more than one layer."""
        return [self._factory(shared) for shared in self.functions.shared.values() if not shared.is_layer]

    def _factory(self, shared: SharedPart) -> str:
        (use,) = shared.uses
        free = [(self.text_of(name), self.kind_of_free(name)) for name in self.free_of_part(shared)]
        taken = {*self.taken, *[name for name, _ in free]}
        made = name_layers([var for var, _ in shared.layers], taken)
        taken |= set(made.values())
        names = {**name_variables(use.body, use.inputs, use.results, taken), **made}
        fill = self.fill(names)
        printer = Printer(names, fill, self.imports)
        lines = printer.lines([Set((var,), call) for var, call in shared.layers], STEP)
        inner = printer.lines_returning(use.body, use.results, 2 * STEP)
        heads = [f"{names[var]}: {TENSOR}" for var in use.inputs]
        applying = definition(shared.name, heads, self._result(use), "", inner, STEP)
        lines += ["", applying, "", f"{' ' * STEP}return {shared.name}"]
        self.imports.modules.add("keras")
        self.imports.names.setdefault("collections.abc", set()).add("Callable")
        heads = [f"{name}: {kind}" for name, kind in free]
        doc = f"Make the layers of `{shared.part.name}` once; what it returns applies them."
        said = self._said(use)
        if said:
            doc = f"{said}\n\n{doc}"
        result = f"Callable[..., {self._result(use)}]"
        return definition(shared.factory, ["*", *heads] if heads else [], result, doc, lines)

    def _part_statements(self, parts: Sequence[SharedPart]) -> list[str]:
        """The statements of a builder that make shared parts."""
        lines: list[str] = []
        for shared in parts:
            if shared.is_layer:
                value: Value = self.fill({})(shared.layers[0][1])
            else:
                free = {self.text_of(name): Variable(self.text_of(name)) for name in self.free_of_part(shared)}
                value = Call(Variable(shared.factory), (), free)
            lines.append(value_text(f"{shared.name} = ", value, self.imports.name, STEP))
        return lines

    def _kind_of(self, function: Function, name: str) -> str:
        events = self.functions.entered[place_of(function.part.flow)]
        return kind_of([event.values.get(name) for event in events])

    def _doc(self, function: Function) -> str:
        said = self._said(function)
        if said:
            return said
        flow = " ".join(function.part.flow.span.text.split())
        quoted = f"`{function.part.name}` of the spec: `{flow}`."
        is_line = len(quoted) <= MOST_OF_A_LINE and "#" not in flow
        return quoted if is_line else f"`{function.part.name}` of the spec."

    def _said(self, function: Function) -> str:
        """What the comment above a part's statement says of it."""
        statement = function.part.home.unit.tree.statements[function.part.home.order]
        comments: Any = getattr(statement, "comments", None)
        said = " ".join(" ".join(comments.leading).split()) if comments is not None else ""
        if not said:
            return ""
        return said[0].upper() + said[1:] + ("" if said.endswith((".", "!", "?", ":")) else ".")

    def builder(self, index: int, name: str, doc: str, opening: Sequence[Assign], model: Call) -> Builder:
        """The function that builds a model."""
        writer, body, results = self.bodies[index]
        parts = self._parts_used(body)
        open_names = self._open_names(body, parts)
        params = [each for each in open_names if each.place in self.numbers.kept]
        lets = [each for each in open_names if each.place not in self.numbers.kept]
        taken = {*self.taken, *[self.number(each) for each in open_names]}
        names = name_variables(body, writer.inputs, [*results, *writer.inputs], taken)
        printer = Printer(names, self.fill(names), self.imports)
        lines = printer.lines([Set((), each.value) for each in opening], STEP)
        for each in lets:
            lines.append(value_text(f"{self.number(each)} = ", self.fill({})(self.numbers.definition(each)),
                                    self.imports.name, STEP))  # fmt: skip
            lines[-1] = " " * STEP + lines[-1].lstrip() if not lines[-1].startswith(" ") else lines[-1]
        lines += self._part_statements(parts)
        lines += printer.lines(body, STEP)
        feeds = [Variable(names[var]) for var in writer.inputs]
        gives = [self.fill(names)(value) for value in results]
        made = Call(model.target, (_one_or_list(feeds), _one_or_list(gives)), model.kwargs)
        lines.append(value_text("return ", made, self.imports.name, STEP))
        heads = [
            f"{self.number(each)}: {kind_of([self.numbers.values[each.place]])} = "
            f"{literal_text(plain_value(self.numbers.values[each.place]))}"
            for each in params
        ]
        self.imports.modules.add("keras")
        return Builder(name, definition(name, heads, "keras.Model", doc, lines), tuple(each.name for each in params))

    def _parts_used(self, body: Iterable[Statement]) -> list[SharedPart]:
        """The shared parts of a builder, each after those that it uses itself, else in the order of their use."""
        found: dict[SharedPart, None] = {}

        def add(free: Iterable[Free]) -> None:
            for each in free:
                if isinstance(each, SharedPart) and each not in found:
                    add(self.free_of_part(each))
                    found[each] = None

        add(self._free_in(parts_of(body)))
        return list(found)

    def _open_names(self, body: Iterable[Statement], parts: Sequence[SharedPart]) -> list[GlobalName]:
        """The open numbers of a builder, each after those that it is computed from."""
        found: dict[GlobalName, None] = {}

        def add(name: GlobalName) -> None:
            if name.place not in self.numbers.kept:
                for part in within(self.numbers.definition(name)):
                    if isinstance(part, GlobalName) and self.numbers.is_open(part):
                        add(part)
            found[name] = None

        needed = [*self._free_in(parts_of(body)), *[name for part in parts for name in self.free_of_part(part)]]
        for name in needed:
            if isinstance(name, GlobalName):
                add(name)
        order = [place for place in self.numbers.params if place in self.numbers.kept]
        return sorted(found, key=lambda each: order.index(each.place) if each.place in order else len(order))


def _one_or_list(values: list[Value]) -> Value:
    return values[0] if len(values) == 1 else values

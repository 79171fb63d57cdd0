"""Walks arguments as elaboration does, and notes what they were written as: expressions, and the conditions in them.

A number keeps its expression; what a condition chose that is no number is a hinge. `recorder` puts both into events.
"""

from __future__ import annotations

from typing import Any

from nnspec.backends.structure.events import GlobalName, Hinge, LocalName, Place, Wire
from nnspec.backends.structure.facts import leaves
from nnspec.backends.structure.meaning import Meaning, NoMeaning, python_value
from nnspec.backends.structure.spelling import NotSpellable, Speller, place_of
from nnspec.backends.structure.statements import within
from nnspec.calls import Value, mapped
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.ops.operator import Operator, Param
from nnspec.program.arguments import Arguments, Written
from nnspec.program.elaborate import Elaborator
from nnspec.program.scope import Binding, Broken, Formula, Scope, Tensor
from nnspec.program.stages import Literal
from nnspec.program.unit import Home
from nnspec.program.values import Site
from nnspec.record import replace
from nnspec.source import Span
from nnspec.spelled import is_spelled, spelled
from nnspec.syntax import tree


class ArgumentRecorder(Elaborator):
    """Elaborates one file, and keeps what its arguments were written as."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        #: The formulas that expressions call, by the places of their bodies.
        self.formulas: dict[Place, tuple[str, tuple[str, ...], Value]] = {}
        #: Of each formula, the values that its parameters and it were seen to have.
        self.formula_values: dict[Place, list[tuple[dict[str, Any], Any]]] = {}
        #: Of the numbers that formulas read from around them, the values.
        self.constants: dict[GlobalName, Any] = {}
        #: What decisions hang on: for each condition or count, the values that its names had.
        self.facts: dict[Place, set[Any]] = {}
        #: Conditions and numbers in arguments that hang on one name: they tell which of its other values to try.
        self.hanging: dict[Any, tuple[Any, bool]] = {}
        self._spelled: dict[str, Any] = {}
        self._hinges: list[Hinge] = []
        self._latest: tuple[dict[str, Any], list[Hinge]] | None = None

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

    def _note(self, node: tree.Node, expression: tree.Expression, site: Site) -> None:
        """Note the values of all names and sizes that a condition or count is made of."""
        found, self.found = self.found, Diagnostics()
        try:
            self.facts.setdefault(place_of(node), set()).add(tuple(leaves(self, expression, site)))
        finally:
            self.found = found


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

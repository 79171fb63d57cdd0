"""Makes the parts, numbers and defaults of a file known, before anything of it is computed.

Numbers wait until they are read, or until their statement's turn comes; what a file imports is
declared with it. This file knows nothing of flows.
"""

from __future__ import annotations

from typing import Any

from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import Label
from nnspec.ops.registry import find_operator, operator_names
from nnspec.program.imports import Importer
from nnspec.program.repeats import RepeatElaborator
from nnspec.program.scope import BROKEN, FILE, LOST, Broken, Formula, Number, Scope
from nnspec.program.settings import Given
from nnspec.program.unit import Block, Home, LostPart, Network, Part, Shared, Unit
from nnspec.program.values import Site
from nnspec.source import Span
from nnspec.syntax import tree


class Pending:
    """A number that is computed when it is first read, or when its statement's turn comes.

    `scope` is where: at first the numbers above it, at its turn the tensors above it as well.
    """

    __slots__ = ("is_computed", "node", "scope", "value")

    def __init__(self, node: tree.Expression, home: Home) -> None:
        self.node = node
        self.scope = Scope(home.numbers(), FILE)
        self.is_computed = False
        self.value: Any = BROKEN


class Declarations(RepeatElaborator):
    """Declares what files define."""

    given: Given
    importer: Importer

    def declare(self, unit: Unit) -> None:
        """Make all parts and numbers of a file known, before anything is computed."""
        for order, statement in enumerate(unit.tree.statements):
            home = Home(unit, order)
            if isinstance(statement, tree.BlockStatement):
                block = Block(statement.name.name, statement.parameters, statement.flow, home, statement.name.span)
                is_sound = self._check_parameters(statement.parameters)
                self._add_part(unit, statement.name, block if is_sound else LostPart(block.name, statement.name.span))
            elif isinstance(statement, tree.SharedStatement):
                self._add_part(
                    unit, statement.name, Shared(statement.name.name, statement.flow, home, statement.name.span)
                )
            elif isinstance(statement, tree.ModelStatement):
                self._add_part(
                    unit, statement.name, Network(statement.name.name, statement.flow, home, statement.name.span)
                )
            elif isinstance(statement, tree.BrokenStatement):
                for name in statement.defines:
                    unit.lost.add(name)
                    unit.numbers.setdefault(name, (-1, Number(BROKEN)))
            elif isinstance(statement, tree.ImportStatement):
                self._import(unit, statement, order)
            else:
                self._declare_number(unit, statement, order)
        if unit is self.unit:
            for name, value in self.given.free_params(unit.tree):
                if unit.numbers.setdefault(name, (-1, Number(value)))[0] >= 0:
                    self._set_let(name)

    def _declare_number(self, unit: Unit, statement: tree.AnyStatement, order: int) -> None:
        if isinstance(statement, tree.FormulaStatement):
            scope = Scope(Home(unit, order + 1).numbers(), FILE)
            value: Any = Formula(statement.name.name, statement.parameters, statement.value, scope)
        elif isinstance(statement, tree.LetStatement):
            value = Pending(statement.value, Home(unit, order))
        elif isinstance(statement, tree.ParamStatement):
            value = self._param(unit, statement, order)
        else:
            return
        if isinstance(statement, tree.FormulaStatement):
            self._check_parameters(statement.parameters)
        there = unit.numbers.get(statement.name.name)
        if there is not None and there[0] >= 0:
            self.duplicate(statement.name, there[1].span)
            return
        unit.numbers[statement.name.name] = (order, Number(value, statement.name.span))

    def _param(self, unit: Unit, statement: tree.ParamStatement, order: int) -> Any:
        if unit is self.unit and statement.name.name in self.given.params:
            return self.given.params[statement.name.name]
        if statement.default is None:
            self._missing_param(unit, statement)
            return BROKEN
        return Pending(statement.default, Home(unit, order))

    def _missing_param(self, unit: Unit, statement: tree.ParamStatement) -> None:
        name, is_own = statement.name.name, unit is self.unit
        is_arrow = statement.span.text.split(None, 1)[:1] == ["param"]
        written = f"param {name} = …" if is_arrow else f"params: {{{name}: …}}"
        self.report(
            codes.MISSING_PARAM,
            f"the param `{name}` has no value",
            statement.name.span,
            help="give it " + f"on the command line, `-p {name}=…`, or " * is_own + f"in the file: `{written}`",
        )

    def _set_let(self, name: str) -> None:
        self.report(
            codes.UNKNOWN_OPTION,
            f"`-p` sets params, and `{name}` is no param",
            self.given.spans[name],
            help=f"make it one in the file: `param {name} = …`",
        )

    def _add_part(self, unit: Unit, name: tree.Name, part: Part) -> None:
        there = unit.parts.get(name.name)
        if there is not None:
            self.duplicate(name, there.span)
        elif name.name in operator_names():
            self.report(
                codes.DUPLICATE_NAME,
                f"`{name.name}` is an operator already",
                name.span,
                help="give the part another name",
            )
        else:
            unit.parts[name.name] = part

    def _check_parameters(self, parameters: tuple[tree.Parameter, ...]) -> bool:
        """Whether all names of parameters differ."""
        first: dict[str, Span] = {}
        for parameter in parameters:
            if first.setdefault(parameter.name, parameter.span) is not parameter.span:
                self.duplicate(parameter, first[parameter.name])
        return len(first) == len(parameters)

    def duplicate(self, name: tree.Name | tree.Parameter, first: Span | None) -> None:
        """Report a name that is taken."""
        self.report(
            codes.DUPLICATE_NAME,
            f"`{name.name}` is a name twice",
            name.span,
            labels=(Label(first, "first here"),) if first else (),
            help="give one of them another name",
        )

    def _import(self, unit: Unit, statement: tree.ImportStatement, order: int) -> None:
        other = self.importer.load(self, statement.path)
        for name in statement.names:
            if other is None or name.name in other.lost:
                self._lose(unit, name)
                continue
            part = other.parts.get(name.name)
            number = other.numbers.get(name.name)
            if part is not None:
                self._add_part(unit, name, part)
            elif number is not None:
                unit.numbers[name.name] = (order, number[1])
            else:
                self.report(
                    codes.IMPORT_FAILED,
                    f"{statement.path.value} does not define `{name.name}`",
                    name.span,
                    help=self.near(name.name, lambda: [*other.parts, *other.numbers]),
                )
                self._lose(unit, name)

    def _lose(self, unit: Unit, name: tree.Name) -> None:
        unit.lost.add(name.name)
        if name.name[0].isupper():
            unit.parts.setdefault(name.name, LostPart(name.name, name.span))
        else:
            unit.numbers.setdefault(name.name, (-1, Number(BROKEN)))

    def declare_imported(self, syntax: tree.Tree) -> Unit:
        """The parts and numbers of another file."""
        unit = Unit(syntax)
        self.declare(unit)
        for order, statement in enumerate(syntax.statements):
            if isinstance(statement, tree.DefaultStatement):
                self.default(unit, statement, order)
        return unit

    def default(self, unit: Unit, statement: tree.DefaultStatement, order: int) -> None:
        """Note a default, checked where it is written."""
        cls = find_operator(statement.operator.name)
        if cls is None:
            what = "a block has no defaults but its own" if statement.operator.name in unit.parts else None
            self.report(
                codes.UNKNOWN_OPERATOR,
                f"there is no operator `{statement.operator.name}`",
                statement.operator.span,
                help=what or self.near(statement.operator.name, operator_names),
            )
            return
        site = Site(Scope(Home(unit, order).numbers(), FILE), LOST)  # `in` will be what arrives at each use
        said = self.matched(cls, statement.arguments, site, report=True) or {}
        unit.add_default(cls, order, said)
        for name, written in said.items():
            try:
                self._read(cls.params[name], written, [])
            except Broken:
                continue

    # Numbers that wait.

    def settle(self, value: Any, span: Span) -> Any:
        """The value of a number, computed now if nobody asked before.

        Raises: Broken.
        """
        if not isinstance(value, Pending):
            return value
        if not value.is_computed:
            value.is_computed = True  # before, so that a fault is not met twice
            value.value = self.evaluate(value.node, Site(value.scope))
        if value.value is BROKEN:
            raise Broken
        return value.value

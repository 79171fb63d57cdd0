"""Reads the arguments of operators, blocks and defaults.

An argument comes from where it is written, else from `--set`, else from the nearest `default`
above, else from the operator itself; each is read by the kind that its parameter declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import Edit, Fix, RuleError
from nnspec.ops.kinds import Many, Word
from nnspec.ops.operator import REQUIRED, Operator, Param, missing
from nnspec.program.scope import BROKEN, Binding, Broken, Scope, Tensor
from nnspec.program.unit import Block, Home, Unit
from nnspec.program.values import Evaluator, Site
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType
from nnspec.source import Span
from nnspec.syntax import tree


class Written(Record):
    """An argument as written: its expressions, where they are evaluated, and the place to blame."""

    values: tuple[tree.Expression, ...]
    site: Site
    span: Span


class Arguments(Record):
    """The arguments of one use of an operator: read values, places, and tensors that are further inputs.

    `given` are those that did not come from the operator itself, as they were written.
    """

    values: dict[str, Any]
    spans: dict[str, Span]
    tensors: tuple[Tensor, ...]
    given: dict[str, Written]

    def are_fixed(self, cls: type[Operator]) -> bool:
        """Whether they are the same wherever the operator stands: none of them reads a name."""
        return all(
            _is_fixed(value, cls.params[name].kind.words)
            for name, written in self.given.items()
            for value in written.values
        )


class ArgumentReader(Evaluator):
    """Reads arguments against what an operator or block declares."""

    #: `--set`: per operator class, the arguments with the sites to evaluate them in.
    settings: dict[type[Operator], list[tuple[tree.Argument, Site]]]
    #: The file that was named, which `--set` reaches; others are imported.
    unit: Unit

    def operator_arguments(
        self, cls: type[Operator], written: tuple[tree.Argument, ...], name_span: Span, site: Site, home: Home
    ) -> Arguments | None:
        """The arguments of an operator; None after their faults were reported."""
        given = self.matched(cls, written, site, report=True)
        if given is None:
            self.evaluate_all(written, site)
            return None
        for argument, its_site in reversed(self.settings.get(cls, [])) if home.unit is self.unit else ():
            here = Site(its_site.scope, site.arriving)
            for name, found in (self.matched(cls, (argument,), here, report=True) or {}).items():
                given.setdefault(name, found)
        for name, default in home.unit.defaults_above(cls, home.order).items():
            if name not in given:
                given[name] = Written(default.values, Site(default.site.scope, site.arriving), default.span)
        return self._read_all(cls, given, name_span)

    def matched(
        self, cls: type[Operator], arguments: tuple[tree.Argument, ...], site: Site, *, report: bool
    ) -> dict[str, Written] | None:
        """Each argument with its parameter's name; None where one does not fit (reported if asked)."""
        positional = cls.positional
        given: dict[str, Written] = {}
        fits = True
        position = 0
        for argument in arguments:
            if argument.name is not None:
                name = self._keyword(cls, argument, report)
            elif position < len(positional):
                name = positional[position]
                position += not cls.params[name].variadic
            else:
                name = None
                if report:
                    self._superfluous(cls, argument, position, len(positional))
                position += 1
            if name is None:
                fits = False
            elif name in given and cls.params[name].variadic and argument.name is None:
                given[name] = Written((*given[name].values, argument.value), site, given[name].span.to(argument.span))
            elif name in given:
                fits = False
                if report:
                    self.report(codes.REPEATED_ARGUMENT, f"`{name}` is given twice", argument.span)
            else:
                given[name] = Written((argument.value,), site, argument.value.span)
        return given if fits else None

    def evaluate_all(self, arguments: tuple[tree.Argument, ...], site: Site) -> None:
        """Evaluate arguments that belong to nothing, for the faults inside them."""
        for argument in arguments:
            try:
                self.evaluate(argument.value, site, {})
            except Broken:
                continue

    def _superfluous(self, cls: type[Operator], argument: tree.Argument, position: int, most: int) -> None:
        takes = f"takes {most} argument{'s' * (most != 1)} by position" if most else "takes none by position"
        names = ", ".join(f"`{name}`" for name in cls.params)
        meant = _meant(cls, argument.value, position - most)
        help = f"by keyword it takes {names}" if names else None
        if meant is not None:
            help = f"write `{meant}={argument.span.text}`"
        self.report(codes.TOO_MANY_ARGUMENTS, f"{cls.__name__} {takes}", argument.span, help=help)

    def _keyword(self, cls: type[Operator], argument: tree.Argument, report: bool) -> str | None:
        name = argument.name or ""
        if name in cls.params:
            return name
        if report:
            span = argument.name_span or argument.span
            renamed = cls.renamed.get(name)
            fixes = (Fix(f"write `{renamed}`", (Edit(span, renamed),), safe=True),) if renamed else ()
            takes = ", ".join(f"`{known}`" for known in cls.params)
            self.report(
                codes.UNKNOWN_ARGUMENT,
                f"{cls.__name__} has no argument `{name}`",
                span,
                fixes=fixes,
                help=f"here it is called `{renamed}`"
                if renamed
                else self.near(name, lambda: cls.params) or (f"it takes {takes}" if takes else "it takes none"),
            )
        return None

    def _read_all(self, cls: type[Operator], given: dict[str, Written], name_span: Span) -> Arguments | None:
        values = dict(cls.defaults)
        spans: dict[str, Span] = {}
        tensors: list[Tensor] = []
        fits = True
        for name in cls.params:
            if name not in given:
                continue
            spans[name] = given[name].span
            try:
                values[name] = self._read(cls.params[name], given[name], tensors)
            except Broken:
                del values[name]
                fits = False
        absent = [cls.params[name] for name, value in values.items() if value is REQUIRED]
        if absent:
            self.report_rule(missing(cls.__name__, absent), {}, name_span)
            fits = False
        return Arguments(values, spans, tuple(tensors), given) if fits else None

    def _read(self, declared: Param[Any], written: Written, tensors: list[Tensor]) -> Any:
        """The value as its kind reads it.

        Raises: Broken, after the fault was reported.
        """
        words = declared.kind.words
        if len(written.values) == 1:
            value = self.evaluate(written.values[0], written.site, words)
        else:
            value = tuple([self.evaluate(each, written.site, words) for each in written.values])
        try:
            read = declared.kind.read(value if type(value) is int else self._plain(value))
        except RuleError as error:
            if value is None:
                return declared.default  # `none` takes a default back
            self._blame(error, declared, value, written)
            raise Broken from None
        if isinstance(value, Tensor) and isinstance(read, TensorType):
            tensors.append(value)
        return read

    def _blame(self, error: RuleError, declared: Param[Any], value: Any, written: Written) -> None:
        """Report a value that its kind refused, where it was written."""
        word = next((v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, Word)), None)
        if word is None or not isinstance(word.span, Span):
            error.at = error.at if isinstance(error.at, str) else declared.name
            if isinstance(value, str) and value in declared.kind.words:
                error.help = f"a word stands without quotes: `{declared.name}={value}`"
            self.report_rule(error, {declared.name: written.span}, written.span, prefix=f"`{declared.name}` ")
            return
        if not declared.kind.words:
            self.unknown_name(word.name, word.span, written.site)
        if word.name not in declared.kind.words:
            error.help = error.help or self.near(word.name, lambda: declared.kind.words)
        self.report_rule(error, {}, word.span, prefix=f"`{declared.name}` ")

    def _plain(self, value: Any) -> Any:
        """A value without its wires, as kinds read it.

        Raises: Broken, if it holds a tensor of unknown type.
        """
        if isinstance(value, Tensor):
            if not isinstance(value.type, TensorType):
                raise Broken
            return value.type
        if isinstance(value, range):
            return tuple(value)
        if isinstance(value, tuple):
            return tuple([self._plain(item) for item in value])
        return value

    def report_rule(self, error: RuleError, spans: dict[str, Span], whole: Span, prefix: str = "") -> None:
        """Report a broken rule at the argument it blames, else at the whole stage."""
        span = spans.get(error.at, whole) if isinstance(error.at, str) else whole
        fixes: tuple[Fix, ...] = ()
        if error.replacement is not None and isinstance(error.at, str) and error.at in spans:
            title, text = error.replacement
            fixes = (Fix(title, (Edit(span, text),)),)
        message = prefix + error.message if error.message.startswith("expects ") else error.message
        self.report(error.code, message, span, label=error.label, notes=error.notes, help=error.help, fixes=fixes)

    # Blocks.

    def block_scope(self, block: Block, node: tree.Apply, site: Site) -> Scope | None:
        """The scope of a block's arguments at a call; None after faults were reported."""
        scope = Scope(block.home.numbers(), site.scope.frame)
        given = self._block_arguments(block, node, site)
        if given is None:
            return None
        for parameter in block.parameters:
            if parameter.name in given:
                scope.names[parameter.name] = Binding(given[parameter.name], parameter.span)
            elif parameter.default is not None:
                value = self._value(parameter.default, Site(scope, site.arriving))
                scope.names[parameter.name] = Binding(value, parameter.span)
            else:
                self.report(
                    codes.MISSING_ARGUMENT,
                    f"{block.name} needs `{parameter.name}`",
                    node.name_span,
                    help=f"write `{block.name}({parameter.name}=…)`",
                )
                return None
        return scope

    def _block_arguments(self, block: Block, node: tree.Apply, site: Site) -> dict[str, Any] | None:
        names = [parameter.name for parameter in block.parameters]
        given: dict[str, Any] = {}
        fits = True
        for position, argument in enumerate(node.arguments or ()):
            value = self._value(argument.value, site)
            name = argument.name if argument.name is not None else names[position] if position < len(names) else None
            if name is None:
                takes = ", ".join(f"`{known}`" for known in names) or "no arguments"
                self.report(
                    codes.TOO_MANY_ARGUMENTS,
                    f"{block.name} takes {len(names)} "
                    f"argument{'s' * (len(names) != 1)}, not {len(node.arguments or ())}",
                    argument.span,
                    help=f"it takes {takes}",
                )
                return None
            if name not in names:
                self.report(
                    codes.UNKNOWN_ARGUMENT,
                    f"{block.name} has no argument `{name}`",
                    argument.name_span or argument.span,
                    help=self.near(name, lambda: names) or f"it takes {', '.join(names) or 'none'}",
                )
                fits = False
            elif name in given:
                self.report(codes.REPEATED_ARGUMENT, f"`{name}` is given twice", argument.span)
                fits = False
            else:
                given[name] = value
        return given if fits else None

    def _value(self, node: tree.Expression, site: Site) -> Any:
        try:
            return self.evaluate(node, site)
        except Broken:
            return BROKEN


def _meant(cls: type[Operator], value: tree.Expression, number: int) -> str | None:
    """The argument that one more by position stands for: who alone knows its word, else the next in Keras's order."""
    if isinstance(value, tree.Name):
        taking = [name for name, declared in cls.params.items() if value.name in declared.kind.words]
        if taking:
            return taking[0] if len(taking) == 1 else None
    return cls.then[number] if number < len(cls.then) else None


def _is_fixed(node: tree.Expression, words: Mapping[str, str] | None = None) -> bool:
    if isinstance(node, tree.Name):
        return words is not None and node.name in words
    if isinstance(node, (tree.Tuple, tree.List)):
        return all(_is_fixed(item, words) for item in node.items)
    if isinstance(node, tree.FunctionCall):
        is_word = words is not None and node.name.name in words
        return is_word and all(_is_fixed(argument.value) for argument in node.arguments)
    return isinstance(node, (tree.Number, tree.Text, tree.Constant))


__all__ = ["ArgumentReader", "Arguments", "Many", "Written"]

"""Evaluates expressions: exact numbers, words, lists, and the attributes of tensors.

The compiler evaluates expressions itself, within limits, without side effects. A fault is reported
where it stands and leaves the expression by `Broken`; what depends on it stays silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NoReturn

from nnspec.diagnostics.codes import limits
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import Diagnostics, Label
from nnspec.ops.kinds import Word, show
from nnspec.program.functions import FUNCTIONS, Fault, arithmetic, compared, nested, of_whole, work_of
from nnspec.program.reporting import MAX_STEPS, Reporter
from nnspec.program.scope import BROKEN, OUTER, Binding, Broken, Formula, Numbers, Quantities, Scope, Tensor
from nnspec.program.truths import denied, is_open, joined
from nnspec.record import Record
from nnspec.shapes.dim import DimTooLarge, Symbolic, symbol
from nnspec.shapes.tensor import SPATIAL_NAMES, TensorType
from nnspec.shapes.work import Work
from nnspec.source import Span
from nnspec.syntax import tree

MAX_CALLS = 200


class Site(Record):
    """Where an expression is evaluated: its scope, and the tensor that arrives there (`in`)."""

    scope: Scope
    arriving: Any = None


class Evaluator(Reporter):
    """Evaluates expressions, reporting what is wrong with them."""

    def __init__(self, found: Diagnostics, symbols: Mapping[str, int] | None = None) -> None:
        super().__init__(found)
        self.depth = 0
        self.symbols = dict(symbols or {})
        self._handlers: dict[type, Callable[[Any, Site, Mapping[str, str] | None], Any]] = {
            tree.Number: lambda node, site, words: node.value,
            tree.Text: lambda node, site, words: node.value,
            tree.Constant: lambda node, site, words: node.value,
            tree.Name: self._name,
            tree.Incoming: self._incoming,
            tree.Outer: self._outer,
            tree.Hole: self._hole,
            tree.Tuple: self._items,
            tree.List: self._items,
            tree.Unary: self._unary,
            tree.Binary: self._binary,
            tree.Conditional: self._conditional,
            tree.Index: self._index,
            tree.Attribute: self._attribute,
            tree.FunctionCall: self._call,
        }

    # What others ask for.

    def evaluate(self, node: tree.Expression, site: Site, words: Mapping[str, str] | None = None) -> Any:
        """The value of an expression; `words` are choices that win over names.

        Raises: Broken, after the fault was reported.
        """
        self.steps += 1
        if self.steps > MAX_STEPS or Work.terms > self.most_terms:
            self.spend(0, node.span)
        if type(node) is tree.Number:
            return node.value
        try:
            return self._handlers[type(node)](node, site, words)
        except DimTooLarge:
            self.fail(limits.TOO_LARGE, "the symbolic size grows too large", node.span)

    def count(self, node: tree.Expression, site: Site) -> int:
        """How often something is repeated, a whole number of at least 0.

        Raises: Broken.
        """
        value = self.evaluate(node, site)
        if isinstance(value, Symbolic):
            self.fail(
                codes.SYMBOLIC_VALUE,
                "a repeat count may not depend on a symbolic size",
                node.span,
                label=str(value),
                help="fix the size with `--input`",
            )
        self.refuse_word(value, node, site)
        is_number = isinstance(value, (int, Fraction, float)) and not isinstance(value, bool)
        if not is_number or value != int(value) or value < 0:
            self.fail(
                codes.BAD_VALUE,
                f"a repeat count must be a whole number of at least 0, not {show(value)}",
                node.span,
                label=show(value),
                help=_whole_number(value) if is_number else None,
            )
        return int(value)

    def truth(self, node: tree.Expression, site: Site) -> bool:
        """A condition's value.

        Raises: Broken.
        """
        value = self.evaluate(node, site)
        if is_open(value):
            self.fail(
                codes.SYMBOLIC_VALUE,
                "a condition may not depend on a symbolic size",
                node.span,
                label=str(value),
                help="fix the size with `--input`",
            )
        return self._boolean(value, node, site)

    def unknown_name(self, name: str, span: Span, site: Site, label_span: Span | None = None) -> NoReturn:
        """Report a name that nothing in scope defines.

        Raises: Broken.
        """
        if self.found.is_known(codes.UNKNOWN_NAME, span):
            raise Broken
        if label_span is not None:
            self.fail(
                codes.UNKNOWN_NAME,
                f"`{name}` is read above the `as {name}` that puts it",
                span,
                labels=(Label(label_span, "put here"),),
                help="read it after it is put",
            )
        self.fail(
            codes.UNKNOWN_NAME,
            f"nothing here is called `{name}`",
            span,
            help=self.hint(name, span, site)
            or self.near(name, lambda: self.names_in(site))
            or f"define it above (`let {name} = …`) or give it: `-p {name}=…`",
        )

    def hint(self, name: str, span: Span, site: Site) -> str | None:
        """Help for a name that is unknown here, where the elaborator knows better."""
        return None

    def names_in(self, site: Site) -> list[str]:
        """All plain names that can be read here."""
        return [
            key
            for scope in site.scope.chain()
            for key in (scope.visible() if isinstance(scope, Numbers) else scope.names)
            if isinstance(key, str)
        ]

    def refuse_word(self, value: object, node: tree.Expression, site: Site) -> None:
        """Report a bare word where a value is wanted: a name that nothing defines.

        Raises: Broken.
        """
        if isinstance(value, Word):
            if not isinstance(value.span, Span):
                raise Broken
            self.unknown_name(value.name, value.span, site)

    # One method an expression.

    def _name(self, node: tree.Name, site: Site, words: Mapping[str, str] | None) -> Any:
        if words is not None and node.name in words:
            return Word(node.name, span=node.span)
        binding = site.scope.find(node.name)
        if binding is not None and (binding.label is None or _is_visible(binding.label, node.span)):
            binding.used = True
            if type(binding.value) is int:
                return binding.value
            if binding.value is BROKEN:
                raise Broken
            return self.settle(binding.value, node.span)
        if binding is not None:
            self.unknown_name(node.name, node.span, site, binding.label)
        if node.name[0].isupper():
            if node.name in self.symbols:
                return self.symbols[node.name]
            return symbol(node.name)
        return Word(node.name, span=node.span)

    def settle(self, value: Any, span: Span) -> Any:
        """The value of a binding; the elaborator computes late ones here."""
        return value

    def _incoming(self, node: tree.Incoming, site: Site, words: Mapping[str, str] | None) -> Any:
        if site.arriving is None:
            self.fail(codes.BAD_VALUE, "no tensor arrives here, so there is no `in`", node.span)
        return site.arriving

    def _outer(self, node: tree.Outer, site: Site, words: Mapping[str, str] | None) -> Any:
        binding = site.scope.find(OUTER)
        if binding is None or binding.value is None:
            self.fail(
                codes.BAD_VALUE,
                "there are no braces and no block around this, so there is no `_`",
                node.span,
                help="`in` is the tensor that arrives at this stage",
            )
        if binding.value is BROKEN:
            raise Broken
        return binding.value

    def _hole(self, node: tree.Hole, site: Site, words: Mapping[str, str] | None) -> NoReturn:
        self.fail(codes.HOLE, "no number fills this hole", node.span, help="write the number in place of `?`")

    def _items(self, node: tree.Tuple | tree.List, site: Site, words: Mapping[str, str] | None) -> Any:
        made = tuple([self.evaluate(item, site, words) for item in node.items])
        try:
            self.spend(nested(made), node.span)
        except Fault as fault:
            self._fault(fault, node)
        return made

    def _unary(self, node: tree.Unary, site: Site, words: Mapping[str, str] | None) -> Any:
        if node.operator == "not":
            value = self.evaluate(node.operand, site)
            return (
                self._on_truths(node, denied, value) if is_open(value) else not self._boolean(value, node.operand, site)
            )
        value = self.evaluate(node.operand, site)
        self.refuse_word(value, node.operand, site)
        if isinstance(value, bool) or not isinstance(value, (int, Fraction, float, Symbolic)):
            self.fail(codes.BAD_VALUE, f"`{node.operator}` needs a number, not {self.named(value)}", node.span)
        return -value if node.operator == "-" else value

    def _on_truths(self, node: tree.Expression, operation: Callable[..., Any], *operands: Any) -> Any:
        try:
            return operation(*operands)
        except Fault as fault:
            self._fault(fault, node)

    def _binary(self, node: tree.Binary, site: Site, words: Mapping[str, str] | None) -> Any:
        if node.operator in ("and", "or"):
            return self._logical(node, site)
        left = self.evaluate(node.left, site)
        right = self.evaluate(node.right, site)
        try:
            if type(left) is int and type(right) is int:
                return of_whole(left, node.operator, right)
            self.spend(work_of(left, right), node.span)
            if node.operator in ("==", "!=", "<", "<=", ">", ">="):
                if node.operator not in ("==", "!="):
                    self.refuse_word(left, node.left, site)
                    self.refuse_word(right, node.right, site)
                return compared(left, node.operator, right)
            self.refuse_word(left, node.left, site)
            self.refuse_word(right, node.right, site)
            return arithmetic(left, node.operator, right)
        except Fault as fault:
            self._fault(fault, node)

    def _logical(self, node: tree.Binary, site: Site) -> Any:
        left = self.evaluate(node.left, site)
        settles = node.operator == "or"
        if not is_open(left) and self._boolean(left, node.left, site) is settles:
            return left
        right = self.evaluate(node.right, site)
        if not is_open(right) and self._boolean(right, node.right, site) is settles:
            return right
        if not is_open(left) or not is_open(right):
            return left if is_open(left) else right
        return self._on_truths(node, joined, node.operator, left, right)

    def _boolean(self, value: Any, node: tree.Expression, site: Site) -> bool:
        self.refuse_word(value, node, site)
        if not isinstance(value, bool):
            self.fail(
                codes.BAD_VALUE,
                f"expects true or false, not {self.named(value)}",
                node.span,
                help="compare it: `… != 0`",
            )
        return value

    def _conditional(self, node: tree.Conditional, site: Site, words: Mapping[str, str] | None) -> Any:
        chosen = node.then if self.truth(node.condition, site) else node.otherwise
        return self.evaluate(chosen, site, words)

    def _index(self, node: tree.Index, site: Site, words: Mapping[str, str] | None) -> Any:
        indexes = [self.evaluate(index, site) for index in node.indexes]
        if isinstance(node.value, tree.Name):
            binding = site.scope.find((node.value.name, *indexes)) if _hashable(indexes) else None
            if binding is not None:
                binding.used = True
                return binding.value
            if site.scope.find(node.value.name) is None:
                self.missing_index(node.value.name, tuple(indexes), node.span, site)
        value = self.evaluate(node.value, site)
        for index, written in zip(indexes, node.indexes, strict=True):
            value = self._item(value, index, written, node)
        return value

    def _item(self, value: Any, index: Any, written: tree.Expression, node: tree.Index) -> Any:
        if not isinstance(value, (tuple, range)):
            self.fail(codes.BAD_VALUE, f"{self.named(value)} has no items", node.value.span)
        if isinstance(index, bool) or not isinstance(index, int):
            self.fail(codes.BAD_VALUE, f"an index must be a whole number, not {self.named(index)}", written.span)
        if not -len(value) <= index < len(value):
            self.fail(
                codes.BAD_VALUE,
                f"there is no item {index} of {len(value)}",
                written.span,
                label=str(index),
                help=f"items are counted from 0 to {len(value) - 1}" if value else None,
            )
        return value[index]

    def missing_index(self, name: str, indexes: tuple[Any, ...], span: Span, site: Site) -> NoReturn:
        """Report a label that does not exist with these indexes, listing those that do.

        Raises: Broken.
        """
        if self.found.is_known(codes.UNKNOWN_NAME, span):
            raise Broken
        there = sorted(
            {
                key[1:]
                for scope in site.scope.chain()
                for key in scope.names
                if isinstance(key, tuple) and key[0] == name
            },
            key=str,
        )
        if not there:
            self.unknown_name(name, span, site)
        shown = ", ".join(f"{name}[{', '.join(map(show, index))}]" for index in there[:8])
        self.fail(
            codes.UNKNOWN_NAME,
            f"there is no `{name}[{', '.join(map(show, indexes))}]` here",
            span,
            label=f"index {', '.join(map(show, indexes))}",
            help=f"there are {shown}{' …' if len(there) > 8 else ''}",
        )

    def _attribute(self, node: tree.Attribute, site: Site, words: Mapping[str, str] | None) -> Any:
        value = self.evaluate(node.value, site)
        self.refuse_word(value, node.value, site)
        if isinstance(value, Quantities):
            return self._quantity(value, node)
        if isinstance(value, Symbolic) and isinstance(node.value, tree.Name):
            self.unknown_name(node.value.name, node.value.span, site)
        if not isinstance(value, Tensor):
            what = "several tensors arrive" if isinstance(value, tuple) else f"{self.named(value)} is no tensor"
            self.fail(codes.BAD_VALUE, f"{what}, so there is no `.{node.name}`", node.span)
        if not isinstance(value.type, TensorType):
            raise Broken
        return self._of_tensor(value.type, node)

    def _quantity(self, of: Quantities, node: tree.Attribute) -> Any:
        if node.name not in of.values:
            self.fail(
                codes.UNKNOWN_NAME,
                f"a model has no `{node.name}`",
                node.name_span,
                help=f"it has {', '.join(of.values)}",
            )
        if of.values[node.name] is None:
            raise Broken
        return of.values[node.name]

    def _of_tensor(self, type: TensorType, node: tree.Attribute) -> Any:
        if node.name == "shape":
            return type.shape
        if node.name == "rank":
            return type.rank
        if node.name == "channels" and type.rank:
            return type.shape[-1]
        names = SPATIAL_NAMES.get(type.rank, ())
        if node.name in names:
            return type.shape[names.index(node.name)]
        there = ", ".join(f".{name}" for name in (*names, "channels", "rank", "shape"))
        self.fail(
            codes.BAD_VALUE,
            f"a tensor of rank {type.rank} has no `.{node.name}`",
            node.name_span,
            label=f"its shape is {show(type.shape)}",
            help=f"it has {there}",
        )

    def _call(self, node: tree.FunctionCall, site: Site, words: Mapping[str, str] | None) -> Any:
        name = node.name.name
        binding = None if words is not None and name in words else site.scope.find(name)
        if binding is not None and isinstance(binding.value, Formula):
            binding.used = True
            return self._formula(binding.value, node, site)
        if name in FUNCTIONS and not (words is not None and name in words):
            return self._function(node, site)
        if binding is not None:
            self.fail(codes.BAD_VALUE, f"`{name}` is no formula", node.name.span)
        args = tuple([self.evaluate(a.value, site) for a in node.arguments if a.name is None])
        kwargs = tuple([(a.name, self.evaluate(a.value, site)) for a in node.arguments if a.name is not None])
        return Word(name, args, kwargs, node.span)

    def _function(self, node: tree.FunctionCall, site: Site) -> Any:
        name = node.name.name
        if any(argument.name is not None for argument in node.arguments):
            self.fail(codes.BAD_VALUE, f"`{name}` takes no keywords", node.span)
        values = [self.evaluate(argument.value, site) for argument in node.arguments]
        for value, argument in zip(values, node.arguments, strict=True):
            self.refuse_word(value, argument.value, site)
        try:
            if name != "len":
                self.spend(work_of(*values), node.span)
            return FUNCTIONS[name](*values)
        except Fault as fault:
            self._fault(fault, node)
        except TypeError:
            self.fail(
                codes.BAD_VALUE,
                f"`{name}` does not take {len(values)} argument{'s' * (len(values) != 1)}",
                node.span,
            )

    def _formula(self, formula: Formula, node: tree.FunctionCall, site: Site) -> Any:
        given: dict[str, Any] = {}
        names = [parameter.name for parameter in formula.parameters]
        if len([a for a in node.arguments if a.name is None]) > len(names):
            self.fail(
                codes.TOO_MANY_ARGUMENTS,
                f"`{formula.name}` takes {len(names)} argument{'s' * (len(names) != 1)}, not {len(node.arguments)}",
                node.span,
            )
        for position, argument in enumerate(node.arguments):
            name = names[position] if argument.name is None else argument.name
            if name not in names:
                self.fail(codes.UNKNOWN_ARGUMENT, f"`{formula.name}` has no argument `{name}`", argument.span)
            if name in given:
                self.fail(codes.REPEATED_ARGUMENT, f"`{name}` is given twice", argument.span)
            given[name] = self.evaluate(argument.value, site)
        return self._applied(formula, given, node)

    def _applied(self, formula: Formula, given: dict[str, Any], node: tree.FunctionCall) -> Any:
        scope = Scope(formula.scope, formula.scope.frame)
        for parameter in formula.parameters:
            if parameter.name in given:
                value = given[parameter.name]
            elif parameter.default is not None:
                value = self.evaluate(parameter.default, Site(scope))
            else:
                self.fail(codes.MISSING_ARGUMENT, f"`{formula.name}` needs `{parameter.name}`", node.span)
            scope.names[parameter.name] = Binding(value, parameter.span)
        self.depth += 1
        if self.depth > MAX_CALLS:
            self.stop(limits.TOO_DEEP, f"formulas call each other more than {MAX_CALLS} deep", node.span)
        try:
            return self.evaluate(formula.body, Site(scope))
        finally:
            self.depth -= 1

    def _fault(self, fault: Fault, node: tree.Expression) -> NoReturn:
        if fault.is_limit:
            self.fail(limits.TOO_LARGE, fault.message, node.span)
        code = codes.SYMBOLIC_VALUE if fault.is_symbolic else codes.BAD_VALUE
        help = _other_divisor(node) if fault.is_by_zero and isinstance(node, tree.Binary) else None
        self.fail(code, fault.message, node.span, help=help)

    @staticmethod
    def named(value: Any) -> str:
        """A value as a message names it."""
        if isinstance(value, Tensor):
            return "a tensor"
        if isinstance(value, (tuple, range)):
            return f"a list of {len(value)}"
        return show(value)


def _whole_number(value: int | Fraction | float) -> str:
    """What to write for a number that is none to repeat by."""
    if value < 0:
        return "`x 0` leaves the stage out"
    return f"write {int(value)} or {int(value) + 1}; `//` divides without a remainder, `round(…)` and `ceil(…)` round"


def _other_divisor(node: tree.Binary) -> str:
    """What to write for a division by zero."""
    divisor = node.right.span.text
    if isinstance(node.right, tree.Number):
        return "write a divisor that is not 0"
    return f"give `{divisor}` another value, or choose: `{node.span.text} if {divisor} != 0 else …`"


def _is_visible(label: Span | None, reader: Span) -> bool:
    return label is None or label.file is not reader.file or label.start < reader.start


def _hashable(values: list[Any]) -> bool:
    return all(isinstance(value, (int, Fraction, str, bool, float, Word)) for value in values)

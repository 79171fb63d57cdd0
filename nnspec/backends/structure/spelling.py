"""Expressions of the spec as expressions of the source: `in.channels` is `x.shape[-1]`, `2^i` is `2**i`.

What it is written as may still mean another number in Python: `meaning` sees to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.backends.structure.events import Formula, GlobalName, LocalName, Place, Wire
from nnspec.backends.structure.meaning import python_value
from nnspec.calls import Call, Either, Item, Member, Operation, Unary, Value, Variable
from nnspec.ops.kinds import Word
from nnspec.program.functions import FUNCTIONS
from nnspec.program.scope import OUTER, Binding, Number, Quantities, Scope, Tensor
from nnspec.program.scope import Formula as DefinedFormula
from nnspec.program.values import Site
from nnspec.shapes.dim import Symbolic
from nnspec.shapes.tensor import SPATIAL_NAMES, TensorType
from nnspec.syntax import tree

if TYPE_CHECKING:
    from nnspec.backends.structure.argument_recorder import ArgumentRecorder

#: What the functions of expressions are in Python; those of one name are built in.
_PYTHON = {
    "min": "min", "max": "max", "abs": "abs", "len": "len", "sum": "sum", "zip": "zip", "range": "range",
    "ceil": "math.ceil", "floor": "math.floor", "sqrt": "math.sqrt", "log2": "math.log2",
}  # fmt: skip
_SIGNS = {"^": "**"}


class NotSpellable(Exception):  # noqa: N818 (no fault: the value is written instead)
    """An expression has no counterpart in the source: a word, say, or a symbolic size."""


def place_of(node: tree.Node) -> Place:
    """Where a node stands."""
    return (node.span.file.path, node.span.start, node.span.end)


class Speller:
    """Writes the expressions of one site."""

    def __init__(self, evaluator: ArgumentRecorder, site: Site) -> None:
        self.evaluator = evaluator
        self.site = site
        #: What the names and tensors in the expression stand for here.
        self.leaves: dict[Any, Any] = {}

    def spell(self, node: tree.Expression) -> Value:
        """The expression.

        Raises: NotSpellable.
        """
        match node:
            case tree.Number():
                return node.value if isinstance(node.value, int) else float(node.value)
            case tree.Text() | tree.Constant():
                return node.value
            case tree.Name():
                return self._name(node)
            case tree.Tuple():
                return tuple(self.spell(item) for item in node.items)
            case tree.List():
                return tuple(self.spell(item) for item in node.items)  # which nothing appends to
            case tree.Unary():
                return self._unary(node)
            case tree.Binary():
                return self._binary(node)
            case tree.Conditional():
                return Either(self.spell(node.then), self.spell(node.condition), self.spell(node.otherwise))
            case tree.Index():
                return self._index(node)
            case tree.Attribute():
                return self._attribute(node)
            case tree.FunctionCall():
                return self._call(node)
        raise NotSpellable

    def _name(self, node: tree.Name) -> Value:
        binding = self.site.scope.find(node.name)
        if binding is None:
            raise NotSpellable
        value = self.evaluator.settle(binding.value, node.span)
        if isinstance(value, (Word, Tensor, Quantities, Symbolic, DefinedFormula)) or value is None:
            raise NotSpellable
        if isinstance(value, tuple) and any(isinstance(item, (Word, Tensor, Symbolic)) for item in value):
            raise NotSpellable
        found: GlobalName | LocalName
        if isinstance(binding, Number):
            span = binding.span
            found = GlobalName(node.name, ("", 0, 0) if span is None else (span.file.path, span.start, span.end))
        else:
            found = LocalName(node.name)
        self.leaves[found] = python_value(value)
        return found

    def _unary(self, node: tree.Unary) -> Value:
        value = self.spell(node.operand)
        if node.operator == "+":
            return value
        if node.operator == "-" and isinstance(value, (int, float)) and not isinstance(value, bool):
            return -value
        return Unary(node.operator, value)

    def _binary(self, node: tree.Binary) -> Value:
        sign = _SIGNS.get(node.operator, node.operator)
        return Operation(sign, self.spell(node.left), self.spell(node.right))

    def _index(self, node: tree.Index) -> Value:
        value = self.spell(node.value)
        for index in node.indexes:
            value = Item(value, self.spell(index))
        return value

    def tensor(self, node: tree.Expression) -> Tensor:
        """The tensor that an expression names.

        Raises: NotSpellable.
        """
        found: Any = None
        if isinstance(node, tree.Incoming):
            found = self.site.arriving
        elif isinstance(node, (tree.Outer, tree.Name)):
            binding = self.site.scope.find(OUTER if isinstance(node, tree.Outer) else node.name)
            found = None if binding is None else binding.value
        elif isinstance(node, tree.Index) and isinstance(node.value, tree.Name):
            found = self.evaluator.evaluate(node, self.site)
        if not isinstance(found, Tensor) or not isinstance(found.type, TensorType):
            raise NotSpellable
        return found

    def _attribute(self, node: tree.Attribute) -> Value:
        tensor = self.tensor(node.value)
        type = tensor.type
        if not isinstance(type, TensorType) or self.site.scope.frame.wrapping.steps:
            raise NotSpellable
        self.leaves[Wire(tensor.wire)] = type
        shape = Member(Wire(tensor.wire), "shape")
        first = 1 if type.batched else 0
        if node.name == "channels":
            return Item(shape, -1)
        if node.name == "shape":
            return Item(shape, slice(first, None)) if first else shape
        if node.name in SPATIAL_NAMES.get(type.rank, ()):
            axis = SPATIAL_NAMES[type.rank].index(node.name)
            if not isinstance(type.shape[axis], int):
                raise NotSpellable
            return Item(shape, axis + first)
        raise NotSpellable

    def _call(self, node: tree.FunctionCall) -> Value:
        name = node.name.name
        binding = self.site.scope.find(name)
        arguments = tuple(self.spell(each.value) for each in node.arguments if each.name is None)
        keywords = {str(each.name): self.spell(each.value) for each in node.arguments if each.name is not None}
        if binding is not None and isinstance(binding.value, DefinedFormula):
            if isinstance(self.evaluator.evaluate(node, self.site), (Word, Symbolic, tuple, type(None))):
                raise NotSpellable
            return self._formula(binding.value, node, arguments, keywords)
        if binding is not None or name not in FUNCTIONS or name not in _PYTHON:
            raise NotSpellable
        target = _PYTHON[name]
        if name == "zip":
            keywords["strict"] = False  # as here: the shortest list ends it
        return Call(target if "." in target else Variable(target), arguments, keywords)

    def _formula(
        self, formula: DefinedFormula, node: tree.FunctionCall, arguments: tuple[Value, ...], keywords: dict[str, Value]
    ) -> Value:
        """The call of a formula, whose body is written with the names of its parameters."""
        place = place_of(formula.body)
        names = [parameter.name for parameter in formula.parameters]
        given = {
            each.name or names[position]: self.evaluator.evaluate(each.value, self.site)
            for position, each in enumerate(node.arguments)
        }
        result = self.evaluator.evaluate(node, self.site)
        self.evaluator.formula_values.setdefault(place, []).append((given, python_value(result)))
        if place not in self.evaluator.formulas:
            scope = Scope(formula.scope, formula.scope.frame)
            scope.names.update({name: Binding(value) for name, value in given.items()})
            if set(scope.names) != set(names):
                raise NotSpellable  # a default, which may hang on other parameters
            speller = Speller(self.evaluator, Site(scope))
            body = speller.spell(formula.body)
            self.evaluator.formulas[place] = (formula.name, tuple(names), body)
            self.evaluator.constants.update(
                {leaf: value for leaf, value in speller.leaves.items() if isinstance(leaf, GlobalName)}
            )
        return Call(Formula(formula.name, place), arguments, keywords)

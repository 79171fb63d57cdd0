"""YAML scalars of the `train` section as values that kinds read: numbers, words, texts, tuples.

A plain scalar may be a constant arrow expression (`1K`, `2^5`, `32 * 2`); names have no meaning here.
"""

from __future__ import annotations

import math
import re
from typing import Any

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.ops.kinds import Kind, Many, OrNone, Text, Word
from nnspec.source import SourceFile, Span
from nnspec.syntax import tree
from nnspec.syntax.tree import Data, DataList, DataScalar

_WORD = re.compile(r"[a-z][A-Za-z0-9_]*")


class BadNumber(Exception):  # noqa: N818 (a value, on its way to a diagnostic)
    """A number that is infinite or not a number."""

    def __init__(self, span: Span, text: str) -> None:
        super().__init__(text)
        self.span = span


class Free(Kind[str]):
    """A text, in quotes or not: a path, the name of a column or array."""

    takes_text = True

    def __init__(self, what: str) -> None:
        self.what = what

    def read(self, value: object) -> str:
        if not isinstance(value, str) or not value:
            raise self.refuse(value)
        return value

    def describe(self) -> str:
        return self.what

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}


class Column(Kind["int | str"]):
    """A column by its name, or by its number counted from 0."""

    takes_text = True

    def read(self, value: object) -> int | str:
        if isinstance(value, bool) or not isinstance(value, (int, str)) or value == "":
            raise self.refuse(value)
        return value

    def describe(self) -> str:
        return "a column by its name, or by its number from 0"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}


def wants_text(kind: Kind[Any]) -> bool:
    """Whether a kind takes plain scalars as texts, not as expressions."""
    while isinstance(kind, (OrNone, Many)):
        kind = kind.kind
    return isinstance(kind, (Text, Free, Column))


def value_of(data: Data, *, text: bool) -> object:
    """A scalar or list as kinds read it; with `text`, plain scalars are not looked into.

    Raises: BadNumber.
    """
    if isinstance(data, DataList):
        return tuple([value_of(item, text=text) for item in data.items])
    if not isinstance(data, DataScalar):
        return "a mapping"
    value = data.value
    if isinstance(value, float) and not math.isfinite(value):
        raise BadNumber(data.span, data.raw)
    if not isinstance(value, str) or text or not data.plain:
        return value
    return constant(value)


def constant(text: str) -> object:
    """The value of a constant expression, a word for a name, else the text itself."""
    if _WORD.fullmatch(text):
        return Word(text)
    from nnspec.program.functions import Fault
    from nnspec.syntax.arrow import parse_expression
    from nnspec.syntax.place import Place

    found = Diagnostics()
    node = parse_expression(text, Place(SourceFile("", text), 0), found)
    try:
        return text if found.has_errors else evaluate(node)
    except (Fault, LookupError, TypeError):
        return text


def evaluate(node: tree.Expression | None) -> object:
    """The value of a constant expression.

    Raises: Fault, where it has none; LookupError, where it is not constant.
    """
    from nnspec.program.functions import FUNCTIONS, arithmetic

    if isinstance(node, (tree.Number, tree.Text, tree.Constant)):
        return node.value
    if isinstance(node, tree.Name):
        return Word(node.name, span=node.span)
    if isinstance(node, (tree.Tuple, tree.List)):
        return tuple([evaluate(item) for item in node.items])
    if isinstance(node, tree.Unary) and node.operator in "+-":
        return arithmetic(0, node.operator, evaluate(node.operand))
    if isinstance(node, tree.Binary) and node.operator in ("+", "-", "*", "/", "//", "%", "^"):
        return arithmetic(evaluate(node.left), node.operator, evaluate(node.right))
    if isinstance(node, tree.FunctionCall) and node.name.name in FUNCTIONS:
        return FUNCTIONS[node.name.name](*[evaluate(argument.value) for argument in node.arguments])
    raise LookupError(type(node).__name__)

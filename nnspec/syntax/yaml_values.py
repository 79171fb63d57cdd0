"""Values of the YAML surface: scalars, lists and mappings to expressions and arguments.

A plain scalar is an arrow expression. It knows which shapes a value may have, not what any
operator makes of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import yaml as codes
from nnspec.source import SourceFile, Span
from nnspec.syntax.arrow import parse_expression, parse_labels, parse_names
from nnspec.syntax.place import Place
from nnspec.syntax.tree import (
    Argument,
    Constant,
    Expression,
    FunctionCall,
    Hole,
    Index,
    Label,
    List,
    Name,
    Number,
    Outer,
    Text,
    Tuple,
)
from nnspec.syntax.yaml_nodes import Mapping, Scalar, Sequence, YamlNode
from nnspec.syntax.yaml_scalars import offsets

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics

_LOWER_NAME = re.compile(r"[a-z][A-Za-z0-9_]*")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class WholePlace(Place):
    """The place of a text whose characters cannot be placed one by one: all of it."""

    def __init__(self, file: SourceFile, start: int, end: int) -> None:
        super().__init__(file, start)
        self._whole = Span(file, start, end)

    def span(self, start: int, end: int) -> Span:
        """The whole text, whichever part is asked for."""
        return self._whole

    def at(self, start: int) -> WholePlace:
        """The same place: no part of it has one of its own."""
        return self


def place_of(node: Scalar) -> Place:
    """Where each character of a scalar's decoded text stands in the file."""
    table = offsets(node.file.text, node.start, node.read_to, node.style, node.text)
    if isinstance(table, range):
        return Place(node.file, node.start)
    return WholePlace(node.file, node.start, node.end) if table is None else Place(node.file, offsets=table)


def describe_kind(node: YamlNode) -> str:
    """What a value is, as it reads after "not"."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list" if node.items else "an empty list"
    if node.plain and node.value is None:
        return "nothing"
    if not node.text.strip():
        return "an empty text"
    return f"`{node.text}`" if len(node.text) <= 40 and "\n" not in node.text else "a text"


def is_nothing(node: YamlNode) -> bool:
    """Whether a value is empty, `~` or `null`."""
    return isinstance(node, Scalar) and node.plain and node.value is None


class ValueReader:
    """Reads expressions and arguments; what is wrong is reported, and None returned for it."""

    def __init__(self, found: Diagnostics) -> None:
        self.found = found
        self._values: dict[tuple[int, bool], Expression | None] = {}

    def wrong(self, node: YamlNode, wanted: str, *, help: str | None = None) -> None:
        """Report a value of the wrong kind, once."""
        self.fault(node, f"{wanted} is wanted here, not {describe_kind(node)}", help=help)

    def fault(self, node: YamlNode, message: str, *, help: str | None) -> None:
        """Report what is wrong with a value, once."""
        if not node.faulty:
            node.faulty = True
            self.found.report(codes.WRONG_TYPE, message, node.span, help=help)

    def expression(self, node: YamlNode, *, quoted_is_text: bool = False) -> Expression | None:
        """A value; a quoted scalar is a text in an argument (but `"?"` is a hole), an expression elsewhere."""
        if isinstance(node, Scalar):
            return self._scalar(node, quoted_is_text)
        key = (id(node), quoted_is_text)  # an aliased value is read once
        if key not in self._values:
            self._values[key] = (
                self._list(node, quoted_is_text) if isinstance(node, Sequence) else self._call(node, quoted_is_text)
            )
        return self._values[key]

    def _scalar(self, node: Scalar, quoted_is_text: bool) -> Expression | None:
        if node.faulty:
            return None
        if not node.plain and node.text == "?":
            return Hole(node.span)  # YAML keeps a bare `?` for itself
        if not node.plain and quoted_is_text:
            return Text(node.span, node.text)
        if not node.plain and not node.text.strip():
            self.wrong(node, "an expression")
            return None
        value = node.value if node.plain else node.text
        if value is None or isinstance(value, bool):
            return Constant(node.span, value)
        if isinstance(value, int) and node.text[:2] in ("0x", "0o"):
            return Number(node.span, value)
        if node.plain and _SPECIAL.fullmatch(node.text):
            self.found.report(
                codes.NOT_FINITE, f"`{node.text}` is no number of a network", node.span, help="write a finite number"
            )
            return None
        return parse_expression(node.text, place_of(node), self.found)

    def _list(self, node: Sequence, quoted_is_text: bool) -> List | None:
        items: list[Expression] = []
        whole = True
        for child in node.items:
            item = self.expression(child, quoted_is_text=quoted_is_text)
            if item is None:
                whole = False
            else:
                items.append(item)
        return List(node.span, tuple(items)) if whole else None

    def _call(self, node: Mapping, quoted_is_text: bool) -> FunctionCall | None:
        """A choice with settings: `{normal: {std: 0.01}}` is `normal(std=0.01)`."""
        if len(node.pairs) != 1 or not _LOWER_NAME.fullmatch(node.pairs[0][0].text):
            self.wrong(node, "a value", help="a choice with settings is written `{normal: {std: 0.01}}`")
            return None
        key, value = node.pairs[0]
        arguments = self.arguments(value)
        return None if arguments is None else FunctionCall(node.span, Name(key.span, key.text), arguments)

    def arguments(self, node: YamlNode) -> tuple[Argument, ...] | None:
        """A scalar is the first positional argument, a list all of them, a mapping the keywords."""
        if isinstance(node, Mapping):
            return self._keywords(node)
        children = node.items if isinstance(node, Sequence) else [] if is_nothing(node) else [node]
        arguments: list[Argument] = []
        for child in children:
            value = self.expression(child, quoted_is_text=True)
            if value is not None:
                arguments.append(Argument(child.span, None, value))
        return tuple(arguments) if len(arguments) == len(children) else None

    def _keywords(self, node: Mapping) -> tuple[Argument, ...] | None:
        arguments: list[Argument] = []
        for key, child in node.pairs:
            value = self.expression(child, quoted_is_text=True)
            if not _LOWER_NAME.fullmatch(key.text):
                self.found.report(
                    codes.BAD_KEY,
                    f"`{key.text}` is no name of an argument",
                    key.span,
                    help="put a value that holds `: ` or a comma in quotes",
                )
            elif value is not None:
                arguments.append(Argument(Span(node.file, key.start, child.end), key.text, value, key.span))
        return tuple(arguments) if len(arguments) == len(node.pairs) else None

    def text(self, node: YamlNode, wanted: str) -> Text | None:
        """A text; a plain word is one, a number is not."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            self.wrong(node, wanted, help="put it in quotes" if isinstance(node, Scalar) else None)
            return None
        return None if node.faulty else Text(node.span, node.text)

    def names(self, node: YamlNode, wanted: str = "a name or a list of names") -> tuple[Name, ...] | None:
        """`i`, `"y, h, c"` or `[y, h, c]`."""
        if isinstance(node, Mapping) or is_nothing(node) or (isinstance(node, Sequence) and not node.items):
            self.wrong(node, wanted)
            return None
        if isinstance(node, Scalar):
            return None if node.faulty else parse_names(node.text, place_of(node), self.found)
        names: list[Name] = []
        whole = True
        for child in node.items:
            if not isinstance(child, Scalar):
                self.wrong(child, "a name")
            few = self.names(child) if isinstance(child, Scalar) else None
            whole = whole and few is not None
            names.extend(few or ())
        return tuple(names) if whole else None

    def reference(self, node: YamlNode) -> tuple[str, tuple[Expression, ...]] | None:
        """A tensor by name: `x`, `e[3 - i]`; `_` is the name of the outer one."""
        if not isinstance(node, Scalar) or is_nothing(node):
            self.wrong(node, "the name of a tensor")
            return None
        if node.faulty:
            return None
        read = parse_expression(node.text, place_of(node), self.found)
        if isinstance(read, Outer):
            return "_", ()
        if isinstance(read, Name):
            return read.name, ()
        if isinstance(read, Index) and isinstance(read.value, Name):
            return read.value.name, read.indexes
        if read is not None:
            self.wrong(node, "the name of a tensor, such as `x` or `e[3 - i]`")
        return None

    def labels(self, node: YamlNode, index: YamlNode | None = None) -> tuple[Label, ...] | None:
        """What stands after `as`: names, or one name with its indexes."""
        children = node.items if isinstance(node, Sequence) else [node]
        labels: list[Label] = []
        whole = bool(children)
        if not children:
            self.wrong(node, "the name of a tensor")
        for child in children:
            if not isinstance(child, Scalar) or not child.text.strip():
                self.wrong(child, "the name of a tensor")
            few = self._labels(child) if isinstance(child, Scalar) and not child.faulty else None
            whole = whole and few is not None
            labels.extend(few or ())
        if index is None or not whole:
            return tuple(labels) if whole else None
        indexes = self.indexes(index)
        if len(labels) != 1 or labels[0].indexes:
            self.fault(
                index, "`index` belongs to one label that has no index of its own", help="write `as: e[i]` alone"
            )
            return None
        return None if indexes is None else (Label(labels[0].span, labels[0].name, indexes),)

    def _labels(self, node: Scalar) -> tuple[Label, ...] | None:
        return parse_labels(node.text, place_of(node), self.found)

    def indexes(self, node: YamlNode) -> tuple[Expression, ...] | None:
        """`[i, j]`, or one value."""
        read = self.expression(node)
        if read is None:
            return None
        return read.items if isinstance(read, List) and isinstance(node, Sequence) else (read,)

    def shape(self, node: YamlNode) -> Tuple | None:
        """A promised shape: `[7, 7, _]` or `(7, 7, _)`."""
        read = self.expression(node)
        if read is None or isinstance(read, Tuple):
            return read
        return Tuple(node.span, read.items if isinstance(read, List) else (read,))

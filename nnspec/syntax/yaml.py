"""The YAML surface: a whole file to the one syntax tree, the same that the arrow notation gives.

The keyed form is read in the order that the language fixes, `statements` as it stands. `train`,
`search` and `export` pass through unread, as data with places.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from nnspec.diagnostics.codes import yaml as codes
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.source import SourceFile, Span
from nnspec.syntax.arrow import parse_head, parse_names, parse_statement
from nnspec.syntax.outline import check_outline
from nnspec.syntax.schema import PLURALS
from nnspec.syntax.tree import (
    NO_COMMENTS,
    AnyStatement,
    BlockStatement,
    BrokenStatement,
    DefaultStatement,
    ExpectStatement,
    FlowStatement,
    FormulaStatement,
    ImportStatement,
    LetStatement,
    ModelStatement,
    Name,
    OutputStatement,
    Parameter,
    ParamStatement,
    Reference,
    SharedStatement,
    TensorStatement,
    Tree,
)
from nnspec.syntax.yaml_document import compose
from nnspec.syntax.yaml_flow import FlowReader
from nnspec.syntax.yaml_nodes import Mapping, Scalar, Sequence, YamlNode
from nnspec.syntax.yaml_rest import SECTIONS, UNREAD_SECTIONS, allowances, sections, text_of
from nnspec.syntax.yaml_values import describe_kind, is_nothing, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

Statements: TypeAlias = list[AnyStatement]
_Head: TypeAlias = "tuple[Name, tuple[Parameter, ...] | None]"

_FIRST_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ORDER = ("import", "param", "let", "default", "block", "shared", "model", "tensor", "network", "output", "expect")
_UNREAD = (*SECTIONS, "nnspec", "name", "description", "allow")


def parse_yaml(file: SourceFile, found: Diagnostics) -> Tree:
    """The tree of a YAML spec; what is wrong is reported at its place, and the rest still read."""
    root = compose(file, found)
    whole = Span(file, 0, len(file.text))
    if not isinstance(root, Mapping):
        if root is not None:
            found.report(
                codes.NOT_A_SPEC,
                f"a spec is a mapping, not {describe_kind(root)}",
                root.span,
                help="begin the file with `nnspec: 1` and `network: ...`",
            )
        return Tree(whole, file, ())
    check_outline(root, found)
    for key, _ in root.pairs:
        if key.text in UNREAD_SECTIONS:
            found.report(
                codes.SECTION_NOT_READ, f"`{key.text}` is not read yet: it has no effect", key.span, help="take it away"
            )
    statements = tuple(_StatementReader(found).read(root))
    description, name = text_of(root.get("description")), text_of(root.get("name"))
    return Tree(whole, file, statements, description, name, sections(root), allowances(root))


def has_version(file: SourceFile) -> bool | None:
    """Whether a YAML file is a spec at all: its top level has `nnspec`. None where it is not YAML."""
    root = compose(file, Diagnostics())
    return None if root is None else isinstance(root, Mapping) and root.get("nnspec") is not None


class _StatementReader(FlowReader):
    """Reads the statements of either form."""

    def __init__(self, found: Diagnostics) -> None:
        super().__init__(found)
        self._kinds: dict[str, Callable[[YamlNode], Statements]] = {
            "import": self._imports, "param": self._params, "let": self._lets, "default": self._defaults,
            "block": self._blocks, "shared": self._shared, "model": self._models, "tensor": self._tensors,
            "network": self._network, "output": self._outputs, "expect": self._expects,
        }  # fmt: skip

    def read(self, root: Mapping) -> Statements:
        """The keyed form in its fixed order, then `statements`."""
        singular = {word: plural for plural, word in PLURALS.items()}
        statements: Statements = [
            _broken(value, *_meant(value)) for key, value in root.pairs if value.faulty and key.text not in _UNREAD
        ]
        for kind in _ORDER:
            node = root.get(singular.get(kind, kind))
            if node is not None and not node.faulty:
                statements.extend(self._kinds[kind](node))
        listed = root.get("statements")
        if isinstance(listed, Sequence) and not listed.faulty:
            for item in listed.items:
                statements.extend(self._statement(item))
        return statements

    def _statement(self, node: YamlNode) -> Statements:
        if node.faulty:
            return [_broken(node)]
        if isinstance(node, Scalar):
            if not node.text.strip():
                self.wrong(node, "a statement, as text or mapping")
                return []
            return [parse_statement(node.text, place_of(node), self.found)]
        if not isinstance(node, Mapping) or not node.pairs:
            return []
        key, value = node.pairs[0]
        if value.faulty:
            return [_broken(value)]
        return self._kinds[PLURALS.get(key.text, key.text)](value)

    def _pairs(self, node: YamlNode, wanted: str) -> list[tuple[Scalar, YamlNode]]:
        if isinstance(node, Mapping):
            return [(key, value) for key, value in node.pairs if not value.faulty]
        self.wrong(node, wanted)
        return []

    def _head(self, key: Scalar) -> _Head | None:
        return parse_head(key.text, place_of(key), self.found)

    def _plain_head(self, key: Scalar) -> Name | None:
        """A key that takes no parameters: a param, a shared part or a model."""
        head = self._head(key)
        if head is not None and head[1] is not None:
            self.found.report(
                codes.BAD_KEY,
                f"`{head[0].name}` takes no parameters here",
                key.span,
                help=f"write `{head[0].name}`, or make it one of the `blocks`",
            )
            return None
        return None if head is None else head[0]

    # --- numbers ------------------------------------------------------------------------

    def _params(self, node: YamlNode) -> Statements:
        statements: Statements = []
        for key, value in self._pairs(node, "a mapping from names to values"):
            name = self._plain_head(key)
            default = None if is_nothing(value) else self.expression(value)
            if name is None or (default is None and not is_nothing(value)):
                statements.append(_broken(key, name))
            else:
                statements.append(ParamStatement(_both(key, value), name, default, NO_COMMENTS))
        return statements

    def _lets(self, node: YamlNode) -> Statements:
        statements: Statements = []
        for key, value in self._pairs(node, "a mapping from names to values"):
            head = self._head(key)
            read = self.expression(value)
            if head is None or read is None:
                statements.append(_broken(key, head and head[0]))
            elif head[1] is None:
                statements.append(LetStatement(_both(key, value), head[0], read, NO_COMMENTS))
            else:
                statements.append(FormulaStatement(_both(key, value), head[0], head[1], read, NO_COMMENTS))
        return statements

    def _defaults(self, node: YamlNode) -> Statements:
        statements: Statements = []
        for key, value in self._pairs(node, "a mapping from operators to arguments"):
            name = self._plain_head(key)
            arguments = self.arguments(value)
            if name is None or arguments is None:
                statements.append(_broken(key))
            else:
                statements.append(DefaultStatement(_both(key, value), name, arguments, NO_COMMENTS))
        return statements

    # --- parts --------------------------------------------------------------------------

    def _blocks(self, node: YamlNode) -> Statements:
        statements: Statements = []
        for key, value in self._pairs(node, "a mapping from heads to flows"):
            head = self._head(key)
            flow = self.flow(value)
            if head is None or flow is None:
                statements.append(_broken(key, head and head[0]))
            else:
                statements.append(BlockStatement(_both(key, value), head[0], head[1] or (), flow, NO_COMMENTS))
        return statements

    def _shared(self, node: YamlNode) -> Statements:
        return self._parts(node, SharedStatement)

    def _models(self, node: YamlNode) -> Statements:
        return self._parts(node, ModelStatement)

    def _parts(self, node: YamlNode, kind: type[SharedStatement] | type[ModelStatement]) -> Statements:
        statements: Statements = []
        for key, value in self._pairs(node, "a mapping from names to flows"):
            name = self._plain_head(key)
            flow = self.flow(value)
            if name is None or flow is None:
                statements.append(_broken(key, name))
            else:
                statements.append(kind(_both(key, value), name, flow, NO_COMMENTS))
        return statements

    def _tensors(self, node: YamlNode) -> Statements:
        if isinstance(node, Mapping) and {key.text for key, _ in node.pairs} == {"names", "flow"}:
            values = {key.text: value for key, value in node.pairs}
            return [self._tensor(node, node.pairs[0][0], self.names(values["names"]), values["flow"])]
        statements: Statements = []
        for key, value in self._pairs(node, "a mapping from names to flows"):
            names = parse_names(key.text, place_of(key), self.found)
            statements.append(self._tensor(key, key, names, value))
        return statements

    def _tensor(self, node: YamlNode, first: Scalar, names: tuple[Name, ...] | None, value: YamlNode) -> AnyStatement:
        flow = self.flow(value)
        if names is None or flow is None:
            return _broken(node, *(names or ()))
        return TensorStatement(_both(first, value), names, flow, NO_COMMENTS)

    def _network(self, node: YamlNode) -> Statements:
        flow = self.flow(node)
        return [_broken(node) if flow is None else FlowStatement(node.span, flow, NO_COMMENTS)]

    # --- the rest -----------------------------------------------------------------------

    def _outputs(self, node: YamlNode) -> Statements:
        labels = self.labels(node)
        if labels is None:
            return [_broken(node)]
        outputs = tuple([Reference(label.span, label.name, label.indexes) for label in labels])
        return [OutputStatement(node.span, outputs, NO_COMMENTS)]

    def _imports(self, node: YamlNode) -> Statements:
        statements: Statements = []
        for child in node.items if isinstance(node, Sequence) else [node]:
            if child.faulty or not isinstance(child, Mapping):
                continue
            fields = self.fields(child, ("names", "from"), ())
            names = None if fields is None else self._imported(fields["names"])
            path = None if fields is None else self.text(fields["from"], "the path of a spec")
            if names is None or path is None:
                statements.append(_broken(child, *(names or ())))
            else:
                statements.append(ImportStatement(child.span, names, path, NO_COMMENTS))
        return statements

    def _imported(self, node: YamlNode) -> tuple[Name, ...] | None:
        """The names of an import, parts and numbers alike: `[Bottleneck, width]` or `"Bottleneck, width"`."""
        names: list[Name] = []
        for child in node.items if isinstance(node, Sequence) else [node]:
            if not isinstance(child, Scalar) or is_nothing(child):
                self.wrong(child, "a name or a list of names")
                return None
            place = place_of(child)
            for part in re.finditer(r"[^,]+", child.text):
                head = parse_head(part[0], place.at(part.start()), self.found)
                if head is None or head[1] is not None:
                    self.wrong(child, "a list of names") if head else None
                    return None
                names.append(head[0])
        return tuple(names)

    def _expects(self, node: YamlNode) -> Statements:
        statements: Statements = []
        for child in node.items if isinstance(node, Sequence) else [node]:
            condition = None if child.faulty else self.expression(child)
            if condition is None:
                statements.append(_broken(child))
            else:
                statements.append(ExpectStatement(child.span, condition, NO_COMMENTS))
        return statements


def _both(key: Scalar, value: YamlNode) -> Span:
    """From a key to the end of its value; an aliased value lies elsewhere, and then the key alone."""
    return Span(key.file, key.start, value.end if value.end >= key.end else key.end)


def _broken(node: YamlNode, *names: Name | None) -> BrokenStatement:
    return BrokenStatement(node.span, tuple([name.name for name in names if name is not None]), NO_COMMENTS)


def _meant(node: YamlNode) -> list[Name]:
    """The names that a faulty value would have defined, so that their uses are not errors as well."""
    scalars = [key for key, _ in node.pairs] if isinstance(node, Mapping) else []
    if isinstance(node, Sequence):
        scalars = [item for item in node.items if isinstance(item, Scalar)]
    heads = [(scalar, _FIRST_NAME.match(scalar.text)) for scalar in scalars]
    return [Name(scalar.span, head[0]) for scalar, head in heads if head is not None]

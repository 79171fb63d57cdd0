"""What a YAML spec holds beside statements: texts, allowances, and the sections left for others to read.

The sections are data with places; what `train` means, the train section's own reader knows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnspec.source import Span
from nnspec.syntax.tree import Allowance, DataList, DataMapping, DataScalar
from nnspec.syntax.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from nnspec.source import SourceFile
    from nnspec.syntax.tree import Data
    from nnspec.syntax.yaml_nodes import YamlNode

SECTIONS = ("train", "search", "export")
UNREAD_SECTIONS = ("search", "export")

_ALLOW = re.compile(
    r"^(.*?)(?:(?<=[ \t])|^)#[ \t]*allow:[ \t]*([a-z0-9-]+(?:[ \t]*,[ \t]*[a-z0-9-]+)*)[ \t\r]*$", re.MULTILINE
)


def text_of(node: YamlNode | None) -> str | None:
    """A text without the line ends that a block text has behind it."""
    return node.text.rstrip("\n") if isinstance(node, Scalar) and isinstance(node.value, str) else None


def allowances(root: Mapping) -> tuple[Allowance, ...]:
    """Those of `allow`, for the whole file, and of comments `# allow: slug`, for their line."""
    node = root.get("allow")
    slugs = node.items if isinstance(node, Sequence) else [] if node is None else [node]
    listed = [Allowance(slug.span, slug.text) for slug in slugs if isinstance(slug, Scalar) and not slug.faulty]
    commented = _commented(root.file) if "allow:" in root.file.text else []
    return tuple(sorted([*listed, *commented], key=lambda found: found.line is not None))


def _commented(file: SourceFile) -> list[Allowance]:
    found = []
    for comment in _ALLOW.finditer(file.text):
        line = file.position(comment.start())[0] if comment[1].strip() else None
        span = Span(file, comment.start(), comment.end(2))
        found.extend([Allowance(span, slug.strip(), line) for slug in comment[2].split(",")])
    return found


def sections(root: Mapping) -> DataMapping | None:
    """`train`, `search` and `export` as they stand; None where there is none of them."""
    reader = _DataReader()
    items = [
        (reader.scalar(key), reader.read(value))
        for key, value in root.pairs
        if key.text in SECTIONS and not value.faulty
    ]
    return DataMapping(root.span, tuple(items)) if items else None


class _DataReader:
    """Reads what is not language: scalars by the core schema, lists and mappings as they stand."""

    def __init__(self) -> None:
        self._read: dict[int, Data] = {}

    def scalar(self, node: Scalar) -> DataScalar:
        return DataScalar(node.span, node.value, node.text, node.plain)

    def read(self, node: YamlNode) -> Data:
        if isinstance(node, Scalar):
            return self.scalar(node)
        data = self._read.get(id(node))  # an aliased part is read once, however often it is used
        if data is None:
            data = self._read[id(node)] = self._list(node) if isinstance(node, Sequence) else self._mapping(node)
        return data

    def _list(self, node: Sequence) -> DataList:
        items: list[Data] = []
        for item in node.items:
            items.append(self.read(item))  # a comprehension costs a stack frame a level
        return DataList(node.span, tuple(items))

    def _mapping(self, node: Mapping) -> DataMapping:
        items: list[tuple[DataScalar, Data]] = []
        for key, value in node.pairs:
            items.append((self.scalar(key), self.read(value)))
        return DataMapping(node.span, tuple(items))

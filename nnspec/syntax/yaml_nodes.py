"""The nodes of a YAML document: scalars, lists and mappings with their places, before any key means anything."""

from __future__ import annotations

import re
from typing import TypeAlias

from nnspec.source import SourceFile, Span
from nnspec.syntax.yaml_scalars import CoreValue, core_value

MOST_LEVELS = 200

YamlNode: TypeAlias = "Scalar | Sequence | Mapping"
_BRACKET = re.compile(r"[()\[\]{}]")


class _Written:
    """What every node has: its characters, how many nodes it expands to, how deep it goes.

    `faulty` is set once something is reported about the node itself: then readers keep silent on it.
    """

    __slots__ = ("count", "end", "faulty", "file", "levels", "start")

    def __init__(self, file: SourceFile, start: int, end: int) -> None:
        self.file = file
        self.start = start
        self.end = end
        self.count = 1
        self.levels = 0
        self.faulty = False

    @property
    def span(self) -> Span:
        return Span(self.file, self.start, self.end)


class Scalar(_Written):
    """A scalar: `text` as decoded, `style` one of `"", "'", '"', "|", ">"`.

    A block text is read to `read_to`, past the blank lines at its end.
    """

    __slots__ = ("read_to", "style", "tag", "text")

    def __init__(self, file: SourceFile, start: int, end: int, text: str, style: str = "", tag: str = "") -> None:
        super().__init__(file, start, end)
        self.read_to = end
        self.text = text
        self.style = style
        self.tag = tag
        self.levels = _bracket_levels(text)

    @property
    def plain(self) -> bool:
        """Whether it stands without quotes, so that it may be more than a text."""
        return self.style == "" and self.tag != "str"

    @property
    def value(self) -> CoreValue:
        """What it means by YAML 1.2's core schema."""
        return core_value(self.text) if self.plain else self.text


class Sequence(_Written):
    """A list; `flow` where it was written in brackets."""

    __slots__ = ("flow", "items")

    def __init__(self, file: SourceFile, start: int, end: int, items: list[YamlNode], flow: bool) -> None:
        super().__init__(file, start, end)
        self.items = items
        self.flow = flow


class Mapping(_Written):
    """A mapping, its keys in order and each one once."""

    __slots__ = ("_values", "flow", "pairs")

    def __init__(
        self, file: SourceFile, start: int, end: int, pairs: list[tuple[Scalar, YamlNode]], flow: bool
    ) -> None:
        super().__init__(file, start, end)
        self.pairs = pairs
        self.flow = flow
        self._values: dict[str, YamlNode] | None = None

    def get(self, key: str) -> YamlNode | None:
        """The value of a key, or None."""
        if self._values is None:
            self._values = {name.text: value for name, value in self.pairs}
        return self._values.get(key)


def _bracket_levels(text: str) -> int:
    """How deep the brackets of an arrow text go; past the limit its own parser speaks."""
    if "(" not in text and "[" not in text and "{" not in text:
        return 0
    level = deepest = 0
    for bracket in _BRACKET.finditer(text):
        level += 1 if bracket[0] in "([{" else -1
        deepest = max(deepest, level)
    return deepest if deepest <= MOST_LEVELS else 0

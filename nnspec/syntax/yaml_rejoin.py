"""Puts arrow texts together again that YAML cut at their commas: `[Conv(64, 1), ReLU]`.

Inside YAML's own brackets a plain text ends at a comma, so YAML alone sees `Conv(64`, `1)` and
`ReLU` there. A plain text that leaves a parenthesis open, and the plain texts that close it, are one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.syntax.yaml_nodes import Scalar

if TYPE_CHECKING:
    from nnspec.source import SourceFile
    from nnspec.syntax.yaml_nodes import YamlNode


_MOST_PIECES = 100  # how many commas one text may hold; without a bound, `[f(, f(, …]` takes quadratic time


def rejoined(children: list[YamlNode], file: SourceFile, *, mapping: bool) -> list[YamlNode]:
    """The children of a collection in YAML brackets, cut texts whole; keys and values in turn for a mapping.

    `[Conv(64, 1), ReLU]` is a list of two stages, though YAML alone sees `Conv(64`, `1)` and `ReLU`.
    """
    if not any(isinstance(child, Scalar) and child.plain and "(" in child.text for child in children):
        return children
    joined: list[YamlNode] = []
    at = 0
    while at < len(children):
        last = _closing_key(children, at) if mapping else _closing(children, at, at + 1, 1)
        joined.append(_whole(children[at], children[last], file))
        at = last + 1
        if mapping:
            last = _closing(children, at, at + 1, 2)
            joined.append(_whole(children[at], children[last], file))
            at = last + 1 if last == at else last + 2
    return joined


def _whole(first: YamlNode, last: YamlNode, file: SourceFile) -> YamlNode:
    if first is last:
        return first
    return Scalar(file, first.start, last.end, file.text[first.start : last.end])


def _closing_key(children: list[YamlNode], at: int) -> int:
    """The index of the key that ends the text which the key at `at` begins; only that one has a value."""
    return at if not _absent(children[at + 1]) else _closing(children, at, at + 2, 2, valued=True)


def _closing(children: list[YamlNode], first: int, rest: int, step: int, *, valued: bool = False) -> int:
    """The index of the piece that closes the parentheses opened at `first`; `first` itself where there is none.

    Further pieces stand at `rest` and every `step` on; in a mapping they are keys without values, but
    for the last one where it may be `valued`.
    """
    level = _opened(children[first])
    if not level or level < 0:
        return first
    for index in range(rest, min(len(children), rest + _MOST_PIECES * step), step):
        piece = _opened(children[index])
        if piece is None:
            return first
        level += piece
        alone = step == 1 or _absent(children[index + 1])
        if level == 0 and (alone or valued):
            return index
        if level <= 0 or not alone:
            return first
    return first


def _opened(node: YamlNode) -> int | None:
    """How many parentheses a plain text opens and does not close; None for anything else."""
    if not isinstance(node, Scalar) or not node.plain:
        return None
    return node.text.count("(") - node.text.count(")")


def _absent(node: YamlNode) -> bool:
    return isinstance(node, Scalar) and node.start == node.end and node.style == ""

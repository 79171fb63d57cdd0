"""Holes in a tree: which there are, and the tree with something in their place.

A hole is known by its place in the text, so one in a block's body or in a loop is one hole, however
often it is met. This file knows nothing of what would fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from nnspec.record import replace
from nnspec.source import Span
from nnspec.syntax.tree import Expression, Hole, Name, Node, Number, Tree, children

#: What is put in place of each hole: a number, or the name of a symbolic size.
Filling: TypeAlias = "Mapping[Span, int | str]"


def holes_in(root: Node) -> Iterator[tuple[Hole, tuple[Node, ...]]]:
    """Each hole below a node with the nodes around it, outermost first, in the order of statements.

    One that an alias of YAML repeats comes once for each place.
    """
    around: list[Node] = []
    todo: list[tuple[Node, int]] = [(root, 0)]
    while todo:
        node, depth = todo.pop()
        del around[depth:]
        if isinstance(node, Hole):
            yield node, tuple(around)
        around.append(node)
        todo.extend([(child, depth + 1) for child in reversed(list(children(node)))])


class Template:
    """A tree with holes. A filled one shares all but the nodes around its holes with it."""

    def __init__(self, syntax: Tree) -> None:
        self.syntax = syntax
        self._above: set[int] = set()  # ids of the nodes that a hole stands in
        for _, around in holes_in(syntax):
            self._above.update(map(id, around))

    def filled(self, filling: Filling) -> Tree:
        """The tree with some or all of its holes filled."""
        made: Tree = self._filled(self.syntax, filling)
        return made

    def _filled(self, node: Any, filling: Filling) -> Any:
        if isinstance(node, Hole):
            return _written(node, filling[node.span]) if node.span in filling else node
        if isinstance(node, tuple):
            return tuple([self._filled(item, filling) for item in node])
        if id(node) not in self._above:
            return node
        inner = {
            name: self._filled(value, filling)
            for name, value in node.__dict__.items()
            if isinstance(value, (Node, tuple))
        }
        return replace(node, **inner)


def _written(hole: Hole, value: int | str) -> Expression:
    return Name(hole.span, value) if isinstance(value, str) else Number(hole.span, value)

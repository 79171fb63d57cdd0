"""Finds syntax by its place, and what stands around it: from the span of a finding to the nodes to change.

It knows the tree alone; what a node means is the business of those who ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.source import Span

N = TypeVar("N", bound=tree.Node)


class Places:
    """All nodes of some trees, by their spans; an operator is also found by the span of its name."""

    def __init__(self, trees: Sequence[tree.Tree]) -> None:
        self._trees = trees
        self._nodes: dict[tuple[str, int, int], list[tree.Node]] = {}
        self._parents: dict[int, tree.Node] = {}
        todo: list[tree.Node] = [statement for each in trees for statement in each.statements]
        while todo:
            node = todo.pop()
            self._nodes.setdefault(_key(node.span), []).append(node)
            if isinstance(node, tree.Apply) and node.name_span != node.span:
                self._nodes.setdefault(_key(node.name_span), []).append(node)
            for child in tree.children(node):
                if id(child) not in self._parents:  # an aliased piece of YAML has several
                    self._parents[id(child)] = node
                    todo.append(child)

    def at(self, span: Span, kind: type[N]) -> N | None:
        """The node of a kind that has a span, the innermost one."""
        found = [node for node in self._nodes.get(_key(span), ()) if isinstance(node, kind)]
        return found[-1] if found else None

    def all_of(self, kind: type[N]) -> Iterator[N]:
        """All nodes of a kind."""
        for nodes in self._nodes.values():
            yield from (node for node in nodes if isinstance(node, kind))

    def owner(self, braces: tree.Braces) -> str:
        """What is written before braces; nothing before a stage of their own."""
        owner = next(self.around(braces), None)
        return owner.name if isinstance(owner, tree.Apply) else ""

    def around(self, node: tree.Node) -> Iterator[tree.Node]:
        """What stands around a node, from the inside out."""
        parent = self._parents.get(id(node))
        while parent is not None:
            yield parent
            parent = self._parents.get(id(parent))

    def stage_of(self, node: tree.Node) -> tuple[tree.Flow, tree.Stage] | None:
        """The innermost flow around a node, and the stage of it that the node belongs to."""
        below: tree.Node = node
        for parent in self.around(node):
            if isinstance(parent, tree.Flow):
                return next(((parent, stage) for stage in parent.stages if stage is below), None)
            below = parent
        return None

    def definition(self, name: tree.Name) -> tree.Expression | None:
        """The expression that a number's name stands for, where a `let` or `param` says it plainly."""
        for parent in self.around(name):
            own = getattr(parent, "parameters", ())
            if any(parameter.name == name.name for parameter in own):
                return None
            if isinstance(parent, (tree.For, tree.BracesFor)) and any(n.name == name.name for n in parent.names):
                return None
        for each in self._trees:
            if each.file is not name.span.file:
                continue
            for statement in each.statements:
                if isinstance(statement, tree.LetStatement) and statement.name.name == name.name:
                    return statement.value
                if isinstance(statement, tree.ParamStatement) and statement.name.name == name.name:
                    return statement.default
        return None

    def shared(self, name: str, used: Span) -> tree.SharedStatement | None:
        """The statement of the shared part of this name, in the file where it is used."""
        for each in self._trees:
            for statement in each.statements if each.file is used.file else ():
                if isinstance(statement, tree.SharedStatement) and statement.name.name == name:
                    return statement
        return None

    def parameter(self, name: tree.Name) -> tuple[tree.BlockStatement, tree.Parameter] | None:
        """The block whose parameter a name is, and that parameter."""
        for parent in self.around(name):
            if isinstance(parent, tree.BlockStatement):
                found = next((p for p in parent.parameters if p.name == name.name), None)
                return None if found is None else (parent, found)
        return None

    def of_kind(self, kind: type[N], root: tree.Node) -> Iterator[N]:
        """All nodes of a kind below one, itself included, in their order."""
        todo = [root]
        while todo:
            node = todo.pop()
            if isinstance(node, kind):
                yield node
            todo.extend(reversed(list(tree.children(node))))

    def statement_of(self, node: tree.Node) -> tree.Node:
        """The statement that a node stands in."""
        last = node
        for parent in self.around(node):
            last = parent
        return last


def _key(span: Span) -> tuple[str, int, int]:
    """What tells a place where one file may have been read twice."""
    return span.file.path, span.start, span.end

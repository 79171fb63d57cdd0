"""Arrow text read for tests: what it becomes, and that in writing by an oracle that knows no precedence."""

from __future__ import annotations

from typing import Any

from nnspec.diagnostics.diagnostic import Diagnostic, Diagnostics
from nnspec.source import SourceFile, Span
from nnspec.syntax import tree
from nnspec.syntax.arrow import parse_arrow

NOWHERE = Span(SourceFile("nowhere", ""), 0, 0)
RESERVED = [
    *("let", "param", "default", "block", "shared", "model", "output", "import", "from", "expect", "for", "in"),
    *("if", "else", "as", "and", "or", "not", "true", "false", "none"),
]


def read(text: str) -> tuple[tree.Tree, list[Diagnostic]]:
    found = Diagnostics()
    return parse_arrow(SourceFile("a.nn", text), found), found.sorted()


def good(text: str) -> tree.Tree:
    parsed, found = read(text)
    assert [(one.message, one.span.text) for one in found] == []
    return parsed


def only(text: str) -> Any:
    (statement,) = good(text).statements
    return statement


def stages(text: str) -> tuple[Any, ...]:
    return only(text).flow.stages


def stage(text: str) -> Any:
    (found,) = stages(text)
    return found


def value(text: str) -> Any:
    return only(f"let a = {text}").value


def shown(node: Any) -> str:
    """An expression with every bracket written out: an oracle that knows no precedence."""
    if isinstance(node, tree.Binary):
        return f"({shown(node.left)} {node.operator} {shown(node.right)})"
    if isinstance(node, tree.Unary):
        return f"({node.operator} {shown(node.operand)})"
    if isinstance(node, tree.Conditional):
        return f"({shown(node.then)} if {shown(node.condition)} else {shown(node.otherwise)})"
    if isinstance(node, tree.Index):
        return f"{shown(node.value)}[{', '.join(map(shown, node.indexes))}]"
    if isinstance(node, tree.Attribute):
        return f"{shown(node.value)}.{node.name}"
    if isinstance(node, tree.FunctionCall):
        return f"{node.name.name}({', '.join(shown(one.value) for one in node.arguments)})"
    if isinstance(node, tree.Tuple):
        return f"<{' '.join(map(shown, node.items))}>"
    if isinstance(node, tree.List):
        return f"[{' '.join(map(shown, node.items))}]"
    return node.span.text


def outline(node: Any) -> str:
    """A stage with its suffixes written as brackets."""
    if isinstance(node, tree.Repeat):
        return f"({outline(node.body)} x {shown(node.count)})"
    if isinstance(node, tree.For):
        return f"({outline(node.body)} for {', '.join(n.name for n in node.names)} in {shown(node.iterable)})"
    if isinstance(node, tree.Choice):
        rest = f" else {outline(node.otherwise)}" if node.otherwise else ""
        return f"({outline(node.then)} if {shown(node.condition)}{rest})"
    if isinstance(node, tree.Promise):
        return f"({outline(node.body)} : {shown(node.shape)})"
    if isinstance(node, tree.Labelled):
        return f"({outline(node.body)} as {', '.join(label.name for label in node.labels)})"
    if isinstance(node, tree.Group):
        return f"[{' -> '.join(outline(one) for one in node.flow.stages)}]"
    return node.span.text

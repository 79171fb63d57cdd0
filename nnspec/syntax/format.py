"""Tree to canonical arrow text: parsing it again gives an equal tree, comments included.

Nodes are spread into a flat row of words and possible breaks with a stack instead of
recursion; pretty.py fits the row into lines. Brackets are written only where precedence
needs them, and groups stay as they are.
"""

from __future__ import annotations

import re
from typing import Any

from nnspec.syntax import format_words as words
from nnspec.syntax import tree
from nnspec.syntax.pretty import CLOSE, Break, Item, Open, Word, comment_text, fit, flat, place_comments

PLAIN, REPEATED, CHOICE, ATOM = range(4)  # how tight a stage holds together
_LEVELS: dict[type, int] = {tree.Promise: PLAIN, tree.Labelled: PLAIN, tree.Repeat: REPEATED, tree.For: REPEATED}
_BLANK_LINE = re.compile(r"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)")
_CONSTANTS = {True: "true", False: "false", None: "none"}


def format_tree(tree_: tree.Tree, unicode: bool = False) -> str:
    """The whole file as canonical text, with `->` and `x`, or `→` and `×`."""
    lines = (
        [comment_text(line) for line in (tree_.description or "").split("\n")] if tree_.description is not None else []
    )
    lines.extend(comment_text(f"allow: {item.slug}") for item in tree_.allowances if item.line is None)
    before: Any = None
    for statement in tree_.statements:
        if lines and (_apart(before, statement) or (before is None and statement.comments.leading)):
            lines.append("")
        lines.extend(_statement_lines(statement, unicode))
        before = statement
    if tree_.closing:
        lines.extend([""] * bool(lines))
        lines.extend(comment_text(line) for line in tree_.closing)
    return "".join(f"{line}\n" for line in lines)


def format_statement(statement: tree.AnyStatement, unicode: bool = False) -> str:
    """One statement without its comments."""
    return "\n".join(_closed(fit(_Spread(unicode).statement(statement))))


def format_flow(flow: tree.Flow, unicode: bool = False) -> str:
    """A flow on one line."""
    return flat(_Spread(unicode).row((flow, PLAIN)))


def format_stage(stage: tree.Stage, unicode: bool = False) -> str:
    """A stage on one line."""
    return flat(_Spread(unicode).row((stage, PLAIN)))


def format_expression(node: tree.Expression, unicode: bool = False) -> str:
    """An expression on one line."""
    return flat(_Spread(unicode).row((node, words.CONDITIONAL)))


def _apart(before: Any, statement: Any) -> bool:
    """Whether a blank line stood between two statements of one file."""
    if before is None or before.span.file is not statement.span.file or before.span.end > statement.span.start:
        return False
    return bool(_BLANK_LINE.search(statement.span.file.text, before.span.end, statement.span.start))


def _statement_lines(statement: tree.AnyStatement, unicode: bool) -> list[str]:
    comments = statement.comments
    items = _Spread(unicode).statement(statement)
    homeless = place_comments(items, [(inner.span.start, inner.text) for inner in comments.inside])
    lines = _closed(fit(items))
    if comments.trailing is not None:
        lines[-1] += f"  {comment_text(comments.trailing)}"
    return [*(comment_text(text) for text in (*comments.leading, *homeless)), *lines]


def _closed(lines: list[str]) -> list[str]:
    """A line that ends in the word `in` would go on; brackets keep it from that."""
    if re.search(r"(?<!\w)in\Z", lines[-1]):
        lines[-1] = f"{lines[-1][:-2]}(in)"
    return lines


class _Spread:
    """Spreads nodes into a flat row of words, breaks and groups."""

    def __init__(self, unicode: bool) -> None:
        self.arrow = "→ " if unicode else "-> "
        self.times = "×" if unicode else "x"

    def row(self, *pieces: Any) -> list[Item]:
        """The row of some pieces: texts, items, and nodes with the binding that their place needs."""
        done: list[Item] = []
        waiting = list(reversed(pieces))
        while waiting:
            piece = waiting.pop()
            if isinstance(piece, str):
                done.append(Word(piece))
            elif isinstance(piece, tuple):
                waiting.extend(reversed(self._node(*piece)))
            else:
                done.append(piece)
        return done

    def _node(self, node: Any, needs: int) -> list[Any]:
        method = _SPREAD[type(node)]
        if type(node) in _STAGES:
            holds = _LEVELS.get(type(node), CHOICE if isinstance(node, tree.Choice) else ATOM)
        elif isinstance(node, tree.Flow | tree.Braces | tree.BracesFor | tree.Argument | tree.Parameter):
            holds = needs
        else:
            holds = words.binding(node)
        pieces = method(self, node)
        return ["(", *pieces, ")"] if holds < needs else pieces

    # --- statements --------------------------------------------------------------------

    def statement(self, node: Any) -> list[Item]:
        """The row of a statement."""
        return self.row(*_SPREAD[type(node)](self, node))

    def _defined(self, head: list[Any], value: Any) -> list[Any]:
        pieces = [Open(2), *head, " =", Break()]
        inner = self._flow_inside(value) if isinstance(value, tree.Flow) else [Open(fill=True), (value, 0), CLOSE]
        return [*pieces, *inner, CLOSE]

    def _param(self, node: tree.ParamStatement) -> list[Any]:
        if node.default is None:
            return ["param ", node.name.name]
        return self._defined(["param ", node.name.name], node.default)

    def _let(self, node: tree.LetStatement) -> list[Any]:
        return self._defined(["let ", node.name.name], node.value)

    def _formula(self, node: tree.FormulaStatement) -> list[Any]:
        return self._defined(["let ", node.name.name, *self._listed("(", node.parameters, ")")], node.value)

    def _default(self, node: tree.DefaultStatement) -> list[Any]:
        return ["default ", node.operator.name, *self._listed("(", node.arguments, ")")]

    def _block(self, node: tree.BlockStatement) -> list[Any]:
        parameters = self._listed("(", node.parameters, ")") if node.parameters else []
        return self._defined(["block ", node.name.name, *parameters], node.flow)

    def _shared(self, node: tree.SharedStatement) -> list[Any]:
        return self._defined(["shared ", node.name.name], node.flow)

    def _model(self, node: tree.ModelStatement) -> list[Any]:
        return self._defined(["model ", node.name.name], node.flow)

    def _tensor(self, node: tree.TensorStatement) -> list[Any]:
        return self._defined([", ".join(name.name for name in node.names)], node.flow)

    def _output(self, node: tree.OutputStatement) -> list[Any]:
        return ["output ", Open(2, fill=True), *self._joined(node.outputs), CLOSE]

    def _import(self, node: tree.ImportStatement) -> list[Any]:
        names: list[Any] = []
        for name in node.names:
            names.extend([",", Break()] if names else [])
            names.append(Word(name.name, name.span.start))
        return ["import ", Open(2, fill=True), *names, " from ", words.text_literal(node.path.value), CLOSE]

    def _expect(self, node: tree.ExpectStatement) -> list[Any]:
        return ["expect ", Open(2, fill=True), (node.condition, 0), CLOSE]

    def _bare(self, node: tree.FlowStatement) -> list[Any]:
        return [Open(0), *self._flow_inside(node.flow), CLOSE]

    def _broken(self, node: tree.BrokenStatement) -> list[Any]:
        return [node.span.text]

    # --- flows -------------------------------------------------------------------------

    def _flow_inside(self, node: tree.Flow) -> list[Any]:
        """The stages, with breaks that belong to the group around them."""
        pieces: list[Any] = []
        for stage in node.stages:
            pieces.extend([Break(), self.arrow] if pieces else [])
            pieces.append((stage, PLAIN))
        return pieces

    def _flow(self, node: tree.Flow) -> list[Any]:
        return [Open(), *self._flow_inside(node), CLOSE]

    def _apply(self, node: tree.Apply) -> list[Any]:
        pieces: list[Any] = [Word(node.name, node.name_span.start)]
        if node.arguments is not None:
            pieces.extend(self._listed("(", node.arguments, ")"))
        return pieces if node.braces is None else [*pieces, (node.braces, PLAIN)]

    def _braces(self, node: tree.Braces) -> list[Any]:
        if not node.flows:
            return ["{}"]
        pieces: list[Any] = [Open(), "{"]
        for index, flow in enumerate(node.flows):
            pieces.extend([Break(), "|"] if index else [])
            pieces.extend([" ", (flow, PLAIN)] if flow.stages else [])
        return [*pieces, " _ }" if node.flows == (tree.Flow(node.span, ()),) else " }", CLOSE]

    def _braces_for(self, node: tree.BracesFor) -> list[Any]:
        names = ", ".join(name.name for name in node.names)
        head = ["for ", names, " in ", Open(fill=True), (node.iterable, 0), CLOSE, ":"]
        return ["{ ", Open(), *head, Break(), (node.flow, PLAIN), " }", CLOSE]

    def _reference(self, node: tree.Reference | tree.Label) -> list[Any]:
        name = Word(node.name, node.span.start)
        return [name, *self._listed("[", node.indexes, "]")] if node.indexes else [name]

    def _here(self, node: tree.Here) -> list[Any]:
        return [Word("_", node.span.start)]

    def _group(self, node: tree.Group) -> list[Any]:
        opening, closing = "[]" if node.square else "()"
        return [opening, (node.flow, PLAIN), closing]

    def _side(self, node: tree.Side) -> list[Any]:
        return [(node.braces, PLAIN)]

    def _choice(self, node: tree.Choice) -> list[Any]:
        """A row of alternatives is one group, however long."""
        pieces: list[Any] = [Open()]
        stage: Any = node
        while isinstance(stage, tree.Choice):
            pieces.extend([(stage.then, ATOM), Break(), "if ", Open(fill=True), (stage.condition, words.OR), CLOSE])
            pieces.extend([Break(), "else "] if stage.otherwise is not None else [])
            stage = stage.otherwise
        return [*pieces, *([(stage, ATOM)] if stage is not None else []), CLOSE]

    def _suffixed(self, node: Any) -> list[Any]:
        """A stage and all that stands behind it, as one group."""
        suffixes: list[list[Any]] = []
        stage, level = node, PLAIN
        while type(stage) in _LEVELS and _LEVELS[type(stage)] >= level:
            level = _LEVELS[type(stage)]
            suffixes.append(self._suffix(stage))
            stage = stage.body
        behind = [piece for suffix in reversed(suffixes) for piece in suffix]
        return [Open(), (stage, CHOICE), *behind, CLOSE]

    def _suffix(self, node: Any) -> list[Any]:
        if isinstance(node, tree.Repeat):
            is_x = isinstance(node.count, tree.Name) and node.count.name == "x"
            count: list[Any] = ["(x)"] if is_x else [(node.count, words.POSTFIX)]
            return [f" {self.times} ", *count]
        if isinstance(node, tree.For):
            names = ", ".join(name.name for name in node.names)
            return [
                Break(),
                Word("for ", node.names[0].span.start),
                names,
                " in ",
                Open(fill=True),
                (node.iterable, 0),
                CLOSE,
            ]
        if isinstance(node, tree.Promise):
            return ["  : ", *self._listed("(", node.shape.items, ")")]
        labels: list[Any] = []
        for label in node.labels:
            labels.extend([", ", *self._reference(label)] if labels else self._reference(label))
        return [" as ", *labels]

    # --- expressions -------------------------------------------------------------------

    def _number(self, node: tree.Number) -> list[Any]:
        return [Word(words.number_text(node), node.span.start)]

    def _text(self, node: tree.Text) -> list[Any]:
        return [Word(words.text_literal(node.value), node.span.start)]

    def _constant(self, node: tree.Constant) -> list[Any]:
        return [Word(_CONSTANTS[node.value], node.span.start)]

    def _name(self, node: tree.Name) -> list[Any]:
        return [Word(node.name, node.span.start)]

    def _incoming(self, node: tree.Incoming) -> list[Any]:
        return [Word("in", node.span.start)]

    def _hole(self, node: tree.Hole) -> list[Any]:
        return [Word("?", node.span.start)]

    def _tuple(self, node: tree.Tuple) -> list[Any]:
        size = words.size_text(node, self.times) if node.size else None
        if size is not None:
            return [Word(size, node.span.start)]
        return self._listed("(", node.items, ",)" if len(node.items) == 1 else ")")

    def _list(self, node: tree.List) -> list[Any]:
        return self._listed("[", node.items, "]")

    def _unary(self, node: tree.Unary) -> list[Any]:
        if node.operator == "not":
            return [Word("not ", node.span.start), (node.operand, words.NOT)]
        return [Word(node.operator, node.span.start), (node.operand, words.SIGN)]

    def _binary(self, node: tree.Binary) -> list[Any]:
        holds = words.BINDING[node.operator]
        if holds == words.POWER:
            return [(node.left, words.POSTFIX), "^", (node.right, words.SIGN)]
        left = words.SUM if holds == words.COMPARISON else holds
        return [(node.left, left), f" {node.operator}", Break(), (node.right, holds + 1)]

    def _conditional(self, node: tree.Conditional) -> list[Any]:
        return [
            (node.then, words.OR),
            " if ",
            (node.condition, words.OR),
            " else ",
            (node.otherwise, words.CONDITIONAL),
        ]

    def _index(self, node: tree.Index) -> list[Any]:
        return [(node.value, words.POSTFIX), *self._listed("[", node.indexes, "]")]

    def _attribute(self, node: tree.Attribute) -> list[Any]:
        if isinstance(node.value, tree.Number):  # `0.e1` is a number
            return ["(", (node.value, words.CONDITIONAL), ").", node.name]
        return [(node.value, words.POSTFIX), ".", node.name]

    def _call(self, node: tree.FunctionCall) -> list[Any]:
        return [Word(node.name.name, node.span.start), *self._listed("(", node.arguments, ")")]

    def _argument(self, node: tree.Argument) -> list[Any]:
        return [(node.value, 0)] if node.name is None else [Word(f"{node.name}=", node.span.start), (node.value, 0)]

    def _parameter(self, node: tree.Parameter) -> list[Any]:
        name = Word(node.name, node.span.start)
        return [name] if node.default is None else [name, "=", (node.default, 0)]

    def _listed(self, opening: str, items: Any, closing: str) -> list[Any]:
        if not items:
            return [opening + closing]
        return [opening, Open(fill=True), Break(""), *self._joined(items), closing, CLOSE]

    def _joined(self, items: Any) -> list[Any]:
        pieces: list[Any] = []
        for item in items:
            pieces.extend([",", Break()] if pieces else [])
            pieces.append((item, 0))
        return pieces


_STAGES = {
    tree.Apply, tree.Here, tree.Group, tree.Side, tree.Reference, tree.Choice,
    tree.Repeat, tree.For, tree.Promise, tree.Labelled,
}  # fmt: skip
_SPREAD: dict[type, Any] = {
    tree.ParamStatement: _Spread._param, tree.LetStatement: _Spread._let, tree.FormulaStatement: _Spread._formula,
    tree.DefaultStatement: _Spread._default, tree.BlockStatement: _Spread._block, tree.SharedStatement: _Spread._shared,
    tree.ModelStatement: _Spread._model, tree.TensorStatement: _Spread._tensor, tree.OutputStatement: _Spread._output,
    tree.ImportStatement: _Spread._import, tree.ExpectStatement: _Spread._expect, tree.FlowStatement: _Spread._bare,
    tree.BrokenStatement: _Spread._broken,
    tree.Flow: _Spread._flow, tree.Apply: _Spread._apply,
    tree.Braces: _Spread._braces, tree.BracesFor: _Spread._braces_for,
    tree.Reference: _Spread._reference, tree.Label: _Spread._reference,
    tree.Here: _Spread._here, tree.Group: _Spread._group,
    tree.Side: _Spread._side, tree.Choice: _Spread._choice, tree.Repeat: _Spread._suffixed, tree.For: _Spread._suffixed,
    tree.Promise: _Spread._suffixed, tree.Labelled: _Spread._suffixed,
    tree.Number: _Spread._number, tree.Text: _Spread._text, tree.Constant: _Spread._constant, tree.Name: _Spread._name,
    tree.Incoming: _Spread._incoming, tree.Outer: _Spread._here, tree.Hole: _Spread._hole, tree.Tuple: _Spread._tuple,
    tree.List: _Spread._list, tree.Unary: _Spread._unary, tree.Binary: _Spread._binary,
    tree.Conditional: _Spread._conditional, tree.Index: _Spread._index, tree.Attribute: _Spread._attribute,
    tree.FunctionCall: _Spread._call, tree.Argument: _Spread._argument, tree.Parameter: _Spread._parameter,
}  # fmt: skip

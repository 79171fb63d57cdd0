"""Edits in the style of the file: arguments, stages and numbers, as arrow text or as YAML.

A YAML file can hold the same stage in several ways, so some changes have several wordings: the first that reads as
it should is taken, and whoever tries them finds out which. Nothing here knows why something is changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.diagnostics.diagnostic import Edit
from nnspec.ops.kinds import show
from nnspec.source import Span
from nnspec.syntax import tree
from nnspec.syntax.read import is_yaml

if TYPE_CHECKING:
    from nnspec.ops.operator import Operator
    from nnspec.source import SourceFile

#: One way of writing a change.
Wording: TypeAlias = "tuple[Edit, ...]"

_LONGEST = 60
_MARK = "\0"  # where an edit stands; no spec holds it


def value_text(value: Any) -> str:
    """A value as specs write it: `3`, `3x5`, `same`, `((0, 1), (1, 1))`."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        if len(value) > 1 and all(isinstance(item, int) and item > 0 for item in value):
            return "x".join(map(str, value))
        return show(value)
    return show(value)


def arrow(file: SourceFile) -> str:
    """The arrow that a file writes."""
    return "→" if file.text.count("→") > file.text.count("->") else "->"


def replaced(span: Span, text: str) -> tuple[Wording, ...]:
    """Another text in place of a piece of syntax."""
    return ((Edit(span, text),),)


def added(node: tree.Apply, operator: type[Operator], name: str, text: str) -> tuple[Wording, ...]:
    """An argument more for a stage."""
    if _is_mapping(node):
        return _added_to_mapping(node, operator, name, text)
    if not node.arguments:
        after = node.span.file.text[node.name_span.end :]
        empty = re.match(r"\(\s*\)", after)
        if empty:
            return ((Edit(_point(node, node.name_span.end + 1), f"{name}={text}"),),)
        return ((Edit(_point(node, node.name_span.end), f"({name}={text})"),),)
    return ((Edit(_point(node, node.arguments[-1].span.end), f", {name}={text}"),),)


def _added_to_mapping(node: tree.Apply, operator: type[Operator], name: str, text: str) -> tuple[Wording, ...]:
    """The wordings for `Conv: {…}`, for arguments in lines of their own, for `MaxPool: 2`, for `Conv: [64, 3]`."""
    if not node.arguments:
        return ((Edit(_point(node, node.name_span.end), f": {{{name}: {text}}}"),),)
    last, source = node.arguments[-1], node.span.file.text
    if last.name is not None and last.name_span is not None:
        start = last.name_span.start
        indent = start - (source.rfind("\n", 0, start) + 1)
        inline = (Edit(_point(node, last.span.end), f", {name}: {text}"),)
        lines = (Edit(_point(node, last.span.end), f"{_newline(source)}{' ' * indent}{name}: {text}"),)
        return (lines, inline) if not source[:start].rstrip(" ").endswith(("{", ",")) else (inline, lines)
    if len(node.arguments) > len(operator.positional):
        return ()
    first = node.arguments[0].span
    given = [f"{key}: {argument.span.text}" for key, argument in zip(operator.positional, node.arguments, strict=False)]
    whole = first.to(last.span)
    if len(node.arguments) > 1 or source[: first.start].rstrip().endswith("["):
        opening, closing = source.rfind("[", 0, first.start), source.find("]", last.span.end)
        if opening < 0 or closing < 0:
            return ()
        whole = Span(first.file, opening, closing + 1)
    return ((Edit(whole, f"{{{', '.join((*given, f'{name}: {text}'))}}}"),),)


def before(stage: tree.Node, flow: tree.Flow, text: str) -> tuple[Wording, ...]:
    """A stage more before one of a flow."""
    file, start = stage.span.file, stage.span.start
    plain = (Edit(_point(stage, start), f"{text} {arrow(file)} "),)
    item = _item_start(stage)
    if item is not None and not _is_listed(flow):
        return (_as_list(flow, (text,), ()),) if _is_written_as_mapping(flow) else (plain,)
    if item is None:
        return (plain,)
    kind, column = item
    if kind == "-":
        lines = f"{text}{_newline(file.text)}{' ' * column}- "
        return ((Edit(_point(stage, _unquoted(stage)), lines),), plain)
    return ((Edit(_point(stage, _unquoted(stage)), f"{text}, "),), plain)


def after(stage: tree.Node, flow: tree.Flow, text: str) -> tuple[Wording, ...]:
    """A stage more behind one of a flow."""
    file, end = stage.span.file, stage.span.end
    plain = (Edit(_point(stage, end), f" {arrow(file)} {text}"),)
    item = _item_start(stage)
    if item is not None and not _is_listed(flow):
        return (_as_list(flow, (), (text,)),) if _is_written_as_mapping(flow) else (plain,)
    if item is None:
        return (plain,)
    quoted = end + (file.text[end : end + 1] in ('"', "'"))
    kind, column = item
    if kind == "-":
        return ((Edit(_point(stage, quoted), f"{_newline(file.text)}{' ' * column}- {text}"),), plain)
    return ((Edit(_point(stage, quoted), f", {text}"),), plain)


def instead(flow: tree.Flow, text: str) -> tuple[Wording, ...]:
    """A stage in place of a flow that hands on what arrives: `_`, or nothing at all."""
    if flow.stages:
        stage = flow.stages[0]
        return ((Edit(stage.span, text),),)
    source, start, end = flow.span.file.text, flow.span.start, flow.span.end
    inside = source[start:end]
    if inside.strip():
        return ((Edit(flow.span, text),),)
    left = "" if source[max(0, start - 1) : start].isspace() else " "
    right = "" if source[end : end + 1].isspace() else " "
    return ((Edit(flow.span, f"{left}{text}{right}" if not inside else f" {text} "),),)


def _is_listed(flow: tree.Flow) -> bool:
    """Whether a flow of YAML is a list of stages; one scalar or mapping may be an item of a list of branches."""
    return not flow.stages or flow.span.start < _unquoted(flow.stages[0])


def _is_written_as_mapping(flow: tree.Flow) -> bool:
    """Whether a flow is one stage written as `{use: e}` or `Conv: …`."""
    is_quoted = _unquoted(flow) < flow.span.start
    return not is_quoted and re.match(r"\{|\w+[ \t]*:\s", flow.span.text) is not None


def _as_list(flow: tree.Flow, first: tuple[str, ...], last: tuple[str, ...]) -> Wording:
    """The one stage of a flow, written as a mapping, as a list with others before and behind it."""
    start, end, source = flow.span.start, flow.span.end, flow.span.file.text
    if source.startswith("{", start):
        head, tail = "".join(f"{text}, " for text in first), "".join(f", {text}" for text in last)
        return Edit(_point(flow, start), f"[{head}"), Edit(_point(flow, end), f"{tail}]")
    lines = _newline(source) + " " * (start - (source.rfind("\n", 0, start) + 1))
    inner = [start + line.end() for line in re.finditer(r"\n(?=[ ])", source[start:end])]
    deeper = [Edit(_point(flow, at), "  ") for at in inner]
    head = "".join(f"- {text}{lines}" for text in first)
    tail = "".join(f"{lines}- {text}" for text in last)
    return Edit(_point(flow, start), f"{head}- "), *deeper, Edit(_point(flow, end), tail)


def stage_text(operator: Operator) -> str:
    """An operator as a stage: the arguments that it needs by position, the others by keyword."""
    cls = type(operator)
    given: list[str] = []
    for name in cls.positional:
        value = operator.__dict__[name]
        if value == cls.params[name].default:
            break
        given += map(value_text, value) if cls.params[name].variadic else (value_text(value),)
    taken = cls.positional[: len(given)]
    for name, declared in cls.params.items():
        value = operator.__dict__[name]
        if name not in taken and not declared.variadic and value != declared.default:
            given.append(f"{name}={value_text(value)}")
    return f"{cls.__name__}({', '.join(given)})" if given else cls.__name__


def shown(node: tree.Node, wording: Wording) -> str:
    """A piece of syntax as it reads with edits, not too long; of several lines those that are touched."""
    span, at = node.span, node.span.start
    source = span.file.text
    pieces: list[str] = []
    for edit in sorted(wording, key=lambda edit: edit.span.start):
        if edit.span.file is span.file and span.start <= edit.span.start and edit.span.end <= span.end:
            pieces += (source[at : edit.span.start], _MARK, edit.text)
            at = edit.span.end
    pieces.append(source[at : span.end])
    text = "".join(pieces)
    if "\n" in span.text and _MARK in text:
        head, _, rest = text.partition(_MARK)
        is_line = rest.startswith(("\r", "\n"))
        text = ("" if is_line else head.rpartition("\n")[2]) + rest.lstrip("\r\n").partition("\n")[0]
    line = " ".join(text.replace(_MARK, "").split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 2].rstrip() + " …"


def _point(node: tree.Node, offset: int) -> Span:
    return Span(node.span.file, offset, offset)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _is_mapping(node: tree.Apply) -> bool:
    """Whether a stage is written as YAML's `Conv: …`, and not as arrow text."""
    if not is_yaml(node.span.file.path):
        return False
    return re.match(r"[\"']?[ \t]*:", node.span.file.text[node.name_span.end :]) is not None


def _unquoted(stage: tree.Node) -> int:
    """Where the scalar or mapping of a YAML stage begins, with its quote or brace."""
    start, source = stage.span.start, stage.span.file.text
    return start - 1 if source[max(0, start - 1) : start] in ('"', "'") else start


def _item_start(stage: tree.Node) -> tuple[str, int] | None:
    """For a stage that is an item of a YAML list: `-` and its column, or `,` in a list between brackets."""
    file = stage.span.file
    if not is_yaml(file.path):
        return None
    start = _unquoted(stage)
    head = file.text[file.text.rfind("\n", 0, start) + 1 : start]
    if re.fullmatch(r"[ ]*(?:- +)*- +", head):
        return "-", len(head.rstrip()) - 1
    return (",", 0) if re.search(r"[\[,]\s*$", file.text[:start][-80:]) else None

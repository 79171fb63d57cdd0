"""What the command line sets: params, operators' arguments and input sizes, as located values.

Each is parsed as a small source of its own, `-p n=2` say, so that its faults are shown in place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.diagnostics.nearest import nearest, suggestion
from nnspec.ops.registry import find_operator
from nnspec.program.scope import BROKEN, FILE, Broken, Numbers, Scope
from nnspec.program.values import Evaluator, Site
from nnspec.record import Record
from nnspec.source import SourceFile, Span
from nnspec.syntax import tree
from nnspec.syntax.arrow import parse_expression
from nnspec.syntax.place import Place
from nnspec.syntax.tree import Argument, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.program.elaborate import Elaborator


class Settings(Record):
    """The options of a command, as they were typed: (name, text) pairs."""

    params: tuple[tuple[str, str], ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str | None, str], ...] = ()
    model: str | None = None
    allow_outside: bool = False
    root: str | None = None  # the folder that imports must stay below; that of the file if None


class Given(Record):
    """Settings read for one file."""

    tree: Tree
    params: dict[str, Any]
    spans: dict[str, Span]
    sets: tuple[tuple[str, Argument, Span], ...]
    input_sizes: dict[int, tuple[Argument, ...]]
    symbols: dict[str, int]
    model_name: str

    def free_params(self, syntax: Tree) -> Iterator[tuple[str, Any]]:
        """Params that the command line gives and no statement declares."""
        declared = {s.name.name for s in syntax.statements if isinstance(s, tree.ParamStatement)}
        for name, value in self.params.items():
            if name not in declared:
                yield name, value

    def report_unused(self, elaborator: Elaborator, name: str) -> None:
        """Report a `-p` that names nothing."""
        imported = [unit.tree.file.path for unit in elaborator.importer.units() if name in unit.numbers]
        known = [s.name.name for s in self.tree.statements if isinstance(s, tree.ParamStatement)]
        help = suggestion(nearest(name, known)) or (f"its params are {', '.join(known)}" if known else None)
        if imported:
            help = f"`-p` sets the params of the named file, not of its imports ({imported[0]})"
        elaborator.report(
            codes.UNKNOWN_OPTION, f"no param of this file is called `{name}`", self.spans[name], help=help
        )


def read_settings(settings: Settings, syntax: Tree, found: Diagnostics) -> Given:
    """The settings for one file; faults in them are reported where they were typed."""
    evaluator = Evaluator(found)
    params: dict[str, Any] = {}
    spans: dict[str, Span] = {}
    for name, text in settings.params:
        node = _parsed(f"-p {name}=", text, found)
        spans[name] = _place(f"-p {name}=", text).span(-len(name) - 1, -1)
        params[name] = BROKEN if node is None else _value(evaluator, node)
    sets = tuple([made for path, text in settings.sets if (made := _set(path, text, found)) is not None])
    sizes, symbols = _input_sizes(settings, syntax, found, evaluator)
    return Given(syntax, params, spans, sets, sizes, symbols, model_name(syntax))


def model_name(syntax: Tree) -> str:
    """What the file's own network is called: its `name`, else its file's."""
    if syntax.name is not None:
        return syntax.name
    path = syntax.file.path
    return "network" if path == "<stdin>" else os.path.splitext(os.path.basename(path))[0]


def _place(head: str, text: str) -> Place:
    return Place(SourceFile("<command line>", head + text), len(head))


def _parsed(head: str, text: str, found: Diagnostics) -> tree.Expression | None:
    return parse_expression(text, _place(head, text), found)


def _value(evaluator: Evaluator, node: tree.Expression) -> Any:
    try:
        return evaluator.evaluate(node, Site(Scope(Numbers({}, 0), FILE)))
    except Broken:
        return BROKEN


def _set(path: str, text: str, found: Diagnostics) -> tuple[str, Argument, Span] | None:
    operator, _, name = path.partition(".")
    if operator == "train":
        return None
    head = f"--set {path}="
    place = _place(head, text)
    path_span = place.span(-len(path) - 1, -1)
    if not name or not operator[:1].isupper():
        found.report(
            codes.UNKNOWN_OPTION,
            f"`--set` names an operator's argument, not `{path}`",
            path_span,
            help="write `--set Conv.filters=32` or `--set train.epochs=5`",
        )
        return None
    node = parse_expression(text, place, found)
    if node is None:
        return None
    return operator, tree.Argument(node.span, name, node, place.span(-len(name) - 1, -1)), path_span


def _input_sizes(
    settings: Settings, syntax: Tree, found: Diagnostics, evaluator: Evaluator
) -> tuple[dict[int, tuple[Argument, ...]], dict[str, int]]:
    """The sizes that replace those of each `Input`, by its id, and what symbols come to by that."""
    sizes: dict[int, tuple[Argument, ...]] = {}
    symbols: dict[str, int] = {}
    inputs = list(inputs_of(syntax, settings.model))
    for name, text in settings.inputs:
        head = "--input " + (f"{name}=" if name is not None else "")
        node = parse_expression(
            f"({text},)" if text.strip() else text,
            Place(SourceFile("<command line>", head + text), 0, _shifted(text, len(head))),
            found,
        )
        chosen = [item for item in inputs if item[0] == name] if name is not None else inputs
        if not isinstance(node, tree.Tuple):
            continue
        if len(chosen) != 1:
            _report_input(name, [n for n, _ in inputs], found, head, text, _models_to_choose(settings, syntax))
            continue
        items = node.items[0].items if len(node.items) == 1 and isinstance(node.items[0], tree.Tuple) else node.items
        _note_other_rank(chosen[0][1], items, found)
        sizes[id(chosen[0][1])] = tuple([tree.Argument(item.span, None, item) for item in items])
        symbols.update(_symbols(chosen[0][1], items, evaluator))
    return sizes, symbols


def _note_other_rank(node: tree.Apply, items: Sequence[tree.Expression], found: Diagnostics) -> None:
    """Tell of more or fewer sizes than the file writes: channels are easily left out."""
    written = [argument.value for argument in node.arguments or () if argument.name is None]
    if written and len(written) != len(items):
        more = [*items, *written[len(items) :]]
        found.report(
            codes.OTHER_RANK,
            f"`--input` gives {len(items)} size{'' if len(items) == 1 else 's'} for `{node.span.text}`",
            Span(items[0].span.file, items[0].span.start, items[-1].span.end),
            label=f"{len(items)}, where {len(written)} are written",
            help=f"all sizes are replaced: `--input {','.join(each.span.text for each in more)}`"
            if len(items) < len(written)
            else None,
        )


def _shifted(text: str, start: int) -> list[int]:
    """Offsets for `(`, the text, `,)`."""
    end = start + len(text)
    return [start, *range(start, end), end, end, end]


def _models_to_choose(settings: Settings, syntax: Tree) -> list[str]:
    """The models of a file of several, where none is chosen and it has no network of its own."""
    names = [s.name.name for s in syntax.statements if isinstance(s, tree.ModelStatement)]
    return names if settings.model is None and len(names) > 1 else []


def _report_input(
    name: str | None, names: list[str], found: Diagnostics, head: str, text: str, models: list[str]
) -> None:
    span = Span(SourceFile("<command line>", head + text), 0, len(head + text))
    known = ", ".join(f"`{known}`" for known in names)
    if models and not names:
        found.report(
            codes.UNKNOWN_OPTION,
            f"`--input` must say which of {len(models)} models",
            span,
            help=f"choose one: `--model {models[0]} --input {text}`; the models are {', '.join(models)}",
        )
    elif name is not None:
        found.report(
            codes.UNKNOWN_OPTION,
            f"no input is called `{name}`",
            span,
            help=suggestion(nearest(name, names)) or (f"the inputs are {known}" if names else None),
        )
    elif names:
        found.report(
            codes.UNKNOWN_OPTION,
            f"`--input` must say which of {len(names)} inputs",
            span,
            help=f"write `--input {names[0]}={text}`; the inputs are {known}",
        )
    else:
        found.report(codes.UNKNOWN_OPTION, "there is no `Input` here that `--input` could give sizes", span)


def _symbols(node: tree.Apply, items: tuple[tree.Expression, ...], evaluator: Evaluator) -> Iterator[tuple[str, int]]:
    """What the capitals in an `Input` come to when numbers take their places."""
    written = [argument.value for argument in node.arguments or () if argument.name is None]
    for old, new in zip(written, items, strict=False):
        if isinstance(old, tree.Name) and old.name[0].isupper() and not isinstance(new, tree.Name):
            value = _value(evaluator, new)
            if isinstance(value, int):
                yield old.name, value


def inputs_of(syntax: Tree, model: str | None) -> Iterator[tuple[str, tree.Apply]]:
    """The `Input` stages of a file's own network, or of a model, with their names."""
    own = model is None or model == model_name(syntax)
    models = [s for s in syntax.statements if isinstance(s, tree.ModelStatement)]
    has_own = any(isinstance(s, (tree.FlowStatement, tree.TensorStatement)) for s in syntax.statements)
    taken: dict[str, int] = {}
    for statement in syntax.statements:
        name = None
        if isinstance(statement, tree.ModelStatement):
            if not (statement.name.name == model or (model is None and not has_own and len(models) == 1)):
                continue
        elif not isinstance(statement, (tree.TensorStatement, tree.FlowStatement)) or not own:
            continue
        if isinstance(statement, tree.TensorStatement) and len(statement.names) == 1:
            name = statement.names[0].name
        alone = len(statement.flow.stages) == 1
        for label, node in _inputs_in(statement.flow):
            said = label or (name if alone and name else "input")
            count = taken.get(said, 0)
            taken[said] = count + 1
            yield (said if not count else f"{said}_{count}"), node


def _inputs_in(root: tree.Node) -> Iterator[tuple[str | None, tree.Apply]]:
    """All `Input` stages below a node, in order, with their labels."""
    todo: list[tuple[str | None, Any]] = [(None, root)]
    while todo:
        label, node = todo.pop()
        if isinstance(node, tree.Apply) and _is_input(node.name):
            yield label, node
        elif isinstance(node, tree.Labelled) and len(node.labels) == 1 and not node.labels[0].indexes:
            todo.append((node.labels[0].name, node.body))
        else:
            todo.extend((None, child) for child in reversed(list(tree.children(node))))


def _is_input(name: str) -> bool:
    cls = find_operator(name)
    return cls is not None and cls.is_input

"""The spec as it was trained, as YAML that stands by itself: what the command line gave is written in.

Files that a flow begins with were taken in by the compiler; those imported, or put inside a flow, are
printed beside it below `imports`. It does not know what a run is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nnspec.compiler import compile_tree
from nnspec.deep_stack import with_deep_stack
from nnspec.diagnostics.codes.promises import BROKEN_EXPECT
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.ops.registry import find_operator
from nnspec.program.settings import Settings, inputs_of, model_name
from nnspec.record import replace
from nnspec.source import SourceFile
from nnspec.syntax import tree
from nnspec.syntax.arrow import parse_expression
from nnspec.syntax.format import format_statement, format_tree
from nnspec.syntax.place import Place
from nnspec.syntax.read import read_spec
from nnspec.train.write_yaml import quoted, yaml_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nnspec.source import Span

IMPORTS = "imports"
_NUMBERS = (tree.ParamStatement, tree.LetStatement, tree.FormulaStatement)


def resolved_files(
    syntax: tree.Tree, settings: Settings, train: tree.DataMapping, trained: str, heading: str
) -> dict[str, str]:
    """The texts of the spec's files by their names in the run folder, `spec.yaml` first.

    `syntax` is the tree of the program, `train` its section with the command line's values, `trained`
    the name of the model that is trained.
    """
    return with_deep_stack(lambda: _Resolver(syntax, settings).files(train, trained, heading))


class _Resolver:
    """Rewrites one spec and the files that it reads."""

    def __init__(self, syntax: tree.Tree, settings: Settings) -> None:
        self.syntax = syntax
        self.settings = settings
        self.sizes: dict[int, tuple[tree.Expression, ...]] = {}
        self.symbols: dict[str, tree.Expression] = {}
        self.names: dict[str, str] = {}  # of printed files, by where they were read
        self.texts: dict[str, str] = {}
        self._read_inputs()

    def files(self, train: tree.DataMapping, trained: str, heading: str) -> dict[str, str]:
        """All files."""
        statements = self._moved(self._given(self._chosen(trained)), f"{IMPORTS}/")
        lines = [f"# {heading}", "nnspec: 1", f"name: {quoted(trained)}"]
        if self.syntax.description is not None:
            lines.append(f"description: {quoted(self.syntax.description)}")
        slugs = dict.fromkeys(item.slug for item in self.syntax.allowances if item.line is None)
        if slugs:
            lines.append(f"allow: [{', '.join(slugs)}]")
        lines.append("statements:")
        for statement in statements:
            lines += ["  - |-", *(f"    {line}" for line in format_statement(statement).split("\n"))]
        lines += ["train:", *yaml_lines(_with_path(train, self.syntax.file.path), 1)]
        return {"spec.yaml": "\n".join(lines) + "\n", **self.texts}

    # --- what the command line gives ------------------------------------------------------

    def _chosen(self, trained: str) -> list[tree.AnyStatement]:
        """The statements of the network that is trained: of a named model, not those of the file's own network.

        Promises that do not hold are left out: training only warned of them.
        """
        own = (tree.FlowStatement, tree.TensorStatement, tree.OutputStatement, tree.ExpectStatement)
        is_own = trained == model_name(self.syntax)
        statements = [each for each in self.syntax.statements if is_own or not isinstance(each, own)]
        if not any(isinstance(each, tree.ExpectStatement) for each in statements):
            return statements
        found = Diagnostics()
        compile_tree(self.syntax, replace(self.settings, allow_outside=True), found)
        broken = [each.span for each in found.sorted() if each.code is BROKEN_EXPECT]
        return [each for each in statements if not (isinstance(each, tree.ExpectStatement) and _covers(each, broken))]

    def _given(self, statements: list[tree.AnyStatement]) -> list[tree.AnyStatement]:
        """Params with the values given, and what `--set` says before and behind every default that it overrules."""
        given = {name: _expression(text) for name, text in self.settings.params}
        made: list[tree.AnyStatement] = []
        for each in statements:
            if isinstance(each, tree.ParamStatement) and each.name.name in given:
                made.append(replace(each, default=given.pop(each.name.name)))
            else:
                made.append(each)
        span, none = self.syntax.span, tree.NO_COMMENTS
        free = [tree.ParamStatement(span, tree.Name(span, name), value, none) for name, value in given.items()]
        sets = self._sets()
        if any(tree.names_in(each) for each in sets):
            made.sort(key=lambda each: not isinstance(each, _NUMBERS))  # what they name comes first
            count = sum(isinstance(each, _NUMBERS) for each in made)
        else:
            count = 0
        behind: list[tree.AnyStatement] = []
        for each in made[count:]:
            behind.append(each)
            if isinstance(each, tree.DefaultStatement):
                cls = find_operator(each.operator.name)
                behind += [one for one in sets if find_operator(one.operator.name) is cls]
        return [*free, *made[:count], *sets, *behind]

    def _sets(self) -> list[tree.DefaultStatement]:
        """Each `--set` as a default; a later one wins, as the last of several does."""
        span, made = self.syntax.span, []
        for path, text in self.settings.sets:
            operator, _, name = path.partition(".")
            if operator == "train":
                continue
            argument = tree.Argument(span, name, _expression(text))
            made.append(tree.DefaultStatement(span, tree.Name(span, operator), (argument,), tree.NO_COMMENTS))
        return made

    def _read_inputs(self) -> None:
        """The sizes that `--input` gives, and what capitals come to by that."""
        inputs = list(inputs_of(self.syntax, self.settings.model))
        for name, text in self.settings.inputs:
            chosen = [node for said, node in inputs if name in (None, said)]
            sizes = _expression(f"({text},)")
            if len(chosen) != 1 or not isinstance(sizes, tree.Tuple):
                continue
            first = sizes.items[0]
            items = first.items if len(sizes.items) == 1 and isinstance(first, tree.Tuple) else sizes.items
            self.sizes[id(chosen[0])] = items
            written = [argument.value for argument in chosen[0].arguments or () if argument.name is None]
            for old, new in zip(written, items, strict=False):
                if isinstance(old, tree.Name) and old.name[0].isupper() and not isinstance(new, tree.Name):
                    self.symbols[old.name] = new

    # --- files ----------------------------------------------------------------------------

    def _moved(self, statements: Iterable[tree.AnyStatement], folder: str) -> list[tree.AnyStatement]:
        """Statements whose files lie in `folder`, with the sizes given."""
        parts: dict[str, tree.ImportStatement] = {}

        def change(node: tree.Node) -> tree.Node | None:
            if isinstance(node, tree.FromFile):
                name = self._printed(node.path)
                part = _part_of(name)
                path = replace(node.path, value=f"{folder}{name}")
                names = (tree.Name(node.span, part),)
                parts[part] = tree.ImportStatement(node.span, names, path, tree.NO_COMMENTS)
                return tree.Apply(node.span, part, node.span)
            if isinstance(node, tree.ImportStatement):
                return replace(node, path=replace(node.path, value=f"{folder}{self._printed(node.path)}"))
            if isinstance(node, tree.Name):
                return self.symbols.get(node.name)
            if id(node) in self.sizes and isinstance(node, tree.Apply):
                keywords = [each for each in node.arguments or () if each.name not in (None, "sizes")]
                sizes = [tree.Argument(item.span, None, item) for item in self.sizes[id(node)]]
                return replace(node, arguments=(*sizes, *keywords))
            return None

        made = [_rewritten(each, change) for each in statements]
        return [*parts.values(), *made]

    def _printed(self, path: tree.Text) -> str:
        """The name under which another file is printed; its own network becomes a block."""
        here = path.span.file.path
        target = os.path.join(os.path.dirname(here) if here != "<stdin>" else "", path.value)
        real = os.path.realpath(target)
        if real not in self.names:
            stem = os.path.splitext(os.path.basename(real))[0]
            name = self.names[real] = f"{len(self.names) + 1}-{stem}.nn"
            other = read_spec(target, Diagnostics())
            statements = [_as_block(each, _part_of(name)) for each in other.statements]
            moved = tuple(self._moved(statements, ""))
            self.texts[f"{IMPORTS}/{name}"] = format_tree(replace(other, statements=moved))
        return self.names[real]


def _covers(statement: tree.AnyStatement, spans: list[Span]) -> bool:
    whole = statement.span
    return any(span.file is whole.file and whole.start <= span.start and span.end <= whole.end for span in spans)


def _part_of(name: str) -> str:
    """What the network of a printed file is called as a block."""
    return f"NetworkOfFile{name.partition('-')[0]}"


def _as_block(statement: tree.AnyStatement, name: str) -> tree.AnyStatement:
    if not isinstance(statement, tree.FlowStatement):
        return statement
    part = tree.Name(statement.span, name)
    return tree.BlockStatement(statement.span, part, (), statement.flow, statement.comments)


def _expression(text: str) -> Any:
    """An expression of the command line, which was read without a fault before."""
    node = parse_expression(text, Place(SourceFile("<command line>", text), 0), Diagnostics())
    assert node is not None
    return node


def _rewritten(node: Any, change: Callable[[tree.Node], tree.Node | None]) -> Any:
    """A node with those below it changed; what is not changed is looked into."""
    changed = change(node)
    if changed is not None:
        return changed
    new: dict[str, Any] = {}
    for name, value in node.__dict__.items():
        if name == "name":
            continue  # what a statement defines is no use of a name
        if isinstance(value, tree.Node):
            inner = _rewritten(value, change)
            if inner is not value:
                new[name] = inner
        elif isinstance(value, tuple):
            items = [_rewritten(item, change) if isinstance(item, tree.Node) else item for item in value]
            if any(item is not old for item, old in zip(items, value, strict=True)):
                new[name] = tuple(items)
    return replace(node, **new) if new else node


def _with_path(train: tree.DataMapping, spec: str) -> tree.DataMapping:
    """The section with the path of its data from the root, for the run folder lies elsewhere."""
    data = train.get("data")
    path = data.get("path") if isinstance(data, tree.DataMapping) else None
    if not isinstance(data, tree.DataMapping) or not isinstance(path, tree.DataScalar):
        return train
    whole = os.path.abspath(os.path.join(os.path.dirname(spec), str(path.value)))
    moved = tree.DataScalar(path.span, whole, whole, False)
    items = tuple([(name, moved if item is path else item) for name, item in data.items])
    pairs = [(name, replace(data, items=items) if item is data else item) for name, item in train.items]
    return replace(train, items=tuple(pairs))

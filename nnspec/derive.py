"""Writes the files that follow from the definitions: the table of operators, the JSON Schema, pages.

`python -m nnspec.derive` writes them, `python -m nnspec.derive --check` names those that differ and
exits with 1. It imports every operator; no command does that.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nnspec.syntax.editor_schema import OperatorKeys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_WIDTH = 120
INDEX = "nnspec/ops/index.py"


class Output(Record):
    """A derived file: its path below the repository's root, and what produces its text."""

    path: str
    produce: Callable[[], str]


class Outputs(Record):
    """Derived files whose number follows from the definitions too: paths and texts, by folder."""

    folder: str
    produce: Callable[[], dict[str, str]]


def _index() -> str:
    from nnspec.ops.catalogue import index_text

    return index_text()


def _grammar() -> str:
    from nnspec.syntax.grammar import tables_text

    return tables_text()


def _schema() -> str:
    from nnspec.syntax.editor_schema import editor_schema

    return _json(editor_schema(operator_keys(), _train_schema())) + "\n"


def _json(value: Any, indent: str = "") -> str:
    """JSON with a line for whatever fits in one, so that a changed word is a changed line."""
    import json

    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, list):
        parts = [_json(item, inner) for item in value]
    else:
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_json(item, inner)}" for key, item in value.items()]
    left, right = "[]" if isinstance(value, list) else "{}"
    return f"{left}\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}{right}"


def operator_keys() -> list[OperatorKeys]:
    """Every operator's parameters, as YAML takes them."""
    from nnspec.ops.catalogue import families
    from nnspec.syntax.editor_schema import OperatorKeys

    found = []
    for operators in families().values():
        for made in operators:
            doc = (made.__doc__ or "").strip().split("\n")[0]
            params = tuple((name, each.doc, each.kind.schema()) for name, each in made.params.items())
            positional = tuple(name for name, each in made.params.items() if each.positional)
            variadic = any(each.variadic for each in made.params.values())
            found.append(OperatorKeys((made.__name__, *made.aliases), doc, params, positional, variadic))
    return found


def _train_schema() -> dict[str, Any] | None:
    from importlib.util import find_spec

    if find_spec("nnspec.train.section") is None:
        return None
    from importlib import import_module

    section: Any = import_module("nnspec.train.section")
    schema: dict[str, Any] = section.schema()
    return schema


def _page(module: str) -> Callable[[], str]:
    """What writes a reference page."""

    def produce() -> str:
        from importlib import import_module

        text: str = import_module(module).reference()
        return text.rstrip("\n") + "\n"

    return produce


def _gallery() -> str:
    from nnspec.cli.gallery import page

    return page(os.path.join(ROOT, "specs"), "../../specs")


#: Everything derived. The table of operators comes first: what follows reads it.
OUTPUTS: tuple[Output | Outputs, ...] = (
    Output(INDEX, _index),
    Output("schemas/nnspec.schema.json", _schema),
    Output("nnspec/syntax/grammar.json", _grammar),
    Output("docs/reference/operators.md", _page("nnspec.ops.reference")),
    Output("docs/reference/diagnostics.md", _page("nnspec.diagnostics.reference")),
    Output("docs/reference/train.md", _page("nnspec.train.reference")),
    Output("docs/reference/zoo.md", _gallery),
)


def derive(output: Output | Outputs) -> Iterator[tuple[str, str | None]]:
    """Paths with the text that each should have; None for a file of an `Outputs` folder that should not be there."""
    if isinstance(output, Output):
        yield output.path, output.produce()
        return
    texts = output.produce()
    folder = os.path.join(ROOT, output.folder)
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name not in texts:
            yield f"{output.folder}/{name}", None
    for name, text in texts.items():
        yield f"{output.folder}/{name}", text


def differing(output: Output | Outputs) -> Iterator[tuple[str, str | None]]:
    """Of what is derived, the files that are not as they should be."""
    for path, text in derive(output):
        if _current(path) != text:
            yield path, text


def _current(path: str) -> str | None:
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def _write(path: str, text: str | None) -> None:
    whole = os.path.join(ROOT, path)
    if text is None:
        os.remove(whole)
        return
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    with open(whole, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)


def check() -> int:
    """Name every file that differs; 1 if there is one."""
    paths = [path for output in OUTPUTS for path, _ in differing(output)]
    for path in paths:
        print(f"{path} differs from what the definitions say; run `python -m nnspec.derive`")
    return 1 if paths else 0


def write() -> int:
    """Write every file that differs, and say which."""
    for output in OUTPUTS:
        for path, text in differing(output):
            _write(path, text)
            print(f"{'removed' if text is None else 'wrote'} {path}")
            if path == INDEX:  # modules have read the old table: begin again with the new one
                os.execv(sys.executable, [sys.executable, "-m", "nnspec.derive"])
    return 0


def main(arguments: Sequence[str]) -> int:
    """The command: no arguments, or `--check`."""
    if list(arguments) not in ([], ["--check"]):
        print("usage: python -m nnspec.derive [--check]", file=sys.stderr)
        return 2
    return check() if arguments else write()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The reference page of the operators, from their classes; `python -m nnspec.derive` writes it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from nnspec.ops.catalogue import families
from nnspec.ops.kinds import show
from nnspec.ops.operator import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.ops.operator import Example, Operator, Param

_HEAD = """# Operators

Written by `python -m nnspec.derive` from the classes in `nnspec/ops`. Shapes never count the batch: axis 0 is the first
axis of a sample, −1 the last; channels come last. Positional arguments stand first; all others go by keyword. Each
example is run by a test, by our rules and by Keras.
"""


def reference() -> str:
    """The page, as Markdown."""
    found = families()
    contents = [f"* {_title(family)}: {', '.join(map(_link, operators))}" for family, operators in found.items()]
    parts = [_HEAD, "\n".join(contents) + "\n"]
    for family, operators in found.items():
        parts.append(f"## {_title(family)}\n")
        for operator in operators:
            parts += _operator(operator)
    return "\n".join(parts)


def _title(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _link(operator: type[Operator]) -> str:
    return f"[{operator.__name__}](#{operator.__name__.lower()})"


def _operator(operator: type[Operator]) -> Iterator[str]:
    yield f"### {operator.__name__}\n"
    if operator.aliases:
        yield f"Also {', '.join(f'`{alias}`' for alias in operator.aliases)}.\n"
    yield _doc(operator) + "\n"
    if operator.params:
        yield "\n".join(_parameters(operator)) + "\n"
    if operator.examples:
        yield "```\n" + "\n".join(map(_example, operator.examples)) + "\n```\n"


def _doc(operator: type[Operator]) -> str:
    """The docstring, its `Shape:` and `Source:` lines as a list."""
    text = inspect.cleandoc(operator.__doc__ or "")
    lines = []
    for line in text.split("\n"):
        head = line.partition(":")[0]
        lines.append(f"* {line}" if head in ("Shape", "Units", "Source", "Raises", "Example") else line)
    return "\n".join(lines)


def _parameters(operator: type[Operator]) -> Iterator[str]:
    yield "| argument | value | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, declared in operator.params.items():
        shown = f"`{name}…`" if declared.variadic else f"`{name}`"
        by = "" if declared.positional else " (keyword)"
        yield f"| {shown}{by} | {_cell(declared.kind.describe())} | {_default(declared)} | {_cell(declared.doc)} |"


def _default(declared: Param[object]) -> str:
    if declared.default is REQUIRED:
        return "required"
    return f"`{_cell(show(declared.default))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _example(example: Example) -> str:
    if example.fails is not None:
        return f"{example.spec}  # {example.fails}"
    return f"{example.spec}  # {example.shape}"

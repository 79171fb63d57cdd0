"""Data of a YAML spec to YAML text: one line for each scalar, each as it was written.

What was written without quotes stays so, since `1K` and `"1K"` differ.
"""

from __future__ import annotations

import yaml

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.source import SourceFile
from nnspec.syntax.tree import Data, DataList, DataMapping, DataScalar
from nnspec.syntax.yaml_document import compose
from nnspec.syntax.yaml_nodes import Scalar

_STEP = "  "


def yaml_lines(data: Data, depth: int = 0) -> list[str]:
    """The lines of a mapping or list, indented."""
    lines: list[str] = []
    if isinstance(data, DataMapping):
        for name, item in data.items:
            lines += _entry(f"{_STEP * depth}{_scalar(name)}:", item, depth)
    elif isinstance(data, DataList):
        for item in data.items:
            lines += _entry(f"{_STEP * depth}-", item, depth)
    else:
        lines.append(f"{_STEP * depth}{_scalar(data)}")
    return lines


def _entry(head: str, item: Data, depth: int) -> list[str]:
    if isinstance(item, DataScalar):
        return [f"{head} {_scalar(item)}"]
    if not item.items:
        return [f"{head} {'{}' if isinstance(item, DataMapping) else '[]'}"]
    if isinstance(item, DataList) and all(_is_simple(each) for each in item.items):
        shown = ", ".join(_scalar(each) for each in item.items if isinstance(each, DataScalar))
        return [f"{head} [{shown}]"]
    return [head, *yaml_lines(item, depth + 1)]


def _is_simple(item: Data) -> bool:
    """Whether a scalar may stand between brackets."""
    return isinstance(item, DataScalar) and not set(_scalar(item)) & set(",[]{}\n#")


def _scalar(data: DataScalar) -> str:
    if data.plain or not isinstance(data.value, str):
        read = compose(SourceFile("", data.raw), found := Diagnostics())
        if isinstance(read, Scalar) and not found.has_errors and read.plain and read.value == data.value:
            return data.raw.replace("\n", " ") or "null"
    return "null" if data.value is None else quoted(str(data.value))


def quoted(text: str) -> str:
    """A text in double quotes, on one line."""
    shown: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=2**31 - 1)
    return shown.strip()

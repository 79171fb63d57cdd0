"""`--set train.epochs=5`: a value of the `train` section given on the command line.

It changes the data before they are read, so that a value from there is read and refused like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import yaml as codes
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.syntax.tree import Data, DataList, DataMapping, DataScalar
from nnspec.syntax.yaml_document import compose
from nnspec.syntax.yaml_nodes import Mapping, Scalar, Sequence, YamlNode

if TYPE_CHECKING:
    from nnspec.source import Span


def override(
    section: DataMapping | None, path: str, text: str, span: Span, found: Diagnostics | None = None
) -> DataMapping:
    """The section with the value at `path` (`train.data.batch`, or without the `train.`) read from `text`.

    `span` is the place of `text` where the option was given, behind the path and a `=`; what is written there is YAML.
    """
    names = _names(path, span)
    if path.split(".")[0] == "train":
        names = names[1:]
    section = section or DataMapping(span, ())
    if not names:
        (found or Diagnostics()).report(
            codes.UNKNOWN_KEY, "`--set train` names no key", span, help="write `--set train.epochs=5`"
        )
        return section
    return _put(section, names, _value(text, span), span)


def _names(path: str, span: Span) -> list[DataScalar]:
    """The names of a path, each where it was written."""
    from nnspec.source import Span

    at = span.start - 1 - len(path)
    names: list[DataScalar] = []
    for name in path.split("."):
        if name:
            names.append(DataScalar(Span(span.file, at, at + len(name)), name, name, True))
        at += len(name) + 1
    return names


def _put(section: Data | None, names: list[DataScalar], value: Data, span: Span) -> DataMapping:
    """The mapping with a value at the end of a path; what stands in the way becomes a mapping."""
    if isinstance(section, DataScalar) and section.value not in (None, False, True):
        named = DataScalar(section.span, "name", "name", True)
        section = DataMapping(section.span, ((named, section),))  # `optimizer: adam` and `optimizer.learning_rate`
    old = section.items if isinstance(section, DataMapping) else ()
    key = names[0]
    inner = next((item for name, item in old if name.value == key.value), None)
    new = value if len(names) == 1 else _put(inner, names[1:], value, span)
    if inner is None:
        items = (*old, (key, new))
    else:
        items = tuple((name, new if name.value == key.value else item) for name, item in old)
    return DataMapping(section.span if section is not None else span, items)


def _value(text: str, span: Span) -> Data:
    """A value of the command line, read as YAML; what is no YAML is a text."""
    from nnspec.source import SourceFile

    found = Diagnostics()
    node = compose(SourceFile(span.file.path, text), found)
    if node is None or found.has_errors:
        return DataScalar(span, text, text, True)
    return _data(node, span)


def _data(node: YamlNode, span: Span) -> Data:
    if isinstance(node, Scalar):
        return DataScalar(span, node.value, node.text, node.plain)
    if isinstance(node, Sequence):
        return DataList(span, tuple([_data(item, span) for item in node.items]))
    assert isinstance(node, Mapping)
    pairs = [(DataScalar(span, name.value, name.text, name.plain), _data(item, span)) for name, item in node.pairs]
    return DataMapping(span, tuple(pairs))

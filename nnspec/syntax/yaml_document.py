"""YAML 1.2 text to nodes with exact places: the document as written, before any key means anything.

Events come from PyYAML's parser one at a time and are put together here without recursion, so
that neither deep brackets nor aliases can exhaust anything. It knows nothing of specs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from nnspec.diagnostics.codes import limits
from nnspec.diagnostics.codes import yaml as codes
from nnspec.diagnostics.diagnostic import Code, Diagnostics, Label
from nnspec.source import SourceFile, Span
from nnspec.syntax.yaml_errors import describe
from nnspec.syntax.yaml_nodes import MOST_LEVELS, Mapping, Scalar, Sequence
from nnspec.syntax.yaml_rejoin import rejoined
from nnspec.syntax.yaml_scalars import too_long_a_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.syntax.yaml_nodes import YamlNode
    from nnspec.syntax.yaml_scalars import CoreValue

MOST_NODES = 1_000_000
_OUTER_LEVELS = 40  # how many levels YAML may add to an arrow text that has all of its own


def compose(file: SourceFile, found: Diagnostics) -> YamlNode | None:
    """The one document of a file; None where it is not YAML or empty, and that is reported."""
    wrong = _FORBIDDEN.search(file.text)
    if wrong:
        found.report(
            codes.YAML_CHARACTER,
            f"YAML does not allow the character U+{ord(wrong[0]):04X}",
            Span(file, wrong.start(), wrong.end()),
            help="remove it, or write an escape",
        )
        return None
    composer = _Composer(file, found)
    try:
        for event in yaml.parse(file.text, Loader=_Loader):
            composer.take(event)
    except _StopReadingError:
        return composer.root
    except yaml.YAMLError as error:
        describe(error, file, found)
        return None
    if composer.root is None:
        found.report(codes.NOT_A_SPEC, "the file is empty", Span(file, 0, 0), help="a spec begins with `nnspec: 1`")
    return composer.root


_Loader: Any = getattr(yaml, "CLoader", yaml.Loader)  # only its events are used: it constructs nothing
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_CORE_TAGS = {f"tag:yaml.org,2002:{kind}": kind for kind in ("str", "int", "float", "bool", "null", "seq", "map")}
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:[\s\x85]+(?:#[^\r\n\x85\u2028\u2029]*)?)*)+")


class _StopReadingError(Exception):
    """Nothing more of this file can be read; what was wrong is reported."""


class _Open:
    """A collection whose end is still to come; a mapping's children are its keys and values in turn."""

    __slots__ = ("anchor", "children", "count", "event", "levels", "mapping", "places", "start")

    def __init__(self, event: Any, start: int, mapping: bool) -> None:
        self.event = event
        self.start = start
        self.mapping = mapping
        self.anchor: str | None = event.anchor
        self.children: list[YamlNode] = []
        self.places: list[tuple[int, int]] = []
        self.count = 1
        self.levels = 0


class _Composer:
    """Takes parser events in order and builds the document."""

    def __init__(self, file: SourceFile, found: Diagnostics) -> None:
        self.root: YamlNode | None = None
        self._file = file
        self._found = found
        self._open: list[_Open] = []
        self._anchors: dict[str, YamlNode | None] = {}

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._start(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._end(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            at = event.start_mark.index if event.start_mark else 0
            self._stop(
                codes.SEVERAL_DOCUMENTS,
                "a second YAML document starts here",
                at,
                at + 3,
                help="a spec is one document: put the second one into a file of its own",
            )

    def _stop(self, code: Code, message: str, start: int, end: int, *, help: str, label: str = "") -> None:
        end = min(max(end, start), len(self._file.text))
        self._found.report(code, message, Span(self._file, start, end), label=label, help=help)
        if code is not codes.SEVERAL_DOCUMENTS:
            self.root = None
        raise _StopReadingError

    def _scalar(self, event: Any) -> None:
        text = event.value
        start, end = self._content(event, event.start_mark.index), event.end_mark.index
        style = event.style or ""
        if style in ("|", ">"):
            end = start + len(self._file.text[start:end].rstrip())
        node = Scalar(self._file, start, max(start, end), text, style)
        node.read_to = event.end_mark.index
        node.tag = self._tag(event, node)
        if node.plain and too_long_a_number(text):
            self._found.report(
                limits.TOO_LARGE, "this whole number is past 4,096 bits", node.span, label=f"{len(text)} digits"
            )
            node.faulty = True
        self._add(node, event.anchor, (event.start_mark.index, end))

    def _content(self, event: Any, start: int) -> int:
        """Where a node itself begins, after its anchor and tag."""
        if event.anchor is None and event.tag is None:
            return start
        properties = _PROPERTIES.match(self._file.text, start)
        return min(properties.end(), event.end_mark.index) if properties else start

    def _tag(self, event: Any, node: Scalar) -> str:
        if event.tag is None or event.tag == "!":
            return "" if event.tag is None else "str"
        kind = _CORE_TAGS.get(event.tag, "")
        is_a = _kind_of(node.value)
        if kind == "str" or is_a == kind or (kind, is_a) == ("float", "int"):
            return kind
        self._bad_tag(event, node)
        return ""

    def _bad_tag(self, event: Any, node: YamlNode) -> None:
        start = event.start_mark.index
        written = self._file.text[start : node.start].split("#")[0].rstrip() or event.tag
        kind = _CORE_TAGS.get(event.tag)
        message = f"this value is no !!{kind}" if kind else f"the tag {written.split()[-1]} means nothing in a spec"
        self._found.report(
            codes.UNKNOWN_TAG,
            message,
            Span(self._file, start, start + len(written)),
            help="remove the tag: a spec is data, nothing is constructed from it",
        )
        node.faulty = True

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        node = self._anchors.get(event.anchor)
        if node is None:
            what = "holds itself" if event.anchor in self._anchors else "is an alias of nothing"
            self._stop(
                codes.BAD_ALIAS,
                f"*{event.anchor} {what}",
                start,
                end,
                help=f"mark a value above it with &{event.anchor}, or put the text in quotes",
            )
        else:
            self._add(node, None, (start, end))

    def _start(self, event: Any) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        start = self._content(event, event.start_mark.index)
        if len(self._open) >= MOST_LEVELS:
            self._too_deep(start)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append(_Open(event, start, mapping))

    def _too_deep(self, start: int) -> None:
        self._stop(
            limits.TOO_DEEP,
            f"brackets and lists nested more than {MOST_LEVELS} deep",
            start,
            start + 1,
            label=f"level {MOST_LEVELS + 1}",
            help="name an inner part with `blocks` and use it by name",
        )

    def _end(self, event: Any) -> None:
        opened = self._open.pop()
        last = event.end_mark.index if opened.event.flow_style else opened.places[-1][1]
        if opened.event.flow_style:
            opened.children = rejoined(opened.children, self._file, mapping=opened.mapping)
        node: YamlNode
        if opened.mapping:
            pairs = list(self._pairs(opened))
            node = Mapping(self._file, opened.start, last, pairs, bool(opened.event.flow_style))
        else:
            node = Sequence(self._file, opened.start, last, opened.children, bool(opened.event.flow_style))
        node.count, node.levels = opened.count, opened.levels + 1
        tag = opened.event.tag
        if tag is not None and tag != "!" and _CORE_TAGS.get(tag) != ("map" if opened.mapping else "seq"):
            self._bad_tag(opened.event, node)
        self._add(node, opened.anchor, (opened.event.start_mark.index, last))

    def _add(self, node: YamlNode, anchor: str | None, place: tuple[int, int]) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        opened = self._open[-1]
        opened.children.append(node)
        opened.places.append(place)
        opened.count += node.count
        opened.levels = max(opened.levels, node.levels)
        if opened.count > MOST_NODES:
            self._stop(
                limits.TOO_LARGE,
                f"the aliases expand to more than {MOST_NODES:,} nodes",
                *place,
                label=f"{opened.count:,} nodes with this one",
                help="repeat with `repeat` and `for` instead",
            )
        if opened.levels + len(self._open) > MOST_LEVELS + _OUTER_LEVELS:
            self._too_deep(place[0])

    def _pairs(self, opened: _Open) -> Iterator[tuple[Scalar, YamlNode]]:
        seen: dict[tuple[type, CoreValue], Scalar] = {}
        for key, value in zip(opened.children[::2], opened.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._found.report(
                    codes.BAD_KEY,
                    "a list or mapping cannot be a key",
                    key.span,
                    help='put an arrow line that holds brackets or ": " in quotes',
                )
            elif key.plain and key.text == "<<":
                self._found.report(
                    codes.MERGE_KEY,
                    "YAML 1.2 has no merge keys",
                    key.span,
                    help="write the keys out, or put shared arguments under `default`",
                )
            else:
                first = seen.setdefault((type(key.value), key.value), key)
                if first is key:
                    yield key, value
                else:
                    self._found.report(
                        codes.DUPLICATE_KEY,
                        f"the key `{key.text}` is written twice",
                        key.span,
                        labels=(Label(first.span, "first written here"),),
                        help="remove one of the two",
                    )


def _kind_of(value: CoreValue) -> str:
    names = {bool: "bool", int: "int", float: "float", str: "str"}
    return names.get(type(value), "null")

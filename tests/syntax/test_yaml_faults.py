"""Faults in YAML specs: each is one error at its exact place, in every style of scalar."""

from __future__ import annotations

import pytest

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.record import Record
from nnspec.source import SourceFile, Span
from nnspec.syntax.yaml import parse_yaml
from tests.syntax.yaml_specs import FAULTS, OK, PAIRS, read


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_located_error(name: str) -> None:
    text, expected = FAULTS[name]
    assert read(text)[1] == expected


def test_both_places_of_a_duplicate() -> None:
    found = Diagnostics()
    parse_yaml(SourceFile("a.yaml", OK + "name: a\nname: b\n"), found)
    (fault,) = found.sorted()
    assert fault.span.file.position(fault.span.start) == (4, 1)
    assert [each.span.file.position(each.span.start) for each in fault.labels] == [(3, 1)]


def test_independent_faults_are_all_found() -> None:
    text = "nnspec: 1\nnaem: a\nlet: {a: '2 +'}\nnetwork:\n  - FC(3,,)\n  - {repat: 2}\n  - {FC: {units: 3 3}}\n"
    found = Diagnostics()
    parse_yaml(SourceFile("spec.yaml", text), found)
    assert [each.span.file.position(each.span.start)[0] for each in found.sorted()] == [2, 3, 5, 6, 7]


MESSAGES = {
    "nnspec: 1\nparams: [n]": ("`params` expects a mapping from names to values, not a list", None),
    "nnspec: 1\nname: 12": (
        "`name` expects a text of letters, digits, spaces and . _ + -, not `12`",
        "put it in quotes",
    ),
    'nnspec: 1\nname: "../out"': ("`name` expects a text of letters, digits, spaces and . _ + -, not `../out`", None),
    "nnspec: 1\noutputs: [[a]]": ("`outputs` expects a text, not a list", None),
    "nnspec: 1\nnetwork:": ("`network` expects a flow: an arrow string or a list of stages, not nothing", None),
    "nnspec: 1\nnetwork: [3]": ("a stage is wanted here, not `3`", 'write "Conv(64) -> ReLU" or [Conv(64), ReLU]'),
    "nnspec: 1\nnetwrok: a": ("`netwrok` is no key of a spec", "did you mean `network`?"),
    "nnspec: 1\nnetwork: [{repeat: 2}]": ("`body` is missing", "add `body: ...`"),
    "nnspec: 1\nnetwork: [{stage: ReLU, index: [1]}]": (
        "`index` belongs to a label, and there is no `as`",
        "add `as: e`",
    ),
    "nnspec: 2": ("this compiler reads version 1, not `2`", "write `nnspec: 1`"),
}


DEEP = "this item of a list goes on with the text above it, for its line is indented further"
DEEP_ITEMS = {
    "nnspec: 1\nnetwork:\n  - A\n   - B(3)\n  - C": ((4, 4), "begin it in column 3, like the `- ` above it"),
    "nnspec: 1\nnetwork:\n  - A\n    - B": ((4, 5), "begin it in column 3, like the `- ` above it"),
    "nnspec: 1\nnetwork:\n- repeat: 2\n  body:\n    - A\n     - B": (
        (6, 6),
        "begin it in column 5, like the `- ` above it",
    ),
    "nnspec: 1\nnetwork: A\n  - B": ((3, 3), "write the list on the lines below its key, each item after `- `"),
}  # fmt: skip


@pytest.mark.parametrize("text", DEEP_ITEMS)
def test_an_item_that_is_indented_too_far_is_told_its_column(text: str) -> None:
    found = Diagnostics()
    parse_yaml(SourceFile("a.yaml", text), found)
    (fault,) = found.sorted()
    assert fault.message == DEEP
    assert (fault.span.file.position(fault.span.start), fault.help) == DEEP_ITEMS[text]


def test_a_minus_in_a_folded_text_begins_no_item() -> None:
    found = Diagnostics()
    parse_yaml(SourceFile("a.yaml", "nnspec: 1\nlet: {a: 3\n  - 2}\n"), found)
    assert found.sorted() == []


def test_a_block_in_small_letters_is_named() -> None:
    found = Diagnostics()
    parse_yaml(SourceFile("a.yaml", "nnspec: 1\nblocks: {\n'ConvBN(c)': Conv(c)}\nnetwork: A -> convbn(3)"), found)
    (fault,) = found.sorted()
    assert (fault.span.text, fault.help) == ("convbn", "write `ConvBN`")


@pytest.mark.parametrize("text", MESSAGES)
def test_messages_stand_alone(text: str) -> None:
    found = Diagnostics()
    parse_yaml(SourceFile("a.yaml", text), found)
    assert [(fault.message, fault.help) for fault in found.sorted()] == [MESSAGES[text]]


STYLES = {
    "plain": "network: Input(8) -> FC(3,,) -> ReLU",
    "plain on two lines": "network: Input(8) ->\n    FC(3,,)\n\n    -> ReLU",
    "single quotes": "network: 'Input(8) -> FC(3,,) -> ReLU'",
    "double quotes": 'network: "Input(8) -> FC(3,,) -> ReLU"',
    "escapes": 'network: "Input\\x288\\u0029 \\u2192 FC(3,,) -> ReLU"',
    "escaped line end": 'network: "Input(8) \\\n   -> FC(3,,) -> ReLU"',
    "quoted fold": "network: 'Input(8)\n\n\n   -> FC(3,,)\n   -> ReLU'",
    "literal": "network: |\n  Input(8)\n    -> FC(3,,)\n  -> ReLU\n",
    "literal stripped": "network: |-\n  Input(8)\n  -> FC(3,,)",
    "literal kept": "network: |+\n\n  Input(8)\n  -> FC(3,,)\n\n\n",
    "literal, indentation given": "network: |2\n    Input(8)\n  -> FC(3,,)\n",
    "folded": "network: >\n  Input(8)\n  ->\n\n   FC(3,,)\n  -> ReLU\n",
    "folded, indentation given": "network: >1-\n   Input(8)\n ->\n FC(3,,)\n",
    "windows line ends": "network: |\r\n  Input(8)\r\n  -> FC(3,,)\r\n",
    "anchored": "network: &n 'Input(8) -> FC(3,,)'",
    "tagged": "network: !!str Input(8) -> FC(3,,)",
    "anchored on the next line": "network: &n !!str  # here\n  Input(8) -> FC(3,,)",
    "in brackets": "network: [Input(8, 8), ReLU, FC(3,,)]",
    "wide letters": "description: 'é→🙂'\nnetwork: 'Input(8) → FC(3,,)'",
    "value of a key": "network:\n  - FC:\n      units: '3'\n  - ReLU -> FC(3,,)",
}


@pytest.mark.parametrize("style", STYLES)
def test_the_place_of_a_fault_is_exact_in_every_style(style: str) -> None:
    text = "nnspec: 1\n" + STYLES[style]
    found = Diagnostics()
    parse_yaml(SourceFile("a.yaml", text), found)
    (fault,) = found.sorted()
    comma = text.index("(3,,)") + 3
    assert (fault.span.start, fault.span.end) == (comma, comma + 1)


def test_an_escaped_character_is_shown_whole() -> None:
    text = 'nnspec: 1\nnetwork: "Input(8) -> FC(3,\\x2c)"'
    found = Diagnostics()
    parse_yaml(SourceFile("a.yaml", text), found)
    assert [fault.span.text for fault in found.sorted()] == ["\\x2c"]


def _spans(value: object) -> list[Span]:
    if isinstance(value, Span):
        return [value]
    if isinstance(value, Record):
        return [span for field in value.__dict__.values() for span in _spans(field)]
    if isinstance(value, tuple):
        return [span for item in value for span in _spans(item)]
    return []


@pytest.mark.parametrize("name", PAIRS)
def test_every_span_lies_in_the_file(name: str) -> None:
    text = "nnspec: 1\n" + PAIRS[name][0]
    tree, _ = read(text)
    spans = _spans(tree)
    assert len(spans) > 2
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)


def test_names_are_placed_where_they_are_written() -> None:
    tree, _ = read('nnspec: 1\nblocks: {"C(c, k=3)": [ReLU]}\nimport: [{names: [B], from: "b\\x2enn"}]\n')
    texts = {span.text for span in _spans(tree.statements)}
    assert {"C", "c", "k=3", "ReLU", "B", '"b\\x2enn"'} <= texts

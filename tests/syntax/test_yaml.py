"""The YAML surface: the same trees as the arrow notation, and scalars read as YAML 1.2 has them."""

# ruff: noqa: E501  # tables of specs read best a line each
from __future__ import annotations

import itertools

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nnspec.syntax.tree import DataList, DataMapping, DataScalar, FlowStatement, FromFile, Text
from nnspec.syntax.yaml_scalars import core_value, offsets
from tests.syntax.yaml_specs import PAIRS, arrow, read, statements


@pytest.mark.parametrize("name", PAIRS)
def test_both_surfaces_give_one_tree(name: str) -> None:
    ours, theirs = PAIRS[name]
    assert statements(ours) == arrow(theirs)


def test_a_named_file_is_a_stage() -> None:
    (statement,) = statements("network: {file: vgg.nn}")
    assert isinstance(statement, FlowStatement)
    (stage,) = statement.flow.stages
    assert isinstance(stage, FromFile)
    assert (stage.path.value, stage.span.text) == ("vgg.nn", "{file: vgg.nn}")


def test_the_rest_of_the_document() -> None:
    tree, faults = read(
        "nnspec: 1\nname: small\ndescription: |\n  Two lines\n  of it.\nallow: [bias-before-norm]\n"
        "train: {rate: 1e-3, on: no, at: 12:30, 1: [x, '2', ~, true]}\nsearch: {}\n"
    )
    assert faults == ["section-not-read search"]
    assert (tree.name, tree.description) == ("small", "Two lines\nof it.")
    assert [(each.slug, each.line) for each in tree.allowances] == [("bias-before-norm", None)]
    assert tree.sections is not None
    train = tree.sections.get("train")
    assert isinstance(train, DataMapping)
    values = {key.value: value for key, value in train.items}
    assert {key: value.value for key, value in values.items() if isinstance(value, DataScalar)} == {
        "rate": 0.001, "on": "no", "at": "12:30",
    }  # fmt: skip
    listed = values[1]
    assert isinstance(listed, DataList)
    assert [(each.value, each.raw, each.plain) for each in listed.items if isinstance(each, DataScalar)] == [
        ("x", "x", True), ("2", "2", False), (None, "~", True), (True, "true", True),
    ]  # fmt: skip
    assert [each.span.text for each in listed.items] == ["x", "'2'", "~", "true"]


CORE = [
    ("1e-3", 0.001), ("1.", 1.0), (".5", 0.5), ("+12", 12), ("-0", 0), ("0o17", 15), ("0x1F", 31), ("017", 17), ("no", "no"),
    ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("1_000", "1_000"), ("0b11", "0b11"), ("True", True), ("tRue", "tRue"),
    ("~", None), ("NULL", None), ("", None), ("2001-01-01", "2001-01-01"), ("=", "="), (".", "."), ("-", "-"), ("1e", "1e"),
    (".inf", float("inf")), ("-.INF", float("-inf")), ("0o8", "0o8"), ("-0x1", "-0x1"), ("1e5", 1e5),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), CORE)
def test_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    assert core_value(text) == value
    assert type(core_value(text)) is type(value)


@pytest.mark.parametrize("name", PAIRS)
def test_the_parser_without_libyaml_reads_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnspec.syntax.yaml_document._Loader", yaml.Loader)
    assert statements(PAIRS[name][0]) == arrow(PAIRS[name][1])


# --- our reading of scalars against PyYAML's -------------------------------------------------

BITS = ["a", "b", " ", "  ", "\n", "\n  ", "\t", "''", "\\n", "\\x41", "\\u2192", '\\"', "\\\n", "|", ">", "-", ":", "#", "\r\n",
        "\u2028", "\x85", "é", "\\ ", "\\\\", "->", "\n\n\n   "]  # fmt: skip


@st.composite
def scalars(draw: st.DrawFn) -> str:
    body = "".join(draw(st.lists(st.sampled_from(BITS), max_size=12)))
    before = draw(st.sampled_from(["", "k: ", "k:\n  j: ", "- - "]))
    style = draw(st.sampled_from(["", "'", '"', "|", ">"]))
    if style in ("'", '"'):
        return before + style + body + style
    if style == "":
        return before + body
    header = style + draw(st.sampled_from(["", "1", "2", "3"])) + draw(st.sampled_from(["", "-", "+"]))
    pads = st.sampled_from(["", " ", "   ", "   ", "      "])
    lines = [draw(pads) + line for line in body.splitlines()]
    return (
        before
        + header
        + draw(st.sampled_from(["", " # c"]))
        + "\n"
        + "\n".join(lines)
        + draw(st.sampled_from(["", "\n"]))
    )


@settings(max_examples=1000, deadline=None)
@given(scalars())
def test_every_character_of_a_scalar_is_placed(text: str) -> None:
    try:
        events = list(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return
    for event in events:
        if isinstance(event, yaml.ScalarEvent):
            start, end = event.start_mark.index, event.end_mark.index
            table = offsets(text, start, end, event.style or "", event.value)
            assert table is not None
            assert len(table) == len(event.value) + 1
            assert all(start <= one <= two <= end for one, two in itertools.pairwise(table))
            for character, offset in zip(event.value, table, strict=False):
                assert character in (text[offset], " ", "\n", "\u2028") or text[offset] == "\\"


def test_quoted_scalars_are_texts_in_arguments_alone() -> None:
    (statement,) = statements("network: [{Op: {a: 'same'}}]")
    assert isinstance(statement, FlowStatement)
    argument = statement.flow.stages[0].arguments[0]  # type: ignore[union-attr, index]
    assert isinstance(argument.value, Text)
    assert statements("let: {a: '64 * 2'}") == arrow("let a = 64 * 2")


def test_allowances_of_comments_hold_for_their_line() -> None:
    tree, _ = read(
        "nnspec: 1\nallow: [a-b]\n# allow: c\nnetwork:\n  - ReLU  # allow: d, e\n  - |\n    ReLU # allow: f\n    -> ReLU # allowed: x\n"
    )
    assert [(each.slug, each.line) for each in tree.allowances] == [
        ("a-b", None), ("c", None), ("d", 5), ("e", 5), ("f", 7),
    ]  # fmt: skip
    assert tree.allowances[2].span.text == "  - ReLU  # allow: d, e"

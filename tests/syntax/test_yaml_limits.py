"""Deep, long, self-referring and broken YAML: refused within limits and without much work, and nothing raises."""

# ruff: noqa: E501  # tables of specs read best a line each
from __future__ import annotations

import os

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nnspec.syntax.tree import Tree
from tests.effort import effort, growth
from tests.syntax.yaml_specs import FAULTS, PAIRS, read, statements

DEEP = ["[", "{a: ", "- ", "? ", "[[{b: ", "!!seq [", "&a [", "- - ", "{? "]


def faults_and_effort(text: str) -> tuple[list[str], int]:
    faults: list[str] = []
    calls = effort(lambda: faults.extend(read(text)[1]))
    return faults, calls


@pytest.mark.parametrize("piece", DEEP)
def test_deep_nesting_is_refused_at_once(piece: str) -> None:
    faults, calls = faults_and_effort("nnspec: 1\nlet:\n  a:\n   " + piece * (60_000 // len(piece)))
    assert len(faults) == 1
    assert faults[0].startswith(("too-deep", "yaml-syntax"))
    assert calls < 20_000  # fewer than one a bracket: what lies below the limit is not read


def test_two_hundred_levels_are_read() -> None:
    deep = "{repeat: 1, body: [" * 98 + "ReLU" + "]}" * 98
    assert len(statements(f"network: [{deep}]")) == 1
    assert read("nnspec: 1\nlet: {a: " + "[" * 198 + "]" * 198 + "}")[1] == []
    assert read("nnspec: 1\nlet: {a: " + "[" * 199 + "]" * 199 + "}")[1] == ["too-deep ["]


def test_brackets_of_an_arrow_text_count_from_its_own_beginning() -> None:
    assert read("nnspec: 1\nlet: {a: " + "(" * 200 + "1" + ")" * 200 + "}")[1] == []
    deep = "[" * 150 + "'" + "[" * 150 + "1" + "]" * 150 + "'" + "]" * 150
    assert [fault.split()[0] for fault in read("nnspec: 1\nlet: {a: " + deep + "}")[1]] == ["too-deep"]


def test_an_alias_bomb_is_counted_and_not_expanded() -> None:
    lines = "".join(f"  {chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9))
    faults, calls = faults_and_effort("nnspec: 1\ntrain:\n  a: &a [0,0,0,0,0,0,0,0,0,0]\n" + lines)
    assert faults == ["too-large *e"]
    assert calls < 100_000  # of the billion nodes that it stands for


def test_aliases_below_the_limit_are_cheap() -> None:
    body = ", ".join(["*b"] * 60)
    text = f"nnspec: 1\ntrain:\n  a: &a [{', '.join('0' * 99)}]\n  b: &b [{', '.join(['*a'] * 99)}]\n  c: [{body}]\n"
    flows = (
        f"nnspec: 1\nblocks:\n  A: &a [{', '.join(['ReLU'] * 99)}]\n  B: &b [{', '.join(['*a'] * 99)}]\n  C: [{body}]\n"
    )
    for each, most in ((text, 200_000), (flows, 10_000_000)):  # each text parsed again would be 60,000,000
        faults, calls = faults_and_effort(each)
        assert faults == []
        assert calls < most


@pytest.mark.parametrize("piece", ["f(, ", "{f(: , ", "&a b, ", "'x', ", "a: b, ", "[], ", '"\\x41\n", '])
def test_long_flat_input_takes_linear_work(piece: str) -> None:
    def read_flat(length: int) -> None:
        read("nnspec: 1\nlet: {a: [" + piece * (length // len(piece)) + "]}")

    read_flat(60_000)
    assert growth(read_flat, 4_000) < 2.5


SEEDS = ["nnspec: 1\n" + ours for ours, _ in PAIRS.values()] + [text for text, _ in FAULTS.values() if len(text) < 500]
PIECES = [
    "[", "]", "{", "}", ": ", "- ", ", ", "&a ", "*a", "!!str ", "!x ", "|\n ", ">\n ", "'", '"', "#", "\n", "\t", "? ", "<<: ",
    "---\n", "...\n", "%YAML 1.2\n", "\\", "\x00", "\ufeff", "\u2028", "\x85", "(", ")", "->", "~", ".inf", "0x", "1e999", "é",
    "\ud800", "\r", "null", "true", "repeat: ", "body: ", "branches: ", "stage: ", "as: ", "Conv: ", "nnspec: 2\n", "  ",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 20])))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[end:]
    return text


@settings(max_examples=int(os.environ.get("NNSPEC_CASES", "400")), deadline=None)
@given(mutated() | st.text(alphabet=st.sampled_from("ab1-[]{}:,&*!|>'\"#\n \t?%@\\(")) | st.text())
@example("nnspec: 1\nlet: {a: &x !!str }\n")
def test_nothing_raises(text: str) -> None:
    tree, faults = read(text)
    assert isinstance(tree, Tree)
    assert tree.statements or tree.sections or faults or "nnspec" in text

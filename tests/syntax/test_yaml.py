"""The YAML surface: the same trees as the arrow notation, exact places, and no fault without an answer."""

# ruff: noqa: E501  # tables of specs read best a line each
from __future__ import annotations

import itertools
import os

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.record import Record
from nnspec.source import SourceFile, Span
from nnspec.syntax.arrow import parse_arrow
from nnspec.syntax.tree import DataList, DataMapping, DataScalar, FlowStatement, FromFile, Text, Tree
from nnspec.syntax.yaml import parse_yaml
from nnspec.syntax.yaml_scalars import core_value, offsets
from tests.effort import effort, growth


def read(text: str) -> tuple[Tree, list[str]]:
    found = Diagnostics()
    tree = parse_yaml(SourceFile("spec.yaml", text), found)
    return tree, [f"{each.code.slug} {each.span.text}" for each in found.sorted()]


def statements(text: str) -> tuple[object, ...]:
    tree, faults = read("nnspec: 1\n" + text)
    assert faults == []
    return tree.statements


def arrow(text: str) -> tuple[object, ...]:
    found = Diagnostics()
    tree = parse_arrow(SourceFile("spec.nn", text), found)
    assert found.sorted() == []
    return tree.statements


PAIRS = {
    "arrow string": ("network: Input(8) -> FC(3)", "Input(8) -> FC(3)"),
    "list of strings": ("network: [Input(8), FC(3) -> ReLU]", "Input(8) -> FC(3) -> ReLU"),
    "block list": ("network:\n  - Input(8)\n  - FC(3)", "Input(8) -> FC(3)"),
    "commas in brackets": (
        "network: [Input(32, 32, 3), Conv(8, (3, 3)), FC(max(2, 3))]",
        "Input(32, 32, 3) -> Conv(8, (3, 3)) -> FC(max(2, 3))",
    ),
    "literal block": ("network: |\n  Input(8)  # the input\n  -> FC(3)\n", "Input(8) -> FC(3)"),
    "folded block": ("network: >-\n  Input(8)\n  -> FC(3)\n", "Input(8) -> FC(3)"),
    "params": ("params: {n: null, classes: 10, w: 32 * 2}", "param n\nparam classes = 10\nparam w = 32 * 2"),
    "param without value": ("params:\n  n:\n  m: ~", "param n\nparam m"),
    "let": ("let: {width: 64, half: width // 2}", "let width = 64\nlet half = width // 2"),
    "let word and list": (
        "let: {pad: same, sizes: [1, 2 * 3], on: true}",
        "let pad = same\nlet sizes = [1, 2 * 3]\nlet on = true",
    ),
    "formula": (
        'let: {"r8(v)": "max(8, v // 8 * 8)", "f(a, b=2)": a + b}',
        "let r8(v) = max(8, v // 8 * 8)\nlet f(a, b=2) = a + b",
    ),
    "formula unquoted": ("let:\n  r8(v): max(8, v)", "let r8(v) = max(8, v)"),
    "formula in brackets": ("let: {r8(v, w): max(8, v), n: 2}", "let r8(v, w) = max(8, v)\nlet n = 2"),
    "default": (
        "default: {Conv: {kernel: 3, padding: same, bias: false}, BN: {epsilon: 1e-3}}",
        "default Conv(kernel=3, padding=same, bias=false)\ndefault BN(epsilon=1e-3)",
    ),
    "default positional": ("default: {Dropout: 0.5, Pool: [2]}", "default Dropout(0.5)\ndefault Pool(2)"),
    "default back": ("default: {Conv: {act: none, init: ~}}", "default Conv(act=none, init=none)"),
    "blocks": (
        'blocks: {"ConvBN(c, k=3)": "Conv(c, k) -> BN", Twice: [ReLU, ReLU]}',
        "block ConvBN(c, k=3) = Conv(c, k) -> BN\nblock Twice = ReLU -> ReLU",
    ),
    "shared and models": (
        "shared: {Tower: FC(3)}\nmodels: {Critic: Input(8) -> FC(1)}",
        "shared Tower = FC(3)\nmodel Critic = Input(8) -> FC(1)",
    ),
    "tensors": (
        'tensors: {x: Input(8), "y, h, c": x -> LSTM(4)}\noutputs: [y, h]',
        "x = Input(8)\ny, h, c = x -> LSTM(4)\noutput y, h",
    ),
    "outputs": ('outputs: ["e[2]", x]', "output e[2], x"),
    "outputs text": ("outputs: logits, aux", "output logits, aux"),
    "expect": (
        'expect: ["params <= 26M", macs < 4G and depth == 3]',
        "expect params <= 26M\nexpect macs < 4G and depth == 3",
    ),
    "import": (
        "import: [{names: [Bottleneck, Stem], from: blocks/resnet.nn}, {names: A, from: 'b.nn'}]",
        'import Bottleneck, Stem from "blocks/resnet.nn"\nimport A from "b.nn"',
    ),
    "order of the keys": (
        "network: Input(n) -> FC(3)\nlet: {m: n}\nparams: {n: 2}",
        "param n = 2\nlet m = n\nInput(n) -> FC(3)",
    ),
    "statements": (
        "statements:\n  - let a = 1\n  - {let: {b: a}}\n  - {param: {n: 3}}\n  - {default: {Conv: {padding: same}}}\n"
        "  - {tensor: {names: [y, h], flow: Input(8) -> Split(2)}}\n  - {tensor: {x: y}}\n"
        "  - {import: {names: [B], from: b.nn}}\n  - {block: {'C(k)': FC(k)}}\n  - {shared: {S: FC(2)}}\n"
        "  - {model: {M: Input(2)}}\n  - {output: [x]}\n  - {expect: [depth < 3]}\n  - {network: [x, FC(3)]}\n",
        'let a = 1\nlet b = a\nparam n = 3\ndefault Conv(padding=same)\ny, h = Input(8) -> Split(2)\nx = y\n'
        'import B from "b.nn"\nblock C(k) = FC(k)\nshared S = FC(2)\nmodel M = Input(2)\noutput x\n'
        "expect depth < 3\nx -> FC(3)",
    ),
    "operator forms": (
        "network: [{Conv: {filters: 32 * 2^i, kernel: 3x3}}, {Conv: [64, 3]}, {MaxPool: 2}, {ReLU: }, {Flatten: []}]",
        "Conv(filters=32 * 2^i, kernel=3x3) -> Conv(64, 3) -> MaxPool(2) -> ReLU -> Flatten()",
    ),
    "argument values": (
        "network: [{Conv: {padding: [[1, 2], [0, 0]], init: {normal: {std: 0.01}}, regularizer: {l2: 1e-4}, bias: no, "
        'act: None, k: 0x10, m: 0o17, name: "a b", s: same, p: (1, 2), q: max(3, 4), t: True, n: null}}]',
        "Conv(padding=[[1, 2], [0, 0]], init=normal(std=0.01), regularizer=l2(1e-4), bias=no, "
        'act=None, k=16, m=15, name="a b", s=same, p=(1, 2), q=max(3, 4), t=true, n=none)',
    ),
    "use": (
        "network: [{use: _}, {use: 'e[3 - i]'}, {use: x}, {use: Tower}]",
        "_ -> e[3 - i] -> x -> Tower",
    ),
    "repeat": (
        "network:\n  - {repeat: 2, body: ReLU}\n  - {repeat: n, body: [FC(3), ReLU]}\n  - {repeat: 3, body: [ReLU]}\n"
        "  - {repeat: 2, body: {repeat: 3, body: ReLU}}\n  - {repeat: 2, body: FC(2) -> ReLU}",
        "ReLU x 2 -> [FC(3) -> ReLU] x n -> [ReLU] x 3 -> ReLU x 3 x 2 -> (FC(2) -> ReLU) x 2",
    ),
    "for": (
        "network:\n  - {for: i, in: range(3), body: FC(i)}\n  - {for: [c, n], in: [[64, 2], [128, 3]], body: [FC(c), ReLU]}\n"
        '  - {for: "c, n", in: "[(64, 2)]", body: FC(c)}',
        "FC(i) for i in range(3) -> [FC(c) -> ReLU] for c, n in [[64, 2], [128, 3]] -> FC(c) for c, n in [(64, 2)]",
    ),
    "branches": (
        "network:\n  - branches: {merge: Add, flows: [[Conv(64, 1)], [Identity]]}\n"
        "  - branches: {merge: {Concat: {axis: 0}}, flows: [ReLU, _, [], '', ~]}\n  - branches: {flows: [ReLU -> FC(2), x]}\n"
        "  - branches: {merge: Concat(axis=1), flows: [ReLU]}",
        "Add{ Conv(64, 1) | Identity } -> Concat(axis=0){ ReLU | _ | | | } -> { ReLU -> FC(2) | x } -> Concat(axis=1){ ReLU }",
    ),
    "branches for": (
        "network:\n  - branches: {for: k, in: [3, 4], flow: Conv(9, k), merge: Concat}\n"
        "  - branches: {for: k, in: [3, 4], flow: [Conv(9, k), ReLU]}",
        "Concat{ for k in [3, 4]: Conv(9, k) } -> { for k in [3, 4]: Conv(9, k) -> ReLU }",
    ),
    "if": (
        "network:\n  - {if: n > 2, then: ReLU, else: [FC(2), ReLU]}\n  - {if: on, then: FC(2) x 2}\n"
        "  - {if: a, then: ReLU, else: {if: b, then: FC(1), else: FC(2)}}",
        "ReLU if n > 2 else [FC(2) -> ReLU] -> (FC(2) x 2) if on -> ReLU if a else FC(1) if b else FC(2)",
    ),
    "wrap": (
        "network:\n  - {wrap: Bidirectional, body: LSTM(64)}\n  - {wrap: Residual, args: {when: n > 1}, body: [LN, FC(2)]}\n"
        "  - {wrap: {Residual: {when: true}}, body: ReLU}",
        "Bidirectional{ LSTM(64) } -> Residual(when=n > 1){ LN -> FC(2) } -> Residual(when=true){ ReLU }",
    ),
    "stage": (
        "network:\n  - {stage: ReLU, as: e, index: [i]}\n  - {stage: [FC(2), ReLU], as: x, index: [i, j]}\n"
        "  - {stage: FC(2), shape: [7, 7, _]}\n  - {stage: LSTM(2), as: [h, c]}\n  - {stage: LSTM(2), as: 'h, c'}\n"
        "  - {stage: ReLU, as: 'e[i + 1]'}\n  - {stage: ReLU x 2, shape: (4), as: y}\n  - {stage: [ReLU]}",
        "ReLU as e[i] -> [FC(2) -> ReLU] as x[i, j] -> FC(2) : (7, 7, _) -> LSTM(2) as h, c -> LSTM(2) as h, c "
        "-> ReLU as e[i + 1] -> ReLU x 2 : (4) as y -> [ReLU]",
    ),
    "list in a list": ("network: [x, [ReLU, FC(2)]]", "x -> [ReLU -> FC(2)]"),
    "language reference": (
        "network:\n  - Input(32, 32, 3)\n  - for: i\n    in: range(3)\n    body:\n      - repeat: 2\n"
        "        body: [{Conv: {filters: 32 * 2^i, kernel: 3}}, ReLU]\n      - MaxPool: 2\n"
        "  - branches: {merge: Add, flows: [[Conv(64, 1)], [Identity]]}\n  - FC(10)\n",
        "Input(32, 32, 3) -> [[Conv(filters=32 * 2^i, kernel=3) -> ReLU] x 2 -> MaxPool(2)] for i in range(3)"
        " -> Add{ Conv(64, 1) | Identity } -> FC(10)",
    ),
    "alias": ("network: [x, &a {FC: 2}, *a]", "x -> FC(2) -> FC(2)"),
}  # fmt: skip


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


# --- faults and their places --------------------------------------------------------------

OK = "nnspec: 1\nnetwork: Input(8) -> FC(3)\n"
FAULTS = {
    "empty": ("", ["not-a-spec "]),
    "comment alone": ("# nothing\n", ["not-a-spec "]),
    "list": ("[a]", ["not-a-spec [a]"]),
    "text": ("Input(8) -> FC(3)", ["not-a-spec Input(8) -> FC(3)"]),
    "no version": ("network: Input(8)", ["wrong-version network"]),
    "other version": ("nnspec: 2", ["wrong-version 2"]),
    "quoted version": ("nnspec: '1'", ["wrong-version '1'"]),
    "duplicate": (OK + "name: a\nname: b\n", ["duplicate-key name"]),
    "duplicate inside": (OK + "let: {a: 1, b: 2, a: 3}\n", ["duplicate-key a"]),
    "unknown alias": ("nnspec: 1\nlet: {a: *b}", ["bad-alias *b"]),
    "recursive alias": ("nnspec: 1\nlet: &a {a: [*a]}", ["bad-alias *a"]),
    "merge key": (OK + "let: {<<: {a: 1}}\n", ["merge-key <<"]),
    "python tag": (OK + "let: {a: !!python/object/apply:os.system [x]}\n",
                   ["unknown-tag !!python/object/apply:os.system"]),
    "wrong core tag": (OK + "let: {a: !!int x}\n", ["unknown-tag !!int"]),
    "two documents": (OK + "---\na: 1\n", ["several-documents ---"]),
    "list as key": (OK + "let: {[a]: 1}\n", ["bad-key [a]"]),
    "tab": ("nnspec: 1\nlet:\n\ta: 1\n", ["yaml-syntax \t"]),
    "unclosed quote": ("nnspec: 1\nname: 'abc\n", ["yaml-syntax '"]),
    "unclosed bracket": ("nnspec: 1\nlet: [a\n", ["yaml-syntax "]),
    "braces in brackets": ("nnspec: 1\nnetwork: [Add{ a | b }]\n", ["yaml-syntax {"]),
    "control character": ("nnspec: 1\nname: a\x07\n", ["yaml-character \x07"]),
    "inner byte order mark": ("nnspec: 1\nname: a\ufeff\n", ["yaml-character \ufeff"]),
    "unknown keys": (OK + "netwrok: x\ntrian: {}\n", ["unknown-key netwrok", "unknown-key trian"]),
    "wrong kinds": (OK + "name: [a]\nparams: [n]\ntrain: 3\nallow: {a: 1}\n",
                    ["wrong-type [a]", "wrong-type [n]", "wrong-type 3", "wrong-type {a: 1}"]),
    "network of a number": ("nnspec: 1\nnetwork: 3\n", ["wrong-type 3"]),
    "network of nothing": ("nnspec: 1\nnetwork:\n", ["wrong-type "]),
    "missing body": ("nnspec: 1\nnetwork: [{repeat: 2}]\n", ["missing-key repeat"]),
    "unknown stage key": ("nnspec: 1\nnetwork: [{repeat: 2, bdy: ReLU}]\n", ["unknown-key bdy"]),
    "two operators": ("nnspec: 1\nnetwork: [{FC: 2, ReLU: }]\n", ["not-a-stage ReLU"]),
    "argument beside": ("nnspec: 1\nnetwork:\n  - Conv:\n    filters: 3\n", ["not-a-stage filters"]),
    "small operator": ("nnspec: 1\nnetwork: [{conv: 2}]\n", ["not-a-stage conv"]),
    "arrow line cut": ("nnspec: 1\nnetwork:\n  - FC(3) : (3)\n", ["bad-key FC(3)"]),
    "empty mapping": ("nnspec: 1\nnetwork: [{}]\n", ["not-a-stage {}"]),
    "empty item": ("nnspec: 1\nnetwork:\n  - \n", ["wrong-type "]),
    "import without from": (OK + "import: [{names: [A]}]\n", ["missing-key names"]),
    "unknown statement": ("nnspec: 1\nstatements: [{lett: {a: 1}}]\n", ["unknown-key lett"]),
    "two-key statement": ("nnspec: 1\nstatements: [{let: {a: 1}, param: {b: 2}}]\n",
                          ["wrong-type {let: {a: 1}, param: {b: 2}}"]),
    "infinity": (OK + "let: {a: .inf}\n", ["not-finite .inf"]),
    "shared with parameters": (OK + "shared: {T(c): ReLU}\n", ["bad-key T(c)"]),
    "branches of a text": ("nnspec: 1\nnetwork: [{branches: ReLU}]\n", ["wrong-type ReLU"]),
    "merge with braces": ("nnspec: 1\nnetwork:\n  - branches: {merge: 'Add{a}', flows: []}\n", ["wrong-type 'Add{a}'"]),
    "huge number": (OK + "let: {a: " + "9" * 2000 + "}\n", ["too-large " + "9" * 2000]),
    "empty texts": (
        "nnspec: 1\nnetwork: ''\noutputs: []\nlet: {a: ' '}\nstatements: ['']\n",
        ["wrong-type ''", "wrong-type []", "wrong-type ' '", "wrong-type ''"],
    ),
    "alias depth": (OK + "let:\n" + "".join(f"  a{i}: &a{i} [{f'*a{i - 1}' if i else ''}]\n" for i in range(300)),
                    ["too-deep *"]),
}  # fmt: skip


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


@pytest.mark.parametrize("text", MESSAGES)
def test_messages_stand_alone(text: str) -> None:
    found = Diagnostics()
    parse_yaml(SourceFile("a.yaml", text), found)
    assert [(fault.message, fault.help) for fault in found.sorted()] == [MESSAGES[text]]


@pytest.mark.parametrize("name", PAIRS)
def test_the_parser_without_libyaml_reads_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnspec.syntax.yaml_document._Loader", yaml.Loader)
    assert statements(PAIRS[name][0]) == arrow(PAIRS[name][1])


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


# --- limits and hostile input -------------------------------------------------------------

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

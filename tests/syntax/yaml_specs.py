"""YAML specs for tests: those that say what an arrow text says, and those with a fault at its place."""

# ruff: noqa: E501  # tables of specs read best a line each
from __future__ import annotations

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.source import SourceFile
from nnspec.syntax.arrow import parse_arrow
from nnspec.syntax.tree import Tree
from nnspec.syntax.yaml import parse_yaml


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

"""Specs that are easily written wrong, their structured source rehearsed against the one without structure.

They lie in `specs.txt`, each with whether its blocks and loops are kept or every layer is a statement.
"""

import ast
from pathlib import Path

import pytest

from tests.backends.structure.rehearsal import Plain, arguments_of, differing, rehearse


def read_specs():
    text = (Path(__file__).parent / "specs.txt").read_text(encoding="utf-8")
    for part in text.split("\n=== ")[1:]:
        heading, _, spec = part.partition("\n")
        name, _, verdict = heading.partition(": ")
        yield pytest.param(spec, verdict, id=name)


@pytest.mark.parametrize(("spec", "verdict"), list(read_specs()))
def test_source_with_structure_makes_the_same_layers(spec, verdict):
    outcome = rehearse(spec)
    assert not outcome.faults, outcome.faults[0]
    assert outcome.verdict == verdict


#: Where an argument is chosen, or a number vanishes, at values that the spec does not have.
ELSEWHERE = {
    "a choice in a list": (
        "param ws = [8, 16]\n[Conv(c, 3, padding=same if c < 64 else valid)] for c in ws", "[8, 128]",
    ),
    "no padding in a list": ("param ws = [1, 2]\n[Conv(4, 3, padding=p)] for p in ws", "[1, 0]"),
    "a computed padding": ("param ws = [3, 5]\n[Conv(4, k, padding=(k - 1) // 2)] for k in ws", "[3, 1]"),
    "a difference": ("param ws = 9\nConv(4, ws, padding=ws - 5)", "5"),
    "a square": ("param ws = 3\nConv(4, 3, stride=ws, padding=same if ws * ws != 49 else 1)", "7"),
    "a follower": ("param ws = 3\nConv(4, ws, act=tanh if ws * ws != 49 else relu)", "7"),
    "a formula": ("param ws = 3\nlet pick(v) = same if v * v != 49 else 1\nConv(4, ws, padding=pick(ws))", "7"),
    "a word for a block": (
        "param ws = 3\nblock B(pad) = Conv(4, 3, padding=pad)\nB(same if ws * ws != 49 else valid)", "7",
    ),
    "beside another condition": (
        "param ws = 16\nparam s = 1\n"
        "Conv(ws, 3, stride=s, padding=same if s == 1 else 1, init=he if ws > 8 else glorot)", "4",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_param_that_stays_open_means_the_same_everywhere(name):
    """A param may become a constant, but an argument of the builder does what `-p` does."""
    spec, value = ELSEWHERE[name]
    *before, flow = spec.splitlines()
    text = "\n".join([*before, f"Input(60, 60, 3) -> {flow}"])
    base = Plain(text)
    source = base.structured(base.structure())
    if "ws" not in arguments_of(source)["build_model"]:
        assert base.structure().fixed == ("ws",)
        return
    other = Plain(text, {"ws": value})
    assert other.is_sound
    given = {"ws": ast.literal_eval(value.replace("[", "(").replace("]", ")"))}
    assert not list(differing(other, source, given))


IMPORTS = {
    "another file's numbers and formulas": (
        'param n = 2\nlet w = n + 1\nlet f(v) = v * w\nimport B, g, u from "parts.nn"\nblock C(c) = B(c) -> Dense(w)\n'
        "Input(8) -> B(w) -> C(3) -> Dense(f(2)) -> Dense(g(2)) -> Dense(u)\n",
        "let w = 7\nlet u = w - 2\nlet f(v) = v + w\nlet g(v) = f(v) * 2\nblock C(c) = Dense(c) -> ReLU\n"
        "block B(c) = C(c) -> Dense(w) -> Dense(f(c))\n",
    ),
    "shared parts of one name": (
        'import T from "parts.nn"\nshared S = Dense(8) -> ReLU\nInput(8) -> S -> T -> S -> T\n',
        "shared S = Dense(8) -> Tanh\nshared T = S -> Dense(8) -> S\n",
    ),
    "defaults that differ": (
        'default Dense(act=relu)\nimport B from "parts.nn"\nblock A(c) = Dense(c)\nInput(8) -> A(3) -> B(3) -> B(4)\n',
        "default Dense(act=tanh)\nblock A(c) = Dense(c)\nblock B(c, k=2 * c) = A(c) -> A(k)\n",
    ),
}


@pytest.mark.parametrize("name", IMPORTS)
def test_imports(name, tmp_path):
    main, parts = IMPORTS[name]
    (tmp_path / "parts.nn").write_text(parts, encoding="utf-8")
    outcome = rehearse(main, str(tmp_path / "main.nn"))
    assert not outcome.faults, outcome.faults[0]
    assert outcome.verdict == "kept"


def test_the_rehearsal_sees_what_is_wrong(monkeypatch):
    monkeypatch.setattr("nnspec.backends.structure.naming.unused", lambda plain, taken: plain)
    assert rehearse("param c = 3\nInput(4, 4, 2) -> [Conv(c, 1)] for c in [4, 5] -> Conv(c, 1)\n").faults

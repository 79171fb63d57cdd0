"""Specs that are easily written wrong, their structured source rehearsed against the one without structure.

They lie in `specs.txt`, each with whether its blocks and loops are kept or every layer is a statement.
"""

from pathlib import Path

import pytest

from tests.backends.structure.rehearsal import rehearse


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

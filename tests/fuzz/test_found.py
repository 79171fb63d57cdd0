"""What random inputs found once, each as small as it can be said: none may come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.inputs import Input
from tests.fuzz.oracle import Outcome, examine


def outcome_of(spec: str, folder: Path, params: tuple[tuple[str, str], ...] = ()) -> Outcome:
    given = Input("found", spec.encode(), False, params)
    path = folder / "spec.nn"
    path.write_bytes(given.data)
    return examine(given, str(path))


def _doubling(kind: str, first: str, count: int) -> str:
    return "\n".join([f"{kind} B0 = {first}", *(f"{kind} B{i} = B{i - 1} -> B{i - 1}" for i in range(1, count))])


FINE = {
    "a window as large as an open size allows": "Input(H, W, 3) -> LN -> ConvLSTM(16, 2^40)",
    "a count past the largest index": "Input(8) -> [FC(8) -> ReLU] x (10^30) -> FC(9 if in.channels == 8 else 8) x (10^40)",
    "blocks in blocks of a shared part": _doubling("block", "FC(8)", 60)
    + "\nshared S = B59 -> FC(8)\nInput(8) -> S -> S",
    "shared parts of shared parts": _doubling("shared", "FC(8)", 60) + "\nInput(8) -> B59",
    "repeats nested deeper than Python's stack": "Input(8) -> ReLU" + " x 1" * 3000,
    "as many outputs as tensors": "Input(8) -> { for k in range(15_000): FC(8) }",
    "many models, each in the next": "\n".join(
        ["model M0 = Input(8) -> FC(8)", *(f"model M{i} = Input(8) -> M{i - 1} -> M{i - 1}" for i in range(1, 500))]
    ),
    "many inputs of one block, and a long chain": "block B = Add"
    + " -> ReLU" * 3000
    + "\nInput(8) -> { for k in range(3000): FC(8) } -> B",
    "a wide tuple carried round": "block B = _ as "
    + ", ".join([f"a{i}" for i in range(300)])
    + " -> {"
    + "|".join([f"Add{{a{i} | a{(i + 1) % 300}}}" for i in range(300)])
    + "}\nInput(8) -> { for k in range(300): FC(8) } -> B x 1_000_000 -> Add",
    "many symbols, each with its own conditions": "\n".join(
        [
            *(f"a{i} = Input(H{i}, W{i}, 3) -> Conv(8, 3, stride=2) -> GAP" for i in range(400)),
            "Add{ " + " | ".join([f"a{i}" for i in range(400)]) + " }",
        ]
    ),
    "turns without layers": "Input(8) -> [ReLU if false] x (10^12) -> FC(2)",
}

FAULTY = {
    "a label of a repeat that fails": "Input(9, 4) -> [Dense(in.channels) as a -> Conv(4, 3)] x 9\noutput a",
    "a symbolic size too large in an argument": "Input(H, W, 3) -> [Resize(max(in.height, in.width // 2), min(in.height * 2, in.width + 20))] x 20",
    "names that are not known, among many that are": "\n".join([f"let name{i}a = {i}" for i in range(3000)])
    + "\nInput(3)"
    + "".join([f" -> FC(nmae{i}b)" for i in range(3000)]),
    "labels that were not put, among many": "Input(8) -> [FC(i + 1) as e[i]] for i in range(5_000) -> { for j in range(5_000): e[-1 - j] }",
    "long lists as arguments": "let a = range(500_000) + [1]\nblock B(l, i) = FC(l[0] + i + 1)\nInput(3) -> [B(a + [i], i)] for i in range(80)",
    "a limit in a promise": "let f(v) = f(v - 1) + f(v - 1) if v > 0 else 1\nInput(3) -> FC(3)\nexpect params < f(40)",
    "a limit in a block never used": "let f(v) = f(v - 1) + f(v - 1) if v > 0 else 1\nblock B = FC(f(40))\nInput(3) -> FC(3)",
}


def test_a_tensor_in_a_loop_is_shown_the_same_each_time(tmp_path: Path) -> None:
    spec = "Input(10, 8) -> [ReLU -> Dense(i + 1)] for i in [1, 2, in]"
    given = Input("found", spec.encode(), False, ())
    path = tmp_path / "spec.nn"
    path.write_text(spec)
    outcome = examine(given, str(path), again=True)
    assert (outcome.verdict, outcome.breaches) == ("error", [])


@pytest.mark.parametrize("name", FINE)
def test_what_is_fine(name: str, tmp_path: Path) -> None:
    outcome = outcome_of(FINE[name], tmp_path)
    assert (outcome.verdict, outcome.breaches) == ("ok", [])


@pytest.mark.parametrize("name", FAULTY)
def test_what_is_faulty(name: str, tmp_path: Path) -> None:
    outcome = outcome_of(FAULTY[name], tmp_path)
    assert (outcome.verdict, outcome.breaches) == ("error", [])


def test_limits_in_options(tmp_path: Path) -> None:
    given = "sum(range(1_000_000)) + " * 60 + "1"
    outcome = outcome_of("param n = 1\nInput(3) -> FC(n)", tmp_path, (("n", given),))
    assert (outcome.verdict, outcome.breaches) == ("error", [])

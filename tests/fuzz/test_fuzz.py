"""Thousands of random and mutated inputs through `check`, at a fixed seed; `run.py` is for many more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COUNT = 2_500


def test_random_inputs(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.run",
        "--count",
        str(COUNT),
        "--seed",
        "2",
        "--jobs",
        "2",
        "--untimed",
        "--keep",
        str(tmp_path),
    ]
    run = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=1_800, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{COUNT:,} inputs" in run.stdout


def test_a_breach_is_found(tmp_path: Path) -> None:
    from tests.fuzz import oracle
    from tests.fuzz.inputs import Input

    given = Input("arrow", b"Input(8) -> FC(3)\n", False)
    path = tmp_path / "input.nn"
    path.write_bytes(given.data)
    assert oracle.examine(given, str(path), again=True).breaches == []
    counted = oracle._disagreements
    from nnspec.cli.options import Chosen
    from nnspec.cli.specs import Named, read_report
    from nnspec.record import replace

    (model,) = read_report(Named(str(path)), Chosen((), (), (), None, False)).models
    assert model.counts is not None
    wrong = replace(model, counts=replace(model.counts, params=1, layers=2))
    assert len(list(counted(wrong))) == 2

"""What counters of multiply-adds say of `four_kinds.nn`: convolution, attention, recurrence and a dense layer.

    python benchmarks/counters.py [--torch /path/to/python]

Prints one table. TensorFlow's profiler runs here, where the `tensorflow` extra is installed; torchinfo, thop, fvcore,
ptflops and PyTorch's own counter run in the interpreter that `--torch` names, on the same network written in PyTorch
(`counters_torch.py`). What is not installed has a line that says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
SPEC = HERE / "four_kinds.nn"

#: By hand: docs/costs.md writes each product out.
BY_HAND = {"Conv": 55_296, "MultiHeadAttention": 81_920, "LSTM": 98_304, "Dense": 160}
WEIGHTS = {"Conv": 224, "MultiHeadAttention": 288, "LSTM": 1_600, "Dense": 170}

Row = tuple[str, str, str, str]


def by_nnspec() -> tuple[int, int]:
    """Ours."""
    from nnspec.analysis.quantities import count
    from nnspec.compiler import Settings, load
    from nnspec.diagnostics.diagnostic import Diagnostics

    (model,) = load(str(SPEC), Settings(), Diagnostics()).models
    counts = count(model)
    assert isinstance(counts.macs, int)
    assert isinstance(counts.params, int)
    return counts.macs, counts.params


def by_keras() -> tuple[int, int]:
    """TensorFlow's profiler on the Keras model that `nnspec build` makes."""
    from benchmarks.profiler import profiled
    from nnspec.backends.keras_build import build
    from nnspec.backends.lower import lower
    from nnspec.compiler import Settings, load
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.program.graph import flatten

    found = Diagnostics()
    (model,) = load(str(SPEC), Settings(), found).models
    lowered = lower(flatten(model), found)
    assert lowered is not None
    made: Any = build(lowered, None)
    return sum(profiled(made)), made.count_params()


def by_torch(interpreter: str) -> list[Row]:
    """The counters of PyTorch, in its own interpreter."""
    ran = subprocess.run(
        [interpreter, str(HERE / "counters_torch.py")], capture_output=True, text=True, check=False
    )  # fmt: skip
    if ran.returncode:
        return [("PyTorch", "", "", f"not there: {ran.stderr.strip().splitlines()[-1]}")]
    rows: list[Row] = []
    for name, found in json.loads(ran.stdout).items():
        if "macs" in found:
            rows.append(_row(f"{name} {found['version']}", found["macs"], found["params"]))
        else:
            rows.append((name, "", "", "not installed" if "missing" in found else found["failed"]))
    return rows


def _row(name: str, macs: int, params: int) -> Row:
    hand = sum(BY_HAND.values())
    note = "the hand count" if macs == hand else f"{macs / hand - 1:+.0%}"
    return name, f"{macs:,}", f"{params:,}", note


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter with PyTorch and its counters")
    given = parser.parse_args()
    rows = [_row("by hand", sum(BY_HAND.values()), sum(WEIGHTS.values())), _row("nnspec", *by_nnspec())]
    if find_spec("tensorflow") is not None:
        rows.append(_row("TensorFlow's profiler", *by_keras()))
    else:
        rows.append(("TensorFlow's profiler", "", "", "not installed"))
    rows += by_torch(given.torch) if given.torch else [("PyTorch's counters", "", "", "no `--torch` given")]
    print("| counter | multiply-adds | params | |\n| --- | --: | --: | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()

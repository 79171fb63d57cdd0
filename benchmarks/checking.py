"""How long checking takes, beside what it replaces, as ratios of whole processes in one run.

    python benchmarks/checking.py [--runs 5]

Prints a Markdown table. Each figure is the median over runs in which the two sides take turns, so a
machine that slows down slows both. Keras needs the `tensorflow` extra.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESNET = ROOT / "specs" / "residual" / "resnet50.nn"
CHECK = [sys.executable, "-m", "nnspec", "check"]
KERAS = [sys.executable, "-c", "import keras; keras.applications.ResNet50(weights=None)"]

RESIDUAL = "block Unit = Residual{{ Conv(8, 3, padding=same) -> ReLU -> Conv(8, 3, padding=same) }} -> ReLU\n"
REPEATED = RESIDUAL + "Input(8, 8, 8) -> Unit x {count} -> FC(3)\n"


def seconds(command: list[str]) -> float:
    """Wall seconds of one run of a command, which must succeed."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def in_turns(first: list[str], second: list[str], runs: int) -> tuple[float, float, float]:
    """Median seconds of two commands that take turns, and the median of the pairs' ratios first / second."""
    seconds(first), seconds(second)  # both once for the caches
    pairs = [(seconds(first), seconds(second)) for _ in range(runs)]
    medians = [statistics.median(side) for side in zip(*pairs, strict=True)]
    return medians[0], medians[1], statistics.median(a / b for a, b in pairs)


def written_out(folder: Path, stages: int) -> Path:
    """A spec of so many stages in one chain."""
    chain = " -> Conv(8, 3, padding=same) -> ReLU" * (stages // 2)
    path = folder / f"chain_{stages}.nn"
    path.write_text(f"Input(8, 8, 8){chain}\n")
    return path


def repeated(folder: Path, count: int) -> Path:
    """A residual block so many times in a row."""
    path = folder / f"repeat_{count}.nn"
    path.write_text(REPEATED.format(count=count))
    return path


def rows(runs: int) -> list[tuple[str, str, str, str]]:
    """The table: what, its seconds, beside what, the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keras, check, faster = in_turns(KERAS, [*CHECK, str(RESNET)], runs)
        million, ten, ratio = in_turns(
            [*CHECK, str(repeated(folder, 1_000_000))], [*CHECK, str(repeated(folder, 10))], runs
        )
        bare = [sys.executable, "-c", "pass"]
        chain, empty, _ = in_turns([*CHECK, str(written_out(folder, 10_000))], bare, min(runs, 3))
    return [
        ("cold `check` of ResNet-50", f"{check:.3f} s", f"Keras builds it: {keras:.2f} s", f"{faster:.0f} × faster"),
        ("a residual block `x 1_000_000`", f"{million:.3f} s", f"`x 10`: {ten:.3f} s", f"{ratio:.2f} × as long"),
        ("a written-out chain of 10,000 stages", f"{chain:.2f} s", f"bare Python: {empty:.3f} s", ""),
    ]


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    table = rows(parser.parse_args().runs)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, median of turns in one run\n")
    print("| what | seconds | beside | ratio |\n| --- | --- | --- | --- |")
    for row in table:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()

"""How long checking takes, beside what it replaces, as ratios of whole processes in one run.

    python benchmarks/checking.py [--runs 5]

Prints a Markdown table. Each figure is the median over runs in which the two sides take turns, so a
machine that slows down slows both; memory is the most that any run of the first side took. Keras needs the
`tensorflow` extra.
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
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SPECS = ROOT / "specs"
RESNET = SPECS / "residual" / "resnet50.nn"
CHECK = [sys.executable, "-m", "nnspec", "check"]
BARE = [sys.executable, "-c", "pass"]
KERAS = [sys.executable, "-c", "import keras; keras.applications.ResNet50(weights=None)"]

RESIDUAL = "block Unit = Residual{{ Conv(8, 3, padding=same) -> ReLU -> Conv(8, 3, padding=same) }} -> ReLU\n"
REPEATED = RESIDUAL + "Input(8, 8, 8) -> Unit x {count} -> FC(3)\n"


class Run(NamedTuple):
    """What one run of a command took."""

    seconds: float
    megabytes: float


def run(command: list[str]) -> Run:
    """Wall time and most memory of one run of a command, which must succeed."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(time.perf_counter() - start, used.ru_maxrss / 1024)


class Beside(NamedTuple):
    """Two commands side by side: median seconds of each, the most memory of the first, the median ratio."""

    first: float
    second: float
    megabytes: float
    ratio: float


def in_turns(first: list[str], second: list[str], runs: int) -> Beside:
    """Two commands that take turns."""
    run(first), run(second)  # both once for the caches
    pairs = [(run(first), run(second)) for _ in range(runs)]
    one, other = [statistics.median(each.seconds for each in side) for side in zip(*pairs, strict=True)]
    ratio = statistics.median(a.seconds / b.seconds for a, b in pairs)
    return Beside(one, other, max(a.megabytes for a, _ in pairs), ratio)


def largest(pattern: str) -> Path:
    """The longest of our own specs whose names match."""
    return max(SPECS.rglob(pattern), key=lambda path: path.stat().st_size)


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


def rows(runs: int) -> list[tuple[str, ...]]:
    """The table: what, its seconds and memory, beside what, the ratio."""
    arrow, document = largest("*.nn"), largest("*.yaml")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        million, ten = repeated(folder, 1_000_000), repeated(folder, 10)
        chain = written_out(folder, 10_000)
        return [
            row("cold `check` of ResNet-50", [str(RESNET)], "Keras builds it", KERAS, runs),
            row(f"cold `check` of the longest arrow spec, `{arrow.name}`", [str(arrow)], "bare Python", BARE, runs),
            row(f"cold `check` of a YAML spec, `{document.name}`", [str(document)], "bare Python", BARE, runs),
            row("all of `specs/` in one process", [str(SPECS)], "bare Python", BARE, runs),
            row("a residual block `x 1_000_000`", [str(million)], "`x 10`", [*CHECK, str(ten)], runs),
            row("a written-out chain of 10,000 stages", [str(chain)], "bare Python", BARE, min(runs, 3)),
        ]


def row(what: str, files: list[str], beside: str, other: list[str], runs: int) -> tuple[str, ...]:
    """A check of files and another command in turns."""
    found = in_turns([*CHECK, *files], other, runs)
    ratio = f"{1 / found.ratio:.0f} × faster" if found.ratio < 0.5 else f"{found.ratio:.2f} × as long"
    return (
        what, f"{found.first:.3f} s", f"{found.megabytes:.0f} MB", f"{beside}: {found.second:.3f} s", ratio
    )  # fmt: skip


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    table = rows(parser.parse_args().runs)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, median of turns in one run\n")
    print("| what | seconds | memory | beside | ratio |\n| --- | --- | --- | --- | --- |")
    for cells in table:
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()

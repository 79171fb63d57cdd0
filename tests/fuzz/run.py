"""Runs many inputs through `check`: `python -m tests.fuzz.run --count 200000 --seed 1 --jobs 2`.

Each worker is a process of its own with a limit on its memory and an alarm on every input; one that
dies is replaced, and the input that killed it is a finding. Findings are kept under `--keep`. With
`--untimed` a slow input is no finding, as in a test, which must not fail because a machine is slow.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

MOST_SECONDS = 5.0
WITHOUT_END = 1_200  # seconds on the wall's clock after which even `--untimed` takes an input to hang
MOST_BYTES = 1_000_000_000
ADDRESS_SPACE = 4 * 1024**3  # the deep stack reserves half a GB of it
LIBRARIES = {
    "broken.nn": "block Y = = ->\n",
    "a.nn": 'import B from "b.nn"\nblock A = B\n',
    "b.nn": 'import A from "a.nn"\nblock B = A\n',
}


# A worker.


def work(seed: int, first: int, end: int, step: int, folder: str, *, timed: bool) -> None:
    """Examine every `step`-th input from `first` on; one line of JSON for each finding, and a last one."""
    from tests.fuzz.corpus import LIBRARY
    from tests.fuzz.inputs import make_input
    from tests.fuzz.oracle import examine

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    faulthandler.enable()

    def expired(*_: Any) -> None:
        faulthandler.dump_traceback(all_threads=True)
        sys.stderr.flush()
        _append(folder, summary)
        os._exit(3)

    signal.signal(signal.SIGALRM, expired)
    signal.signal(signal.SIGPROF, expired)
    for name, text in {**LIBRARIES, "lib.nn": LIBRARY}.items():
        Path(folder, name).write_text(text)
    state = os.open(os.path.join(folder, "state"), os.O_RDWR | os.O_CREAT)
    summary = Summary()
    for number in range(first, end, step):
        given = make_input(seed, number)
        path = os.path.join(folder, "input.yaml" if given.is_yaml else "input.nn")
        Path(path).write_bytes(given.data)
        os.pwrite(state, f"{number:<20}".encode(), 0)
        signal.setitimer(signal.ITIMER_PROF, 2 * MOST_SECONDS if timed else 0)
        signal.alarm(60 if timed else WITHOUT_END)
        began, cpu = time.perf_counter(), time.process_time()
        outcome = examine(given, path)
        seconds = min(time.perf_counter() - began, time.process_time() - cpu)
        if number % 37 == 0 and seconds < 0.5:
            outcome.breaches += examine(given, path, again=True).breaches
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        summary.add(number, given.kind, outcome, seconds)
        if timed and seconds > MOST_SECONDS:
            summary.findings.append((number, f"took {seconds:.1f} s"))
        if summary.findings or (number - first) // step % 500 == 499:
            _append(folder, summary)
            summary = Summary()
    _append(folder, summary)


def _append(folder: str, summary: Summary) -> None:
    with Path(folder, "figures").open("a") as stream:
        stream.write(json.dumps(summary.data()) + "\n")


class Summary:
    """Figures of some inputs."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.compared = 0
        self.seconds = 0.0
        self.slowest: list[tuple[float, int]] = []
        self.peak = (0, -1)
        self.findings: list[tuple[int, str]] = []

    def add(self, number: int, kind: str, outcome: Any, seconds: float) -> None:
        """Take in one outcome."""
        self.kinds[kind] += 1
        self.verdicts[outcome.verdict] += 1
        self.compared += outcome.is_compared
        self.seconds += seconds
        self.slowest = sorted([*self.slowest, (round(seconds, 3), number)], reverse=True)[:10]
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if used > self.peak[0]:
            self.peak = (used, number)
        self.findings += [(number, breach) for breach in outcome.breaches]

    def data(self) -> dict[str, Any]:
        """As plain data."""
        return dict(vars(self))

    def merge(self, other: dict[str, Any]) -> None:
        """Take in another's data."""
        self.kinds.update(other["kinds"])
        self.verdicts.update(other["verdicts"])
        self.compared += other["compared"]
        self.seconds += other["seconds"]
        self.slowest = sorted([*self.slowest, *map(tuple, other["slowest"])], reverse=True)[:10]
        self.peak = max(self.peak, tuple(other["peak"]))
        self.findings += map(tuple, other["findings"])


# The parent.


class Worker:
    """A process that is replaced when it dies."""

    def __init__(self, seed: int, first: int, end: int, step: int, *, timed: bool) -> None:
        self.seed, self.next, self.end, self.step = seed, first, end, step
        self.folder = tempfile.mkdtemp(prefix="nnspec-fuzz-")
        self.timed = timed
        self.done = False
        self.read = 0
        self.start()

    def start(self) -> None:
        self.errors = Path(self.folder, "errors")
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.run",
            *([] if self.timed else ["--untimed"]),
            "--worker",
            *map(str, (self.seed, self.next, self.end, self.step)),
            self.folder,
        ]
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(command, stdout=errors, stderr=errors)

    def poll(self, summary: Summary) -> None:
        """Take in what it printed; replace it if it died."""
        ended = self.process.poll()
        self._read(summary)
        if ended is None:
            return
        if ended == 0:
            self.done = True
            return
        number = int(Path(self.folder, "state").read_text() or self.next)
        summary.findings.append((number, f"the process ended with {ended}:\n{self.errors.read_text()[-3000:]}"))
        self.next = number + self.step
        self.done = self.next >= self.end
        if not self.done:
            self.start()

    def _read(self, summary: Summary) -> None:
        figures = Path(self.folder, "figures")
        lines = figures.read_text().splitlines(keepends=True) if figures.exists() else []
        for line in lines[self.read :]:
            if line.endswith("\n"):
                summary.merge(json.loads(line))
                self.read += 1


def main() -> int:
    """Run the workers and tell what they found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", default="")
    parser.add_argument("--untimed", action="store_true")
    parser.add_argument("--worker", nargs=5)
    options = parser.parse_args()
    if options.worker:
        work(*map(int, options.worker[:4]), options.worker[4], timed=not options.untimed)
        return 0
    summary, began = Summary(), time.perf_counter()
    end = options.first + options.count
    firsts = range(options.first, options.first + options.jobs)
    workers = [Worker(options.seed, first, end, options.jobs, timed=not options.untimed) for first in firsts]
    shown = 0
    while any(not worker.done for worker in workers):
        time.sleep(0.2)
        for worker in workers:
            if not worker.done:
                worker.poll(summary)
        for number, breach in summary.findings[shown:]:
            _keep(options.keep, options.seed, number, breach)
            print(f"--- {number}: {breach}", flush=True)
        shown = len(summary.findings)
    _tell(summary, options.seed, time.perf_counter() - began)
    return 1 if summary.findings else 0


def _keep(folder: str, seed: int, number: int, breach: str) -> None:
    if not folder:
        return
    from tests.fuzz.inputs import make_input

    given = make_input(seed, number)
    os.makedirs(folder, exist_ok=True)
    name = Path(folder, f"{number}.{'yaml' if given.is_yaml else 'nn'}")
    name.write_bytes(given.data)
    name.with_suffix(".txt").write_text(f"{breach}\n{given.kind} {given.params} {given.sets} {given.inputs}\n")


def _tell(summary: Summary, seed: int, wall: float) -> None:
    count = sum(summary.kinds.values())
    print(
        f"{count:,} inputs of seed {seed} in {wall:.0f} s ({summary.seconds:.0f} s in check); {dict(summary.verdicts)}"
    )
    print(f"kinds: {dict(sorted(summary.kinds.items()))}")
    print(f"compared with the flat graph: {summary.compared:,}")
    print(f"slowest: {', '.join([f'{seconds} s ({number})' for seconds, number in summary.slowest[:5]])}")
    print(f"peak memory: {summary.peak[0] / 1e6:.0f} MB ({summary.peak[1]})")
    print(f"findings: {len(summary.findings)}")


if __name__ == "__main__":
    sys.exit(main())

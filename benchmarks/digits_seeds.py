"""Test accuracy of specs/digits.yaml over seeds, each a whole `nnspec train` in a process of its own.

python benchmarks/digits_seeds.py [how many seeds, 5]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main() -> None:
    accuracies = []
    for seed in range(1, int(sys.argv[1] if len(sys.argv) > 1 else 5) + 1):
        with tempfile.TemporaryDirectory() as folder:
            run = os.path.join(folder, "run")
            command = ["train", os.path.join(ROOT, "specs", "digits.yaml"), "--set", f"train.seed={seed}", "-o", run]
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "nnspec.cli.main", *command], check=True, cwd=ROOT, stdout=subprocess.DEVNULL
            )
            seconds = time.perf_counter() - began
            with open(os.path.join(run, "test.json"), encoding="utf-8") as file:
                accuracies.append(json.load(file)["accuracy"])
        print(f"seed {seed}: test accuracy {accuracies[-1]:.4f} in {seconds:.0f} s", flush=True)
    print(f"median {statistics.median(accuracies):.4f}, least {min(accuracies):.4f}")


if __name__ == "__main__":
    main()

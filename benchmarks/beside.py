"""How long an answer takes, and what is answered: `nnspec check` beside Keras, torchinfo and ONNX shape inference.

    python benchmarks/beside.py [--runs 5] [--torch /path/to/python] [--only vgg16 ...]

For each network every tool answers in a process of its own, started cold, and takes turns with `nnspec check`: the
seconds are medians, the ratio is the median of the pairs, and no two run at once. Keras builds the source that
`nnspec generate` writes; torchinfo and ONNX have the same network from `beside_torch.py`, in the interpreter
that `--torch` names, which must have torch, torchinfo and onnx. What is not installed has a line that says so.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.checking import in_turns  # noqa: E402 (the folder is put on the way above)

NETWORKS = {"vgg16": "specs/vision/vgg16.nn", "resnet50": "specs/residual/resnet50.nn", "unet": "specs/vision/unet.nn"}
BUILD = "import runpy, sys; sys.argv = ['model.py']; runpy.run_path({path!r}, run_name='__main__')"
INFER = (
    "import onnx; from onnx.shape_inference import infer_shapes; "
    "made = infer_shapes(onnx.load({path!r}), strict_mode=True); print(len(made.graph.value_info))"
)
ANSWERS = {
    "Keras builds and summarises it": "sizes and parameters of each layer",
    "torchinfo": "sizes, parameters, multiply-adds of each layer; it runs the network once",
    "ONNX shape inference": "sizes of each tensor",
}


def commands(name: str, folder: Path, torch: str | None) -> dict[str, list[str] | str]:
    """What answers for a network, or why it does not."""
    found: dict[str, list[str] | str] = {}
    if find_spec("tensorflow") is None:
        found["Keras builds and summarises it"] = "TensorFlow is not installed"
    else:
        source = folder / f"{name}.py"
        spec = str(HERE.parent / NETWORKS[name])
        _must([sys.executable, "-m", "nnspec", "generate", spec, "-o", str(source)])
        found["Keras builds and summarises it"] = [sys.executable, "-c", BUILD.format(path=str(source))]
    if torch is None:
        return {**found, "torchinfo": "no `--torch` given", "ONNX shape inference": "no `--torch` given"}
    other = str(HERE / "beside_torch.py")
    found["torchinfo"] = [torch, other, "info", name]
    exported = folder / f"{name}.onnx"
    try:
        _must([torch, other, "export", name, str(exported)])
        found["ONNX shape inference"] = [torch, "-c", INFER.format(path=str(exported))]
    except subprocess.CalledProcessError as error:
        found["ONNX shape inference"] = f"not exported: {error.stderr.strip().splitlines()[-1][:80]}"
    return found


def _must(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def rows(names: list[str], torch: str | None, runs: int) -> Iterator[tuple[str, ...]]:
    """The table, line by line."""
    with tempfile.TemporaryDirectory() as kept:
        for name in names:
            check = [sys.executable, "-m", "nnspec", "check", str(HERE.parent / NETWORKS[name])]
            for tool, command in commands(name, Path(kept), torch).items():
                if isinstance(command, str):
                    yield name, tool, command, "", "", ""
                    continue
                try:
                    found = in_turns(command, check, runs)
                except subprocess.CalledProcessError:
                    yield name, tool, "it failed", "", "", ""
                    continue
                yield name, tool, f"{found.first:.2f} s", f"{found.second:.2f} s", f"{found.ratio:.1f}", ANSWERS[tool]


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter with torch, torchinfo and onnx")
    parser.add_argument("--only", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.0f}, medians of {given.runs} turns\n"
    )
    print("| network | beside | its time | `nnspec check` | ratio | what it answers |")
    print("| --- | --- | --: | --: | --: | --- |")
    for row in rows(given.only, given.torch, given.runs):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()

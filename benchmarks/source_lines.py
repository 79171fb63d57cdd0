"""How long generated source is, beside the spec, Keras's own form of the model, and the library's implementation.

    python benchmarks/source_lines.py [SPEC…]

Prints a Markdown table of lines, for all specs of this repository that have a network, or for those that are named. All
lines are counted, those of comments and blank ones too. Models are made without weights, so none is too large.
"""

from __future__ import annotations

import argparse
import contextlib
import glob
import importlib.util
import io
import json
import os
import statistics
import tempfile
from pathlib import Path

from nnspec.backends.framework import import_keras, recursion_room
from nnspec.backends.keras_build import build
from nnspec.backends.lower import lower
from nnspec.cli.main import main as nnspec
from nnspec.compiler import Settings, load
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.graph import flatten

ROOT = Path(__file__).resolve().parent.parent
#: The modules of `keras.applications` that implement what a spec is of; many hold several sizes of a network.
LIBRARY = {
    "vgg16": "vgg16", "vgg19": "vgg19", "resnet50": "resnet", "resnet101": "resnet", "resnet152": "resnet",
    "mobilenet": "mobilenet",
}  # fmt: skip


def lines(text: str) -> int:
    return len(text.splitlines())


def generated(spec: Path) -> str:
    """What `nnspec generate` writes."""
    with tempfile.TemporaryDirectory() as folder:
        path, said = Path(folder) / "generated.py", io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = nnspec(["generate", str(spec), "-o", str(path)])
        if status:
            raise SystemExit(said.getvalue())
        return path.read_text(encoding="utf-8")


def keras_json(spec: Path) -> str:
    """The models of a spec as `model.to_json()` has them, indented by two."""
    keras = import_keras()
    found, texts = Diagnostics(), []
    for model in load(str(spec), Settings(), found).models:
        lowered = lower(flatten(model), found)
        assert lowered is not None
        keras.utils.clear_session()
        with keras.src.backend.StatelessScope(initialize_variables=False), recursion_room(lowered.depth):
            texts.append(json.dumps(json.loads(build(lowered).to_json()), indent=2))
    return "\n".join(texts)


def library(name: str) -> int | None:
    """The lines of Keras's own file of a network; None where there is none."""
    if name not in LIBRARY:
        return None
    module = importlib.util.find_spec(f"keras.src.applications.{LIBRARY[name]}")
    assert module is not None
    assert module.origin is not None
    return lines(Path(module.origin).read_text(encoding="utf-8"))


def is_network(spec: Path) -> bool:
    return bool(load(str(spec), Settings(), Diagnostics()).models)


def main() -> None:
    """Count all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("specs", nargs="*", metavar="SPEC", type=Path)
    found = sorted(map(Path, glob.glob(str(ROOT / "specs" / "**" / "*.*"), recursive=True)))
    ratios = []
    print("| spec | its lines | source | times | Keras JSON | keras.applications |\n| --- " + "| ---: " * 5 + "|")
    for spec in parser.parse_args().specs or filter(is_network, found):
        own, source = lines(spec.read_text(encoding="utf-8")), lines(generated(spec))
        ratios.append(source / own)
        name = os.path.relpath(spec, ROOT / "specs")
        print(f"| {name} | {own} | {source} | {source / own:.1f} | {lines(keras_json(spec)):,} "
              f"| {library(spec.stem) or ''} |", flush=True)  # fmt: skip
    print(f"\nSource is {statistics.median(ratios):.1f} times as long as the spec, by the median.")


if __name__ == "__main__":
    main()

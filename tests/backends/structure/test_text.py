"""The text of generated files: laid out as ruff leaves it, right in its types, short, and saying nothing twice."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.structure.beside import SPECS, written
from tests.backends.structure.golden import FOLDER, GOLDEN, golden, kept

#: How many lines may repeat in a file: longer stretches would have been a loop, or a function.
REPEATED = 5
#: What does repeat more, and why.
KNOWN = {
    "specs/vision/alexnet.nn": "the first of two equal layers flattens, and others differ in a number alone",
    "specs/sequence/transformer.nn": "two blocks of the spec end alike",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all generated files."""
    folder = tmp_path_factory.mktemp("generated")
    for spec in SPECS:
        (folder / f"{os.path.basename(spec).replace('.', '_')}.py").write_text(written(spec), encoding="utf-8")
    return folder


def run(folder: Path, module: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments, "."], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_leaves_every_file_as_it_is(folder: Path) -> None:
    run(folder, "ruff", "format", "--isolated", "--diff")


def test_ruff_finds_nothing_in_any(folder: Path) -> None:
    rules = ["--select", "E,F,W,I,N,B,UP,SIM,C4,PIE", "--ignore", "N812", "--target-version", "py311"]
    run(folder, "ruff", "check", "--isolated", *rules, "--line-length", "88")


def test_mypy_finds_nothing_in_any(folder: Path) -> None:
    cache = ["--cache-dir", str(folder / ".cache")]
    run(folder, "mypy", "--config-file=", "--ignore-missing-imports", "--no-error-summary", *cache)


@pytest.mark.parametrize(
    ("spec", "most"),
    [
        ("specs/residual/resnet152.nn", 80),
        ("specs/vision/vgg16.nn", 60),
        ("specs/digits.yaml", 90),
    ],
)
def test_a_file_is_short(spec: str, most: int) -> None:
    assert len(written(spec).splitlines()) < most


@pytest.mark.parametrize("spec", SPECS)
def test_nothing_is_said_twice(spec: str) -> None:
    found = repeated(written(spec))
    assert bool(found) == (spec in KNOWN), "\n".join(found)


def repeated(text: str) -> list[str]:
    """The first stretch of lines that stands in a text twice."""
    lines = [stripped for line in text.splitlines() if (stripped := line.strip())]
    seen: dict[tuple[str, ...], int] = {}
    for number in range(len(lines) - REPEATED):
        block = tuple(lines[number : number + REPEATED + 1])
        if number - seen.setdefault(block, number) > REPEATED:
            return list(block)
    return []


def test_repeated_lines_are_found() -> None:
    block = "\n".join(f"x = layer_{number}(x)" for number in range(REPEATED + 1))
    assert repeated(f"a\n{block}\nb\n\n  {block}") == block.split("\n")
    assert not repeated(f"a\n{block}\nb\nx = layer_9(x)\n" + "\n".join(block.split("\n")[1:]))


@pytest.mark.parametrize("spec", SPECS)
def test_a_file_needs_keras_and_nothing_of_ours(spec: str) -> None:
    for node in ast.walk(ast.parse(written(spec))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert not any(str(name).split(".")[0] == "nnspec" for name in names)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_file_is_as_it_was_read(name: str) -> None:
    assert golden(name) == kept(name), "`python -m tests.backends.structure.golden` writes it anew: read what changed"


def test_no_golden_file_is_left_over() -> None:
    assert {name for name in os.listdir(FOLDER) if name.endswith(".py")} == {f"{name}.py" for name in GOLDEN}

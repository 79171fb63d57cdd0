"""What `check` imports: its start is short because of what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FRAMEWORKS = {"keras", "tensorflow", "numpy", "jax", "torch", "pandas", "sklearn", "matplotlib"}
SLOW = {"asyncio", "importlib.metadata", "pathlib", "dataclasses", "inspect", "email", "difflib", "unittest"}

_LIST = """
import sys
sys.argv = ["nnspec", "check", sys.argv[1]]
from nnspec.cli.main import main
status = main()
print(status, *sorted(sys.modules))
"""


def imported(path: Path) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _LIST, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    status, *names = done.stdout.splitlines()[-1].split()
    return int(status), set(names)


def test_an_arrow_spec_needs_no_framework_and_nothing_slow(sound: Path) -> None:
    status, names = imported(sound)
    assert status == 0
    assert names & (FRAMEWORKS | {"jsonschema", "yaml"}) == set()
    assert names & (SLOW - BROUGHT) == set()


#: What lark and an editable installation bring with them.
BROUGHT = {"dataclasses", "inspect", "pathlib"}


def test_a_yaml_spec_needs_no_framework(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "nnspec: 1\nnetwork: Input(8, 8, 1) -> FC(10)\n"
        "train: {data: {source: sklearn/digits}, loss: sparse_categorical_crossentropy}\n"
    )
    status, names = imported(path)
    assert status == 0
    assert names & FRAMEWORKS == set()


@pytest.mark.parametrize("module", ["nnspec", "nnspec.compiler"])
def test_the_package_needs_no_framework(module: str) -> None:
    script = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert set(done.stdout.split()) & FRAMEWORKS == set()

"""How tests of the command line run it: in this process where that is enough, in one of its own where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from nnspec.cli.main import main


class Ran(NamedTuple):
    status: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*arguments: str | Path) -> Ran:
        status = main([str(each) for each in arguments])
        seen = capsys.readouterr()
        assert "Traceback" not in seen.out + seen.err
        return Ran(status, seen.out, seen.err)

    return run


def process(*arguments: str | Path, given: bytes | None = None, env: dict[str, str] | None = None) -> Ran:
    command = [sys.executable, "-m", "nnspec.cli.main", *map(str, arguments)]
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(command, input=given, capture_output=True, env=environment, timeout=120, check=False)
    return Ran(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.nn"
    path.write_text("Input(32, 32, 3)\n-> [(Conv(64, 3, padding=same) -> ReLU) x 2 -> MaxPool(2)] x 6\n-> FC(10)\n")
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.nn"
    path.write_text("param classes = 10\nInput(8, 8, 3) -> Conv(4, 3) -> FC(classes)\n")
    return path

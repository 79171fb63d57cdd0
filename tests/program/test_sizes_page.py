"""The section on input sizes shows what is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_readme import ROOT, ran, steps

PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("### Any input size\n")[2].partition("\n### ")[0]
STEPS = [step for session in re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL) for step in steps(session)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("sizes")
    for name, text in re.findall(r"```nn file (\S+)\n(.*?)```", SECTION, re.DOTALL):
        (made / name).write_text(text, encoding="utf-8")
    return made


def test_there_is_something_to_run() -> None:
    assert len(STEPS) == 2


@pytest.mark.parametrize(("command", "shown"), STEPS, ids=[command for command, _ in STEPS])
def test_a_session_shows_what_is_printed(command: str, shown: str, folder: Path) -> None:
    assert ran(command, folder).strip("\n") == shown.strip("\n")

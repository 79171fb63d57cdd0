"""The page on `diff` shows what is printed: its specs are written, its sessions run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.test_readme import ROOT, ran, steps

PAGE = (ROOT / "docs" / "diff.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("diff")
    shutil.copytree(ROOT / "specs", made / "specs")
    for name, text in re.findall(r"```nn file (\S+)\n(.*?)```", PAGE, re.DOTALL):
        (made / name).write_text(text, encoding="utf-8")
    return made


@pytest.mark.parametrize("session", SESSIONS, ids=lambda text: text.split("\n")[0][2:40])
def test_a_session_shows_what_is_printed(session: str, folder: Path) -> None:
    for command, shown in steps(session):
        assert ran(command, folder).strip("\n") == shown.strip("\n"), command


def test_the_page_shows_sessions() -> None:
    assert len(SESSIONS) >= 4

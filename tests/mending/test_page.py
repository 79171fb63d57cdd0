"""The page on fixes shows what is printed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_readme import ROOT, ran, steps

SESSIONS = re.findall(r"```console\n(.*?)```", (ROOT / "docs" / "fixes.md").read_text(encoding="utf-8"), re.DOTALL)


def test_sessions_show_what_is_printed(tmp_path: Path) -> None:
    shown = [step for session in SESSIONS for step in steps(session)]
    assert len(shown) >= 6
    for command, text in shown:
        assert ran(command, tmp_path).strip("\n") == text.strip("\n"), command

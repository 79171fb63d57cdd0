"""The README shows what there is: its sessions are run, its links lead somewhere, its commands are those of CI."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SESSIONS = re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def steps(session: str) -> list[tuple[str, str]]:
    """Commands and what is shown below each."""
    parts = re.split(r"^\$ (.*)\n", session, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def ran(command: str, folder: Path) -> str:
    """What a command of a session prints, its colours and exit status aside."""
    words = f'nnspec() {{ {shlex.quote(sys.executable)} -m nnspec.cli.main "$@"; }}; {command}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        ["bash", "-c", words],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "specs", made / "specs")
    return made


@pytest.mark.parametrize("session", SESSIONS, ids=lambda text: text.split("\n")[0][2:40])
def test_a_session_shows_what_is_printed(session: str, folder: Path) -> None:
    for command, shown in steps(session):
        assert ran(command, folder).strip("\n") == shown.strip("\n"), command


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{name} links to {target}"


def test_the_line_for_editors_names_the_schema() -> None:
    (line,) = re.findall(r"```yaml\n(.*)\n```", README.read_text(encoding="utf-8"))
    spec = ROOT / "specs" / "digits.yaml"
    assert spec.read_text(encoding="utf-8").startswith(line + "\n")
    assert (spec.parent / line.partition("$schema=")[2]).resolve() == ROOT / "schemas" / "nnspec.schema.json"


def test_every_page_of_docs_is_linked() -> None:
    text = README.read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert f"]({page.relative_to(ROOT)})" in text, page


def test_the_command_is_in_the_environment_that_is_made() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.count("python3 -m venv .venv &&") == 2
    assert text.index(".venv/bin/nnspec train") < text.index("source .venv/bin/activate")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"nnspec": "nnspec.cli.main:main"}


def test_files_that_contributing_names_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:nnspec|tests|docs|specs|\.ci)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path


def test_ci_runs_the_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    awk = re.search(r"\$\(awk '(.*?)' README.md\)", script)
    assert awk is not None
    done = subprocess.run(["awk", awk[1], str(README)], capture_output=True, text=True, check=True)
    assert "pytest" in done.stdout
    assert f"```bash\n{done.stdout}```" in README.read_text(encoding="utf-8")
    assert done.stdout.count("\n") > 3

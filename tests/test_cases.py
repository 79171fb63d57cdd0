"""Every spec below `cases/` gives the diagnostics that its comments expect, and no others.

`#~ NN301 MaxPool(2)` on a line expects that code on that text there, `#~^ …` on the line above. A
span of several lines is named by its first. Notes may be left unmentioned; errors and warnings may
not. `#! -p n=2` at the top gives options.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from nnspec.cli.options import add_spec_options, chosen
from nnspec.cli.specs import Named, read_report
from nnspec.cli.usage import Parser
from nnspec.diagnostics.diagnostic import Diagnostic

CASES = Path(__file__).parent / "cases"
FILES = sorted(path for path in CASES.rglob("*") if path.suffix in (".nn", ".yaml") and "parts" not in path.parts)

_EXPECTED = re.compile(r"#~(\^*) *(NN\d{3}) *(.*?) *(?=#~|$)")

Found = tuple[int, str, str]


def expectations(text: str) -> set[Found]:
    return {
        (number - len(above), code, spanned)
        for number, line in enumerate(text.splitlines(), start=1)
        for above, code, spanned in _EXPECTED.findall(line)
    }


def shown(found: Diagnostic) -> Found:
    line = found.span.file.position(found.span.start)[0]
    first = found.span.text.split("\n")[0].split("#~")[0].strip()
    return line, found.code.number, first


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CASES)))
def test_case(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = path.read_text(encoding="utf-8")
    monkeypatch.chdir(path.parent)
    parser = Parser("check", "", ())
    add_spec_options(parser)
    words = [word for line in text.splitlines() if line.startswith("#!") for word in shlex.split(line[2:])]
    report = read_report(Named(path.name), chosen(parser.parse_args(words)))
    expected = expectations(text)
    noted = {(line, code) for line, code, _ in expected}
    given = {
        shown(found)
        for found in report.diagnostics
        if found.severity != "note" or (shown(found)[0], found.code.number) in noted
    }
    assert given == expected
    assert not report.is_fault


def test_there_are_cases() -> None:
    assert len(FILES) >= 60

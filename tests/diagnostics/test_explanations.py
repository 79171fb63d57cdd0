"""Every diagnostic's failing spec gives it, and its mended spec does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnspec.cli.options import Chosen
from nnspec.cli.specs import Named, Report, read_report
from nnspec.diagnostics.catalogue import all_codes
from nnspec.diagnostics.diagnostic import Code

SHOWN = [code for code in all_codes() if code.surface != "none"]


def checked(text: str, code: Code, folder: Path) -> Report:
    path = folder / ("spec.nn" if code.surface == "nn" else "spec.yaml")
    path.write_text(text, encoding="utf-8", newline="")
    return read_report(Named(str(path)), Chosen((), (), (), None, False))


@pytest.mark.parametrize("code", SHOWN, ids=lambda code: code.number)
def test_the_failing_spec_fails_so(code: Code, tmp_path: Path) -> None:
    report = checked(code.failing, code, tmp_path)
    found = {(each.code.number, each.severity) for each in report.diagnostics}
    assert (code.number, code.severity) in found


@pytest.mark.parametrize("code", SHOWN, ids=lambda code: code.number)
def test_the_mended_spec_holds(code: Code, tmp_path: Path) -> None:
    report = checked(code.mended, code, tmp_path)
    assert code.number not in {each.code.number for each in report.diagnostics}
    assert not report.has_errors

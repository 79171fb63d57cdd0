"""`benchmarks/four_kinds.nn` counted by hand, layer by layer: the same products as in docs/costs.md."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from nnspec.analysis.layers import layer_rows
from tests.program.checking import sound
from tests.test_readme import ran, steps

TEXT = Path("benchmarks/four_kinds.nn").read_text(encoding="utf-8")
PAGE = Path("docs/costs.md").read_text(encoding="utf-8")

MACS = {
    # positions · window · channels in · channels out
    "Conv": (16 * 16) * (3 * 3) * 3 * 8,
    # four projections of 64 positions, 8 to 8; then scores and their sum over values: heads · queries · keys · width
    "MultiHeadAttention": 4 * (64 * 8 * 8) + 2 * (2 * 64 * 64 * 4),
    # steps · gates · units · (channels in + units)
    "LSTM": 64 * 4 * 16 * (8 + 16),
    "Dense": 16 * 10,
}
PARAMS = {
    "Conv": 3 * 3 * 3 * 8 + 8,
    "MultiHeadAttention": 4 * (8 * 8 + 8),
    "LSTM": 4 * 16 * (8 + 16) + 4 * 16,
    "Dense": 16 * 10 + 10,
}


def test_each_layer() -> None:
    rows = list(layer_rows(sound(TEXT).graph))
    assert {row.operator: row.macs for row in rows if row.macs} == MACS
    assert {row.operator: row.params for row in rows if row.params} == PARAMS


def test_the_whole() -> None:
    counts = sound(TEXT).counts
    assert (counts.macs, counts.params) == (235_680, 2_282)


@pytest.mark.parametrize(
    "session", re.findall(r"^```console\n(.*?)^```$", PAGE, re.M | re.S), ids=lambda text: text[9:40]
)
def test_a_session_shows_what_is_printed(session: str, tmp_path: Path) -> None:
    shutil.copytree("specs", tmp_path / "specs")
    for name, text in re.findall(r"^```nn file (\S+)\n(.*?)^```$", PAGE, re.M | re.S):
        (tmp_path / name).write_text(text, encoding="utf-8")
    for command, shown in steps(session):
        assert ran(command, tmp_path).strip("\n") == shown.strip("\n")


def test_the_page_says_the_same() -> None:
    for number in (*MACS.values(), 235_680, 2_282):
        assert f"{number:,}" in PAGE

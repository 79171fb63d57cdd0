"""The page of published networks: what a spec says and costs, in an order that people expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnspec.cli.gallery import page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "wide").mkdir()
    (tmp_path / "first.nn").write_text("# A first one: small.\nInput(4) -> FC(3)\n")
    (tmp_path / "wide" / "net10.nn").write_text("import B from 'blocks.nn'\n".replace("'", '"') + "Input(8, H) -> B")
    (tmp_path / "wide" / "net9.nn").write_text(
        '# Two of them, A et al. 1998, "Nets: a | view. Part 2", table 1; so.\n'
        "model Up = Input(4, 4, 3) -> BN\nmodel Down = { Input(4) | Input(4) } -> Add -> { FC(2) | FC(2) | FC(1) }\n"
    )
    (tmp_path / "wide" / "blocks.nn").write_text("block B = Conv(2, 1)\n")
    return tmp_path


def test_each_model_is_a_row(folder: Path) -> None:
    rows = [line for line in page(str(folder), "../specs").splitlines() if line.startswith("| [")]
    assert rows == [
        "| [first.nn](../specs/first.nn) | A first one | (4,) | (3,) | 15 | 15 | 12 | 1 |",
        '| [net9.nn](../specs/wide/net9.nn) Up | Two of them, A et al. 1998, "Nets: a \\| view. Part 2", table 1 '
        "| (4, 4, 3) | (4, 4, 3) | 12 | 6 | 0 | 1 |",
        '| [net9.nn](../specs/wide/net9.nn) Down | Two of them, A et al. 1998, "Nets: a \\| view. Part 2", table 1 '
        "| 2 times (4,) | 2 times (2,), (1,) | 25 | 25 | 20 | 4 |",
        "| [net10.nn](../specs/wide/net10.nn) |  | (8, H) | (8, 2) | by size | by size | by size | 1 |",
    ]


def test_folders_are_sections(folder: Path) -> None:
    heads = [line for line in page(str(folder), "specs").splitlines() if line.startswith("## ")]
    assert heads == ["## To begin with", "## Wide"]


def test_what_does_not_hold_is_refused(folder: Path) -> None:
    (folder / "broken.nn").write_text("Input(4) -> Convv(3)\n")
    with pytest.raises(ValueError, match=r"broken\.nn has errors"):
        page(str(folder), "specs")

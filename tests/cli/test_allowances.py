"""`# allow: slug`: which findings of which files it silences, and when it is said to silence nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

HALF = "block Half = MaxPool(2){}\n"
NET = 'import Half from "parts.nn"\nInput(7, 7, 3) -> Half -> FC(10){}\n'
QUIET = "  # allow: inputs-unread"


def codes(out: str) -> list[str]:
    return [line.split("[")[1].split("]")[0] for line in out.splitlines() if "[NN" in line]


@pytest.mark.parametrize(
    ("parts", "net", "said"),
    [
        (HALF.format(""), NET.format(""), ["NN329"]),
        (HALF.format(QUIET), NET.format(""), []),
        ("# allow: inputs-unread\n" + HALF.format(""), NET.format(""), []),
        (HALF.format("  # allow: bias-before-norm"), NET.format(""), ["NN329"]),
        # what is said of an imported file, that file allows, not the one that imports it
        (HALF.format(""), NET.format(QUIET), ["NN601", "NN329"]),
    ],
)
def test_a_file_allows_what_is_said_of_it_where_it_is_imported(
    cli: Cli, tmp_path: Path, parts: str, net: str, said: list[str]
) -> None:
    (tmp_path / "parts.nn").write_text(parts)
    (tmp_path / "net.nn").write_text(net)
    ran = cli("check", tmp_path / "net.nn")
    assert (ran.status, sorted(codes(ran.out))) == (0, sorted(said))


def test_an_imported_yaml_file_allows_too(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "parts.yaml").write_text("nnspec: 1\nallow: [inputs-unread]\nblocks:\n  Half: MaxPool(2)\n")
    (tmp_path / "net.nn").write_text(NET.format("").replace("parts.nn", "parts.yaml"))
    assert codes(cli("check", tmp_path / "net.nn").out) == []


def test_of_a_library_is_not_said_that_an_allowance_silences_nothing(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "parts.nn"
    path.write_text(HALF.format(QUIET))
    assert codes(cli("check", path).out) == []
    path.write_text(HALF.format("  # allow: inputs-unred"))
    assert codes(cli("check", path).out) == ["NN601"]


def test_the_published_networks_check_quietly(cli: Cli) -> None:
    ran = cli("check", "specs")
    assert ran.status == 0
    assert [line for line in ran.out.splitlines() if ": ok: " not in line] == []

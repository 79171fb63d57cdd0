"""`check --fix`: what is written, what is only shown, and what is left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, process
from tests.cli.test_check import json_of

TWICE = "Input(8, 8, 3) -> Conv2D(4, 3) -> Conv(4, kernel_size=9) -> FC(2)\n"
SAFE = "Input(8, 8, 3) -> Conv(4, 3) -> Conv(4, kernel=9) -> FC(2)\n"
BOTH = "Input(8, 8, 3) -> Conv(4, 3) -> Conv(4, kernel=9, padding=same) -> FC(2)\n"


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    path = tmp_path / "twice.nn"
    path.write_text(TWICE)
    return path


def test_fix_writes_what_cannot_change_the_meaning(cli: Cli, twice: Path) -> None:
    ran = cli("check", twice, "--fix")
    assert twice.read_text() == SAFE
    assert ran.status == 1
    assert ran.out.startswith(f"--- {twice}\n+++ {twice}\n@@ -1 +1 @@\n-{TWICE}+{SAFE}\nerror[NN301]")
    assert ran.err == (
        "applied 2 fixes in 1 file\n"
        "1 more finding has fixes that may change what the spec means; "
        "`--fix --unsafe-fixes` applies the first of each\n"
    )


def test_unsafe_fixes_are_applied_where_they_are_asked_for(cli: Cli, twice: Path) -> None:
    ran = cli("check", twice, "--fix", "--unsafe-fixes")
    assert twice.read_text() == BOTH
    assert (ran.status, ran.err) == (0, "applied 3 fixes in 1 file\n")
    # 3*3*3*4 + 4 and 9*9*4*4 + 4, then 6*6*4*2 + 2
    assert "ok: twice (8, 8, 3) → (2,), 1,702 params" in ran.out
    again = cli("check", twice, "--fix", "--unsafe-fixes")
    assert (again.status, again.err) == (0, "applied no fixes\n")
    assert twice.read_text() == BOTH


def test_faults_in_a_row_are_mended_one_after_the_other(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "row.nn"
    path.write_text("Input(20, 8) -> " + "LSTM(4) -> " * 7 + "FC(1)\n")
    shown = cli("check", path).out
    assert shown.count("= fix: ") == shown.count("; then NN303 is found in line 1") == 2  # six edits are no one fix
    ran = cli("check", path, "--fix", "--unsafe-fixes")
    assert path.read_text() == "Input(20, 8) -> " + "LSTM(4, sequences=true) -> " * 6 + "LSTM(4) -> FC(1)\n"
    assert ran.status == 0


def test_how_a_text_is_written_is_mended_to_the_end(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "quoted.nn"
    path.write_text("input(32, 32, 3) -> Conv2D(16, 3, padding='same') -> Activation('relu') -> flatten() -> FC('3')\n")
    assert cli("check", path, "--fix").status == 1
    assert path.read_text() == ('Input(32, 32, 3) -> Conv(16, 3, padding="same") -> ReLU -> Flatten() -> FC("3")\n')


def test_a_name_that_nobody_knows_is_no_safe_fix(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "own.nn"
    path.write_text("Input(32, 32, 3) -> my_block(3)\n")
    assert cli("check", path, "--fix").status == 1
    assert path.read_text() == "Input(32, 32, 3) -> my_block(3)\n"


def test_diff_writes_nothing(cli: Cli, twice: Path) -> None:
    ran = cli("check", twice, "--diff")
    assert ran == (1, f"--- {twice}\n+++ {twice}\n@@ -1 +1 @@\n-{TWICE}+{SAFE}\n", "would apply 2 fixes in 1 file\n")
    unsafe = cli("check", twice, "--diff", "--unsafe-fixes")
    assert unsafe.out == f"--- {twice}\n+++ {twice}\n@@ -1 +1 @@\n-{TWICE}+{BOTH}\n"
    assert twice.read_text() == TWICE


def test_diff_of_what_holds_is_empty(cli: Cli, sound: Path) -> None:
    assert cli("check", sound, "--diff") == (0, "", "would apply no fixes\n")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_keeps_its_mark_its_line_ends_and_its_rights(cli: Cli, tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "crlf.nn"
    path.write_bytes(mark + "# größer\r\nInput(8, 8, 3)\r\n-> Conv2D(4, 3)\r\n".encode())
    path.chmod(0o640)
    cli("check", path, "--fix")
    assert path.read_bytes() == mark + "# größer\r\nInput(8, 8, 3)\r\n-> Conv(4, 3)\r\n".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["crlf.nn"]


def test_a_link_is_followed(cli: Cli, tmp_path: Path, twice: Path) -> None:
    link = tmp_path / "link.nn"
    link.symlink_to(twice)
    cli("check", link, "--fix")
    assert link.is_symlink()
    assert twice.read_text() == SAFE


def test_yaml_is_mended_too(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(
        "nnspec: 1\nnetwork:\n  - Input(8, 8, 3)\n  - Conv:\n      filters: 4\n      kernel: 9\n  - FC: 2\n"
    )
    ran = cli("check", path, "--fix", "--unsafe-fixes")
    assert ran.status == 0
    assert path.read_text().endswith("      kernel: 9\n      padding: same\n  - FC: 2\n")


def test_what_is_imported_is_written_only_where_it_is_named(cli: Cli, tmp_path: Path) -> None:
    part, net = tmp_path / "part.nn", tmp_path / "net.nn"
    part.write_text("block B(c) = Conv(c, 9)\n")
    net.write_text('import B from "part.nn"\nInput(8, 8, 3) -> B(4) -> FC(2)\n')
    before = (part.read_text(), net.read_text())
    shown = cli("check", net)
    assert "= fix: write `Conv(c, 9, padding=same)`" in shown.out
    cli("check", net, "--fix", "--unsafe-fixes")
    assert part.read_text() == before[0]
    (found,) = json_of(cli("check", net, "--format", "json").out)["files"][0]["diagnostics"] or [None]
    if found is not None:
        assert {edit["span"]["path"] for fix in found["fixes"] for edit in fix["edits"]} <= {str(part), str(net)}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_imported_file_that_is_named_is_mended_for_its_user(
    cli: Cli, tmp_path: Path, order: tuple[int, int]
) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    part, net = folder / "part.nn", tmp_path / "net.nn"
    part.write_text("block B(c) = Conv(c, 9)\n")
    net.write_text('import B from "./parts/../parts/part.nn"\nInput(8, 8, 3) -> B(4) -> Conv2D(3, 1) -> FC(2)\n')
    both = [(part, net)[at] for at in order]
    text = net.read_text()
    net.write_text(text.replace("Input(8, 8, 3)", "let n = 8\nInput(n, n, 3)"))
    alone = cli("check", net, "--fix", "--unsafe-fixes")
    net.write_text(text)
    assert "1 finding has fixes in " in alone.err
    assert "part.nn, which is written only if it is named too\n" in alone.err
    assert part.read_text() == "block B(c) = Conv(c, 9)\n"
    ran = cli("check", *both, "--diff", "--unsafe-fixes")
    assert (part.read_text(), ran.status) == ("block B(c) = Conv(c, 9)\n", 1)
    ran = cli("check", *both, "--fix", "--unsafe-fixes")
    assert part.read_text() == "block B(c) = Conv(c, 9, padding=same)\n"
    assert net.read_text().endswith("B(4) -> Conv(3, 1) -> FC(2)\n")
    assert ran.status == 0


def test_an_imported_file_is_not_mended_for_one_user_at_the_cost_of_another(cli: Cli, tmp_path: Path) -> None:
    part, one, other = tmp_path / "part.nn", tmp_path / "one.nn", tmp_path / "other.nn"
    part.write_text("block B(c) = Conv(c, 9)\n")
    one.write_text('import B from "part.nn"\nInput(8, 8, 3) -> B(4) -> FC(2)\n')
    other.write_text('import B from "part.nn"\nInput(9, 9, 3) -> B(4) : (1, 1, 4) -> FC(2)\n')
    cli("check", part, one, other, "--fix", "--unsafe-fixes")
    assert cli("check", other).status == 0


def test_standard_input_is_answered_with_the_mended_spec() -> None:
    ran = process("check", "-", "--fix", "--unsafe-fixes", given=TWICE.encode())
    assert (ran.status, ran.out, ran.err) == (0, BOTH, "applied 3 fixes in 1 file\n")
    safe = process("check", "-", "--fix", given=TWICE.encode())
    assert (safe.status, safe.out) == (1, SAFE)
    assert safe.err.startswith("error[NN301]")


def test_json_has_the_fixes_and_nothing_else_is_printed(cli: Cli, twice: Path) -> None:
    ran = cli("check", twice, "--fix", "--format", "json")
    (found,) = json.loads(ran.out)["files"][0]["diagnostics"]
    assert [fix["title"] for fix in found["fixes"]] == [
        "write `Conv(4, kernel=9, padding=same)`",
        "write `Conv(4, kernel=6)`: `kernel` 6, not 9",
        "write `Input(11, 11, 3)`: the nearest input that suits",
    ]
    assert all(list(fix) == ["title", "safe", "edits"] and fix["safe"] is False for fix in found["fixes"])
    (edit,) = found["fixes"][0]["edits"]
    text = twice.read_text()
    start, end = edit["span"]["start"]["offset"], edit["span"]["end"]["offset"]
    assert text[:start] + edit["text"] + text[end:] == BOTH


def test_all_formats_have_the_same_fixes(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "deep.nn"
    path.write_text("Input(32, 32, 3) -> [Conv(8, 3, padding=same) -> MaxPool(2)] x 6 -> FC(10)\n")
    (found,) = json_of(cli("check", path, "--format", "json").out)["files"][0]["diagnostics"]
    (result,) = json_of(cli("check", path, "--format", "sarif").out)["runs"][0]["results"]
    assert len(found["fixes"]) == 3
    assert [fix["description"]["text"] for fix in result["fixes"]] == [fix["title"] for fix in found["fixes"]]
    for fix, own in zip(result["fixes"], found["fixes"], strict=True):
        (change,) = fix["artifactChanges"]
        regions = [each["deletedRegion"] for each in change["replacements"]]
        ends = [(edit["span"]["start"], edit["span"]["end"]) for edit in own["edits"]]
        assert [(r["charOffset"], r["charLength"]) for r in regions] == [
            (start["offset"], end["offset"] - start["offset"]) for start, end in ends
        ]
        assert [r["insertedContent"]["text"] for r in change["replacements"]] == [e["text"] for e in own["edits"]]
    shown = [line.partition("= fix: ")[2] for line in cli("check", path).out.split("\n") if "= fix: " in line]
    listed = [line for line in cli("check", path, "--format", "github").out.split("%0A") if line.startswith("fix: ")]
    assert [line.removeprefix("fix: ").rstrip("\n") for line in listed] == shown
    assert shown[0] == "repeat 5 times (`x 5`)"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--unsafe-fixes",), "`--unsafe-fixes` says which fixes are applied"),
        (("--diff", "--format", "json"), "`--diff` answers with a diff"),
        (("-", "--fix"), "`--fix -` answers with the mended spec"),
    ],
)
def test_options_that_do_not_go_together(cli: Cli, twice: Path, options: tuple[str, ...], said: str) -> None:
    ran = cli("check", twice, *options)
    assert ran.status == 2
    assert said in ran.err
    assert twice.read_text() == TWICE


def test_a_file_that_is_not_there_or_no_text(cli: Cli, tmp_path: Path, twice: Path) -> None:
    (tmp_path / "bytes.nn").write_bytes(b"Input(8) -> \xff")
    ran = cli("check", tmp_path / "none.nn", tmp_path / "bytes.nn", twice, "--fix")
    assert ran.status == 2
    assert twice.read_text() == SAFE
    assert (tmp_path / "bytes.nn").read_bytes() == b"Input(8) -> \xff"


def test_the_good_path_loads_nothing_of_it(sound: Path) -> None:
    from tests.test_architecture import loaded

    modules = loaded(f"from nnspec.cli.main import main\nassert main(['check', {str(sound)!r}]) == 0")
    assert not {module for module in modules if module.startswith(("nnspec.mending", "nnspec.cli.fixing"))}

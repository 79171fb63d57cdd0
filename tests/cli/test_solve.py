"""`nnspec solve`, and what the other commands do where they meet a hole."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from nnspec.cli.main import main

KERNEL = "# one hole?\nInput(12, 12, 1)\n-> Conv(4, ?) -> ReLU  : (8, 8, 4)  # why ?\n-> FC(2)\n"
MANY = "Input(6) -> FC(?)\nexpect params <= 21\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kernel.nn").write_text(KERNEL)
    Path("many.nn").write_text(MANY)
    Path("none.nn").write_text("Input(8, 1) -> Pool(?) : (3, 1)\n")


def test_it_says_what_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "kernel.nn"]) == 0
    out = capsys.readouterr().out
    assert out == "kernel.nn:3:12: kernel of Conv: 5\nevery number up to 512 was tried, and no other fits\n"
    assert Path("kernel.nn").read_text() == KERNEL


def test_it_says_why_nothing_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "none.nn"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "error[NN214]: no number fits here, of those up to 512" in shown.err
    assert "with 2: the shape promised is not the one that leaves here: (4, 1), and promised is (3, 1)" in shown.err
    assert "with 3: the shape promised is not the one that leaves here: (2, 1), and promised is (3, 1)" in shown.err


def test_it_writes_the_smallest_and_leaves_the_layout(capsys: pytest.CaptureFixture[str]) -> None:
    Path("k.nn").write_bytes(b"\xef\xbb\xbf" + KERNEL.replace("\n", "\r\n").replace("(4, ?)", "( 4,  (?) )").encode())
    assert main(["solve", "k.nn", "--write"]) == 0
    written = Path("k.nn").read_bytes()
    assert written == b"\xef\xbb\xbf" + KERNEL.replace("\n", "\r\n").replace("(4, ?)", "( 4,  5 )").encode()
    out = capsys.readouterr().out
    assert "--> Conv( 4,  (?) ) -> ReLU  : (8, 8, 4)  # why ?\n+-> Conv( 4,  5 ) -> ReLU  : (8, 8, 4)  # why ?\n" in out
    assert out.endswith("wrote k.nn\n")
    assert main(["check", "k.nn"]) == 0
    assert main(["solve", "k.nn"]) == 0
    assert capsys.readouterr().out.endswith("k.nn has no holes\n")


def test_it_lists_all_in_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.nn").write_text("Input(12, 1) -> Conv(24, 3, groups=1) -> Conv(48, 3, groups=?)\n")
    assert main(["solve", "odd.nn", "--all"]) == 0
    assert "groups of Conv: 1 to 4, 6, 8, 12, 24\n" in capsys.readouterr().out


def test_it_writes_what_restricts_no_size(capsys: pytest.CaptureFixture[str]) -> None:
    Path("half.nn").write_text("Input(H, W, 3) -> Conv(16, ?, stride=2) : (H // 2, W // 2, 16)\n")
    assert main(["solve", "half.nn", "--write"]) == 0
    assert "  1 demands H % 2 == 0 and W % 2 == 0\n" in capsys.readouterr().out
    assert Path("half.nn").read_text() == "Input(H, W, 3) -> Conv(16, 2, stride=2) : (H // 2, W // 2, 16)\n"


def test_it_writes_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "nnspec: 1\nnetwork:\n  - Input(8)\n  - {stage: {FC: HOLE}, shape: [6]}\n  - repeat: 2\n    body: FC(2 * ?)\n"
    )
    Path("a.yaml").write_text(text.replace("HOLE", "'?'"))
    assert main(["solve", "a.yaml", "--write"]) == 0
    assert Path("a.yaml").read_text() == text.replace("HOLE", "6").replace("?", "1")
    assert main(["check", "a.yaml"]) == 0


def test_it_answers_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "many.nn", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["holes"] == [
        {
            "what": "units of FC",
            "letter": None,
            "span": {"start": {"line": 1, "column": 16, "offset": 15}, "end": {"line": 1, "column": 17, "offset": 16}},
        }
    ]
    assert [way["numbers"] for way in document["ways"]] == [[1], [2], [3]]
    assert (document["ok"], document["only"], document["searched"]) == (True, False, 512)
    assert main(["solve", "none.nn", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["ways"]) == (False, [])
    assert [found["code"] for found in document["diagnostics"]] == ["NN214"]


def test_sizes_as_data(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Input(?, 7, 1) -> Pool x 3")))
    assert main(["solve", "-", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["ways"] == []
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Input(?, 9, 1) -> Pool x 3")))
    assert main(["solve", "-", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ways"] == [{"numbers": [8], "conditions": ["H >= 8"]}]
    assert document["holes"][0]["letter"] == "H"


def test_check_takes_the_smallest_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "many.nn", "--format", "json"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    (found,) = file["diagnostics"]
    assert (found["code"], found["message"]) == ("NN217", "this hole may be 1 to 3")
    assert [edit["text"] for fix in found["fixes"] for edit in fix["edits"]] == ["1"]
    assert file["models"][0]["params"] == 7


@pytest.mark.parametrize("command", [["summary"], ["generate"], ["build", "-o", "m.keras"]])
def test_what_builds_wants_one_number(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "many.nn"]) == 1
    shown = capsys.readouterr().err
    assert "error[NN214]: this hole may be 1 to 3, and one number is needed" in shown
    assert "`nnspec solve many.nn --write` puts 1 in its place" in shown


def test_what_builds_takes_the_only_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "kernel.nn"]) == 0
    assert "keras.layers.Conv2D(4, 5)" in capsys.readouterr().out
    assert main(["summary", "kernel.nn"]) == 0
    assert "(8, 8, 4)" in capsys.readouterr().out


def test_holes_stand_in_the_file_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("lib.nn").write_text("block B(c) = FC(c) -> FC(?)\n")
    Path("net.nn").write_text('import B from "lib.nn"\nInput(8) -> B(?) : (3,)\n')
    assert main(["solve", "net.nn"]) == 1
    assert "this hole stands in lib.nn, and only those of the named file are filled" in capsys.readouterr().err
    assert main(["check", "kernel.nn", "--set", "Conv.stride=?"]) == 1
    assert "holes stand in the file, not on the command line" in capsys.readouterr().out


def test_what_the_command_line_gives_is_no_hole(capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.nn").write_text("param n = ?\nInput(?, 3) -> Conv(n, 3) -> FC(2)\n")
    assert main(["check", "p.nn", "-p", "n=4", "--input", "9,3"]) == 0
    assert "NN217" not in capsys.readouterr().out


def test_facts_of_the_data_decide_too(capsys: pytest.CaptureFixture[str]) -> None:
    """A network for ten classes has ten outputs, though nothing in the network says so."""
    Path("digits.yaml").write_text(
        "nnspec: 1\nnetwork: [Input(8, 8, 1), Flatten, 'Dense(?)', Softmax]\n"
        "train: {data: {source: sklearn/digits, target: {classes: 10}}, loss: sparse_categorical_crossentropy}\n"
    )
    assert main(["solve", "digits.yaml"]) == 0
    assert capsys.readouterr().out.startswith("digits.yaml:2:43: units of Dense: 10\n")


def test_mistakes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["solve", "-", "--write"]) == 2
    assert "`--write` changes a file, and standard input is none" in capsys.readouterr().err
    assert main(["solve", "nowhere.nn"]) == 2
    Path("bad.nn").write_text("Input(8) -> FC(?\n")
    assert main(["solve", "bad.nn"]) == 1
    assert "NN102" in capsys.readouterr().err
    Path("worse.nn").write_text("Input(8) -> FC(?) -> Nope\n")
    assert main(["solve", "worse.nn", "--write"]) == 1
    assert "NN202" in capsys.readouterr().err
    assert Path("worse.nn").read_text() == "Input(8) -> FC(?) -> Nope\n"


def test_a_spec_without_holes_imports_nothing_for_them() -> None:
    Path("plain.nn").write_text("# is this it?\nInput(8) -> FC(3)\n")
    script = "import sys; from nnspec.cli.main import main; main(['check', 'plain.nn']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    loaded = done.stdout.split()
    assert not [name for name in loaded if name.startswith(("nnspec.solving", "nnspec.mending", "nnspec.cli.holes"))]
    assert "nnspec.syntax.holes" not in loaded
    assert "nnspec.analysis.spending" not in loaded

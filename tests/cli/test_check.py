"""`check`: verdicts, exit statuses and the JSON of the contract, key by key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Cli, process


def test_a_sound_file_is_one_line(cli: Cli, sound: Path) -> None:
    ran = cli("check", sound)
    # 3*3*3*4 + 4 weights, then 6*6*4*10 + 10; one product for each but the biases.
    assert ran == (0, f"{sound}: ok: sound (8, 8, 3) → (10,), 1,562 params, 5,328 MACs, 2 layers\n", "")


def test_one_repeat_too_many_is_one_error(cli: Cli, small: Path) -> None:
    ran = cli("check", small)
    assert ran.status == 1
    assert ran.out == (
        "error[NN301]: the window is taller than its input\n"
        f"  --> {small}:2:48\n"
        "   |\n"
        " 2 | -> [(Conv(64, 3, padding=same) -> ReLU) x 2 -> MaxPool(2)] x 6\n"
        "   |                                                ^^^^^^^^^^ 2 > 1\n"
        f"   = in: repeat 6 of 6 ({small}:2:4)\n"
        "   = size: floor((1 - 2 + 0) / 2) + 1 = 0\n"
        "   = help: at most 5 repeats fit a 32 x 32 input, or use `padding=same`; nearest valid height and width: 64\n"
        "   = fix: repeat 5 times (`x 5`)\n"
        "   = fix: write `MaxPool(2, padding=same)`\n"
        "   = fix: write `Input(64, 64, 3)`: the nearest input that suits\n"
        "\n"
        "1 error in 1 file\n"
    )


def json_of(text: str) -> Any:
    return json.loads(text)


def test_the_json_of_the_contract(cli: Cli, small: Path) -> None:
    document = json_of(cli("check", small, "--format", "json").out)
    assert list(document) == ["version", "files"]
    assert document["version"] == 1
    (file,) = document["files"]
    assert list(file) == ["path", "ok", "models", "diagnostics"]
    assert (file["path"], file["ok"]) == (str(small), False)
    assert file["models"] == [
        {
            "name": "small",
            "inputs": [{"name": "input", "shape": [32, 32, 3], "dtype": "float32"}],
            "outputs": [{"name": "fc", "shape": None, "dtype": "float32"}],
            "params": None,
            "trainable_params": None,
            "macs": None,
            "layers": None,
            "conditions": [],
        }
    ]
    assert list(file["models"][0]) == [
        "name", "inputs", "outputs", "params", "trainable_params", "macs", "layers", "conditions",
    ]  # fmt: skip
    (found,) = file["diagnostics"]
    assert (found["code"], found["slug"], found["severity"], found["label"]) == (
        "NN301", "window-too-large", "error", "2 > 1",
    )  # fmt: skip
    assert found["span"] == {
        "start": {"line": 2, "column": 48, "offset": 64},
        "end": {"line": 2, "column": 58, "offset": 74},
    }
    assert [frame["message"] for frame in found["trace"]] == ["repeat 6 of 6"]
    fix, *_ = found["fixes"]
    assert fix["title"] == "repeat 5 times"
    assert [edit["text"] for edit in fix["edits"]] == ["5"]


def test_numbers_of_a_sound_model(cli: Cli) -> None:
    (file,) = json_of(cli("check", "specs/vision/vgg16.nn", "--format", "json").out)["files"]
    (model,) = file["models"]
    counted = [model[key] for key in ("params", "trainable_params", "macs", "layers")]
    assert counted == [138357544, 138357544, 15470264320, 37]  # the contract's own figures


def test_symbolic_sizes_are_texts_that_python_evaluates(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "open.nn"
    path.write_text("Input(H, W, 1) -> Conv(8, 3) -> MaxPool(2)\n")
    (file,) = json_of(cli("check", path, "--format", "json").out)["files"]
    (model,) = file["models"]
    assert [eval(size, {"H": 11, "W": 20}) for size in model["outputs"][0]["shape"][:2]] == [4, 9]
    assert eval(model["macs"], {"H": 11, "W": 20}) == 9 * 18 * 9 * 8
    assert model["params"] == 80
    assert sorted(model["conditions"]) == ["H >= 4", "W >= 4"]


def test_all_files_are_checked_when_one_cannot_be_read(cli: Cli, sound: Path, small: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.nn"
    ran = cli("check", missing, sound, small)
    assert ran.status == 2
    assert ran.err == f"nnspec check: error: {missing}: no such file or directory\n"
    assert f"{sound}: ok:" in ran.out
    assert "1 error in 2 files" in ran.out


def test_a_folder_means_its_specs(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.nn").write_text("Input(8) -> FC(3)\n")
    (tmp_path / "b.yaml").write_text("nnspec: 1\nnetwork: Input(8) -> FC(3)\n")
    (tmp_path / "other.yaml").write_text("jobs: [1]\n")
    (tmp_path / "notes.txt").write_text("none\n")
    ran = cli("check", tmp_path)
    assert ran.status == 0
    assert [Path(line.split(":")[0]).name for line in ran.out.splitlines()] == ["b.yaml", "a.nn"]


def test_a_folder_without_specs_and_a_strange_name_are_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Input(8) -> FC(3)\n")
    assert cli("check", tmp_path).status == 2
    ran = cli("check", tmp_path / "a.txt")
    assert ran.status == 2
    assert "should end in .nn, .yaml or .yml" in ran.err


def test_standard_input(tmp_path: Path) -> None:
    ran = process("check", "-", "--format", "json", given="Input(8) → FC(3)\n".encode())
    (file,) = json_of(ran.out)["files"]
    assert (ran.status, file["path"], file["models"][0]["name"]) == (0, "<stdin>", "network")


def test_strict_makes_warnings_fail(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "w.nn"
    path.write_text("x = Input(8) -> FC(4)\nunused = x -> FC(5)\ny = x -> FC(3)\noutput y\n")
    assert cli("check", path).status == 0
    assert cli("check", path, "--strict").status == 1
    document = json_of(cli("check", path, "--strict", "--format", "json").out)
    assert document["files"][0]["ok"] is False


def test_notes_never_fail(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "n.nn"
    path.write_text("Input(7, 7, 3) -> MaxPool(2) -> FC(10)\n")
    ran = cli("check", path, "--strict")
    assert ran.status == 0
    assert ran.out.endswith("1 note in 1 file\n")


def test_the_textbook_line_by_options(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "line.nn"
    path.write_text("Input→[(Conv→ReLU)×n→Pool]×m→FC\n", encoding="utf-8")
    options = [
        "-p", "n=2", "-p", "m=3", "--input", "32,32,3", "--set", "Conv.filters=32", "--set", "Conv.kernel=3",
        "--set", "Conv.padding=same", "--set", "FC.units=10",
    ]  # fmt: skip
    ran = cli("check", path, *options)
    # 3->32, then five 32->32 of 3 x 3; 4*4*32 -> 10.
    params = (27 * 32 + 32) + 5 * (9 * 32 * 32 + 32) + (512 * 10 + 10)
    assert ran.status == 0
    assert f"{params:,} params" in ran.out
    assert cli("check", path).status == 1


def test_options_that_name_nothing_are_located(cli: Cli, sound: Path) -> None:
    for option in (["-p", "clases=3"], ["--set", "Cov.filters=3"], ["--input", "b=3,3"], ["--model", "Sund"]):
        ran = cli("check", sound, *option)
        assert ran.status == 1, option
        assert "error[NN" in ran.out
        assert "<command line>:1:" in ran.out
    assert "did you mean `classes`?" in cli("check", sound, "-p", "clases=3").out


def test_faults_in_options_are_located(cli: Cli, sound: Path) -> None:
    ran = cli("check", sound, "-p", "classes=1 +")
    assert ran.status == 1
    assert "<command line>:1:" in ran.out


def test_sarif_and_github_name_the_place(cli: Cli, small: Path) -> None:
    log = json_of(cli("check", small, "--format", "sarif").out)
    (result,) = log["runs"][0]["results"]
    assert (result["ruleId"], result["locations"][0]["physicalLocation"]["region"]["startLine"]) == ("NN301", 2)
    ran = cli("check", small, "--format", "github")
    assert ran.out.startswith(
        f"::error file={small},line=2,col=48,endLine=2,endColumn=58,title=NN301 window-too-large::"
    )


def test_json_is_alone_on_standard_output(cli: Cli, small: Path, tmp_path: Path) -> None:
    ran = cli("check", tmp_path / "none.nn", small, "--format", "json")
    assert [file["path"] for file in json_of(ran.out)["files"]] == [str(small)]
    assert ran.err


def test_a_fault_in_an_import_is_shown_where_it_is(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "parts.nn").write_text("block Wide(n) = Dense(n) -> Conv(3, 9)\n")
    path = tmp_path / "main.nn"
    path.write_text('import Wide from "parts.nn"\nInput(4, 4, 3) -> Wide(8)\n')
    ran = cli("check", path, "--format", "json")
    (found,) = [each for each in json_of(ran.out)["files"][0]["diagnostics"] if each["severity"] == "error"]
    assert found["code"] == "NN301"
    assert found["span"]["path"] == str(tmp_path / "parts.nn")
    assert "path" not in found["trace"][0]["span"]

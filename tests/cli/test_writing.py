"""`generate`, `build`, `train` and `new`: what they write, and what they refuse to write."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, process


def test_generated_source_imports_only_keras(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    ran = cli("generate", "specs/vision/lenet5.nn", "-o", path)
    assert ran == (0, f"wrote {path}\n", "")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    assert modules == {"keras"}


def test_source_goes_to_standard_output_without_o(cli: Cli) -> None:
    ran = cli("generate", "specs/basics/mlp.nn")
    assert ran.status == 0
    assert "build_model" in {node.name for node in ast.parse(ran.out).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("command", ["generate", "build", "train"])
def test_a_spec_with_errors_is_not_written(cli: Cli, small: Path, tmp_path: Path, command: str) -> None:
    target = tmp_path / "out.keras"
    ran = cli(command, small, "-o", target)
    assert ran.status == 1
    assert ran.out == ""
    assert "NN301" in ran.err
    assert not target.exists()


@pytest.mark.parametrize("command", ["generate", "build"])
def test_a_library_has_nothing_to_build(cli: Cli, tmp_path: Path, command: str) -> None:
    path = tmp_path / "parts.nn"
    path.write_text("block A = ReLU\n")
    ran = cli(command, path)
    assert ran.status == 2
    assert "is a library" in ran.err


def test_a_broken_promise_is_a_warning_here(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.nn"
    path.write_text("Input(8) -> FC(3)\nexpect params <= 20\n")
    ran = cli("generate", path)
    assert ran.status == 0
    assert ran.err.startswith("warning[NN502]")
    assert "keras" in ran.out


def test_an_unknown_weight_shape_is_refused(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "open.nn"
    path.write_text("Input(H, 8, 1) -> FC(3)\n")
    assert cli("check", path).status == 0
    ran = cli("build", path, "-o", tmp_path / "open.keras")
    assert ran.status == 1
    assert "NN701" in ran.err
    assert "--input" in ran.err


def test_a_place_that_cannot_be_written(cli: Cli, tmp_path: Path) -> None:
    ran = cli("generate", "specs/basics/mlp.nn", "-o", tmp_path / "no" / "model.py")
    assert ran.status == 2
    assert ran.err.count("\n") == 1
    assert cli("generate", "specs/basics/mlp.nn", "-o", tmp_path).status == 2


def test_no_spec_is_written_over_by_another_name(cli: Cli, sound: Path, tmp_path: Path) -> None:
    text = sound.read_text()
    for link in (tmp_path / "soft.py", tmp_path / "hard.py"):
        (link.symlink_to if link.stem == "soft" else link.hardlink_to)(sound)
        ran = cli("generate", sound, "-o", link)
        assert ran.status == 2
        assert "is the spec itself" in ran.err
    assert sound.read_text() == text
    keras = tmp_path / "soft.keras"
    keras.symlink_to(sound)
    assert "is the spec itself" in cli("build", sound, "-o", keras).err
    assert sound.read_text() == text


def test_a_link_is_followed_and_a_device_stays(cli: Cli, sound: Path, tmp_path: Path) -> None:
    (tmp_path / "link.py").symlink_to(tmp_path / "there.py")
    assert cli("generate", sound, "-o", tmp_path / "link.py").status == 0
    assert (tmp_path / "link.py").is_symlink()
    assert "def build_model" in (tmp_path / "there.py").read_text()
    assert cli("generate", sound, "-o", os.devnull).status == 0
    assert not Path(os.devnull).is_file()


def test_a_program_refuses_words_that_it_does_not_know(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "digits.py"
    assert cli("generate", "specs/digits.yaml", "-o", path).status == 0
    for words in (["test"], ["train", "--epochs", "two"], ["train", "--epoch-count", "2"]):
        command = [sys.executable, str(path), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert "usage: digits.py" in done.stderr


def test_new_writes_what_checks_and_does_not_write_over(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "first"
    assert cli("new", folder).status == 0
    assert sorted(path.name for path in folder.iterdir()) == ["network.nn", "train.yaml"]
    ran = cli("check", folder, "--strict")
    assert ran.status == 0
    assert ran.out.count(": ok: ") == 2
    (folder / "network.nn").write_text("mine\n")
    ran = cli("new", folder)
    assert ran.status == 2
    assert "is there already" in ran.err
    assert ran.err.endswith("name another folder\n")
    assert (folder / "network.nn").read_text() == "mine\n"


def test_a_new_spec_trains_and_builds(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "first"
    cli("new", folder)
    ran = process("train", folder / "train.yaml", "--set", "train.epochs=1", "-o", tmp_path / "run")
    assert ran.status == 0, ran.err
    assert ran.out.splitlines()[-1].startswith("test: loss")
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1]
    assert (tmp_path / "run" / "model.keras").exists()
    ran = process("build", folder / "network.nn", "-o", tmp_path / "n.keras", "--seed", "3")
    # 9*32+32, 9*32*32+32, 9*32*64+64, 9*64*64+64, 256*128+128, 128*10+10
    params = 320 + 9248 + 18496 + 36928 + 32896 + 1290
    assert (ran.status, ran.out) == (0, f"wrote {tmp_path / 'n.keras'}: network, {params:,} params\n")


def test_training_options_are_read_and_refused_in_place(cli: Cli) -> None:
    ran = cli("train", "specs/digits.yaml", "--set", "train.epochz=3")
    assert ran.status == 1
    assert "<command line>" in ran.err
    ran = cli("train", "specs/digits.yaml", "--set", "train.optimizer=adamm")
    assert ran.status == 1
    assert "did you mean `adam`" in ran.err


def test_a_run_is_new_or_resumed_not_both(cli: Cli) -> None:
    ran = cli("train", "specs/digits.yaml", "-o", "a", "--resume", "b")
    assert ran.status == 2
    ran = cli("train", "specs/digits.yaml", "--resume", "no-such-run")
    assert ran.status in (1, 2)
    assert "no-such-run" in ran.err

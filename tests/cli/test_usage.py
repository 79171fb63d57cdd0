"""Command lines that cannot be carried out: status 2, one clear line, near names; and what a terminal is spared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nnspec import __version__
from nnspec.cli.main import COMMANDS
from tests.cli.conftest import Cli, process

WRONG = [
    (["chek", "a.nn"], "there is no command `chek`; did you mean `check`?"),
    (["fmt", "a.nn"], "`fmt` is not built yet"),
    (["--versoin"], "there is no option `--versoin`"),
    (["check"], "FILE"),
    (["check", "a.nn", "--stict"], "did you mean `--strict`"),
    (["check", "a.nn", "--format", "jsn"], "did you mean `json`?"),
    (["check", "a.nn", "--color", "blue"], "`--color` takes auto, always, never"),
    (["check", "a.nn", "-p", "n"], "write `-p n=…`"),
    (["check", "a.nn", "-p", "n="], "gives no value"),
    (["check", "a.nn", "-p", "N=3"], "a param begins with a lower-case letter; write `-p n=…`"),
    (["check", "a.nn", "-p", "2n=3"], "`-p` takes a name and a value"),
    (["check", "a.nn", "--set", "filters=3"], "such as `--set Conv.filters=32`"),
    (["check", "a.nn", "--set", "epochs=3"], "; write `--set train.epochs=3`"),
    (["check", "a.nn", "--set", "batch=64"], "; write `--set train.data.batch=64`"),
    (["train", "a.yaml", "--set", "lr=1e-2"], "; write `--set train.optimizer.learning_rate=1e-2`"),
    (["check", "a.nn", "--input", ""], "`--input` takes sizes"),
    (["check", "a.nn", "--input"], "expected one argument"),
    (["summary", "a.nn", "b.nn"], "`b.nn` is one argument too many"),
    (["summary", "missing.nn"], "no such file"),
    (["check", "missing"], "missing: no such file or directory"),
    (["check", "missing/"], "missing/: no such folder"),
    (["check", "README.md"], "not a spec by its name"),
    (["explain", "NN3O1"], "did you mean"),
    (["new"], "DIR"),
    (["build", "specs/vision/lenet5.nn", "-o", "model.h5"], "end in `.keras`"),
    (["build", "specs/vision/lenet5.nn", "--seed", "-1"], "--seed"),
    (["build", "specs/vision/lenet5.nn", "-o", "nowhere/model.keras"], "there is no folder nowhere"),
    (
        ["train", "specs/vision/lenet5.nn"],
        "has no `train` section; write one in a YAML file, as `nnspec new DIR` shows",
    ),
    (["generate", "specs/vision/lenet5.nn", "-o", "specs/vision/lenet5.nn"], "is the spec itself"),
    (["generate", "specs/vision/lenet5.nn", "-o", "specs/../specs/vision/lenet5.nn"], "write `-o model.py`, say"),
    (["generate", "specs/vision/lenet5.nn", "-o", "specs/basics/mlp.nn"], "is a spec by its name"),
    (["new", "README.md"], "is a file"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG, ids=str)
def test_a_wrong_command_line_is_one_line_and_status_2(cli: Cli, arguments: list[str], says: str) -> None:
    ran = cli(*arguments)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert says in ran.err


def test_no_command_shows_the_help(cli: Cli) -> None:
    ran = cli()
    assert ran.status == 2
    assert "commands:" in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(cli: Cli, command: str) -> None:
    ran = cli(command, "--help")
    assert ran.status == 0
    assert f"usage: nnspec {command}" in ran.out
    assert "examples:" in ran.out


def test_version(cli: Cli) -> None:
    assert cli("--version") == (0, f"nnspec {__version__}\n", "")


def test_options_and_files_in_any_order(cli: Cli, sound: Path) -> None:
    assert cli("check", "--strict", sound, "-p", "classes=3", sound).status == 0


def test_of_a_setting_given_twice_the_last_holds(cli: Cli, sound: Path) -> None:
    assert "(7,)" in cli("check", sound, "-p", "classes=3", "-p", "classes=7").out
    sound.write_text("Input(8) -> FC\n")
    assert "(7,)" in cli("check", sound, "--set", "FC.units=3", "--set", "FC.units=7").out


def test_sizes_for_a_file_of_several_models(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "two.nn"
    path.write_text("model A = Input(3) -> FC(4)\nmodel B = Input(3) -> FC(4)\n")
    ran = cli("check", path, "--input", "7")
    assert ran.status == 1
    assert "must say which of 2 models" in ran.out
    assert "choose one: `--model A --input 7`; the models are A, B" in ran.out
    assert "A (7,)" in cli("check", path, "--model", "A", "--input", "7").out


def test_an_ascii_terminal_gets_ascii(sound: Path) -> None:
    ran = process("check", sound, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert ran.status == 0
    assert "(8, 8, 3) -> (10,)" in ran.out
    assert process("check", "--help", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}).status == 0


def test_a_file_name_that_is_no_text_is_shown(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\x1b[31m.nn"
    with open(path, "w") as stream:
        stream.write("Input(8) -> Dence(3)\n")
    for form in ("text", "json", "sarif", "github"):
        ran = process("check", os.fsdecode(path), "--format", form)
        assert ran.status == 1
        assert "Traceback" not in ran.err
        assert "\x1b" not in ran.out


def test_a_file_name_does_not_command_a_terminal(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "\x1b[31mred.nn"
    path.write_text("Input(8) -> FC(3)\n")
    for form in ("text", "markdown", "csv"):
        ran = cli("summary", path, "--format", form)
        assert ran.status == 0
        assert "\x1b" not in ran.out
    for command in ("check", "generate"):
        ran = cli(command, path)
        assert ran.status == 0
        assert "\x1b" not in ran.out + ran.err


def test_a_reader_that_leaves_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "many.nn"
    path.write_text("\n".join(f"x{i} = Input(8) -> Dence{i}(3)" for i in range(3000)))
    command = f"{sys.executable} -m nnspec.cli.main check {path} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, check=False)
    assert done.stdout.startswith(b"error[")
    assert done.stderr == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_one_line(sound: Path) -> None:
    command = f"{sys.executable} -m nnspec.cli.main check {sound} > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1


def test_an_interrupt_ends_with_130_and_no_traceback() -> None:
    command = [sys.executable, "-m", "nnspec.cli.main", "check", "-"]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdin is not None
    running.stdin.write(b"#" * 500_000)  # more than a pipe holds, so that it reads when this returns
    running.stdin.flush()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=300)
    assert (running.returncode, out, err) == (130, b"", b"")


def test_an_unforeseen_fault_is_a_short_report(monkeypatch: pytest.MonkeyPatch, cli: Cli, sound: Path) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr("nnspec.cli.specs.compile_tree", fail)
    ran = cli("check", sound)
    assert ran.status == 2
    assert "error[NN901]: nnspec has a fault: ZeroDivisionError: a fault of ours" in ran.out
    assert "place: nnspec.cli.specs, line" in ran.out
    monkeypatch.setattr("nnspec.cli.explain.all_codes", fail)
    ran = cli("explain")
    assert ran.status == 2
    assert "NN901" in ran.err


def test_colors_by_option_and_by_environment(cli: Cli, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in cli("check", small).out
    assert "\x1b[" in cli("check", small, "--color", "always").out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in cli("check", small).out

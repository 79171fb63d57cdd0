"""`nnspec summary --memory`: its tables, its data, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nnspec.cli.main import main
from tests.test_readme import ROOT, ran, steps

SPEC = "Input(8) -> Dense(20, act=relu) as hidden -> [Dense(20)] x 3 -> Dense(5)\n"

#: The ReLU keeps what the first of three layers gets, 4 · 20 · 4 bytes; so each of the others, and the last.
TABLES = """\
memory at batch 4, float32, momentum

stage                 kept
Input(8)               0 B
Dense(20, act=relu)  128 B
relu                 320 B
[Dense(20)] x 3      640 B
Dense(5)             320 B

memory                          applied   trained
weights                         6,180 B   6,180 B
tensors, alive at once or kept    640 B   1,408 B
gradients of weights                      6,180 B
momentum, 1 for each weight               6,180 B
in all                          6,820 B  19.95 kB
at most in a step                        20.59 kB
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "small.nn"
    path.write_text(SPEC)
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_the_tables(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "summary", spec, "--memory", "--batch", "4", "--optimizer", "momentum")
    assert shown.endswith("\n\n" + TABLES)


def test_the_data(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    plain = json.loads(said(capsys, "summary", spec, "--format", "json"))
    document = json.loads(said(capsys, "summary", spec, "--memory", "--format", "json"))
    found = document.pop("memory")
    assert document == plain
    params = 8 * 20 + 20 + 3 * 420 + 105
    assert (found["batch"], found["precision"], found["optimizer"]) == (32, "float32", "adam")
    assert found["weights_bytes"] == found["gradients_bytes"] == 4 * params
    assert found["slots_bytes"] == 8 * params
    assert found["kept_bytes"] == 32 * 4 * (8 + 4 * 20)
    assert sum(stage["kept_bytes"] for stage in found["stages"]) == found["kept_bytes"]
    assert found["live_bytes"] == 32 * 4 * 40
    assert found["flowing_bytes"] == 32 * 4 * 40
    assert found["held_bytes"] == 32 * 4 * (8 + 5 * 20 + 5)  # all outputs are there until the pass ends
    assert found["scratch_bytes"] == 3 * 4 * params
    assert found["inference_bytes"] == found["weights_bytes"] + found["live_bytes"]
    assert found["training_bytes"] == 16 * params + found["kept_bytes"]
    most = max(found["held_bytes"], found["kept_bytes"] + found["flowing_bytes"], found["scratch_bytes"])
    assert found["peak_bytes"] == 16 * params + most


def test_csv_has_the_stages(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "summary", spec, "--memory", "--format", "csv").splitlines()
    assert lines[0] == "stage,kept_bytes"
    assert lines[1] == "Input(8),0"


def test_markdown_has_both_tables(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "summary", spec, "--memory", "--format", "markdown")
    assert "| stage | kept |" in shown
    assert "| memory | applied | trained |" in shown


def test_open_sizes_stay_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "open.nn"
    path.write_text("Input(T, 8) -> Dense(3)\n")
    found = json.loads(said(capsys, "summary", str(path), "--memory", "--batch", "1", "--format", "json"))["memory"]
    assert eval(found["kept_bytes"], {"T": 10}) == 10 * 8 * 4


def test_the_train_section_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    digits = "specs/digits.yaml"
    found = json.loads(said(capsys, "summary", digits, "--memory", "--format", "json"))["memory"]
    assert (found["batch"], found["optimizer"]) == (64, "adam")
    arguments = ("--set", "train.optimizer=sgd", "--set", "train.data.batch=3")
    found = json.loads(said(capsys, "summary", digits, "--memory", *arguments, "--format", "json"))["memory"]
    assert (found["batch"], found["optimizer"], found["slots_bytes"]) == (3, "sgd", 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--batch", "4"), "`--batch` goes with `--memory`; add that"),
        (("--memory", "--batch", "0"), "`--batch` takes a whole number of examples, such as `--batch 64`, not `0`"),
        (("--memory", "--batch", "a"), "`--batch` takes a whole number of examples, such as `--batch 64`, not `a`"),
        (("--memory", "--optimizer", "adm"), "`--optimizer` takes"),
        (("--memory", "--precision", "mixed"), "`--precision` takes"),
    ],
)
def test_what_it_refuses(
    spec: str, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["summary", spec, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_page_shows_what_is_printed() -> None:
    page = (ROOT / "docs" / "memory.md").read_text(encoding="utf-8")
    (session,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    ((command, shown),) = steps(session)
    assert ran(command, ROOT) == shown

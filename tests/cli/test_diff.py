"""`diff` of specs: what it answers in each format, which options hold for which side, and when it ends how."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nnspec.cli import output
from tests.cli.conftest import Cli, process

OLD = "param n = 2\nInput(8, 8, 3)\n-> (Conv(4, 3, padding=same) -> ReLU) x n\n-> MaxPool(2) -> FC(10)\n"
NEW = OLD.replace("Conv(4, 3", "Conv(4, 5").replace("MaxPool(2)", "MaxPool(2) -> BN")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.nn"
    path.write_text(OLD)
    return path


@pytest.fixture
def new(tmp_path: Path) -> Path:
    path = tmp_path / "new.nn"
    path.write_text(NEW)
    return path


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_text_says_the_totals_and_each_change(cli: Cli, old: Path, new: Path) -> None:
    ran = cli("diff", old, new)
    assert (ran.status, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"{old} → {new}"
    params = 10 * (4 * 16 + 1)
    before, after = params + 4 * 28 + 4 * 37, params + 4 * 76 + 4 * 101 + 16
    percent = f"{(after - before) / before * 100:.1f}"
    assert lines[3].split() == ["params", f"{before:,}", f"{after:,}", f"+{after - before:,}", f"+{percent}"]
    assert lines[11].split() == ["change", "output", "params", "MACs", "field", "at"]
    assert lines[12].startswith("~ Conv: kernel 3 → 5  (8, 8, 4)  112 → 304  6,912 → 19.20 k")
    assert lines[12].endswith("3 → 5  line 3")
    assert lines[14].startswith("+ BatchNorm ")
    assert lines[14].endswith("line 4")
    assert lines[-1] == "1 layer added, 2 changed"


def test_markdown_is_tables_below_a_line(cli: Cli, old: Path, new: Path) -> None:
    lines = cli("diff", old, new, "--format", "markdown").out.splitlines()
    assert lines[0].startswith("**")
    assert lines[0].endswith("**: 1 layer added, 2 changed")
    tables = [line for line in lines if line.startswith("|")]
    assert len(tables) == 2 + 7 + 2 + 3
    assert tables[2].startswith("| params | 910 | 1,374 | +464 | +51.0 |")
    assert {line.count("|") for line in tables[:9]} == {6}
    assert {line.count("|") for line in tables[9:]} == {7}


def test_json_has_every_figure(cli: Cli, old: Path, new: Path) -> None:
    document = json.loads(cli("diff", old, new, "--format", "json").out)
    assert list(document) == ["version", "same", "files", "models"]
    assert document["same"] is False
    assert [file["path"] for file in document["files"]] == [str(old), str(new)]
    (model,) = document["models"]
    assert list(model) == ["old", "new", "same", "totals", "changes", "resized", "renamed", "idle"]
    assert model["totals"]["params"] == {"old": 910, "new": 1374, "change": 464}
    assert list(model["totals"]) == [
        "params", "trainable_params", "macs", "layers", "depth", "receptive_field", "activation_bytes",
    ]  # fmt: skip
    assert [change["change"] for change in model["changes"]] == ["changed", "changed", "added"]
    first, _, added = model["changes"]
    assert first["arguments"] == [{"name": "kernel", "old": "3", "new": "5"}]
    assert first["new"]["text"] == "Conv(4, 5, padding=same)"
    assert first["new"]["span"]["start"]["line"] == 3
    assert (first["old"]["params"], first["new"]["params"]) == (112, 304)
    assert added["old"] is None
    assert added["new"]["operator"] == "BatchNorm"
    assert added["new"]["output"] == [4, 4, 4]


def test_the_same_network_says_so(cli: Cli, old: Path, tmp_path: Path) -> None:
    other = written(tmp_path, "other.nn", OLD.replace("MaxPool(2)", "MaxPool(2) as pooled"))
    ran = cli("diff", old, other)
    assert ran.status == 0
    assert ran.out.endswith(" are the same network: 910 params, 16.77 k MACs, 6 layers\n")
    assert json.loads(cli("diff", old, other, "--format", "json").out)["same"] is True
    assert "are the same network" in cli("diff", old, other, "--format", "markdown").out


def test_layers_that_only_follow_are_one_line_and_all_lists_them(cli: Cli, old: Path) -> None:
    ran = cli("diff", old, "--input", "new:16,16,3")
    assert "6 layers are the same but for their sizes: +1,920 params, " in ran.out
    assert "(--all lists them)" in ran.out
    everything = cli("diff", old, "--input", "new:16,16,3", "--all").out
    assert "= FC(10)" in everything
    assert "650 → 2,570" in everything
    assert "--all" not in everything


def test_repeats_are_said_once(cli: Cli, old: Path) -> None:
    lines = cli("diff", old, "-p", "new:n=1_000").out.splitlines()
    assert "× 998" in lines
    assert lines[-1] == "1,996 layers added"
    assert len(lines) < 20
    markdown = cli("diff", old, "-p", "new:n=1_000", "--format", "markdown").out
    assert "| × 998 |  |  |  |  |  |" in markdown


def test_options_hold_for_one_side_or_for_both(cli: Cli, old: Path, new: Path) -> None:
    assert cli("diff", old, old, "-p", "old:n=3", "-p", "n=3").status == 0
    assert cli("diff", old, "-p", "n=3", "-p", "new:n=4").status == 1
    assert cli("diff", old, old, "--set", "new:ReLU.negative_slope=0.5").status == 1
    assert cli("diff", old, new, "--input", "old:8,8,3", "--input", "new:8,8,3").status == 1
    wrong = cli("diff", old, "-p", "new:m=4")
    assert wrong.status == 2
    assert "NN215" in wrong.err


def test_a_param_that_one_file_has_is_set_there(cli: Cli, old: Path, tmp_path: Path) -> None:
    other = written(tmp_path, "fixed.nn", OLD.replace("param n = 2\n", "").replace("x n", "x 4"))
    assert cli("diff", old, other, "-p", "n=4").status == 0
    assert cli("diff", other, old, "-p", "n=4").status == 0
    nowhere = cli("diff", old, other, "-p", "m=4")
    assert nowhere.status == 2
    assert "no param of this file is called `m`" in nowhere.err


def test_models_of_one_name_belong_together(cli: Cli, tmp_path: Path) -> None:
    small = "model Small = Input(8) -> FC(2)\n"
    old = written(tmp_path, "a.nn", f"{small}model Large = Input(8) -> FC(9)\n")
    new = written(
        tmp_path, "b.nn", f"model Large = Input(8) -> FC(9) -> ReLU\n{small}model Third = Input(3) -> FC(1)\n"
    )
    ran = cli("diff", old, new)
    assert ran.status == 1
    assert f"{old}: Small and {new}: Small are the same network" in ran.out
    assert f"{old}: Large → {new}: Large" in ran.out
    assert f"the model Third was added: it is only in {new}" in ran.out
    chosen = cli("diff", old, "--model", "Small:Large")
    assert "~ FC: units 2 → 9" in chosen.out
    one = written(tmp_path, "one.nn", "Input(8) -> FC(2)\n")
    unclear = cli("diff", one, old)
    assert unclear.status == 2
    assert "choose one with `--model :Small`: Small, Large" in unclear.err
    assert cli("diff", one, old, "--model", ":Small").status == 0


def test_what_cannot_be_compared_ends_with_2(cli: Cli, old: Path, tmp_path: Path) -> None:
    assert "two networks are compared" in cli("diff", old).err
    assert cli("diff", old, tmp_path / "none.nn").status == 2
    broken = written(tmp_path, "broken.nn", "Input(8, 8, 3) -> Conv(4, 9)\n")
    ran = cli("diff", old, broken)
    assert (ran.status, ran.out) == (2, "")
    assert "NN301" in ran.err
    library = written(tmp_path, "library.nn", "block B = FC(3)\n")
    assert "is a library: it has no network to compare" in cli("diff", old, library).err
    endless = written(tmp_path, "endless.nn", "Input(8) -> FC(8) x 1_000_000\n")
    assert "more than 100,000 layers" in cli("diff", old, endless).err
    assert "standard input can be read once" in cli("diff", "-", "-").err


def test_a_broken_promise_is_no_hindrance(cli: Cli, old: Path, tmp_path: Path) -> None:
    other = written(tmp_path, "small.nn", f"{OLD}expect params < 10\n")
    assert cli("diff", old, other).status == 0


def test_standard_input_is_one_side(old: Path) -> None:
    ran = process("diff", "-", old, given=OLD.replace("FC(10)", "FC(7)").encode())
    assert ran.status == 1
    assert "~ FC: units 7 → 10" in ran.out
    assert ran.out.startswith(f"<stdin> → {old}")


def test_a_pipe_of_the_shell_is_one_side(cli: Cli, old: Path) -> None:
    ran = process("diff", "/dev/fd/0", old, given=OLD.replace("FC(10)", "FC(7)").encode())
    assert ran.status == 1
    assert "~ FC: units 7 → 10" in ran.out
    assert "can be read once" in cli("diff", "/dev/fd/7", "/dev/fd/7").err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("net.h5", "import keras; keras.models.load_model("),
        ("net.hdf5", "Keras's older format"),
        ("net.weights.h5", "holds weights alone"),
        ("net.pt", "a file of PyTorch by its name"),
        ("net.onnx", "a file of ONNX by its name"),
        ("net.zip", "it should end in .nn, .yaml, .yml or .keras"),
        ("net", "neither a spec nor a saved model"),
    ],
)
def test_other_formats_are_named(cli: Cli, old: Path, tmp_path: Path, name: str, said: str) -> None:
    other = tmp_path / name
    other.write_bytes(b"what is in it is not looked at")
    for paths in ((old, other), (other, old)):
        ran = cli("diff", *paths)
        assert (ran.status, ran.out) == (2, "")
        assert said in ran.err
        assert len(ran.err.splitlines()) == 1


def test_a_folder_of_tensorflow_is_named(cli: Cli, old: Path, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    assert "is a folder" in cli("diff", old, tmp_path / "saved").err
    (tmp_path / "saved" / "saved_model.pb").touch()
    assert "a SavedModel of TensorFlow" in cli("diff", old, tmp_path / "saved").err


def test_a_change_that_many_layers_share_is_said_once(cli: Cli, tmp_path: Path) -> None:
    text = "Input(8, 8, 3) -> (Conv(4, 3, padding=same INIT) -> ReLU -> Conv(6, 1 INIT) -> BN) x 3 -> GAP -> FC(2)\n"
    old = written(tmp_path, "a.nn", text.replace(" INIT", ""))
    new = written(tmp_path, "b.nn", text.replace(" INIT", ", init=he_normal").replace("FC(2)", "FC(3)"))
    lines = cli("diff", old, new).out.splitlines()
    (shared,) = [line for line in lines if "init" in line]
    assert shared.startswith("~ Conv: init none → he_normal, in 6 layers")
    assert lines[-1] == "7 layers changed"
    document = json.loads(cli("diff", old, new, "--format", "json").out)
    assert len(document["models"][0]["changes"]) == 7


def test_layers_that_do_nothing_are_mentioned(cli: Cli, tmp_path: Path) -> None:
    old = written(tmp_path, "a.nn", "Input(8) -> FC(2)\n")
    new = written(tmp_path, "b.nn", "Input(8) -> Flatten -> Dense(2) -> Dropout(0)\n")
    ran = cli("diff", old, new)
    assert ran.status == 0
    assert "(2 layers of one network alone do nothing)" in ran.out
    assert json.loads(cli("diff", old, new, "--format", "json").out)["models"][0]["idle"] == 2


def test_colours_and_narrow_terminals(cli: Cli, old: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    colored = cli("diff", old, new, "--color", "always").out
    assert "\x1b[1;33m~ Conv: kernel 3 → 5" in colored
    assert "\x1b[1;32m+ BatchNorm" in colored
    monkeypatch.setattr(output, "_width", lambda stream: 50)
    narrow = cli("diff", old, new).out
    assert max(map(len, narrow.splitlines()[1:])) <= 50
    assert "(no room for " in narrow


def test_no_framework_is_loaded_for_specs(old: Path, new: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom nnspec.cli.main import main\n"
        f"main(['diff', {str(old)!r}, {str(new)!r}])\n"
        "assert not {'keras', 'numpy', 'tensorflow'} & {name.split('.')[0] for name in sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_open_sizes_are_compared_as_they_are_on_the_domain(cli: Cli, tmp_path: Path) -> None:
    """MACs by hand, a position: 27 · 8, 72 · 16 / 4, 144 · 32 / 16, then 432 · 16 / 4 and 216 · 8."""
    text = (
        "Input(H, W, 3) -> Conv(8, 3, padding=same) as a -> MaxPool(2) -> Conv(16, 3, padding=same) as b -> MaxPool(2)"
        "\n-> Conv(32, 3, padding=same) -> UpSample(2) -> Concat{ b | _ } -> Conv(16, 3, padding=same)\n"
        "-> UpSample(2) -> Concat{ a | _ } -> Conv(8, 3, padding=same)\n"
    )
    old = written(tmp_path, "old.nn", text)
    new = written(tmp_path, "new.nn", text.replace("{ a | _ }", "{ _ | a }").replace("{ b | _ }", "{ _ | b }"))
    document = json.loads(cli("diff", old, new, "--format", "json").out)
    (model,) = document["models"]
    macs = 27 * 8 + 72 * 16 // 4 + 144 * 32 // 16 + 48 * 9 * 16 // 4 + 24 * 9 * 8
    assert model["totals"]["macs"] == {"old": f"H * W * {macs}", "new": f"H * W * {macs}", "change": 0}
    assert [each["rewired"] for each in model["changes"]] == [["takes its inputs in another order"]] * 2
    assert model["resized"] == []
    assert "// 4" not in cli("diff", old, new).out


def test_repeats_begin_where_a_turn_begins(cli: Cli, tmp_path: Path) -> None:
    """The first convolution has other weights than the rest; what repeats is said from the next one on."""
    deeper = written(tmp_path, "b.nn", "Input(32, 32, 3)\n-> (Conv(8, 3, padding=same)\n-> BN\n-> ReLU) x 4\n-> GAP\n")
    lines = cli("diff", deeper, "--input", "new:64,64,1", "--all").out.splitlines()
    start = lines.index("× 3")
    assert [line.split()[1].partition("(")[0] for line in lines[start + 1 : start + 4]] == ["Conv", "BatchNorm", "ReLU"]
    assert [line.split()[-1] for line in lines[start + 1 : start + 4]] == ["2", "3", "4"]

"""`summary`: rows in every format, repeats folded, numbers that a hand can count."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from nnspec.cli import output
from tests.cli.conftest import Cli


@pytest.fixture
def repeating(tmp_path: Path) -> Path:
    path = tmp_path / "rep.nn"
    path.write_text(
        "block Pair(c) = Conv(c, 3, padding=same) as mid -> ReLU\n"
        "Input(8, 8, 4) -> Pair(4) x 3 -> MaxPool(2) -> FC(10)\nexpect layers == 8\n"
    )
    return path


def test_json_has_a_row_for_each_layer(cli: Cli, repeating: Path) -> None:
    ran = cli("summary", repeating, "--format", "json")
    document = json.loads(ran.out)
    assert list(document) == ["version", "files", "rows"]
    assert list(document["files"][0]) == ["path", "ok", "models", "diagnostics"]
    rows = document["rows"]
    assert [row["operator"] for row in rows] == ["Input", *["Conv", "ReLU"] * 3, "MaxPool", "FC"]
    assert list(rows[1]) == [
        "name", "operator", "inputs", "output", "params", "trainable_params", "macs", "receptive_field", "span",
        "field", "unaligned",
    ]  # fmt: skip
    assert len({row["name"] for row in rows}) == len(rows)
    assert [row["inputs"] for row in rows[1:]] == [[row["name"]] for row in rows[:-1]]
    assert [row["receptive_field"] for row in rows] == [1, 3, 3, 5, 5, 7, 7, 8, None]
    assert [row["params"] for row in rows] == [0, *[148, 0] * 3, 0, 650]
    assert rows[1]["macs"] == 8 * 8 * 9 * 4 * 4
    assert rows[-1]["output"] == [10]
    assert sum(row["params"] for row in rows) == document["files"][0]["models"][0]["params"]
    assert rows[1]["span"]["start"] == {"line": 1, "column": 17, "offset": 16}


def test_text_folds_repeats_and_expand_unrolls_them(cli: Cli, repeating: Path) -> None:
    folded = cli("summary", repeating).out
    assert folded.count("Conv ") == 1
    assert "\n× 3\n  Pair\n    mid" in folded
    expanded = cli("summary", repeating, "--expand").out
    assert expanded.count("Conv ") == 3
    assert "×" not in expanded
    assert folded.splitlines()[-1] == expanded.splitlines()[-1]
    assert folded.splitlines()[-1].startswith("rep: 1,094 params (1,094 trainable), 28.29 k MACs, 8 layers, depth 8,")


def test_csv_is_read_by_a_reader_of_csv(cli: Cli, repeating: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("summary", repeating, "--format", "csv").out)))
    assert [row["output"] for row in rows][-2:] == ["(4, 4, 4)", "(10,)"]
    assert int(rows[1]["activation_bytes"]) == 8 * 8 * 4 * 4


def test_markdown_is_a_table(cli: Cli, repeating: Path) -> None:
    lines = cli("summary", repeating, "--format", "markdown").out.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert table[1].startswith("| --- |")


TWINS = "shared Tower = FC(6) -> ReLU\na = Input(4)\nb = Input(4)\nAdd{ a -> Tower | b -> Tower } -> FC(1)\n"


def test_shared_weights_are_counted_once_and_called_shared_later(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "twins.nn"
    path.write_text(TWINS)
    rows = json.loads(cli("summary", path, "--format", "json").out)["rows"]
    assert {row["name"]: row["params"] for row in rows if row["operator"] == "FC"} == {"fc": 30, "fc_1": 0, "fc_2": 7}
    for arguments in ((), ("--expand",), ("--format", "markdown")):
        lines = [
            line.replace("|", " ").replace("\\", "").split()
            for line in cli("summary", path, *arguments).out.splitlines()
        ]
        params = {
            line[0].removeprefix("&emsp;"): line[3] for line in lines if line and line[0].endswith(("fc", "_1", "_2"))
        }
        assert params == {"fc": "30", "fc_1": "shared", "relu_1": "0", "fc_2": "7"}


def on_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(output, "_width", lambda stream: width)


@pytest.mark.parametrize(
    ("less", "there", "missing"),
    [
        (0, "layer operator output params MACs field memory", ""),
        (1, "layer operator output params MACs field", "memory"),
        (11, "layer operator output params MACs", "field, memory"),
        (18, "layer operator output params", "MACs, field, memory"),
        (29, "layer output params", "operator, MACs, field, memory"),
        (38, "layer output", "operator, params, MACs, field, memory"),
    ],
)
def test_a_narrow_terminal_has_fewer_columns(
    cli: Cli, repeating: Path, monkeypatch: pytest.MonkeyPatch, less: int, there: str, missing: str
) -> None:
    whole = cli("summary", repeating).out.splitlines()
    width = max(map(len, whole[:-1])) - less
    on_terminal(monkeypatch, width)
    lines = cli("summary", repeating).out.splitlines()
    assert lines[0].split() == there.split()
    assert (f"(no room for {missing})" in lines) == bool(missing)
    assert all(len(line) <= width for line in lines if not line.startswith("(no room"))
    assert " ".join(" ".join(lines[lines.index("") :]).split()) == whole[-1]


def test_a_long_name_is_cut_on_a_narrow_terminal(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.nn"
    path.write_text("Input(8) -> FC(3) as a_name_that_goes_on_and_on_and_on\n")
    on_terminal(monkeypatch, 30)
    assert "a_name_that_goes_on_a…  (3,)" in cli("summary", path).out


def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    assert output._width(stream) is None
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "47")
    assert output._width(stream) == 47
    assert output._width(None) is None


def test_several_models(cli: Cli) -> None:
    ran = cli("summary", "specs/generative/dcgan.nn")
    assert ran.status == 0
    assert ran.out.count("layer ") == 2
    ran = cli("summary", "specs/generative/dcgan.nn", "--format", "json")
    assert ran.status == 2
    assert "`--model`" in ran.err
    ran = cli("summary", "specs/generative/dcgan.nn", "--format", "json", "--model", "Discriminator")
    assert json.loads(ran.out)["rows"]


def test_symbolic_figures_have_their_thousands_apart_and_brackets_before_a_unit(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "open.nn"
    path.write_text("Input(T, 100) -> FC(100)\n")
    said = cli("summary", path).out.splitlines()
    # 100 * 100 weights for each step and 100 biases; a product for each weight; 4 bytes a value
    assert " ".join(said[2].split()) == "fc FC (100,) T * 10,000 + 100 T * 10,000 400 B"
    assert said[4] == (
        "open: (T * 10,000 + 100) params ((T * 10,000 + 100) trainable), (T * 10,000) MACs, 1 layer, depth 1, "
        "receptive field 1, 400 B of activations"
    )
    assert "(T * 10,000 + 100) params, (T * 10,000) MACs, 1 layer" in cli("check", path).out


def test_symbolic_rows_are_texts(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "open.nn"
    path.write_text("Input(H, W, 1) -> Conv(8, 3)\n")
    rows = json.loads(cli("summary", path, "--format", "json").out)["rows"]
    assert eval(rows[1]["macs"], {"H": 5, "W": 6}) == 3 * 4 * 9 * 8


def test_a_spec_with_errors_has_no_table(cli: Cli, small: Path) -> None:
    ran = cli("summary", small)
    assert (ran.status, ran.out) == (1, "")
    assert "NN301" in ran.err
    ran = cli("summary", small, "--format", "json")
    assert ran.status == 1
    assert json.loads(ran.out)["rows"] == []


def test_too_many_rows_are_a_limit(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "deep.nn"
    path.write_text("Input(4) -> FC(4) x 100_001\n")
    ran = cli("summary", path, "--format", "json")
    assert ran.status == 1
    assert "NN803" in ran.err
    path.write_text("Input(4) -> FC(4) x 1_000_001\n")
    ran = cli("summary", path)
    assert (ran.status, ran.out) == (1, "")
    assert "`nnspec check` counts networks of any depth" in ran.err


def test_a_long_repeat_is_folded(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "deep.nn"
    path.write_text("Input(4) -> FC(4) x 2_001\n")
    ran = cli("summary", path)
    assert ran.status == 0
    assert ran.out.splitlines()[2] == "× 2,001"
    assert len(ran.out.splitlines()) == 6


@pytest.mark.parametrize("form", ["text", "csv", "markdown"])
def test_a_library_has_no_table(cli: Cli, tmp_path: Path, form: str) -> None:
    path = tmp_path / "parts.nn"
    path.write_text("block A = ReLU\n")
    ran = cli("summary", path, "--format", form)
    assert (ran.status, ran.out) == (2, "")
    assert "is a library" in ran.err
    assert json.loads(cli("summary", path, "--format", "json").out)["rows"] == []


# Receptive fields, axis by axis.


def test_json_says_of_each_axis_what_it_sees(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "maps.nn"
    path.write_text("Input(H, 16, 3) -> Conv(4, 3x4, stride=(2, 1), padding=same) -> UpSample(1x2) -> GlobalAvgPool\n")
    rows = json.loads(cli("summary", path, "--format", "json").out)["rows"]
    assert rows[0]["field"] == [{"size": 1, "stride": 1, "offset": 0}] * 2
    high, wide = rows[1]["field"]
    assert (high["size"], high["stride"], wide) == (3, 2, {"size": 4, "stride": 1, "offset": -1})
    assert [eval(high["offset"], {"H": size, "max": max}) for size in (8, 9)] == [0, -1]
    assert rows[2]["field"][1] == {"size": 4, "stride": "1/2", "offset": -1}
    assert rows[3]["field"] is None


def test_csv_and_markdown_say_it_too(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "maps.nn"
    path.write_text("Input(8, 9, 3) -> Conv(4, 3x4, stride=2, padding=same) -> Conv(4, 3, padding=same)\n")
    *_, last = csv.DictReader(io.StringIO(cli("summary", path, "--format", "csv").out))
    assert [last[f"field_{what}"] for what in ("size", "stride", "offset")] == ["7 8", "2 2", "-2 -3"]
    lines = cli("summary", path, "--format", "markdown").out.splitlines()
    assert lines[0].split(" | ")[-4:] == ["field", "stride", "offset", "memory |"]
    assert "| 8 | 2 | (-2, -3) |" in lines[4]


def test_paths_that_look_at_different_places_are_named(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "paths.nn"
    turn = "Add{ Conv(3, 3, padding=causal) | _ }"
    path.write_text(f"Input(64, 3) -> {turn} x 5 -> Add{{ Conv(3, 1, stride=2) | Slice(0, 32) }} as both\n")
    ran = cli("summary", path)
    assert ran.out.splitlines()[-2:] == [
        "note: what meets at `add`, `add_1`, `add_2` and 2 more looks at different places: "
        "the centres of the fields differ",
        "note: what meets at `both` looks at different places: the strides of the fields differ",
    ]


# Block by block.


def test_blocks_with_their_shares(cli: Cli, repeating: Path) -> None:
    lines = cli("summary", repeating, "--by", "block").out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["block", "Pair", "max_pool", "fc"]
    assert lines[1].split() == [
        "Pair",
        "×",
        "3",
        "6",
        "444",
        "40.6",
        "%",
        "27.65",
        "k",
        "97.7",
        "%",
        "6,144",
        "B",
        "95.4",
        "%",
    ]
    assert lines[3].split() == ["fc", "1", "650", "59.4", "%", "640", "2.3", "%", "40", "B", "0.6", "%"]
    assert lines[-1].startswith("rep: 1,094 params")


def test_blocks_add_up_to_the_whole_in_every_network_of_the_specs(cli: Cli) -> None:
    for path in ("residual/resnet50.nn", "residual/resnet110.nn", "vision/unet.nn", "vision/googlenet.nn"):
        document = json.loads(cli("summary", Path("specs") / path, "--by", "block", "--format", "json").out)
        (model,) = document["files"][0]["models"]
        for name in ("layers", "params", "macs"):
            assert sum(block[name] for block in document["blocks"]) == model[name], (path, name)
        todo = list(document["blocks"])
        while todo:  # a block that has others in it is the sum of these
            block = todo.pop()
            todo += block["blocks"]
            if block["blocks"]:
                assert sum(each["macs"] for each in block["blocks"]) == block["macs"], (path, block["block"])
        assert abs(sum(block["shares"]["macs"] for block in document["blocks"]) - 1) < 1e-5


def test_weights_that_turns_share_are_counted_in_the_first(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "shared.nn"
    path.write_text("shared S = FC(8)\nblock B = S -> FC(8)\nInput(8) -> ((B -> ReLU) x 3 -> B) x 2 -> S\n")
    document = json.loads(cli("summary", path, "--by", "block", "--format", "json").out)
    outer, last = document["blocks"]
    assert (outer["turns"], outer["params"], last["params"]) == (2, 72 + 8 * 72, 0)
    assert [each["params"] for each in outer["blocks"]] == [72 + 6 * 72, 2 * 72]
    assert [each["layers"] for each in outer["blocks"]] == [18, 4]


def test_by_block_has_no_turns_to_expand(cli: Cli, repeating: Path) -> None:
    ran = cli("summary", repeating, "--by", "block", "--expand")
    assert ran.status == 2
    assert "leave it out with `--by block`" in ran.err


def test_a_long_formula_says_what_it_hangs_on_and_json_has_it_whole(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "pyramid.nn"
    path.write_text("Input(H, W, 3) -> [Conv(4, 3, stride=2, padding=same)] for i in range(4)\n")
    by_block = cli("summary", path, "--by", "block")
    assert "depends on H and W" in by_block.out
    assert "MACs that depend on H and W" in by_block.out
    assert max(map(len, by_block.out.splitlines())) < 200
    document = json.loads(cli("summary", path, "--by", "block", "--format", "json").out)
    whole, (block,) = document["files"][0]["models"][0]["macs"], document["blocks"]
    sizes = {"H": 45, "W": 30}  # maps of 23 x 15, 12 x 8, 6 x 4, 3 x 2
    by_hand = 23 * 15 * 9 * 3 * 4 + (12 * 8 + 6 * 4 + 3 * 2) * 9 * 4 * 4
    assert eval(whole, sizes) == eval(block["macs"], sizes) == by_hand

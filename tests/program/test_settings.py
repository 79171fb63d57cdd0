"""`-p`, `--input`, and the numbers that are missing without them: sections 2 and 7 of the language."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program.checking import check, sound
from tests.program.test_defaults import load_files


def test_a_param_is_set_from_outside() -> None:
    text = "param n = 3\nInput(8) -> FC(n)"
    assert sound(text).shape == (3,)
    assert sound(text, {"n": "4"}).shape == (4,)
    assert sound(text, {"n": "2 ^ 3"}).shape == (8,)


def test_a_param_without_a_value_wants_one() -> None:
    text = "param n\nInput(8) -> FC(n)"
    assert sound(text, {"n": "4"}).shape == (4,)
    found = check(text).only()
    assert (found.code.number, found.span.text) == ("NN209", "n")
    assert "-p n=…" in str(found.help)
    assert "param n = …" in str(found.help)


def test_a_param_may_be_a_list_or_a_word() -> None:
    text = "param sizes = [3]\nparam pad = valid\nInput(8, 1) -> [Conv(n, 3, padding=pad)] for n in sizes"
    assert sound(text, {"sizes": "[4, 5]", "pad": "same"}).shape == (8, 5)


def test_a_params_default_reads_numbers_above_it() -> None:
    assert sound("param n = 3\nparam m = n + 1\nInput(8) -> FC(m)", {"n": "5"}).shape == (6,)


def test_names_that_no_param_declares_are_params() -> None:
    assert sound("Input(8) -> FC(n) x m", {"n": "3", "m": "2"}).counts.layers == 2


def test_a_name_that_nothing_reads_is_an_error_where_it_was_typed() -> None:
    found = check("param width = 3\nInput(8) -> FC(width)", {"widht": "3"}).only()
    assert found.code.number == "NN215"
    assert found.span.file.path == "<command line>"
    assert found.span.text == "widht"
    assert "width" in str(found.help)


def test_a_value_that_is_none_is_shown_where_it_was_typed() -> None:
    found = check("param n = 3\nInput(8) -> FC(n)", {"n": "3 +"}).only()
    assert found.span.file.path == "<command line>"
    assert check("param n = 3\nInput(8) -> FC(n)", {"n": "-1"}).errors == ["NN206 n"]


def test_a_let_is_not_set_from_outside() -> None:
    assert [error[:5] for error in check("let n = 3\nInput(8) -> FC(n)", {"n": "4"}).errors] == ["NN215"]


def test_params_of_imports_are_not_set(tmp_path: Path) -> None:
    files = {"net.nn": 'import B from "b.nn"\nInput(8) -> B', "b.nn": "param n = 3\nblock B = FC(n)"}
    assert load_files(tmp_path, files).shape == (3,)
    found = load_files(tmp_path, files, params=(("n", "4"),)).only()
    assert "not of its imports" in str(found.help)


INPUTS = {
    "it replaces": ("Input(8) -> FC(3) -> ReLU", "16", (3,)),
    "it supplies": ("Input -> ReLU", "16, 4", (16, 4)),
    "brackets are allowed": ("Input -> ReLU", "(16, 4)", (16, 4)),
    "letters": ("Input(8, 4) -> ReLU", "T,4", ("T", 4)),
    "expressions": ("Input(8) -> ReLU", "2 * 8", (16,)),
    "the dtype stays": ("Input(8, dtype=int32) -> Embedding(10, 4)", "16", (16, 4)),
}


@pytest.mark.parametrize("title", INPUTS)
def test_input(title: str) -> None:
    text, sizes, shape = INPUTS[title]
    assert sound(text, inputs=sizes).shape == shape


def test_inputs_by_name() -> None:
    text = "a = Input(8)\nb = Input(8)\nConcat{ a | b }"
    assert sound(text, inputs=(("a", "3"), ("b", "4"))).shape == (7,)
    found = check(text, inputs="3").only()
    assert "--input a=3" in str(found.help)
    found = check(text, inputs=(("c", "3"),)).only()
    assert "`a`, `b`" in str(found.help)


def test_an_input_by_its_label() -> None:
    assert sound("Input(8) as a -> ReLU", inputs=(("a", "3"),)).shape == (3,)


def test_the_input_of_one_of_several_models() -> None:
    text = "model A = Input(8) -> ReLU\nmodel B = Input(9) -> ReLU"
    assert sound(text, inputs="3", model="B").shape == (3,)


def test_an_input_of_nothing() -> None:
    assert [error[:5] for error in check("block B = FC(3)", inputs="3").errors] == ["NN215"]


def test_missing_numbers_are_all_named_at_once() -> None:
    checked = check("Input→[(Conv→ReLU)×n→Pool]×m→FC")
    assert checked.errors == ["NN205 Input", "NN205 Conv", "NN201 n", "NN201 m", "NN205 FC"]
    help = [str(found.help) for found in checked.found]
    for ways, said in zip(
        [("--input 32,32,3",), ("--set Conv.filters=…", "default Conv("), ("-p n=…", "let n = …"), ("-p m=…",),
         ("--set FC.units=…", "default FC(")], help, strict=True,
    ):  # fmt: skip
        for way in ways:
            assert way in said


def test_another_number_of_sizes_than_are_written_is_noted() -> None:
    text = "Input(H, W, 3) as x -> Conv(8, 3)"
    checked = check(text, inputs="96,96")
    assert checked.shape == (94, 8)
    assert checked.all == ["note NN218 96,96"]
    assert "`--input 96,96,3`" in (checked.found[0].help or "")
    assert check(text, inputs="96,96,4").all == []
    assert check("Input -> Conv(8, 3)", inputs="96,4").all == []

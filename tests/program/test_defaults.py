"""Where arguments come from: defaults, `none`, aliases, shorthands, `--set`. Sections 2 and 5 of the language."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnspec.compiler import Settings, load
from nnspec.diagnostics.diagnostic import Diagnostics
from tests.program.checking import Checked, check, sound

SHAPES = {
    "a default holds below": ("default FC(3)\nInput(8) -> FC", (3,)),
    "an argument wins over a default": ("default FC(3)\nInput(8) -> FC(4)", (4,)),
    "the nearest default wins": ("default FC(3)\ndefault FC(4)\nInput(8) -> FC", (4,)),
    "later defaults add to earlier ones": (
        "default Conv(4)\ndefault Conv(kernel=3)\ndefault Conv(padding=same)\nInput(8, 2) -> Conv",
        (8, 4),
    ),
    "an alias is its operator": ("default MaxPool(4)\nInput(8, 2) -> Pool", (2, 2)),
    "an operator is its alias": ("default Pool(4)\nInput(8, 2) -> MaxPool", (2, 2)),
    "a default of Conv says nothing of DepthwiseConv": (
        "default Conv(padding=same)\nInput(8, 2) -> DepthwiseConv(3)",
        (6, 2),
    ),
    "none takes a default back": (
        "default Conv(padding=same)\nInput(8, 2) -> Conv(4, 3, padding=none)",
        (6, 4),
    ),
    "a default that none took back": (
        "default Conv(padding=same)\ndefault Conv(padding=none)\nInput(8, 2) -> Conv(4, 3)",
        (6, 4),
    ),
    "a default holds where a block is written, not where it is used": (
        "block B = Conv(4, 3)\ndefault Conv(padding=same)\nInput(8, 2) -> B",
        (6, 4),
    ),
    "a block below a default has it": (
        "default Conv(padding=same)\nblock B = Conv(4, 3)\nInput(8, 2) -> B",
        (8, 4),
    ),
    "a default reads numbers above it": ("let n = 3\ndefault FC(n)\nInput(8) -> FC", (3,)),
    "a default reads a size of the tensor that arrives": (
        "default Conv(in.channels, 3, padding=same)\nInput(8, 5) -> Conv",
        (8, 5),
    ),
    "a default of Input": ("default Input(8)\nInput -> FC(3)", (3,)),
}


@pytest.mark.parametrize("title", SHAPES)
def test_defaults(title: str) -> None:
    text, shape = SHAPES[title]
    assert sound(text).shape == shape


OPERATORS = {
    "operator, norm, activation, dropout": (
        "Input(8, 2) -> Conv(4, 3, dropout=0.2, act=relu, norm=batch)",
        "Input Conv BatchNorm ReLU Dropout",
    ),
    "a default norm": ("default Conv(norm=batch, act=relu)\nInput(8, 2) -> Conv(4, 3)", "Input Conv BatchNorm ReLU"),
    "none takes one back": (
        "default Conv(norm=batch, act=relu)\nInput(8, 2) -> Conv(4, 3, act=none)",
        "Input Conv BatchNorm",
    ),
    "every norm": (
        "Input(8, 4) -> Conv(4, 1, norm=batch) -> Conv(4, 1, norm=layer) -> Conv(4, 1, norm=group(2)) "
        "-> Conv(4, 1, norm=instance) -> Conv(4, 1, norm=rms)",
        "Input Conv BatchNorm Conv LayerNorm Conv GroupNorm Conv InstanceNorm Conv RMSNorm",
    ),
    "an activation with its argument": ("Input(8) -> FC(4, act=leaky_relu(0.1))", "Input FC LeakyReLU"),
    "a shorthand after FC": ("Input(8) -> FC(4, norm=layer, dropout=0.5)", "Input FC LayerNorm Dropout"),
}


@pytest.mark.parametrize("title", OPERATORS)
def test_shorthands_are_the_stages_they_stand_for(title: str) -> None:
    text, operators = OPERATORS[title]
    assert sound(text).operators == operators


def test_a_default_of_the_operator_behind_a_shorthand_holds() -> None:
    checked = sound("default BN(epsilon=0.5)\ndefault Conv(norm=batch)\nInput(8, 2) -> Conv(4, 3)")
    assert checked.graph.layers[2].operator.epsilon == 0.5  # type: ignore[attr-defined]


def test_settings_of_a_shorthand_win_over_the_default_of_its_operator() -> None:
    checked = sound("default LeakyReLU(0.5)\nInput(8) -> FC(4, act=leaky_relu(0.25)) -> FC(4, act=leaky_relu)")
    slopes = [layer.operator.slope for layer in checked.graph.layers if hasattr(layer.operator, "slope")]
    assert slopes == [0.25, 0.5]


SETS = {
    "it wins over a default": ("default FC(3)\nInput(8) -> FC", {"FC.units": "4"}, (4,)),
    "what is written wins over it": ("Input(8) -> FC(3)", {"FC.units": "4"}, (3,)),
    "it reads numbers": ("let n = 5\nInput(8) -> FC", {"FC.units": "n + 1"}, (6,)),
    "its choices are words": ("Input(8, 2) -> Conv(4, 3)", {"Conv.padding": "same"}, (8, 4)),
    "an alias is its operator": ("Input(8, 2) -> MaxPool", {"Pool.size": "4"}, (2, 2)),
    "none takes a default back": (
        "default Conv(padding=same)\nInput(8, 2) -> Conv(4, 3)",
        {"Conv.padding": "none"},
        (6, 4),
    ),
    "it reaches blocks": ("block B = FC\nInput(8) -> B", {"FC.units": "4"}, (4,)),
    "sizes": ("Input(8, 8, 2) -> Conv(4)", {"Conv.kernel": "3x5"}, (6, 4, 4)),
}


@pytest.mark.parametrize("title", SETS)
def test_set(title: str) -> None:
    text, sets, shape = SETS[title]
    assert sound(text, sets=sets).shape == shape


FAULTS = {
    "an argument that is not there, once, where it was written": (
        "default Conv(paddin=same)\nInput(8, 2) -> Conv(4, 3) -> Conv(4, 3)",
        ["NN204 paddin"],
    ),
    "a value that it does not take, once, where it was written": (
        "default Conv(kernel=-3)\nInput(8, 2) -> Conv(4) -> Conv(4)",
        ["NN206 -3"],
    ),
    "a default of nothing": ("default Convv(4)\nInput(8, 2) -> Conv(4, 3)", ["NN202 Convv"]),
    "a default of a block": ("block B(n) = FC(n)\ndefault B(4)\nInput(8) -> B(3)", ["NN202 B"]),
    "a number below it": ("default FC(n)\nlet n = 3\nInput(8) -> FC", ["NN201 n"]),
    "Keras's spelling": ("Input(8, 2) -> Conv(4, 3, strides=2)", ["NN204 strides"]),
    "both missing numbers": ("Input(8, 2) -> Conv", ["NN205 Conv"]),
    "too many": ("Input(8) -> FC(3, 4)", ["NN207 4"]),
    "twice": ("Input(8) -> FC(3, units=4)", ["NN208 units=4"]),
    "none for what has no default": ("default FC(3)\nInput(8) -> FC(none)", ["NN205 FC"]),
}


@pytest.mark.parametrize("title", FAULTS)
def test_faults_of_arguments(title: str) -> None:
    text, errors = FAULTS[title]
    assert check(text).errors == errors


def test_a_missing_number_is_named_with_every_way_to_give_it() -> None:
    found = check("Input(8, 2) -> Conv").only()
    assert found.message == "Conv needs `filters` and `kernel`"
    assert found.help is not None
    for way in ("Conv(filters=…, kernel=…)", "default Conv(", "--set Conv.filters=…", "--set Conv.kernel=…"):
        assert way in found.help


def test_a_keras_spelling_has_an_exact_fix() -> None:
    (fix,) = check("Input(8, 2) -> Conv(4, 3, strides=2)").only().fixes
    assert [(edit.span.text, edit.text) for edit in fix.edits] == [("strides", "stride")]


@pytest.mark.parametrize(("path", "place"), [("FC.unit", "FC.unit"), ("Fx.units", "Fx.units"), ("units", "units")])
def test_a_set_that_names_nothing(path: str, place: str) -> None:
    found = check("Input(8) -> FC(3)", sets={path: "4"}).only()
    assert found.span.file.path == "<command line>"
    assert found.span.text in place


def load_files(folder: Path, files: dict[str, str], **settings: object) -> Checked:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    found = Diagnostics()
    program = load(str(folder / next(iter(files))), Settings(**settings), found)  # type: ignore[arg-type]
    return Checked(program, found)


def test_neither_defaults_nor_sets_reach_imports(tmp_path: Path) -> None:
    files = {
        "net.nn": 'default Conv(padding=same)\nimport B from "b.nn"\nInput(8, 2) -> B -> Conv(4, 3)',
        "b.nn": "block B = Conv(4, 3)",
    }
    assert load_files(tmp_path, files).shape == (6, 4)
    assert load_files(tmp_path, files, sets=(("Conv.stride", "2"),)).shape == (3, 4)


def test_the_defaults_of_an_import_hold_in_it(tmp_path: Path) -> None:
    files = {
        "net.nn": 'import B from "b.nn"\nInput(8, 2) -> B -> Conv(4, 3)',
        "b.nn": "default Conv(padding=same)\nblock B = Conv(4, 3)",
    }
    assert load_files(tmp_path, files).shape == (6, 4)

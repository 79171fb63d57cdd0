"""Imports: what comes with them, and what is refused. Sections 2 and 8 of the language."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.program.test_defaults import load_files

SHAPES = {
    "a block": ({"b.nn": "block B(n) = FC(n)"}, 'import B from "b.nn"\nInput(8) -> B(3)', (3,)),
    "several names": (
        {"b.nn": "block B = FC(3)\nshared S = FC(4)"},
        'import B, S from "b.nn"\nInput(8) -> B -> S',
        (4,),
    ),
    "a model": ({"b.nn": "model M = Input(8) -> FC(3)"}, 'import M from "b.nn"\nInput(8) -> M', (3,)),
    "a number": ({"b.nn": "let n = 2\nlet m = n + 1"}, 'import m from "b.nn"\nInput(8) -> FC(m)', (3,)),
    "a formula": ({"b.nn": "let k = 2\nlet f(v) = v * k"}, 'import f from "b.nn"\nInput(8) -> FC(f(3))', (6,)),
    "a block that needs a block of its file": (
        {"b.nn": "block A = FC(3)\nblock B = A"},
        'import B from "b.nn"\nInput(8) -> B',
        (3,),
    ),
    "a block that needs a number of its file": (
        {"b.nn": "let n = 3\nblock B = FC(n)"},
        'let n = 9\nimport B from "b.nn"\nInput(8) -> B -> Concat{ _ | FC(n) }',
        (12,),
    ),
    "an import's import": (
        {"b.nn": 'import A from "c.nn"\nblock B = A', "c.nn": "block A = FC(3)"},
        'import B from "b.nn"\nInput(8) -> B',
        (3,),
    ),
    "a folder below": ({"blocks/b.nn": "block B = FC(3)"}, 'import B from "blocks/b.nn"\nInput(8) -> B', (3,)),
    "from a folder below back up": (
        {"blocks/b.nn": 'import A from "../a.nn"\nblock B = A', "a.nn": "block A = FC(3)"},
        'import B from "blocks/b.nn"\nInput(8) -> B',
        (3,),
    ),
    "two files that import one": (
        {
            "b.nn": 'import S from "d.nn"\nblock B = S',
            "c.nn": 'import S from "d.nn"\nblock C = S',
            "d.nn": "shared S = FC(8)",
        },
        'import B from "b.nn"\nimport C from "c.nn"\nInput(8) -> B -> C',
        (8,),
    ),
    "a YAML file": (
        {"b.yaml": "nnspec: 1\nblocks:\n  B(n): FC(n)\n"},
        'import B from "b.yaml"\nInput(8) -> B(3)',
        (3,),
    ),
    "what the file's network is does not matter": (
        {"b.nn": "block B = FC(3)\nInput(5) -> B"},
        'import B from "b.nn"\nInput(8) -> B',
        (3,),
    ),
}


@pytest.mark.parametrize("title", SHAPES)
def test_imports(title: str, tmp_path: Path) -> None:
    files, text, shape = SHAPES[title]
    checked = load_files(tmp_path, {"net.nn": text, **files})
    assert not checked.errors, [found.message for found in checked.found]
    assert checked["net"].outputs[0].type.shape == shape  # type: ignore[union-attr]


def test_a_shared_part_that_two_files_import_is_one_set_of_weights(tmp_path: Path) -> None:
    files, text, _ = SHAPES["two files that import one"]
    assert load_files(tmp_path, {"net.nn": text, **files}).counts.params == 72


FAULTS = {
    "no such file": ({}, 'import B from "b.nn"\nInput(8) -> B', ['NN212 "b.nn"']),
    "no such name": ({"b.nn": "block Bb = FC(3)"}, 'import B from "b.nn"\nInput(8) -> B', ["NN212 B"]),
    "a tensor": ({"b.nn": "x = Input(8)"}, 'import x from "b.nn"\nx -> FC(3)', ["NN212 x"]),
    "itself": ({}, 'import B from "net.nn"\nblock B = FC(3)\nInput(8) -> B', ['NN212 "net.nn"', "NN203 B"]),
    "a name that is taken": (
        {"b.nn": "block B = FC(3)"},
        'import B from "b.nn"\nblock B = FC(4)\nInput(8) -> B',
        ["NN203 B"],
    ),
    "a file with an error elsewhere": (
        {"b.nn": "block A = Dence(3)\nblock B = FC(3)"},
        'import B from "b.nn"\nInput(8) -> B',
        [],
    ),
    "a file with an error in what is used": (
        {"b.nn": "block B = Dence(3)"},
        'import B from "b.nn"\nInput(8) -> B',
        ["NN202 Dence"],
    ),
    "a block that did not parse": (
        {"b.nn": "block B = FC(3"},
        'import B from "b.nn"\nInput(8) -> B',
        ["NN102 ("],
    ),
}


@pytest.mark.parametrize("title", FAULTS)
def test_faults(title: str, tmp_path: Path) -> None:
    files, text, errors = FAULTS[title]
    assert load_files(tmp_path, {"net.nn": text, **files}).errors == errors


def test_a_cycle_is_named(tmp_path: Path) -> None:
    files = {
        "net.nn": 'import B from "b.nn"\nInput(8) -> B',
        "b.nn": 'import C from "c.nn"\nblock B = C',
        "c.nn": 'import B from "b.nn"\nblock C = FC(3)',
    }
    (found,) = [f for f in load_files(tmp_path, files).found if f.code.number == "NN212"]
    assert "b.nn imports c.nn imports b.nn" in found.message
    assert found.span.file.path.endswith("c.nn")


def test_a_fault_of_an_import_is_shown_in_its_file(tmp_path: Path) -> None:
    files = {"net.nn": 'import B from "b.nn"\nInput(8, 1) -> B', "b.nn": "block B = Conv(3, 9)"}
    found = load_files(tmp_path, files).only()
    assert found.span.file.path == str(tmp_path / "b.nn")
    assert [frame.span.file.path for frame in found.trace] == [str(tmp_path / "net.nn")]


OUTSIDE = {"here/net.nn": 'import B from "../b.nn"\nInput(8) -> B', "b.nn": "block B = FC(3)"}


def test_a_file_outside_is_refused_unless_allowed(tmp_path: Path) -> None:
    found = load_files(tmp_path, OUTSIDE).only()
    assert (found.code.number, found.span.text) == ("NN212", '"../b.nn"')
    assert "--allow-outside" in str(found.help)
    assert load_files(tmp_path, OUTSIDE, allow_outside=True).shape == (3,)
    assert load_files(tmp_path, OUTSIDE, root=str(tmp_path)).shape == (3,)


def test_a_link_to_a_file_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "b.nn").write_text("block B = FC(3)")
    os.symlink(tmp_path / "b.nn", tmp_path / "here" / "b.nn")
    files = {"here/net.nn": 'import B from "b.nn"\nInput(8) -> B'}
    assert [error[:5] for error in load_files(tmp_path, files).errors] == ["NN212"]


def test_a_spec_reached_by_a_link_imports_from_its_own_folder(tmp_path: Path) -> None:
    files = {"real/net.nn": 'import B from "b.nn"\nInput(8) -> B', "real/b.nn": "block B = FC(3)"}
    load_files(tmp_path, files)
    os.symlink(tmp_path / "real", tmp_path / "link")
    from nnspec.compiler import Settings, load
    from nnspec.diagnostics.diagnostic import Diagnostics

    found = Diagnostics()
    assert load(str(tmp_path / "link" / "net.nn"), Settings(), found).models
    assert not found.has_errors

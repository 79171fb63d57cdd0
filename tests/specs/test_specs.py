"""The specs of this repository hold as they stand, say where they come from, and count as Keras does."""

from __future__ import annotations

import glob
import os

import pytest

from nnspec.analysis.quantities import count
from nnspec.compiler import Settings, load
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.program import Model
from nnspec.syntax.tree import ExpectStatement

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
SPECS = sorted(
    os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "specs", "**", "*.*"), recursive=True)
)


def text_of(path: str) -> str:
    with open(os.path.join(ROOT, path), encoding="utf-8") as stream:
        return stream.read()


def compiled(path: str, **settings: object) -> tuple[Model, ...]:
    found = Diagnostics()
    program = load(os.path.join(ROOT, path), Settings(**settings), found)  # type: ignore[arg-type]
    assert [f.message for f in found.sorted() if f.severity != "note"] == []
    return program.models


@pytest.mark.parametrize("path", SPECS)
def test_it_holds_without_errors_or_warnings(path: str) -> None:
    models = compiled(path)
    assert models or path.endswith("blocks.nn")
    assert all(model.is_known for model in models)


@pytest.mark.parametrize("path", SPECS)
def test_it_promises_what_it_costs_and_says_what_it_is(path: str) -> None:
    found = Diagnostics()
    syntax = load(os.path.join(ROOT, path), Settings(), found).tree
    assert any(isinstance(statement, ExpectStatement) for statement in syntax.statements) or path.endswith("blocks.nn")
    assert syntax.file.text.startswith("#")
    assert max(map(len, syntax.file.text.splitlines())) <= 130


def test_the_textbook_lines_are_one_network() -> None:
    (arrow,), (yaml,) = compiled("specs/textbook.nn"), compiled("specs/textbook.yaml")
    assert count(arrow) == count(yaml)


@pytest.mark.parametrize("path", [path for path in SPECS if "param classes = 1000" in text_of(path)])
def test_the_promises_of_a_spec_allow_other_classes(path: str) -> None:
    (model,) = compiled(path, params=(("classes", "10"),))
    assert model.outputs[0].type.shape == (10,)  # type: ignore[union-attr]


def test_the_u_net_of_other_sizes() -> None:
    (model,) = compiled("specs/vision/unet.nn", inputs=((None, "204,700,1"),))
    assert model.outputs[0].type.shape == (20, 516, 2)  # type: ignore[union-attr]

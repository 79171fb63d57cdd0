"""What an operator says of itself: its formula, its paper, and an example, which its reference page shows."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from nnspec.ops.catalogue import families
from nnspec.ops.operator import Operator
from nnspec.ops.reference import choices_table
from nnspec.train.optimizers import OPTIMIZERS
from tests.ops.by_spec import lowered, own_layers

FAMILIES = families()
ALL = [made for operators in FAMILIES.values() for made in operators]
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "operators.md").read_text(encoding="utf-8")

#: What Keras has under the same name, and what only moves or declares values, needs no paper.
WITH_PAPERS = [made for family in ("activation", "norm", "regularization") for made in FAMILIES[family]]


def ours(made: type[Operator]) -> bool:
    """Whether one of its examples needs a layer of our own that it does not only stand beside."""
    alone = [example.spec for example in made.examples if example.fails is None]
    return any(own_layers(lowered(spec)) - {"learned_tensor.LearnedTensor"} for spec in alone)


def source(made: type[Operator]) -> str:
    return inspect.cleandoc(made.__doc__ or "").partition("\nSource: ")[2].replace("\n", " ")


def section(made: type[Operator]) -> str:
    """Its part of the reference page."""
    return PAGE.partition(f"\n### {made.__name__}\n")[2].partition("\n### ")[0].partition("\n## ")[0]


@pytest.mark.parametrize("made", ALL, ids=[made.__name__ for made in ALL])
def test_the_page_shows_its_words_and_its_examples(made: type[Operator]) -> None:
    doc = inspect.cleandoc(made.__doc__ or "")
    assert doc.count("\nShape: ") == 1
    for line in filter(None, doc.split("\n")):
        assert line in section(made)
    assert any(example.fails is None for example in made.examples)
    for example in made.examples:
        assert f"\n{example.spec}  # " in section(made)


@pytest.mark.parametrize("made", WITH_PAPERS, ids=[made.__name__ for made in WITH_PAPERS])
def test_it_names_a_paper_and_has_a_formula(made: type[Operator]) -> None:
    formula = inspect.cleandoc(made.__doc__ or "").partition("\nShape: ")[0]
    assert re.search(r"[·/|≥√]|\bx\b", formula)
    assert re.search(r"\b(19|20)\d\d\b", source(made))


def test_what_keras_lacks_names_its_paper() -> None:
    """Layers of our own: nobody can look them up in Keras's documentation."""
    without = {made.__name__ for made in ALL if ours(made) and not re.search(r"\b(19|20)\d\d\b", source(made))}
    assert not without


def test_settings_that_must_be_given_have_no_default_in_a_table() -> None:
    rows = {line.split("|")[1].strip(" `"): line for line in PAGE.split("\n") if line.startswith("| `")}
    assert rows["constant"].endswith("| `value` |")
    assert rows["max_norm"].endswith("| `limit` = 2, `axis` = none |")
    assert "<object" not in PAGE + choices_table(OPTIMIZERS)

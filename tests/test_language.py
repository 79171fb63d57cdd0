"""The worked examples of the language reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.cli.options import Chosen
from nnspec.cli.specs import Named, read_report
from nnspec.program.graph import flatten

PAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
#: What is given where an example leaves the size open.
LENGTHS = {"Sequence to sequence": (6, 5)}
#: Examples that tests/specs run, which take long.
ELSEWHERE = {"ResNet-50", "U-Net"}
#: Examples by the first words of their comment, with what they come to.
PARAMS = {
    "ResNet-50": 25_636_712,
    "U-Net": 31_030_658,
    "TextCNN": 18765 * 300 + sum(100 * (300 * k + 1) for k in (3, 4, 5)) + 602,
    "Sequence to sequence": 2 * 8000 * 256 + 2 * 4 * (512 * (256 + 512) + 512) + 8000 * 1025,
    "Siamese twins": 320 + 9248 + 51264 + 65,
    "A transformer encoder": 37_056 + 66 * 192 + 6 * (768 + 148_224 + 148_224 + 147_648) + 384 + 193_000,
}
EXAMPLES = [
    text
    for text in re.findall(r"^```nn[^\n]*\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    if text.startswith(tuple(f"# {name}" for name in PARAMS))
]


def name_of(text: str) -> str:
    return next(name for name in PARAMS if text.startswith(f"# {name}"))


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split("\n")[0][2:25])
def test_a_worked_example(text: str, tmp_path: Path) -> None:
    path = tmp_path / "example.nn"
    path.write_text(text, encoding="utf-8")
    report = read_report(Named(str(path)), Chosen((), (), (), None, False))
    assert not report.has_errors
    (model,) = report.models
    assert model.counts is not None
    assert model.counts.params == PARAMS[name_of(text)]


def test_all_examples_are_here() -> None:
    assert len(EXAMPLES) == len(PARAMS)


@pytest.mark.parametrize("text", [text for text in EXAMPLES if name_of(text) not in ELSEWHERE], ids=name_of)
def test_a_worked_example_runs(text: str, tmp_path: Path) -> None:
    """Each example of a batch gets an answer of its own, finite, and after a softmax probabilities."""
    keras: Any = import_keras()
    keras.utils.clear_session(free_memory=True)
    path = tmp_path / "example.nn"
    path.write_text(text, encoding="utf-8")
    (counted,) = read_report(Named(str(path)), Chosen((), (), (), None, False)).models
    model = build(flatten(counted.model), seed=1)
    assert model.count_params() == PARAMS[name_of(text)]
    random = np.random.default_rng(4)
    open_sizes = iter(LENGTHS.get(name_of(text), ()))
    given = [_made([next(open_sizes) if n is None else n for n in x.shape[1:]], x.dtype, random) for x in model.inputs]
    y = np.array(model(given if len(given) > 1 else given[0], training=False))
    sizes = zip(y.shape[1:], model.output_shape[1:], strict=True)
    assert all(wanted in (None, have) for have, wanted in sizes)
    assert np.isfinite(y).all()
    assert np.abs(y[0] - y[1]).max() > 1e-6
    np.testing.assert_allclose(y[2], y[0], rtol=1e-4, atol=1e-6)
    if text.rstrip().split("\n")[-2].endswith("Softmax"):
        np.testing.assert_allclose(y.sum(axis=-1), 1, atol=1e-5)


def _made(sizes: list[int], dtype: str, random: np.random.Generator) -> Any:
    """A batch of three, of which the last is the first again."""
    shape = (2, *sizes)
    two = random.integers(0, 8000, shape) if "int" in dtype else random.normal(size=shape)
    return np.concatenate([two, two[:1]]).astype(dtype)

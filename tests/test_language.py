"""The worked examples of the language reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nnspec.cli.options import Chosen
from nnspec.cli.specs import Named, read_report

PAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
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


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split("\n")[0][2:25])
def test_a_worked_example(text: str, tmp_path: Path) -> None:
    path = tmp_path / "example.nn"
    path.write_text(text, encoding="utf-8")
    report = read_report(Named(str(path)), Chosen((), (), (), None, False))
    name = next(name for name in PARAMS if text.startswith(f"# {name}"))
    assert not report.has_errors
    (model,) = report.models
    assert model.counts is not None
    assert model.counts.params == PARAMS[name]


def test_all_examples_are_here() -> None:
    assert len(EXAMPLES) == len(PARAMS)

"""Fixes are what they say: each one that is offered is applied, and the plain checker finds the fault gone.

`NNSPEC_CASES` draws more random ones, and `-s` shows how many of them have a fix.
"""

from __future__ import annotations

import itertools
import os
import re
from itertools import takewhile
from pathlib import Path
from random import Random

import pytest

from nnspec.diagnostics.catalogue import all_codes
from tests.mending.broken import BROKEN, IN_YAML
from tests.mending.offering import Offered, faults, spliced
from tests.program.random_specs import draw

CASES = int(os.environ.get("NNSPEC_CASES", "10"))
SEED = int(os.environ.get("NNSPEC_SEED", "5"))

SHAPES = [code for code in all_codes() if code.number.startswith("NN3") and code.severity == "error"]
FILES = [path for path in sorted(Path("tests/cases").rglob("*.*")) if path.parent.name != "limits"]


def verify(text: str, offered: Offered, path: str = "net.nn") -> None:
    """Every fix leaves fewer errors, and no code that was not there, or else says which one comes to light."""
    before = faults(text, path)
    for error in offered.errors:
        assert len(error.fixes) <= 3
        assert len({fix.edits for fix in error.fixes}) == len(error.fixes)
        for fix in error.fixes:
            if fix.tried:
                after = faults(spliced(text, fix.edits), path)
                uncovered = re.findall(r"; then (NN\d+) is found in ", fix.title)
                assert len(after) < len(before) + len(uncovered), (fix.title, after)
                assert set(after) <= {*before, *uncovered}, (fix.title, after)


@pytest.mark.parametrize(("text", "line"), BROKEN, ids=[text.splitlines()[-1][:60] for text, _ in BROKEN])
def test_a_broken_spec_gets_fixes_that_hold(text: str, line: str | None) -> None:
    offered = Offered(text)
    verify(text, offered)
    assert offered.fixes
    if line is not None:
        assert line in spliced(text, offered.errors[0].fixes[0].edits).splitlines()


@pytest.mark.parametrize(("network", "line"), IN_YAML)
def test_a_broken_yaml_spec(network: str, line: str) -> None:
    text = f"nnspec: 1\nnetwork:{'' if network.startswith(' ') and not network.startswith('  ') else chr(10)}{network}"
    offered = Offered(text, "net.yaml")
    verify(text, offered, "net.yaml")
    assert line in spliced(text, offered.errors[0].fixes[0].edits).splitlines()


@pytest.mark.parametrize("code", SHAPES, ids=lambda code: code.slug)
def test_examples_of_codes(code: object) -> None:
    text = code.failing  # type: ignore[attr-defined]
    offered = Offered(text)
    verify(text, offered)
    assert offered.fixes


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cases(path: Path) -> None:
    text = path.read_text()
    verify(text, Offered(text, str(path)), str(path))


def broken_specs(count: int) -> list[str]:
    """Sound random specs with one number changed, so that they are not."""
    random = Random(SEED)
    found: list[str] = []
    for seed in takewhile(lambda _: len(found) < count, itertools.count(SEED * 100_000)):
        text = str(draw(seed))
        if faults(text):
            continue
        numbers = list(re.finditer(r"(?<![\w.])\d+(?![\w.])", text))
        if not numbers:
            continue
        number = random.choice(numbers)
        other = random.choice([int(number[0]) + 1, int(number[0]) * 3, int(number[0]) + 7, 1])
        broken = text[: number.start()] + str(other) + text[number.end() :]
        codes = faults(broken)
        if codes and all(code.startswith("NN3") or code == "NN501" for code in codes):
            found.append(broken)
    return found


def test_random_specs_with_a_number_changed() -> None:
    specs = broken_specs(CASES)
    mended = 0
    for text in specs:
        offered = Offered(text)
        verify(text, offered)
        mended += any(not faults(spliced(text, fix.edits)) for fix in offered.fixes)
    print(f"{mended} of {len(specs)} are sound with a fix")
    assert mended >= 0.8 * len(specs), f"{mended} of {len(specs)}"

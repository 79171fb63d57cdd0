"""Fixes are what they say: each one that is offered is applied, and the plain checker finds the fault gone.

`NNSPEC_CASES` draws more random ones, and `-s` shows how many of them have a fix.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable
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

#: Errors of networks for which no fix is sought by trying, and why.
WITHOUT = {
    "NN401": "which tensor should arrive, nothing in the spec says",
    "NN402": "whether the input is too many, or its use forgotten, nothing says",
    "NN404": "the `Input` belongs to another flow, and which one nothing says",
    "NN406": "names are missing or too many, and not sizes",
    "NN407": "a number stands where a tensor should, and which one nothing says",
    "NN408": "the second flow needs a name of its own",
    "NN409": "the flow in the braces is missing",
    "NN410": "what is to be wrapped is missing",
    "NN502": "a budget is held by another network, and `solve` looks for one",
}
ABOUT_NETWORKS = [
    code for code in all_codes() if code.number.startswith(("NN3", "NN4", "NN5")) and code.severity == "error"
]
SHAPES = [code for code in ABOUT_NETWORKS if code.number not in WITHOUT]
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


def test_codes_without_fixes_have_none() -> None:
    assert {code.number for code in ABOUT_NETWORKS} >= WITHOUT.keys()
    for code in ABOUT_NETWORKS:
        assert code.number not in WITHOUT or not Offered(code.failing).fixes, code.number


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cases(path: Path) -> None:
    text = path.read_text()
    verify(text, Offered(text, str(path)), str(path))


def other_number(text: str, random: Random) -> str:
    """The text with one number changed."""
    numbers = list(re.finditer(r"(?<![\w.])\d+(?![\w.])", text))
    if not numbers:
        return text
    number = random.choice(numbers)
    other = random.choice([int(number[0]) + 1, int(number[0]) * 3, int(number[0]) + 7, 1])
    return text[: number.start()] + str(other) + text[number.end() :]


def other_stages(text: str, random: Random) -> str:
    """The text with a stage left out, two stages exchanged, or another padding."""
    stages = re.split(r"( -> |\n-> )", text)
    at = random.randrange(1, len(stages) // 2 + 1) * 2 if len(stages) > 2 else 0
    match random.choice(["leave out", "exchange", "pad"]):
        case "leave out" if at:
            del stages[at - 1 : at + 1]
        case "exchange" if at > 2:
            stages[at], stages[at - 2] = stages[at - 2].rstrip("\n"), stages[at]
        case _:
            words = [
                ("padding=same", "padding=valid"),
                ("padding=1", "padding=0"),
                ("sequences=true", "sequences=false"),
            ]
            old, new = random.choice(words)
            return text.replace(old, new, 1)
    return "".join(stages)


def broken_specs(count: int, damage: Callable[[str, Random], str]) -> list[str]:
    """Sound random specs with one thing changed, so that they are not."""
    random = Random(SEED)
    found: list[str] = []
    for seed in takewhile(lambda _: len(found) < count, itertools.count(SEED * 100_000)):
        text = str(draw(seed))
        if faults(text):
            continue
        broken = damage(text, random)
        codes = faults(broken)
        if codes and all(code.startswith("NN3") or code == "NN501" for code in codes):
            found.append(broken)
    return found


@pytest.mark.parametrize("damage", [other_number, other_stages])
def test_random_specs_that_were_broken(damage: Callable[[str, Random], str]) -> None:
    specs = broken_specs(CASES, damage)
    mended = 0
    for text in specs:
        offered = Offered(text)
        verify(text, offered)
        mended += any(not faults(spliced(text, fix.edits)) for fix in offered.fixes)
        if not offered.fixes:
            print(text, [error.message for error in offered.errors])
    print(f"{mended} of {len(specs)} are sound with a fix")
    assert mended >= 0.8 * len(specs), f"{mended} of {len(specs)}"

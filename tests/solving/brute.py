"""Brute force: which numbers the checker accepts where they are written into the text in place of the holes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from nnspec.compiler import Settings, compile_tree, with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.solving import following, places, search, why, words
from nnspec.solving.solve import Solution, solve
from nnspec.solving.trial import Budget
from nnspec.source import SourceFile
from nnspec.syntax.read import parse


def search_to(monkeypatch: pytest.MonkeyPatch, largest: int, farthest: int) -> None:
    """Let fewer numbers be tried one by one, so that brute force can keep up."""
    for module in (following, places, search, why, words):
        if hasattr(module, "LARGEST"):
            monkeypatch.setattr(module, "LARGEST", largest)
        if hasattr(module, "FARTHEST"):
            monkeypatch.setattr(module, "FARTHEST", farthest)


def solved(text: str, budget: Budget | None = None, *, yaml: bool = False) -> Solution:
    """What fills the holes of a text."""
    syntax = parse(SourceFile("spec.nn", text), Diagnostics(), yaml=yaml)
    return with_deep_stack(lambda: solve(syntax, Settings(), budget=budget))


def holds(text: str) -> bool:
    """Whether a text without holes has no errors."""
    found = Diagnostics()
    syntax = parse(SourceFile("spec.nn", text), found, yaml=False)
    with_deep_stack(lambda: compile_tree(syntax, Settings(), found))
    return not found.has_errors


def with_numbers(text: str, numbers: Sequence[int]) -> str:
    """The text with numbers in place of its holes."""
    first, *rest = text.split("?")
    return first + "".join(f"{number}{piece}" for number, piece in zip(numbers, rest, strict=True))


def accepted(text: str, least: Sequence[int], most: int) -> set[tuple[int, ...]]:
    """All numbers up to `most`, from the least that each hole may be, with which the text holds."""
    ranges = [range(low, most + 1) for low in least]
    return {way for way in itertools.product(*ranges) if holds(with_numbers(text, way))}

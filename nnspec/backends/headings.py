"""Headings of printed source: where in the spec's blocks and repeats the statements below them belong.

They are comments on the first statement of a section; an empty one ends a section.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.program.graph import Layer

#: A section of fewer statements is no section.
_LEAST = 4


def headings(layers: Sequence[Layer]) -> list[str | None]:
    """A comment for each statement, given the layer it is made for."""
    sections = [(heading, len(list(group))) for heading, group in groupby(layers, lambda layer: _heading(layer.path))]
    found: list[str | None] = []
    before = ""
    for heading, length in sections:
        now = heading if length >= _LEAST else ""
        found += [now if now != before else None, *[None] * (length - 1)]
        before = now
    return found if len({heading for heading in found if heading}) > 1 else [None] * len(layers)


def _heading(path: tuple[str, ...]) -> str:
    """`turn 2.1: Bottleneck`: the turns up to the outermost block, and the block; empty outside of both."""
    block = next((index for index, name in enumerate(path) if not name.isdigit()), None)
    turns = ".".join(path[:block] if block is not None else path[:1])
    named = path[block] if block is not None else ""
    return ": ".join(filter(None, (f"turn {turns}" if turns else "", named)))

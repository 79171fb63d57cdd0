"""Help for a misspelt key: the nearest known ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.nearest import nearest, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable


def near_help(word: str, known: Iterable[str]) -> str | None:
    """`did you mean ...?` with the nearest known words, or None where none is near."""
    return suggestion(nearest(word, known))

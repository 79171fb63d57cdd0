"""Near names for one that is not known: at most three, and none too far to be meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known names nearest to a word, best first; capitals do not count."""
    from difflib import get_close_matches  # only a mistake pays for it

    lowered: dict[str, str] = {}
    for name in known:
        lowered.setdefault(name.lower(), name)
    return [lowered[near] for near in get_close_matches(word[:100].lower(), lowered, n=3, cutoff=0.6)]


def suggestion(near: list[str]) -> str | None:
    """`did you mean …?`, or None where nothing is near."""
    return f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else None

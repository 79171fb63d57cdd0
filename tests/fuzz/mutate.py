"""Mutations of texts: characters, words, lines, and pieces of other texts."""

from __future__ import annotations

import re
from random import Random

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9_.]*|->|\s+|.", re.DOTALL)
WORDS = (
    "let", "param", "default", "block", "shared", "model", "output", "import", "from", "expect", "for", "in", "if", "else", "as", "and",
    "or", "not", "true", "false", "none", "_", "?", "x", "->", "→", "×", "*", "(", ")", "[", "]", "{", "}", "|", ":", ",", "=", "==",
    "+", "-", "/", "//", "%", "^", "<", ">=", ".", "#", '"', "\\", "\n", "\r\n", "\t", " ", "0", "1", "3x3", "1e9", "2^5000", "1_000_000",
    "Input", "Conv", "FC", "Dense", "Add", "Concat", "ReLU", "MaxPool", "Weight", "Residual", "Split", "H", "W", "e[0]", "in.channels",
    "range", "zip", "len", "sum", "max", "\0", "é", "С", "\ufeff", "\u2028", "\x85", "\U0001f600", "&a", "*a", "- ", ": ", "'", "|\n", ">-",
    "---", "...", "!!python", "!!str", "<<: ", "%YAML 1.2\n", "@", "`", "nnspec: 1", "network: ", "~", "{file: lib.nn}", "$", ";", "<", "e1",
)  # fmt: skip


def mutated(text: str, rng: Random, others: tuple[str, ...]) -> str:
    """The text with one to eight changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        text = _CHANGES[rng.randrange(len(_CHANGES))](text, rng, others)
    return text[:65_536]


def _words(text: str) -> list[str]:
    return WORD.findall(text)


def _place(items: list[str], rng: Random) -> int:
    return rng.randrange(len(items) + 1)


def _drop(text: str, rng: Random, others: tuple[str, ...]) -> str:
    words = _words(text)
    at = _place(words, rng)
    return "".join(words[:at] + words[at + rng.choice((1, 1, 2, 5)) :])


def _insert(text: str, rng: Random, others: tuple[str, ...]) -> str:
    words = _words(text)
    words.insert(_place(words, rng), rng.choice(WORDS))
    return "".join(words)


def _replace(text: str, rng: Random, others: tuple[str, ...]) -> str:
    words = _words(text)
    if words:
        words[rng.randrange(len(words))] = rng.choice(WORDS)
    return "".join(words)


def _swap(text: str, rng: Random, others: tuple[str, ...]) -> str:
    words = _words(text)
    if words:
        a, b = rng.randrange(len(words)), rng.randrange(len(words))
        words[a], words[b] = words[b], words[a]
    return "".join(words)


def _number(text: str, rng: Random, others: tuple[str, ...]) -> str:
    places = list(re.finditer(r"\d+", text))
    if not places:
        return text
    at = rng.choice(places)
    value = rng.choice(
        (
            "0",
            "1",
            "-1",
            "2",
            "1000",
            "100_000",
            "1_000_000",
            "1e9",
            "9" * 30,
            "2^100",
            "0.5",
            "H",
            "n",
            "(3, 3)",
            "none",
        )
    )
    return text[: at.start()] + value + text[at.end() :]


def _lines(text: str, rng: Random, others: tuple[str, ...]) -> str:
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    form = rng.randrange(4)
    if form == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif form == 1:
        lines.insert(b, lines[a])
    elif form == 2:
        del lines[a]
    else:
        lines[a] = rng.choice(("  ", "\t", "    ")) + lines[a]
    return "".join(lines)


def _splice(text: str, rng: Random, others: tuple[str, ...]) -> str:
    other = rng.choice(others)
    start = rng.randrange(len(other) + 1)
    at = rng.randrange(len(text) + 1)
    return text[:at] + other[start : start + rng.randrange(1, 200)] + text[at:]


def _cut(text: str, rng: Random, others: tuple[str, ...]) -> str:
    return text[: rng.randrange(len(text) + 1)]


def _again(text: str, rng: Random, others: tuple[str, ...]) -> str:
    start = rng.randrange(len(text) + 1)
    piece = text[start : start + rng.randrange(1, 60)]
    return text[:start] + piece * rng.choice((2, 3, 10, 50)) + text[start:]


def _character(text: str, rng: Random, others: tuple[str, ...]) -> str:
    at = rng.randrange(len(text) + 1)
    return (
        text[:at]
        + chr(rng.choice((rng.randrange(128), rng.randrange(0xD7FF), 0x1F600, 0)))
        + text[at + rng.randrange(2) :]
    )


_CHANGES = (_drop, _insert, _replace, _replace, _swap, _number, _number, _lines, _splice, _cut, _again, _character)

"""The faults that the layout pass finds, in words: brackets, texts and characters.

Knows how to say them, not how to find them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import limits
from nnspec.diagnostics.codes import syntax as codes
from nnspec.diagnostics.diagnostic import Edit, Fix, Label
from nnspec.syntax.slip import Slip

if TYPE_CHECKING:
    import re

    from nnspec.syntax.place import Place

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_LOOKALIKES = dict(
    zip(
        "АВЕЅІЈКМНОРСТХУаеѕіјорсхуԁԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧοⅹ",
        "ABESIJKMHOPCTXYaesijopcxydqwhABEZHIKMNOPTYXox",
        strict=True,
    )
)
_PLAIN = {
    "−": "-", "–": "-", "—": "-", "“": '"', "”": '"', "„": '"', "‘": '"', "’": '"', "⇒": "->", "⟶": "->", "➔": "->",
    "➝": "->", "⟹": "->", "✕": "x", "✖": "x", "⨯": "x", "⨉": "x", "≤": "<=", "≥": ">=", "≠": "!=", "·": "*", "⋅": "*",
    "∗": "*", "÷": "/", "∧": "and", "∨": "or", "¬": "not", "\xa0": " ", "\u2009": " ", "\u202f": " ", "\u3000": " ",
    "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "²": "^2", "³": "^3",
}  # fmt: skip


def unclosed(place: Place, bracket: str, start: int) -> Slip:
    """A bracket without its partner."""
    closing = _CLOSING[bracket]
    return Slip(
        codes.UNCLOSED_BRACKET,
        f"this `{bracket}` is never closed",
        place.span(start, start + 1),
        label=f"no `{closing}` for it",
        help=f"close it with `{closing}`",
    )


def crossed(place: Place, event: re.Match[str], bracket: str, start: int) -> Slip:
    """A closing bracket of another kind than the one that is open."""
    closing = _CLOSING[bracket]
    span = place.span(event.start(), event.end())
    return Slip(
        codes.CROSSED_BRACKETS,
        f"`{event.group()}` stands where `{closing}` should close `{bracket}`",
        span,
        label=f"expected `{closing}`",
        labels=(Label(place.span(start, start + 1), "opened here"),),
        help=f"write `{closing}`",
        fixes=(Fix(f"write `{closing}`", (Edit(span, closing),)),),
    )


def stray(place: Place, event: re.Match[str]) -> Slip:
    """A closing bracket that closes nothing."""
    span = place.span(event.start(), event.end())
    return Slip(
        codes.STRAY_BRACKET,
        f"`{event.group()}` closes nothing",
        span,
        label="no bracket is open here",
        help="take it away, or open its bracket before it",
        fixes=(Fix("take it away", (Edit(span, ""),)),),
    )


def too_deep(place: Place, event: re.Match[str], deepest: int) -> Slip:
    """The first bracket past the deepest."""
    return Slip(
        limits.TOO_DEEP,
        f"brackets nested more than {deepest} deep",
        place.span(event.start(), event.end()),
        label=f"bracket {deepest + 1}",
        help="name the inner part with `block` or `let`",
    )


def quote(place: Place, event: re.Match[str]) -> Slip:
    """A text without an end on its line, or in single quotes."""
    span = place.span(event.start(), event.end())
    said = event.group()
    if said[0] == '"':
        return Slip(
            codes.OPEN_TEXT,
            "this text has no closing quote on its line",
            span,
            label='no `"` ends it',
            help='end it with `"`; a text stays on one line, and a newline in it is written `\\n`',
        )
    if len(said) > 1 and said[-1] == "'" and '"' not in said and "\\" not in said:
        fix = Fix("use double quotes", (Edit(span, f'"{said[1:-1]}"'),), safe=True)
        return Slip(
            codes.SINGLE_QUOTES,
            "texts stand in double quotes",
            span,
            label="single quotes",
            help=f'write `"{said[1:-1]}"`, or `{said[1:-1]}` alone where a word is meant',
            fixes=(fix,),
        )
    mark = place.span(event.start(), event.start() + 1)
    return Slip(codes.SINGLE_QUOTES, "texts stand in double quotes", mark, label="a single quote", help='write `"`')


def strange(place: Place, event: re.Match[str]) -> Slip:
    """A character that the language does not have: a look-alike letter, another arrow, an odd space."""
    character = event.group()[0]
    span = place.span(event.start(), event.start() + 1)
    if character.isalpha():
        return _letter(character, span)
    name = _described(character)
    plain = _PLAIN.get(character)
    if plain is None:
        return Slip(
            codes.UNKNOWN_CHARACTER,
            f"{name} means nothing here",
            span,
            help="outside texts and comments only ASCII, `→` and `×` are used",
        )
    title = f"write `{plain}`" if plain.strip() else "write a plain space" if plain else "take it away"
    return Slip(
        codes.UNKNOWN_CHARACTER, f"{name} is not a character of the language", span, help=title,
        fixes=(Fix(title, (Edit(span, plain),), safe=True),),
    )  # fmt: skip


def _letter(character: str, span: object) -> Slip:
    latin = _LOOKALIKES.get(character) or _normal(character)
    script = _name(character).split(" ")[0].capitalize()
    point = f"U+{ord(character):04X}"
    if latin is None:
        return Slip(
            codes.LOOKALIKE_LETTER,
            f"'{character}' ({point}) is not an ASCII letter",
            span,  # type: ignore[arg-type]
            help="names are written with a-z, A-Z, 0-9 and _",
        )
    return Slip(
        codes.LOOKALIKE_LETTER,
        f"'{character}' is {script} {point}",
        span,  # type: ignore[arg-type]
        label=f"looks like the Latin `{latin}`",
        help=f"write the Latin `{latin}`",
        fixes=(Fix(f"write the Latin `{latin}`", (Edit(span, latin),)),),  # type: ignore[arg-type]
    )


def _normal(character: str) -> str | None:
    import unicodedata  # only a fault needs it

    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 and plain.isascii() and plain.isalpha() else None


def _name(character: str) -> str:
    import unicodedata  # only a fault needs it

    return unicodedata.name(character, "UNNAMED")


def _described(character: str) -> str:
    point = f"U+{ord(character):04X}"
    if character.isprintable() and not character.isspace():
        return f"'{character}' ({point})"
    name = _name(character)
    return f"the character {point}" + ("" if name == "UNNAMED" else f" ({name.lower()})")

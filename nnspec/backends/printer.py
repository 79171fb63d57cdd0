"""Prints calls: the same data that `execute` runs, as Python laid out the way `ruff format` leaves it.

It knows expressions, brackets and the width of a line; `imports` says what a dotted path is called.
No text from a spec can leave its quotes or its comment here.
"""

from __future__ import annotations

import itertools
import math
import textwrap
import unicodedata
from collections.abc import Callable
from typing import TypeAlias

from nnspec.calls import Assign, Call, Dotted, Either, Item, Member, Operation, Starred, Unary, Value, Variable
from nnspec.record import Record
from nnspec.spelled import SpelledFloat, SpelledInt

WIDTH = 88
STEP = 4

Name: TypeAlias = Callable[[str], str]  # what a dotted path is called in this file


class Bracket(Record):
    """A pair of brackets. Broken, a `literal` has an item a line; others try all items on one first."""

    open: str
    items: tuple[Pieces, ...]
    close: str
    literal: bool = False


Piece: TypeAlias = "str | Bracket"
Pieces: TypeAlias = "tuple[Piece, ...]"


def statement_text(statement: Assign, name: Name, indent: int = 0) -> str:
    """The lines of a statement, its comment above it."""
    head = f"{', '.join(statement.names)} = " if statement.names else ""
    text = value_text(head, statement.value, name, indent)
    return f"{comment_text(statement.comment, indent)}\n{text}" if statement.comment else text


def value_text(head: str, value: Value, name: Name, indent: int) -> str:
    """The lines of `head` and an expression after it: an assignment, a `return`."""
    pad = " " * indent
    found = pieces(value, name)
    flat = f"{pad}{head}{flat_text(found)}"
    if width(flat) <= WIDTH:
        return flat
    inner = pad + " " * STEP
    if isinstance(value, Operation):
        lines = _operands(value, name) if width(inner + flat_text(found)) > WIDTH else [flat_text(found)]
        return "\n".join([f"{pad}{head}(", *(inner + line for line in lines), f"{pad})"])
    links = _links(found)
    if len(links) > 2:
        return "\n".join(
            [f"{pad}{head}(", *(inner + _layout(link, len(inner), len(inner), 0) for link in links), f"{pad})"]
        )
    if not any(isinstance(piece, Bracket) and piece.items for piece in found):
        fits = head and width(inner + flat_text(found)) <= WIDTH
        return f"{pad}{head}(\n{inner}{flat_text(found)}\n{pad})" if fits else flat
    return pad + head + _layout(found, width(pad + head), indent, 0)


def pieces(value: Value, name: Name) -> Pieces:
    """An expression as text and brackets."""
    if isinstance(value, (SpelledInt, SpelledFloat)):
        return pieces(value.expression, name)
    match value:
        case Variable():
            return (value.name,)
        case Dotted():
            return (name(value.path),)
        case Call():
            target = (name(value.target),) if isinstance(value.target, str) else pieces(value.target, name)
            keywords = [_joined(f"{key}=", pieces(given, name)) for key, given in value.kwargs.items()]
            return (*target, Bracket("(", (*(pieces(given, name) for given in value.args), *keywords), ")"))
        case Member():
            return (*_operand(value.value, name), f".{value.name}")
        case Item():
            return (*_operand(value.value, name), Bracket("[", _index(value.index, name), "]"))
        case Operation():
            return _operation(value, name)
        case Unary():
            sign = f"{value.operator} " if value.operator.isalpha() else value.operator
            return (sign, *_within(value.value, name, _BINDING[sign.strip() + "x"]))
        case Either():
            then, condition = _within(value.then, name, 1), _within(value.condition, name, 1)
            return (*then, " if ", *condition, " else ", *_within(value.otherwise, name, 0))
        case Starred():
            return ("*", *_operand(value.value, name))
        case tuple() | list() | dict():
            return (_literal(value, name),)
    return (atom_text(value),)


def _literal(value: Value, name: Name) -> Bracket:
    if isinstance(value, dict):
        entries = [_joined(f"{atom_text(key)}: ", pieces(item, name)) for key, item in value.items()]
        return Bracket("{", tuple(entries), "}", literal=True)
    items = [pieces(item, name) for item in value]
    if isinstance(value, list):
        return Bracket("[", tuple(items), "]", literal=True)
    if len(items) == 1:
        items = [(*items[0], ",")]
    return Bracket("(", tuple(items), ")", literal=True)


#: How tightly Python's operators bind, from the loosest on; `-x` and `not x` are those with one operand.
_BINDING = {
    sign: strength
    for strength, signs in enumerate(
        ("else", "or", "and", "notx", "== != < <= > >= is", "+ -", "* / // % @", "-x", "**")
    )
    for sign in signs.split()
}
_ATOM = len(_BINDING)


def _strength(value: Value) -> int:
    """How tightly an expression holds together."""
    if isinstance(value, (SpelledInt, SpelledFloat)):
        return _strength(value.expression)
    if isinstance(value, Operation):
        return _BINDING[value.operator]
    if isinstance(value, Either):
        return 0
    if isinstance(value, Unary):
        return _BINDING[value.operator + "x"]
    negative = isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0
    return _BINDING["-x"] if negative else _ATOM


def _within(value: Value, name: Name, strength: int) -> Pieces:
    """An expression as a part of one that binds so tightly: in brackets where it must be."""
    found = pieces(value, name)
    return ("(", *found, ")") if _strength(value) < strength else found


def _operand(value: Value, name: Name) -> Pieces:
    """An expression that something is asked of: `.shape`, `[0]`."""
    return _within(value, name, _ATOM)


def _operation(value: Operation, name: Name) -> Pieces:
    """Both sides and what is between; brackets stand where the order of things needs them."""
    strength = _BINDING[value.operator]
    is_power, compares = value.operator == "**", strength == _BINDING["=="]
    left = _within(value.left, name, strength + (is_power or compares))
    right = _within(value.right, name, strength + (not is_power))
    simple = is_power and _strength(value.left) > strength and all(map(_is_simple, (value.left, value.right)))
    return (*left, value.operator if simple else f" {value.operator} ", *right)


def _is_simple(value: Value) -> bool:
    """Whether ruff leaves no space around the power of it: a name, a number, an attribute."""
    while isinstance(value, Member):
        value = value.value
    if isinstance(value, Unary):
        return value.operator == "-" and _is_simple(value.value)
    return isinstance(value, (Variable, Dotted, int, float))


def _index(value: Value, name: Name) -> tuple[Pieces, ...]:
    parts = value if isinstance(value, tuple) and value else (value,)
    return tuple(_slice(part, name) if isinstance(part, slice) else pieces(part, name) for part in parts)


def _slice(value: slice, name: Name) -> Pieces:
    """`a:b` and `a : b + 1`: as around an operator, where an end is more than a name or a number."""
    ends = [value.start, value.stop, *([] if value.step is None else [value.step])]
    space = "" if all(end is None or _is_end(end) for end in ends) else " "
    start, *others = ["" if end is None else flat_text(pieces(end, name)) for end in ends]
    text = start
    for index, end in enumerate(others):
        before = space if text and not (index and text.endswith(":")) else ""
        after = space if end else ""
        text += f"{before}:{after}{end}"
    return (text,)


def _is_end(value: Value) -> bool:
    """Whether ruff leaves no space around the `:` beside it."""
    if isinstance(value, Unary):
        return _is_end(value.value)
    return isinstance(value, (Variable, int, float))


def _joined(head: str, rest: Pieces) -> Pieces:
    return (head + rest[0], *rest[1:]) if isinstance(rest[0], str) else (head, *rest)


def flat_text(found: Pieces) -> str:
    """The pieces on one line."""
    return "".join(piece if isinstance(piece, str) else _flat_bracket(piece) for piece in found)


def _flat_bracket(bracket: Bracket) -> str:
    return f"{bracket.open}{', '.join(map(flat_text, bracket.items))}{bracket.close}"


def _layout(found: Pieces, column: int, indent: int, tail: int) -> str:
    """The pieces from a column on, brackets broken from left to right where the line would not hold them.

    A bracket stays on its line if that holds what follows too, as far as the next place to break it;
    `tail` is the width of what follows the last piece.
    """
    lines = ""
    for index, piece in enumerate(found):
        if isinstance(piece, str):
            lines, column = lines + piece, column + width(piece)
            continue
        flat = _flat_bracket(piece)
        if not piece.items or column + width(flat) + _until_break(found[index + 1 :], tail) <= WIDTH:
            lines, column = lines + flat, column + width(flat)
        else:
            lines, column = lines + _broken(piece, indent), indent + 1
    return lines


def _until_break(rest: Pieces, tail: int) -> int:
    """The width of what must stay on the line: up to the next bracket that can be broken, and its opening."""
    held = 0
    for piece in rest:
        if isinstance(piece, Bracket) and piece.items:
            return held + 1
        held += width(piece if isinstance(piece, str) else _flat_bracket(piece))
    return held + tail


def _broken(bracket: Bracket, indent: int) -> str:
    inner = indent + STEP
    sole = len(bracket.items) == 1  # takes no comma after it
    body = ", ".join(map(flat_text, bracket.items))
    if width(body) + inner <= WIDTH and (sole or not bracket.literal):
        lines = [" " * inner + body]
    else:
        comma = "" if sole else ","
        lines = [" " * inner + _layout(item, inner, inner, len(comma)) + comma for item in bracket.items]
    return "\n".join([bracket.open, *lines, " " * indent + bracket.close])


def _links(found: Pieces) -> list[Pieces]:
    """A chain `a(…).b(…).c` cut before each `.name` that follows a bracket."""
    links: list[list[Piece]] = [[]]
    for piece in found:
        if isinstance(piece, str) and piece.startswith(".") and links[-1] and isinstance(links[-1][-1], Bracket):
            links.append([])
        links[-1].append(piece)
    return [tuple(link) for link in links]


def _operands(value: Operation, name: Name) -> list[str]:
    """The operands of a long operation, a line each."""
    left, right = flat_text(_operand(value.left, name)), flat_text(_operand(value.right, name))
    return [left, f"{value.operator} {right}"]


def atom_text(value: Value) -> str:
    """A plain value as Python writes it.

    Raises: TypeError, for what is no plain value.
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return _float_text(value)
    if value is None or value is ... or isinstance(value, (bool, int)):
        return "..." if value is ... else repr(value)
    raise TypeError(f"{value!r} is not an expression")


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return f'float("{value}")'
    mantissa, mark, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else mantissa


def quoted(text: str) -> str:
    """A text as a literal: nothing in it can end it, and nothing in it is invisible."""
    quote = "'" if '"' in text and text.count('"') > text.count("'") else '"'
    shown = "".join(f"\\{char}" if char in (quote, "\\") else visible(char) for char in text)
    return f"{quote}{shown}{quote}"


def visible(char: str) -> str:
    """The character, or its escape where it would not be seen, or would turn the text around."""
    if char.isprintable():
        return char
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    code = ord(char)
    return named or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def comment_text(text: str, indent: int = 0) -> str:
    """A comment, of as many lines as it needs."""
    shown = "".join(map(visible, " ".join(text.split())))
    pad = f"{' ' * indent}#"
    lines = textwrap.wrap(shown, max(WIDTH - len(pad) - 1, 1), break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"{pad} {line}" for line in lines) or pad


def docstring_text(text: str, indent: int = 0) -> str:
    """A docstring: its first line is the summary. Whatever it says stays inside, and within the width of a line."""
    pad = " " * indent
    first, *others = [_documented(line) for line in text.strip().splitlines()] or [""]
    first = f" {first}" if first.startswith('"') else first
    lines = [first, *textwrap.dedent("\n".join(others)).split("\n")] if others else [first]
    closing = f'{lines[0]}"""' if not lines[0].endswith('"') else f'{lines[0]} """'
    most = WIDTH - indent - (4 if len(lines) == 1 else 0)  # the quotes at the end of a single line
    filled = _filled(lines, most)
    if len(filled) == 1:
        return f'{pad}"""{closing}'
    return "\n".join([f'{pad}"""{filled[0]}', *(f"{pad}{line}".rstrip() for line in filled[1:]), f'{pad}"""'])


def _filled(lines: list[str], most: int) -> list[str]:
    """Lines within a width: paragraphs with a longer one are filled anew, what stands in columns line by line."""
    found: list[str] = []
    for in_columns, group in itertools.groupby(lines, _in_columns):
        paragraph = list(group)
        opening = 3 if not found else 0  # the quotes before the first line
        if all(width(line) + (0 if index else opening) <= most for index, line in enumerate(paragraph)):
            found += paragraph
            continue
        for part in paragraph if in_columns else [" ".join(paragraph)]:
            lead = part[: len(part) - len(part.lstrip())]
            made = textwrap.wrap(
                part,
                most,
                initial_indent=" " * opening,
                subsequent_indent=lead,
                break_long_words=False,
                break_on_hyphens=False,
            )
            found += [made[0][opening:], *made[1:]] if made else [""]
            opening = 0
    return found


def _in_columns(line: str) -> bool:
    """Whether a line is blank, or keeps its place: an item of a list, say, or a row of a table."""
    return not line.strip() or "  " in line.strip() or line.startswith((" ", "*", "-", "|"))


def _documented(line: str) -> str:
    shown = "".join(map(visible, line.expandtabs(4).rstrip().replace("\\", "\\\\")))
    return shown.replace('"""', "'''")


def width(text: str) -> int:
    """How many columns a text takes, as ruff counts them."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


__all__ = ["STEP", "WIDTH", "Name", "comment_text", "docstring_text", "quoted", "statement_text", "value_text"]

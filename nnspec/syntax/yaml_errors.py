"""What PyYAML's errors mean to the writer of a spec: one located diagnostic in plain words."""

from __future__ import annotations

from typing import Any

from nnspec.diagnostics.codes import yaml as codes
from nnspec.diagnostics.diagnostic import Diagnostics, Label
from nnspec.source import SourceFile, Span

_QUOTES = 'put quotes around a text that holds `: `, ` #`, brackets or braces: "Add{ FC(8) | _ }"'

# (words of the parser's message, what is said instead, help); the first that fits is used
_PLAIN_WORDS: tuple[tuple[str, str, str], ...] = (
    ("mapping values are not allowed", "a `: ` starts a mapping where none can stand", _QUOTES),
    ("block sequence entries are not allowed", "a `- ` starts a list where none can stand",
     "put the list on the lines below its key, each item after `- `"),
    ("found a tab character", "a tab indents this line", "indent with spaces: YAML allows no tabs there"),
    ("could not find expected ':'", "a `:` is missing after this key, or a quote is open above it",
     "write `key: value`, with a space after the colon"),
    ("found unexpected end of stream", "this quote is never closed", "close it with the same quote"),
    ("found unexpected document indicator", "this quote is never closed", "close it with the same quote"),
    ("unknown escape character", "YAML knows no such escape in double quotes",
     "write `\\\\` for a backslash, or use single quotes"),
    ("expected hexdecimal number", "an escape lacks its hexadecimal digits", "write `\\x41` or `\\u2192`"),
    ("invalid Unicode character escape", "this escape names no character", "write the character itself"),
    ("expected ',' or ']'", "a `,` or `]` is missing here", _QUOTES),
    ("expected ',' or '}'", "a `,` or `}` is missing here", _QUOTES),
    ("expected key", "this line does not fit the mapping around it",
     "give every key of a mapping the same indentation, and close its quotes and brackets"),
    ("expected '-' indicator", "this line does not fit the list around it",
     "begin every item of the list with `- `, at the same indentation"),
    ("expected comment or line break", "nothing but a comment may follow `|` or `>` on its line",
     "begin the text on the next line, indented"),
    ("indentation indicator equal to 0", "an indentation of 0 cannot be asked for", "write a digit from 1 to 9"),
    ("undefined tag handle", "this tag means nothing in a spec", "remove the tag"),
    ("alphabetic or numeric character", "an anchor or alias lacks its name",
     "put a text that begins with `*` or `&` in quotes"),
    ("expected <document start>", "this stands outside the document", "indent it, or close the brackets above it"),
    ("incompatible YAML document", "a spec is YAML 1.2", "remove the %YAML line"),
)  # fmt: skip
_CONTEXTS = {
    "flow sequence": "the `[` is here", "flow mapping": "the `{` is here", "block mapping": "the mapping begins here",
    "block collection": "the list begins here", "simple key": "the key is here", "quoted scalar": "the quote is here",
}  # fmt: skip


def describe(error: Any, file: SourceFile, found: Diagnostics) -> None:
    """Report a YAML error at its place."""
    problem = str(getattr(error, "problem", None) or "it cannot be read")
    context = str(getattr(error, "context", None) or "")
    start, context_start = _offset(error, "problem_mark", file), _offset(error, "context_mark", file)
    unclosed = "quoted scalar" in context and "unexpected" in problem
    if context_start is not None and (start is None or unclosed):
        start = context_start
    start = len(file.text) if start is None else start
    message, help = _words(problem, file, start)
    label = next((text for key, text in _CONTEXTS.items() if key in context), "")
    labels: tuple[Label, ...] = ()
    if label and context_start is not None and context_start != start:
        labels = (Label(Span(file, context_start, min(context_start + 1, len(file.text))), label),)
    found.report(codes.YAML_SYNTAX, message, _spot(file, start), labels=labels, help=help)


def _words(problem: str, file: SourceFile, start: int) -> tuple[str, str]:
    if file.text.startswith("?", start):
        return "a bare `?` begins a key of YAML, and no hole", 'a hole stands in quotes here: "?"'
    if "cannot start any token" in problem or "expected node content" in problem:
        return _bad_start(file.text[start : start + 1])
    for words, message, help in _PLAIN_WORDS:
        if words in problem:
            return message, help
    return f"this is not YAML: {problem}", _QUOTES


def _bad_start(character: str) -> tuple[str, str]:
    if character == "\t":
        return "a tab indents this line", "indent with spaces: YAML allows no tabs there"
    if character:
        return f"nothing in YAML can begin with `{character}` here", _QUOTES
    return "the file ends where a value is wanted", "write the value, and close the brackets above it"


def _offset(error: Any, name: str, file: SourceFile) -> int | None:
    mark = getattr(error, name, None)
    return None if mark is None else min(int(mark.index), len(file.text))


def _spot(file: SourceFile, start: int) -> Span:
    """The word that begins at an offset, or the one character that stands there."""
    end = start
    while end < len(file.text) and end < start + 40 and (file.text[end].isalnum() or file.text[end] == "_"):
        end += 1
    if end == start and start < len(file.text) and file.text[start] not in "\r\n":
        end += 1
    return Span(file, start, end)

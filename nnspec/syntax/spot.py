"""The spot where a parser stopped: the tokens around it and what could have stood there.

Only faults come here. Tokens are cut more coarsely than the parser's, so that `=>`,
`**` and `x3` are seen as their writer saw them. It judges nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nnspec.diagnostics.diagnostic import Edit, Fix

if TYPE_CHECKING:
    from nnspec.source import Span
    from nnspec.syntax.place import Place

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>(?:[0-9]|\.[0-9])(?:[\w.×]|(?<=[eE])[+-](?=[0-9]))*)|(?P<word>[A-Za-z_]\w*)
    |(?P<sign>-{1,4}>|<-{1,4}|==?>|>>|→|\|>|~>|&&|\|\||\*\*|//|:=|[=!<>]=|[^\s])""",
    re.VERBOSE,
)
_FLOW_ENDS = frozenset({"RPAR", "RSQB", "RBRACE", "BAR", "$END"})
_PAIRS = {")": "(", "]": "[", "}": "{"}


class Token(NamedTuple):
    """A piece of the statement; `kind` is text, number, word, sign or end."""

    kind: str
    text: str
    start: int
    end: int


class Spot:
    """Where the parser stopped: `token` could not be read there; `expected` names what could."""

    def __init__(self, text: str, place: Place, position: int, expected: set[str]) -> None:
        self.text = text
        self.place = place
        self.expected = expected
        self.tokens = [
            Token(str(found.lastgroup), found.group(), found.start(), found.end()) for found in _TOKEN.finditer(text)
        ]
        self.at = next((i for i, token in enumerate(self.tokens) if token.end > position), len(self.tokens))
        end = len(text.rstrip())
        self.end = Token("end", "", end, end)
        self.token = self.peek(0)
        self.before = self.peek(-1)
        self.opener = self._opener()

    def peek(self, step: int) -> Token:
        """The token so many behind (or, negative, before) the one that could not be read."""
        index = self.at + step
        return self.tokens[index] if 0 <= index < len(self.tokens) else self.end

    def _opener(self) -> int | None:
        """Index of the innermost bracket open at the spot."""
        stack: list[int] = []
        for index, token in enumerate(self.tokens[: self.at]):
            if token.text in ("(", "[", "{"):
                stack.append(index)
            elif token.text in _PAIRS and stack:
                stack.pop()
        return stack[-1] if stack else None

    @property
    def bracket(self) -> str:
        """The innermost open bracket, or nothing."""
        return "" if self.opener is None else self.tokens[self.opener].text

    @property
    def callee(self) -> str:
        """The name right before the innermost open bracket, `Conv` in `Conv(64 …`."""
        if self.opener in (None, 0) or self.bracket != "(":
            return ""
        name = self.tokens[self.opener - 1]
        return name.text if name.kind == "word" and name.end == self.tokens[self.opener].start else ""

    @property
    def after_stage(self) -> bool:
        """Whether a whole stage stands before the spot."""
        return "_ARROW" in self.expected and "OPERATOR" not in self.expected

    @property
    def after_flow(self) -> bool:
        """Whether a stage or a whole flow stands before the spot."""
        return self.after_stage or (bool(self.expected) and self.expected <= _FLOW_ENDS)

    @property
    def wants_stage(self) -> bool:
        """Whether a stage should begin at the spot."""
        return {"LBRACE", "CAPITAL"} <= self.expected

    @property
    def wants_value(self) -> bool:
        """Whether an expression should begin at the spot."""
        return "NUMBER" in self.expected

    @property
    def wants_name(self) -> bool:
        """Whether only a lower-case name can stand at the spot."""
        return "NAME" in self.expected and not self.wants_stage and not self.wants_value

    def span(self, first: Token, last: Token | None = None) -> Span:
        """The characters of a token, or from one to another."""
        return self.place.span(first.start, (last or first).end)

    def fix(self, title: str, *edits: tuple[int, int, str], safe: bool = False) -> tuple[Fix, ...]:
        """One fix, of edits given as start, end and text."""
        return (Fix(title, tuple(Edit(self.place.span(start, end), text) for start, end, text in edits), safe),)


def expected_by(error: Any) -> set[str]:
    """The terminals that could have come, exactly: each is tried on a copy of the parser's state."""
    return set(error.interactive_parser.accepts())

"""The pass before the parser: cuts a text into statements and sees to brackets, texts and comments.

It blanks comments and continuing newlines one for one, so that offsets stay true. It
knows how lines end and brackets pair, and nothing of what stands between them. Regular
expressions do the scanning: the loop below sees only brackets, texts, comments and line ends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnspec.record import Record
from nnspec.syntax import layout_errors as errors
from nnspec.syntax.tree import NO_COMMENTS, Allowance, Comments, InnerComment

if TYPE_CHECKING:
    from nnspec.syntax.place import Place
    from nnspec.syntax.slip import Slip

DEEPEST = 200
STATEMENT_WORDS = ("param", "let", "default", "block", "shared", "model", "output", "import", "expect")
RESERVED = frozenset({
    *STATEMENT_WORDS, "from", "for", "in", "if", "else", "as", "and", "or", "not", "true", "false", "none",
})  # fmt: skip

_EVENT = re.compile(
    r"""(?P<newline>\r\n|\n|\r)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comment>\#[^\r\n]*)
    |(?P<text>"(?:[^"\\\r\n]|\\[^\r\n])*")|(?P<quote>"[^\r\n]*|'[^'\r\n]*'?)|(?P<strange>[^\t\n\r -~→×]+)""",
    re.VERBOSE,
)
_GAP = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r))*[ \t]*(?:#[^\r\n]*\Z)?")
_GAP_LINE = re.compile(r"[ \t]*(?:\r\n|\n|\r)[ \t]*")
_COMMENT_OR_END = re.compile(r"#[^\r\n]*|\r\n|\n|\r")
_BLANKED = re.compile(r'"(?:[^"\\\r\n]|\\[^\r\n])*"|#[^\r\n]*|[\r\n]+')
_ALLOW = re.compile(r"allow:\s*([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)(?:\s|\Z)")

_CONTINUES = re.compile(r"->|→|[|:×*)\]}]|(?:for|if|else|as)(?!\w)")
_STATEMENT = re.compile(rf"(?:{'|'.join(STATEMENT_WORDS)})(?!\w)")
_DEFINITION = re.compile(r"[A-Za-z]\w*(?:[ \t]*,[ \t]*[A-Za-z]\w*)*[ \t]*=(?!=)")
_ENDS_OPEN = re.compile(r"(?:[=|,+\-*/%^<>→×]|(?<!\w)(?:if|else|in|and|or|not))\Z")
_LAST_WORD = re.compile(r"\w+\Z")
_NO_STAGE = RESERVED - {"true", "false", "none"}


class Piece(Record):
    """One statement: where it begins and ends in the text, its text with comments and newlines blanked."""

    start: int
    end: int
    text: str
    comments: Comments
    slip: Slip | None


class Layout(Record):
    """A text cut into statements."""

    pieces: tuple[Piece, ...]
    description: str | None
    closing: tuple[str, ...]  # comments behind the last statement
    allowances: tuple[Allowance, ...]


def lay_out(text: str, place: Place) -> Layout:
    """Cut a whole file into statements."""
    return _Scanner(text, place).file()


def single(text: str, place: Place) -> Piece:
    """The text as one statement, whatever its newlines: a flow or expression inside another file."""
    scanner = _Scanner(text, place, whole=True)
    gap = _GAP.match(text)
    piece, _ = scanner.statement(gap.end() if gap else 0, ())
    return piece


def blank(text: str) -> str:
    """Comments and newlines as as many spaces, texts in quotes as they are."""
    return _BLANKED.sub(_blanks, text)


def _blanks(found: re.Match[str]) -> str:
    return found.group() if found.group()[0] == '"' else " " * len(found.group())


class _Scanner:
    def __init__(self, text: str, place: Place, *, whole: bool = False) -> None:
        self.text = text
        self.place = place
        self.whole = whole
        self.allowances: list[Allowance] = []
        self.rescans = 4 * len(text)  # characters that recovery from open brackets may read again

    # --- the file ----------------------------------------------------------------------

    def file(self) -> Layout:
        position, description, waiting = self._top()
        pieces: list[Piece] = []
        while True:
            position, leading = self._gap(position)
            leading, waiting = (*waiting, *leading), ()
            if position >= len(self.text):
                allowances = sorted(self.allowances, key=lambda found: found.line is not None)  # the file's first
                return Layout(tuple(pieces), description, leading, tuple(allowances))
            piece, position = self.statement(position, leading)
            pieces.append(piece)

    def _top(self) -> tuple[int, str | None, tuple[str, ...]]:
        """The comment block at the top of the file: where it ends, and what it says."""
        lines: list[str] = []
        position = len(self.text) - len(self.text.lstrip(" \t\r\n"))
        while comment := _COMMENT_OR_END.match(self.text, position):
            if comment.group()[0] != "#":
                break
            lines.extend(self._own_line(comment))
            end = _GAP_LINE.match(self.text, comment.end())
            position = end.end() if end else comment.end()
        return position, "\n".join(lines) if lines else None, ()

    def _gap(self, position: int) -> tuple[int, tuple[str, ...]]:
        """Past blank lines and comments, with what the comments say."""
        found = _GAP.match(self.text, position)
        end = found.end() if found else position
        comments: list[str] = []
        for comment in _COMMENT_OR_END.finditer(self.text, position, end):
            if comment.group()[0] == "#":
                comments.extend(self._own_line(comment))
        return end, tuple(comments)

    def _own_line(self, comment: re.Match[str]) -> list[str]:
        """What a comment on a line of its own says; an allowance there holds for the whole file."""
        said = _said(comment)
        if allow := _ALLOW.match(said):
            self._allow(allow, self.place.span(comment.start(), comment.end()), None)
            return []
        return [said]

    def _allow(self, allow: re.Match[str], span: object, line: int | None) -> None:
        for slug in allow.group(1).split(","):
            self.allowances.append(Allowance(span, slug.strip(), line))  # type: ignore[arg-type]

    # --- one statement -----------------------------------------------------------------

    def statement(self, start: int, leading: tuple[str, ...]) -> tuple[Piece, int]:
        """The statement that begins at `start`, and where to look for the next."""
        reader = _Reader(self, start)
        end, after = reader.read()
        blanked = blank(self.text[start:end])
        return Piece(start, end, blanked, self._comments(reader, end, leading), reader.slip), after

    def _comments(self, reader: _Reader, end: int, leading: tuple[str, ...]) -> Comments:
        trailing: str | None = None
        inside: list[InnerComment] = []
        for comment in reader.comments:
            said = _said(comment)
            if allow := _ALLOW.match(said):
                self._allow_line(allow, comment)
            if comment.start() >= end:
                trailing = said
            else:
                inside.append(InnerComment(self.place.span(comment.start(), comment.end()), said))
        if not (leading or inside or trailing is not None):
            return NO_COMMENTS
        return Comments(leading, trailing, tuple(inside))

    def _allow_line(self, allow: re.Match[str], comment: re.Match[str]) -> None:
        span = self.place.span(comment.start(), comment.end())
        line, column = span.file.position(span.start)
        whole = type(span)(span.file, span.start - column + 1, span.end)
        self._allow(allow, whole, line)


def _said(comment: re.Match[str]) -> str:
    said = comment.group()[1:].rstrip()
    return said[1:] if said.startswith(" ") else said


class _Reader:
    """Reads one statement to its end, keeping its open brackets, comments and first fault."""

    def __init__(self, scanner: _Scanner, start: int) -> None:
        self.scanner = scanner
        self.text = scanner.text
        self.place = scanner.place
        self.start = start
        self.line = start  # where the line being read begins
        self.end = start  # where the code read so far ends
        self.open: list[tuple[str, int]] = []
        self.excess = 0  # brackets past the deepest are counted, not kept
        self.comments: list[re.Match[str]] = []
        self.slip: Slip | None = None
        self.restart: int | None = None  # a line inside open brackets that looks like a definition

    def read(self) -> tuple[int, int]:
        """Where the statement's code ends, and where to look for the next statement."""
        code_end = None
        for event in _EVENT.finditer(self.text, self.start):
            kind = event.lastgroup
            if kind == "newline":
                after = self._newline(event.start() if code_end is None else code_end, event.end())
                if after is not None:
                    return self.end, after
                code_end, self.line = None, event.end()
            elif kind == "comment":
                code_end = event.start()
                self.comments.append(event)
            elif kind != "text":
                self._mark(kind, event)
        self._code(len(self.text) if code_end is None else code_end)
        return self._unclosed(len(self.text)) if self.open else (self.end, len(self.text))

    # --- lines -------------------------------------------------------------------------

    def _code(self, end: int) -> str:
        """The code of the line being read; it moves the end of the statement."""
        code = self.text[self.line : end].rstrip(" \t")
        if code:
            self.end = self.line + len(code)
        return code

    def _newline(self, code_end: int, after: int) -> int | None:
        """Where to look for the next statement, if this line ends one."""
        code = self._code(code_end)
        if not code or self.scanner.whole:
            return None
        gap = _GAP.match(self.text, after)
        following = gap.end() if gap else after
        if self.open:
            return self._next_inside(code, following)
        if _CONTINUES.match(self.text, following):
            return None
        if _ENDS_OPEN.search(code[-8:]) or _ends_in_times(code):
            return after if _STATEMENT.match(self.text, following) else None  # never inside a sound statement
        return after

    def _next_inside(self, code: str, following: int) -> int | None:
        """Inside brackets: whether the next line can only be another statement."""
        if _STATEMENT.match(self.text, following):
            return self._unclosed(following)[1]
        if _DEFINITION.match(self.text, following) and self._column(following) <= self._column(self.start):
            if not (self.open[-1][0] == "(" and code[-1] in ",("):
                return self._unclosed(following)[1]
            if self.restart is None:  # a named argument, if the bracket closes after all
                self.restart = following
        return None

    def _column(self, offset: int) -> int:
        """How far a place is from the start of its line, up to a thousand characters."""
        near = max(0, offset - 1000)
        return offset - max(self.text.rfind("\n", near, offset), self.text.rfind("\r", near, offset), near - 1)

    def _unclosed(self, position: int) -> tuple[int, int]:
        """Blame the bracket, and go on behind the broken statement."""
        self._fault(errors.unclosed(self.place, *self.open[-1]))
        after = position
        if self.restart is not None and self.scanner.rescans > 0:
            self.scanner.rescans -= position - self.restart
            after = self.restart
            self.end = self.start + len(self.text[self.start : after].rstrip())
        self.comments = [comment for comment in self.comments if comment.start() < after]
        return self.end, after

    # --- brackets ----------------------------------------------------------------------

    def _mark(self, kind: str | None, event: re.Match[str]) -> None:
        if kind == "open":
            self._open(event)
        elif kind == "close":
            self._close(event)
        elif self.slip is None:
            self._fault((errors.quote if kind == "quote" else errors.strange)(self.place, event))

    def _fault(self, slip: Slip) -> None:
        if self.slip is None:
            self.slip = slip

    def _open(self, event: re.Match[str]) -> None:
        if len(self.open) < DEEPEST:
            self.open.append((event.group(), event.start()))
            return
        self.excess += 1
        if self.slip is None:
            self.slip = errors.too_deep(self.place, event, DEEPEST)

    def _close(self, event: re.Match[str]) -> None:
        wanted = _PAIRS[event.group()]
        if self.excess:
            self.excess -= 1
        elif not self.open:
            if self.slip is None:
                self.slip = errors.stray(self.place, event)
        elif self.open[-1][0] == wanted:
            self.open.pop()
        else:
            self._crossed(event, wanted)

    def _crossed(self, event: re.Match[str], wanted: str) -> None:
        opened = [position for position, (bracket, _) in enumerate(self.open) if bracket == wanted]
        if opened:
            self._fault(errors.unclosed(self.place, *self.open[-1]))
            del self.open[opened[-1] :]
        else:
            self._fault(errors.crossed(self.place, event, *self.open.pop()))


_PAIRS = {")": "(", "]": "[", "}": "{"}


def _ends_in_times(code: str) -> bool:
    """Whether the line ends in the `x` of a repeat, not in a tensor called x."""
    if code[-1] != "x" or _LAST_WORD.search(code[-2:]).group() != "x":  # type: ignore[union-attr]
        return False
    before = code[:-1].rstrip(" \t")
    if not before or before[-1] in ")]}?":
        return bool(before)
    word = _LAST_WORD.search(before[-40:])
    return word is not None and word.group() not in _NO_STAGE

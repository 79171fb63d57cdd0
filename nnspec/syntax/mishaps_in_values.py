"""The usual slips in expressions, arguments and statements' heads.

Each rule looks at the spot where the parser stopped and answers with the error, or None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import syntax as codes
from nnspec.syntax.layout import RESERVED
from nnspec.syntax.slip import Slip

if TYPE_CHECKING:
    from nnspec.syntax.spot import Spot, Token

_LONGEST = 80  # characters of a stage that help writes out
_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or", "not"})


def equals(spot: Spot) -> Slip | None:
    """`==` for `=`, `=` for `==`, `:=` and `kernel: 3`."""
    token = spot.token
    if token.text in ("==", ":=") and ("_EQUALS" in spot.expected or spot.at <= 2):
        return _equals(spot, f"`{token.text}` does not define a name", "=")
    if token.text == "=" and "OPERATOR" in spot.expected:
        return _equals(spot, "`=` gives a name to a value; equality is `==`", "==")
    if token.text == "=" and spot.after_flow and spot.before.kind == "word":
        return Slip(
            codes.WRONG_EQUALS,
            "only the start of a statement names a tensor",
            spot.span(token),
            help="label it where it is made, `Conv(64, 3) as y`, or write two statements",
        )
    if token.text == ":" and spot.bracket == "(" and spot.before.kind == "word":
        return _equals(spot, "an argument's name is followed by `=`", "=")
    return None


def _equals(spot: Spot, message: str, right: str) -> Slip:
    token = spot.token
    return Slip(
        codes.WRONG_EQUALS,
        message,
        spot.span(token),
        help=f"write `{right}`",
        fixes=spot.fix(f"write `{right}`", (token.start, token.end, right)),
    )


def spaced_size(spot: Spot) -> Slip | None:
    """`3 x 3` in an argument."""
    token, before, behind = spot.token, spot.before, spot.peek(1)
    if token.text not in ("x", "×") or before.kind != "number" or behind.kind != "number" or not spot.bracket:
        return None
    size = f"{before.text}x{behind.text}"
    return Slip(
        codes.SYNTAX,
        "a size is written without spaces",
        spot.span(before, behind),
        help=f"write `{size}`",
        fixes=spot.fix(f"write `{size}`", (before.start, behind.end, size)),
    )


def operator_as_value(spot: Spot) -> Slip | None:
    """`Bidirectional(LSTM(64))`: a stage where a value is wanted."""
    name = spot.before
    if spot.token.text not in ("(", "{") or name.kind != "word" or not name.text[0].isupper() or spot.after_stage:
        return None
    around = spot.callee
    wrapped = f"`{around}{{ {name.text}… }}` where it is applied to the flow" if around[:1].isupper() else "a stage"
    if spot.peek(-2).text == "=" and spot.bracket == "(":
        help = "an argument is a value or a tensor; a stage stands in braces, or in the flow"
    else:
        whole = _with_braces(spot) if around[:1].isupper() else None
        help = f"write `{whole}`" if whole else f"write it as {wrapped}, or join stages with `->`"
    return Slip(
        codes.SYNTAX,
        f"`{name.text}{spot.token.text}…` is a stage, and a value should stand here",
        spot.span(name),
        label="a stage",
        help=help,
    )


def _with_braces(spot: Spot) -> str | None:
    """The call around the spot with its stages and tensors in braces; None where it is long, or holds other values."""
    assert spot.opener is not None  # it has a callee
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in spot.tokens[spot.opener + 1 :]:
        if not depth and token.text in (")", "]", "}"):
            break
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if token.text == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    else:
        return None
    texts = [spot.text[part[0].start : part[-1].end] for part in parts if part]
    named = [len(part) > 1 and part[1].text == "=" for part in parts if part]
    flows = [text for text, is_named in zip(texts, named, strict=True) if not is_named]
    others = [text for text, is_named in zip(texts, named, strict=True) if is_named]
    whole = f"{spot.callee}({', '.join(others)})" if others else spot.callee
    whole += f"{{ {' | '.join(flows)} }}"
    are_stages = all(flow[0].isalpha() and flow not in RESERVED for flow in flows)
    return whole if are_stages and len(whole) <= _LONGEST else None


def loop_without_in(spot: Spot) -> Slip | None:
    """`for i range(3)`, `for i = 1`."""
    if "IN" not in spot.expected or "NUMBER" in spot.expected or spot.token.kind == "end":
        return None
    return Slip(
        codes.SYNTAX,
        f"expected `in` behind the names of the loop, found `{spot.token.text[:40]}`",
        spot.span(spot.token),
        label="expected `in`",
        help="write `for i in range(4)`",
    )


def missing_comma(spot: Spot) -> Slip | None:
    """`Conv(64 3)`, `[1 2]`, and `Conv(64, kernel 3)`."""
    token, before = spot.token, spot.before
    begins = token.kind in ("number", "text") or (token.kind == "word" and token.text not in RESERVED)
    begins = begins or token.text in ("true", "false", "none", "in", "_", "[", "(", "?")
    if not begins or not spot.bracket or spot.after_stage or "_COMMA" not in spot.expected:
        return None
    if before.kind == "word" and before.text[0].islower() and spot.bracket == "(" and spot.peek(-2).text in (",", "("):
        return Slip(
            codes.WRONG_EQUALS,
            f"no `=` between the argument's name and its value: `{before.text}={token.text}`",
            spot.span(before, token),
            help=f"write `{before.text}={token.text}`",
            fixes=spot.fix("write `=`", (before.end, token.start, "=")),
        )
    return Slip(
        codes.MISSING_COMMA,
        f"no comma before `{token.text[:40]}`",
        spot.span(token),
        help="write `,` between them",
        fixes=spot.fix("write `,`", (before.end, before.end, ",")),
    )


def question(spot: Spot) -> Slip | None:
    """`c ? a : b`, and `a if c` without `else`."""
    if spot.token.text == "?" and "OPERATOR" in spot.expected:
        return Slip(
            codes.FOREIGN_OPERATOR,
            "a choice between two values is written `a if c else b`",
            spot.span(spot.token),
            help="write `a if c else b`",
        )
    if "_ELSE" in spot.expected and "_ARROW" not in spot.expected:
        where = spot.token if spot.token.kind != "end" else spot.before
        return Slip(
            codes.UNFINISHED,
            "`if` between values needs an `else`",
            spot.span(where),
            label="expected `else`",
            help="write `a if c else b`; only stages may leave out the `else`",
        )
    return None


def names_in_brackets(spot: Spot) -> Slip | None:
    """`for (c, n) in …`."""
    if spot.token.text not in ("(", "[") or spot.before.text not in ("for", "as"):
        return None
    return Slip(
        codes.SYNTAX,
        f"the names behind `{spot.before.text}` stand without brackets",
        spot.span(spot.token),
        help="write `for c, n in …`" if spot.before.text == "for" else "write `as h, c`",
    )


def unfinished(spot: Spot) -> Slip | None:
    """An operator, a comma or a sign with nothing behind it."""
    token, last = spot.token, spot.before
    ends = token.kind == "end" or token.text in (")", "]", "}", "|", ",", "->", "→")
    if not ends or not spot.at:
        return None
    if last.text in _OPERATORS or last.text in ("=", "if", "else", "in", "x", "×", ":", "as", "for"):
        wanted = "a stage" if spot.wants_stage else "a value" if spot.wants_value else "a name"
        if last.text == ":" and not spot.wants_stage:
            wanted = "a shape in brackets"
        return Slip(
            codes.UNFINISHED,
            f"nothing follows `{last.text}`",
            spot.span(last),
            label=f"expected {wanted} behind this",
        )
    if last.text == "," and token.kind == "end":
        return Slip(codes.UNFINISHED, "nothing follows the last comma", spot.span(last), help="take the comma away")
    return None


VALUE_RULES = (
    loop_without_in, equals, spaced_size, operator_as_value, names_in_brackets, question, unfinished, missing_comma,
)  # fmt: skip

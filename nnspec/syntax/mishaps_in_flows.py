"""The usual slips between stages: arrows, repeats, labels, promises, braces.

Each rule looks at the spot where the parser stopped and answers with the error, or None.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import syntax as codes
from nnspec.syntax.layout import RESERVED
from nnspec.syntax.slip import Slip

if TYPE_CHECKING:
    from nnspec.syntax.spot import Spot

_ARROWS = ("->", "→")
_FOREIGN_ARROWS = re.compile(r"-{2,}>|==?>|\|>|~>|>>")
_TIMES = ("x", "×", "*")
_VALUE_STATEMENTS = frozenset({"let", "param", "expect", "default", "output", "import"})
_KINDS = {"block": "blocks", "shared": "shared parts", "model": "models"}
#: A part where it is defined: `block Double(c) = …`, or in YAML `"Double(c)": …`.
_PART = re.compile(
    r"^[ \t]*(?:(?P<kind>block|shared|model)[ \t]+(?P<name>[A-Z]\w*)[ \t]*[(=]"
    r"""|["']?(?P<key>[A-Z]\w*)\([^\n)]*\)["']?:)""",
    re.MULTILINE,
)
_COUNT = re.compile(r"x([0-9]+|[a-z]\w*)")
_ENDS_SUFFIX = frozenset({"->", "→", "|", ")", "]", "}", "for", "as", ":", "if", "x", "×", "else"})


def foreign_arrow(spot: Spot) -> Slip | None:
    """`=>`, `-->`, `|>`, `>` where an arrow is meant."""
    token = spot.token
    meant = _FOREIGN_ARROWS.fullmatch(token.text) or (token.text == ">" and spot.after_stage)
    if token.text in ("-", "–") and spot.peek(1).text == ">" and "_ARROW" in spot.expected:
        return _arrow(spot, "an arrow is written `->`, without a space", token.start, spot.peek(1).end)
    if meant and token.text.endswith("=>") and "OPERATOR" in spot.expected and "_ARROW" not in spot.expected:
        return Slip(
            codes.WRONG_EQUALS,
            "at least is written `>=`",
            spot.span(token),
            help="write `>=`",
            fixes=spot.fix("write `>=`", (token.start, token.end, ">=")),
        )
    if meant:
        return _arrow(spot, f"`{token.text}` is not an arrow", token.start, token.end)
    if re.fullmatch("<-+|<", token.text) and spot.after_stage:
        return Slip(
            codes.BAD_ARROW,
            "arrows point to the right",
            spot.span(token),
            help="write the flow from its input to its output, with `->`",
        )
    return None


def _arrow(spot: Spot, message: str, start: int, end: int) -> Slip:
    fixes = spot.fix("write `->`", (start, end, "->"))
    return Slip(codes.BAD_ARROW, message, spot.place.span(start, end), help="write `->` or `→`", fixes=fixes)


def loose_arrow(spot: Spot) -> Slip | None:
    """An arrow at the end of a flow, at its start, or behind another."""
    token, before = spot.token, spot.before
    if before.text in _ARROWS and (token.kind == "end" or token.text in (")", "]", "}", "|")):
        where = "the end of the flow" if token.kind == "end" else f"`{token.text}`"
        return Slip(
            codes.UNFINISHED,
            f"no stage stands between this arrow and {where}",
            spot.span(before),
            label="leads nowhere",
            help="write the next stage behind it, or take the arrow away",
            fixes=spot.fix("take the arrow away", (before.start, before.end, "")),
        )
    if token.text not in _ARROWS or not spot.wants_stage:
        return None
    if before.text in _ARROWS and spot.at:
        return Slip(
            codes.BAD_ARROW,
            "two arrows with no stage between them",
            spot.span(before, token),
            help="take one away",
            fixes=spot.fix("take one away", (token.start, token.end, "")),
        )
    return Slip(
        codes.BAD_ARROW,
        "a flow starts with a stage, not with an arrow",
        spot.span(token),
        label="nothing before it",
        help="begin with `Input(…)`, a tensor's name, or `_` inside braces and blocks",
    )


def glued_count(spot: Spot) -> Slip | None:
    """`(…) x3`, `(…) 3`, `(…) 3x`."""
    token = spot.token
    if "_TIMES" not in spot.expected or "OPERATOR" in spot.expected:
        return None
    found = _COUNT.fullmatch(token.text)
    if token.kind == "word" and found and not (spot.peek(1).text in ("(", "[") and not found.group(1).isdigit()):
        mended = f"x {found.group(1)}"
    elif token.kind == "number" and re.fullmatch(r"[0-9]+x?", token.text) and spot.before.text in (")", "]", "}"):
        mended = f"x {token.text.rstrip('x')}"
    else:
        return None
    return Slip(
        codes.REPEAT_COUNT,
        "the count of a repeat stands apart from its `x`",
        spot.span(token),
        help=f"write `{mended}`",
        fixes=spot.fix(f"write `{mended}`", (token.start, token.end, mended)),
    )


def count_in_brackets(spot: Spot) -> Slip | None:
    """`x n - 1`."""
    token = spot.token
    if token.text not in ("+", "-", "/", "//", "%", "^", "**") or (
        "OPERATOR" in spot.expected and not spot.after_stage
    ):
        return None
    start = _count_start(spot)
    if start is None:
        return None
    end = _count_end(spot)
    written = spot.text[spot.tokens[start].start : end]
    return Slip(
        codes.REPEAT_COUNT,
        "a count that is more than one number or name needs brackets",
        spot.place.span(spot.tokens[start].start, end),
        help=f"write `x ({written})`",
        fixes=spot.fix(f"write `x ({written})`", (spot.tokens[start].start, end, f"({written})")),
    )


def signed_count(spot: Spot) -> Slip | None:
    """`ReLU x -1`, `ReLU x -n`."""
    sign, count = spot.token, spot.peek(1)
    if sign.text not in ("-", "+") or spot.before.text not in _TIMES or not spot.wants_value:
        return None
    if count.kind == "number":
        return Slip(
            codes.REPEAT_COUNT,
            f"a stage cannot be repeated {sign.text}{count.text} times" if sign.text == "-" else "a count has no sign",
            spot.span(sign, count),
            label="a count is 0 or more",
            help=f"write `x {count.text}`; `x 0` leaves the stage out",
        )
    end = _count_end(spot)
    written = spot.text[sign.start : end]
    return Slip(
        codes.REPEAT_COUNT,
        "a count that is more than one number or name needs brackets",
        spot.place.span(sign.start, end),
        help=f"write `x ({written})`",
        fixes=spot.fix(f"write `x ({written})`", (sign.start, end, f"({written})")),
    )


def _count_start(spot: Spot) -> int | None:
    """Index of the first token of the count that stands right before the spot."""
    depth = 0
    for index in range(spot.at - 1, max(spot.at - 40, 0), -1):
        token = spot.tokens[index]
        if token.text in (")", "]"):
            depth += 1
        elif token.text in ("(", "["):
            depth -= 1
            if depth < 0:
                return None
        elif depth == 0 and token.text in _TIMES and index + 1 < spot.at:
            return index + 1
        elif depth == 0 and token.kind == "sign" and token.text != ".":
            return None
    return None


def _count_end(spot: Spot) -> int:
    """Where the expression that begins before the spot ends, as far as tokens tell."""
    depth, end = 0, spot.token.end
    for token in spot.tokens[spot.at :]:
        if depth == 0 and token.text in _ENDS_SUFFIX:
            break
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        end = token.end
    return end


def repeat_too_late(spot: Spot) -> Slip | None:
    """`as e x 2`, `: (…) for i in …`: a repeat behind what binds looser; `x 2 if c`."""
    token = spot.token
    if token.text == "if" and spot.after_stage and "_IF" not in spot.expected:
        return Slip(
            codes.NEEDS_BRACKETS,
            "`if` binds tighter than a repeat or a label before it",
            spot.span(token),
            help="put brackets around the stage that is chosen: `[Conv(64, 3) x 2] if deep`",
        )
    late = "_TIMES" not in spot.expected and spot.after_stage
    if token.text not in (*_TIMES, "for") or not late:
        return None
    return Slip(
        codes.NEEDS_BRACKETS,
        f"a repeat stands before `as` and `:`, so `{token.text}` cannot come here",
        spot.span(token),
        help="write the repeat first, `A x 2 as e`, or put brackets around what it repeats, `[A as e] x 2`",
    )


def bare_promise(spot: Spot) -> Slip | None:
    """`: 64` for `: (64)`."""
    if spot.before.text != ":" or spot.expected != {"LPAR"}:
        return None
    token = spot.token
    if token.kind == "end":
        return None
    end = _count_end(spot)
    written = spot.text[token.start : end]
    if token.text == "[" and written.endswith("]"):
        written = written[1:-1]
    return Slip(
        codes.NEEDS_BRACKETS,
        "a shape promise stands in round brackets",
        spot.place.span(token.start, end),
        help=f"write `: ({written})`",
        fixes=spot.fix(f"write `: ({written})`", (token.start, end, f"({written})")),
    )


def lower_operator(spot: Spot) -> Slip | None:
    """`conv(64)` as a stage."""
    name = spot.before
    if spot.token.text not in ("(", "{") or not spot.after_stage or name.kind != "word" or not name.text[0].islower():
        return None
    if name.text in RESERVED or name.end != spot.token.start:
        return None
    from nnspec.ops.registry import operator_names  # only faults need it

    plain = name.text.replace("_", "").lower()
    known = {known.lower(): known for known in operator_names()}
    camel = "".join(word[0].upper() + word[1:] for word in name.text.split("_") if word)
    kind, part = _parts(spot.place.file.text).get(plain, ("operators", None))
    there = part or known.get(plain) or known.get(re.sub(r"[123]d$", "", plain))
    right = there or camel
    return Slip(
        codes.WRONG_CASE,
        f"{kind} start with a capital: `{right}`",
        spot.span(name),
        label="a lower-case letter",
        help=f"write `{right}`",
        fixes=spot.fix(f"write `{right}`", (name.start, name.end, right), safe=there is not None),
    )


@lru_cache(maxsize=1)  # a file may have as many faults as statements
def _parts(text: str) -> dict[str, tuple[str, str]]:
    """What a file's parts are and are called, by their names in small letters."""
    found: dict[str, tuple[str, str]] = {}
    for part in _PART.finditer(text):
        name = part["name"] or part["key"]
        found[name.replace("_", "").lower()] = (_KINDS[part["kind"] or "block"], name)
    return found


def called_twice(spot: Spot) -> Slip | None:
    """`Conv(64)(x)` and `layers.Conv(64)`."""
    if spot.token.text == "(" and spot.before.text == ")" and spot.after_stage and spot.before.end == spot.token.start:
        return Slip(
            codes.SYNTAX,
            "a stage takes its input from the arrow before it, not in brackets",
            spot.span(spot.token),
            help="write `x -> Conv(64, 3)`; two stages in a row are joined by `->`",
        )
    if spot.token.text != "." or not spot.after_stage or spot.before.kind != "word":
        return None
    behind = spot.peek(1).text
    if behind[:1].isupper():
        return Slip(
            codes.SYNTAX,
            "operators have no module before them",
            spot.span(spot.before, spot.token),
            help=f"write `{behind}` alone",
            fixes=spot.fix("take it away", (spot.before.start, spot.token.end, "")),
        )
    return Slip(
        codes.SYNTAX,
        "a stage has no attributes",
        spot.span(spot.token),
        help=f"sizes such as `{spot.before.text}.channels` stand in arguments and conditions",
    )


def misplaced_arguments(spot: Spot) -> Slip | None:
    """`Conv[64]`, `Residual{ F }(when=c)`."""
    token, before = spot.token, spot.before
    if not spot.after_stage or not spot.at:
        return None
    if token.text == "[" and before.kind == "word" and before.text[0].isupper() and before.end == token.start:
        return Slip(
            codes.SYNTAX, "arguments stand in round brackets", spot.span(token), help=f"write `{before.text}(…)`"
        )
    if token.text == "(" and before.text == "}" and spot.peek(2).text == "=":
        return Slip(
            codes.SYNTAX,
            "arguments stand before the braces",
            spot.span(token),
            help="write `Residual(when=deep){ … }`",
        )
    return None


def not_a_stage(spot: Spot) -> Slip | None:
    """A number, a text or nothing where a stage should be."""
    token = spot.token
    if not spot.wants_stage or spot.wants_value:
        return None
    if token.kind in ("number", "text") or token.text in ("true", "false", "none"):
        kind = {"number": "number", "text": "text"}.get(token.kind, "value")
        return Slip(
            codes.SYNTAX,
            f"`{token.text[:40]}` is a {kind}, not a stage",
            spot.span(token),
            help="stages are operators such as `FC(64)`, tensors by name, groups and braces",
        )
    if token.text in (")", "]") and spot.opener is not None and spot.before.text in ("(", "["):
        return Slip(
            codes.SYNTAX,
            "a group needs a stage",
            spot.span(spot.before, token),
            label="empty",
            help="write `Identity` for the tensor as it is",
        )
    return None


def wrong_separator(spot: Spot) -> Slip | None:
    """A comma or nothing between stages, a bar outside braces."""
    token = spot.token
    if not spot.after_flow:
        return None
    if token.text == "," and spot.bracket == "{":
        return Slip(
            codes.BAD_ARROW,
            "branches are separated by `|`",
            spot.span(token),
            help="write `|`",
            fixes=spot.fix("write `|`", (token.start, token.end, " |")),
        )
    if token.text == "," and (spot.bracket or spot.tokens[0].text not in _VALUE_STATEMENTS):
        return _arrow_for(spot, "stages are joined by arrows, not by commas", token.start, token.end, " ->")
    if token.text == "|" and spot.bracket != "{":
        return Slip(
            codes.BAD_ARROW,
            "`|` separates branches, which stand in braces",
            spot.span(token),
            label="not in braces",
            help="write `{ a | b }`, or `Concat{ a | b }` to join them",
        )
    if not spot.after_stage:
        return None
    if (token.kind == "word" and token.text not in RESERVED) or token.text in ("(", "[", "{", "_"):
        return _arrow_for(spot, "no arrow between two stages", token.start, token.end, None)
    return None


def _arrow_for(spot: Spot, message: str, start: int, end: int, text: str | None) -> Slip:
    edit = (start, end, text) if text is not None else (spot.before.end, start, " -> ")
    fixes = spot.fix("write `->` between them", edit)
    return Slip(codes.BAD_ARROW, message, spot.place.span(start, end), help="write `->` between them", fixes=fixes)


FLOW_RULES = (
    foreign_arrow, loose_arrow, glued_count, count_in_brackets, signed_count, repeat_too_late, bare_promise,
    lower_operator, called_twice, misplaced_arguments, not_a_stage, wrong_separator,
)  # fmt: skip

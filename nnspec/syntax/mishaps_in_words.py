"""The usual slips with single words: reserved ones, wrong cases, numbers and foreign signs.

Each rule looks at the spot where the parser stopped and answers with the error, or None.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import syntax as codes
from nnspec.syntax.layout import RESERVED, STATEMENT_WORDS
from nnspec.syntax.slip import Slip

if TYPE_CHECKING:
    from nnspec.syntax.spot import Spot, Token

_SIGNS = {
    "&&": "and", "||": "or", "&": "and", "!": "not ", "**": "^", "~": "not ",
}  # fmt: skip
_NUMBER = re.compile(r"(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?[KMG]?")
_SIZE = re.compile(r"[0-9][0-9_]*(?:[x×][0-9][0-9_]*)+")


def reserved_word(spot: Spot) -> Slip | None:
    """`let in = 3`, `Conv(default=3)`."""
    word = spot.token.text
    if word not in RESERVED and word not in ("_", "?"):
        return None
    named = spot.wants_name or ("NAME" in spot.expected and spot.peek(1).text == "=")
    if "CAPITAL" in spot.expected and not spot.wants_value and not spot.wants_stage:
        named = True
    begins = word in (*STATEMENT_WORDS, "from") and (spot.wants_stage or spot.wants_value)
    if not named and not begins:
        return None
    kind = "reserved word" if word.isalpha() else "reserved sign"
    return Slip(
        codes.RESERVED_WORD,
        f"`{word}` is a {kind}, not a name",
        spot.span(spot.token),
        label="reserved",
        help=f"choose another name, such as `{word}1`" if word.isalpha() else "choose a name of letters",
    )


def stage_in(spot: Spot) -> Slip | None:
    """`in -> Conv(…)`: as a stage the incoming tensor is `_`."""
    if spot.token.text != "in" or not spot.wants_stage:
        return None
    return Slip(
        codes.RESERVED_WORD,
        "`in` stands in arguments, not as a stage",
        spot.span(spot.token),
        help="as a stage the tensor at the braces or at the block is `_`",
        fixes=spot.fix("write `_`", (spot.token.start, spot.token.end, "_")),
    )


def wrong_case(spot: Spot) -> Slip | None:
    """`param Width`, `block double(c)`, `as E1`, `Conv(Kernel=3)`."""
    token = spot.token
    if token.kind == "word" and token.text[0].isupper() and spot.wants_name:
        if spot.tokens[0].text == "output":
            return Slip(
                codes.WRONG_CASE,
                "an output is a tensor or a label, which start with a lower-case letter",
                spot.span(token),
                help="name the tensor first: `y = …`, then `output y`",
            )
        return _case(spot, token, lower=True)
    begins_part = spot.at == 1 and spot.before.text in ("block", "shared", "model", "default")
    if begins_part and token.kind == "word" and token.text[0].islower() and token.text not in RESERVED:
        return _case(spot, token, lower=False)
    if token.text == "=" and spot.before.kind == "word" and spot.before.text[0].isupper():
        return _case(spot, spot.before, lower=True) if spot.callee or spot.at > 1 else _capital_tensor(spot)
    return None


def _case(spot: Spot, token: Token, *, lower: bool) -> Slip:
    turned = token.text[0].swapcase() + token.text[1:]
    if turned in RESERVED:
        turned += "1"
    what = spot.tokens[0].text
    if lower:
        message = f"names of numbers, tensors, labels and arguments start with a lower-case letter: `{turned}`"
    else:
        kinds = {"block": "blocks", "shared": "shared parts", "model": "models", "default": "operators"}
        message = f"{kinds.get(what, 'operators')} start with a capital: `{turned}`"
    return Slip(
        codes.WRONG_CASE,
        message,
        spot.span(token),
        label="a capital" if lower else "a lower-case letter",
        help=f"write `{turned}`",
        fixes=spot.fix(f"write `{turned}`", (token.start, token.end, turned)),
    )


def _capital_tensor(spot: Spot) -> Slip:
    name = spot.before
    turned = name.text[0].lower() + name.text[1:]
    return Slip(
        codes.WRONG_CASE,
        f"`{name.text}` starts with a capital, but names a tensor",
        spot.span(name),
        label="a capital",
        help=f"write `{turned} = …` for a tensor, `block {name.text} = …` for a template, "
        f"`shared {name.text} = …` for one set of weights or `model {name.text} = …` for a network",
    )


def bad_number(spot: Spot) -> Slip | None:
    """`3abc`, `1.2.3`; a name that starts with a digit."""
    token = spot.token
    if token.kind != "number" or _NUMBER.fullmatch(token.text) or _SIZE.fullmatch(token.text):
        return None
    help = "names start with a letter" if re.match(r"[0-9]+[A-Za-z_]", token.text) else None
    return Slip(codes.BAD_NUMBER, f"`{token.text[:40]}` is not a number", spot.span(token), help=help)


def underscored_name(spot: Spot) -> Slip | None:
    """`_hidden`."""
    token = spot.token
    if token.kind != "word" or token.text[0] != "_" or token.text == "_":
        return None
    return Slip(
        codes.WRONG_CASE,
        f"names start with a letter, not with `_`: `{token.text[:40]}`",
        spot.span(token),
        label="starts with `_`",
    )


def foreign_sign(spot: Spot) -> Slip | None:
    """`;`, `&&`, `||`, `**` and signs that the language does not have."""
    token = spot.token
    if token.text == ";":
        last = spot.at == len(spot.tokens) - 1
        fixes = spot.fix("take it away", (token.start, token.end, "")) if last else ()
        return Slip(
            codes.FOREIGN_OPERATOR,
            "statements end with their line, not with `;`",
            spot.span(token),
            help="take it away" if last else "put the next statement on a line of its own",
            fixes=fixes,
        )
    if token.text in _SIGNS and not (token.text == "||" and spot.bracket == "{"):
        plain = _SIGNS[token.text]
        return Slip(
            codes.FOREIGN_OPERATOR,
            f"`{token.text}` is written `{plain.strip()}`",
            spot.span(token),
            help=f"write `{plain.strip()}`",
            fixes=spot.fix(f"write `{plain.strip()}`", (token.start, token.end, _spaced(spot, plain))),
        )
    if token.text in ("@", "$", "`", "\\", "%%") or (token.kind == "sign" and token.text == "!"):
        help = (
            "a statement goes on inside brackets, or when its next line starts with an arrow"
            if token.text == "\\"
            else None
        )
        return Slip(codes.UNKNOWN_CHARACTER, f"`{token.text}` means nothing here", spot.span(token), help=help)
    return None


def _spaced(spot: Spot, plain: str) -> str:
    """A word put in the place of a sign must not run into its neighbours."""
    if not plain.strip().isalpha():
        return plain
    before = " " if spot.before.end == spot.token.start and spot.at else ""
    after = " " if spot.peek(1).start == spot.token.end else ""
    return before + plain.strip() + after


def statement_word(spot: Spot) -> Slip | None:
    """`const a = 3`, `layer Double(c) = …`: two words where a statement begins."""
    first = spot.tokens[0]
    if spot.at != 1 or first.kind != "word" or first.text in RESERVED or spot.token.kind != "word":
        return None
    if spot.token.text in RESERVED or first.text[0].isupper() or spot.peek(1).text not in ("=", "("):
        return None
    from nnspec.syntax.near import near_help  # only faults need it

    known = (
        "statements start with `param`, `let`, `default`, `block`, `shared`, `model`, `output`, `import` or `expect`"
    )
    return Slip(
        codes.SYNTAX,
        f"`{first.text[:40]}` begins no statement",
        spot.span(first),
        label="not a statement word",
        notes=(known,),
        help=near_help(first.text, STATEMENT_WORDS),
    )


WORD_RULES = (
    foreign_sign, stage_in, reserved_word, wrong_case, underscored_name, bad_number, statement_word,
)  # fmt: skip

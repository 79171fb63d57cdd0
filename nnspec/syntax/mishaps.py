"""Turns a parser's state into the one error of a statement, in words that a reader understands.

Only faults come here. The usual slips have rules of their own; for the rest it says
what was expected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes import syntax as codes
from nnspec.syntax.mishaps_in_flows import FLOW_RULES
from nnspec.syntax.mishaps_in_values import VALUE_RULES
from nnspec.syntax.mishaps_in_words import WORD_RULES
from nnspec.syntax.mishaps_in_yaml import YAML_RULES
from nnspec.syntax.slip import Slip
from nnspec.syntax.spot import Spot, expected_by

if TYPE_CHECKING:
    from nnspec.syntax.place import Place

_HEAD = re.compile(r"\s*(?:(?:param|let|block|shared|model)(?![\w])\s*)([A-Za-z]\w*)")
_IMPORTED = re.compile(r"\s*import\s+([A-Za-z]\w*(?:\s*,\s*[A-Za-z]\w*)*)")
_TENSORS = re.compile(r"\s*([A-Za-z]\w*(?:\s*,\s*[A-Za-z]\w*)*)\s*:?=(?!>)")
_LABELS = re.compile(r"(?<!\w)as\s+([A-Za-z]\w*(?:\s*,\s*[A-Za-z]\w*)*)")

_STARTS = {
    "statement": "a statement", "flow": "a flow", "expression": "a value", "head": "a name",
    "names": "a name", "targets": "a label",
}  # fmt: skip
_SAYINGS = {
    "_ARROW": "an arrow", "OPERATOR": "an operator", "_COMMA": "`,`", "BAR": "`|`", "_EQUALS": "`=`", "IN": "`in`",
    "_FROM": "`from`", "_ELSE": "`else`", "_COLON": "`:`", "LPAR": "`(`", "TEXT": "a text in double quotes",
}  # fmt: skip
_CLOSING = {"(": "`)`", "[": "`]`", "{": "`}`"}


def defined_names(text: str) -> tuple[str, ...]:
    """The names that a broken statement would have defined, as far as can be told.

    A name in the wrong case is listed in the right one too, since both will be used.
    """
    found: list[str] = []
    for pattern in (_HEAD, _IMPORTED, _TENSORS):
        if head := pattern.match(text):
            found.extend(re.findall(r"\w+", head.group(1)))
            break
    for labels in _LABELS.finditer(text):
        found.extend(re.findall(r"\w+", labels.group(1)))
    turned = [name[0].swapcase() + name[1:] for name in found]
    return tuple(dict.fromkeys([*found, *turned]))


def explain(start: str, text: str, place: Place, error: Any, *, brief: bool = False) -> Slip:
    """The error to show for a parser that stopped; a brief one only says where."""
    if not text.strip():
        return Slip(codes.UNFINISHED, f"expected {_STARTS[start]}, found nothing", place.span(0, len(text)))
    position = getattr(error, "pos_in_stream", None)
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        position = len(text)
    if brief:
        at = len(text) if position is None else position
        return Slip(codes.SYNTAX, "this cannot be read", place.span(min(at, len(text) - 1), min(at, len(text) - 1) + 1))
    spot = Spot(text, place, len(text) if position is None else position, expected_by(error))
    for rule in (*YAML_RULES, *WORD_RULES, *FLOW_RULES, *VALUE_RULES):
        slip = rule(spot)
        if slip is not None:
            return slip
    return _unexpected(spot)


def _unexpected(spot: Spot) -> Slip:
    wanted = _wanted(spot)
    if spot.token.kind == "end":
        last = spot.tokens[-1]
        return Slip(
            codes.UNFINISHED,
            f"the statement ends where {wanted} should follow",
            spot.span(last),
            label=f"expected {wanted} behind this",
        )
    return Slip(
        codes.SYNTAX,
        f"expected {wanted}, found `{_short(spot.token.text)}`",
        spot.span(spot.token),
        label=f"expected {wanted}",
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}…"


def _wanted(spot: Spot) -> str:
    """What could have stood at the spot, in a few words."""
    if spot.wants_stage:
        return "a stage or a statement" if spot.at == 0 and "_LET" in spot.expected else "a stage"
    if spot.wants_value:
        return "a value"
    if spot.expected & {"NAME", "CAPITAL"}:
        return "a name that starts with a capital" if "NAME" not in spot.expected else "a name"
    shown = [saying for name, saying in _SAYINGS.items() if name in spot.expected]
    if spot.bracket and spot.expected & {"RPAR", "RSQB", "RBRACE"}:
        shown.append(_CLOSING[spot.bracket])
    elif not spot.bracket and "$END" in spot.expected:
        shown.append("the end of the statement")
    shown = [saying for saying in shown if not (saying == "`,`" and not spot.bracket and spot.after_stage)]
    if not shown:
        return "something else"
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]

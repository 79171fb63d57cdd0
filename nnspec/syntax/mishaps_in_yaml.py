"""The usual slips of flows in YAML, where indentation makes one text of two items.

Each rule looks at the spot where the parser stopped and answers with the error, or None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import syntax as codes
from nnspec.syntax.slip import Slip

if TYPE_CHECKING:
    from nnspec.syntax.spot import Spot


def deep_item(spot: Spot) -> Slip | None:
    """A list's item that is indented further than the one above it, which YAML reads as one text with that."""
    if spot.place.offsets is None or spot.token.text != "-" or spot.token.start == 0:
        return None
    here = spot.span(spot.token)
    text = here.file.text
    indent = _indent(text, here.start)
    if indent is None or not text.startswith("- ", here.start):
        return None
    begin = spot.span(spot.tokens[0]).start
    above = text.rfind("\n", 0, begin) + 1
    column = _indent(text, begin - len(text[above:begin].lstrip()))
    is_item = text[above:begin].lstrip().startswith("- ")
    help = f"begin it in column {(column or 0) + 1}, like the `- ` above it"
    return Slip(
        codes.SYNTAX,
        "this item of a list goes on with the text above it, for its line is indented further",
        here,
        help=help if is_item else "write the list on the lines below its key, each item after `- `",
    )


def _indent(text: str, at: int) -> int | None:
    """How many spaces stand before what begins a line there; None where something else stands before it."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return None if before.strip() else len(before)


YAML_RULES = (deep_item,)

"""The parser's tables: read from `grammar.json` where they fit, else built from `grammar.lark`.

Building the tables takes half of the time of a cold `check`. `python -m nnspec.derive` writes them
as plain data; they belong to the version of lark that made them, and with any other the grammar is
built anew. This file knows nothing of what the rules mean.
"""

from __future__ import annotations

import json
import os
from typing import Any

import lark

STARTS = ["statement", "flow", "expression", "head", "names", "targets"]

_SHIFT = 0  # lark writes an action as (0, next state) or (1, rule to reduce by)
_HERE = os.path.dirname(__file__)


def load_parser(transformer: Any) -> lark.Lark:
    """The parser, its rules calling the methods of the transformer."""
    try:
        with open(os.path.join(_HERE, "grammar.json"), encoding="utf-8") as file:
            saved = json.load(file)
    except FileNotFoundError:
        return build_parser(transformer)
    if saved["lark"] != lark.__version__:
        return build_parser(transformer)
    data = saved["data"]
    memo = {int(number): item for number, item in saved["memo"].items()}
    table = data["parser"]["parser"]
    table["states"] = {int(state): actions for state, actions in table["states"].items()}
    return lark.Lark._load_from_dict(data, memo, transformer=transformer)  # type: ignore[no-untyped-call, no-any-return]


def build_parser(transformer: Any) -> lark.Lark:
    """The parser, built from the grammar."""
    with open(os.path.join(_HERE, "grammar.lark"), encoding="utf-8") as grammar:
        rules = grammar.read()
    return lark.Lark(
        rules, parser="lalr", lexer="contextual", transformer=transformer, maybe_placeholders=False, start=STARTS
    )


def tables_text() -> str:
    """What `grammar.json` holds: the tables of the grammar as this version of lark makes them."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = build_parser(None).memo_serialize([TerminalDef, Rule])
    data["parser"]["parser"] = _numbered_anew(data["parser"]["parser"])
    return json.dumps({"lark": lark.__version__, "data": data, "memo": memo}, separators=(",", ":")) + "\n"


def _numbered_anew(table: dict[str, Any]) -> dict[str, Any]:
    """The same table with states and tokens in an order that no hash has a part in."""
    names = sorted(table["tokens"].values())
    order: dict[int, int] = {}
    found: list[dict[str, Any]] = []
    todo = [table["start_states"][start] for start in STARTS]
    while todo:
        state = todo.pop(0)
        if state in order:
            continue
        order[state] = len(order)
        actions = {table["tokens"][token]: action for token, action in table["states"][state].items()}
        found.append(dict(sorted(actions.items())))
        todo += [target for kind, target in found[-1].values() if kind == _SHIFT]
    states = {
        number: {names.index(name): (kind, order[to] if kind == _SHIFT else to) for name, (kind, to) in actions.items()}
        for number, actions in enumerate(found)
    }
    ends = {start: order[table["end_states"][start]] for start in STARTS}
    starts = {start: order[table["start_states"][start]] for start in STARTS}
    tokens = dict(enumerate(names))
    return {**table, "tokens": tokens, "states": states, "start_states": starts, "end_states": ends}

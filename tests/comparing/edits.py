"""Known edits to random specs: one stage put in, one argument changed, names and branches in other words.

An edit is made to the spec's tree of words, before the compiler sees it; what it comes to in layers is counted in the
flat view of the edited spec, by an argument that nothing else has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

from nnspec.comparing.difference import Difference, difference
from nnspec.comparing.net import Net
from nnspec.comparing.spec_side import net_of_graph
from nnspec.record import Record, replace
from tests.program.checking import Checked, check
from tests.program.random_specs import Flow, Merge, Op, Spec

#: What no random spec says by itself.
MARK = 0.375
COMMUTING = ("Add", "Average", "Maximum", "Multiply")


def net(checked: Checked, path: str = "a.nn") -> Net:
    """The network of a spec as comparing sees it."""
    return net_of_graph(checked.graph, checked.counts, path)


def differ(old: str, new: str) -> Difference:
    """What differs between two specs."""
    return difference(net(check(old), "old.nn"), net(check(new), "new.nn"))


def said(found: Difference) -> list[str]:
    """The changes in short: `+ ReLU`, `~ Conv kernel 3 5`."""
    lines = []
    for change in found.changes:
        arguments = [f" {each.name} {each.old} {each.new}" for each in change.arguments]
        text = change.either.kind if change.sign == "~" else change.either.text
        lines.append(f"{change.sign} {text}{''.join(arguments)}{''.join(f' {each}' for each in change.rewired)}")
    return lines


def everywhere(node: Any, change: Callable[[Any], Any]) -> Any:
    """A tree with `change` made to each of its records, from the inside out."""
    if isinstance(node, tuple):
        return tuple(everywhere(item, change) for item in node)
    if not isinstance(node, Record):
        return node
    inside = {name: everywhere(getattr(node, name), change) for name in node._fields}
    return change(replace(node, **inside))


def count(spec: Spec, kind: type) -> int:
    """How many records of a kind a spec has."""
    found: list[Any] = []
    everywhere(spec, lambda node: found.append(node) or node if isinstance(node, kind) else node)
    return len(found)


def at(spec: Spec, kind: type, place: int, change: Callable[[Any], Any]) -> Spec:
    """A spec with a change to the record of a kind at one place."""
    seen = iter(range(1_000_000))
    made: Spec = everywhere(spec, lambda node: change(node) if isinstance(node, kind) and next(seen) == place else node)
    return made


def inserted(spec: Spec, random: Random, stage: Op) -> Spec:
    """With a stage more, in any flow."""

    def longer(flow: Flow) -> Flow:
        place = random.randint(0, len(flow.stages))
        return Flow((*flow.stages[:place], stage, *flow.stages[place:]))

    return at(spec, Flow, random.randrange(count(spec, Flow)), longer)


def marked(spec: Spec, random: Random) -> Spec | None:
    """With a regulariser that nothing else has in one stage that can have one; None where there is no such stage."""
    takers = ("Conv", "Dense", "FC", "LSTM", "GRU", "RNN", "ConvTranspose")

    def change(op: Op) -> Op:
        return Op(op.name, (*op.args, ("regularizer", f"l2({MARK})")))

    places = [n for n in range(count(spec, Op)) if nth_name(spec, n) in takers]
    return at(spec, Op, random.choice(places), change) if places else None


def nth_name(spec: Spec, place: int) -> str:
    """The name of the operator at a place."""
    names: list[str] = []
    at(spec, Op, place, lambda op: names.append(op.name) or op)
    return names[0]


def renamed(text: str) -> str:
    """A spec with all its names changed, and comments and line ends, too."""
    for old, new in ((r"\bh(\d+)", r"tap\1z"), (r"\beh?i(\d+)", r"kept\1"), (r"\bBlock", "Bundle"),
                     (r"\bShared(\d)", r"Common\1"), (r"\bw\b", "wide"), (r"\bi(\d+)\b", r"turn\1")):  # fmt: skip
        text = re.sub(old, new, text)
    return "# the same in other words\n\n" + text.replace(" -> ", "\n  -> ")


def reordered(spec: Spec) -> Spec:
    """With the flows of every merge that does not mind in the other order."""
    made: Spec = everywhere(
        spec,
        lambda node: Merge(node.name, node.flows[::-1]) if isinstance(node, Merge) and node.name in COMMUTING else node,
    )
    return made

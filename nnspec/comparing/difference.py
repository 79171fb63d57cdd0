"""What differs between two networks: layers added, removed and changed, and those that only have other sizes.

Nothing is said of names. Where nothing is reported the two are the same network: every layer has its like, set alike,
over the likes of what it is made of.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from nnspec.comparing.flattening import taken_in
from nnspec.comparing.matching import match
from nnspec.comparing.net import OUTPUTS, without_idle
from nnspec.record import Record, replace

if TYPE_CHECKING:
    from nnspec.comparing.matching import Match
    from nnspec.comparing.net import Net, Node, Setting, Source

#: From so many changes on, a match by what layers are alone is tried too, as it may need fewer.
_MANY = 4


class Argument(Record):
    """An argument that differs; None where a layer has none of that name."""

    name: str
    old: str | None
    new: str | None


class Change(Record):
    """A layer that was added (`old` is None), removed (`new` is None), or changed.

    `rewired` says what else it is made of now.
    """

    old: Node | None
    new: Node | None
    arguments: tuple[Argument, ...] = ()
    rewired: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """`+`, `-` or `~`."""
        return "+" if self.old is None else "-" if self.new is None else "~"

    @property
    def either(self) -> Node:
        """The layer as it is now, else as it was."""
        node = self.new or self.old
        assert node is not None  # a change has one
        return node


class Resized(Record):
    """A layer that is the same and has other sizes, for those of what arrives."""

    old: Node
    new: Node


class Difference(Record):
    """Everything that differs, in the order of computation.

    `renamed` counts labels that differ, `idle` the layers that do nothing and that one network has alone.
    """

    old: Net
    new: Net
    changes: tuple[Change, ...]
    resized: tuple[Resized, ...]
    renamed: int
    idle: int = 0

    @property
    def is_none(self) -> bool:
        """Whether they are the same network."""
        return not self.changes and not self.resized


def difference(old: Net, new: Net) -> Difference:
    """What differs between two networks."""
    found = _past_idle_layers(old, new)
    flat = None if found.is_none else taken_in(old, new)
    if flat is None:
        return found
    other = _past_idle_layers(*flat)
    return replace(other, old=old, new=new) if len(other.changes) < len(found.changes) else found


def _past_idle_layers(old: Net, new: Net) -> Difference:
    idle = [Counter([node.text for node in net.nodes if node.is_idle]) for net in (old, new)]
    if not any(idle):
        return _shorter(old, new)
    bare = _shorter(without_idle(old), without_idle(new))
    alone = (idle[0] - idle[1]).total() + (idle[1] - idle[0]).total()
    bare = replace(bare, old=old, new=new, idle=alone)
    if bare.is_none:
        return bare
    # A layer may have become idle, or be part of what was added: with them, where that takes no more words.
    found = _shorter(old, new)
    others = [change for change in found.changes if not change.either.is_idle]
    return found if len(others) <= len(bare.changes) else bare


def _shorter(old: Net, new: Net) -> Difference:
    """What differs, by what layers are and how they are set, or by what they are alone."""
    found = _Comparing(old, new, loosely=False).difference()
    if len(found.changes) < _MANY:
        return found
    loose = _Comparing(old, new, loosely=True).difference()
    return loose if len(loose.changes) < len(found.changes) else found


class _Comparing:
    def __init__(self, old: Net, new: Net, *, loosely: bool) -> None:
        self.old = old
        self.new = new
        self.match: Match = match(old, new, loosely=loosely)

    def difference(self) -> Difference:
        changes: list[Change] = []
        resized: list[Resized] = []
        renamed: set[tuple[str, str]] = set()
        idle = 0
        for a, b in self.in_order():
            if a is None or b is None:
                change = Change(None if a is None else self.old.nodes[a], None if b is None else self.new.nodes[b])
                if self.is_alone(a, b):
                    idle += 1
                else:
                    changes.append(change)
                continue
            x, y = self.old.nodes[a], self.new.nodes[b]
            arguments = (*_arguments(x, y), *self.sharing(a, b))
            rewired = tuple(self.rewired(a, b))
            if arguments or rewired:
                changes.append(Change(x, y, arguments, rewired))
            elif x.kind != OUTPUTS and _sizes(self.old, x) != _sizes(self.new, y):
                resized.append(Resized(x, y))
            if x.label is not None and y.label is not None and x.label != y.label:
                renamed.add((x.label, y.label))
        return Difference(self.old, self.new, tuple(changes), tuple(resized), len(renamed), idle)

    def is_alone(self, a: int | None, b: int | None) -> bool:
        """Whether a node that has no like does nothing, and was not added or removed together with others."""
        side, like = (self.match.old, self.match.new_of) if b is None else (self.match.new, self.match.old_of)
        index = a if b is None else b
        assert index is not None  # one of the two is given
        near = {*side.read_by(index), *side.readers_of(index)}
        return side.nodes[index].is_idle and all(like[x] is not None or side.nodes[x].is_idle for x in near)

    def in_order(self) -> list[tuple[int | None, int | None]]:
        """All nodes in the new order, removed ones after what they stood behind."""
        found: list[tuple[int | None, int | None]] = []
        after: dict[int, list[int]] = {}
        last = -1
        for a, b in enumerate(self.match.new_of):
            if b is None:
                after.setdefault(last, []).append(a)
            else:
                last = b
        found += [(a, None) for a in after.get(-1, ())]
        for place, other in enumerate(self.match.old_of):
            found.append((other, place))
            found += [(removed, None) for removed in after.get(place, ())]
        return found

    def rewired(self, a: int, b: int) -> list[str]:
        """What a layer is made of now, where neither an added nor a removed layer says it."""
        new_of, old_of = self.match.new_of, self.match.old_of
        x, y = self.old.nodes[a], self.new.nodes[b]
        was = [(new_of[index], position) for index, position in _past_idle(self.old, x, new_of)]
        here_now = _past_idle(self.new, y, old_of)
        now = [(index if old_of[index] is not None else None, position) for index, position in here_now]
        kept, here = [s for s in was if s[0] is not None], [s for s in now if s[0] is not None]
        gone, come = list((Counter(kept) - Counter(here)).elements()), list((Counter(here) - Counter(kept)).elements())
        if not gone and not come:
            moved = kept != here and not x.commutes
            return [_moved(x)] if moved else []
        if (gone and come) or (gone and len(here) == len(now)) or (come and len(kept) == len(was)):
            return [f"takes {self.names(come)}"] * bool(come) + [f"no longer takes {self.names(gone)}"] * bool(gone)
        return []

    def names(self, sources: list[tuple[int | None, int]]) -> str:
        nodes = [(self.new.nodes[index], position) for index, position in sources if index is not None]
        return ", ".join([n.name if len(n.outputs) == 1 else f"{n.name}[{position}]" for n, position in nodes])

    def sharing(self, a: int, b: int) -> list[Argument]:
        """Whose weights a layer uses, where that differs."""
        if self.used_with[0][a] == self.used_with[1][b]:
            return []
        before, after = _owner(self.old, a), _owner(self.new, b)
        return [Argument("weights", before, after if after != before else "of others")]

    @cached_property
    def used_with(self) -> tuple[list[int | None], list[int | None]]:
        """Of each node the first of the new ones with a like that has its weights; equal where the sets are alike."""
        new_of, old_of = self.match.new_of, self.match.old_of
        here = [index if old_of[index] is not None else None for index in range(len(old_of))]
        return _first_uses(self.old, new_of), _first_uses(self.new, here)


def _past_idle(net: Net, node: Node, like: list[int | None]) -> list[Source]:
    """What a node is made of; where that does nothing and has no like, what arrives there."""
    found: list[Source] = []
    for source in node.inputs:
        while like[source[0]] is None and net.nodes[source[0]].is_idle:
            source = net.nodes[source[0]].inputs[0]
        found.append(source)
    return found


def _owner(net: Net, index: int) -> str:
    shares = net.nodes[index].shares
    return "its own" if shares is None else f"those of {net.nodes[shares].name}"


def _first_uses(net: Net, numbers: list[int | None]) -> list[int | None]:
    """Of each node the least number of those that have its weights."""
    owners = [index if node.shares is None else node.shares for index, node in enumerate(net.nodes)]
    least: dict[int, int] = {}
    for owner, number in zip(owners, numbers, strict=True):
        if number is not None:
            least[owner] = min(number, least.get(owner, number))
    return [least.get(owner) for owner in owners]


def _sizes(net: Net, node: Node) -> object:
    return (node.outputs, net.types_into(node))


def _arguments(x: Node, y: Node) -> list[Argument]:
    """The arguments that differ."""
    old: dict[str, Setting] = {setting.name: setting for setting in x.settings}
    new = {setting.name: setting for setting in y.settings}
    found: list[Argument] = []
    if x.kind != y.kind and x.form != y.form:
        found.append(Argument("operator", x.kind, y.kind))
    if x.is_idle and y.is_idle:
        return found
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if before is None or after is None or (before.key != after.key and before.meant != after.meant):
            found.append(Argument(name, before.text if before else None, after.text if after else None))
    return found


def _moved(node: Node) -> str:
    return "its outputs in another order" if node.kind == OUTPUTS else "takes its inputs in another order"

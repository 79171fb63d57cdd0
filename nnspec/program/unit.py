"""A file while it is compiled: its parts, its numbers and its defaults, each with its place in the order."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, TypeAlias

from nnspec.ops.operator import Operator
from nnspec.program.scope import Binding, Numbers
from nnspec.record import Record
from nnspec.source import Span
from nnspec.syntax import tree


class Unit:
    """One file being compiled."""

    def __init__(self, syntax: tree.Tree) -> None:
        self.tree = syntax
        self.parts: dict[str, Part] = {}
        self.numbers: dict[str, tuple[int, Binding]] = {}
        #: Per operator: the places of its defaults, and behind each what all up to there come to.
        self._defaults: dict[type[Operator], tuple[list[int], list[dict[str, Any]]]] = {}
        #: Names whose definitions did not parse or could not be imported: nothing is said of them.
        self.lost: set[str] = set()
        self.used: set[str] = set()

    def add_default(self, cls: type[Operator], order: int, written: dict[str, Any]) -> None:
        """Note what a default says, by parameter; a later one adds to those above it, and wins."""
        places, merged = self._defaults.setdefault(cls, ([], []))
        before = merged[-1] if merged else {}
        places.append(order)
        merged.append({**before, **written})

    def defaults_above(self, cls: type[Operator], order: int) -> dict[str, Any]:
        """What the defaults of an operator above a statement come to, by parameter."""
        if cls not in self._defaults:
            return {}
        places, merged = self._defaults[cls]
        above = bisect_left(places, order)
        return merged[above - 1] if above else {}


class Home(Record):
    """Where a piece of syntax is written: its file, and the place of its statement in the order."""

    unit: Unit
    order: int

    def numbers(self) -> Numbers:
        """The numbers that can be read there."""
        return Numbers(self.unit.numbers, self.order)


class Block(Record):
    """`block Name(…) = flow`."""

    name: str
    parameters: tuple[tree.Parameter, ...]
    flow: tree.Flow
    home: Home
    span: Span


class Owner(Record):
    """A part that has weights of its own, the same at every use."""

    name: str
    flow: tree.Flow
    home: Home
    span: Span

    @property
    def owner(self) -> str:
        """What tells its weights from those of every other part."""
        return f"{self.home.unit.tree.file.path}#{self.name}"


class Shared(Owner):
    """`shared Name = flow`."""


class Network(Owner):
    """`model Name = flow`, as a part that can be a stage."""


class LostPart(Record):
    """A part whose definition has an error that was reported."""

    name: str
    span: Span


Part: TypeAlias = "Block | Shared | Network | LostPart"

__all__ = ["Any", "Block", "Home", "LostPart", "Network", "Part", "Shared", "Unit"]

"""Conditions with alternatives: one of several ways must hold, or a size must be among some values.

A merge with a gate demands the first, for a size may equal the other or be 1; the second is how a set of sizes
is written. What all have in common is `ways`: conditions of which all must hold, in one of the ways at least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nnspec.record import Record
from nnspec.shapes.condition import Condition
from nnspec.shapes.symbolic import Dim, evaluate, symbols_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Among(Record):
    """A size that is one of some numbers, `H % 6 in (2, 3)`; or none of them, where `excluded`."""

    left: Dim
    values: tuple[int, ...]
    excluded: bool = False

    def __str__(self) -> str:
        return f"{self.left} {self.relation} ({', '.join(map(str, self.values))})"

    @property
    def relation(self) -> str:
        """`in` or `not in`."""
        return "not in" if self.excluded else "in"

    @property
    def right(self) -> tuple[int, ...]:
        """The numbers."""
        return self.values

    @property
    def symbols(self) -> frozenset[str]:
        """The names it depends on."""
        return symbols_of(self.left)

    @property
    def ways(self) -> tuple[tuple[Condition, ...], ...]:
        """The conditions it stands for."""
        if self.excluded:
            return (tuple([Condition(self.left, "!=", value) for value in self.values]),)
        return tuple([(Condition(self.left, "==", value),) for value in self.values])

    def evaluate(self, sizes: Mapping[str, int]) -> bool:
        """Whether it holds for given symbols."""
        return (evaluate(self.left, sizes) in self.values) != self.excluded


class Either(Record):
    """Several ways of which one must hold at least: `H == 3 or H >= 7`."""

    parts: tuple[tuple[Condition | Among, ...], ...]

    def __str__(self) -> str:
        if len(self.parts) == 1:
            return " and ".join(map(str, self.parts[0]))
        return " or ".join(_text(part) for part in self.parts)

    @property
    def left(self) -> Dim:
        """The size that it begins with."""
        return self.parts[0][0].left

    @property
    def relation(self) -> str:
        """What joins its parts."""
        return "or"

    @property
    def right(self) -> None:
        """Nothing: each part has a right side of its own."""
        return None

    @property
    def symbols(self) -> frozenset[str]:
        """The names it depends on."""
        return frozenset[str]().union(*(each.symbols for part in self.parts for each in part))

    @property
    def ways(self) -> tuple[tuple[Condition, ...], ...]:
        """The conditions it stands for."""
        found: list[tuple[Condition, ...]] = []
        for part in self.parts:
            combined: list[tuple[Condition, ...]] = [()]
            for each in part:
                combined = [(*before, *way) for before in combined for way in each.ways]
            found += combined
        return tuple(found)

    def evaluate(self, sizes: Mapping[str, int]) -> bool:
        """Whether it holds for given symbols."""
        return any(all(each.evaluate(sizes) for each in part) for part in self.parts)


Demand: TypeAlias = "Condition | Among | Either"


def _text(part: tuple[Condition | Among, ...]) -> str:
    text = " and ".join(map(str, part))
    return text if len(part) == 1 else f"({text})"


def any_of(*truths: bool | Condition) -> bool | Condition | Either:
    """What holds where one of these does; those that never do are left out."""
    if any(truth is True for truth in truths):
        return True
    open_ones = list(dict.fromkeys(truth for truth in truths if isinstance(truth, Condition)))
    if len(open_ones) < 2:
        return open_ones[0] if open_ones else False
    return Either(tuple([(truth,) for truth in open_ones]))


def joined_text(conditions: Iterable[Demand]) -> str:
    """All of them in one line: `H >= 7 and (W == 3 or W >= 5)`."""
    found = list(conditions)
    return " and ".join(f"({each})" if isinstance(each, Either) and len(found) > 1 else str(each) for each in found)

"""The sizes nearest to a given one that fulfil conditions on one symbol.

They follow from the set of all that do. Where that has no exact form sizes are tried one by one, up to as many as
the longest period, and what lies farther is not found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.shapes.lines import MAX_PERIOD
from nnspec.shapes.size_set import solutions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnspec.shapes.alternatives import Demand


def nearest(name: str, demands: Sequence[Demand], size: int) -> tuple[int | None, int | None]:
    """The greatest size below, and the least above, that fulfil all demands; None where none is found."""
    found = solutions(name, demands)
    if found is not None:
        return found.below(size), found.above(size)

    def first(sizes: Iterable[int]) -> int | None:
        return next((n for n in sizes if all(demand.evaluate({name: n}) for demand in demands)), None)

    near = range(max(size - MAX_PERIOD, 1), size + MAX_PERIOD + 1)
    return first(n for n in reversed(near) if n < size), first(n for n in near if n > size)

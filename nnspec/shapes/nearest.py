"""The sizes nearest to a given one that fulfil conditions on one symbol.

It tries sizes one by one, from the bounds that the conditions name, so it is right for every condition, and finds
whatever lies within one period of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.shapes.solve import MAX_PERIOD
from nnspec.shapes.symbolic import Symbol, of_atom

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnspec.shapes.condition import Condition


def nearest(name: str, conditions: Sequence[Condition], size: int) -> tuple[int | None, int | None]:
    """The greatest size below, and the least above, that fulfil all conditions; None where none is found."""
    dim = of_atom(Symbol(name))
    plain = [(c.relation, c.right) for c in conditions if c.left == dim and isinstance(c.right, int)]
    least = max([n for relation, n in plain if relation == ">=" and isinstance(n, int)], default=1)
    most = min([n for relation, n in plain if relation == "<=" and isinstance(n, int)], default=None)
    fixed = [n for relation, n in plain if relation == "==" and isinstance(n, int)]

    def first(sizes: Iterable[int]) -> int | None:
        return next((n for n in sizes if all(condition.evaluate({name: n}) for condition in conditions)), None)

    if fixed:
        return first([n for n in fixed if n < size]), first([n for n in fixed if n > size])
    highest = size - 1 if most is None else min(size - 1, most)
    lowest = max(size + 1, least)
    return (
        first(range(highest, max(least - 1, highest - MAX_PERIOD, 0), -1)),
        first(range(lowest, lowest + MAX_PERIOD + 1)),
    )

"""Whether a condition on one symbol holds for all its values or for none: exactly, and only where that takes little.

What is left open here is a condition like others, and is combined with them in the end.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from nnspec.shapes.size_set import Progression, SizeSet, solutions
from nnspec.shapes.symbolic import Extreme, Floor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.shapes.alternatives import Demand
    from nnspec.shapes.symbolic import Dim

MOST_CLASSES = 512
MOST_TRIED = 256  # values of the symbol

_ALL = Progression(1, None, 1, 0)


def decided(demand: Demand) -> bool | None:
    """True where all values of its one symbol fulfil it, False where none does, None where that is not known."""
    found = _fulfilling([demand])
    if found is None:
        return None
    return False if found.is_empty else True if found.as_progression() == _ALL else None


def contradictory(demands: Sequence[Demand]) -> bool:
    """Whether it is certain that no values fulfil all demands, which depend on the same symbols."""
    found = _fulfilling(demands)
    return found is not None and found.is_empty


def _fulfilling(demands: Sequence[Demand]) -> SizeSet | None:
    """The values of the one symbol that fulfil all demands; None where there are several, or it takes much."""
    symbols = demands[0].symbols
    leaves = {leaf for demand in demands for way in demand.ways for leaf in way}
    if len(symbols) != 1 or prod(_classes(leaf.left) * _classes(leaf.right) for leaf in leaves) > MOST_CLASSES:
        return None
    (name,) = symbols
    return solutions(name, demands, MOST_TRIED)


def _classes(dim: Dim) -> int:
    """A number that the period of a size divides, worked out without following it."""
    return 1 if isinstance(dim, int) else prod({_of_atom(atom) for atom in dim.atoms()})


def _of_atom(atom: object) -> int:
    if isinstance(atom, Floor):
        return _classes(atom.numerator) * (atom.divisor if isinstance(atom.divisor, int) else MOST_CLASSES + 1)
    return prod(map(_classes, atom.members)) if isinstance(atom, Extreme) else 1

"""`and`, `or` and `not` of what open sizes leave undecided: the joined condition, which a promise may be.

Truths that are decided never come here; the evaluator settles them itself. Few specs join open conditions, so what
joins and decides them is imported where they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.program.functions import Fault
from nnspec.shapes.condition import Condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnspec.shapes.alternatives import Demand

    _Ways = tuple[tuple[Condition, ...], ...]

MOST_WAYS = 64


def joined(operator: str, left: Demand, right: Demand) -> bool | Demand:
    """`left and right`, or `left or right`.

    Raises: Fault, where the ways to fulfil it are too many.
    """
    return _one(left.ways + right.ways if operator == "or" else _product(left.ways, right.ways))


def denied(truth: Demand) -> bool | Demand:
    """`not truth`.

    Raises: Fault, where the ways to fulfil it are too many.
    """
    if isinstance(truth, Condition):
        return truth.negated()
    ways: _Ways = ((),)
    for way in truth.ways:
        ways = _product(ways, tuple([(each.negated(),) for each in way]))
    return _one(ways)


def _product(left: _Ways, right: _Ways) -> _Ways:
    if len(left) * len(right) > MOST_WAYS:
        raise Fault(f"this has more than {MOST_WAYS} ways to hold on open sizes", symbolic=True)
    return tuple([_without_twins((*a, *b)) for a in left for b in right])


def _without_twins(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    return tuple(dict.fromkeys(conditions))


def _one(ways: _Ways) -> bool | Demand:
    """What has these ways: decided where one size alone decides it."""
    from nnspec.shapes.alternatives import Either
    from nnspec.shapes.decide import decided

    ways = tuple(dict.fromkeys(ways))
    made = ways[0][0] if len(ways) == 1 == len(ways[0]) else Either(ways)
    truth = decided(made)
    return made if truth is None else truth


def settled(truth: Demand, demands: Sequence[Demand]) -> bool | None:
    """Whether it holds for all sizes that fulfil the demands (True), for none (False), or for some (None).

    Exact for conditions on one size each; of others it is seen where they repeat a demand.
    """
    if _never(truth, demands):
        return False
    try:
        opposite = denied(truth)
    except Fault:
        return None
    if truth in demands or opposite is False:
        return True
    return True if opposite is not True and _never(opposite, demands) else None


def _never(truth: Demand, demands: Sequence[Demand]) -> bool:
    """Whether each of its ways contradicts the demands, or itself."""
    return all(_is_contradiction(way, demands) for way in truth.ways)


def _is_contradiction(way: tuple[Condition, ...], demands: Sequence[Demand]) -> bool:
    from nnspec.shapes.decide import contradictory

    groups = {
        condition.symbols: [demand for demand in demands if demand.symbols == condition.symbols] for condition in way
    }
    for condition in way:
        groups[condition.symbols].append(condition)
    return any(contradictory(group) for group in groups.values())


def is_open(value: Any) -> bool:
    """Whether a value is a condition on open sizes, or several joined."""
    return hasattr(value, "ways")

"""Combines the conditions on one symbol into the shortest that say the same: `H >= 188`, `H % 16 == 0`.

Exact or not at all. A size made of one symbol with `+ - // % min max` and numbers is, from some
value of the symbol on, a straight line on each residue class of its period; below that it is tried
out. What has no such form (a product of symbols, a period beyond 4096) is left as it stands.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from nnspec.record import Record
from nnspec.shapes.alternatives import Demand, joined_text
from nnspec.shapes.condition import Condition
from nnspec.shapes.size_set import Progression, SizeSet, met, solutions
from nnspec.shapes.symbolic import Symbol, of_atom
from nnspec.shapes.written_set import progression_conditions, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGER = 1.5  # a set may be so many times longer than the conditions that it stands for: it is easier to read


class Unsatisfiable(Record):
    """Conditions on one symbol that no positive value fulfils together."""

    symbol: str
    conditions: tuple[Demand, ...]

    def __str__(self) -> str:
        return f"no {self.symbol} has {joined_text(self.conditions)}"


def simplify(conditions: Iterable[Demand], order: Sequence[str] = ()) -> list[Demand] | Unsatisfiable:
    """The conditions with those on one symbol combined, where that can be done exactly.

    Those on one symbol come first, symbol by symbol, in the order given; then those on several, as they stand.
    """
    alone: dict[str, list[Demand]] = {name: [] for name in order}
    several: list[Demand] = []
    for condition in dict.fromkeys(conditions):
        symbols = condition.symbols
        if len(symbols) == 1:
            alone.setdefault(next(iter(symbols)), []).append(condition)
        else:
            several.append(condition)
    found: list[Demand] = []
    for name, own in alone.items():
        combined = _combined(name, own) if own else []
        if isinstance(combined, Unsatisfiable):
            return combined
        found.extend(combined)
    return _with_several(found, several, alone) if several else found


def _with_several(
    found: list[Demand], several: list[Demand], alone: dict[str, list[Demand]]
) -> list[Demand] | Unsatisfiable:
    """The conditions on several symbols behind those on one, without those that follow from them."""
    from nnspec.shapes.substitute import truth_within  # few networks have any

    sets = {name: around(name, own) for name, own in alone.items()}
    kept: list[Demand] = []
    for condition in several:
        truth = truth_within(condition, sets)
        if truth is False:
            own = [each for each in found if each.symbols <= condition.symbols]
            return Unsatisfiable(" and ".join(sorted(condition.symbols)), (condition, *own))
        if truth is None:
            kept.append(condition)
    return [*found, *kept]


def around(name: str, conditions: list[Demand]) -> Progression:
    """The values of a symbol where they are a progression, else all from the least on."""
    found = solutions(name, conditions) if conditions else None
    if found is None:
        return Progression(1, None, 1, 0)
    return found.as_progression() or Progression(found.above(0) or 1, None, 1, 0)


def impossible(name: str, conditions: Sequence[Demand]) -> bool:
    """Whether it is certain that no value of the symbol fulfils all conditions, which speak of no other."""
    found = solutions(name, conditions)
    return found is not None and found.is_empty


def _combined(name: str, conditions: list[Demand]) -> list[Demand] | Unsatisfiable:
    conditions = _sharpest(name, conditions)
    together = solutions(name, conditions)
    if together is None:
        return _apart(name, conditions)
    if together.is_empty:
        return Unsatisfiable(name, _conflict(name, conditions))
    form = written(name, together)
    if form is not None and together.as_progression() is not None:
        return form
    standing = _piece_by_piece(name, conditions)
    if form is None or isinstance(standing, Unsatisfiable):
        return standing
    return form if len(joined_text(form)) <= LONGER * len(joined_text(standing)) else standing


def _apart(name: str, conditions: list[Demand]) -> list[Demand] | Unsatisfiable:
    """What has an exact form combined, then what has none as it stands."""
    open_ones = [condition for condition in conditions if solutions(name, [condition]) is None]
    exact = [condition for condition in conditions if condition not in open_ones]
    if not open_ones or not exact:
        return _piece_by_piece(name, conditions)
    combined = _combined(name, exact)
    return combined if isinstance(combined, Unsatisfiable) else [*combined, *open_ones]


def _piece_by_piece(name: str, conditions: list[Demand]) -> list[Demand] | Unsatisfiable:
    """Those that are progressions made one, the others as they stand."""
    kept: list[Demand] = []
    progression = Progression(1, None, 1, 0)
    for condition in conditions:
        alone = solutions(name, [condition])
        if alone is not None and alone.is_empty:
            return Unsatisfiable(name, (condition,))
        one = alone.as_progression() if alone is not None else None
        both = met(progression, one) if one is not None else None
        if both is not None:
            progression = both
        else:
            kept.append(condition)
    simple = progression_conditions(of_atom(Symbol(name)), progression)
    bounds = [each for each in simple if each.relation in (">=", "<=")]
    kept = [part for condition in kept for part in _reworded(name, condition, bounds)]
    whole = _sharpest(name, [*[each for each in simple if not _is_implied(name, each, kept)], *kept])
    return sorted(whole, key=lambda each: (">=", "<=").index(each.relation) if _is_bound(name, each) else 2)


def _is_bound(name: str, each: Demand) -> bool:
    return each.relation in (">=", "<=") and each.left == of_atom(Symbol(name))


def _reworded(name: str, condition: Demand, bounds: list[Condition]) -> list[Demand]:
    """One condition beside bounds, as a set where that is short: `(H - 22) % 32 <= 7`."""
    found = solutions(name, [condition, *bounds])
    form = written(name, found) if found is not None and not found.is_empty else None
    if form is None:
        return [condition]
    added = [each for each in form if each not in bounds]
    return added if len(joined_text(added)) <= LONGER * len(str(condition)) else [condition]


def _is_implied(name: str, condition: Condition, others: list[Demand]) -> bool:
    """Whether one of the others holds only where the condition does: `H // 2 % 3 == 1` for no `H` below 2."""
    opposite = condition.negated()
    return any(impossible(name, [other, opposite]) for other in others)


def _sharpest(name: str, conditions: list[Demand]) -> list[Demand]:
    """Without each `H >= n` that a greater one contains: a deep network makes hundreds."""
    dim = of_atom(Symbol(name))
    plain = [
        (c.right, c)
        for c in conditions
        if isinstance(c, Condition) and c.relation == ">=" and c.left == dim and isinstance(c.right, int)
    ]
    greatest = max(plain, key=lambda item: item[0], default=None)
    weaker = {c for _, c in plain if greatest and c is not greatest[1]}
    return [condition for condition in conditions if condition not in weaker]


def _conflict(name: str, conditions: list[Demand]) -> tuple[Demand, ...]:
    """A few of the conditions that contradict each other already: each time the first that completes it."""
    needed: list[Demand] = []
    while len(needed) < len(conditions):
        kept = needed
        first = bisect_left(range(len(conditions)), True, key=lambda n: impossible(name, [*conditions[: n + 1], *kept]))
        if first == len(conditions):
            return tuple(conditions)  # each alone has a form, but all together have too long a period
        needed = [conditions[first], *needed]
        if impossible(name, needed):
            break
    return tuple(needed)


__all__ = ["SizeSet", "Unsatisfiable", "around", "impossible", "simplify", "solutions"]

"""What is certain of a symbolic size for all positive symbols: its bounds, and so its sign.

Bounds are sound, not tight: `None` is "not known". `maximum` and `minimum` are here because they
drop the members that can never win.
"""

from __future__ import annotations

from math import lcm, prod
from typing import TYPE_CHECKING, Literal, TypeAlias

from nnspec.shapes.symbolic import (
    Atom,
    Dim,
    DimTooLarge,
    Extreme,
    Floor,
    Monomial,
    Symbolic,
    Terms,
    add,
    from_terms,
    multiply,
    multiply_terms,
    of_atom,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Range: TypeAlias = tuple[int | None, int | None]

FUEL = 6  # how many divisions deep bounds look
MAX_MEMBERS = 12  # of a maximum, to be compared pair by pair


def lower(dim: Dim, fuel: int = FUEL) -> int | None:
    """A number that the size is never below."""
    if isinstance(dim, int):
        return dim
    found = _sum_of_ranges(dim)
    if fuel and _is_nonlinear(dim):
        found = _larger(found, _shifted(dim))
    if fuel and (found is None or found < 0):
        found = _larger(found, _larger(_through_floors(dim, fuel), _through_extreme(dim, fuel)))
    return found


def upper(dim: Dim, fuel: int = FUEL) -> int | None:
    """A number that the size is never above."""
    return _negative(lower(-dim, fuel))


def maximum(*dims: Dim) -> Dim:
    """The largest of the sizes."""
    return _extreme("max", dims)


def minimum(*dims: Dim) -> Dim:
    """The smallest of the sizes."""
    return _extreme("min", dims)


def _extreme(kind: Literal["max", "min"], dims: Iterable[Dim]) -> Dim:
    members = list(dict.fromkeys(_flat(kind, dims)))
    numbers = [member for member in members if isinstance(member, int)]
    rest: list[Dim] = [member for member in members if not isinstance(member, int)]
    pick: Callable[[list[int]], int] = max if kind == "max" else min
    candidates = [*rest, pick(numbers)] if numbers else rest
    if len(candidates) <= MAX_MEMBERS:
        candidates = _undominated(kind, candidates)
    if not candidates:
        raise ValueError(f"{kind} of nothing")
    return candidates[0] if len(candidates) == 1 else from_terms({((Extreme(kind, tuple(candidates)), 1),): 1})


def _flat(kind: str, dims: Iterable[Dim]) -> Iterable[Dim]:
    for dim in dims:
        inner = _sole_atom(dim)
        if isinstance(inner, Extreme) and inner.kind == kind:
            yield from inner.members
        else:
            yield dim


def _sole_atom(dim: Dim) -> Atom | None:
    if isinstance(dim, int) or len(dim.terms) != 1:
        return None
    ((monomial, coefficient),) = dim.terms.items()
    return monomial[0][0] if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1 else None


def _undominated(kind: str, members: list[Dim]) -> list[Dim]:
    kept: list[Dim] = []
    for member in members:
        if not any(_wins(kind, other, member) for other in kept):
            kept = [other for other in kept if not _wins(kind, member, other)]
            kept.append(member)
    return kept


def _wins(kind: str, a: Dim, b: Dim) -> bool:
    least = lower(add(a, b, -1) if kind == "max" else add(b, a, -1))
    return least is not None and least >= 0


def _range(atom: Atom, fuel: int) -> Range:
    if atom.range is None:
        atom.range = _floor_range(atom) if isinstance(atom, Floor) else _extreme_range(atom)
    return atom.range


def _floor_range(atom: Atom) -> Range:
    assert isinstance(atom, Floor)
    least, most = lower(atom.numerator), upper(atom.numerator)
    if isinstance(atom.divisor, int):
        return (None if least is None else least // atom.divisor), (None if most is None else most // atom.divisor)
    smallest, largest = lower(atom.divisor), upper(atom.divisor)
    if smallest is None or smallest < 1:
        return None, None
    if least is not None:
        least = least // smallest if least < 0 else (least // largest if largest else 0)
    if most is not None:
        most = most // smallest if most >= 0 else (most // largest if largest else -1)
    return least, most


def _extreme_range(atom: Atom) -> Range:
    assert isinstance(atom, Extreme)
    lows = [lower(member) for member in atom.members]
    highs = [upper(member) for member in atom.members]
    known_lows = [low for low in lows if low is not None]
    known_highs = [high for high in highs if high is not None]
    if atom.kind == "max":
        return max(known_lows, default=None), (None if None in highs else max(known_highs))
    return (None if None in lows else min(known_lows)), min(known_highs, default=None)


def _sum_of_ranges(dim: Symbolic) -> int | None:
    found = 0
    for monomial, coefficient in dim.terms.items():
        least, most = _monomial_range(monomial)
        end = least if coefficient > 0 else most
        if end is None:
            return None
        found += coefficient * end
    return found


def _monomial_range(monomial: Monomial) -> Range:
    ranges = [(*_range(atom, FUEL), power) for atom, power in monomial]
    if all(least is not None and least >= 0 for least, _, _ in ranges):
        least = prod((low or 0) ** power for low, _, power in ranges)
        if any(most is None for _, most, _ in ranges):
            return least, None
        return least, prod((high or 0) ** power for _, high, power in ranges)
    if len(ranges) == 1 and ranges[0][2] == 1:
        return ranges[0][:2]
    return None, None


def _is_nonlinear(dim: Symbolic) -> bool:
    degrees = [sum(power for _, power in monomial) for monomial in dim.terms]
    return 1 < max(degrees) <= FUEL and len(degrees) <= 100


def _shifted(dim: Symbolic) -> int | None:
    """Measure every atom from its least value: if then no coefficient is negative, the constant is the bound."""
    found: Terms = {}
    for monomial, coefficient in dim.terms.items():
        product: Terms = {(): coefficient}
        for atom, power in monomial:
            least = _range(atom, FUEL)[0]
            if least is None:
                return None
            for _ in range(power):
                product = multiply_terms(product, {((atom, 1),): 1, (): least})
        for part, times in product.items():
            found[part] = found.get(part, 0) + times
    constant = found.pop((), 0)
    return constant if all(times >= 0 for times in found.values()) else None


def _through_floors(dim: Symbolic, fuel: int) -> int | None:
    """Replace each `e // d` by `e / d` or `(e - d + 1) / d`, whichever is the safe side."""
    floors = {monomial: atom for monomial in dim.terms if (atom := _linear_floor(monomial)) is not None}
    if not floors:
        return None
    scale = lcm(*(divisor for _, divisor in floors.values()))
    try:
        relaxed = multiply(from_terms({m: c for m, c in dim.terms.items() if m not in floors}), scale)
        for monomial, (numerator, divisor) in floors.items():
            times = dim.terms[monomial]
            safe = numerator if times < 0 else add(numerator, 1 - divisor)
            relaxed = add(relaxed, safe, times * scale // divisor)
    except DimTooLarge:
        return None
    found = lower(relaxed, fuel - 1)
    return None if found is None else -(-found // scale)


def _linear_floor(monomial: Monomial) -> tuple[Dim, int] | None:
    if len(monomial) == 1 and monomial[0][1] == 1:
        atom = monomial[0][0]
        if isinstance(atom, Floor) and isinstance(atom.divisor, int):
            return atom.numerator, atom.divisor
    return None


def _through_extreme(dim: Symbolic, fuel: int) -> int | None:
    """A maximum is one of its members, and at least each of them."""
    for monomial, times in dim.terms.items():
        if len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Extreme):
            atom = monomial[0][0]
            others = add(dim, of_atom(atom), -times)
            ends = [lower(add(others, member, times), fuel // 2) for member in atom.members]
            if (atom.kind == "max") == (times > 0):
                return max((end for end in ends if end is not None), default=None)
            return None if None in ends else min(end for end in ends if end is not None)
    return None


def _larger(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)


def _negative(a: int | None) -> int | None:
    return None if a is None else -a

"""Combines the conditions on one symbol into the shortest that says the same: `H >= 188`, `H % 16 == 0`.

Exact or not at all. A size made of one symbol with `+ - // % min max` and numbers is, from some
value of the symbol on, a straight line on each residue class of its period; below that it is tried
out. What has no such form (a product of symbols, a period beyond 4096) is left as it stands.
"""

from __future__ import annotations

from bisect import bisect_left
from math import gcd, lcm
from typing import TYPE_CHECKING, Literal, NamedTuple

from nnspec.record import Record
from nnspec.shapes.condition import Condition
from nnspec.shapes.symbolic import Dim, Extreme, Floor, Monomial, Symbol, add, modulo, of_atom

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_PERIOD = 4_096
MAX_TRIED = 4_096  # values of the symbol that are tried out one by one


class Unsatisfiable(Record):
    """Conditions on one symbol that no positive value fulfils together."""

    symbol: str
    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return f"no {self.symbol} has {' and '.join(map(str, self.conditions))}"


class Line(NamedTuple):
    """`slope * (n // period) + start` for every `n` of one residue class."""

    slope: int
    start: int


class Lines(NamedTuple):
    """A size as one line per residue class, right for symbols of at least `since`."""

    since: int
    lines: list[Line]

    @property
    def period(self) -> int:
        """The number of residue classes."""
        return len(self.lines)


class Progression(NamedTuple):
    """The positive `n` with `n % step == residue` and `least <= n <= most`; both ends belong to it."""

    least: int
    most: int | None
    step: int
    residue: int


class _NoLines(Exception):  # noqa: N818
    """The size is not made of lines, or of too many."""


def simplify(conditions: Iterable[Condition]) -> list[Condition] | Unsatisfiable:
    """The conditions with those on one symbol combined, where that can be done exactly."""
    given = [(condition, condition.symbols) for condition in dict.fromkeys(conditions)]
    alone: dict[str, list[Condition]] = {}
    for condition, symbols in given:
        if len(symbols) == 1:
            alone.setdefault(next(iter(symbols)), []).append(condition)
    found: list[Condition] = []
    for condition, symbols in given:
        if len(symbols) != 1:
            found.append(condition)
            continue
        (name,) = symbols
        if name in alone:
            combined = _combined(name, alone.pop(name))
            if isinstance(combined, Unsatisfiable):
                return combined
            found.extend(combined)
    return found


def _combined(name: str, conditions: list[Condition]) -> list[Condition] | Unsatisfiable:
    conditions = _sharpest(name, conditions)
    together = _solutions(name, conditions)
    if together == []:
        return Unsatisfiable(name, _conflict(name, conditions))
    if isinstance(together, Progression):
        return _as_conditions(name, together)
    kept: list[Condition] = []
    progression = Progression(1, None, 1, 0)
    for condition in conditions:
        alone = _solutions(name, [condition])
        met = _met(progression, alone) if isinstance(alone, Progression) else None
        if alone == [] or met == []:
            return Unsatisfiable(name, _conflict(name, conditions))
        if isinstance(met, Progression):
            progression = met
        else:
            kept.append(condition)
    simple = _as_conditions(name, progression)
    return [*[condition for condition in simple if not _is_implied(name, condition, kept)], *kept]


def _is_implied(name: str, condition: Condition, others: list[Condition]) -> bool:
    """Whether one of the others holds only where the condition does: `H // 2 % 3 == 1` for no `H` below 2."""
    opposite = condition.negated()
    return any(_solutions(name, [other, opposite]) == [] for other in others)


def _sharpest(name: str, conditions: list[Condition]) -> list[Condition]:
    """Without each `H >= n` that a greater one contains: a deep network makes hundreds."""
    dim = of_atom(Symbol(name))
    plain = [(c.right, c) for c in conditions if c.relation == ">=" and c.left == dim and isinstance(c.right, int)]
    greatest = max(plain, key=lambda item: item[0], default=None)
    weaker = {c for _, c in plain if greatest and c is not greatest[1]}
    return [condition for condition in conditions if condition not in weaker]


def _conflict(name: str, conditions: list[Condition]) -> tuple[Condition, ...]:
    """A few of the conditions that contradict each other already: each time the first that completes it."""
    needed: list[Condition] = []
    while len(needed) < len(conditions):
        kept = needed
        first = bisect_left(
            range(len(conditions)), True, key=lambda n: _solutions(name, [*conditions[: n + 1], *kept]) == []
        )
        if first == len(conditions):
            return tuple(conditions)  # each alone has a form, but all together have too long a period
        needed = [conditions[first], *needed]
        if _solutions(name, needed) == []:
            break
    return tuple(needed)


def _as_conditions(name: str, found: Progression) -> list[Condition]:
    dim = of_atom(Symbol(name))
    if found.least == found.most:
        return [Condition(dim, "==", found.least)]
    made: list[Condition] = []
    if found.least > (found.residue or found.step):
        made.append(Condition(dim, ">=", found.least))
    if found.most is not None:
        made.append(Condition(dim, "<=", found.most))
    if found.step > 1:
        made.append(Condition(modulo(dim, found.step), "==", found.residue))
    return made


def _met(a: Progression, b: Progression) -> Progression | list[int] | None:
    """What both hold; an empty list for nothing, None for a step that is too long."""
    step = lcm(a.step, b.step)
    if step > MAX_PERIOD:
        return None
    residue = next((n for n in range(a.residue, step, a.step) if n % b.step == b.residue), None)
    return [] if residue is None else _clipped(max(a.least, b.least), _lesser(a.most, b.most), step, residue)


def _clipped(least: int, most: int | None, step: int, residue: int) -> Progression | list[int]:
    first = least + (residue - least) % step
    last = None if most is None else most - (most - residue) % step
    return [] if last is not None and last < first else Progression(first, last, step, residue)


def _lesser(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else min(a, b)


# The set of solutions


def _solutions(name: str, conditions: Sequence[Condition]) -> Progression | list[int] | None:
    """The symbols that fulfil all conditions: a progression, an empty list for none, None for another set."""
    try:
        sizes = [_lines(add(condition.left, condition.right, -1)) for condition in conditions]
        period = _checked(lcm(*(size.period for size in sizes)))
    except _NoLines:
        return None
    since = max(1, *(size.since for size in sizes))
    stretched = [_stretched(size, period) for size in sizes]
    for condition, size in zip(conditions, stretched, strict=True):
        if condition.relation == "!=":
            since = max(since, _last_root(size.lines) + 1)
    if since > MAX_TRIED:
        return None
    tried = [n for n in range(1, since) if all(condition.evaluate({name: n}) for condition in conditions)]
    relations = [condition.relation for condition in conditions]
    classes: list[Progression] = []
    for residue in range(period):
        found = _class_solutions(residue, period, since, [size.lines[residue] for size in stretched], relations)
        if isinstance(found, Progression):
            classes.append(found)
    return _one_progression(tried, classes, period)


def _last_root(lines: list[Line]) -> int:
    """The greatest symbol at which a line crosses zero."""
    roots = [-line.start // line.slope for line in lines if line.slope and line.start % line.slope == 0]
    return max(((turn + 1) * len(lines) for turn in roots), default=0)


def _class_solutions(
    residue: int, period: int, since: int, lines: list[Line], relations: Sequence[str]
) -> Progression | list[int]:
    """What is fulfilled of one residue class from `since` on."""
    least: int = -(-(since - residue) // period)
    most: int | None = None
    for line, relation in zip(lines, relations, strict=True):
        low, high = _turns(line, relation)
        if low is not None:
            least = max(least, low)
        most = _lesser(most, high)
    if most is not None and most < least:
        return []
    return Progression(least * period + residue, None if most is None else most * period + residue, period, residue)


def _turns(line: Line, relation: str) -> tuple[int | None, int | None]:
    """The interval of `t` in which `slope * t + start` stands in the relation to zero; (1, 0) for none.

    A line that crosses zero is never asked for `!=`: `since` lies past the crossing.
    """
    slope, start = line
    if relation == "<=":
        slope, start, relation = -slope, -start, ">="
    if slope == 0:
        true = {"==": start == 0, "!=": start != 0, ">=": start >= 0}[relation]
        return (None, None) if true else (1, 0)
    if relation == "!=":
        return None, None
    if relation == "==":
        return (1, 0) if start % slope else (-start // slope, -start // slope)
    return (-(start // slope), None) if slope > 0 else (None, start // -slope)


def _one_progression(tried: list[int], classes: list[Progression], period: int) -> Progression | list[int] | None:
    """The one progression that holds the numbers tried and the classes, if there is one."""
    firsts = [*tried, *(found.least for found in classes)]
    if not firsts:
        return []
    endless = [found for found in classes if found.most is None]
    if endless and len(endless) != len(classes):
        return None
    lasts = [*tried, *(found.most for found in classes if found.most is not None)]
    least = min(firsts)
    step = gcd(*(n - least for n in firsts), *(n - least for n in lasts), *(_inner_step(found) for found in classes))
    if step == 0:
        return Progression(least, least, 1, 0)
    most = None if endless else max(lasts)
    expected = Progression(least, most, step, least % step)
    return expected if step <= MAX_PERIOD and _is_all(expected, tried, classes, period) else None


def _inner_step(found: Progression) -> int:
    return 0 if found.most == found.least else found.step


def _is_all(expected: Progression, tried: list[int], classes: list[Progression], period: int) -> bool:
    """Whether the numbers tried and the classes, which lie in it, are all of it."""
    if expected.most is not None:
        have = len(tried) + sum((found.most - found.least) // found.step + 1 for found in classes if found.most)
        return have == (expected.most - expected.least) // expected.step + 1
    # Endless: each class must be in it whole, from where the trying ended.
    if period % expected.step or len(classes) != period // expected.step:
        return False
    start = max(found.least for found in classes)
    have = sum(n < start for n in tried) + sum(-(-(start - found.least) // period) for found in classes)
    return have == -(-(start - expected.least) // expected.step)


# Sizes as lines


def _lines(dim: Dim) -> Lines:
    """The size as a line per residue class.

    Raises: _NoLines.
    """
    if isinstance(dim, int):
        return Lines(1, [Line(0, dim)])
    found = Lines(1, [Line(0, dim.constant)])
    for monomial, coefficient in dim.terms.items():
        if monomial:
            found = _sum(found, _atom_lines(monomial), coefficient)
    return found


def _atom_lines(monomial: Monomial) -> Lines:
    ((atom, power), *more) = monomial
    if more or power != 1:
        raise _NoLines
    if isinstance(atom, Symbol):
        return Lines(1, [Line(1, 0)])
    if isinstance(atom, Floor):
        return _floor_lines(_lines(atom.numerator), atom.divisor)
    return _extreme_lines(atom)


def _floor_lines(size: Lines, divisor: Dim) -> Lines:
    if not isinstance(divisor, int):
        raise _NoLines
    longer = lcm(*(divisor // gcd(divisor, line.slope) for line in size.lines))  # every slope a multiple
    stretched = _stretched(size, _checked(size.period * longer))
    return Lines(size.since, [Line(line.slope // divisor, line.start // divisor) for line in stretched.lines])


def _extreme_lines(atom: Extreme) -> Lines:
    sign: Literal[1, -1] = 1 if atom.kind == "max" else -1
    found, *others = [_lines(member) for member in atom.members]
    for other in others:
        found = _larger(found, other, sign)
    return found


def _larger(a: Lines, b: Lines, sign: int) -> Lines:
    """The upper of two sizes (the lower for -1), from past the last crossing of their lines on."""
    period = _checked(lcm(a.period, b.period))
    since = max(a.since, b.since)
    found = []
    for one, two in zip(_stretched(a, period).lines, _stretched(b, period).lines, strict=True):
        found.append(max(one, two) if sign > 0 else min(one, two))  # the steeper wins, then the higher
        if one.slope != two.slope:
            crossing = (two.start - one.start) // (one.slope - two.slope)
            since = max(since, (crossing + 2) * period)
    return Lines(since, found)


def _sum(a: Lines, b: Lines, times: int) -> Lines:
    period = _checked(lcm(a.period, b.period))
    pairs = zip(_stretched(a, period).lines, _stretched(b, period).lines, strict=True)
    lines = [Line(one.slope + times * two.slope, one.start + times * two.start) for one, two in pairs]
    return Lines(max(a.since, b.since), lines)


def _stretched(size: Lines, period: int) -> Lines:
    """The same size with a longer period, a multiple of its own."""
    times, own = period // size.period, size.period
    if times == 1:
        return size
    lines = [size.lines[n % own] for n in range(period)]
    return Lines(
        size.since, [Line(line.slope * times, line.start + line.slope * (n // own)) for n, line in enumerate(lines)]
    )


def _checked(period: int) -> int:
    if period > MAX_PERIOD:
        raise _NoLines
    return period

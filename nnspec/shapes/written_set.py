"""A set of sizes in its shortest form: least size and congruence, then remainders, then single sizes.

`H >= 188`; `H % 16 == 0`; `H % 6 in (2, 3)`; `H % 32 >= 8`; `H != 7`; `H == 3 or H >= 7`. What has no short form
has none here: then the conditions stand as they were.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from nnspec.shapes.alternatives import Among, Either, joined_text
from nnspec.shapes.condition import Condition
from nnspec.shapes.size_set import Progression
from nnspec.shapes.symbolic import Symbol, modulo, of_atom

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnspec.shapes.alternatives import Demand
    from nnspec.shapes.size_set import SizeSet
    from nnspec.shapes.symbolic import Symbolic

MOST_LISTED = 6  # numbers in one pair of brackets
MOST_HOLES = 4
FARTHEST = 20_000  # numbers that are gone through one by one

Part = list["Condition | Among"]


def written(name: str, found: SizeSet) -> list[Demand] | None:
    """The conditions that say that the symbol is in the set, which is not empty; None where none are short."""
    dim = of_atom(Symbol(name))
    progression = found.as_progression()
    if progression is not None:
        return [*_of_progression(dim, progression)]
    ends = [piece.least if piece.most is None else piece.most for piece in found.pieces]
    end = max((*found.tried, *ends)) + 1
    if end > FARTHEST:
        return None
    members = set(found.tried)
    for piece in found.pieces:
        members.update(range(piece.least, end if piece.most is None else piece.most + 1, piece.step))
    endless = {piece.residue for piece in found.pieces if piece.most is None}
    if not endless:
        return _finite(dim, sorted(members))
    period = _shortest(endless, found.period)
    return _with_tail(dim, sorted(members), {residue % period for residue in endless}, period, end)


def _of_progression(dim: Symbolic, found: Progression) -> Part:
    """The conditions of a progression; of a few sizes that lie apart, these: `H in (1, 30)`."""
    if found.most is not None and found.step > 1 and found.most - found.least < MOST_LISTED * found.step:
        members = range(found.least, found.most + 1, found.step)
        if len(members) > 1:
            return [Among(dim, tuple(members))]
    return [*progression_conditions(dim, found)]


def progression_conditions(dim: Symbolic, found: Progression) -> list[Condition]:
    """Least size, greatest size, congruence: those that say something."""
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


def _finite(dim: Symbolic, members: list[int]) -> list[Demand] | None:
    """Few sizes, or all from one to another but for few."""
    if len(members) <= MOST_LISTED:
        return [Among(dim, tuple(members))]
    step = gcd(*(n - members[0] for n in members))
    holes = sorted(set(range(members[0], members[-1], step)) - set(members))
    whole = Progression(members[0], members[-1], step, members[0] % step)
    return [*progression_conditions(dim, whole), *_without(dim, holes)] if len(holes) <= MOST_HOLES else None


def _shortest(residues: set[int], period: int) -> int:
    """The shortest period of a set of remainders."""
    divisors = [n for n in range(1, period + 1) if period % n == 0]
    return next(n for n in divisors if {(residue + n) % period for residue in residues} == residues)


def _with_tail(dim: Symbolic, members: list[int], residues: set[int], period: int, end: int) -> list[Demand] | None:
    """From some size on the remainders decide; below it single sizes are left out, or taken in besides."""
    remainders = _remainders(dim, sorted(residues), period)
    if remainders is None:
        return None
    inside = set(members)
    pattern = [n for n in range(1, end + period) if n % period in residues]
    missing = [n for n in pattern if n < end and n not in inside]
    strays = {n for n in members if n % period not in residues}
    found: list[list[Demand]] = []
    for least in [n for n in pattern if n in inside or n >= end][: MOST_LISTED + 1] + _restarts(pattern, missing):
        extras = [n for n in members if n < least or n in strays]
        holes = [n for n in missing if n > least]
        if len(holes) > MOST_HOLES:
            continue
        bound = [Condition(dim, ">=", least)] if least > pattern[0] else []
        tail: Part = [*bound, *remainders, *_without(dim, holes)]
        if not extras:
            found.append([*tail])
        elif (first := _few(dim, extras)) is not None:
            found.append([Either((tuple(first), tuple(tail)))])
    return min(found, key=lambda form: len(joined_text(form)), default=None)


def _restarts(pattern: list[int], missing: list[int]) -> list[int]:
    """Where the pattern goes on after the last sizes that it misses."""
    lacking = set(missing)
    return [next(n for n in pattern if n > hole and n not in lacking) for hole in missing[-MOST_HOLES - 1 :]]


def _few(dim: Symbolic, members: list[int]) -> Part | None:
    """Sizes that stand beside others: a progression, or few."""
    step = gcd(*(n - members[0] for n in members))
    if len(members) != 2 and (step == 0 or len(members) == (members[-1] - members[0]) // step + 1):
        return _of_progression(dim, Progression(members[0], members[-1], step or 1, members[0] % (step or 1)))
    return [Among(dim, tuple(members))] if len(members) <= MOST_LISTED else None


def _without(dim: Symbolic, holes: Sequence[int]) -> Part:
    if len(holes) < 2:
        return [Condition(dim, "!=", hole) for hole in holes]
    return [Among(dim, tuple(holes), excluded=True)]


def _remainders(dim: Symbolic, residues: list[int], period: int) -> Part | None:
    """The shortest conditions for these remainders; None where none are short."""
    if len(residues) == period:
        return []
    rest = modulo(dim, period)
    others = sorted(set(range(period)) - set(residues))
    assert not isinstance(rest, int), "a period of 1 has no other remainder"
    found: list[Part] = []
    if len(residues) == 1:
        found.append([Condition(rest, "==", residues[0])])
    elif len(residues) <= MOST_LISTED:
        found.append([Among(rest, tuple(residues))])
    if len(others) <= MOST_HOLES:
        found.append(_without(rest, others))
    found += _stretches(dim, residues, period)
    return min(found, key=lambda form: len(joined_text(form)), default=None)


def _stretches(dim: Symbolic, residues: list[int], period: int) -> Iterable[Part]:
    """Remainders that follow one another, some steps apart: `H % 32 >= 8`, `(H - 30) % 32 <= 3`."""
    step = gcd(period, *(n - residues[0] for n in residues))
    line = list(range(residues[0] % step, period, step))
    own: Part = [Condition(modulo(dim, step), "==", line[0])] if step > 1 else []
    if len(line) == len(residues):
        yield own
    if residues[-1] - residues[0] == (len(residues) - 1) * step:
        rest = modulo(dim, period)
        low = [Condition(rest, ">=", residues[0])] if residues[0] != line[0] else []
        high = [Condition(rest, "<=", residues[-1])] if residues[-1] != line[-1] else []
        yield [*own, *low, *high]
        return
    gaps = sorted(set(line) - set(residues))
    if gaps[-1] - gaps[0] == (len(gaps) - 1) * step:
        turned = modulo(dim - gaps[-1] - step, period)
        yield [*own, Condition(turned, "<=", (len(residues) - 1) * step)]

"""Demands on sizes: decided where the sizes allow it, recorded as conditions on the symbols otherwise.

A condition is canonical, so that equal demands are equal values. Which conditions together come to
what is `solve.py`'s affair.
"""

from __future__ import annotations

import operator
from math import gcd
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from nnspec.record import Record
from nnspec.shapes.bounds import lower, upper
from nnspec.shapes.dim_text import remainders
from nnspec.shapes.symbolic import (
    Dim,
    Floor,
    Monomial,
    Symbolic,
    add,
    evaluate,
    from_terms,
    modulo,
    symbols_of,
    terms_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from nnspec.shapes.alternatives import Demand

Relation: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]

_TESTS: Final[dict[str, Callable[[int, int], bool]]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_OPPOSITE: Final[dict[Relation, Relation]] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", "<=": ">", ">": "<="}


class Condition(Record):
    """What must hold of the symbols: `H >= 188`. Made by `compare`, which makes it canonical."""

    left: Dim
    relation: Relation
    right: Dim

    def __str__(self) -> str:
        return f"{self.left} {self.relation} {self.right}"

    def __bool__(self) -> bool:
        raise TypeError(f"whether {self} is not known: give it to `demand`")

    @property
    def symbols(self) -> frozenset[str]:
        """The names it depends on."""
        return symbols_of(self.left) | symbols_of(self.right)

    @property
    def ways(self) -> tuple[tuple[Condition, ...], ...]:
        """Itself, as what has alternatives says it: the conditions of each way in which it can hold."""
        return ((self,),)

    def evaluate(self, sizes: Mapping[str, int]) -> bool:
        """Whether it holds for given symbols."""
        return _TESTS[self.relation](evaluate(self.left, sizes), evaluate(self.right, sizes))

    def negated(self) -> Condition:
        """The condition that holds where this one does not."""
        relation = _OPPOSITE[self.relation]
        found = compare(self.left, relation, self.right)
        if isinstance(found, Condition):
            return found
        if relation == "<":  # bounds saw more in it this time; it must be a condition all the same
            return Condition(self.left, "<=", add(self.right, -1))
        if relation == ">":
            return Condition(self.left, ">=", add(self.right, 1))
        return Condition(self.left, relation, self.right)


def compare(a: Dim, relation: Relation, b: Dim) -> bool | Condition:
    """True or False where that is certain for all positive symbols, a condition on them otherwise.

    Raises: DimTooLarge.
    """
    if isinstance(a, int) and isinstance(b, int):
        return _TESTS[relation](a, b)
    difference = add(a, b, -1)
    if relation == "==" or relation == "!=":
        found = _zero(difference, relation)
    elif relation == ">=" or relation == ">":
        found = _not_negative(add(difference, -1) if relation == ">" else difference)
    else:
        found = _not_negative(add(-difference, -1) if relation == "<" else -difference)
    return found if isinstance(found, bool) or _is_plain(found) else _settled(found)


def _is_plain(found: Condition) -> bool:
    """Whether a condition says what it says of a bare symbol, of which some values fulfil it and some do not."""
    return isinstance(found.right, int) and isinstance(found.left, Symbolic) and found.left.depth == 0


def _settled(found: Condition) -> bool | Condition:
    """What bounds leave open, decided exactly where the condition depends on one symbol alone."""
    if len(found.symbols) != 1:
        return found
    from nnspec.shapes.decide import decided  # only what bounds leave open pays for it

    truth = decided(found)
    return found if truth is None else truth


def _not_negative(dim: Dim) -> bool | Condition:
    if isinstance(dim, int):
        return dim >= 0
    least, most = lower(dim), upper(dim)
    if least is not None and least >= 0:
        return True
    if most is not None and most < 0:
        return False
    common = _content(dim)  # of integers a multiple is at least c where the rest is at least ceil(c / common)
    dim = _symbolic({monomial: coefficient // common for monomial, coefficient in dim.terms.items()})
    unrolled = _without_floor(dim)
    return _not_negative(unrolled) if unrolled is not None else _ordering(dim)


def _without_floor(dim: Symbolic) -> Dim | None:
    """`e - d * k` for `e // d - k`, and `d * k + d - 1 - e` for `k - e // d`: not negative where that is."""
    monomials = [monomial for monomial in dim.terms if monomial]
    if len(monomials) != 1 or len(monomials[0]) != 1:
        return None
    ((atom, power),) = monomials[0]
    if not isinstance(atom, Floor) or power != 1 or not isinstance(atom.divisor, int):
        return None
    if dim.terms[monomials[0]] > 0:
        return add(atom.numerator, dim.constant * atom.divisor)
    return add(dim.constant * atom.divisor + atom.divisor - 1, atom.numerator, -1)


def _ordering(dim: Symbolic) -> Condition:
    plus, minus, constant = _sides(dim)
    if isinstance(plus, int):
        return Condition(minus, "<=", plus + constant)
    return Condition(plus, ">=", add(minus, -constant))


def _zero(dim: Dim, relation: Literal["==", "!="]) -> bool | Condition:
    if isinstance(dim, int):
        return (dim == 0) == (relation == "==")
    least, most = lower(dim), upper(dim)
    common = _content(dim)
    if (least is not None and least > 0) or (most is not None and most < 0) or dim.constant % common:
        return relation == "!="
    dim = _symbolic({monomial: coefficient // common for monomial, coefficient in dim.terms.items()})
    found = _divisibility(dim, relation)
    return _equation(dim, relation) if found is None else found


def _divisibility(dim: Symbolic, relation: Literal["==", "!="]) -> bool | Condition | None:
    """`e % d == r`, with no constant in `e`."""
    found, rest = remainders(dim)
    if len(found) != 1 or not isinstance(rest, int) or abs(found[0][0]) != 1:
        return None
    times, top, divisor = found[0]
    if isinstance(top, int) or not isinstance(divisor, int):
        return None
    wanted = -times * rest
    if not 0 <= wanted < divisor:  # no remainder is that: bounds do not see it through a symbolic divisor
        return relation == "!="
    return Condition(modulo(add(top, -top.constant), divisor), relation, (wanted - top.constant) % divisor)


def _equation(dim: Symbolic, relation: Literal["==", "!="]) -> Condition:
    plus, minus, constant = _sides(dim)
    if isinstance(plus, int) or (not isinstance(minus, int) and str(minus) < str(plus)):
        plus, minus, constant = minus, plus, -constant
    return Condition(plus, relation, add(minus, -constant))


def _sides(dim: Symbolic) -> tuple[Dim, Dim, int]:
    """`(a, b, c)` with `dim = a - b + c`: what is added, what is taken away (remainders kept whole), a number."""
    found, rest = remainders(dim)
    sides: list[Dim] = [0, 0]
    for times, top, divisor in found:
        sides[times < 0] = add(sides[times < 0], modulo(top, divisor), abs(times))
    terms = terms_of(rest)
    for monomial, coefficient in terms.items():
        if monomial:
            sides[coefficient < 0] = add(sides[coefficient < 0], from_terms({monomial: abs(coefficient)}))
    return sides[0], sides[1], terms.get((), 0)


def _content(dim: Symbolic) -> int:
    return gcd(*(coefficient for monomial, coefficient in dim.terms.items() if monomial))


def _symbolic(terms: Mapping[Monomial, int]) -> Symbolic:
    made = from_terms(terms)
    assert isinstance(made, Symbolic), "only the size of coefficients was changed"
    return made


class recording:  # noqa: N801  # read as a verb: `with recording() as conditions:`
    """Collects what is demanded within, in order, with the first place of each; the innermost one gets them."""

    def __init__(self) -> None:
        self.conditions: dict[Demand, Any] = {}
        self.place: Any = None

    def __enter__(self) -> dict[Demand, Any]:
        _recorders.append(self)
        return self.conditions

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _recorders.pop()  # they are entered and left like brackets

    def add(self, condition: Demand) -> None:
        """Keeps a condition that is new."""
        self.conditions.setdefault(condition, self.place)


_recorders: list[recording] = []


def stand_at(place: Any) -> None:
    """Says where what is demanded from here on stands."""
    if _recorders:
        _recorders[-1].place = place


def demand(truth: bool | Demand) -> bool:
    """Whether it may go on: a condition is recorded, to be decided when sizes are known.

    Raises: RuntimeError, where nobody records.
    """
    if isinstance(truth, bool):
        return truth
    if not _recorders:
        raise RuntimeError(f"nobody records the condition {truth}")
    _recorders[-1].add(truth)
    return True

"""Sizes that depend on symbols: polynomials over symbols, floor divisions, maxima and minima.

Every value is in normal form, so equal values are (nearly always) equal objects and a result that
does not depend on a symbol is a plain `int`. Symbols are positive integers. This module knows
arithmetic only: what sign a size has is `bounds.py`'s affair, what is demanded of it `condition.py`'s.

The normal form. A size is a sum of integer multiples of products of atoms. In `e // d` with a
number `d`, multiples of `d` are pulled out until every coefficient of `e` lies in `0 … d - 1` and
its constant in `-(d - 1) … 0`; common factors are cancelled; nested divisions are one. `e % d` is
`e - d * (e // d)`, and printed as `e % d`.
"""

from __future__ import annotations

from math import gcd, prod
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nnspec.shapes.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_TERMS = 2_000
MAX_BITS = 4_096
MAX_DEGREE = 64
MAX_WEIGHT = 20_000  # symbols and atoms in the whole expression, written out
MAX_DEPTH = 50  # divisions within divisions
MAX_WORK = 200_000  # products of terms in one multiplication
_LONG = 2**64


class DimTooLarge(Exception):  # noqa: N818  # it is a limit that the caller reports, not a fault
    """A size has become too large to compute with."""


class Symbol:
    """An unknown positive integer."""

    __slots__ = ("_hash", "depth", "key", "name", "range", "weight")

    def __init__(self, name: str) -> None:
        self.name = self.key = name
        self.weight = 1
        self.depth = 0
        self.range: tuple[int | None, int | None] | None = (1, None)
        self._hash = hash(name)

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Symbol and other.name == self.name)

    def __hash__(self) -> int:
        return self._hash

    def symbols(self) -> frozenset[str]:
        """Its own name."""
        return frozenset((self.name,))

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """Its value."""
        return sizes[self.name]


class Floor:
    """`numerator // divisor`, in normal form; made by `floor_div` only."""

    __slots__ = ("_hash", "depth", "divisor", "key", "numerator", "range", "weight")

    def __init__(self, numerator: Dim, divisor: Dim) -> None:
        self.numerator = numerator
        self.divisor = divisor
        self.key = f"~({_key(numerator)})//({_key(divisor)})"  # after all symbols
        self.weight = 1 + _weight(numerator) + _weight(divisor)
        self.depth = 1 + max(_depth(numerator), _depth(divisor))
        self.range: tuple[int | None, int | None] | None = None
        self._hash = hash(self.key)

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Floor and other._hash == self._hash and other.key == self.key)

    def __hash__(self) -> int:
        return self._hash

    def symbols(self) -> frozenset[str]:
        """The symbols of numerator and divisor."""
        return symbols_of(self.numerator) | symbols_of(self.divisor)

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """Its value.

        Raises: ZeroDivisionError, where a symbolic divisor is zero.
        """
        return evaluate(self.numerator, sizes) // evaluate(self.divisor, sizes)


class Extreme:
    """The largest or smallest of at least two sizes; made by `maximum` and `minimum` only."""

    __slots__ = ("_hash", "depth", "key", "kind", "members", "range", "weight")

    def __init__(self, kind: Literal["max", "min"], members: tuple[Dim, ...]) -> None:
        self.kind = kind
        self.members = tuple(sorted(members, key=lambda member: (isinstance(member, int), _key(member))))
        self.key = f"~~{kind}({','.join(_key(member) for member in self.members)})"
        self.weight = 1 + sum(_weight(member) for member in members)
        self.depth = 1 + max(_depth(member) for member in members)
        self.range: tuple[int | None, int | None] | None = None
        self._hash = hash(self.key)

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Extreme and other._hash == self._hash and other.key == self.key)

    def __hash__(self) -> int:
        return self._hash

    def symbols(self) -> frozenset[str]:
        """The symbols of all members."""
        return frozenset[str]().union(*(symbols_of(member) for member in self.members))

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """Its value."""
        values = [evaluate(member, sizes) for member in self.members]
        return max(values) if self.kind == "max" else min(values)


Atom: TypeAlias = "Symbol | Floor | Extreme"
Monomial: TypeAlias = tuple[tuple[Atom, int], ...]  # atoms with their powers, ordered by `key`; () is 1
Terms: TypeAlias = dict[Monomial, int]
Dim: TypeAlias = "int | Symbolic"


class Symbolic:
    """A size that depends on at least one symbol: immutable, equal by normal form, never ordered.

    `<` and truth are refused (TypeError): use `compare`.
    """

    __slots__ = ("_hash", "_key", "_terms", "_text", "depth", "weight")

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._hash: int | None = None
        self._key: str | None = None
        self._text: str | None = None
        weight, depth = len(terms), 0
        for monomial in terms:
            for atom, _ in monomial:
                weight += atom.weight
                depth = max(depth, atom.depth)
        self.weight = weight
        self.depth = depth

    @property
    def terms(self) -> Mapping[Monomial, int]:
        """Coefficients by monomial, none zero."""
        return self._terms

    @property
    def constant(self) -> int:
        """The coefficient of 1."""
        return self._terms.get((), 0)

    @property
    def symbols(self) -> frozenset[str]:
        """The names it depends on."""
        return frozenset[str]().union(*(atom.symbols() for atom in self.atoms()))

    def atoms(self) -> Iterator[Atom]:
        """The atoms of all its terms; one may come more than once."""
        return (atom for monomial in self._terms for atom, _ in monomial)

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """Its value for given symbols.

        Raises: KeyError, for a symbol without value; ZeroDivisionError, where a symbolic divisor is zero.
        """
        return sum(
            coefficient * prod(atom.evaluate(sizes) ** power for atom, power in monomial)
            for monomial, coefficient in self._terms.items()
        )

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Symbolic) and self._terms == other._terms)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._terms.items()))
        return self._hash

    def __bool__(self) -> bool:
        raise TypeError(f"whether {self} is zero is not known: use `compare`")

    def __str__(self) -> str:
        if self._text is None:
            from nnspec.shapes.dim_text import symbolic_text  # it does arithmetic on sizes itself

            self._text = symbolic_text(self)
        return self._text

    __repr__ = __str__

    def __add__(self, other: Dim) -> Dim:
        return add(self, other) if isinstance(other, int | Symbolic) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Dim) -> Dim:
        return add(self, other, -1) if isinstance(other, int | Symbolic) else NotImplemented

    def __rsub__(self, other: int) -> Dim:
        return add(other, self, -1) if isinstance(other, int) else NotImplemented

    def __mul__(self, other: Dim) -> Dim:
        return multiply(self, other) if isinstance(other, int | Symbolic) else NotImplemented

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return floor_div(self, other) if isinstance(other, int | Symbolic) else NotImplemented

    def __rfloordiv__(self, other: int) -> Dim:
        return floor_div(other, self) if isinstance(other, int) else NotImplemented

    def __mod__(self, other: Dim) -> Dim:
        return modulo(self, other) if isinstance(other, int | Symbolic) else NotImplemented

    def __rmod__(self, other: int) -> Dim:
        return modulo(other, self) if isinstance(other, int) else NotImplemented

    def __neg__(self) -> Symbolic:
        return Symbolic({monomial: -coefficient for monomial, coefficient in self._terms.items()})

    def __pos__(self) -> Symbolic:
        return self

    def __abs__(self) -> Dim:
        from nnspec.shapes.bounds import maximum  # which needs this module

        return maximum(self, -self)


def of_atom(atom: Atom) -> Symbolic:
    """The atom as a size."""
    return Symbolic({((atom, 1),): 1})


def symbols_of(dim: Dim) -> frozenset[str]:
    """The symbols of a size; a number has none."""
    return frozenset() if isinstance(dim, int) else dim.symbols


def evaluate(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The value of a size for given symbols."""
    return dim if isinstance(dim, int) else dim.evaluate(sizes)


def terms_of(dim: Dim) -> Mapping[Monomial, int]:
    """Coefficients by monomial, also of a number."""
    if isinstance(dim, int):
        return {(): dim} if dim else {}
    return dim.terms


def from_terms(terms: Mapping[Monomial, int]) -> Dim:
    """The size with these coefficients; a number where it is constant.

    Raises: DimTooLarge.
    """
    Work.terms += len(terms)
    kept = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    for coefficient in kept.values():
        if coefficient.bit_length() > MAX_BITS:
            raise DimTooLarge(f"a size has a number of more than {MAX_BITS} bits")
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    if len(kept) > MAX_TERMS:
        raise DimTooLarge(f"a symbolic size has more than {MAX_TERMS} terms")
    for monomial in kept:
        degree = 0
        for _, power in monomial:
            degree += power
        if degree > MAX_DEGREE:
            raise DimTooLarge(f"a symbolic size is a product of more than {MAX_DEGREE} factors")
    made = Symbolic(kept)
    if made.weight > MAX_WEIGHT:
        raise DimTooLarge(f"a symbolic size has more than {MAX_WEIGHT} parts")
    if made.depth > MAX_DEPTH:
        raise DimTooLarge(f"a symbolic size has divisions nested more than {MAX_DEPTH} deep")
    return made


def add(a: Dim, b: Dim, times: int = 1) -> Dim:
    """`a + times * b`."""
    if not isinstance(b, Symbolic) and b == 0:
        return a
    found = dict(terms_of(a))
    for monomial, coefficient in terms_of(b).items():
        found[monomial] = found.get(monomial, 0) + times * coefficient
    return from_terms(found)


def multiply(a: Dim, b: Dim) -> Dim:
    """The product."""
    return from_terms(multiply_terms(terms_of(a), terms_of(b)))


def multiply_terms(a: Mapping[Monomial, int], b: Mapping[Monomial, int]) -> Terms:
    """The product of two sums, not yet checked against the limits.

    Raises: DimTooLarge, where multiplying out would take long.
    """
    if len(a) * len(b) > MAX_WORK:
        raise DimTooLarge(f"a symbolic size has more than {MAX_TERMS} terms")
    Work.terms += len(a) * len(b)
    found: Terms = {}
    for left, times in a.items():
        for right, coefficient in b.items():
            monomial = join(left, right)
            found[monomial] = found.get(monomial, 0) + times * coefficient
    return found


def join(a: Monomial, b: Monomial, sign: int = 1) -> Monomial:
    """The product of two monomials, or their quotient for `sign=-1` (powers may then be negative)."""
    if not b:
        return a
    if not a and sign == 1:
        return b
    powers = dict(a)
    for atom, power in b:
        powers[atom] = powers.get(atom, 0) + sign * power
    return tuple(sorted(((atom, power) for atom, power in powers.items() if power), key=_by_key))


def modulo(a: Dim, b: Dim) -> Dim:
    """`a % b`, with the sign of `b` as in Python."""
    return add(a, multiply(b, floor_div(a, b)), -1)


def floor_div(a: Dim, b: Dim) -> Dim:
    """`a // b`, rounded down.

    Raises: ZeroDivisionError.
    """
    if isinstance(b, int):
        if isinstance(a, int) or b == 0:
            return (a if isinstance(a, int) else 0) // b  # a size is only ever divided by zero here
        a, b = (a, b) if b > 0 else (-a, -b)
        if b.bit_length() > MAX_BITS:
            raise DimTooLarge(f"a size is divided by a number of more than {MAX_BITS} bits")
        return a if b == 1 else _divide_by_number(a, b)
    return _divide(a, b)


def ceil_div(a: Dim, b: Dim) -> Dim:
    """`a / b`, rounded up.

    Raises: ZeroDivisionError.
    """
    if isinstance(b, int) and b > 0:
        return floor_div(add(a, b - 1), b)  # so that equal sizes meet: `ceil(H / 2)` is `(H - 1) // 2 + 1`
    return -floor_div(-a, b)


def _divide_by_number(a: Symbolic, divisor: int) -> Dim:
    quotient: Terms = {}
    rest: Terms = {}
    for monomial, coefficient in a.terms.items():
        quotient[monomial] = coefficient // divisor if monomial else -(-coefficient // divisor)
        rest[monomial] = coefficient - quotient[monomial] * divisor
    remainder = from_terms(rest)
    if isinstance(remainder, int):
        return add(from_terms(quotient), remainder // divisor)
    return add(from_terms(quotient), _reduced(remainder, divisor))


def _reduced(rest: Symbolic, divisor: int) -> Dim:
    """`rest // divisor`, where no multiple of the divisor is left to pull out."""
    common = gcd(divisor, *(coefficient for monomial, coefficient in rest.terms.items() if monomial))
    if common > 1:
        smaller = from_terms({monomial: coefficient // common for monomial, coefficient in rest.terms.items()})
        return floor_div(smaller, divisor // common)
    inner = _inner_floor(rest)
    if inner is None:
        return of_atom(Floor(rest, divisor))
    if isinstance(inner.divisor, int):  # ((e // a) + c) // b  =  (e + a * c) // (a * b)
        outside = add(rest, of_atom(inner), -1)
        return floor_div(add(inner.numerator, outside, inner.divisor), inner.divisor * divisor)
    if len(rest.terms) == 1:
        return floor_div(inner.numerator, multiply(inner.divisor, divisor))
    return of_atom(Floor(rest, divisor))


def _inner_floor(rest: Symbolic) -> Floor | None:
    """The one division in it, if there is just one and it stands alone in its term."""
    found = [(m, c) for m, c in rest.terms.items() if any(not isinstance(atom, Symbol) for atom, _ in m)]
    if len(found) != 1 or found[0][1] != 1 or len(found[0][0]) != 1:
        return None
    atom, power = found[0][0][0]
    return atom if isinstance(atom, Floor) and power == 1 else None


def _divide(a: Dim, divisor: Symbolic) -> Dim:
    """`a // divisor`; a divisor of zero shows up only when sizes are known."""
    if a == 0:
        return 0
    top, bottom = _cancelled(terms_of(a), divisor.terms)
    lead = max(bottom, key=_by_degree)
    if bottom[lead] < 0:
        top = {monomial: -coefficient for monomial, coefficient in top.items()}
        bottom = {monomial: -coefficient for monomial, coefficient in bottom.items()}
    smaller = from_terms(bottom)
    if isinstance(smaller, int):
        return floor_div(from_terms(top), smaller)
    quotient, rest = _pull_out(top, bottom)
    if not rest:
        return from_terms(quotient)
    if quotient:
        return add(from_terms(quotient), _divide(from_terms(rest), smaller))
    return from_terms({((Floor(from_terms(rest), smaller), 1),): 1})


def _cancelled(a: Mapping[Monomial, int], b: Mapping[Monomial, int]) -> tuple[Terms, Terms]:
    """Both without their common numeric factor and the atoms that divide every term."""
    number = gcd(*a.values(), *b.values())
    powers = dict(next(iter(b)))
    for monomial in (*a, *b):
        own = dict(monomial)
        powers = {atom: min(power, own[atom]) for atom, power in powers.items() if atom in own}
    common = tuple(sorted(powers.items(), key=_by_key))
    return tuple(  # type: ignore[return-value]  # mypy does not count the items
        {join(monomial, common, -1): coefficient // number for monomial, coefficient in terms.items()}
        for terms in (a, b)
    )


def _pull_out(a: Terms, b: Terms) -> tuple[Terms, Terms]:
    """`(q, r)` with `a = q * b + r`; `q` is empty unless `b` is one term or divides without remainder."""
    if len(b) > 1:
        quotient = _exact_quotient(a, b)
        return ({}, a) if quotient is None else (quotient, {})
    ((lead, divisor),) = b.items()
    quotient, rest = {}, dict(a)
    for monomial, coefficient in a.items():
        over = join(monomial, lead, -1)
        if all(power > 0 for _, power in over) and coefficient // divisor:
            quotient[over] = coefficient // divisor
            rest[monomial] -= quotient[over] * divisor
    return quotient, {monomial: coefficient for monomial, coefficient in rest.items() if coefficient}


def _exact_quotient(a: Terms, b: Terms) -> Terms | None:
    order = _lexicographic({atom for terms in (a, b) for monomial in terms for atom, _ in monomial})
    lead = max(b, key=order)
    quotient: Terms = {}
    rest = dict(a)
    while rest:
        top = max(rest, key=order)
        over = join(top, lead, -1)
        if any(power < 0 for _, power in over) or rest[top] % b[lead] or len(quotient) >= 100:
            return None
        quotient[over] = rest[top] // b[lead]
        for monomial, coefficient in b.items():
            shared = join(monomial, over)
            rest[shared] = rest.get(shared, 0) - coefficient * quotient[over]
            if not rest[shared]:
                del rest[shared]
    return quotient


def _lexicographic(atoms: set[Atom]) -> Any:
    ordered = sorted(atoms, key=lambda atom: atom.key)
    return lambda monomial: [dict(monomial).get(atom, 0) for atom in ordered]


def _by_key(item: tuple[Atom, int]) -> str:
    return item[0].key


def _by_degree(monomial: Monomial) -> tuple[int, list[tuple[str, int]]]:
    return sum(power for _, power in monomial), [(atom.key, power) for atom, power in monomial]


def _key(dim: Dim) -> str:
    """A text that two sizes share only if they are equal; for ordering, not for reading."""
    if isinstance(dim, int):
        return str(dim) if -_LONG < dim < _LONG else hex(dim)  # decimals of a long number take long
    if dim._key is None:
        parts = ("*".join([_key(c), *(f"{atom.key}^{power}" for atom, power in m)]) for m, c in dim.terms.items())
        dim._key = "+".join(sorted(parts))
    return dim._key


def _weight(dim: Dim) -> int:
    return 1 if isinstance(dim, int) else dim.weight


def _depth(dim: Dim) -> int:
    return 0 if isinstance(dim, int) else dim.depth

"""Sizes as they are where their symbols lie in given sets: `H // 8 * 8` is `H` where `H % 8 == 0`.

Each symbol is replaced by one that counts the members of its set. Floors that are exact there vanish by that; what is
left is a polynomial, written in the old symbols again where its coefficients are whole numbers.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

from nnspec.shapes.substitute import member, substitute
from nnspec.shapes.symbolic import (
    DimTooLarge,
    Symbol,
    Symbolic,
    add,
    floor_div,
    from_terms,
    multiply,
    of_atom,
    symbols_of,
    terms_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.shapes.size_set import Progression
    from nnspec.shapes.symbolic import Dim, Monomial

    Sets = Mapping[str, Progression]
    Terms = dict[Monomial, Fraction]


def within(dim: Dim, sets: Sets) -> Dim:
    """The size in its shortest form that is equal wherever the symbols lie in their sets."""
    if not isinstance(dim, Symbolic):
        return dim
    try:
        counted = substitute(dim, {name: member(name, sets[name]) for name in symbols_of(dim) if name in sets})
        found = _in_symbols(counted, sets)
    except DimTooLarge:
        return dim
    return dim if found is None or len(str(found)) > len(str(dim)) else found


def _in_symbols(counted: Dim, sets: Sets) -> Dim | None:
    """What counts members, in the symbols themselves; None where that takes fractions."""
    if isinstance(counted, int):
        return counted
    found: Terms = {}
    for monomial, coefficient in counted.terms.items():
        product: Terms = {(): Fraction(coefficient)}
        for atom, power in monomial:
            if not isinstance(atom, Symbol):
                return None
            for _ in range(power):
                product = _multiplied(product, atom, sets.get(atom.name))
        for term, factor in product.items():
            found[term] = found.get(term, Fraction(0)) + factor
    if all(factor.denominator == 1 for factor in found.values()):
        return from_terms({term: int(factor) for term, factor in found.items() if factor})
    names = symbols_of(counted)
    return _by_floor(counted, next(iter(names)), sets) if len(names) == 1 else None


def _multiplied(terms: Terms, atom: Symbol, found: Progression | None) -> Terms:
    """The terms times the number of a member: `(H - least) / step + 1`."""
    scale, shift = (Fraction(1), Fraction(0)) if found is None else (Fraction(1, found.step), _shift(found))
    product: Terms = {}
    for term, factor in terms.items():
        (higher,) = terms_of(multiply(of_atom(atom), from_terms({term: 1})))
        product[higher] = product.get(higher, Fraction(0)) + factor * scale
        product[term] = product.get(term, Fraction(0)) + factor * shift
    return product


def _shift(found: Progression) -> Fraction:
    return 1 - Fraction(found.least, found.step)


def _by_floor(counted: Symbolic, name: str, sets: Sets) -> Dim | None:
    """`H // 4 * 3 + 1` for a line that is no multiple of the symbol."""
    terms, symbol, found = terms_of(counted), of_atom(Symbol(name)), sets[name]
    (line,) = terms_of(symbol)
    if set(terms) - {(), line}:
        return None
    common = gcd(terms[line], found.step)
    slope, divisor = terms[line] // common, found.step // common
    least = terms[line] + terms.get((), 0)  # at the first member
    return add(multiply(floor_div(symbol, divisor), slope), least - slope * (found.least // divisor))

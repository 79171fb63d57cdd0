"""Sizes of axes: plain numbers, or exact expressions in symbols. The one door to symbolic sizes.

Operators write `(w - f + p) // s + 1` once, for both. Everything is imported from here; how it is
done is in `symbolic.py`, `bounds.py`, `dim_text.py` and `condition.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from nnspec.shapes.bounds import lower, maximum, minimum, upper
from nnspec.shapes.condition import Condition, Relation, compare, demand, recording
from nnspec.shapes.symbolic import (
    MAX_BITS,
    Dim,
    DimTooLarge,
    Monomial,
    Symbol,
    Symbolic,
    ceil_div,
    evaluate,
    floor_div,
    from_terms,
    of_atom,
    symbols_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def symbol(name: str) -> Symbolic:
    """The size called `name`: an unknown positive integer."""
    return of_atom(Symbol(name))


def is_known(dim: Dim) -> TypeGuard[int]:
    """Whether the size is a number."""
    return isinstance(dim, int)


def product(dims: Iterable[Dim]) -> Dim:
    """All sizes multiplied; 1 for none.

    Raises: DimTooLarge.
    """
    found: Dim = 1
    for dim in dims:
        found = found * dim
        if isinstance(found, int) and found.bit_length() > MAX_BITS:
            raise _too_large()
    return found


def total(dims: Iterable[Dim]) -> Dim:
    """All sizes added; 0 for none.

    Raises: DimTooLarge.
    """
    number = 0
    terms: dict[Monomial, int] = {}
    for dim in dims:
        if isinstance(dim, int):
            number += dim
            continue
        for monomial, coefficient in dim.terms.items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
    if not terms:
        if number.bit_length() > MAX_BITS:
            raise _too_large()
        return number
    terms[()] = terms.get((), 0) + number
    return from_terms(terms)


def _too_large() -> DimTooLarge:
    return DimTooLarge(f"a size has more than {MAX_BITS} bits")


__all__ = [
    "Condition", "Dim", "DimTooLarge", "Relation", "Symbolic",
    "ceil_div", "compare", "demand", "evaluate", "floor_div", "is_known", "lower", "maximum", "minimum",
    "product", "recording", "symbol", "symbols_of", "total", "upper",
]  # fmt: skip

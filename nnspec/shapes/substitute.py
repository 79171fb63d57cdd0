"""Puts sizes in the place of symbols, and sees what a condition on several symbols comes to by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.shapes.bounds import maximum, minimum
from nnspec.shapes.condition import Condition, compare
from nnspec.shapes.symbolic import DimTooLarge, Floor, Symbol, Symbolic, add, floor_div, multiply, of_atom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.shapes.alternatives import Demand
    from nnspec.shapes.size_set import Progression
    from nnspec.shapes.symbolic import Atom, Dim


def truth_within(demand: Demand, sets: Mapping[str, Progression]) -> bool | None:
    """Whether a condition holds wherever its symbols lie in these sets, or nowhere; None where neither is certain."""
    if not isinstance(demand, Condition):
        return None
    values = {name: member(name, found) for name, found in sets.items() if name in demand.symbols}
    try:
        truth = compare(substitute(demand.left, values), demand.relation, substitute(demand.right, values))
    except DimTooLarge:
        return None
    return truth if isinstance(truth, bool) else None


def member(name: str, found: Progression) -> Dim:
    """Any member of a set, by a symbol that counts them from 1."""
    if found.least == found.most:
        return found.least
    return add(multiply(of_atom(Symbol(name)), found.step), found.least - found.step)


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """The size with values for some symbols.

    Raises: DimTooLarge.
    """
    if not isinstance(dim, Symbolic):
        return dim
    found: Dim = 0
    for monomial, coefficient in dim.terms.items():
        product: Dim = coefficient
        for atom, power in monomial:
            value = _value(atom, values)
            for _ in range(power):
                product = multiply(product, value)
        found = add(found, product)
    return found


def _value(atom: Atom, values: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Symbol):
        return values.get(atom.name, of_atom(atom))
    if isinstance(atom, Floor):
        return floor_div(substitute(atom.numerator, values), substitute(atom.divisor, values))
    members = [substitute(member, values) for member in atom.members]
    return maximum(*members) if atom.kind == "max" else minimum(*members)

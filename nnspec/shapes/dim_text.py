"""Prints symbolic sizes as Python expressions: `(H - 1) // 2 + 1`, `H * W * 64`, `H % 16`.

Terms that are added come first, then those taken away, the constant last (first where nothing else
is added); among them products of more factors first, then higher powers, then the alphabet. A
number multiplies at the end. Brackets stand only where Python needs them.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, TypeAlias

from nnspec.shapes.symbolic import (
    Atom,
    Dim,
    Floor,
    Monomial,
    Symbol,
    Symbolic,
    add,
    floor_div,
    from_terms,
    modulo,
    multiply,
    of_atom,
    terms_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Remainder: TypeAlias = tuple[int, Dim, Dim]  # times, e, d: times * (e % d)
SUM, PRODUCT, FACTOR = 0, 1, 2  # how tightly a text binds


def symbolic_text(dim: Symbolic) -> str:
    """The size as a Python expression."""
    added, taken, constant = _signed_parts(dim)
    if not added and constant > 0:
        added, constant = [str(constant)], 0
    text = " + ".join(added)
    if taken and not added:
        text, taken = _negative(taken[0]), taken[1:]
    text += "".join(f" - {part}" for part in taken)
    return text + (f" {'+' if constant > 0 else '-'} {abs(constant)}" if constant else "")


def remainders(dim: Symbolic) -> tuple[list[Remainder], Dim]:
    """The size as a sum of remainders and the rest: `H - 16 * (H // 16)` is `H % 16` and 0."""
    found: list[Remainder] = []
    rest: Dim = dim
    for monomial in dim.terms:
        if isinstance(rest, int):
            break
        remainder = _remainder(rest, monomial) if monomial in rest.terms else None
        if remainder is not None:
            times, top, divisor = remainder
            found.append(remainder)
            rest = add(rest, modulo(top, divisor), -times)
    return found, rest


def _signed_parts(dim: Symbolic) -> tuple[list[str], list[str], int]:
    """The texts of what is added and of what is taken away, in order, and the constant."""
    found, rest = remainders(dim)
    texts = [
        ((-1, -1), times, _scaled(f"{_factor(top, PRODUCT)} % {_factor(divisor, FACTOR)}", times))
        for times, top, divisor in found
    ]
    terms = terms_of(rest)
    for monomial, times in terms.items():
        if monomial:
            powers = [power for _, power in monomial]
            texts.append(((-sum(powers), -max(powers)), times, _scaled(_product(monomial), times)))
    texts.sort(key=lambda part: (part[0], part[2]))
    added = [text for _, times, text in texts if times > 0]
    taken = [text for _, times, text in texts if times < 0]
    return added, taken, terms.get((), 0)


def _negative(text: str) -> str:
    """`-text`, where a minus binds tighter than `//` and `%`."""
    return f"-({text})" if "//" in text or "%" in text else f"-{text}"


def _scaled(text: str, times: int) -> str:
    return text if abs(times) == 1 else f"{text} * {abs(times)}"


def _product(monomial: Monomial) -> str:
    first, *others = sorted(monomial, key=lambda item: not isinstance(item[0], Symbol))
    return " * ".join([_power(*first, leads=True), *(_power(*item, leads=False) for item in others)])


def _power(atom: Atom, power: int, leads: bool) -> str:
    text = _atom(atom)
    if isinstance(atom, Floor) and (power > 1 or not leads):
        text = f"({text})"
    return f"{text}**{power}" if power > 1 else text


def _atom(atom: Atom) -> str:
    if isinstance(atom, Symbol):
        return atom.name
    if isinstance(atom, Floor):
        return f"{_factor(atom.numerator, PRODUCT)} // {_factor(atom.divisor, FACTOR)}"
    return f"{atom.kind}({', '.join(str(member) for member in atom.members)})"


def _factor(dim: Dim, needed: int) -> str:
    """The text of a size, in brackets unless it binds as tightly as needed."""
    return str(dim) if _binding(dim) >= needed else f"({dim})"


def _binding(dim: Dim) -> int:
    if isinstance(dim, int):
        return FACTOR if dim >= 0 else SUM
    added, taken, constant = _signed_parts(dim)
    if taken or constant or len(added) > 1:
        return SUM
    return PRODUCT if " // " in added[0] or " * " in added[0] or " % " in added[0] else FACTOR


def _remainder(dim: Symbolic, monomial: Monomial) -> Remainder | None:
    """The remainder whose `- times * d * (e // d)` this term is, if the size holds `times * e` too."""
    for atom, power in monomial:
        if isinstance(atom, Floor) and power == 1:
            for remainder in _candidates(dim, monomial, atom):
                if _holds(dim, monomial, atom, remainder):
                    return remainder
    return None


def _candidates(dim: Symbolic, monomial: Monomial, atom: Floor) -> Iterator[Remainder]:
    coefficient = dim.terms[monomial]
    if len(monomial) > 1:  # times the divisor's own symbols: W * (H // W)
        number = 0 if isinstance(atom.divisor, int) else next(iter(atom.divisor.terms.values()))
        if number and coefficient % number == 0:
            yield -coefficient // number, atom.numerator, atom.divisor
        return
    sign = -1 if coefficient > 0 else 1
    common = gcd(*terms_of(atom.divisor).values())
    for times in sorted({abs(other) for other in dim.terms.values()}):
        divisor, odd = divmod(abs(coefficient), times)
        if not odd and divisor > 1 and common % divisor == 0:
            yield sign * times, floor_div(atom.numerator, floor_div(atom.divisor, divisor)), divisor


def _holds(dim: Symbolic, monomial: Monomial, atom: Floor, remainder: Remainder) -> bool:
    times, top, divisor = remainder
    if floor_div(top, divisor) != of_atom(atom):
        return False
    if multiply(multiply(divisor, of_atom(atom)), -times) != from_terms({monomial: dim.terms[monomial]}):
        return False
    wanted = terms_of(top)
    if isinstance(top, int):
        return dim.constant == times * top
    return all(dim.terms.get(part) == times * coefficient for part, coefficient in wanted.items() if part)

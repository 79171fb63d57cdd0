"""Numbers for people: thousands apart, large ones rounded; of symbolic sizes the numbers in them, never rounded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnspec.shapes.dim import symbols_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.shapes.dim import Dim

_LONGEST = 56  # characters of a symbolic amount
_LONG = re.compile(r"(?<![A-Za-z0-9_])[0-9]{4,}")
_OPERATION = re.compile(r" [-+*/%]")
_UNITS = ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def grouped(number: Dim) -> str:
    """`138,357,544`."""
    return f"{number:,}" if isinstance(number, int) else _LONG.sub(lambda digits: f"{int(digits[0]):,}", str(number))


def rounded(number: Dim) -> str:
    """`15.47 G`, and below ten thousand the number itself."""
    if not isinstance(number, int) or number < 10_000:
        return grouped(number)
    size, unit = next(((size, unit) for size, unit in _UNITS if number >= size), (1, ""))
    hundredths = (number * 100 + size // 2) // size  # exact, whatever the size of the number
    return f"{hundredths // 100:,}.{hundredths % 100:02d} {unit}"


def memory(number: Dim) -> str:
    """`1.53 MB`, in powers of ten."""
    if not isinstance(number, int) or number < 10_000:
        return of(grouped(number), "B")
    return f"{rounded(number)}B"


def cost(number: Dim, what: str) -> str:
    """`1,562 params`, `15.47 G MACs`; of a long symbolic amount what it depends on."""
    shown = rounded(number) if what == "MACs" else grouped(number)
    if isinstance(number, int) or len(shown) <= _LONGEST:
        return of(shown, what)
    return f"{what} that depend on {' and '.join(sorted(symbols_of(number)))}"


def brief(number: Dim, show: Callable[[Dim], str]) -> str:
    """An amount in a table: of a long symbolic one what it depends on."""
    shown = show(number)
    if isinstance(number, int) or len(shown) <= _LONGEST:
        return shown
    return f"depends on {' and '.join(sorted(symbols_of(number)))}"


def of(figure: str, what: str) -> str:
    """`1,562 params`, `(T * 600) params`: a sum or product of sizes stands in brackets before what it counts."""
    return f"({figure}) {what}" if _OPERATION.search(figure) else f"{figure} {what}"


def amount(number: int, noun: str) -> str:
    """`1 layer`, `37 layers`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

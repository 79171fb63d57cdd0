"""Numbers for people: thousands apart, large ones rounded; symbolic sizes as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnspec.shapes.dim import Dim

_UNITS = ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def grouped(number: Dim) -> str:
    """`138,357,544`."""
    return f"{number:,}" if isinstance(number, int) else str(number)


def rounded(number: Dim) -> str:
    """`15.47 G`, and below ten thousand the number itself."""
    if not isinstance(number, int):
        return f"({number})" if " " in str(number) else str(number)
    if number < 10_000:
        return f"{number:,}"
    size, unit = next(((size, unit) for size, unit in _UNITS if number >= size), (1, ""))
    hundredths = (number * 100 + size // 2) // size  # exact, whatever the size of the number
    return f"{hundredths // 100:,}.{hundredths % 100:02d} {unit}"


def memory(number: Dim) -> str:
    """`1.53 MB`, in powers of ten."""
    if not isinstance(number, int):
        return f"{rounded(number)} B"
    if number < 10_000:
        return f"{number:,} B"
    return f"{rounded(number)}B"


def amount(number: int, noun: str) -> str:
    """`1 layer`, `37 layers`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

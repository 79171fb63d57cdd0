"""Which dtypes tensors have, and what becomes of them in a layer, as in Keras under its default policy.

It knows no operator and no framework.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

FLOATS = ("float16", "bfloat16", "float32", "float64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
SIGNED = ("int8", "int16", "int32", "int64")

DTYPES = (*FLOATS, *SIGNED, *UNSIGNED, "bool", "string")


def is_float(dtype: str) -> bool:
    """Whether the values are floating-point numbers."""
    return dtype in FLOATS


def cast(dtype: str) -> str:
    """What a layer computes in: every float is cast to float32, all else stays."""
    return "float32" if dtype in FLOATS else dtype


def is_number(dtype: str) -> bool:
    """Whether the values can be calculated with."""
    return dtype not in ("bool", "string")


def joined(dtypes: Iterable[str]) -> str:
    """The dtype that a merge of numbers computes in: float32 where one is a float, else the wider whole number.

    Source: `keras.backend.result_type`.
    """
    found = [cast(dtype) for dtype in dtypes]
    result = found[0]
    for dtype in found[1:]:
        result = _wider(result, dtype)
    return result


def _wider(a: str, b: str) -> str:
    if a == b or "float32" in (a, b) or "string" in (a, b):
        return a if a == b or a == "float32" else b
    if "bool" in (a, b):
        return b if a == "bool" else a
    same = next((family for family in (SIGNED, UNSIGNED) if a in family and b in family), None)
    if same:
        return max(a, b, key=same.index)
    signed, unsigned = (a, b) if a in SIGNED else (b, a)
    if unsigned == "uint64":
        return "float32"
    return SIGNED[max(SIGNED.index(signed), UNSIGNED.index(unsigned) + 1)]


@cache
def bytes_of(dtype: str) -> int:
    """The bytes of one value; a text's length is not known and counts as 0."""
    if dtype == "bool":
        return 1
    digits = "".join(char for char in dtype if char.isdigit())
    return int(digits) // 8 if digits else 0

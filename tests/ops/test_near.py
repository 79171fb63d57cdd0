"""Values near to another one: each is of the kind, and none is the value itself."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from nnspec.ops.index import OPERATORS
from nnspec.ops.kinds import Flag, Integer, Many, OneOf, Padding, PerAxis, Word
from nnspec.ops.operator import REQUIRED
from nnspec.ops.registry import find_operator

SIZES = (1, 7, 8, 64, 192)


def again(kind: Any, value: Any) -> Any:
    """The value as it would be read from a spec."""
    if isinstance(value, str):
        return kind.read(Word(value))
    return kind.read(value)


@pytest.mark.parametrize("name", OPERATORS)
def test_values_near_to_defaults_are_of_the_kind(name: str) -> None:
    for declared in find_operator(name).params.values():
        for value in (declared.default, 3, (3, 5)):
            if value is REQUIRED or (value is not declared.default and not _takes(declared.kind, value)):
                continue
            for near in islice(declared.kind.near(value, SIZES), 200):
                assert near != value or type(near) is not type(value)
                assert again(declared.kind, near) == near


def _takes(kind: Any, value: Any) -> bool:
    return isinstance(kind, Integer) if isinstance(value, int) else isinstance(kind, PerAxis)


def test_numbers_come_in_the_order_of_their_distance() -> None:
    near = list(Integer(ge=1).near(9, (8,)))
    assert near[:4] == [8, 10, 7, 11]
    assert 1 in near  # it divides 8
    assert min(near) >= 1


def test_other_kinds() -> None:
    assert list(Flag().near(True, ())) == [False]
    assert list(OneOf("a", "b", "c").near("b", ())) == ["a", "c"]
    assert list(Padding("valid", "same").near("valid", ()))[:2] == ["same", 1]
    assert (3, 3) in list(PerAxis().near((3, 3, 3), ()))
    assert 8 in list(PerAxis().near(9, (8,)))
    assert (64, 3) in list(Many(Integer(ge=1)).near((64, 4), (192,)))

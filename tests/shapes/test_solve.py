"""Combined conditions against trying every size from 1 to 600."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnspec.shapes.alternatives import Demand, any_of
from nnspec.shapes.dim import Condition, Dim, ceil_div, compare, maximum, minimum, symbol
from nnspec.shapes.nearest import nearest
from nnspec.shapes.solve import Unsatisfiable, simplify

H, W = symbol("H"), symbol("W")


def texts(*truths: bool | Demand) -> list[str]:
    found = simplify([truth for truth in truths if not isinstance(truth, bool)])
    assert isinstance(found, list)
    return [str(condition) for condition in found]


def holds(conditions: list[Demand], size: int) -> bool:
    return all(condition.evaluate({"H": size}) for condition in conditions)


leaves: st.SearchStrategy[Dim] = st.one_of(st.integers(-9, 30), st.just(H))


def grown(inner: st.SearchStrategy[Dim]) -> st.SearchStrategy[Dim]:
    return st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, b: a * b, inner, st.integers(-4, 4)),
        st.builds(lambda a, b: a // b, inner, st.sampled_from([2, 3, 4, 5, 8])),
        st.builds(lambda a, b: a % b, inner, st.sampled_from([2, 3, 4, 6])),
        st.builds(ceil_div, inner, st.sampled_from([2, 3, 4])),
        st.builds(maximum, inner, inner),
        st.builds(minimum, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
    )


sizes = st.recursive(leaves, grown, max_leaves=7)
comparisons = st.tuples(sizes, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), sizes)
alternatives = st.lists(comparisons, min_size=1, max_size=3)


@settings(max_examples=500, deadline=None)
@given(st.lists(alternatives, min_size=1, max_size=4))
def test_the_same_sizes_are_allowed_as_before(demands: list[Any]) -> None:
    truths = [any_of(*(compare(*each) for each in demand)) for demand in demands]
    conditions = [truth for truth in truths if not isinstance(truth, bool)]
    found = simplify(conditions)
    for size in range(1, 601):
        before = holds(conditions, size)
        after = not isinstance(found, Unsatisfiable) and holds(found, size)
        assert before == after, (size, conditions, found)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 39), st.booleans())
def test_least_and_remainder_are_found_again(least: int, step: int, residue: int, doubled: bool) -> None:
    conditions = [compare(H, ">=", least), compare(H % step, "==", residue % step)]
    if doubled:
        conditions.append(compare(ceil_div(H + 5, 3), ">=", -(-(least + 5) // 3)))
    allowed = [n for n in range(1, 600) if n >= least and n % step == residue % step]
    found = simplify([condition for condition in conditions if isinstance(condition, Condition)])
    assert isinstance(found, list)
    assert [n for n in range(1, 600) if holds(found, n)] == allowed
    assert len(found) <= 2
    assert {condition.relation for condition in found} <= {">=", "=="}


def valid_unet(size: Dim) -> list[bool | Condition]:
    """The sizes of the U-Net of 2015: two windows of 3 on every level, maps cropped to what comes up."""
    demands: list[bool | Condition] = []

    def double(size: Dim) -> Dim:
        for _ in range(2):
            demands.append(compare(size, ">=", 3))
            size = size - 2
        return size

    skips = []
    for _ in range(4):
        size = double(size)
        skips.append(size)
        demands.append(compare(size, ">=", 2))
        size = (size - 2) // 2 + 1
    size = double(size)
    for skip in reversed(skips):
        size = size * 2
        demands.append(compare(skip, ">=", size))
        size = double(size)
    return demands


def by_trying(demands: list[bool | Condition], sizes: range) -> list[int]:
    return [n for n in sizes if all(d if isinstance(d, bool) else d.evaluate({"H": n}) for d in demands)]


def test_valid_unet() -> None:
    assert texts(*valid_unet(H)) == ["H >= 188"]
    assert by_trying(valid_unet(H), range(1, 600)) == list(range(188, 600))
    assert all(truth is True for truth in valid_unet(188))
    assert not all(truth is True for truth in valid_unet(187))


def test_same_unet() -> None:
    demands: list[bool | Condition] = []
    size: Dim = H
    skips: list[Dim] = []
    for _ in range(4):
        demands.append(compare(size, ">=", 2))
        skips.append(size)
        size = size // 2
    for skip in reversed(skips):
        size = size * 2
        demands.append(compare(size, "==", skip))
    assert texts(*demands) == ["H % 16 == 0"]


def test_two_symbols_do_not_mix() -> None:
    mixed = compare(H + W, ">=", 400)
    assert texts(*valid_unet(H), mixed, *valid_unet(W)) == ["H >= 188", "W >= 188", "H + W >= 400"]


@pytest.mark.parametrize(
    ("demands", "expected"),
    [
        ([compare(H + W, ">=", 9), compare(H, ">=", 6), compare(W, ">=", 3)], ["H >= 6", "W >= 3"]),
        ([compare(H // 8 * (W // 8), ">=", 1), compare(H, ">=", 8), compare(W, ">=", 8)], ["H >= 8", "W >= 8"]),
        (
            [compare(H * W % 16, "==", 0), compare(H % 4, "==", 0), compare(W % 4, "==", 0)],
            ["H % 4 == 0", "W % 4 == 0"],
        ),
        ([compare(H * W, "==", 64), compare(H, "==", 4)], ["H == 4", "H * W == 64"]),
        ([compare(H, "==", W)], ["H == W"]),
    ],
)
def test_what_follows_from_single_symbols_is_left_out(demands: list[Demand], expected: list[str]) -> None:
    assert texts(*demands) == expected


def test_single_symbols_may_leave_nothing_for_several() -> None:
    demands = [compare(H % 2, "==", 0), compare(W % 2, "==", 1), compare(H, "==", W)]
    found = simplify([demand for demand in demands if isinstance(demand, Condition)])
    assert str(found) == "no H and W has H == W and H % 2 == 0 and W % 2 == 1"


both = st.recursive(st.one_of(st.integers(-9, 30), st.sampled_from([H, W])), grown, max_leaves=6)
of_both = st.tuples(both, st.sampled_from(["==", "!=", "<", ">="]), both)


@settings(max_examples=300, deadline=None)
@given(st.lists(of_both, min_size=1, max_size=4))
def test_the_same_pairs_are_allowed_as_before(demands: list[Any]) -> None:
    conditions = [truth for demand in demands if isinstance(truth := compare(*demand), Condition)]
    found = simplify(conditions, ("W", "H"))
    for height in range(1, 30):
        for width in range(1, 30, 3):
            at = {"H": height, "W": width}
            before = all(condition.evaluate(at) for condition in conditions)
            after = not isinstance(found, Unsatisfiable) and all(condition.evaluate(at) for condition in found)
            assert before == after, (at, conditions, found)


@pytest.mark.parametrize(
    ("demands", "expected"),
    [
        ([compare(H, ">=", 5), compare(H, ">=", 9)], ["H >= 9"]),
        ([compare(H, ">=", 5), compare(H % 4, "==", 0)], ["H >= 8", "H % 4 == 0"]),
        ([compare(H, ">=", 3), compare(H % 4, "==", 0)], ["H % 4 == 0"]),
        ([compare(H % 4, "==", 0), compare(H % 6, "==", 0)], ["H % 12 == 0"]),
        ([compare(H % 4, "==", 1), compare(H % 3, "==", 2)], ["H % 12 == 5"]),
        ([compare(H, "<=", 9), compare(H, ">=", 3)], ["H >= 3", "H <= 9"]),
        ([compare(H, "<=", 9), compare(H // 4, ">=", 2), compare(H % 2, "==", 1)], ["H == 9"]),
        ([compare(H // 2 + ceil_div(H, 2), "==", H)], []),
        ([compare(H // 2, "==", ceil_div(H, 2))], ["H % 2 == 0"]),
        ([compare(H, ">=", 2), compare(H // 2, "==", 4)], ["H >= 8", "H <= 9"]),
        ([compare(H, ">=", 2), compare(H // 2 % 3, "==", 1)], ["H % 6 in (2, 3)"]),
        ([compare(H, ">=", 3), compare(H // 2 % 3, "==", 1)], ["H >= 3", "H % 6 in (2, 3)"]),
        (
            [compare(H, ">=", 2), compare(H * H, "==", 16), compare(H // 2 % 3, "==", 1)],
            ["H % 6 in (2, 3)", "H**2 == 16"],
        ),
        ([compare(H % 2, "==", 0), compare(H % 16, "==", 0)], ["H % 16 == 0"]),
        ([compare(H, ">=", 5), compare(H % 16, "==", 3)], ["H >= 19", "H % 16 == 3"]),
        ([compare((H - 1) // 4, "==", (H - 3) // 4), compare(H, ">=", 13)], ["H >= 15", "H % 4 in (0, 3)"]),
        ([compare((H - 1) // 8, "==", (H - 5) // 8)], ["(H - 5) % 8 <= 3"]),
        ([compare((H - 8) // 32, "==", H // 32)], ["H % 32 >= 8"]),
        ([compare((H - 8) // 32, "==", H // 32), compare(H % 2, "==", 1)], ["H % 2 == 1", "H % 32 >= 9"]),
        ([compare(H // 5, "!=", 3)], ["H // 5 != 3"]),
        ([compare(H, "<=", 30), compare(H % 29, "==", 1)], ["H in (1, 30)"]),
        ([any_of(compare(H, "==", 4), compare(H, "==", 20), compare(H, "==", 36))], ["H in (4, 20, 36)"]),
        ([compare(H, "<=", 200), compare(H % 29, "==", 1)], ["H <= 175", "H % 29 == 1"]),
        ([compare(H // 5, "!=", 3), compare(H // 15, "!=", 1)], ["H <= 14 or H >= 30"]),
        ([compare(H % 5, "!=", 3)], ["H % 5 != 3"]),
        ([compare(maximum(H, 40 - H * 7), "==", H)], ["H >= 5"]),
        ([compare(maximum(minimum(H, 5 - H), H - 6), ">=", 1)], ["H not in (5, 6)"]),
        ([compare(maximum(minimum(H - 2, 4 - H), H - 6), ">=", 1)], ["H == 3 or H >= 7"]),
        (
            [compare(maximum(minimum(H - 2, 4 - H), H - 6), ">=", 1), compare(H % 2, "==", 1)],
            ["H >= 3", "H % 2 == 1", "H != 5"],
        ),
        ([compare(H // 9 % 7, "==", 3)], ["H // 9 % 7 == 3"]),
        ([any_of(compare(H, "==", 3), compare(H, ">=", 7)), compare(H, ">=", 2)], ["H == 3 or H >= 7"]),
        ([any_of(compare(H, "==", W), compare(H, "==", 1))], ["H == W or H == 1"]),
        ([any_of(compare(H % 2, "==", 0), compare(H % 4, "==", 1))], ["H % 4 != 3"]),
        ([compare(H // 4 % 7, ">=", 3), compare(H // 4 % 7, "<=", 3)], ["H % 28 in (12, 13, 14, 15)"]),
        ([compare(maximum(H, 40) - 40, ">=", 2)], ["H >= 42"]),
        ([compare(H, "!=", 7)], ["H != 7"]),
        ([compare(H, "!=", 7), compare(H, ">=", 7)], ["H >= 8"]),
        ([compare(H * H, ">=", 10), compare(H, ">=", 2), compare(H, ">=", 3)], ["H >= 3", "H**2 >= 10"]),
        ([compare(H, ">=", 10**30), compare(H % 3, "==", 0)], ["H >= 1000000000000000000000000000002", "H % 3 == 0"]),
        ([compare(H % 5003, "==", 0), compare(H, ">=", 2), compare(H, ">=", 3)], ["H >= 3", "H % 5003 == 0"]),
    ],
)
def test_simplified(demands: list[Demand], expected: list[str]) -> None:
    assert texts(*demands) == expected


def test_what_cannot_be_names_the_conflict() -> None:
    demands = [compare(H, ">=", 3), compare(H % 2, "==", 0), compare(W, ">=", 3), compare(H % 4, "==", 1)]
    found = simplify([demand for demand in demands if isinstance(demand, Condition)])
    assert isinstance(found, Unsatisfiable)
    assert str(found) == "no H has H % 2 == 0 and H % 4 == 1"


@settings(max_examples=300, deadline=None)
@given(comparisons)
def test_what_is_decided_holds_for_all_sizes(comparison: Any) -> None:
    one, relation, other = comparison
    truth = compare(one, relation, other)
    if isinstance(truth, bool):
        assert {by_python(one, relation, other, size) for size in range(1, 301)} == {truth}


def by_python(one: Dim, relation: str, other: Dim, size: int) -> bool:
    values = [each if isinstance(each, int) else each.evaluate({"H": size}) for each in (one, other)]
    return bool(eval(f"{values[0]} {relation} {values[1]}"))


@pytest.mark.parametrize(
    ("one", "relation", "other", "truth"),
    [
        ((H - 1) // 2 + 1, "==", H // 2 + 5, False),
        ((H - 1) // 2 + 1, "<=", H // 2 + 1, True),
        (H // 2 + ceil_div(H, 2), "==", H, True),
        (H // 4 * 2 % 2, "==", 1, False),
        (maximum(H, 12 - H), ">=", 6, True),
        ((H * 3 - 1) // 6, "!=", H // 2 + 1, True),
        (H * 7 // 2 % 7, "<=", 3, True),
        (H // 2 - H // 3, ">=", 1, None),
    ],
)
def test_bounds_that_see_too_little_are_not_the_last_word(one: Dim, relation: Any, other: Dim, truth: Any) -> None:
    found = compare(one, relation, other)
    assert (found if isinstance(found, bool) else None) is truth


@settings(max_examples=200, deadline=None)
@given(st.lists(alternatives, min_size=1, max_size=3), st.integers(1, 90))
def test_the_nearest_sizes_are_those_that_trying_finds(demands: list[Any], size: int) -> None:
    truths = [any_of(*(compare(*each) for each in demand)) for demand in demands]
    conditions = [truth for truth in truths if not isinstance(truth, bool)]
    near = [n for n in range(1, 700) if holds(conditions, n)]
    below, above = nearest("H", conditions, size)
    assert below == max([n for n in near if n < size], default=None)
    assert (above if above is None or above < 700 else None) == min([n for n in near if n > size], default=None)

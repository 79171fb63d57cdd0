"""Symbolic sizes against plain Python integers, which are the oracle throughout."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnspec.shapes.dim import (
    Condition,
    Dim,
    DimTooLarge,
    Symbolic,
    ceil_div,
    compare,
    demand,
    evaluate,
    floor_div,
    is_known,
    lower,
    maximum,
    minimum,
    product,
    recording,
    symbol,
    total,
    upper,
)
from tests.effort import growth

H, W, C = symbol("H"), symbol("W"), symbol("C")

RELATIONS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

# An expression as data: a number, a symbol's name, or an operation with its operands.
UNARY: dict[str, Any] = {"neg": operator.neg, "abs": abs}
BINARY: dict[str, Any] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
    "ceil": lambda a, b: -(-a // b), "max": max, "min": min,
}  # fmt: skip
SYMBOLIC = BINARY | {"ceil": ceil_div, "max": maximum, "min": minimum}

leaves = st.one_of(st.integers(-20, 20), st.sampled_from(["H", "W"]))


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), inner),
        st.tuples(st.sampled_from(["+", "-", "*", "max", "min", "+", "-"]), inner, inner),
        st.tuples(st.sampled_from(["//", "%", "ceil"]), inner, st.integers(-12, 12).filter(bool)),
        st.tuples(st.sampled_from(["//", "%", "ceil"]), inner, inner),
    )


trees = st.recursive(leaves, grown, max_leaves=8)
numbers = st.fixed_dictionaries({"H": st.integers(1, 300), "W": st.integers(1, 300)})


def value(tree: Any, sizes: dict[str, int]) -> int:
    match tree:
        case int():
            return tree
        case str():
            return sizes[tree]
        case (name, one):
            return int(UNARY[name](value(one, sizes)))
        case (name, one, two):
            return int(BINARY[name](value(one, sizes), value(two, sizes)))
    raise AssertionError(tree)


def built(tree: Any) -> Any:
    match tree:
        case int():
            return tree
        case str():
            return symbol(tree)
        case (name, one):
            return UNARY[name](built(one))
        case (name, one, two):
            return SYMBOLIC[name](built(one), built(two))
    raise AssertionError(tree)


def value_or_none(tree: Any, sizes: dict[str, int]) -> int | None:
    try:
        return value(tree, sizes)
    except ZeroDivisionError:
        return None


def built_or_none(tree: Any) -> Any:
    try:
        return built(tree)
    except ZeroDivisionError:
        return None


# Values


@settings(max_examples=600, deadline=None)
@given(trees, numbers)
def test_an_expression_has_the_value_python_gives_it(tree: Any, sizes: dict[str, int]) -> None:
    dim, expected = built_or_none(tree), value_or_none(tree, sizes)
    if dim is not None and expected is not None:
        assert evaluate(dim, sizes) == expected


@settings(max_examples=600, deadline=None)
@given(trees, numbers)
def test_the_text_evaluates_to_the_same_value(tree: Any, sizes: dict[str, int]) -> None:
    dim, expected = built_or_none(tree), value_or_none(tree, sizes)
    if dim is not None and expected is not None:
        assert eval(str(dim), {}, dict(sizes)) == expected, str(dim)


@settings(max_examples=300, deadline=None)
@given(trees)
def test_the_text_reads_back_as_the_same_size(tree: Any) -> None:
    dim = built_or_none(tree)
    if isinstance(dim, Symbolic) and "**" not in str(dim):
        again = eval(str(dim), {"max": maximum, "min": minimum}, {"H": H, "W": W})
        assert again == dim
        assert hash(again) == hash(dim)


@settings(max_examples=300, deadline=None)
@given(trees)
def test_bounds_are_never_crossed(tree: Any) -> None:
    dim = built_or_none(tree)
    if dim is None:
        return
    least, most = lower(dim), upper(dim)
    for height in (*range(1, 40), 97, 288):
        for width in (1, 2, 7, 33):
            found = value_or_none(tree, {"H": height, "W": width})
            if found is not None:
                assert least is None or least <= found
                assert most is None or found <= most


def test_a_known_result_is_a_number() -> None:
    for dim in (H - H, H // H, (H + 3) - (3 + H), 0 * H, H % 1, (2 * H) % 2, maximum(0, -H), (H * W) % W):
        assert is_known(dim)
    assert (H * W * 6 + H * 2) // (H * 2) == W * 3 + 1


def test_division_by_zero_is_pythons() -> None:
    for divide in (operator.floordiv, operator.mod, ceil_div, floor_div):
        with pytest.raises(ZeroDivisionError):
            divide(H, 0)
        with pytest.raises(ZeroDivisionError):
            divide(5, 0)
    with pytest.raises(ZeroDivisionError):
        (W // (H - 1)).evaluate({"H": 1, "W": 1})  # type: ignore[union-attr]


# Normal form


def test_equal_sizes_are_equal() -> None:
    pairs: list[tuple[Dim, Dim]] = [
        ((2 * H) // 2, H),
        (H // 1, H),
        (ceil_div(H, 1), H),
        ((H // 2) // 2, H // 4),
        (ceil_div(ceil_div(H, 2), 2), ceil_div(H, 4)),
        ((H // 2 - 3) // 2, (H - 6) // 4),
        ((H - 2) // 2 + 1, H // 2),
        ((H - 7 + 6) // 2 + 1, ceil_div(H, 2)),
        ((4 * H + 6) // 4, H + 1),
        (((3 * H) // 2) // 2, (3 * H) // 4),
        ((6 * H) // 8, (3 * H) // 4),
        ((H + 1) * (W - 1), H * W - H + W - 1),
        ((H * W * C) // (W * C), H),
        ((H - 1) * W // (H - 1), W),
        ((H * W) // (2 * W), H // 2),
        (H // -2, (-H) // 2),
        ((H + 16) % 16, H % 16),
        (H - 16 * (H // 16), H % 16),
        (maximum(H, W, H, 1), maximum(W, H)),
        (maximum(H + 2, H, 3), H + 2),
        (minimum(H // 2, H), H // 2),
        (maximum(0, H - 1), H - 1),
        (minimum(maximum(H, 5), 3), 3),
        (abs(-H), H),
        (product([H, W, 3]), 3 * H * W),
        (total([H, 2, W, H]), W + 2 + H * 2),
    ]
    for one, two in pairs:
        assert one == two, f"{one} is not {two}"
        assert hash(one) == hash(two)


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (ceil_div(H, 2), "(H - 1) // 2 + 1"),
        (H * W * 64, "H * W * 64"),
        (64 * (W * H) + W + H * H, "H**2 + H * W * 64 + W"),
        (H - 16 * (H // 16), "H % 16"),
        (16 * (H // 16) - H, "-(H % 16)"),
        (3 * H - 48 * (H // 16) + W, "H % 16 * 3 + W"),
        ((H // 2) % 2, "H // 2 % 2"),
        (5 - H, "5 - H"),
        (W - H - 5, "W - H - 5"),
        (-H, "-H"),
        (-(H // 2), "-(H // 2)"),
        ((H // 4) * (W // 4) * 64, "H // 4 * (W // 4) * 64"),
        ((3 * H) // 4, "H * 3 // 4"),
        (H // (2 * W), "H // (W * 2)"),
        (H // W % 5, "H // W % 5"),
        (H % W, "H % W"),
        (maximum(H, W, 5), "max(H, W, 5)"),
        (minimum(H - 1, W) * 2, "min(H - 1, W) * 2"),
        ((H // 2) * (H // 2), "(H // 2)**2"),
    ],
)
def test_text(dim: Dim, text: str) -> None:
    assert str(dim) == text


def test_symbols_are_named() -> None:
    assert (H // 2 + maximum(W, C)).symbols == {"H", "W", "C"}  # type: ignore[union-attr]


def test_order_and_truth_are_refused() -> None:
    with pytest.raises(TypeError):
        H < 3  # type: ignore[operator]  # noqa: B015
    with pytest.raises(TypeError):
        bool(H)
    with pytest.raises(TypeError):
        bool(compare(H, ">", 3))
    with pytest.raises(TypeError):
        H / 2  # type: ignore[operator]
    assert H != 3
    assert H != "H"


# Limits


def test_products_stop_at_the_limits() -> None:
    with pytest.raises(DimTooLarge):
        product(symbol(f"A{number}") + 1 for number in range(40))
    with pytest.raises(DimTooLarge):
        product([2**1000] * 10)
    with pytest.raises(DimTooLarge):
        product([H] * 100)
    with pytest.raises(DimTooLarge):
        product([H * 2**1000 + 1] * 6)


def test_nested_divisions_stop_at_the_limits() -> None:
    def chained(size: Dim) -> None:
        for number in range(10_000):
            size = (size * 5) // (W + number) + size // 3

    def divided(size: Dim) -> None:
        for _ in range(10_000):
            size = (size + 1) // W

    for blown_up in (chained, divided):
        with pytest.raises(DimTooLarge):
            blown_up(H)


def test_two_hundred_windows_stay_small_and_quick() -> None:
    def windows(count: int) -> Dim:
        size: Dim = H
        for number in range(count):
            size = (size + 2 - 3) // (2 if number % 20 == 0 else 1) + 1
            compare(size, ">=", 1)
            size = ceil_div(size, 1)
            size = size * 2 if number % 20 == 10 else size
        return size

    assert len(str(windows(200))) < 200
    assert growth(windows, 100) < 2.5


# Demands


@settings(max_examples=400, deadline=None)
@given(trees, st.sampled_from(sorted(RELATIONS)), trees)
def test_a_comparison_is_never_wrong(one: Any, relation: Any, two: Any) -> None:
    a, b = built_or_none(one), built_or_none(two)
    if a is None or b is None:
        return
    found = compare(a, relation, b)
    opposite = found.negated() if isinstance(found, Condition) else not found
    for height in range(1, 61):
        for width in (1, 2, 5, 12, 60):
            sizes = {"H": height, "W": width}
            left, right = value_or_none(one, sizes), value_or_none(two, sizes)
            if left is not None and right is not None:
                expected = RELATIONS[relation](left, right)
                assert _truth(found, sizes) == expected, str(found)
                assert _truth(opposite, sizes) != expected, str(opposite)
                if isinstance(found, Condition):
                    assert eval(str(found), {}, dict(sizes)) == expected, str(found)


def _truth(found: bool | Condition, sizes: dict[str, int]) -> bool:
    return found.evaluate(sizes) if isinstance(found, Condition) else found


@pytest.mark.parametrize(
    ("a", "relation", "b", "text"),
    [
        (H, ">=", 5, "H >= 5"),
        (H, ">", 4, "H >= 5"),
        (5, "<=", H, "H >= 5"),
        (3 * H, ">=", 13, "H >= 5"),
        (H // 2 - 4, ">", 0, "H >= 10"),
        (((H // 2) - 4) // 2 - 4, ">=", 1, "H >= 28"),
        (H // 2, "<", 3, "H <= 5"),
        (H, "<=", 7, "H <= 7"),
        (2 * (H // 2), "==", H, "H % 2 == 0"),
        ((H + 3) % 16, "==", 0, "H % 16 == 13"),
        (H % 16, "!=", 0, "H % 16 != 0"),
        (H // 2, "==", 2 * (H // 4), "H // 2 % 2 == 0"),
        (2 * W, "==", 2 * H, "H == W"),
        (W, "!=", H, "H != W"),
        (H, "==", 3, "H == 3"),
        (3, "==", H, "H == 3"),
        (H + 3, ">=", W, "H >= W - 3"),
        (10 - W, ">=", H, "H + W <= 10"),
    ],
)
def test_condition_text(a: Dim, relation: Any, b: Dim, text: str) -> None:
    assert str(compare(a, relation, b)) == text


@pytest.mark.parametrize(
    ("a", "relation", "b", "expected"),
    [
        (H, ">=", 1, True),
        (H, "<", 1, False),
        (H, "==", 0, False),
        (H * W, ">=", H, True),
        (H // 2, "<=", H, True),
        (H // 2, ">=", H // 4, True),
        (ceil_div(H, 2), ">=", 1, True),
        (H % 16, "<", 16, True),
        (H % 16, ">", 16, False),
        ((3 // H) % 2, "!=", -1, True),
        ((3 // H) % 2, "==", 3, False),
        (2 * H, "==", 7, False),
        (2 * H, "!=", 7, True),
        (maximum(H, 3), ">=", 3, True),
        (maximum(H, W), ">=", W, True),
        ((ceil_div(H, 2) - 1) * 2 + 3 - H, ">=", 0, True),  # the total padding of `same`
    ],
)
def test_what_is_certain_is_decided(a: Dim, relation: Any, b: Dim, expected: bool) -> None:
    assert compare(a, relation, b) is expected


def test_demands_are_recorded_by_the_innermost() -> None:
    with recording() as outer:
        assert demand(True)
        assert not demand(False)
        assert demand(compare(H, ">=", 5))
        with recording() as inner:
            assert demand(compare(W, ">=", 2))
        assert demand(compare(2 * H, ">", 8))
    assert [str(condition) for condition in outer] == ["H >= 5"]
    assert [str(condition) for condition in inner] == ["W >= 2"]
    with pytest.raises(RuntimeError):
        demand(compare(H, ">=", 5))

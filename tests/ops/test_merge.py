"""Merges: what fits, what is refused and how it is said, and what Keras computes, against numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops import merge as m
from nnspec.ops.operator import Operator
from nnspec.shapes.dim import Dim, symbol
from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import build, known
from tests.ops.pointwise import infer, run, tensor, values

H, W, T = symbol("H"), symbol("W"), symbol("T")


def weight(*shape: Dim) -> TensorType:
    return tensor(*shape, batched=False)


FIT: list[tuple[Operator, list[TensorType], tuple[Dim, ...], list[str]]] = [
    (m.Add(), [tensor(8, 8, 3)] * 2, (8, 8, 3), []),
    (m.Add(), [tensor(8, 8, 3)] * 5, (8, 8, 3), []),
    (m.Add(), [tensor(3)], (3,), []),
    (m.Add(), [tensor(64, 192), weight(64, 192)], (64, 192), []),
    (m.Add(), [weight(192), tensor(64, 192)], (64, 192), []),
    (m.Add(), [tensor(64, 192), weight(64, 1)], (64, 192), []),
    (m.Add(), [tensor(64, 192), weight(1)], (64, 192), []),
    (m.Add(), [tensor(H, W, 3), tensor(H, W, 3)], (H, W, 3), []),
    (m.Add(), [tensor(H, 8, 3), tensor(16, 8, 3)], (16, 8, 3), ["H == 16"]),
    (m.Add(), [tensor(16, 8, 3), tensor(H, W, 3)], (16, 8, 3), ["H == 16", "W == 8"]),
    (m.Add(), [tensor(H, 3), tensor(T, 3)], (H, 3), ["H == T"]),
    (m.Add(), [tensor(H // 2 * 2, 3), tensor(H, 3)], (H // 2 * 2, 3), ["H % 2 == 0"]),
    (m.Average(), [tensor(3)] * 3, (3,), []),
    (m.Maximum(), [tensor(4, 3)] * 2, (4, 3), []),
    (m.Minimum(), [tensor(4, 3)] * 2, (4, 3), []),
    (m.Subtract(), [tensor(4, 3)] * 2, (4, 3), []),
    (m.Subtract(), [weight(3), tensor(4, 3)], (4, 3), []),
    (m.Multiply(), [tensor(8, 8, 4)] * 2, (8, 8, 4), []),
    (m.Multiply(), [tensor(8, 8, 4), tensor(4)], (8, 8, 4), []),
    (m.Multiply(), [tensor(4), tensor(8, 8, 4)], (8, 8, 4), []),
    (m.Multiply(), [tensor(8, 8, 4), tensor(1, 1, 4)], (8, 8, 4), []),
    (m.Multiply(), [tensor(8, 8, 4), tensor(8, 8, 1)], (8, 8, 4), []),
    (m.Multiply(), [tensor(8, 8, 1), tensor(8, 8, 4)], (8, 8, 4), []),
    (m.Multiply(), [tensor(8, 8, 4), tensor(1)], (8, 8, 4), []),
    (m.Multiply(), [tensor(8, 8, 4), tensor(8, 1, 4), tensor(1, 8, 4)], (8, 8, 4), []),
    (m.Multiply(), [tensor(H, W, 4), tensor(1, 1, 4)], (H, W, 4), []),
    (m.Multiply(), [tensor(1, 1, 4), tensor(H, W, 4)], (H, W, 4), []),
    (m.Multiply(), [tensor(8, 8, 4), weight(4)], (8, 8, 4), []),
    (m.Multiply(), [tensor(8, 8, 4), weight(8, 4)], (8, 8, 4), []),
    (m.Concat(), [tensor(8, 8, 3), tensor(8, 8, 5)], (8, 8, 8), []),
    (m.Concat(), [tensor(3), tensor(4), tensor(5)], (12,), []),
    (m.Concat(axis=0), [weight(1, 192), tensor(64, 192)], (65, 192), []),
    (m.Concat(axis=-2), [tensor(64, 192), weight(1, 192)], (65, 192), []),
    (m.Concat(axis=1), [tensor(8, 3, 4), tensor(8, 5, 4)], (8, 8, 4), []),
    (m.Concat(), [tensor(H, W, 3), tensor(H, W, 5)], (H, W, 8), []),
    (m.Concat(axis=0), [tensor(H, 3), tensor(5, 3)], (H + 5, 3), []),
    (m.Concat(axis=0), [tensor(H, T), tensor(5, 3)], (H + 5, 3), ["T == 3"]),
    (m.Dot(axes=0), [tensor(3), tensor(3)], (1,), []),
    (m.Dot(axes=(1, 1)), [tensor(5, 8), tensor(7, 8)], (5, 7), []),
    (m.Dot(axes=-1), [tensor(5, 8), tensor(8)], (5,), []),
    (m.Dot(axes=(0, 1)), [tensor(8, 5), tensor(7, 8, 2)], (5, 7, 2), []),
    (m.Dot(axes=(-1, -2)), [tensor(2, 3, 8), tensor(4, 8, 5)], (2, 3, 4, 5), []),
    (m.Dot(axes=(1, 1)), [tensor(H, 8), tensor(T, 8)], (H, T), []),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "types", "shape", "conditions"), FIT, ids=lambda value: str(value)[:60])
def test_what_fits(operator: Operator, types: list[TensorType], shape: Any, conditions: list[str]) -> None:
    found, demanded = infer(operator, *types)
    assert (found.shape, demanded) == (shape, conditions)
    made = build(operator, types)
    # An axis that Keras does not know it leaves open where one of the inputs does; ours is the number.
    pairs = zip(made.shapes[0], known(found.shape), strict=True)
    assert all(theirs in (ours, None) if conditions else theirs == ours for theirs, ours in pairs)
    assert made.dtypes == [found.dtype]


REFUSED: list[tuple[Operator, list[TensorType], int | str | None, str, tuple[str, ...], str | None]] = [
    (
        m.Add(), [tensor(8, 8, 64), tensor(8, 8, 32)], 1, "8 x 8 x 64 and 8 x 8 x 32", ("channels: 64 and 32",),
        "bring them to 64 channels with `Conv(64, 1)`; `Concat` joins different channels",
    ),
    (
        m.Add(), [tensor(8, 8, 64), tensor(8, 8, 1)], 1, "8 x 8 x 64 and 8 x 8 x 1", ("channels: 64 and 1",),
        "bring them to 64 channels with `Conv(64, 1)`; `Multiply` broadcasts a gate; "
        "`Concat` joins different channels",
    ),
    (
        m.Add(), [tensor(8, 8, 64), tensor(64)], 1, "8 x 8 x 64 and 64", (),
        "`Multiply` broadcasts a gate; `Reshape(1, 1, 64) -> UpSample(8)` puts it at every position",
    ),
    (
        m.Add(), [tensor(50, 64), tensor(64)], 1, "50 x 64 and 64", (),
        "`Multiply` broadcasts a gate; `RepeatVector(50)` puts it at every position",
    ),
    (
        m.Add(), [tensor(56, 56, 64), tensor(28, 28, 128)], 1, "56 x 56 x 64 and 28 x 28 x 128",
        ("height: 56 and 28", "width: 56 and 28", "channels: 64 and 128"),
        "bring the larger to 28 x 28 x 128 with `Conv(128, 1, stride=2)`",
    ),
    (
        m.Add(), [tensor(32, 32, 8), tensor(30, 30, 8)], 1, "32 x 32 x 8 and 30 x 30 x 8",
        ("height: 32 and 30", "width: 32 and 30"),
        "`padding=same` keeps the size in a convolution; `Crop(like=…)` cuts the larger to the smaller",
    ),
    (
        m.Add(), [tensor(9, 8), tensor(9, 4), tensor(9, 4)], 0, "9 x 8 and 9 x 4 and 9 x 4", ("channels: 8 and 4",),
        "bring them to 4 channels with `Conv(4, 1)`; `Concat` joins different channels",
    ),
    (m.Add(), [tensor(8), tensor(4)], 1, "8 and 4", ("channels: 8 and 4",),
     "bring them to 8 channels with `Dense(8)`; `Concat` joins different channels"),
    (m.Add(), [tensor(64, 192), weight(65, 192)], 1, "64 x 192 and 65 x 192", ("length: 64 and 65",),
     "write the sizes that it meets: `Weight(64, 192)`"),
    (m.Add(), [weight(3, 64, 192), tensor(64, 192)], 0, "3 x 64 x 192 and 64 x 192", (),
     "write the sizes that it meets: `Weight(64, 192)`"),
    (m.Add(), [tensor(64, 1), weight(64, 192)], 1, "64 x 1 and 64 x 192", ("channels: 1 and 192",),
     "write the sizes that it meets: `Weight(64, 1)`"),
    (m.Add(), [tensor(8, 8, 4), tensor(1, 1, 4)], 1, "8 x 8 x 4 and 1 x 1 x 4", ("height: 8 and 1", "width: 8 and 1"),
     "`Multiply` broadcasts a gate; `UpSample(8)` puts it at every position"),
    (m.Add(), [tensor(H, 3), tensor(H - 2, 3)], 1, "H x 3 and (H - 2) x 3", ("length: H and H - 2",),
     "`padding=same` keeps the size in a convolution; `Crop(like=…)` cuts the larger to the smaller"),
    (m.Multiply(), [tensor(8, 8, 4), tensor(8, 8, 2)], 1, "8 x 8 x 4 and 8 x 8 x 2", ("channels: 4 and 2",),
     "bring them to 4 channels with `Conv(4, 1)`; a gate has 4 channels or 1"),
    (m.Multiply(), [tensor(8, 8, 4), tensor(2)], 1, "8 x 8 x 4 and 2", ("channels: 4 and 2",),
     "a gate that is a vector needs 4 channels: end it in `Dense(4)`"),
    (m.Multiply(), [tensor(8, 8, 4), tensor(8, 8)], 1, "8 x 8 x 4 and 8 x 8", (),
     "give the smaller a channel axis: `Reshape(8, 8, 1)`"),
    (m.Multiply(), [tensor(8, 8, 4), tensor(8, 4)], 1, "8 x 8 x 4 and 8 x 4", (), None),
    (m.Concat(), [tensor(8, 8, 3), tensor(6, 6, 3)],
     1, "8 x 8 x 3 and 6 x 6 x 3", ("height: 8 and 6", "width: 8 and 6"),
     "`padding=same` keeps the size in a convolution; `Crop(like=…)` cuts the larger to the smaller"),
    (m.Concat(), [tensor(8, 8, 3), tensor(4, 4, 3)],
     1, "8 x 8 x 3 and 4 x 4 x 3", ("height: 8 and 4", "width: 8 and 4"),
     "shrink the larger with `Pool(2)`, or spread the smaller with `UpSample(2)`"),
    (m.Concat(axis=0), [tensor(8, 3), tensor(8, 4)], 1, "8 x 3 and 8 x 4", ("channels: 3 and 4",),
     "bring them to 3 channels with `Conv(3, 1)`"),
    (m.Concat(), [tensor(8, 8, 3), tensor(1, 1, 5)],
     1, "8 x 8 x 3 and 1 x 1 x 5", ("height: 8 and 1", "width: 8 and 1"),
     "`UpSample(8)` puts it at every position"),
    (m.Concat(), [tensor(8, 3), tensor(3)], 1, "8 x 3 and 3", (), "`RepeatVector(8)` puts it at every position"),
    (m.Concat(axis=0), [tensor(8, 3), weight(1, 4)], 1, "8 x 3 and 1 x 4", ("channels: 3 and 4",),
     "write the sizes that it meets: `Weight(1, 3)`"),
    (m.Concat(), [weight(2, 2, 4, 3), tensor(4, 3)], 0, "2 x 2 x 4 x 3 and 4 x 3", (),
     "write the sizes that it meets: `Weight(4, 3)`"),
    (m.Concat(), [tensor(4, 8, 3), tensor(2)], 1, "4 x 8 x 3 and 2", (),
     "`Reshape(1, 1, 2) -> UpSample(4x8)` puts it at every position"),
    (m.Add(), [tensor(64, 3), weight(65, 3), weight(65, 3)], 1, "64 x 3 and 65 x 3 and 65 x 3",
     ("length: 64 and 65",), "write the sizes that it meets: `Weight(64, 3)`"),
    (m.Dot(axes=(0, 1)), [tensor(5, 8), tensor(5, 8)], "axes", "(5, 8) and (5, 8)",
     ("axis 0 of the first has 5, axis 1 of the second 8",), "`axes=(1, 1)` are equal, both 8"),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "types", "at", "label", "notes", "help"), REFUSED, ids=lambda v: str(v)[:50])
def test_what_does_not_fit_is_refused_with_a_way_out(
    operator: Operator, types: list[TensorType], at: Any, label: str, notes: tuple[str, ...], help: str | None
) -> None:
    with pytest.raises(RuleError) as caught:
        operator.infer(*types)
    error = caught.value
    assert (error.code.slug, error.at, error.label, error.notes) == ("shapes-differ", at, label, notes)
    assert help is None or error.help == help


@pytest.mark.parametrize(
    ("operator", "types", "slug"),
    [
        (m.Concat(axis=2), [tensor(8, 3), tensor(8, 3)], "no-such-axis"),
        (m.Concat(axis=-3), [tensor(8, 3), tensor(8, 3)], "no-such-axis"),
        (m.Dot(axes=1), [tensor(8), tensor(8)], "no-such-axis"),
        (m.Add(), [tensor(3, dtype="bool")] * 2, "not-real-numbers"),
        (m.Add(), [tensor(3), tensor(3, dtype="string")], "not-real-numbers"),
        (m.Concat(), [tensor(3), tensor(3, dtype="string")], "not-real-numbers"),
        (m.Maximum(), [tensor(3, dtype="bool"), tensor(3)], "not-real-numbers"),
        (m.Minimum(), [tensor(3), tensor(3, dtype="bool")], "not-real-numbers"),
    ],
)
def test_other_refusals(operator: Operator, types: list[TensorType], slug: str) -> None:
    with pytest.raises(RuleError) as caught:
        operator.infer(*types)
    assert caught.value.code.slug == slug


@pytest.mark.parametrize(
    ("dtypes", "out"),
    [
        (("int32", "int32"), "int32"),
        (("int32", "float32"), "float32"),
        (("float16", "float64"), "float32"),
        (("uint8", "int8"), "int16"),
        (("uint8", "int32"), "int32"),
        (("int32", "int64"), "int64"),
        (("bool", "float32"), "float32"),
    ],
)
def test_dtypes_join_as_in_keras(dtypes: tuple[str, str], out: str) -> None:
    types = [tensor(3, dtype=dtype) for dtype in dtypes]
    ordered = () if "bool" in dtypes else (m.Maximum(), m.Minimum())
    for operator in (m.Add(), m.Multiply(), m.Concat(), *ordered):
        assert infer(operator, *types)[0].dtype == out
        assert run(operator, *(np.ones((2, 3), dtype) for dtype in dtypes)).dtype == out


@pytest.mark.parametrize(
    ("operator", "shapes", "formula"),
    [
        (m.Add(), [(4, 3)] * 3, lambda a, b, c: a + b + c),
        (m.Average(), [(4, 3)] * 3, lambda a, b, c: (a + b + c) / 3),
        (m.Maximum(), [(4, 3)] * 2, np.maximum),
        (m.Minimum(), [(4, 3)] * 2, np.minimum),
        (m.Subtract(), [(4, 3)] * 2, np.subtract),
        (m.Multiply(), [(4, 5, 3)] * 2, np.multiply),
        (m.Multiply(), [(4, 5, 3), (3,)], lambda x, g: x * g[:, None, None, :]),
        (m.Multiply(), [(3,), (4, 5, 3)], lambda g, x: x * g[:, None, None, :]),
        (m.Multiply(), [(3, 3), (3,)], lambda x, g: x * g[:, None, :]),
        (m.Multiply(), [(3, 3, 3), (3, 1, 3), (3,)], lambda x, g, h: x * g * h[:, None, None, :]),
        (m.Multiply(), [(4, 5, 3), (4, 5, 1)], np.multiply),
        (m.Multiply(), [(4, 5, 3), (1,)], lambda x, g: x * g[:, None, None, :]),
        (m.Concat(), [(4, 3), (4, 2)], lambda a, b: np.concatenate([a, b], 2)),
        (m.Concat(axis=0), [(4, 3), (2, 3)], lambda a, b: np.concatenate([a, b], 1)),
        (m.Concat(axis=-2), [(4, 3), (2, 3)], lambda a, b: np.concatenate([a, b], 1)),
        (m.Dot(axes=0), [(3,), (3,)], lambda a, b: (a * b).sum(1, keepdims=True)),
        (m.Dot(axes=(1, 1)), [(4, 3), (5, 3)], lambda a, b: np.einsum("bik,bjk->bij", a, b)),
        (m.Dot(axes=(0, 1)), [(3, 4), (5, 3)], lambda a, b: np.einsum("bki,bjk->bij", a, b)),
        (m.Dot(axes=(2, 0)), [(2, 4, 3), (3, 5)], lambda a, b: np.einsum("bhik,bkj->bhij", a, b)),
        (m.Dot(axes=-1), [(4, 3), (3,)], lambda a, b: np.einsum("bik,bk->bi", a, b)),
        (
            m.Dot(axes=1, normalize=True), [(4, 3), (5, 3)],
            lambda a, b: np.einsum("bik,bjk->bij", unit(a), unit(b)),
        ),
    ],
    ids=lambda value: getattr(value, "__name__", str(value))[:50],
)  # fmt: skip
def test_what_is_computed(operator: Operator, shapes: list[tuple[int, ...]], formula: Callable[..., Any]) -> None:
    inputs = [values(*shape) for shape in shapes]
    assert np.allclose(run(operator, *inputs), formula(*inputs), atol=1e-5)


def unit(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / np.sqrt((x**2).sum(-1, keepdims=True)))


def test_merges_take_any_number_but_two_of_them_exactly_two() -> None:
    assert m.Add.arity() == m.Concat.arity() == m.Multiply.arity() == (1, None)
    assert m.Subtract.arity() == m.Dot.arity() == (2, 2)


def test_the_reach_of_a_merge_is_one_position_unless_it_joins_or_sums_over_positions() -> None:
    x = tensor(8, 8, 3)
    assert len(m.Add().reach(x, x)) == len(m.Concat().reach(x, x) or ()) == 2
    assert m.Concat(axis=0).reach(x, x) is None
    assert m.Dot(axes=2).reach(x, x) is None

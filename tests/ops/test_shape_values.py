"""What shape operators, k-max, adaptive pooling, maxout and embedding do to values, against plain numpy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.shapes.dim import recording, symbol
from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import build, make, read

RANDOM = np.random.default_rng(11)
Shape = tuple[int, ...]


def k_max(x: np.ndarray, k: int) -> np.ndarray:
    out = np.empty((k, x.shape[1]), x.dtype)
    for channel in range(x.shape[1]):
        column = list(x[:, channel])
        kept = sorted(sorted(range(len(column)), key=lambda i: -column[i])[:k])
        out[:, channel] = [column[i] for i in kept]
    return out


def adaptive(x: np.ndarray, sizes: Shape, how: Callable[..., np.ndarray]) -> np.ndarray:
    out = np.empty((*sizes, x.shape[-1]), x.dtype)
    for index in np.ndindex(*sizes):
        part = x
        for axis, (i, n) in enumerate(zip(index, sizes, strict=True)):
            width = x.shape[axis]
            taken = range(math.floor(i * width / n), math.ceil((i + 1) * width / n))
            part = np.take(part, taken, axis=axis)
        out[index] = how(part.reshape(-1, x.shape[-1]), axis=0)
    return out


def shuffle(x: np.ndarray, n: int) -> np.ndarray:
    height, width, channels = x.shape
    deep = channels // (n * n)
    out = np.empty((height * n, width * n, deep), x.dtype)
    for row, column, i, j in np.ndindex(height, width, n, n):
        first = (i * n + j) * deep
        out[row * n + i, column * n + j] = x[row, column, first : first + deep]
    return out


CASES: list[tuple[Shape, str, Callable[[np.ndarray], np.ndarray]]] = [
    ((7, 3), "KMaxPool(3)", lambda x: k_max(x, 3)),
    ((7, 3), "KMaxPool(7)", lambda x: x),
    ((7, 3), "AdaptiveAvgPool(3)", lambda x: adaptive(x, (3,), np.mean)),
    ((7, 9, 2), "AdaptiveAvgPool(3x4)", lambda x: adaptive(x, (3, 4), np.mean)),
    ((3, 5, 2), "AdaptiveAvgPool(5x7)", lambda x: adaptive(x, (5, 7), np.mean)),
    ((5, 6, 7, 2), "AdaptiveAvgPool(2)", lambda x: adaptive(x, (2, 2, 2), np.mean)),
    ((7, 3), "AdaptiveMaxPool(1)", lambda x: adaptive(x, (1,), np.max)),
    ((1, 3), "AdaptiveMaxPool(2)", lambda x: adaptive(x, (2,), np.max)),
    ((7, 1, 3), "AdaptiveAvgPool(1)", lambda x: adaptive(x, (1, 1), np.mean)),
    ((13, 3), "AdaptiveMaxPool(5)", lambda x: adaptive(x, (5,), np.max)),
    ((7, 9, 2), "AdaptiveMaxPool(3x4)", lambda x: adaptive(x, (3, 4), np.max)),
    ((5, 6, 7, 2), "AdaptiveMaxPool(2x3x4)", lambda x: adaptive(x, (2, 3, 4), np.max)),
    ((5, 6, 2), "GlobalAvgPool", lambda x: x.mean(axis=(0, 1))),
    ((5, 2), "GlobalMaxPool(keepdims=true)", lambda x: x.max(axis=0, keepdims=True)),
    ((2, 3, 8), "PixelShuffle(2)", lambda x: shuffle(x, 2)),
    ((2, 3, 9), "PixelShuffle(3)", lambda x: shuffle(x, 3)),
    ((2, 3, 4), "Flatten", lambda x: x.reshape(-1)),
    ((2, 3, 4), "Reshape(4, -1)", lambda x: x.reshape(4, 6)),
    ((2, 3, 4), "Permute(2, 0, 1)", lambda x: x.transpose(2, 0, 1)),
    ((2, 3, 4), "Permute(-1, -3, -2)", lambda x: x.transpose(2, 0, 1)),
    ((5,), "RepeatVector(3)", lambda x: np.stack([x] * 3)),
    ((5, 4), "Take(1)", lambda x: x[1]),
    ((5, 4), "Take(-2, axis=-1)", lambda x: x[:, 2]),
    ((5,), "Take(3)", lambda x: x[3]),
    ((5, 4), "Slice(1, 3)", lambda x: x[1:3]),
    ((5, 4), "Slice(-2)", lambda x: x[3:]),
    ((5, 4), "Slice(0, -1, axis=1)", lambda x: x[:, :3]),
    ((5, 4), "ArgMax", lambda x: x.argmax(axis=-1)),
    ((5, 4), "ArgMax(axis=0)", lambda x: x.argmax(axis=0)),
    ((3, 2), "UpSample(3)", lambda x: x.repeat(3, axis=0)),
    ((3, 2, 2), "UpSample(2x3)", lambda x: x.repeat(2, axis=0).repeat(3, axis=1)),
    ((3, 2, 2, 1), "UpSample((1, 2, 2))", lambda x: x.repeat(2, axis=1).repeat(2, axis=2)),
    ((3, 2), "ZeroPad(2)", lambda x: np.pad(x, ((2, 2), (0, 0)))),
    ((3, 2), "ZeroPad(((0, 2),))", lambda x: np.pad(x, ((0, 2), (0, 0)))),
    ((3, 4, 2), "ZeroPad((1, 2))", lambda x: np.pad(x, ((1, 1), (2, 2), (0, 0)))),
    ((3, 4, 2), "ZeroPad(((0, 1), (2, 0)))", lambda x: np.pad(x, ((0, 1), (2, 0), (0, 0)))),
    ((3, 4, 2), "ZeroPad(3, -1)", lambda x: np.pad(x, ((0, 0), (0, 0), (3, 3)))),
    ((4,), "ZeroPad(((1, 0),), 0)", lambda x: np.pad(x, ((1, 0),))),
    ((3, 4, 5, 2), "ZeroPad(((0, 1), (2, 0), (1, 1)))", lambda x: np.pad(x, ((0, 1), (2, 0), (1, 1), (0, 0)))),
    ((7, 2), "Crop(2)", lambda x: x[2:5]),
    ((7, 6, 2), "Crop((1, 2))", lambda x: x[1:6, 2:4]),
    ((7, 6, 2), "Crop(((0, 1), (2, 0)))", lambda x: x[:6, 2:]),
    ((7, 6, 2), "Crop(0)", lambda x: x),
    ((4, 6, 2), "Resize(8, 3, interpolation=nearest)", lambda x: x.repeat(2, axis=0)[:, 1::2]),
    ((4, 6, 2), "Identity", lambda x: x),
]


@pytest.mark.parametrize(("shape", "text", "by_hand"), CASES, ids=[f"{text} of {shape}" for shape, text, _ in CASES])
def test_values(shape: Shape, text: str, by_hand: Callable[[np.ndarray], np.ndarray]) -> None:
    (operator,) = read(text)
    x = RANDOM.normal(size=(2, *shape)).astype("float32")
    type = TensorType(shape)
    expected = np.stack([by_hand(sample) for sample in x])
    found = build(operator, [type]).run(x)
    assert operator.infer(type).shape == found.shape[1:]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_split_gives_its_parts_in_order() -> None:
    (operator,) = read("Split(3)")
    x = RANDOM.normal(size=(2, 4, 6)).astype("float32")
    parts = build(operator, [TensorType((4, 6))]).run(x)
    assert [part.shape for part in parts] == [(2, 4, 2)] * 3
    np.testing.assert_array_equal(np.concatenate(parts, axis=-1), x)


def test_maxout_takes_the_largest_of_each_units_pieces() -> None:
    (operator,) = read("Maxout(3, 2)")
    x = RANDOM.normal(size=(4, 5)).astype("float32")
    built = build(operator, [TensorType((5,))])
    kernel, bias = RANDOM.normal(size=(5, 6)), RANDOM.normal(size=6)
    model = built.model
    model.set_weights([kernel, bias])
    sums = (x @ kernel + bias).reshape(4, 3, 2)
    np.testing.assert_allclose(built.run(x), sums.max(axis=-1), rtol=1e-5, atol=1e-5)


def test_embedding_looks_rows_up() -> None:
    (operator,) = read("Embedding(9, 4)")
    built = build(operator, [TensorType((3,), "int32")])
    (table,) = built.model.get_weights()
    ids = np.array([[0, 8, 3], [3, 3, 1]], "int32")
    np.testing.assert_array_equal(built.run(ids), table[ids])


SIZES = [((9, 8), (6, 5)), ((10, 10), (4, 7)), ((5, 6), (5, 6)), ((8, 5), (7, 5))]


@pytest.mark.parametrize(("have", "want"), SIZES)
@pytest.mark.parametrize("sizes", ["known", "unknown"])
def test_crop_like(have: Shape, want: Shape, sizes: str) -> None:
    """About the centre, an odd remainder off the end; the channels stay."""
    x, like = RANDOM.normal(size=(2, *have, 3)).astype("float32"), np.zeros((2, *want, 5), "float32")
    if sizes == "known":
        types = [TensorType((*have, 3)), TensorType((*want, 5))]
    else:
        types = [TensorType((symbol("H") + 1, symbol("W"), 3)), TensorType((symbol("H") // 2, symbol("W") // 2, 5))]
    operator = make("Crop")
    operator.__dict__["like"] = types[1]  # as the elaborator gives it: the tensor's type
    with recording():
        assert operator.infer(*types).shape == (*types[1].spatial, 3)
    rows, columns = ((a - b) // 2 for a, b in zip(have, want, strict=True))
    expected = x[:, rows : rows + want[0], columns : columns + want[1]]
    np.testing.assert_array_equal(build(operator, types).run(x, like), expected)


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("Conv(8, 3)", ("H", "W", 3), ("H - 2", "W - 2", "8")),
        ("Conv(8, 7, stride=2, padding=3)", ("H", "W", 3), ("(H - 1) // 2 + 1", "(W - 1) // 2 + 1", "8")),
        ("Conv(8, 3, stride=2, padding=same)", ("H", "W", 3), ("(H + 1) // 2", "(W + 1) // 2", "8")),
        ("MaxPool(2)", ("H", 3), ("H // 2", "3")),
        ("MaxPool(3, 2, ceil=true)", ("H", 3), ("H // 2", "3")),
        ("Deconv(8, 2, stride=2)", ("H", 3), ("H * 2", "8")),
        ("Flatten", ("H", "W", 3), ("H * W * 3",)),
        ("Reshape(-1, 3)", ("H", "W", 3), ("H * W", "3")),
        ("Take(-1)", ("H", 3), ("3",)),
        ("Slice(1)", ("H", 3), ("H - 1", "3")),
        ("Permute(1, 0)", ("H", 3), ("3", "H")),
        ("UpSample(2)", ("H", 3), ("H * 2", "3")),
        ("ZeroPad(1)", ("H", 3), ("H + 2", "3")),
        ("Crop(2)", ("H", 3), ("H - 4", "3")),
        ("PixelShuffle(2)", ("H", "W", 4), ("H * 2", "W * 2", "1")),
        ("GlobalAvgPool", ("H", "W", 3), ("3",)),
        ("AdaptiveAvgPool(6)", ("H", "W", 3), ("6", "6", "3")),
    ],
)
def test_symbolic_sizes(text: str, shape: tuple[str | int, ...], expected: tuple[str, ...]) -> None:
    """Sizes worked out by hand, for symbols; the built model agrees at several sizes."""
    (operator,) = read(text)
    type = TensorType(tuple(symbol(size) if isinstance(size, str) else size for size in shape))
    with recording():
        found = operator.infer(type)
        model = build(operator, [type])
    for height, width in ((12, 9), (13, 16)):
        names = {"H": height, "W": width}
        by_hand = tuple(eval(size, {}, names) for size in expected)
        assert tuple(size if isinstance(size, int) else size.evaluate(names) for size in found.shape) == by_hand
        x = np.zeros((1, *(names.get(str(size), size) for size in shape)), "float32")
        assert model.run(x).shape[1:] == by_hand


ERRORS = [
    ("Conv(4, 9)", (8, 8, 3), "9 > 8", "floor((8 - 9 + 0) / 1) + 1 = 0", "a window of at most 8"),
    ("Conv(4, 5, dilation=3, padding=1)", (8, 20, 3), "13 > 10", "floor((8 - 13 + 2) / 1) + 1 = -2", "at most 4"),
    ("Conv(4, (3, 3, 3))", (8, 8, 3), "3 numbers", "the spatial axes are height, width", "or 2"),
    ("Conv(8, 3, groups=4)", (8, 8, 6), "6 / 4", "6 mod 4 = 2", "groups of 1, 2 divide 8 and 6"),
    ("MaxPool(2)", (1, 1, 3), "2 > 1", "floor((1 - 2 + 0) / 2) + 1 = 0", "use `padding=same`"),
    ("MaxPool(2, padding=2)", (8, 8, 3), "2 >= 2", "", "at most 1"),
    ("KMaxPool(5)", (4, 8), "5 > 4", "", "at most 4"),
    ("Reshape(64, 4)", (8, 8, 3), "192 into (64, 4)", "8 x 8 x 3 = 192", "`Reshape(48, 4)` would fit"),
    ("Permute(2, 1, 3)", (8, 8, 3), "(8, 8, 3) has 3 axes", "", "`Permute(1, 0, 2)`"),
    ("Take(8)", (8, 3), "8 of 8", "", "use 0 to 7"),
    ("Split(2)", (8, 9), "9 / 2", "9 mod 2 = 1", "it can be cut into 3, 9"),
    ("Crop((4, 1))", (8, 8, 3), "8 - 4 - 4 = 0", "", "at most 7"),
    ("ConvTranspose(4, 3, stride=2, output_padding=2)", (8, 8, 3), "2 >= 2", "", "use at most 1"),
    ("ConvTranspose(4, 3, padding=2)", (2, 2, 3), "height: 0", "(2 - 1) * 1 + 3 - 2 - 2 + 0 = 0", "smaller padding"),
    ("PixelShuffle(2)", (4, 4, 6), "6 / 4", "6 mod 4 = 2", "a multiple of 4 filters"),
    ("Embedding(5, 2)", (4,), "float32 arrives", "", "`Input(4, dtype=int32)`"),
    ("Conv(4, 3)", (64,), "(64,) arrives", "", "`Reshape(64, 1)`"),
]


@pytest.mark.parametrize(("text", "shape", "label", "note", "help"), ERRORS, ids=[text for text, *_ in ERRORS])
def test_errors_say_the_numbers(text: str, shape: Shape, label: str, note: str, help: str) -> None:
    (operator,) = read(text)
    with pytest.raises(RuleError) as caught:
        operator.infer(TensorType(shape))
    assert caught.value.label == label
    assert note in "\n".join(caught.value.notes)
    assert help in (caught.value.help or "")


@pytest.mark.parametrize(
    ("text", "shape", "messages"),
    [
        ("MaxPool(2)", (7, 8, 3), ["the stride leaves the last 1 of 7 rows unread"]),
        ("MaxPool(2, ceil=true)", (7, 8, 3), []),
        ("Conv(4, 3, stride=2, padding=1)", (8, 8, 3), ["the stride leaves the last 1 of the padding unread"]),
        ("Conv(4, 3, stride=5)", (20, 3), ["the stride leaves the last 2 of 20 steps unread"]),
        ("Conv(4, 3, stride=2, padding=same)", (8, 8, 3), []),
    ],
)
def test_remarks_on_unread_inputs(text: str, shape: Shape, messages: list[str]) -> None:
    (operator,) = read(text)
    assert [remark.message for remark in operator.remarks(TensorType(shape))] == messages

"""Convolutions and pooling against windows slid by hand: what Keras lacks, and what it has at odd settings."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.shapes.dim import Dim, evaluate, recording, symbol
from nnspec.shapes.tensor import TensorType
from nnspec.shapes.window import Window
from tests.ops.by_hand import Axis, convolve, pool, spread, windows
from tests.ops.by_spec import lowered, own_layers
from tests.ops.oracle import build, lacks_kernel, read

RANDOM = np.random.default_rng(7)


def run_or_skip(built, x):
    """What the model gives; skipped where this processor cannot run it."""
    try:
        return built.run(x)
    except Exception as error:
        if lacks_kernel(error):
            pytest.skip("TensorFlow has no kernel for this on this processor")
        raise


def axes_of(sizes: tuple[int, ...], text: str) -> list[Axis]:
    """Window, stride, dilation and padding of each axis, as Dumoulin & Visin draw them."""
    (operator,) = read(text)
    count = len(sizes)

    def each(value: object) -> tuple[int, ...]:
        return value if isinstance(value, tuple) else (value,) * count  # type: ignore[return-value]

    size = each(getattr(operator, "kernel", None) or operator.size)
    stride = each(operator.stride or size)
    dilation = each(getattr(operator, "dilation", 1))
    found = []
    for axis, width in enumerate(sizes):
        extent = (size[axis] - 1) * dilation[axis] + 1
        pad = operator.padding
        if pad == "valid":
            before, after = 0, 0
        elif pad == "causal":
            before, after = extent - 1, 0
        elif pad == "same":
            total = max(0, (-(-width // stride[axis]) - 1) * stride[axis] + extent - width)
            before, after = total // 2, total - total // 2
        else:
            pair = pad if isinstance(pad, int) else pad[axis]
            before, after = (pair, pair) if isinstance(pair, int) else pair
        found.append((size[axis], stride[axis], dilation[axis], before, after))
    return found


POOLS = [
    ((9, 2), "MaxPool(3, 2, padding=1)"),
    ((9, 2), "MaxPool(3, stride=2, padding=((2, 0),))"),
    ((10, 2), "MaxPool(3, 2, ceil=true)"),
    ((11, 2), "MaxPool(2, 3, 1, ceil=true)"),
    ((8, 2), "MaxPool(2, 4, 1, ceil=true)"),
    ((7, 8, 3), "MaxPool(3, 2, 1)"),
    ((7, 8, 3), "MaxPool(3x2, stride=2x1, padding=(1, 0), ceil=true)"),
    ((7, 8, 3), "MaxPool(3, 2, padding=((0, 1), (2, 1)), ceil=true)"),
    ((5, 6, 4, 2), "MaxPool(3, 2, 1, ceil=true)"),
    ((7, 8, 3), "MaxPool(3, 2, padding=same)"),
    ((7, 8, 3), "MaxPool(2, 3, padding=same)"),
    ((9, 2), "AvgPool(3, 2, padding=1)"),
    ((9, 2), "AvgPool(3, stride=1, padding=((2, 0),))"),
    ((10, 2), "AvgPool(3, 2, ceil=true)"),
    ((7, 8, 3), "AvgPool(3, 2, 1)"),
    ((7, 8, 3), "AvgPool(3x2, stride=2x1, padding=(1, 0), ceil=true)"),
    ((7, 8, 3), "AvgPool(3, 2, padding=((0, 1), (2, 1)), ceil=true)"),
    ((5, 6, 4, 2), "AvgPool(3, 2, 1, ceil=true)"),
    ((7, 8, 3), "AvgPool(3, 2, padding=same)"),
]


@pytest.mark.parametrize(("shape", "text"), POOLS)
@pytest.mark.parametrize("sizes", ["known", "unknown"])
def test_pooling(shape: tuple[int, ...], text: str, sizes: str) -> None:
    (operator,) = read(text)
    x = RANDOM.normal(size=(2, *shape)).astype("float32") - 3  # all but surely below the zeros of padding
    how = (lambda v: v.max(axis=0)) if text.startswith("Max") else (lambda v: v.mean(axis=0))
    expected = np.stack([pool(sample, axes_of(shape[:-1], text), how, operator.ceil) for sample in x])
    assert operator.infer(TensorType(shape)).shape == expected.shape[1:]
    letters = ("D", "H", "W")[-len(shape[:-1]) :]
    named = tuple(symbol(letter) for letter in letters)
    with recording():
        type = TensorType(shape) if sizes == "known" else TensorType((*named, shape[-1]))
        symbolic = operator.infer(type)
        found = build(operator, [type]).run(x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert [at(size, dict(zip(letters, shape, strict=False))) for size in symbolic.shape] == list(expected.shape[1:])


def at(size: Dim, sizes: dict[str, int]) -> int:
    return evaluate(size, sizes)


def test_padding_never_wins_and_is_not_counted() -> None:
    """The numbers of a window at the corner, worked out by hand."""
    x = np.array([[-1.0, -2.0], [-3.0, -4.0]], "float32").reshape(1, 2, 2, 1)
    (largest,) = read("MaxPool(2, 1, 1)")
    (mean,) = read("AvgPool(2, 1, 1)")
    type = TensorType((2, 2, 1))
    corner = [[-1, -1, -2], [-1, -1, -2], [-3, -3, -4]]
    assert build(largest, [type]).run(x)[0, :, :, 0].tolist() == corner
    means = [[-1, -1.5, -2], [-2, -2.5, -3], [-3, -3.5, -4]]
    assert build(mean, [type]).run(x)[0, :, :, 0].tolist() == means


CONVOLUTIONS = [
    ((9, 2), "Conv(4, 3, padding=causal)"),
    ((9, 2), "Conv(4, 3, stride=2, padding=causal)"),
    ((9, 2), "Conv(4, 3, dilation=2, padding=causal)"),
    ((9, 2), "Conv(4, 3, stride=2, dilation=2, padding=causal)"),
    ((9, 2), "Conv(4, 2, stride=3, padding=((3, 1),))"),
    ((9, 4), "Conv(6, 3, groups=2, stride=2, dilation=2, padding=same)"),
    ((7, 8, 2), "Conv(4, 3x2, padding=causal)"),
    ((7, 8, 2), "Conv(4, 3, stride=2x1, padding=same)"),
    ((7, 8, 2), "Conv(4, 3, stride=2, dilation=1x2, padding=same)"),
    ((7, 8, 2), "Conv(4, 2, stride=3, padding=same)"),
    ((7, 8, 2), "Conv(4, 3, stride=2x3, dilation=2, padding=(2, 1))"),
    ((7, 8, 4), "Conv(4, 3, groups=2, padding=((0, 3), (1, 2)))"),
    ((4, 5, 6, 4), "Conv(4, 2, groups=2, padding=causal)"),
    ((4, 5, 6, 2), "Conv(3, 2, stride=2, dilation=2, padding=same)"),
    ((9, 3), "DepthwiseConv(3, stride=2, dilation=2)"),
    ((9, 3), "DepthwiseConv(3, padding=causal, depth_multiplier=2)"),
    ((7, 8, 3), "DepthwiseConv(3, stride=2x1, padding=same)"),
    ((7, 8, 3), "DepthwiseConv(3x2, stride=1x3, padding=((1, 0), (2, 1)), depth_multiplier=2)"),
    ((7, 8, 3), "DepthwiseConv(3, dilation=2x3, padding=same)"),
    ((7, 8, 3), "DepthwiseConv(3, stride=2, dilation=2, padding=same)"),
    ((4, 5, 6, 2), "DepthwiseConv(2, stride=2, depth_multiplier=3, padding=1)"),
]


@pytest.mark.parametrize(("shape", "text"), CONVOLUTIONS)
def test_convolution(shape: tuple[int, ...], text: str) -> None:
    (operator,) = read(text)
    x = RANDOM.normal(size=(2, *shape)).astype("float32")
    built = build(operator, [TensorType(shape)])
    model = built.model
    kernel, bias = (RANDOM.normal(size=weight.shape).astype("float32") for weight in model.weights)
    model.set_weights([kernel, bias])
    groups = getattr(operator, "groups", 1)
    if text.startswith("Depthwise"):
        groups = shape[-1]
        kernel = kernel.reshape(*kernel.shape[: len(shape) - 1], 1, -1)
    axes = axes_of(shape[:-1], text)
    expected = np.stack([convolve(sample, kernel, axes, groups) + bias for sample in x])
    assert operator.infer(TensorType(shape)).shape == expected.shape[1:]
    np.testing.assert_allclose(run_or_skip(built, x), expected, rtol=1e-4, atol=1e-4)


TRANSPOSED = [
    ((5, 2), "Deconv(4, 3)"),
    ((5, 2), "Deconv(4, 2, stride=3)"),
    ((5, 2), "Deconv(4, 3, stride=2, padding=1)"),
    ((5, 2), "Deconv(4, 2, stride=3, padding=((1, 0),))"),
    ((5, 2), "Deconv(4, 3, stride=2, padding=1, output_padding=1)"),
    ((5, 2), "Deconv(4, 3, stride=3, output_padding=2)"),
    ((4, 5, 2), "Deconv(3, 3x2, stride=2x1)"),
    ((4, 5, 2), "Deconv(3, 4, stride=2, padding=1)"),
    ((4, 5, 2), "Deconv(3, 3, dilation=2, padding=(2, 1))"),
    ((4, 5, 2), "Deconv(3, 2, stride=3, padding=(1, 1), output_padding=(2, 0))"),
    ((3, 2, 4, 2), "Deconv(3, 3, stride=2, padding=((0, 1), (1, 0), (1, 1)))"),
]


@pytest.mark.parametrize(("shape", "text"), TRANSPOSED)
def test_transposed_convolution(shape: tuple[int, ...], text: str) -> None:
    (operator,) = read(text)
    x = RANDOM.normal(size=(2, *shape)).astype("float32")
    built = build(operator, [TensorType(shape)])
    model = built.model
    kernel, bias = (RANDOM.normal(size=weight.shape).astype("float32") for weight in model.weights)
    model.set_weights([kernel, bias])
    axes = axes_of(shape[:-1], text)
    sizes = []
    for index, (width, (size, stride, dilation, before, after)) in enumerate(zip(shape, axes, strict=False)):
        extent = (size - 1) * dilation + 1
        added = operator.output_padding
        added = added[index] if isinstance(added, tuple) else added
        last = (width - 1) * stride + max(extent, stride if added is None and operator.padding == "valid" else 0)
        sizes.append(last - before - after + (added or 0))
    expected = np.stack([spread(sample, kernel, axes, sizes) + bias for sample in x])
    assert operator.infer(TensorType(shape)).shape == expected.shape[1:]
    np.testing.assert_allclose(run_or_skip(built, x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("width", range(1, 14))
@pytest.mark.parametrize("axis", [(1, 1, 1, 0, 0), (2, 3, 1, 0, 0), (3, 2, 1, 1, 1), (3, 2, 2, 0, 2), (4, 5, 1, 3, 0)])
@pytest.mark.parametrize("ceil", [False, True])
def test_count_of_windows(width: int, axis: Axis, ceil: bool) -> None:
    """The formula gives as many windows as there are by hand, for numbers and for a symbol."""
    size, stride, dilation, before, after = axis
    window = Window(size, stride, dilation, (before, after), ceil)
    by_hand = windows(width, axis, ceil)
    if not windows(width, axis):
        with pytest.raises(RuleError):
            window.output(width)
        return
    assert window.output(width) == len(by_hand)
    if not ceil:
        read_up_to = by_hand[-1][-1]
        assert window.unread(width) == width + after - 1 - read_up_to
    with recording() as conditions:
        assert at(window.output(symbol("W")), {"W": width}) == len(by_hand)
    assert all(condition.evaluate({"W": width}) for condition in conditions)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Input(8, 8, 2) -> AvgPool(3, 2, padding=same)", {"padded_average_pooling.PaddedAveragePooling"}),
        ("Input(9, 9, 2) -> AvgPool(3, 2, padding=same)", set()),
        ("Input(8, 8, 2) -> MaxPool(3, 2, padding=same)", set()),
    ],
)
def test_uneven_padding_of_means_is_not_left_to_keras(text: str, own: set[str]) -> None:
    """On PyTorch Keras fills it with the last values, and counts them."""
    assert own_layers(lowered(text)) == own


def test_a_saved_model_with_our_layers_loads_again(tmp_path: object) -> None:
    inputs = keras.Input((9, 9, 2))
    y = inputs
    for text in ("MaxPool(3, 2, 1)", "AvgPool(2, 1, ((1, 0), (0, 1)), ceil=true)"):
        (operator,) = read(text)
        y = build(operator, [TensorType(tuple(y.shape[1:]))]).model([y])[0]
    model = keras.Model(inputs, y)
    model.save(f"{tmp_path}/m.keras")
    again = keras.saving.load_model(f"{tmp_path}/m.keras")
    x = RANDOM.normal(size=(2, 9, 9, 2)).astype("float32")
    np.testing.assert_array_equal(model(x), again(x))


def test_explicit_padding_of_a_transposed_convolution_with_symbols() -> None:
    (operator,) = read("ConvTranspose(8, 4, stride=2, padding=1)")
    with recording():
        found = operator.infer(TensorType((symbol("H"), symbol("W"), 3)))
    assert [str(size) for size in found.shape] == ["H * 2", "W * 2", "8"]

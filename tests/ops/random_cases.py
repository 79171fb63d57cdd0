"""Random uses of operators, sound and unsound, and what plain Keras makes of each.

A case is an operator's name, its arguments as a spec gives them, and the type that arrives. The
references below are written against Keras's documentation, not with our lowering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import keras

from nnspec.record import Record
from nnspec.shapes.tensor import TensorType
from tests.ops.by_hand import windows

L = keras.layers


class Case(Record):
    name: str
    arguments: dict[str, Any]
    type: TensorType

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.type.dtype}{self.type.shape} -> {self.name}({given})"


class RefusedError(Exception):
    """Plain Keras, or the documentation where Keras has nothing of the kind, does not take the case."""


# How cases are drawn.


def shape(random: Random, ranks: tuple[int, ...] = (2, 3, 4), largest: int = 12) -> tuple[int, ...]:
    """Mostly a shape of these ranks, now and then another."""
    rank = random.choice(ranks) if random.random() < 0.95 else random.randint(1, 5)
    limit = {1: 3 * largest, 2: 2 * largest, 3: largest}.get(rank, 7)
    return (*(random.randint(1, limit) for _ in range(rank - 1)), random.randint(1, 8))


def per_axis(random: Random, shape: tuple[int, ...], largest: int, least: int = 1) -> Any:
    """One number, one for each axis, or the wrong count."""
    draw = random.random()
    if draw < 0.6:
        return random.randint(least, largest)
    axes = len(shape) - 1 if draw < 0.96 else random.randint(1, 3)
    return tuple(random.randint(least, largest) for _ in range(max(1, min(axes, 3))))


def padding(random: Random, shape: tuple[int, ...], words: tuple[str, ...]) -> Any:
    draw = random.random()
    if draw < 0.6:
        return random.choice(words)
    if draw < 0.9:
        return per_axis(random, shape, 3, 0)
    axes = max(1, min(3, len(shape) - 1)) if random.random() < 0.95 else random.randint(1, 3)
    return tuple((random.randint(0, 3), random.randint(0, 3)) for _ in range(axes))


def often(random: Random, share: float, name: str, value: Callable[[], Any]) -> dict[str, Any]:
    return {name: value()} if random.random() < share else {}


def dtype(random: Random) -> str:
    return "float32" if random.random() < 0.97 else random.choice(("int32", "bool", "float16"))


def sliding(random: Random, sizes: tuple[int, ...], words: tuple[str, ...]) -> dict[str, Any]:
    return {
        "kernel": per_axis(random, sizes, 5),
        **often(random, 0.5, "stride", lambda: per_axis(random, sizes, 3)),
        **often(random, 0.3, "dilation", lambda: per_axis(random, sizes, 3)),
        **often(random, 0.7, "padding", lambda: padding(random, sizes, words)),
        **often(random, 0.3, "bias", lambda: random.random() < 0.5),
        **often(random, 0.2, "trainable", lambda: random.random() < 0.3),
    }


def draw_conv(random: Random) -> Case:
    sizes = shape(random)
    given = {"filters": random.randint(1, 8), **sliding(random, sizes, ("valid", "same", "causal"))}
    given |= often(random, 0.3, "groups", lambda: random.randint(1, 4))
    return Case("Conv", given, TensorType(sizes, dtype(random)))


def draw_transpose(random: Random) -> Case:
    sizes = shape(random, largest=8)
    given = {"filters": random.randint(1, 8), **sliding(random, sizes, ("valid", "same"))}
    given |= often(random, 0.4, "output_padding", lambda: per_axis(random, sizes, 2, 0))
    return Case("ConvTranspose", given, TensorType(sizes, dtype(random)))


def draw_depthwise(random: Random) -> Case:
    sizes = shape(random, (2, 3, 3, 4))
    given = sliding(random, sizes, ("valid", "same", "causal"))
    given |= often(random, 0.4, "depth_multiplier", lambda: random.randint(1, 3))
    return Case("DepthwiseConv", given, TensorType(sizes, dtype(random)))


def draw_separable(random: Random) -> Case:
    sizes = shape(random, (2, 3, 3, 4))
    given = {"filters": random.randint(1, 8), **sliding(random, sizes, ("valid", "same", "causal"))}
    given |= often(random, 0.4, "depth_multiplier", lambda: random.randint(1, 3))
    return Case("SeparableConv", given, TensorType(sizes, dtype(random)))


def draw_pool(random: Random) -> Case:
    sizes = shape(random)
    given = {
        **often(random, 0.9, "size", lambda: per_axis(random, sizes, 4)),
        **often(random, 0.5, "stride", lambda: per_axis(random, sizes, 4)),
        **often(random, 0.7, "padding", lambda: padding(random, sizes, ("valid", "same"))),
        **often(random, 0.3, "ceil", lambda: random.random() < 0.7),
    }
    return Case(random.choice(("MaxPool", "AvgPool")), given, TensorType(sizes, dtype(random)))


def draw_global(random: Random) -> Case:
    given = often(random, 0.4, "keepdims", lambda: random.random() < 0.6)
    return Case(random.choice(("GlobalMaxPool", "GlobalAvgPool")), given, TensorType(shape(random), dtype(random)))


def draw_adaptive(random: Random) -> Case:
    sizes = shape(random)
    name = random.choice(("AdaptiveAvgPool", "AdaptiveMaxPool"))
    return Case(name, {"size": per_axis(random, sizes, 8)}, TensorType(sizes, dtype(random)))


def draw_dense(random: Random) -> Case:
    sizes = shape(random, (1, 2, 3))
    name = random.choice(("Dense", "FC", "Maxout"))
    given = {
        "units": random.randint(0, 8),
        **({"pieces": random.randint(1, 4)} if name == "Maxout" else {}),
        **often(random, 0.4, "bias", lambda: random.random() < 0.5),
        **often(random, 0.3, "trainable", lambda: random.random() < 0.3),
    }
    return Case(name, given, TensorType(sizes, dtype(random)))


def draw_embedding(random: Random) -> Case:
    given = {
        "vocabulary": random.randint(0, 9), "width": random.randint(1, 6),
        **often(random, 0.3, "mask_zero", lambda: random.random() < 0.5),
        **often(random, 0.3, "trainable", lambda: random.random() < 0.3),
    }  # fmt: skip
    kind = random.choice(("int32", "int32", "uint8", "float32"))
    return Case("Embedding", given, TensorType(shape(random, (1, 2)), kind))


def draw_reshape(random: Random) -> Case:
    sizes = shape(random, (1, 2, 3), 8)
    rest = 1
    for size in sizes:
        rest *= size
    new: list[int] = []
    for _ in range(random.randint(0, 3)):
        fits = [n for n in range(1, rest + 1) if rest % n == 0]
        new.append(random.choice(fits))
        rest //= new[-1]
    new.insert(random.randint(0, len(new)), rest if random.random() < 0.8 else random.randint(1, 9))
    for _ in range(random.choice((0, 0, 1, 1, 1, 2))):
        new[random.randrange(len(new))] = -1
    return Case("Reshape", {"sizes": tuple(new)}, TensorType(sizes, dtype(random)))


def draw_permute(random: Random) -> Case:
    sizes = shape(random, (1, 2, 3, 4), 6)
    axes = list(range(len(sizes)))
    random.shuffle(axes)
    if random.random() < 0.2:
        axes[random.randrange(len(axes))] = random.randint(-1, 4)
    return Case("Permute", {"axes": tuple(axes)}, TensorType(sizes, dtype(random)))


def draw_simple(random: Random) -> Case:
    sizes = shape(random, (1, 2, 3), 6)
    name = random.choice(("Flatten", "RepeatVector", "PixelShuffle", "Identity"))
    given = {"n": random.randint(1, 3)} if name in ("RepeatVector", "PixelShuffle") else {}
    if name == "PixelShuffle" and random.random() < 0.6:
        sizes = (*sizes[:-1], sizes[-1] * given["n"] ** 2)
    return Case(name, given, TensorType(sizes, dtype(random)))


def draw_part(random: Random) -> Case:
    sizes = shape(random, (1, 2, 3), 6)
    axis = random.randint(-len(sizes) - 1, len(sizes))
    size = sizes[axis] if -len(sizes) <= axis < len(sizes) else 5
    name = random.choice(("Take", "Slice", "Split", "ArgMax"))
    given: dict[str, Any] = {"axis": axis}
    if name == "Take":
        given["index"] = random.randint(-size - 1, size)
    elif name == "Slice":
        given |= {"start": random.randint(-size - 1, size + 1)}
        given |= often(random, 0.7, "stop", lambda: random.randint(-size - 1, size + 1))
    elif name == "Split":
        given["n"] = random.randint(1, 4)
    return Case(name, given, TensorType(sizes, dtype(random)))


def draw_resampled(random: Random) -> Case:
    sizes = shape(random)
    name = random.choice(("UpSample", "ZeroPad", "Crop", "Resize"))
    given: dict[str, Any]
    if name == "UpSample":
        given = {"size": per_axis(random, sizes, 3)}
        given |= often(random, 0.4, "interpolation", lambda: random.choice(("nearest", "bilinear", "bicubic")))
    elif name == "Resize":
        given = {"sizes": tuple(random.randint(1, 9) for _ in range(random.choice((1, 2, 2, 2, 3))))}
        given |= often(random, 0.4, "interpolation", lambda: random.choice(("nearest", "bicubic")))
    else:
        given = {"n": padding(random, sizes, (1, 2))}  # type: ignore[arg-type]
        if name == "ZeroPad":
            given |= often(random, 0.3, "axis", lambda: random.randint(-len(sizes) - 1, len(sizes)))
    return Case(name, given, TensorType(sizes, dtype(random)))


DRAWS: Mapping[Callable[[Random], Case], int] = {
    draw_conv: 5, draw_transpose: 3, draw_depthwise: 2, draw_separable: 2, draw_pool: 5, draw_global: 1,
    draw_adaptive: 1, draw_dense: 2, draw_embedding: 1, draw_reshape: 2, draw_permute: 1, draw_simple: 1,
    draw_part: 3, draw_resampled: 3,
}  # fmt: skip


def cases(count: int, seed: int = 0) -> Iterator[Case]:
    random = Random(seed)
    draws = random.choices(list(DRAWS), list(DRAWS.values()), k=count)
    return (draw(random) for draw in draws)


# What plain Keras makes of them.


def keras_of(case: Case) -> tuple[list[Any], list[Any]]:
    """Inputs and outputs of plain Keras layers for the case.

    Raises: RefusedError, ValueError, TypeError and whatever else Keras raises.
    """
    x = keras.Input(case.type.shape, dtype=case.type.dtype)
    y = REFERENCES[case.name](x, **case.arguments)
    return [x], list(y) if isinstance(y, (list, tuple)) else [y]


def ranked(name: str, x: Any, ranks: tuple[int, ...] = (1, 2, 3)) -> Any:
    rank = len(x.shape) - 2
    if rank not in ranks:
        raise RefusedError(f"{name} of rank {rank}")
    return getattr(L, name.replace("#", f"{rank}D"))


def pairs(value: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """Before and after, for each axis."""
    numbers = value if isinstance(value, tuple) else (value,) * rank
    if len(numbers) != rank:
        raise RefusedError(f"{len(numbers)} numbers for {rank} axes")
    return tuple(n if isinstance(n, tuple) else (n, n) for n in numbers)


def around(name: str, x: Any, value: Any) -> Any:
    """`ZeroPadding` or `Cropping`."""
    made = ranked(name, x)
    found = pairs(value, len(x.shape) - 2)
    return made(found if len(found) > 1 else found[0])(x)


def padded(x: Any, padding: Any, kernel: Any, dilation: Any, native: tuple[str, ...]) -> tuple[Any, str]:
    rank = len(x.shape) - 2
    if padding in native:
        return x, padding
    if padding == "causal":
        sizes = [pair[0] for pair in pairs(kernel, rank)]
        steps = [pair[0] for pair in pairs(dilation, rank)]
        padding = tuple(((size - 1) * step, 0) for size, step in zip(sizes, steps, strict=True))
    return around("ZeroPadding#", x, padding), "valid"


def conv(x: Any, filters: int, kernel: Any, stride: Any = 1, dilation: Any = 1, padding: Any = "valid",
         bias: bool = True, **options: Any) -> Any:  # fmt: skip
    made = ranked("Conv#", x)
    native = ("valid", "same", "causal") if len(x.shape) == 3 else ("valid", "same")
    x, word = padded(x, padding, kernel, dilation, native)
    return made(filters, kernel, strides=stride, dilation_rate=dilation, padding=word, use_bias=bias, **options)(x)


def transpose(x: Any, filters: int, kernel: Any, stride: Any = 1, dilation: Any = 1, padding: Any = "valid",
              bias: bool = True, output_padding: Any = None, **options: Any) -> Any:  # fmt: skip
    made = ranked("Conv#Transpose", x)
    word = padding if isinstance(padding, str) else "valid"
    if word != padding and output_padding is None:
        output_padding = 0
    y = made(filters, kernel, strides=stride, dilation_rate=dilation, padding=word, use_bias=bias,
             output_padding=output_padding, **options)(x)  # fmt: skip
    return y if word == padding else around("Cropping#", y, padding)


def depthwise(x: Any, kernel: Any, stride: Any = 1, dilation: Any = 1, padding: Any = "valid",
              bias: bool = True, **options: Any) -> Any:  # fmt: skip
    made = ranked("DepthwiseConv#", x, (1, 2))
    x, word = padded(x, padding, kernel, dilation, ("valid", "same"))
    return made(kernel, strides=stride, dilation_rate=dilation, padding=word, use_bias=bias, **options)(x)


def separable(x: Any, filters: int, kernel: Any, stride: Any = 1, dilation: Any = 1, padding: Any = "valid",
              bias: bool = True, **options: Any) -> Any:  # fmt: skip
    made = ranked("SeparableConv#", x, (1, 2))
    x, word = padded(x, padding, kernel, dilation, ("valid", "same"))
    return made(filters, kernel, strides=stride, dilation_rate=dilation, padding=word, use_bias=bias, **options)(x)


def pooled(name: str) -> Callable[..., Any]:
    def pool(x: Any, size: Any = 2, stride: Any = None, padding: Any = "valid", ceil: bool = False) -> Any:
        made = ranked(name, x)
        rank = len(x.shape) - 2
        if padding == "same" or (padding == "valid" and not ceil):
            return made(size, strides=stride, padding=padding)(x)
        return by_hand(x, pairs(size, rank), pairs(stride or size, rank), padding, ceil)

    return pool


def by_hand(x: Any, size: Any, stride: Any, padding: Any, ceil: bool) -> Any:
    """Keras has no such pooling: a tensor of as many positions as there are windows, counted one by one."""
    pads = pairs(0 if padding == "valid" else padding, len(x.shape) - 2)
    counts = []
    for width, (window, _), (step, _), (before, after) in zip(x.shape[1:-1], size, stride, pads, strict=True):
        if not windows(width, (window, step, 1, before, after)):
            raise RefusedError("no window fits")
        counts.append(len(windows(width, (window, step, 1, before, after), ceil)))
    return keras.Input((*counts, x.shape[-1]))


def adaptive(name: str) -> Callable[..., Any]:
    def pool(x: Any, size: Any) -> Any:
        made = ranked(name, x)
        if isinstance(size, tuple) and len(size) != len(x.shape) - 2:
            raise RefusedError("the wrong count")
        return made(size)(x)

    return pool


def maxout(x: Any, units: int, pieces: int, **options: Any) -> Any:
    y = dense(x, units * pieces, **options)
    return L.Reshape((*y.shape[1:-1], units, pieces))(y)[..., 0]


def dense(x: Any, units: int, bias: bool = True, **options: Any) -> Any:
    return L.Dense(units, use_bias=bias, **options)(x)


def keras_axis(x: Any, axis: int) -> int:
    """The batch is axis 0 there, and must not be reached from the end."""
    if axis < -len(x.shape) + 1:
        raise RefusedError("the batch")
    return axis + 1 if axis >= 0 else axis


def index(x: Any, axis: int, at: Any) -> Any:
    place = keras_axis(x, axis) % len(x.shape)
    if axis >= len(x.shape) - 1:
        raise RefusedError("no such axis")
    return x[(*(slice(None),) * place, at)]


def zero_pad(x: Any, n: Any, axis: int | None = None) -> Any:
    if axis is None:
        return around("ZeroPadding#", x, n)
    (pair,) = pairs(n, 1)
    place = keras_axis(x, axis)
    if axis >= len(x.shape) - 1:
        raise RefusedError("no such axis")
    pads = [(0, 0)] * len(x.shape)
    pads[place] = pair
    return keras.ops.pad(x, pads)


def shuffle(x: Any, n: int) -> Any:
    if len(x.shape) != 4:
        raise RefusedError("an image")
    if x.shape[-1] % (n * n):
        raise RefusedError("channels")
    return keras.ops.depth_to_space(x, n)


def resize(x: Any, sizes: tuple[int, ...], **options: Any) -> Any:
    if len(x.shape) != 4:
        raise RefusedError("an image")
    if len(sizes) > 2:
        raise RefusedError("height and width; Keras takes a third number for the interpolation, and fails when it runs")
    return L.Resizing(*(sizes if len(sizes) > 1 else sizes * 2), **options)(x)


def upsample(x: Any, size: Any, interpolation: str = "nearest") -> Any:
    """Only `UpSampling2D` interpolates; `UpSampling1D` takes its size as a plain number."""
    made = ranked("UpSampling#", x)
    if len(x.shape) == 3 and isinstance(size, tuple):
        ((size, _),) = pairs(size, 1)
    options = {} if interpolation == "nearest" else {"interpolation": interpolation}
    return made(size, **options)(x)


REFERENCES: Mapping[str, Callable[..., Any]] = {
    "Conv": conv, "ConvTranspose": transpose, "DepthwiseConv": depthwise, "SeparableConv": separable,
    "MaxPool": pooled("MaxPooling#"), "AvgPool": pooled("AveragePooling#"),
    "GlobalMaxPool": lambda x, **o: ranked("GlobalMaxPooling#", x)(**o)(x),
    "GlobalAvgPool": lambda x, **o: ranked("GlobalAveragePooling#", x)(**o)(x),
    "AdaptiveAvgPool": adaptive("AdaptiveAveragePooling#"), "AdaptiveMaxPool": adaptive("AdaptiveMaxPooling#"),
    "Dense": dense, "FC": lambda x, units, **o: dense(L.Flatten()(x), units, **o), "Maxout": maxout,
    "Embedding": lambda x, vocabulary, width, **o: L.Embedding(vocabulary, width, **o)(x),
    "Reshape": lambda x, sizes: L.Reshape(sizes)(x),
    "Permute": lambda x, axes: L.Permute(tuple(a + 1 if a >= 0 else a + len(x.shape) for a in axes))(x),
    "Flatten": lambda x: L.Flatten()(x), "RepeatVector": lambda x, n: L.RepeatVector(n)(x),
    "PixelShuffle": shuffle, "Identity": lambda x: L.Identity()(x),
    "Take": lambda x, index, axis=0: globals()["index"](x, axis, index),
    "Slice": lambda x, start, stop=None, axis=0: index(x, axis, slice(start, stop)),
    "Split": lambda x, n, axis=-1: keras.ops.split(x, n, axis=keras_axis(x, axis)),
    "ArgMax": lambda x, axis=-1: keras.ops.argmax(x, axis=keras_axis(x, axis)),
    "UpSample": upsample, "ZeroPad": zero_pad,
    "Crop": lambda x, n: around("Cropping#", x, n), "Resize": resize,
}  # fmt: skip

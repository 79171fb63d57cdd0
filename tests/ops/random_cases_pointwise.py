"""Random uses of activations, normalisations, noise and merges, sound and unsound, and what plain Keras makes of each.

The references below run Keras's layers on numbers, in training; they are written against its documentation and
know nothing of how we lower. Where Keras has nothing of the kind, they say what the documentation says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import keras
import numpy as np

from nnspec.ops.registry import shorthands
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType

L = keras.layers

#: Keras's activations that have no settings.
PLAIN = {
    "SELU": "selu", "SiLU": "silu", "HardSwish": "hard_swish", "Sigmoid": "sigmoid", "HardSigmoid": "hard_sigmoid",
    "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign", "Linear": "linear",
}  # fmt: skip
MERGES = ("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract")


class Case(Record):
    name: str
    arguments: dict[str, Any]
    types: tuple[TensorType, ...]

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        inputs = " | ".join(f"{x.dtype}{x.shape}{'' if x.batched else ' learned'}" for x in self.types)
        return f"{inputs} -> {self.name}({given})"


class Refused(Exception):  # noqa: N818  # it is the documentation's verdict, not a fault
    """The documentation does not take the case."""


# How cases are drawn.


def shape(random: Random, least: int = 1, most: int = 4) -> tuple[int, ...]:
    return tuple(random.randint(1, 6) for _ in range(random.randint(least, most)))


def dtype(random: Random) -> str:
    return "float32" if random.random() < 0.9 else random.choice(("int32", "uint8", "bool", "float16", "float64"))


def maybe(random: Random, share: float, **arguments: Callable[[], Any]) -> dict[str, Any]:
    return {name: draw() for name, draw in arguments.items() if random.random() < share}


def flag(random: Random) -> Callable[[], bool]:
    return lambda: random.random() < 0.5


def number(random: Random, low: float, high: float) -> Callable[[], float]:
    return lambda: round(random.uniform(low, high), 2)


def axis(random: Random, rank: int) -> Callable[[], int]:
    """Mostly an axis that there is."""
    return lambda: random.randint(-rank, rank - 1) if random.random() < 0.85 else random.randint(-7, 6)


def axes(random: Random, rank: int) -> Callable[[], Any]:
    one = axis(random, rank)
    return lambda: one() if random.random() < 0.5 else tuple(one() for _ in range(random.randint(1, 3)))


def draw_activation(random: Random) -> Case:
    name = random.choice(list(shorthands("act").values()))
    sizes = shape(random)
    slope = number(random, -0.2, 1)
    settings: dict[str, dict[str, Callable[[], Any]]] = {
        "ReLU": {"max_value": number(random, -1, 6), "negative_slope": slope, "threshold": number(random, -0.3, 1)},
        "LeakyReLU": {"slope": slope},
        "PReLU": {"shared_axes": axes(random, len(sizes)), "trainable": flag(random)},
        "RReLU": {"low": number(random, -0.1, 0.3), "high": number(random, 0.3, 0.6)},
        "ELU": {"alpha": number(random, -1, 2)},
        "GELU": {"approximate": flag(random)},
        "Softmax": {"axis": axis(random, len(sizes))},
        "LogSoftmax": {"axis": axis(random, len(sizes))},
        "GumbelSoftmax": {
            "axis": axis(random, len(sizes)), "temperature": number(random, -0.2, 2), "hard": flag(random),
        },
        "Step": {"threshold": number(random, -1, 1)},
    }  # fmt: skip
    return Case(name, maybe(random, 0.4, **settings.get(name, {})), (TensorType(sizes, dtype(random)),))


def draw_norm(random: Random) -> Case:
    name = random.choice(("BatchNorm", "BatchNorm", "LayerNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm",
                          "UnitNorm", "LRN"))  # fmt: skip
    sizes = shape(random)
    rank = len(sizes)
    given: dict[str, Any] = {}
    if name != "LRN":
        several = name in ("LayerNorm", "RMSNorm", "UnitNorm")
        given |= maybe(random, 0.5, axis=(axes if several else axis)(random, rank))
    if name not in ("LRN", "UnitNorm"):
        given |= maybe(random, 0.3, epsilon=number(random, -0.05, 0.3), trainable=flag(random), bias=flag(random))
    if name in ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm"):
        given |= maybe(random, 0.3, center=flag(random), scale=flag(random))
    if name == "BatchNorm":
        given |= maybe(random, 0.3, momentum=number(random, -0.2, 1.2))
    if name == "GroupNorm":
        given |= maybe(random, 0.9, groups=lambda: random.choice((-1, 0, 1, 1, 2, 2, 3, 4, 6)))
    if name == "LRN":
        given |= maybe(random, 0.5, size=lambda: random.randint(0, 7), alpha=number(random, -0.2, 1),
                       beta=number(random, 0, 1), k=number(random, -0.3, 3))  # fmt: skip
    return Case(name, given, (TensorType(sizes, dtype(random)),))


def draw_noise(random: Random) -> Case:
    name = random.choice(("Dropout", "SpatialDropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "DropPath"))
    sizes = shape(random, 1, 5)
    rate = random.choice((0, 1, round(random.uniform(-0.1, 1.2), 2), round(random.random(), 2)))
    given: dict[str, Any] = {"std" if name == "GaussianNoise" else "rate": rate}
    given |= maybe(random, 0.3, seed=lambda: random.randint(-1, 9))
    if name in ("Dropout", "AlphaDropout") and random.random() < 0.4:
        noise = [random.choice((None, 1, size)) for size in sizes]
        if random.random() < 0.3:
            noise[random.randrange(len(noise))] = random.randint(0, 6)
        if random.random() < 0.1:
            noise.append(1)
        given["noise_shape"] = tuple(noise)
    return Case(name, given, (TensorType(sizes, dtype(random)),))


def disturbed(random: Random, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The same shape, or one that differs a little: another size, a size of 1, fewer axes."""
    found = list(sizes)
    draw = random.random()
    if draw < 0.15:
        found[random.randrange(len(found))] = random.randint(1, 6)
    elif draw < 0.45:
        for index in range(len(found)):
            if random.random() < 0.5:
                found[index] = 1
    elif draw < 0.6:
        found = found[random.randint(0, len(found) - 1) :]
    elif draw < 0.65:
        found = [random.randint(1, 3), *found]
    return tuple(found)


def draw_merge(random: Random) -> Case:
    name = random.choice((*MERGES, "Multiply", "Add", "Concat", "Concat"))
    sizes = shape(random, 1, 4)
    count = 2 if name == "Subtract" else random.choice((2, 2, 2, 3, 4))
    given: dict[str, Any] = {}
    shapes = [disturbed(random, sizes) if random.random() < 0.6 else sizes for _ in range(count)]
    if name == "Concat":
        given = maybe(random, 0.6, axis=axis(random, len(sizes)))
        at = given.get("axis", -1)
        if -len(sizes) <= at < len(sizes) and random.random() < 0.7:
            joined = [list(sizes) for _ in range(count)]
            for each in joined:
                each[at] = random.randint(1, 5)
            shapes = [tuple(each) for each in joined]
    learned = [random.random() < 0.15 for _ in shapes]
    types = (TensorType(s, "float32" if w else dtype(random), not w) for s, w in zip(shapes, learned, strict=True))
    return Case(name, given, tuple(types))


def draw_dot(random: Random) -> Case:
    a, b = list(shape(random, 1, 3)), list(shape(random, 1, 3))
    i, j = axis(random, len(a))(), axis(random, len(b))()
    if -len(a) <= i < len(a) and -len(b) <= j < len(b) and random.random() < 0.8:
        b[j] = a[i]
    both: Any = i if random.random() < 0.3 else (i, j)
    given = {"axes": both, **maybe(random, 0.4, normalize=flag(random))}
    return Case("Dot", given, (TensorType(tuple(a), dtype(random)), TensorType(tuple(b))))


DRAWS: Mapping[Callable[[Random], Case], int] = {
    draw_activation: 5, draw_norm: 5, draw_noise: 4, draw_merge: 6, draw_dot: 2,
}  # fmt: skip


def cases(count: int, seed: int = 0) -> Iterator[Case]:
    random = Random(seed)
    draws = random.choices(list(DRAWS), list(DRAWS.values()), k=count)
    return (draw(random) for draw in draws)


# What plain Keras makes of them.


class Found(Record):
    """Shape and dtype of what came out, and the layer, None where Keras has none of the kind."""

    shape: tuple[int, ...]
    dtype: str
    layer: Any


def keras_of(case: Case) -> Found:
    """What plain Keras computes of ones.

    Raises: Refused, and whatever Keras raises.
    """
    xs = [np.ones((2, *x.shape), x.dtype) for x in case.types]
    if case.name in MERGES or case.name in ("Concat", "Dot"):
        layer: Any = merge_layer(case.name, [x.ndim - 1 for x in xs], **case.arguments)
        y = layer(xs)
    else:
        layer = REFERENCES[case.name](xs[0], **case.arguments)
        y = layer(xs[0], training=True) if isinstance(layer, keras.Layer) else layer
    # The shape rule of Keras must hold too: it is what a model is built from.
    if isinstance(layer, keras.Layer):
        inputs = [keras.Input(x.shape[1:], dtype=x.dtype) for x in xs]
        layer(inputs if len(inputs) > 1 else inputs[0])
    return Found(tuple(y.shape[1:]), keras.backend.standardize_dtype(y.dtype), layer)


def counted(axis: Any, rank: int) -> Any:
    """An axis in Keras's counting. The batch cannot be named."""
    if isinstance(axis, tuple):
        found = sorted(counted(each, rank) for each in axis)
        if len(set(found)) < len(found):
            raise Refused("an axis named twice")
        return found
    if not -rank <= axis < rank:
        raise Refused("no such axis")
    return axis % rank + 1


def merge_layer(name: str, ranks: list[int], axis: int = -1, axes: Any = None, normalize: bool = False) -> Any:
    if name == "Concat":
        return L.Concatenate(axis=counted(axis, max(ranks)))
    if name == "Dot":
        pair = axes if isinstance(axes, tuple) else (axes, axes)
        return L.Dot(axes=[counted(each, rank) for each, rank in zip(pair, ranks, strict=True)], normalize=normalize)
    return getattr(L, name)()


def own(x: np.ndarray, holds: bool, dtype: str = "float32") -> np.ndarray:
    """What documentation says of an operator that Keras has not: the shape stays."""
    if not holds or x.dtype.kind != "f":
        raise Refused("documentation")
    return x.astype(dtype)


def prelu(x: np.ndarray, shared_axes: Any = None, trainable: bool = True) -> Any:
    rank = x.ndim - 1
    shared = shared_axes if isinstance(shared_axes, tuple) or shared_axes is None else (shared_axes,)
    return L.PReLU(shared_axes=shared and counted(shared, rank), trainable=trainable)


def gelu(x: np.ndarray, approximate: bool = False) -> Any:
    return keras.ops.gelu(x, approximate=True) if approximate else L.Activation("gelu")


def log_softmax(x: np.ndarray, axis: int = -1) -> Any:
    at = counted(axis, x.ndim - 1)
    return L.Activation("log_softmax") if at == x.ndim - 1 else keras.ops.log_softmax(x, axis=at)


def gumbel(x: np.ndarray, axis: int = -1, temperature: float = 1, hard: bool = False) -> Any:
    counted(axis, x.ndim - 1)
    return own(x, temperature > 0)


def nonnegative(value: float) -> float:
    """Keras computes with anything here; its documentation speaks of a small number added to a variance."""
    if value < 0:
        raise Refused("negative")
    return value


def normed(made: Callable[..., Any], default: float = 1e-3) -> Callable[..., Any]:
    def norm(x: np.ndarray, axis: Any = -1, epsilon: float = default, bias: bool = True, center: bool = True,
             **options: Any) -> Any:  # fmt: skip
        at = counted(axis, x.ndim - 1)
        if not 0 <= options.get("momentum", 0) <= 1:
            raise Refused("momentum")
        return made(axis=at, epsilon=nonnegative(epsilon), center=bias and center, **options)

    return norm


def instance(**options: Any) -> Any:
    return L.GroupNormalization(groups=-1, **options)


def instance_norm(x: np.ndarray, **options: Any) -> Any:
    if x.ndim < 3:
        raise Refused("no positions")
    return normed(instance)(x, **options)


def rms_norm(x: np.ndarray, axis: Any = -1, epsilon: float = 1e-6, bias: bool = False, trainable: bool = True) -> Any:
    if bias:
        raise Refused("Keras has no bias")
    return L.RMSNormalization(axis=counted(axis, x.ndim - 1), epsilon=nonnegative(epsilon), trainable=trainable)


def lrn(x: np.ndarray, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2) -> Any:
    return own(x, size > 0 and size % 2 == 1 and alpha >= 0 and k > 0)


def noisy(made: Callable[..., Any]) -> Callable[..., Any]:
    def noise(x: np.ndarray, rate: float = 0, std: float | None = None, seed: int | None = None,
              noise_shape: tuple[int | None, ...] | None = None) -> Any:  # fmt: skip
        if seed is not None and seed < 0:
            raise Refused("seed")
        if noise_shape is not None and len(noise_shape) != x.ndim - 1:
            raise Refused("axes")
        options = {} if noise_shape is None else {"noise_shape": (None, *noise_shape)}
        return made(rate if std is None else std, seed=seed, **options)

    return noise


def spatial(x: np.ndarray, rate: float, seed: int | None = None) -> Any:
    rank = x.ndim - 2
    if rank not in (1, 2, 3):
        raise Refused("rank")
    return noisy(getattr(L, f"SpatialDropout{rank}D"))(x, rate=rate, seed=seed)


def drop_path(x: np.ndarray, rate: float, seed: int | None = None) -> Any:
    return own(x, 0 <= rate < 1 and (seed is None or seed >= 0))


REFERENCES: dict[str, Callable[..., Any]] = {
    **{name: lambda x, keras_name=keras_name: L.Activation(keras_name) for name, keras_name in PLAIN.items()},
    "ReLU": lambda x, **options: L.ReLU(**options),
    "LeakyReLU": lambda x, slope=0.3: L.LeakyReLU(negative_slope=slope),
    "PReLU": prelu,
    "RReLU": lambda x, low=0.125, high=1 / 3: own(x, low >= 0 and high >= 0),
    "ELU": lambda x, **options: L.ELU(**options),
    "GELU": gelu,
    "Softmax": lambda x, axis=-1: L.Softmax(axis=counted(axis, x.ndim - 1)),
    "LogSoftmax": log_softmax,
    "GumbelSoftmax": gumbel,
    "Step": lambda x, threshold=0: (x >= threshold).astype("float32"),
    "Abs": lambda x: keras.ops.abs(x),
    "BatchNorm": normed(L.BatchNormalization),
    "LayerNorm": normed(L.LayerNormalization),
    "GroupNorm": normed(L.GroupNormalization),
    "InstanceNorm": instance_norm,
    "RMSNorm": rms_norm,
    "UnitNorm": lambda x, axis=-1: L.UnitNormalization(axis=counted(axis, x.ndim - 1)),
    "LRN": lrn,
    "Dropout": noisy(L.Dropout),
    "SpatialDropout": spatial,
    "AlphaDropout": noisy(L.AlphaDropout),
    "GaussianDropout": noisy(L.GaussianDropout),
    "GaussianNoise": noisy(L.GaussianNoise),
    "DropPath": drop_path,
}

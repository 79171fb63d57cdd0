"""Random uses of attention, sound and unsound, and what plain Keras makes of each when it runs.

The references are written against Keras's documentation, in its own order of arguments, not with our lowering.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import keras
import numpy as np

from nnspec.record import Record
from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import weights_of


class Case(Record):
    """An operator, its arguments as a spec gives them, the tensors that arrive, and a mask behind them."""

    name: str
    arguments: dict[str, Any]
    types: list[TensorType]
    mask: TensorType | None

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        arriving = " | ".join(f"{x.dtype}{x.shape}" for x in self.types)
        mask = f" mask={self.mask.dtype}{self.mask.shape}" if self.mask else ""
        return f"{{ {arriving} }} -> {self.name}({given}){mask}"

    @property
    def inputs(self) -> list[TensorType]:
        return [*self.types, *([self.mask] if self.mask else [])]

    def roles(self, tensors: list[Any]) -> list[Any]:
        """Query, key and value of the arriving tensors."""
        last = len(self.types) - 1
        return [tensors[min(role, last)] for role in range(3)]


class Found(Record):
    """What Keras makes of a case: its outputs, and its layer."""

    outputs: list[np.ndarray]
    layer: Any

    @property
    def weights(self) -> list[tuple[str, tuple[int, ...], bool]]:
        return [(name, tuple(weight.shape), weight.trainable) for name, weight in weights_of(self.layer)]


class RefusedError(Exception):
    """What the documentation excludes, where Keras has nothing of the kind."""


def cases(count: int, seed: int) -> Iterator[Case]:
    random = Random(seed)
    for _ in range(count):
        yield draw(random)


def often(random: Random, share: float, **values: tuple[Any, ...]) -> dict[str, Any]:
    return {name: random.choice(choices) for name, choices in values.items() if random.random() < share}


def draw(random: Random) -> Case:
    name = random.choice(("Attention", "AdditiveAttention", "MultiHeadAttention", "MultiHeadAttention"))
    types = shapes(random, name)
    given = often(random, 0.35, causal=(True, False), scores=(True, False), trainable=(True, False), dropout=(0.2,))
    if name == "Attention":
        given |= often(random, 0.4, scale=(True, False), score_mode=("dot", "concat"))
    elif name == "AdditiveAttention":
        given |= often(random, 0.4, scale=(True, False))
    else:
        given["heads"] = random.choice((1, 2, 2, 2, 3, 4))
        given |= often(random, 0.3, key_width=(1, 3, 4), value_width=(2, 5), output_width=(1, 6))
        given |= often(random, 0.2, bias=(True, False), gate=(True,), sliding_window=(1, 2, 9))
        if random.random() < (0.5 if len(types[0].shape) > 2 else 0.1):
            axes = range(len(types[0].shape) - 1)
            choices = [*axes, -1, -2, tuple(axes), tuple(reversed(axes)), 4]
            given["attention_axes"] = random.choice(choices)
    mask = draw_mask(random, types, given) if random.random() < 0.4 else None
    return Case(name, given, types, mask)


def shapes(random: Random, name: str) -> list[TensorType]:
    """One to three tensors that mostly fit together; now and then a size, a rank or a dtype is off."""
    rank = random.choice((2, 2, 2, 2, 2, 3, 3, 1))
    before = [random.randint(1, 3) for _ in range(rank - 2)]
    channels = random.choice((4, 6, 6, 8, 12))
    queries, keys = random.randint(1, 6), random.randint(1, 6)
    width = random.randint(1, 7)
    own = channels if name != "MultiHeadAttention" else random.randint(1, 7)
    made = [[*before, queries, channels], [*before, keys, own], [*before, keys, width]]
    made = made[: random.choice((1, 2, 2, 3))] if rank > 1 else [[channels]] * random.choice((1, 2))
    if len(made) > 1 and random.random() < 0.2:
        wrong = random.choice(made[1:])
        wrong[random.randrange(len(wrong))] = random.randint(1, 6)
    if len(made) > 1 and random.random() < 0.03:
        made[1] = made[1][1:] if len(made[1]) > 1 else [*made[1], 4]
    kinds = ("float32",) * 30 + ("int32", "bool", "float16")
    return [TensorType(tuple(shape), random.choice(kinds)) for shape in made]


def draw_mask(random: Random, types: list[TensorType], given: dict[str, Any]) -> TensorType:
    query, key = types[0], types[min(1, len(types) - 1)]
    axes = given.get("attention_axes")
    if axes is None:
        along = [-2] if "heads" not in given else list(range(len(query.shape) - 1))
    else:
        along = sorted(axis % max(1, len(query.shape)) for axis in (axes if isinstance(axes, tuple) else (axes,)))
    try:
        keys, queries = [key.shape[axis] for axis in along], [query.shape[axis] for axis in along]
    except IndexError:
        keys, queries = [4], [4]
    sizes = keys if random.random() < 0.5 else [*queries, *keys]
    if random.random() < 0.15 and sizes:
        sizes[random.randrange(len(sizes))] = random.randint(1, 6)
    if random.random() < 0.05:
        sizes = [*sizes, 2]
    return TensorType(tuple(sizes), random.choice(("bool", "bool", "int32", "float32")))


def arrays(case: Case, seed: int) -> list[np.ndarray]:
    """Values for the inputs. A mask shows every query its first key, and with a window all, so that each sees one."""
    random = np.random.default_rng(seed)
    found = [random.normal(size=(2, *x.shape)).astype(x.dtype) for x in case.types]
    if case.mask is not None:
        mask = random.random((2, *case.mask.shape)) < 0.6
        mask[..., 0] = True
        found.append((mask | bool(case.arguments.get("sliding_window"))).astype(case.mask.dtype))
    return found


def keras_of(case: Case, values: list[np.ndarray]) -> Found:
    """Keras's layer of the case, called on values."""
    mask = values[-1] if case.mask is not None else None
    query, key, value = case.roles(values)
    make = _heads if case.name == "MultiHeadAttention" else _scoring
    layer, outputs = make(case, query, key, value, mask)
    parts = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return Found([keras.ops.convert_to_numpy(part) for part in parts], layer)


_NAMES = {"scale": "use_scale", "bias": "use_bias", "gate": "use_gate", "value_width": "value_dim",
          "output_width": "output_shape", "causal": "use_causal_mask", "scores": "return_attention_scores"}  # fmt: skip


def _named(case: Case, *names: str) -> dict[str, Any]:
    return {_NAMES.get(name, name): case.arguments[name] for name in names if name in case.arguments}


def _scoring(case: Case, query: Any, key: Any, value: Any, mask: Any) -> tuple[Any, Any]:
    settings = _named(case, "scale", "score_mode", "dropout", "trainable")
    layer = getattr(keras.layers, case.name)(**settings)
    called = _named(case, "causal", "scores")
    if mask is not None:
        if len(query.shape) > 3:
            raise RefusedError("Keras knows masks of sequences")
        if mask.ndim not in (2, 3):
            raise RefusedError("a mask is of keys, or of queries and keys")
        if mask.ndim == 3 and called.pop("use_causal_mask", False):
            mask = np.tril(mask)  # Keras adds a causal mask to one of keys alone
        called["mask"] = [None, mask]
    return layer, layer([query, value, key], **called)


def _heads(case: Case, query: Any, key: Any, value: Any, mask: Any) -> tuple[Any, Any]:
    heads, width = case.arguments["heads"], case.arguments.get("key_width")
    if width is None and query.shape[-1] % heads:
        raise RefusedError("the heads share out the channels")
    settings = _named(
        case, "value_width", "output_width", "bias", "gate", "dropout", "trainable", "sliding_window"
    )  # fmt: skip
    axes = case.arguments.get("attention_axes")
    if axes is not None:
        counted = [axis + 1 if axis >= 0 else axis for axis in (axes if isinstance(axes, tuple) else (axes,))]
        settings["attention_axes"] = tuple(sorted(counted))
    layer = keras.layers.MultiHeadAttention(heads, width or query.shape[-1] // heads, **settings)
    called = _named(case, "causal", "scores")
    if mask is not None:
        count = len(settings.get("attention_axes", query.shape[1:-1]))
        if mask.ndim - 1 not in (count, 2 * count):
            raise RefusedError("a mask is of keys, or of queries and keys")
        whole = mask if mask.ndim - 1 == 2 * count else mask.reshape(len(mask), *[1] * count, *mask.shape[1:])
        called["attention_mask"] = whole
    return layer, layer(query, value, key, **called)

"""Attention in plain numpy loops over heads, queries and keys: an oracle that knows neither Keras nor our formulas.

Everything is of one example: `query` is (queries, channels), a mask is of (queries, keys), true where a key is seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Array = np.ndarray
Score = Callable[[Array, Array], float]


def softmax(row: Array) -> Array:
    powers = np.exp(row - row.max())
    return powers / powers.sum()


def attend(query: Array, key: Array, value: Array, score: Score, seen: Array | None = None) -> tuple[Array, Array]:
    """What comes out, and the weights of the values: a key that is not seen takes no part at all."""
    weights = np.zeros((len(query), len(key)))
    for i, q in enumerate(query):
        those = [j for j in range(len(key)) if seen is None or seen[i, j]]
        weights[i, those] = softmax(np.array([score(q, key[j]) for j in those]))
    out = np.array([sum(weight * v for weight, v in zip(row, value, strict=True)) for row in weights])
    return out, weights


def dot(scale: float = 1.0) -> Score:
    return lambda q, k: scale * sum(a * b for a, b in zip(q, k, strict=True))


def concat(scale: float, factor: float) -> Score:
    return lambda q, k: factor * sum(math.tanh(scale * (a + b)) for a, b in zip(q, k, strict=True))


def additive(vector: Array) -> Score:
    return lambda q, k: sum(v * math.tanh(a + b) for v, a, b in zip(vector, q, k, strict=True))


def visible(queries: int, keys: int, causal: bool = False, mask: Array | None = None, window: int = 10**6) -> Array:
    """Which keys each query sees; a mask of one axis is of the keys."""
    seen = np.ones((queries, keys), bool)
    for i in range(queries):
        for j in range(keys):
            allowed = mask is None or (mask[j] if mask.ndim == 1 else mask[i, j])
            seen[i, j] = allowed and (j <= i or not causal) and abs(i - j) < window
    return seen


def multi_head(
    query: Array, key: Array, value: Array, weights: dict[str, Array], seen: Array | None = None
) -> tuple[Array, Array]:
    """Vaswani et al. 2017, section 3.2.2, with weights named as Keras names them; the scores are per head."""

    def project(x: Array, name: str, head: int) -> Array:
        bias = weights.get(f"{name}/bias")
        return x @ weights[f"{name}/kernel"][:, head] + (0 if bias is None else bias[head])

    kernel = weights["attention_output/kernel"]
    joined, scores = [], []
    for head in range(kernel.shape[0]):
        q, k, v = project(query, "query", head), project(key, "key", head), project(value, "value", head)
        out, weight = attend(q, k, v, dot(1 / math.sqrt(q.shape[-1])), seen)
        if "gate/kernel" in weights:
            out = out / (1 + np.exp(-project(query, "gate", head)))
        joined.append(out)
        scores.append(weight)
    flat = np.concatenate(joined, axis=-1)
    out = flat @ kernel.reshape(-1, kernel.shape[-1]) + weights.get("attention_output/bias", 0)
    return out, np.array(scores)


def sinusoids(length: int, channels: int, base: float = 10000, start: int = 0) -> Array:
    """Vaswani et al. 2017, section 3.5, one number after the other."""
    table = np.zeros((length, channels))
    for t in range(length):
        for column in range(channels):
            i = column // 2
            angle = (start + t) / base ** (2 * i / channels)
            table[t, column] = math.sin(angle) if column == 2 * i else math.cos(angle)
    return table

"""Recurrence, softmax and graphs in numpy, step by step, for the tests of what published networks compute."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softmax(x: Array) -> Array:
    """Over the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gru(x: Array, h: Array, kernel: Array, recurrent: Array, bias: Array | float = 0.0) -> Array:
    """One step for a vector x: Cho et al. 2014, the gates in Keras's order z, r, g. With two biases r comes last."""
    n = len(h)
    first, second = bias if isinstance(bias, np.ndarray) and bias.ndim == 2 else (bias, None)
    a = x @ kernel + first
    z, r = sigmoid(a[: 2 * n] + h @ recurrent[:, : 2 * n] + (0 if second is None else second[: 2 * n])).reshape(2, n)
    if second is None:
        g = np.tanh(a[2 * n :] + (r * h) @ recurrent[:, 2 * n :])
    else:
        g = np.tanh(a[2 * n :] + r * (h @ recurrent[:, 2 * n :] + second[2 * n :]))
    return z * h + (1 - z) * g


def read(xs: Array, *weights: Array) -> Array:
    """The states of a GRU after each x."""
    h, states = np.zeros(len(weights[1])), []
    for x in xs:
        h = gru(x, h, *weights)
        states.append(h)
    return np.array(states)


def read_both_ways(xs: Array, weights: list[Array]) -> Array:
    """The states of two GRUs at each x, side by side; the forward one's weights come first."""
    half = len(weights) // 2
    return np.hstack([read(xs, *weights[:half]), read(xs[::-1], *weights[half:])[::-1]])


def normalised(a: Array) -> Array:
    """D^-1/2 (A + I) D^-1/2 by matrices as they are written."""
    a = a + np.eye(len(a))
    d = np.diag(a.sum(axis=1) ** -0.5)
    return d @ a @ d

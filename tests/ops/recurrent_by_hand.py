"""Recurrences step by step, in plain numpy: an oracle that knows neither Keras nor our operators.

The order of the gates within the weights is Keras's: i, f, g, o of an LSTM, z, r, g of a GRU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.ops.by_hand import Axis, convolve

Function = Callable[[Any], Any]
#: What a step makes of its input and the states: the new states, of which the first is the output.
Cell = Callable[[Any, Sequence[Any]], "tuple[Any, ...]"]

FUNCTIONS: dict[str, Function] = {
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "linear": lambda x: x,
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "softsign": lambda x: x / (1 + abs(x)),
    "leaky_relu(0.1)": lambda x: np.where(x >= 0, x, 0.1 * x),
    "leaky_relu": lambda x: np.where(x >= 0, x, 0.3 * x),
    "elu(alpha=0.5)": lambda x: np.where(x > 0, x, 0.5 * (np.exp(np.minimum(x, 0)) - 1)),
    "relu(max_value=0.2)": lambda x: np.clip(x, 0, 0.2),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
}


def rnn(kernel: Any, recurrent: Any, bias: Any = 0.0, *, act: Function = np.tanh, gate: Function | None = None) -> Cell:
    return lambda x, s: (act(x @ kernel + s[0] @ recurrent + bias),)


def lstm(kernel: Any, recurrent: Any, bias: Any = 0.0, *, act: Function, gate: Function) -> Cell:
    return carry(lambda x, h: x @ kernel + h @ recurrent + bias, act, gate)


def carry(sums: Callable[[Any, Any], Any], act: Function, gate: Function) -> Cell:
    def cell(x: Any, states: Sequence[Any]) -> tuple[Any, ...]:
        i, f, g, o = np.split(sums(x, states[0]), 4, axis=-1)
        c = gate(f) * states[1] + gate(i) * act(g)
        return gate(o) * act(c), c

    return cell


def gru(kernel: Any, recurrent: Any, bias: Any = None, *, act: Function, gate: Function, after: bool = True) -> Cell:
    units = len(recurrent)
    given = np.zeros((2, 3 * units)) if bias is None else bias if after else np.stack([bias, np.zeros_like(bias)])
    w = [kernel[:, n * units : (n + 1) * units] for n in range(3)]
    u = [recurrent[:, n * units : (n + 1) * units] for n in range(3)]
    b, d = ([row[n * units : (n + 1) * units] for n in range(3)] for row in given)

    def cell(x: Any, states: Sequence[Any]) -> tuple[Any, ...]:
        (h,) = states
        z = gate(x @ w[0] + b[0] + h @ u[0] + d[0])
        r = gate(x @ w[1] + b[1] + h @ u[1] + d[1])
        of_state = r * (h @ u[2] + d[2]) if after else (r * h) @ u[2]
        return (z * h + (1 - z) * act(x @ w[2] + b[2] + of_state),)

    return cell


def conv_lstm(
    kernel: Any, recurrent: Any, bias: Any = 0.0, *, axes: Sequence[Axis], act: Function, gate: Function
) -> Cell:
    """`axes` are the windows over what arrives; those over the state have stride 1 and keep its size."""
    state_axes = [(size, 1, 1, (size - 1) // 2, size // 2) for size, *_ in axes]
    return carry(lambda x, h: convolve(x, kernel, axes) + bias + convolve(h, recurrent, state_axes), act, gate)


def recur(
    cell: Cell, x: Any, states: Sequence[Any], mask: Sequence[Any] | None = None, backwards: bool = False
) -> tuple[Any, Any, Sequence[Any]]:
    """All outputs of one example in the order in which they are made, the last one, and the final states.

    At a step that the mask skips the states stay and the output is the one before, 0 at first.
    """
    order = range(len(x))[::-1] if backwards else range(len(x))
    outputs: list[Any] = []
    output = np.zeros_like(states[0])
    for t in order:
        if mask is None or mask[t]:
            states = cell(x[t], states)
            output = states[0]
        outputs.append(output)
    return np.stack(outputs), output, states

"""Windows slid by hand, in plain numpy loops: an oracle that knows neither Keras nor our formulas.

A window is written as the list of input positions it reads; positions outside the input are padding.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

Axis = tuple[int, int, int, int, int]  # window, stride, dilation, padding before, padding after


def windows(width: int, axis: Axis, ceil: bool = False) -> list[list[int]]:
    """The positions that each window reads, from the first window to the last that is allowed."""
    size, stride, dilation, before, after = axis
    found: list[list[int]] = []
    for start in itertools.count(-before, stride):
        positions = [start + tap * dilation for tap in range(size)]
        fits = positions[-1] < width + after
        sticks_out = ceil and start < width and (not found or found[-1][-1] < width + after - 1)
        if not fits and not sticks_out:
            return found
        found.append(positions)
    raise AssertionError


def pool(
    x: np.ndarray, axes: Sequence[Axis], how: Callable[[np.ndarray], np.ndarray], ceil: bool = False
) -> np.ndarray:
    """One value of each window and channel, over the positions that lie in the input. `x` has no batch."""
    lists = [windows(width, axis, ceil) for width, axis in zip(x.shape[:-1], axes, strict=True)]
    out = np.empty((*map(len, lists), x.shape[-1]), x.dtype)
    for index in np.ndindex(*map(len, lists)):
        real = [[p for p in lists[axis][at] if 0 <= p < x.shape[axis]] for axis, at in enumerate(index)]
        block = x[np.ix_(*real)]
        out[index] = how(block.reshape(-1, x.shape[-1]))
    return out


def convolve(x: np.ndarray, kernel: np.ndarray, axes: Sequence[Axis], groups: int = 1) -> np.ndarray:
    """A convolution (cross-correlation) with zeros for padding; the kernel as Keras shapes it."""
    lists = [windows(width, axis) for width, axis in zip(x.shape[:-1], axes, strict=True)]
    filters, into = kernel.shape[-1], kernel.shape[-2]
    each = filters // groups
    out = np.zeros((*map(len, lists), filters))
    for index in np.ndindex(*map(len, lists)):
        for tap in np.ndindex(*kernel.shape[:-2]):
            at = tuple(lists[axis][index[axis]][tap[axis]] for axis in range(len(axes)))
            if all(0 <= p < width for p, width in zip(at, x.shape[:-1], strict=True)):
                for group in range(groups):
                    part = x[at][group * into : (group + 1) * into]
                    of = slice(group * each, (group + 1) * each)
                    out[index][of] += part @ kernel[tap][:, of]
    return out


def spread(x: np.ndarray, kernel: np.ndarray, axes: Sequence[Axis], sizes: Sequence[int]) -> np.ndarray:
    """A transposed convolution into an output of these sizes; `before` positions are cut off its front."""
    out = np.zeros((*sizes, kernel.shape[-2]))
    for index in np.ndindex(*x.shape[:-1]):
        for tap in np.ndindex(*kernel.shape[:-2]):
            at = tuple(
                index[axis] * stride + tap[axis] * dilation - before
                for axis, (_, stride, dilation, before, _) in enumerate(axes)
            )
            if all(0 <= p < size for p, size in zip(at, sizes, strict=True)):
                out[at] += kernel[tap] @ x[index]
    return out

"""Which stages change a tensor's shape in a way that readers of papers would call usual, nearest to nothing first.

Each is an operator whose own rule says what comes out; whether that is wanted, others say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.ops.conv import Conv
from nnspec.ops.dense import Dense
from nnspec.ops.merge import Add, Concat
from nnspec.ops.pool import GlobalAvgPool, MaxPool
from nnspec.ops.resample import Crop, Resize, UpSample
from nnspec.ops.shape import Flatten, Permute, RepeatVector, Reshape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.ops.operator import Operator
    from nnspec.shapes.tensor import TensorType

    Chain = tuple[Operator, ...]

_MOST_GOALS = 6


def merges() -> tuple[Operator, ...]:
    """What makes one tensor of several, in the order of how seldom it loses something."""
    return Concat(), Add()


def bridges(x: TensorType, goals: Sequence[TensorType]) -> Iterator[Chain]:
    """Chains of stages for a tensor, on the way to shapes like some others; a chain is mostly one stage."""
    if not x.rank:
        yield from _of_a_scalar(goals)
        return
    if not all(isinstance(size, int) for size in x.shape):
        yield from _of_any_size(x, goals)
        return
    yield from _other_rank(x, goals)
    for goal in list(dict.fromkeys(goals))[:_MOST_GOALS]:
        if goal.rank == x.rank and all(isinstance(size, int) for size in goal.shape):
            yield from _toward(x, goal)


def bridge_cost(x: TensorType, chain: Chain) -> float:
    """What a chain costs beyond its being one: stages more, values lost or made up, an axis that says nothing."""
    more = 0.5 * (len(chain) - 1)
    for each in chain:
        y = each.infer(x)
        if isinstance(x.size, int) and isinstance(y.size, int):
            makes_up = y.size > x.size and not list(each.weights(x))
            more += 0.3 * (y.size < x.size) + 0.4 * makes_up + 0.1 * isinstance(each, Resize)
        more += 0.3 * (y.rank > x.rank)
        x = y
    return more


def _of_a_scalar(goals: Sequence[TensorType]) -> Iterator[Chain]:
    """An axis for what has none, as wide as is wanted."""
    yield (Reshape(sizes=(1,)),)
    for goal in list(dict.fromkeys(goals))[:_MOST_GOALS]:
        if goal.rank == 1 and isinstance(goal.channels, int) and goal.channels > 1:
            yield (Reshape(sizes=(1,)), Dense(units=goal.channels))


def _of_any_size(x: TensorType, goals: Sequence[TensorType]) -> Iterator[Chain]:
    """What needs no numbers for the sizes of space."""
    if x.rank > 1:
        yield (GlobalAvgPool(),)
    for goal in list(dict.fromkeys(goals))[:_MOST_GOALS]:
        if goal.rank == x.rank and isinstance(goal.channels, int) and goal.channels != x.channels:
            yield (projection(x, goal.channels),)


def _other_rank(x: TensorType, goals: Sequence[TensorType]) -> Iterator[Chain]:
    """An axis more or fewer."""
    if x.rank > 1:
        yield (GlobalAvgPool(),)
        yield (Flatten(),)
    if x.rank == 3:
        yield (Reshape(sizes=(_product(x.spatial), x.channels)),)
    if x.rank > 3:  # the first axis is time more often than depth
        yield (Reshape(sizes=(x.shape[0], _product(x.shape[1:]))),)
    if 1 <= x.rank <= 3 and (not goals or any(goal.rank == x.rank + 1 for goal in goals)):
        yield (Reshape(sizes=(*x.shape, 1)),)
    for goal in list(dict.fromkeys(goals))[:_MOST_GOALS]:
        if x.rank == 1 and goal.rank == 2 and isinstance(goal.shape[0], int):
            yield (RepeatVector(n=goal.shape[0]),)
            if isinstance(goal.channels, int):
                yield (Dense(units=goal.channels), RepeatVector(n=goal.shape[0]))
        if x.rank == 1 and goal.rank in (3, 4) and all(isinstance(size, int) for size in goal.spatial):
            ones = tuple(1 for _ in goal.spatial)
            yield (Reshape(sizes=(*ones, x.channels)), UpSample(size=_brief(goal.spatial)))
        if goal.rank == 1 and x.rank > 1 and isinstance(goal.channels, int):
            yield (GlobalAvgPool(), Dense(units=goal.channels))


def _toward(x: TensorType, goal: TensorType) -> Iterator[Chain]:
    """The same sizes in another order, other channels, other sizes, or both."""
    if x.rank > 1 and x.shape != goal.shape and sorted(map(str, x.shape)) == sorted(map(str, goal.shape)):
        yield (Permute(axes=_order(x.shape, goal.shape)),)
    same_channels, same_sizes = x.channels == goal.channels, x.spatial == goal.spatial
    if not same_channels and isinstance(goal.channels, int):
        yield (projection(x, goal.channels),)
    if same_sizes or not 2 <= x.rank <= 4:
        return
    for stride in _ratios(x, goal):
        if isinstance(goal.channels, int):
            yield (Conv(filters=goal.channels, kernel=1, stride=stride),)
        yield (MaxPool(size=stride),)
    for factor in _ratios(goal, x):
        yield (UpSample(size=factor),)
        if not same_channels and isinstance(goal.channels, int):
            yield (UpSample(size=factor), projection(x, goal.channels))
    over = [have - want for have, want in zip(x.spatial, goal.spatial, strict=True)]
    if all(isinstance(more, int) and more >= 0 for more in over):
        crop = Crop(n=_pairs(over))
        yield (crop,)
        if not same_channels and isinstance(goal.channels, int):
            yield (crop, projection(x, goal.channels))
    elif x.rank == 3:
        yield (Resize(sizes=goal.spatial),)


def projection(x: TensorType, channels: int) -> Operator:
    """The stage that changes nothing but the channels."""
    return Conv(filters=channels, kernel=1) if x.rank in (3, 4) else Dense(units=channels)


def crop_like(like: TensorType) -> Operator:
    """A crop to the sizes of another tensor."""
    return Crop(like=like)


def _ratios(x: TensorType, goal: TensorType) -> Iterator[int | tuple[int, ...]]:
    """By how much each size is to become smaller, where a stride does that."""
    found: list[int] = []
    for have, want in zip(x.spatial, goal.spatial, strict=True):
        if not isinstance(have, int) or not isinstance(want, int) or not 0 < want <= have:
            return
        found.append(-(-have // want))
    if any(ratio > 1 for ratio in found):
        yield _brief(found)


def _brief(sizes: Sequence[object]) -> int | tuple[int, ...]:
    whole = tuple([size for size in sizes if isinstance(size, int)])
    return whole[0] if len(set(whole)) == 1 else whole


def _pairs(over: Sequence[object]) -> int | tuple[int, ...] | tuple[tuple[int, int], ...]:
    """What is cut off before and after: half each, of an odd number more after."""
    whole = [more for more in over if isinstance(more, int)]
    if all(more % 2 == 0 for more in whole):
        return _brief([more // 2 for more in whole])
    return tuple([(more // 2, more - more // 2) for more in whole])


def _order(have: Sequence[object], want: Sequence[object]) -> tuple[int, ...]:
    """For each axis that is wanted, which one it was; of several with its size one that is not taken yet."""
    found: list[int] = []
    for at, size in enumerate(want):
        left = [axis for axis in range(len(have)) if have[axis] == size and axis not in found]
        found.append(at if at in left else left[0])
    return tuple(found)


def _product(sizes: Sequence[object]) -> int:
    found = 1
    for size in sizes:
        found *= size if isinstance(size, int) else 1
    return found

"""What to type where shapes differ: the stage that would make them equal, worked out from their sizes.

It proposes and never decides: whether shapes may be merged is `joining.py`'s affair.
"""

from __future__ import annotations

from collections.abc import Sequence

from nnspec.shapes.dim import Dim
from nnspec.shapes.tensor import TensorType, sizes_text


def advice(name: str, a: TensorType, b: TensorType, axes: Sequence[int]) -> str | None:
    """How to bring `b` to the shape of `a`, which differ along the axes, for the merge of this name."""
    if not b.batched:
        sizes = a.shape if a.rank != b.rank else [(a if axis in axes else b).shape[axis] for axis in range(a.rank)]
        return f"write the sizes that it meets: `Weight({', '.join(map(str, sizes))})`"
    if a.rank != b.rank:
        return _other_rank(name, *((a, b) if a.rank > b.rank else (b, a)))
    last = a.rank - 1
    if list(axes) == [last]:
        return _other_channels(name, a, b)
    where = [(a.shape[axis], b.shape[axis]) for axis in axes if axis != last]
    return _other_sizes(name, a, b, where, last in axes)


def _other_channels(name: str, a: TensorType, b: TensorType) -> str:
    stages = [projection(a, size) for size in (a.channels, b.channels) if isinstance(size, int) and size > 1]
    size = a.channels if isinstance(a.channels, int) and a.channels > 1 else b.channels
    ways = [f"bring them to {size} channels with `{stages[0]}`"] if stages else []
    if name == "Multiply":
        return f"{ways[0]}; a gate has {size} channels or 1" if ways else "a gate has as many channels, or 1"
    if 1 in (a.channels, b.channels):
        ways.append("`Multiply` broadcasts a gate")
    if name != "Concat":
        ways.append("`Concat` joins different channels")
    return "; ".join(ways)


def projection(x: TensorType, channels: Dim, *more: str) -> str:
    """The stage that changes nothing but the channels."""
    if 2 <= x.rank <= 4:
        return f"Conv({', '.join((str(channels), '1', *more))})"
    return f"Dense({channels})"


def _other_rank(name: str, large: TensorType, small: TensorType) -> str | None:
    if small.rank == 1 and large.rank > 1:
        if name == "Multiply":
            return f"a gate that is a vector needs {large.channels} channels: end it in `Dense({large.channels})`"
        gate = None if name == "Concat" else "`Multiply` broadcasts a gate"
        return "; ".join(filter(None, (gate, _spread(name, large, small)))) or None
    if large.rank == small.rank + 1 and large.spatial == small.shape:
        return f"give the smaller a channel axis: `Reshape({', '.join(map(str, (*small.shape, 1)))})`"
    return "bring them to the same number of axes with `Reshape` or `Flatten`"


def _spread(name: str, large: TensorType, small: TensorType) -> str | None:
    """The stages that put a vector at every position."""
    if not all(isinstance(size, int) for size in large.spatial) or large.rank > 4:
        return None
    if name != "Concat" and large.channels != small.channels:
        return None
    if large.rank == 2:
        return f"`RepeatVector({large.shape[0]})` puts it at every position"
    ones = ", ".join("1" for _ in large.spatial)
    return f"`Reshape({ones}, {small.channels}) -> {_up(large.spatial)}` puts it at every position"


def _up(factors: Sequence[Dim]) -> str:
    return f"UpSample({factors[0]})" if len(set(factors)) == 1 else f"UpSample({'x'.join(map(str, factors))})"


def _other_sizes(name: str, a: TensorType, b: TensorType, where: list[tuple[Dim, Dim]], channels: bool) -> str:
    mine = f"bring them to {sizes_text(a.shape)}"
    if name != "Multiply" and any(all(pair[side] == 1 for pair in where) for side in (0, 1)) and not channels:
        return _one_position(name, a if where[0][1] == 1 else b)
    ratio = _ratio(where)
    if ratio and 2 <= a.rank <= 4:
        large, small = (a, b) if _more(*where[0]) else (b, a)
        if name == "Concat":
            return f"shrink the larger with `Pool({ratio})`, or spread the smaller with `UpSample({ratio})`"
        down = projection(large, small.channels, f"stride={ratio}")
        return f"bring the larger to {sizes_text(small.shape)} with `{down}`"
    if channels and name != "Concat":
        return f"{mine}: `padding=same` keeps sizes in a convolution, `{projection(a, a.channels)}` changes channels"
    return "`padding=same` keeps the size in a convolution; `Crop(like=…)` cuts the larger to the smaller"


def _one_position(name: str, large: TensorType) -> str:
    known = 2 <= large.rank <= 4 and all(isinstance(size, int) for size in large.spatial)
    spread = f"`{_up(large.spatial)}` puts it at every position" if known else ""
    gate = "" if name == "Concat" else "`Multiply` broadcasts a gate"
    return "; ".join(filter(None, (gate, spread))) or "bring both to the same sizes"


def _more(x: Dim, y: Dim) -> bool:
    return isinstance(x, int) and isinstance(y, int) and x > y


def _ratio(where: Sequence[tuple[Dim, Dim]]) -> int | None:
    """The whole number by which all sizes of one are larger, if there is one."""
    found = {_quotient(x, y) for x, y in where}
    return found.pop() if len(found) == 1 and len({_more(x, y) for x, y in where}) == 1 else None


def _quotient(x: Dim, y: Dim) -> int | None:
    if not isinstance(x, int) or not isinstance(y, int):
        return None
    large, small = max(x, y), min(x, y)
    return large // small if small and large % small == 0 else None

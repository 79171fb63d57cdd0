"""The one shape of what a merge joins, and the error where there is none.

Shapes are laid over one another from their ends. It knows which sizes may be spread over which; how the help is
worked out is in `mending.py`, and what is computed of the tensors nobody says here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn, TypeAlias

from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import axis_name, count_of
from nnspec.ops.dtypes import is_number
from nnspec.ops.mending import advice
from nnspec.shapes.alternatives import Either, any_of
from nnspec.shapes.dim import Condition, Dim, compare, demand, maximum
from nnspec.shapes.tensor import TensorType, sizes_text


def need_numbers(name: str, xs: Sequence[TensorType]) -> None:
    """Demand numbers, of which some may be truth values (0 and 1).

    Raises: RuleError at the first tensor that has none.
    """
    whole = not any(is_number(x.dtype) for x in xs)
    for index, x in enumerate(xs):
        if x.dtype == "string" or (whole and not is_number(x.dtype)):
            raise RuleError(codes.NOT_REAL, f"{name} computes with numbers", at=index, label=f"{x.dtype} arrives")


#: What is needed of symbolic sizes, with the input and the axis that need it.
Needed: TypeAlias = "tuple[Condition | Either, int, int]"


def _joint(have: Dim, size: Dim, truth: bool | Condition | Either, *, small: bool, fill: bool) -> Dim:
    """The size that two sizes have together, where they fit: the number, if one is; that which is not the gate's."""
    if isinstance(size, int) or isinstance(have, int):
        return size if isinstance(size, int) else have
    if isinstance(truth, Either) and fill:
        return maximum(have, size) if small else size
    return have


class Joining:
    """The shapes that a merge meets; `gates` lets sizes of 1 be spread, `but` is an axis that may differ."""

    def __init__(self, name: str, xs: Sequence[TensorType], *, gates: bool = False, but: int | None = None) -> None:
        self.name = name
        self.xs = xs
        self.gates = gates
        self.but = but
        batched = [index for index, x in enumerate(xs) if x.batched] or range(len(xs))
        # The input that the others are laid over: the first of the highest rank that is not a `Weight`.
        self.whole = max(batched, key=lambda index: (xs[index].rank, -index))

    def shape(self) -> tuple[Dim, ...]:
        """The shape that all join to; along the axis `but` that of the first of the highest rank.

        Raises: RuleError at the input that does not fit.
        """
        joined = list(self.xs[self.whole].shape)
        needed: list[Needed] = []
        for index, x in enumerate(self.xs):
            if index != self.whole and (self._short(x, joined) or self._lay(joined, index, needed)):
                self._refuse(index, self._differing(*self._pair(index)))
        self._refuse_together(needed)
        for condition, _, _ in needed:
            demand(condition)
        return tuple(joined)

    def _short(self, x: TensorType, joined: Sequence[Dim]) -> bool:
        """Whether a tensor has fewer axes than it may have, or more."""
        if x.rank >= len(joined):
            return x.rank > len(joined)
        return self.but is not None or (x.batched and not (self.gates and x.rank == 1))

    def _lay(self, joined: list[Dim], index: int, needed: list[Needed]) -> list[int]:
        """Lays a shape over the joint one and fills its sizes of 1 where that is allowed; the axes that do not fit."""
        x = self.xs[index]
        small = self.but is None and (self.gates or not x.batched)
        fill = self.but is None and (self.gates or not self.xs[self.whole].batched)
        wrong = []
        for axis, size in enumerate(x.shape, len(joined) - x.rank):
            have = joined[axis]
            if axis == self.but or (size == 1 and small):
                continue
            if have == 1 and fill:
                joined[axis] = size
                continue
            truth = any_of(compare(have, "==", size), small and compare(size, "==", 1), fill and compare(have, "==", 1))
            if truth is False:
                wrong.append(axis)
                continue
            if not isinstance(truth, bool):
                needed.append((truth, index, axis))
            joined[axis] = _joint(have, size, truth, small=small, fill=fill)
        return wrong

    def _refuse_together(self, needed: list[Needed]) -> None:
        """Refuse what fits in no size because one letter stands for several axes, or there are several inputs.

        Raises: RuleError at the last input that takes part.
        """
        if len({condition.symbols for condition, _, _ in needed}) == len(needed):
            return
        from nnspec.shapes.decide import contradictory  # rare, and only symbolic sizes pay for it

        alike: dict[frozenset[str], list[Needed]] = {}
        for each in needed:
            alike.setdefault(each[0].symbols, []).append(each)
        for group in alike.values():
            if contradictory([condition for condition, _, _ in group]):
                last = group[-1][1]
                self._refuse(last, [axis for _, index, axis in group if index == last])

    def _odd_one(self, index: int) -> tuple[int, int]:
        """Whom to blame and whom to compare it with: of three and more, the one that differs from all others."""
        others = [x for i, x in enumerate(self.xs) if i != self.whole]
        if len(others) > 1 and others[0].batched and all(x == others[0] for x in others):
            return self.whole, index
        return index, self.whole

    def _pair(self, index: int) -> tuple[TensorType, TensorType]:
        """The input to compare with and the one to blame."""
        blamed, other = self._odd_one(index)
        return self.xs[other], self.xs[blamed]

    def _refuse(self, index: int, axes: list[int]) -> NoReturn:
        blamed, other = self._odd_one(index)
        a, b = self.xs[other], self.xs[blamed]
        shown = sorted((blamed, other)) if len(self.xs) > 4 else range(len(self.xs))
        raise RuleError(
            codes.SHAPES_DIFFER,
            f"{self._rule()}, but {self._fault(a, b, axes)}",
            at=blamed,
            label=" and ".join(sizes_text(self.xs[i].shape) for i in shown),
            notes=tuple(self._note(other, blamed, axis) for axis in axes),
            help=advice(self.name, a, b, axes),
        )

    def _differing(self, a: TensorType, b: TensorType) -> list[int]:
        if a.rank != b.rank:
            vector = self.but is None and min(a.rank, b.rank) == 1
            return [a.rank - 1] if vector and compare(a.channels, "==", b.channels) is False else []
        axes = [axis for axis in range(a.rank) if axis != self.but]
        return [axis for axis in axes if compare(a.shape[axis], "==", b.shape[axis]) is False]

    def _rule(self) -> str:
        if self.but is not None:
            rank = self.xs[self.whole].rank
            return f"{self.name} along the {axis_name(rank, self.but)} needs all else equal"
        return f"{self.name} needs equal shapes" + (" or a gate" if self.gates else "")

    def _fault(self, a: TensorType, b: TensorType, axes: list[int]) -> str:
        if a.rank != b.rank:
            return f"one has {count_of(a.rank, 'axis', 'axes')} and the other {b.rank}"
        names = [axis_name(a.rank, axis) for axis in axes]
        shown = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        return f"the {shown} differ{'s' if len(names) == 1 and names[0] != 'channels' else ''}"

    def _note(self, other: int, blamed: int, axis: int) -> str:
        first, second = (self.xs[index] for index in sorted((other, blamed)))
        name = axis_name(max(first.rank, second.rank), max(first.rank, second.rank) - 1 if axis == -1 else axis)
        if first.rank != second.rank:
            return f"channels: {first.channels} and {second.channels}"
        return f"{name}: {first.shape[axis]} and {second.shape[axis]}"

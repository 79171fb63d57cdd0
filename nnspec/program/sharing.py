"""Shared parts: all uses of one owner have one set of weights, so their weights must be equal.

Where those depend on symbolic sizes, the sizes at which they are equal become a condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.diagnostics.codes import graph as codes
from nnspec.diagnostics.diagnostic import Label
from nnspec.program.program import CallStep, OperatorStep, Region, RunStep
from nnspec.shapes.condition import stand_at
from nnspec.shapes.dim import Symbolic, compare, demand
from nnspec.source import Span

if TYPE_CHECKING:
    from nnspec.program.values import Evaluator
    from nnspec.shapes.dim import Dim

#: What weights a region has, in order; a shared part's stands as its owner alone.
Signature: TypeAlias = "tuple[Any, ...]"


_SHORT = 100  # signatures up to this length are written out in others


class Sharing:
    """The first use of every owner."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._first: dict[str, tuple[Signature, Span]] = {}
        self._signatures: dict[Region, Signature] = {}
        self._numbers: dict[Signature, int] = {}
        self._numbered: list[Signature] = []

    def use(self, owner: str, region: Region, span: Span, name: str) -> bool:
        """Whether the weights of a use of an owner are those of its first use; reported where they differ."""
        signature = self.signature(region)
        first, there = self._first.setdefault(owner, (signature, span))
        stand_at(span)
        if first == signature or self._may_be_equal(signature, first):
            return True
        mine, yours = self._difference(signature, first)
        other = "axes" if mine[:2] == yours[:2] else "weights"
        self._evaluator.report(
            codes.UNEQUAL_SHARES,
            f"{name} needs other {other} here than at its first use",
            span,
            label=_shown(mine),
            labels=(Label(there, f"first use: {_shown(yours)}"),),
            help="bring both to equal sizes first, or write a block, which has new weights at each use",
        )
        return False

    def _may_be_equal(self, ours: Signature, theirs: Signature) -> bool:
        """Whether two signatures are equal for some symbolic sizes, which is demanded then."""
        pairs: list[tuple[Dim, Dim]] = []
        if not self._pair(ours, theirs, pairs):
            return False
        truths = [compare(a, "==", b) for a, b in pairs if a != b]
        if False in truths:
            return False
        for truth in truths:
            demand(truth)
        return True

    def _pair(self, ours: Any, theirs: Any, pairs: list[tuple[Dim, Dim]]) -> bool:
        """Whether two signatures are of one form; the sizes of all weights, pair by pair."""
        if not isinstance(ours, tuple) or not isinstance(theirs, tuple):
            if type(ours) is Symbolic or type(theirs) is Symbolic:
                pairs.append((ours, theirs))
                return True
            return bool(ours == theirs)
        if len(ours) != len(theirs):
            return False
        if ours[:1] in (("part",), ("run",)) and ours[:2] == theirs[:2]:
            inner = zip(ours[2:], theirs[2:], strict=True)
            return all(self._pair(self._numbered[mine], self._numbered[yours], pairs) for mine, yours in inner)
        return all(self._pair(mine, yours, pairs) for mine, yours in zip(ours, theirs, strict=True))

    def signature(self, region: Region) -> Signature:
        """The weights of a region, by operator, name and shape."""
        if region not in self._signatures:
            self._signatures[region] = tuple([part for step in region.steps for part in self._of(step, region)])
        return self._signatures[region]

    def _of(self, step: OperatorStep | CallStep | RunStep, region: Region) -> Signature:
        if isinstance(step, OperatorStep):
            types: Any = [region.types[wire] for wire in step.operands]
            weights = tuple([(w.name, w.shape, w.trainable) for w in step.operator.weights(*types)])
            return ((step.operator.keeps, weights, step.operator.one_rank(*types)),) if weights else ()
        if isinstance(step, CallStep):
            if step.owner is not None:
                return (("shared", step.owner),)
            inner = self.signature(step.use.region)
            return inner if len(inner) <= _SHORT else (("part", 1, self._number(inner)),)
        turns = [self._number(self.signature(use.region)) for use in step.cycle]
        return (("run", step.count, *turns),) if any(self._numbered[turn] for turn in turns) else ()

    def _number(self, signature: Signature) -> int:
        """What stands for a signature in others: blocks in blocks would write it out once more at each level."""
        if signature not in self._numbers:
            self._numbers[signature] = len(self._numbered)
            self._numbered.append(signature)
        return self._numbers[signature]

    def _difference(self, ours: Signature, theirs: Signature) -> tuple[Signature, Signature]:
        """The first two parts that differ; the numbers of layers where one has more."""
        for mine, yours in zip(ours, theirs, strict=False):
            if mine == yours:
                continue
            if mine[0] in ("part", "run") and mine[:2] == yours[:2] and len(mine) == len(yours):
                inner = next((m, y) for m, y in zip(mine[2:], yours[2:], strict=True) if m != y)
                return self._difference(self._numbered[inner[0]], self._numbered[inner[1]])
            return mine, yours
        return ("layers", len(ours)), ("layers", len(theirs))


def _shown(part: Any) -> str:
    name, weights = part[0], part[1]
    if name == "run":
        return f"a repeat of {weights} turns"
    if name == "layers":
        return f"{weights} layers with weights"
    if isinstance(weights, tuple) and weights and isinstance(weights[0], tuple):
        rank = "" if part[2] is None else f" over {part[2]} {'axis' if part[2] == 1 else 'axes'}"
        return f"{name}{rank} with {weights[0][0]} {' x '.join(map(str, weights[0][1]))}"
    return str(name)

"""The quantities of a model that `expect` may promise and `check` reports, by their names."""

from __future__ import annotations

from nnspec.analysis.cost import Costs
from nnspec.analysis.field import Field, Marks, ReceptiveField
from nnspec.analysis.paths import Depth, Paths, TooManyPaths
from nnspec.deep_stack import with_deep_stack
from nnspec.diagnostics.codes import limits
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.liveness import Liveness, liveness_of
from nnspec.program.program import Model, Program, Region
from nnspec.record import Record
from nnspec.shapes.dim import Dim, DimTooLarge
from nnspec.shapes.reach import PeriodTooLong
from nnspec.shapes.symbolic import MAX_BITS

QUANTITIES = ("params", "trainable_params", "macs", "layers", "depth", "receptive_field", "activation_bytes")


class Counts(Record):
    """All quantities of one model.

    Units: numbers of weights; multiply-adds for one example; layers; input positions; bytes for one example.
    """

    _unequal = ("model",)

    params: Dim
    trainable_params: Dim
    macs: Dim
    layers: int
    activation_bytes: Dim
    model: Model

    @property
    def depth(self) -> int | None:
        """The number of layers on the longest path; None where paths are too many to follow."""
        return _analyses(self.model).depth(self.model)

    @property
    def receptive_field(self) -> Dim | None:
        """The largest size over axes, at the last maps; None where paths cannot be followed."""
        return _analyses(self.model).receptive_field(self.model)


def count(model: Model) -> Counts:
    """The quantities of a model whose outputs are known; worked out once.

    Raises: DimTooLarge.
    """
    known = _analyses(model).counted
    if model.region not in known:
        known[model.region] = _count(model)
    return known[model.region]


def verify_counts(program: Program, found: Diagnostics) -> bool:
    """Report each model whose quantities are too large to count."""
    countable = True
    for model in program.models:
        try:
            if model.is_known:
                count(model)
        except DimTooLarge:
            countable = False
            found.report(
                limits.TOO_LARGE,
                f"the quantities of {model.name} are too large to count",
                model.span,
                label=f"more than {MAX_BITS:,} bits",
            )
    return countable


class _Analyses:
    """What was counted of the regions of a file; paths are followed when somebody asks."""

    def __init__(self, liveness: Liveness) -> None:
        self.counted: dict[Region, Counts] = {}
        self.costs = Costs(liveness)
        self._depths = Paths(Depth(), liveness)
        self._fields: Paths[Field | Marks] = Paths(ReceptiveField(), liveness)

    def renew(self) -> int:
        """Let paths be followed as far as at first; how many entries they took until now."""
        return self._depths.renew() + self._fields.renew()

    def depth(self, model: Model) -> int | None:
        """Layers on the longest path."""
        try:
            return with_deep_stack(lambda: self._depths.greatest(model)) or 0
        except TooManyPaths:
            return None

    def receptive_field(self, model: Model) -> Dim | None:
        """The largest size."""
        try:
            marks = with_deep_stack(lambda: self._fields.largest(model))
            return ReceptiveField.largest(marks) if isinstance(marks, Marks) else 1
        except (TooManyPaths, PeriodTooLong, DimTooLarge):
            from nnspec.analysis.layers import largest_field  # few networks need it

            return with_deep_stack(lambda: largest_field(model))


def _analyses(model: Model) -> _Analyses:
    liveness = liveness_of(model.region)
    if liveness.analyses is None:
        liveness.analyses = _Analyses(liveness)
    analyses: _Analyses = liveness.analyses
    return analyses


def _count(model: Model) -> Counts:
    cost = _analyses(model).costs.model(model)
    for number in (cost.params, cost.macs, cost.layers, cost.activation_bytes):
        if isinstance(number, int) and number.bit_length() > MAX_BITS:
            raise DimTooLarge
    return Counts(cost.params, cost.trainable_params, cost.macs, cost.layers, cost.activation_bytes, model)

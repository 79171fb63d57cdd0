"""Sizes and amounts as they are on the domain of valid inputs: `H` for `H // 8 * 8` where `H % 8 == 0` must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.conditions import conditions
from nnspec.shapes.symbolic import Symbolic

if TYPE_CHECKING:
    from nnspec.program.program import Model
    from nnspec.shapes.dim import Dim


class OnDomain:
    """Rewrites the sizes of one model."""

    def __init__(self, model: Model) -> None:
        self._demands = [demand for demand in conditions(model) if len(demand.symbols) == 1]

    def __call__(self, dim: Dim) -> Dim:
        """A size in its shortest form, equal for all inputs that the model takes."""
        if not self._demands or not isinstance(dim, Symbolic):
            return dim
        from nnspec.shapes.dim import symbols_of  # only sizes of letters pay for it
        from nnspec.shapes.solve import around
        from nnspec.shapes.within import within

        names = sorted(symbols_of(dim))
        own = {name: [demand for demand in self._demands if name in demand.symbols] for name in names}
        return within(dim, {name: around(name, demands) for name, demands in own.items() if demands})

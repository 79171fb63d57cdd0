"""Sizes and amounts as they are on the domain of valid inputs: `H` for `H // 8 * 8` where `H % 8 == 0` must hold.

That is how they are shown; analyses work with the sizes as they come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.conditions import conditions
from nnspec.record import replace
from nnspec.shapes.symbolic import Symbolic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.analysis.layers import LayerRow
    from nnspec.program.graph import Graph
    from nnspec.program.program import Model
    from nnspec.shapes.dim import Dim


class OnDomain:
    """Rewrites the sizes of one model."""

    def __init__(self, model: Model) -> None:
        self._demands = [demand for demand in conditions(model) if len(demand.symbols) == 1]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is demanded of any one size, so that nothing is to be rewritten."""
        return not self._demands

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


def rows_on_domain(model: Model, graph: Graph) -> Iterator[LayerRow]:
    """A row for each layer, in the order of computation, with sizes and costs as they are for the inputs it takes."""
    from nnspec.analysis.layers import layer_rows

    on_domain = OnDomain(model)
    for row in layer_rows(graph):
        if on_domain.is_whole:
            yield row
            continue
        outputs = tuple([replace(each, shape=tuple(map(on_domain, each.shape))) for each in row.outputs])
        costs = {name: on_domain(getattr(row, name)) for name in _COSTS}
        yield replace(row, outputs=outputs, **costs)


_COSTS = ("params", "trainable_params", "macs", "activation_bytes")

"""Positions: what tells attention, which sees all positions alike, where in a sequence it looks.

Learned positions need no operator: `Add{ _ | Weight(n, width) }`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.calls import Arrival, Call, layer
from nnspec.ops.kinds import Integer, Real
from nnspec.ops.operator import Example, Operator, option
from nnspec.ops.spatial import need_real, need_spatial
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class PositionEncoding(Operator):
    """x + p, with p[t, 2i] = sin(t / base^(2i / channels)) and p[t, 2i + 1] = cos(t / base^(2i / channels)).

    With an odd number of channels the last is a sine.

    Shape: `(length, channels)`, unchanged.
    Source: Vaswani et al. 2017, section 3.5.
    """

    base: float = option(Real(gt=0), default=10000.0, keras="base", doc="sets the longest wave: 2π · base positions")
    start: int = option(Integer(ge=0), default=0, keras="start", doc="the number t of the first position")

    renamed = {"max_wavelength": "base"}
    examples = (
        Example("Input(10, dtype=int32) -> Embedding(100, 8) -> PositionEncoding", (10, 8)),
        Example("Input(10, 7) -> PositionEncoding(base=100, start=1)", (10, 7)),
        Example("Input(8, 8, 3) -> PositionEncoding", fails="wrong-rank"),
        Example("Input(10, 8, dtype=int32) -> PositionEncoding", fails="not-real-numbers"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_spatial(x, "a position encoding", (2,))
        need_real(x, "a position encoding")
        return TensorType(x.shape, batched=x.batched)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.like(y, x)

    def lower(self, x: Arrival) -> Call:
        return layer("nnspec.backends.layers.position_encoding.PositionEncoding", **self.keras_options())(x)

"""Scores over a vocabulary by the table of an embedding: weights that stand elsewhere, read the other way round."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nnspec.calls import Arrival, Value
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.dense import Embedding
from nnspec.ops.kinds import PartName
from nnspec.ops.operator import Example, Operator, Weight, param
from nnspec.ops.spatial import need_real
from nnspec.shapes.dim import Dim, compare, demand
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class Unembed(Operator):
    """A score for each word of a vocabulary: the product with the transposed table of a shared `Embedding`.

    The table is that of the part, so it has no weights of its own.

    Shape: `(*axes, width) -> (*axes, vocabulary)`.
    Source: Press & Wolf 2017, "Using the output embedding to improve language models"; Vaswani et al. 2017, section
    3.4; `keras.layers.ReversibleEmbedding`.
    """

    part: str = param(PartName(), doc="the shared part, which must be one `Embedding`")

    reads_part = Embedding
    table: Embedding
    examples = (
        Example(
            "shared Table = Embedding(100, 16)\nInput(T, dtype=int32) -> Table -> Dense(16) -> Unembed(Table)",
            ("T", 100),
        ),
    )

    def reading(self, table: Operator) -> Operator:
        made = Unembed.of(self.__dict__)
        made.__dict__["table"] = table
        return made

    @property
    def keeps(self) -> str:
        return self.table.keeps

    def infer(self, x: TensorType) -> TensorType:
        need_real(x, "Unembed")
        if x.rank == 0:
            raise RuleError(codes.WRONG_RANK, "Unembed needs at least one axis", label="no axis arrives")
        if not demand(compare(x.channels, "==", self.table.width)):
            raise RuleError(
                codes.SHAPES_DIFFER,
                "what arrives is not as wide as the vectors of the table",
                label=f"{x.channels} channels, not {self.table.width}",
                help=f"bring it to the table's width first: `Dense({self.table.width})`",
            )
        return TensorType((*x.spatial, self.table.vocabulary))

    def weights(self, x: TensorType) -> Iterable[Weight]:
        return self.table.weights(x)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return x.size * self.table.vocabulary

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        table = self.table
        return tape.matmul(x, y, table.vocabulary * table.width, learns=table.trainable)

    def lower(self, x: Arrival) -> Value:
        return self.table.reversible().maker()(x, reverse=True)

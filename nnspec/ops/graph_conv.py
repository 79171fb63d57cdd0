"""Graph layers: what a node becomes is a sum over the nodes that a matrix joins it with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nnspec.calls import Arrival, Value, layer
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Integer, OneOf, OrNone
from nnspec.ops.operator import Example, Weight, option, param
from nnspec.ops.spatial import need_numbers
from nnspec.ops.weighted import Stacked
from nnspec.shapes.dim import Dim, compare, demand
from nnspec.shapes.tensor import TensorType, shape_text

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class GraphConv(Stacked):
    """A graph convolution: `A · (X · W) + b`, for the features X of all nodes and the adjacency matrix A.

    Row i of A has the weights with which node i sums over the others. `normalize=symmetric` takes
    D^-1/2 · (A + I) · D^-1/2 for A, `normalize=row` D^-1 · (A + I), D being the row sums of A + I; a row that sums to
    0, or for the roots to less, then counts as 0.

    Shape: `(nodes, channels), (nodes, nodes) -> (nodes, units)`.
    Source: Kipf & Welling 2017, "Semi-supervised classification with graph convolutional networks", equation 2.
    """

    units: int = param(Integer(ge=1), doc="size of the last axis that comes out")
    normalize: str | None = option(
        OrNone(OneOf("symmetric", "row")), default=None, keras="normalize",
        doc="what is done to the matrix first; none takes it as it comes",
    )  # fmt: skip

    examples = (
        Example("Input(20, 8) -> GraphConv(16, act=relu){ _ | Weight(20, 20) }", (20, 16)),
        Example("GraphConv(16, normalize=symmetric, bias=false){ Input(20, 8) | Input(20, 20, dtype=bool) }", (20, 16)),
        Example("{ Input(20, 8) | Input(20, 20) } -> GraphConv(4, normalize=row)", (20, 4)),
        Example("{ Input(20, 8) | Input(20, 30) } -> GraphConv(4)", fails="shapes-differ"),
        Example("{ Input(20, 8) | Input(30, 30) } -> GraphConv(4)", fails="shapes-differ"),
        Example("{ Input(20, 8) | Input(20) } -> GraphConv(4)", fails="wrong-rank"),
    )

    def infer(self, x: TensorType, a: TensorType) -> TensorType:
        _need_two_axes(x, 0, "the features of a graph's nodes have two axes, (nodes, channels)")
        _need_two_axes(a, 1, "an adjacency matrix has two axes, (nodes, nodes)")
        need_numbers(x, "a graph convolution")
        if a.dtype == "string":
            raise RuleError(codes.NOT_REAL, "an adjacency matrix has numbers", at=1, label="string arrives")
        if not demand(compare(a.shape[0], "==", a.shape[1])):
            raise RuleError(
                codes.SHAPES_DIFFER,
                "an adjacency matrix has as many columns as rows",
                at=1, label=f"{shape_text(a.shape)} arrives",
            )  # fmt: skip
        if not demand(compare(x.shape[0], "==", a.shape[0])):
            raise RuleError(
                codes.SHAPES_DIFFER,
                f"the features are of {x.shape[0]} nodes, the matrix of {a.shape[0]}",
                at=1, label=f"{shape_text(x.shape)} and {shape_text(a.shape)}",
            )  # fmt: skip
        return TensorType((x.shape[0], self.units), batched=x.batched or a.batched)

    def weights(self, x: TensorType, a: TensorType) -> Iterator[Weight]:
        yield Weight("kernel", (x.channels, self.units), self.trainable)
        if self.bias:
            yield Weight("bias", (self.units,), self.trainable)

    def macs(self, x: TensorType, a: TensorType, y: TensorType) -> Dim:
        return x.size * self.units + a.size * self.units

    def reach(self, x: TensorType, a: TensorType) -> None:
        return None

    def trace(self, tape: Tape, x: Held, a: Held, y: TensorType) -> Held:
        a = a if a.dtype == tape.compute else tape.new(a.type, dtype=tape.compute)
        own = tape.matmul(x, y, x.type.channels * self.units, learns=self.trainable)
        if self.normalize is not None:
            factor = tape.new(TensorType((x.type.shape[0], 1)), grad=a.grad)
            if self.normalize == "symmetric":
                own = tape.times(y, factor, own)
            summed = tape.times(y, a, own)
            if a.grad:
                tape.extra(2 * x.type.shape[0])
            return tape.times(y, factor, summed)
        return tape.times(y, a, own)

    def lower(self, x: Arrival, a: Arrival) -> Value:
        return layer("nnspec.backends.layers.graph_conv.GraphConv", self.units, **self.keras_options())([x, a])


def _need_two_axes(x: TensorType, index: int, message: str) -> None:
    if x.rank != 2:
        raise RuleError(codes.WRONG_RANK, message, at=index, label=f"{shape_text(x.shape)} arrives")

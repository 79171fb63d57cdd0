"""Dense layers: every output a weighted sum of every input of an axis, or of all axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.choices import CONSTRAINT, INIT, REGULARIZER, per_unit
from nnspec.ops.dtypes import SIGNED, UNSIGNED
from nnspec.ops.kinds import Flag, Integer, OrNone
from nnspec.ops.operator import SAME_PLACE, Example, Operator, Reach, Weight, option, param
from nnspec.ops.spatial import need_numbers
from nnspec.ops.weighted import Stacked
from nnspec.shapes.dim import Dim
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class Dense(Stacked):
    """A weighted sum over the last axis: `y = x · W + b`.

    Shape: `(*axes, channels) -> (*axes, units)`.
    Source: `keras.layers.Dense`.
    """

    units: int = param(Integer(ge=1), doc="size of the last axis that comes out")

    has_kernel = True
    examples = (
        Example("Input(8) -> Dense(3)", (3,)),
        Example("Input(5, 8) -> Dense(3, bias=false)", (5, 3)),
        Example("Input(8) -> Dense(0)", fails="bad-argument"),
    )

    def infer(self, x: TensorType) -> TensorType:
        if x.rank == 0:
            raise RuleError(codes.WRONG_RANK, "a dense layer needs at least one axis", label="no axis arrives")
        need_numbers(x, "a dense layer")
        return TensorType((*x.spatial, self.units), batched=x.batched)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield Weight("kernel", (x.channels, self.units), self.trainable)
        if self.bias:
            yield Weight("bias", (self.units,), self.trainable)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return x.size * self.units

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.matmul(x, y, x.type.channels * self.units, learns=self.trainable)

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.Dense", self.units, **self.keras_options())(x)


class FC(Stacked):
    """A fully connected layer as in the textbooks: the input is flattened, and each unit sees all of it.

    Shape: `(*axes) -> (units)`.
    Source: `keras.layers.Flatten`, then `keras.layers.Dense`.
    """

    units: int = param(Integer(ge=1), doc="number of outputs")

    has_kernel = True
    flattens = True
    on_vectors = Dense
    examples = (
        Example("Input(8) -> FC(3)", (3,)),
        Example("Input(4, 4, 2) -> FC(10, act=relu)", (10,)),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_numbers(x, "a fully connected layer")
        return TensorType((self.units,), batched=x.batched)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield Weight("kernel", (x.size, self.units), self.trainable)
        if self.bias:
            yield Weight("bias", (self.units,), self.trainable)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return x.size * self.units

    def reach(self, x: TensorType) -> None:
        return None

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        flat = x if x.rank == 1 else tape.reshaped(x, TensorType((x.size,), x.type.dtype, x.type.batched))
        return tape.matmul(flat, y, x.size * self.units, learns=self.trainable)

    def lower(self, x: Arrival) -> Call:
        flat = x if x.type.rank == 1 else layer("keras.layers.Flatten")(x)
        return layer("keras.layers.Dense", self.units, **self.keras_options())(flat)


class Maxout(Stacked):
    """The largest of several weighted sums over the last axis, for each unit: y = max over k of x · Wₖ + bₖ.

    Shape: `(*axes, channels) -> (*axes, units)`.
    Source: Goodfellow et al. 2013, "Maxout networks", section 3;
    `keras.layers.Dense` of `units * pieces`, then the maximum over the pieces.
    """

    units: int = param(Integer(ge=1), doc="size of the last axis that comes out")
    pieces: int = param(Integer(ge=1), doc="how many weighted sums each unit takes the largest of")

    has_kernel = True
    examples = (
        Example("Input(8) -> Maxout(3, 4)", (3,)),
        Example("Input(5, 8) -> Maxout(3, 2, bias=false)", (5, 3)),
    )

    def infer(self, x: TensorType) -> TensorType:
        if x.rank == 0:
            raise RuleError(codes.WRONG_RANK, "a maxout layer needs at least one axis", label="no axis arrives")
        need_numbers(x, "a maxout layer")
        return TensorType((*x.spatial, self.units), batched=x.batched)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield Weight("kernel", (x.channels, self.units * self.pieces), self.trainable)
        if self.bias:
            yield Weight("bias", (self.units * self.pieces,), self.trainable)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return x.size * self.units * self.pieces

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        width = self.units * self.pieces
        sums = tape.matmul(x, y.with_channels(width), x.type.channels * width, learns=self.trainable)
        result = tape.remembered(y, sums)
        if result.grad:
            tape.keep(sums)
        return result

    def lower(self, x: Arrival) -> Value:
        sums = layer("keras.layers.Dense", self.units * self.pieces, **self.keras_options())(x)
        return layer("nnspec.backends.layers.max_of_pieces.MaxOfPieces", self.pieces)(sums)


class Embedding(Operator):
    """A learned vector for each number that arrives: y = W[x].

    Shape: `(*axes) -> (*axes, width)`.
    Source: Bengio et al. 2003, "A neural probabilistic language model", section 2; `keras.layers.Embedding`.
    """

    vocabulary: int = param(Integer(ge=1), doc="how many vectors; the numbers that arrive are below it")
    width: int = param(Integer(ge=1), doc="size of a vector")
    init: Call | None = option(OrNone(INIT), default=None, keras="embeddings_initializer", doc="how the vectors start")
    regularizer: Call | None = option(
        OrNone(REGULARIZER), default=None, keras="embeddings_regularizer", doc="a penalty on them, added to the loss"
    )
    constraint: Call | None = option(
        OrNone(CONSTRAINT), default=None, keras="embeddings_constraint", doc="what they are held to after each step"
    )
    mask_zero: bool = option(
        Flag(), default=False, keras="mask_zero", doc="whether 0 is padding, which recurrent layers after it skip"
    )
    trainable: bool = option(Flag(), default=True, keras="trainable", doc="whether training changes the vectors")

    renamed = {
        "input_dim": "vocabulary", "output_dim": "width", "embeddings_initializer": "init",
        "embeddings_regularizer": "regularizer", "embeddings_constraint": "constraint",
    }  # fmt: skip
    examples = (
        Example("Input(56, dtype=int32) -> Embedding(18765, 300)", (56, 300)),
        Example("Input(16) -> Embedding(100, 8)", fails="not-whole-numbers"),
    )

    #: Whether the table is read backwards too, by an `Unembed`.
    is_reversible = False

    def infer(self, x: TensorType) -> TensorType:
        if x.dtype not in (*SIGNED, *UNSIGNED):
            raise RuleError(
                codes.NOT_WHOLE,
                "an embedding looks up whole numbers",
                label=f"{x.dtype} arrives",
                help=f"declare the input as `Input({', '.join([*map(str, x.shape), 'dtype=int32'])})`",
            )
        return TensorType((*x.shape, self.width))

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield Weight("embeddings", (self.vocabulary, self.width), self.trainable)

    def reach(self, x: TensorType) -> tuple[Reach, ...]:
        return (SAME_PLACE,) * x.rank

    def beside(self, other: Operator, *inputs: TensorType) -> Operator:
        return self.reversible() if other.layered()[-1].reads_part is Embedding else self

    def reversible(self) -> Embedding:
        """The same, read backwards too."""
        made = Embedding.of(self.__dict__)
        made.__dict__["is_reversible"] = True
        return made

    def maker(self) -> Call:
        """The call that makes the Keras layer."""
        name = "ReversibleEmbedding" if self.is_reversible else "Embedding"
        options = self.keras_options()
        if self.constraint is not None:
            options["embeddings_constraint"] = per_unit(self.constraint, 2, 0)
        return layer(f"keras.layers.{name}", self.vocabulary, self.width, **options)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if self.trainable:
            tape.extra(x.size, "int64")
        return tape.new(y, grad=self.trainable)

    def lower(self, x: Arrival) -> Value:
        return self.maker()(x)

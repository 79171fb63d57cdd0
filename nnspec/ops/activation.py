"""Activations: functions of each element alone, and softmaxes over an axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.ops.axes import Axes, Axis, axes_of, axis_of, keras_axis
from nnspec.ops.choices import CONSTRAINT, INIT, REGULARIZER
from nnspec.ops.dtypes import cast
from nnspec.ops.kinds import Flag, Integer, OrNone, Real
from nnspec.ops.operator import Example, Operator, Weight, option, param
from nnspec.ops.spatial import need_numbers, need_real
from nnspec.shapes.dim import product
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape

_OWN = "nnspec.backends.layers."


class Activation(Operator):
    """What activations have in common: the shape stays; `function` is Keras's name of it."""

    function: str
    is_pointwise = True
    keeps_whole = False  # whether whole numbers stay whole

    def infer(self, x: TensorType) -> TensorType:
        name = type(self).__name__
        if self.keeps_whole:
            need_numbers(x, name)
        else:
            need_real(x, name)
        return TensorType(x.shape, self.dtype(x), x.batched)

    def dtype(self, x: TensorType) -> str:
        """The dtype of the result."""
        return cast(x.dtype)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.remembered(y, x) if self.keeps_result else tape.function(y, x)

    @property
    def keeps_result(self) -> bool:
        """Whether its slope is worked out from what comes out; else from what arrived."""
        return False

    def lower(self, x: Arrival) -> Value:
        return layer("keras.layers.Activation", self.function)(x)


class ReLU(Activation):
    """Rectified linear unit: max(0, x).

    With settings: x where x ≥ threshold, negative_slope · (x - threshold) below, at most max_value.

    Shape: any, unchanged.
    Source: Nair & Hinton 2010, "Rectified linear units improve restricted Boltzmann machines"; `keras.layers.ReLU`.
    """

    max_value: float | None = option(OrNone(Real(ge=0)), default=None, keras="max_value", doc="the largest output")
    negative_slope: float = option(Real(ge=0), default=0.0, keras="negative_slope", doc="slope below the threshold")
    threshold: float = option(Real(ge=0), default=0.0, keras="threshold", doc="where it starts to let through")

    keeps_whole = True
    examples = (
        Example("Input(8, 8, 3) -> ReLU", (8, 8, 3)),
        Example("Input(8) -> ReLU(max_value=6)", (8,)),
        Example("Input(8) -> ReLU(max_value=-1)", fails="bad-argument"),
    )

    def infer(self, x: TensorType) -> TensorType:
        if self.negative_slope and self.threshold:  # Keras cannot add the two to whole numbers
            need_real(x, "ReLU with a slope and a threshold")
        return super().infer(x)

    def dtype(self, x: TensorType) -> str:
        return "float32" if self.negative_slope else super().dtype(x)

    @property
    def keeps_result(self) -> bool:
        return self.max_value is None and not self.negative_slope and not self.threshold

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.ReLU", **self.keras_options())(x)


class LeakyReLU(Activation):
    """x where x ≥ 0, slope · x below.

    Shape: any, unchanged.
    Source: Maas et al. 2013, "Rectifier nonlinearities improve neural network acoustic models";
    `keras.layers.LeakyReLU`.
    """

    slope: float = param(Real(ge=0), default=0.3, keras="negative_slope", doc="slope for negative inputs")

    renamed = {"negative_slope": "slope", "alpha": "slope"}
    examples = (
        Example("Input(8, 8, 3) -> LeakyReLU", (8, 8, 3)),
        Example("Input(8) -> LeakyReLU(0.1)", (8,)),
        Example("Input(8) -> LeakyReLU(-0.1)", fails="bad-argument"),
    )

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.LeakyReLU", **self.keras_options())(x)


class PReLU(Activation):
    """x where x ≥ 0, alpha · x below; alpha is learned, one for each element, or for each along `shared_axes`.

    Shape: any, unchanged.
    Source: He et al. 2015, "Delving deep into rectifiers", equation 1; `keras.layers.PReLU`.
    """

    shared_axes: int | tuple[int, ...] | None = option(
        OrNone(Axes()), default=None, doc="axes along which one alpha serves all positions, such as (0, 1) for a map"
    )
    init: Call | None = option(OrNone(INIT), default=None, keras="alpha_initializer", doc="how alpha starts")
    regularizer: Call | None = option(
        OrNone(REGULARIZER), default=None, keras="alpha_regularizer", doc="a penalty on alpha, added to the loss"
    )
    constraint: Call | None = option(
        OrNone(CONSTRAINT), default=None, keras="alpha_constraint", doc="what alpha is held to after each step"
    )
    trainable: bool = option(Flag(), default=True, keras="trainable", doc="whether training changes alpha")

    is_pointwise = False
    renamed = {"alpha_initializer": "init", "alpha_regularizer": "regularizer", "alpha_constraint": "constraint"}
    examples = (
        Example("Input(8, 8, 3) -> PReLU", (8, 8, 3)),
        Example("Input(8, 8, 3) -> PReLU(shared_axes=(0, 1))", (8, 8, 3)),
        Example("Input(8) -> PReLU(shared_axes=1)", fails="no-such-axis"),
    )

    def shared(self, x: TensorType) -> tuple[int, ...]:
        """The axes along which alpha is shared, counted from the first."""
        return () if self.shared_axes is None else axes_of(x, self.shared_axes, "shared_axes")

    def infer(self, x: TensorType) -> TensorType:
        self.shared(x)
        return super().infer(x)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        shared = self.shared(x)
        sizes = tuple(1 if axis in shared else size for axis, size in enumerate(x.shape))
        yield Weight("alpha", sizes, self.trainable)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        # relu(x) - alpha · relu(-x): the slopes are those of both results, and of the product with alpha.
        if x.grad:
            tape.extra(2 * x.size)
            tape.constant(product([size for weight in self.weights(x.type) for size in weight.shape]))
        elif self.trainable:
            tape.extra(x.size)
        return tape.like(y, x, learns=self.trainable)

    def lower(self, x: Arrival) -> Call:
        shared = [axis + 1 for axis in self.shared(x.type)]
        options = {"shared_axes": shared} if shared else {}
        return layer("keras.layers.PReLU", **self.keras_options(), **options)(x)


class RReLU(Activation):
    """x where x ≥ 0, a · x below: in training a is drawn from [low, high] for each element, after it is their mean.

    Shape: any, unchanged.
    Source: Xu et al. 2015, "Empirical evaluation of rectified activations", section 2.4 (with x / a there).
    """

    low: float = option(Real(ge=0), default=0.125, keras="low", doc="the least slope for negative inputs")
    high: float = option(Real(ge=0), default=1 / 3, keras="high", doc="the greatest")
    seed: int | None = option(OrNone(Integer(ge=0)), default=None, keras="seed", doc="of the random slopes")

    renamed = {"lower": "low", "upper": "high"}
    examples = (Example("Input(8, 8, 3) -> RReLU", (8, 8, 3)),)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            tape.extra(x.size)  # the slopes that were drawn
            tape.extra(x.size, "bool")
        return tape.like(y, x)

    def lower(self, x: Arrival) -> Call:
        return layer(_OWN + "rrelu.RReLU", **self.keras_options())(x)


class ELU(Activation):
    """x where x > 0, alpha · (exp(x) - 1) below.

    Shape: any, unchanged.
    Source: Clevert et al. 2016, "Fast and accurate deep network learning by exponential linear units";
    `keras.layers.ELU`.
    """

    alpha: float = option(Real(), default=1.0, keras="alpha", doc="minus what it tends to for very negative inputs")

    examples = (Example("Input(8) -> ELU", (8,)), Example("Input(8) -> ELU(alpha=0.5)", (8,)))

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.ELU", **self.keras_options())(x)


class SELU(Activation):
    """Scaled ELU: 1.0507 · (x where x > 0, 1.6733 · (exp(x) - 1) below), which keeps mean 0 and variance 1.

    Shape: any, unchanged.
    Source: Klambauer et al. 2017, "Self-normalizing neural networks", equation 2; `keras.activations.selu`.
    """

    function = "selu"
    examples = (Example("Input(8) -> SELU", (8,)),)


class GELU(Activation):
    """Gaussian error linear unit: x · Φ(x), with Φ(x) = (1 + erf(x / √2)) / 2.

    With `approximate` it is x / 2 · (1 + tanh(√(2 / π) · (x + 0.044715 · x³))).

    Shape: any, unchanged.
    Source: Hendrycks & Gimpel 2016, "Gaussian error linear units", section 2; `keras.activations.gelu`.
    """

    approximate: bool = option(Flag(), default=False, doc="by tanh, as the paper's section 2 allows")

    function = "gelu"
    examples = (Example("Input(5, 8) -> GELU", (5, 8)), Example("Input(8) -> GELU(approximate=true)", (8,)))

    def dtype(self, x: TensorType) -> str:
        return x.dtype if self.approximate else super().dtype(x)

    def lower(self, x: Arrival) -> Value:
        # Keras's `gelu` is exact as an activation, and by tanh as an op, which casts nothing.
        return Call("keras.ops.gelu", (x,)) if self.approximate else super().lower(x)


class SiLU(Activation):
    """Sigmoid linear unit, or swish: x · sigmoid(x).

    Shape: any, unchanged.
    Source: Ramachandran et al. 2017, "Searching for activation functions"; `keras.activations.silu`.
    """

    elsewhere = ("Swish",)
    function = "silu"
    examples = (Example("Input(8, 8, 3) -> SiLU", (8, 8, 3)),)


class HardSwish(Activation):
    """x · min(max(x + 3, 0), 6) / 6.

    Shape: any, unchanged.
    Source: Howard et al. 2019, "Searching for MobileNetV3", section 5.2; `keras.activations.hard_swish`.
    """

    elsewhere = ("HardSiLU",)
    function = "hard_swish"
    examples = (Example("Input(8, 8, 3) -> HardSwish", (8, 8, 3)),)


class Sigmoid(Activation):
    """1 / (1 + exp(-x)).

    Shape: any, unchanged.
    Source: Goodfellow et al. 2016, "Deep learning", equation 3.30; `keras.activations.sigmoid`.
    """

    function = "sigmoid"
    examples = (Example("Input(8) -> Sigmoid", (8,)),)

    @property
    def keeps_result(self) -> bool:
        return True


class HardSigmoid(Activation):
    """min(max(x / 6 + 1/2, 0), 1).

    Shape: any, unchanged.
    Source: Howard et al. 2019, "Searching for MobileNetV3", section 5.2; `keras.activations.hard_sigmoid`.
    """

    function = "hard_sigmoid"
    examples = (Example("Input(8) -> HardSigmoid", (8,)),)


class Tanh(Activation):
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)).

    Shape: any, unchanged.
    Source: LeCun et al. 1998, "Efficient backprop", section 4.4; `keras.activations.tanh`.
    """

    function = "tanh"
    examples = (Example("Input(8) -> Tanh", (8,)),)

    @property
    def keeps_result(self) -> bool:
        return True


class Softplus(Activation):
    """log(1 + exp(x)).

    Shape: any, unchanged.
    Source: Dugas et al. 2001, "Incorporating second-order functional knowledge for better option pricing";
    `keras.activations.softplus`.
    """

    function = "softplus"
    examples = (Example("Input(8) -> Softplus", (8,)),)


class Softsign(Activation):
    """x / (1 + |x|).

    Shape: any, unchanged.
    Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks";
    `keras.activations.softsign`.
    """

    function = "softsign"
    examples = (Example("Input(8) -> Softsign", (8,)),)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            tape.extra(x.size)  # 1 + |x|
        return tape.function(y, x)


class OverAxis(Activation):
    """What softmaxes have in common: the axis that they sum over."""

    axis: int = option(Axis(), default=-1, doc="the axis that is normalised")

    is_pointwise = False

    def infer(self, x: TensorType) -> TensorType:
        axis_of(x, self.axis)
        return super().infer(x)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.remembered(y, tape.channels_last(x))

    def on_axis(self, x: TensorType) -> dict[str, Value]:
        """The axis as an argument of Keras's; nothing where it is the last."""
        return {} if axis_of(x, self.axis) == x.rank - 1 else {"axis": keras_axis(self.axis)}


class Softmax(OverAxis):
    """exp(x) / Σ exp(x) over an axis.

    Shape: any, unchanged.
    Source: Bridle 1990, "Probabilistic interpretation of feedforward classification network outputs";
    `keras.layers.Softmax`.
    """

    examples = (
        Example("Input(10) -> Softmax", (10,)),
        Example("Input(8, 8, 3) -> Softmax(axis=0)", (8, 8, 3)),
        Example("Input(10) -> Softmax(axis=1)", fails="no-such-axis"),
    )

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.Softmax", **self.on_axis(x.type))(x)


class LogSoftmax(OverAxis):
    """x - log Σ exp(x) over an axis.

    Shape: any, unchanged.
    Source: Bridle 1990, of whose softmax it is the logarithm; `keras.activations.log_softmax`.
    """

    function = "log_softmax"
    examples = (Example("Input(10) -> LogSoftmax", (10,)), Example("Input(5, 10) -> LogSoftmax(axis=0)", (5, 10)))

    def dtype(self, x: TensorType) -> str:
        return x.dtype if self.on_axis(x) else super().dtype(x)

    def lower(self, x: Arrival) -> Value:
        axis = self.on_axis(x.type)
        return Call("keras.ops.log_softmax", (x,), axis) if axis else super().lower(x)


class GumbelSoftmax(OverAxis):
    """softmax((x + g) / temperature) with Gumbel noise g in training: a sample that gradients pass through.

    After training there is no noise. `hard` gives the one-hot of the largest, with the gradient of the soft sample.

    Shape: any, unchanged.
    Source: Jang et al. 2017, "Categorical reparameterization with Gumbel-softmax", equation 2 and section 2.2
    (straight-through).
    """

    temperature: float = option(Real(gt=0), default=1.0, keras="temperature", doc="smaller is nearer to one-hot")
    hard: bool = option(Flag(), default=False, keras="hard", doc="whether the output is one-hot")
    seed: int | None = option(OrNone(Integer(ge=0)), default=None, keras="seed", doc="of the noise")

    examples = (
        Example("Input(10) -> GumbelSoftmax", (10,)),
        Example("Input(10) -> GumbelSoftmax(temperature=0.5, hard=true)", (10,)),
        Example("Input(10) -> GumbelSoftmax(temperature=0)", fails="bad-argument"),
    )

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        soft = tape.remembered(y, tape.channels_last(x))
        return tape.like(y, soft) if self.hard else soft

    def lower(self, x: Arrival) -> Call:
        return layer(_OWN + "gumbel_softmax.GumbelSoftmax", **self.keras_options(), **self.on_axis(x.type))(x)


class Linear(Activation):
    """x, the identity as an activation.

    Shape: any, unchanged.
    Source: Widrow & Hoff 1960, "Adaptive switching circuits"; `keras.activations.linear`.
    """

    function = "linear"
    keeps_whole = True
    examples = (Example("Input(8) -> Linear", (8,)),)

    def is_idle(self, x: TensorType) -> bool:
        return self.infer(x) == x

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return x


class Step(Activation):
    """1 where x ≥ threshold, 0 below. Its gradient is 0: nothing before it learns.

    Shape: any, unchanged.
    Source: McCulloch & Pitts 1943, "A logical calculus of the ideas immanent in nervous activity".
    """

    threshold: float = option(Real(), default=0.0, keras="threshold", doc="the least input that gives 1")

    keeps_whole = True
    examples = (Example("Input(8) -> Step", (8,)), Example("Input(8) -> Step(threshold=0.5)", (8,)))

    def dtype(self, x: TensorType) -> str:
        return "float32"

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.new(y, order=x.order)

    def lower(self, x: Arrival) -> Call:
        return layer(_OWN + "step.Step", **self.keras_options())(x)


class Abs(Activation):
    """|x|.

    Shape: any, unchanged.
    Source: Jarrett et al. 2009, "What is the best multi-stage architecture" (rectification); `keras.ops.abs`.
    """

    keeps_whole = True
    examples = (Example("Input(8) -> Abs", (8,)),)

    def dtype(self, x: TensorType) -> str:
        return x.dtype

    def lower(self, x: Arrival) -> Call:
        return Call("keras.ops.abs", (x,))

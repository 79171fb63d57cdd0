"""Normalisations: a tensor brought to mean 0 and variance 1, or to length 1, over some of its axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.diagnostics.codes import names as name_codes
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import Axes, Axis, axes_of, axis_of, keras_axis
from nnspec.ops.choices import CONSTRAINT, INIT, REGULARIZER
from nnspec.ops.kinds import Flag, Integer, OrNone, Real
from nnspec.ops.operator import Example, Operator, Weight, option, param
from nnspec.ops.spatial import need_numbers, need_real
from nnspec.shapes.dim import Dim, compare, demand, product
from nnspec.shapes.tensor import TensorType, shape_text

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape

_OWN = "nnspec.backends.layers."


class Norm(Operator):
    """What normalisations with a learned scale (gamma) and offset (beta) have in common.

    Of the arguments that every weighted operator takes, `init`, `regularizer` and `constraint` are gamma's, `bias`
    says whether there is a beta (as `center` does, Keras's word for it) and `bias_init` is beta's.
    """

    epsilon: float = option(Real(ge=0), default=1e-3, keras="epsilon", doc="added to the variance")
    center: bool = option(Flag(), default=True, doc="whether beta is added, as `bias` says too")
    scale: bool = option(Flag(), default=True, keras="scale", doc="whether gamma scales the result")
    init: Call | None = option(OrNone(INIT), default=None, keras="gamma_initializer", doc="how gamma starts; ones")
    bias_init: Call | None = option(OrNone(INIT), default=None, keras="beta_initializer", doc="how beta starts; zeros")
    regularizer: Call | None = option(
        OrNone(REGULARIZER), default=None, keras="gamma_regularizer", doc="a penalty on gamma, added to the loss"
    )
    beta_regularizer: Call | None = option(
        OrNone(REGULARIZER), default=None, keras="beta_regularizer", doc="a penalty on beta"
    )
    constraint: Call | None = option(
        OrNone(CONSTRAINT), default=None, keras="gamma_constraint", doc="what gamma is held to after each step"
    )
    beta_constraint: Call | None = option(
        OrNone(CONSTRAINT), default=None, keras="beta_constraint", doc="what beta is held to after each step"
    )
    bias: bool = option(Flag(), default=True, doc="whether beta is added")
    trainable: bool = option(Flag(), default=True, keras="trainable", doc="whether training changes gamma and beta")

    renamed = {
        "gamma_initializer": "init", "beta_initializer": "bias_init",
        "gamma_regularizer": "regularizer", "gamma_constraint": "constraint",
    }  # fmt: skip

    @property
    def has_beta(self) -> bool:
        """Whether beta is added."""
        return self.center and self.bias

    def scale_and_offset(self, *sizes: Value) -> Iterator[Weight]:
        """Gamma and beta, as far as there are any."""
        if self.scale:
            yield Weight("gamma", sizes, self.trainable)
        if self.has_beta:
            yield Weight("beta", sizes, self.trainable)

    @property
    def learns_scale(self) -> bool:
        """Whether there is a gamma that training changes."""
        return self.scale and self.trainable

    @property
    def learns(self) -> bool:
        """Whether training changes gamma or beta."""
        return self.trainable and (self.scale or self.has_beta)

    def of_groups(self, tape: Tape, x: Held, y: TensorType, groups: Dim, channels: Dim) -> Held:
        """Traces the normalisation of each example by groups of channels."""
        if x.grad or self.learns_scale:
            tape.keep(tape.exact(x))
            tape.extra(3 * groups + channels if x.grad else 2 * groups, "float32")
        return tape.like(y, x, learns=self.learns)

    def options(self) -> dict[str, Value]:
        """Keras's arguments, those at their default left out."""
        return self.keras_options() | ({} if self.has_beta else {"center": False})


def need_axes(x: TensorType, least: int, what: str, *, real: bool = False) -> None:
    """Demand numbers, or `real` ones, and at least so many axes.

    Raises: RuleError.
    """
    if real:
        need_real(x, what)
    need_numbers(x, what)
    if x.rank < least:
        wanted = "at least one axis" if least == 1 else "positions and channels"
        raise RuleError(codes.WRONG_RANK, f"{what} needs {wanted}", label=f"{shape_text(x.shape)} arrives")


def normalised(x: TensorType) -> TensorType:
    """What comes out of a normalisation: the same shape, in float32."""
    return TensorType(x.shape, batched=x.batched)


class BatchNorm(Norm):
    """gamma · (x - mean) / √(variance + epsilon) + beta, the mean and variance of each channel over the batch.

    In training those of the batch, and moving averages take them up: m becomes momentum · m + (1 - momentum) · mean.
    Afterwards, and with `trainable=false`, the moving averages.

    Shape: any, unchanged.
    Source: Ioffe & Szegedy 2015, "Batch normalization", algorithms 1 and 2; `keras.layers.BatchNormalization`.
    """

    axis: int = option(Axis(), default=-1, doc="the axis that keeps statistics of its own, the channels")
    momentum: float = option(
        Real(ge=0, le=1), default=0.99, keras="momentum", doc="share of the moving averages kept in each step"
    )
    moving_mean_init: Call | None = option(
        OrNone(INIT), default=None, keras="moving_mean_initializer", doc="how the moving mean starts; zeros"
    )
    moving_variance_init: Call | None = option(
        OrNone(INIT), default=None, keras="moving_variance_initializer", doc="how the moving variance starts; ones"
    )
    synchronized: bool = option(
        Flag(), default=False, keras="synchronized", doc="whether the statistics span all devices (TensorFlow only)"
    )

    aliases = ("BN",)
    renamed = {
        **Norm.renamed,
        "moving_mean_initializer": "moving_mean_init", "moving_variance_initializer": "moving_variance_init",
    }  # fmt: skip
    examples = (
        Example("Input(8, 8, 3) -> BatchNorm", (8, 8, 3)),
        Example("Input(8, 8, 3) -> BN(epsilon=1.001e-5, scale=false)", (8, 8, 3)),
        Example("Input(8) -> BN(axis=1)", fails="no-such-axis"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_axes(x, 1, "a batch normalisation")
        axis_of(x, self.axis)
        return normalised(x)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        size = x.shape[axis_of(x, self.axis)]
        yield from self.scale_and_offset(size)
        yield Weight("moving_mean", (size,), trainable=False)
        yield Weight("moving_variance", (size,), trainable=False)

    def one_rank(self, x: TensorType) -> int:
        return x.rank  # the Keras layer keeps to that of its first input

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        # (x - mean) · factor: x for the variance, x - mean for the factor, and numbers for each channel.
        exact = tape.exact(x)
        if self.trainable and (x.grad or self.learns_scale):
            tape.keep(tape.copied(exact))
        if self.trainable and x.grad:
            tape.keep(exact)
        channels = x.type.shape[axis_of(x.type, self.axis)]
        if x.grad or self.learns_scale:
            tape.constant((3 if self.scale else 4) * channels if x.grad and self.trainable else channels, "float32")
        return tape.like(y, x, learns=self.learns)

    def lower(self, x: Arrival) -> Call:
        last = axis_of(x.type, self.axis) == x.type.rank - 1
        axis = {} if last else {"axis": keras_axis(self.axis)}
        return layer("keras.layers.BatchNormalization", **axis, **self.options())(x)


class LayerNorm(Norm):
    """gamma · (x - mean) / √(variance + epsilon) + beta, the mean and variance of each example over some axes.

    Shape: any, unchanged.
    Source: Ba et al. 2016, "Layer normalization", equation 4; `keras.layers.LayerNormalization`.
    """

    axis: int | tuple[int, ...] = option(Axes(), default=-1, doc="the axis or axes that are normalised together")

    aliases = ("LN",)
    examples = (
        Example("Input(64, 192) -> LayerNorm(epsilon=1e-6)", (64, 192)),
        Example("Input(8, 8, 3) -> LN(axis=(0, 1, 2), bias=false)", (8, 8, 3)),
        Example("Input(8, 4) -> LN(axis=0)", (8, 4)),
        Example("Input(8) -> LN(axis=1)", fails="no-such-axis"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_axes(x, 1, "a layer normalisation")
        axes_of(x, self.axis)
        return normalised(x)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield from self.scale_and_offset(*(x.shape[axis] for axis in axes_of(x, self.axis)))

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        axes = axes_of(x.type, self.axis)
        rows = x.size // product(x.type.shape[axis] for axis in axes)
        exact = tape.exact(x)
        if trailing(x.type, self.axis):
            if x.grad or self.learns:
                tape.keep(exact)
                tape.extra(2 * rows, "float32")  # mean and 1 / √variance
            return tape.new(y, grad=x.grad or self.learns)
        if x.grad:
            tape.keep(exact)
            tape.extra(2 * rows, "float32")
        if x.grad or self.learns_scale:
            tape.extra((2 if x.grad else 1) * x.size, "float32")
        return tape.like(y, x, learns=self.learns)

    def lower(self, x: Arrival) -> Call:
        own = not trailing(x.type, self.axis)
        made = _OWN + "layer_norm.LayerNorm" if own else "keras.layers.LayerNormalization"
        return layer(made, **axes_option(x.type, self.axis), **self.options())(x)


def trailing(x: TensorType, axis: int | tuple[int, ...]) -> bool:
    """Whether axes are the last ones: on PyTorch, Keras normalises those whatever `axis` says."""
    axes = axes_of(x, axis)
    return axes == tuple(range(x.rank - len(axes), x.rank))


def axes_option(x: TensorType, axis: int | tuple[int, ...]) -> dict[str, Value]:
    """`axis` in Keras's counting; nothing where it is the last."""
    axes = axes_of(x, axis)
    if axes == (x.rank - 1,):
        return {}
    return {"axis": axes[0] + 1 if len(axes) == 1 else [each + 1 for each in axes]}


class GroupNorm(Norm):
    """gamma · (x - mean) / √(variance + epsilon) + beta, the mean and variance of each example and group of channels.

    They are taken over all positions; gamma and beta are those of each channel.

    Shape: any, unchanged; the channels must be a multiple of `groups`.
    Source: Wu & He 2018, "Group normalization", equations 3, 6 and 7; `keras.layers.GroupNormalization`.
    """

    groups: int = param(Integer(ge=1), default=32, keras="groups", doc="groups of channels")
    axis: int = option(Axis(), default=-1, doc="the axis of the channels")

    examples = (
        Example("Input(8, 8, 64) -> GroupNorm", (8, 8, 64)),
        Example("Input(8, 8, 6) -> GroupNorm(3)", (8, 8, 6)),
        Example("Input(8, 8, 6) -> GroupNorm(4)", fails="groups-do-not-divide"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_axes(x, 1, "a group normalisation")
        channels = x.shape[axis_of(x, self.axis)]
        if not demand(compare(channels % self.groups, "==", 0)):
            raise RuleError(
                codes.GROUPS_DO_NOT_DIVIDE,
                f"{channels} channels cannot be split into {self.groups} equal groups",
                at="groups",
                label=f"{channels} % {self.groups} = {channels % self.groups}",
                help=_divisors(channels, self.groups) if isinstance(channels, int) else None,
            )
        return normalised(x)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield from self.scale_and_offset(x.shape[axis_of(x, self.axis)])

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return self.of_groups(tape, x, y, self.groups, x.type.shape[axis_of(x.type, self.axis)])

    def lower(self, x: Arrival) -> Call:
        last = axis_of(x.type, self.axis) == x.type.rank - 1
        axis = {} if last else {"axis": keras_axis(self.axis)}
        return layer("keras.layers.GroupNormalization", **axis, **self.options())(x)


def _divisors(channels: int, groups: int) -> str:
    """The numbers of groups nearest to the one wanted that divide the channels."""
    fewer = next(n for n in range(min(groups, channels), 0, -1) if channels % n == 0)
    more = next((n for n in range(groups, channels + 1) if channels % n == 0), fewer)
    near = f"`groups={fewer}`" if more == fewer else f"`groups={fewer}` or `groups={more}`"
    return f"{near} divides {channels}"


class InstanceNorm(Norm):
    """gamma · (x - mean) / √(variance + epsilon) + beta, the mean and variance of each example and channel.

    They are taken over all positions.

    Shape: `(*sizes, channels)`, unchanged.
    Source: Ulyanov et al. 2016, "Instance normalization", equation 6; `keras.layers.GroupNormalization(groups=-1)`.
    """

    axis: int = option(Axis(), default=-1, doc="the axis of the channels")

    examples = (
        Example("Input(8, 8, 3) -> InstanceNorm", (8, 8, 3)),
        Example("Input(50, 8) -> InstanceNorm(epsilon=1e-5)", (50, 8)),
        Example("Input(8) -> InstanceNorm", fails="wrong-rank"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_axes(x, 2, "an instance normalisation")
        axis_of(x, self.axis)
        return normalised(x)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield from self.scale_and_offset(x.shape[axis_of(x, self.axis)])

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        channels = x.type.shape[axis_of(x.type, self.axis)]
        return self.of_groups(tape, x, y, channels, channels)

    def lower(self, x: Arrival) -> Call:
        last = axis_of(x.type, self.axis) == x.type.rank - 1
        axis = {} if last else {"axis": keras_axis(self.axis)}
        return layer("keras.layers.GroupNormalization", groups=-1, **axis, **self.options())(x)


class RMSNorm(Operator):
    """gamma · x / √(mean(x²) + epsilon), the mean of each example over some axes.

    Of the arguments that every weighted operator takes, `init`, `regularizer` and `constraint` are gamma's; `bias`
    adds a beta, which the paper has not, and `bias_init` is its.

    Shape: any, unchanged.
    Source: Zhang & Sennrich 2019, "Root mean square layer normalization", equation 4; `keras.layers.RMSNormalization`.
    """

    axis: int | tuple[int, ...] = option(Axes(), default=-1, doc="the axis or axes that are normalised together")
    epsilon: float = option(Real(ge=0), default=1e-6, keras="epsilon", doc="added to the mean square")
    init: Call | None = option(OrNone(INIT), default=None, keras="gamma_initializer", doc="how gamma starts; ones")
    bias_init: Call | None = option(OrNone(INIT), default=None, keras="beta_initializer", doc="how beta starts; zeros")
    regularizer: Call | None = option(
        OrNone(REGULARIZER), default=None, keras="gamma_regularizer", doc="a penalty on gamma, added to the loss"
    )
    constraint: Call | None = option(
        OrNone(CONSTRAINT), default=None, keras="gamma_constraint", doc="what gamma is held to after each step"
    )
    bias: bool = option(Flag(), default=False, keras="bias", doc="whether a beta is added")
    trainable: bool = option(Flag(), default=True, keras="trainable", doc="whether training changes gamma")

    examples = (
        Example("Input(64, 192) -> RMSNorm", (64, 192)),
        Example("Input(64, 192) -> RMSNorm(init=constant(0.5), bias=true)", (64, 192)),
        Example("Input(8) -> RMSNorm(axis=1)", fails="no-such-axis"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_axes(x, 1, "an RMS normalisation", real=True)
        axes_of(x, self.axis)
        return normalised(x)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        sizes = tuple(x.shape[axis] for axis in axes_of(x, self.axis))
        yield Weight("scale", sizes, self.trainable)
        if self.bias:
            yield Weight("offset", sizes, self.trainable)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            tape.keep(tape.exact(x))
            tape.extra(x.size // product(x.type.shape[axis] for axis in axes_of(x.type, self.axis)), "float32")
        if x.grad or self.trainable:
            tape.extra(x.size, "float32")  # what gamma is multiplied with
        return tape.like(y, x, learns=self.trainable)

    def lower(self, x: Arrival) -> Call:
        given = {**axes_option(x.type, self.axis), **self.keras_options()}
        # Keras's layer has no settings for its weight, and multiplies it along the last axes whatever `axis` says.
        plain = trailing(x.type, self.axis) and given.keys() <= {"axis", "epsilon", "trainable"}
        return layer("keras.layers.RMSNormalization" if plain else _OWN + "rms_norm.RMSNorm", **given)(x)


class UnitNorm(Operator):
    """x / √(Σ x²), each example brought to length 1 over some axes.

    Shape: any, unchanged.
    Source: Liu et al. 2015, "ParseNet", section 3.3; `keras.layers.UnitNormalization`.
    """

    axis: int | tuple[int, ...] = option(Axes(), default=-1, doc="the axis or axes that are normalised together")

    examples = (
        Example("Input(64) -> UnitNorm", (64,)),
        Example("Input(8, 8, 3) -> UnitNorm(axis=(0, 1))", (8, 8, 3)),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_axes(x, 1, "a unit normalisation", real=True)
        axes_of(x, self.axis)
        return normalised(x)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            tape.keep(x)
            tape.extra(2 * (x.size // product(x.type.shape[axis] for axis in axes_of(x.type, self.axis))))
        return tape.like(y, x)

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.UnitNormalization", **axes_option(x.type, self.axis))(x)


class LRN(Operator):
    """Local response normalisation: x / (k + alpha · Σ x²)^beta, the sum over the `size` channels around each one.

    As in the paper alpha is not divided by `size`; some libraries do.

    Shape: any, unchanged.
    Source: Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks", section 3.3, and
    its constants.
    """

    size: int = option(Integer(ge=1), default=5, keras="size", doc="channels summed over, an odd number")
    alpha: float = option(Real(ge=0), default=1e-4, keras="alpha", doc="weight of the sum of squares")
    beta: float = option(Real(), default=0.75, keras="beta", doc="exponent")
    k: float = option(Real(gt=0), default=2.0, keras="k", doc="added to the sum")

    examples = (
        Example("Input(55, 55, 96) -> LRN", (55, 55, 96)),
        Example("Input(8, 8, 3) -> LRN(size=3, alpha=1.0, k=1.0)", (8, 8, 3)),
        Example("Input(8, 8, 3) -> LRN(size=4)", fails="bad-argument"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_axes(x, 1, "a local response normalisation", real=True)
        if self.size % 2 == 0:
            raise RuleError(
                name_codes.BAD_ARGUMENT, f"expects an odd number of channels, not {self.size}", at="size",
                label=str(self.size), help=f"write `size={self.size + 1}`: as many on both sides of each channel",
            )  # fmt: skip
        return normalised(x)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            tape.keep(x)
            tape.extra(2 * x.size)  # k + alpha · Σ x², and its power
        return tape.like(y, x)

    def lower(self, x: Arrival) -> Call:
        return layer(_OWN + "lrn.LRN", **self.keras_options())(x)

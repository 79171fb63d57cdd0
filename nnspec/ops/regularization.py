"""Regularisation by noise: what is dropped or added in training, and nothing afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.diagnostics.codes import names as name_codes
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import count_of
from nnspec.ops.dtypes import cast
from nnspec.ops.kinds import Integer, Many, OrNone, Real
from nnspec.ops.operator import Example, Operator, option, param
from nnspec.ops.spatial import need_real
from nnspec.shapes.dim import compare, demand, product
from nnspec.shapes.tensor import TensorType, shape_text

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape

_SPATIAL = {2: "1D", 3: "2D", 4: "3D"}


class Noise(Operator):
    """What noise has in common: a seed, and a shape that stays."""

    #: The parameter that says how much noise there is; none at 0.
    strength: ClassVar[str] = "rate"

    seed: int | None = option(OrNone(Integer(ge=0)), default=None, keras="seed", doc="of the noise")

    def is_idle(self, x: TensorType) -> bool:
        return getattr(self, self.strength) == 0 and self.infer(x) == x

    def infer(self, x: TensorType) -> TensorType:
        need_real(x, type(self).__name__)
        return TensorType(x.shape, cast(x.dtype), x.batched)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            self.keep_noise(tape, x)
        return tape.like(y, x)

    def keep_noise(self, tape: Tape, x: Held) -> None:
        """What the noise was; as many real numbers as there are values, where nothing else is said."""
        tape.extra(x.size)


class Masked(Noise):
    """Noise that is drawn once for each element, or once along some axes."""

    noise_shape: tuple[int | None, ...] | None = option(
        OrNone(Many(OrNone(Integer(ge=1)))), default=None,
        doc="for each axis its size, or none: each position drawn for itself; or 1: all alike",
    )  # fmt: skip

    def infer(self, x: TensorType) -> TensorType:
        for wanted, size in zip(self._noise_shape(x), x.shape, strict=True):
            if wanted not in (None, 1) and not demand(compare(size, "==", wanted)):
                raise RuleError(
                    name_codes.BAD_ARGUMENT,
                    f"a noise of {wanted} positions does not fit an axis of {size}",
                    at="noise_shape", label=f"{shape_text(x.shape)} arrives", help=f"write 1, {size} or none there",
                )  # fmt: skip
        return super().infer(x)

    def _noise_shape(self, x: TensorType) -> tuple[int | None, ...]:
        shape = self.noise_shape if self.noise_shape is not None else (None,) * x.rank
        if len(shape) != x.rank:
            raise RuleError(
                codes.WRONG_AXES,
                f"`noise_shape` has {count_of(len(shape), 'number', 'numbers')} for {count_of(x.rank, 'axis', 'axes')}",
                at="noise_shape", label=f"{shape_text(x.shape)} arrives", help="the batch is not counted",
            )  # fmt: skip
        return shape

    def options(self) -> dict[str, Value]:
        """Keras's arguments; its noise shape counts the batch."""
        noise = {} if self.noise_shape is None else {"noise_shape": (None, *self.noise_shape)}
        return noise | self.keras_options("seed")


class Dropout(Masked):
    """In training each element is 0 with probability `rate`, the others x / (1 - rate); x afterwards.

    Shape: any, unchanged.
    Source: Srivastava et al. 2014, "Dropout", section 10 (inverted); `keras.layers.Dropout`.
    """

    rate: float = param(Real(ge=0, lt=1), doc="share of the elements that are dropped")

    examples = (
        Example("Input(64) -> Dropout(0.5)", (64,)),
        Example("Input(8, 8, 3) -> Dropout(0.2, noise_shape=(1, 1, 3))", (8, 8, 3)),
        Example("Input(64) -> Dropout(1)", fails="bad-argument"),
        Example("Input(64) -> Dropout", fails="missing-argument"),
    )

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return super().trace(tape, x, y) if self.rate else x

    def keep_noise(self, tape: Tape, x: Held) -> None:
        if self.noise_shape is None:
            tape.extra(x.size)
        else:
            drawn = [size or whole for size, whole in zip(self.noise_shape, x.type.shape, strict=True)]
            tape.extra(product(drawn), "bool")

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.Dropout", self.rate, **self.options())(x)


class SpatialDropout(Noise):
    """In training each channel is 0 at all positions with probability `rate`, the others x / (1 - rate).

    Shape: `(*sizes, channels)`, unchanged.
    Source: Tompson et al. 2015, "Efficient object localization using convolutional networks", section 3.3;
    `keras.layers.SpatialDropout1D/2D/3D`.
    """

    rate: float = param(Real(ge=0, lt=1), doc="share of the channels that are dropped")

    elsewhere = ("Dropout1D", "Dropout2D", "Dropout3D")
    examples = (
        Example("Input(8, 8, 3) -> SpatialDropout(0.2)", (8, 8, 3)),
        Example("Input(50, 8) -> SpatialDropout(0.2)", (50, 8)),
        Example("Input(8) -> SpatialDropout(0.2)", fails="wrong-rank"),
    )

    def infer(self, x: TensorType) -> TensorType:
        if x.rank not in _SPATIAL:
            raise RuleError(
                codes.WRONG_RANK,
                "a spatial dropout needs one to three spatial axes and channels",
                label=f"{shape_text(x.shape)} arrives",
                help="use `Dropout`" if x.rank == 1 else None,
            )
        return super().infer(x)

    def keep_noise(self, tape: Tape, x: Held) -> None:
        tape.extra(x.type.channels, "bool")

    def lower(self, x: Arrival) -> Call:
        return layer(f"keras.layers.SpatialDropout{_SPATIAL[x.type.rank]}", self.rate, **self.keras_options())(x)


class AlphaDropout(Masked):
    """Dropout for SELU: in training a · d + b, where d is x or, with probability `rate`, SELU's least value -1.7581.

    a = 1 / √((1 - rate) · (1 + rate · 1.7581²)) and b = 1.7581 · a · rate keep mean 0 and variance 1.

    Shape: any, unchanged.
    Source: Klambauer et al. 2017, "Self-normalizing neural networks", "alpha dropout"; `keras.layers.AlphaDropout`.
    """

    rate: float = param(Real(ge=0, lt=1), doc="share of the elements that are dropped")

    examples = (Example("Input(64) -> SELU -> AlphaDropout(0.1)", (64,)),)

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.AlphaDropout", self.rate, **self.options())(x)


class GaussianDropout(Noise):
    """In training x · n, with n Gaussian of mean 1 and variance rate / (1 - rate).

    Shape: any, unchanged.
    Source: Srivastava et al. 2014, "Dropout", section 10; `keras.layers.GaussianDropout`.
    """

    rate: float = param(Real(ge=0, lt=1), doc="as the rate of a dropout of equal variance")

    examples = (Example("Input(64) -> GaussianDropout(0.5)", (64,)),)

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.GaussianDropout", self.rate, **self.keras_options())(x)


class GaussianNoise(Noise):
    """In training x + n, with n Gaussian of mean 0 and variance std².

    Shape: any, unchanged.
    Source: Goodfellow et al. 2016, "Deep learning", section 7.5; `keras.layers.GaussianNoise`.
    """

    std: float = param(Real(ge=0, le=1), doc="standard deviation of the noise, at most 1")

    strength = "std"
    renamed = {"stddev": "std"}
    examples = (
        Example("Input(64) -> GaussianNoise(0.1)", (64,)),
        Example("Input(64) -> GaussianNoise(2)", fails="bad-argument"),
    )

    def keep_noise(self, tape: Tape, x: Held) -> None:
        return None  # it is added, and a sum needs nothing

    def lower(self, x: Arrival) -> Call:
        return layer("keras.layers.GaussianNoise", self.std, **self.keras_options())(x)


class DropPath(Noise):
    """Stochastic depth: in training a whole example is 0 with probability `rate`, the others x / (1 - rate).

    It stands at the end of a residual branch, which is left out for some examples.

    Shape: any, unchanged.
    Source: Huang et al. 2016, "Deep networks with stochastic depth", section 3, with the scaling of inverted dropout.
    """

    rate: float = param(Real(ge=0, lt=1), doc="share of the examples that are dropped")

    examples = (Example("Input(8, 8, 3) -> Residual{ ReLU -> DropPath(0.1) }", (8, 8, 3)),)

    def keep_noise(self, tape: Tape, x: Held) -> None:
        tape.extra(1, "bool")

    def lower(self, x: Arrival) -> Call:
        return layer("nnspec.backends.layers.drop_path.DropPath", self.rate, **self.keras_options())(x)

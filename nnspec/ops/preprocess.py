"""Input processing: numbers rescaled, standardised, projected on principal components.

What is fitted to the training data says so by `is_fitted`; `train` fits it, and until then it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.diagnostics.codes import names as name_codes
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import Axes, axes_of, count_of
from nnspec.ops.kinds import Integer, Kind, OrNone, Real
from nnspec.ops.operator import Example, Operator, Weight, option, param
from nnspec.ops.spatial import need_numbers, needs_size
from nnspec.shapes.dim import Dim, compare, demand, is_known, product
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape

_OWN = "nnspec.backends.layers."


class OneOrEach(Kind["float | tuple[float, ...]"]):
    """One number for all channels, or one for each."""

    def __init__(self, item: Real) -> None:
        self.item = item

    def read(self, value: object) -> float | tuple[float, ...]:
        if isinstance(value, tuple):
            if not value:
                raise self.refuse(value)
            return tuple(self.item.read(each) for each in value)
        return self.item.read(value)

    def describe(self) -> str:
        return f"{self.item.describe()}, or one for each channel"

    def schema(self) -> dict[str, Any]:
        item = self.item.schema()
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def need_one_axis(x: TensorType, what: str) -> None:
    """Demand numbers, and an axis of channels.

    Raises: RuleError.
    """
    need_numbers(x, what)
    if x.rank == 0:
        raise RuleError(codes.WRONG_RANK, f"{what} needs at least one axis", label="no axis arrives")


def need_as_many(value: float | tuple[float, ...] | None, size: Dim, at: str) -> None:
    """Demand one number, or as many as there are positions.

    Raises: RuleError at `at`.
    """
    if isinstance(value, tuple) and not demand(compare(size, "==", len(value))):
        raise RuleError(
            name_codes.BAD_ARGUMENT,
            f"`{at}` has {count_of(len(value), 'number', 'numbers')} for an axis of {size}",
            at=at, label=f"{len(value)}, not {size}", help="write one number for all, or one for each",
        )  # fmt: skip


class Rescale(Operator):
    """x · scale + offset, as for pixels: `Rescale(1/255)`.

    Shape: any, unchanged.
    Source: `keras.layers.Rescaling`.
    """

    scale: float | tuple[float, ...] = param(
        OneOrEach(Real()), keras="scale", doc="what is multiplied with: one number, or one for each channel"
    )
    offset: float | tuple[float, ...] = param(
        OneOrEach(Real()), default=0.0, keras="offset", doc="what is added: one number, or one for each channel"
    )

    examples = (
        Example("Input(32, 32, 3, dtype=uint8) -> Rescale(1/255)", (32, 32, 3)),
        Example("Input(32, 32, 3) -> Rescale(2/255, -1)", (32, 32, 3)),
        Example("Input(4, 3) -> Rescale((1, 2, 0.5), offset=(0, 1, 2))", (4, 3)),
        Example("Input(4, 3) -> Rescale((1, 2))", fails="bad-argument"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_numbers(x, "a rescaling")
        if isinstance(self.scale, tuple) or isinstance(self.offset, tuple):
            need_one_axis(x, "a rescaling of each channel")
            need_as_many(self.scale, x.channels, "scale")
            need_as_many(self.offset, x.channels, "offset")
        return TensorType(x.shape, batched=x.batched)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.like(y, x)  # the numbers in it are constants

    def lower(self, x: Arrival) -> Call:
        offset = {} if self.offset == 0 else {"offset": _plain(self.offset)}
        return layer("keras.layers.Rescaling", _plain(self.scale), **offset)(x)


def _plain(value: float | tuple[float, ...] | None) -> Value:
    return list(value) if isinstance(value, tuple) else value


class Standardize(Operator):
    """(x - mean) / √variance, with a mean and variance for each channel.

    Where no numbers are given, training begins by fitting them to the training data; until then the mean is 0 and the
    variance 1. `axis` names what has numbers of its own: `axis=(0, 1, 2)` subtracts a whole mean image, `axis=none`
    takes one mean of all.

    Shape: any, unchanged.
    Source: LeCun et al. 1998, "Efficient backprop", section 4.3; `keras.layers.Normalization`.
    """

    axis: int | tuple[int, ...] | None = option(
        OrNone(Axes()), default=-1, doc="the axis or axes that have numbers of their own; none: one for all"
    )
    mean: float | tuple[float, ...] | None = option(
        OrNone(OneOrEach(Real())), default=None, doc="the mean: one number, or one for each channel"
    )
    variance: float | tuple[float, ...] | None = option(
        OrNone(OneOrEach(Real(ge=0))), default=None, doc="the variance: one number, or one for each channel"
    )

    examples = (
        Example("Input(8, 8, 3) -> Standardize", (8, 8, 3)),
        Example("Input(8, 8, 3) -> Standardize(axis=(0, 1, 2))", (8, 8, 3)),
        Example("Input(8, 8, 3) -> Standardize(mean=(0.5, 0.4, 0.4), variance=0.05)", (8, 8, 3)),
        Example("Input(8) -> Standardize(mean=0.5)", fails="missing-argument"),
        Example("Input(8, 3) -> Standardize(mean=(1, 2), variance=(1, 1))", fails="bad-argument"),
        Example("Input(8) -> Standardize(axis=1)", fails="no-such-axis"),
    )

    @property
    def is_fitted(self) -> bool:
        return self.mean is None

    def kept(self, x: TensorType) -> tuple[int, ...]:
        """The axes that have numbers of their own, counted from the first."""
        return () if self.axis is None else axes_of(x, self.axis)

    def infer(self, x: TensorType) -> TensorType:
        need_numbers(x, "a standardisation")
        kept = self.kept(x)
        if (self.mean is None) != (self.variance is None):
            given, other = ("mean", "variance") if self.variance is None else ("variance", "mean")
            raise RuleError(
                name_codes.MISSING_ARGUMENT,
                f"`{given}` needs `{other}` beside it",
                at=given, help=f"write `{other}=…` too, or neither: then both are fitted to the training data",
            )  # fmt: skip
        size = x.shape[kept[-1]] if kept else 1
        need_as_many(self.mean, size, "mean")
        need_as_many(self.variance, size, "variance")
        return TensorType(x.shape, batched=x.batched)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        if self.is_fitted:
            sizes = tuple(x.shape[axis] for axis in self.kept(x))
            yield Weight("mean", sizes, trainable=False)
            yield Weight("variance", sizes, trainable=False)
            yield Weight("count", (), trainable=False)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            tape.constant(product(x.type.shape[axis] for axis in self.kept(x.type)))  # √variance
        return tape.like(y, x)

    def lower(self, x: Arrival) -> Call:
        kept = self.kept(x.type)
        numbers = [each for each in (self.mean, self.variance) if isinstance(each, tuple)]
        if self.is_fitted:
            return layer("keras.layers.Normalization", **_axes(kept, x.type))(x)
        if not numbers:  # one number is one number along every axis
            return layer("keras.layers.Normalization", axis=None, mean=self.mean, variance=self.variance)(x)
        last = kept[-1]
        if not is_known(x.type.shape[last]):
            raise needs_size("Keras standardises channels whose number is known", x.type.shape[last])
        mean, variance = (
            list(each if isinstance(each, tuple) else (each,) * len(numbers[0])) for each in (self.mean, self.variance)
        )
        return layer("keras.layers.Normalization", **_axes((last,), x.type), mean=mean, variance=variance)(x)


def _axes(kept: tuple[int, ...], x: TensorType) -> dict[str, Value]:
    """`axis` as Keras counts; nothing where it is the last."""
    if kept == (x.rank - 1,):
        return {}
    return {"axis": None if not kept else kept[0] + 1 if len(kept) == 1 else tuple(axis + 1 for axis in kept)}


class Projection(Operator):
    """What projections of the channels on principal components have in common; a layer of our own."""

    k: int | None

    @property
    def is_fitted(self) -> bool:
        return True

    def width(self, x: TensorType) -> Dim:
        """How many components there are."""
        return x.channels if self.k is None else self.k

    def infer(self, x: TensorType) -> TensorType:
        name = type(self).__name__
        need_one_axis(x, name)
        if not demand(compare(x.channels, ">=", self.width(x))):
            raise RuleError(
                name_codes.BAD_ARGUMENT,
                f"{x.channels} channels have no {self.k} principal components",
                at="k", label=f"{self.k} > {x.channels}", help=f"write `{name}({x.channels})` for all there are",
            )  # fmt: skip
        return TensorType((*x.spatial, self.width(x)), batched=x.batched)

    def weights(self, x: TensorType) -> Iterator[Weight]:
        yield Weight("mean", (x.channels,), trainable=False)
        yield Weight("components", (x.channels, self.width(x)), trainable=False)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return x.size * self.width(x)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.new(y, grad=x.grad)  # the numbers in it are constants

    def lower(self, x: Arrival) -> Call:
        return layer(_OWN + "pca.PCA", **self.options())(x)

    def options(self) -> dict[str, Value]:
        """The layer's arguments."""
        return self.keras_options()


class PCA(Projection):
    """(x - mean) · V, the channels projected on the k directions in which they vary most, the first most of all.

    Training begins by fitting mean and directions to the training data, every position being one observation; until
    then the first k channels pass unchanged. In each direction V's largest component is positive.

    Shape: `(*axes, channels) -> (*axes, k)`.
    Source: Pearson 1901; Hotelling 1933; the eigenvectors of the covariance.
    """

    k: int = param(Integer(ge=1), keras="k", doc="how many components are kept")

    examples = (
        Example("Input(8, 8, 1) -> Flatten -> PCA(20)", (20,)),
        Example("Input(8, 8, 3) -> PCA(2)", (8, 8, 2)),
        Example("Input(8) -> PCA(9)", fails="bad-argument"),
    )


class Whiten(Projection):
    """The principal components, each divided by its deviation √(variance + epsilon): the covariance becomes I.

    Training begins by fitting it to the training data, every position being one observation; until then the first k
    channels pass unchanged.

    Shape: `(*axes, channels) -> (*axes, k)`.
    Source: LeCun et al. 1998, "Efficient backprop", section 4.3; Kessy et al. 2018, table 1, "PCA".
    """

    k: int | None = param(
        OrNone(Integer(ge=1)), default=None, keras="k", doc="how many components are kept; all where nothing is said"
    )
    epsilon: float = option(
        Real(gt=0), default=1e-5, keras="epsilon", doc="added to the variances, so that noise is not blown up"
    )

    examples = (
        Example("Input(8) -> Whiten", (8,)),
        Example("Input(8, 8, 3) -> Whiten(2, epsilon=1e-3)", (8, 8, 2)),
        Example("Input(8) -> Whiten(9)", fails="bad-argument"),
    )

    def options(self) -> dict[str, Value]:
        return {**self.keras_options(), "whiten": True}

"""Images cut to a size, and changed at random: flipped, turned, shifted, zoomed, coloured.

What is random acts in training only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Call, layer
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.dtypes import is_float
from nnspec.ops.kinds import Integer, Kind, OneOf, OrNone, Real
from nnspec.ops.operator import Example, Operator, Reach, option, param
from nnspec.ops.spatial import need_numbers, need_spatial
from nnspec.shapes.dim import compare, demand
from nnspec.shapes.reach import window
from nnspec.shapes.tensor import TensorType, shape_text
from nnspec.shapes.window import axis_names

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class Interval(Kind["tuple[float, float]"]):
    """Two numbers, the smaller one first."""

    def __init__(self, item: Real) -> None:
        self.item = item

    def read(self, value: object) -> tuple[float, float]:
        if not isinstance(value, tuple) or len(value) != 2:
            raise self.refuse(value)
        low, high = (self.item.read(each) for each in value)
        if low > high:
            raise self.refuse(value, ": the smaller one stands first")
        return low, high

    def describe(self) -> str:
        return f"a pair (low, high), each {self.item.describe()}"

    def schema(self) -> dict[str, Any]:
        item = self.item.schema()
        return {"anyOf": [{"type": "array", "items": item, "minItems": 2, "maxItems": 2}, {"type": "string"}]}


class Factor(Kind["float | tuple[float, float]"]):
    """How far something is changed at most, to both sides; or from where to where."""

    def __init__(self, interval: Interval) -> None:
        self.interval = interval
        self.item = Real(ge=0, le=1)

    def read(self, value: object) -> float | tuple[float, float]:
        if isinstance(value, tuple):
            return self.interval.read(value)
        try:
            return self.item.read(value)
        except RuleError:
            raise self.refuse(value) from None

    def describe(self) -> str:
        return f"{self.item.describe()}, or {self.interval.describe()}"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.item.schema(), self.interval.schema()]}


class OfImages(Operator):
    """What operators on images have in common: numbers of three axes, real ones afterwards."""

    def infer(self, x: TensorType) -> TensorType:
        need_spatial(x, type(self).__name__, (3,))
        need_numbers(x, type(self).__name__)
        return TensorType(x.shape, batched=x.batched)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            self.keep_changes(tape, x)
        return tape.like(y, x)

    def keep_changes(self, tape: Tape, x: Held) -> None:
        """Keep what was done, where gradients flow through it; before the first weights they do not."""

    def lower(self, x: Arrival) -> Call:
        return layer(f"keras.layers.{type(self).__name__}", **self.keras_options())(x)


class Random(OfImages):
    """What is drawn anew for each image in training, and does nothing afterwards."""

    seed: int | None = option(OrNone(Integer(ge=0)), default=None, keras="seed", doc="of what is drawn")


class RandomFlip(Random):
    """In training each image is mirrored, or not; nothing afterwards.

    Horizontally is left to right, vertically upside down. With both, an image is mirrored both ways or not at all.

    Shape: `(height, width, channels)`, unchanged.
    Source: `keras.layers.RandomFlip`.
    """

    mode: str = param(
        OneOf("horizontal_and_vertical", "horizontal", "vertical"), default="horizontal_and_vertical", keras="mode",
        doc="which way",
    )  # fmt: skip

    examples = (
        Example("Input(32, 32, 3) -> RandomFlip(horizontal)", (32, 32, 3)),
        Example("Input(32, 32, 3) -> RandomFlip(diagonal)", fails="bad-argument"),
        Example("Input(32, 3) -> RandomFlip", fails="wrong-rank"),
    )

    def keep_changes(self, tape: Tape, x: Held) -> None:
        tape.extra(1, "bool")


class Cropped(OfImages):
    """What cuts images to a given size."""

    height: int = param(Integer(ge=1), keras="height", doc="height that comes out")
    width: int = param(Integer(ge=1), keras="width", doc="width that comes out")

    def infer(self, x: TensorType) -> TensorType:
        super().infer(x)
        for size, at, axis in zip(x.spatial, ("height", "width"), axis_names(3), strict=True):
            wanted = self.__dict__[at]
            if not demand(compare(size, ">=", wanted)):
                raise RuleError(
                    codes.CROP_TOO_LARGE,
                    f"the {axis} is smaller than what is to be cut out",
                    at=at, label=f"{size} < {wanted}",
                    help=f"cut out at most {shape_text(x.spatial)}, or put `ZeroPad` or `Resize` before it",
                )  # fmt: skip
        return TensorType((self.height, self.width, x.channels), batched=x.batched)

    def reach(self, x: TensorType) -> tuple[Reach, ...]:
        return tuple(
            window(1, before=-((size - wanted) // 2))
            for size, wanted in zip(x.spatial, (self.height, self.width), strict=True)
        )


class RandomCrop(Cropped, Random):
    """In training a piece is cut out of each image at a random place; the middle piece afterwards.

    `ZeroPad(4) -> RandomCrop(32, 32)` shifts an image of 32 x 32 by up to 4, and gives back the image afterwards.

    Shape: `(height, width, channels) -> (height', width', channels)`.
    Source: Krizhevsky et al. 2012, section 4.1; in place of `keras.layers.RandomCrop`, which cuts out nothing
    afterwards.
    """

    examples = (
        Example("Input(256, 256, 3) -> RandomCrop(224, 224)", (224, 224, 3)),
        Example("Input(32, 32, 3) -> ZeroPad(4) -> RandomCrop(32, 32)", (32, 32, 3)),
        Example("Input(32, 32, 3) -> RandomCrop(40, 32)", fails="crop-to-larger"),
    )

    def keep_changes(self, tape: Tape, x: Held) -> None:
        width, channels = x.type.shape[1:]
        tape.keep(x)  # rows are gathered by their numbers, then columns
        tape.extra(self.height * width * channels)
        tape.extra(self.height * (width + self.width) * channels, "int64")

    def lower(self, x: Arrival) -> Call:
        seed = {} if self.seed is None else {"seed": self.seed}
        return layer("nnspec.backends.layers.random_crop.RandomCrop", self.height, self.width, **seed)(x)


class CenterCrop(Cropped):
    """The middle of each image, in a given size; an odd remainder is cut off the end.

    Shape: `(height, width, channels) -> (height', width', channels)`.
    Source: `keras.layers.CenterCrop`.
    """

    examples = (
        Example("Input(256, 256, 3) -> CenterCrop(224, 224)", (224, 224, 3)),
        Example("Input(32, 32, 3) -> CenterCrop(40, 32)", fails="crop-to-larger"),
    )


class Moved(Random):
    """What moves the pixels of an image, and must fill what comes from beyond its edge."""

    fill_mode: str = option(
        OneOf("reflect", "wrap", "constant", "nearest"), default="reflect", keras="fill_mode",
        doc="what lies beyond the edge: the image mirrored or again, `fill_value`, or the pixel at the edge",
    )  # fmt: skip
    interpolation: str = option(
        OneOf("bilinear", "nearest"), default="bilinear", keras="interpolation", doc="how pixels between are made"
    )
    fill_value: float = option(Real(), default=0.0, keras="fill_value", doc="what `fill_mode=constant` fills with")

    def keep_changes(self, tape: Tape, x: Held) -> None:
        tape.extra(8 * x.size)  # of each of the four pixels between which one is made: weights, and where they are
        tape.extra(6 * x.size, "int32")
        if self.fill_mode == "constant":
            tape.extra(8 * x.size, "bool")


class RandomRotation(Moved):
    """In training each image is turned about its middle; nothing afterwards.

    Shape: `(height, width, channels)`, unchanged.
    Source: `keras.layers.RandomRotation`.
    """

    factor: float | tuple[float, float] = param(
        Factor(Interval(Real(ge=-1, le=1))), keras="factor",
        doc="by what share of a full turn at most, either way; or from where to where, counter-clockwise above 0",
    )  # fmt: skip

    examples = (
        Example("Input(32, 32, 3) -> RandomRotation(0.1)", (32, 32, 3)),
        Example("Input(32, 32, 3) -> RandomRotation((-0.1, 0.2), fill_mode=constant)", (32, 32, 3)),
        Example("Input(32, 32, 3) -> RandomRotation(90)", fails="bad-argument"),
    )


class RandomZoom(Moved):
    """In training each image is made smaller (above 0) or larger (below) within its frame; nothing afterwards.

    Shape: `(height, width, channels)`, unchanged.
    Source: `keras.layers.RandomZoom`.
    """

    height_factor: float | tuple[float, float] = param(
        Factor(Interval(Real(gt=-1, le=1))), keras="height_factor",
        doc="by what share of the height at most, either way; or from where to where",
    )  # fmt: skip
    width_factor: float | tuple[float, float] | None = param(
        OrNone(Factor(Interval(Real(gt=-1, le=1)))), default=None, keras="width_factor",
        doc="the same of the width; where nothing is said, as the height",
    )  # fmt: skip

    examples = (
        Example("Input(32, 32, 3) -> RandomZoom(0.2)", (32, 32, 3)),
        Example("Input(32, 32, 3) -> RandomZoom((-0.3, -0.1), 0.1)", (32, 32, 3)),
        Example("Input(32, 32, 3) -> RandomZoom((0.3, 0.1))", fails="bad-argument"),
    )


class RandomTranslation(Moved):
    """In training each image is shifted down (above 0) or up, and right or left; nothing afterwards.

    Shape: `(height, width, channels)`, unchanged.
    Source: `keras.layers.RandomTranslation`.
    """

    height_factor: float | tuple[float, float] = param(
        Factor(Interval(Real(ge=-1, le=1))), keras="height_factor",
        doc="by what share of the height at most, either way; or from where to where",
    )  # fmt: skip
    width_factor: float | tuple[float, float] = param(
        Factor(Interval(Real(ge=-1, le=1))), keras="width_factor", doc="the same of the width"
    )

    examples = (
        Example("Input(32, 32, 3) -> RandomTranslation(0.1, 0.1)", (32, 32, 3)),
        Example("Input(32, 32, 3) -> RandomTranslation(0.1)", fails="missing-argument"),
    )


class Coloured(Random):
    """What changes the values of an image, which stay within their range."""

    value_range: tuple[float, float] = option(
        Interval(Real()), default=(0.0, 255.0), keras="value_range",
        doc="the least and the greatest value of a pixel: (0, 1) after `Rescale(1/255)`",
    )  # fmt: skip

    def infer(self, x: TensorType) -> TensorType:
        if not is_float(x.dtype):
            raise RuleError(
                codes.NOT_REAL,
                f"{type(self).__name__} computes with real numbers",
                label=f"{x.dtype} arrives",
                help="put `Rescale(1)` before it, or declare the input without `dtype`",
            )
        return super().infer(x)

    def keep_changes(self, tape: Tape, x: Held) -> None:
        tape.extra(x.size)


class RandomContrast(Coloured):
    """In training (x - m) · c + m, with the mean m of each channel and a factor c for each image; x afterwards.

    Shape: `(height, width, channels)`, unchanged.
    Source: `keras.layers.RandomContrast`.
    """

    factor: float | tuple[float, float] = param(
        Factor(Interval(Real(ge=0, le=1))), keras="factor", doc="f: from 1 - f to 1 + f; (a, b): from 1 - a to 1 + b"
    )

    examples = (
        Example("Input(32, 32, 3) -> RandomContrast(0.2)", (32, 32, 3)),
        Example("Input(32, 32, 3, dtype=uint8) -> RandomContrast(0.2)", fails="not-real-numbers"),
    )

    def lower(self, x: Arrival) -> Call:
        # Given one number Keras draws from 1 to 1 + f; what it documents it does for a pair.
        pair = self.factor if isinstance(self.factor, tuple) else (self.factor, self.factor)
        return layer("keras.layers.RandomContrast", **{**self.keras_options(), "factor": pair})(x)


class RandomBrightness(Coloured):
    """In training x + d · (greatest - least value), with d drawn for each image; x afterwards.

    Shape: `(height, width, channels)`, unchanged.
    Source: `keras.layers.RandomBrightness`.
    """

    factor: float | tuple[float, float] = param(
        Factor(Interval(Real(ge=-1, le=1))), keras="factor", doc="f: d from -f to f; or from where to where"
    )

    examples = (
        Example("Input(32, 32, 3) -> Rescale(1/255) -> RandomBrightness(0.2, value_range=(0, 1))", (32, 32, 3)),
        Example("Input(32, 32, 3) -> RandomBrightness(1.5)", fails="bad-argument"),
    )

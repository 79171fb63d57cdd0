"""Shape operators over spatial axes: larger, smaller, padded or cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.diagnostics.codes import names as argument_codes
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import Axis, axis_of
from nnspec.ops.kinds import Flag, Many, OneOf, OrNone, Padding, PaddingValue, PerAxis, Size, Tensor
from nnspec.ops.operator import Example, Operator, Reach, option, param
from nnspec.ops.spatial import brief, brief_pads, computed, need_spatial, needs_size, ranked, zero_padded
from nnspec.shapes.dim import Dim, compare, demand, is_known
from nnspec.shapes.reach import interpolated, window
from nnspec.shapes.tensor import TensorType, shape_text, sizes_text
from nnspec.shapes.window import Pair, axis_names, padding_per_axis, per_axis

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape

_METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
_TAPS = {"nearest": 1, "bilinear": 2, "bicubic": 4, "lanczos3": 6, "lanczos5": 10}  # positions each output reads


class UpSample(Operator):
    """Every position n times over, or interpolated between.

    Shape: `(*sizes, channels) -> (*(sizes * size), channels)`.
    Source: `keras.layers.UpSampling1D/2D/3D`.
    """

    size: int | tuple[int, ...] = param(PerAxis(), default=2, doc="how many times larger, one number or one per axis")
    interpolation: str = option(
        OneOf(*_METHODS), default="nearest", keras="interpolation", doc="how new positions are made, on images"
    )

    examples = (
        Example("Input(16, 16, 8) -> UpSample", (32, 32, 8)),
        Example("Input(16, 16, 8) -> UpSample(3x2, interpolation=bilinear)", (48, 32, 8)),
        Example("Input(10, 8) -> UpSample(4)", (40, 8)),
        Example("Input(4, 4, 4, 8) -> UpSample((1, 2, 2))", (4, 8, 8, 8)),
    )

    def factors(self, x: TensorType) -> tuple[int, ...]:
        """How many times larger each spatial axis becomes."""
        need_spatial(x, "upsampling")
        if x.rank != 3 and self.interpolation != "nearest":
            raise RuleError(
                codes.WRONG_RANK,
                f"`{self.interpolation}` interpolates images: (height, width, channels)",
                at="interpolation",
                label=f"{shape_text(x.shape)} arrives",
                help="leave it out, so that positions are repeated",
            )
        return per_axis(self.size, x.rank, "size")

    def infer(self, x: TensorType) -> TensorType:
        sizes = (size * factor for size, factor in zip(x.spatial, self.factors(x), strict=True))
        return computed(x, *sizes, x.channels)

    def reach(self, x: TensorType) -> tuple[Reach, ...]:
        taps = _TAPS[self.interpolation]
        return tuple(interpolated(1, by, taps, size) for by, size in zip(self.factors(x), x.spatial, strict=True))

    def is_idle(self, x: TensorType) -> bool:
        return all(factor == 1 for factor in self.factors(x))

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.new(y, grad=x.grad)

    def lower(self, x: Arrival) -> Value:
        return layer(ranked("UpSampling", x), brief(self.factors(x.type)), **self.keras_options())(x)


class ZeroPad(Operator):
    """Zeros around the spatial axes, or around one axis.

    Shape: `(*sizes, channels) -> (*(before + size + after), channels)`.
    Source: `keras.layers.ZeroPadding1D/2D/3D`; `keras.ops.pad` for one axis.
    """

    n: PaddingValue = param(Padding(), doc="how many: a number, one per axis, or pairs of before and after")
    axis: int | None = param(OrNone(Axis()), default=None, doc="around which axis; all but the last when absent")

    renamed = {"padding": "n"}
    examples = (
        Example("Input(32, 32, 3) -> ZeroPad(3)", (38, 38, 3)),
        Example("Input(32, 32, 3) -> ZeroPad(((0, 1), (2, 3)))", (33, 37, 3)),
        Example("Input(16, 16, 8) -> ZeroPad(4, axis=-1)", (16, 16, 16)),
        Example("Input(10, 4) -> ZeroPad(((2, 0),), axis=0)", (12, 4)),
        Example("Input(10) -> ZeroPad(2)", fails="wrong-rank"),
    )

    def pads(self, x: TensorType) -> tuple[Pair, ...]:
        """Zeros before and after each axis, the last included."""
        if self.axis is None:
            if x.rank == 1:
                raise RuleError(
                    codes.WRONG_RANK, "a vector has no spatial axes to pad", label=f"{shape_text(x.shape)} arrives",
                    help="name the axis: `ZeroPad(…, axis=0)`",
                )  # fmt: skip
            need_spatial(x, "zero padding")
            return (*_pairs(self.n, x.rank), (0, 0))
        axis = axis_of(x, self.axis)
        if isinstance(self.n, tuple) and len(self.n) > 1:
            raise RuleError(
                codes.WRONG_AXES, f"`n` has {len(self.n)} entries for one axis", at="n", label=f"{len(self.n)} entries",
                help="write one number, or `((before, after),)`",
            )  # fmt: skip
        (pair,) = _pairs(self.n, 2)
        return tuple(pair if at == axis else (0, 0) for at in range(x.rank))

    def infer(self, x: TensorType) -> TensorType:
        pads = self.pads(x)
        sizes = tuple(before + size + after for size, (before, after) in zip(x.shape, pads, strict=True))
        return computed(x, *sizes) if self.axis is None else TensorType(sizes, x.dtype, x.batched)

    def reach(self, x: TensorType) -> tuple[Reach, ...]:
        return tuple(window(1, before=before) for before, _ in self.pads(x)[:-1])

    def is_idle(self, x: TensorType) -> bool:
        return not any(map(any, self.pads(x)))

    def filled(self, x: TensorType) -> dict[str, Any]:
        return {"n": self.pads(x), "axis": None}  # which has zeros for every axis

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.like(y, x)

    def lower(self, x: Arrival) -> Value:
        pads = self.pads(x.type)
        if self.axis is None:
            return zero_padded(x, pads[:-1])
        return Call("keras.ops.pad", (x, ((0, 0), *pads)))


def _pairs(value: PaddingValue | None, rank: int) -> tuple[Pair, ...]:
    return tuple(pad for pad in padding_per_axis(value, rank, "n") if not isinstance(pad, str))


class Crop(Operator):
    """Positions cut off the ends of the spatial axes, or down to the size of another tensor, about the centre.

    Shape: `(*sizes, channels) -> (*(size - before - after), channels)`, or the sizes of `like`; an odd
    remainder is cut off the end.
    Source: `keras.layers.Cropping1D/2D/3D`; Ronneberger et al. 2015 for `like`.
    """

    n: PaddingValue | None = param(
        OrNone(Padding()), default=None, doc="how many: a number, one per axis, or pairs of before and after"
    )
    like: TensorType | None = option(OrNone(Tensor()), default=None, doc="a tensor to cut down to")

    renamed = {"cropping": "n"}
    examples = (
        Example("Input(32, 32, 3) -> Crop(4)", (24, 24, 3)),
        Example("Input(32, 32, 3) -> Crop(((0, 1), (2, 3)))", (31, 27, 3)),
        Example("Input(8, 8, 3) -> Crop(4)", fails="nothing-left"),
    )

    def infer(self, x: TensorType, like: TensorType | None = None) -> TensorType:
        need_spatial(x, "cropping")
        self._check_arguments(like)
        if like is not None:
            return computed(x, *self._sizes_of(x, like), x.channels)
        pairs = _pairs(self.n, x.rank)
        for size, (before, after), axis in zip(x.spatial, pairs, axis_names(x.rank), strict=True):
            if not demand(compare(size, ">", before + after)):
                raise RuleError(
                    codes.NOTHING_LEFT,
                    f"the crop leaves nothing of the {axis}",
                    at="n",
                    label=f"{size} - {before} - {after} = {size - before - after}",
                    help=f"cut off at most {size - 1} in all",
                )
        sizes = (size - before - after for size, (before, after) in zip(x.spatial, pairs, strict=True))
        return computed(x, *sizes, x.channels)

    def _check_arguments(self, like: TensorType | None) -> None:
        if (self.n is None) == (self.like is None):
            raise RuleError(
                argument_codes.MISSING_ARGUMENT if self.n is None else argument_codes.REPEATED_ARGUMENT,
                "Crop needs either how many positions to cut off, or a tensor to cut down to",
                label="neither given" if self.n is None else "both given",
                help="write `Crop(4)` or `Crop(like=x)`",
            )
        if like is not None and self.like is None:
            raise RuleError(
                codes.WRONG_INPUT_COUNT,
                "Crop takes one tensor",
                label="2 arrive",
                help="name the other one: `Crop(like=x)`",
            )

    def _sizes_of(self, x: TensorType, like: TensorType) -> tuple[Dim, ...]:
        if x.rank != like.rank:
            raise RuleError(
                codes.WRONG_RANK,
                "a tensor is cut down to one with as many axes",
                at="like",
                label=f"{shape_text(x.shape)} like {shape_text(like.shape)}",
            )
        for size, wanted, axis in zip(x.spatial, like.spatial, axis_names(x.rank), strict=True):
            if not demand(compare(size, ">=", wanted)):
                raise RuleError(
                    codes.CROP_TOO_LARGE,
                    f"the {axis} is smaller than that of the tensor to cut down to",
                    at="like",
                    label=f"{size} < {wanted}",
                    notes=(f"{sizes_text(x.shape)} is to be cut down to {sizes_text(like.spatial)}",),
                    help="crop the other tensor like this one",
                )
        return like.spatial

    def reach(self, x: TensorType, like: TensorType | None = None) -> tuple[Reach, ...]:
        if like is None:
            return tuple(window(1, before=-cut) for cut, _ in _pairs(self.n, x.rank))
        return tuple(window(1, before=-((a - b) // 2)) for a, b in zip(x.spatial, like.spatial, strict=True))

    def reach_from(self, operand: int, result: int, *inputs: TensorType) -> tuple[Reach, ...] | None:
        return self.reach(*inputs) if operand == 0 else None  # of `like` only the sizes are read

    def trace(self, tape: Tape, x: Held, *like_and_output: Any) -> Held:
        y = like_and_output[-1]
        return tape.view(x, y, is_dense=y.shape == x.type.shape)

    def lower(self, x: Arrival, like: Arrival | None = None) -> Value:
        if like is None:
            return _cropped(x, _pairs(self.n, x.type.rank))
        over = [size - wanted for size, wanted in zip(x.type.spatial, like.type.spatial, strict=True)]
        if all(is_known(more) for more in over):
            return _cropped(x, tuple((more // 2, more - more // 2) for more in over if is_known(more)))
        return layer("nnspec.backends.layers.crop_like.CropLike")([x, like])


def _cropped(x: Arrival, pairs: tuple[Pair, ...]) -> Value:
    if not any(map(any, pairs)):
        return x
    return layer(ranked("Cropping", x), brief_pads(pairs))(x)


class Resize(Operator):
    """An image in another size, interpolated.

    Shape: `(height, width, channels) -> (height', width', channels)`.
    Source: `keras.layers.Resizing`.
    """

    sizes: tuple[Dim, ...] = param(
        Many(Size(), least=1), variadic=True, doc="height and width that come out; one number for both"
    )
    interpolation: str = option(
        OneOf("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"), default="bilinear", keras="interpolation",
        doc="how the new pixels are made",
    )  # fmt: skip
    antialias: bool = option(Flag(), default=False, keras="antialias", doc="whether making it smaller blurs first")

    renamed = {"height": "sizes", "width": "sizes"}
    examples = (
        Example("Input(32, 48, 3) -> Resize(16, 24)", (16, 24, 3)),
        Example("Input(32, 48, 3) -> Resize(64, interpolation=nearest)", (64, 64, 3)),
        Example("Input(32, 3) -> Resize(16)", fails="wrong-rank"),
    )

    def new_sizes(self, x: TensorType) -> tuple[Dim, ...]:
        """Height and width that come out."""
        need_spatial(x, "resizing", (3,))
        if len(self.sizes) > 2:
            per_axis((1,) * len(self.sizes), x.rank, "sizes")
        return self.sizes if len(self.sizes) == 2 else self.sizes * 2

    def infer(self, x: TensorType) -> TensorType:
        return TensorType((*self.new_sizes(x), x.channels), batched=x.batched)

    def reach(self, x: TensorType) -> tuple[Reach, ...] | None:
        found: list[Reach] = []
        for old, new in zip(x.spatial, self.new_sizes(x), strict=True):
            if not is_known(old) or not is_known(new):
                return None
            found.append(interpolated(old, new, _TAPS[self.interpolation], old, blurs=self.antialias))
        return tuple(found)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        return tape.new(y, grad=x.grad)

    def lower(self, x: Arrival) -> Value:
        sizes = self.new_sizes(x.type)
        for size in sizes:
            if not is_known(size):
                raise needs_size("Keras resizes to sizes that are numbers", size)
        return layer("keras.layers.Resizing", *sizes, **self.keras_options())(x)

"""Sources: what starts a flow, the inputs of a network and its learned tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Call, layer
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.choices import CONSTRAINT, INIT, REGULARIZER
from nnspec.ops.dtypes import DTYPES
from nnspec.ops.kinds import Flag, Many, OneOf, OrNone, Size, show
from nnspec.ops.operator import Example, Operator, option, param
from nnspec.ops.operator import Weight as LayerWeight
from nnspec.shapes.dim import Dim, symbol
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class InputSizes(Many[Dim]):
    """Sizes of an input; an open one has a name, where Keras writes `None` and others -1."""

    def read(self, value: object) -> tuple[Dim, ...]:
        items = value if isinstance(value, tuple) else (value,)
        for item in items:
            if item is None or item == symbol("None") or (isinstance(item, int) and item == -1):
                raise RuleError(
                    codes.BAD_ARGUMENT,
                    f"an open size has a name here, and is not written {show(item)}",
                    label=show(item),
                    help=f"name it with a capital: `Input({', '.join(_named(items))})`",
                )
        return super().read(value)


class InputDtype(OneOf):
    """What the values of an input are."""

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[str]:
        return [word for word in ("float32", "int32") if word != value]  # what Keras computes in, and what it looks up


def _named(items: tuple[object, ...]) -> Iterator[str]:
    """The sizes as they are written, open ones with the letter that papers give their axis."""
    letters = {1: "T", 2: "T", 3: "HW", 4: "DHW"}.get(len(items), "")
    for index, item in enumerate(items):
        is_open = item is None or str(item) in ("None", "-1")
        yield (letters[index] if index < len(letters) else f"N{index + 1}") if is_open else show(item)


class Input(Operator):
    """An input of the network: the sizes of one example, the batch not counted.

    Shape: `() -> (*sizes)`.
    Source: `keras.Input`.
    """

    sizes: tuple[Dim, ...] = param(
        InputSizes(Size()), default=(), variadic=True, doc="sizes of one example: numbers, or capitals for any size"
    )
    dtype: str = option(InputDtype(*DTYPES), default="float32", keras="dtype", doc="what the values are")

    is_source = True
    is_input = True
    is_layer = False
    examples = (
        Example("Input(32, 32, 3)", (32, 32, 3)),
        Example("Input(56, dtype=int32)", (56,)),
        Example("Input", fails="missing-argument"),
        Example("Input(None, 64)", fails="bad-argument"),
    )

    def infer(self) -> TensorType:
        if not self.sizes:
            raise _no_sizes(
                "Input",
                "write them, as in `Input(32, 32, 3)`, or give them on the command line: `--input 32,32,3`",
            )
        return TensorType(self.sizes, self.dtype)

    def trace(self, tape: Tape, y: TensorType) -> Held:
        return tape.new(y, dtype=self.dtype)

    def lower(self) -> Call:
        shape = tuple(size if isinstance(size, int) else None for size in self.sizes)
        return layer("keras.Input", shape=shape, **self.keras_options())


class Weight(Operator):
    """A learned tensor without a batch axis, the same for every example: class tokens, positions, layer scale.

    In a merge it may be smaller than what it meets.

    Shape: `() -> (*sizes)`.
    Source: Dosovitskiy et al. 2021, "An image is worth 16x16 words", equation 1 (a class token, positions).
    """

    sizes: tuple[Dim, ...] = param(Many(Size()), default=(), variadic=True, doc="its sizes")
    init: Call | None = option(
        OrNone(INIT), default=None, keras="initializer", doc="how it starts; glorot_uniform where nothing is said"
    )
    regularizer: Call | None = option(
        OrNone(REGULARIZER), default=None, keras="regularizer", doc="a penalty on it, added to the loss"
    )
    constraint: Call | None = option(
        OrNone(CONSTRAINT), default=None, keras="constraint", doc="what it is held to after each step"
    )
    trainable: bool = option(Flag(), default=True, keras="trainable", doc="whether training changes it")

    is_source = True
    examples = (
        Example("Input(64, 192) -> Concat(axis=0){ Weight(1, 192) | _ }", (65, 192)),
        Example("Input(65, 192) -> Add{ _ | Weight(65, 192, init=normal(std=0.02)) }", (65, 192)),
        Example("Input(8, 8, 64) -> Multiply{ _ | Weight(64, init=constant(1e-6)) }", (8, 8, 64)),
        Example("Weight", fails="missing-argument"),
    )

    def infer(self) -> TensorType:
        if not self.sizes:
            raise _no_sizes("Weight", "write them, as in `Weight(1, 192)`")
        return TensorType(self.sizes, batched=False)

    def weights(self) -> Iterator[LayerWeight]:
        yield LayerWeight("value", self.sizes, self.trainable)

    def trace(self, tape: Tape, y: TensorType) -> Held:
        return tape.weight(y, learns=self.trainable)

    def lower(self, anchor: Arrival) -> Call:
        return layer("nnspec.backends.layers.learned_tensor.LearnedTensor", self.sizes, **self.keras_options())(anchor)


def _no_sizes(name: str, help: str) -> RuleError:
    return RuleError(codes.MISSING_ARGUMENT, f"{name} needs its sizes", at="sizes", label="no sizes given", help=help)

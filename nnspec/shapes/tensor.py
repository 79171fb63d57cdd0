"""What is known of a tensor before anything runs: its sizes and its dtype.

The batch axis is never part of a shape: axis 0 is the first axis of one sample.
"""

from __future__ import annotations

from typing import TypeAlias

from nnspec.record import Record
from nnspec.shapes.dim import Dim, product

SPATIAL_NAMES = {2: ("length",), 3: ("height", "width"), 4: ("depth", "height", "width")}


class TensorType(Record):
    """Sizes and dtype of one sample; `batched` is false for a learned tensor, which has no batch axis."""

    shape: tuple[Dim, ...]
    dtype: str = "float32"
    batched: bool = True

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is TensorType
            and self.shape == other.shape
            and self.dtype == other.dtype
            and self.batched == other.batched
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    @property
    def rank(self) -> int:
        """The number of axes, without the batch."""
        return len(self.shape)

    @property
    def channels(self) -> Dim:
        """The size of the last axis; the shape must not be empty."""
        return self.shape[-1]

    @property
    def spatial(self) -> tuple[Dim, ...]:
        """The sizes of all axes but the last."""
        return self.shape[:-1]

    @property
    def size(self) -> Dim:
        """The number of elements of one sample."""
        return product(self.shape)

    def with_shape(self, *sizes: Dim) -> TensorType:
        """The same dtype in another shape."""
        return TensorType(tuple(sizes), self.dtype)

    def with_channels(self, channels: Dim) -> TensorType:
        """The same tensor with another last axis."""
        return TensorType((*self.shape[:-1], channels), self.dtype)


def sizes_text(shape: tuple[Dim, ...]) -> str:
    """`32 x 32 x 3`, as messages show a shape."""
    return " x ".join(f"({size})" if " " in str(size) else str(size) for size in shape) or "scalar"


def shape_text(shape: tuple[Dim, ...]) -> str:
    """`(32, 32, 3)`, as specs write a shape."""
    return f"({', '.join(str(size) for size in shape)}{',' if len(shape) == 1 else ''})"


def step_of(type: TensorType) -> TensorType:
    """The type of one step of a sequence, whose first axis counts them; a learned tensor is the same at all."""
    return TensorType(type.shape[1:], type.dtype) if type.batched else type


def with_steps(type: TensorType, steps: tuple[Dim, ...]) -> TensorType:
    """The type of so many steps of this type."""
    return TensorType((*steps, *type.shape), type.dtype) if type.batched and steps else type


class Unknown(Record):
    """The type of what could not be computed: nothing is said about what follows from it."""


UNKNOWN = Unknown()

Type: TypeAlias = "TensorType | Unknown"

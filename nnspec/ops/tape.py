"""What a forward pass keeps for the backward one: tensors as they lie in memory, and a tape that notes the kept ones.

An operator's `trace` says on it what comes out and what is kept, by the rules of Keras on PyTorch, which copies where
axes do not lie as its kernels want them. Two tensors of one storage are kept once. It knows no operator.
"""

from __future__ import annotations

from collections.abc import Sequence

from nnspec.ops.dtypes import bytes_of, is_float
from nnspec.record import Record, replace
from nnspec.shapes.dim import Dim
from nnspec.shapes.tensor import TensorType

#: The storage of what is a weight already, whose bytes are counted as such.
WEIGHTS = 0


class Held(Record):
    """A tensor as it lies in memory.

    `order` are its axes from the slowest to the fastest, 0 being the batch; `is_dense` is false where other values lie
    between its own. `grad` says whether gradients flow back through it.
    """

    type: TensorType
    dtype: str
    storage: int
    order: tuple[int, ...]
    is_dense: bool = True
    grad: bool = False

    @property
    def rank(self) -> int:
        """The number of axes, without the batch."""
        return self.type.rank

    @property
    def size(self) -> Dim:
        """The values of one example."""
        return self.type.size


class Tape:
    """Notes storages, and which of them are kept; those from outside have numbers below 0.

    `compute` is what layers compute in; `casts_weights` says whether weights are of another precision.
    Units: `sizes` are bytes of the whole batch.
    """

    def __init__(self, batch: Dim, compute: str, *, casts_weights: bool = False) -> None:
        self.batch = batch
        self.compute = compute
        self.casts_weights = casts_weights
        self.sizes: dict[int, Dim] = {WEIGHTS: 0}
        self.kept: dict[int, None] = {}

    def beside(self, times: Dim = 1) -> Tape:
        """An empty tape for so many times the batch."""
        return Tape(self.batch * times, self.compute, casts_weights=self.casts_weights)

    @staticmethod
    def taken(xs: Sequence[Held]) -> list[Held]:
        """These tensors as another tape sees them from outside: -1 is the first storage, -2 the next."""
        numbers: dict[int, int] = {}
        for x in xs:
            if x.storage != WEIGHTS:
                numbers.setdefault(x.storage, -1 - len(numbers))
        return [replace(x, storage=numbers.get(x.storage, WEIGHTS)) for x in xs]

    def join(self, inner: Tape, taken: Sequence[Held], times: Dim) -> None:
        """What another tape kept is kept here so many times, and once what it took from here."""
        storages = list(dict.fromkeys([x.storage for x in taken if x.storage != WEIGHTS]))
        for storage in inner.kept:
            if storage < 0:
                self.kept[storages[-1 - storage]] = None
            else:
                self.kept[self._storage(inner.sizes[storage] * times)] = None

    # What comes into being.

    def new(
        self, type: TensorType, *, grad: bool = False, order: tuple[int, ...] | None = None, dtype: str | None = None
    ) -> Held:
        """A tensor in memory of its own; its real values are of the precision that layers compute in."""
        dtype = dtype or (self.compute if is_float(type.dtype) else type.dtype)
        storage = self._storage(type.size * self.batch * bytes_of(dtype))
        return Held(type, dtype, storage, order or _plain(type.rank), True, grad and is_float(dtype))

    def weight(self, type: TensorType, *, learns: bool) -> Held:
        """A learned tensor: the weight itself, spread over the batch, or a copy in another precision."""
        storage = self._storage(type.size * bytes_of(self.compute)) if self.casts_weights else WEIGHTS
        return Held(type, self.compute, storage, _plain(type.rank), False, learns)

    def _storage(self, size: Dim) -> int:
        number = len(self.sizes)
        self.sizes[number] = size
        return number

    # How it lies.

    def view(self, x: Held, type: TensorType, order: tuple[int, ...] | None = None, *, is_dense: bool = True) -> Held:
        """The same memory under another type."""
        return Held(type, x.dtype, x.storage, order or x.order, x.is_dense and is_dense, x.grad)

    def without(self, x: Held, type: TensorType, axis: int) -> Held:
        """One position of an axis, counted with the batch: dense where the axis was the slowest."""
        order = tuple([each - (each > axis) for each in x.order if each != axis])
        return self.view(x, type, order, is_dense=x.order[0] == axis)

    def lies(self, x: Held, order: tuple[int, ...]) -> bool:
        """Whether the axes lie in this order; where those of one position lie does not matter."""
        if not x.is_dense:
            return False
        alone = {axis for axis, size in enumerate((self.batch, *x.type.shape)) if size == 1}
        return [axis for axis in x.order if axis not in alone] == [axis for axis in order if axis not in alone]

    def copied(self, x: Held, order: tuple[int, ...] | None = None) -> Held:
        """A copy with its axes in this order."""
        return self.new(x.type, grad=x.grad, order=order or x.order, dtype=x.dtype)

    def ordered(self, x: Held, order: tuple[int, ...]) -> Held:
        """The tensor with its axes in this order: itself, or a copy."""
        return replace(x, order=order) if self.lies(x, order) else self.copied(x, order)

    def channels_last(self, x: Held) -> Held:
        """The tensor with its values in the order of its indices: itself, or a copy."""
        return self.ordered(x, _plain(x.rank))

    def channels_first(self, x: Held) -> Held:
        """The tensor with each channel for itself: itself, or a copy."""
        return self.ordered(x, self.first(x.rank))

    @staticmethod
    def first(rank: int) -> tuple[int, ...]:
        """The order in which each channel lies for itself."""
        return (0, rank, *range(1, rank)) if rank else (0,)

    def reshaped(self, x: Held, type: TensorType) -> Held:
        """Other axes over the same values in order: a view, or a copy where they do not lie so."""
        return self.view(self.channels_last(x), type, _plain(type.rank))

    def cast(self, x: Held, dtype: str | None = None) -> Held:
        """A real tensor in another precision, that of the layers where nothing is said: itself, or a copy."""
        dtype = dtype or self.compute
        if not is_float(x.dtype) or x.dtype == dtype:
            return x
        return self.new(x.type, grad=x.grad, order=x.order, dtype=dtype)

    def exact(self, x: Held) -> Held:
        """A tensor in float32 at least, in which statistics are taken."""
        return self.cast(x, "float32") if bytes_of(x.dtype) < 4 else x

    # What is kept.

    def keep(self, *xs: Held) -> None:
        """These tensors are needed backwards."""
        self.kept.update(dict.fromkeys([x.storage for x in xs if x.storage != WEIGHTS]))

    def extra(self, size: Dim, dtype: str | None = None) -> None:
        """So many values for each example are needed backwards, beside what arrives and comes out."""
        self.constant(size * self.batch, dtype)

    def constant(self, size: Dim, dtype: str | None = None) -> None:
        """So many values are needed backwards, however many examples there are."""
        self.kept[self._storage(size * bytes_of(dtype or self.compute))] = None

    def kernel(self, size: Dim, *, copied: bool = False) -> None:
        """A kernel of so many weights is needed backwards: a copy of it, where it lies otherwise or is cast."""
        if copied or self.casts_weights:
            self.constant(size)

    # What many operators do.

    def like(self, y: TensorType, *xs: Held, learns: bool = False) -> Held:
        """What is computed element by element: its axes lie as those of the first tensor of its rank do."""
        whole = [x for x in xs if x.rank == y.rank and x.type.batched]
        grad = learns or any(x.grad for x in xs)
        return self.new(y, grad=grad, order=whole[0].order if whole else None)

    def function(self, y: TensorType, *xs: Held) -> Held:
        """A function whose slope is worked out from what arrived."""
        result = self.like(y, *xs)
        if result.grad:
            self.keep(*xs)
        return result

    def remembered(self, y: TensorType, *xs: Held) -> Held:
        """A function whose slope is worked out from what came out."""
        result = self.like(y, *xs)
        if result.grad:
            self.keep(result)
        return result

    def times(self, y: TensorType, a: Held, b: Held) -> Held:
        """A product: each factor is kept for the gradient of the other."""
        if b.grad:
            self.keep(a)
        if a.grad:
            self.keep(b)
        return self.like(y, a, b)

    def matmul(self, x: Held, y: TensorType, kernel: Dim, *, learns: bool) -> Held:
        """The product with a kernel of so many weights over the last axis, for which all others become one."""
        folded = self.channels_last(x) if x.rank > 1 else x
        if learns:
            self.keep(folded)
        if x.grad:
            self.kernel(kernel)
        return self.new(y, grad=x.grad or learns)


def _plain(rank: int) -> tuple[int, ...]:
    return tuple(range(rank + 1))


__all__ = ["WEIGHTS", "Held", "Tape"]

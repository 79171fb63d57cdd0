"""What attentions have in common: who is query, key and value, whether they fit together, and where queries look.

It knows no operator; how scores are computed is in `attention.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from nnspec.calls import Value
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import axis_name
from nnspec.ops.kinds import Flag, Integer, OrNone, Real, Tensor
from nnspec.ops.operator import SAME_PLACE, Operator, Reach, option
from nnspec.ops.spatial import need_real
from nnspec.shapes.dim import Dim, compare, demand
from nnspec.shapes.reach import whole
from nnspec.shapes.tensor import TensorType, shape_text

T = TypeVar("T")

_ROLES = ("queries", "keys", "values")


class Attending(Operator):
    """An operator whose queries look at keys, and take of their values."""

    causal: bool = option(Flag(), default=False, doc="whether a query sees only the keys up to its own position")
    mask: TensorType | None = option(
        OrNone(Tensor()), default=None,
        doc="which keys may be seen, by all queries `(keys)` or by each `(queries, keys)`: false or 0 hides one",
    )  # fmt: skip
    scores: bool = option(Flag(), default=False, doc="whether the weights of the values come too, as a second tensor")
    dropout: float = option(
        Real(ge=0, lt=1), default=0.0, keras="dropout", doc="share of the weights that are dropped in training"
    )
    seed: int | None = option(OrNone(Integer(ge=0)), default=None, keras="seed", doc="of the random numbers of dropout")
    trainable: bool = option(Flag(), default=True, keras="trainable", doc="whether training changes the weights")

    renamed = {
        "use_causal_mask": "causal", "attention_mask": "mask", "value_mask": "mask", "key_mask": "mask",
        "return_attention_scores": "scores",
    }  # fmt: skip

    @classmethod
    def arity(cls) -> tuple[int, int | None]:
        return 1, 3

    def attended(self, query: TensorType) -> tuple[int, ...]:
        """The axes along which queries look, counted from the first; those before the channels that are left stand
        for themselves.
        """
        raise NotImplementedError

    def roles(self, inputs: Sequence[T]) -> tuple[T, T, T]:
        """Query, key and value among the inputs."""
        tensors = inputs if self.mask is None else inputs[:-1]
        query, key, value, *_ = (*tensors, tensors[-1], tensors[-1])
        return query, key, value

    def call_options(self) -> dict[str, Value]:
        """What Keras's layers are told when they are called."""
        causal: dict[str, Value] = {"use_causal_mask": True} if self.causal else {}
        return causal | ({"return_attention_scores": True} if self.scores else {})

    def results(
        self, inputs: Sequence[TensorType], shape: tuple[Dim, ...], scores: tuple[Dim, ...]
    ) -> TensorType | tuple[TensorType, TensorType]:
        """What comes out, of these shapes: real numbers, and the scores where they are wanted."""
        batched = any(x.batched for x in inputs)
        y = TensorType(shape, batched=batched)
        return (y, TensorType(scores, batched=batched)) if self.scores else y

    def reach(self, *inputs: Any) -> tuple[Reach, ...]:
        query, key, _ = self.roles(inputs)
        attended = self.attended(query)
        return tuple(whole(key.shape[axis]) if axis in attended else SAME_PLACE for axis in range(query.rank - 1))

    def reach_from(self, operand: int, result: int, *inputs: Any) -> tuple[Reach, ...] | None:
        """A query sees itself and all keys and values; a mask has no positions of its own."""
        tensors = inputs if self.mask is None else inputs[:-1]
        if operand >= len(tensors):
            return None
        if operand == 0 and len(tensors) > 1:
            query: TensorType = inputs[0]
            return (SAME_PLACE,) * len(query.spatial)
        return self.reach(*inputs)

    # Which tensors fit together.

    def fitting(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, TensorType, TensorType]:
        """Query, key and value, of which all is checked that has nothing to do with their channels.

        Raises: RuleError at the input, or at the mask, that does not fit.
        """
        tensors = inputs if self.mask is None else inputs[:-1]
        for index, x in enumerate(tensors):
            _need_positions(x, index, tensors[0])
        query, key, value = self.roles(inputs)
        attended = self.attended(query)
        for axis in range(query.rank - 1):
            if axis not in attended:
                self._need_equal(tensors, axis, 0, 1)
            self._need_equal(tensors, axis, 1, 2)
        if self.mask is not None:
            sizes = [tuple(x.shape[axis] for axis in attended) for x in (query, key)]
            _need_mask(inputs[-1], *sizes)
        return query, key, value

    def _need_equal(self, tensors: tuple[TensorType, ...], axis: int, first: int, second: int) -> None:
        """Demand that an axis is equal in two of the roles."""
        last = len(tensors) - 1
        a, b = (tensors[min(role, last)] for role in (first, second))
        if min(first, last) == min(second, last) or demand(compare(a.shape[axis], "==", b.shape[axis])):
            return
        name = axis_name(a.rank, axis)
        pairs = first == 1
        raise RuleError(
            codes.ATTENTION_DIFFERS,
            f"every key has one value, and the {name} of keys and values differs"
            if pairs
            else f"nothing is attended along the {name}, which differs between {_ROLES[first]} and {_ROLES[second]}",
            at=min(second, last),
            label=f"{a.shape[axis]} and {b.shape[axis]}",
            notes=(f"{_ROLES[first]} {shape_text(a.shape)}, {_ROLES[second]} {shape_text(b.shape)}",),
            help="the inputs are query, key and value, in this order" if pairs else None,
        )


def _need_positions(x: TensorType, index: int, query: TensorType) -> None:
    """Demand real numbers with positions and channels, of as many axes as the query.

    Raises: RuleError at the input.
    """
    try:
        need_real(x, "attention")
    except RuleError as error:
        error.at = index
        raise
    if x.rank < 2:
        raise RuleError(
            codes.WRONG_RANK,
            "attention needs positions and channels: (length, channels)",
            at=index,
            label=f"{shape_text(x.shape)} arrives",
            help=f"make it a position of its own: `Reshape(1, {x.channels})`" if x.rank else None,
        )
    if x.rank != query.rank:
        raise RuleError(
            codes.WRONG_RANK,
            "query, key and value have equally many axes",
            at=index,
            label=f"{shape_text(query.shape)} and {shape_text(x.shape)}",
        )


def _need_mask(mask: TensorType, queries: tuple[Dim, ...], keys: tuple[Dim, ...]) -> None:
    """Demand a mask with an entry for each key, or for each query and key.

    Raises: RuleError at the mask.
    """
    of_keys, of_both = shape_text(keys), shape_text((*queries, *keys))
    if mask.dtype == "string":
        raise RuleError(
            codes.NOT_REAL, "a mask is of truth values, or of 0 and 1", at="mask", label="string arrives"
        )  # fmt: skip
    if mask.rank not in (len(keys), 2 * len(keys)):
        raise RuleError(
            codes.WRONG_RANK,
            "a mask has an entry for each key, or for each query and key",
            at="mask",
            label=f"{shape_text(mask.shape)} for {of_keys} or {of_both}",
        )
    wanted = keys if mask.rank == len(keys) else (*queries, *keys)
    for size, need in zip(mask.shape, wanted, strict=True):
        if not demand(compare(size, "==", need)):
            what = "keys" if wanted is keys else "queries and keys"
            raise RuleError(
                codes.ATTENTION_DIFFERS,
                f"the mask has another size than the {what}",
                at="mask",
                label=f"{shape_text(mask.shape)} for {shape_text(wanted)}",
            )

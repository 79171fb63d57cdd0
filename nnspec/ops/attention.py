"""Attention: each query takes a mean of the values, weighted by how well their keys answer it.

One to three tensors arrive, query, key and value in the papers' order, and fewer are repeated; Keras's order is query,
value, key. A mask comes last among the inputs. Which tensors fit together is in `attending.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nnspec.calls import Arrival, Call, Operation, Value, layer
from nnspec.diagnostics.codes import lowering
from nnspec.diagnostics.codes import names as argument_codes
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.attending import Attending
from nnspec.ops.axes import Axes, axes_of
from nnspec.ops.choices import CONSTRAINT, INIT, REGULARIZER, per_unit
from nnspec.ops.kinds import Flag, Integer, OneOf, OrNone
from nnspec.ops.operator import Example, Reach, Weight, option, param
from nnspec.ops.spatial import needs_size
from nnspec.ops.weighted import Weighted
from nnspec.shapes.dim import Dim, compare, demand, is_known, product
from nnspec.shapes.reach import window
from nnspec.shapes.tensor import TensorType, shape_text

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape

_OWN = "nnspec.backends.layers."


class Scoring(Attending):
    """Attention without projections, along the axis before the channels; the axes before that stand for themselves."""

    def attended(self, query: TensorType) -> tuple[int, ...]:
        return (query.rank - 2,)

    def infer(self, *inputs: TensorType) -> TensorType | tuple[TensorType, TensorType]:
        query, key, value = self.fitting(inputs)
        if not demand(compare(query.channels, "==", key.channels)):
            raise RuleError(
                codes.ATTENTION_DIFFERS,
                "a query is compared with keys of as many channels",
                at=1,
                label=f"{query.channels} and {key.channels}",
                notes=(f"queries {shape_text(query.shape)}, keys {shape_text(key.shape)}",),
                help=f"bring the keys to {query.channels} channels with `Dense({query.channels})`, "
                "or use `MultiHeadAttention`, which projects both",
            )
        return self.results(inputs, (*query.spatial, value.channels), (*query.spatial, key.shape[-2]))

    def macs(self, *inputs_and_output: Any) -> Dim:
        inputs: tuple[TensorType, ...] = inputs_and_output[:-1]
        query, key, value = self.roles(inputs)
        return product((*query.spatial, key.shape[-2])) * (query.channels + value.channels)

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Held | tuple[Held, Held]:
        *inputs, y = inputs_and_output
        query, key, value = self.roles(inputs)
        learns = self.trainable and any(True for _ in self.weights(*(x.type for x in inputs)))
        grad = query.grad or key.grad or learns
        shape = (*query.type.spatial, key.type.shape[-2])
        weights = tape.new(TensorType(shape), grad=grad)
        if grad:
            self.keep_compared(tape, query, key, weights.size)
            tape.keep(weights, value)
            tape.extra(2 * weights.size if self.dropout else 0)  # which are dropped, and what is left
            tape.constant(shape[-2] * shape[-1] if self.causal else 0, "bool")
        elif value.grad:
            tape.keep(weights)
        result = tape.new(y[0] if isinstance(y, tuple) else y, grad=grad or value.grad)
        return (result, weights) if isinstance(y, tuple) else result

    def keep_compared(self, tape: Tape, query: Held, key: Held, pairs: Dim) -> None:
        """Keep what the scores of so many pairs were worked out from: the tanh of their sums."""
        tape.extra(pairs * query.type.channels)

    def by_keras(self, name: str, inputs: tuple[Arrival, ...], query: Value, **settings: Value) -> Call:
        """Keras's layer applied to the inputs, with an expression for the query."""
        _, key, value = self.roles(inputs)
        tensors = [query, value] if key == value else [query, value, key]
        return layer(name, **settings, **self.keras_options("dropout", "seed", "trainable"))(
            tensors, **self.call_options()
        )

    def by_ours(self, score: str, inputs: tuple[Arrival, ...], query: Value, **settings: Value) -> Call:
        """Our own layer, which can do more."""
        _, key, value = self.roles(inputs)
        settings |= {name: True for name in ("causal", "scores") if getattr(self, name)}
        tensors = [query, value, key, *([] if self.mask is None else [inputs[-1]])]
        settings |= self.keras_options("dropout", "seed", "trainable")
        return layer(_OWN + "masked_attention.MaskedAttention", score, **settings)(tensors)


class Attention(Scoring):
    """softmax(query · keyᵀ) · value: for each query the mean of the values, weighted by its products with the keys.

    `scaled=true` is the textbooks' scaled attention, softmax(query · keyᵀ / √channels) · value.

    Shape: `(queries, channels), (keys, channels), (keys, width) -> (queries, width)`, behind further axes that are
    equal in all; with `scores=true` also `(queries, keys)`.
    Source: Luong et al. 2015, section 3.1 (dot); Vaswani et al. 2017, equation 1 (scaled); `keras.layers.Attention`.
    """

    scaled: bool = option(Flag(), default=False, doc="whether products are divided by √channels")
    scale: bool = option(
        Flag(), default=False, keras="use_scale", doc="whether they are multiplied by a learned number, 1 at the start"
    )
    score_mode: str = option(
        OneOf("dot", "concat"), default="dot", keras="score_mode",
        doc="`dot`: products; `concat`: sums of tanh(query + key) over the channels, times a learned number",
    )  # fmt: skip

    renamed = {**Attending.renamed, "use_scale": "scale"}
    examples = (
        Example("Input(5, 8) -> Attention", (5, 8)),
        Example("Input(5, 8) -> Attention(scaled=true, causal=true)", (5, 8)),
        Example("Input(5, 8) -> Attention(score_mode=concat, scale=true, dropout=0.1)", (5, 8)),
        Example("Input(5, 8) -> Attention{ _ | Conv(8, 3) }", (5, 8)),
        Example("Input(5, 8) -> Attention{ _ | Conv(8, 3) | Conv(4, 3) }", (5, 4)),
        Example("Input(5, dtype=bool) as m -> Attention(mask=m){ Input(7, 8) | Input(5, 8) }", (7, 8)),
        Example("Input(5, 8) -> Attention(scores=true) as y, weights -> weights", (5, 5)),
        Example("Input(5, 8) -> Attention{ _ | Dense(4) }", fails="attention-differs"),
        Example("Input(5, 8) -> Attention{ _ | _ | Conv(8, 3) }", fails="attention-differs"),
        Example("Input(8) -> Attention", fails="wrong-rank"),
        Example("Input(5, 8, dtype=int32) -> Attention", fails="not-real-numbers"),
        Example("Input(5, 8) -> Attention(score_mode=concat, scaled=true)", fails="bad-argument"),
    )

    def infer(self, *inputs: TensorType) -> TensorType | tuple[TensorType, TensorType]:
        if self.scaled and self.score_mode != "dot":
            raise RuleError(
                argument_codes.BAD_ARGUMENT,
                f"`scaled` is for products, and `score_mode={self.score_mode}` computes none",
                at="scaled",
                help="leave one of the two out",
            )
        return super().infer(*inputs)

    def weights(self, *inputs: TensorType) -> Iterator[Weight]:
        if self.scale:
            yield Weight("scale", (), self.trainable)
        if self.score_mode == "concat":
            yield Weight("concat_score_weight", (), self.trainable)

    def keep_compared(self, tape: Tape, query: Held, key: Held, pairs: Dim) -> None:
        if self.score_mode == "concat":
            tape.extra(((2 if self.scale else 1) * query.type.channels + 1) * pairs)
            return
        taken = tape.like(query.type, query) if self.scaled else query
        if key.grad:
            tape.keep(taken)
        if query.grad:
            tape.keep(key)
        tape.extra(pairs if self.scale else 0)

    def lower(self, *inputs: Arrival) -> Value:
        query = self._divided(inputs[0]) if self.scaled else inputs[0]
        if self.mask is None:
            settings = self.keras_options("scale", "score_mode")
            return self.by_keras("keras.layers.Attention", inputs, query, **settings)
        return self.by_ours(self.score_mode, inputs, query, **self.keras_options("scale"))

    def _divided(self, query: Arrival) -> Value:
        """The query over √channels, which divides all its products."""
        channels = query.type.channels
        if not is_known(channels):
            raise needs_size("scaled products are divided by the root of a number", channels)
        return Operation("/", query, math.sqrt(channels))


class AdditiveAttention(Scoring):
    """softmax(v · tanh(query + key)) · value, with a learned vector v.

    The projections of query and key stand before it:
    `AdditiveAttention{ q -> Dense(64, bias=false) | k -> Dense(64, bias=false) | k }`.

    Shape: `(queries, channels), (keys, channels), (keys, width) -> (queries, width)`, behind further axes that are
    equal in all; with `scores=true` also `(queries, keys)`.
    Source: Bahdanau et al. 2015, appendix A.1.2; `keras.layers.AdditiveAttention`.
    """

    scale: bool = option(Flag(), default=True, keras="use_scale", doc="whether there is a vector v; else ones")
    init: Call | None = option(OrNone(INIT), default=None, doc="how v starts; glorot_uniform")
    regularizer: Call | None = option(OrNone(REGULARIZER), default=None, doc="a penalty on v, added to the loss")
    constraint: Call | None = option(OrNone(CONSTRAINT), default=None, doc="what v is held to after each step")

    renamed = {**Attending.renamed, "use_scale": "scale"}
    examples = (
        Example("Input(5, 8) -> AdditiveAttention", (5, 8)),
        Example("Input(5, 8) -> AdditiveAttention(init=normal(std=0.1), causal=true)", (5, 8)),
        Example("Input(5, 8) -> AdditiveAttention(scale=false, dropout=0.1)", (5, 8)),
        Example("Input(5, 8) -> AdditiveAttention{ Dense(4) | Dense(4) | _ }", (5, 8)),
        Example("Input(5, 8) -> AdditiveAttention{ Dense(4) | _ }", fails="attention-differs"),
        Example("Input(5, 8) -> AdditiveAttention(scale=false, init=zeros)", fails="bad-argument"),
    )

    def infer(self, *inputs: TensorType) -> TensorType | tuple[TensorType, TensorType]:
        idle = next((name for name in ("init", "regularizer", "constraint") if getattr(self, name) is not None), None)
        if idle is not None and not self.scale:
            raise RuleError(
                argument_codes.BAD_ARGUMENT,
                f"`{idle}` is of the vector v, and `scale=false` takes that away",
                at=idle,
                help="leave one of the two out",
            )
        return super().infer(*inputs)

    def weights(self, *inputs: TensorType) -> Iterator[Weight]:
        if self.scale:
            yield Weight("scale", (inputs[0].channels,), self.trainable)

    def lower(self, *inputs: Arrival) -> Value:
        settings = {"initializer": self.init, "regularizer": self.regularizer, "constraint": self.constraint}
        given = {name: value for name, value in settings.items() if value is not None}
        if self.mask is None and not given:
            return self.by_keras("keras.layers.AdditiveAttention", inputs, inputs[0], **self.keras_options("scale"))
        scale: dict[str, Value] = {"use_scale": True} if self.scale else {}
        return self.by_ours("additive", inputs, inputs[0], **scale, **given)


class MultiHeadAttention(Attending, Weighted):
    """Several scaled attentions side by side, each of projections of its own; the results are joined and projected.

    Of head i: softmax(Qᵢ · Kᵢᵀ / √key_width) · Vᵢ, with Qᵢ = query · Wᵢ + bᵢ, and Kᵢ and Vᵢ likewise.

    Shape: `(*queries, channels), (*keys, …), (*keys, …) -> (*queries, channels)`; with `scores=true` also
    `(heads, *queries, *keys)`, behind the axes along which nothing is attended.
    Source: Vaswani et al. 2017, section 3.2.2; Qiu et al. 2025 for `gate`; `keras.layers.MultiHeadAttention`.
    """

    heads: int = param(Integer(ge=1), doc="how many attentions side by side")
    key_width: int | None = param(
        OrNone(Integer(ge=1)),
        default=None,
        doc="channels of each head's queries and keys; channels / heads when absent",
    )
    value_width: int | None = option(
        OrNone(Integer(ge=1)), default=None, doc="channels of a head's values; `key_width` when absent"
    )
    output_width: int | None = option(
        OrNone(Integer(ge=1)), default=None, doc="channels that come out; those of the query when absent"
    )
    attention_axes: int | tuple[int, ...] | None = option(
        OrNone(Axes()), default=None, doc="the axes along which queries look; all but the channels when absent"
    )
    sliding_window: int | None = option(
        OrNone(Integer(ge=1)), default=None, keras="sliding_window",
        doc="a query sees the keys fewer than so many positions from its own",
    )  # fmt: skip
    gate: bool = option(
        Flag(),
        default=False,
        keras="use_gate",
        doc="whether sigmoids of one more projection of the query gate the heads",
    )

    elsewhere = ("MHA", "MultiheadAttention")
    renamed = {
        **Attending.renamed, **Weighted.renamed, "num_heads": "heads", "key_dim": "key_width",
        "value_dim": "value_width", "output_shape": "output_width", "use_gate": "gate",
    }  # fmt: skip
    examples = (
        Example("Input(65, 192) -> MultiHeadAttention(3)", (65, 192)),
        Example("Input(5, 8) -> MultiHeadAttention(2, 16, causal=true, dropout=0.1, bias=false)", (5, 8)),
        Example("Input(5, 8) -> MultiHeadAttention(2, value_width=3, output_width=6)", (5, 6)),
        Example("Input(5, 8) -> MultiHeadAttention(2){ _ | Conv(6, 3) }", (5, 8)),
        Example("Input(5, 5, dtype=bool) as m -> MultiHeadAttention(2, mask=m){ Input(5, 8) }", (5, 8)),
        Example("Input(6, 5, 8) -> MultiHeadAttention(2, attention_axes=1)", (6, 5, 8)),
        Example("Input(5, 8) -> MultiHeadAttention(3)", fails="does-not-divide"),
        Example("Input(5, 8) -> MultiHeadAttention(2){ _ | _ | Conv(8, 3) }", fails="attention-differs"),
        Example("Input(5, 8) -> MultiHeadAttention(2, attention_axes=-1)", fails="no-such-axis"),
        Example("Input(6, 5, 8) -> MultiHeadAttention(2, causal=true)", fails="bad-argument"),
    )

    def attended(self, query: TensorType) -> tuple[int, ...]:
        if self.attention_axes is None:
            return tuple(range(query.rank - 1))
        axes = axes_of(query, self.attention_axes, "attention_axes")
        if query.rank - 1 in axes:
            raise RuleError(
                codes.NO_SUCH_AXIS,
                "attention runs along positions, and the last axis is the channels",
                at="attention_axes",
                label=f"{shape_text(query.shape)} arrives",
                help="leave `attention_axes` out, so that it runs along all the others",
            )
        return axes

    def widths(self, query: TensorType) -> tuple[Dim, Dim, Dim]:
        """Channels of a head's keys, of its values, and of what comes out."""
        key = self.key_width or query.channels // self.heads
        return key, self.value_width or key, self.output_width or query.channels

    def filled(self, *inputs: TensorType) -> dict[str, Any]:
        query = inputs[0]
        names = ("key_width", "value_width", "output_width")
        return {**dict(zip(names, self.widths(query), strict=True)), "attention_axes": self.attended(query)}

    def infer(self, *inputs: TensorType) -> TensorType | tuple[TensorType, TensorType]:
        query, key, _ = self.fitting(inputs)
        attended = self.attended(query)
        for name in ("causal", "sliding_window"):
            if getattr(self, name) and len(attended) != 1:
                raise RuleError(
                    argument_codes.BAD_ARGUMENT,
                    f"`{name}` needs an order of the positions, so attention along one axis, not {len(attended)}",
                    at=name,
                    label=f"{shape_text(query.shape)} arrives",
                    help="say which: `attention_axes=0`",
                )
        if self.key_width is None and not demand(compare(query.channels % self.heads, "==", 0)):
            raise self._uneven(query.channels)
        others = [query.shape[axis] for axis in range(query.rank - 1) if axis not in attended]
        pairs = [x.shape[axis] for x in (query, key) for axis in attended]
        return self.results(inputs, (*query.spatial, self.widths(query)[2]), (*others, self.heads, *pairs))

    def _uneven(self, channels: Dim) -> RuleError:
        near = _divisors(channels, self.heads) if isinstance(channels, int) else []
        fit = " or ".join(f"`heads={n}`" for n in near)
        return RuleError(
            codes.DOES_NOT_DIVIDE,
            f"{channels} channels cannot be shared out among {self.heads} heads",
            at="heads",
            label=f"{channels} % {self.heads} = {channels % self.heads}",
            help=(f"{fit} divides {channels}; otherwise " if fit else "") + "say how wide a head is: `key_width=…`",
        )

    def weights(self, *inputs: TensorType) -> Iterator[Weight]:
        query, key, value = self.roles(inputs)
        key_width, value_width, output_width = self.widths(query)
        projections = [("query", query, key_width), ("key", key, key_width)]
        projections += [("gate", query, value_width)] * self.gate
        for name, x, width in (*projections, ("value", value, value_width)):
            yield Weight(f"{name}/kernel", (x.channels, self.heads, width), self.trainable)
            if self.bias:
                yield Weight(f"{name}/bias", (self.heads, width), self.trainable)
        yield Weight("attention_output/kernel", (self.heads, value_width, output_width), self.trainable)
        if self.bias:
            yield Weight("attention_output/bias", (output_width,), self.trainable)

    def macs(self, *inputs_and_output: Any) -> Dim:
        inputs: tuple[TensorType, ...] = inputs_and_output[:-1]
        query, key, value = self.roles(inputs)
        key_width, value_width, output_width = self.widths(query)
        queries = product(query.spatial)
        projected = query.size * (key_width + (value_width if self.gate else 0)) + key.size * key_width
        projected += value.size * value_width + queries * value_width * output_width
        seen = product(key.shape[axis] for axis in self.attended(query))
        return self.heads * (projected + queries * seen * (key_width + value_width))

    def reach(self, *inputs: Any) -> tuple[Reach, ...]:
        width = self.sliding_window
        found = super().reach(*inputs)
        if width is None:
            return found
        near = window(width if self.causal else 2 * width - 1, before=width - 1)
        attended = self.attended(inputs[0])
        return tuple(_narrower(near, x) if axis in attended else x for axis, x in enumerate(found))

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Held | tuple[Held, Held]:
        *inputs, y = inputs_and_output
        query, key, value = self.roles(inputs)
        key_width, value_width, output_width = self.widths(query.type)
        roles = [(query, key_width), (key, key_width), (value, value_width), *[(query, value_width)] * self.gate]
        heads = [self._projected(tape, x, self.heads * width) for x, width in roles]
        grad = any(x.grad for x in heads)
        attended = tape.new(query.type.with_channels(self.heads * value_width), grad=grad)
        seen = product(key.type.shape[axis] for axis in self.attended(query.type))
        scores = tape.new(TensorType((*query.type.spatial, self.heads, seen)), grad=grad)
        if grad:
            tape.keep(*heads)
            self._keep_scores(tape, query, attended, scores)
        if grad and self.gate:
            tape.keep(attended)
        kernel = self.heads * value_width * output_width
        output = y[0] if isinstance(y, tuple) else y
        result = tape.matmul(tape.copied(attended), output, kernel, learns=self.trainable)
        return (result, tape.view(scores, y[1], tuple(range(y[1].rank + 1)))) if isinstance(y, tuple) else result

    def _projected(self, tape: Tape, x: Held, width: Dim) -> Held:
        return tape.matmul(x, x.type.with_channels(width), x.type.channels * width, learns=self.trainable)

    def _keep_scores(self, tape: Tape, query: Held, attended: Held, scores: Held) -> None:
        """Keep the weights of the values; the fused kernel keeps what came out, and one number for each query.

        It is used on one axis of positions, for values as wide as the keys, where none are dropped and no
        scores wanted.
        """
        key_width, value_width, _ = self.widths(query.type)
        if query.rank == 2 and not self.dropout and not self.scores and key_width == value_width:
            tape.keep(attended)
            tape.extra(query.size // query.type.channels * self.heads, "float32")
            return
        tape.keep(scores)
        tape.extra(2 * scores.size if self.dropout else 0)  # which are dropped, and what is left

    def lower(self, *inputs: Arrival) -> Value:
        query, key, value = self.roles(inputs)
        attended = self.attended(query.type)
        for name in ("causal", "sliding_window"):
            if getattr(self, name) and attended != (0,):
                raise RuleError(
                    lowering.NOT_IN_KERAS,
                    f"Keras takes `{name}` along the first axis alone",
                    label=f"attention_axes={attended[0]}",
                    help="bring that axis to the front with `Permute`, and back afterwards",
                )
        called = self.call_options() | ({} if key == value else {"key": key})
        if self.mask is not None:
            called["attention_mask"] = _spread(inputs[-1], len(attended))
        corrections = self._corrections(query.type, key.type)
        name = _OWN + "multi_head.MultiHead" if corrections is not None else "keras.layers.MultiHeadAttention"
        settings = {**self._settings(query.type), **(corrections or {})}
        return layer(name, self.heads, self.widths(query.type)[0], **settings)(query, value, **called)

    def _settings(self, query: TensorType) -> dict[str, Value]:
        """Keras's arguments, those at their default left out."""
        found: dict[str, Value] = {}
        key_width, value_width, output_width = self.widths(query)
        if value_width != key_width:
            found["value_dim"] = value_width
        if output_width != query.channels:
            found["output_shape"] = output_width
        attended = self.attended(query)
        if len(attended) != query.rank - 1:
            found["attention_axes"] = tuple(axis + 1 for axis in attended)
        return found | self.keras_options()

    def _corrections(self, query: TensorType, key: TensorType) -> dict[str, Value] | None:
        """What our layer is told beside, None where Keras's does.

        Keras's cannot be frozen, may be wrong about the shape of its scores, and takes a norm of the last kernel
        over the heads alone.
        """
        one_sequence = query.rank == 2 and query.shape[0] == key.shape[0]
        last = per_unit(self.constraint, 3, -1)
        if last != self.constraint:
            return {"output_constraint": last}
        return {} if not self.trainable or (self.scores and not one_sequence) else None


def _spread(mask: Arrival, axes: int) -> Value:
    """The mask as Keras takes it, of queries and keys: one of the keys is the same for all queries."""
    if mask.type.rank == 2 * axes:
        return mask
    return Call("keras.ops.expand_dims", (mask, 1 if axes == 1 else tuple(range(1, axes + 1))))


def _narrower(near: Reach, all_of_it: Reach) -> Reach:
    return near if compare(near.size, "<=", all_of_it.size) is not False else all_of_it


def _divisors(channels: int, heads: int) -> list[int]:
    """The numbers of heads nearest to the one wanted that divide the channels, as far as they are near."""
    most = min(heads, channels)
    fewer = next((n for n in range(most, max(0, most - 1000), -1) if channels % n == 0), None)
    more = next((n for n in range(heads + 1, min(channels, heads + 1000) + 1) if channels % n == 0), None)
    return [n for n in (fewer, more) if n is not None]

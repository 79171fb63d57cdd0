"""Wrappers: operators that take a flow in their braces, and do something to the operators in it.

Each operator that a wrapper accepts becomes one of the wrapper's own, with the operator inside it;
what else stands in the flow stays as it is. What a wrapper does to the tensors that arrive
(`TimeDistributed` takes their first axis away) its `within` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from nnspec.calls import Arrival, Call, Item, Value, layer, rewrite
from nnspec.diagnostics.codes import names as name_codes
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Integer, OneOf, OrNone
from nnspec.ops.operator import SAME_PLACE, Example, Operator, Reach, Weight, option
from nnspec.record import replace
from nnspec.shapes.dim import Dim, compare, demand, product
from nnspec.shapes.tensor import TensorType, shape_text, step_of, with_steps

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape

_OWN = "nnspec.backends.layers."


class Wrapper(Operator):
    """What wrappers have in common: the operator inside."""

    is_wrapper = True
    #: What it wraps, in words.
    wraps: ClassVar[str] = ""
    #: True where the flow must be one operator.
    wraps_one: ClassVar[bool] = False
    inner: Operator

    @classmethod
    def accepts(cls, inner: type[Operator]) -> bool:
        """Whether it does anything to such an operator."""
        raise NotImplementedError

    @classmethod
    def arity_around(cls, least: int, most: int | None) -> tuple[int, int | None]:
        """How many tensors an operator takes inside, that takes so many outside."""
        return least, most

    def within(self, inputs: tuple[TensorType, ...]) -> tuple[tuple[TensorType, ...], Dim | None]:
        """What arrives at the flow, and how many steps it is done for; None where the tensors are not cut up.

        Raises: RuleError.
        """
        return inputs, None

    def around(self, inner: Operator) -> Self:
        """This wrapper with an operator inside."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__, inner=inner, is_layer=inner.is_layer)
        return made

    @property
    def names_after(self) -> type[Operator]:
        return type(self) if self.wraps_one else self.inner.names_after

    def layered(self) -> tuple[Operator, ...]:
        return (self, *self.inner.layered())

    def infer(self, *inputs: TensorType) -> Any:
        return self.inner.infer(*inputs)

    def weights(self, *inputs: TensorType) -> Iterable[Weight]:
        return self.inner.weights(*inputs)

    def one_rank(self, *inputs: TensorType) -> int | None:
        return self.inner.one_rank(*inputs)

    def macs(self, *inputs_and_output: Any) -> Dim:
        return self.inner.macs(*inputs_and_output)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...] | None:
        return self.inner.reach(*inputs)

    def reach_from(self, operand: int, result: int, *inputs: TensorType) -> tuple[Reach, ...] | None:
        return self.inner.reach_from(operand, result, *inputs)

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Any:
        return self.inner.trace(tape, *inputs_and_output)


# Wrappers of what has a kernel.


class KernelWrapper(Wrapper):
    """A wrapper of every dense and convolution operator in its flow."""

    wraps = "dense or convolution operator"

    @classmethod
    def accepts(cls, inner: type[Operator]) -> bool:
        return inner.has_kernel

    def wrapped(self, made: Call) -> Call:
        """The layer with a kernel, wrapped."""
        raise NotImplementedError

    def lower(self, *inputs: Arrival) -> Value:
        value = self.inner.lower(*inputs)
        return rewrite(value, arrival=_as_it_is, made=lambda made: self.wrapped(made) if has_kernel(made) else made)


class WeightNorm(KernelWrapper):
    """Every dense and convolution operator of a flow with its kernel as w = g · v / ‖v‖, a length and a direction.

    The norm is taken over all that feeds one output channel; `g` starts as the norm of `v`, so that the start is that
    of the operator alone. `v` is the weight called `kernel`.

    Shape: that of the flow.
    Source: Salimans & Kingma 2016, "Weight normalization", equation 2.
    """

    examples = (
        Example("Input(8) -> WeightNorm{ Dense(3) }", (3,)),
        Example("Input(8, 8, 3) -> WeightNorm{ Conv(4, 3, padding=1) -> ReLU }", (8, 8, 4)),
        Example("Input(4, 4, 3) -> WeightNorm{ ConvTranspose(5, 2, stride=2, bias=false) }", (8, 8, 5)),
        Example("Input(8) -> WeightNorm{ ReLU }", fails="nothing-to-wrap"),
    )

    def weights(self, *inputs: TensorType) -> Iterator[Weight]:
        inner = list(self.inner.weights(*inputs))
        kernel = next(weight for weight in inner if weight.name == "kernel")
        yield Weight("g", (self.inner.kernel_outputs(kernel.shape),), kernel.trainable)
        yield from inner

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Held:
        sums: Held = self.inner.trace(tape, *inputs_and_output)
        if sums.grad:
            tape.keep(sums)  # which are multiplied by g / ‖v‖
            g, _, *biases = self.weights(*(x.type for x in inputs_and_output[:-1]))
            tape.constant((3 + len(biases)) * g.shape[0])
            tape.constant(2 * g.shape[0], "bool")
        return tape.like(inputs_and_output[-1], sums)

    def wrapped(self, made: Call) -> Call:
        trainable = {"trainable": made.kwargs["trainable"]} if "trainable" in made.kwargs else {}
        return layer(_OWN + "weight_norm.WeightNorm", made, **trainable)


class SpectralNorm(KernelWrapper):
    """Every dense and convolution operator of a flow with its kernel divided by its largest singular value.

    That value is estimated by power iteration in training, and the kernel kept at it; `vector_u` is the estimate's
    state.

    Shape: that of the flow.
    Source: Miyato et al. 2018, "Spectral normalization for generative adversarial networks", equation 8;
    `keras.layers.SpectralNormalization`.
    """

    power_iterations: int = option(
        Integer(ge=1), default=1, keras="power_iterations", doc="steps of the estimate in each training step"
    )

    examples = (
        Example("Input(8) -> SpectralNorm{ Dense(3) }", (3,)),
        Example("Input(8, 8, 3) -> SpectralNorm(power_iterations=2){ Conv(4, 3) -> LeakyReLU(0.2) }", (6, 6, 4)),
        Example("Input(8) -> SpectralNorm{ Softmax }", fails="nothing-to-wrap"),
    )

    def weights(self, *inputs: TensorType) -> Iterator[Weight]:
        inner = list(self.inner.weights(*inputs))
        kernel = next(weight for weight in inner if weight.name == "kernel")
        yield kernel
        yield Weight("vector_u", (1, kernel.shape[-1]), trainable=False)
        yield from (weight for weight in inner if weight is not kernel)

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Any:
        kernel, u, *_ = self.weights(*(x.type for x in inputs_and_output[:-1]))
        out = u.shape[-1]
        # Every step of the estimate is kept: both vectors, twice, and their lengths.
        steps = self.power_iterations
        tape.constant(2 * steps * (product(kernel.shape) // out + out) + 6 * steps + 1)
        return super().trace(tape, *inputs_and_output)

    def wrapped(self, made: Call) -> Call:
        return layer("keras.layers.SpectralNormalization", made, **self.keras_options())


def has_kernel(made: Call) -> bool:
    """Whether a Keras layer is one of those with a `kernel`, not one that prepares its input."""
    return str(made.target).rsplit(".", 1)[-1].startswith(("Dense", "Conv", "DepthwiseConv"))


# Both directions.


class Merging(OrNone[str]):
    """A word, of which `none` is one: it leaves the outputs apart."""

    def read(self, value: object) -> str | None:
        try:
            return super().read(value)
        except RuleError:
            raise self.refuse(value) from None

    def describe(self) -> str:
        return OneOf(*self.kind.words, "none").describe()


class Bidirectional(Wrapper):
    """A recurrent operator run over the sequence forwards and, with weights of its own, backwards.

    `merge_mode` says how the two outputs become one; with `none` they stay two. Initial states and, with
    `state=true`, the final ones are those of the forward direction, then those of the backward one.

    Shape: `(length, channels) -> (2 * units)`, or `(length, 2 * units)` with `sequences=true`.
    Source: Schuster & Paliwal 1997, "Bidirectional recurrent neural networks"; `keras.layers.Bidirectional`.
    """

    merge_mode: str | None = option(
        Merging(OneOf("concat", "sum", "mul", "ave")),
        default="concat",
        keras="merge_mode",
        doc="how the outputs of both directions are joined",
    )

    wraps = "recurrent operator"
    wraps_one = True
    examples = (
        Example("Input(10, 8) -> Bidirectional{ LSTM(16) }", (32,)),
        Example("Input(10, 8) -> Bidirectional(merge_mode=add){ LSTM(16) }", fails="bad-argument"),
        Example("Input(10, 8) -> Bidirectional(merge_mode=sum){ GRU(16, sequences=true) }", (10, 16)),
        Example("Input(10, 8) -> Bidirectional{ LSTM(3, state=true) }", ((6,), (3,), (3,), (3,), (3,))),
        Example("Input(10, 8) -> Bidirectional(merge_mode=none){ RNN(4) }", ((4,), (4,))),
        Example("Input(10, 8) -> Bidirectional{ Dense(16) }", fails="nothing-to-wrap"),
    )

    @classmethod
    def accepts(cls, inner: type[Operator]) -> bool:
        return inner.is_recurrent

    @classmethod
    def arity_around(cls, least: int, most: int | None) -> tuple[int, int | None]:
        return least, None if most is None else 2 * most - 1

    @property
    def takes_mask(self) -> bool:
        """Whether a mask comes last among the inputs, for both directions."""
        return getattr(self.inner, "mask", None) is not None

    def states(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The initial states among the inputs, those of the forward direction first."""
        return inputs[1:-1] if self.takes_mask else inputs[1:]

    def forwards(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the forward direction gets: the sequence, its half of the states, and the mask."""
        states = self.states(inputs)
        return (inputs[0], *states[: len(states) // 2], *inputs[1 + len(states) :])

    def backwards(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the backward direction gets."""
        states = self.states(inputs)
        return (inputs[0], *states[len(states) // 2 :], *inputs[1 + len(states) :])

    def infer(self, *inputs: TensorType) -> TensorType | tuple[TensorType, ...]:
        given = len(self.states(inputs))
        if given % 2:
            raise RuleError(
                codes.WRONG_INPUT_COUNT,
                "each direction needs initial states of its own",
                label="1 state arrives" if given == 1 else f"{given} states arrive",
                help="give those of the forward direction, then those of the backward one",
            )
        if getattr(self.inner, "go_backwards", False):
            raise RuleError(
                name_codes.BAD_ARGUMENT,
                "what runs in both directions has no direction of its own",
                help="leave `go_backwards` away",
            )
        forward, backward = (self.inner.infer(*half(inputs)) for half in (self.forwards, self.backwards))
        y, *states = forward if isinstance(forward, tuple) else (forward,)
        _, *others = backward if isinstance(backward, tuple) else (backward,)
        merged = (y.with_channels(2 * y.channels),) if self.merge_mode == "concat" else (y,)
        outputs = (*(merged if self.merge_mode else (y, y)), *states, *others)
        return outputs if len(outputs) > 1 else outputs[0]

    def weights(self, *inputs: TensorType) -> Iterator[Weight]:
        yield from self.inner.weights(*self.forwards(inputs))
        yield from self.inner.weights(*self.backwards(inputs))

    def macs(self, *inputs_and_output: Any) -> Dim:
        *inputs, _ = inputs_and_output
        given = [half(tuple(inputs)) for half in (self.forwards, self.backwards)]
        forward, backward = (self.inner.macs(*each, self.inner.infer(*each)) for each in given)
        return forward + backward

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...] | None:
        return self.inner.reach(*self.forwards(inputs))

    def reach_from(self, operand: int, result: int, *inputs: TensorType) -> tuple[Reach, ...] | None:
        return self.reach(*inputs) if operand == 0 else None

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Held | tuple[Held, ...]:
        *inputs, y = inputs_and_output
        forward = self._traced(tape, self.forwards(tuple(inputs)))
        x, *others = self.backwards(tuple(inputs))
        backward = self._traced(tape, (tape.copied(x), *others))
        first, second = forward[0], backward[0]
        outputs = y if isinstance(y, tuple) else (y,)
        if self.merge_mode is None:
            return (first, second, *forward[1:], *backward[1:])
        if self.merge_mode == "mul":
            merged = tape.times(outputs[0], first, second)
        else:
            merged = tape.new(outputs[0], grad=first.grad, order=first.order)
        return (merged, *forward[1:], *backward[1:]) if isinstance(y, tuple) else merged

    def _traced(self, tape: Tape, inputs: tuple[Held, ...]) -> tuple[Held, ...]:
        made = self.inner.trace(tape, *inputs, self.inner.infer(*(x.type for x in inputs)))
        return made if isinstance(made, tuple) else (made,)

    def lower(self, *inputs: Arrival) -> Value:
        applied: Call = self.inner.lower(*self.forwards(inputs))
        made = layer("keras.layers.Bidirectional", applied.target, **self.keras_options())
        (x,) = applied.args  # padded, perhaps
        states = self.states(inputs)
        given: dict[str, Value] = {"initial_state": list(states)} if states else {}
        return made(x, **given, **({"mask": applied.kwargs["mask"]} if self.takes_mask else {}))


# Every step of a sequence.


class TimeDistributed(Wrapper):
    """A flow applied to every step of a sequence alike, with one set of weights: the first axis counts the steps.

    Shape: `(steps, *sizes) -> (steps, *sizes')`, where the flow makes `(*sizes')` of `(*sizes)`.
    Source: `keras.layers.TimeDistributed`, around each operator that is one layer of one tensor; what works on each
    element alone stands without it, and for all others the steps are counted as examples while they last.
    """

    examples = (
        Example("Input(10, 8) -> TimeDistributed{ Dense(3) }", (10, 3)),
        Example("Input(5, 8, 8, 3) -> TimeDistributed{ Conv(4, 3) -> ReLU -> Pool -> FC(10) }", (5, 10)),
        Example("Input(5, 8, 8, 3) -> TimeDistributed{ Residual{ Conv(3, 3, padding=same) } }", (5, 8, 8, 3)),
        Example("Input(4, 6, dtype=int32) -> TimeDistributed{ Embedding(20, 3) -> GlobalAvgPool }", (4, 3)),
    )

    #: Whether another use of the same weights stands at other steps, or folds, so that both must call one plain layer.
    is_folded = False

    @classmethod
    def accepts(cls, inner: type[Operator]) -> bool:
        return not inner.is_source

    @property
    def keeps(self) -> str:
        return self.inner.keeps

    def beside(self, other: Operator, *inputs: TensorType) -> Operator:
        others = sum(isinstance(each, TimeDistributed) for each in other.layered())
        made = self.around(self.inner.beside(other, *inputs))
        if others != sum(isinstance(each, TimeDistributed) for each in self.layered()) or (
            isinstance(other, TimeDistributed) and other.folds(*inputs)
        ):
            made.__dict__["is_folded"] = True
        return made

    def folds(self, *inputs: TensorType) -> bool:
        """Whether Keras's layer cannot do it at these inputs: it takes one tensor, with axes, through one layer."""
        given = [Arrival(step_of(type), index) for index, type in enumerate(inputs)]
        several = len(given) > 1 or isinstance(self.inner.infer(*(x.type for x in given)), tuple)
        return several or not given[0].type.rank or not is_chain(self.inner.lower(*given), given[0])

    def within(self, inputs: tuple[TensorType, ...]) -> tuple[tuple[TensorType, ...], Dim]:
        batched = [(index, x) for index, x in enumerate(inputs) if x.batched]
        for index, x in batched:
            if not x.rank:
                raise RuleError(codes.WRONG_RANK, "there is no axis of steps", label="a scalar arrives", at=index)
            if not demand(compare(x.shape[0], "==", batched[0][1].shape[0])):
                raise RuleError(
                    codes.SHAPES_DIFFER,
                    "the tensors have other numbers of steps",
                    label=f"{x.shape[0]} steps, not {batched[0][1].shape[0]}: {shape_text(x.shape)}",
                    at=index,
                )
        if not batched:
            raise RuleError(codes.WRONG_RANK, "there is no axis of steps", label="no example arrives, but weights")
        return tuple(map(step_of, inputs)), batched[0][1].shape[0]

    def infer(self, *inputs: TensorType) -> TensorType | tuple[TensorType, ...]:
        given, steps = self.within(inputs)
        inner = self.inner.infer(*given)
        outputs = tuple(with_steps(each, (steps,)) for each in (inner if isinstance(inner, tuple) else (inner,)))
        return outputs if isinstance(inner, tuple) else outputs[0]

    def weights(self, *inputs: TensorType) -> Iterable[Weight]:
        return self.inner.weights(*map(step_of, inputs))

    def one_rank(self, *inputs: TensorType) -> int | None:
        return self.inner.one_rank(*map(step_of, inputs))

    def macs(self, *inputs_and_output: Any) -> Dim:
        *inputs, output = inputs_and_output
        inner = tuple(map(step_of, output)) if isinstance(output, tuple) else step_of(output)
        return self.within(tuple(inputs))[1] * self.inner.macs(*map(step_of, inputs), inner)

    def is_idle(self, *inputs: TensorType) -> bool:
        return self.inner.is_idle(*map(step_of, inputs))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...] | None:
        inner = self.inner.reach(*map(step_of, inputs))
        return None if inner is None else (SAME_PLACE, *inner)

    def reach_from(self, operand: int, result: int, *inputs: TensorType) -> tuple[Reach, ...] | None:
        inner = self.inner.reach_from(operand, result, *map(step_of, inputs))
        return None if inner is None else (SAME_PLACE, *inner)

    def trace(self, tape: Tape, *inputs_and_output: Any) -> Any:
        *inputs, y = inputs_and_output
        types = tuple(x.type for x in inputs)
        if self.inner.is_pointwise and len({type.rank if type.batched else None for type in types}) == 1:
            return self.inner.trace(tape, *inputs, y)
        given, steps = self.within(types)
        folded = self.is_folded or self.folds(*types)
        own = tape.beside(steps if folded else 1)
        parts = [self._part(tape, x, type, folded=folded) for x, type in zip(inputs, given, strict=True)]
        inner = tuple(map(step_of, y)) if isinstance(y, tuple) else step_of(y)
        made = self.inner.trace(own, *own.taken(parts), inner)
        tape.join(own, parts, 1 if folded else steps)
        outputs, made = (y, made) if isinstance(y, tuple) else ((y,), (made,))
        whole = [
            tape.new(each, grad=part.grad, order=None if folded else (1, 0, *range(2, each.rank + 1)))
            for each, part in zip(outputs, made, strict=True)
        ]
        return tuple(whole) if isinstance(y, tuple) else whole[0]

    @staticmethod
    def _part(tape: Tape, x: Held, type: TensorType, *, folded: bool) -> Held:
        """One step of what arrives, or all steps as examples."""
        if not x.type.batched:
            return x
        return tape.reshaped(x, type) if folded else tape.without(x, type, 1)

    def lower(self, *inputs: Arrival) -> Value:
        ranks = {x.type.rank if x.type.batched else None for x in inputs}
        if self.inner.is_pointwise and len(ranks) == 1:
            return self.inner.lower(*inputs)
        given = [replace(x, type=step_of(x.type)) for x in inputs]
        value = self.inner.lower(*given)
        result = self.inner.infer(*(x.type for x in given))
        if not self.is_folded and not self.folds(*(x.type for x in inputs)):
            return rewrite(
                value, arrival=lambda _: inputs[0], made=lambda made: layer("keras.layers.TimeDistributed", made)
            )
        first = next(x for x in inputs if x.type.batched)
        folded = {
            x.index: layer(_OWN + "time_steps.FoldSteps")(x)
            if x.type.batched
            else layer(_OWN + "time_steps.RepeatSteps")([x, first])
            for x in inputs
        }
        value = rewrite(value, arrival=lambda x: folded[x.index], made=_as_it_is)

        def unfolded(y: Value, type: TensorType) -> Value:
            return layer(_OWN + "time_steps.UnfoldSteps")([y, first]) if type.batched else y

        if not isinstance(result, tuple):
            return unfolded(value, result)
        several = value if isinstance(value, (tuple, list)) else [Item(value, index) for index in range(len(result))]
        return tuple(unfolded(y, type) for y, type in zip(several, result, strict=True))


def _as_it_is(part: Any) -> Any:
    return part


def is_chain(value: Value, x: Arrival) -> bool:
    """Whether an expression is layers of one tensor, one after the other, that begin with what arrives."""
    while isinstance(value, Call) and isinstance(value.target, Call) and len(value.args) == 1 and not value.kwargs:
        value = value.args[0]
    return bool(value == x)

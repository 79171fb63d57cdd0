"""Recurrent operators: what they compute at one step of a sequence goes, as a state, into the next.

What they have in common is here, and those whose steps are vectors; `conv_recurrent.py` has the one whose
steps are maps. Further inputs are the initial states, and last, where it is given, the mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from nnspec.calls import Arrival, Call, Value, layer
from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import count_of
from nnspec.ops.choices import CONSTRAINT, INIT, REGULARIZER
from nnspec.ops.dtypes import is_float
from nnspec.ops.functions import Function
from nnspec.ops.kinds import Flag, Integer, Kind, OrNone, Real, Tensor, Word
from nnspec.ops.operator import Example, Operator, Reach, Weight, option, param
from nnspec.ops.spatial import computed, need_real, needs_size
from nnspec.ops.weighted import Weighted
from nnspec.shapes.dim import Dim, compare, demand, product
from nnspec.shapes.reach import whole
from nnspec.shapes.tensor import TensorType, shape_text

if TYPE_CHECKING:
    from nnspec.ops.tape import Held, Tape


class Recurrent(Weighted):
    """What recurrent operators have in common. `gates` weighted sums make the new state, whose parts have names."""

    sequences: bool = option(
        Flag(), default=False, keras="return_sequences", doc="whether the output of every step comes out, or the last"
    )
    state: bool = option(
        Flag(), default=False, keras="return_state", doc="whether the final states come out too, after the output"
    )
    activation: Value = option(
        Function(), default="tanh", keras="activation", doc="of the new state, and of the output of an LSTM"
    )
    recurrent_init: Call | None = option(
        OrNone(INIT), default=None, keras="recurrent_initializer", doc="how the weights on the state start"
    )
    recurrent_regularizer: Call | None = option(
        OrNone(REGULARIZER), default=None, keras="recurrent_regularizer", doc="a penalty on them, added to the loss"
    )
    recurrent_constraint: Call | None = option(
        OrNone(CONSTRAINT), default=None, keras="recurrent_constraint", doc="what they are held to after each step"
    )
    dropout: float = option(
        Real(ge=0, lt=1),
        default=0.0,
        keras="dropout",
        doc="share of the inputs that training drops, alike at all steps",
    )
    recurrent_dropout: float = option(
        Real(ge=0, lt=1), default=0.0, keras="recurrent_dropout", doc="share of the state that training drops likewise"
    )
    seed: int | None = option(OrNone(Integer(ge=0)), default=None, keras="seed", doc="of the dropout")
    go_backwards: bool = option(
        Flag(), default=False, keras="go_backwards", doc="whether it begins at the end; all outputs come in that order"
    )
    mask: TensorType | None = option(
        OrNone(Tensor()),
        default=None,
        doc="a tensor with one value for each step: where it is 0 or false the step is skipped",
    )

    is_recurrent = True
    gates: ClassVar[int] = 1
    state_names: ClassVar[tuple[str, ...]] = ("h",)
    renamed = {
        **Weighted.renamed, "return_sequences": "sequences", "return_state": "state",
        "recurrent_initializer": "recurrent_init",
    }  # fmt: skip

    @classmethod
    def arity(cls) -> tuple[int, int | None]:
        return 1, 1 + len(cls.state_names)

    def state_shape(self, x: TensorType) -> tuple[Dim, ...]:
        """The shape of a state, and of the output of one step.

        Raises: RuleError, if this is no sequence that the operator can take.
        """
        raise NotImplementedError

    def infer(self, x: TensorType, *more: TensorType) -> TensorType | tuple[TensorType, ...]:
        need_real(x, type(self).__name__)
        shape = self.state_shape(x)
        states, mask = self.parts(more)
        self._check_states(states, shape)
        if mask is not None:
            _check_mask(mask, x)
        batched = any(each.batched for each in (x, *more))
        last = TensorType(shape, batched=batched)
        y = TensorType((x.shape[0], *shape), batched=batched) if self.sequences else last
        return (y, *(last for _ in self.state_names)) if self.state else y

    def parts(self, more: Sequence[Any]) -> tuple[list[Any], Any]:
        """What arrives beside the sequence: the initial states and the mask, None where there is none."""
        return (list(more), None) if self.mask is None else (list(more[:-1]), more[-1])

    def _check_states(self, states: Sequence[TensorType], shape: tuple[Dim, ...]) -> None:
        """Demand all initial states or none, each a tensor of this shape.

        Raises: RuleError at the input that does not fit.
        """
        name, names = type(self).__name__, self.state_names
        if states and len(states) != len(names):
            wanted = " and ".join(names)
            raise RuleError(
                codes.WRONG_INPUT_COUNT,
                f"{name} begins with {count_of(len(names), 'state', 'states')}, {wanted}, or with none",
                label=f"{count_of(len(states), 'state', 'states')} given",
                help=f"write `{name}(…){{ x | {' | '.join(names)} }}`; `state=true` gives those of another {name}",
            )
        for index, (state, called) in enumerate(zip(states, names, strict=False), start=1):
            if not is_float(state.dtype):
                raise RuleError(
                    codes.NOT_REAL, "an initial state holds real numbers", at=index, label=f"{called}: {state.dtype}"
                )
            same = state.rank == len(shape) and all(
                demand(compare(have, "==", size)) for have, size in zip(state.shape, shape, strict=True)
            )
            if not same:
                raise RuleError(
                    codes.SHAPES_DIFFER,
                    f"an initial state of this {name} has the shape {shape_text(shape)}",
                    at=index,
                    label=f"{called}: {shape_text(state.shape)}",
                    help=self.mended_state(state, shape),
                )

    def trace(self, tape: Tape, x: Held, *more_and_output: Any) -> Held | tuple[Held, ...]:
        *more, y = more_and_output
        states, mask = self.parts(more)
        grad = x.grad or self.trainable or any(state.grad for state in states)
        if grad:
            self.keep_steps(tape, x, is_masked=mask is not None)
        outputs = y if isinstance(y, tuple) else (y,)
        steps_first = (1, 0, *range(2, outputs[0].rank + 1)) if self.sequences else None
        made = [tape.new(each, grad=grad, order=None if index else steps_first) for index, each in enumerate(outputs)]
        return tuple(made) if isinstance(y, tuple) else made[0]

    def keep_steps(self, tape: Tape, x: Held, *, is_masked: bool) -> None:
        """Keep what all steps need backwards."""
        raise NotImplementedError

    def mended_state(self, state: TensorType, shape: tuple[Dim, ...]) -> str | None:
        """How to bring a tensor to the shape of a state."""
        return None

    def apply(self, made: Call, x: Value, more: Sequence[Arrival]) -> Call:
        """The layer applied to a sequence, from the states and under the mask that arrive with it."""
        states, mask = self.parts(more)
        given: dict[str, Value] = {}
        if states:
            given["initial_state"] = states if len(states) > 1 else states[0]
        if mask is not None:
            given["mask"] = mask if mask.type.dtype == "bool" else Call("keras.ops.not_equal", (mask, 0))
        return made(x, **given)


def _check_mask(mask: TensorType, x: TensorType) -> None:
    """Demand one number or truth value for each step.

    Raises: RuleError at `mask`.
    """
    if mask.dtype == "string":
        raise RuleError(codes.NOT_REAL, "a mask holds truth values or numbers", at="mask", label="string")
    if mask.rank != 1 or not demand(compare(mask.shape[0], "==", x.shape[0])):
        raise RuleError(
            codes.SHAPES_DIFFER,
            f"a mask has one value for each of the {x.shape[0]} steps",
            at="mask",
            label=shape_text(mask.shape),
            help=f"give a tensor of the shape {shape_text(x.shape[:1])}",
        )


class Gated(Recurrent):
    """A recurrent operator with gates."""

    recurrent_activation: Value = option(
        Function(), default="sigmoid", keras="recurrent_activation", doc="of the gates"
    )


class Carrying(Gated):
    """A recurrent operator that carries c from step to step, beside the state h."""

    unit_forget_bias: bool = option(
        Flag(), default=True, keras="unit_forget_bias", doc="whether the forget gate's bias starts at 1"
    )

    gates = 4
    state_names = ("h", "c")


class OfVectors(Recurrent):
    """A recurrent operator whose steps are vectors."""

    units: int = param(Integer(ge=1), doc="size of the state, and of the output of a step")
    unroll: bool = option(
        Flag(), default=False, keras="unroll", doc="whether the steps are laid out one by one: faster, and larger"
    )

    def state_shape(self, x: TensorType) -> tuple[Dim, ...]:
        if x.rank != 2:
            raise RuleError(
                codes.WRONG_RANK,
                f"{type(self).__name__} needs a sequence: (length, channels)",
                label=f"{shape_text(x.shape)} arrives",
                help=_sequence_help(x),
            )
        return (self.units,)

    def mended_state(self, state: TensorType, shape: tuple[Dim, ...]) -> str | None:
        if state.rank == 2:
            return "the last step of a sequence is `Take(-1)`"
        return f"`Dense({self.units})` makes a state of a vector" if state.rank == 1 else None

    #: Values of the size of the state that a step keeps where the inputs of all are multiplied at once; 0: never.
    at_once: ClassVar[int] = 0
    #: The same where each step multiplies its own.
    stepwise: ClassVar[int] = 1

    @property
    def values_at_once(self) -> int:
        """How many values of the size of the state a step keeps, where the inputs of all are multiplied at once."""
        return self.at_once

    def is_at_once(self, *, is_masked: bool) -> bool:
        """Whether the products with the inputs of all steps are made in one."""
        return bool(self.at_once) and not is_masked and not self.recurrent_dropout and not self.unroll

    def keep_steps(self, tape: Tape, x: Held, *, is_masked: bool) -> None:
        steps, width = x.type.shape[0], self.gates * self.units
        is_at_once = self.is_at_once(is_masked=is_masked)
        if self.trainable and (is_at_once or not self.dropout):
            tape.keep(tape.ordered(x, (1, 0, 2)) if is_at_once else x)
        if x.grad:
            tape.kernel(x.type.channels * width)
        tape.kernel(self.units * width)
        if is_at_once:
            tape.extra(steps * self.units * self.values_at_once)
            return
        values = self.stepwise + (self.gates - 1 if self.recurrent_dropout else 0)
        tape.extra(((steps + 1) * values + 1) * self.units)  # Keras makes the first step twice, to see what comes out
        tape.extra((steps + 1) * x.type.channels * self.gates if self.dropout else 0)

    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return (self.gates * self.units,)

    def weights(self, x: TensorType, *more: TensorType) -> Iterator[Weight]:
        width = self.gates * self.units
        yield Weight("kernel", (x.channels, width), self.trainable)
        yield Weight("recurrent_kernel", (self.units, width), self.trainable)
        if self.bias:
            yield Weight("bias", self.bias_shape(), self.trainable)

    def macs(self, x: TensorType, *more_and_output: Any) -> Dim:
        return x.shape[0] * self.gates * self.units * (x.channels + self.units)

    def reach(self, x: TensorType, *more: TensorType) -> tuple[Reach, ...] | None:
        return (whole(x.shape[0]),) if self.sequences else None

    def reach_from(self, operand: int, result: int, *inputs: TensorType) -> tuple[Reach, ...] | None:
        return self.reach(*inputs) if operand == 0 else None  # states have no steps

    def made(self, name: str, x: Arrival) -> Call:
        """The Keras layer of this name, not yet applied.

        Raises: RuleError, if steps are to be laid out whose number is not known.
        """
        steps = x.type.shape[0]
        if self.unroll and not isinstance(steps, int):
            raise needs_size("a recurrence is unrolled for a number of steps that is known", steps)
        return layer(f"keras.layers.{name}", self.units, **self.keras_options())


def _sequence_help(x: TensorType) -> str | None:
    if x.rank == 1:
        return f"give the steps channels: `Reshape({x.shape[0]}, 1)`"
    if x.rank > 2 and isinstance(x.shape[0], int):
        return f"make vectors of the steps, with `Reshape({x.shape[0]}, -1)`, or use `ConvLSTM`"
    return "use `ConvLSTM`" if x.rank > 2 else None


class RNN(OfVectors):
    """The recurrence of Elman: h = tanh(x · W + h' · U + b), with h' the state before.

    Shape: `(length, channels) -> (units)`, or `(length, units)` with `sequences=true`; a tuple with h under
    `state=true`. A further input is the first h.
    Source: Elman 1990, "Finding structure in time"; `keras.layers.SimpleRNN`.
    """

    examples = (
        Example("Input(10, 8) -> RNN(16)", (16,)),
        Example("Input(10, 8) -> RNN(16, activation=relu, sequences=true)", (10, 16)),
        Example("Input(10, 8) -> RNN(16, state=true)", ((16,), (16,))),
        Example("Input(8) -> RNN(16)", fails="wrong-rank"),
    )

    def lower(self, x: Arrival, *more: Arrival) -> Value:
        return self.apply(self.made("SimpleRNN", x), x, more)


class AutoOrOff(Kind["bool | str"]):
    """`auto` or `false`."""

    words = {"auto": "where it can be used"}

    def read(self, value: object) -> bool | str:
        if value is False:
            return False
        if value == Word("auto"):
            return "auto"
        raise self.refuse(value)

    def describe(self) -> str:
        return "`auto` or false"

    def schema(self) -> dict[str, Any]:
        return {"enum": ["auto", False]}


class Accelerated(Gated):
    """What cuDNN has a kernel for."""

    use_cudnn: bool | str = option(
        AutoOrOff(),
        default="auto",
        keras="use_cudnn",
        doc="whether a GPU's own kernel is used, which skips steps at the end only",
    )


class LSTM(OfVectors, Accelerated, Carrying):
    """Long short-term memory: a carry c beside the state h, and gates that say what it takes up and lets out.

    With i, f and o = σ(x · W + h' · U + b), each with weights of its own, and g = tanh(…) likewise:
    c = f ⊙ c' + i ⊙ g, h = o ⊙ tanh(c).

    Shape: `(length, channels) -> (units)`, or `(length, units)` with `sequences=true`; a tuple with h and c under
    `state=true`. Further inputs are the first h and c.
    Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000; `keras.layers.LSTM`.
    """

    examples = (
        Example("Input(10, 8) -> LSTM(16)", (16,)),
        Example("Input(10, 8) -> LSTM(16, sequences=true, dropout=0.2, recurrent_dropout=0.2)", (10, 16)),
        Example("Input(10, 8) -> LSTM(16, sequences=true, state=true)", ((10, 16), (16,), (16,))),
        Example("Input(10, 8) -> LSTM(16, recurrent_activation=hard_sigmoid, bias=false)", (16,)),
        Example("Input(28, 28, 3) -> LSTM(16)", fails="wrong-rank"),
        Example("Input(10, 8, dtype=int32) -> LSTM(16)", fails="not-real-numbers"),
        Example("Input(10, 8) -> LSTM(0)", fails="bad-argument"),
    )

    # The gates i, f and o, g, the tanh of c, and the h and c before.
    at_once = 7
    stepwise = 7

    @property
    def values_at_once(self) -> int:
        # The h before is for the gradient of the weights alone; of other functions the sums are kept too.
        remembered = self.recurrent_activation in ("sigmoid", "tanh", "relu")
        return self.at_once - (not self.trainable) + (0 if remembered else self.gates)

    def lower(self, x: Arrival, *more: Arrival) -> Value:
        return self.apply(self.made("LSTM", x), x, more)


class GRU(OfVectors, Accelerated):
    """Gated recurrent unit: h = z ⊙ h' + (1 - z) ⊙ g, with z and r = σ(x · W + h' · U + b) each for itself.

    With `reset_after` g = tanh(x · W + b + r ⊙ (h' · U + d)), which has a bias of its own on the state's side, for
    all three; without, as in the paper, g = tanh(x · W + (r ⊙ h') · U + b).

    Shape: `(length, channels) -> (units)`, or `(length, units)` with `sequences=true`; a tuple with h under
    `state=true`. A further input is the first h.
    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder"; `keras.layers.GRU`.
    """

    reset_after: bool = option(
        Flag(), default=True, keras="reset_after", doc="whether r is applied after the product with U, or before it"
    )

    gates = 3
    examples = (
        Example("Input(10, 8) -> GRU(16)", (16,)),
        Example("Input(10, 8) -> GRU(16, sequences=true, reset_after=false)", (10, 16)),
        Example("Input(10, 8) -> GRU(16, state=true, recurrent_init=glorot_uniform)", ((16,), (16,))),
        Example("Input(10, 8) -> GRU(16, dropout=1)", fails="bad-argument"),
    )

    def bias_shape(self) -> tuple[int, ...]:
        return (2, *super().bias_shape()) if self.reset_after else super().bias_shape()

    # The gates z and r, g, 1 - z, the h before; and at once the products of h with U for all three.
    at_once = 8
    stepwise = 6

    def is_at_once(self, *, is_masked: bool) -> bool:
        return self.reset_after and super().is_at_once(is_masked=is_masked)

    def lower(self, x: Arrival, *more: Arrival) -> Value:
        return self.apply(self.made("GRU", x), x, more)


class Masking(Operator):
    """Steps that hold nothing but one value, which recurrent layers after it skip.

    Shape: `(*axes, channels)`, unchanged; what is skipped becomes 0.
    Source: `keras.layers.Masking`.
    """

    value: float = param(Real(), default=0.0, keras="mask_value", doc="what all channels of such a step are")

    renamed = {"mask_value": "value"}
    examples = (
        Example("Input(10, 8) -> Masking", (10, 8)),
        Example("Input(10, 8) -> Masking(-1)", (10, 8)),
        Example("Input(8) -> Masking", fails="wrong-rank"),
    )

    def infer(self, x: TensorType) -> TensorType:
        need_real(x, "Masking")
        if x.rank < 2:
            raise RuleError(
                codes.WRONG_RANK,
                "Masking needs steps and their channels: (length, channels)",
                label=f"{shape_text(x.shape)} arrives",
                help=_sequence_help(x),
            )
        return computed(x, *x.shape)

    def trace(self, tape: Tape, x: Held, y: TensorType) -> Held:
        if x.grad:
            tape.extra(product(x.type.spatial), "bool")
        return tape.like(y, x)

    def lower(self, x: Arrival) -> Value:
        return layer("keras.layers.Masking", **self.keras_options())(x)

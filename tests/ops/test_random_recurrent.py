"""Random recurrences, sound and unsound, with initial states and masks: our verdict and all of the layer against Keras.

`NNSPEC_CASES=5000 NNSPEC_SEED=2 pytest tests/ops/test_random_recurrent.py` draws a twelfth as many. Keras says of
a state or mask only when it runs whether it takes them, so every case is run.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import keras
import numpy as np
import pytest

from nnspec.diagnostics.codes.lowering import NOT_IN_KERAS
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.ops.registry import find_operator
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import Built, build
from tests.ops.random_cases import often, padding, per_axis

L = keras.layers
COUNT = int(os.environ.get("NNSPEC_CASES", "2400")) // 12
SEED = int(os.environ.get("NNSPEC_SEED", "1"))

CELLS = {"RNN": 1, "GRU": 1, "LSTM": 2, "ConvLSTM": 2}
WORDS = ("tanh", "sigmoid", "relu", "hard_sigmoid", "linear", "softsign", "gelu", "elu", "softmax")
INITS = {"orthogonal": "orthogonal", "glorot_uniform": "glorot_uniform", "zeros": "zeros", "he_normal": "he_normal"}
#: What arguments are called in Keras, where it is not the same.
KERAS = {
    "sequences": "return_sequences", "state": "return_state", "recurrent_init": "recurrent_initializer",
    "init": "kernel_initializer", "bias_init": "bias_initializer", "regularizer": "kernel_regularizer",
    "constraint": "kernel_constraint", "bias": "use_bias", "stride": "strides", "dilation": "dilation_rate",
    "kernel": "kernel_size",
}  # fmt: skip


class Case(Record):
    name: str
    arguments: dict[str, Any]
    types: list[TensorType]  # the sequence, the initial states, the mask if there is one
    masked: bool

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        types = " | ".join(f"{type.dtype}{type.shape}" for type in self.types)
        return f"{{ {types} }} -> {self.name}({shown}{', mask' * self.masked})"

    @property
    def maps(self) -> bool:
        return self.name == "ConvLSTM"


# How cases are drawn.


def flag(random: Random) -> bool:
    return random.random() < 0.5


def dtype(random: Random) -> str:
    return "float32" if random.random() < 0.96 else random.choice(("int32", "bool", "float16"))


def rate(random: Random) -> float:
    return random.choice((0.0, 0.2, 0.5, 0.9, 1.0, 1.5, -0.5) if random.random() < 0.1 else (0.0, 0.25, 0.5))


def shared_arguments(random: Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("sequences", "state", "go_backwards", "bias", "trainable"):
        found |= often(random, 0.4 if name != "trainable" else 0.15, name, lambda: flag(random))
    for name in ("dropout", "recurrent_dropout"):
        found |= often(random, 0.25, name, lambda: rate(random))
    for name in ("init", "recurrent_init"):
        found |= often(random, 0.2, name, lambda: random.choice(list(INITS)))
    for name in ("regularizer", "recurrent_regularizer"):
        found |= often(random, 0.1, name, lambda: "l2")
    for name in ("constraint", "recurrent_constraint"):
        found |= often(random, 0.1, name, lambda: "non_neg")
    return {
        **found,
        **often(random, 0.4, "activation", lambda: random.choice(WORDS)),
        **often(random, 0.2, "seed", lambda: random.randint(0, 9)),
        **often(random, 0.15, "bias_init", lambda: "ones"),
    }


def own_arguments(random: Random, name: str, sizes: tuple[int, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if name == "ConvLSTM":
        found = {"filters": random.randint(0 if flag(random) and flag(random) else 1, 4)}
        found["kernel"] = per_axis(random, sizes[1:], 4)
        found |= often(random, 0.35, "stride", lambda: per_axis(random, sizes[1:], 3))
        found |= often(random, 0.25, "dilation", lambda: per_axis(random, sizes[1:], 2))
        found |= often(random, 0.6, "padding", lambda: padding(random, sizes[1:], ("valid", "same", "causal")))
    else:
        found = {"units": random.randint(0 if random.random() < 0.1 else 1, 6)}
        found |= often(random, 0.2, "unroll", lambda: flag(random))
    if name in ("LSTM", "GRU", "ConvLSTM"):
        found |= often(random, 0.3, "recurrent_activation", lambda: random.choice(WORDS))
    if name in ("LSTM", "ConvLSTM"):
        found |= often(random, 0.3, "unit_forget_bias", lambda: flag(random))
    if name == "GRU":
        found |= often(random, 0.5, "reset_after", lambda: flag(random))
    if name in ("LSTM", "GRU"):
        found |= often(random, 0.2, "use_cudnn", lambda: random.choice(("auto", False)))
    return found


def sequence(random: Random, name: str) -> tuple[int, ...]:
    usual = random.choice((3, 3, 4, 5)) if name == "ConvLSTM" else 2
    rank = usual if random.random() < 0.95 else random.randint(1, 6)
    limit = {3: 9, 4: 6}.get(rank, 4)
    return (random.randint(1, 5), *(random.randint(1, limit) for _ in range(rank - 2)), random.randint(1, 4))[:rank]


def draw(random: Random) -> Case:
    name = random.choice(list(CELLS))
    sizes = sequence(random, name)
    arguments = {**own_arguments(random, name, sizes), **shared_arguments(random)}
    types = [TensorType(sizes, dtype(random))]
    if random.random() < 0.35:
        state = state_shape(name, arguments, sizes)
        count = CELLS[name] if random.random() < 0.9 else random.randint(1, 3)
        for _ in range(count):
            wrong = random.random() < 0.08
            shape = tuple(random.choice((size, 1, size + 1)) for size in state) if wrong else state
            types.append(TensorType(shape, dtype(random)))
    masked = random.random() < 0.3
    if masked:
        length = sizes[0] if random.random() < 0.9 else random.randint(1, 6)
        types.append(TensorType((length,), random.choice(("bool", "bool", "int32", "float32"))))
    return Case(name, arguments, types, masked)


def state_shape(name: str, arguments: Mapping[str, Any], sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the states as Keras has it, or something, where it has none."""
    if name != "ConvLSTM":
        return (arguments["units"],)
    given = {key: arguments[key] for key in ("filters", "kernel", "stride", "dilation", "padding") if key in arguments}
    try:
        return tuple(reference(Case(name, given, [TensorType(sizes)], False)).shapes[0])
    except Exception:
        return (*sizes[1:-1], arguments["filters"])


# What plain Keras makes of them.


class RefusedError(Exception):
    """Keras refuses by whatever exception comes first; this one is for what it has no word for."""


def reference(case: Case) -> Built:
    """Plain Keras layers for the case, called on symbolic tensors."""
    inputs = [keras.Input(type.shape, dtype=type.dtype) for type in case.types]
    x, *more = inputs
    arguments = {KERAS.get(name, name): value for name, value in case.arguments.items()}
    if case.maps:
        x, arguments = padded(x, arguments)
    call: dict[str, Any] = {"mask": more.pop()} if case.masked else {}
    if more:
        if len(more) != CELLS[case.name]:
            raise RefusedError("the wrong number of states")
        call["initial_state"] = more
    y = layer_of(case, len(x.shape) - 3, arguments)(x, **call)
    return Built(inputs, list(y) if isinstance(y, (list, tuple)) else [y])


def layer_of(case: Case, rank: int, arguments: dict[str, Any]) -> Any:
    if not case.maps:
        return {"RNN": L.SimpleRNN, "GRU": L.GRU, "LSTM": L.LSTM}[case.name](**arguments)
    if rank not in (1, 2, 3):
        raise RefusedError(f"maps of rank {rank}")
    return getattr(L, f"ConvLSTM{rank}D")(**arguments)


def padded(x: Any, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Padding that is no word of Keras's, put around the maps before."""
    given = arguments.get("padding", "valid")
    if given in ("valid", "same"):
        return x, arguments
    axes = len(x.shape) - 3
    if given == "causal":
        sizes, steps = ([pair[0] for pair in pairs(arguments.get(name, 1), axes)]
                        for name in ("kernel_size", "dilation_rate"))  # fmt: skip
        given = tuple(((size - 1) * step, 0) for size, step in zip(sizes, steps, strict=True))
    around = ((0, 0), (0, 0), *pairs(given, axes), (0, 0))
    return keras.ops.pad(x, around), {name: value for name, value in arguments.items() if name != "padding"}


def pairs(value: Any, axes: int) -> tuple[tuple[int, int], ...]:
    numbers = value if isinstance(value, tuple) else (value,) * axes
    if len(numbers) != axes:
        raise RefusedError(f"{len(numbers)} numbers for {axes} axes")
    return tuple(number if isinstance(number, tuple) else (number, number) for number in numbers)


# The two compared.


def largest(value: Any) -> int:
    return max(value) if isinstance(value, tuple) else int(value)


def both(case: Case) -> bool:
    return largest(case.arguments.get("stride", 1)) > 1 and largest(case.arguments.get("dilation", 1)) > 1


def rates(case: Case) -> list[float]:
    return [case.arguments.get(name, 0.0) for name in ("dropout", "recurrent_dropout")]


def whole(case: Case) -> bool:
    return any(type.dtype in ("int32", "bool") for type in case.types[: len(case.types) - case.masked])


#: We refuse what Keras takes: the slug of our error, and when it may differ.
STRICTER: dict[str, Callable[[Case], bool]] = {
    "not-real-numbers": whole,
    "bad-argument": lambda case: any(not 0 <= rate < 1 for rate in rates(case)),
    "shapes-differ": lambda case: any(1 in type.shape for type in case.types[1:]) or case.masked,
}


def operator_of(case: Case) -> Operator:
    given = {name: Word(value) if isinstance(value, str) else value for name, value in case.arguments.items()}
    if case.masked:
        given["mask"] = case.types[-1]
    made = find_operator(case.name)(**given)
    assert isinstance(made, Operator)
    return made


def ours(case: Case) -> list[TensorType] | RuleError:
    try:
        found = operator_of(case).infer(*case.types)
    except RuleError as error:
        return error
    return list(found) if isinstance(found, tuple) else [found]


def batch(case: Case) -> list[np.ndarray]:
    random = np.random.default_rng(3)
    found = [random.normal(size=(2, *type.shape)).astype(type.dtype) for type in case.types]
    if case.masked:
        found[-1] = (random.random((2, *case.types[-1].shape)) < 0.6).astype(case.types[-1].dtype)
    return found


def run(built: Built, case: Case) -> list[np.ndarray]:
    found = built.run(*batch(case))
    return found if isinstance(found, list) else [found]


def theirs(case: Case) -> tuple[Built, list[np.ndarray]] | Exception:
    try:
        built = reference(case)
        return built, run(built, case)
    except Exception as error:
        return error


def compare(case: Case) -> str | None:
    """None where all is equal, the class of a difference on purpose, or `!` and what is wrong."""
    mine, found = ours(case), theirs(case)
    if isinstance(mine, RuleError):
        if isinstance(found, Exception):
            return None
        allowed = STRICTER.get(mine.code.slug, lambda case: False)(case)
        return f"stricter: {mine.code.slug}" if allowed else f"! we refuse: {mine.code.slug} {mine.message}"
    operator = operator_of(case)
    if isinstance(found, Exception) and not (case.maps and both(case)):
        return f"! Keras refuses: {found}"
    try:
        built = build(operator, case.types)
    except RuleError as error:
        refused = isinstance(found, Exception) and error.code is NOT_IN_KERAS
        return "freer: stride with dilation" if refused else f"! not lowered: {error.message}"
    assert not isinstance(found, Exception)
    return differing(case, operator, mine, built, *found)


def differing(
    case: Case, operator: Operator, mine: list[TensorType], built: Built, keras_built: Built, expected: list[np.ndarray]
) -> str | None:
    inferred = [type.shape for type in mine]
    weights = [(weight.name, weight.shape, weight.trainable) for weight in operator.weights(*case.types)]
    if not inferred == built.shapes == keras_built.shapes == [value.shape[1:] for value in expected]:
        return f"! shapes {inferred}, built {built.shapes}, Keras {keras_built.shapes}"
    if [type.dtype for type in mine] != keras_built.dtypes:
        return f"! dtypes {[type.dtype for type in mine]}, Keras {keras_built.dtypes}"
    if built.weights != weights:
        return f"! weights {weights}, built {built.weights}"
    frozen = case.maps and case.arguments.get("trainable") is False
    if keras_built.weights != [(name, shape, trainable or frozen) for name, shape, trainable in weights]:
        return f"! weights {weights}, Keras {keras_built.weights}"
    if settings(built) != settings(keras_built):
        return f"! settings {settings(built)}, Keras {settings(keras_built)}"
    built.model.set_weights(keras_built.model.get_weights())
    for one, other in zip(run(built, case), expected, strict=True):
        if not np.allclose(one, other, rtol=1e-5, atol=1e-6):
            return "! values"
    return "other: a frozen ConvLSTM" if frozen else None


def settings(built: Built) -> dict[str, Any]:
    """What Keras says of the recurrent layer, but for its name."""
    (layer,) = (layer for layer in built.model.layers if isinstance(layer, L.RNN))
    return {name: value for name, value in layer.get_config().items() if name != "name"}


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1:UserWarning")
def test_random_recurrences_agree_with_keras() -> None:
    random = Random(SEED)
    found: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    wrong = []
    for number in range(COUNT):
        if number % 100 == 99:
            keras.backend.clear_session()
        case = draw(random)
        result = compare(case)
        verdicts["refused" if isinstance(ours(case), RuleError) else "taken"] += 1
        if result is not None and result.startswith("!"):
            wrong.append(f"{case}: {result[2:400]}")
        elif result is not None:
            found[result] += 1
    print(f"{COUNT} cases, {dict(verdicts)}, differences on purpose {dict(found)}")
    assert not wrong, f"{len(wrong)} of {COUNT}\n" + "\n".join(wrong[:20])
    assert min(verdicts["refused"], verdicts["taken"]) > COUNT // 10, "cases are one-sided"

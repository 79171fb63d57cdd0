"""Random uses of attention: our verdict, shapes, weights, trainable split and values against plain Keras's.

`NNSPEC_CASES=5000 pytest tests/ops/test_random_attention.py -s` draws more and tells how many differ on purpose;
each class of difference is named below and listed in docs/differences.md.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import keras
import numpy as np
import pytest

from nnspec.diagnostics.codes.lowering import NOT_IN_KERAS
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.ops.registry import find_operator
from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import build, weights_of
from tests.ops.random_attention import Case, Found, arrays, cases, keras_of

COUNT = int(os.environ.get("NNSPEC_CASES", "300"))
SEED = int(os.environ.get("NNSPEC_SEED", "1"))

# One key alone gets all the weight, which Keras warns of.
pytestmark = pytest.mark.filterwarnings("ignore:[\\s\\S]*softmax over axis:UserWarning")


def along(case: Case) -> int | None:
    """How many axes are attended along, where that is said or follows from the rank."""
    axes = case.arguments.get("attention_axes")
    if axes is None:
        return 1 if case.name != "MultiHeadAttention" else len(case.types[0].shape) - 1
    return len(axes) if isinstance(axes, tuple) else 1


def ordered(case: Case) -> bool:
    return bool(case.arguments.get("causal") or case.arguments.get("sliding_window"))


def has_ones(case: Case) -> bool:
    """Some size is 1, which Keras may broadcast."""
    return any(1 in x.shape for x in case.inputs)


#: We refuse what Keras takes: the slug of our error, and when it may differ.
STRICTER: dict[str, Callable[[Case], bool]] = {
    "not-real-numbers": lambda case: any(x.dtype in ("int32", "bool") for x in case.types),
    "attention-differs": has_ones,
    "wrong-rank": lambda case: len({len(x.shape) for x in case.types}) > 1 or len(case.types[0].shape) == 1,
    "bad-argument": lambda case: ordered(case) and along(case) != 1,
    "no-such-axis": lambda case: case.arguments.get("attention_axes") == -1,
}

#: We take what Keras refuses, or computes otherwise.
FREER: dict[str, Callable[[Case], bool]] = {
    "masks behind further axes": lambda case: case.mask is not None and len(case.types[0].shape) > 2,
    "an order along another axis than the first": lambda case: ordered(case) and len(case.types[0].shape) > 2,
}


def operator_of(case: Case) -> Operator:
    given = {name: Word(value) if isinstance(value, str) else value for name, value in case.arguments.items()}
    made = find_operator(case.name)(**given, **({"mask": case.mask} if case.mask else {}))
    assert isinstance(made, Operator)
    return made


def ours(case: Case) -> list[TensorType] | RuleError:
    try:
        found = operator_of(case).infer(*case.inputs)
    except RuleError as error:
        return error
    return list(found) if isinstance(found, tuple) else [found]


def theirs(case: Case, values: list[np.ndarray]) -> Found | Exception:
    try:
        return keras_of(case, values)
    except Exception as error:  # Keras refuses by whatever exception comes first
        return error


def compare(case: Case, seed: int) -> str | None:
    """None where all is equal, the class of a difference on purpose, or `!` and what is wrong."""
    values = arrays(case, seed)
    mine, found = ours(case), theirs(case, values)
    if isinstance(mine, RuleError):
        if isinstance(found, Exception):
            return None
        allowed = STRICTER.get(mine.code.slug, lambda case: False)(case)
        return f"stricter: {mine.code.slug}" if allowed else f"! we refuse: {mine.code.slug} {mine.message}"
    name = next((name for name, applies in FREER.items() if applies(case)), None)
    if isinstance(found, Exception):
        return unequal(case, mine, values, None) or (f"freer: {name}" if name else f"! Keras refuses: {found}")
    return unequal(case, mine, values, found)


def unequal(case: Case, mine: list[TensorType], values: list[np.ndarray], found: Found | None) -> str | None:
    """What differs between what was inferred, what is lowered and run, and Keras's layer."""
    operator = operator_of(case)
    try:
        built = build(operator, case.inputs)
    except RuleError as error:
        return "freer: not built" if error.code is NOT_IN_KERAS and ordered(case) else f"! {error.message}"
    weights = [(weight.name, weight.shape, weight.trainable) for weight in operator.weights(*case.inputs)]
    if built.shapes != [type.shape for type in mine]:
        return f"! lowered to shapes {built.shapes}, inferred {[type.shape for type in mine]}"
    if built.dtypes != [type.dtype for type in mine] or built.weights != weights:
        return f"! dtypes {built.dtypes}, weights {built.weights}, inferred {weights}"
    if found is not None and found.weights != [
        (name, shape, trains or case.name == "MultiHeadAttention") for name, shape, trains in weights
    ]:  # Keras's multi-head attention cannot be frozen
        return f"! weights {weights}, Keras {found.weights}"
    if found is not None:
        layer = next(each for each in built.model.layers if weights_of(each) or not weights)
        layer.set_weights(found.layer.get_weights())
    ran = built.run(*values)
    parts = ran if isinstance(ran, list) else [ran]
    if [part.shape[1:] for part in parts] != [type.shape for type in mine]:
        return f"! computes {[part.shape for part in parts]}"
    for part, expected in zip(parts, found.outputs if found else (), strict=bool(found)):
        if part.shape != expected.shape or not np.allclose(part, expected, rtol=1e-4, atol=1e-5):
            return f"! computes other values than Keras, of {part.shape} and {expected.shape}"
    return None


def test_random_cases_agree_with_keras() -> None:
    found: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    wrong = []
    for number, case in enumerate(cases(COUNT, SEED)):
        if number % 300 == 299:
            keras.backend.clear_session()
        result = compare(case, number)
        verdicts["refused" if isinstance(ours(case), RuleError) else "taken"] += 1
        if result is not None and result.startswith("!"):
            wrong.append(f"{case}: {result[2:300]}")
        elif result is not None:
            found[result] += 1
    print(f"{COUNT} cases, {dict(verdicts)}, differences on purpose {dict(found)}")
    assert not wrong, "\n".join(wrong[:20])
    assert min(verdicts["refused"], verdicts["taken"]) > COUNT // 10, "cases are one-sided"

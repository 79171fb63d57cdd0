"""Random activations, normalisations, noise and merges: verdict, shape, dtype, weights and split against Keras's.

`NNSPEC_CASES=5000 pytest tests/ops/test_random_pointwise.py -s` draws more and tells how many differ on purpose;
each class of difference is named below and listed in docs/differences.md.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.ops.registry import find_operator
from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import build
from tests.ops.pointwise import as_array
from tests.ops.random_cases_pointwise import MERGES, Case, Found, cases, keras_of

COUNT = int(os.environ.get("NNSPEC_CASES", "1400"))
SEED = int(os.environ.get("NNSPEC_SEED", "1"))

pytestmark = [
    # Keras divides by zero for a GaussianDropout of rate 1 and compares whole numbers with fractions.
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:[\\s\\S]*softmax over axis:UserWarning"),
]


def whole(case: Case) -> bool:
    return any(x.dtype in ("int32", "uint8", "bool") for x in case.types)


def rate(case: Case) -> Any:
    return case.arguments.get("rate")


#: We refuse what Keras takes: the slug of our error, and when it may differ.
STRICTER: dict[str, Callable[[Case], bool]] = {
    "shapes-differ": lambda case: case.name in MERGES and len({x.shape for x in case.types}) > 1,
    "not-real-numbers": whole,
    "bad-argument": lambda case: (
        rate(case) == 1 or case.arguments.get("groups") == -1 or 0 in case.arguments.get("noise_shape", ())
        or (rate(case) == 0 and "noise_shape" in case.arguments) or misfit(case)
    ),
}  # fmt: skip


def misfit(case: Case) -> bool:
    """A noise of another size than an axis of 1, which Keras broadcasts into a larger tensor."""
    noise = case.arguments.get("noise_shape")
    return noise is not None and any(
        n not in (None, 1, size) for n, size in zip(noise, case.types[0].shape, strict=False)
    )


#: We take what Keras refuses or computes wrongly, and lower it to layers of our own.
FREER: dict[str, Callable[[Case], bool]] = {
    "RMSNorm over axes before the last": lambda case: case.name == "RMSNorm" and "axis" in case.arguments,
    "RMSNorm with a bias": lambda case: case.name == "RMSNorm" and case.arguments.get("bias", False),
    "Step of whole numbers": lambda case: case.name == "Step" and whole(case),
}

#: The dtype that comes out is another.
DTYPES: dict[str, Callable[[Case], bool]] = {
    "average of whole numbers": lambda case: case.name == "Average" and whole(case),
}


def operator_of(case: Case) -> Operator:
    given = {name: Word(value) if isinstance(value, str) else value for name, value in case.arguments.items()}
    made = find_operator(case.name)(**given)
    assert isinstance(made, Operator)
    return made


def ours(case: Case) -> TensorType | RuleError:
    try:
        found = operator_of(case).infer(*case.types)
    except RuleError as error:
        return error
    assert isinstance(found, TensorType)
    return found


def theirs(case: Case) -> Found | Exception:
    try:
        return keras_of(case)
    except Exception as error:  # Keras refuses by whatever exception comes first
        return error


def differs(table: dict[str, Callable[[Case], bool]], case: Case) -> str | None:
    return next((name for name, applies in table.items() if applies(case)), None)


def compare(case: Case) -> str | None:
    """None where all is equal, the class of a difference on purpose, or `!` and what is wrong."""
    mine, found = ours(case), theirs(case)
    if isinstance(mine, RuleError):
        if isinstance(found, Exception):
            return None
        allowed = STRICTER.get(mine.code.slug, lambda case: False)(case)
        return f"stricter: {mine.code.slug}" if allowed else f"! we refuse: {mine.code.slug} {mine.message}"
    if isinstance(found, Exception):
        name = differs(FREER, case)
        return lowered(case, mine, None) or (f"freer: {name}" if name else f"! Keras refuses: {found}")
    if found.shape != mine.shape and case.name == "RMSNorm":  # Keras's scale lies along the last axis whatever `axis`
        return lowered(case, mine, None) or "freer: RMSNorm over axes before the last"
    if found.shape != mine.shape:
        return f"! shape {mine.shape}, Keras {found.shape}"
    if found.dtype != mine.dtype:
        name = differs(DTYPES, case)
        return f"dtype: {name}" if name else f"! dtype {mine.dtype}, Keras {found.dtype}"
    return lowered(case, mine, found.layer)


def lowered(case: Case, mine: TensorType, layer: Any) -> str | None:
    """Whether what the operator is lowered to is as it says, and as Keras's own layer, also when it runs."""
    try:
        return unequal(case, mine, layer)
    except Exception as error:  # what we take must run
        return f"! cannot run: {error}"


def unequal(case: Case, mine: TensorType, layer: Any) -> str | None:
    """What differs between what is lowered, what was inferred and Keras's layer."""
    operator = operator_of(case)
    built = build(operator, case.types)
    weights = [(weight.name, weight.shape, weight.trainable) for weight in operator.weights(*case.types)]
    if built.shapes != [mine.shape]:
        return f"! lowered to shape {built.shapes}, inferred {mine.shape}"
    if built.weights != weights:
        return f"! weights {weights}, built {built.weights}"
    if isinstance(layer, keras.Layer):
        expected = [(weight.name, tuple(weight.shape), weight.trainable) for weight in layer.weights]
        if weights != expected:
            return f"! weights {weights}, Keras {expected}"
    for training in (False, True):
        y = as_array(built.model([np.ones((2, *x.shape), x.dtype) for x in case.types], training=training))
        if y.shape[1:] != mine.shape:
            return f"! computes {y.shape}"
        # Without an epsilon the variance of ones is 0, and nothing is left to divide by.
        if case.arguments.get("epsilon") != 0 and not np.isfinite(y.astype("float32")).all():
            return "! computes what is not finite"
    return None


def test_random_cases_agree_with_keras() -> None:
    found: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    wrong = []
    for number, case in enumerate(cases(COUNT, SEED)):
        if number % 300 == 299:
            keras.backend.clear_session()
        result = compare(case)
        verdicts["refused" if isinstance(ours(case), RuleError) else "taken"] += 1
        if result is not None and result.startswith("!"):
            wrong.append(f"{case}: {result[2:300]}")
        elif result is not None:
            found[result] += 1
    print(f"{COUNT} cases, {dict(verdicts)}, differences on purpose {dict(found)}")
    assert not wrong, f"{len(wrong)} cases\n" + "\n".join(wrong[:40])
    assert min(verdicts["refused"], verdicts["taken"]) > COUNT // 10, "cases are one-sided"

"""Thousands of random cases: our verdict, shapes, weights and trainable split against plain Keras's.

`NNSPEC_CASES=5000 pytest tests/ops/test_random_cases.py` draws more. Where we differ on purpose, the
class of difference is named below and listed in docs/differences.md.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import keras
import numpy as np

from nnspec.diagnostics.codes.lowering import NOT_IN_KERAS
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.ops.registry import find_operator
from nnspec.shapes.tensor import TensorType
from tests.ops.oracle import Built, build, lacks_kernel
from tests.ops.random_cases import Case, cases, keras_of

COUNT = int(os.environ.get("NNSPEC_CASES", "2400"))
SEED = int(os.environ.get("NNSPEC_SEED", "1"))


def largest(value: object) -> int:
    return max(value) if isinstance(value, tuple) else int(value)  # type: ignore[call-overload]


def strided_and_dilated(case: Case) -> bool:
    return largest(case.arguments.get("stride", 1)) > 1 and largest(case.arguments.get("dilation", 1)) > 1


#: We refuse what Keras takes: the slug of our error, and when it may differ.
STRICTER: dict[str, Callable[[Case], bool]] = {
    "not-real-numbers": lambda case: case.type.dtype in ("int32", "bool"),
    "not-whole-numbers": lambda case: case.type.dtype == "float32" and case.name == "Embedding",
    "padding-too-large": lambda case: case.name in ("MaxPool", "AvgPool"),
    "output-padding": lambda case: case.arguments.get("padding") == "same",
    "out-of-range": lambda case: case.name in ("Take", "Slice"),
    "nothing-left": lambda case: case.name in ("Slice", "ConvTranspose"),
}

#: We take what Keras refuses, and lower it through other layers or refuse to build it.
FREER: dict[str, Callable[[Case], bool]] = {
    "stride with dilation": lambda case: case.name in ("Conv", "ConvTranspose") and strided_and_dilated(case),
    "pixel shuffle by 1": lambda case: case.name == "PixelShuffle" and case.arguments["n"] == 1,
    "depthwise in three dimensions": lambda case: case.name == "DepthwiseConv" and len(case.type.shape) == 4,
}


def ours(case: Case) -> list[TensorType] | RuleError:
    try:
        found = operator_of(case).infer(case.type)
    except RuleError as error:
        return error
    return list(found) if isinstance(found, tuple) else [found]


def operator_of(case: Case) -> Operator:
    """The operator, texts given as the words that a spec would have."""
    given = {name: Word(value) if isinstance(value, str) else value for name, value in case.arguments.items()}
    made = find_operator(case.name)(**given)
    assert isinstance(made, Operator)
    return made


def theirs(case: Case) -> Built | Exception:
    try:
        return Built(*keras_of(case))
    except Exception as error:  # Keras refuses by whatever exception comes first
        return error


def compare(case: Case) -> str | None:
    """None where all is equal, the class of a difference on purpose, or `!` and what is wrong."""
    mine, keras_found = ours(case), theirs(case)
    if isinstance(mine, RuleError):
        if isinstance(keras_found, Exception):
            return None
        allowed = STRICTER.get(mine.code.slug, lambda case: False)(case)
        return f"stricter: {mine.code.slug}" if allowed else f"! we refuse: {mine.code.slug} {mine.message}"
    if isinstance(keras_found, Exception):
        name = next((name for name, applies in FREER.items() if applies(case)), None)
        if name is None:
            return f"! Keras refuses: {keras_found}"
        return built_alike(case, mine) or f"freer: {name}"
    if keras_found.shapes != [type.shape for type in mine]:
        return f"! shapes {[type.shape for type in mine]}, Keras {keras_found.shapes}"
    if case.type.dtype == "float32" and keras_found.dtypes != [type.dtype for type in mine]:
        return f"! dtypes {[type.dtype for type in mine]}, Keras {keras_found.dtypes}"
    return built_alike(case, mine, keras_found)


def built_alike(case: Case, mine: list[TensorType], keras_found: Built | None = None) -> str | None:
    """Whether what the operator is lowered to is as it says, and as Keras's own layer."""
    operator = operator_of(case)
    try:
        built = build(operator, [case.type])
    except RuleError as error:
        return None if error.code is NOT_IN_KERAS and keras_found is None else f"! not lowered: {error.message}"
    weights = [(weight.name, weight.shape, weight.trainable) for weight in operator.weights(case.type)]
    if built.shapes != [type.shape for type in mine]:
        return f"! lowered to shapes {built.shapes}, inferred {[type.shape for type in mine]}"
    if built.weights != weights or (keras_found is not None and keras_found.weights != weights):
        return f"! weights {weights}, built {built.weights}, Keras {keras_found and keras_found.weights}"
    return None


def test_random_operators_run() -> None:
    """Shapes at run time, where Keras's own shape rules and the framework's might differ."""
    run = lacking = 0
    for case in cases(COUNT // 5, SEED + 1000):
        mine = ours(case)
        if isinstance(mine, RuleError) or case.type.dtype != "float32":
            continue
        if strided_and_dilated(case) and case.name == "ConvTranspose":
            continue  # `build` refuses it
        built = build(operator_of(case), [case.type])
        try:
            found = built.run(np.ones((2, *case.type.shape), "float32"))
        except Exception as error:
            if lacks_kernel(error):
                lacking += 1
                continue
            raise
        parts = found if isinstance(found, list) else [found]
        assert [part.shape[1:] for part in parts] == [type.shape for type in mine], str(case)
        assert [str(part.dtype) for part in parts] == [type.dtype for type in mine], str(case)
        assert all(np.isfinite(part).all() for part in parts), str(case)
        run += 1
    assert run > COUNT // 12
    assert lacking < COUNT // 50


def test_random_cases_agree_with_keras() -> None:
    found: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    wrong = []
    for number, case in enumerate(cases(COUNT, SEED)):
        if number % 500 == 499:
            keras.backend.clear_session()
        result = compare(case)
        verdicts["refused" if isinstance(ours(case), RuleError) else "taken"] += 1
        if result is not None and result.startswith("!"):
            wrong.append(f"{case}: {result[2:300]}")
        elif result is not None:
            found[result] += 1
    print(f"{COUNT} cases, {dict(verdicts)}, differences on purpose {dict(found)}")
    assert not wrong, "\n".join(wrong[:20])
    assert min(verdicts["refused"], verdicts["taken"]) > COUNT // 10, "cases are one-sided"

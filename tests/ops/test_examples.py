"""Every operator's own examples: what it says comes out, and what real Keras says."""

from __future__ import annotations

import pytest

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.catalogue import families
from nnspec.ops.operator import Example, Operator
from tests.ops.oracle import build, read

FAMILIES = ("conv", "conv_transpose", "conv_recurrent", "dense", "pool", "recurrent", "resample", "select", "shape")
CASES = [
    (made, example)
    for family, operators in families().items()
    if family in FAMILIES
    for made in operators
    for example in made.examples
]


def shapes_of(found: object) -> list[tuple[object, ...]]:
    types = found if isinstance(found, tuple) else (found,)
    return [type.shape for type in types]  # type: ignore[attr-defined]


def infer_all(spec: str) -> None:
    source, *stages = read(spec)
    arriving = source.infer()
    for stage in stages:
        arriving = stage.infer(arriving)


@pytest.mark.parametrize(("made", "example"), CASES, ids=[example.spec for _, example in CASES])
def test_example(made: type[Operator], example: Example) -> None:
    if example.fails is not None:
        with pytest.raises(RuleError) as caught:
            infer_all(example.spec)
        assert caught.value.code.slug == example.fails
        return
    source, stage = read(example.spec)
    assert isinstance(stage, made)
    x = source.infer()
    y = stage.infer(x)
    expected = example.shape if example.shape and isinstance(example.shape[0], tuple) else (example.shape,)
    assert tuple(shapes_of(y)) == expected
    found = build(stage, [x])
    assert found.shapes == shapes_of(y)
    assert found.weights == [(weight.name, weight.shape, weight.trainable) for weight in stage.weights(x)]
    assert found.dtypes == [type.dtype for type in (y if isinstance(y, tuple) else (y,))]


def test_every_operator_has_an_example_that_holds() -> None:
    without = [made.__name__ for made, _ in CASES if not any(example.fails is None for example in made.examples)]
    assert not without

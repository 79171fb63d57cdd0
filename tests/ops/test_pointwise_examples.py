"""The examples of operators that may take several tensors, or none, by our rules and by real Keras."""

from __future__ import annotations

from importlib import import_module

import pytest

from nnspec.backends.keras_build import build as build_model
from nnspec.backends.lower import lower
from nnspec.diagnostics.diagnostic import Diagnostics, RuleError
from nnspec.ops.operator import Example, Operator
from nnspec.ops.registry import find_operator
from tests.ops.oracle import build, read
from tests.program.checking import check

FAMILIES = (
    *("source", "activation", "norm", "regularization", "merge", "attention", "position"),
    *("augment", "graph_conv", "preprocess"),
)
OPERATORS: list[type[Operator]] = [
    value
    for family in FAMILIES
    for value in vars(import_module(f"nnspec.ops.{family}")).values()
    if isinstance(value, type) and issubclass(value, Operator) and value.__dict__.get("examples")
]
EXAMPLES = [(made, example) for made in OPERATORS for example in made.examples]
WHOLE = [example for _, example in EXAMPLES if "{" in example.spec or " as " in example.spec]
CHAINS = [(made, example) for made, example in EXAMPLES if example not in WHOLE]


def through(flow: str) -> tuple[Operator, list[object]]:
    """The last operator of a chain, and the types that arrive at it and leave it."""
    *stages, last = read(flow)
    arriving: list[object] = []
    for stage in stages:
        arriving = [stage.infer(*arriving)]
    return last, [*arriving, last.infer(*arriving)]


@pytest.mark.parametrize(("made", "example"), CHAINS, ids=[example.spec for _, example in CHAINS])
def test_example_of_a_chain(made: type[Operator], example: Example) -> None:
    if example.fails is not None:
        with pytest.raises(RuleError) as caught:
            through(example.spec)
        assert caught.value.code.slug == example.fails
        return
    operator, [*inputs, output] = through(example.spec)
    assert isinstance(operator, made)
    assert output.shape == example.shape
    if not operator.is_source:
        found = build(operator, inputs)
        assert found.shapes == [output.shape]
        assert found.dtypes == [output.dtype]
        assert found.weights == [(w.name, w.shape, w.trainable) for w in operator.weights(*inputs)]


@pytest.mark.parametrize("example", WHOLE, ids=[example.spec for example in WHOLE])
def test_example_that_is_no_chain(example: Example) -> None:
    checked = check(example.spec + "\n")
    if example.fails is not None:
        assert checked.only().code.slug == example.fails
        return
    assert checked.errors == []
    assert checked.shape == example.shape
    lowered = lower(checked.graph, Diagnostics())
    assert lowered is not None
    model = build_model(lowered)
    assert model.output_shape == (None, *checked.shape)
    assert model.count_params() == checked.counts.params


def test_every_operator_has_an_example_that_holds_and_is_found_by_name() -> None:
    for made in OPERATORS:
        assert any(example.fails is None for example in made.examples), made
        assert find_operator(made.__name__) is made
        for alias in made.aliases:
            assert find_operator(alias) is made


def test_no_option_is_left_without_documentation_and_no_operator_without_a_source() -> None:
    for made in OPERATORS:
        assert all(declared.doc for declared in made.params.values()), made
        assert "Shape:" in str(made.__doc__), made
        assert "Source:" in str(made.__doc__), made

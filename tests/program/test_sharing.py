"""One set of weights: counted once, only what reaches an output, and told by its place; counts by hand."""

from __future__ import annotations

import pytest

from nnspec.analysis.cost import operator_cost
from nnspec.program.graph import flatten
from tests.program.checking import check, sound

SHARED = {
    # 3 x 3 x 3 x 4 + 4 = 112 a convolution; FC(2) of 4: 10
    "each use needs another half": (
        "shared T = { for i in range(2): Conv(4, 3, padding=same) }\na = Input(8, 8, 3)\nb = Input(8, 8, 3)\n"
        "p, q = a -> T\nr, s = b -> T\nAdd{ p | s } -> GAP -> FC(2)\n",
        2 * 112 + 10,
    ),
    "no use needs the second half": (
        "shared T = { Conv(4, 3) | Conv(8, 5) }\na = Input(8, 8, 3)\np, q = a -> T\np -> GAP -> FC(2)\n",
        112 + 10,
    ),
    # 1 x 1 x 3 x 4 + 4 = 16 a convolution, 4 x 4 a normalisation
    "shorthands of two branches": (
        "default Conv(norm=batch)\nshared T = { Conv(4, 1) | Conv(4, 1) }\na = Input(8, 8, 3)\nb = Input(8, 8, 3)\n"
        "p, q = a -> T\nr, s = b -> T\nAdd{ p | s } -> GAP -> FC(2)\n",
        2 * (16 + 16) + 10,
    ),
    # FC(8) of 8: 72, each turn its own, whatever the turns are used for
    "turns in a shared part, used twice": (
        "shared T = FC(8) x 3\na = Input(8)\nAdd{ a -> T | a -> T -> T } -> FC(1)\n",
        3 * 72 + 9,
    ),
    "a shared part inside another": (
        "shared Inner = FC(8)\nshared Outer = Inner -> FC(8) -> Inner\nInput(8) -> Outer -> Inner -> Outer\n",
        2 * 72,
    ),
    "two sizes of one part": (
        "shared T = [Conv(4, 3, padding=same) -> Pool if in.height > 4] x 2 -> GAP\na = Input(8, 8, 4)\n"
        "b = Input(16, 16, 4)\nAdd{ a -> T | b -> T }\n",
        2 * (3 * 3 * 4 * 4 + 4),
    ),
}


@pytest.mark.parametrize("title", SHARED)
def test_a_shared_set_counts_once(title: str) -> None:
    text, params = SHARED[title]
    checked = sound(text)
    assert checked.counts.params == params
    graph = flatten(checked.model)
    own = [layer for layer in graph.layers if layer.shares is None]
    types = [[graph.type_of(port) for port in layer.inputs] for layer in own]
    assert (
        sum(
            operator_cost(layer.operator, given, list(layer.types)).params
            for layer, given in zip(own, types, strict=True)
        )
        == params
    )


EXACT = {
    "true is not 1": "block B(a) = Conv(4, 1, act=a)\nInput(8, 8, 4) -> B(leaky_relu(1)) -> B(leaky_relu(true))\n",
    "1.0 is not 1": "block B(a) = FC((2^53 + 1) * a - 2^53)\nInput(8) -> B(1) -> B(1 ^ 0.5)\n",
}


@pytest.mark.parametrize("title", EXACT)
def test_regions_of_unequal_values_are_not_shared(title: str) -> None:
    assert [found.code.slug for found in check(EXACT[title]).found] == ["bad-argument"]


RANKS = {
    "beside each other": "shared S = BN\na = Input(8, 6, 2) -> S\nb = Input(8, 2) -> S\noutput a, b\n",
    "inside TimeDistributed and outside": "shared S = BN\nInput(8, 6, 2) -> TimeDistributed{ S } -> S\n",
}


@pytest.mark.parametrize("title", RANKS)
def test_a_layer_that_keeps_to_one_rank_is_not_shared_between_two(title: str) -> None:
    """Keras's batch normalisation takes as many axes as its first input had."""
    [found] = check(RANKS[title]).found
    assert found.code.slug == "unequal-shares"
    assert "axes" in found.message
    assert "over 3 axes" in found.label + found.labels[0].text


def test_time_steps_and_single_examples_of_one_rank_share() -> None:
    text = "shared S = BN\nx = Input(5, 8, 2) -> TimeDistributed{ S }\ny = Input(8, 2) -> S\noutput x, y\n"
    assert sound(text).counts.params == 8

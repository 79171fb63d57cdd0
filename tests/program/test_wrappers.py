"""Wrappers: what their flows see, what they cost, what their faults say; by hand counts and by Keras."""

from __future__ import annotations

import pytest

from tests.program.checking import check


def counted(spec: str) -> tuple[object, object, int]:
    found = check(spec).counts
    return found.params, found.macs, found.layers


def shape(spec: str) -> tuple[object, ...]:
    return check(spec).shape


# Each step of a sequence.


def test_the_flow_sees_one_step() -> None:
    spec = "Input(5, 8, 8, 3) -> TimeDistributed{ Conv(in.channels * 2, 3) : (6, 6, 6) -> FC(_.channels) }"
    assert shape(spec) == (5, 3)


def test_costs_are_those_of_all_steps_with_one_set_of_weights() -> None:
    # 3 x 3 x 3 x 4 + 4 weights, 6 x 6 x 4 positions of 27 products; then 144 x 10 + 10; five steps.
    spec = "Input(5, 8, 8, 3) -> TimeDistributed{ Conv(4, 3) -> ReLU -> FC(10) }"
    assert counted(spec) == (112 + 1450, 5 * (36 * 4 * 27 + 1440), 3)


def test_steps_within_steps() -> None:
    spec = "Input(2, 3, 8) -> TimeDistributed{ TimeDistributed{ Dense(4) } : (3, 4) -> FC(5) }"
    assert shape(spec) == (2, 5)
    assert counted(spec) == (36 + 65, 2 * 3 * 32 + 2 * 60, 2)


def test_an_open_number_of_steps() -> None:
    assert str(counted("Input(T, 6) -> TimeDistributed{ Dense(4) -> Dense(2) }")[1]) == "T * 32"


def test_a_block_is_not_confused_with_its_use_outside() -> None:
    spec = "block B = Dense(4)\nInput(5, 4) -> B -> TimeDistributed{ B } -> B"
    assert counted(spec) == (60, 240, 3)


def test_repeats_and_branches_inside() -> None:
    spec = "Input(7, 4) -> TimeDistributed{ Residual{ Dense(4) -> ReLU } x 3 -> Concat{ _ | Dense(2) } }"
    assert shape(spec) == (7, 6)
    assert counted(spec)[0] == 3 * 20 + 10


def test_learned_tensors_inside_are_one_for_all_steps() -> None:
    spec = "Input(7, 4) -> TimeDistributed{ Add{ _ | Weight(4) } }"
    assert counted(spec) == (4, 0, 2)


def test_several_tensors() -> None:
    spec = "Input(7, 4) -> { _ | Dense(3) } -> TimeDistributed{ Concat -> { Dense(2) | Dense(5) } } -> Concat"
    assert shape(spec) == (7, 7)


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        ("Input(5, 4) as x -> TimeDistributed{ Add{ _ | x } }", "NN201", "nothing here is called `x`"),
        ("Input(5, 4) -> TimeDistributed{ Dense(3) as y } -> Add{ _ | y }", "NN201", "nothing here is called `y`"),
        ("Input(5, 4) -> TimeDistributed", "NN409", "TimeDistributed needs braces with one flow"),
        (
            "Input(5, 4) -> TimeDistributed{ Dense(3) | Dense(4) }",
            "NN409",
            "TimeDistributed needs braces with one flow",
        ),
        ("Input(4) -> Take(0) -> TimeDistributed{ ReLU }", "NN303", "there is no axis of steps"),
        (
            "Input(5, 4) -> { _ | Slice(0, 3) } -> TimeDistributed{ Concat }",
            "NN305",
            "the tensors have other numbers of steps",
        ),
        (
            "Input(5, 4) -> WeightNorm{ ReLU }",
            "NN410",
            "there is no dense or convolution operator in this flow to wrap",
        ),
        (
            "Input(5, 4) -> TimeDistributed{ Input(3) }",
            "NN404",
            "blocks, shared parts, wrappers and repeats hold no `Input`",
        ),
        ("Input(5, 4, 4) -> TimeDistributed{ Pool(9) }", "NN301", "the window is longer than its input"),
    ],
)
def test_faults(spec: str, code: str, message: str) -> None:
    error = check(spec).only()
    assert (error.code.number, error.message) == (code, message)


# Wrappers of kernels.


def test_weight_norm_adds_a_length_for_each_output() -> None:
    assert counted("Input(8) -> WeightNorm{ Dense(3) -> ReLU -> Dense(2) }") == (27 + 3 + 8 + 2, 30, 3)


def test_spectral_norm_keeps_a_vector_that_is_not_trained() -> None:
    found = check("Input(8, 8, 3) -> SpectralNorm{ Conv(4, 3) }").counts
    assert (found.params, found.trainable_params) == (112 + 4, 112)


def test_shorthands_and_blocks_inside_are_wrapped_too() -> None:
    spec = "block B(n) = Dense(n, norm=batch, act=relu)\nInput(8) -> WeightNorm{ B(4) -> B(4) }"
    assert counted(spec) == (36 + 4 + 16 + 20 + 4 + 16, 48, 6)


def test_one_block_inside_and_outside_a_wrapper() -> None:
    spec = "block B = Dense(8)\nInput(8) -> B -> WeightNorm{ B } -> B -> SpectralNorm{ B }"
    assert counted(spec)[0] == 72 * 4 + 8 + 8


def test_a_shared_part_is_wrapped_everywhere_or_nowhere() -> None:
    error = check("shared T = Dense(8)\nInput(8) -> T -> WeightNorm{ T }").only()
    assert error.code.slug == "unequal-shares"


def test_a_shared_part_inside_and_outside_steps_has_one_set_of_weights() -> None:
    spec = "shared T = Dense(4)\nInput(5, 4) -> T -> TimeDistributed{ T -> ReLU } -> T"
    assert counted(spec) == (20, 3 * 80, 4)


# The transposed table.

TABLE = "shared Table = Embedding(100, 16)\n"


def test_a_table_read_both_ways_counts_once() -> None:
    spec = TABLE + "Input(7, dtype=int32) -> Table -> Unembed(Table)"
    assert shape(spec) == (7, 100)
    assert counted(spec) == (1600, 7 * 1600, 2)


def test_a_table_that_is_only_read_backwards() -> None:
    assert counted(TABLE + "Input(16) -> Unembed(Table)") == (1600, 1600, 1)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (TABLE + "Input(16) -> Unembed(Tabel)", "`Tabel` names no shared part"),
        (TABLE + "Input(16) -> Unembed", "Unembed takes the name of a shared part"),
        (TABLE + "Input(15) -> Unembed(Table)", "what arrives is not as wide as the vectors of the table"),
        ("block Table = Embedding(9, 4)\nInput(4) -> Unembed(Table)", "`Table` is no shared part"),
        ("shared Table = Dense(4)\nInput(4) -> Unembed(Table)", "`Table` is not one `Embedding`"),
        (
            "shared Table = Embedding(9, 4) -> Dense(3)\nInput(4) -> Unembed(Table)",
            "`Table` is not one `Embedding`",
        ),
    ],
)
def test_faults_of_tables(spec: str, message: str) -> None:
    assert check(spec).only().message == message


# Wrappers in wrappers.


def test_norms_of_kernels_reach_into_steps() -> None:
    # 8 x 4 + 4 and 4 x 3 + 3 weights, and a length for each of 4 and 3 units.
    spec = "Input(5, 8) -> WeightNorm{ TimeDistributed{ Dense(4) } -> Dense(3) }"
    assert counted(spec) == (36 + 4 + 15 + 3, 5 * (32 + 12), 2)


@pytest.mark.parametrize(
    ("flow", "outer", "inner"),
    [
        ("Bidirectional(merge_mode=sum){ Bidirectional{ LSTM(3) } }", "Bidirectional", "Bidirectional"),
        ("WeightNorm{ SpectralNorm{ Dense(4) } -> Dense(3) }", "WeightNorm", "SpectralNorm"),
        ("SpectralNorm(power_iterations=2){ SpectralNorm{ Dense(3) } }", "SpectralNorm", "SpectralNorm"),
        ("SpectralNorm{ TimeDistributed{ WeightNorm{ Dense(3) } } }", "SpectralNorm", "WeightNorm"),
    ],
)
def test_no_wrapper_is_ignored_around_another(flow: str, outer: str, inner: str) -> None:
    found = check(f"Input(5, 8) -> {flow}").only()
    assert (found.code.number, found.span.text) == ("NN410", inner)
    assert f"{outer} stands around already" in found.message


def test_the_ways_to_join_both_directions_are_listed_whole() -> None:
    found = check("Input(10, 8) -> Bidirectional(merge_mode=add){ LSTM(16) }").only()
    assert found.message == "`merge_mode` expects `concat`, `sum`, `mul`, `ave` or `none`, not add"
    for way in ("concat", "sum", "mul", "ave", "none"):
        assert check(f"Input(10, 8) -> Bidirectional(merge_mode={way}){{ LSTM(16) }}").errors == []

"""A broken budget says where it is spent: by hand, and against a count layer by layer."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from nnspec.analysis.layers import layer_rows
from nnspec.analysis.spending import notes_on
from tests.effort import effort
from tests.program.checking import check

NOTE = re.compile(r"([\d.]+) % of (.+?), ([\d,]+), in (.+)")


def notes(text: str) -> list[str]:
    (error,) = [found for found in check(text).found if found.code.slug == "broken-expect"]
    return list(error.notes)


def test_params_by_hand() -> None:
    """(8 + 1) * 64, twice (64 + 1) * 64, (64 + 1) * 10."""
    assert notes("Input(8) -> FC(64) -> FC(64) x 2\n-> FC(10)\nexpect params <= 1K") == [
        "87.2 % of params, 8,320, in `FC(64)`, line 1, 2 times",
        "6.8 % of params, 650, in `FC(10)`, line 2",
        "6.0 % of params, 576, in `FC(64)`, line 1",
    ]


def test_a_million_turns_cost_no_more() -> None:
    text = "Input(8) -> FC(8) x {}\nexpect params <= 1"
    assert notes(text.format(1_000_000)) == ["100.0 % of params, 72,000,000, in `FC(8)`, line 1, 1,000,000 times"]
    assert effort(lambda: notes(text.format(1_000_000))) < 1.2 * effort(lambda: notes(text.format(10)))


def test_a_shared_part_is_counted_once_and_whole() -> None:
    text = "shared T = FC(8) -> FC(8)\na = Input(8)\nb = Input(8)\nAdd{ a -> T | b -> T } -> FC(1)\nexpect params <= 1"
    assert notes(text) == ["94.1 % of params, 144, in `T`, line 4", "5.9 % of params, 9, in `FC(1)`, line 4"]
    assert notes(text.replace("params", "macs"))[:2] == [
        "48.5 % of macs, 128, in `FC(8)`, line 1, 2 times",
        "48.5 % of macs, 128, in `FC(8)`, line 1, 2 times",
    ]


def test_activations_of_branches() -> None:
    """Four bytes each: 4 x 4 x 5, 4 x 4 x 3 and 4 x 4 x 2."""
    assert notes("Input(4, 4, 2) -> Concat{ Conv(3, 1) | ReLU }\nexpect activation_bytes <= 10") == [
        "50.0 % of activation_bytes, 320, in `Concat`, line 1",
        "30.0 % of activation_bytes, 192, in `Conv(3, 1)`, line 1",
        "20.0 % of activation_bytes, 128, in `ReLU`, line 1",
    ]


def test_of_one_model_of_several() -> None:
    text = "model A = Input(8) -> FC(4)\nmodel B = Input(8) -> FC(5) -> FC(6)\nexpect B.params <= 10"
    assert notes(text) == [
        "55.6 % of params, 45, in `FC(5)`, line 2",
        "44.4 % of params, 36, in `FC(6)`, line 2",
    ]


def test_the_receptive_field_says_where_it_stops() -> None:
    """3, then 1 more by the pool, then 2 * 2 more at its stride; a 1 x 1 convolution adds nothing."""
    text = "Input(32, 32, 1) -> Conv(4, 3) -> Pool -> Conv(5, 3) -> Conv(8, 1)\nexpect receptive_field >= 64"
    assert notes(text) == [
        "it grows last in `Conv(5, 3)`, line 1, to 8",
        "4 of it come from `Conv(5, 3)`, line 1",
        "2 of it come from `Conv(4, 3)`, line 1",
    ]


def test_depth_is_that_of_the_longest_path() -> None:
    text = "Input(8) -> Add{ (FC(8) -> ReLU) x 3\n| FC(8) } -> FC(2)\nexpect depth <= 3"
    assert notes(text) == [
        "37.5 % of layers on the longest path, 3, in `FC(8)`, line 1, 3 times",
        "37.5 % of layers on the longest path, 3, in `ReLU`, line 1, 3 times",
        "12.5 % of layers on the longest path, 1, in `Add`, line 1",
    ]


def test_what_open_sizes_take_has_no_shares() -> None:
    assert notes("Input(H, 8, 3) -> Conv(4, 1)\nexpect layers < 1 and macs >= 0")[0].startswith("100.0 % of layers")
    assert notes("Input(H, 8, 3) -> Conv(4, 1)\nexpect layers * (macs - macs + 1) < 1") == [
        "100.0 % of layers, 1, in `Conv(4, 1)`, line 1"
    ]


def test_where_nothing_is_spent_nothing_is_said() -> None:
    assert notes("Input(8) -> ReLU\nexpect params >= 3") == []
    assert notes("Input(8) -> ReLU\nexpect receptive_field >= 3") == []
    assert notes("Input(8) -> Identity\nexpect depth >= 3") == []


def test_kept_promises_are_not_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnspec.analysis.spending.notes_on", lambda *_: pytest.fail("nobody asked"))
    assert not check("Input(8) -> FC(3)\nexpect params <= 27").errors


BLOCKS = """
default Conv(padding=same)
block Down(c, n) = [Conv(c, 3, norm=batch, act=relu) -> Residual{ Conv(c, 3) }] x n -> Pool
Input(32, 32, 3) -> [Down(8 * 2^i, i + 1)] for i in range(3) -> Concat{ Down(9, 2) | Conv(3, 1) -> Pool | Pool }
-> Bidirectional{ LSTM(5) } if false -> GlobalAvgPool -> FC(3) x 2
"""


@pytest.mark.parametrize("quantity", ["params", "trainable_params", "macs", "layers", "activation_bytes"])
def test_layer_by_layer(quantity: str) -> None:
    """The same sums by place as those of the table that lists every layer."""
    checked = check(BLOCKS)
    by_place: Counter[tuple[int, int]] = Counter()
    for layer, row in zip(checked.graph.layers, layer_rows(checked.graph), strict=True):
        counted = int(layer.operator.is_layer) if quantity == "layers" else getattr(row, quantity)
        by_place[row.span.start, row.span.end] += counted
    whole = getattr(checked.counts, quantity)
    expected = [amount for _, amount in by_place.most_common(3) if amount >= whole / 1_000]
    for note, amount in zip(notes_on(checked.model, quantity), expected, strict=True):
        found = NOTE.fullmatch(note)
        assert found is not None
        assert int(found[3].replace(",", "")) == amount
        assert abs(float(found[1]) - 100 * amount / whole) <= 0.05

"""Receptive fields, held against the inputs that really change an output: tried one by one, in Keras."""

from __future__ import annotations

import os
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from nnspec.analysis.field import AxisField
from nnspec.analysis.layers import LayerRow, layer_rows
from tests.effort import effort
from tests.ops.by_spec import model_of
from tests.program.checking import sound

CASES = int(os.environ.get("NNSPEC_CASES", "40"))
SEED = int(os.environ.get("NNSPEC_SEED", "1"))

LENGTH = 96


def rows_of(text: str) -> list[LayerRow]:
    return list(layer_rows(sound(text).graph))


def field_of(text: str) -> tuple[AxisField, ...]:
    """The field of a spec's last layer."""
    field = rows_of(text)[-1].field
    assert field is not None
    return field


def seen(text: str, axis: int = 0) -> list[tuple[int, int] | None]:
    """Per output position of an axis, in the middle of the others, the first and the last input that changes it.

    All weights are positive, so nothing cancels; the change is large, so it is the largest of any window.
    """
    model = model_of(text)
    model.set_weights([np.full(weight.shape, 0.5, "float32") for weight in model.weights])
    shape = tuple(model.inputs[0].shape[1:])
    tries = np.ones((shape[axis] + 1, *shape), "float32")
    for place in range(shape[axis]):
        tries[(place + 1, *(slice(None),) * axis, place)] += 10_000
    found = np.asarray(model(tries))
    middle = tuple(slice(None) if at == axis else size // 2 for at, size in enumerate(found.shape[1:-1]))
    out = found[(slice(None), *middle)].reshape(len(found), found.shape[axis + 1], -1)
    changed = ~np.isclose(out[1:], out[:1], rtol=1e-6, atol=0).all(axis=-1)
    places = [np.flatnonzero(changed[:, at]) for at in range(changed.shape[1])]
    return [(int(each.min()), int(each.max())) if len(each) else None for each in places]


def agrees(text: str, period: int, axis: int = 0) -> bool:
    """Hold the field against the inputs that change the middle outputs, over one period; False where it is too wide."""
    found, field = seen(text, axis), field_of(text)[axis]
    start = len(found) // 2 // period * period
    spans = found[start : start + period]
    margin = LENGTH // 8
    size = sound(text).graph.layers[0].types[0].shape[axis]
    if any(span is not None and not margin <= span[0] <= span[1] < size - margin for span in spans):
        return False  # it reaches into the padding, or nearly
    widths = [last - first + 1 for first, last in filter(None, spans)]
    assert field.size == max(widths, default=0), (text, spans, field)
    assert field.stride is not None, (text, field)
    first = next((span[0] for span in spans if span is not None), None)
    if first is not None:
        assert first == field.offset + field.stride * start, (text, spans, field)
    later = found[start + period : start + 2 * period]
    if len(later) == period and None not in later and None not in spans:
        moves = {b[0] - a[0] for a, b in zip(filter(None, spans), filter(None, later), strict=True)}
        assert moves == {field.stride * period}, (text, spans, later, field)
    return True


def test_of_every_kind_of_stage() -> None:
    stages = {
        "Conv(1, 3)": 1,
        "Conv(1, 4, padding=same)": 1,
        "Conv(1, 4, stride=3, padding=same)": 1,
        "Conv(1, 3, dilation=3, padding=causal)": 1,
        "DepthwiseConv(3, padding=(2, ))": 1,
        "SeparableConv(1, 5, padding=((3, 0),))": 1,
        "MaxPool(3, 2, 1)": 1,
        "AvgPool(5, 2, padding=same)": 1,
        "ConvTranspose(1, 3, stride=2)": 2,
        "ConvTranspose(1, 4, stride=2, padding=same)": 2,
        "ConvTranspose(1, 5, stride=3, padding=same)": 3,
        "ConvTranspose(1, 5, stride=3, padding=2, output_padding=1)": 3,
        "ConvTranspose(1, 3, stride=2, padding=same, output_padding=1)": 2,
        "ConvTranspose(1, 2, stride=3)": 3,  # every third position sees nothing
        "UpSample(3)": 3,
        "ZeroPad(((5, 2),))": 1,
        "Crop(((3, 1),))": 1,
        "Slice(7, -2)": 1,
    }
    for stage, period in stages.items():
        assert agrees(f"Input({LENGTH}, 1) -> Conv(1, 2) -> {stage}", period), stage
        assert agrees(f"Input({LENGTH}, 1) -> {stage} -> Conv(1, 3, padding=((2, 0),))", period), stage


@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
def test_of_interpolation(method: str) -> None:
    for stage, period in ((f"UpSample(3x2, interpolation={method})", 3), (f"Resize(40, 6, interpolation={method})", 5)):
        assert agrees(f"Input({LENGTH}, 4, 1) -> {stage} -> Conv(1, 2x1)", period), stage


def widest(text: str, axis: int = 0) -> int:
    """The most inputs from the first to the last that change any one output."""
    return max(last - first + 1 for first, last in filter(None, seen(text, axis)))


@pytest.mark.parametrize(
    "flow",
    [
        "Resize(61, 4) -> Conv(1, 2x1) -> Resize(73, 4)",  # all but the first come round again after 61 * 73 positions
        "Resize(61, 4, interpolation=nearest) -> Conv(1, 3x1) -> Resize(73, 4) -> Conv(1, 3x1, stride=2x1)",
        "Add{ Resize(61, 4) -> Conv(1, 2x1) -> Resize(83, 4) | Resize(83, 4) }",
        "Resize(61, 4) -> Resize(83, 4) -> Residual{ Conv(1, 3x1, padding=same) } -> Resize(47, 4)",
        "UpSample(5000x1) -> Conv(1, 2x1) -> MaxPool(5000x1)",
    ],
)
def test_of_periods_that_are_not_written_down(flow: str) -> None:
    text = f"Input({LENGTH}, 4, 1) -> Conv(1, 2x1) -> {flow} -> Conv(1, 2x1)"
    if "5000" in flow:  # every position 5,000 times, of which a window of that many after one of two sees two
        assert field_of(text)[0] == AxisField(1 + 2 + 1, Fraction(1), 0)
    else:
        assert field_of(text)[0].size == widest(text)
    sound(f"{text}\nexpect receptive_field == {field_of(text)[0].size}")


@pytest.mark.parametrize(
    "stage", ["AvgPool(12x4) -> Resize(5, 4)", "AvgPool(6x4) -> UpSample(3, interpolation=bicubic)"]
)
def test_past_its_end_an_axis_has_no_more_positions(stage: str) -> None:
    text = f"Input(12, 4, 1) -> {stage} -> Conv(1, 2x1)"
    assert field_of(text)[0].size == widest(text) == 12


@pytest.mark.parametrize("parts", [7, 36, 130])
def test_of_an_axis_cut_into_parts(parts: int) -> None:
    text = f"Input({LENGTH}, 1) -> Conv(1, 3) -> AdaptiveAvgPool({parts}) -> Conv(1, 2)"
    assert field_of(text)[0].size == widest(text)
    assert field_of(text)[0].stride == Fraction(LENGTH - 2, parts)


def test_the_wide_of_a_block_may_see_less_than_the_narrow() -> None:
    wide, narrow = "Conv(1, 4, stride=4)", "Slice(2, 100) -> Conv(1, 3, stride=4)"
    assert [widest(f"Input(32, 1) -> UpSample(4) -> {flow}") for flow in (wide, narrow)] == [1, 2]
    block = f"block T = Concat{{ {wide} -> GlobalMaxPool | {narrow} -> GlobalMaxPool }}"
    sound(f"{block}\nInput(32, 1) -> UpSample(4) -> T\nexpect receptive_field == 2")


def test_of_parts() -> None:
    x = f"x = Input({LENGTH}, 1) -> Conv(1, 3)\na, b = x -> Split(2, axis=0)\n"
    assert field_of(f"{x}b -> Conv(1, 3)") == (AxisField(5, Fraction(1), 47),)
    assert agrees(f"Input({LENGTH}, 4, 1) -> CenterCrop(81, 2) -> Conv(1, 4x1, padding=same)", 1)


def _stage(draw: random.Random) -> tuple[str, int]:
    """A random stage, and how many times longer it makes the axis at most."""
    kind = draw.randrange(10)
    k, s = draw.randint(1, 4), draw.randint(1, 2)
    pad = draw.choice(["valid", "same", "causal", f"(({draw.randint(0, 3)}, {draw.randint(0, 3)}),)"])
    if kind < 4:
        more = f", dilation={draw.randint(2, 3)}" if s == 1 and draw.random() < 0.4 else f", stride={s}"
        return f"Conv(1, {k}{more}, padding={pad})", 1
    if kind < 6:
        name = draw.choice(["MaxPool", "AvgPool"])
        return f"{name}({k}, {s}, padding={draw.choice(['valid', 'same'])})", 1
    if kind == 6:
        return f"ConvTranspose(1, {s + draw.randint(0, 2)}, stride={s}, padding={draw.choice(['valid', 'same'])})", s
    if kind == 7:
        return f"UpSample({s})", s
    if kind == 8:
        return f"Crop((({draw.randint(0, 3)}, {draw.randint(0, 3)}),))", 1
    return f"ZeroPad((({draw.randint(0, 2)}, {draw.randint(0, 2)}),))", 1


def _flow(draw: random.Random, depth: int) -> tuple[str, int]:
    """A random flow; branches have stages of stride 1 and are cut to one length, at either end."""
    stages: list[str] = []
    longer = 1
    for _ in range(draw.randint(1, 4)):
        if depth and draw.random() < 0.35:
            stages.append(_branches(draw))
        else:
            stage, times = _stage(draw)
            stages.append(stage)
            longer *= times
    return " -> ".join(stages), longer


def _branches(draw: random.Random) -> str:
    """Two or three branches that take `cut` positions each, as they like."""
    cut = draw.randint(2, 6)
    branches: list[str] = []
    for _ in range(draw.randint(2, 3)):
        left, stages = cut, []
        while left:
            taken = draw.randint(1, left)
            before = draw.randint(0, taken)
            windows = [f"Conv(1, {taken + 1})", f"MaxPool({taken + 1}, 1)", f"Crop((({before}, {taken - before}),))"]
            if taken % 2 == 0:
                windows.append(f"Conv(1, {taken // 2 + 1}, dilation=2)")
            stages += [draw.choice(windows), draw.choice(["Identity", "ReLU", "Conv(1, 3, padding=same)"])]
            left -= taken
        branches.append(" -> ".join(stages))
    return f"{draw.choice(['Add', 'Maximum', 'Concat'])}{{ {' | '.join(branches)} }}"


def test_of_random_networks() -> None:
    draw, held = random.Random(SEED), 0
    for _ in range(50 * CASES):
        flow, longer = _flow(draw, 1)
        text = f"Input({LENGTH}, 1) -> {flow}"
        checked = sound_or_none(text)
        if checked is None or longer > 8 or checked[0] < 3 * longer or checked[0] > 4 * LENGTH:
            continue
        held += agrees(text, longer)
        if held == CASES:
            return
    pytest.fail(f"only {held} of {CASES} networks are narrow enough")


def sound_or_none(text: str) -> tuple[Any, ...] | None:
    """The output's shape; None where a window does not fit."""
    from tests.program.checking import check

    checked = check(text)
    return None if checked.errors else checked.shape


def test_each_axis_has_its_own() -> None:
    text = "Input(64, 48, 1) -> Conv(1, 3x4, stride=(2, 1), padding=same) -> MaxPool(2x3) -> Conv(1, 2x3, padding=same)"
    field = field_of(text)
    assert [axis.stride for axis in field] == [4, 3]
    for axis, period in ((0, 1), (1, 1)):
        spans = seen(text, axis)
        at = len(spans) // 2
        first = field[axis].offset + at * field[axis].stride  # type: ignore[operator]
        assert spans[at : at + period] == [(first, first + field[axis].size - 1)]


# Where paths meet.

UNALIGNED = {
    "a window about the middle, and nothing": ("Add{ Conv(1, 3, padding=same) | _ }", None),
    "windows of several sizes": ("Concat{ Conv(1, 1) | Conv(1, 3, padding=1) | MaxPool(5, 1, 2) }", None),
    "a window that looks back, and nothing": ("Add{ Conv(1, 3, padding=causal) | _ }", "centres"),
    "an even window": ("Add{ Conv(1, 4, padding=same) | Conv(1, 3, padding=same) }", "centres"),
    "both strided, of an even length": ("Add{ Conv(1, 3, stride=2, padding=same) | Conv(1, 1, stride=2) }", "centres"),
    "both strided, padded alike": ("Add{ Conv(1, 3, stride=2, padding=1) | Conv(1, 1, stride=2) }", None),
    "one strided, the other cut": ("Add{ Conv(1, 1, stride=2) | Slice(0, 48) }", "strides"),
    "down and up again": ("Add{ MaxPool(2) -> UpSample(2) | _ }", None),
    "all of it, and nothing": ("Add{ SelfAttention(1) | _ }", None),
}  # fmt: skip


@pytest.mark.parametrize("title", UNALIGNED)
def test_paths_that_meet(title: str) -> None:
    flow, expected = UNALIGNED[title]
    flow = flow.replace("SelfAttention(1)", "MultiHeadAttention(1)")
    row = rows_of(f"Input({LENGTH}, 1) -> {flow}")[-1]
    assert row.unaligned == expected


def test_paths_of_other_strides_are_united_where_they_lie() -> None:
    text = f"Input({LENGTH}, 1) -> Add{{ Conv(1, 3, stride=2) | Slice(10, 57) }}"
    (field,) = field_of(text)
    spans = [span for span in seen(text) if span is not None]
    assert field == AxisField(max(last - first + 1 for first, last in spans), None, spans[0][0])


def test_a_gate_of_one_column_is_seen_by_all() -> None:
    (rows, columns) = field_of("Input(16, 8, 2) -> Multiply{ _ | Conv(2, 1x8) }")
    assert (rows.size, rows.stride, columns.size, columns.stride) == (1, 1, 8, 0)


# Repeats, and sizes that are open.


def test_many_turns_cost_what_few_do() -> None:
    turn = "Add{ Conv(4, 4, padding=same) -> MaxPool(2) -> UpSample(2) | _ }"

    def work(turns: int) -> int:
        return effort(lambda: sound(f"Input(64, 4) -> {turn} x {turns}\nexpect receptive_field > 1"))

    assert work(1_000_000) < 2 * work(1_000)


def test_turns_counted_one_by_one() -> None:
    """Each turn looks 1 further back and 2 ahead, and the pairs of the pooling are met at either end."""
    text = "Input(64, 1) -> (Conv(1, 4, padding=same) -> MaxPool(2) -> UpSample(2)) x {}"
    for turns in (1, 2, 3, 4, 5):
        assert agrees(text.format(turns), 2)
        assert sound(text.format(turns)).counts.receptive_field == field_of(text.format(turns))[0].size


def test_with_open_sizes() -> None:
    even, odd = "Input(64, 1)", "Input(65, 1)"
    flow = "Conv(1, 3, stride=2, padding=same) -> Conv(1, 3, padding=same) -> Conv(1, 5, stride=2, padding=same)"
    (field,) = field_of(f"Input(H, 1) -> {flow}")
    for given, height in ((even, 64), (odd, 65)):
        (known,) = field_of(f"{given} -> {flow}")
        assert (known.size, known.stride) == (field.size, field.stride)
        assert eval(str(field.offset), {"max": max, "min": min}, {"H": height}) == known.offset
    assert field_of("Input(T, 8) -> Conv(8, 3, padding=same) -> MultiHeadAttention(2)")[0].offset == -1
    assert str(sound("Input(T, 8) -> Attention -> Conv(8, 3)").counts.receptive_field) == "T"
    residual = "Input({}, 8) -> Add{{ Attention | Conv(8, 3, padding=causal) }} -> UpSample(3)"
    (field,) = field_of(residual.format("T"))
    (known,) = field_of(residual.format(40))
    assert (str(field.size), known.size, known.offset) == ("T + 2", 42, -2)


def test_a_period_that_is_too_long_is_not_known() -> None:
    rows = rows_of("Input(8, 1) -> UpSample(1000) -> Conv(1, 3) -> UpSample(1000) -> Conv(1, 3) -> MaxPool(2)")
    assert rows[-1].field is None
    assert sound("Input(8, 1) -> UpSample(1000) -> Conv(1, 3) -> UpSample(1000)").counts.receptive_field is None

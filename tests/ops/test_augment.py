"""Images cut and changed at random: in training only, repeatable by a seed, within what the arguments say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops import augment as a
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator
from nnspec.shapes.dim import recording, symbol
from tests.ops.oracle import build, make
from tests.ops.pointwise import RANDOM, as_array, infer, run, tensor
from tests.program.checking import sound

KEEPING: list[Operator] = [
    a.RandomFlip(),
    a.RandomFlip(mode=Word("horizontal")),
    a.RandomFlip(mode=Word("vertical")),
    a.RandomRotation(factor=0.3),
    a.RandomRotation(factor=(0.1, 0.2), fill_mode=Word("constant"), fill_value=7, interpolation=Word("nearest")),
    a.RandomZoom(height_factor=0.4),
    a.RandomZoom(height_factor=(-0.4, -0.2), width_factor=0.3, fill_mode=Word("wrap")),
    a.RandomTranslation(height_factor=0.4, width_factor=(0.1, 0.3), fill_mode=Word("nearest")),
    a.RandomContrast(factor=0.5, value_range=(0, 1)),
    a.RandomContrast(factor=(0.2, 0.5)),
    a.RandomBrightness(factor=0.5, value_range=(0, 1)),
    a.RandomBrightness(factor=(-0.5, -0.2), value_range=(-9, 9)),
]
EVERY = [*KEEPING, a.RandomCrop(height=5, width=4), a.RandomCrop(height=8, width=3), a.CenterCrop(height=5, width=4)]


def images(batch: int = 4, *, size: tuple[int, int] = (8, 9), dtype: str = "float32") -> np.ndarray:
    found = RANDOM.random((batch, *size, 3))
    return found.astype("float32") if dtype == "float32" else (found * 255).astype(dtype)


@pytest.mark.parametrize("operator", KEEPING, ids=repr)
def test_what_is_random_acts_in_training_alone(operator: Operator) -> None:
    x = images(64)  # so many are not all left unmirrored
    np.testing.assert_array_equal(run(operator, x), x)
    trained = run(operator, x, training=True)
    assert trained.shape == x.shape
    assert not np.array_equal(trained, x)
    model = build(operator, [tensor(8, 9, 3)]).model
    np.testing.assert_array_equal(model.predict([x], verbose=0), x)
    assert model.weights == []


@pytest.mark.parametrize("operator", [op for op in EVERY if isinstance(op, a.Random)], ids=repr)
def test_a_seed_makes_it_repeatable(operator: Operator) -> None:
    x = images(8)
    seeded = type(operator).of({**operator.__dict__, "seed": 3})
    once, again = run(seeded, x, training=True), run(seeded, x, training=True)
    np.testing.assert_array_equal(once, again)
    other = type(operator).of({**operator.__dict__, "seed": 4})
    assert not np.array_equal(run(other, x, training=True), once)


@pytest.mark.parametrize("operator", EVERY, ids=repr)
def test_a_network_with_it_trains_predicts_saves_and_loads(operator: Operator, tmp_path: Any) -> None:
    inputs = keras.Input((8, 9, 3))
    alone = build(operator, [tensor(8, 9, 3)]).model
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(*alone([inputs]))))
    model.compile("sgd", "mse")
    x = images()
    history = model.fit(x, np.ones((4, 2)), verbose=0, validation_data=(x, np.ones((4, 2))))
    assert np.isfinite(history.history["val_loss"]).all()
    model.save(str(tmp_path / "m.keras"))
    again = keras.models.load_model(str(tmp_path / "m.keras"))
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    layer = alone.layers[-1]
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


# --- flips -------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "axes"), [("horizontal", 2), ("vertical", 1), ("horizontal_and_vertical", (1, 2))])
def test_each_image_is_mirrored_or_not(mode: str, axes: Any) -> None:
    x = images(200)
    y, mirrored = run(a.RandomFlip(mode=Word(mode)), x, training=True), np.flip(x, axes)
    flipped = [np.array_equal(one, other) for one, other in zip(y, mirrored, strict=True)]
    kept = [np.array_equal(one, other) for one, other in zip(y, x, strict=True)]
    assert all(one != other for one, other in zip(flipped, kept, strict=True))
    assert 60 < sum(flipped) < 140


# --- crops -------------------------------------------------------------------------------


def pieces(x: np.ndarray, height: int, width: int) -> dict[bytes, tuple[int, int]]:
    """All pieces of an image, and where they lie."""
    rows, columns = x.shape[0] - height, x.shape[1] - width
    return {
        np.ascontiguousarray(x[top : top + height, left : left + width]).tobytes(): (top, left)
        for top in range(rows + 1) for left in range(columns + 1)
    }  # fmt: skip


def test_each_image_is_cut_at_a_place_of_its_own() -> None:
    x = images(300, size=(7, 6))
    y = run(a.RandomCrop(height=5, width=4), x, training=True)
    assert y.shape == (300, 5, 4, 3)
    places = [pieces(image, 5, 4)[piece.tobytes()] for image, piece in zip(x, y, strict=True)]
    assert set(places) == {(top, left) for top in range(3) for left in range(3)}
    for axis in (0, 1):
        counts = np.bincount([place[axis] for place in places], minlength=3)
        assert counts.min() > 60  # 100 each


@pytest.mark.parametrize("operator", [a.RandomCrop, a.CenterCrop])
@pytest.mark.parametrize(("size", "piece"), [((8, 9), (5, 4)), ((8, 9), (8, 9)), ((9, 9), (2, 9)), ((5, 5), (4, 1))])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_the_middle_piece_is_cut_out_afterwards(
    operator: type[Operator], size: tuple[int, int], piece: tuple[int, int], dtype: str
) -> None:
    x = images(size=size, dtype=dtype)
    y = run(operator(height=piece[0], width=piece[1]), x)
    top, left = (size[0] - piece[0]) // 2, (size[1] - piece[1]) // 2
    np.testing.assert_array_equal(y, x[:, top : top + piece[0], left : left + piece[1]])
    assert y.dtype == np.float32


def test_a_crop_of_the_whole_is_the_whole_in_training_too() -> None:
    x = images()
    np.testing.assert_array_equal(run(a.RandomCrop(height=8, width=9), x, training=True), x)


@pytest.mark.parametrize("operator", [a.RandomCrop, a.CenterCrop])
def test_crops_of_open_sizes(operator: type[Operator]) -> None:
    types = [tensor(symbol("H"), symbol("W"), 3)]
    made = operator(height=5, width=4)
    y, conditions = infer(made, *types)
    assert (y.shape, conditions) == ((5, 4, 3), ["H >= 5", "W >= 4"])
    with recording():
        model = build(made, types).model
    for size in ((5, 4), (9, 7)):
        assert model.predict([images(size=size)], verbose=0).shape == (4, 5, 4, 3)
        assert as_array(model([images(size=size)], training=True)).shape == (4, 5, 4, 3)


# --- what the numbers mean ---------------------------------------------------------------


def test_brightness_and_contrast_keep_to_their_bounds() -> None:
    x = np.full((400, 2, 2, 1), 100.0, "float32")
    x[:, 0] += 10
    x[:, 1] -= 10
    added = run(a.RandomBrightness(factor=0.1), x, training=True) - x
    assert (added.min() > -25.5 - 1e-3, added.max() < 25.5 + 1e-3) == (True, True)
    assert (added.min() < -20, added.max() > 20) == (True, True)
    for factor, low, high in ((0.2, 0.8, 1.2), ((0.1, 0.5), 0.9, 1.5)):
        stretched = (run(a.RandomContrast(factor=factor), x, training=True)[:, 0, 0, 0] - 100) / 10
        assert low - 1e-3 < stretched.min() < low + 0.05
        assert high - 0.05 < stretched.max() < high + 1e-3
    clipped = run(a.RandomBrightness(factor=(0.9, 1), value_range=(0, 120)), x, training=True)
    assert clipped.max() == 120


def test_a_turn_by_a_quarter_is_a_quarter_turn() -> None:
    x = images(size=(6, 6))
    y = run(a.RandomRotation(factor=(0.25, 0.25), interpolation=Word("nearest")), x, training=True)
    np.testing.assert_allclose(y, np.rot90(x, axes=(1, 2)), atol=1e-6)  # counter-clockwise


def test_a_translation_above_zero_goes_down_and_right() -> None:
    x = images(size=(4, 5))
    operator = a.RandomTranslation(
        height_factor=(0.25, 0.25), width_factor=(0.2, 0.2), fill_mode=Word("constant"), fill_value=9
    )
    y = run(operator, x, training=True)
    np.testing.assert_allclose(y[:, 1:, 1:], x[:, :-1, :-1], atol=1e-5)
    assert (y[:, 0] == 9).all()
    assert (y[:, :, 0] == 9).all()


def test_a_zoom_above_zero_makes_images_smaller() -> None:
    x = np.ones((2, 8, 8, 1), "float32")
    operator = a.RandomZoom(height_factor=(0.9, 0.9), fill_mode=Word("constant"))
    y = run(operator, x, training=True)
    assert y[:, 0].max() == 0  # what was at the edge has moved inwards
    assert y[:, 4, 4].min() > 0.99


def test_padding_before_a_crop_shifts_in_training_alone() -> None:
    checked = sound("Input(8, 9, 3) -> ZeroPad(2) -> RandomCrop(8, 9)  : (8, 9, 3)\n")
    assert checked.counts.params == 0


# --- what does not fit -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "slug"),
    [
        ("RandomRotation", {"factor": 1.5}, "bad-argument"),
        ("RandomRotation", {"factor": -0.1}, "bad-argument"),
        ("RandomRotation", {"factor": (0.2, 0.1)}, "bad-argument"),
        ("RandomRotation", {"factor": (-1.5, 0)}, "bad-argument"),
        ("RandomRotation", {"factor": (0.1, 0.2, 0.3)}, "bad-argument"),
        ("RandomRotation", {"factor": 0.1, "interpolation": "bicubic"}, "bad-argument"),
        ("RandomRotation", {"factor": 0.1, "fill_mode": "zeros"}, "bad-argument"),
        ("RandomRotation", {"factor": 0.1, "seed": -1}, "bad-argument"),
        ("RandomZoom", {"height_factor": (-1, 0)}, "bad-argument"),
        ("RandomZoom", {}, "missing-argument"),
        ("RandomContrast", {"factor": (-0.1, 0.1)}, "bad-argument"),
        ("RandomContrast", {"factor": 0.1, "value_range": (1, 0)}, "bad-argument"),
        ("RandomBrightness", {"factor": 0.1, "value_range": 255}, "bad-argument"),
        ("RandomCrop", {"height": 9, "width": 9}, "crop-to-larger"),
        ("RandomCrop", {"height": 8, "width": 10}, "crop-to-larger"),
        ("RandomCrop", {"height": 8}, "missing-argument"),
        ("CenterCrop", {"height": 0, "width": 3}, "bad-argument"),
        ("CenterCrop", {"height": 9, "width": 3}, "crop-to-larger"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, arguments: dict[str, Any], slug: str) -> None:
    words = {key: Word(value) if isinstance(value, str) else value for key, value in arguments.items()}
    with pytest.raises(RuleError) as caught:
        make(name, **words).infer(tensor(8, 9, 3))
    assert caught.value.code.slug == slug


@pytest.mark.parametrize("operator", EVERY, ids=repr)
def test_images_of_numbers_are_needed(operator: Operator) -> None:
    for shape in ((9, 3), (9, 9, 9, 3)):
        with pytest.raises(RuleError, match=r"\(height, width, channels\)"):
            operator.infer(tensor(*shape))
    with pytest.raises(RuleError, match="numbers"):
        operator.infer(tensor(8, 9, 3, dtype="bool"))


# --- random cases against plain Keras ----------------------------------------------------


def cases(count: int) -> Iterator[tuple[str, dict[str, Any], tuple[int, ...], str]]:
    """Operators with drawn arguments, sound ones and some at the edge of it."""
    random = np.random.default_rng(5)

    def factor(low: float = -1) -> Any:
        ends = sorted(random.uniform(low, 1, 2).round(2).tolist())
        return round(float(random.random()), 2) if random.random() < 0.5 else tuple(ends)

    def maybe(**arguments: Any) -> dict[str, Any]:
        return {name: value for name, value in arguments.items() if random.random() < 0.5}

    def filled() -> dict[str, Any]:
        fill = str(random.choice(["reflect", "wrap", "constant", "nearest"]))
        interpolation = str(random.choice(["nearest", "bilinear"]))
        return maybe(fill_mode=fill, interpolation=interpolation, fill_value=round(float(random.random()), 2))

    draws: dict[str, Any] = {
        "RandomFlip": lambda: {"mode": str(random.choice(["horizontal", "vertical", "horizontal_and_vertical"]))},
        "RandomRotation": lambda: {"factor": factor(), **filled()},
        "RandomZoom": lambda: {"height_factor": factor(-0.9), **maybe(width_factor=factor(-0.9)), **filled()},
        "RandomTranslation": lambda: {"height_factor": factor(), "width_factor": factor(), **filled()},
        "RandomContrast": lambda: {"factor": (0.1, 0.3)},
        "RandomBrightness": lambda: {"factor": factor(), "value_range": (0.0, 2.0)},
        "CenterCrop": lambda: {"height": int(random.integers(1, 8)), "width": int(random.integers(1, 8))},
    }  # fmt: skip
    for _ in range(count):
        name = str(random.choice(list(draws)))
        shape = tuple(int(size) for size in random.integers(1, 8, int(random.choice([3, 3, 3, 3, 2]))))
        dtype = str(random.choice(["float32", "float32", "uint8", "int32", "bool"]))
        seed = {} if name == "CenterCrop" else {"seed": int(random.integers(0, 9))}
        yield name, {**draws[name](), **seed}, shape, dtype


def is_stricter(name: str, arguments: dict[str, Any], shape: tuple[int, ...], dtype: str) -> bool:
    """What the page of differences lists."""
    larger = name == "CenterCrop" and (arguments["height"] > shape[0] or arguments["width"] > shape[1])
    return larger or dtype == "bool" or (name == "RandomBrightness" and dtype != "float32")


def test_random_cases_are_those_of_keras() -> None:
    taken = refused = 0
    for name, arguments, shape, dtype in cases(150):
        said = f"{name}({arguments}) of {dtype}{shape}"
        layer = getattr(keras.layers, name)(**arguments)
        words = {key: Word(value) if isinstance(value, str) else value for key, value in arguments.items()}
        operator = make(name, **words)
        x = (RANDOM.random((3, *shape)) * 9).astype(dtype)
        try:
            ours = operator.infer(tensor(*shape, dtype=dtype))
        except RuleError:
            refused += 1
            if not is_stricter(name, arguments, shape, dtype):
                with pytest.raises(Exception):  # noqa: B017, PT011 (Keras refuses by whatever comes first)
                    layer(layer(keras.Input(shape, dtype=dtype)) and x, training=True)
            continue
        taken += 1
        theirs = layer(keras.Input(shape, dtype=dtype))
        assert (ours.shape, ours.dtype) == (theirs.shape[1:], theirs.dtype), said
        model = build(operator, [tensor(*shape, dtype=dtype)]).model
        for training in (False, True):
            y = as_array(model([x], training=training))
            np.testing.assert_allclose(y, as_array(layer(x, training=training)), atol=1e-6, err_msg=said)
            assert y.dtype == ours.dtype, said
    assert min(taken, refused) > 15, (taken, refused)

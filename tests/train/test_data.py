"""Data that are opened: tables and archives, everything that can be wrong with them, and what is made of them."""

import random

import numpy as np
import pandas as pd
import pytest

from nnspec.backends.execute import run
from nnspec.train import load
from nnspec.train.lower import lower_training
from tests.train.training import SPARSE, Spec

FLOWERS = ["eel", "cat", "dog"]


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    rows = [(f"{rng.normal():.3f}", f"{rng.normal():.3f}", FLOWERS[i % 3], i % 3, i % 2, i / 7) for i in range(60)]
    table = pd.DataFrame(rows, columns=["age", "height", "kind", "class", "sick", "dose"])
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_csv(tmp_path / "semi.csv", index=False, sep=";")
    table[["age", "height", "class"]].to_csv(tmp_path / "nohead.csv", index=False, header=False)
    table["from_one"] = table["class"] + 1
    gaps = table.astype({"age": float})
    gaps.loc[[6, 8], "age"] = np.nan
    gaps.loc[19, "dose"] = np.inf
    gaps.to_csv(tmp_path / "gaps.csv", index=False)
    huge = table.astype({"age": float, "dose": float})
    huge.loc[[3, 5], "age"] = 1e300
    huge.loc[4, "dose"] = -1e39
    huge.to_csv(tmp_path / "huge.csv", index=False)
    (tmp_path / "line.csv").write_text("1,2,3\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "header.csv").write_text("a,b,class\n")
    (tmp_path / "latin.csv").write_bytes("größe,class\n1,0\n".encode("latin-1"))
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n1,2,3\n")
    (tmp_path / "folder.csv").mkdir()
    x = rng.normal(size=(60, 8, 8))
    y = np.arange(60) % 3
    np.savez(
        tmp_path / "a.npz",
        x=x,
        y=y,
        column=y[:, None],
        hot=np.eye(3)[y],
        x2=x[:9],
        y2=y[:9],
        short=y[:7],
        words=np.array(["a"] * 60),
        half=y / 2,
        none=x[:0],
        flat=x.reshape(60, 64),
        huge=np.where(np.arange(64).reshape(8, 8) == 10, 7e4, x),
        tokens=np.where(y == 2, 2.0**31, y),
    )
    x = x.copy()
    x[3, 2, 1] = np.nan
    np.savez(tmp_path / "nan.npz", x=x, y=y)
    np.savez(tmp_path / "objects.npz", x=np.array([{}] * 60), y=y)
    (tmp_path / "junk.npz").write_bytes(b"PK\x03\x04 not really")
    return tmp_path


CSV = "data: {source: csv, path: %s, target: %s%s}"
NPZ = "data: {source: npz, path: %s%s}"
TWO = ", features: [age, height]"

FAULTS = [
    # (network, section, code, text it stands under, part of the message or help)
    ("Input(2) -> FC(3)", CSV % ("b.csv", "kind", TWO), "NN740", "b.csv", "did you mean `a.csv`"),
    (
        "Input(2) -> FC(3)",
        CSV % ("no/where.csv", "kind", TWO),
        "NN740",
        "no/where.csv",
        "relative to the spec's folder",
    ),
    ("Input(2) -> FC(3)", CSV % ("folder.csv", "kind", TWO), "NN740", "folder.csv", "is a folder"),
    ("Input(2) -> FC(3)", CSV % ("empty.csv", "kind", TWO), "NN740", "empty.csv", "is empty"),
    ("Input(2) -> FC(3)", CSV % ("header.csv", "class", ""), "NN740", "header.csv", "no rows"),
    ("Input(2) -> FC(3)", CSV % ("latin.csv", "class", ""), "NN740", "latin.csv", "UTF-8"),
    ("Input(2) -> FC(3)", CSV % ("ragged.csv", "b", ""), "NN740", "ragged.csv", "line 3"),
    ("Input(2) -> FC(3)", CSV % ("a.npz", "kind", ""), "NN740", "a.npz", "UTF-8"),
    ("Input(2) -> FC(3)", CSV % ("/dev/zero", "kind", ""), "NN740", "/dev/zero", "not a regular file"),
    ("Input(2) -> FC(3)", CSV % ("a.csv", "klass", TWO), "NN741", "klass", "did you mean `class`"),
    ("Input(2) -> FC(3)", CSV % ("a.csv", "kind", ", features: [age, hight]"), "NN741", "[age, hight]", "`height`"),
    ("Input(2) -> FC(3)", CSV % ("a.csv", "9", TWO), "NN741", "9", "0 to 5"),
    ("Input(2) -> FC(3)", CSV % ("semi.csv", "kind", ""), "NN741", "kind", 'delimiter: ";"'),
    ("Input(2) -> FC(3)", CSV % ("nohead.csv", "class", ", header: false"), "NN741", "class", "header"),
    (
        "Input(3) -> FC(3)",
        CSV % ("a.csv", "age", ", features: [age, dose, sick]"),
        "NN732",
        "[age, dose, sick]",
        "sees the answer",
    ),
    (
        "Input(5) -> FC(3)",
        CSV % ("a.csv", "class", ""),
        "NN742",
        "a.csv",
        "column `kind`, row 1: 'eel' is not a number",
    ),
    ("Input(1) -> FC(3)", CSV % ("gaps.csv", "class", ", features: age"), "NN742", "age", "row 7: has no value"),
    (
        "Input(1) -> FC(3)",
        CSV % ("gaps.csv", "class", ", features: dose"),
        "NN742",
        "dose",
        "row 20: 'inf' is infinite",
    ),
    ("Input(2) -> FC(3)", CSV % ("line.csv", "class", ""), "NN740", "line.csv", "no rows"),
    ("Input(2) -> FC(3)", CSV % ("line.csv", "class", ""), "NN740", "line.csv", "`header: false`"),
    (
        "Input(2) -> FC(3)",
        CSV % ("huge.csv", "class", TWO),
        "NN742",
        "[age, height]",
        "column `age`, row 4: '1e+300' is past what float32 holds and 1 other row scale",
    ),
    (
        "Input(1) -> FC(1)",
        CSV % ("huge.csv", "dose", ", features: height") + "\nloss: mse",
        "NN742",
        "dose",
        "row 5: '-1e+39' is past what float32 holds",
    ),
    (
        "Input(8, 8, 1, dtype=float16) -> FC(3)",
        NPZ % ("a.npz", ", x: huge"),
        "NN742",
        "huge",
        "row 1, position (1, 2): 70000.0 is past what float16 holds and 59 other values",
    ),
    (
        "Input(1, dtype=int32) -> Embedding(9, 4) -> FC(3)",
        NPZ % ("a.npz", ", x: tokens"),
        "NN742",
        "tokens",
        "row 3: 2147483648.0 is past what int32 holds",
    ),
    ("Input(1) -> FC(3)", CSV % ("gaps.csv", "age", ", features: class"), "NN742", "age", "row 7: has no value"),
    ("Input(2) -> FC(1)", CSV % ("a.csv", "kind", TWO) + "\nloss: mse", "NN742", "kind", "words"),
    ("Input(2) -> FC(3)", CSV % ("a.csv", "dose", TWO), "NN742", "dose", "no class number"),
    ("Input(3) -> FC(3)", CSV % ("a.csv", "kind", TWO), "NN733", "[age, height]", "Input(2)"),
    ("Input(2) -> FC(4)", CSV % ("a.csv", "kind", TWO), "NN734", "kind", "3 classes"),
    ("Input(2) -> FC(2)", CSV % ("a.csv", "class", TWO), "NN734", "class", "FC(3)"),
    (
        "Input(2) -> FC(3)",
        CSV % ("gaps.csv", "from_one", ", features: [height, class]"),
        "NN734",
        "from_one",
        "from 0, not from 1",
    ),
    ("Input(2) -> FC(1)", CSV % ("a.csv", "class", TWO) + "\nloss: binary_crossentropy", "NN734", "class", "0 to 2"),
    ("Input(2) -> FC(4)", CSV % ("a.csv", "{column: kind, classes: 4}", TWO), "NN738", "4", "3 classes, not 4"),
    ("Input(2) -> FC(3)", CSV % ("a.csv", "kind", TWO + ", examples: 61"), "NN738", "61", "60 examples"),
    (
        "Input(2) -> FC(3)",
        CSV % ("a.csv", "kind", ", features: {columns: [age, height], range: [0, 1]}"),
        "NN738",
        "[0, 1]",
        "not within",
    ),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("b.npz", ""), "NN740", "b.npz", "`a.npz`"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("junk.npz", ""), "NN740", "junk.npz", "not a NumPy archive"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("objects.npz", ""), "NN740", "objects.npz", "could run code"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("nan.npz", ""), "NN742", "nan.npz", "row 4, position (2, 1)"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", y: shrt"), "NN741", "shrt", "`short`"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", y: short"), "NN740", "short", "60 examples and `y` 7"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", y: short"), "NN740", "short", "as many of both"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", x: none"), "NN740", "none", "no examples"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", y: words"), "NN742", "words", "not numbers"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", y: half"), "NN742", "half", "mean_squared_error"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", y: hot"), "NN735", "sparse_categorical_crossentropy", "`onehot`"),
    (
        "Input(8, 8, 1) -> FC(2)",
        NPZ % ("a.npz", ", y: hot") + "\nloss: categorical_crossentropy",
        "NN734",
        "hot",
        "(3,)",
    ),
    (
        "Input(8, 8, 1) -> FC(3)",
        NPZ % ("a.npz", ", target: {encoding: onehot}") + "\nloss: categorical_crossentropy",
        "NN738",
        "onehot",
        "`int`",
    ),
    ("Input(8, 9, 1) -> FC(3)", NPZ % ("a.npz", ""), "NN733", "a.npz", "(8, 8)"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", x_test: flat, y_test: y"), "NN740", "flat", "(64,)"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", split: [50, 8, 2]"), "NN743", "[50, 8, 2]", "cannot be split"),
    ("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", split: [50, 8, 8]"), "NN743", "[50, 8, 8]", "66 of 60"),
]


@pytest.mark.parametrize(("network", "section", "code", "text", "words"), FAULTS)
def test_a_fault_is_shown_at_its_place(folder, network, section, code, text, words):
    spec = Spec(network, section if "\nloss" in section else section + SPARSE, folder=folder)
    assert spec.prepare() is None
    assert spec.said == [(code, text)]
    only = spec.only
    assert words in f"{only.message} {only.label} {only.help}"


def test_independent_columns_that_are_missing_are_both_said(folder):
    spec = Spec("Input(2) -> FC(3)", CSV % ("a.csv", "klass", ", features: [agee]") + SPARSE, folder=folder)
    assert spec.prepare() is None
    assert [code for code, _ in spec.said] == ["NN741", "NN741"]


def test_what_float64_holds_is_taken_where_layers_compute_in_it(folder):
    scope = data_of(
        "Input(2, dtype=float64) -> FC(3)", CSV % ("huge.csv", "class", TWO) + SPARSE + "\nprecision: float64", folder
    )
    assert scope["x"].dtype == "float64"
    assert scope["x"].max() == 1e300


def test_a_file_past_the_limit(folder, monkeypatch):
    monkeypatch.setattr(load, "MOST_BYTES", 1000)
    for section in (CSV % ("a.csv", "kind", TWO), NPZ % ("a.npz", "")):
        spec = Spec("Input(2) -> FC(3)", section + SPARSE, folder=folder)
        assert spec.prepare() is None
        assert [code for code, _ in spec.said] == ["NN740"]


def test_an_unreadable_file(folder, monkeypatch):
    monkeypatch.setattr(load.os, "access", lambda path, mode: False)  # the tests may run as a user who may read all
    spec = Spec("Input(2) -> FC(3)", CSV % ("a.csv", "kind", TWO) + SPARSE, folder=folder)
    assert spec.prepare() is None
    assert spec.said == [("NN740", "a.csv")]


def data_of(network, section, folder):
    """What the lowered statements make of the data."""
    spec = Spec(network, section, folder=folder)
    prepared = spec.prepare()
    assert prepared is not None, spec.found.sorted()
    scope = {}
    run(lower_training(prepared.plan, str(folder)).data, scope)
    return scope


def test_words_are_numbered_in_the_order_of_their_names(folder):
    scope = data_of("Input(2) -> FC(3)", CSV % ("a.csv", "kind", TWO) + SPARSE, folder)
    assert list(scope["classes"]) == ["cat", "dog", "eel"]
    assert list(scope["y"][:4]) == [2, 0, 1, 2]
    table = pd.read_csv(folder / "a.csv")
    np.testing.assert_array_equal(scope["x"], table[["age", "height"]].to_numpy("float32"))


def test_columns_by_number_without_a_header(folder):
    scope = data_of("Input(2) -> FC(3)", CSV % ("nohead.csv", "-1", ", header: false") + SPARSE, folder)
    table = pd.read_csv(folder / "nohead.csv", header=None)
    np.testing.assert_array_equal(scope["x"], table[[0, 1]].to_numpy("float32"))
    np.testing.assert_array_equal(scope["y"], table[2])


def test_columns_of_a_row_take_the_stated_shape(folder):
    section = CSV % ("gaps.csv", "class", ", features: {columns: [height, sick, class, from_one], shape: [2, 2]}")
    spec = Spec("Input(2, 2, 1) -> FC(3)", section.replace("class,", "dose,", 1) + SPARSE, folder=folder)
    assert spec.prepare() is None  # `dose` has an infinite value
    section = CSV % ("a.csv", "class", ", features: {columns: [age, height, sick, dose], shape: [2, 2]}")
    x = data_of("Input(2, 2, 1) -> FC(3)", section + SPARSE, folder)["x"]
    table = pd.read_csv(folder / "a.csv")
    np.testing.assert_array_equal(
        x[5, :, :, 0].ravel(), table.loc[5, ["age", "height", "sick", "dose"]].astype("float32")
    )


def test_targets_as_losses_read_them(folder):
    for network, section, expected in (
        (
            "Input(2) -> FC(3)",
            CSV % ("a.csv", "class", TWO) + "\nloss: categorical_crossentropy",
            np.eye(3)[np.arange(60) % 3],
        ),
        (
            "Input(2) -> FC(1)",
            CSV % ("a.csv", "sick", TWO) + "\nloss: binary_crossentropy",
            (np.arange(60) % 2)[:, None],
        ),
        ("Input(2) -> FC(1)", CSV % ("a.csv", "dose", TWO) + "\nloss: mse", (np.arange(60) / 7)[:, None]),
        (
            "Input(2) -> FC(2)",
            CSV % ("a.csv", "[sick, dose]", TWO) + "\nloss: mae",
            np.stack([np.arange(60) % 2, np.arange(60) / 7], -1),
        ),
        (
            "Input(8, 8, 1) -> FC(3)",
            NPZ % ("a.npz", ", y: hot") + "\nloss: categorical_crossentropy",
            np.eye(3)[np.arange(60) % 3],
        ),
        ("Input(8, 8) -> FC(1)", NPZ % ("a.npz", ", y: half") + "\nloss: huber", (np.arange(60) % 3 / 2)[:, None]),
    ):
        y = data_of(network, section, folder)["y"]
        assert y.shape == expected.shape
        np.testing.assert_allclose(y, expected, rtol=1e-6)


def test_a_column_of_class_numbers_is_a_number_each(folder):
    scope = data_of("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", y: column") + SPARSE, folder)
    assert scope["x"].shape == (60, 8, 8, 1)
    assert scope["x"].dtype == "float32"
    np.testing.assert_array_equal(np.ravel(scope["y"]), np.arange(60) % 3)


def test_a_split_is_stratified_disjoint_and_follows_the_seed(folder):
    section = NPZ % ("a.npz", ", x: flat, split: [0.5, 0.2, 0.3]") + SPARSE
    first, again, other = (data_of("Input(64) -> FC(3)", f"{section}\nseed: {seed}", folder) for seed in (1, 1, 2))
    assert [len(first[f"x_{part}"]) for part in ("train", "val", "test")] == [30, 12, 18]
    assert [list(np.bincount(first[f"y_{part}"])) for part in ("train", "val", "test")] == [[10] * 3, [4] * 3, [6] * 3]
    rows = {tuple(row) for part in ("train", "val", "test") for row in first[f"x_{part}"]}
    assert len(rows) == 60
    np.testing.assert_array_equal(first["x_train"], again["x_train"])
    assert not np.array_equal(first["x_train"], other["x_train"])


def test_counts_an_order_and_a_test_set_of_its_own(folder):
    scope = data_of("Input(64) -> FC(3)", NPZ % ("a.npz", ", x: flat, split: [30, 9, 6]") + SPARSE, folder)
    assert [len(scope[f"x_{part}"]) for part in ("train", "val", "test")] == [30, 9, 6]
    scope = data_of("Input(64) -> FC(3)", NPZ % ("a.npz", ", x: flat, shuffle: false") + SPARSE, folder)
    np.testing.assert_array_equal(np.concatenate([scope["x_train"], scope["x_val"], scope["x_test"]]), scope["x"])
    scope = data_of("Input(8, 8, 1) -> FC(3)", NPZ % ("a.npz", ", x_test: x2, y_test: y2") + SPARSE, folder)
    assert (len(scope["x_train"]), len(scope["x_val"]), len(scope["x_test"])) == (54, 6, 9)


def test_what_scikit_learn_ships_is_what_the_table_says():
    from sklearn import datasets

    from nnspec.train.sources import SKLEARN

    for name, known in SKLEARN.items():
        bunch = getattr(datasets, f"load_{name}")()
        assert bunch.data.shape[0] == known.examples
        for shape, field in known.shapes:
            assert bunch[field].shape[1:] == shape
        assert known.range[0] <= bunch.data.min() <= known.range[0] + 1e-4
        assert known.range[1] - 1e-4 <= bunch.data.max() <= known.range[1]
        assert bunch.target.shape[1:] == known.target_shape
        assert (bunch.target.min(), bunch.target.max()) == known.target_range
        if known.classes is not None:
            assert len(np.unique(bunch.target)) == known.classes


def test_damaged_archives_are_refused_not_crashed_on(folder):
    rng = random.Random(0)
    np.savez_compressed(folder / "small.npz", x=np.arange(40.0).reshape(10, 4), y=np.arange(10) % 3)
    whole = (folder / "small.npz").read_bytes()
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        (folder / "damaged.npz").write_bytes(damaged[: rng.randrange(len(damaged))] if rng.random() < 0.2 else damaged)
        spec = Spec("Input(4) -> FC(3)", NPZ % ("damaged.npz", ", split: [0.7, 0, 0.3]") + SPARSE, folder=folder)
        refused += spec.prepare() is None and len(spec.said) == 1
    assert refused > 200

"""What `check` says of a training from facts, with no data opened and no framework loaded."""

import subprocess
import sys

import pytest

from tests.train.training import SPARSE, Spec

DIGITS = "data: {source: sklearn/digits}"
NPZ = "data: {source: npz, path: nowhere.npz, %s}"

HOLDS = [
    ("Input(8, 8, 1) -> FC(10)", DIGITS + SPARSE),
    ("Input(8, 8) -> FC(10)", DIGITS + SPARSE),
    ("Input(64) -> FC(10) -> Softmax", DIGITS + SPARSE),
    ("Input(H, W, 1) -> Conv(4, 3) -> GlobalAvgPool -> FC(10)", DIGITS + SPARSE),
    ("Input(64) -> FC(10) -> Softmax", DIGITS + "\nloss: categorical_crossentropy\nmetrics: [accuracy]"),
    ("Input(64) -> FC(10) -> Softmax", DIGITS + "\nloss: mean_squared_error"),  # the Brier score
    ("Input(64) -> FC(10) -> Sigmoid", DIGITS + "\nloss: binary_crossentropy"),  # one against all
    ("Input(30) -> FC(1) -> Sigmoid", "data: {source: sklearn/breast_cancer}\nloss: binary_crossentropy"),
    ("Input(30) -> FC(2)", "data: {source: sklearn/breast_cancer}" + SPARSE),
    ("Input(10) -> FC(1)", "data: {source: sklearn/diabetes}\nloss: mse\nmetrics: [mae, r2_score]"),
    ("Input(3) -> FC(3)", "data: {source: sklearn/linnerud}\nloss: mse\nmetrics: [pearson_correlation]"),
    ("Input(3) -> FC(3)", "data: {source: sklearn/linnerud}\nloss: mae"),
    ("Input(28, 28, 1) -> FC(10)", NPZ % "features: {shape: [28, 28]}, target: {classes: 10, encoding: int}" + SPARSE),
    ("Input(28, 28, 1) -> FC(10)", NPZ % "batch: 8" + SPARSE),  # nothing is known, nothing is wrong
    ("Input(16, 16, 3) -> Conv(5, 1)", NPZ % "target: {classes: 5, shape: [16, 16], encoding: int}" + SPARSE),
    (
        "Input(8, 8, 1) -> FC(10)",
        "data: {source: sklearn/digits, examples: 1797, features: {shape: [8, 8], range: [0, 16]}, "
        "target: {classes: 10, encoding: int, range: [0, 9]}}" + SPARSE,
    ),
]


@pytest.mark.parametrize(("network", "section"), HOLDS)
def test_what_holds(network, section):
    spec = Spec(network, section)
    assert spec.check() is not None, spec.said
    assert spec.said == []


FAULTS = [
    # (network, section, code, text it stands under)
    ("Input(28, 28, 1) -> FC(10)", DIGITS + SPARSE, "NN733", "sklearn/digits"),
    ("Input(8, 8, 3) -> FC(10)", DIGITS + SPARSE, "NN733", "sklearn/digits"),
    ("Input(1, 8, 8) -> FC(10)", DIGITS + SPARSE, "NN733", "sklearn/digits"),
    ("Input(28, 28, 1) -> FC(10)", NPZ % "features: {shape: [32, 32]}" + SPARSE, "NN733", "[32, 32]"),
    ("Input(8, 8, 1) -> FC(9)", DIGITS + SPARSE, "NN734", "sklearn/digits"),
    ("Input(8, 8, 1) -> FC(1)", DIGITS + SPARSE, "NN734", "sklearn/digits"),
    ("Input(8, 8, 1) -> Dense(10)", DIGITS + SPARSE, "NN734", "sklearn/digits"),  # an image of classes
    ("Input(8, 8, 1) -> FC(1)", DIGITS + "\nloss: categorical_crossentropy", "NN734", "sklearn/digits"),
    ("Input(8) -> FC(7)", NPZ % "target: {classes: 8, encoding: int}" + SPARSE, "NN734", "8"),
    ("Input(10) -> FC(2)", "data: {source: sklearn/diabetes}\nloss: mse", "NN734", "sklearn/diabetes"),
    ("Input(3) -> FC(1)", "data: {source: sklearn/linnerud}\nloss: mse", "NN734", "sklearn/linnerud"),
    ("Input(8) -> FC(3)", NPZ % "target: {encoding: onehot, classes: 3}" + SPARSE, "NN735", "onehot"),
    (
        "Input(8) -> FC(3)",
        NPZ % "target: {encoding: int, classes: 3}" + "\nloss: categorical_crossentropy",
        "NN735",
        "int",
    ),
    (
        "Input(8) -> FC(3)",
        NPZ % "target: {encoding: multihot}" + "\nloss: categorical_crossentropy",
        "NN735",
        "multihot",
    ),
    ("Input(64) -> FC(10)", DIGITS + SPARSE + "\nmetrics: [categorical_accuracy]", "NN735", "categorical_accuracy"),
    ("Input(64) -> FC(10)", DIGITS + SPARSE + "\nmetrics: [precision]", "NN735", "precision"),
    (
        "Input(10) -> FC(1)",
        "data: {source: sklearn/diabetes}\nloss: mse\nmetrics: [sparse_categorical_accuracy]",
        "NN735",
        "sparse_categorical_accuracy",
    ),
    (
        "Input(10) -> FC(1)",
        "data: {source: sklearn/diabetes}\nloss: mse\nmetrics: [mae, pearson_correlation]",
        "NN732",
        "pearson_correlation",
    ),
    (
        "Input(8, 8, 1) -> Conv(1, 1)",
        NPZ % "y: maps" + "\nloss: mse\nmetrics: [concordance_correlation]",
        "NN732",
        "concordance_correlation",
    ),
    ("Input(64) -> FC(10)", DIGITS + SPARSE + "\ntask: regression", "NN735", "regression"),
    (
        "Input(64) -> FC(10) -> Softmax",
        DIGITS + "\nloss: {name: sparse_categorical_crossentropy, from_logits: true}",
        "NN736",
        "true",
    ),
    (
        "Input(64) -> FC(10)",
        DIGITS + "\nloss: {name: sparse_categorical_crossentropy, from_logits: false}",
        "NN736",
        "false",
    ),
    ("Input(64) -> FC(10)", "data: {source: sklearn/digits, examples: 2000}" + SPARSE, "NN738", "2000"),
    ("Input(64) -> FC(9)", "data: {source: sklearn/digits, target: {classes: 9}}" + SPARSE, "NN738", "9"),
    ("Input(64) -> FC(10)", "data: {source: sklearn/digits, features: {range: [0, 1]}}" + SPARSE, "NN738", "[0, 1]"),
    ("Input(64) -> FC(10)", "data: {source: sklearn/digits, target: {encoding: onehot}}" + SPARSE, "NN738", "onehot"),
    (
        "Input(64) -> FC(10)",
        "data: {source: sklearn/digits, split: [1700, 90, 90]}" + SPARSE,
        "NN743",
        "[1700, 90, 90]",
    ),
    (
        "Input(3) -> FC(3)",
        "data: {source: sklearn/linnerud, split: [0.98, 0.01, 0.01]}\nloss: mse",
        "NN743",
        "[0.98, 0.01, 0.01]",
    ),
    ("Input(64) -> FC(10)", DIGITS + SPARSE + "\nearly_stopping: {monitor: val_accuracy}", "NN730", "val_accuracy"),
    ("Input(64) -> FC(10)", DIGITS + "\nloss: {logits: mse}", "NN730", "logits"),
]


@pytest.mark.parametrize(("network", "section", "code", "text"), FAULTS)
def test_a_fault_is_shown_at_its_place(network, section, code, text):
    spec = Spec(network, section)
    assert spec.check(runs=True) is None
    assert (code, text) in spec.said
    assert all(diagnostic.help for diagnostic in spec.found.sorted())


HEAD = (
    "nnspec: 1\ntensors: {x: 'Input(64) -> FC(16, act=relu)', main: x -> FC(10), aux: x -> FC(10) -> Softmax}\n"
    "outputs: [main, aux]\n"
)


def two(section):
    return Spec(None, section, head=HEAD)


def test_what_only_scikit_learn_tells_is_a_warning_until_it_runs():
    for network, facts, code in (
        ("Input(32, 32, 3) -> FC(10)", "features: {shape: [8, 8]}", "NN733"),
        ("Input(8, 8, 1) -> FC(9)", "target: {classes: 10}", "NN734"),
    ):
        unstated = Spec(network, DIGITS + SPARSE)
        assert unstated.check() is None
        assert [(d.code.number, d.severity) for d in unstated.found.sorted()] == [(code, "warning")]
        assert [d.notes[0].split(";")[0] for d in unstated.found.sorted()] == ["`train` stops here"]
        stated = Spec(network, f"data: {{source: sklearn/digits, {facts}}}{SPARSE}")
        assert stated.check() is None
        assert [code for code, _ in stated.said] == [code]
        assert stated.only.notes == ()


def test_several_outputs():
    spec = two(
        DIGITS + "\nloss: {main: sparse_categorical_crossentropy, aux: categorical_crossentropy, "
        "weights: {aux: 0.3}}\nmetrics: {main: accuracy}"
    )
    plan = spec.check()
    assert spec.said == []
    assert [(o.end.name, o.logits, o.encode, o.weight) for o in plan.outputs] == [
        ("main", True, False, None),
        ("aux", False, True, 0.3),
    ]


def test_an_output_without_loss():
    spec = two(DIGITS + "\nloss: {main: sparse_categorical_crossentropy}")
    assert spec.check() is None
    assert [code for code, _ in spec.said] == ["NN734"]


def test_the_last_activation_is_found_through_blocks_and_repeats():
    for network, expected in (
        ("Input(64) -> FC(10) -> Softmax -> Identity", False),
        ("Input(64) -> [FC(10) -> Softmax] x 2", False),
        ("Input(64) -> [FC(10) -> Sigmoid -> Flatten] for i in range(3)", False),
        ("Input(64) -> FC(10, act=softmax)", False),
        ("Input(64) -> Softmax -> FC(10)", True),
        ("Input(64) -> FC(10) -> ReLU", True),
        ("Input(64) -> FC(10) -> LogSoftmax", True),
    ):
        assert Spec(network, DIGITS + SPARSE).check().outputs[0].logits is expected, network


def test_checking_loads_no_framework():
    program = (
        "import sys\nfrom tests.train.training import Spec, SPARSE\n"
        f"Spec('Input(8, 8, 1) -> FC(10)', {DIGITS!r} + SPARSE).check()\n"
        "print(sorted({'keras', 'tensorflow', 'numpy', 'sklearn', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Training itself, against Keras and numpy by hand: steps, clipping, rates, callbacks, run folders."""

import json
import re

import keras
import numpy as np
import pytest

from nnspec.backends.execute import evaluate, run, run_statement
from nnspec.backends.keras_build import build
from nnspec.backends.keras_source import generate
from nnspec.backends.structure.vary import find_structure
from nnspec.calls import Call
from nnspec.program.settings import Settings
from nnspec.train import runner
from nnspec.train.command import train_program, training_statements
from nnspec.train.lower import lower_training
from tests.train.training import SPARSE, Spec

IRIS = "data: {source: sklearn/iris, batch: 30}"
NETWORK = "Input(4) -> FC(8, act=tanh) -> FC(3)"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def lowered(network, section):
    spec = Spec(network, section)
    prepared = spec.prepare()
    assert prepared is not None, spec.found.sorted()
    return prepared, lower_training(prepared.plan)


def compiled(network, section):
    """The model after compile, with what the statements assigned."""
    prepared, steps = lowered(network, section)
    scope = {"build_model": lambda: build(prepared.lowered, seed=0)}
    run((*steps.model, *steps.data, *steps.compile), scope)
    return scope


class Trained:
    """A run in the folder at hand."""

    def __init__(self, network, section, **options):
        self.spec = Spec(network, section, head=options.pop("head", None))
        self.lines = []
        write = options.pop("write", self.lines.append)
        self.status = train_program(self.spec.program, self.spec.training, self.spec.found, write, **options)

    @property
    def epochs(self):
        with open("runs/spec-1/metrics.jsonl") as file:
            return [json.loads(line) for line in file]


# --- optimisers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "name", "expected"),
    [
        ("sgd", "SGD", {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False}),
        (
            "{name: sgd, learning_rate: 0.1, momentum: 0.8, nesterov: true}",
            "SGD",
            {"learning_rate": 0.1, "momentum": 0.8, "nesterov": True},
        ),
        ("momentum", "SGD", {"momentum": 0.9, "nesterov": False}),
        ("{name: nesterov, momentum: 0.5}", "SGD", {"momentum": 0.5, "nesterov": True}),
        (
            "{name: rmsprop, rho: 0.8, momentum: 0.1, centered: true}",
            "RMSprop",
            {"rho": 0.8, "momentum": 0.1, "centered": True},
        ),
        (
            "{name: adam, beta_1: 0.8, beta_2: 0.99, epsilon: 1e-5, amsgrad: true}",
            "Adam",
            {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-5, "amsgrad": True},
        ),
        ("{name: adamw, weight_decay: 0.1}", "AdamW", {"weight_decay": 0.1}),
        ("{name: adam, clip: {value: 0.5}}", "Adam", {"clipvalue": 0.5, "clipnorm": None, "global_clipnorm": None}),
        ("{name: adam, clip: {norm: 0.5}}", "Adam", {"clipvalue": None, "clipnorm": 0.5, "global_clipnorm": None}),
        (
            "{name: adam, clip: {global_norm: 0.5}}",
            "Adam",
            {"clipvalue": None, "clipnorm": None, "global_clipnorm": 0.5},
        ),
    ],
)
def test_settings_arrive_in_the_optimiser(optimizer, name, expected):
    made = compiled(NETWORK, f"{IRIS}{SPARSE}\noptimizer: {optimizer}")["model"].optimizer
    config = made.get_config()
    assert type(made).__name__ == name
    assert {key: config[key] for key in expected} == pytest.approx(expected)


def gradients(model, x, y):
    """d/dW and d/db of the mean squared error of a dense layer, by hand."""
    weights, bias = (np.array(weight) for weight in model.get_weights())
    error = 2 * (x @ weights + bias - y) / y.size
    return [x.T @ error, error.sum(axis=0)]


CLIPS = {
    "value: 0.3": lambda g: [np.clip(each, -0.3, 0.3) for each in g],
    "norm: 0.3": lambda g: [each * min(1, 0.3 / np.linalg.norm(each)) for each in g],
    "global_norm: 0.3": lambda g: [each * 0.3 / np.sqrt(sum((each**2).sum() for each in g)) for each in g],
}


@pytest.mark.parametrize("clip", CLIPS)
def test_clipping_acts_on_the_gradients(clip):
    section = (
        f"data: {{source: sklearn/linnerud}}\nloss: mse\noptimizer: {{name: sgd, learning_rate: 1, clip: {{{clip}}}}}"
    )
    scope = compiled("Input(3) -> FC(3)", section)
    model = scope["model"]
    x, y = scope["x_train"].astype("float64"), scope["y_train"].astype("float64")
    before, gradient = model.get_weights(), gradients(model, x, y)
    assert min(np.linalg.norm(each) for each in gradient) > 10  # steps of 1 would be huge
    model.train_on_batch(scope["x_train"], scope["y_train"])
    change = [old - new for old, new in zip(before, model.get_weights(), strict=True)]
    for ours, by_hand in zip(change, CLIPS[clip](gradient), strict=True):
        np.testing.assert_allclose(ours, by_hand, rtol=1e-3, atol=1e-6)


def test_momentum_by_hand():
    section = "data: {source: sklearn/linnerud}\nloss: mse\noptimizer: {name: momentum, learning_rate: 1e-5}"
    scope = compiled("Input(3) -> FC(3)", section)
    model, x, y = scope["model"], scope["x_train"], scope["y_train"]
    velocity = 0
    for _ in range(3):
        before, gradient = model.get_weights()[0], gradients(model, x.astype("float64"), y.astype("float64"))[0]
        velocity = 0.9 * velocity - 1e-5 * gradient
        model.train_on_batch(x, y)
        np.testing.assert_allclose(model.get_weights()[0], before + velocity, rtol=1e-4, atol=1e-6)


def test_penalties_and_constraints_come_from_the_operators():
    network = "Input(4) -> FC(5, regularizer=l2(0.1), constraint=max_norm(0.5)) -> FC(3, regularizer=l1(0.2))"
    model = compiled(network, f"{IRIS}{SPARSE}\noptimizer: {{name: sgd, learning_rate: 1}}")["model"]
    first, second = model.get_weights()[0], model.get_weights()[2]
    np.testing.assert_allclose(
        sorted(map(float, model.losses)), sorted([0.1 * (first**2).sum(), 0.2 * np.abs(second).sum()]), rtol=1e-5
    )
    rng = np.random.default_rng(0)
    model.train_on_batch(rng.normal(size=(30, 4)) * 100, rng.integers(0, 3, 30))
    assert np.linalg.norm(model.get_weights()[0], axis=0).max() <= 0.5 + 1e-6


# --- learning rates ------------------------------------------------------------------------

STEPS = 4  # 120 of 150 irises in batches of 30
T = np.arange(0, 10 * STEPS)
EPOCH = T / STEPS
RATES = {
    "{name: step, every: 3, factor: 0.5}": 0.1 * 0.5 ** np.floor(EPOCH / 3),
    "{name: step, at: [2, 5], factor: 0.1}": 0.1 * 0.1 ** ((EPOCH >= 2).astype(int) + (EPOCH >= 5)),
    "{name: exponential, decay: 0.8}": 0.1 * 0.8**EPOCH,
    "{name: exponential, decay: 0.8, every: 2, staircase: true}": 0.1 * 0.8 ** np.floor(EPOCH / 2),
    "{name: inverse_time, decay: 0.5, every: 2}": 0.1 / (1 + 0.5 * EPOCH / 2),
    "{name: polynomial, power: 2, end: 0.01}": (0.1 - 0.01) * (1 - EPOCH / 10) ** 2 + 0.01,
    "cosine": 0.1 * (1 + np.cos(np.pi * EPOCH / 10)) / 2,
    "{name: cosine, epochs: 5, end: 0.2}": 0.1 * (0.8 * (1 + np.cos(np.pi * np.minimum(EPOCH / 5, 1))) / 2 + 0.2),
    "{name: cosine, warmup: 2}": np.where(EPOCH < 2, 0.1 * EPOCH / 2, 0.1 * (1 + np.cos(np.pi * (EPOCH - 2) / 8)) / 2),
}


@pytest.mark.parametrize("schedule", RATES)
def test_rates_follow_their_formulas(schedule):
    section = f"{IRIS}{SPARSE}\noptimizer: {{name: sgd, learning_rate: 0.1}}\nschedule: {schedule}\nepochs: 10"
    scope = compiled(NETWORK, section)
    assert scope["steps_per_epoch"] == STEPS
    rates = [float(scope["learning_rate"](step)) for step in T]
    np.testing.assert_allclose(rates, RATES[schedule], rtol=1e-5, atol=1e-9)
    assert scope["model"].optimizer._learning_rate is scope["learning_rate"]


def test_a_plateau_lowers_the_rate():
    section = (
        f"{IRIS}{SPARSE}\noptimizer: {{name: sgd, learning_rate: 1e-9}}\nepochs: 6\n"
        "schedule: {name: plateau, factor: 0.5, patience: 2, end: 3e-10}"
    )
    trained = Trained(NETWORK, section)
    assert trained.status == 0
    rates = [line["learning_rate"] for line in trained.epochs]
    np.testing.assert_allclose(rates, [1e-9, 1e-9, 1e-9, 5e-10, 5e-10, 3e-10], rtol=1e-4)


# --- callbacks, runs -----------------------------------------------------------------------

GROWING = (
    f"{IRIS}{SPARSE}\noptimizer: {{name: sgd, learning_rate: 0.01}}\nepochs: 30\n"
    "schedule: {name: exponential, decay: 2.5}\nmetrics: [accuracy]\n"
)


def best_of(run, figure, best):
    values = [line[figure] for line in run.epochs]
    assert values.index(best(values)) < len(values) - 1  # the last epoch was not the best, so this can fail
    return best(values)


def validated(spec, path="runs/spec-1/model.keras"):
    scope = {}
    run(lower_training(spec.prepare().plan).data, scope)
    return keras.models.load_model(path).evaluate(scope["x_val"], scope["y_val"], return_dict=True, verbose=0)


def test_early_stopping_stops_and_puts_the_best_back():
    trained = Trained(NETWORK, GROWING + "early_stopping: 3")
    assert trained.status == 0
    values = [line["val_loss"] for line in trained.epochs]
    assert len(values) == values.index(min(values)) + 1 + 3 < 30
    best = values.index(min(values))
    assert trained.lines[-3] == (
        f"stopped after epoch {len(values)} of 30: val_loss has not improved for 3 epochs; "
        f"the weights of epoch {best + 1} are kept (val_loss {values[best]:.4f})"
    )
    assert validated(trained.spec)["loss"] == pytest.approx(best_of(trained, "val_loss", min), rel=1e-4)


def test_the_best_checkpoint_is_put_back():
    trained = Trained(
        NETWORK, GROWING.replace("30", "9", 1).replace("epochs: 30", "epochs: 9") + "checkpoint: val_loss"
    )
    assert trained.status == 0
    assert validated(trained.spec)["loss"] == pytest.approx(best_of(trained, "val_loss", min), rel=1e-4)


def test_terminal_lines_can_be_left_out():
    trained = Trained(NETWORK, f"{IRIS}{SPARSE}\nepochs: 2\nlog: csv")
    assert [line.split()[0] for line in trained.lines] == ["spec", "written:", "test:"]


def test_a_run_that_diverges_says_so():
    section = "data: {source: sklearn/diabetes}\nloss: mse\noptimizer: {name: sgd, learning_rate: 1e6}\nepochs: 5"
    trained = Trained("Input(10) -> FC(16, act=relu) -> FC(1)", section)
    assert trained.status == 1
    assert [code for code, _ in trained.spec.said] == ["NN745"]
    assert "epoch 1" in trained.spec.only.message


def test_what_a_run_writes():
    section = f"{IRIS}{SPARSE}\nmetrics: [accuracy]\nepochs: 3\nlog: [csv, terminal]\n"
    section += "optimizer: {name: adam, learning_rate: 1e-2}"
    trained = Trained(NETWORK, section, command="nnspec train spec.yaml --set train.epochs=3")
    assert trained.status == 0
    assert [line["epoch"] for line in trained.epochs] == [1, 2, 3]
    assert set(trained.epochs[0]) == {
        "epoch",
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "learning_rate",
        "seconds",
    }
    with open("runs/spec-1/spec.yaml") as file:
        assert file.readline() == "# Trained with: nnspec train spec.yaml --set train.epochs=3\n"
    there = "spec.yaml, model.keras, curves.png, history.csv, metrics.jsonl, settings.json, state.npz, test.json"
    assert trained.lines[-2] == f"written: runs/spec-1 ({there})"
    with open("runs/spec-1/settings.json") as file:
        assert json.load(file)["optimizer"] == {"name": "adam", "learning_rate": 0.01}
    with open("runs/spec-1/history.csv") as file:
        assert len(file.readlines()) == 4
    with open("runs/spec-1/curves.png", "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    scope = {}
    run(lower_training(trained.spec.prepare().plan).data, scope)
    model = keras.models.load_model("runs/spec-1/model.keras")
    loss, accuracy = model.evaluate(scope["x_test"], scope["y_test"], verbose=0)
    assert trained.lines[-1] == f"test: loss {loss:.4f}, accuracy {accuracy:.4f} (15 examples)"
    assert [line.split()[:2] for line in trained.lines[1:4]] == [["epoch", "1/3"], ["epoch", "2/3"], ["epoch", "3/3"]]
    Trained(NETWORK, f"{IRIS}{SPARSE}\nepochs: 1")
    assert keras.models.load_model("runs/spec-2/model.keras").count_params() == model.count_params()


@pytest.mark.parametrize("keeps_structure", [True, False])
def test_generated_source_does_the_same(capsys, keeps_structure):
    section = f"{IRIS}{SPARSE}\nmetrics: [accuracy]\nepochs: 4\nseed: 3\nearly_stopping: 9\n"
    section += "schedule: {name: step, every: 2}"
    network = "Input(4) -> Wide(8) -> Wide(6) x 2 -> FC(3)"
    head = f"nnspec: 1\nblocks: {{Wide(n): 'FC(n, act=tanh, dropout=0.3)'}}\nnetwork: {network}\n"
    trained = Trained(network, section, head=head)
    statements = training_statements(trained.spec.program, trained.spec.training, trained.spec.found)
    structure = find_structure(trained.spec.program.tree, Settings()) if keeps_structure else None
    source = generate(
        [trained.spec.prepare().lowered], title="iris", training=[statements], seed=3, structure=structure
    )
    assert ("def wide(" in source and "for _ in range(2)" in source) is keeps_structure
    scope = {"__name__": "iris"}
    exec(compile(source, "iris.py", "exec"), scope)
    scope["train"]()
    with open("runs/spec-1/test.json") as file:
        test = json.load(file)
    shown = re.fullmatch(r"test: accuracy (\S+), loss (\S+)", capsys.readouterr().out.splitlines()[-1])
    assert [float(figure) for figure in shown.groups()] == pytest.approx([test["accuracy"], test["loss"]], rel=1e-3)
    assert all(len(figure.lstrip("0.").replace(".", "")) <= 4 for figure in shown.groups())
    ours, theirs = (keras.models.load_model(path) for path in ("runs/spec-1/model.keras", "spec.keras"))
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert "nnspec" not in source


def test_a_resumed_run_ends_where_an_unbroken_one_does():
    section = "data: {source: sklearn/iris, shuffle: false, split: [0.8, 0.2, 0]}" + SPARSE
    section += "\nschedule: {name: plateau, patience: 1, min_delta: 1}\nearly_stopping: {patience: 9}\nepochs: %d"
    Trained(NETWORK, section % 5)
    Trained(NETWORK, section % 2)
    resumed = Trained(NETWORK, section % 5, resume="runs/spec-2")
    assert resumed.status == 0
    whole, parts = (keras.models.load_model(f"runs/spec-{n}/model.keras").get_weights() for n in (1, 2))
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    figures = []
    for number in (1, 2):
        with open(f"runs/spec-{number}/metrics.jsonl") as file:
            figures.append([{**json.loads(line), "seconds": 0} for line in file])
    assert [line["epoch"] for line in figures[1]] == [1, 2, 3, 4, 5]
    for one, other in zip(*figures, strict=True):
        assert one == pytest.approx(other, rel=1e-5)


@pytest.mark.parametrize("folder", ["runs/none", "runs/spec-1"])
def test_a_run_that_cannot_be_resumed(folder):
    Trained(NETWORK, f"{IRIS}{SPARSE}\nepochs: 1")
    trained = Trained("Input(4) -> FC(3)", f"{IRIS}{SPARSE}\nepochs: 2", resume=folder)
    assert trained.status == (2 if folder == "runs/none" else 1)
    assert [code for code, _ in trained.spec.said] == ["NN746"]


def test_an_interrupted_run_keeps_its_last_epoch():
    lines = []

    def write(line):
        lines.append(line)
        if line.startswith("epoch 3/"):
            raise KeyboardInterrupt

    trained = Trained(NETWORK, f"{IRIS}{SPARSE}\nepochs: 9\nmetrics: [accuracy]", write=write)
    assert trained.status == 130
    assert lines[-1] == "interrupted after epoch 3; continue with `--resume runs/spec-1`"
    assert validated(trained.spec)["accuracy"] == pytest.approx(trained.epochs[2]["val_accuracy"], abs=1e-6)


def test_a_folder_that_holds_something():
    Trained(NETWORK, f"{IRIS}{SPARSE}\nepochs: 1", folder="here")
    again = Trained(NETWORK, f"{IRIS}{SPARSE}\nepochs: 1", folder="here")
    assert again.status == 2
    assert [code for code, _ in again.spec.said] == ["NN746"]


def test_a_network_without_weights():
    trained = Trained("Input(64) -> FC(10, trainable=false)", "data: {source: sklearn/digits}" + SPARSE)
    assert trained.status == 1
    assert [code for code, _ in trained.spec.said] == ["NN737"]


def test_several_outputs_share_the_targets():
    head = (
        "nnspec: 1\ntensors: {x: 'Input(4) -> FC(6, act=relu)', main: x -> FC(3), aux: x -> FC(3) -> Softmax}\n"
        "outputs: [main, aux]\n"
    )
    section = (
        f"{IRIS}\nloss: {{main: sparse_categorical_crossentropy, aux: categorical_crossentropy, "
        "weights: {aux: 0.3}}\n"
        "metrics: {main: accuracy}\nepochs: 1"
    )
    spec = Spec(None, section, head=head)
    lines = []
    assert train_program(spec.program, spec.training, spec.found, lines.append) == 0, spec.found.sorted()
    with open("runs/spec-1/metrics.jsonl") as file:
        line = json.loads(file.readline())
    assert line["loss"] == pytest.approx(line["main_loss"] + 0.3 * line["aux_loss"], rel=1e-3)
    assert "main_accuracy" in line


@pytest.mark.parametrize(
    ("last", "metric", "expected"),
    [
        ("FC(1)", "accuracy", keras.metrics.BinaryAccuracy(threshold=0.0)),
        ("FC(1) -> Sigmoid", "accuracy", keras.metrics.BinaryAccuracy()),
        ("FC(1)", "auc", keras.metrics.AUC(from_logits=True)),
        ("FC(1)", "precision", keras.metrics.Precision(thresholds=0.0)),
        ("FC(1) -> Sigmoid", "recall", keras.metrics.Recall()),
    ],
)
def test_metrics_of_a_binary_loss_read_its_outputs(last, metric, expected):
    section = f"data: {{source: sklearn/breast_cancer}}\nloss: binary_crossentropy\nmetrics: [{metric}]"
    _, steps = lowered(f"Input(30) -> BN -> {last}", section)
    compile_call = steps.compile[-1].value
    assert isinstance(compile_call, Call)
    [ours] = evaluate(compile_call.kwargs["metrics"], {})
    loss = evaluate(compile_call.kwargs["loss"], {})
    assert loss.get_config()["from_logits"] is ("Sigmoid" not in last) if "from_logits" in loss.get_config() else True
    rng = np.random.default_rng(0)
    y, outputs = rng.integers(0, 2, (50, 1)), rng.normal(size=(50, 1)).astype("float32")
    outputs = 1 / (1 + np.exp(-outputs)) if "Sigmoid" in last else outputs
    ours.update_state(y, outputs)
    expected.update_state(y, outputs)
    assert ours.name == metric
    assert float(ours.result()) == pytest.approx(float(expected.result()))


def test_digits_reach_their_accuracy():
    from nnspec.compiler import load
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.program.settings import Settings
    from nnspec.train.command import training_of

    found = Diagnostics()
    path = __file__.rsplit("/tests/", 1)[0] + "/specs/digits.yaml"
    program = load(path, Settings(), found)
    training = training_of(program.tree, [("train.epochs", "10"), ("train.seed", "2")], found)
    lines = []
    assert train_program(program, training, found, lines.append) == 0
    assert [d for d in found.sorted() if d.severity != "note"] == []
    with open("runs/digits-1/test.json") as file:
        assert json.load(file)["accuracy"] >= 0.97


def test_precision_is_set_before_the_layers():
    section = f"{IRIS}{SPARSE}\nprecision: mixed_bfloat16"
    prepared, steps = lowered(NETWORK, section)
    before = keras.config.dtype_policy()
    try:
        scope = {"build_model": lambda: build(prepared.lowered)}
        for statement in (*steps.before, *steps.model):
            run_statement(statement, scope)
        assert scope["model"].layers[-1].compute_dtype == "bfloat16"
        assert scope["model"].layers[-1].variable_dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)


def test_a_framework_without_float64_is_not_asked_for_it(monkeypatch):
    monkeypatch.setattr(runner, "has_float64", lambda: False)
    assert Trained(NETWORK, f"{IRIS}{SPARSE}\nepochs: 1").status == 0
    trained = Trained(NETWORK, f"{IRIS}{SPARSE}\nepochs: 1\nprecision: float64")
    assert trained.status == 1
    assert trained.spec.said == [("NN737", "float64")]
    assert trained.spec.only.help == "set JAX_ENABLE_X64=1 in the environment"

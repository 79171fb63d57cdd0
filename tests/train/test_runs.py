"""Run folders that stand by themselves: trained again elsewhere, resumed, damaged; what a run says of itself."""

import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score

from nnspec.backends.execute import run as execute
from nnspec.compiler import load
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.settings import Settings
from nnspec.syntax.read import read_spec
from nnspec.train.command import train_program, training_of
from nnspec.train.interrupt import Interrupts
from nnspec.train.lower import lower_training
from tests.train.training import SPARSE, Spec

IRIS = f"data: {{source: sklearn/iris, batch: 30}}{SPARSE}"
NETWORK = "Input(4) -> FC(8, act=tanh) -> FC(3)"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def trained(path, settings=None, **options):
    """Lines, diagnostics, status and model of a training by file."""
    settings = settings or Settings()
    found, lines = Diagnostics(), []
    program = load(path, settings, found)
    assert [d for d in found.sorted() if d.severity == "error" and d.code.number != "NN502"] == []
    promised = bool([d for d in found.sorted() if d.severity == "error"])
    found = Diagnostics()
    training = training_of(program.tree, settings.sets, found)
    status = train_program(program, training, found, lines.append, settings=settings, **options)
    return status, lines, found.sorted(), program.models[0], promised


def figures(run):
    with open(f"{run}/metrics.jsonl") as file:
        return [{**json.loads(line), "seconds": 0} for line in file]


def write(**files):
    for name, text in files.items():
        path = name.replace("__", "/").replace("_yaml", ".yaml").replace("_nn", ".nn").replace("_csv", ".csv")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w") as file:
            file.write(text)


WORDS = ["ant", "bee", "cat"]


def table():
    rng = np.random.default_rng(0)
    rows = [f"{rng.normal():.3f},{rng.normal():.3f},{WORDS[i % 3]}" for i in range(60)]
    return "\n".join(["a,b,kind", *rows]) + "\n"


def project():
    write(
        proj__lib__blocks_nn='import Deep from "../deep.nn"\nblock Body(c) = FC(c) -> Deep(c) -> Dropout(0.2)\n',
        proj__deep_nn="block Deep(c) = FC(c, act=tanh)\n",
        proj__mid_nn="let k = 5\nFC(k) -> ReLU\n",
        proj__nets__net_nn='import Body from "../lib/blocks.nn"\nparam width\ndefault FC(init=he_normal)\n'
        "Input(H) -> Body(width)  : (width) -> FC(2 * H) -> FC(3)\n",
        proj__a_csv=table(),
        proj__go_yaml="nnspec: 1\nparams: {width: 4}\ndefault: {FC: {init: glorot_normal, bias: true}}\n"
        "network: [{file: nets/net.nn}, {file: mid.nn}, FC(3)]\nexpect: [params == 1]\n"
        "train:\n  data: {source: csv, path: a.csv, target: kind}\n  loss: sparse_categorical_crossentropy\n"
        "  metrics: [accuracy]\n  optimizer: {name: adam, learning_rate: 2^-6}\n  epochs: 9\n",
    )


GIVEN = Settings(
    params=(("width", "2 * 3"),),
    sets=(("FC.bias", "false"), ("train.epochs", "2"), ("train.optimizer.clip", "{norm: 1}")),
    inputs=((None, "2"),),
)


def test_a_run_folder_checks_and_trains_by_itself_elsewhere(tmp_path, monkeypatch):
    project()
    status, _, _, _, promised = trained("proj/go.yaml", GIVEN)
    assert status == 0
    assert promised  # a promise that does not hold is left out of what is trained again
    shutil.move("runs/go-1", tmp_path / "moved")
    shutil.rmtree("proj/lib")
    os.makedirs("else/where")
    monkeypatch.chdir("else/where")
    status, _, found, other, promised = trained("../../moved/spec.yaml")
    assert (status, found, promised) == (0, [], False)
    assert other.name == "go"
    assert [line["loss"] for line in figures("runs/go-1")] == [line["loss"] for line in figures("../../moved")]
    with open("../../moved/settings.json") as file, open("runs/go-1/settings.json") as copy:
        one, two = json.load(file), json.load(copy)
    assert one["epochs"] == two["epochs"] == 2
    assert one["data"].pop("path") == "a.csv"
    assert two["data"].pop("path") == str(tmp_path / "proj/a.csv")
    assert one == two


def test_the_run_of_one_model_of_several():
    write(
        a_nn="param n = 3\nmodel First = Input(4) -> FC(n)\nmodel Second = Input(4) -> FC(2) -> FC(n)\n",
        a_yaml="nnspec: 1\nmodels: {First: 'Input(4) -> FC(3)', Second: 'Input(4) -> FC(2) -> FC(3)'}\n"
        f"train:\n  {IRIS.replace(chr(10), chr(10) + '  ')}\n  epochs: 1\n",
    )
    status, *_ = trained("a.yaml", Settings(model="Second"), folder="second")
    assert status == 0
    tree = read_spec("second/spec.yaml", Diagnostics())
    assert tree.name == "Second"
    status, *_ = trained("second/spec.yaml", Settings(model="Second"), folder="again")
    assert status == 0
    assert figures("second")[0]["loss"] == figures("again")[0]["loss"]


def test_words_of_the_targets_are_kept_and_said():
    write(a_csv=table())
    spec = Spec("Input(2) -> FC(3)", f"data: {{source: csv, path: a.csv, target: kind}}{SPARSE}\nepochs: 1")
    lines = []
    assert train_program(spec.program, spec.training, spec.found, lines.append) == 0
    assert lines[1] == "classes: 0 ant, 1 bee, 2 cat"
    with open("runs/spec-1/classes.json") as file:
        assert json.load(file) == WORDS
    assert "classes.json" in lines[-2]


def run(section, network=NETWORK, **options):
    spec = Spec(network, section)
    lines = []
    sets = Settings(sets=tuple(options.pop("sets", ())))
    training = training_of(spec.program.tree, sets.sets, spec.found)
    status = train_program(spec.program, training, spec.found, lines.append, settings=sets, **options)
    return status, lines, [d for d in spec.found.sorted() if d.severity == "error"]


def test_resuming_writes_the_settings_that_hold_now():
    run(f"{IRIS}\nepochs: 2")
    status, *_ = run(f"{IRIS}\nepochs: 2", resume="runs/spec-1", sets=[("train.epochs", "3")])
    assert status == 0
    with open("runs/spec-1/settings.json") as file:
        assert json.load(file)["epochs"] == 3
    with open("runs/spec-1/spec.yaml") as file:
        assert "epochs: 3" in file.read()
    assert [line["epoch"] for line in figures("runs/spec-1")] == [1, 2, 3]


def test_figures_past_the_state_are_measured_again():
    run(f"{IRIS}\nepochs: 2")
    with open("runs/spec-1/metrics.jsonl", "a") as file:
        file.write('{"epoch": 3, "loss": 0.5}\n')
    assert run(f"{IRIS}\nepochs: 4", resume="runs/spec-1")[0] == 0
    assert [line["epoch"] for line in figures("runs/spec-1")] == [1, 2, 3, 4]


DAMAGE = {
    "junk": b"junk\n",
    "nothing": b"",
    "half": None,
    "another archive": "other",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_state_is_said_before_anything_else(damage):
    run(f"{IRIS}\nepochs: 1")
    path = "runs/spec-1/state.npz"
    with open(path, "rb") as file:
        whole = file.read()
    if DAMAGE[damage] == "other":
        np.savez(path, x=np.zeros(3))
    else:
        with open(path, "wb") as file:
            file.write(whole[: len(whole) // 2] if DAMAGE[damage] is None else DAMAGE[damage])
    with open("runs/spec-1/spec.yaml") as file:
        before = file.read()
    status, lines, [error] = run(f"{IRIS}\nepochs: 2", resume="runs/spec-1")
    assert (status, lines) == (1, [])
    assert (error.code.number, error.span.text) == ("NN746", "runs/spec-1")
    assert "state.npz cannot be read" in error.message
    assert "pickle" not in error.message
    with open("runs/spec-1/spec.yaml") as file:
        assert file.read() == before


def test_a_run_of_another_network_is_said_before_anything_else():
    run(f"{IRIS}\nepochs: 1")
    status, lines, [error] = run(f"{IRIS}\nepochs: 2", network="Input(4) -> FC(3)", resume="runs/spec-1")
    assert (status, lines) == (1, [])
    assert (error.code.number, error.span.text) == ("NN746", "runs/spec-1")


@pytest.mark.parametrize(("old", "new", "word"), [("iris", "wine", "data"), ("sparse_", "", "loss")])
def test_a_run_of_other_data_or_another_loss_is_not_resumed(old, new, word):
    run(f"{IRIS}\nepochs: 1")
    network = NETWORK.replace("Input(4)", "Input(13)") if new == "wine" else NETWORK
    status, lines, [error] = run(f"{IRIS}\nepochs: 2".replace(old, new), network=network, resume="runs/spec-1")
    assert (status, lines, error.code.number, error.span.text) == (1, [], "NN746", "runs/spec-1")
    assert f"`{word}`" in error.message


def test_the_rate_is_that_of_the_last_step():
    run(f"{IRIS}\nepochs: 3\noptimizer: {{name: sgd, learning_rate: 0.1}}\nschedule: {{name: cosine, warmup: 1}}")
    steps = np.array([3, 7, 11])  # of 4 in an epoch
    cosine = 0.1 * (1 + np.cos(np.pi * (steps - 4) / 8)) / 2
    expected = [0.1 * 3 / 4, *cosine[1:]]
    np.testing.assert_allclose([line["learning_rate"] for line in figures("runs/spec-1")], expected, rtol=1e-5)


def test_an_interrupt_is_taken_between_steps():
    spec = Spec(NETWORK, f"{IRIS}\nepochs: 9")
    lines = []

    def write(line):
        lines.append(line)
        if line.startswith("epoch 2/"):
            os.kill(os.getpid(), signal.SIGINT)
            lines.append("the handler has run")  # without a handler of our own, this is not reached

    before = signal.getsignal(signal.SIGINT)
    assert train_program(spec.program, spec.training, spec.found, write) == 130
    assert lines[-2:] == ["the handler has run", "interrupted after epoch 2; continue with `--resume runs/spec-1`"]
    assert signal.getsignal(signal.SIGINT) is before
    assert run(f"{IRIS}\nepochs: 3", resume="runs/spec-1")[0] == 0
    assert [line["epoch"] for line in figures("runs/spec-1")] == [1, 2, 3]


def test_a_second_interrupt_does_not_wait():
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert interrupts.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("data", "network", "loss"),
    [
        ("breast_cancer", "Input(30) -> BN -> FC(1) -> Sigmoid", "binary_crossentropy"),
        ("iris", "Input(4) -> FC(3)", "categorical_crossentropy"),
    ],
)
def test_f1_is_the_one_of_scikit_learn(data, network, loss):
    section = f"data: {{source: sklearn/{data}}}\nloss: {loss}\nmetrics: [f1_score, fbeta_score]\nepochs: 2"
    status, lines, errors = run(section, network=network)
    assert (status, errors) == (0, []), lines
    spec = Spec(network, section)
    scope = {}
    execute(lower_training(spec.prepare().plan).data, scope)
    outputs = keras.models.load_model("runs/spec-1/model.keras").predict(scope["x_test"], verbose=0)
    if data == "iris":
        found, true = outputs.argmax(axis=-1), scope["y_test"].argmax(axis=-1)
    else:
        found, true = outputs > 0.5, scope["y_test"]
    with open("runs/spec-1/test.json") as file:
        figures = json.load(file)
    expected = f1_score(true, found, average="macro" if data == "iris" else "binary")
    assert figures["f1_score"] == pytest.approx(expected, abs=1e-5)
    assert figures["fbeta_score"] == pytest.approx(expected, abs=1e-5)


def test_f1_needs_probabilities():
    section = "data: {source: sklearn/breast_cancer}\nloss: binary_crossentropy\nmetrics: f1_score"
    spec = Spec("Input(30) -> FC(1)", section)
    assert spec.check() is None
    assert spec.said == [("NN736", "f1_score")]


def test_damaged_figures_are_said():
    run(f"{IRIS}\nepochs: 1")
    with open("runs/spec-1/metrics.jsonl", "w") as file:
        file.write("junk\n")
    status, lines, [error] = run(f"{IRIS}\nepochs: 2", resume="runs/spec-1")
    assert (status, lines, error.code.number, error.span.text) == (1, [], "NN746", "runs/spec-1")


def test_a_run_that_keeps_its_best_says_so():
    section = f"{IRIS}\nepochs: 3\noptimizer: {{name: sgd, learning_rate: 0.01}}\ncheckpoint: val_loss"
    _, lines, _ = run(section)
    values = [line["val_loss"] for line in figures("runs/spec-1")]
    best = values.index(min(values))
    assert lines[-3] == f"the weights of epoch {best + 1} are kept (val_loss {values[best]:.4f})"

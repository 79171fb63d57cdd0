"""Layers that are fitted to the training data: to which data, when, by whom, and that a resumed run leaves them be."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import nnspec.backends.layers  # registers the layers of our own, which the saved models have
from nnspec.backends.execute import run
from nnspec.backends.keras_source import generate
from nnspec.train.command import train_program, training_statements
from nnspec.train.lower import lower_training
from tests.train.training import SPARSE, Spec

DIGITS = f"data: {{source: sklearn/digits, split: [0.7, 0.2, 0.1], batch: 100}}{SPARSE}\nepochs: 2"
DIRECT = "Input(8, 8, 1) -> Standardize(axis=(0, 1)) -> FC(10)"
CHAIN = (
    "Input(8, 8, 1) -> Rescale(1/16) -> RandomFlip -> Flatten -> Standardize -> Dropout(0.5) -> Whiten(12)"
    " -> FC(8, act=tanh) -> PCA(3) -> FC(10)"
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
assert nnspec.backends.layers


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Trained:
    """A run in the folder at hand."""

    def __init__(self, network, section=DIGITS, **options):
        self.spec = Spec(network, section)
        self.lines = []
        self.status = train_program(
            self.spec.program, self.spec.training, self.spec.found, self.lines.append, **options
        )

    def model(self, number=1):
        return keras.models.load_model(f"runs/spec-{number}/model.keras")

    def data(self):
        """The arrays of the split, as the run made them."""
        scope = {}
        run(lower_training(self.spec.prepare().plan).data, scope)
        return scope


def printed(spec, seed=0):
    """What the generated program trains."""
    statements = training_statements(spec.program, spec.training, spec.found)
    source = generate([spec.prepare().lowered], title="spec", training=[statements], seed=seed)
    scope = {"__name__": "spec"}
    exec(compile(source, "spec.py", "exec"), scope)
    scope["train"]()
    return keras.models.load_model("spec.keras"), source


def test_standardising_has_the_moments_of_the_training_examples():
    trained = Trained(DIRECT)
    assert trained.status == 0
    x = trained.data()["x_train"]
    assert len(x) < 1797  # not all examples are for training
    mean, variance, _ = trained.model().get_layer("standardize").get_weights()
    np.testing.assert_allclose(mean, x.mean(axis=0)[..., 0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(variance, x.var(axis=0)[..., 0], rtol=1e-5, atol=1e-6)
    assert trained.lines[1] == "fitted to the training examples: standardize"


def arrived(model, name, x):
    return keras.Model(model.inputs, model.get_layer(name).input).predict(x, verbose=0).astype("float64")


def test_each_layer_is_fitted_to_what_arrives_at_it():
    trained = Trained(
        CHAIN + " -> Softmax", DIGITS.replace("epochs: 2", "epochs: 1\noptimizer: {name: sgd, learning_rate: 0}")
    )
    assert trained.status == 0
    model, x = trained.model(), trained.data()["x_train"]
    pixels = x.reshape(len(x), -1).astype("float64") / 16
    mean, variance, _ = model.get_layer("standardize").get_weights()
    np.testing.assert_allclose(mean, pixels.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(variance, pixels.var(axis=0), rtol=1e-3, atol=1e-6)
    before = arrived(model, "whiten", x)
    whitened = keras.Model(model.inputs, model.get_layer("whiten").output).predict(x, verbose=0).astype("float64")
    covariance = np.linalg.eigvalsh(np.cov(before.T, bias=True))[::-1][:12]
    np.testing.assert_allclose(np.cov(whitened.T, bias=True), np.diag(covariance / (covariance + 1e-5)), atol=5e-3)
    # Nothing was learned at a rate of 0, so what arrives at the last one is what arrived when it was fitted.
    components = model.get_layer("pca").get_weights()[1]
    late = arrived(model, "pca", x)
    _, directions = np.linalg.eigh(np.cov(late.T))
    np.testing.assert_allclose(np.abs((components * directions[:, ::-1][:, :3]).sum(axis=0)), 1, atol=1e-4)
    assert trained.lines[1] == "fitted to the training examples: standardize, whiten, pca"


@pytest.mark.parametrize("network", [DIRECT, CHAIN])
def test_the_generated_program_fits_the_same(network):
    trained = Trained(network)
    model, source = printed(trained.spec)
    for one, other in zip(trained.model().get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert "nnspec" not in source.replace('package="nnspec"', "")
    assert ('get_layer("standardize").adapt(x_train)' in source) == (network == DIRECT)
    for command in (["format", "--diff"], ["check", "--select", "E4,E7,E9,F,I,W,B,UP,SIM,N,PIE,RET,C4"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "-"]
        done = subprocess.run(ruff, input=source, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("network", [DIRECT, CHAIN])
def test_layers_of_keras_are_given_arrays(network, monkeypatch):
    """They take batches only where TensorFlow is installed."""
    taken, adapt = [], keras.layers.Normalization.adapt
    monkeypatch.setattr(keras.layers.Normalization, "adapt", lambda *a: (taken.append(type(a[1])), adapt(*a)))
    assert Trained(network, DIGITS.replace("epochs: 2", "epochs: 1")).status == 0
    assert taken == [np.ndarray]


@pytest.mark.parametrize("network", [DIRECT, CHAIN])
def test_a_resumed_run_is_not_fitted_again(network, monkeypatch):
    section = DIGITS.replace("batch: 100", "batch: 100, shuffle: false")
    Trained(network, section)
    before = Trained(network, section).model(2)
    calls = []
    monkeypatch.setattr(keras.layers.Normalization, "adapt", lambda *_: calls.append("standardize"))
    monkeypatch.setattr(nnspec.backends.layers.pca.PCA, "adapt", lambda *_: calls.append("pca"))
    resumed = Trained(network, section.replace("epochs: 2", "epochs: 3"), resume="runs/spec-2")
    assert (resumed.status, calls) == (0, [])
    assert not any(line.startswith("fitted") for line in resumed.lines)
    fitted = [name for name in ("standardize", "whiten", "pca") if name in {layer.name for layer in before.layers}]
    for name in fitted:
        for one, other in zip(
            before.get_layer(name).get_weights(), resumed.model(2).get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_a_resumed_run_ends_where_an_unbroken_one_does():
    # The loss tells whether what was fitted is computed with, not only kept.
    section = "data: {source: sklearn/digits, split: [0.7, 0.3, 0], shuffle: false}" + SPARSE
    Trained(DIRECT, section + "\nepochs: 3")
    Trained(DIRECT, section + "\nepochs: 1")
    assert Trained(DIRECT, section + "\nepochs: 3", resume="runs/spec-2").status == 0
    losses = []
    for number in (1, 2):
        with open(f"runs/spec-{number}/metrics.jsonl") as file:
            losses.append([json.loads(line)["loss"] for line in file])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "float64"])
def test_other_precisions_are_fitted_too(precision):
    network = "Input(8, 8, 1) -> Rescale(1/16) -> FC(8) -> Standardize -> PCA(3) -> FC(10)"
    rest = f"epochs: 1\nprecision: {precision}\noptimizer: {{name: sgd, learning_rate: 0}}"
    trained = Trained(network, DIGITS.replace("epochs: 2", rest))
    assert trained.status == 0, trained.spec.said
    model, x = trained.model(), trained.data()["x_train"]
    mean, variance, _ = model.get_layer("standardize").get_weights()
    before = arrived(model, "standardize", x)
    np.testing.assert_allclose(mean, before.mean(axis=0), rtol=0.02, atol=0.02)
    np.testing.assert_allclose(variance, before.var(axis=0), rtol=0.02, atol=0.02)
    components = model.get_layer("pca").get_weights()[1]
    np.testing.assert_allclose(components.T @ components, np.eye(3), atol=1e-2)
    assert np.abs(components[:3] - np.eye(3)).max() > 0.1


def test_weights_of_the_best_epoch_bring_what_was_fitted():
    trained = Trained(DIRECT, DIGITS + "\ncheckpoint: val_loss")
    assert trained.status == 0
    x = trained.data()["x_train"]
    mean, _, _ = trained.model().get_layer("standardize").get_weights()
    np.testing.assert_allclose(mean, x.mean(axis=0)[..., 0], rtol=1e-5, atol=1e-6)
    assert os.path.exists("runs/spec-1/best.weights.h5")


def test_a_shared_layer_is_fitted_once():
    head = (
        "nnspec: 1\nshared: {Prepare: 'Standardize -> FC(4, act=tanh)'}\n"
        "tensors: {x: 'Input(64)'}\nnetwork: 'Concat{ x -> Prepare | x -> Dropout(0.1) -> Prepare } -> FC(10)'\n"
    )
    spec = Spec("", DIGITS.replace("sklearn/digits", "sklearn/digits"), head=head)
    lines = []
    assert train_program(spec.program, spec.training, spec.found, lines.append) == 0, spec.said
    assert lines[1].startswith("fitted to the training examples: ")
    assert lines[1].count(",") == 0


def test_numbers_are_not_fitted():
    trained = Trained("Input(8, 8, 1) -> Standardize(mean=5, variance=36) -> FC(10)")
    assert trained.status == 0
    assert not any(line.startswith("fitted") for line in trained.lines)
    assert trained.spec.prepare().fittings == ()


def test_what_is_inside_a_wrapper_cannot_be_fitted():
    spec = Spec("Input(8, 8) -> TimeDistributed{ Standardize } -> FC(10)", DIGITS)
    assert spec.prepare() is None
    assert spec.said == [("NN737", "Standardize")]
    assert "inside a `TimeDistributed`" in spec.only.message
    other = Spec("Input(8, 8) -> TimeDistributed{ Standardize } -> FC(10)", DIGITS)
    assert training_statements(other.program, other.training, other.found) is None
    assert other.said == [("NN737", "Standardize")]


def test_an_output_that_is_fitted_is_found_by_its_name():
    spec = Spec("Input(64) -> FC(10) -> Standardize", DIGITS)
    prepared = spec.prepare()
    assert prepared is not None, spec.said
    assert [(each.name, each.enters) for each in prepared.fittings] == [("standardize", False)]
    assert "standardize" in prepared.lowered.outputs

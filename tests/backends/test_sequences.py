"""Recurrent networks whole: built and printed are one model; masks and states go where Keras takes them."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from nnspec.backends.keras_build import build
from nnspec.backends.keras_source import generate
from nnspec.backends.lower import lower
from nnspec.diagnostics.diagnostic import Diagnostics
from tests.backends.test_equal import batch, outputs, printed_model, without_modules
from tests.program.checking import check

L = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SPECS = {
    "masked": "Input(6, dtype=int32) -> Embedding(9, 4, mask_zero=true) -> LSTM(5, sequences=true) -> GRU(3)",
    "masking": "Input(6, 3) -> Masking(0.5) -> RNN(4, sequences=true) -> Dense(3) -> LSTM(2)",
    "sequence to sequence": """\
        src = Input(T, dtype=int32)
        tgt = Input(S, dtype=int32)
        enc, h, c = src -> Embedding(9, 4, mask_zero=true) -> LSTM(5, sequences=true, state=true)
        dec = { tgt -> Embedding(9, 4) | h | c } -> LSTM(5, sequences=true, mask=tgt)
        output dec, enc
        """,
    "all that comes out": """\
        x = Input(5, 3)
        y, h, c = x -> LSTM(4, sequences=true, state=true, go_backwards=true)
        z, k = GRU(2, state=true){ y | c -> Dense(2) }
        output y, h, c, z, k
        """,
    "one layer twice": """\
        shared Read = LSTM(4, dropout=0.3, seed=1)
        a = Input(5, 3)
        b = Input(T, 3)
        Concat{ a -> Read | b -> Read } -> FC(2)
        """,
    "learned states": """\
        x = Input(5, 3)
        h = Weight(4, init=normal(std=1))
        a = { x | h } -> GRU(4, reset_after=false)
        b = { x | h | Weight(4) } -> LSTM(4, unit_forget_bias=false, unroll=true)
        Concat{ a | b }
        """,
    "functions with settings": """\
        Input(5, 3) -> LSTM(4, activation=leaky_relu(0.1), recurrent_activation=elu(alpha=0.5), sequences=true)
        -> GRU(4, activation=relu(max_value=6), recurrent_activation=hard_sigmoid, use_cudnn=false)
        """,
    "settings": """\
        Input(5, 3) -> GRU(4, init=he_normal, recurrent_init=orthogonal(gain=0.5), regularizer=l2(1e-4),
          recurrent_regularizer=l1(1e-3), constraint=max_norm(2), recurrent_constraint=unit_norm, bias_init=ones,
          dropout=0.1, recurrent_dropout=0.2, seed=3)
        """,
    "maps": """\
        x = Input(T, 6, 5, 2)
        y, h, c = x -> ConvLSTM(3, 3, padding=((0, 2), (1, 1)), state=true, constraint=max_norm(2))
        z = { x -> ConvLSTM(3, (1, 3), padding=same, sequences=true) | h | c } -> ConvLSTM(3, 3, padding=same)
        output y, z
        """,
    "frozen": "Input(3, 6, 2) -> ConvLSTM(3, 3, sequences=true, trainable=false) -> ConvLSTM(2, 2) -> FC(1)",
}


def lowered(spec):
    found = check("\n".join(line.strip() for line in spec.splitlines()))
    assert not found.errors
    return found, lower(found.graph, Diagnostics())


def built(spec, seed=7):
    keras.utils.clear_session()
    return build(lowered(spec)[1], seed)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_built_and_printed_are_one_model(spec, tmp_path):
    found, made = lowered(spec)
    keras.utils.clear_session()
    one, two = build(made, 7), printed_model(made, 7)
    assert without_modules(one.get_config()) == without_modules(two.get_config())
    assert [(w.path, w.trainable) for w in one.weights] == [(w.path, w.trainable) for w in two.weights]
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.count_params() == found.counts.params
    assert sum(int(np.prod(w.shape)) for w in one.trainable_weights) == found.counts.trainable_params
    one.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert len(again.trainable_weights) == len(one.trainable_weights)
    for a, b, c in zip(outputs(one), outputs(two), outputs(again), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(a, c, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_printed_source_passes_ruff(spec):
    text = generate([lowered(spec)[1]], title="A test.")
    for command in (
        ["format", "--isolated", "--diff", "-"],
        ["check", "--isolated", "--select", "E4,E7,E9,F,I,W", "-"],
    ):
        ruff = [sys.executable, "-m", "ruff", *command]
        done = subprocess.run(ruff, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["masked", "functions with settings", "settings", "learned states", "frozen"])
def test_a_step_of_training(name):
    model = built(SPECS[name])
    model.compile("sgd", "mse")
    before = [w.numpy() for w in model.weights]
    x = batch(model)
    model.fit(x, np.ones((2, *model.output_shape[1:])), verbose=0)
    for weight, old in zip(model.weights, before, strict=True):
        assert np.isfinite(weight.numpy()).all()
        if "embeddings" not in weight.path:
            assert np.array_equal(weight.numpy(), old) != weight.trainable, weight.path


def test_a_frozen_recurrence_of_maps_stays_frozen(tmp_path):
    model = built(SPECS["frozen"])
    assert [w.trainable for w in model.weights] == [False] * 3 + [True] * 5
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert [w.trainable for w in again.weights] == [False] * 3 + [True] * 5


# Masks, against Keras's own layers and against what a mask means.

IDS = np.array([[1, 2, 3, 0, 0, 0], [4, 5, 6, 7, 8, 1], [2, 0, 3, 0, 4, 0]])


def test_padding_is_skipped_by_all_recurrent_layers_that_follow():
    model = built(SPECS["masked"])
    ids = keras.Input((None,), dtype="int32")
    plain = keras.Model(ids, L.GRU(3)(L.LSTM(5, return_sequences=True)(L.Embedding(9, 4, mask_zero=True)(ids))))
    plain.set_weights(model.get_weights())
    np.testing.assert_allclose(model(IDS), plain(IDS), atol=1e-6)
    np.testing.assert_allclose(model(IDS)[:1], plain(IDS[:1, :3]), atol=1e-6)
    np.testing.assert_allclose(model(IDS)[2:], plain(IDS[2:, ::2]), atol=1e-6)
    unmasked = built(SPECS["masked"].replace(", mask_zero=true", ""))
    unmasked.set_weights(model.get_weights())
    assert not np.allclose(model(IDS)[:1], unmasked(IDS)[:1], atol=1e-3)


def test_masking_marks_steps_that_hold_one_value():
    model = built(SPECS["masking"])
    x = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
    x[:, 4:] = 0.5
    x[:, 1, 0] = 0.5  # one channel alone marks nothing
    short = keras.Input((4, 3))
    y = L.LSTM(2)(L.Dense(3)(L.SimpleRNN(4, return_sequences=True)(short)))
    plain = keras.Model(short, y)
    plain.set_weights(model.get_weights())
    np.testing.assert_allclose(model(x), plain(x[:, :4]), atol=1e-6)


def test_a_mask_of_ones_own():
    model = built("ids = Input(6, dtype=int32)\nids -> Embedding(9, 4) -> LSTM(3, mask=ids)")
    masked = built("Input(6, dtype=int32) -> Embedding(9, 4, mask_zero=true) -> LSTM(3)")
    masked.set_weights(model.get_weights())
    np.testing.assert_allclose(model(IDS), masked(IDS), atol=1e-6)


def test_with_initial_states_keras_takes_no_mask_from_its_input():
    """As docs/differences.md says: `mask=` gives one."""
    start = "ids = Input(6, dtype=int32)\nh = Input(3)\n{ ids -> Embedding(9, 4, mask_zero=%s) | h } -> GRU(3%s)"
    models = [built(start % given) for given in [("true", ""), ("false", ""), ("false", ", mask=ids")]]
    for model in models:
        model.set_weights(models[0].get_weights())
    h = np.zeros((3, 3), "float32")
    marked, plain, masked = (np.asarray(model([IDS, h])) for model in models)
    np.testing.assert_allclose(marked, plain, atol=1e-6)
    ids = keras.Input((None,), dtype="int32")
    without = keras.Model(ids, L.GRU(3)(L.Embedding(9, 4)(ids)))
    without.set_weights(models[0].get_weights())
    np.testing.assert_allclose(masked[0], without(IDS[:1, :3])[0], atol=1e-6)
    assert not np.allclose(masked[0], plain[0], atol=1e-3)


def test_a_state_goes_on_where_another_ended():
    """Two halves of a sequence, the second from the states of the first, are the whole."""
    spec = """\
        shared Read = LSTM(4, state=true, sequences=true)
        x = Input(6, 3)
        whole, a, b = x -> Read
        y, h, c = x -> Slice(0, 3) -> Read
        z, d, e = { x -> Slice(3) | h | c } -> Read
        halves = Concat(axis=0){ y | z }
        output whole, halves, a, d, b, e
        """
    whole, halves, a, d, b, e = outputs(built(spec))
    np.testing.assert_allclose(whole, halves, atol=1e-6)
    np.testing.assert_allclose([a, b], [d, e], atol=1e-6)

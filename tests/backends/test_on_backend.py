"""The command that tries generated models on a back end: on the one that is here, it tells right from wrong."""

import numpy as np
import pytest

from nnspec.backends.framework import import_keras
from tests.backends import on_backend
from tests.backends.on_backend import PUBLISHED, by_command, try_case

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def network(folder):
    return by_command(PUBLISHED["gcn_cora"], folder)


def test_a_right_model_is_tried_and_kept(tmp_path):
    said = try_case(network, str(tmp_path / "gcn.tensorflow"))
    assert said == "ok, 192 params, as built, 2 weights moved by a step, saved and loaded"
    with np.load(tmp_path / "gcn.tensorflow.npz") as kept:
        assert [kept[name].shape for name in kept.files] == [(on_backend.BATCH, 9, 7)]
    assert try_case(network, str(tmp_path / "gcn.jax")).endswith("saved and loaded, as on tensorflow")


DOUBLED = """

right_model = build_model


def build_model():
    model = right_model()
    return keras.Model(model.inputs, 2 * model.outputs[0])
"""


def test_another_model_than_the_built_one_is_found():
    def wrong(folder):
        text, function, built = network(folder)
        return text + DOUBLED, function, built

    with pytest.raises(AssertionError, match="beside the built model"):
        try_case(wrong)


def test_other_outputs_than_those_of_another_back_end_are_found(tmp_path):
    np.savez(tmp_path / "gcn.jax.npz", np.ones((on_backend.BATCH, 9, 7), "float32"))
    with pytest.raises(AssertionError, match="beside jax"):
        try_case(network, str(tmp_path / "gcn.tensorflow"))


def test_weights_that_stay_are_found(monkeypatch):
    keras = import_keras()
    monkeypatch.setattr(keras.optimizers, "Adam", lambda *_, **__: keras.optimizers.SGD(0.0))
    with pytest.raises(AssertionError, match="0 of 2 weights moved"):
        try_case(network)


@pytest.mark.parametrize("arguments", [["theano"], ["tensorflow", "no_such_network"]])
def test_what_cannot_be_tried_is_said(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        on_backend.main(arguments)
    assert left.value.code == 2
    assert "theano" in (said := capsys.readouterr().err) or "nothing is called no_such_network" in said

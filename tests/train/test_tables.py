"""Our tables of losses, metrics, optimisers and schedules, held against Keras."""

import inspect

import keras
import numpy as np
import pytest
from keras.src import losses, metrics, optimizers

from nnspec.backends.execute import resolve
from nnspec.ops.kinds import OrNone
from nnspec.ops.operator import REQUIRED
from nnspec.train.losses import LOSSES, METRICS
from nnspec.train.optimizers import OPTIMIZERS, SCHEDULES

TABLES = [
    (name, word, choice)
    for name, table in (("loss", LOSSES), ("metric", METRICS), ("optimizer", OPTIMIZERS))
    for word, choice in table.items()
]


@pytest.mark.parametrize(("kind", "word", "choice"), TABLES, ids=[f"{kind} {word}" for kind, word, _ in TABLES])
def test_settings_and_defaults_are_those_of_keras(kind, word, choice):
    signature = inspect.signature(resolve(choice.target).__init__).parameters
    for setting in choice.settings.values():
        default = signature[setting.keras].default
        if setting.default is REQUIRED:
            assert default is inspect.Parameter.empty
        elif setting.keras not in choice.fixed:
            assert setting.default == default, setting.keras
    assert set(choice.fixed) <= set(signature)


@pytest.mark.parametrize("word", OPTIMIZERS)
def test_keras_takes_none_where_we_do(word):
    chosen = OPTIMIZERS[word]
    optional = [setting.keras for setting in chosen.settings.values() if isinstance(setting.kind, OrNone)]
    resolve(chosen.target)(**{**chosen.fixed, **dict.fromkeys(optional)})


@pytest.mark.parametrize("word", LOSSES)
def test_a_loss_is_what_keras_calls_so(word):
    rng = np.random.default_rng(0)
    y = np.eye(4)[rng.integers(0, 4, 6)].astype("float32")
    f = rng.uniform(0.1, 0.9, (6, 4)).astype("float32")
    f /= f.sum(axis=-1, keepdims=True)
    y = y.argmax(axis=-1) if word.startswith("sparse") else y
    ours = resolve(LOSSES[word].target)()
    theirs = keras.losses.get(word)
    np.testing.assert_allclose(float(ours(y, f)), float(np.mean(theirs(y, f))), rtol=1e-5)


def classes(module, parent):
    return {each for each in module.ALL_OBJECTS if inspect.isclass(each) and issubclass(each, parent)}


def test_no_loss_of_keras_is_missing():
    ours = {resolve(choice.target) for choice in LOSSES.values()}
    refused = {keras.losses.Loss, keras.losses.CTC, keras.losses.Circle, losses.losses.LossFunctionWrapper}
    assert classes(losses, keras.losses.Loss) - ours == refused


def test_no_metric_of_keras_is_missing():
    ours = {resolve(choice.target) for choice in METRICS.values()}
    names = {each.__name__ for each in classes(metrics, keras.metrics.Metric) - ours}
    assert names == {
        "Metric",
        "Mean",
        "Sum",
        "MeanMetricWrapper",
        "IoU",
        "BinaryIoU",
        "OneHotIoU",
        "OneHotMeanIoU",
    }


def test_optimisers_that_are_not_there():
    ours = {resolve(choice.target) for choice in OPTIMIZERS.values()}
    names = {each.__name__ for each in classes(optimizers, keras.optimizers.Optimizer) - ours}
    assert (
        names
        == {
            "Optimizer",
            "LossScaleOptimizer",
            "MultiOptimizer",
            "Adafactor",
            "Lamb",
            "Muon",
            "ScheduleFreeAdamW",
        }
        & names
    )


def test_schedules_exist():
    for choice in SCHEDULES.values():
        resolve(choice.target)

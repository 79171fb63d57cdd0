"""Optimisers and learning-rate schedules: which Keras class each is, and its settings.

Schedules count in epochs here and in steps in Keras; `lower.py` converts. Defaults are Keras's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.ops.choices import Choice, Setting
from nnspec.ops.kinds import Flag, Integer, Many, OneOf, OrNone, Real
from nnspec.train.scalars import Free

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SHARE = Real(ge=0, lt=1)
_EPSILON = {"epsilon": Setting(Real(gt=0), "epsilon", 1e-7)}

#: How many numbers an optimiser keeps for each weight that it changes, by its settings under Keras's names.
Slots: TypeAlias = "Callable[[Mapping[str, Any]], int]"


def _always(number: int) -> Slots:
    return lambda _: number


class Optimizer(Choice):
    """An optimiser: a word and the Keras class it stands for, with what it keeps.

    `scratch` are the numbers for each weight that an update needs beside that, while it lasts: as Keras on PyTorch
    works, on all weights at once.
    """

    slots: Slots = _always(0)
    scratch: int = 3


def _momentums(settings: Mapping[str, Any]) -> int:
    return 1 if settings["momentum"] else 0


def _rms(settings: Mapping[str, Any]) -> int:
    return 1 + int(settings["momentum"] > 0) + int(settings["centered"])


def _moments(settings: Mapping[str, Any]) -> int:
    return 2 + int(settings["amsgrad"])


def _optimizer(
    name: str, doc: str, *settings: Mapping[str, Setting], learning_rate: float = 0.001,
    weight_decay: float | None = None, fixed: Mapping[str, object] | None = None, slots: Slots, scratch: int = 3,
) -> Optimizer:  # fmt: skip
    decay = Real(ge=0)
    found = {
        "learning_rate": Setting(Real(ge=0), "learning_rate", learning_rate),
        # Where Keras decays by itself it takes no `none`; 0 is as good.
        "weight_decay": Setting(OrNone(decay) if weight_decay is None else decay, "weight_decay", weight_decay),
    }
    for some in settings:
        found |= some
    return Optimizer(f"keras.optimizers.{name}", doc, found, fixed or {}, slots, scratch)


def _betas(first: float = 0.9, second: float = 0.999) -> dict[str, Setting]:
    return {"beta_1": Setting(_SHARE, "beta_1", first), "beta_2": Setting(_SHARE, "beta_2", second)}


def _momentum(default: float) -> dict[str, Setting]:
    return {"momentum": Setting(Real(ge=0, le=1), "momentum", default)}


def _rho(default: float) -> dict[str, Setting]:
    return {"rho": Setting(_SHARE, "rho", default)}


_AMSGRAD = {"amsgrad": Setting(Flag(), "amsgrad", False)}
_NESTEROV = {"nesterov": Setting(Flag(), "nesterov", False)}
_CENTERED = {"centered": Setting(Flag(), "centered", False)}
_START = {"initial_accumulator_value": Setting(Real(ge=0), "initial_accumulator_value", 0.1)}
_FTRL = {
    "learning_rate_power": Setting(Real(le=0), "learning_rate_power", -0.5),
    "l1_regularization_strength": Setting(Real(ge=0), "l1_regularization_strength", 0.0),
    "l2_regularization_strength": Setting(Real(ge=0), "l2_regularization_strength", 0.0),
    "l2_shrinkage_regularization_strength": Setting(Real(ge=0), "l2_shrinkage_regularization_strength", 0.0),
    "beta": Setting(Real(), "beta", 0.0),
}

OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": _optimizer(
        "SGD", "gradient descent; with `momentum`, and Nesterov's", _momentum(0.0), _NESTEROV, learning_rate=0.01,
        slots=_momentums, scratch=0,
    ),
    "momentum": _optimizer(
        "SGD", "gradient descent with a momentum of 0.9", _momentum(0.9), learning_rate=0.01, fixed={"momentum": 0.9},
        slots=_momentums, scratch=0,
    ),
    "nesterov": _optimizer(
        "SGD", "gradient descent with Nesterov's momentum of 0.9", _momentum(0.9), learning_rate=0.01,
        fixed={"momentum": 0.9, "nesterov": True}, slots=_momentums, scratch=0,
    ),
    "rmsprop": _optimizer(
        "RMSprop", "steps divided by the root of a moving mean of squared gradients",
        _rho(0.9), _momentum(0.0), _EPSILON, _CENTERED, slots=_rms,
    ),
    "adam": _optimizer(
        "Adam", "moving means of gradients and their squares", _betas(), _EPSILON, _AMSGRAD, slots=_moments
    ),
    "adamw": _optimizer(
        "AdamW", "Adam with decoupled weight decay", _betas(), _EPSILON, _AMSGRAD, weight_decay=0.004, slots=_moments
    ),
    "adamax": _optimizer("Adamax", "Adam by the infinity norm", _betas(), _EPSILON, slots=_always(2)),
    "nadam": _optimizer("Nadam", "Adam with Nesterov's momentum", _betas(), _EPSILON, slots=_always(2), scratch=5),
    "adagrad": _optimizer(
        "Adagrad", "steps divided by the root of the sum of squared gradients", _START, _EPSILON, slots=_always(1)
    ),
    "adadelta": _optimizer("Adadelta", "Adagrad with a moving window", _rho(0.95), _EPSILON, slots=_always(2)),
    "lion": _optimizer("Lion", "the sign of a momentum", _betas(0.9, 0.99), slots=_always(1), scratch=2),
    "ftrl": _optimizer("Ftrl", "follow the regularised leader", _START, _FTRL, slots=_always(2), scratch=2),
}  # fmt: skip

_S = "keras.optimizers.schedules."
_EVERY = {"every": Setting(Real(gt=0), "decay_steps", 1)}
_STAIRS = {"staircase": Setting(Flag(), "staircase", False)}
_OVER = {"epochs": Setting(OrNone(Real(gt=0)), "decay_steps", None)}
_WARMUP = {"warmup": Setting(Real(ge=0), "warmup_steps", 0)}
#: What the language has for every schedule, and Keras for one alone.
SCHEDULES_LATER = {"warmup": "a warm-up goes with `name: cosine`; leave it out"}
MODES = OneOf("auto", "min", "max")
MONITOR = Free("a figure of the log, such as `val_loss`")

SCHEDULES: dict[str, Choice] = {
    "step": Choice(
        _S + "PiecewiseConstantDecay", "rate · factor^⌊epoch / every⌋, or one factor more from each epoch in `at`",
        {
            "every": Setting(OrNone(Integer(ge=1)), "", None), "at": Setting(OrNone(Many(Integer(ge=1), 1)), "", None),
            "factor": Setting(Real(gt=0), "", 0.1),
        },
    ),
    "exponential": Choice(
        _S + "ExponentialDecay", "rate · decay^(epoch / every)",
        {"decay": Setting(Real(gt=0), "decay_rate"), **_EVERY, **_STAIRS},
    ),
    "inverse_time": Choice(
        _S + "InverseTimeDecay", "rate / (1 + decay · epoch / every)",
        {"decay": Setting(Real(gt=0), "decay_rate"), **_EVERY, **_STAIRS},
    ),
    "polynomial": Choice(
        _S + "PolynomialDecay", "(rate - end) · (1 - epoch / epochs)^power + end; `epochs` are all of them by default",
        {
            "power": Setting(Real(gt=0), "power", 1.0), "end": Setting(Real(ge=0), "end_learning_rate", 0.0),
            **_OVER,
        },
    ),
    "cosine": Choice(
        _S + "CosineDecay", "rate · ((1 - end) · (1 + cos(π · epoch / epochs)) / 2 + end), after a linear `warmup`; "
        "`end` is the share of the rate that is left",
        {"end": Setting(Real(ge=0, le=1), "alpha", 0.0), **_OVER, **_WARMUP},
    ),
    "plateau": Choice(
        "keras.callbacks.ReduceLROnPlateau", "rate · factor whenever `monitor` has not improved for `patience` epochs",
        {
            "monitor": Setting(OrNone(MONITOR), "monitor", None),
            "factor": Setting(Real(gt=0, lt=1), "factor", 0.1), "patience": Setting(Integer(ge=0), "patience", 10),
            "min_delta": Setting(Real(ge=0), "min_delta", 1e-4), "cooldown": Setting(Integer(ge=0), "cooldown", 0),
            "end": Setting(Real(ge=0), "min_lr", 0.0), "mode": Setting(MODES, "mode", "auto"),
        },
    ),
}  # fmt: skip

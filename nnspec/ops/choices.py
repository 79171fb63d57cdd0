"""Choices with settings: initialisers, regularisers and constraints, each one a call of Keras's.

`init=he_normal` and `init=normal(std=0.01)` are read by a `Choices` kind, whose table says for each
word which Keras class it is and what settings it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnspec.calls import Call
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Integer, Kind, OneOf, Real, Word
from nnspec.record import Record

REQUIRED: Any = object()


class Setting(Record):
    """One setting of a choice; `keras` is its name there. A default is Keras's own."""

    kind: Kind[Any]
    keras: str
    default: Any = REQUIRED


class Choice(Record):
    """A word and the Keras class it stands for; `fixed` are arguments that the word implies."""

    target: str
    doc: str
    settings: Mapping[str, Setting] = {}
    fixed: Mapping[str, Any] = {}


class Choices(Kind[Call]):
    """One word of a table, with its settings, read into the call that makes it."""

    def __init__(self, what: str, table: Mapping[str, Choice]) -> None:
        self.what = what
        self.table = table
        self.words = {word: choice.doc for word, choice in table.items()}

    def read(self, value: object) -> Call:
        if not isinstance(value, Word) or value.name not in self.table:
            raise self.refuse(value)
        choice = self.table[value.name]
        given = self._given(value, choice)
        kwargs = dict(choice.fixed)
        for name, setting in choice.settings.items():
            read = setting.kind.read(given[name]) if name in given else setting.default
            if read is REQUIRED:
                raise RuleError(
                    codes.MISSING_ARGUMENT, f"`{value.name}` needs `{name}`", help=f"write `{value.name}({name}=…)`"
                )
            if read != setting.default:
                kwargs[setting.keras] = read
        return Call(choice.target, (), kwargs)

    def _given(self, word: Word, choice: Choice) -> dict[str, object]:
        names = list(choice.settings)
        if len(word.args) > len(names):
            raise RuleError(
                codes.TOO_MANY_ARGUMENTS,
                f"`{word.name}` takes {len(names) or 'no'} setting{'s' * (len(names) != 1)}, not {len(word.args)}",
            )
        given = dict(zip(names, word.args, strict=False))
        for name, value in word.kwargs:
            if name not in choice.settings:
                raise RuleError(
                    codes.UNKNOWN_ARGUMENT,
                    f"`{word.name}` has no setting `{name}`",
                    help=f"it takes {', '.join(f'`{n}`' for n in names)}" if names else "it takes none",
                )
            if name in given:
                raise RuleError(codes.REPEATED_ARGUMENT, f"`{name}` is given twice")
            given[name] = value
        return given

    def describe(self) -> str:
        return f"{self.what} ({', '.join(self.table)})"

    def schema(self) -> dict[str, Any]:
        plain = [word for word, c in self.table.items() if all(s.default is not REQUIRED for s in c.settings.values())]
        calls = {
            word: {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: setting.kind.schema() for name, setting in choice.settings.items()},
            }
            for word, choice in self.table.items()
            if choice.settings
        }
        mapping = {
            "type": "object",
            "additionalProperties": False,
            "properties": calls,
            "minProperties": 1,
            "maxProperties": 1,
        }
        return {"anyOf": [{"enum": plain}, {"type": "string", "pattern": r"^[a-z0-9_]+\(.*\)$"}, mapping]}


_K = "keras.initializers."
_SEED = {"seed": Setting(Integer(ge=0), "seed", None)}

INITIALIZERS: dict[str, Choice] = {
    "zeros": Choice(_K + "Zeros", "all zeros"),
    "ones": Choice(_K + "Ones", "all ones"),
    "constant": Choice(_K + "Constant", "one value everywhere", {"value": Setting(Real(), "value")}),
    "normal": Choice(
        _K + "RandomNormal",
        "Gaussian",
        {"mean": Setting(Real(), "mean", 0.0), "std": Setting(Real(ge=0), "stddev", 0.05), **_SEED},
    ),
    "truncated_normal": Choice(
        _K + "TruncatedNormal",
        "Gaussian, redrawn outside two standard deviations",
        {"mean": Setting(Real(), "mean", 0.0), "std": Setting(Real(ge=0), "stddev", 0.05), **_SEED},
    ),
    "uniform": Choice(
        _K + "RandomUniform",
        "uniform between two values",
        {"low": Setting(Real(), "minval", -0.05), "high": Setting(Real(), "maxval", 0.05), **_SEED},
    ),
    "xavier": Choice(
        _K + "VarianceScaling",
        "Gaussian with variance 1 / n_in, as the textbooks write Xavier's rule",
        _SEED,
        {"scale": 1.0, "mode": "fan_in", "distribution": "untruncated_normal"},
    ),
    "glorot_normal": Choice(_K + "GlorotNormal", "variance 2 / (n_in + n_out), truncated Gaussian", _SEED),
    "glorot_uniform": Choice(_K + "GlorotUniform", "variance 2 / (n_in + n_out), uniform", _SEED),
    "he_normal": Choice(_K + "HeNormal", "variance 2 / n_in, truncated Gaussian", _SEED),
    "he_uniform": Choice(_K + "HeUniform", "variance 2 / n_in, uniform", _SEED),
    "lecun_normal": Choice(_K + "LecunNormal", "variance 1 / n_in, truncated Gaussian", _SEED),
    "lecun_uniform": Choice(_K + "LecunUniform", "variance 1 / n_in, uniform", _SEED),
    "orthogonal": Choice(_K + "Orthogonal", "an orthogonal matrix", {"gain": Setting(Real(), "gain", 1.0), **_SEED}),
    "identity": Choice(_K + "Identity", "the identity matrix", {"gain": Setting(Real(), "gain", 1.0)}),
    "variance_scaling": Choice(
        _K + "VarianceScaling",
        "variance scale / n, for n of the inputs, outputs or their mean",
        {
            "scale": Setting(Real(gt=0), "scale", 1.0),
            "mode": Setting(OneOf("fan_in", "fan_out", "fan_avg"), "mode", "fan_in"),
            "distribution": Setting(
                OneOf("truncated_normal", "untruncated_normal", "uniform"), "distribution", "truncated_normal"
            ),
            **_SEED,
        },
    ),
}

REGULARIZERS: dict[str, Choice] = {
    "l1": Choice("keras.regularizers.L1", "factor · Σ|w|", {"factor": Setting(Real(ge=0), "l1", 0.01)}),
    "l2": Choice("keras.regularizers.L2", "factor · Σw²", {"factor": Setting(Real(ge=0), "l2", 0.01)}),
    "l1_l2": Choice(
        "keras.regularizers.L1L2",
        "l1 · Σ|w| + l2 · Σw²",
        {"l1": Setting(Real(ge=0), "l1", 0.0), "l2": Setting(Real(ge=0), "l2", 0.0)},
    ),
    "orthogonal": Choice(
        "keras.regularizers.OrthogonalRegularizer",
        "drives the rows or columns apart",
        {
            "factor": Setting(Real(ge=0), "factor", 0.01),
            "mode": Setting(OneOf("rows", "columns"), "mode", "rows"),
        },
    ),
}

CONSTRAINTS: dict[str, Choice] = {
    "max_norm": Choice(
        "keras.constraints.MaxNorm",
        "the norm of each unit's weights at most `limit`",
        {"limit": Setting(Real(gt=0), "max_value", 2), "axis": Setting(Integer(), "axis", 0)},
    ),
    "min_max_norm": Choice(
        "keras.constraints.MinMaxNorm",
        "the norm of each unit's weights between two values",
        {
            "low": Setting(Real(ge=0), "min_value", 0.0),
            "high": Setting(Real(gt=0), "max_value", 1.0),
            "rate": Setting(Real(gt=0, le=1), "rate", 1.0),
            "axis": Setting(Integer(), "axis", 0),
        },
    ),
    "non_neg": Choice("keras.constraints.NonNeg", "no negative weight"),
    "unit_norm": Choice(
        "keras.constraints.UnitNorm", "the norm of each unit's weights is 1", {"axis": Setting(Integer(), "axis", 0)}
    ),
}

INIT = Choices("an initialiser", INITIALIZERS)
REGULARIZER = Choices("a regulariser", REGULARIZERS)
CONSTRAINT = Choices("a constraint", CONSTRAINTS)

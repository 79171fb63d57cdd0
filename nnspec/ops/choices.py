"""Choices with settings: initialisers, regularisers and constraints, each one a call of Keras's.

`init=he_normal` and `init=normal(std=0.01)` are read by a `Choices` kind, whose table says for each
word which Keras class it is and what settings it takes. In the formulas n_in and n_out are the
numbers of inputs and outputs of one unit: `fan_in` and `fan_out`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnspec.calls import Call
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import Axes
from nnspec.ops.fitting import Fits, Sound, axes, norm_axes, ordered, pairs
from nnspec.ops.kinds import Integer, Kind, OneOf, OrNone, Real, Word, show
from nnspec.ops.operator import REQUIRED
from nnspec.record import Record
from nnspec.shapes.dim import Dim


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


class Ruled(Choice):
    """A choice with rules: `sound` on the settings themselves, `fits` on the weight that it is for."""

    sound: Sound | None = None
    fits: Fits | None = None


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
        read = {name: self._read(value.name, name, setting, given) for name, setting in choice.settings.items()}
        if isinstance(choice, Ruled) and choice.sound is not None:
            choice.sound(read)
        changed = {s.keras: read[name] for name, s in choice.settings.items() if read[name] != s.default}
        return Call(choice.target, (), {**choice.fixed, **changed})

    def _read(self, word: str, name: str, setting: Setting, given: Mapping[str, object]) -> Any:
        if name not in given:
            if setting.default is REQUIRED:
                raise RuleError(codes.MISSING_ARGUMENT, f"`{word}` needs `{name}`", help=f"write `{word}({name}=…)`")
            return setting.default
        try:
            return setting.kind.read(given[name])
        except RuleError as error:
            error.message = f"`{name}` of `{word}` {error.message}"
            raise

    def verify(self, call: Call, weight: str, shape: tuple[Dim, ...]) -> None:
        """Demand that what was read suits a weight.

        Raises: RuleError.
        """
        word, choice = next((w, c) for w, c in self.table.items() if c.target == call.target)
        if isinstance(choice, Ruled) and choice.fits is not None:
            choice.fits(word, call.kwargs, weight, shape)

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

    def spell(self, value: Call) -> str:
        word, choice = self._chosen(value)
        settings = {setting.keras: name for name, setting in choice.settings.items()}
        given = [f"{settings[name]}={show(each)}" for name, each in value.kwargs.items() if name in settings]
        return f"{word}({', '.join(given)})" if given else word

    def _chosen(self, call: Call) -> tuple[str, Choice]:
        """The word behind a call: of those of one class, the one that implies most of it."""
        known = [
            (word, choice)
            for word, choice in self.table.items()
            if choice.target == call.target
            and all(call.kwargs.get(name) == value for name, value in choice.fixed.items())
        ]
        return max(known, key=lambda each: len(each[1].fixed))

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


def _gaussian(doc: str, scale: float, mode: str) -> Choice:
    """A rule as the textbooks write it: a Gaussian with variance scale / n, not truncated."""
    fixed = {"scale": scale, "mode": mode, "distribution": "untruncated_normal"}
    return Choice(_K + "VarianceScaling", f"Gaussian with {doc}", _SEED, fixed)


INITIALIZERS: dict[str, Choice] = {
    "zeros": Choice(_K + "Zeros", "all 0"),
    "ones": Choice(_K + "Ones", "all 1"),
    "constant": Choice(_K + "Constant", "one value everywhere", {"value": Setting(Real(), "value")}),
    "normal": Choice(
        _K + "RandomNormal",
        "Gaussian with variance std²; `normal(std=0.01)` is the small Gaussian of the textbooks",
        {"mean": Setting(Real(), "mean", 0.0), "std": Setting(Real(ge=0), "stddev", 0.05), **_SEED},
    ),
    "truncated_normal": Choice(
        _K + "TruncatedNormal",
        "Gaussian, redrawn where it is further than 2 std from the mean, which leaves a variance of 0.774 · std²",
        {"mean": Setting(Real(), "mean", 0.0), "std": Setting(Real(ge=0), "stddev", 0.05), **_SEED},
    ),
    "uniform": Ruled(
        _K + "RandomUniform",
        "uniform from low to high: variance (high - low)² / 12",
        {"low": Setting(Real(), "minval", -0.05), "high": Setting(Real(), "maxval", 0.05), **_SEED},
        sound=ordered("low", "high"),
    ),
    "xavier": _gaussian("std √(1 / n_in), as the textbooks write Xavier's rule", 1.0, "fan_in"),
    "glorot": _gaussian("std √(2 / (n_in + n_out)); Glorot & Bengio 2010, equation 12", 1.0, "fan_avg"),
    "he": _gaussian("std √(2 / n_in); He et al. 2015, equation 10", 2.0, "fan_in"),
    "lecun": _gaussian("std √(1 / n_in); LeCun et al. 1998, equation 16", 1.0, "fan_in"),
    "glorot_normal": Choice(
        _K + "GlorotNormal", "variance 2 / (n_in + n_out), from a Gaussian truncated at two of its std", _SEED
    ),
    "glorot_uniform": Choice(
        _K + "GlorotUniform", "variance 2 / (n_in + n_out): uniform between ±√(6 / (n_in + n_out))", _SEED
    ),
    "he_normal": Choice(_K + "HeNormal", "variance 2 / n_in, from a Gaussian truncated at two of its std", _SEED),
    "he_uniform": Choice(_K + "HeUniform", "variance 2 / n_in: uniform between ±√(6 / n_in)", _SEED),
    "lecun_normal": Choice(_K + "LecunNormal", "variance 1 / n_in, from a Gaussian truncated at two of its std", _SEED),
    "lecun_uniform": Choice(_K + "LecunUniform", "variance 1 / n_in: uniform between ±√(3 / n_in)", _SEED),
    "orthogonal": Ruled(
        _K + "Orthogonal",
        "gain · Q with QᵀQ = I, or QQᵀ = I where rows are fewer than columns; of a larger kernel the last axis are the "
        "columns, all others the rows. Saxe et al. 2014",
        {"gain": Setting(Real(), "gain", 1.0), **_SEED},
        fits=axes(2),
    ),
    "identity": Ruled(
        _K + "Identity", "gain · I, of a matrix alone", {"gain": Setting(Real(), "gain", 1.0)}, fits=axes(2, 2)
    ),
    "variance_scaling": Choice(
        _K + "VarianceScaling",
        "variance scale / n, with n = n_in (`fan_in`), n_out (`fan_out`) or (n_in + n_out) / 2 (`fan_avg`); the "
        "Gaussian `truncated_normal` is cut at two of its std, `untruncated_normal` is not",
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
    "orthogonal": Ruled(
        "keras.regularizers.OrthogonalRegularizer",
        "factor · the mean of |cos| over all pairs of rows, or of columns, of a matrix",
        {
            "factor": Setting(Real(ge=0), "factor", 0.01),
            "mode": Setting(OneOf("rows", "columns"), "mode", "rows"),
        },
        fits=pairs,
    ),
}


class WeightAxes(Kind["int | list[int]"]):
    """One axis of a weight, or several."""

    def read(self, value: object) -> int | list[int]:
        try:
            found = Axes().read(value)
        except RuleError:
            raise self.refuse(value) from None
        return list(found) if isinstance(found, tuple) else found

    def describe(self) -> str:
        return "one axis of the weight or a list of axes"

    def schema(self) -> dict[str, Any]:
        return Axes().schema()


#: Where nothing is said: all axes along which the weights that feed one unit lie, and not Keras's first one.
_AXIS = {"axis": Setting(OrNone(WeightAxes()), "axis", None)}

CONSTRAINTS: dict[str, Choice] = {
    "max_norm": Ruled(
        "keras.constraints.MaxNorm",
        "w · min(1, limit / ‖w‖) for the weights w of each unit; Srivastava et al. 2014, section 5.1",
        {"limit": Setting(Real(gt=0), "max_value", 2), **_AXIS},
        fits=norm_axes,
    ),
    "min_max_norm": Ruled(
        "keras.constraints.MinMaxNorm",
        "‖w‖ of each unit moved the share `rate` of the way to the nearest number from low to high",
        {
            "low": Setting(Real(ge=0), "min_value", 0.0),
            "high": Setting(Real(gt=0), "max_value", 1.0),
            "rate": Setting(Real(gt=0, le=1), "rate", 1.0),
            **_AXIS,
        },
        sound=ordered("low", "high"),
        fits=norm_axes,
    ),
    "non_neg": Choice("keras.constraints.NonNeg", "max(0, w) for each weight"),
    "unit_norm": Ruled("keras.constraints.UnitNorm", "w / ‖w‖ for the weights w of each unit", _AXIS, fits=norm_axes),
}

INIT = Choices("an initialiser", INITIALIZERS)
REGULARIZER = Choices("a regulariser", REGULARIZERS)
CONSTRAINT = Choices("a constraint", CONSTRAINTS)


def per_unit(constraint: Call | None, rank: int, *units: int) -> Call | None:
    """A constraint with its norm over all axes of a weight but those that count its units, where no axes were given.

    Keras takes the first axis alone, which is right for the matrix of a dense layer.
    """
    if constraint is None or "axis" in constraint.kwargs:
        return constraint
    named = any(c.target == constraint.target and "axis" in c.settings for c in CONSTRAINTS.values())
    kept = {axis % rank for axis in units}
    over = [axis for axis in range(rank) if axis not in kept]
    if not named or over == [0]:
        return constraint
    axis = over[0] if len(over) == 1 else over
    return Call(constraint.target, constraint.args, {**constraint.kwargs, "axis": axis})

"""What operators with weights have in common: initialisers, regularisers, and the shorthands after them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nnspec.calls import Call, Value
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.choices import CONSTRAINT, INIT, REGULARIZER, Choices, per_unit
from nnspec.ops.kinds import Flag, Kind, OrNone, Real, Word
from nnspec.ops.operator import Operator, Param, Weight, option


class Shorthand(Kind[Word]):
    """A normalisation or activation that stands for a stage after the operator: `act=leaky_relu(0.1)`."""

    def __init__(self, group: str) -> None:
        self.group = group

    @property
    def words(self) -> dict[str, str]:  # type: ignore[override]
        """The words and the operators that they stand for."""
        from nnspec.ops.registry import shorthands

        return shorthands(self.group)

    def read(self, value: object) -> Word:
        if not isinstance(value, Word) or value.name not in self.words:
            raise self.refuse(value)
        return value

    def describe(self) -> str:
        return f"{'a normalisation' if self.group == 'norm' else 'an activation'} ({', '.join(self.words)})"

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [
                {"enum": list(self.words)},
                {"type": "string", "pattern": r"^[a-z0-9_]+\(.*\)$"},
                {"type": "object", "minProperties": 1, "maxProperties": 1},
            ]
        }


class Weighted(Operator):
    """An operator with a kernel and a bias."""

    init: Call | None = option(OrNone(INIT), default=None, keras="kernel_initializer", doc="how the weights start")
    bias_init: Call | None = option(OrNone(INIT), default=None, keras="bias_initializer", doc="how the bias starts")
    regularizer: Call | None = option(
        OrNone(REGULARIZER), default=None, keras="kernel_regularizer", doc="a penalty on the weights, added to the loss"
    )
    constraint: Call | None = option(
        OrNone(CONSTRAINT), default=None, keras="kernel_constraint", doc="what the weights are held to after each step"
    )
    bias: bool = option(Flag(), default=True, keras="use_bias", doc="whether a bias is added")
    trainable: bool = option(Flag(), default=True, keras="trainable", doc="whether training changes the weights")

    by_itself = {"init": "glorot_uniform", "bias_init": "zeros"}
    renamed = {
        "kernel_initializer": "init",
        "bias_initializer": "bias_init",
        "kernel_regularizer": "regularizer",
        "kernel_constraint": "constraint",
        "use_bias": "bias",
    }

    def kernel_options(self, rank: int, *units: int) -> dict[str, Value]:
        """Keras's options for a kernel of so many axes, of which `units` count its units; else the last does."""
        options = self.keras_options()
        if "kernel_constraint" in options:
            options["kernel_constraint"] = per_unit(self.constraint, rank, *(units or (-1,)))
        return options


class Stacked(Weighted):
    """A dense or convolution operator, which takes the shorthands `norm`, `act` and `dropout`."""

    norm: Word | None = option(OrNone(Shorthand("norm")), default=None, doc="a normalisation after it")
    act: Word | None = option(OrNone(Shorthand("act")), default=None, doc="an activation after that")
    dropout: float | None = option(OrNone(Real(ge=0, lt=1)), default=None, doc="a dropout rate after that")

    renamed = {**Weighted.renamed, "activation": "act"}
    expands = ("norm", "act", "dropout")

    def followers(self) -> tuple[tuple[str, Any], ...]:
        if self.norm is None and self.act is None and self.dropout is None:
            return ()
        written = (("norm", self.norm), ("act", self.act), ("dropout", self.dropout))
        return tuple((name, value) for name, value in written if value is not None)


def verify_choices(made: Operator, inputs: Sequence[Any]) -> None:
    """Demand that the initialisers, regularisers and constraints of an operator suit the weights that they are for.

    Raises: RuleError at the argument.
    """
    cls = type(made)
    if cls not in _CHOICES:
        _CHOICES[cls] = _choices(cls)
    given = [(declared, kind) for declared, kind in _CHOICES[cls] if made.__dict__[declared.name] is not None]
    weights = list(made.weights(*inputs)) if given else []
    for declared, kind in given:
        for weight in _meant(declared, weights):
            try:
                kind.verify(made.__dict__[declared.name], weight.name, weight.shape)
            except RuleError as error:
                error.at = declared.name
                raise


#: The answers of `_choices`.
_CHOICES: dict[type[Operator], tuple[tuple[Param[Any], Choices], ...]] = {}


def _choices(cls: type[Operator]) -> tuple[tuple[Param[Any], Choices], ...]:
    """The parameters of an operator that choose an initialiser, a regulariser or a constraint."""
    kinds = [(declared, declared.kind.kind) for declared in cls.params.values() if isinstance(declared.kind, OrNone)]
    return tuple([(declared, kind) for declared, kind in kinds if isinstance(kind, Choices)])


#: Weights that Keras names otherwise than the arguments for them.
_NAMES = {"gamma": "scale", "beta": "offset"}


def _meant(declared: Param[Any], weights: Sequence[Weight]) -> Iterator[Weight]:
    """The weights that an argument is for: of `kernel_initializer` also `depthwise_kernel`, of `initializer` all."""
    what = (declared.keras or "").rpartition("_")[0]
    for weight in weights:
        parts = weight.name.replace("/", "_")
        if not what or f"_{what}_" in f"_{parts}_" or parts == _NAMES.get(what):
            yield weight

"""Layers of Keras as operators of ours, by what the operators say of themselves: names, renamed arguments, kinds.

A layer is taken for an operator only where the operator's own rules give it the sizes and weights that Keras gives it.
So nothing is kept here that could go out of date, and what is not understood is left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.comparing.wording import counted
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.axes import Axes, Axis
from nnspec.ops.functions import operator_of
from nnspec.ops.kinds import OrNone, Word
from nnspec.ops.operator import REQUIRED
from nnspec.ops.registry import find_operator, named_elsewhere
from nnspec.ops.resample import ZeroPad
from nnspec.ops.wrapper import Wrapper
from nnspec.shapes.dim import recording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnspec.ops.operator import Operator, Param
    from nnspec.shapes.tensor import TensorType


def operator_class(keras_class: str) -> Any:
    """The operator that a Keras layer is known by, or None."""
    return find_operator(keras_class) or find_operator(named_elsewhere(keras_class) or "")


def operator_for(
    keras_class: str, config: Mapping[str, Any], inputs: Sequence[TensorType], outputs: Sequence[TensorType]
) -> Operator | None:
    """The operator with the arguments of a layer, where its rules give the same sizes."""
    try:
        made = _made(keras_class, config)
        with recording():
            found = made.infer(*inputs) if made is not None else None
    except (RuleError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return None  # whatever an operator does with arguments that it was never meant for
    several = found if isinstance(found, tuple) else (found,)
    alike = len(several) == len(outputs) and all(map(_is_alike, several, outputs))
    return made if alike else None


def meant(operator: Operator | None, config: Mapping[str, Any], arriving: Sequence[TensorType]) -> dict[str, str]:
    """What a layer's settings come to at the sizes that arrive, where they can be said in several ways."""
    if operator is None or len(operator.layered()) > 1:
        return {}
    filled = operator.filled(*arriving)
    found: dict[str, str] = {}
    for key in config:
        declared = _declared(type(operator), key)
        if declared is not None:
            value = operator.__dict__[declared.name]
            comes_to = filled.get(declared.name, counted(declared.kind, value, arriving))
            if comes_to != value:
                found[key] = repr(comes_to)
    return found


def _is_alike(ours: TensorType | None, keras: TensorType) -> bool:
    """Whether a type is what Keras says, as far as Keras knows the sizes."""
    if ours is None or ours.dtype != keras.dtype or ours.rank != keras.rank:
        return False
    return all(size == other or not isinstance(other, int) for size, other in zip(ours.shape, keras.shape, strict=True))


def _made(keras_class: str, config: Mapping[str, Any]) -> Operator | None:
    if keras_class == "Activation":
        return activation(config.get("activation"))
    if keras_class == "Pad":  # the function, whatever it fills with
        batch, *around, channels = config["pad_width"]
        return None if any((*batch, *channels)) else ZeroPad.of({"n": tuple(around)})
    cls = operator_class(keras_class)
    if cls is None:
        return None
    arguments: dict[str, Any] = {}
    for key, value in config.items():
        declared = _declared(cls, key)
        if declared is not None and value is not None and not isinstance(value, dict):
            arguments[declared.name] = _read(declared, value)
    made: Operator = cls.of({name: value for name, value in arguments.items() if value is not REQUIRED})
    if REQUIRED in made.__dict__.values():
        return None
    inner = config.get("layer")
    if isinstance(made, Wrapper):
        within = _made(inner["class_name"], inner["config"]) if isinstance(inner, dict) else None
        return None if within is None else made.around(within)
    return made


def _declared(cls: Any, key: str) -> Param[Any] | None:
    """The parameter that a key of Keras's stands for; shorthands are stages of their own."""
    by_keras = next((each for each in cls.params.values() if each.keras == key), None)
    found = by_keras or cls.params.get(cls.renamed.get(key, key))
    return None if found is None or found.name in cls.expands else found


def _read(declared: Param[Any], value: Any) -> Any:
    """The value as the operator takes it; `REQUIRED` for one that it does not, as a default stands in for it."""
    plain = tuple(value) if isinstance(value, list) else value
    if isinstance(plain, tuple) and plain[:1] == (None,):
        plain = plain[1:]  # the batch, which our shapes never count
    kind = declared.kind.kind if isinstance(declared.kind, OrNone) else declared.kind
    if isinstance(kind, (Axis, Axes)):  # which never count the batch, where Keras does
        plain = tuple(map(_of_example, plain)) if isinstance(plain, tuple) else _of_example(plain)
    try:
        return declared.kind.read(Word(plain) if isinstance(plain, str) else plain)
    except RuleError:
        if declared.default is REQUIRED:
            raise
        return REQUIRED


def _of_example(axis: Any) -> Any:
    return axis - 1 if isinstance(axis, int) and axis > 0 else axis


def activation(function: Any) -> Operator | None:
    """The operator of an activation function of Keras's, or None."""
    if not isinstance(function, str):
        return None
    return operator_of(function)

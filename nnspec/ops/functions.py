"""Activations as arguments of a layer, in the words of `act=`: `activation=relu`, `activation=leaky_relu(0.1)`.

The words are read off the activation operators: those that are one function of Keras's, without weights or
noise. What a layer does with its function nobody knows here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from nnspec.calls import Arrival, Call, Value
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.kinds import Kind, Word, show
from nnspec.ops.operator import Operator
from nnspec.shapes.tensor import TensorType

#: Layers that compute, without settings, what Keras has a function of this name for.
_PLAIN = {"keras.layers.ReLU": "relu", "keras.layers.ELU": "elu", "keras.layers.Softmax": "softmax"}


class Function(Kind[Value]):
    """An activation: Keras's name of the function, or the call that makes it where it has settings."""

    @property
    def words(self) -> dict[str, str]:  # type: ignore[override]
        """The words and the operators that they stand for."""
        return _functions()

    def read(self, value: object) -> Value:
        if not isinstance(value, Word) or value.name not in self.words:
            raise self.refuse(value)
        return _function_of(_operator(value))

    def spell(self, value: Value) -> str:
        plain = {word: _function_of(_class_of(word)()) for word in self.words}
        if not isinstance(value, Call):
            return next((word for word, function in plain.items() if function == value), str(value))
        word = next(word for word in self.words if _path(word) == value.target)
        names = {declared.keras: name for name, declared in _class_of(word).params.items()}
        return f"{word}({', '.join([f'{names[each]}={show(given)}' for each, given in value.kwargs.items()])})"

    def describe(self) -> str:
        return f"an activation ({', '.join(self.words)})"

    def schema(self) -> dict[str, Any]:
        settings = {word: cls for word in self.words if _settings(cls := _class_of(word))}
        forms = {
            word: {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: cls.params[name].kind.schema() for name in _settings(cls)},
            }
            for word, cls in settings.items()
        }
        return {
            "anyOf": [
                {"enum": list(self.words)},
                {"type": "string", "pattern": rf"^({'|'.join(settings)})\(.*\)$"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": forms,
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ]
        }


@cache
def _functions() -> dict[str, str]:
    from nnspec.ops.registry import shorthands

    return {word: name for word, name in shorthands("act").items() if _function_of(_class_of(word)()) is not None}


def operator_of(function: str) -> Operator | None:
    """The activation operator that computes what Keras has a function of this name for."""
    made = (_class_of(word)() for word in _functions())
    return next((each for each in made if _function_of(each) == function), None)


def _class_of(word: str) -> type[Operator]:
    from nnspec.ops.registry import find_operator, shorthands

    found: type[Operator] = find_operator(shorthands("act")[word])
    return found


def _path(word: str) -> str:
    """The Keras layer behind a word."""
    applied = _class_of(word)().lower(Arrival(TensorType((1,))))
    return str(applied.target.target) if isinstance(applied.target, Call) else ""


def _settings(cls: type[Operator]) -> list[str]:
    """The settings that Keras's layer takes unchanged; an axis is not one, as a layer hands its function one step."""
    return [name for name, declared in cls.params.items() if declared.keras is not None]


def _operator(word: Word) -> Operator:
    """The activation operator with the settings of the word.

    Raises: RuleError.
    """
    cls = _class_of(word.name)
    known = _settings(cls)
    positional = [name for name in known if cls.params[name].positional]
    if len(word.args) > len(positional):
        raise RuleError(
            codes.TOO_MANY_ARGUMENTS,
            f"`{word.name}` takes {len(positional) or 'no'} setting{'s' * (len(positional) != 1)} by position, "
            f"not {len(word.args)}",
            help=f"by name it takes {', '.join(f'`{name}`' for name in known)}" if known else None,
        )
    given = dict(zip(positional, word.args, strict=False))
    for name, value in word.kwargs:
        if name not in known:
            takes = f"it takes {', '.join(f'`{n}`' for n in known)}" if known else "it takes none"
            raise RuleError(codes.UNKNOWN_ARGUMENT, f"`{word.name}` has no setting `{name}` here", help=takes)
        if name in given:
            raise RuleError(codes.REPEATED_ARGUMENT, f"`{name}` is given twice")
        given[name] = value
    try:
        return cls(**given)
    except RuleError as error:
        error.message = f"`{error.at}` of `{word.name}` {error.message}"
        raise


def _function_of(operator: Operator) -> Value | None:
    """What Keras takes for an activation operator; None where it is more, or less, than a function of Keras's."""
    x = TensorType((1,))
    applied = operator.lower(Arrival(x))
    made = applied.target if isinstance(applied, Call) else None
    if not isinstance(made, Call) or any(operator.weights(x)) or "seed" in operator.params:
        return None
    if made.target == "keras.layers.Activation":
        return made.args[0]
    plain = None if made.args or made.kwargs else _PLAIN.get(str(made.target))
    return plain or (made if str(made.target).startswith("keras.layers.") else None)

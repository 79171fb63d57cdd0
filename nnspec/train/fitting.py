"""What is fitted to the training data before the first step: which layers, and the statements that do it.

Each is fitted to what arrives at it, in the order of the network, so that those before it are fitted already. A
resumed run has the fitted values in its state, and leaves these statements out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.calls import Assign, Call, Member, Value, Variable
from nnspec.diagnostics.codes import training as codes
from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.backends.lower import Lowered
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.program.graph import Graph, Layer

_MODEL = Variable("model")
_EXAMPLES = Variable("x_train")


class Fitting(Record):
    """A Keras layer to be fitted, by its name.

    `enters` says that the examples themselves arrive at it, `own` that it is a layer of ours, which takes batches:
    Keras's own takes them only where TensorFlow is installed.
    """

    name: str
    enters: bool
    own: bool


def has_fitted(graph: Graph) -> bool:
    """Whether anything in a network is fitted to data."""
    return any(_is_fitted(layer) for layer in graph.layers)


def _is_fitted(layer: Layer) -> bool:
    """Whether a layer is to be fitted; where weights are shared, at their first use."""
    return layer.shares is None and any(operator.is_fitted for operator in layer.operator.layered())


def fittings(lowered: Lowered, found: Diagnostics) -> tuple[Fitting, ...] | None:
    """The layers to be fitted, in order; None where one cannot be, which is reported."""
    made = []
    holds = True
    for index, layer in enumerate(lowered.graph.layers):
        if not _is_fitted(layer):
            continue
        if not layer.operator.is_fitted:
            holds = False
            outer, *_, inner = (type(each).__name__ for each in layer.operator.layered())
            found.report(
                codes.NOT_TRAINABLE,
                f"`{inner}` cannot be fitted to the training data inside a `{outer}`",
                layer.span,
                help=f"put `{inner}` before or behind the `{outer}`, or give it numbers",
            )
        else:
            name, path = _keras_layer(lowered, index)
            made.append(Fitting(name, layer.inputs[0] in lowered.graph.inputs, path.startswith("nnspec.")))
    return tuple(made) if holds else None


def _keras_layer(lowered: Lowered, layer: int) -> tuple[str, str]:
    """What the Keras layer of a graph layer is called, and the path of its class: the first that is made for it."""
    statements = zip(lowered.statements, lowered.layers, strict=True)
    return next(found for statement, index in statements if index == layer for found in _layers_in(statement.value))


def _layers_in(value: Value) -> Iterator[tuple[str, str]]:
    """Name and path of the layer that a call makes, or applies."""
    while isinstance(value, Call):
        if "name" in value.kwargs and isinstance(value.target, str):
            yield str(value.kwargs["name"]), value.target
        value = value.target


def fit_steps(fittings: tuple[Fitting, ...], batch: int, precision: str) -> tuple[Assign, ...]:
    """A statement for each layer: `model.get_layer("standardize").adapt(x_train)`."""
    steps = []
    for index, fitting in enumerate(fittings):
        data: Value = _EXAMPLES
        if not fitting.enters:
            data = Call("nnspec.backends.layers.arriving.arriving", (_MODEL, fitting.name, _EXAMPLES, batch))
            if not fitting.own or precision != "float32":
                data = Call("numpy.concatenate", (Call("list", (data,)),))
            if precision != "float32":  # means are those of the numbers that are given
                data = Call(Member(data, "astype"), ("float32",))
        layer = Call(Member(_MODEL, "get_layer"), (fitting.name,))
        comment = "fitted to the training examples, as they arrive there" if index == 0 else None
        steps.append(Assign((), Call(Member(layer, "adapt"), (data,)), comment))
    return tuple(steps)

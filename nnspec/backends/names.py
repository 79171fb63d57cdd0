"""Names of Keras layers: those of the graph where a person will look for them, Keras's own elsewhere.

Layers with weights, inputs and outputs carry the graph's names, so that weights can be moved between
a built and a printed model; the rest are left to Keras, unless its choice could meet one of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnspec.backends.steps import Ledger, Made, Step, class_name, innermost, snake_case
from nnspec.calls import Call, Item, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnspec.backends.steps import Ledger, Made, Step
    from nnspec.program.graph import Graph

#: What Keras calls the operations behind Python's operators, and behind `x[…]`.
_OPERATIONS = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "true_divide", "//": "floor_divide", "%": "mod",
    "**": "power", "@": "matmul",
}  # fmt: skip
_SUFFIXES = {"zero_padding": "pad", "cropping": "crop"}


def keras_name(name: str) -> str:
    """The nearest name that Keras takes for a layer or model, and HDF5 for a group."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") if not name.isidentifier() or not name.isascii() else name
    plain = plain.lstrip("_")
    return plain if plain[:1].isalpha() else f"layer_{plain}".rstrip("_")


def name_layers(ledger: Ledger, graph: Graph, inputs: Sequence[str]) -> None:
    """Settle the name of every Keras layer that gets one from us."""
    by_operations = {name for step in ledger.steps for name in _operation_names(step)}
    taken = Taken(inputs, by_operations)
    for made in ledger.made:
        if made.output is not None:
            made.name = made.output = taken.take(made.output)
    for made in ledger.made:
        if made.name is None and made.carries_weights:
            made.name = taken.take(own_name(made, graph.layers[made.layer].name))
    _evade(ledger.made, taken, graph)


class Taken:
    """The names in use; none is given that Keras might give to an operation."""

    def __init__(self, names: Iterable[str], operations: set[str]) -> None:
        self.names = set(names)
        self.operations = operations

    def take(self, wanted: str) -> str:
        """The wanted name, or the nearest one that is free."""
        name, number = wanted, 2
        if _stem(name) in self.operations:
            name = wanted = f"{wanted}_layer"
        while name in self.names:
            name, number = f"{wanted}_{number}", number + 1
        self.names.add(name)
        return name


def _evade(made: Sequence[Made], taken: Taken, graph: Graph) -> None:
    """Name those layers too to which Keras might give a name that is taken."""
    unnamed = [one for one in made if one.name is None]
    stems = {_stem(name) for name in taken.names}
    while met := [one for one in unnamed if snake_case(one.keras_class) in stems]:
        for one in met:
            one.name = taken.take(own_name(one, graph.layers[one.layer].name))
            stems.add(_stem(one.name))
        unnamed = [one for one in unnamed if one.name is None]


def own_name(made: Made, layer: str) -> str:
    """The graph layer's name for the layer that it stands for, `conv_pad` for what prepares or trims for it."""
    name = keras_name(layer)
    if made.is_main:
        return name
    kind = re.sub(r"\d+d$", "", snake_case(class_name(innermost(made.call))))
    return f"{name}_{_SUFFIXES.get(kind, kind)}"


def _stem(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def _operation_names(step: Step) -> Iterable[str]:
    value = step.value
    if isinstance(value, Call) and isinstance(value.target, str) and value.target != "keras.Input":
        yield snake_case(value.target.rsplit(".", 1)[-1])
    elif isinstance(value, Item):
        yield "get_item"
    elif isinstance(value, Operation):
        yield _OPERATIONS.get(value.operator, "operation")

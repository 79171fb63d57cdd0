"""What an operator of another notation is called here, as a fix: `Conv2D(64, 3)`, `Activation(relu)`.

The names are the operators' own affair (`Operator.elsewhere`, and the Keras layers that they name as
their source); only that Keras writes an activation as an argument is said here.
"""

from __future__ import annotations

from nnspec.diagnostics.diagnostic import Edit, Fix
from nnspec.ops.index import ELSEWHERE
from nnspec.ops.registry import named_elsewhere, shorthands, snake_case
from nnspec.record import Record
from nnspec.syntax import tree

_ACTIVATION = "Activation"


class Renaming(Record):
    """What to say of a name that is known elsewhere; without a fix where what it stands for is not known."""

    help: str
    fix: Fix | None = None


def renaming(node: tree.Apply) -> Renaming | None:
    """What is written here for an operator that is unknown by this name; None where nobody calls one so."""
    if node.name == _ACTIVATION:
        return _activation(node)
    ours = named_elsewhere(node.name)
    if ours is None:
        return None
    fix = Fix(f"write `{ours}`", (Edit(node.name_span, ours),), safe=True)
    return Renaming(f"what others call `{node.name}` is `{ours}` here", fix)


def _activation(node: tree.Apply) -> Renaming:
    """`Activation(relu)` is `ReLU`."""
    word = next((_word(argument.value) for argument in node.arguments or ()), "")
    words = shorthands("act")
    ours = (_activations_elsewhere() | words).get(word)
    if ours is None or len(node.arguments or ()) > 1 or node.braces is not None:
        help = "an activation is an operator of its own, `ReLU` say, or is written where it is used, `act=relu`"
        return Renaming(f"{help}; there are {', '.join(words)}")
    fix = Fix(f"write `{ours}`", (Edit(node.span, ours),), safe=True)
    act = f"`act={snake_case(ours)}` in what stands before it"
    return Renaming(f"`{_ACTIVATION}({word})` is `{ours}` here, or {act}", fix)


def _activations_elsewhere() -> dict[str, str]:
    """Activations by words that others use: `swish`."""
    ours = set(shorthands("act").values())
    return {snake_case(name): operator for name, operator in ELSEWHERE.items() if operator in ours}


def _word(value: tree.Expression) -> str:
    return value.name if isinstance(value, tree.Name) else value.value if isinstance(value, tree.Text) else ""

"""Operators in the words of a spec: `Conv(64, 3, padding=same)`, and each argument by itself.

Written from the operator's own parameters; what stands for a stage of its own (`act=relu`) is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.comparing.net import Setting
from nnspec.ops.axes import Axes, Axis
from nnspec.ops.kinds import OrNone, Padding, PartName, PerAxis, Tensor, Word
from nnspec.ops.operator import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.ops.kinds import Kind
    from nnspec.ops.operator import Operator, Param
    from nnspec.shapes.tensor import TensorType


def settings_of(operator: Operator, arriving: Sequence[TensorType] = ()) -> tuple[Setting, ...]:
    """All arguments that say what a layer does, given or not, those of a wrapper first."""
    found: list[Setting] = []
    layers = operator.layered()
    filled = operator.filled(*arriving) if arriving and len(layers) == 1 else {}
    for each in layers:
        for declared in _telling(each):
            value = _plain(declared.kind, each.__dict__[declared.name])
            comes_to = filled.get(declared.name, counted(declared.kind, value, arriving))
            if value is None and declared.name in each.by_itself:
                comes_to = declared.kind.read(Word(each.by_itself[declared.name]))
            shown = _plain(declared.kind, comes_to) if value is None and declared.name in filled else value
            found.append(Setting(declared.name, repr(value), repr(comes_to), spelled(declared.kind, shown)))
    return tuple(found)


def counted(kind: Kind[Any], value: Any, arriving: Sequence[TensorType]) -> Any:
    """An axis, or several, counted from the first, where all that arrives has as many; anything else as it is."""
    ranks = {each.rank for each in arriving}
    if len(ranks) != 1 or value is None or not isinstance(_inside(kind), (Axis, Axes)):
        return value
    (rank,) = ranks
    return tuple(sorted([axis % rank for axis in (value if isinstance(value, tuple) else (value,))]))


def written(operator: Operator) -> str:
    """The operator as a stage: `Bidirectional{ LSTM(64) }`."""
    *around, inner = [_stage(each) for each in operator.layered()]
    return "".join([f"{outer}{{ " for outer in around]) + inner + " }" * len(around)


def _stage(operator: Operator) -> str:
    inside: list[str] = []
    in_order = True  # a value stands by its place as long as all before it do, and it must be given or is the first
    for number, declared in enumerate(_telling(operator)):
        value = _plain(declared.kind, operator.__dict__[declared.name])
        in_order = in_order and declared.positional and (declared.default is REQUIRED or number == 0)
        if declared.default is not REQUIRED and value == declared.default:
            in_order = False
        elif declared.variadic and isinstance(value, tuple):
            inside += [spelled(declared.kind, item) for item in value]
        else:
            text = spelled(declared.kind, value)
            inside.append(text if in_order else f"{declared.name}={text}")
    name = type(operator).__name__
    return f"{name}({', '.join(inside)})" if inside else name


def _telling(operator: Operator) -> list[Param[Any]]:
    """The parameters that say what this very layer does: no tensors, which are inputs, and no shorthands.

    Those by position come in the order in which they are given.
    """
    expanded = operator.expands
    names = [*operator.positional, *[name for name in operator.params if name not in operator.positional]]
    kinds = [(operator.params[name], operator.params[name].kind) for name in names if name not in expanded]
    return [declared for declared, kind in kinds if not isinstance(_inside(kind), (Tensor, PartName))]


def _inside(kind: Kind[Any]) -> Kind[Any]:
    return kind.kind if isinstance(kind, OrNone) else kind


def _plain(kind: Kind[Any], value: Any) -> Any:
    """The value, said once where it is the same on every axis."""
    if isinstance(_inside(kind), (PerAxis, Padding)) and isinstance(value, tuple) and len(set(value)) == 1:
        return _plain(kind, value[0]) if isinstance(value[0], int) else value
    return value


def spelled(kind: Kind[Any], value: Any) -> str:
    """A value as a spec writes it for a parameter of this kind."""
    if isinstance(value, tuple):
        return f"({', '.join([spelled(kind, item) for item in value])}{',' if len(value) == 1 else ''})"
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else kind.spell(value)

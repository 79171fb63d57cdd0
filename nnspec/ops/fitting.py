"""Rules between a choice with settings and the weight that it is for: how many axes, which of them.

`choices.py` names one for each word that has any. They know no operator: what is blamed is the
setting as a whole, and whoever asks knows which argument that was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.codes import shapes as shape_codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.shapes.dim import Dim
from nnspec.shapes.tensor import shape_text

#: A rule on a word, its settings under Keras's names, the weight's name and its shape.
Fits: TypeAlias = Callable[[str, Mapping[str, Any], str, tuple[Dim, ...]], None]
#: A rule on the settings alone, under the names that specs give them.
Sound: TypeAlias = Callable[[Mapping[str, Any]], None]


def ordered(low: str, high: str) -> Sound:
    """One setting at most as large as another."""

    def sound(settings: Mapping[str, Any]) -> None:
        if settings[low] > settings[high]:
            raise RuleError(
                codes.BAD_ARGUMENT,
                f"`{low}` is above `{high}`",
                label=f"{settings[low]:g} > {settings[high]:g}",
                help=f"write `{low}={settings[high]:g}, {high}={settings[low]:g}`",
            )

    return sound


def axes(least: int, most: int | None = None) -> Fits:
    """So many axes: an orthogonal matrix needs two, the identity has just two."""

    def fits(word: str, settings: Mapping[str, Any], weight: str, shape: tuple[Dim, ...]) -> None:
        rank = len(shape)
        if rank < least or (most is not None and rank > most):
            raise RuleError(
                codes.BAD_ARGUMENT,
                f"`{word}` is for a matrix, and `{weight}` has {rank} {'axis' if rank == 1 else 'axes'}",
                label=f"`{weight}` is {shape_text(shape)}",
            )

    return fits


def pairs(word: str, settings: Mapping[str, Any], weight: str, shape: tuple[Dim, ...]) -> None:
    """A matrix of two rows or columns at least, which can be compared with one another.

    Raises: RuleError.
    """
    axes(2, 2)(word, settings, weight, shape)
    mode = settings.get("mode", "rows")
    if shape[0 if mode == "rows" else 1] == 1:
        raise RuleError(
            codes.BAD_ARGUMENT,
            f"`{word}` compares the {mode} of `{weight}` with one another, and there is one",
            label=f"`{weight}` is {shape_text(shape)}",
            help=f"write `mode={'columns' if mode == 'rows' else 'rows'}`" if 1 in shape and shape != (1, 1) else None,
        )


def norm_axes(word: str, settings: Mapping[str, Any], weight: str, shape: tuple[Dim, ...]) -> None:
    """Axes that the weight has, each named once.

    Raises: RuleError.
    """
    given = settings.get("axis", 0)
    wanted = given if isinstance(given, list) else (given,)
    rank = len(shape)
    for axis in wanted:
        if not -rank <= axis < rank:
            raise RuleError(
                shape_codes.NO_SUCH_AXIS,
                f"`{weight}` has no axis {axis}",
                label=f"`{weight}` is {shape_text(shape)}",
                help=f"the axes of `{weight}` are 0 to {rank - 1}" if rank else None,
            )
    if len({axis % rank for axis in wanted}) < len(wanted):
        raise RuleError(shape_codes.AXIS_REPEATED, f"`{word}` names an axis twice", help="name each axis once")

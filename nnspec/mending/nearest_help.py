"""Says the nearest valid sizes of an input in the help of the first error that other sizes would mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import promises, shapes
from nnspec.mending.nearest_sizes import concerns, nearest_sizes
from nnspec.record import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.mending.nearest_sizes import NearestSizes
    from nnspec.mending.trial import Budget
    from nnspec.program.program import Program
    from nnspec.program.settings import Settings

_ABOUT_SHAPES = (*vars(shapes).values(), promises.SHAPE_PROMISE)


def with_nearest_sizes(
    found: Sequence[Diagnostic], program: Program, settings: Settings, budget: Budget
) -> tuple[Diagnostic, ...]:
    """The findings of a spec, the first about shapes in each model with the sizes that would suit the model."""
    helped: dict[int, Diagnostic] = {}
    for model in program.models:
        first = next(
            (each for each in found if _is_about_shapes(each) and concerns(each, model.name, program.tree)), None
        )
        if first is None or id(first) in helped:
            continue
        help = ", or ".join(map(in_words, nearest_sizes(program, settings, model, budget)))
        if help:
            helped[id(first)] = replace(first, help=f"{first.help}; {help}" if first.help else help)
    return tuple([helped.get(id(each), each) for each in found])


def in_words(found: NearestSizes) -> str:
    """`nearest valid heights: 96 and 112`; axes with the same sizes are named together."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for axis in found.axes:
        alike.setdefault(axis.sizes, []).append(axis.name)
    return "; ".join(_alike(names, sizes, found.input) for sizes, names in alike.items())


def _alike(names: list[str], sizes: tuple[int, ...], of: str) -> str:
    axes = " and ".join(_plural(name, len(sizes) > 1) for name in names)
    return f"nearest valid {axes}{'' if of == 'input' else f' of `{of}`'}: {' and '.join(map(str, sizes))}"


def _plural(name: str, several: bool) -> str:
    if name.startswith("axis "):
        return f"size{'s' * several} of {name}"
    if name == "channels":
        return "numbers of channels" if several else "number of channels"
    return name + "s" * several


def _is_about_shapes(found: Diagnostic) -> bool:
    return found.severity == "error" and found.code in _ABOUT_SHAPES

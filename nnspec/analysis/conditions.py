"""What symbolic sizes must fulfil for a model to hold together: every demand of its regions, combined."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.liveness import uses_of
from nnspec.program.program import Model, Program, Region
from nnspec.shapes.dim import symbols_of
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.shapes.alternatives import Demand
    from nnspec.shapes.solve import Unsatisfiable
    from nnspec.source import Span

#: `check` verifies them, and shows them.
_ANSWERS: WeakKeyDictionary[Region, list[Demand] | Unsatisfiable] = WeakKeyDictionary()


def conditions(model: Model) -> tuple[Demand, ...]:
    """The conditions of a model in their simplest form, in the order of the axes of its inputs.

    A few that contradict each other where no size meets all.
    """
    found = _simplest(model)
    return tuple(found) if isinstance(found, list) else found.conditions


def demanded(model: Model) -> dict[Demand, Span]:
    """The conditions as the stages of a model demand them, each with a place that does."""
    return _demanded(model, set())


def verify_sizes(program: Program, found: Diagnostics) -> None:
    """Report each model whose demands no size meets."""
    seen: set[Region] = set()
    demanding = [model for model in program.models if _demanded(model, seen)]
    if not demanding:  # the rule, and the models of a file may be many
        _ANSWERS.update((model.region, []) for model in program.models)
    for model in program.models if demanding else ():
        answer = _simplest(model)
        if not isinstance(answer, list):
            from nnspec.analysis.conflict import report  # few specs contradict themselves

            report(model, answer, demanded(model), found)


def _simplest(model: Model) -> list[Demand] | Unsatisfiable:
    answer = _ANSWERS.get(model.region)
    if answer is None:
        demands = demanded(model)
        if demands:
            from nnspec.shapes.solve import simplify  # only symbolic sizes pay for it

            answer = simplify(demands, _letters(model))
        _ANSWERS[model.region] = answer = answer or []
    return answer


def _letters(model: Model) -> list[str]:
    """The symbols in the sizes of the inputs, in the order of their axes."""
    sizes = [size for tensor in model.inputs if isinstance(tensor.type, TensorType) for size in tensor.type.shape]
    return list(dict.fromkeys(name for size in sizes for name in sorted(symbols_of(size))))


def _demanded(model: Model, seen: set[Region]) -> dict[Demand, Span]:
    """The conditions of all regions that were not seen before, each with a place that demands it."""
    found: dict[Demand, Span] = {}
    todo = [model.region]
    while todo:
        region = todo.pop()
        found.update((each, place) for each, place in region.conditions.items() if each not in found)
        for step in region.steps:
            for use in uses_of(step):
                if use.region not in seen:
                    seen.add(use.region)
                    todo.append(use.region)
    return found

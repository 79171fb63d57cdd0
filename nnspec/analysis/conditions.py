"""What symbolic sizes must fulfil for a model to hold together: every demand of its regions, combined."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.liveness import uses_of
from nnspec.program.program import Model, Program, Region
from nnspec.shapes.dim import symbols_of
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.shapes.alternatives import Demand
    from nnspec.shapes.solve import Unsatisfiable

#: `check` verifies them, and shows them.
_ANSWERS: WeakKeyDictionary[Region, list[Demand] | Unsatisfiable] = WeakKeyDictionary()


def conditions(model: Model) -> tuple[Demand, ...]:
    """The conditions of a model in their simplest form, in the order of the axes of its inputs.

    A few that contradict each other where no size meets all.
    """
    found = _simplest(model)
    return tuple(found) if isinstance(found, list) else found.conditions


def verify_sizes(program: Program, found: Diagnostics) -> None:
    """Report each model whose demands no size meets."""
    seen: set[Region] = set()
    demanding = [model for model in program.models if _demanded(model, seen)]
    if not demanding:  # the rule, and the models of a file may be many
        _ANSWERS.update((model.region, []) for model in program.models)
    for model in program.models if demanding else ():
        answer = _simplest(model)
        if not isinstance(answer, list):
            found.report(
                codes.NO_VALID_SIZE,
                f"no size of {answer.symbol} suits every stage of {model.name}",
                model.span,
                notes=tuple(f"one stage needs {condition}" for condition in answer.conditions),
                help="give the sizes with `--input` to see which stage they break at",
            )


def _simplest(model: Model) -> list[Demand] | Unsatisfiable:
    answer = _ANSWERS.get(model.region)
    if answer is None:
        demanded = _demanded(model, set())
        if demanded:
            from nnspec.shapes.solve import simplify  # only symbolic sizes pay for it

            answer = simplify(demanded, _letters(model))
        _ANSWERS[model.region] = answer = answer or []
    return answer


def _letters(model: Model) -> list[str]:
    """The symbols in the sizes of the inputs, in the order of their axes."""
    sizes = [size for tensor in model.inputs if isinstance(tensor.type, TensorType) for size in tensor.type.shape]
    return list(dict.fromkeys(name for size in sizes for name in sorted(symbols_of(size))))


def _demanded(model: Model, seen: set[Region]) -> list[Demand]:
    """The conditions of all regions that were not seen before."""
    found: dict[Demand, None] = {}
    todo = [model.region]
    while todo:
        region = todo.pop()
        found.update(dict.fromkeys(region.conditions))
        for step in region.steps:
            for use in uses_of(step):
                if use.region not in seen:
                    seen.add(use.region)
                    todo.append(use.region)
    return list(found)

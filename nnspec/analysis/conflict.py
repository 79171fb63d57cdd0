"""Says at which stage the demands on a symbolic size come to contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import shapes as codes
from nnspec.diagnostics.diagnostic import Diagnostics, Label
from nnspec.program.liveness import uses_of
from nnspec.program.program import Model, OperatorStep, Region
from nnspec.shapes.condition import recording
from nnspec.shapes.tensor import TensorType, sizes_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nnspec.ops.operator import Operator
    from nnspec.shapes.alternatives import Demand
    from nnspec.shapes.solve import Unsatisfiable
    from nnspec.shapes.tensor import Type
    from nnspec.source import Span


def report(model: Model, answer: Unsatisfiable, places: Mapping[Demand, Span], found: Diagnostics) -> None:
    """Report the demands that no size meets together, at the last place that makes one of them."""
    needs: dict[Span, list[Demand]] = {}
    for condition in answer.conditions:
        needs.setdefault(places.get(condition, model.span), []).append(condition)
    *earlier, last = _order(needs, model.region)
    texts = {place: "needs " + " and ".join(map(str, demands)) for place, demands in needs.items()}
    arriving = _arriving(model.region, last, needs[last][-1])
    found.report(
        codes.NO_VALID_SIZE,
        f"no size of {answer.symbol} suits {'this stage and those before it' if earlier else 'this stage'}",
        last,
        label=f"{arriving}: {texts[last]}" if arriving else texts[last],
        labels=tuple([Label(place, texts[place]) for place in earlier]),
        help="give the sizes with `--input` to see which stage they break at",
    )


def _order(places: Iterable[Span], region: Region) -> list[Span]:
    """The places in the order of computation; a promise comes right behind the stage that it stands behind."""
    turns = {step.span: number for number, step in enumerate(_operators(region, set()))}

    def when(place: Span) -> tuple[int, int]:
        before = [span for span in turns if span.file is place.file and span.start <= place.start]
        return (turns[max(before, key=lambda span: span.start)] if before else -1, place.start)

    return sorted(places, key=when)


def _operators(region: Region, seen: set[Region]) -> Iterator[OperatorStep]:
    """The operators of a region and of those that it uses, each region once, in the order of computation."""
    if region in seen:
        return
    seen.add(region)
    for step in region.steps:
        if isinstance(step, OperatorStep):
            yield step
        for use in uses_of(step):
            yield from _operators(use.region, seen)


def _arriving(region: Region, place: Span, demand: Demand) -> str:
    """The sizes that arrive where an operator demands something of them; nothing for other demands."""
    todo, seen = [region], {region}
    while todo:
        here = todo.pop()
        for step in here.steps:
            types = [here.types[wire] for wire in step.operands] if isinstance(step, OperatorStep) else []
            if isinstance(step, OperatorStep) and step.span == place and _demands(step.operator, types, demand):
                return " and ".join(sizes_text(type.shape) for type in types if isinstance(type, TensorType))
            new = [use.region for use in uses_of(step) if use.region not in seen]
            seen.update(new)
            todo += new
    return ""


def _demands(operator: Operator, types: list[Type], demand: Demand) -> bool:
    with recording() as conditions:
        operator.infer(*types)
    return demand in conditions

"""Where a network spends what it promised to keep: for a broken budget, the stages that take most of it.

A stage is a place in the text, so all turns of a repeat and all uses of a block are one. Only what is broken is
looked into, so nothing else pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.cost import Costs, operator_cost
from nnspec.program.graph import TooManyLayers, flatten
from nnspec.program.liveness import liveness_of
from nnspec.program.program import CallStep, OperatorStep
from nnspec.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nnspec.program.graph import Graph
    from nnspec.program.liveness import Turns, Wires
    from nnspec.program.program import Model, Region, Step
    from nnspec.shapes.dim import Dim
    from nnspec.source import SourceFile, Span

MOST_SHOWN = 3
MOST_LAYERS = 20_000  # paths are followed layer by layer only in networks of so many
_ADDED = ("params", "trainable_params", "macs", "layers", "activation_bytes")
_WEIGHTS = ("params", "trainable_params")
_LONGEST = 40


class Spent(Record):
    """What a stage takes, at so many turns and uses."""

    span: Span
    title: str
    amount: int
    times: int


def notes_on(model: Model, quantity: str) -> tuple[str, ...]:
    """Which stages a quantity comes from, as notes; none where that cannot be told apart."""
    home = model.span.file
    if quantity in _ADDED:
        return _shares(_added(model, quantity), quantity, home)
    try:
        graph = flatten(model, MOST_LAYERS)
    except TooManyLayers:
        return ()
    if quantity == "depth":
        return _shares(_on_longest_path(graph), "layers on the longest path", home)
    return tuple(_widening(graph, home)) if quantity == "receptive_field" else ()


def _shares(spent: Iterable[Spent] | None, what: str, home: SourceFile) -> tuple[str, ...]:
    """The largest shares, each a note: `74.3 % of params, 102,764,544, in `FC(4096)`, line 12`."""
    if spent is None:
        return ()
    together: dict[Span, Spent] = {}
    for each in spent:
        known = together.get(each.span)
        amount, times = (known.amount, known.times) if known else (0, 0)
        together[each.span] = Spent(each.span, each.title, amount + each.amount, times + each.times)
    whole = sum(each.amount for each in together.values())
    largest = sorted(together.values(), key=lambda each: (-each.amount, each.span.start))[:MOST_SHOWN]
    return tuple([
        f"{_percent(each.amount, whole)} of {what}, {each.amount:,}, in {_place(each, home)}"
        for each in largest
        if 0 < whole <= 1_000 * each.amount
    ])  # fmt: skip


def _percent(amount: int, whole: int) -> str:
    tenths = (amount * 2_000 + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


def _place(spent: Spent, home: SourceFile) -> str:
    """`Conv(c, 3)`, line 4 of another file, at 16 turns and uses."""
    text = " ".join(spent.span.text.split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    named = f"`{text}`" if text.startswith(spent.title) else f"{spent.title} of `{text}`"
    line, _ = spent.span.file.position(spent.span.start)
    elsewhere = "" if spent.span.file is home else f" of {spent.span.file.path}"
    return f"{named}, line {line}{elsewhere}" + (f", {spent.times:,} times" if spent.times > 1 else "")


# What adds up.


def _added(model: Model, quantity: str) -> list[Spent] | None:
    """What each operator takes at all its turns and uses; None where it depends on open sizes."""
    costs = Costs(liveness_of(model.region))
    found: list[Spent] = []
    for region, wanted, times in _uses(costs, model, whole_parts=quantity in _WEIGHTS):
        for step, _ in costs.liveness.of(region, wanted).steps:
            if isinstance(step, OperatorStep):
                inputs = [region.types[wire] for wire in step.operands]
                cost = operator_cost(step.operator, inputs, [region.types[wire] for wire in step.outputs])
                amount: Dim = getattr(cost, quantity)
                if not isinstance(amount, int):
                    return None
                found.append(Spent(step.span, step.operator.title, amount * times, times))
    if quantity in _WEIGHTS:
        places = _part_places(costs, model)
        for owner, (params, trainable) in costs.parts(model).items():
            amount = params if quantity == "params" else trainable
            if not isinstance(amount, int):
                return None
            found.append(Spent(*places[owner], amount, 1))
    return found


def _part_places(costs: Costs, model: Model) -> dict[str, tuple[Span, str]]:
    """Where each shared part is used first, and its name."""
    found: dict[str, tuple[Span, str]] = {}
    for region, wanted, _ in _uses(costs, model, whole_parts=False):
        for step, _ in costs.liveness.of(region, wanted).steps:
            if isinstance(step, CallStep) and step.owner is not None:
                found.setdefault(step.owner, (step.span, step.name))
    return found


def _uses(costs: Costs, model: Model, *, whole_parts: bool) -> Iterator[tuple[Region, Wires, int]]:
    """All regions, each with how often it is used; shared parts are not entered where they are taken as a whole."""
    start = (model.region, frozenset(model.region.results))
    times: dict[tuple[Region, Wires], int] = {start: 1}
    for region, wanted in reversed(_inner_first(costs, start, whole_parts=whole_parts)):
        count = times[region, wanted]
        yield region, wanted, count
        for step, entered in costs.liveness.of(region, wanted).steps:
            for turns in _entered(step, entered, whole_parts=whole_parts):
                key = (turns.region, turns.wanted)
                times[key] = times.get(key, 0) + count * turns.count


def _inner_first(costs: Costs, start: tuple[Region, Wires], *, whole_parts: bool) -> list[tuple[Region, Wires]]:
    """All regions in an order in which each comes before those that use it."""
    order: list[tuple[Region, Wires]] = []
    seen: set[tuple[Region, Wires]] = set()
    todo: list[tuple[tuple[Region, Wires], bool]] = [(start, False)]
    while todo:
        key, is_done = todo.pop()
        if is_done:
            order.append(key)
        elif key not in seen:
            seen.add(key)
            todo.append((key, True))
            for step, entered in costs.liveness.of(*key).steps:
                for turns in _entered(step, entered, whole_parts=whole_parts):
                    todo.append(((turns.region, turns.wanted), False))
    return order


def _entered(step: Step, entered: tuple[Turns, ...], *, whole_parts: bool) -> tuple[Turns, ...]:
    return () if whole_parts and isinstance(step, CallStep) and step.owner is not None else entered


# What lies along a path.


def _on_longest_path(graph: Graph) -> list[Spent]:
    """The layers of one of the longest paths."""
    depths: list[int] = []
    before: list[int | None] = []
    for layer in graph.layers:
        deepest = max((port.layer for port in layer.inputs), key=lambda index: depths[index], default=None)
        before.append(deepest)
        depths.append((0 if deepest is None else depths[deepest]) + layer.operator.is_layer)
    at: int | None = max((port.layer for _, port in graph.outputs), key=lambda index: depths[index])
    found: list[Spent] = []
    while at is not None:
        layer = graph.layers[at]
        found.append(Spent(layer.span, layer.operator.title, int(layer.operator.is_layer), 1))
        at = before[at]
    return [each for each in found if each.amount]


def _widening(graph: Graph, home: SourceFile) -> Iterator[str]:
    """Where the receptive field grows most, and where it stops to grow."""
    from nnspec.analysis.layers import layer_rows

    fields: list[int] = []
    grown: dict[Span, Spent] = {}
    last: tuple[int, Spent] | None = None
    for layer, row in zip(graph.layers, layer_rows(graph), strict=True):
        before = max([fields[port.layer] for port in layer.inputs], default=1)
        if row.receptive_field is not None and not isinstance(row.receptive_field, int):
            return
        here = before if row.receptive_field is None else row.receptive_field
        fields.append(here)
        if here > before:
            known = grown.get(layer.span)
            amount, times = (known.amount, known.times) if known else (0, 0)
            grown[layer.span] = Spent(layer.span, layer.operator.title, amount + here - before, times + 1)
            if last is None or here >= last[0]:
                last = (here, Spent(layer.span, layer.operator.title, here, 1))
    if last is not None:
        yield f"it grows last in {_place(last[1], home)}, to {last[0]:,}"
    for each in sorted(grown.values(), key=lambda each: (-each.amount, each.span.start))[: MOST_SHOWN - 1]:
        yield f"{each.amount:,} of it come from {_place(each, home)}"

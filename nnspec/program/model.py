"""Closes the frame of a network into a model: names of inputs and outputs, and what reaches none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes import graph as codes
from nnspec.ops.registry import find_operator, snake_case
from nnspec.program.liveness import dead_ends, liveness_of
from nnspec.program.program import Model, NamedTensor, OperatorStep, Region, Step
from nnspec.program.regions import is_lost
from nnspec.program.scope import Frame, Tensor, Value
from nnspec.program.unit import Block, Network, Part, Shared
from nnspec.shapes.tensor import TensorType
from nnspec.source import Span
from nnspec.syntax import tree

if TYPE_CHECKING:
    from nnspec.program.elaborate import Elaborator


MOST_STEPS = 1_000  # into nested syntax, for a name; blocks may call themselves


def make_model(
    elaborator: Elaborator,
    name: str,
    frame: Frame,
    value: Value,
    outputs: list[tuple[str, Value, Span]] | None,
    span: Span,
    written: Callable[[], str],
) -> Model:
    """The model of a frame. `outputs` are those named by `output`; else `value` is what leaves it.

    `written` is what the output is called by the syntax alone, for one whose type is unknown.
    """
    named = _members(outputs) if outputs is not None else _unnamed(elaborator, value, frame, written)
    lost = not named or any(is_lost(tensor) for _, tensor in named)
    inputs = [tensor for tensor, _ in sorted(elaborator.inputs, key=lambda item: item[1].start)]
    labels = frame.label_names | _first_names(frame, inputs)
    region = Region(
        frame.syntax,
        (),
        tuple(frame.steps),
        tuple(frame.types),
        () if lost else tuple([tensor.wire for _, tensor in named]),
        (),
        tuple(labels.items()),
        frame.conditions,
    )
    model = Model(
        name,
        region,
        _numbered([(labels.get(t.wire, "input"), t) for t in inputs]),
        _numbered(named),
        span,
    )
    if not lost and not inputs and not elaborator.found.has_errors:
        help = "begin a flow with `Input(…)`"
        elaborator.report(codes.NOTHING_ARRIVES, f"the network `{name}` has no `Input`", span, help=help)
    if not lost and not elaborator.is_ambiguous:
        _report_unused(elaborator, model)
    return model


def _first_names(frame: Frame, inputs: list[Tensor]) -> dict[int, str]:
    """What inputs were called first, by their wires: `--input` says so, whatever names them again."""
    wires = {tensor.wire for tensor in inputs}
    names: dict[int, str] = {}
    for key, binding in frame.root.names.items():
        if isinstance(binding.value, Tensor) and binding.value.wire in wires:
            names.setdefault(binding.value.wire, key if isinstance(key, str) else "_".join(map(str, key)))
    return names


def _members(outputs: list[tuple[str, Value, Span]]) -> list[tuple[str, Tensor]]:
    return [
        (name if not isinstance(value, tuple) else f"{name}_{index}", tensor)
        for name, value, _ in outputs
        for index, tensor in enumerate(value if isinstance(value, tuple) else (value,))
    ]


def written_name(flow: tree.Flow, parts: Mapping[str, Part]) -> str:
    """What the last stage of a flow calls its tensor: a label, a tensor's name, an operator's."""
    node: Any = flow
    for _ in range(MOST_STEPS):
        if isinstance(node, tree.Flow):
            if not node.stages:
                break
            node = node.stages[-1]
        elif isinstance(node, tree.Labelled) and len(node.labels) == 1 and not node.labels[0].indexes:
            return node.labels[0].name
        elif isinstance(node, (tree.Labelled, tree.Promise, tree.Repeat, tree.For)):
            node = node.body
        elif isinstance(node, tree.Group):
            node = node.flow
        elif isinstance(node, tree.Choice):
            node = node.then
        elif isinstance(node, tree.Reference) and not node.indexes:
            return node.name
        elif isinstance(node, tree.Apply) and isinstance(parts.get(node.name), (Block, Shared, Network)):
            node = parts[node.name].flow  # type: ignore[union-attr]  # one of those three
        elif isinstance(node, tree.Apply):
            cls = find_operator(node.name)
            return "output" if cls is None else snake_case(cls.__name__)
        else:
            break
    return "output"


def _unnamed(
    elaborator: Elaborator, value: Value, frame: Frame, written: Callable[[], str]
) -> list[tuple[str, Tensor]]:
    tensors = value if isinstance(value, tuple) else (value,)
    top = Makers(frame.steps, frame.label_names)
    return [(elaborator.namer.name(tensor.wire, top) if tensor.wire >= 0 else written(), tensor) for tensor in tensors]


class Makers:
    """What made each wire of a region: a label, or a step and the place among its outputs."""

    def __init__(self, steps: Sequence[Step], labels: Mapping[int, str]) -> None:
        self.labels = labels
        self.steps = {wire: (step, place) for step in steps for place, wire in enumerate(step.outputs)}


class Namer:
    """Names tensors after their label, else the operator that made them, looked for through calls and repeats."""

    def __init__(self) -> None:
        self._makers: dict[Region, Makers] = {}
        self._leaving: dict[Region, tuple[int, ...]] = {}
        self._names: dict[tuple[Region, int], str] = {}  # by the region that a wire leaves, and its place

    def name(self, wire: int, makers: Makers) -> str:
        """The name of a wire."""
        way: list[tuple[Region, int]] = []
        while True:
            if wire in makers.labels or wire not in makers.steps:
                name = makers.labels.get(wire, "output")
                break
            step, place = makers.steps[wire]
            if isinstance(step, OperatorStep):
                name = snake_case(step.operator.names_after.__name__)
                break
            inner = step.use.region if hasattr(step, "use") else step.cycle[(step.count - 1) % len(step.cycle)].region
            if (inner, place) in self._names:
                name = self._names[inner, place]
                break
            way.append((inner, place))
            if inner not in self._makers:
                self._makers[inner] = Makers(inner.steps, dict(inner.labels))
                self._leaving[inner] = (*inner.results, *inner.exports)
            wire, makers = self._leaving[inner][place], self._makers[inner]
        self._names.update(dict.fromkeys(way, name))
        return name


def _numbered(named: list[tuple[str, Tensor]]) -> tuple[NamedTensor, ...]:
    """Unique names: the second `fc` is `fc_1`."""
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    made: list[NamedTensor] = []
    for name, tensor in named:
        unique, number = name, numbers.get(name, 0)
        while unique in taken:
            number += 1
            unique = f"{name}_{number}"
        numbers[name] = number
        taken.add(unique)
        made.append(NamedTensor(unique, tensor.type, tensor.wire))
    return tuple(made)


def _report_unused(elaborator: Elaborator, model: Model) -> None:
    liveness = liveness_of(model.region)
    liveness.add_spans(model.region, elaborator.live_spans)
    wanted = liveness.needed(model.region)
    for tensor, span in elaborator.inputs:
        if isinstance(tensor.type, TensorType) and tensor.wire not in wanted:
            elaborator.report(codes.UNUSED_INPUT, "this input reaches no output", span, help="use it, or remove it")
    inputs = {span for _, span in elaborator.inputs}
    ends = dead_ends(model.region, elaborator.live_spans, elaborator.seen_regions)
    elaborator.dead_spans.update(dict.fromkeys(span for span in ends if span not in inputs))

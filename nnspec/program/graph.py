"""The flat view of a model: every operator application, in order, for those who need each one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nnspec.deep_stack import with_deep_stack
from nnspec.ops.operator import Operator
from nnspec.ops.registry import snake_case
from nnspec.program.liveness import Liveness, Turns, Wires
from nnspec.program.places import Places
from nnspec.program.program import CallStep, Model, OperatorStep, Region, RunStep, Use
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType
from nnspec.source import Span

MAX_LAYERS = 1_000_000


class TooManyLayers(Exception):  # noqa: N818
    """A model has more layers than a flat view may hold."""

    def __init__(self, model: Model, most: int) -> None:
        super().__init__(f"{model.name} has more than {most:,} layers")
        self.model = model
        self.most = most


class Port(Record):
    """The `position`-th output of the layer at `layer` in the graph."""

    layer: int
    position: int = 0


class Layer(Record):
    """One application of an operator.

    `name` is unique in the graph, lower case: the spec's label, else the operator's name numbered.
    `shares` is the index of the first layer whose weights this one uses again, None where it has its
    own. `path` names the blocks and turns around it, outermost first.
    """

    name: str
    operator: Operator
    inputs: tuple[Port, ...]
    types: tuple[TensorType, ...]
    span: Span
    shares: int | None = None
    path: tuple[str, ...] = ()


class Graph(Record):
    """Layers in the order of computation; only those that reach an output.

    `labels` are the names that the spec gives tensors, after which printed source calls its variables.
    """

    name: str
    layers: tuple[Layer, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[tuple[str, Port], ...]
    labels: tuple[tuple[Port, str], ...] = ()

    def type_of(self, port: Port) -> TensorType:
        """The type of a port."""
        return self.layers[port.layer].types[port.position]


def flatten(model: Model, most: int = MAX_LAYERS) -> Graph:
    """Every layer of a model whose types are known.

    Raises: TooManyLayers.
    """
    return with_deep_stack(lambda: _Flattener(model, most).graph())


class _Flattener:
    def __init__(self, model: Model, most: int) -> None:
        self.model = model
        self.most = most
        self.liveness = Liveness()
        self.places = Places()
        self.layers: list[Layer] = []
        self.turns = 0
        self.names: dict[str, int] = {}
        self.taken: set[str] = set()
        self.path: tuple[str, ...] = ()
        self.labels: dict[Port, str] = {}
        #: Per owner, its layers in order of their creation; and where in them a use is.
        self.owned: dict[str, dict[tuple[Any, ...], int]] = {}
        self.owner: tuple[str, tuple[Any, ...]] | None = None

    def graph(self) -> Graph:
        model, region = self.model, self.model.region
        self._reserve(model)
        ports = self._region(region, frozenset(region.results), {})
        inputs = tuple([Port(i) for i, layer in enumerate(self.layers) if layer.operator.is_input])
        outputs = tuple([(named.name, ports[named.wire]) for named in model.outputs])
        return Graph(model.name, tuple(self.layers), inputs, outputs, tuple(self.labels.items()))

    def _reserve(self, model: Model) -> None:
        """Inputs keep the names that the model gives them."""
        self.input_names = {named.wire: named.name for named in model.inputs}
        self.taken.update(self.input_names.values())

    def _region(self, region: Region, wanted: Wires, ports: dict[int, Port]) -> dict[int, Port]:
        labels = dict(region.labels)
        for step, entered in self.liveness.of(region, wanted).steps:
            outer = self.owner
            if outer is not None:
                self.owner = (outer[0], (*outer[1], self.places.of(region)[id(step)]))
            if isinstance(step, OperatorStep):
                self._operator(step, region, ports, labels)
            elif isinstance(step, CallStep):
                self._call(step, entered[0], ports)
            else:
                self._run(step, entered, ports)
            self.owner = outer
        self.labels.update((ports[wire], label) for wire, label in region.labels if wire in ports)
        return ports

    def _operator(self, step: OperatorStep, region: Region, ports: dict[int, Port], labels: dict[int, str]) -> None:
        index = len(self.layers)
        if index >= self.most:
            raise TooManyLayers(self.model, self.most)
        types: Any = tuple([region.types[wire] for wire in step.outputs])
        shares = None
        if self.owner is not None:
            owner, place = self.owner
            first = self.owned.setdefault(owner, {}).setdefault(place, index)
            shares = None if first == index else first
        if step.operator.is_input and region is self.model.region:
            name = self.input_names.get(step.outputs[0], "input")
        else:
            label = next((labels[wire] for wire in step.outputs if wire in labels), None)
            name = self._named(label or snake_case(step.operator.names_after.__name__))
        inputs = tuple([ports[wire] for wire in step.operands])
        self.layers.append(Layer(name, step.operator, inputs, types, step.span, shares, self.path))
        for position, wire in enumerate(step.outputs):
            ports[wire] = Port(index, position)

    def _named(self, wanted: str) -> str:
        name, number = wanted, self.names.get(wanted, 0)
        while name in self.taken:
            number += 1
            name = f"{wanted}_{number}"
        self.names[wanted] = number
        self.taken.add(name)
        return name

    def _enter(self, use: Use, turns: Turns, operands: dict[int, Port]) -> dict[int, Port]:
        inner = {wire: operands[p] for p, wire in enumerate(use.region.inputs) if p in operands}
        return self._region(use.region, turns.wanted, inner)

    def _call(self, step: CallStep, turns: Turns, ports: dict[int, Port]) -> None:
        outer, path = self.owner, self.path
        if step.owner is not None:
            self.owner = (step.owner, ())
        self.path = (*path, step.name) if step.name else path
        operands = {p: ports[wire] for p, wire in enumerate(step.use.operands) if wire in ports}
        inner = self._enter(step.use, turns, operands)
        self.owner, self.path = outer, path
        _leave(step.use.region, step.outputs, inner, ports)

    def _run(self, step: RunStep, entered: tuple[Turns, ...], ports: dict[int, Port]) -> None:
        first = step.count - sum(turns.count for turns in entered)  # turns before it reach no output
        use = step.cycle[first % len(step.cycle)]
        carried = [ports.get(wire) for wire in use.operands[: use.carried]] if first == 0 else []
        outer, path = self.owner, self.path
        last: dict[int, Port] = {}
        for turn, turns in enumerate(each_turn(entered), first):
            self.turns += 1
            if self.turns > self.most:  # turns without layers are turns all the same
                raise TooManyLayers(self.model, self.most)
            use = step.cycle[turn % len(step.cycle)]
            if outer is not None:
                self.owner = (outer[0], (*outer[1], turn))
            self.path = (*path, str(step.turns[0] + turn))
            operands = {p: port for p, port in enumerate(carried[: use.carried]) if port is not None}
            fixed = range(use.carried, len(use.operands))
            operands |= {p: ports[use.operands[p]] for p in fixed if use.operands[p] in ports}
            last = self._enter(use, turns, operands)
            carried = [last.get(wire) for wire in use.region.results]
        self.owner, self.path = outer, path
        _leave(use.region, step.outputs, last, ports)


def each_turn(entered: tuple[Turns, ...]) -> Iterator[Turns]:
    """The group of every turn, one by one."""
    for turns in entered:
        for _ in range(turns.count):
            yield turns


def _leave(region: Region, outputs: tuple[int, ...], inner: dict[int, Port], ports: dict[int, Port]) -> None:
    for wire, output in zip((*region.results, *region.exports), outputs, strict=True):
        if wire in inner:
            ports[output] = inner[wire]

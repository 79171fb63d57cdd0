"""Graph to calls: one list of statements, which `keras_build` runs and `keras_source` prints.

Every operator is asked for its expression; `steps` cuts those into one statement a call and makes
shared layers once, `names` and `variables` say what is called what. No framework is imported here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nnspec.backends.headings import headings
from nnspec.backends.names import keras_name, name_layers, own_name
from nnspec.backends.steps import Cutter, Ledger, Made, Slot, Step, fill, slots_in, symbolic_in
from nnspec.backends.variables import Naming
from nnspec.calls import Arrival, Assign, Call, Value, Variable
from nnspec.diagnostics.codes import backends as codes
from nnspec.diagnostics.diagnostic import Diagnostics, RuleError
from nnspec.ops.registry import snake_case
from nnspec.program.graph import Graph, Layer, Port
from nnspec.record import Record
from nnspec.shapes.dim import is_known, recording
from nnspec.shapes.tensor import shape_text

if TYPE_CHECKING:
    from nnspec.ops.operator import Weight


class Lowered(Record):
    """A model as statements. After they have run, `model` is the call that makes the Keras model.

    `layers` tells for each statement the index of its layer in the graph; `inputs` and `outputs`
    are what the Keras model calls its own; `depth` is the number of calls on the longest path.
    """

    graph: Graph
    statements: tuple[Assign, ...]
    layers: tuple[int, ...]
    model: Call
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    depth: int


def lower(graph: Graph, found: Diagnostics) -> Lowered | None:
    """The statements that make the model, or None where something in it cannot be built.

    What cannot is reported to `found`, each at its layer.
    """
    lowering = _Lowering(graph, found)
    with recording():  # of conditions on open sizes, which elaboration knows already
        return lowering.finish() if lowering.has_all_layers() else None


class _Lowering:
    def __init__(self, graph: Graph, found: Diagnostics) -> None:
        self.graph = graph
        self.found = found
        self.holds = True
        self.ledger = Ledger({layer.shares: [] for layer in graph.layers if layer.shares is not None})
        self.sharing: dict[int, dict[Any, Layer]] = {}  # of each set of weights, its uses that differ
        for index, layer in enumerate(graph.layers):
            uses = self.sharing.setdefault(index if layer.shares is None else layer.shares, {})
            uses.setdefault((id(layer.operator), *map(graph.type_of, layer.inputs)), layer)
        self.ports: dict[Port, Slot] = {}
        self.hints: dict[int, str] = {}
        self.merges: set[int] = set()
        self.inputs: list[str] = []

    def has_all_layers(self) -> bool:
        """Turn every layer into steps; False where one cannot be."""
        for port in self.graph.inputs:
            self.add_input(port)
        sources = {port.layer for port in self.graph.inputs}
        for index, layer in enumerate(self.graph.layers):
            if index not in sources:
                self.add_layer(index, layer)
        return self.holds

    def add_input(self, port: Port) -> None:
        layer = self.graph.layers[port.layer]
        call: Call = layer.operator.lower()
        name = _unused(keras_name(layer.name), self.inputs)
        self.inputs.append(name)
        named = Call(call.target, call.args, {**call.kwargs, "name": name})
        [slot] = self.ledger.add(named, port.layer, [layer.types[port.position]])
        self.hints[slot.index] = "inputs" if len(self.graph.inputs) == 1 else layer.name
        self.ports[port] = slot

    def add_layer(self, index: int, layer: Layer) -> None:
        value = self.expression_of(index, layer)
        if not self.holds:
            return
        feeds = self.graph.inputs[:1] if layer.operator.is_source else layer.inputs
        operands = [self.ports[port] for port in feeds]
        owner = index if index in self.ledger.shared else layer.shares
        owner = owner if weights_of(self.graph, layer) else None
        cutter = Cutter(self.ledger, index, operands, owner)
        before = len(self.ledger.steps)
        results = cutter.results(value, layer.types)
        main = cutter.main()
        if main is not None and layer.shares is None:
            main.is_main = True
            main.carries_weights = bool(weights_of(self.graph, layer))
        if layer.operator.is_merge:
            self.merges.update(range(before, len(self.ledger.steps)))
        if owner is not None:
            self.name_kept_layers(owner)
        for position, result in enumerate(results):
            self.ports[Port(index, position)] = result

    def expression_of(self, index: int, layer: Layer) -> Value:
        """What the operator lowers to; where it cannot be, `holds` becomes false."""
        feeds = self.graph.inputs[:1] if layer.operator.is_source else layer.inputs
        arrivals = [Arrival(self.graph.type_of(port), index) for index, port in enumerate(feeds)]
        try:
            self.need_known_weights(layer)
            operator = layer.operator
            for other in self.sharing[index if layer.shares is None else layer.shares].values():
                operator = operator.beside(other.operator, *map(self.graph.type_of, other.inputs))
            value = operator.lower(*arrivals)
            size = symbolic_in(value)
            if size is not None:
                raise self.symbolic("Keras needs a number here", f"{size} is symbolic")
        except RuleError as error:
            self.refuse(layer, error)
            return None
        return value

    def need_known_weights(self, layer: Layer) -> None:
        """Demand numbers for the shapes of all weights.

        Raises: RuleError.
        """
        for weight in weights_of(self.graph, layer):
            if not all(is_known(size) for size in weight.shape):
                shape = shape_text(weight.shape)
                raise self.symbolic(
                    "a weight of this layer depends on a size that is not given", f"{weight.name}: {shape}"
                )

    def symbolic(self, message: str, label: str) -> RuleError:
        """The error for what needs a size that is open, with the option that gives one."""
        several = len(self.graph.inputs) > 1
        options: list[str] = []
        for port in self.graph.inputs:
            shape = self.graph.type_of(port).shape
            if not all(map(is_known, shape)):
                sizes = ",".join(str(size) if is_known(size) else "224" for size in shape)
                options.append(
                    f"--input {self.graph.layers[port.layer].name}={sizes}" if several else f"--input {sizes}"
                )
        return RuleError(codes.SYMBOLIC_WEIGHT, message, label=label, help=f"give the size: `{' '.join(options)}`, say")

    def refuse(self, layer: Layer, error: RuleError) -> None:
        self.holds = False
        notes = (*error.notes, *((f"in: {', '.join(layer.path)}",) if layer.path else ()))
        self.found.report(error.code, error.message, layer.span, label=error.label, notes=notes, help=error.help)

    def name_kept_layers(self, owner: int) -> None:
        for kept in self.ledger.shared[owner]:
            self.hints[kept.slot.index] = own_name(kept.made, self.graph.layers[owner].name)

    # All layers are there: outputs, names, statements.

    def make_shared_first(self) -> None:
        """Make the layers of shared parts before all others, as a person would who uses them in several functions."""
        steps = self.ledger.steps
        order = sorted(range(len(steps)), key=lambda index: not isinstance(steps[index].value, Made))
        places = {old: new for new, old in enumerate(order)}
        self.ledger.steps[:] = [steps[index] for index in order]
        self.merges = {places[index] for index in self.merges}

    def finish(self) -> Lowered:
        outputs = self.name_outputs()
        self.make_shared_first()
        name_layers(self.ledger, self.graph, self.inputs)
        steps = self.ledger.steps
        for port, label in self.graph.labels:
            self.hints.setdefault(self.ports[port].index, label)
        inputs = [self.ports[port] for port in self.graph.inputs]
        names = Naming(self.ledger, self.hints, self.merges, inputs, outputs).names()
        variables = [Variable(name) for name in names]
        statements = [
            Assign(tuple(names[out.index] for out in step.outs), fill(step.value, variables), comment)
            for step, comment in zip(steps, headings([self.graph.layers[step.layer] for step in steps]), strict=True)
        ]
        feeds = [variables[slot.index] for slot in inputs]
        results = [variables[slot.index] for slot in outputs]
        model = Call("keras.Model", (_one_or_list(feeds), _one_or_list(results)), {"name": keras_name(self.graph.name)})
        makers = {out.index: step.made for step in steps for out in step.outs}
        called = tuple(str(made.output) for slot in outputs if (made := makers[slot.index]) is not None)
        return Lowered(
            self.graph, tuple(statements), tuple(step.layer for step in steps), model, tuple(self.inputs), called,
            _depth(steps, len(names)),
        )  # fmt: skip

    def name_outputs(self) -> list[Slot]:
        """The outputs, each leaving a Keras layer that carries its name: one of its own where need be.

        A layer in a block or repeat carries no name of an output, as its like elsewhere could not.
        """
        steps = {out.index: step for step in self.ledger.steps for out in step.outs}
        named = {layer.name: index for index, layer in enumerate(self.graph.layers)}
        found: list[Slot] = []
        for name, port in self.graph.outputs:
            slot = self.ports[port]
            step = steps[slot.index]
            made = step.made
            cannot = made is None or made.uses > 1 or made.output is not None or len(step.outs) > 1
            if len(self.graph.outputs) > 1 and (cannot or self.graph.layers[port.layer].path):
                call = Call("keras.layers.Identity")
                made = self.ledger.make(call, port.layer)
                [slot] = self.ledger.add(Call(made, (slot,)), port.layer, [self.ledger.types[slot.index]], made)
            own = self.graph.layers[port.layer].name
            if made is not None and (len(self.graph.outputs) > 1 or not cannot):
                made.output = keras_name(name if named.get(name, port.layer) == port.layer else own)
            self.hints[slot.index] = self.output_variable(name, port)
            found.append(slot)
        return found

    def output_variable(self, name: str, port: Port) -> str:
        """`outputs`, where the only output is just called after its operator."""
        derived = snake_case(self.graph.layers[port.layer].operator.names_after.__name__)
        plain = len(self.graph.outputs) == 1 and re.sub(r"_\d+$", "", name) == derived
        return "outputs" if plain else name


def weights_of(graph: Graph, layer: Layer) -> list[Weight]:
    """The weights of a layer."""
    return list(layer.operator.weights(*(graph.type_of(port) for port in layer.inputs)))


def _unused(name: str, names: list[str]) -> str:
    number, found = 2, name
    while found in names:
        found, number = f"{name}_{number}", number + 1
    return found


def _one_or_list(values: list[Variable]) -> Value:
    return values[0] if len(values) == 1 else values


def _depth(steps: list[Step], slots: int) -> int:
    """The number of calls on the longest path."""
    depth = [0] * slots
    for step in steps:
        reached = 1 + max((depth[slot] for slot in slots_in(step.value)), default=0)
        for out in step.outs:
            depth[out.index] = reached
    return max(depth, default=0)

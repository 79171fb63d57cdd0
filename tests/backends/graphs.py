"""Graphs made by hand, as the elaborator makes them from specs."""

from nnspec.ops.operator import Operator
from nnspec.program.graph import Graph, Layer, Port
from nnspec.shapes.dim import recording
from nnspec.source import SourceFile, Span


class Net:
    """Collects layers; each gets a span of its own, in a file that holds their names."""

    def __init__(self, name="net"):
        self.name = name
        self.layers = []
        self.inputs = []
        self.labels = []
        self.file = SourceFile("net.nn", "x" * 100_000)

    def __call__(self, operator: Operator, *inputs: Port, name=None, label=None, shares=None, path=()):
        """Apply an operator; gives its port, or a list of ports."""
        with recording():
            types = operator.infer(*(self.type_of(port) for port in inputs))
        types = types if isinstance(types, tuple) else (types,)
        index = len(self.layers)
        name = name or f"{type(operator).__name__.lower()}_{index}"
        span = Span(self.file, 10 * index, 10 * index + 5)
        self.layers.append(Layer(name, operator, inputs, types, span, shares, path))
        ports = [Port(index, position) for position in range(len(types))]
        if getattr(operator, "is_input", False):
            self.inputs += ports
        if label is not None:
            self.labels.append((ports[0], label))
        return ports[0] if len(ports) == 1 else ports

    def type_of(self, port):
        return self.layers[port.layer].types[port.position]

    def chain(self, x, *operators):
        for operator in operators:
            x = self(operator, x)
        return x

    def graph(self, **outputs: Port):
        return Graph(self.name, tuple(self.layers), tuple(self.inputs), tuple(outputs.items()), tuple(self.labels))

"""A Keras model as comparing sees it: layers in Keras's words, their weights by Keras's count, costs by our rules.

An activation inside a layer is a layer of its own, as it is in a spec. Names take no part.
"""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

from nnspec.analysis.layers import layer_rows
from nnspec.comparing.inverse import activation, meant, operator_class, operator_for
from nnspec.comparing.keras_walk import Applied, walk
from nnspec.comparing.net import Net, Node, Setting, Source, Totals, outputs_node
from nnspec.comparing.wording import settings_of, written
from nnspec.ops.activation import Activation
from nnspec.ops.operator import Operator
from nnspec.ops.source import Input
from nnspec.program.graph import Graph, Layer, Port
from nnspec.record import Record
from nnspec.shapes.dim import product, total
from nnspec.source import SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnspec.shapes.tensor import TensorType


class _Opaque(Operator):
    """Stands for a layer that no operator of ours is."""

    def infer(self, *inputs: TensorType) -> TensorType:
        return inputs[0]

    def reach(self, *inputs: TensorType) -> None:
        return None


class _Part(Record):
    """One node to be: what it is called and how it is set, and the operator that counts for it.

    `is_inside` says that it is the activation of the layer before it, whose weights are counted there.
    """

    made: Any
    kind: str
    text: str
    settings: tuple[Setting, ...]
    inputs: tuple[Source, ...]
    types: tuple[TensorType, ...]
    operator: Operator
    shares: int | None = None
    is_inside: bool = False
    is_idle: bool = False


def net_of_model(model: Any, path: str, spans: Mapping[int, Span] | None = None) -> Net:
    """The network of a Keras model; `spans` says where a spec has its layers, by their ids."""
    return _Reading(model, path, spans or {}).net()


class _Reading:
    def __init__(self, model: Any, path: str, spans: Mapping[int, Span]) -> None:
        self.model = model
        self.path = path
        self.spans = spans
        self.walked = walk(model)
        self.parts: list[_Part] = []
        self.sources: dict[Source, Source] = {}  # of what is applied, the node that gives it
        self.first: dict[int, int] = {}  # of each layer with weights, by its id, the first node

    def net(self) -> Net:
        for index, applied in enumerate(self.walked.applied):
            self.add(index, applied)
        nodes, lost = self.nodes()
        leaving = tuple([self.sources[source] for source in self.walked.outputs])
        totals = _totals(nodes, is_hidden=lost)
        return Net(self.model.name, self.path, (*nodes, outputs_node(leaving)), self.walked.inputs, totals)

    def add(self, index: int, applied: Applied) -> None:
        inputs = tuple([self.sources[source] for source in applied.inputs])
        arriving = [self.parts[node].types[position] for node, position in inputs]
        name = type(applied.made).__name__
        if index in self.walked.inputs:
            self.append(index, self.input(applied))
        elif name == "Identity":
            self.sources[index, 0] = inputs[0]
        else:
            config = dict(applied.made.get_config())
            operator = _verified(applied, operator_for(name, config, arriving, applied.types), arriving)
            function = self.function_of(name, config)
            if function is not None:
                config["activation"] = "linear"
            self.append(index, self.part(applied, config, inputs, operator, arriving))
            if function is not None:
                self.append(index, self.activation(applied, function))

    def append(self, index: int, part: _Part) -> None:
        for position in range(len(part.types)):
            self.sources[index, position] = (len(self.parts), position)
        self.parts.append(part)

    def input(self, applied: Applied) -> _Part:
        (arriving,) = applied.types
        operator = Input.of({"sizes": arriving.shape, "dtype": arriving.dtype})  # open sizes have no letter
        return _Part(applied.made, "Input", written(operator), settings_of(operator), (), applied.types, operator)

    def function_of(self, name: str, config: Mapping[str, Any]) -> Operator | None:
        """The activation that a layer applies to its result, where a spec would write it as a stage."""
        cls = operator_class(name)
        has_stage = cls is not None and "act" in cls.expands and config.get("activation") != "linear"
        return activation(config.get("activation")) if has_stage else None

    def activation(self, applied: Applied, operator: Operator) -> _Part:
        text, settings = written(operator), settings_of(operator)
        before = (len(self.parts) - 1, 0)
        return _Part(applied.made, operator.title, text, settings, (before,), applied.types, operator, is_inside=True)

    def part(
        self, applied: Applied, config: dict[str, Any], inputs: tuple[Source, ...], operator: Operator | None,
        arriving: Sequence[TensorType],
    ) -> _Part:  # fmt: skip
        made = applied.made
        weighted = bool(getattr(made, "weights", None))
        is_idle = operator is not None and operator.is_idle(*arriving)
        if isinstance(operator, Activation) and not weighted:
            return _Part(
                made, operator.title, written(operator), settings_of(operator, arriving), inputs, applied.types,
                operator, is_idle=is_idle,
            )  # fmt: skip
        config.pop("name", None)
        if not weighted:
            config.pop("trainable", None)
        shares = self.first.setdefault(id(made), len(self.parts)) if weighted else len(self.parts)
        return _Part(
            made, _title(made), _text(applied, config), _settings(applied, config, meant(operator, config, arriving)),
            inputs, applied.types, operator or _Opaque(), None if shares == len(self.parts) else shares,
            is_idle=is_idle,
        )  # fmt: skip

    def nodes(self) -> tuple[list[Node], bool]:
        """The nodes, with what they cost; and whether the field of some is lost."""
        here = Span(SourceFile(self.path, ""), 0, 0)
        layers = [
            Layer(
                str(part.made.name), part.operator, tuple([Port(*source) for source in part.inputs]), part.types, here
            )
            for part in self.parts
        ]
        graph = Graph(self.model.name, tuple(layers), tuple([Port(index) for index in self.walked.inputs]), ())
        found: list[Node] = []
        lost: set[int] = set()  # what lies behind a layer whose field is not known
        for index, (part, row) in enumerate(zip(self.parts, layer_rows(graph), strict=True)):
            is_known = not isinstance(part.operator, _Opaque)
            is_open = row.receptive_field is not None and not isinstance(row.receptive_field, int)
            if any(source in lost for source, _ in part.inputs) or is_open or _hides_field(part):
                lost.add(index)
            own = part.shares is None and not part.is_inside
            found.append(
                Node(
                    str(part.made.name), part.kind, part.kind, part.kind, part.text, part.settings,
                    part.inputs, part.types,
                    _size(part.made, "weights") if own else 0, _size(part.made, "trainable_weights") if own else 0,
                    row.macs if is_known and isinstance(row.macs, int) else None,
                    0 if part.operator.is_input else row.activation_bytes,
                    None if index in lost else row.receptive_field,
                    self.spans.get(id(part.made)), part.shares,
                    part.operator.is_input, part.is_idle, part.operator.layered()[-1].commutes,
                )
            )  # fmt: skip
        return found, bool(lost)


def _verified(applied: Applied, operator: Operator | None, arriving: Sequence[TensorType]) -> Operator | None:
    """The operator, where it has the weights that the layer has."""
    if operator is None:
        return None
    mine = sorted([str(tuple(weight.shape)) for weight in operator.weights(*arriving)])
    theirs = sorted([str(tuple(weight.shape)) for weight in getattr(applied.made, "weights", ())])
    return operator if mine == theirs else None


def _hides_field(part: _Part) -> bool:
    """Whether nobody knows how far the positions of a layer see."""
    return isinstance(part.operator, _Opaque) and any(each.rank > 1 for each in part.types)


def _size(made: Any, which: str) -> int:
    return sum(_count(tuple(weight.shape)) for weight in getattr(made, which, ()))


def _count(shape: tuple[int, ...]) -> int:
    size = product(shape)
    return size if isinstance(size, int) else 0


def _totals(nodes: Sequence[Node], *, is_hidden: bool) -> Totals:
    depth: list[int] = []
    for node in nodes:
        depth.append((not node.is_input) + max([depth[source] for source, _ in node.inputs], default=0))
    macs = [node.macs for node in nodes]
    fields = [node.receptive_field for node in nodes if isinstance(node.receptive_field, int)]
    return Totals(
        total([node.params for node in nodes]), total([node.trainable_params for node in nodes]),
        None if None in macs else total([each for each in macs if each is not None]),
        sum(not node.is_input for node in nodes), max(depth, default=0),
        None if is_hidden else max(fields, default=1), total([node.activation_bytes for node in nodes]),
    )  # fmt: skip


# Words.


def _title(made: Any) -> str:
    """`Conv2D`, `Bidirectional(LSTM)`."""
    name = type(made).__name__
    inner = getattr(made, "layer", None) or getattr(made, "forward_layer", None)
    return f"{name}({_title(inner)})" if inner is not None else name


def _settings(applied: Applied, config: Mapping[str, Any], meant: Mapping[str, str]) -> tuple[Setting, ...]:
    found: list[Setting] = []
    for name, value in config.items():
        key = _key(value)
        found.append(Setting(name, key, meant.get(name, key), _short(value)))
    for name, text in (("layer class", type(applied.made).__name__), ("call", applied.given)):
        found.append(Setting(name, text, text, text or "none"))
    return tuple(found)


def _key(value: Any) -> str:
    return json.dumps(_nameless(value), sort_keys=True, default=str)


def _nameless(value: Any) -> Any:
    """A description without the names of layers in it, and what only tells objects apart."""
    if isinstance(value, (tuple, list)):
        return [_nameless(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_layer = "trainable" in value
    left_out = ("shared_object_id", "registered_name", "build_config", *(("name",) if is_layer else ()))
    return {name: _nameless(item) for name, item in value.items() if name not in left_out}


#: Settings as Keras has them by itself, where the layer's signature says `none`.
_BY_ITSELF = {"data_format": "channels_last", "activation": "linear"}


def _text(applied: Applied, config: Mapping[str, Any]) -> str:
    """The call that makes the layer, as far as it differs from what Keras does by itself."""
    made = applied.made
    declared = inspect.signature(type(made).__init__).parameters
    inside: list[str] = []
    for name, value in config.items():
        parameter = declared.get(name)
        if parameter is None or isinstance(value, dict) or value == _BY_ITSELF.get(name, object):
            continue
        if parameter.default is inspect.Parameter.empty:
            inside.append(_short(value))
        elif _short(value) not in (_short(parameter.default), "none") and not _spread(value, parameter.default):
            inside.append(f"{name}={_short(value)}")
    if not hasattr(made, "weights"):  # a function, which is called with its settings
        inside += _called_with(applied.given)
    title = _title(made)
    return f"{title}({', '.join(inside)})" if inside else title


def _called_with(given: str) -> list[str]:
    """What stands in a call beside tensors."""
    args, kwargs = json.loads(given) if given else ((), {})
    shown = [_short(value) for value in args if value != "·"]
    return [*shown, *[f"{name}={_short(value)}" for name, value in kwargs.items()]]


def _spread(value: Any, default: Any) -> bool:
    """Whether a value is the default, said of each axis."""
    return isinstance(value, (tuple, list)) and all(item == default for item in value)


def _short(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_short, value))})"
    if isinstance(value, dict):
        inner = value.get("config")
        settings = [f"{name}={_short(each)}" for name, each in inner.items()] if isinstance(inner, dict) else []
        name = value.get("class_name")
        return f"{name}({', '.join([each for each in settings if not each.endswith('=none')])})" if name else "{…}"
    return f"{value:g}" if isinstance(value, float) else str(value)

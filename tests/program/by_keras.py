"""What a random spec means to plain Keras: an interpreter of its stages that calls Keras's layers one by one.

It is written from the language page and Keras's documentation, and knows nothing of our compiler.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from nnspec.backends.framework import import_keras
from nnspec.record import Record, replace
from tests.program.random_specs import (
    Attend,
    Flow,
    For,
    Formula,
    Group,
    If,
    Label,
    Labelled,
    Merge,
    MergeFor,
    Op,
    Part,
    Repeat,
    Residual,
    Spec,
    Value,
    Wrapped,
)

keras: Any = import_keras()
L = keras.layers

SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "*": operator.mul, "<": operator.lt, "==": operator.eq, ">=": operator.ge,
}  # fmt: skip
MERGES = {
    "Add": L.Add, "Multiply": L.Multiply, "Average": L.Average, "Maximum": L.Maximum, "Subtract": L.Subtract,
}  # fmt: skip
PLAIN = {
    "ReLU": L.ReLU, "BN": L.BatchNormalization, "LN": L.LayerNormalization, "Tanh": lambda: L.Activation("tanh"),
    "PReLU": L.PReLU, "GELU": lambda: L.Activation("gelu"), "Softmax": L.Softmax, "UnitNorm": L.UnitNormalization,
    "RMSNorm": L.RMSNormalization, "Flatten": L.Flatten,
}  # fmt: skip
RATED = {
    "Dropout": L.Dropout, "GaussianNoise": L.GaussianNoise, "AlphaDropout": L.AlphaDropout,
    "GroupNorm": L.GroupNormalization,
}  # fmt: skip
WITH_KERNEL = (
    L.Dense, *(getattr(L, f"Conv{n}D{end}") for n in (1, 2, 3) for end in ("", "Transpose")),
    L.DepthwiseConv1D, L.DepthwiseConv2D,
)  # fmt: skip
#: Layers that do not look at the channels of what they are used on again.
UNCHECKED = (L.LSTM, L.GRU, L.SimpleRNN, L.LayerNormalization, L.RMSNormalization, L.Bidirectional)
RECURRENT = {"LSTM": L.LSTM, "GRU": L.GRU, "RNN": L.SimpleRNN}


class Refused(Exception):  # noqa: N818
    """The language has no meaning for this, whatever Keras would do."""


class Place(Record):
    """Where a stage stands: names, the tensor at the innermost braces or block, labels, shared layers if any."""

    names: dict[str, int]
    outer: Any
    labels: dict[Any, Any]
    shared: Sharing | None
    steps: int = 0
    wrapper: Callable[[Any], Any] | None = None

    def within(self, outer: Any) -> Place:
        return replace(self, outer=outer)


class Sharing:
    """The layers of a shared part in the order of their first use."""

    def __init__(self, layers: list[Any]) -> None:
        self.layers = layers
        self.position = 0


class Network:
    """A Keras model of a spec, with the shape after every layer, in order."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.parts: dict[str, Part] = {part.name: part for part in spec.parts}
        self.owned: dict[str, list[Any]] = {}
        self.layers: list[Any] = []
        self.shapes: list[tuple[int, ...]] = []
        #: What wrappers have been put around.
        self.wrapped: list[Any] = []
        #: The channels that the layers of shared parts took at first.
        self.channels: dict[int, int | None] = {}
        #: Merges of shapes that Keras would broadcast, which the language refuses on purpose.
        self.broadcasts = False
        given = keras.Input(spec.sizes)
        place = Place({"w": spec.width}, None, {}, None)
        out = self.flow(spec.flow, given, place)
        self.model = keras.Model(given, out)

    def flow(self, flow: Flow, x: Any, place: Place) -> Any:
        for stage in flow.stages:
            x = getattr(self, f"on_{type(stage).__name__}")(stage, x, place)
        return x

    def on_Group(self, stage: Group, x: Any, place: Place) -> Any:  # noqa: N802
        return self.flow(stage.flow, x, place)

    def on_Repeat(self, stage: Repeat, x: Any, place: Place) -> Any:  # noqa: N802
        for _ in range(self.value(stage.count, x, place)):
            x = self.flow(Flow((stage.body,)), x, place)
        return x

    def on_For(self, stage: For, x: Any, place: Place) -> Any:  # noqa: N802
        for item in stage.items:
            x = self.flow(Flow((stage.body,)), x, self.with_names(place, {stage.name: item}))
        return x

    def on_If(self, stage: If, x: Any, place: Place) -> Any:  # noqa: N802
        if self.value(stage.condition, x, place):
            return self.flow(Flow((stage.body,)), x, place)
        return x if stage.otherwise is None else self.flow(Flow((stage.otherwise,)), x, place)

    def on_Labelled(self, stage: Labelled, x: Any, place: Place) -> Any:  # noqa: N802
        x = self.flow(Flow((stage.body,)), x, place)
        index = None if stage.index is None else self.value(stage.index, x, place)
        place.labels[stage.label, index] = x
        return x

    def on_Label(self, stage: Label, x: Any, place: Place) -> Any:  # noqa: N802
        key = stage.name, None if stage.index is None else self.value(stage.index, x, place)
        if key not in place.labels:
            raise Refused(f"no label {key}")
        return place.labels[key]

    def on_Merge(self, stage: Merge, x: Any, place: Place) -> Any:  # noqa: N802
        inside = place.within(x)
        return self.merged(stage.name, [self.flow(flow, x, inside) for flow in stage.flows], place)

    def on_MergeFor(self, stage: MergeFor, x: Any, place: Place) -> Any:  # noqa: N802
        inside = place.within(x)
        found = [self.flow(stage.flow, x, self.with_names(inside, {stage.variable: item})) for item in stage.items]
        return self.merged(stage.name, found, place)

    def on_Residual(self, stage: Residual, x: Any, place: Place) -> Any:  # noqa: N802
        inside = place.within(x)
        y = self.flow(stage.flow, x, inside)
        if stage.when is not None and not self.value(stage.when, x, place):
            return y
        return self.merged("Add", [y, x], place)

    def on_Wrapped(self, stage: Wrapped, x: Any, place: Place) -> Any:  # noqa: N802
        inside = replace(place, outer=x, labels={})
        if stage.name == "TimeDistributed":
            if len(x.shape) - place.steps < 2:
                raise Refused("no steps")
            return self.flow(stage.flow, x, replace(inside, steps=place.steps + 1))
        if stage.name == "SpectralNorm" and place.wrapper is not None:
            raise Refused("wrapped already")
        before = len(self.wrapped)
        y = self.flow(stage.flow, x, replace(inside, wrapper=getattr(self, f"as_{stage.name}")(stage.args)))
        if len(self.wrapped) == before:
            raise Refused("nothing to wrap")
        return y

    def as_SpectralNorm(self, args: Any) -> Callable[[Any], Any]:  # noqa: N802
        def around(layer: Any) -> Any:
            if isinstance(layer, keras.Sequential):  # FC
                flatten, dense = layer.layers
                return keras.Sequential([flatten, L.SpectralNormalization(dense)])
            return L.SpectralNormalization(layer) if isinstance(layer, WITH_KERNEL) else None

        return around

    def as_Bidirectional(self, args: Any) -> Callable[[Any], Any]:  # noqa: N802
        known = tuple(RECURRENT.values())
        return lambda layer: L.Bidirectional(layer, **dict(args)) if isinstance(layer, known) else None

    def on_Attend(self, stage: Attend, x: Any, place: Place) -> Any:  # noqa: N802
        query, key, value = ([self.flow(flow, x, place.within(x)) for flow in stage.flows] * 3)[:3]
        if len(stage.flows) == 2:
            value = key
        return self.attended(stage.op, query, key, value, place)

    def attended(self, op: Op, query: Any, key: Any, value: Any, place: Place) -> Any:
        if place.steps or any(len(each.shape) != 3 for each in (query, key, value)):
            raise OurOwn
        given = {name: self.value(given, query, place) for name, given in op.args}
        if op.name != "MultiHeadAttention":
            if query.shape[-1] != key.shape[-1] or key.shape[1] != value.shape[1]:
                raise Refused("Keras finds out that the products do not fit only when it runs")
            return self.run(lambda: getattr(L, op.name)(), [query, value, key], place)
        heads = given[None]
        width = given.get("key_width", query.shape[-1] // heads)
        if "key_width" not in given and query.shape[-1] % heads:
            raise Refused("the heads do not divide the channels")
        made = L.MultiHeadAttention(heads, width, use_bias=given.get("bias", True))
        return self.run(lambda: made, [query, value, key], place, lambda layer, x: layer(x[0], x[1], x[2]))

    def merged(self, name: str, tensors: list[Any], place: Place) -> Any:
        if len(tensors) == 1:
            return tensors[0]
        if name == "Concat":
            return self.run(lambda: L.Concatenate(), tensors, place)
        shapes = {tuple(tensor.shape) for tensor in tensors}
        self.broadcasts |= len(shapes) > 1
        return self.run(MERGES[name], tensors, place)

    def with_names(self, place: Place, names: dict[str, int]) -> Place:
        return replace(place, names={**place.names, **names})

    def value(self, value: Value, x: Any, place: Place) -> Any:
        if isinstance(value, Formula):
            return SIGNS[value.sign](self.value(value.left, x, place), self.value(value.right, x, place))
        if not isinstance(value, str):
            return value
        if value in place.names:
            return place.names[value]
        sizes = {"in.channels": x.shape[-1], "in.rank": len(x.shape) - 1 - place.steps}
        if value == "_.channels":
            return place.outer.shape[-1]
        words = {"false": False, "true": True, ".25": 0.25}
        return sizes.get(value, words.get(value, value))

    # Operators.

    def on_Op(self, stage: Op, x: Any, place: Place) -> Any:  # noqa: N802
        values = [(key, self.value(value, x, place)) for key, value in stage.args]
        given = {key: value for key, value in values if key is not None}
        by_position = [value for key, value in values if key is None]
        if stage.name in self.parts:
            return self.part(self.parts[stage.name], by_position, x, place)
        if stage.name == "Identity":
            return x
        if stage.name == "MultiHeadAttention":
            return self.attended(stage, x, x, x, place)
        y = self.run(lambda: self.layer(stage.name, by_position, given, x, place.steps), x, place)
        for shorthand in ("norm", "act"):
            if shorthand in given:
                y = self.run(FOLLOWERS[given[shorthand]], y, place)
        return y

    def part(self, part: Part, given: list[Any], x: Any, place: Place) -> Any:
        shared = place.shared
        if part.is_shared:
            shared = Sharing(self.owned.setdefault(part.name, []))
        names = {"w": self.spec.width, **dict(zip(part.arguments, given, strict=True))}
        return self.flow(part.flow, x, Place(names, x, {}, shared, place.steps, place.wrapper))

    def run(
        self,
        make: Callable[[], Any],
        x: Any,
        place: Place,
        call: Callable[[Any, Any], Any] = lambda layer, x: layer(x),
    ) -> Any:
        """A layer applied: a new one, or in a shared part used again the one that stands there."""
        shared = place.shared
        if shared is not None and shared.position < len(shared.layers):
            layer = shared.layers[shared.position]
            if not layer.weights:
                layer = make()  # one without weights may meet tensors of another rank
            elif isinstance(layer, UNCHECKED) and self.channels[id(layer)] != x.shape[-1]:
                raise Refused("Keras finds out that its weights do not fit only when it runs")
            self.wrapped += [layer] * any(layer is each for each in self.wrapped)
            if isinstance(layer, L.PReLU) and tuple(layer.weights[0].shape) != tuple(x.shape[1 + place.steps :]):
                raise Refused("Keras finds out that its alpha does not fit only when it runs")
        else:
            layer = make()
            around = place.wrapper(layer) if place.wrapper is not None else None
            if around is not None:
                self.wrapped.append(around)
                layer = around
            self.layers.append(layer)
            if shared is not None:
                shared.layers.append(layer)
                self.channels[id(layer)] = None if isinstance(x, list) else x.shape[-1]
        if shared is not None:
            shared.position += 1
        if place.steps and not isinstance(x, list):  # `TimeDistributed` does not look at what a built layer takes
            layer(keras.KerasTensor((None, *x.shape[1 + place.steps :]), x.dtype))
        for _ in range(place.steps if not isinstance(x, list) else 0):
            layer = L.TimeDistributed(layer)
        y = call(layer, x)
        if any(size is not None and size < 1 for size in y.shape[1:]):
            raise Refused(f"{layer.name} gives {y.shape}")
        self.shapes.append(tuple(y.shape[1:]))
        return y

    def layer(self, name: str, args: list[Any], given: dict[str, Any], x: Any, steps: int) -> Any:
        if any(isinstance(value, int) and value < 0 for value in args):
            raise Refused("a negative number")
        spatial = len(x.shape) - 2 - steps
        common = {"use_bias": given.get("bias", True), "trainable": given.get("trainable", True)}
        if name == "Dense":
            return L.Dense(*args, **common)
        if name == "FC":
            return keras.Sequential([L.Flatten(), L.Dense(*args, **common)])
        if name in PLAIN:
            return PLAIN[name]()
        if name in RATED:
            return RATED[name](*args)
        if name == "Rescale":
            return L.Rescaling(*args, **given)
        if name in RECURRENT:
            if spatial != 1:
                raise Refused(f"{name} of {spatial} spatial axes")
            keys = {"return_sequences": "sequences", "go_backwards": "go_backwards"}
            more = {theirs: given[ours] for theirs, ours in keys.items() if ours in given}
            return RECURRENT[name](*args, **more, **common)
        if spatial not in (1, 2, 3):
            raise Refused(f"{name} of {spatial} spatial axes")
        return self.windowed(name, args, given, spatial, common)

    def windowed(self, name: str, args: list[Any], given: dict[str, Any], spatial: int, common: dict[str, Any]) -> Any:
        stride, padding = given.get("stride"), given.get("padding", "valid")
        if name == "Conv":
            padding = given.get("padding", "same" if self.spec.same else "valid")
            layer = getattr(L, f"Conv{spatial}D")
            return layer(*args, strides=stride or 1, padding=padding, groups=given.get("groups", 1), **common)
        if name == "ConvTranspose":
            return getattr(L, f"Conv{spatial}DTranspose")(*args, strides=stride, padding=padding)
        if name == "SpatialDropout":
            return getattr(L, f"SpatialDropout{spatial}D")(*args)
        if name == "SeparableConv":
            if spatial == 3:
                raise Refused("no separable convolution of maps in three dimensions")
            return getattr(L, f"SeparableConv{spatial}D")(*args, padding=padding, use_bias=given.get("bias", True))
        if name == "DepthwiseConv":
            if spatial == 3:
                raise OurOwn
            return getattr(L, f"DepthwiseConv{spatial}D")(*args, strides=stride or 1, padding=padding)
        if name in ("MaxPool", "AvgPool"):
            long = {"MaxPool": "MaxPooling", "AvgPool": "AveragePooling"}[name]
            return getattr(L, f"{long}{spatial}D")(given.get("size", 2), strides=stride, padding=padding)
        if name in ("GlobalAvgPool", "GlobalMaxPool"):
            long = {"GlobalMaxPool": "GlobalMaxPooling", "GlobalAvgPool": "GlobalAveragePooling"}[name]
            return getattr(L, f"{long}{spatial}D")()
        if name == "UpSample":
            return getattr(L, f"UpSampling{spatial}D")(2)
        return getattr(L, f"{ {'ZeroPad': 'ZeroPadding', 'Crop': 'Cropping'}[name] }{spatial}D")(*args)


class OurOwn(Exception):  # noqa: N818
    """Keras has no layer of this kind; ours is listed in docs/differences.md."""


FOLLOWERS: Mapping[str, Callable[[], Any]] = {
    "batch": L.BatchNormalization, "layer": L.LayerNormalization, "relu": L.ReLU,
    "leaky_relu(0.1)": lambda: L.LeakyReLU(0.1),
}  # fmt: skip

"""Random whole specs, most of them sound: a small tree of stages, written as an arrow spec.

What they mean to plain Keras, `by_keras.py` says. Drawing follows the rank of what arrives and keeps
sizes mostly equal, so that about two thirds of the specs hold.
"""

from __future__ import annotations

from random import Random
from typing import TypeAlias

from nnspec.record import Record

#: An argument: a number, a name in scope, a formula `a + b`, a word, or a size of a tensor.
Value: TypeAlias = "int | str | Formula"


class Formula(Record):
    left: Value
    sign: str
    right: Value

    def __str__(self) -> str:
        return f"({self.left} {self.sign} {self.right})"


class Op(Record):
    name: str
    args: tuple[tuple[str | None, Value], ...] = ()

    def __str__(self) -> str:
        inside = ", ".join(str(value) if key is None else f"{key}={value}" for key, value in self.args)
        return f"{self.name}({inside})" if inside else self.name


class Flow(Record):
    stages: tuple[Stage, ...]

    def __str__(self) -> str:
        return " -> ".join(map(str, self.stages)) or "_"


class Group(Record):
    flow: Flow

    def __str__(self) -> str:
        return f"[{self.flow}]"


class Repeat(Record):
    body: Stage
    count: Value

    def __str__(self) -> str:
        return f"{self.body} x {self.count}"


class For(Record):
    body: Stage
    name: str
    items: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.body} for {self.name} in {list(self.items)}"


class If(Record):
    body: Stage
    condition: Formula
    otherwise: Stage | None

    def __str__(self) -> str:
        return f"{self.body} if {self.condition}" + (f" else {self.otherwise}" if self.otherwise is not None else "")


class Merge(Record):
    name: str
    flows: tuple[Flow, ...]

    def __str__(self) -> str:
        return f"{self.name}{{ {' | '.join(map(str, self.flows))} }}"


class MergeFor(Record):
    name: str
    variable: str
    items: tuple[int, ...]
    flow: Flow

    def __str__(self) -> str:
        return f"{self.name}{{ for {self.variable} in {list(self.items)}: {self.flow} }}"


class Residual(Record):
    flow: Flow
    when: Formula | None

    def __str__(self) -> str:
        return f"Residual{f'(when={self.when})' if self.when is not None else ''}{{ {self.flow} }}"


class Wrapped(Record):
    """A wrapper around a flow."""

    name: str
    args: tuple[tuple[str | None, Value], ...]
    flow: Flow

    def __str__(self) -> str:
        return f"{Op(self.name, self.args)}{{ {self.flow} }}"


class Attend(Record):
    """An attention of several flows: query, key, value."""

    op: Op
    flows: tuple[Flow, ...]

    def __str__(self) -> str:
        return f"{self.op}{{ {' | '.join(map(str, self.flows))} }}"


class Labelled(Record):
    body: Stage
    label: str
    index: Value | None

    def __str__(self) -> str:
        return f"{self.body} as {named(self.label, self.index)}"


class Label(Record):
    name: str
    index: Value | None

    def __str__(self) -> str:
        return named(self.name, self.index)


Stage: TypeAlias = "Op | Group | Repeat | For | If | Merge | MergeFor | Residual | Wrapped | Attend | Labelled | Label"


def named(name: str, index: Value | None) -> str:
    return name if index is None else f"{name}[{index}]"


class Part(Record):
    """A block, with its arguments, or a shared part."""

    name: str
    arguments: tuple[str, ...]
    flow: Flow
    is_shared: bool

    def __str__(self) -> str:
        arguments = f"({', '.join(self.arguments)})" if self.arguments else ""
        return f"{'shared' if self.is_shared else 'block'} {self.name}{arguments} = {self.flow}"


class Spec(Record):
    width: int
    same: bool
    parts: tuple[Part, ...]
    sizes: tuple[int, ...]
    flow: Flow

    def __str__(self) -> str:
        default = ["default Conv(padding=same)"] if self.same else []
        sizes = f"Input({', '.join(map(str, self.sizes))})"
        return "\n".join([f"param w = {self.width}", *default, *map(str, self.parts), f"{sizes} -> {self.flow}", ""])


class Drawing:
    """Draws one spec."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.parts: list[Part] = []
        self.names = ["w"]
        self.labels: list[Label] = []
        self.counted = 0

    def spec(self) -> Spec:
        random = self.random
        rank = random.choice((1, 2, 2, 3, 3, 3, 4))
        sizes = (*(random.randint(4, 12 if rank < 4 else 7) for _ in range(rank - 1)), random.randint(1, 6))
        same = random.random() < 0.8
        for number in range(random.randint(0, 2)):
            self.parts.append(self.part(number, rank))
        self.labels = []
        return Spec(
            random.randint(1, 6), same, tuple(self.parts), sizes, self.flow(rank, 3, random.randint(1, 5), True)
        )

    def part(self, number: int, rank: int) -> Part:
        is_shared = self.random.random() < 0.4
        arguments = () if is_shared else ("c", "k")[: self.random.randint(0, 2)]
        self.names += arguments
        self.labels = []
        flow = self.flow(rank, 1, self.random.randint(1, 3), False)
        self.names = ["w"]
        return Part(f"{'Shared' if is_shared else 'Block'}{number}", arguments, flow, is_shared)

    def flow(self, rank: int, depth: int, length: int, ends: bool) -> Flow:
        stages = tuple([self.stage(rank, depth) for _ in range(length)])
        if ends and rank > 1 and self.random.random() < 0.4:
            stages += (Op(self.random.choice(("GlobalAvgPool", "GlobalMaxPool"))),) * (self.random.random() < 0.5)
            stages += (Op("FC", ((None, self.number()),)),)
        return Flow(stages)

    def number(self) -> Value:
        draw = self.random.random()
        if draw < 0.5:
            return self.random.randint(1, 6)
        if draw < 0.75:
            return self.random.choice(self.names)
        if draw < 0.85:
            return "in.channels"
        return Formula(self.random.choice(self.names), self.random.choice("+*"), self.random.randint(1, 3))

    def truth(self) -> Formula:
        names = [*self.names, "in.channels", "in.rank"]
        return Formula(self.random.choice(names), self.random.choice(("<", "==", ">=")), self.random.randint(1, 5))

    def stage(self, rank: int, depth: int) -> Stage:
        random = self.random
        if depth == 0 or random.random() < 0.5:
            return self.operator(rank)
        kinds = (
            "repeat",
            "for",
            "if",
            "merge",
            "merges",
            "residual",
            "label",
            "read",
            "part",
            "group",
            *WRAPPERS[rank],
        )
        made: Stage = getattr(self, f"a_{random.choice(kinds)}")(rank, depth - 1)
        return made

    def a_group(self, rank: int, depth: int) -> Stage:
        return Group(self.flow(rank, depth, self.random.randint(1, 3), False))

    def a_repeat(self, rank: int, depth: int) -> Stage:
        return Repeat(self.a_group(rank, depth), self.random.choice((0, 1, 2, 3, 5, "w")))

    def a_for(self, rank: int, depth: int) -> Stage:
        variable = f"i{self.counted}"
        self.counted += 1
        self.names.append(variable)
        body = self.a_group(rank, depth)
        if self.random.random() < 0.4:
            name = f"e{variable}"
            body = Group(Flow((Labelled(body, name, variable),)))
            self.names.remove(variable)
            items = tuple(range(self.random.randint(1, 3)))
            self.labels.append(Label(name, self.random.randint(0, len(items) - (self.random.random() < 0.9))))
            return For(body, variable, items)
        self.names.remove(variable)
        return For(body, variable, tuple(self.random.randint(1, 4) for _ in range(self.random.randint(0, 3))))

    def a_if(self, rank: int, depth: int) -> Stage:
        otherwise = self.a_group(rank, depth) if self.random.random() < 0.5 else None
        return If(self.a_group(rank, depth), self.truth(), otherwise)

    def a_merge(self, rank: int, depth: int) -> Stage:
        name = self.random.choice(("Add", "Concat", "Concat", "Multiply", "Average", "Maximum", "Subtract"))
        flows = [self.flow(rank, depth, self.random.randint(0, 2), False) for _ in range(self.random.randint(1, 3))]
        if name == "Subtract":
            flows = (flows * 2)[:2]
        if self.random.random() < 0.85:
            flows = self.alike(flows, rank, is_concat=name == "Concat")
        return Merge(name, tuple(flows))

    def alike(self, flows: list[Flow], rank: int, is_concat: bool) -> list[Flow]:
        """Flows that likely end in equal shapes: each keeps sizes, and ends with as many channels."""
        width = self.random.randint(1, 6)
        last = Op("Conv", ((None, width), (None, 1))) if rank > 1 and self.random.random() < 0.7 else None
        made = []
        for flow in flows:
            keeps = tuple([stage for stage in flow.stages if isinstance(stage, Op) and stage.name in KEEP])
            made.append(Flow(keeps if is_concat else (*keeps, last or Op("Dense", ((None, width),)))))
        return made

    def a_merges(self, rank: int, depth: int) -> Stage:
        flow = Flow((self.sized(rank, Op("Conv", ((None, 3), (None, "j")))),))
        return MergeFor("Concat", "j", tuple(self.random.randint(1, 4) for _ in range(self.random.randint(1, 3))), flow)

    def sized(self, rank: int, op: Op) -> Op:
        return op if rank > 1 else Op("Dense", ((None, "j"),))

    def a_residual(self, rank: int, depth: int) -> Stage:
        flow = self.flow(rank, depth, self.random.randint(1, 2), False)
        if self.random.random() < 0.8:
            (flow,) = self.alike([flow], rank, is_concat=False)
            last = flow.stages[-1]
            assert isinstance(last, Op)
            flow = Flow((*flow.stages[:-1], Op(last.name, ((None, "_.channels"), *last.args[1:]))))
        return Residual(flow, self.truth() if self.random.random() < 0.3 else None)

    def a_steps(self, rank: int, depth: int) -> Stage:
        labels, self.labels = self.labels, []
        flow = self.flow(rank - 1, depth, self.random.randint(1, 3), ends=False)
        self.labels = labels
        return Wrapped("TimeDistributed", (), flow)

    def a_spectral(self, rank: int, depth: int) -> Stage:
        labels, self.labels = self.labels, []
        flow = self.flow(rank, 0, self.random.randint(1, 3), ends=False)
        self.labels = labels
        return Wrapped("SpectralNorm", (), flow)

    def a_both(self, rank: int, depth: int) -> Stage:
        name = self.random.choice(("LSTM", "GRU", "RNN", "RNN", "Dense"))
        op = Op(name, self.of_Dense() if name == "Dense" else self.of_LSTM())
        return Wrapped("Bidirectional", self.some(0.5, "merge_mode", "sum", "mul", "ave", "concat"), Flow((op,)))

    def a_attention(self, rank: int, depth: int) -> Stage:
        name = self.random.choice(("Attention", "AdditiveAttention", "MultiHeadAttention"))
        op = Op(name, getattr(self, f"of_{name}", lambda: ())())
        flows = [self.flow(2, 0, self.random.randint(0, 1), ends=False) for _ in range(self.random.randint(1, 3))]
        if self.random.random() < 0.8:
            flows = self.alike(flows, 1, is_concat=False)
        return Attend(op, tuple(flows))

    def a_label(self, rank: int, depth: int) -> Stage:
        name = f"h{self.counted}"
        self.counted += 1
        self.labels.append(Label(name, None))
        return Labelled(self.a_group(rank, depth), name, None)

    def a_read(self, rank: int, depth: int) -> Stage:
        if not self.labels:
            return self.operator(rank)
        return Merge("Concat", (Flow((self.random.choice(self.labels),)), Flow(())))

    def a_part(self, rank: int, depth: int) -> Stage:
        if not self.parts:
            return self.operator(rank)
        part = self.random.choice(self.parts)
        return Op(part.name, tuple([(None, self.number()) for _ in part.arguments]))

    def operator(self, rank: int) -> Op:
        random = self.random
        if random.random() < 0.03:
            rank = random.randint(1, 4)
        names = MAPS if rank > 1 else VECTORS
        name = random.choice(names if rank != 2 or random.random() < 0.7 else SEQUENCES)
        return Op(name, getattr(self, f"of_{name}", lambda: ())())

    def window(self) -> int:
        return self.random.choice((1, 2, 3, 3, 3, 4, 5, 9) if self.random.random() < 0.5 else (1, 2, 3))

    def some(self, share: float, key: str, *values: Value) -> tuple[tuple[str, Value], ...]:
        return ((key, self.random.choice(values)),) if self.random.random() < share else ()

    def of_Conv(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return (
            (None, self.number()), (None, self.window()), *self.some(0.2, "stride", 1, 2),
            *self.some(0.3, "padding", "same", "valid"), *self.some(0.1, "groups", 1, 2, 3),
            *self.some(0.2, "bias", "false"), *self.some(0.2, "norm", "batch", "layer"),
            *self.some(0.3, "act", "relu", "leaky_relu(0.1)"), *self.some(0.1, "trainable", "false"),
        )  # fmt: skip

    def of_DepthwiseConv(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return ((None, self.window()), ("padding", "same"), *self.some(0.2, "stride", 2))

    def of_ConvTranspose(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return ((None, self.random.randint(1, 4)), (None, 2), ("stride", 2), *self.some(0.5, "padding", "same"))

    def of_MaxPool(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return (*self.some(0.5, "size", 1, 2, 3), *self.some(0.3, "stride", 1, 2), *self.some(0.6, "padding", "same"))

    of_AvgPool = of_MaxPool  # noqa: N815

    def of_Dense(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return ((None, self.number()), *self.some(0.2, "bias", "false"), *self.some(0.3, "act", "relu"))

    of_FC = of_Dense  # noqa: N815

    def of_LSTM(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return (
            (None, self.number()), *self.some(0.6, "sequences", "true"), *self.some(0.2, "bias", "false"),
            *self.some(0.1, "go_backwards", "true"), *self.some(0.1, "trainable", "false"),
        )  # fmt: skip

    of_GRU = of_RNN = of_LSTM  # noqa: N815

    def of_MultiHeadAttention(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return (
            (None, self.random.randint(1, 3)), *self.some(0.6, "key_width", 1, 2, 5), *self.some(0.2, "bias", "false"),
        )  # fmt: skip

    def of_SeparableConv(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return ((None, self.number()), (None, self.window()), ("padding", "same"), *self.some(0.2, "bias", "false"))

    def of_GroupNorm(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return ((None, self.random.randint(1, 3)),)

    def of_Rescale(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return ((None, 2), *self.some(0.5, "offset", 1))

    def of_SpatialDropout(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return ((None, ".25"),)

    of_GaussianNoise = of_AlphaDropout = of_SpatialDropout  # noqa: N815

    def of_ZeroPad(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return ((None, self.random.randint(0, 2)),)

    of_Crop = of_ZeroPad  # noqa: N815

    def of_Dropout(self) -> tuple[tuple[str | None, Value], ...]:  # noqa: N802
        return ((None, ".25"),)


#: Operators that keep sizes and channels, or at least sizes.
KEEP = ("ReLU", "BN", "LN", "Dropout", "Tanh", "Identity", "PReLU", "GELU", "UnitNorm", "RMSNorm", "GaussianNoise")
VECTORS = (
    "Dense", "FC", "Dense", "ReLU", "BN", "LN", "Dropout", "Tanh", "PReLU", "GELU", "Softmax", "UnitNorm", "RMSNorm",
    "GroupNorm", "GaussianNoise", "AlphaDropout", "Rescale",
)  # fmt: skip
SEQUENCES = ("LSTM", "GRU", "RNN", "MultiHeadAttention", "MultiHeadAttention", "GlobalAvgPool", "Flatten")
#: What may stand around flows, by the rank of what arrives.
WRAPPERS = {
    1: ("spectral",), 2: ("spectral", "steps", "both", "both", "attention", "attention"),
    3: ("spectral", "steps", "steps"), 4: ("steps",), 5: (),
}  # fmt: skip
MAPS = (
    "Conv", "Conv", "Conv", "Conv", "DepthwiseConv", "ConvTranspose", "MaxPool", "AvgPool", "Dense", "ReLU", "BN",
    "LN", "Dropout", "Identity", "UpSample", "ZeroPad", "Crop", "PReLU", "SeparableConv", "GroupNorm", "SpatialDropout",
    "Softmax", "GELU", "RMSNorm", "Rescale",
)  # fmt: skip


def draw(seed: int) -> Spec:
    """The spec of a seed."""
    return Drawing(seed).spec()

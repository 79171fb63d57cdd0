"""Random arrow specs by grammar: mostly valid, every statement, stage, suffix and expression among them."""

from __future__ import annotations

from random import Random

from tests.fuzz.operators import any_operator

# What arrives: a map (height, width, channels), a sequence (length, channels), a vector.
SAME = {
    "map": (
        "Conv(in.channels, 3, padding=same)", "BN", "ReLU", "GELU", "Dropout(.1)", "LN", "DepthwiseConv(3, padding=same)",
        "GroupNorm(1)", "Identity", "Tanh", "SpatialDropout(0.2)", "LeakyReLU(0.1)", "PReLU", "Dense(in.channels)",
        "MaxPool(3, stride=1, padding=same)", "SeparableConv(in.channels, 3, padding=same)", "Step", "LRN",
        "Conv(in.channels, 1, norm=batch, act=relu)", "GaussianNoise(0.1)", "DropPath(0.1)", "InstanceNorm", "Softmax",
        "Multiply{ _ | GAP -> Dense(_.channels) -> Sigmoid }", "Conv(in.channels, 3x3, padding=1)", "RMSNorm",
        "WeightNorm{ Conv(in.channels, 3, padding=same) }", "SpectralNorm{ Conv(in.channels, 1) -> ReLU }", "Rescale(1/255)",
        "TimeDistributed{ Conv(in.channels, 3, padding=same) }", "RandomFlip(horizontal)", "Standardize",
    ),
    "seq": (
        "Dense(in.channels)", "LN", "ReLU", "Dropout(.1)", "Conv(in.channels, 3, padding=causal)", "BN", "SiLU",
        "Add{ _ | Weight(in.length, in.channels) }", "Identity", "Dense(in.channels, act=gelu, dropout=.1)", "UnitNorm",
        "LSTM(in.channels, sequences=true)", "GRU(in.channels, sequences=true, reset_after=false)", "Attention(scaled=true)",
        "RNN(in.channels, sequences=true, activation=relu)", "MultiHeadAttention(1, causal=true)", "Masking", "PositionEncoding",
        "TimeDistributed{ Dense(in.channels) -> ReLU }", "Bidirectional(merge_mode=sum){ GRU(in.channels, sequences=true) }",
        "GraphConv(in.channels, act=relu){ _ | Weight(in.length, in.length) }", "Residual{ LN -> AdditiveAttention }",
        "WeightNorm{ TimeDistributed{ Dense(in.channels) } }",
    ),
    "vec": ("Dense(in.channels)", "FC(in.channels)", "ReLU", "BN", "Dropout(0.5)", "Identity", "Sigmoid", "LN", "Softmax",
            "WeightNorm{ Dense(in.channels) }", "SpectralNorm{ Dense(in.channels) }", "Standardize", "Whiten", "Rescale(2, -1)"),
}  # fmt: skip
CHANGE = {
    "map": (
        ("Conv({n}, 3)", "map"), ("Conv({n}, 3, stride=2, padding=same)", "map"), ("Pool", "map"), ("MaxPool(2)", "map"),
        ("Conv({n}, ({k}, {k}), dilation={k})", "map"), ("AvgPool(2, padding=same)", "map"), ("UpSample(2)", "map"),
        ("ConvTranspose({n}, 2, stride=2)", "map"), ("GAP", "vec"), ("GlobalMaxPool", "vec"), ("FC({n})", "vec"),
        ("Flatten", "vec"), ("ZeroPad(1)", "map"), ("Crop(1)", "map"), ("Resize(8, 8)", "map"), ("Dense({n})", "map"),
        ("Conv({n}, {k}, padding=same)", "map"), ("Conv({n}, 1, norm=batch, act=relu)", "map"), ("Crop(like=_)", "map"),
        ("AdaptiveAvgPool({k})", "map"), ("Conv({n}, 3, padding=((0, 1), (1, 0)))", "map"), ("PixelShuffle(2)", "map"),
        ("MaxPool(3, stride=2, ceil=true)", "map"), ("Reshape(in.height * in.width, in.channels)", "seq"),
        ("Concat{ Conv({n}, 1) | Conv({n}, 3, padding=same) }", "map"), ("Permute(1, 0, 2)", "map"), ("Maxout({n}, 2)", "map"),
        ("Concat{ for k in [1, 3, 5]: Conv({n}, k, padding=same) -> ReLU }", "map"), ("Conv({n}, {k}, groups=1)", "map"),
        ("Split(1)", "map"), ("Slice(0, 2)", "map"), ("Take(0)", "seq"), ("ArgMax", "seq"), ("CenterCrop(4, 4)", "map"),
        ("TimeDistributed{ FC({n}) }", "seq"), ("TimeDistributed{ Bidirectional{ LSTM({n}) } }", "seq"), ("RandomCrop(4, 4)", "map"),
        ("ConvLSTM({n}, {k}, padding=same)", "seq"), ("ConvLSTM({n}, 3, padding=same, sequences=true)", "map"),
    ),
    "seq": (
        ("Conv({n}, 3)", "seq"), ("MaxPool(2)", "seq"), ("GlobalMaxPool", "vec"), ("Take(0)", "vec"), ("FC({n})", "vec"),
        ("Dense({n})", "seq"), ("Flatten", "vec"), ("Conv({n}, 3, stride=2, padding=same)", "seq"), ("KMaxPool(2)", "seq"),
        ("Concat(axis=0){ Weight(1, in.channels) | _ }", "seq"), ("Reshape(1, in.length, in.channels)", "map"),
        ("LSTM({n})", "vec"), ("GRU({n}, state=true) -> Concat", "vec"), ("LSTM({n}, state=true) -> Add", "vec"),
        ("Bidirectional{ LSTM({n}, sequences=true) }", "seq"), ("TimeDistributed{ Dense({n}) }", "seq"), ("PCA({k})", "seq"),
        ("MultiHeadAttention({k}, {n}, output_width={n})", "seq"), ("{ _ | Dense({n}) -> Take(0) } -> RNN({n})", "vec"),
        ("Attention{ Dense({n}) | Dense({n}) | _ }", "seq"), ("GraphConv({n}, normalize=row){ _ | Weight(in.length, in.length) }", "seq"),
    ),
    "vec": (
        ("FC({n})", "vec"), ("Dense({n}, act=relu)", "vec"), ("Dense({n}, norm=batch, act=leaky_relu(0.2))", "vec"),
        ("Concat{ FC({n}) | _ }", "vec"), ("RepeatVector({k})", "seq"), ("Reshape(1, 1, in.channels)", "map"),
        ("Dense({n}, init=normal(std=0.01), regularizer=l2(1e-4))", "vec"), ("Maxout({n}, 2)", "vec"),
    ),
}  # fmt: skip
ANY = (
    "Conv", "Dense", "Pool", "Concat", "Add", "Subtract", "Split(2)", "Split(2) -> Add", "Dot", "Weight(3)", "Input(4)", "_",
    "Embedding(10, 4)", "Foo(3)", "Conv(0)", "Conv(-1, 3)", "Conv(3.5, 3)", "MaxPool(100)", "Reshape(7, 7)", "e", "e[0]", "x",
    "Conv(8, 3, groups=3)", "Conv(8, 3, foo=1)", "Conv(8, kernel=3, kernel=3)", "{ }", "{ | }", "Add{ }", "Concat{ _ | _ | _ }",
    "{ _ | _ }", "{ _ | { _ | _ } } -> Concat", "Residual{ _ }", "Take(9)", "Identity(3)", "Dropout(2)", "Average{ _ | _ }",
    "Conv(?, 3)", "Conv(in, 3)", "Conv(_.channels, 3)", "Conv(\"8\", 3)", "FC(2^40)", "FC([1, 2])", "FC(none)", "FC(true)",
    "Conv(8, 3, padding=same, stride=2, dilation=2)", "Dense(in.shape[0])", "Dense(in.shape[7])", "Dense(in.depth)",
)  # fmt: skip
NASTY = (
    "0", "-1", "1e400", "2^4096", "2^-3", "1/3", "0.5", "1_000_000", "9" * 40, "1K", "10M", "H", "none", "true", "_", "in", "?", '"t"',
    "[]", "[[1, 2], [3]]", "()", "3x3", "range(5)", "1e-300", "x", "(1,)", "sqrt(2)", "log2(8)", "1/0", "0^0", "(-8)^(1/3)", "2^0.5",
    "range(1, 100, 3)", "zip([1, 2], [3, 4])", "sum([1, 2, 3])", "min([])", "max(H, 3)", "H * W", "H // 0", "(H + 1) // 2 % 3",
)  # fmt: skip


class Writer:
    """Writes one spec."""

    def __init__(self, rng: Random, wildness: float = 0.02) -> None:
        self.rng = rng
        self.wildness = wildness
        self.numbers: list[str] = []
        self.blocks: dict[str, list[tuple[str, int]]] = {"map": [], "seq": [], "vec": []}
        self.shared: dict[str, list[str]] = {"map": [], "seq": [], "vec": []}
        self.models: list[str] = []
        self.labels: dict[str, list[str]] = {"map": [], "seq": [], "vec": []}
        self.has_table = rng.random() < 0.1
        self.count = 0
        self.budget = rng.choice((10, 30, 60, 150))

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    # Expressions.

    def number(self, depth: int = 2) -> str:
        rng = self.rng
        if rng.random() < self.wildness:
            return rng.choice(NASTY)
        if depth == 0 or rng.random() < 0.55:
            return (
                rng.choice(self.numbers)
                if self.numbers and rng.random() < 0.4
                else str(rng.choice((1, 2, 3, 4, 8, 8, 16, 32)))
            )
        a, b = self.number(depth - 1), self.number(depth - 1)
        form = rng.choice((
            "{a} * 2", "{a} + {b}", "max({a}, {b})", "min({a}, {b})", "({a} if {a} > {b} else {b})", "({a} + 7) // 8 * 8", "2 ^ {a}",
            "abs({a})", "len([{a}, {b}])", "sum([{a}, {b}])", "[{a}, {b}][1]", "ceil({a} / 2)", "round({a} * 1.5)", "{a} % 5 + 1",
            "-(-{a})", "({a}, {b})[0]", "len(range({a}))", "floor({a} / {b} + 1)", "(sqrt({a}) ^ 2)", "{a} - {b}",
        ))  # fmt: skip
        return f"({form.format(a=a, b=b)})"

    def condition(self) -> str:
        a, b = self.number(1), self.number(1)
        operator = self.rng.choice(("==", "!=", "<", "<=", ">", ">="))
        plain = f"{a} {operator} {b}"
        return self.rng.choice(
            (plain, plain, plain, f"not {plain}", f"{plain} and true", f"{plain} or {b} == 3", "true", "in.rank == 3")
        )

    # Flows.

    def operator(self, kind: str) -> tuple[str, str]:
        rng = self.rng
        if rng.random() < self.wildness:
            return rng.choice(ANY), kind
        if rng.random() < 2 * self.wildness:
            return any_operator(rng, rng.choice(SAME[kind])), kind
        if kind == "seq" and self.has_table and rng.random() < 0.1:
            return "Dense(8) -> Unembed(Table)", kind
        if rng.random() < 0.5:
            return rng.choice(SAME[kind]), kind
        text, after = rng.choice(CHANGE[kind])
        return text.replace("{n}", self.number()).replace("{k}", rng.choice("123")), after

    def stage(self, kind: str, depth: int, steady: bool = False) -> tuple[str, str]:
        rng = self.rng
        self.budget -= 1
        if depth <= 0 or self.budget <= 0 or rng.random() < 0.5:
            return (rng.choice(SAME[kind]), kind) if steady else self.operator(kind)
        form = rng.randrange(14)
        if form == 0:
            return f"[{self.flow(kind, depth - 1, True)[0]}] {rng.choice(('x', '*', '×'))} {self.times()}", kind
        if form == 1:
            return self.loop(kind, depth), kind
        if form == 2:
            inner = self.flow(kind, depth - 1, True)[0]
            return rng.choice((f"Add{{ {inner} | _ }}", f"Residual{{ {inner} }}", f"Average{{ _ | {inner} }}")), kind
        if form == 3 and not steady:
            flows = " | ".join([self.flow(kind, depth - 1, True)[0] for _ in range(rng.randrange(1, 5))])
            return rng.choice((f"Concat{{ {flows} }}", f"{{ {flows} }} -> Concat", f"Maximum{{ {flows} }}")), kind
        if form == 4:
            a, b = self.stage(kind, 0, True)[0], self.stage(kind, 0, True)[0]
            return rng.choice((f"{a} if {self.condition()} else {b}", f"[{a} if {self.condition()}]")), kind
        if form == 5 and self.blocks[kind]:
            name, count = rng.choice(self.blocks[kind])
            return f"{name}({', '.join([self.number(1) for _ in range(count)])})", kind
        if form == 6 and self.shared[kind]:
            return rng.choice(self.shared[kind]), kind
        if form == 7:
            text, after = self.stage(kind, depth - 1, steady)
            promise = {"map": "(_, _, _)", "seq": "(_, _)", "vec": "(_)"}[after]
            return f"({text}) : {promise}", after
        if form == 8:
            label = self.name("l")
            text, after = self.stage(kind, depth - 1, steady)
            self.labels[after].append(label)
            return f"{text} as {label}", after
        if form == 9 and self.labels[kind]:
            label = rng.choice(self.labels[kind])
            return rng.choice(
                (label, f"Add{{ _ | {label} }}", f"Concat{{ {label} | _ }}", f"{{ {label} | _ }} -> Concat")
            ), kind
        if form == 10 and rng.random() < 0.3:
            return f"[{self.flow(kind, depth - 1)[0]}] x {self.times()}", kind
        if form == 11 and rng.random() < 0.2:
            label = self.name("t")
            self.labels[kind].append(f"{label}[0]")
            inner = self.flow(kind, depth - 1, True)[0]
            return f"[{inner} -> {rng.choice(SAME[kind])} as {label}[i]] for i in range({rng.randrange(1, 5)})", kind
        text, after = self.flow(kind, depth - 1, steady)
        return (f"({text})" if rng.random() < 0.5 else f"[{text}]"), after

    def times(self) -> str:
        return self.rng.choice(("0", "1", "2", "3", "5", "100", "1_000_000", self.number(1)))

    def loop(self, kind: str, depth: int) -> str:
        rng = self.rng
        name = self.name("i")
        lists = (
            f"range({rng.randrange(6)})",
            "[1, 2, 3]",
            "[8, 8, 4]",
            "range(5, 0, -1)",
            "range(1000)",
            f"[{self.number(1)}, {self.number(1)}]",
        )
        if rng.random() < 0.2:
            head, names = f"{name}, {name}b in zip([1, 2], [4, 8])", [name, f"{name}b"]
        else:
            head, names = f"{name} in {rng.choice(lists)}", [name]
        self.numbers += names
        inner = self.flow(kind, depth - 1, True)[0]
        if rng.random() < 0.3:
            inner += (
                " -> "
                + {"map": f"Conv(8 + {name}, 1)", "seq": f"Dense({name} + 1)", "vec": f"FC(2 * {name} + 1)"}[kind]
            )
        del self.numbers[-len(names) :]
        return f"[{inner}] for {head}"

    def flow(self, kind: str, depth: int, steady: bool = False) -> tuple[str, str]:
        stages = []
        for _ in range(self.rng.choice((1, 1, 2, 3, 4))):
            text, kind = self.stage(kind, depth, steady)
            stages.append(text)
        return self.arrow().join(stages), kind

    def arrow(self) -> str:
        return self.rng.choice((" -> ", " -> ", "->", " → ", "\n  -> ", " ->\n  ", "  # note\n  -> "))

    def source(self) -> tuple[str, str]:
        rng = self.rng
        kind = rng.choice(("map", "map", "map", "seq", "vec"))
        sizes = {
            "map": ("32, 32, 3", "8, 8, 4", "16, 24, 8", "H, W, 3", "H, 32, 8", "1, 1, 1", "64, 64, 16"),
            "seq": ("10, 8", "T, 16", "7, 4", "10, dtype=int32) -> Embedding(50, 8, mask_zero=true"),
            "vec": ("8", "100", "1", "D"),
        }[kind]
        if kind == "seq" and self.has_table:
            return "Input(12, dtype=int32) -> Table", kind
        chosen = rng.choice(sizes)
        if chosen[0] in "HTD" and rng.random() < 0.5:
            chosen = sizes[0]
        return f"Input({chosen})", kind

    # Statements.

    def network(self, depth: int) -> str:
        source, kind = self.source()
        flow, after = self.flow(kind, depth)
        ends = {"map": "GAP -> FC(10)", "seq": "FC(3)", "vec": "Softmax"}
        self.ended = after
        return f"{source}{self.arrow()}{flow}" + (f" -> {ends[after]}" if self.rng.random() < 0.5 else "")

    def statement(self) -> str:
        rng = self.rng
        form = rng.randrange(9)
        if form == 0:
            name = self.name("p")
            text = f"param {name} = {self.number()}"
            self.numbers.append(name)
            return text
        if form == 1:
            name = self.name("n")
            text = f"let {name} = {self.number(3)}"
            self.numbers.append(name)
            return text
        if form == 2:
            name = self.name("f")
            self.numbers.append(f"{name}({rng.randrange(1, 9)})")
            return f"let {name}(v, w=3) = max(v, w) + {self.number(1)}"
        if form == 3:
            return rng.choice((
                "default Conv(padding=same)", "default Conv(norm=batch, act=relu)", "default BN(epsilon=1e-3)", "default Dense(bias=false)",
                "default Conv(init=he_normal, regularizer=l2(1e-4))", f"default Conv(kernel={self.number(1)})", "default Conv(act=none)",
                "default Pool(size=2)", "default Dropout(rate=.3)",
            ))  # fmt: skip
        kind = rng.choice(("map", "map", "seq", "vec"))
        labels, self.labels = self.labels, {"map": [], "seq": [], "vec": []}
        try:
            if form in (4, 5):
                name, arguments = self.name("B"), [self.name("c") for _ in range(rng.randrange(3))]
                heads = [a if rng.random() < 0.7 else f"{a}={self.number(1)}" for a in arguments]
                heads.sort(key=lambda head: "=" in head)
                before = list(self.numbers)
                self.numbers += arguments
                flow = self.flow(kind, 2, True)[0]
                if arguments and rng.random() < 0.15:
                    flow = f"[{flow} -> {name}({arguments[0]} - 1{', 1' * (len(arguments) - 1)}) if {arguments[0]} > 0]"
                self.numbers = before
                self.blocks[kind].append((name, len(arguments)))
                return (
                    f"block {name}({', '.join(heads)}) = {flow}"
                    if heads or rng.random() < 0.5
                    else f"block {name} = {flow}"
                )
            if form == 6:
                name = self.name("S")
                text = f"shared {name} = {self.flow(kind, 2, True)[0]}"
                self.shared[kind].append(name)
                return text
            if form == 7:
                name = self.name("M")
                return f"model {name} = {self.network(2)}"
        finally:
            self.labels = labels
        return f"# {rng.choice(('a comment', 'allow: bias-before-norm', 'é →'))}"

    def spec(self) -> str:
        rng = self.rng
        lines = ["shared Table = Embedding(50, 8)"] if self.has_table else []
        lines += [self.statement() for _ in range(rng.choice((0, 1, 2, 4, 8)))]
        if rng.random() < 0.1:
            lines.append(rng.choice((
                'import Bottleneck from "lib.nn"', 'import Cell, wide from "lib.nn"', 'import Nope from "lib.nn"', 'import A from "a.nn"',
                'import X from "none.nn"', 'import Y from "broken.nn"', 'import Z from "../outside.nn"', 'import Q from ""',
            )))  # fmt: skip
            self.blocks["map"] += [("Bottleneck", 1), ("Cell", 0)]
        if rng.random() < 0.3:
            for _ in range(rng.randrange(1, 3)):
                name = self.name("y")
                lines.append(f"{name} = {self.network(3)}")
                self.labels[self.ended].append(name)
        lines.append(self.network(rng.choice((1, 2, 3, 4))))
        names = [label for group in self.labels.values() for label in group]
        if names and rng.random() < 0.3:
            lines.append(f"output {', '.join(rng.sample(names, min(len(names), 2)))}")
        if rng.random() < 0.2:
            quantity = rng.choice(
                ("params", "trainable_params", "macs", "layers", "depth", "receptive_field", "activation_bytes")
            )
            lines.append(f"expect {quantity} <= {rng.choice(('26M', '4G', '10', '1e3'))} and macs >= 0")
        return "\n".join(lines) + rng.choice(("\n", "", "\r\n", "\n# end"))


def arrow_spec(rng: Random) -> str:
    """A random arrow spec."""
    return Writer(rng, rng.choice((0.0, 0.0, 0.01, 0.1))).spec()

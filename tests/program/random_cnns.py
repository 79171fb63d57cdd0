"""Random convolutional networks whose spatial sizes are letters: all that changes a size, and all that asks for one.

Half of the branches of a merge divide the size by one number in different ways, `Pool(2)` here and a strided
convolution there, for there the remainders of the input decide.
"""

from __future__ import annotations

from random import Random

#: The sizes of the input, by the letters that stand for them; `H` is always one.
INPUTS = {
    2: ("H, {c}",),
    3: ("H, W, {c}", "H, W, {c}", "H, H, {c}", "H, 24, {c}", "17, H, {c}"),
    4: ("6, H, 8, {c}", "H, H, 9, {c}"),
}
NAMES = {2: ("length",), 3: ("height", "width"), 4: ("depth", "height", "width")}


class Drawing:
    """Draws one spec."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.labels = 0
        self.uses: list[str] = []

    def spec(self) -> str:
        random = self.random
        self.rank = random.choice((2, 3, 3, 3, 3, 3, 4))
        sizes = random.choice(INPUTS[self.rank]).format(c=random.choice((2, 4, 6)))
        default = random.choice(("default Conv(padding=same)\n", "default Conv(padding=1)\n", "", ""))
        parts = self.written_parts()
        stages = [self.stage(2) for _ in range(random.randint(1, 5))]
        if random.random() < 0.3:
            stages.insert(random.randint(0, len(stages)), self.net_of_levels())
        return f"{default}{parts}Input({sizes}) -> {' -> '.join([*stages, *self.end()])}\n"

    def written_parts(self) -> str:
        """A block and a shared part, now and then."""
        block = self.some(0.3, f"block Part(k) = Conv(4, k) -> {self.flow(0, 1)}\n")
        shared = self.some(0.2, f"shared Both = Conv(4, 1) -> {self.flow(0, 1)}\n") if not block else ""
        self.uses = ["Part(1)", "Part(3)", "Part(3) x 2"] * bool(block) + ["Conv(4, 1) -> Both"] * bool(shared)
        return block + shared

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)

    def some(self, share: float, text: str) -> str:
        return text if self.random.random() < share else ""

    # What changes sizes.

    def stage(self, depth: int) -> str:
        kinds = ["conv", "conv", "conv", "pool", "pool", "transposed", "up", "pad", "crop", "depthwise", "pointwise"]
        kinds += ["slice", "pinned", "shaped", "shuffle", "resize", "parts"] if self.random.random() < 0.5 else []
        kinds += ["use", "use"] if self.uses and depth else []
        kinds += ["merge", "merge", "scaled", "scaled", "residual", "repeat", "group"] * 2 if depth else []
        made: str = getattr(self, f"a_{self.random.choice(kinds)}")(depth - 1)
        return made

    def flow(self, depth: int, least: int = 0) -> str:
        return " -> ".join(self.stage(depth) for _ in range(self.random.randint(least, 2))) or "_"

    def padding(self) -> str:
        pairs = [f"({self.random.randint(0, 2)}, {self.random.randint(0, 3)})" for _ in range(self.rank - 1)]
        comma = "," if self.rank == 2 else ""
        words = ("same", "same", "valid", "causal" if self.rank == 2 else "valid")
        return self.one(*words, "1", "2", "3", f"({', '.join(pairs)}{comma})")

    def a_conv(self, depth: int) -> str:
        random = self.random
        kernel, channels = random.choice((1, 2, 3, 3, 4, 5, 7, 11)), random.choice((2, 4, 4, 6))
        stride = f", stride={random.choice((2, 2, 2, 3, 4))}" if random.random() < 0.4 else ""
        dilation = f", dilation={random.choice((2, 3, 4))}" if random.random() < 0.2 else ""
        padding = f", padding={self.padding()}" if random.random() < 0.6 else ""
        return f"Conv({channels}, {kernel}{stride}{dilation}{padding})"

    def a_depthwise(self, depth: int) -> str:
        if self.rank == 4:
            return self.a_conv(depth)
        return f"DepthwiseConv({self.one('2', '3', '5')}, padding={self.padding()}{self.some(0.4, ', stride=2')})"

    def a_pool(self, depth: int) -> str:
        size = self.random.choice((2, 2, 2, 3, 3, 4, 5))
        stride = self.some(0.5, f", stride={self.random.choice((1, 2, 2, 3))}")
        padding = self.some(0.4, f", padding={self.one('same', 'same', 'valid', '1')}")
        ceil = self.some(0.3, ", ceil=true") if "same" not in padding else ""
        return f"{self.one('MaxPool', 'AvgPool', 'Pool')}({size}{stride}{padding}{ceil})"

    def a_transposed(self, depth: int) -> str:
        stride = self.random.choice((1, 2, 2, 2, 3))
        padding = self.some(0.6, f", padding={self.padding()}")
        padding = padding.replace("causal", "same")
        more = self.some(0.2, f", output_padding={self.random.randint(0, stride - 1)}")
        return f"ConvTranspose(4, {self.one('1', '2', '3', '4')}, stride={stride}{padding}{more})"

    def a_up(self, depth: int) -> str:
        return f"UpSample({self.random.choice((2, 2, 3))})"

    def a_pad(self, depth: int) -> str:
        return f"ZeroPad({self.random.randint(1, 4)})"

    def a_use(self, depth: int) -> str:
        return self.one(*self.uses)

    def a_crop(self, depth: int) -> str:
        if self.rank == 3 and self.random.random() < 0.2:
            return "CenterCrop(12, 10)"
        return f"Crop({self.random.choice((1, 1, 2, 3))})"

    def a_slice(self, depth: int) -> str:
        name = self.name()
        a, b = self.random.randint(0, 4), self.random.randint(5, 12)
        return (
            self.one(
                f"Slice({a}, {b})", f"Slice({a})", f"Slice(-{b}, none)", f"Slice(in.{name} // 3, in.{name} // 2 + 1)"
            )
            if name == NAMES[self.rank][0]
            else f"Slice({a}, {b}, axis={NAMES[self.rank].index(name)})"
        )

    def a_pinned(self, depth: int) -> str:
        return f"Adaptive{self.one('Avg', 'Max')}Pool({self.random.randint(3, 9)})"

    def a_resize(self, depth: int) -> str:
        if self.rank != 3:
            return "UpSample(2)"
        size = self.one("in.height // 2 + 3", "in.height * 2 - 5", "7", "in.width + 1", "(in.height - 3) // 2")
        return f"Resize({size}, {self.one('in.width', 'in.width - 4', '8', 'max(in.width, 12)')})"

    def a_shaped(self, depth: int) -> str:
        name = self.name()
        wanted = self.one(f"in.{name}", "H // 2", "H // 4", "H - 2", "H", str(self.random.randint(3, 30)))
        sizes = [wanted if each == name else "_" for each in NAMES[self.rank]]
        return f"ReLU : ({', '.join(sizes)}, _)"

    def a_shuffle(self, depth: int) -> str:
        if self.rank != 3:
            return "ReLU"
        return self.one(
            "Conv(16, 1) -> PixelShuffle(2)",
            "Reshape(in.height // 2, 2, in.width, in.channels) -> Permute(0, 2, 1, 3) "
            "-> Reshape(in.shape[0], in.shape[1], 2 * in.channels)",
            "Split(2, axis=0) -> Concat(axis=0)",
            "Split(3, axis=1) -> Add",
        )

    def a_parts(self, depth: int) -> str:
        if self.rank == 2 or self.random.random() < 0.5:
            return f"Split({self.random.choice((2, 3))}, axis=0) -> {self.one('Add', 'Concat', 'Concat(axis=0)')}"
        return f"Concat(axis=1){{ {self.flow(0)} | _ }}"

    def a_pointwise(self, depth: int) -> str:
        gate = "Multiply{ _ | GAP -> Dense(_.channels) -> Sigmoid }"
        return self.one("ReLU", "BN", "Dropout(0.2)", "Conv(4, 1)", "Dense(6)", "Conv(4, 3, padding=same)", gate)

    def name(self) -> str:
        return self.one(*NAMES[self.rank])

    # What holds several.

    def a_group(self, depth: int) -> str:
        return f"[{self.flow(depth, 1)}]"

    def a_repeat(self, depth: int) -> str:
        return f"[{self.flow(depth, 1)}] x {self.random.choice((2, 2, 3, 5))}"

    def a_merge(self, depth: int) -> str:
        name = self.one("Add", "Concat", "Concat", "Maximum", "Multiply")
        return self.merged(name, [self.alike(depth) for _ in range(self.random.choice((2, 2, 3)))])

    def alike(self, depth: int) -> str:
        """A flow that most likely keeps the size, at least of some inputs."""
        if self.random.random() < 0.12:
            return self.flow(depth)
        scale = self.random.choice((2, 2, 3))
        back = self.one(f"UpSample({scale})", f"ConvTranspose(4, {scale}, stride={scale})")
        return self.one(
            "_", "Conv(4, 3, padding=same)", "Conv(4, 5, padding=2)", "Crop(1) -> ZeroPad(1)", self.a_shaped(0),
            f"{self.divided(scale)} -> {back}", f"Crop(2) -> {back} -> {self.divided(scale)} -> ZeroPad(2)",
        )  # fmt: skip

    def merged(self, name: str, flows: list[str]) -> str:
        last = "" if name.startswith("Concat") else " -> Conv(4, 1)"
        return f"{name}{{ {' | '.join(f'{flow}{last}' for flow in flows)} }}"

    def a_scaled(self, depth: int) -> str:
        scale = self.random.choice((2, 2, 3, 4))
        flows = [self.divided(scale) for _ in range(self.random.choice((2, 2, 3)))]
        return self.merged(self.one("Add", "Concat", "Concat", "Multiply"), flows)

    def divided(self, scale: int) -> str:
        """The size divided by a number, rounded up or down, from one place or another; or taken apart and put back."""
        if scale == 4 and self.random.random() < 0.5:
            return f"{self.divided(2)} -> {self.divided(2)}"
        if self.random.random() < 0.15:
            return f"{self.divided(scale)} -> UpSample({scale}) -> {self.divided(scale)}"
        return self.one(
            f"Conv(4, {scale}, stride={scale}, padding=valid)",
            f"Conv(4, 3, stride={scale}, padding=same)",
            f"Conv(4, 3, stride={scale}, padding=1)",
            f"Conv(4, 1, stride={scale}, padding=valid)",
            f"Pool({scale})",
            f"Pool({scale}, ceil=true)",
            f"Pool({scale}, padding=same)",
            f"AvgPool(3, stride={scale}, ceil=true)",
            f"Conv(4, {scale + 1}, stride={scale}, dilation=2, padding={scale})",
        )

    def a_residual(self, depth: int) -> str:
        return f"Residual{{ {self.alike(depth)} -> Conv(_.channels, {self.one('1', '1', '3, padding=same')}) }}"

    def net_of_levels(self) -> str:
        """Down and up again, with what was met on the way down beside what comes up."""
        self.labels += 1
        label, levels, scale = f"e{self.labels}", self.random.choice((1, 2, 2, 3)), self.random.choice((2, 2, 2, 3))
        body = self.one("Conv(4, 3)", "Conv(4, 3) x 2", "Conv(4, 3, padding=same)", "Conv(4, 5, padding=same)")
        down = self.one(f"Pool({scale})", f"Pool({scale})", f"Conv(4, 3, stride={scale}, padding=same)")
        plain = f"UpSample({scale})"
        up = self.one(plain, f"ConvTranspose(4, {scale}, stride={scale})", f"{plain} -> Conv(4, 2)")
        skip = f"{label}[{levels - 1} - i]"
        joined = self.one(
            f"Concat{{ {skip} | _ }}", f"Concat{{ {skip} -> Crop(like=_) | _ }}",
            f"Concat{{ {skip} | Crop(like={skip}) }}", f"Add{{ {skip} | Conv(4, 1) }}",
        )  # fmt: skip
        turns = f"for i in range({levels})"
        return f"[{body} as {label}[i] -> {down}] {turns} -> {body} -> [{up} -> {joined} -> {body}] {turns}"

    def end(self) -> list[str]:
        rows = f"Reshape({' * '.join(f'in.{name}' for name in NAMES[self.rank])}"
        last = "KMaxPool(6)" if self.rank == 2 else f"Take({self.random.randint(0, 5)}, axis=1)"
        if self.random.random() < 0.6:
            return []
        return [
            self.one(
                "FC(5)", "FC(5)", "Flatten -> Dense(4)", "GAP -> FC(3)", f"{rows}, in.channels) -> Dense(3)",
                f"{rows}, in.channels) -> Add{{ _ | Weight(36, _.channels) }} -> Dense(2)",
                f"{rows}, 4) -> MultiHeadAttention(2)", "Reshape(-1, 2)", "Reshape(-1, 7)", "Conv(3, 1)", last, last,
            )
        ]  # fmt: skip


def draw(seed: int) -> str:
    """The spec of a seed."""
    return Drawing(seed).spec()

"""Random specs with holes: networks with numbers, of which some are hidden, and promises that they keep or miss."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from nnspec.analysis.quantities import count
from nnspec.compiler import Settings, compile_tree
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.shapes.tensor import TensorType
from nnspec.source import SourceFile
from nnspec.syntax.read import parse

Slot = Callable[[int, int], str]  # a number from `low` to `high` that may become a hole


class Maker:
    """Writes one spec; `slots` are the numbers in it, by the marks that stand for them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.slots: list[tuple[int, int]] = []  # the least that may stand there, and what stands there

    def slot(self, least: int, low: int, high: int) -> str:
        self.slots.append((least, self.random.randint(low, high)))
        return f"<{len(self.slots) - 1}>"

    def stage(self, depth: int = 0) -> str:
        random, slot = self.random, self.slot
        kinds = ["conv", "conv", "pool", "pad", "relu", "block"]
        kinds += ["repeat", "residual", "concat", "choice", "loop"] if depth < 2 else []
        kind = random.choice(kinds)
        if kind == "conv":
            padding = random.choice(["valid", "same", ""]) or slot(0, 0, 2)
            return f"Conv({slot(1, 2, 5)}, {slot(1, 1, 5)}, stride={slot(1, 1, 2)}, padding={padding})"
        if kind == "pool":
            return f"Pool({slot(1, 1, 3)}, stride={slot(1, 1, 2)})"
        if kind == "pad":
            return f"ZeroPad({slot(0, 0, 3)})"
        if kind == "block":
            return f"B({slot(1, 1, 4)})"
        if kind == "repeat":
            return f"[{self.stage(depth + 1)}] x {slot(1, 1, 3)}"
        if kind == "residual":
            return f"Residual{{ Conv(in.channels, {slot(1, 1, 4)}, padding=same) }}"
        if kind == "concat":
            return f"Concat{{ {self.stage(depth + 1)} | {self.stage(depth + 1)} }}"
        if kind == "choice":
            return f"({self.stage(depth + 1)}) if w % {slot(1, 2, 3)} == 0 else ({self.stage(depth + 1)})"
        if kind == "loop":
            return f"[Conv(2 + i, {slot(1, 1, 3)})] for i in range({slot(1, 1, 3)})"
        return "ReLU"


def random_holes(random: Random, holes: int) -> tuple[str, list[int]]:
    """A spec with so many holes, and the least number that each may be."""
    while True:
        maker = Maker(random)
        flow = " -> ".join([maker.stage() for _ in range(random.randint(1, 4))])
        size, width = random.randint(6, 14), maker.slot(1, 1, 6)
        text = f"let w = {width}\nblock B(k) = Conv(3, k) -> Conv(w, 1)\nInput({size}, {size}, 2) -> {flow}"
        if len(maker.slots) < holes:
            continue
        hidden = sorted(random.sample(range(len(maker.slots)), holes), key=lambda number: text.index(f"<{number}>"))
        whole = _filled(text, maker, set())
        promised = _promises(random, whole)
        return _filled(text, maker, set(hidden)) + promised, [maker.slots[number][0] for number in hidden]


def _filled(text: str, maker: Maker, hidden: set[int]) -> str:
    for number, (_, value) in enumerate(maker.slots):
        text = text.replace(f"<{number}>", "?" if number in hidden else str(value))
    return text


def _promises(random: Random, whole: str) -> str:
    """Promises that the network with its hidden numbers keeps, or misses by little; none where it has errors."""
    found = Diagnostics()
    program = compile_tree(parse(SourceFile("spec.nn", whole), found, yaml=False), Settings(), found)
    if found.has_errors or not program.models:
        return f" : ({random.randint(1, 6)}, _, _)"
    (model,) = program.models
    type, counts = model.outputs[0].type, count(model)
    assert isinstance(type, TensorType)
    said = ""
    if random.random() < 0.7:
        shape = [size if isinstance(size, int) else 1 for size in type.shape]
        shape[0] += random.choice([0, 0, 0, 1])
        said += f" : ({shape[0]}, {random.choice(['_', str(shape[1])])}, {random.choice(['_', str(shape[2])])})"
    if random.random() < 0.6:
        name = random.choice(["params", "macs", "layers", "depth", "receptive_field", "activation_bytes"])
        relation = random.choice(["<=", ">=", "==", "<"])
        said += f"\nexpect {name} {relation} {getattr(counts, name)}"
    return said

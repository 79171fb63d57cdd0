"""What tensors take: counted by hand for single layers, held against what PyTorch kept, folded and unrolled alike."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.memory import EXAMPLES_BATCH, NETS, counted, examples
from nnspec.analysis.memory import Activations, activations
from nnspec.compiler import Settings, compile_tree, load
from nnspec.deep_stack import with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.ops.dtypes import bytes_of
from nnspec.ops.tape import WEIGHTS, Tape
from nnspec.program.graph import Graph, Port, flatten
from nnspec.program.program import Model
from nnspec.shapes.dim import evaluate, recording
from nnspec.source import SourceFile
from nnspec.syntax.read import parse
from tests.program.random_specs import draw

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CLOSE = 0.01  # of networks; of single operators, some of which keep a handful of numbers, 0.10


def model_of(text: str, **settings: Any) -> Model:
    found = Diagnostics()
    program = compile_tree(parse(SourceFile("text", text), found, yaml=False), Settings(**settings), found)
    assert not found.has_errors, found.sorted()
    return program.models[0]


def memory_of(text: str, batch: int = 2, compute: str = "float32", *, casts: bool = False) -> Activations:
    return with_deep_stack(lambda: activations(model_of(text), batch, compute, casts_weights=casts))


# By hand, for a batch of two and numbers of four bytes.

KEPT = {
    # The input, for the gradient of the kernel; a first layer needs none of its own.
    "Input(8) -> Dense(3)": 2 * 8 * 4,
    # The second one keeps what it gets.
    "Input(8) -> Dense(3) -> Dense(5)": 2 * (8 + 3) * 4,
    # ReLU keeps what comes out of it, and the next layer gets that very tensor.
    "Input(8) -> Dense(3, act=relu) -> Dense(5)": 2 * (8 + 3) * 4,
    # GELU keeps what it gets; the layer after it what it gives.
    "Input(8) -> Dense(3, act=gelu) -> Dense(5)": 2 * (8 + 3 + 3) * 4,
    # Frozen weights have no gradient, so their input is not kept, and no gradient flows through them.
    "Input(8) -> Dense(3, trainable=false, act=relu) -> Dense(5)": 2 * 3 * 4,
    # Two layers of one input keep it once.
    "Input(8) -> Add{ Dense(3) | Dense(3) }": 2 * 8 * 4,
    # The input as the convolution takes it, and its kernel in that order.
    "Input(8, 8, 3) -> Conv(4, 3)": 2 * 8 * 8 * 3 * 4 + 3 * 3 * 3 * 4 * 4,
    # Padding on one side only is copied in.
    "Input(8, 8, 3) -> Conv(4, 3, stride=2, padding=same)": 2 * 9 * 9 * 3 * 4 + 3 * 3 * 3 * 4 * 4,
    # A map, channel by channel, and eight bytes for where each largest value stands.
    "Input(8, 8, 3) -> Conv(4, 3) -> MaxPool": 1536 + 432 + 2 * 6 * 6 * 4 * 4 + 2 * 3 * 3 * 4 * 8,
    # Nothing is kept where no gradient flows.
    "Input(8, 8, 3) -> MaxPool -> Flatten": 0,
    # A mask of as many numbers; of booleans for whole channels.
    "Input(8) -> Dense(6, bias=false) -> Dropout(0.5)": 2 * 8 * 4 + 2 * 6 * 4,
    "Input(8, 8, 3) -> Conv(4, 3) -> SpatialDropout(0.5)": 1536 + 432 + 2 * 4,
    # x, x - mean, and three numbers for each channel.
    "Input(8) -> Dense(6) -> BatchNorm": 2 * 8 * 4 + 2 * 2 * 6 * 4 + 3 * 6 * 4,
    # x, and two numbers for each row.
    "Input(5, 8) -> LayerNorm": 2 * 5 * 8 * 4 + 2 * 2 * 5 * 4,
    # Whole numbers of eight bytes, by which rows are looked up.
    "Input(5, dtype=int32) -> Embedding(10, 3)": 2 * 5 * 8,
    # The sequence step by step, and seven vectors for each step: i, f, o, g, tanh(c), and the h and c before.
    "Input(10, 8) -> LSTM(16)": 2 * 10 * 8 * 4 + 2 * 10 * 7 * 16 * 4,
    # Query, key, value and what comes of them, a number for each query and head; the input once.
    "Input(5, 8) -> MultiHeadAttention(2)": 2 * 5 * 8 * 4 * (1 + 4 + 1) + 2 * 2 * 5 * 4,
}  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_kept_by_hand(text: str) -> None:
    assert memory_of(text).kept == KEPT[text]


def test_mixed_precision_by_hand() -> None:
    # Halves of the inputs; the second kernel in half precision, for the gradient that flows through it.
    assert memory_of("Input(8) -> Dense(3) -> Dense(5)", compute="bfloat16", casts=True).kept == 2 * (8 + 3) * 2 + 30
    assert memory_of("Input(8) -> Dense(3) -> Dense(5)", compute="bfloat16").kept == 2 * (8 + 3) * 2


LIVE = {
    "Input(8) -> Dense(3)": 8 + 3,
    "Input(8) -> Dense(3) -> Dense(5)": 8 + 3,
    "Input(8) -> Dense(20) -> Dense(5)": 8 + 20,
    # The input stays until the sum.
    "Input(8) -> Residual{ Dense(20) -> Dense(8) }": 8 + 20 + 8,
    # The same memory, seen otherwise.
    "Input(4, 2) -> Flatten -> Dense(3)": 8 + 3,
    # At every turn what arrives and what leaves.
    "Input(8) -> [Dense(20) -> Dense(8)] x 1000": 20 + 8,
    "Input(8) as x -> [Dense(20) -> Add{ Dense(8) | x }] x 9": 8 + 20 + 8,
}


@pytest.mark.parametrize("text", LIVE)
def test_alive_by_hand(text: str) -> None:
    assert memory_of(text).live == 2 * 4 * LIVE[text]


def test_gradients_on_their_way_by_hand() -> None:
    # Of the input there is no gradient; those of 3 and 5 numbers meet at the second layer.
    assert memory_of("Input(8) -> Dense(3) -> Dense(5)").flowing == 2 * (3 + 5) * 4


# Against PyTorch.

NETWORKS = {
    path.stem.removeprefix("kept_"): yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(HERE.glob("kept_*.yaml"))
}
CASES = [(file, name) for file, data in NETWORKS.items() for name in data.get("networks", ())]


@pytest.mark.parametrize(("file", "name"), CASES, ids=str)
def test_a_network_keeps_what_pytorch_kept(file: str, name: str) -> None:
    data = NETWORKS[file]
    theirs, ours = data["networks"][name], counted(NETS[name], data["precision"])
    assert (ours.weights, ours.gradients) == (theirs["weights"], theirs["gradients"])
    assert ours.slots == theirs["slots"]
    assert ours.kept == pytest.approx(theirs["kept"], rel=CLOSE)
    assert ours.total == pytest.approx(sum(theirs.values()), rel=CLOSE)


def test_the_examples_of_all_operators_keep_what_pytorch_kept() -> None:
    recorded = NETWORKS["operators"]["examples"]
    texts = set(examples())
    assert recorded.keys() <= texts, "written anew by benchmarks/memory.py --examples"
    assert len(texts - recorded.keys()) < len(texts) / 10
    far = {}
    for text, theirs in recorded.items():
        ours = memory_of(text, EXAMPLES_BATCH).kept
        known = ours if isinstance(ours, int) else evaluate(ours, {"T": 4})
        if abs(known - theirs) > max(0.10 * theirs, 16):
            far[text] = (known, theirs)
    assert far == {}


# Folded and unrolled.


def by_layers(graph: Graph, batch: int) -> tuple[Any, Any, Any]:
    """The most that is alive, what is kept, and held, with every layer of the flat view traced on one tape."""
    tape = Tape(batch, "float32")
    held: dict[Port, Any] = {}
    last: dict[int, int] = {}
    for index, layer in enumerate(graph.layers):
        inputs = [held[port] for port in layer.inputs]
        inputs = [tape.cast(x) for x in inputs] if layer.operator.is_layer else inputs
        with recording():
            made = layer.operator.trace(tape, *inputs, layer.types[0] if len(layer.types) == 1 else layer.types)
        for position, each in enumerate(made if isinstance(made, tuple) else (made,)):
            held[Port(index, position)] = each
            last.setdefault(each.storage, index)
        last.update((held[port].storage, index) for port in layer.inputs)
    last.update((held[port].storage, len(graph.layers)) for _, port in graph.outputs)
    born = {each.storage: port.layer for port, each in reversed(held.items())}
    live = [
        sum(tape.sizes[each] for each, first in born.items() if first <= index <= last[each] and each != WEIGHTS)
        for index in range(len(graph.layers))
    ]
    kept = set(tape.kept)
    return max(live), *[sum(tape.sizes[each] for each in found) for found in (kept, kept | born.keys())]


TURNS = (
    "Input(8) -> [Dense(8) -> ReLU] x 5",
    "Input(8) -> [Dense(8, act=gelu) -> Residual{ Dense(8) }] x 5 -> Dense(3)",
    "Input(8, 8, 4) -> [Residual{ Conv(4, 3, padding=same) -> BatchNorm -> ReLU }] x 4 -> MaxPool -> FC(3)",
    "Input(6, 8) as x -> [Add{ Dense(8) | x } -> LayerNorm] x 4 -> Flatten",
    "Input(3, 5) -> [Permute(1, 0) -> Dense(5)] x 4",
    "Input(8) -> [Identity] x 3 -> Dense(8) as h -> [Multiply{ _ | h }] x 4",
    "block B(c) = Concat{ Dense(c) | _ } -> ReLU\nInput(8) -> B(4) -> B(4) -> B(8)",
    "block B = Dense(8) -> Tanh as t\nInput(8) -> B -> [B -> Dropout(0.1)] x 3 -> Split(2) -> Add",
    "shared S = Dense(8)\nInput(8) -> S -> S -> [S -> SiLU] x 3",
    "Input(8, 4) -> [LSTM(4, sequences=true)] x 3 -> Take(-1)",
)  # fmt: skip


@pytest.mark.parametrize("text", TURNS)
def test_regions_give_what_all_layers_give(text: str) -> None:
    model = model_of(text)
    folded = with_deep_stack(lambda: activations(model, 3))
    assert (folded.live, folded.kept, folded.held) == by_layers(flatten(model), 3)


SPECS: dict[str, tuple[tuple[str | None, str], ...]] = {
    "vision/googlenet.nn": (),
    "residual/resnet18.nn": (),
    "sequence/transformer.nn": (("source", "6"), ("target", "4")),
    "text/textcnn.nn": ((None, "9"),),
    "text/han.nn": ((None, "3,4"),),
}


@pytest.mark.parametrize("spec", SPECS)
def test_published_networks_are_the_same_layer_by_layer(spec: str) -> None:
    program = load(str(ROOT / "specs" / spec), Settings((), (), SPECS[spec]), Diagnostics())
    model = program.models[0]
    folded = with_deep_stack(lambda: activations(model, 2))
    assert (folded.live, folded.kept, folded.held) == by_layers(flatten(model), 2)


def test_random_specs_are_the_same_layer_by_layer() -> None:
    """NNSPEC_CASES says how many, NNSPEC_SEED where they begin."""
    first, seen = int(os.environ.get("NNSPEC_SEED", "0")), 0
    for seed in range(first, first + int(os.environ.get("NNSPEC_CASES", "60"))):
        text = str(draw(seed))
        found = Diagnostics()
        program = compile_tree(parse(SourceFile("text", text), found, yaml=False), Settings(), found)
        for model in [model for model in program.models if model.is_known]:
            folded = with_deep_stack(lambda model=model: activations(model, 2))
            if isinstance(folded.live, int):
                assert (folded.live, folded.kept, folded.held) == by_layers(flatten(model), 2), text
                seen += 1
    assert seen


def test_stages_add_up() -> None:
    found = memory_of("Input(8, 8, 3) -> Conv(4, 3, act=relu) -> [Conv(4, 1)] x 3 -> FC(3)")
    assert sum(stage.bytes for stage in found.stages) == found.kept  # type: ignore[misc]  # numbers all


def test_a_repeat_costs_a_few_looks_whatever_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Tape] = []
    plain = Tape.beside
    monkeypatch.setattr(Tape, "beside", lambda *given: made.append(given[0]) or plain(*given))
    looks = []
    for turns in (10, 1_000_000):
        made.clear()
        found = memory_of(f"Input(8) -> [Dense(8) -> Residual{{ Dense(8) -> ReLU }}] x {turns} -> Dense(3)")
        looks.append((len(made), found.kept))
    (few, small), (many, large) = looks
    assert few == many
    assert (large - small) == (1_000_000 - 10) * 2 * 4 * 8 * 3  # type: ignore[operator]  # numbers both


@pytest.mark.parametrize("size", [32, 37, 64])
def test_open_sizes_are_those_of_numbers(size: int) -> None:
    text = (
        "Input({0}, {0}, 3) -> [Conv(8, 3, stride=2, padding=1) -> BatchNorm -> ReLU] x 2"
        " -> Concat{{ MaxPool(3, 1, padding=same) | Conv(4, 1) }} -> GlobalAvgPool -> FC(3)"
    )
    open_sizes, known = memory_of(text.format("H")), memory_of(text.format(size))
    for name in ("live", "kept", "flowing"):
        assert evaluate(getattr(open_sizes, name), {"H": size}) == getattr(known, name)


def test_what_is_kept_is_bytes_of_its_dtype() -> None:
    whole, half = (memory_of("Input(8) -> Dense(3, act=relu)", compute=dtype).kept for dtype in ("float32", "float16"))
    assert isinstance(whole, int)
    assert isinstance(half, int)
    assert whole * bytes_of("float16") == half * bytes_of("float32")

"""What a training step keeps in memory: as `nnspec summary --memory` counts it, and as PyTorch records it.

    KERAS_BACKEND=torch python benchmarks/memory.py [--precision P] [--peak] [--write FILE] [--examples] [NAME…]

Builds each network with Keras on its PyTorch back end, runs one forward pass in training, and adds up the distinct
storages that `torch.autograd.graph.saved_tensors_hooks` is handed, those of weights left out; then weights, gradients
and the optimiser's variables. Prints a Markdown table, and ends with 1 where a figure is more than 10 % off.
With `--peak` a whole second step is run, update and all, and the most that lay in memory at once is held against ours.
`--write` keeps what PyTorch recorded for the test suite, which has no PyTorch; with `--examples` it is that of every
operator's own examples, before which weights stand, so that gradients flow.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.compiler import Settings, compile_tree, load
from nnspec.deep_stack import with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.ops.index import OPERATORS
from nnspec.ops.registry import find_operator
from nnspec.program.graph import flatten
from nnspec.program.program import Model
from nnspec.record import Record
from nnspec.source import SourceFile
from nnspec.syntax.read import parse
from nnspec.train.memory import Step, StepMemory, step_memory
from nnspec.train.optimizers import OPTIMIZERS

ROOT = Path(__file__).resolve().parent.parent
MOST = 0.10  # how far off a figure may be


class Net(Record):
    """A network: a file of `specs/` or a text, its input sizes, params, and how it is trained."""

    spec: str
    inputs: tuple[tuple[str | None, str], ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    model: str | None = None
    batch: int = 8
    optimizer: str = "adam"

    def compiled(self) -> Model:
        """The model."""
        found = Diagnostics()
        settings = Settings(self.params, (), self.inputs, self.model)
        if self.spec.startswith("specs/"):
            program = load(str(ROOT / self.spec), settings, found)
        else:
            program = compile_tree(parse(SourceFile("text", self.spec), found, yaml=False), settings, found)
        model = program.models[0] if program.models else None
        if model is None or not model.is_known:  # what a spec promises of its own sizes does not hold for others
            raise SystemExit("\n".join([f"{self.spec}: {each.message}" for each in found.sorted()]))
        return model


def _image(size: int, channels: int = 3) -> tuple[tuple[str | None, str], ...]:
    return ((None, f"{size},{size},{channels}"),)


_CNN = "-> ReLU -> Conv(16, 3, act=relu) -> FC(10, act=softmax)"
NETS = {
    "MLP": Net("specs/basics/mlp.nn", batch=64, optimizer="sgd"),
    "LeNet-5": Net("specs/vision/lenet5.nn", batch=64, optimizer="momentum"),
    "AlexNet": Net("specs/vision/alexnet.nn", optimizer="momentum"),
    "VGG-16, 64 × 64": Net("specs/vision/vgg16.nn", _image(64), optimizer="momentum"),
    "GoogLeNet": Net("specs/vision/googlenet.nn", batch=2, optimizer="rmsprop"),
    "SqueezeNet, 64 × 64": Net("specs/vision/squeezenet.nn", _image(64), optimizer="nadam"),
    "ResNet-18, 64 × 64": Net("specs/residual/resnet18.nn", _image(64), optimizer="adamw"),
    "ResNet-50, 64 × 64": Net("specs/residual/resnet50.nn", _image(64), optimizer="momentum"),
    "MobileNet, 64 × 64": Net("specs/vision/mobilenet.nn", _image(64), optimizer="rmsprop"),
    "U-Net, 188 × 188": Net("specs/vision/unet.nn", _image(188, 1), batch=1, optimizer="momentum"),
    "DCGAN, generator": Net("specs/generative/dcgan.nn", model="Generator"),
    "DCGAN, discriminator": Net("specs/generative/dcgan.nn", model="Discriminator"),
    "ViT": Net("specs/vision/vit.nn", batch=4, optimizer="adamw"),
    "MLP-Mixer": Net("specs/vision/mixer.nn", batch=4, optimizer="lion"),
    "TextCNN": Net("specs/text/textcnn.nn", optimizer="adadelta"),
    "TextRNN": Net("specs/text/textrnn.nn", ((None, "50"),)),
    "LSTM": Net("Input(50, 32) -> LSTM(64, sequences=true) -> LSTM(64) -> FC(10, act=softmax)", optimizer="adagrad"),
    "GRU, both ways": Net("Input(50, 32) -> Bidirectional{ GRU(64) } -> Dropout(0.5) -> FC(10, act=softmax)"),
    "Deep BLSTM": Net("specs/sequence/deep_blstm.nn", ((None, "50,123"),), batch=2, optimizer="adamax"),
    "Transformer": Net(
        "specs/sequence/transformer.nn",
        (("source", "64"), ("target", "64")),
        (("vocabulary", "1000"), ("width", "128")),
    ),
    "BERT": Net("specs/text/bert.nn", (), (("length", "64"),), batch=2, optimizer="adamw"),
    "GCN": Net("specs/graphs/gcn_cora.nn", (("papers", "300,64"), ("citations", "300,300")), batch=1),
    "Conv, attention, LSTM, Dense": Net(
        "Input(16, 16, 3) -> Conv(32, 3, padding=same, act=relu) -> Reshape(256, 32) -> MultiHeadAttention(4)"
        " -> LSTM(64) -> Dense(10, act=softmax)",
    ),
    "fine tuning": Net(
        "Input(64, 64, 3) -> Conv(64, 3, norm=batch, act=relu, trainable=false) -> MaxPool"
        f" -> Conv(32, 3, trainable=false) {_CNN}",
        optimizer="ftrl",
    ),
}  # fmt: skip


EXAMPLES_BATCH = 2


def examples() -> Iterator[str]:
    """The examples of all operators; those of one real input also behind a weight, so that gradients flow to it."""
    for name in OPERATORS:
        operator = find_operator(name)
        for example in operator.examples if operator is not None else ():
            if example.fails is None:
                yield example.spec
                learned = _behind_a_weight(example.spec)
                if learned is not None:
                    yield learned


def _behind_a_weight(spec: str) -> str | None:
    """The same with a sum before it, which keeps nothing."""
    found = re.fullmatch(r"Input\(([0-9, ]+)\) -> (.*)", spec)
    return f"Input({found[1]}) -> Add{{ _ | Weight({found[1]}) }} -> {found[2]}" if found else None


class Recorded(Record):
    """What a framework kept of one forward pass in training, and of a step.

    Units: bytes.
    """

    kept: int
    weights: int
    gradients: int
    slots: int

    @property
    def total(self) -> int:
        return self.kept + self.weights + self.gradients + self.slots


def recorded(net: Net, precision: str) -> Recorded:
    """What PyTorch records of a network."""
    keras = import_keras()
    keras.utils.clear_session()
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(1)
    model = build(flatten(net.compiled()))
    optimizer = optimizer_of(net.optimizer)
    optimizer.build(model.trainable_variables)
    settled = {"iteration", "iterations", "learning_rate"}
    slots = sum(nbytes(each) for each in optimizer.variables if each.name not in settled and each.shape)
    weights = sum(nbytes(each) for each in model.weights)
    gradients = sum(nbytes(each) for each in model.trainable_variables)
    return Recorded(saved_bytes(model, net.batch), weights, gradients, slots)


def optimizer_of(word: str) -> Any:
    """The Keras optimiser that a word of the `train` section stands for."""
    chosen = OPTIMIZERS[word]
    return getattr(import_keras().optimizers, chosen.target.rsplit(".", 1)[-1])(**chosen.fixed)


def nbytes(variable: Any) -> int:
    """The bytes of a variable."""
    return int(variable.value.untyped_storage().nbytes())


def saved_bytes(model: Any, batch: int) -> int:
    """The bytes of all storages that autograd keeps of one forward pass in training, those of variables left out."""
    import torch

    saved: list[Any] = []

    def note(tensor: Any) -> Any:
        saved.append(tensor)
        return tensor

    own = {variable.value.untyped_storage().data_ptr() for variable in model.variables}
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        given = [_example(tensor, batch) for tensor in model.inputs]
        outputs = model(given if len(given) > 1 else given[0], training=True)
    storages = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in saved}
    del outputs
    return sum(size for place, size in storages.items() if place not in own)


def peak_bytes(net: Net) -> int:
    """The most that all storages take at once in the second training step of a network, which has old gradients."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_flatten

    class Watch(TorchDispatchMode):  # type: ignore[misc]  # PyTorch's class is untyped
        """Sees every tensor come, and its storage go."""

        def __init__(self) -> None:
            super().__init__()
            self.sizes: dict[int, int] = {}
            self.now = self.most = 0

        def see(self, tensor: Any) -> None:
            storage = tensor.untyped_storage()
            if storage._cdata not in self.sizes:
                self.sizes[storage._cdata] = storage.nbytes()
                self.now += storage.nbytes()
                self.most = max(self.most, self.now)
                weakref.finalize(storage, self.forget, storage._cdata)

        def forget(self, storage: int) -> None:
            self.now -= self.sizes.pop(storage)

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = function(*args, **(kwargs or {}))
            for each in tree_flatten(made)[0]:
                if isinstance(each, torch.Tensor):
                    self.see(each)
            return made

    import_keras().utils.clear_session()
    model, optimizer = build(flatten(net.compiled())), optimizer_of(net.optimizer)
    optimizer.build(model.trainable_variables)
    given = [_example(tensor, net.batch) for tensor in model.inputs]
    with Watch() as watch:
        for each in [*[v.value for v in (*model.variables, *optimizer.variables)], *given]:
            watch.see(each)
        for _ in range(2):
            watch.most = 0
            outputs = model(given if len(given) > 1 else given[0], training=True)
            loss = sum(each.sum() for each in (outputs if isinstance(outputs, (list, tuple)) else [outputs]))
            del outputs
            for variable in model.trainable_variables:
                variable.value.grad = None
            loss.backward()
            with torch.no_grad():
                optimizer.apply([v.value.grad for v in model.trainable_variables], model.trainable_variables)
    return watch.most


def show_peaks(names: Sequence[str]) -> int:
    """Print the table of what a step takes at most."""
    print("| network | batch | optimiser | most at once | counted | off |")
    print("| --- | --: | --- | --: | --: | --: |")
    worst = 0.0
    for name in names:
        net = NETS[name]
        theirs, ours = peak_bytes(net), _known(memory_of(net, "float32").peak)
        off = _off(ours, theirs)
        worst = max(worst, abs(off))
        print(f"| {name} | {net.batch} | {net.optimizer} | {theirs:,} | {ours:,} | {off:+.1%} |", flush=True)
    return 1 if worst > MOST else 0


def _example(tensor: Any, batch: int) -> Any:
    import torch

    shape = (batch, *[4 if size is None else size for size in tensor.shape[1:]])
    dtype = getattr(torch, tensor.dtype)
    return torch.rand(shape, dtype=dtype) if dtype.is_floating_point else torch.ones(shape, dtype=dtype)


def memory_of(net: Net, precision: str) -> StepMemory:
    """Our memory of a network's step."""
    step = Step(net.batch, precision, net.optimizer, OPTIMIZERS[net.optimizer].fixed)
    return with_deep_stack(lambda: step_memory(net.compiled(), step))


def counted(net: Net, precision: str) -> Recorded:
    """What is counted here."""
    memory = memory_of(net, precision)
    figures = [memory.kept, memory.weights, memory.gradients, memory.slots]
    return Recorded(*[_known(figure) for figure in figures])


def _known(size: Any) -> int:
    assert isinstance(size, int)  # the sizes of all inputs are numbers
    return size


def _off(ours: int, theirs: int) -> float:
    return (ours - theirs) / theirs if theirs else float(ours != theirs)


def main() -> int:
    """Measure, and show."""
    parser = argparse.ArgumentParser(description="Bytes that training keeps: counted here, and recorded by PyTorch.")
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"one of {', '.join(NETS)}")
    parser.add_argument("--precision", default="float32", help="float32, mixed_bfloat16, …")
    parser.add_argument("--write", metavar="FILE", help="keep what PyTorch recorded, as YAML")
    parser.add_argument("--peak", action="store_true", help="the most that a whole step takes")
    parser.add_argument("--examples", action="store_true", help="write what operators' examples keep")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in NETS]
    if unknown:
        parser.error(f"there is no {unknown[0]}; choose of {', '.join(NETS)}")
    if import_keras().backend.backend() != "torch":
        parser.error("set KERAS_BACKEND=torch")
    if options.examples:
        write_examples(Path(options.write or "kept_operators.yaml"))
        return 0
    if options.peak:
        return show_peaks(options.names or list(NETS))
    print("| network | batch | kept, recorded | counted | off | optimiser | step, recorded | counted | off |")
    print("| --- | --: | --: | --: | --: | --- | --: | --: | --: |")
    found: dict[str, Recorded] = {}
    worst = 0.0
    for name in options.names or NETS:
        net = NETS[name]
        theirs = found[name] = recorded(net, options.precision)
        ours = counted(net, options.precision)
        off = _off(ours.kept, theirs.kept), _off(ours.total, theirs.total)
        worst = max(worst, *map(abs, off))
        print(
            f"| {name} | {net.batch} | {theirs.kept:,} | {ours.kept:,} | {off[0]:+.1%} | {net.optimizer} "
            f"| {theirs.total:,} | {ours.total:,} | {off[1]:+.1%} |",
            flush=True,
        )
    if options.write:
        write(Path(options.write), options.precision, found)
    return 1 if worst > MOST else 0


def _heading(path: Path, *options: str) -> list[str]:
    import torch

    return [
        "# What PyTorch keeps of one forward pass in training, in bytes; written by",
        f"#     KERAS_BACKEND=torch python benchmarks/memory.py {' '.join(options)} --write {path.name}",
        f"# with Keras {import_keras().__version__} on PyTorch {torch.__version__}.",
    ]


def write_examples(path: Path) -> None:
    """Keep what PyTorch recorded of all operators' examples; what it cannot be given is left out."""
    lines = [*_heading(path, "--examples"), "examples:"]
    for text in examples():
        import_keras().utils.clear_session()
        try:
            kept = saved_bytes(build(flatten(Net(text).compiled())), EXAMPLES_BATCH)
        except (RuntimeError, ValueError, NotImplementedError) as error:
            print(f"left out: {text}: {error}", file=sys.stderr)
            continue
        lines.append(f"  {json.dumps(text)}: {kept}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write(path: Path, precision: str, found: dict[str, Recorded]) -> None:
    """Keep what was recorded, with what recorded it."""
    lines = [*_heading(path, "--precision", precision), f"precision: {precision}", "networks:"]
    for name, each in found.items():
        sizes = f"kept: {each.kept}, weights: {each.weights}, gradients: {each.gradients}, slots: {each.slots}"
        lines.append(f'  "{name}": {{{sizes}}}')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

"""Parameters and multiply-adds of the networks of `specs/`, beside Keras and TensorFlow's profiler.

    python benchmarks/profiler.py [--only resnet50 ...] [--all]

Each network is built by the way of `nnspec build`, traced, and every operation that TensorFlow's profiler knows
is looked at: of those that multiply (convolutions and matrix products) it counts two float operations
for each multiply-add. It is right there, but for what it does not see: grouped convolutions, which Keras hands to
XLA, products written as Einsum (attention), and all turns of a loop but one (recurrence). For transposed convolutions
its formula is another, and of dilated ones it counts the padding that TensorFlow adds to cut them up. Such layers are
left out on our side too, and their number is said. `--all` adds ResNet-1202. Needs the `tensorflow` extra.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from nnspec.analysis.layers import layer_rows
from nnspec.analysis.quantities import count
from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.backends.lower import lower
from nnspec.compiler import Settings, load
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.ops.operator import Operator
from nnspec.program.graph import Graph, flatten

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("specs/vision", "specs/residual")
LONG = ("resnet1202",)

#: Operations that multiply, for which the profiler's figure is two for each multiply-add.
MULTIPLY = frozenset(("Conv2D", "Conv3D", "DepthwiseConv2dNative", "MatMul", "BatchMatMul", "BatchMatMulV2"))


def profiled(model: Any, unseen: Iterable[str] = ()) -> list[int]:
    """The multiply-adds of each layer that has any, as TensorFlow's profiler counts them for one example, sorted.

    Layers whose names begin with one of `unseen` are left out.
    """
    import tensorflow as tf
    from tensorflow.python.framework import ops  # where the profiler's own figures are

    shapes = [tf.TensorSpec((1, *given.shape[1:]), given.dtype) for given in model.inputs]
    traced = tf.function(lambda *xs: model(list(xs) if xs[1:] else xs[0], training=False))
    graph = traced.get_concrete_function(*shapes).graph
    found: dict[str, int] = {}
    for node in graph.get_operations():
        if node.type in MULTIPLY:
            _, scope, *_ = node.name.split("/")  # the layer's name, perhaps with a number
            if not scope.startswith(tuple(unseen)):
                macs = int(ops.get_stats_for_node_def(graph, node.node_def, "flops").value) // 2
                found[scope] = found.get(scope, 0) + macs
    return sorted(found.values())


def is_unseen(operator: Operator) -> bool:
    """Whether what the operator multiplies is no operation of the graph, or is counted by another rule."""
    return int(getattr(operator, "groups", 1)) > 1 or "Transpose" in type(operator).__name__


def is_in_part(operator: Operator) -> bool:
    """Whether the profiler sees a part alone of what the operator multiplies, or more than it."""
    kinds = [type(each).__name__ for each in operator.layered()]
    return any("Attention" in kind or "LSTM" in kind for kind in kinds) or getattr(operator, "dilation", 1) != 1


def ours(graph: Graph) -> tuple[list[int], int, list[str]]:
    """Our multiply-adds of each layer that the profiler sees, sorted; how many it does not see, and which in part."""
    seen: list[int] = []
    partly: list[str] = []
    unseen = 0
    for layer, row in zip(graph.layers, layer_rows(graph), strict=True):
        if row.macs and is_in_part(layer.operator):
            partly.append(row.name)
        elif row.macs and is_unseen(layer.operator):
            unseen += 1
        elif isinstance(row.macs, int) and row.macs:
            seen.append(row.macs)
    return sorted(seen), unseen + len(partly), partly


def compared(path: Path) -> str | None:
    """A row of the table; None for a library."""
    found = Diagnostics()
    models = load(str(path), Settings(), found).models
    if len(models) != 1:
        return None
    graph = flatten(models[0])
    lowered = lower(graph, found)
    assert lowered is not None
    import_keras().backend.clear_session()
    model: Any = build(lowered, None)
    counts = count(models[0])
    seen, unseen, partly = ours(graph)
    theirs = profiled(model, partly)
    same = model.count_params() == counts.params and theirs == seen
    verdict = f"{len(seen)} layers, all equal" if same else f"{len(seen)} layers, DIFFERENT"
    left = f"; {unseen} more that it does not see" if unseen else ""
    macs = f"{sum(seen):,} | {sum(theirs):,}"
    return f"| {path.stem} | {counts.params:,} | {model.count_params():,} | {macs} | {verdict}{left} |"


def main() -> None:
    """One row for each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="names of specs")
    parser.add_argument("--all", action="store_true", help="the longest too")
    given = parser.parse_args()
    print("| network | params | Keras | MACs | TensorFlow's profiler | |\n| --- | --: | --: | --: | --: | --- |")
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*.nn")):
            if (given.only and path.stem not in given.only) or (path.stem in LONG and not given.all):
                continue
            row = compared(path)
            if row is not None:
                print(row, flush=True)


if __name__ == "__main__":
    main()

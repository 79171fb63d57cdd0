"""`nnspec new`: a starting spec, small enough to read and complete enough to train."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nnspec.cli.output import Output
from nnspec.cli.usage import Parser, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NETWORK = """\
# A small convolutional net for 8 x 8 grey pictures. Edit it, then: nnspec check network.nn
param classes = 10
default Conv(kernel=3, padding=same, init=he_normal)

Input(8, 8, 1)
-> [(Conv(32 * 2^i) -> ReLU) x 2 -> MaxPool(2)] for i in range(2)  : (2, 2, 64)
-> FC(128, act=relu) -> Dropout(0.3)
-> FC(classes) -> Softmax

expect params <= 150K
"""

_TRAINING = """\
# How to train network.nn on scikit-learn's handwritten digits: nnspec train train.yaml
nnspec: 1
name: digits
network: {file: network.nn}
train:
  data: {source: sklearn/digits, split: [0.8, 0.1, 0.1], batch: 64}
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
  optimizer: {name: adam, learning_rate: 1e-3}
  epochs: 20
  seed: 1
"""

FILES = {"network.nn": _NETWORK, "train.yaml": _TRAINING}


def run(arguments: Sequence[str]) -> int:
    """Write the files, unless one of them is there."""
    parser = Parser(
        "new", "Write a starting spec: a network in arrow notation and a YAML file that trains it.",
        ("nnspec new first", "nnspec check first", "nnspec train first/train.yaml"),
    )  # fmt: skip
    parser.add_argument("folder", metavar="DIR", help="a folder, made where there is none")
    folder = parser.read(arguments).folder
    taken = [name for name in FILES if os.path.lexists(os.path.join(folder, name))]
    if taken:
        there = os.path.join(folder, taken[0])
        raise UsageError(f"{there} is there already, and is not written over; name another folder")
    if os.path.isfile(folder):
        raise UsageError(f"{folder} is a file; name a folder")
    try:
        os.makedirs(folder, exist_ok=True)
        for name, text in FILES.items():
            with open(os.path.join(folder, name), "x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{folder} cannot be written: {reason.lower()}") from None
    _next_steps(folder)
    return 0


def _next_steps(folder: str) -> None:
    output = Output.standard()
    safe = output.screen.safe
    for name in FILES:
        output.raw(f"wrote {safe(os.path.join(folder, name))}\n")
    output.raw(f"next: nnspec check {safe(folder)}\n")
    output.raw(f"      nnspec train {safe(os.path.join(folder, 'train.yaml'))}\n")

"""Finds an operator by its name or alias, importing only the family that holds it.

The table of names is `index.py`, which `python -m nnspec.derive` writes from the classes themselves.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any

from nnspec.ops.index import ALIASES, ELSEWHERE, OPERATORS


@cache
def find_operator(name: str) -> Any:
    """The operator class of this name or alias, or None."""
    name = ALIASES.get(name, name)
    family = OPERATORS.get(name)
    return None if family is None else getattr(import_module(f"nnspec.ops.{family}"), name)


#: What others put into a name that is taken from the tensor here.
_RANK = re.compile(r"[123][Dd]")


def named_elsewhere(name: str) -> str | None:
    """The operator that does what one of this name does in Keras, say, or None: `MaxPool2D`, `Concatenate`."""
    bare = _RANK.sub("", name, count=1)
    known = ELSEWHERE.get(name) or ELSEWHERE.get(_RANK.sub(lambda rank: rank[0].upper(), name)) or ELSEWHERE.get(bare)
    return known or (bare if bare != name and find_operator(bare) is not None else None)


def operator_names() -> list[str]:
    """All names and aliases, for suggestions and completion."""
    return [*OPERATORS, *ALIASES]


@cache
def shorthands(group: str) -> dict[str, str]:
    """The words of `norm=` or `act=` and the operators that they stand for; `dropout=` takes a rate, not a word."""
    if group == "dropout":
        return {"": "Dropout"}
    if group == "norm":
        return {
            "batch": "BatchNorm",
            "layer": "LayerNorm",
            "group": "GroupNorm",
            "instance": "InstanceNorm",
            "rms": "RMSNorm",
        }
    return {snake_case(name): name for name, family in OPERATORS.items() if family == "activation"}


#: A word of a name: one that has capitals inside, a run of capitals, or a capital and what follows it.
_WORD = re.compile(
    r"(?:[PR]?ReLU|SiLU|UNet|ResNet)[0-9]*|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+(?:(?<=[0-9])D)?|[A-Z]+[0-9a-z]*"
)


@cache
def snake_case(name: str) -> str:
    """`LeakyReLU` is `leaky_relu`, `FC` is `fc`, `GlobalAvgPool` is `global_avg_pool`, `ConvBN` is `conv_bn`."""
    return "_".join(_WORD.findall(name)).lower()

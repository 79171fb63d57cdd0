"""Random uses of every operator there is, from what the registry says of its arguments."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from nnspec.ops import kinds
from nnspec.ops.index import ALIASES, OPERATORS
from nnspec.ops.operator import REQUIRED, Operator
from nnspec.ops.registry import find_operator

NUMBERS = (
    "1",
    "1",
    "2",
    "2",
    "3",
    "4",
    "8",
    "16",
    "0",
    "-1",
    "0.5",
    "in.channels",
    "1/255",
    "(2, 2)",
    "[1, 0, 1]",
    "2^40",
    "none",
)
SUITED: dict[type[kinds.Kind[Any]], tuple[str, ...]] = {
    kinds.Flag: ("true", "true", "false", "1"),
    kinds.Real: ("0.1", "0.5", "0", "1", "-0.5", "1e-3", "1e400", "none"),
    kinds.Text: ('"a"', '""', "a"),
    kinds.Tensor: ("_", "in", "l1", "{ _ }"),
    kinds.PartName: ("Table", "S1", "Tower", "8"),
}


@cache
def names() -> tuple[str, ...]:
    """All names and aliases of operators, always in the same order."""
    return tuple(sorted([*OPERATORS, *ALIASES]))


def examples() -> list[str]:
    """The specs that operators give as examples of themselves, sound and faulty ones."""
    classes = [find_operator(name) for name in sorted(OPERATORS)]
    return [example.spec for made in classes for example in made.examples]


def any_operator(rng: Random, flow: str) -> str:
    """A stage with some operator; `flow` is what its braces hold, if it has some."""
    name = rng.choice(names())
    made: type[Operator] = find_operator(name)
    written: list[str] = []
    for declared in made.params.values():
        is_wanted = declared.default is REQUIRED
        if rng.random() < (0.95 if is_wanted else 0.4 if declared.positional else 0.12):
            value = _value(declared.kind, rng)
            by_name = not declared.positional or len(written) != list(made.params).index(declared.name)
            written.append(f"{declared.name}={value}" if by_name or rng.random() < 0.1 else value)
    arguments = f"({', '.join(written)})" if written else rng.choice(("", "", "()"))
    return f"{name}{arguments}{_braces(made, rng, flow)}"


def _value(kind: kinds.Kind[Any], rng: Random) -> str:
    inner: Any = getattr(kind, "kind", kind)
    words = list(inner.words)
    if words and rng.random() < 0.8:
        word = rng.choice(words)
        return word if rng.random() < 0.8 else f"{word}({rng.choice(NUMBERS)})"
    return rng.choice(SUITED.get(type(inner), NUMBERS))


def _braces(made: type[Operator], rng: Random, flow: str) -> str:
    if made.is_wrapper or made.adds_skip is not None:
        return f"{{ {flow} }}" if rng.random() < 0.95 else ""
    least, most = made.arity()
    if not made.is_merge and (least > 1 or (most != least and rng.random() < 0.3)):
        return f"{{ {' | '.join(['_'] * rng.choice((least, least + 1, least + 2)))} }}"
    return f"{{ _ | {flow} }}" if made.is_merge or rng.random() < 0.03 else ""

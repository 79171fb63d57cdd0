"""The exact domain of valid inputs: the printed conditions, beside trying sizes in numbers.

`NNSPEC_CASES=2000 pytest tests/program/test_domain.py` tries every size from 1 to 600 of that many random networks and
of every convolutional network in `specs/`; without it some sizes of a few are tried, those where something changes.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nnspec.compiler import with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.settings import inputs_of
from nnspec.record import replace
from nnspec.shapes.tensor import TensorType
from nnspec.syntax import tree
from nnspec.syntax.read import read_spec
from tests.program.domains import (
    MOST,
    NOT_IN_LETTERS,
    Sized,
    letters_of,
    others_of,
    read,
    wrong_figures,
    wrong_sizes,
)
from tests.program.random_cnns import draw

CASES = int(os.environ.get("NNSPEC_CASES", "60"))
SEED = int(os.environ.get("NNSPEC_SEED", "0"))
IS_WHOLE = "NNSPEC_CASES" in os.environ
AT_ONCE = 20
SPECS = Path(__file__).parents[2] / "specs"
LETTERS = {1: "T", 2: "T", 3: "HW", 4: "DHW"}


def tried_sizes(spec: Sized, letter: str, seed: int) -> list[int]:
    """All sizes, or those around the least, some small ones and some at random: both sides of what is promised."""
    if IS_WHOLE:
        return list(range(1, MOST + 1))
    own = [text for text in spec.symbolic.conditions if letters_of(text) == {letter}] if not spec.errors else []
    kept = [n for n in range(1, 300) if all(read(text, {letter: n}) for text in own)]
    edges = [n for n in kept if n - 1 not in kept][:3] + [n + 1 for n in kept if n + 1 not in kept][:3]
    near = [n + step for n in edges for step in (-1, 0)]
    return sorted({1, 2, 4, *near, *Random(seed).sample(range(3, 260), 6)} - {0})


def differing(spec: Sized, letter: str, seed: int) -> Iterator[str]:
    """What `check` says of one letter and is not so."""
    others = others_of(spec, letter)
    sizes = tried_sizes(spec, letter, seed)
    taken = [n for n in sizes if spec.takes({**others, letter: n})]
    yield from wrong_sizes(spec, letter, sizes, taken, others)
    if not spec.errors:
        for size in {*taken[:1], *taken[len(taken) // 2 :][:1], *taken[-1:]}:
            yield from wrong_figures(spec, {**others, letter: size})


@pytest.mark.parametrize("first", range(SEED, SEED + CASES, AT_ONCE))
def test_random_networks_take_what_is_promised_and_nothing_else(first: int) -> None:
    sound = 0
    for seed in range(first, first + AT_ONCE):
        text = draw(seed)
        spec = Sized.of(text)
        letter = spec.letters[seed % len(spec.letters)]
        wrong = with_deep_stack(lambda spec=spec, letter=letter, seed=seed: list(differing(spec, letter, seed)))
        assert not wrong, f"seed {seed}\n{text}" + "\n".join(wrong[:5])
        sound += not spec.errors
        gc.collect()
    assert sound >= AT_ONCE // 4, "nearly all of them are refused, so that little is compared"


def without_promises(node: Any) -> Any:
    """The same syntax without promises of shapes and costs, which hold for one size alone."""
    if isinstance(node, tuple):
        return tuple([without_promises(each) for each in node if not isinstance(each, tree.ExpectStatement)])
    if isinstance(node, tree.Promise):
        return without_promises(node.body)
    if not isinstance(node, tree.Node):
        return node
    changed = {name: without_promises(value) for name, value in node.__dict__.items() if name != "span"}
    return replace(node, **changed)


def in_letters(path: Path, *, alike: bool) -> Sized | None:
    """A network of the zoo with letters for its sizes, one for all or one for each; None for one of another kind."""
    syntax = without_promises(read_spec(str(path), Diagnostics()))
    names = [name for name, _ in inputs_of(syntax, None)]
    if len(names) != 1 or "Conv" not in path.read_text():
        return None
    numeric = Sized(syntax, {}).symbolic
    if numeric.errors or len(numeric.program.models) != 1:
        return None
    (tensor,) = numeric.model.inputs
    assert isinstance(tensor.type, TensorType)
    rank = tensor.type.rank
    letters = LETTERS[rank][0] * 3 if alike else LETTERS[rank]
    kept = tensor.type.shape[len(LETTERS[rank]) :]
    return Sized(
        syntax, {names[0]: (*letters[: len(LETTERS[rank])], *[size for size in kept if isinstance(size, int)])}
    )


ZOO = sorted(SPECS.rglob("*.nn"))


@pytest.mark.parametrize("alike", [False, True], ids=["each", "alike"])
@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_the_convolutional_networks_of_the_zoo(path: Path, alike: bool) -> None:
    spec = in_letters(path, alike=alike)
    if spec is None or spec.errors & NOT_IN_LETTERS:
        pytest.skip("not one network of convolutions, or one whose layers are as many as its inputs are long")
    for letter in spec.letters if IS_WHOLE else spec.letters[:1]:
        wrong = with_deep_stack(lambda letter=letter: list(differing(spec, letter, 1)))
        assert not wrong, "\n".join(wrong[:5])
    gc.collect()

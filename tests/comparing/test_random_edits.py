"""Random specs with one known edit: the difference is that edit, and Keras counts the same change of weights.

`NNSPEC_CASES=2000 pytest tests/comparing/test_random_edits.py` draws more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random

import pytest

from nnspec.backends.keras_build import build
from nnspec.comparing.difference import Difference, difference
from tests.comparing.edits import MARK, differ, inserted, marked, net, renamed, reordered
from tests.program.checking import Checked, check
from tests.program.random_specs import Op, Spec, draw

COUNT = int(os.environ.get("NNSPEC_CASES", "60"))
SEED = int(os.environ.get("NNSPEC_SEED", "1"))
SEEDS = range(SEED, SEED + COUNT)

NOISE = Op("GaussianNoise", ((None, str(MARK)),))
IDLE = (Op("Dropout", ((None, "0"),)), Op("DropPath", ((None, "0"),)), Op("Linear", ()))
NORM = Op("RMSNorm", (("epsilon", str(MARK)),))

#: Where there is more than one way to say it with as many words: `RMSNorm(e) -> RMSNorm` for `RMSNorm`, and twins.
AMBIGUOUS = 0.01


def sound() -> Iterator[tuple[int, Spec, Checked]]:
    for seed in SEEDS:
        spec = draw(seed)
        checked = check(str(spec))
        if not checked.errors:
            yield seed, spec, checked


def layers_with(checked: Checked, argument: str) -> int:
    """How many layers an edit came to: those that have its number."""
    operators = [layer.operator.layered()[-1] for layer in checked.graph.layers]
    found = [getattr(operator, argument, None) for operator in operators]
    return sum(value == MARK or (argument == "regularizer" and value is not None) for value in found)


def is_insertion(found: Difference, name: str, count: int) -> bool:
    signs = [(change.sign, f"{name}(" in change.either.text) for change in found.changes]
    return signs == [("+", True)] * count and not found.resized


@pytest.mark.parametrize(("stage", "argument"), [(NOISE, "std"), (NORM, "epsilon")], ids=["noise", "norm"])
def test_a_stage_put_in_is_what_was_added(stage: Op, argument: str) -> None:
    tried, otherwise = 0, []
    for seed, spec, old in sound():
        new = check(str(inserted(spec, Random(seed), stage)))
        if new.errors:
            continue
        tried += 1
        there, back = difference(net(old), net(new)), difference(net(new), net(old))
        assert there.new.totals.params - there.old.totals.params == new.counts.params - old.counts.params
        if not is_insertion(there, stage.name, layers_with(new, argument)):
            otherwise.append(seed)
        assert sorted(change.sign for change in back.changes) == sorted(
            {"+": "-", "-": "+", "~": "~"}[change.sign] for change in there.changes
        )
    assert tried >= COUNT / 2
    assert len(otherwise) <= max(1, AMBIGUOUS * tried), otherwise


def test_an_argument_changed_is_what_was_changed() -> None:
    tried, otherwise = 0, []
    for seed, spec, old in sound():
        edited = marked(spec, Random(seed))
        new = check(str(edited)) if edited is not None else old
        if edited is None or new.errors:
            continue
        tried += 1
        found = difference(net(old), net(new))
        said = [(c.sign, [each.name for each in c.arguments], c.rewired) for c in found.changes]
        if said != [("~", ["regularizer"], ())] * layers_with(new, "regularizer") or found.resized:
            otherwise.append(seed)
    assert tried >= COUNT / 3
    assert len(otherwise) <= max(1, AMBIGUOUS * tried), otherwise


def test_other_names_and_other_lines_are_no_difference() -> None:
    for seed, spec, _ in sound():
        assert differ(str(spec), renamed(str(spec))).is_none, seed


def test_the_order_of_what_is_added_up_is_no_difference() -> None:
    for seed, spec, old in sound():
        new = check(str(reordered(spec)))
        assert new.errors or difference(net(old), net(new)).is_none, seed


def test_layers_that_do_nothing_are_no_difference_and_hide_none() -> None:
    tried, otherwise = 0, []
    for seed, spec, old in sound():
        random = Random(seed)
        idle = spec
        for _ in range(random.randint(1, 4)):
            idle = inserted(idle, random, random.choice(IDLE))
        new = check(str(idle))
        edited = check(str(inserted(idle, random, NORM)))
        if new.errors or edited.errors:
            continue
        tried += 1
        assert difference(net(old), net(new)).is_none, seed
        assert difference(net(new), net(old)).is_none, seed
        found = [change for change in difference(net(old), net(edited)).changes if not change.either.is_idle]
        if [f"RMSNorm(epsilon={MARK})" in change.either.text for change in found] != [True] * layers_with(
            edited, "epsilon"
        ):
            otherwise.append(seed)
    assert tried >= COUNT / 3
    assert len(otherwise) <= max(1, AMBIGUOUS * tried), otherwise


def test_a_network_is_the_same_as_itself() -> None:
    for seed, _, checked in sound():
        assert difference(net(checked), net(checked)).is_none, seed


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_change_of_params_is_that_of_keras() -> None:
    tried = 0
    for seed, spec, old in sound():
        new = check(str(inserted(spec, Random(seed), NORM)))
        if new.errors or tried == 6:
            continue
        tried += 1
        found = difference(net(old), net(new))
        theirs = build(new.graph).count_params() - build(old.graph).count_params()
        assert found.new.totals.params - found.old.totals.params == theirs
        assert sum(change.either.params for change in found.changes) == theirs, seed
    assert tried == 6

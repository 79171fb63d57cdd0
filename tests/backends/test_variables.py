"""Names of variables in random programs: each name that is read still holds the value that was meant."""

import random

import pytest

from nnspec.backends.steps import Ledger, Slot, slots_in
from nnspec.backends.variables import RESERVED, Naming
from nnspec.calls import Call

LABELS = ["x", "e1", "branch", "branch_2", "shortcut", "x_2", "keras", "E1", "inputs", "trunk", "skip"]


def random_ledger(source):
    ledger, hints, merges = Ledger({}), {}, set()
    inputs = [ledger.add(Call("keras.Input"), 0, [None])[0] for _ in range(source.randint(1, 3))]
    for _ in range(source.randint(1, 40)):
        slots = range(len(ledger.types))
        recent = source.random() < 0.6
        read = [slots[-1]] if recent else [source.choice(slots) for _ in range(source.randint(1, 4))]
        if len(read) > 1:
            merges.add(len(ledger.steps))
        ledger.add(Call("f", tuple(map(Slot, read))), 0, [None] * source.choice([1, 1, 1, 2, 3]))
    for slot in range(len(ledger.types)):
        if source.random() < 0.2:
            hints[slot] = source.choice(LABELS)
    outputs = [Slot(source.randrange(len(ledger.types))) for _ in range(source.randint(1, 3))]
    return ledger, hints, merges, inputs, outputs


@pytest.mark.parametrize("seed", range(300))
def test_no_value_is_overwritten_that_is_still_wanted(seed):
    ledger, hints, merges, inputs, outputs = random_ledger(random.Random(seed))
    names = Naming(ledger, hints, merges, inputs, outputs).names()
    held = {}
    for step in ledger.steps:
        assert all(held[names[slot]] == slot for slot in slots_in(step.value))
        written = [names[out.index] for out in step.outs if names[out.index] != "_"]
        assert len(set(written)) == len(written)
        held.update((names[out.index], out.index) for out in step.outs)
    assert all(held[names[slot.index]] == slot.index for slot in (*inputs, *outputs) if names[slot.index] != "_")
    assert not set(names) - {"_"} & RESERVED

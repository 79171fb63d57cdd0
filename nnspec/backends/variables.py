"""Names of variables: a running `x` along a chain, a name of its own for what lives longer.

Names are given in the order of the statements, each free again once its value has been read for the
last time; so no value is ever overwritten that is still wanted, whatever the names are.
"""

from __future__ import annotations

import builtins
import keyword
import re
from itertools import accumulate
from typing import TYPE_CHECKING

from nnspec.backends.steps import Ledger, Made, Slot, slots_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Names that mean something in a generated file, beside Python's own.
RESERVED = frozenset({
    *keyword.kwlist, *keyword.softkwlist, *dir(builtins), "keras", "np", "pd", "tf", "plt", "sys", "os", "json", "math",
    "numpy", "tensorflow", "jax", "torch", "main", "self",
})  # fmt: skip


def variable_name(name: str) -> str:
    """The nearest name for a variable: ASCII, lower case, and nothing that means something already."""
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "tensor"
    if plain[0].isdigit():
        plain = f"t{plain}"
    return f"{plain}_" if plain in RESERVED or plain.startswith("build_") else plain


class Naming:
    """Gives each slot of a ledger its variable.

    `hints` are the names that the spec gives tensors, `merges` the steps that merge tensors; `inputs`
    and `outputs` are still wanted after the last step.
    """

    def __init__(
        self,
        ledger: Ledger,
        hints: Mapping[int, str],
        merges: set[int],
        inputs: Sequence[Slot],
        outputs: Sequence[Slot],
    ) -> None:
        self.ledger = ledger
        self.hints = hints
        self.readers: list[list[int]] = [[] for _ in ledger.types]
        for index, step in enumerate(ledger.steps):
            for slot in slots_in(step.value):
                self.readers[slot].append(index)
        for output in outputs:
            self.readers[output.index].append(len(ledger.steps))
        self.inputs = {slot.index for slot in inputs}
        self.merges = merges
        #: How many tensors there are before each step: making a layer that is kept comes between none.
        self.turns = list(accumulate((not isinstance(step.value, Made) for step in ledger.steps), initial=0))
        self._until: dict[str, int] = {}  # the step that reads a name's value for the last time

    def names(self) -> list[str]:
        """The variable of each slot."""
        found = [""] * len(self.ledger.types)
        for index, step in enumerate(self.ledger.steps):
            for slot in step.outs:
                found[slot.index] = self._name(slot.index, index)
        return found

    def _name(self, slot: int, step: int) -> str:
        readers = self.readers[slot]
        if not readers:
            return "_"
        wanted, number = self.hints.get(slot), 1
        if wanted is None:
            wanted, number = self._role(slot, step)
        return self._free(wanted, number, step, len(self.ledger.steps) if slot in self.inputs else max(readers))

    def _free(self, wanted: str, number: int, step: int, until: int) -> str:
        """The name, or the name with the first number that no living value has."""
        name = variable_name(wanted if number == 1 else f"{wanted}_{number}")
        while self._until.get(name, -1) > step:
            number += 1
            name = variable_name(f"{wanted}_{number}")
        self._until[name] = until
        return name

    def _role(self, slot: int, step: int) -> tuple[str, int]:
        """What a tensor without a name of its own is called, by what reads it and when."""
        readers = self.readers[slot]
        merges = [reader for reader in readers if reader in self.merges]
        if merges and len(merges) == len(set(readers)):
            operands = slots_in(self.ledger.steps[merges[0]].value)
            if len(operands) > 2:
                return "branch_1" if operands[0] == slot else "branch", operands.index(slot) + 1
            return ("x", 1) if self._is_next(step, readers) else ("branch", 1)
        if self._is_next(step, readers):
            return "x", 1
        if merges:
            return ("shortcut" if self._keeps_type(slot, merges[0]) else "skip"), 1
        return "trunk", 1

    def _is_next(self, step: int, readers: Sequence[int]) -> bool:
        """Whether a step's value is read by the next one alone."""
        return len(set(readers)) == 1 and self.turns[readers[0]] == self.turns[step] + 1

    def _keeps_type(self, slot: int, merge: int) -> bool:
        outs = self.ledger.steps[merge].outs
        return len(outs) == 1 and self.ledger.types[outs[0].index] == self.ledger.types[slot]

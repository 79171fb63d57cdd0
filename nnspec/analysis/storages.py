"""The storages of one region while it is walked: which are alive, which are kept, and what leaves with the results.

Numbers below 0 are storages from outside, 0 is that of the weights. It knows tensors, and no step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from nnspec.ops.tape import WEIGHTS, Held, Tape
from nnspec.record import Record, replace
from nnspec.shapes.dim import Dim, lower, maximum, total

MOST_COMPARED = 12  # sizes with symbols that are held against each other


class Leaving(Record):
    """A storage that came into being in a region and leaves it."""

    number: int
    size: Dim
    is_kept: bool


class Walked(Record):
    """What a region did with what arrived.

    Units: bytes of the whole batch; `live` counts what arrived too.
    """

    results: Mapping[int, Held]
    kept_inside: Dim
    kept_arrived: tuple[int, ...]
    leaving: tuple[Leaving, ...]
    live: Dim
    held: Dim
    flowing: Dim


class Largest:
    """The largest of sizes, some of which may be symbolic."""

    def __init__(self) -> None:
        self.number = 0
        self.others: list[Dim] = []

    def add(self, size: Dim) -> None:
        """One more of them."""
        if isinstance(size, int):
            self.number = max(self.number, size)
        elif size not in self.others:
            if len(self.others) < MOST_COMPARED:
                if any(_is_least(other - size) for other in self.others):
                    return
                self.others = [other for other in self.others if not _is_least(size - other)]
            self.others.append(size)

    def largest(self) -> Dim:
        """The largest."""
        return maximum(self.number, *self.others) if self.others else self.number


def _is_least(difference: Dim) -> bool:
    least = lower(difference)
    return least is not None and least >= 0


class Ledger:
    """Counts the storages of a region; those from outside that are `pinned` are needed after it too."""

    def __init__(self, tape: Tape, sizes: Sequence[Dim], pinned: frozenset[int]) -> None:
        self.tape = tape
        self.tape.sizes.update((-1 - at, size) for at, size in enumerate(sizes))
        self.outside = len(sizes)
        self.pinned = pinned
        self.needs: dict[int, int] = {}  # by storage, the wires of it that are still to be read, or leave
        self.now = total([*sizes])  # what is alive
        self.live = Largest()
        self.live.add(self.now)
        self.kept: Dim = 0  # of storages of its own
        self.held: Dim = 0  # of those that are kept or come out of a layer
        self.is_kept: dict[int, None] = {}

    @staticmethod
    def largest() -> Largest:
        """A largest of sizes, to begin with."""
        return Largest()

    # What is alive.

    def need(self, storage: int) -> None:
        """One more wire has this storage."""
        if not self.needs.get(storage) and storage > WEIGHTS:
            self.now = self.now + self.tape.sizes[storage]
        self.needs[storage] = self.needs.get(storage, 0) + 1

    def read(self, storage: int) -> None:
        """A wire of this storage is needed no more."""
        self.needs[storage] -= 1
        if not self.needs[storage] and storage not in self.pinned and storage != WEIGHTS:
            self.now = self.now - self.tape.sizes[storage]

    def look(self) -> None:
        """Note what is alive now."""
        self.live.add(self.now)

    def dying(self, storages: Iterable[int]) -> frozenset[int]:
        """The storages that nobody needs once these wires of them are read."""
        reads = list(storages)
        return frozenset([each for each in reads if self.needs[each] == reads.count(each) and each not in self.pinned])

    @contextmanager
    def lent(self, storages: frozenset[int]) -> Iterator[None]:
        """While it lasts these are nobody's but those who hand them on."""
        size = total([self.tape.sizes[storage] for storage in storages])
        self.loose = storages
        self.now = self.now - size
        yield
        self.now = self.now + size
        self.loose = frozenset()

    loose: frozenset[int] = frozenset()

    def is_loose(self, storage: int) -> bool:
        """Whether a storage is handed from turn to turn, and else needed by nobody."""
        return storage in self.loose or not (self.needs.get(storage) or storage in self.pinned or storage == WEIGHTS)

    # What is kept.

    def hold(self, first: int, outputs: Sequence[Held]) -> None:
        """Count the storages from this number on that are kept, or come out of a layer."""
        found = {storage for storage in (*self.tape.kept, *(each.storage for each in outputs)) if storage >= first}
        self.held = total([self.held, *[self.tape.sizes[storage] for storage in found]])

    def settle(self) -> None:
        """Count what the tape noted."""
        for storage in self.tape.kept:
            if storage not in self.is_kept:
                self.is_kept[storage] = None
                if storage > WEIGHTS:
                    self.kept = self.kept + self.tape.sizes[storage]
        self.tape.kept.clear()

    def forget(self, storages: Iterable[int]) -> None:
        """Nobody will keep these again."""
        for storage in storages:
            if storage > WEIGHTS:
                self.is_kept.pop(storage, None)

    def state(self, carried: Sequence[Held | None], fixed: Iterable[int]) -> tuple[object, ...]:
        """How the next turn of a repeat finds what is carried on, and what is `fixed`: equal where it does the same."""
        numbers: dict[int, int] = {}
        found: list[object] = []
        for held in carried:
            if held is None:
                found.append(None)
                continue
            storage = held.storage
            if storage in self.needs or storage <= WEIGHTS:
                found.append((held, storage in self.is_kept))
            else:
                number = numbers.setdefault(storage, len(numbers))
                found.append((replace(held, storage=number), self.tape.sizes[storage], storage in self.is_kept))
        return (*found, frozenset([storage for storage in fixed if storage in self.is_kept]))

    # Regions inside.

    def enter(self, walked: Walked, storages: Sequence[int]) -> dict[int, Held]:
        """The tensors that leave a region inside, by its wires; `storages` are those that it calls -1, -2, …"""
        given = total([self.tape.sizes[each] for each in storages if not self.is_loose(each)])
        self.live.add(self.now - given + walked.live)
        self.kept = self.kept + walked.kept_inside
        self.held = self.held + walked.held
        numbers: dict[int, int] = {WEIGHTS: WEIGHTS}
        numbers.update((-1 - at, storage) for at, storage in enumerate(storages))
        self.tape.kept.update(dict.fromkeys([numbers[each] for each in walked.kept_arrived]))
        for leaving in walked.leaving:
            numbers[leaving.number] = number = len(self.tape.sizes)
            self.tape.sizes[number] = leaving.size
            if leaving.is_kept:
                self.tape.kept[number] = None
        return {wire: replace(held, storage=numbers[held.storage]) for wire, held in walked.results.items()}

    def close(self, results: Mapping[int, Held], flowing: Dim) -> Walked:
        """What came of the region."""
        numbers = sorted({held.storage for held in results.values() if held.storage > WEIGHTS})
        leaving = tuple([Leaving(each, self.tape.sizes[each], each in self.is_kept) for each in numbers])
        inside = self.kept - total([each.size for each in leaving if each.is_kept])
        arrived = tuple(sorted([storage for storage in self.is_kept if storage < WEIGHTS]))
        return Walked(results, inside, arrived, leaving, self.live.largest(), self.held, flowing)


def renumbered(given: Mapping[int, Held]) -> tuple[dict[int, Held], list[int]]:
    """Tensors with their storages called -1, -2, … in order, and what these were."""
    storages = list(dict.fromkeys([held.storage for held in given.values() if held.storage != WEIGHTS]))
    numbers = {storage: -1 - at for at, storage in enumerate(storages)}
    return {place: replace(held, storage=numbers.get(held.storage, WEIGHTS)) for place, held in given.items()}, storages

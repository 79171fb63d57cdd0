"""What a network costs: parameters, multiply-adds, layers and activation bytes, by rules one can check by hand.

Counted over regions, each once for the outputs wanted of it, so a repeat costs one look whatever
its count. The conventions are those of the language page: every weight, each shared set once, and
only what reaches an output.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, TypeAlias

from nnspec.ops.dtypes import bytes_of
from nnspec.ops.operator import Operator
from nnspec.program.liveness import Liveness, Turns, Wires
from nnspec.program.places import Place, Places
from nnspec.program.program import CallStep, Model, OperatorStep, Region, Step
from nnspec.record import Record, replace
from nnspec.shapes.dim import Dim, maximum, product, recording, total
from nnspec.shapes.tensor import TensorType

#: What is wanted of a shared part at its uses.
Uses: TypeAlias = "frozenset[tuple[Region, Wires]]"

#: A step that takes part in some use of a shared part.
Taking: TypeAlias = "tuple[Region, Step, tuple[Turns, ...]]"


class Cost(Record):
    """Costs that add: of a region, a block, or a whole model. Sizes may be symbolic.

    Units: `params` and `trainable_params` are numbers, `macs` multiply-adds for one example, `layers`
    operator applications, `activation_bytes` the bytes of all layers' outputs for one example.
    `shared` has the uses of shared parts, by owner: their weights are still to be counted, each once, and those of
    the shared parts in them.
    """

    params: Dim = 0
    trainable_params: Dim = 0
    macs: Dim = 0
    layers: int = 0
    activation_bytes: Dim = 0
    shared: tuple[tuple[str, Uses], ...] = ()

    @classmethod
    def sum(cls, costs: Iterable[tuple[Cost, int]]) -> Cost:
        """So many times each; a shared set counts once."""
        added = list(costs)
        if len(added) == 1 and added[0][1] == 1:
            return added[0][0]
        shared: dict[str, Uses] = {}
        for cost, _ in added:
            for owner, uses in cost.shared:
                known = shared.setdefault(owner, uses)
                if known is not uses and not uses <= known:
                    shared[owner] = known | uses
        return cls(
            total(cost.params * times for cost, times in added),
            total(cost.trainable_params * times for cost, times in added),
            total(cost.macs * times for cost, times in added),
            sum(cost.layers * times for cost, times in added),
            total(cost.activation_bytes * times for cost, times in added),
            tuple(shared.items()),
        )


class Costs:
    """Costs of regions, remembered."""

    def __init__(self, liveness: Liveness | None = None) -> None:
        self.liveness = liveness or Liveness()
        self.places = Places()
        self._known: dict[tuple[Region, Wires], Cost] = {}
        self._united: dict[Uses, tuple[Dim, Dim]] = {}
        self._shared: dict[Uses, list[tuple[str, Uses]]] = {}  # parts used by shared parts

    def model(self, model: Model) -> Cost:
        """The cost of a whole model, the weights of shared parts in it."""
        cost = self.region(model.region, frozenset(model.region.results))
        shared = [self._together(uses) for uses in self._all_shared(cost).values()]
        return replace(
            cost,
            params=total([cost.params, *[params for params, _ in shared]]),
            trainable_params=total([cost.trainable_params, *[trainable for _, trainable in shared]]),
            shared=(),
        )

    def parts(self, model: Model) -> dict[str, tuple[Dim, Dim]]:
        """The weights of each shared part by its owner, and those of them that are trained; each part's own alone."""
        cost = self.region(model.region, frozenset(model.region.results))
        return {owner: self._together(uses) for owner, uses in self._all_shared(cost).items()}

    def _all_shared(self, cost: Cost) -> dict[str, Uses]:
        """The uses of each shared part, of those in shared parts as well."""
        found: dict[str, Uses] = {}
        todo = list(cost.shared)
        while todo:
            owner, uses = todo.pop()
            known = found.get(owner)
            if known is not None and (known is uses or uses <= known):
                continue
            found[owner] = uses if known is None else known | uses
            inner = self._shared.get(uses)
            if inner is None:
                inner = [pair for region, wanted in uses for pair in self.region(region, wanted).shared]
                self._shared[uses] = inner
            todo += inner
        return found

    def region(self, region: Region, wanted: Wires) -> Cost:
        """The cost of what a region does for the wires wanted of it."""
        key = (region, wanted)
        if key not in self._known:
            steps = self.liveness.of(region, wanted).steps
            self._known[key] = Cost.sum([(self._step(region, step, entered), 1) for step, entered in steps])
        return self._known[key]

    def _step(self, region: Region, step: Step, entered: tuple[Turns, ...]) -> Cost:
        if isinstance(step, OperatorStep):
            return operator_cost(
                step.operator,
                [region.types[wire] for wire in step.operands],
                [region.types[wire] for wire in step.outputs],
            )
        cost = Cost.sum([(self.region(turns.region, turns.wanted), turns.count) for turns in entered])
        if isinstance(step, CallStep) and step.owner is not None:
            own = (step.owner, _uses([entered]))
            return Cost(0, 0, cost.macs, cost.layers, cost.activation_bytes, (own,))
        return cost

    def _together(self, uses: Uses) -> tuple[Dim, Dim]:
        """The weights of a part of which several uses want different things: each weight that takes part in some."""
        if uses not in self._united:
            found: dict[tuple[Place, type], list[Taking]] = {}
            for region, wanted in uses:
                places = self.places.of(region)
                for step, entered in self.liveness.of(region, wanted).steps:
                    found.setdefault((places[id(step)], type(step)), []).append((region, step, entered))
            sizes = [self._united_step(taking) for taking in found.values()]
            self._united[uses] = (total(params for params, _ in sizes), total(trainable for _, trainable in sizes))
        return self._united[uses]

    def _united_step(self, taking: list[Taking]) -> tuple[Dim, Dim]:
        """The weights of the steps written in one place."""
        _, step, _ = taking[0]
        if isinstance(step, OperatorStep):
            costs = [self._step(*each) for each in taking]
            return _largest([cost.params for cost in costs]), _largest([cost.trainable_params for cost in costs])
        if isinstance(step, CallStep):
            return (0, 0) if step.owner is not None else self._together(_uses([entered for *_, entered in taking]))
        return self._united_turns([entered for *_, entered in taking])

    def _united_turns(self, runs: list[tuple[Turns, ...]]) -> tuple[Dim, Dim]:
        """The weights of a repeat: turn by turn, counted from the last, what some use wants of it."""
        ends: dict[int, None] = {0: None}
        spans: list[tuple[int, int, Turns]] = []
        for entered in runs:
            end = 0
            for turns in reversed(entered):
                spans.append((end, end + turns.count, turns))
                end += turns.count
                ends[end] = None
        params: list[Dim] = []
        trainable: list[Dim] = []
        for start, end in pairwise(sorted(ends)):
            here = _uses([(turns,) for first, last, turns in spans if first <= start and end <= last])
            sizes = self._together(here)
            params.append(sizes[0] * (end - start))
            trainable.append(sizes[1] * (end - start))
        return total(params), total(trainable)


def _uses(entered: list[tuple[Turns, ...]]) -> Uses:
    return frozenset([(turns.region, turns.wanted) for (turns,) in entered])


def _largest(sizes: list[Dim]) -> Dim:
    different = list(dict.fromkeys(sizes))
    return different[0] if len(different) == 1 else maximum(*different)


def operator_cost(operator: Operator, inputs: list[Any], outputs: list[Any]) -> Cost:
    """The cost of one application of an operator."""
    with recording():  # of conditions on open sizes, which elaboration knows already
        weights = [(product(weight.shape), weight.trainable) for weight in operator.weights(*inputs)]
        macs = operator.macs(*inputs, outputs[0] if len(outputs) == 1 else tuple(outputs))
    return Cost(
        total([size for size, _ in weights]),
        total([size for size, trainable in weights if trainable]),
        macs,
        1 if operator.is_layer else 0,
        total([type_bytes(type) for type in outputs]) if operator.is_layer else 0,
    )


def type_bytes(type: TensorType) -> Dim:
    """The bytes of one example of a tensor."""
    return type.size * bytes_of(type.dtype)

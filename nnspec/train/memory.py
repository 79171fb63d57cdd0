"""How many bytes a training step takes: weights, gradients, what the optimiser keeps, and what the network keeps.

Between the analysis of a network's tensors and the tables of optimisers; it knows neither operators nor commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.analysis.memory import Kept, activations
from nnspec.analysis.quantities import count
from nnspec.ops.dtypes import bytes_of
from nnspec.record import Record
from nnspec.shapes.dim import maximum
from nnspec.train.optimizers import OPTIMIZERS
from nnspec.train.section import Training
from nnspec.train.sources import DataSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.program.program import Model
    from nnspec.shapes.dim import Dim


class Step(Record):
    """What a training step hangs on: so many examples, a precision, and an optimiser with its arguments for Keras."""

    batch: int
    precision: str
    optimizer: str
    arguments: Mapping[str, Any] = {}

    @property
    def compute(self) -> str:
        """The dtype that layers compute in."""
        return self.precision.removeprefix("mixed_")

    @property
    def stored(self) -> str:
        """The dtype of weights: under a mixed precision they stay float32."""
        return "float32" if self.precision.startswith("mixed_") else self.precision

    @property
    def slots(self) -> int:
        """How many numbers the optimiser keeps for each weight that it changes."""
        optimizer = OPTIMIZERS[self.optimizer]
        defaults = {setting.keras: setting.default for setting in optimizer.settings.values()}
        return optimizer.slots({**defaults, **optimizer.fixed, **self.arguments})


class StepMemory(Record):
    """The memory of a network at work.

    `live` is the most of tensors that is there at once when the network is applied, `kept` what a training step keeps
    of them for the way back, `held` that and the outputs of all layers, which Keras lets go only then, `flowing` the
    most that their gradients take on it. `slots` are the optimiser's, `scratch` is what its update needs.
    Units: bytes.
    """

    step: Step
    weights: Dim
    gradients: Dim
    slots: Dim
    scratch: Dim
    live: Dim
    kept: Dim
    held: Dim
    flowing: Dim
    stages: tuple[Kept, ...]

    @property
    def inference(self) -> Dim:
        """What it takes to apply the network: weights, and tensors."""
        return self.weights + self.live

    @property
    def training(self) -> Dim:
        """What lies there when the way back begins: weights, gradients, slots, and what was kept."""
        return self.weights + self.gradients + self.slots + self.kept

    @property
    def peak(self) -> Dim:
        """The most that a step takes: beside weights, gradients and slots the most of what comes one after the other.

        What is held when the forward pass ends, what was kept with gradients on their way, the scratch of the update.
        """
        lasting = self.weights + self.gradients + self.slots
        return lasting + maximum(self.held, self.kept + self.flowing, self.scratch)


def step_memory(model: Model, step: Step) -> StepMemory:
    """The memory of a model whose outputs are known. Nested blocks need a deep stack."""
    counts = count(model)
    stored = bytes_of(step.stored)
    gradients = counts.trainable_params * stored
    tensors = activations(model, step.batch, step.compute, casts_weights=step.compute != step.stored)
    return StepMemory(
        step, counts.params * stored, gradients, gradients * step.slots,
        gradients * OPTIMIZERS[step.optimizer].scratch,
        tensors.live, tensors.kept, tensors.held, tensors.flowing, tensors.stages,
    )  # fmt: skip


def step_of(training: Training | None) -> Step:
    """The step that a `train` section describes; without one, that of a section which says nothing of it."""
    if training is None:
        pick, precision = Training.keys["optimizer"].default, Training.keys["precision"].default
        return Step(DataSettings.keys["batch"].default, precision, pick.word)
    return Step(training.data.batch, training.precision, training.optimizer.word, training.optimizer.arguments)

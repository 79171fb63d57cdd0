"""The `train` section of a program, with the command line's `--set train.…` in it, read and checked; opens no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.program.settings import model_name
from nnspec.record import replace
from nnspec.train.check import check_training
from nnspec.train.command import training_of

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.program.program import Program
    from nnspec.train.section import Training


def check_train_section(program: Program, sets: tuple[tuple[str, str], ...], found: Diagnostics) -> Training | None:
    """The training of a program, where it has one without faults of its own; what is wrong is reported."""
    training = training_of(program.tree, sets, found)
    trained = trained_program(program)
    if training is not None and trained.models and trained.models[0].is_known:
        check_training(training, trained.models[0], found)
    return training


def trained_program(program: Program) -> Program:
    """The program with the one model that is trained: of several, that which the file is named after, or the first."""
    own = model_name(program.tree)
    models = [model for model in program.models if model.name == own] or list(program.models)
    return replace(program, models=tuple(models[:1]))

"""`nnspec summary --memory`: what a network takes at work and in a training step, stage by stage and in total.

A part of that command; it loads no framework.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from nnspec.cli.figures import memory
from nnspec.cli.options import verify
from nnspec.cli.usage import UsageError
from nnspec.deep_stack import with_deep_stack
from nnspec.record import replace
from nnspec.shapes.dim import total

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from nnspec.cli.usage import Parser
    from nnspec.diagnostics.screen import Screen
    from nnspec.program.program import Model, Program
    from nnspec.shapes.dim import Dim
    from nnspec.source import Span
    from nnspec.train.memory import Step, StepMemory

_STAGES = ("stage", "kept")
_TOTALS = ("memory", "applied", "trained")
_LONGEST = 56  # characters of a cell: a stage as it is written, a formula


def add_memory_options(parser: Parser) -> None:
    """Add what says how much is trained at once, and how."""
    group = parser.add_argument_group("memory")
    group.add_argument(
        "--memory", action="store_true", help="add what tensors, weights and the optimiser take, in bytes"
    )
    group.add_argument("--batch", metavar="N", help="examples at once: --batch 64 (as `train` says, or 32)")
    group.add_argument("--optimizer", metavar="NAME", help="the optimiser: --optimizer sgd (as `train` says, or adam)")
    group.add_argument(
        "--precision", metavar="P", help="what is computed in: --precision mixed_bfloat16 (as `train` says, or float32)"
    )


def step_options(
    options: argparse.Namespace, program: Program | None, sets: tuple[tuple[str, str], ...]
) -> Step | None:
    """The training step that the options ask about; None without `--memory`.

    Raises: UsageError.
    """
    given = [name for name in ("batch", "optimizer", "precision") if getattr(options, name) is not None]
    if not options.memory:
        if given:
            raise UsageError(f"`--{given[0]}` goes with `--memory`; add that")
        return None
    from nnspec.train.memory import step_of  # only those who ask for memory pay for it
    from nnspec.train.optimizers import OPTIMIZERS
    from nnspec.train.section import PRECISIONS

    step = step_of(_training(program, sets))
    if options.batch is not None:
        step = replace(step, batch=_batch(options.batch))
    if options.optimizer is not None:
        verify("--optimizer", options.optimizer, tuple(OPTIMIZERS))
        if options.optimizer != step.optimizer:
            step = replace(step, optimizer=options.optimizer, arguments=OPTIMIZERS[options.optimizer].fixed)
    if options.precision is not None:
        verify("--precision", options.precision, tuple(PRECISIONS.words))
        step = replace(step, precision=options.precision)
    return step


def _training(program: Program | None, sets: tuple[tuple[str, str], ...]) -> Any:
    """The `train` section; what is wrong with it was reported."""
    if program is None or (program.tree.sections is None and not any(path.startswith("train.") for path, _ in sets)):
        return None
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.train.command import training_of

    return training_of(program.tree, sets, Diagnostics())


def _batch(text: str) -> int:
    if not text.isdecimal() or not 1 <= len(text) <= 12 or int(text) < 1:
        raise UsageError(f"`--batch` takes a whole number of examples, such as `--batch 64`, not `{text}`")
    return int(text)


def memory_of(model: Model, step: Step) -> StepMemory:
    """The memory of a model.

    Raises: UsageError, where it is too long a formula of sizes that are open.
    """
    from nnspec.shapes.dim import DimTooLarge
    from nnspec.train.memory import step_memory

    try:
        return with_deep_stack(lambda: step_memory(model, step))
    except DimTooLarge:
        raise UsageError(
            f"the memory of {model.name} is too long a formula of its open sizes; give them with `--input`, "
            "such as `--input 224,224,3`"
        ) from None


def memory_lines(found: StepMemory, screen: Screen, width: int | None, *, markdown: bool) -> Iterator[str]:
    """What each stage keeps, and the totals, as tables."""
    from nnspec.cli.table import markdown_table, text_table

    step = found.step
    yield f"memory at batch {step.batch:,}, {step.precision}, {step.optimizer}"
    yield ""
    right = frozenset((1, 2))
    for head, rows in ((_STAGES, _stages(found)), (_TOTALS, _totals(found))):
        if markdown:
            yield from markdown_table(head, rows, right)
        else:
            yield from text_table(head, [tuple(map(_brief, row)) for row in rows], right, screen, width, ())
        if head is _STAGES:
            yield ""
    if not markdown and any(len(cell) > _LONGEST for row in _totals(found) for cell in row):
        yield ""
        yield screen.safe("(formulas of open sizes are cut short here; `--format json` has them whole)")


def _stages(found: StepMemory) -> list[tuple[str, ...]]:
    return [(text, memory(size)) for text, size, _ in _written(found)]


def _written(found: StepMemory) -> list[tuple[str, Dim, Span]]:
    """The stages as they are written, in one line each, with what all that one of them stands for keeps."""
    stages = groupby(found.stages, key=lambda kept: kept.step.span)
    return [
        (" ".join(span.text.split()), total([kept.bytes for kept in all_of_it]), span) for span, all_of_it in stages
    ]


def _brief(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _totals(found: StepMemory) -> list[tuple[str, ...]]:
    slots = found.step.slots
    return [
        ("weights", memory(found.weights), memory(found.weights)),
        ("tensors, alive at once or kept", memory(found.live), memory(found.kept)),
        ("gradients of weights", "", memory(found.gradients)),
        (f"{found.step.optimizer}, {slots} for each weight", "", memory(found.slots)),
        ("in all", memory(found.inference), memory(found.training)),
        ("at most in a step", "", memory(found.peak)),
    ]


def memory_rows(found: StepMemory) -> list[tuple[str, ...]]:
    """What each stage keeps, for CSV."""
    return [(text, str(size)) for text, size, _ in _written(found)]


def memory_data(found: StepMemory, path: str) -> dict[str, Any]:
    """The same as JSON has it; bytes, as strings where sizes are open."""
    from nnspec.cli.document import dim_data
    from nnspec.diagnostics.json import span_data

    step = found.step
    names = (
        "weights", "gradients", "slots", "scratch", "live", "kept", "held", "flowing", "inference", "training", "peak",
    )  # fmt: skip
    return {
        "batch": step.batch,
        "precision": step.precision,
        "optimizer": step.optimizer,
        **{f"{name}_bytes": dim_data(getattr(found, name)) for name in names},
        "stages": [
            {"stage": text, "kept_bytes": dim_data(size), "span": span_data(span, path)}
            for text, size, span in _written(found)
        ],
    }

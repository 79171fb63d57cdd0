"""`nnspec train` without the command line: from a program and its training to a run folder.

The command reads options and renders what was found; everything between is here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import training as codes
from nnspec.program.settings import Settings
from nnspec.source import SourceFile, Span
from nnspec.syntax.tree import DataMapping, Tree
from nnspec.train.override import override
from nnspec.train.section import Training, read_training, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nnspec.calls import Assign
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.program.program import Model, Program
    from nnspec.train.fitting import Fitting


_AS_WRITTEN = Settings()
CANNOT = 2  # the exit status of a command that could not be carried out


def training_of(tree: Tree, sets: Iterable[tuple[str, str]], found: Diagnostics) -> Training | None:
    """The training of a spec, with the `--set train.…=…` among `sets`; None where it has none, or faults.

    Faults are reported; a spec without a `train` section has none.
    """
    section = section_of(tree, sets, found)
    return None if section is None else read_training(section, found)


def section_of(tree: Tree, sets: Iterable[tuple[str, str]], found: Diagnostics) -> DataMapping | None:
    """The `train` section with the command line's values in it, unread; None where there is none, or it is none."""
    section = tree.sections.get("train") if tree.sections is not None else None
    if section is not None and not isinstance(section, DataMapping):
        found.report(
            codes.NOT_TRAINABLE, "`train` expects a mapping", section.span, help="write `train: {data: …, loss: …}`"
        )
        return None
    for path, text in sets:
        if path.split(".")[0] == "train":
            head = f"--set {path}="
            place = Span(SourceFile("<command line>", head + text), len(head), len(head + text))
            section = override(section, path, text, place, found)
    return section


def train_program(
    program: Program,
    training: Training,
    found: Diagnostics,
    write: Callable[[str], None],
    *,
    folder: str | None = None,
    resume: str | None = None,
    command: str = "nnspec train",
    settings: Settings = _AS_WRITTEN,
) -> int:
    """Train the first model of a program; lines of progress go to `write`, faults to `found`.

    `folder` is the run folder to make, `resume` one to continue, `command` what is noted as having run
    with the command line's `settings`. Returns the exit status: 0, 1, 2 where the run's folder cannot be used, or 130.
    """
    from nnspec.train.report import Report
    from nnspec.train.resolved import resolved_files
    from nnspec.train.run_folder import make_folder, one_line, open_run
    from nnspec.train.runner import prepare, train

    if not program.models:
        found.report(codes.NOT_TRAINABLE, "the spec has no network to train", program.tree.span)
        return 1
    model = program.models[0]
    spec_folder = os.path.dirname(program.tree.file.path)
    prepared = prepare(training, model, spec_folder, found)
    if prepared is None:
        return 1
    option, value = ("--resume", resume) if resume is not None else ("-o", folder or "")
    text = f"{option} {value}"
    span = Span(SourceFile("<command line>", text), len(option) + 1 if value else 0, len(text))
    run = open_run(resume, span, found) if resume is not None else make_folder(model.name, folder, span, found)
    if run is None:
        return CANNOT
    other = run.differs(settings_of(training)) if run.resumes else None
    if other is not None:
        help = "resume with the spec that began it, or train anew"
        found.report(codes.BAD_RUN, f"{run.path} is a run with another `{other}`", span, help=help)
        return 1
    try:
        section = section_of(program.tree, settings.sets, found)
        assert section is not None  # or there were no training
        files = resolved_files(program.tree, settings, section, model.name, f"Trained with: {one_line(command)}")

        def begin() -> None:
            run.write_spec(files, settings_of(training))

        return train(prepared, run, Report(write, "terminal" in training.log), found, spec_folder, begin)
    except OSError as error:
        where = error.filename or run.path
        found.report(codes.BAD_RUN, f"{where} cannot be written: {error.strerror or error}", span)
        return CANNOT


def training_statements(program: Program, training: Training, found: Diagnostics) -> tuple[Assign, ...] | None:
    """The statements for generated source (`keras_source.generate(…, training=…, seed=training.seed)`).

    Data are looked at where they can be opened; where they cannot, what the spec states decides. None
    where something is wrong, which is reported.
    """
    from nnspec.train.check import check_training
    from nnspec.train.lower import lower_training
    from nnspec.train.network import network_of

    model = program.models[0]
    plan = check_training(training, model, found, runs=True)
    network = network_of(model)
    if plan is None or network is None:
        return None
    spec_folder = os.path.dirname(program.tree.file.path)
    seen = None
    if os.path.exists(os.path.join(spec_folder, getattr(training.data, "path", ""))) and hasattr(training.data, "path"):
        from nnspec.train.inspect import open_data

        opened = open_data(training, network, spec_folder, found)
        if opened is None:
            return None
        seen = opened.seen
        plan = check_training(training, model, found, seen, runs=True)
    fitted = None if plan is None else _fittings(model, found)
    return None if plan is None or fitted is None else lower_training(plan, spec_folder, fittings=fitted).program


def _fittings(model: Model, found: Diagnostics) -> tuple[Fitting, ...] | None:
    """What is fitted to the training data; None where the network cannot be built, as those who print it say."""
    from nnspec.backends.lower import lower
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.program.graph import TooManyLayers, flatten
    from nnspec.train.fitting import fittings, has_fitted

    try:
        graph = flatten(model)
    except TooManyLayers:
        return None
    if not has_fitted(graph):
        return ()
    lowered = lower(graph, Diagnostics())
    return None if lowered is None else fittings(lowered, found)

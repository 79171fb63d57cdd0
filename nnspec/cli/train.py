"""`nnspec train`: trains as the spec's `train` section says."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from nnspec.cli.options import Chosen, add_spec_options, chosen, read_options
from nnspec.cli.output import Output
from nnspec.cli.specs import Report, read_one
from nnspec.cli.stop import exit_status, promises_as_warnings, show, show_diagnostics
from nnspec.cli.usage import Parser, UsageError
from nnspec.compiler import Settings
from nnspec.diagnostics.codes.training import FEATURES_DIFFER, TARGETS_DIFFER
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.record import replace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_EXAMPLES = (
    "nnspec train specs/digits.yaml",
    "nnspec train specs/digits.yaml --set train.epochs=5 --set train.seed=2",
    "nnspec train specs/digits.yaml -o runs/first",
    "nnspec train specs/digits.yaml --resume runs/first",
)


def run(arguments: Sequence[str]) -> int:
    """Train the spec's network."""
    parser = Parser("train", "Train as the spec's `train` section says.", _EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="a YAML spec with a `train` section")
    parser.add_argument("-o", dest="output", metavar="FOLDER", help="the folder of the run (the next one below runs/)")
    parser.add_argument("--resume", metavar="RUN", help="continue the run in this folder")
    add_spec_options(parser)
    options = read_options(parser, arguments)
    if options.output is not None and options.resume is not None:
        raise UsageError("`-o` names the folder of a new run, `--resume` that of an old one; give one of them")
    settings, errors = chosen(options), Output.errors(options.color)
    report = promises_as_warnings(read_one(options.file, settings))
    status = exit_status(report)
    if status:
        show_diagnostics(report, errors)
        return status
    again = (FEATURES_DIFFER, TARGETS_DIFFER)  # warnings of `check` that training says again, as errors
    show_diagnostics(replace(report, diagnostics=tuple([d for d in report.diagnostics if d.code not in again])), errors)
    command = " ".join(["nnspec train", *map(shlex.quote, arguments)])
    return _train(report, settings, options, command)


def _train(report: Report, settings: Chosen, options: argparse.Namespace, command: str) -> int:
    from nnspec.backends.framework import FrameworkMissingError
    from nnspec.cli.training import trained_program
    from nnspec.train.command import train_program, training_of

    assert report.program is not None  # a spec that holds was elaborated
    found = Diagnostics()
    training = training_of(report.program.tree, settings.sets, found)
    if training is None:
        raise UsageError(f"{report.path} has no `train` section; write one in a YAML file, as `nnspec new DIR` shows")
    output, errors = Output.standard(options.color), Output.errors(options.color)
    try:
        status = train_program(
            trained_program(report.program), training, found, lambda text: output.text(output.screen.safe(text)),
            folder=options.output, resume=options.resume, command=command,
            settings=Settings(settings.params, settings.sets, settings.inputs, settings.model),
        )  # fmt: skip
    except FrameworkMissingError as error:
        raise UsageError(str(error)) from None
    for each in found.sorted():
        show(each, errors)
    return status

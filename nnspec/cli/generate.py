"""`nnspec generate`: standalone Keras source, which needs no nnspec; loads no framework."""

from __future__ import annotations

import os
from copy import copy
from typing import TYPE_CHECKING

from nnspec import __version__
from nnspec.calls import Variable
from nnspec.cli.options import add_spec_options, chosen, read_options
from nnspec.cli.output import Output
from nnspec.cli.specs import Named, Report, read_one, settings_of
from nnspec.cli.stop import exit_status, flat_view, promises_as_warnings, show, show_diagnostics
from nnspec.cli.usage import Parser, UsageError
from nnspec.cli.verdict import figures_line
from nnspec.cli.writing import spare_specs
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.spelled import spelled
from nnspec.syntax.tree import ParamStatement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.backends.lower import Lowered
    from nnspec.backends.structure.vary import Structure
    from nnspec.calls import Assign
    from nnspec.cli.options import Chosen

_EXAMPLES = (
    "nnspec generate specs/residual/resnet50.nn -o resnet50.py",
    "nnspec generate specs/digits.yaml -o digits.py && python digits.py train",
    "nnspec generate specs/vision/unet.nn --input 572,572,1 -o unet.py",
)


def run(arguments: Sequence[str]) -> int:
    """Write the source of a spec's models."""
    parser = Parser("generate", "Write standalone Keras source; it imports no nnspec.", _EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="a spec, or - for standard input")
    parser.add_argument("-o", dest="output", metavar="FILE.py", help="where to write it (standard output)")
    add_spec_options(parser)
    options = read_options(parser, arguments)
    settings, errors = chosen(options), Output.errors(options.color)
    report = promises_as_warnings(read_one(options.file, settings))
    show_diagnostics(report, errors)
    status = exit_status(report)
    if status:
        return status
    if options.output not in (None, "-"):
        spare_specs(options.output, options.file, "model.py")
    found = Diagnostics()
    text = source_text(report, settings, errors, found)
    for each in found.sorted():
        show(each, errors)
    if text is None:
        return 1
    _deliver(text, options.output, Output.standard(options.color))
    return 0


def source_text(report: Report, settings: Chosen, errors: Output, found: Diagnostics) -> str | None:
    """The source; None where something cannot be built, which is reported.

    Raises: UsageError, where there is nothing to build.
    """
    from nnspec.backends.keras_source import generate
    from nnspec.cli.training import trained_program

    if report.program is None or not report.models:
        raise UsageError(f"{report.path} is a library: it has no network to generate")
    lowered = _lowered(report, errors, found)
    training, seed, epochs = _training(report, settings, found)
    if lowered is None or found.has_errors:
        return None
    name = os.path.basename(report.path)
    return generate(
        lowered,
        title=f"{lowered[0].graph.name}, written by nnspec {__version__} from {name}.",
        description=report.program.tree.description or "",
        notes={counted.model.name: figures_line(counted) for counted in report.models},
        training=None if training is None else [training],
        trained=None if training is None else trained_program(report.program).models[0].name,
        seed=seed,
        epochs=epochs,
        structure=_structure(report, settings),
        params=[each.name.name for each in report.program.tree.statements if isinstance(each, ParamStatement)],
    )


def _structure(report: Report, settings: Chosen) -> Structure | None:
    """Blocks as functions and repeats as loops, where the spec allows it."""
    from nnspec.backends.structure.vary import find_structure

    assert report.program is not None
    named = settings_of(Named(report.path), settings)
    return find_structure(report.program.tree, named)


def _lowered(report: Report, errors: Output, found: Diagnostics) -> list[Lowered] | None:
    from nnspec.backends.lower import lower

    graphs = [flat_view(counted, errors) for counted in report.models]
    if any(graph is None for graph in graphs):
        return None
    made = [lower(graph, found) for graph in graphs if graph is not None]
    whole = [each for each in made if each is not None]
    return whole if len(whole) == len(made) else None


def _training(
    report: Report, settings: Chosen, found: Diagnostics
) -> tuple[tuple[Assign, ...] | None, int | None, int | None]:
    """The statements of training, its seed and its epochs, where the spec trains."""
    assert report.program is not None
    if report.program.tree.sections is None and not settings.sets:
        return None, None, None
    from nnspec.cli.training import trained_program
    from nnspec.train.command import training_of, training_statements

    training = training_of(report.program.tree, settings.sets, found)
    if training is None:
        return None, None, None
    open_training = copy(training)
    open_training.__dict__["epochs"] = spelled(training.epochs, Variable("epochs"))  # an argument of `train`
    written = training_statements(trained_program(report.program), open_training, found)
    return written, training.seed, training.epochs


def _deliver(text: str, path: str | None, output: Output) -> None:
    if path is None or path == "-":
        output.text(text.rstrip("\n"))
        return
    from nnspec.cli.writing import write_text

    write_text(path, text)
    output.raw(f"wrote {output.screen.safe(path)}\n")

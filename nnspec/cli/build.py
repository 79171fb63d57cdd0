"""`nnspec build`: the Keras model of a spec, saved."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nnspec.cli.figures import grouped
from nnspec.cli.options import add_spec_options, chosen, read_options
from nnspec.cli.output import Output
from nnspec.cli.specs import Report, read_one
from nnspec.cli.stop import exit_status, flat_view, promises_as_warnings, show, show_diagnostics
from nnspec.cli.usage import Parser, UsageError
from nnspec.cli.writing import spare_specs

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES = (
    "nnspec build specs/vision/lenet5.nn -o lenet5.keras",
    "nnspec build specs/vision/unet.nn --input 572,572,1 -o unet.keras",
    "nnspec build specs/vision/vgg16.nn -p classes=10 --seed 1 -o small.keras",
)


def run(arguments: Sequence[str]) -> int:
    """Build and save the model."""
    parser = Parser("build", "Build the Keras model and save it.", _EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="a spec, or - for standard input")
    parser.add_argument("-o", dest="output", metavar="FILE.keras", help="where to save it (the model's name, .keras)")
    parser.add_argument("--seed", metavar="N", help="the seed of the first weights")
    add_spec_options(parser)
    options = read_options(parser, arguments)
    errors = Output.errors(options.color)
    report = promises_as_warnings(read_one(options.file, chosen(options)))
    show_diagnostics(report, errors)
    status = exit_status(report)
    if status:
        return status
    path = _path(report, options.output)
    spare_specs(path, options.file, "model.keras")
    model = _built(report, _seed(options.seed), errors)
    if model is None:
        return 1
    _save(model, path)
    output = Output.standard(options.color)
    output.raw(
        f"wrote {output.screen.safe(path)}: {output.screen.safe(model.name)}, {grouped(model.count_params())} params\n"
    )
    own = sorted({layer.__class__.__name__ for layer in model._flatten_layers() if _is_own(layer)})
    if own:
        output.text(
            f"it has layers that Keras lacks ({', '.join(own)}): import the file that `nnspec generate` writes before "
            "`keras.models.load_model`"
        )
    return 0


def _is_own(layer: object) -> bool:
    return type(layer).__module__.startswith("nnspec.")


def _seed(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) >= 2**32:
        raise UsageError(f"`--seed` takes a whole number from 0 to {2**32 - 1:,}, not `{text}`")
    return int(text)


def _path(report: Report, wanted: str | None) -> str:
    """Where the model goes.

    Raises: UsageError, before anything is built.
    """
    if not report.models:
        raise UsageError(f"{report.path} is a library: it has no network to build")
    if len(report.models) > 1:
        names = ", ".join(counted.model.name for counted in report.models)
        raise UsageError(f"{report.path} holds several models; choose one with `--model`: {names}")
    path = wanted or f"{report.models[0].model.name}.keras"
    if not path.endswith(".keras"):
        raise UsageError(f"the model is saved in Keras's own format: let `-o {path}` end in `.keras`")
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise UsageError(f"there is no folder {folder}")
    return path


def _built(report: Report, seed: int | None, errors: Output) -> Any:
    """The Keras model; None where it cannot be built, which is said.

    Raises: UsageError, where no framework is installed.
    """
    from nnspec.backends.framework import FrameworkMissingError
    from nnspec.backends.keras_build import BuildError, build

    graph = flat_view(report.models[0], errors)
    if graph is None:
        return None
    try:
        return build(graph, seed)
    except BuildError as error:
        for found in error.found.sorted():
            show(found, errors)
        return None
    except FrameworkMissingError as error:
        raise UsageError(str(error)) from None


def _save(model: Any, path: str) -> None:
    from nnspec.backends.framework import recursion_room
    from nnspec.cli.writing import write_whole

    with recursion_room(len(model.layers)):
        write_whole(path, model.save)

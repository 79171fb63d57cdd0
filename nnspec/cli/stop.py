"""What commands that go on from a spec share: telling what was found in it, and whether to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import limits
from nnspec.diagnostics.codes.promises import BROKEN_EXPECT
from nnspec.diagnostics.diagnostic import Diagnostic
from nnspec.diagnostics.text import render
from nnspec.record import replace

if TYPE_CHECKING:
    from nnspec.cli.output import Output
    from nnspec.cli.specs import CountedModel, Report
    from nnspec.program.graph import Graph


def show_diagnostics(report: Report, errors: Output, *, notes: bool = False) -> None:
    """Errors and warnings of a spec, beside the command's own answer."""
    for found in report.diagnostics:
        if notes or found.severity != "note":
            show(found, errors)


def show(found: Diagnostic, errors: Output) -> None:
    """One diagnostic."""
    errors.raw(render(found, errors.screen) + "\n\n")


def exit_status(report: Report) -> int:
    """0 where the spec holds, 1 where it has errors, 2 where we failed."""
    return 2 if report.is_fault else int(report.has_errors)


def promises_as_warnings(report: Report) -> Report:
    """The report with broken promises of `expect` as warnings: what only builds is not kept from it by them."""
    softened = [
        replace(found, severity="warning") if found.code is BROKEN_EXPECT else found for found in report.diagnostics
    ]
    return replace(report, diagnostics=tuple(softened))


def flat_view(counted: CountedModel, errors: Output, most: int | None = None) -> Graph | None:
    """Every layer of a model; None where they are too many, which is said."""
    from nnspec.program.graph import MAX_LAYERS, TooManyLayers, flatten

    model, limit = counted.model, most or MAX_LAYERS
    try:
        if counted.counts is not None and counted.counts.layers > limit:  # known without listing any
            raise TooManyLayers(model, limit)
        return flatten(model, limit)
    except TooManyLayers as error:
        found = Diagnostic(
            limits.TOO_LONG, "error", f"`{model.name}` has more layers than can be listed here", model.span,
            label=f"more than {error.most:,} layers",
            help="`nnspec check` counts networks of any depth; this command wants fewer turns of its repeats",
        )  # fmt: skip
        show(found, errors)
        return None

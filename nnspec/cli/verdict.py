"""The text answer of `check`: diagnostics, a line for each file that holds, and a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.conditions import conditions
from nnspec.cli.figures import amount, grouped, of, rounded
from nnspec.diagnostics.text import render, tally
from nnspec.shapes.dim import symbols_of
from nnspec.shapes.tensor import TensorType, shape_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.cli.check import Checked
    from nnspec.cli.specs import CountedModel, Report
    from nnspec.diagnostics.screen import Screen
    from nnspec.program.program import NamedTensor
    from nnspec.shapes.dim import Dim

_LONGEST_COUNT = 40


def text_lines(checked: Checked, screen: Screen) -> Iterator[str]:
    """The whole answer."""
    severities = []
    for report, diagnostics in zip(checked.reports, checked.fresh, strict=True):
        for found in diagnostics:
            severities.append(found.severity)
            yield render(found, screen)
            yield ""
        if checked.is_ok(report):
            yield from _verdict(report, screen)
    if severities:
        yield tally(severities, len(checked.reports))


def _verdict(report: Report, screen: Screen) -> Iterator[str]:
    head = f"{screen.safe(report.path)}: {screen.paint('ok', 'ok')}:"
    for counted in report.models:
        yield f"{head} {screen.safe(model_line(counted))}"
    if not report.models:
        yield f"{head} a library, no network of its own"


def model_line(counted: CountedModel) -> str:
    """`vgg16 (224, 224, 3) → (1000,), 138,357,544 params, 15.47 G MACs, 37 layers`."""
    return f"{counted.model.name} {figures_line(counted)}"


def figures_line(counted: CountedModel) -> str:
    """What goes in, what comes out, and what lies between costs."""
    model, counts = counted.model, counted.counts
    parts = [f"{_ends(model.inputs)} → {_ends(model.outputs)}"]
    if counts is not None:
        parts += [_costs(counts.params, "params"), _costs(counts.macs, "MACs"), amount(counts.layers, "layer")]
    demanded = conditions(model)
    if demanded:
        from nnspec.shapes.alternatives import joined_text  # only symbolic sizes pay for it

        parts.append(f"where {joined_text(demanded)}")
    return ", ".join(parts)


def _costs(number: Dim, what: str) -> str:
    """Params in full and MACs rounded; of a long symbolic count what it depends on."""
    shown = grouped(number) if what == "params" else rounded(number)
    if isinstance(number, int) or len(shown) <= _LONGEST_COUNT:
        return of(shown, what)
    return f"{what} that depend on {' and '.join(sorted(symbols_of(number)))}"


def _ends(tensors: tuple[NamedTensor, ...]) -> str:
    if len(tensors) == 1:
        return _shape(tensors[0])
    return ", ".join(f"{tensor.name} {_shape(tensor)}" for tensor in tensors)


def _shape(tensor: NamedTensor) -> str:
    return shape_text(tensor.type.shape) if isinstance(tensor.type, TensorType) else "?"

"""The text answer of `check`: diagnostics, a line for each file that holds, and a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.conditions import conditions
from nnspec.analysis.on_domain import OnDomain
from nnspec.cli.figures import amount, cost
from nnspec.diagnostics.text import render, tally
from nnspec.shapes.tensor import TensorType, shape_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.cli.check import Checked
    from nnspec.cli.specs import CountedModel, Report
    from nnspec.diagnostics.screen import Screen
    from nnspec.program.program import NamedTensor


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
    on_domain = OnDomain(model)
    parts = [f"{_ends(model.inputs)} → {_ends(model.outputs, on_domain)}"]
    if counts is not None:
        params, macs = on_domain(counts.params), on_domain(counts.macs)
        parts += [cost(params, "params"), cost(macs, "MACs"), amount(counts.layers, "layer")]
    demanded = conditions(model)
    if demanded:
        from nnspec.shapes.alternatives import joined_text  # only symbolic sizes pay for it

        parts.append(f"where {joined_text(demanded)}")
    return ", ".join(parts)


def _ends(tensors: tuple[NamedTensor, ...], on_domain: OnDomain | None = None) -> str:
    if len(tensors) == 1:
        return _shape(tensors[0], on_domain)
    return ", ".join(f"{tensor.name} {_shape(tensor, on_domain)}" for tensor in tensors)


def _shape(tensor: NamedTensor, on_domain: OnDomain | None) -> str:
    if not isinstance(tensor.type, TensorType):
        return "?"
    shape = tensor.type.shape
    return shape_text(shape if on_domain is None else tuple([on_domain(size) for size in shape]))

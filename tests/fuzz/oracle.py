"""What must hold of every `check`, whatever it is given; each breach is one line of text.

No exception, spans inside their files, a verdict that agrees with what was found, output that is
the same twice and with the collector on, and costs that agree with those of the flat graph added up.
"""

from __future__ import annotations

import gc
import io
import json
import traceback
from collections.abc import Iterator
from typing import Any

from nnspec.analysis.cost import operator_cost
from nnspec.analysis.on_domain import OnDomain
from nnspec.cli import check, specs
from nnspec.cli.options import Chosen
from nnspec.cli.output import Output
from nnspec.cli.specs import CountedModel, Named, Report, read_report
from nnspec.diagnostics.diagnostic import Diagnostic
from nnspec.program.graph import Graph, TooManyLayers, flatten
from nnspec.shapes.dim import DimTooLarge, total
from nnspec.source import Span
from tests.fuzz.inputs import Input

MOST_LAYERS = 2_000


class Outcome:
    """What became of one input."""

    def __init__(self) -> None:
        self.verdict = "none"
        self.breaches: list[str] = []
        self.is_compared = False


def examine(given: Input, path: str, *, again: bool = False) -> Outcome:
    """Check the file at `path`, which holds the input; `again` checks it three times."""
    outcome = Outcome()
    try:
        report = _report(given, path)
        outcome.verdict = "error" if report.has_errors else "ok"
        outcome.breaches += _breaches(report)
        texts = {form: _rendered(report, form) for form in check.FORMATS}
        json.loads(texts["json"])
        outcome.is_compared = _compare(report, outcome.breaches)
        if again:
            outcome.breaches += _differences(given, path, texts["json"])
    except Exception:
        outcome.breaches.append(traceback.format_exc(limit=-6))
    return outcome


def _report(given: Input, path: str) -> Report:
    chosen = Chosen(given.params, given.sets, given.inputs, None, False)
    specs._fault = _raise  # a fault of our own is what we look for
    return read_report(Named(path), chosen)


def _raise(path: str, error: Exception, found: object) -> Report:
    raise error


def _rendered(report: Report, form: str) -> str:
    stream = io.StringIO()
    check._RENDERERS[form](check.Checked((report,), (), False), Output(stream, "always" if form == "text" else "never"))
    return stream.getvalue()


def _differences(given: Input, path: str, first: str) -> Iterator[str]:
    if _rendered(_report(given, path), "json") != first:
        yield "another answer the second time"
    thresholds, disable = gc.get_threshold(), gc.disable
    gc.disable = lambda: None  # type: ignore[assignment]
    gc.set_threshold(50, 2, 2)
    try:
        if _rendered(_report(given, path), "json") != first:
            yield "another answer while garbage is collected"
    finally:
        gc.disable = disable
        gc.set_threshold(*thresholds)


def _breaches(report: Report) -> Iterator[str]:
    for found in report.diagnostics:
        yield from _bad_spans(found)
        if not found.message or found.code.number.startswith("NN9"):
            yield f"{found.code.number} {found.message!r}"
    if report.has_errors:
        return
    for counted in report.models:
        if counted.counts is None:
            yield f"{counted.model.name} is unknown, and nothing was reported"


def _bad_spans(found: Diagnostic) -> Iterator[str]:
    spans = [found.span, *[label.span for label in found.labels], *[frame.span for frame in found.trace]]
    spans += [edit.span for fix in found.fixes for edit in fix.edits]
    for span in spans:
        if not _is_inside(span):
            yield f"{found.code.number} {found.message!r}: {span.start}-{span.end} of {len(span.file.text)} in {span.file.path}"


def _is_inside(span: Span) -> bool:
    return 0 <= span.start <= span.end <= len(span.file.text)


# Costs, by adding up a flat graph.


def _compare(report: Report, breaches: list[str]) -> bool:
    compared = False
    for counted in report.models:
        counts = counted.counts
        if counts is not None and counts.layers <= MOST_LAYERS:
            breaches += _disagreements(counted)
            compared = True
    return compared


def _disagreements(counted: CountedModel) -> Iterator[str]:
    try:
        graph = flatten(counted.model, 4 * MOST_LAYERS)
    except Exception as error:
        if not isinstance(error, TooManyLayers):  # identities are none
            yield f"flatten: {type(error).__name__}: {error}"
        return
    if len({layer.name for layer in graph.layers}) != len(graph.layers):
        yield "two layers of one name"
    on_domain = OnDomain(counted.model)
    for name, (flat, counted_) in {  # a depth is None where paths are too many
        "layers": (sum(layer.operator.is_layer for layer in graph.layers), counted.counts.layers),
        "depth": (_depth(graph), counted.counts.depth),
        **_summed(graph, counted.counts),
    }.items():
        # Uses of a shared part have equal weights where sizes are valid; there both ways of counting must agree.
        if counted_ is not None and flat != counted_ and on_domain(flat) != on_domain(counted_):
            yield f"{counted.model.name}: {name} is {flat} in the flat graph, {counted_} as counted"


def _summed(graph: Graph, counts: Any) -> dict[str, tuple[Any, Any]]:
    costs, owned = [], []
    for layer in graph.layers:
        types = [graph.type_of(port) for port in layer.inputs]
        costs.append(operator_cost(layer.operator, types, list(layer.types)))
        if layer.shares is None:
            owned.append(costs[-1])
    try:
        return {
            "params": (total(cost.params for cost in owned), counts.params),
            "trainable_params": (total(cost.trainable_params for cost in owned), counts.trainable_params),
            "macs": (total(cost.macs for cost in costs), counts.macs),
            "activation_bytes": (total(cost.activation_bytes for cost in costs), counts.activation_bytes),
        }
    except DimTooLarge:
        return {}


def _depth(graph: Graph) -> int:
    """The longest path from an `Input`; a `Weight` begins none."""
    depths: list[int | None] = []
    for layer in graph.layers:
        before = [depth for port in layer.inputs if (depth := depths[port.layer]) is not None]
        starts = 0 if layer.operator.is_input else None
        depths.append(max(before) + layer.operator.is_layer if before else starts)
    return max((depths[port.layer] or 0 for _, port in graph.outputs), default=0)

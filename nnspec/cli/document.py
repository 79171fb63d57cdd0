"""The JSON answers of `check` and `summary`: exactly the keys of the command line's contract, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.analysis.conditions import conditions
from nnspec.analysis.on_domain import OnDomain
from nnspec.diagnostics.json import diagnostic_data
from nnspec.shapes.tensor import TensorType

if TYPE_CHECKING:
    from nnspec.cli.check import Checked
    from nnspec.cli.specs import CountedModel, Report
    from nnspec.program.program import NamedTensor
    from nnspec.shapes.dim import Dim

VERSION = 1


def check_document(checked: Checked) -> dict[str, Any]:
    """The whole answer of `check`."""
    return {
        "version": VERSION,
        "files": [file_data(report, ok=checked.is_ok(report)) for report in checked.reports],
    }


def file_data(report: Report, *, ok: bool) -> dict[str, Any]:
    """One file: its verdict, its models, what was found in it."""
    return {
        "path": report.path,
        "ok": ok,
        "models": [_model(counted) for counted in report.models],
        "diagnostics": [diagnostic_data(found, report.path) for found in report.diagnostics],
    }


def _model(counted: CountedModel) -> dict[str, Any]:
    model, counts = counted.model, counted.counts
    on_domain = OnDomain(model)
    return {
        "name": model.name,
        "inputs": [_tensor(tensor) for tensor in model.inputs],
        "outputs": [_tensor(tensor, on_domain) for tensor in model.outputs],
        "params": None if counts is None else dim_data(on_domain(counts.params)),
        "trainable_params": None if counts is None else dim_data(on_domain(counts.trainable_params)),
        "macs": None if counts is None else dim_data(on_domain(counts.macs)),
        "layers": None if counts is None else counts.layers,
        "conditions": [str(condition) for condition in conditions(model)],
    }


def _tensor(tensor: NamedTensor, on_domain: OnDomain | None = None) -> dict[str, Any]:
    if not isinstance(tensor.type, TensorType):
        return {"name": tensor.name, "shape": None, "dtype": "float32"}
    shape = [dim_data(size if on_domain is None else on_domain(size)) for size in tensor.type.shape]
    return {"name": tensor.name, "shape": shape, "dtype": tensor.type.dtype}


def dim_data(size: Dim) -> int | str:
    """A number, or a text that Python can evaluate."""
    return size if isinstance(size, int) else str(size)

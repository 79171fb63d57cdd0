"""The page of published networks: every spec of a folder, what it says it is, and what it costs.

Written by `derive`; no command of its own. It reads what `check` reads, and refuses a folder that does not hold.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from nnspec.cli.figures import amount, grouped, rounded
from nnspec.cli.options import Chosen
from nnspec.cli.specs import Named, read_report
from nnspec.shapes.tensor import TensorType, shape_text
from nnspec.syntax.read import find_specs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nnspec.cli.specs import CountedModel, Report
    from nnspec.program.program import NamedTensor
    from nnspec.shapes.dim import Dim

_HEAD = """# Published networks

Written by `python -m nnspec.derive` from the specs of this repository: the beginning of what each says of itself, and
what `nnspec check` counts. Where a number rests on a choice that its source leaves open, the spec's own head says which
was made. [The tests](../testing.md) hold the published ones against figures that were counted without nnspec.
"""
_COLUMNS = ("spec", "network", "takes", "gives", "params", "trainable", "MACs", "layers")

_AS_WRITTEN = Chosen((), (), (), None, False)

#: A sentence, or the part of it before a colon or semicolon; what stands in quotation marks is one piece.
_BEGINNING = re.compile(r"""(?: "[^"]*" | al\. | [^".:;] | [.:;](?!\s|$) )+""", re.VERBOSE)


def page(folder: str, link: str) -> str:
    """The page's text; `link` leads from it to the folder.

    Raises: Unreadable. ValueError, where a spec has errors.
    """
    rows: dict[str, list[str]] = {}
    for path in sorted(find_specs(folder), key=_by_number):
        report = read_report(Named(path, folder), _AS_WRITTEN)
        if report.has_errors:
            raise ValueError(f"{path} has errors; run `nnspec check {path}`")
        group, _, name = os.path.relpath(path, folder).replace(os.sep, "/").rpartition("/")
        rows.setdefault(group, []).extend(_rows(report, name, f"{link}/{group}/{name}".replace("//", "/")))
    return "\n".join([_HEAD, *[line for group in sorted(rows) for line in _section(group, rows[group])]])


def _by_number(path: str) -> list[tuple[int, str]]:
    """`resnet18` before `resnet101`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path)]


def _section(group: str, rows: list[str]) -> Iterator[str]:
    yield f"## {(group or 'to begin with').capitalize()}\n"
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|{' --- |' * len(_COLUMNS)}"
    yield from rows
    yield ""


def _rows(report: Report, name: str, link: str) -> Iterator[str]:
    for counted in report.models:
        model = counted.model.name
        shown = f"[{name}]({link})" + (f" {model}" if len(report.models) > 1 else "")
        yield f"| {shown} | {_what(report)} | {' | '.join(_figures(counted))} |"


def _what(report: Report) -> str:
    described = " ".join((report.program.tree.description or "").split()) if report.program else ""
    begins = _BEGINNING.match(described)
    return begins[0].strip().rstrip(".").replace("|", "\\|") if begins else ""


def _figures(counted: CountedModel) -> Iterator[str]:
    model, counts = counted.model, counted.counts
    yield _shapes(model.inputs)
    yield _shapes(model.outputs)
    if counts is None:
        yield from [""] * 4
        return
    yield _known(counts.params, grouped)
    yield _known(counts.trainable_params, grouped)
    yield _known(counts.macs, rounded)
    yield f"{counts.layers:,}"


def _known(number: Dim, shown: Callable[[int], str]) -> str:
    """A number; of one that depends on sizes only that it does."""
    return shown(number) if isinstance(number, int) else "by size"


def _shapes(tensors: tuple[NamedTensor, ...]) -> str:
    """Shapes, equal ones after one another as `10 times (500,)`."""
    shown = [shape_text(each.type.shape) if isinstance(each.type, TensorType) else "?" for each in tensors]
    runs: list[list[str]] = []
    for shape in shown:
        if runs and runs[-1][0] == shape:
            runs[-1].append(shape)
        else:
            runs.append([shape])
    return ", ".join(f"{amount(len(run), 'time')} {run[0]}" if len(run) > 1 else run[0] for run in runs)

"""Differences in words and cells, which the text and Markdown answers of `diff` share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from nnspec.cli.figures import amount, brief, grouped, memory, rounded
from nnspec.comparing.difference import Change, Resized
from nnspec.comparing.folding import folded
from nnspec.comparing.net import OUTPUTS
from nnspec.record import Record
from nnspec.shapes.dim import total
from nnspec.shapes.tensor import shape_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nnspec.comparing.difference import Difference
    from nnspec.comparing.net import Net, Node, Totals
    from nnspec.shapes.dim import Dim

HEAD = ("change", "output", "params", "MACs", "field", "at")
RIGHT = frozenset((2, 3, 4))
SPARE = (4, 3, 1, 2)  # what a narrow terminal does without, in this order

_ARROW = " → "
_SHARED = 4  # layers with one change, from which on it is said of them together

Cells: TypeAlias = "tuple[str, ...]"

TOTALS_HEAD = ("", "old", "new", "change", "%")
TOTALS_RIGHT = frozenset((1, 2, 3, 4))
TOTALS_SPARE = (4, 1)


class Line(Record):
    """A row of the table of changes, and the sign that decides its colour."""

    cells: tuple[str, ...]
    sign: str


# The totals.


def totals_rows(found: Difference) -> Iterator[tuple[str, ...]]:
    """A row for each quantity: what it was, what it is, the change."""
    for name, read, show in _QUANTITIES:
        old, new = read(found.old.totals), read(found.new.totals)
        yield (name, _known(old, show), _known(new, show), _change(old, new, show), _share(old, new))


_QUANTITIES: tuple[tuple[str, Callable[[Totals], Dim | None], Callable[[Dim], str]], ...] = (
    ("params", lambda totals: totals.params, grouped),
    ("trainable params", lambda totals: totals.trainable_params, grouped),
    ("MACs", lambda totals: totals.macs, rounded),
    ("layers", lambda totals: totals.layers, grouped),
    ("depth", lambda totals: totals.depth, grouped),
    ("receptive field", lambda totals: totals.receptive_field, grouped),
    ("activations", lambda totals: totals.activation_bytes, memory),
)


def _known(number: Dim | None, show: Callable[[Dim], str]) -> str:
    return "unknown" if number is None else brief(number, show)


def _change(old: Dim | None, new: Dim | None, show: Callable[[Dim], str]) -> str:
    """`+3,000`, or nothing where nothing changed."""
    return "" if old is None or new is None or old == new else signed(new - old, show)


def _share(old: Dim | None, new: Dim | None) -> str:
    """`+12.5`, of numbers."""
    return _percent(new - old, old) if isinstance(old, int) and isinstance(new, int) and old not in (0, new) else ""


def signed(change: Dim, show: Callable[[Dim], str]) -> str:
    """`+3,000`, `-12.50 M`; a symbolic change as it is."""
    if not isinstance(change, int):
        return brief(change, show)
    return f"+{show(change)}" if change >= 0 else f"-{show(-change)}"


def _percent(change: int, old: int) -> str:
    tenths = (abs(change) * 2000 + old) // (2 * old)
    sign = "+" if change > 0 else "-"
    return f"{sign}{tenths // 10:,}.{tenths % 10}" if tenths else f"{sign}<0.1"


# What changed.


def tally(found: Difference) -> str:
    """`2 layers added, 1 removed, 3 changed, 17 with other sizes`."""
    signs = [change.sign for change in found.changes]
    parts = [(signs.count("+"), "added"), (signs.count("-"), "removed"), (signs.count("~"), "changed")]
    parts.append((len(found.resized), "with other sizes"))
    said = [(count, what) for count, what in parts if count]
    count, what = said[0]
    return ", ".join([f"{amount(count, 'layer')} {what}", *[f"{count:,} {what}" for count, what in said[1:]]])


def renamed(found: Difference) -> str:
    """What is said of names, which are no difference."""
    return f"{amount(found.renamed, 'label')} {'differ' if found.renamed > 1 else 'differs'}" if found.renamed else ""


def idle(found: Difference) -> str:
    """What is said of layers that do nothing, which are no difference."""
    return (
        f"{amount(found.idle, 'layer')} of one network alone {'do' if found.idle > 1 else 'does'} nothing"
        if found.idle
        else ""
    )


def resized_line(found: Difference) -> str:
    """What became of the layers that only follow."""
    count = len(found.resized)
    which = (
        "1 layer is the same but for its sizes" if count == 1 else f"{count:,} layers are the same but for their sizes"
    )
    params = total([each.new.params - each.old.params for each in found.resized])
    macs = _total_macs(found.resized)
    costs = [f"{signed(params, grouped)} params"] if params != 0 else []
    costs += [f"{signed(macs, rounded)} MACs"] if macs not in (None, 0) and macs is not None else []
    return f"{which}{': ' if costs else ''}{', '.join(costs)}"


def _total_macs(resized: Sequence[Resized]) -> Dim | None:
    changes: list[Dim] = []
    for each in resized:
        if each.old.macs is None or each.new.macs is None:
            return None
        changes.append(each.new.macs - each.old.macs)
    return total(changes)


def change_lines(found: Difference) -> Iterator[Line]:
    """The table of changes, repeats said once."""
    yield from _folded(found, found.changes)


def resized_lines(found: Difference) -> Iterator[Line]:
    """The table of layers that only follow, repeats said once."""
    yield from _folded(found, [Change(each.old, each.new) for each in found.resized])


def _folded(found: Difference, changes: Sequence[Change]) -> Iterator[Line]:
    gathered = _gathered([_cells(found, change) for change in changes])
    cells = [row for _, row in gathered]
    spans = [changes[at].either.span for at, _ in gathered]
    places = [None if span is None else (span.file.path, span.start) for span in spans]
    keys = [each[:4] for each in cells]  # the receptive field grows from turn to turn, and saved layers have names
    for stretch in folded(keys, places):
        unit = range(stretch.start, stretch.start + stretch.length)
        if stretch.times > 1 and stretch.length > 1:
            yield Line((f"× {stretch.times:,}", *[""] * (len(HEAD) - 1)), "")
        for place in unit:
            what, *middle, field, at = cells[place]
            *_, last_field, last_at = cells[place + stretch.length * (stretch.times - 1)]
            field, at = _to(field, last_field), _to(at, last_at)
            inside = stretch.times > 1 and stretch.length > 1
            times = f"  × {stretch.times:,}" if stretch.times > 1 and not inside else ""
            yield Line((f"{'  ' if inside else ''}{what}{times}", *middle, field, at), what[0])


def _to(first: str, last: str) -> str:
    return first if first == last else f"{first} … {last}"


def _gathered(rows: list[Cells]) -> list[tuple[int, Cells]]:
    """The rows, numbered; a change of arguments that many layers share and that costs nothing is said at its first."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row[0].startswith("~") and not any(_ARROW in cell for cell in row[1:5]):
            places.setdefault(row[0], []).append(place)
    found: list[Cells | None] = list(rows)
    for what, alike in places.items():
        if len(alike) >= _SHARED:
            columns = [list(dict.fromkeys([rows[place][at] for place in alike])) for at in range(1, 6)]
            cells = [column[0] if len(column) == 1 else "" for column in columns]
            for place in alike:
                found[place] = None
            found[alike[0]] = (f"{what}, in {len(alike):,} layers", *cells)
    return [(place, row) for place, row in enumerate(found) if row is not None]


def _cells(found: Difference, change: Change) -> Cells:
    old, new = change.old, change.new
    if old is None or new is None:
        node, sign = change.either, change.sign
        return (
            f"{sign} {node.text}", _shapes(node), _signed_cost(sign, node.params, grouped),
            _signed_cost(sign, node.macs, rounded), _field(node),
            place_of(found.old if new is None else found.new, node),
        )  # fmt: skip
    return (
        _changed(change), _became(_shapes(old), _shapes(new)), _costs(old.params, new.params, grouped),
        _costs(old.macs, new.macs, rounded), _became(_field(old), _field(new)),
        place_of(found.new, new),
    )  # fmt: skip


def _changed(change: Change) -> str:
    node = change.either
    if not change.arguments and not change.rewired:
        return f"= {node.text}"
    said = [f"{each.name} {each.old or 'none'} → {each.new or 'none'}" for each in change.arguments]
    what = "the network" if node.kind == OUTPUTS else node.kind
    return f"~ {what}: {', '.join([*said, *change.rewired])}"


def _signed_cost(sign: str, number: Dim | None, show: Callable[[Dim], str]) -> str:
    if number is None:
        return "unknown"
    return brief(number, lambda size: f"{sign}{show(size)}") if number != 0 else ""


def _costs(old: Dim | None, new: Dim | None, show: Callable[[Dim], str]) -> str:
    return "" if old == new == 0 else _became(_known(old, show), _known(new, show))


def _became(old: str, new: str) -> str:
    return new if old == new else f"{old or 'none'}{_ARROW}{new or 'none'}"


def _shapes(node: Node) -> str:
    return " ".join([shape_text(each.shape) for each in node.outputs])


def _field(node: Node) -> str:
    return "" if node.receptive_field is None else grouped(node.receptive_field)


def place_of(net: Net, node: Node) -> str:
    """The line where a layer is written, with its file where that is another one; a saved layer's name."""
    if node.span is None:
        return "" if node.kind == OUTPUTS else node.name
    file = node.span.file
    line = file.position(node.span.start)[0]
    return f"line {line}" if file.path == net.path else f"{os.path.basename(file.path)}:{line}"

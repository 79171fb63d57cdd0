"""Other numbers of turns: of the repeats around a fault, and of those before it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes.shapes import WINDOW_TOO_LARGE
from nnspec.diagnostics.diagnostic import Edit
from nnspec.mending.candidate import Candidate
from nnspec.program.program import RunStep
from nnspec.source import Span
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.mending.candidate import Case

MOST_REPEATS = 4  # before a fault


def turns_around(case: Case) -> Iterator[Candidate]:
    """As many turns as went well, of each repeat around the fault."""
    for node, number in case.scene.turns:
        count = _count(node)
        is_window = case.found.code is WINDOW_TOO_LARGE  # sizes went down to where one no longer fits
        if is_window or (count is not None and number > count / 2):
            yield from _of(case, node, number - 1, -0.3 if is_window else 0.0)


def turns_before(case: Case) -> Iterator[Candidate]:
    """A turn or two more or fewer, of the repeats that lead to the fault."""
    for node in islice(_before(case), MOST_REPEATS):
        count = _count(node)
        if count is None or _is_steady(case, node):
            continue
        for other in (count - 1, count + 1, count - 2, count + 2):
            if other >= 1:
                yield from _of(case, node, other, 0.15)


def _is_steady(case: Case, node: tree.Repeat | tree.For) -> bool:
    """Whether what leaves a repeat has the same type after each of its turns: then one more or less mends nothing."""
    if isinstance(node, tree.For):
        return False  # further turns have other items
    runs = [
        step for level in case.levels for step in level.steps if isinstance(step, RunStep) and step.span == node.span
    ]
    regions = [use.region for run in runs for use in run.cycle]
    return len({tuple([each.types[wire] for wire in (*each.results, *each.exports)]) for each in regions}) == 1


def _before(case: Case) -> Iterator[tree.Repeat | tree.For]:
    """The repeats in the statement of the fault that end before it, the nearest first."""
    fault = case.places.at(case.found.span, tree.Node)
    if fault is None:
        return
    statement = case.places.statement_of(fault)
    within: tuple[tree.Repeat | tree.For, ...] = (
        *case.places.of_kind(tree.Repeat, statement), *case.places.of_kind(tree.For, statement),
    )  # fmt: skip
    before = [node for node in within if node.span.end <= fault.span.start]
    yield from sorted(before, key=lambda node: -node.span.end)


def _count(node: tree.Repeat | tree.For) -> int | None:
    """How many turns are written, where that is a plain number."""
    written = _number(node)
    return written.value if written is not None and isinstance(written.value, int) else None


def _number(node: tree.Repeat | tree.For) -> tree.Number | None:
    """The number of turns as it is written: `x 3`, `range(3)`."""
    if isinstance(node, tree.Repeat):
        return node.count if isinstance(node.count, tree.Number) else None
    call = node.iterable
    if isinstance(call, tree.FunctionCall) and len(call.arguments) == 1:
        value = call.arguments[0].value
        return value if isinstance(value, tree.Number) else None
    return None


def _of(case: Case, node: tree.Repeat | tree.For, turns: int, more: float) -> Iterator[Candidate]:
    """The repeat with so many turns."""
    if turns < 1:
        return
    number, family = _number(node), f"{node.span.start} turns"
    listed = node.iterable if isinstance(node, tree.For) else None
    if number is None and isinstance(node, tree.Repeat) and isinstance(node.count, tree.Name):
        defined = case.places.definition(node.count)
        number = defined if isinstance(defined, tree.Number) else None
    if number is not None and isinstance(number.value, int):
        edit = Edit(number.span, str(turns))
        cost = 1.0 + abs(number.value - turns) / max(number.value, 1) + more
        yield Candidate(_title(case, node, number, edit, turns), ((edit,),), cost, family)
    elif isinstance(listed, (tree.List, tree.Tuple)) and turns < len(listed.items):
        first, last = listed.items[turns - 1], listed.items[-1]
        edit = Edit(Span(listed.span.file, first.span.end, last.span.end), "")
        cost = 1.0 + (len(listed.items) - turns) / len(listed.items) + more
        yield Candidate(f"{_times(turns)}: loop over {case.reads(listed, (edit,))}", ((edit,),), cost, family)


def _title(case: Case, node: tree.Repeat | tree.For, number: tree.Number, edit: Edit, turns: int) -> str:
    if not node.span.start <= number.span.start < node.span.end:
        return f"{_times(turns)}: write {case.reads(case.places.statement_of(number), (edit,))}"
    if isinstance(node, tree.For):
        return f"{_times(turns)}: loop over {case.reads(node.iterable, (edit,))}"
    return f"{_times(turns)} (`x {turns}`)" + case.line_of(number.span)


def _times(turns: int) -> str:
    return "repeat once" if turns == 1 else f"repeat {turns} times"

"""Another operator in the place of one: that which does the same to the channels of vectors, `Dense` for `FC`.

Which those are, the operators say; nothing here knows their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.diagnostic import Edit
from nnspec.mending.candidate import Candidate
from nnspec.ops.registry import find_operator, operator_names
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.mending.candidate import Case
    from nnspec.ops.operator import Operator
    from nnspec.program.program import OperatorStep
    from nnspec.source import Span

MOST_STAGES = 6  # before the fault


def exchanged(case: Case) -> Iterator[Candidate]:
    """An operator before the fault, or at a promise, that flattens or does not."""
    for distance, (level, span) in enumerate(case.before()[:MOST_STAGES]):
        node, applied = case.places.at(span, tree.Apply), case.testimony.latest.get(span)
        if node is None or applied is None:
            continue
        for other in _alike(type(applied.operator)):
            instead = other.of({name: applied.operator.__dict__[name] for name in other.params})

            def changed(step: OperatorStep, span: Span = span, instead: Operator = instead) -> Operator | None:
                written = case.written(step) if step.span == span else None
                return None if written is None else written.whole(instead)

            if case.holds_with(changed, level):
                wording = (Edit(node.name_span, other.__name__),)
                title = f"write {case.reads(node, wording)}"
                yield Candidate(title, (wording,), 1.15 + 0.04 * distance, f"{node.span.start} exchanged")


def _alike(cls: type[Operator]) -> tuple[type[Operator], ...]:
    """The operators that are the same on vectors and take the same arguments."""
    own = getattr(cls, "on_vectors", None)
    known = filter(None, map(find_operator, operator_names()))
    found = [other for other in known if own is other or getattr(other, "on_vectors", None) is cls]
    return tuple([other for other in found if other is not cls and set(other.params) == set(cls.params)])

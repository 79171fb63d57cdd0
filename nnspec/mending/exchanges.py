"""Another operator in the place of one, `Dense` for `FC`, and one with two other arguments.

Which operators are alike, they say; nothing here knows their names.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.diagnostic import Edit, RuleError
from nnspec.mending.arguments import with_argument
from nnspec.mending.candidate import Candidate
from nnspec.mending.writing import added
from nnspec.ops.registry import find_operator, operator_names
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.mending.candidate import Case
    from nnspec.ops.kinds import Kind
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

            if _holds(case, level, span, instead):
                wording = (Edit(node.name_span, other.__name__),)
                title = f"write {case.reads(node, wording)}"
                yield Candidate(title, (wording,), 1.15 + 0.04 * distance, f"{node.span.start} exchanged")


def _alike(cls: type[Operator]) -> tuple[type[Operator], ...]:
    """The operators that are the same on vectors and take the same arguments."""
    own = getattr(cls, "on_vectors", None)
    known = filter(None, map(find_operator, operator_names()))
    found = [other for other in known if own is other or getattr(other, "on_vectors", None) is cls]
    return tuple([other for other in found if other is not cls and set(other.params) == set(cls.params)])


def word_and_step(case: Case) -> Iterator[Candidate]:
    """Two arguments of one operator before the fault: a word, and a number that is 1: a pooling that keeps sizes."""
    for distance, (level, span) in enumerate(case.before()[:MOST_STAGES]):
        node, applied = case.places.at(span, tree.Apply), case.testimony.latest.get(span)
        if node is None or applied is None or applied.operator.is_input:
            continue
        operator = applied.operator
        words = [(name, word) for name, each in operator.params.items() for word in each.kind.words]
        ones = [name for name in _steps(operator) if name not in applied.places]
        for (name, word), one in product(words, ones):
            other = with_argument(with_argument(operator, name, word), one, 1)
            if operator.__dict__[name] == word or not _holds(case, level, span, other):
                continue
            if any(
                _holds(case, level, span, with_argument(operator, key, value))
                for key, value in ((name, word), (one, 1))
            ):
                continue  # one of the two is enough
            wordings = [added(node, type(operator), one, f"1, {name}{sign}{word}") for sign in ("=", ": ")]
            both = tuple([wording for each in wordings for wording in each])
            if both:
                title = f"write {case.reads(node, both[0])}"
                yield Candidate(title, both, 1.75 + 0.04 * distance, f"{node.span.start} two")


def _steps(operator: Operator) -> list[str]:
    """The numbers of an operator that are what others say where they are not written: a stride, the pool's size."""
    return [
        name
        for name, each in operator.params.items()
        if each.default is None and operator.__dict__[name] is None and _takes_one(each.kind)
    ]


def _takes_one(kind: Kind[Any]) -> bool:
    try:
        return bool(kind.read(1) == 1)
    except RuleError:
        return False


def _holds(case: Case, level: int, span: Span, other: Operator) -> bool:
    """Whether the rule at fault holds with another operator at a place."""

    def changed(step: OperatorStep) -> Operator | None:
        written = case.written(step) if step.span == span else None
        return None if written is None else written.whole(other)

    return case.holds_with(changed, level)

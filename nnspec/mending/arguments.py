"""Other arguments: of the operator at fault, or of those before it.

An argument's kind says which values are near to its own, and the operators' rules which of them suit; nothing here
knows what any argument means.
"""

from __future__ import annotations

from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.diagnostic import RuleError
from nnspec.mending.candidate import Candidate, Case
from nnspec.mending.replay import Stopped
from nnspec.mending.witness import Applied, Scene
from nnspec.mending.writing import Wording, added, replaced, value_text
from nnspec.ops.axes import Axis
from nnspec.ops.kinds import show
from nnspec.program.program import OperatorStep
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType
from nnspec.source import Span
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.mending.replay import Changed
    from nnspec.ops.operator import Operator, Param

MOST_VALUES = 80  # of one argument
MOST_STAGES = 24  # before the fault
MOST_AROUND = 6  # in a repeat around the fault
MOST_SUITING = 3  # values of one argument that are worth a trial


def own_arguments(case: Case) -> Iterator[Candidate]:
    """Other arguments for the operator at fault."""
    scene, node = case.scene, case.node
    if not isinstance(scene, Scene) or not scene.is_read or node is None:
        return
    operator = scene.applied.operator
    for name, declared in operator.params.items():
        if isinstance(declared.kind, Axis) and name not in scene.applied.places:
            continue  # an axis that was not written is hardly what is wrong
        suiting = 0
        for value in islice(declared.kind.near(operator.__dict__[name], case.sizes), MOST_VALUES):
            other = with_argument(operator, name, value)
            fits = suiting < MOST_SUITING and _accepts(case, scene, other)
            if fits and not does_nothing(other, value, scene.arriving):
                suiting += 1
                yield from _written(case, scene.applied, node, declared, value, _blamed(case, scene, name))
    yield from _two_alike(case, scene, node)


def _two_alike(case: Case, scene: Scene, node: tree.Apply) -> Iterator[Candidate]:
    """One number for two arguments in a row: a height and a width that are both too large."""
    operator = scene.applied.operator
    for first, second in pairwise(operator.params.values()):
        own = operator.__dict__[first.name], operator.__dict__[second.name]
        if (
            not all(isinstance(each, int) for each in own)
            or not {first.name, second.name} <= scene.applied.places.keys()
        ):
            continue
        for value in islice(first.kind.near(own[0], case.sizes), MOST_VALUES):
            if _accepts(case, scene, with_argument(with_argument(operator, first.name, value), second.name, value)):
                wordings = [_edits(case, scene.applied, node, each, value) for each in (first, second)]
                both = tuple([edit for each in wordings for edit in next(iter(each), ())])
                cost = 0.2 + max(change_cost(old, value) for old in own)
                yield Candidate(f"write {case.reads(node, both)}", (both,), cost, f"{node.span.start} two")
                return


def _blamed(case: Case, scene: Scene, name: str) -> float:
    """What it costs less to change the argument that the finding points at."""
    return -0.3 if scene.applied.places.get(name) == case.found.span else 0.0


def earlier_arguments(case: Case) -> Iterator[Candidate]:
    """Other arguments for one operator before the fault, or one word for all of them in a branch."""
    if isinstance(case.scene, Scene) and not case.scene.is_read:
        return
    for distance, (level, span) in enumerate(case.before()[:MOST_STAGES]):
        applied, node = _at(case, span), case.places.at(span, tree.Apply)
        if applied is None or node is None:
            continue
        is_input = applied.operator.is_input
        more = 0.1 + 0.04 * distance
        for declared in applied.operator.params.values():
            for value in islice(_suiting(case, level, span, declared), MOST_SUITING):
                axes = is_input and declared.variadic and _axes_cost(value, applied.operator.infer().shape)
                yield from _written(case, applied, node, declared, value, more + axes)
    for level, wires in enumerate(case.wanted()):
        for some in dict.fromkeys([*[(wire,) for wire in wires], wires]):
            yield from _words_for_all(case, case.leading(level, some)[:MOST_STAGES], level)


def _axes_cost(sizes: Sequence[Any], own: Sequence[Any]) -> float:
    """What an input of other axes costs: least one channel for an image that has none written."""
    if len(sizes) > len(own):
        return 0.3 if sizes[-1] == 1 else 1.2
    return 1.5


def arguments_around(case: Case) -> Iterator[Candidate]:
    """Words and flags of operators in the repeats around the fault, whose turns before led to it."""
    for turn, _ in case.scene.turns[:2]:
        spans = _inside(case, turn.body.span)[:MOST_STAGES]
        yield from _words_for_all(case, spans, None)
        for distance, span in enumerate(spans[:MOST_AROUND]):
            applied, node = _at(case, span), case.places.at(span, tree.Apply)
            if applied is None or node is None:
                continue
            for declared in applied.operator.params.values():
                own = applied.operator.__dict__[declared.name]
                for value in declared.kind.near(own, ()) if isinstance(own, (bool, str)) else ():
                    if isinstance(value, (bool, str)) and _matters(case, applied, declared.name, value):
                        yield from _written(case, applied, node, declared, value, 0.25 + 0.04 * distance)


def _inside(case: Case, whole: Span) -> list[Span]:
    """The places of operators in a piece of syntax, the last first."""
    found = [
        span
        for span in case.testimony.latest
        if span.file.path == whole.file.path and whole.start <= span.start and span.end <= whole.end
    ]
    return sorted(found, key=lambda span: -span.start)


def _matters(case: Case, applied: Applied, name: str, value: Any) -> bool:
    """Whether another argument makes an operator give another type for what arrived at it."""
    found = []
    for operator in (applied.operator, with_argument(applied.operator, name, value)):
        try:
            found.append(case.replay.infer(operator, applied.inputs))
        except Stopped:
            return False
    return len(found[1]) == 1 and found[0] != found[1]


def _suiting(case: Case, level: int, span: Span, declared: Param[Any]) -> Iterator[Any]:
    """Values of one argument of an earlier operator with which the rule at fault holds."""
    applied = case.testimony.latest[span]
    name, own = declared.name, applied.operator.__dict__[declared.name]
    for value in islice(declared.kind.near(own, case.sizes), MOST_VALUES):
        if applied.operator.is_input and declared.variadic and len(value) == len(own):
            continue  # other sizes are `sizes.py`'s affair

        def changed(step: OperatorStep, value: Any = value) -> Operator | None:
            return _other(case, step, {span}, name, value)

        if value == 1 and _leaves_as_it_is(applied, with_argument(applied.operator, name, value)):
            continue
        if case.holds_with(changed, level):
            yield value


def _words_for_all(case: Case, spans: list[Span], level: int | None) -> Iterator[Candidate]:
    """One word for all operators that have an argument of this name: `padding=same`, say.

    They lead to the fault at a level; where they do not, it is not known beforehand whether that helps.
    """
    for words in words_for(case, spans):
        if words.count > 1 and (level is None or case.holds_with(words.changed, level)):
            yield Candidate(words.title, (words.wording,), 0.95 + 0.12 * words.count, f"all {words.name}")


class Words(Record):
    """One word for an argument of some operators; for `changed` they stand in the places of others."""

    name: str
    title: str
    wording: Wording
    count: int
    changed: Changed


def words_for(case: Case, spans: Sequence[Span]) -> Iterator[Words]:
    """Each word that makes a difference to some of the operators at these places, for all that it does."""
    known = [(span, applied) for span in spans if (applied := _at(case, span)) is not None]
    there = [(span, applied) for span, applied in known if not applied.operator.is_input]
    offered = {(n, w): p for _, a in there for n, p in a.operator.params.items() for w in p.kind.words}
    for (name, word), declared in offered.items():
        takers = {span for span, a in there if _would_take(a, name, word) and _matters(case, a, name, word)}
        nodes = [(span, case.places.at(span, tree.Apply)) for span in spans if span in takers]
        if not takers or any(node is None for _, node in nodes):
            continue

        def changed(step: OperatorStep, places: set[Span] = takers, name: str = name, word: str = word) -> Any:
            return _other(case, step, places, name, word)

        wording: Wording = ()
        for span, node in nodes:
            applied = _at(case, span)
            if applied is not None and node is not None:
                wording += next(iter(_edits(case, applied, node, declared, word)), ())
        first, stage = nodes[0]
        shown = " and ".join(filter(None, (", ".join(_names(nodes)[:-1]), _names(nodes)[-1])))
        title = f"write `{name}={word}` in {shown}{case.line_of(first)}"
        if len(nodes) == 1 and stage is not None:
            title = f"write {case.reads(stage, wording)}"
        yield Words(name, title, wording, len(takers), changed)


def _names(nodes: list[tuple[Span, tree.Apply | None]]) -> list[str]:
    """What stages are called in a title, in their order; of many of one name how many there are."""
    found: dict[str, int] = {}
    for _, node in sorted(nodes, key=lambda each: each[0].start):
        name = "" if node is None else node.name
        found[name] = found.get(name, 0) + 1
    return [f"{_COUNTS.get(count, f'{count} ')}`{name}`" for name, count in found.items()]


_COUNTS = {1: "", 2: "both "}


def _would_take(applied: Applied, name: str, word: str) -> bool:
    declared = applied.operator.params.get(name)
    return declared is not None and word in declared.kind.words and applied.operator.__dict__[name] != word


def with_argument(operator: Operator, name: str, value: Any) -> Operator:
    """The operator with one argument changed."""
    return type(operator).of({**operator.__dict__, name: value})


def _leaves_as_it_is(applied: Applied, other: Operator) -> bool:
    """Whether an operator would only hand on what arrives."""
    known = tuple([type for type in applied.inputs if isinstance(type, TensorType)])
    try:
        return len(known) == len(applied.inputs) and does_nothing(other, 1, known)
    except RuleError:
        return False


def does_nothing(operator: Operator, value: Any, inputs: tuple[TensorType, ...]) -> bool:
    """Whether an operator gives back what arrives: a pooling of windows of 1, axes in the order that they have."""
    if operator.is_idle(*inputs):
        return True
    if value != 1 or len(inputs) != 1 or operator.is_pointwise:
        return False
    return bool(operator.infer(*inputs) == inputs[0]) and not list(operator.weights(*inputs))


def _accepts(case: Case, scene: Scene, operator: Operator) -> bool:
    try:
        case.replay.infer(scene.applied.wrapping.changed(operator), scene.applied.inputs)
    except Stopped:
        return False
    return True


def _at(case: Case, span: Span) -> Applied | None:
    """How the operator at a place was written, as it was applied last."""
    return case.testimony.latest.get(span)


def _other(case: Case, step: OperatorStep, spans: set[Span], name: str, value: Any) -> Operator | None:
    """The operator of a step with another argument, where it stands at one of the places."""
    if step.span not in spans:
        return None
    applied = case.written(step)
    if applied is None or name not in applied.operator.params:
        return None
    return applied.whole(with_argument(applied.operator, name, value))


# How it is written.


def _written(
    case: Case, applied: Applied, node: tree.Apply, declared: Param[Any], value: Any, more: float
) -> Iterator[Candidate]:
    """The change of an argument as a candidate, where it can be written."""
    old = applied.operator.__dict__[declared.name]
    wordings = tuple(_edits(case, applied, node, declared, value))
    cost = change_cost(old, value) + more - (0.15 if value == declared.default else 0.0)
    if value == 1 and value is not True and value != declared.default and not isinstance(declared.kind, Axis):
        cost += 0.4  # a window or a width of 1 is hardly meant
    family = f"{node.span.start} {declared.name}"
    if wordings:
        what = "" if declared.name not in applied.places else f": `{declared.name}` {_not(declared, value, old)}"
        title = f"write {case.reads(node, wordings[0])}{what}"
        yield Candidate(title, wordings, cost, family)
    where = applied.places.get(declared.name)
    expression = None if where is None else case.places.at(where, tree.Node)
    if isinstance(expression, tree.Name):
        yield from _defined(case, expression, old, value, cost + 0.2, family)


def _not(declared: Param[Any], value: Any, old: Any) -> str:
    """`8, not 9`; several values as they stand in brackets."""
    if declared.variadic:
        return f"{show(value)}, not {show(old)}"
    return f"{value_text(value)}, not {value_text(old)}"


def _edits(case: Case, applied: Applied, node: tree.Apply, declared: Param[Any], value: Any) -> Iterator[Wording]:
    """The wordings of one argument's change at a stage."""
    name, text = declared.name, value_text(value)
    where = applied.places.get(name)
    if where is None:
        yield from added(node, type(applied.operator), name, text)
        return
    if where.file.path != node.span.file.path or not node.span.start <= where.start <= where.end <= node.span.end:
        if not _belongs_elsewhere(case, where):
            yield from added(node, type(applied.operator), name, text)
        return
    if declared.variadic and isinstance(value, tuple):
        text = ", ".join(map(value_text, value))
    elif value == declared.default:
        yield from _taken_away(node, where)
    yield from replaced(where, text)


def _belongs_elsewhere(case: Case, where: Span) -> bool:
    """Whether an argument was given by an option of the command line, which is in no file of the spec."""
    return all(where.file is not each.file for each in case.testimony.trees)


def _taken_away(node: tree.Apply, where: Span) -> Iterator[Wording]:
    """The stage without an argument, whose value would be what it is anyway."""
    arguments = node.arguments or ()
    for before, argument in pairwise(arguments):
        if argument.value.span == where and argument.name is not None and before.span.end < argument.span.start:
            yield from replaced(Span(where.file, before.span.end, argument.span.end), "")


def _defined(case: Case, name: tree.Name, old: Any, value: Any, cost: float, family: str) -> Iterator[Candidate]:
    """The change where the number is defined that an argument names: `let k = 8`, or the call of the block."""
    place = case.places.definition(name) or _given_by_call(case, name)
    if isinstance(place, tree.Number) and place.value == old:
        statement = case.places.statement_of(place)
        caller = next((each for each in case.places.around(place) if isinstance(each, tree.Apply)), statement)
        wording = (replaced(place.span, value_text(value)))[0]
        title = f"write {case.reads(caller, wording)}: `{name.name}` {value_text(value)}, not {value_text(old)}"
        yield Candidate(title, (wording,), cost, f"{family} defined")


def _given_by_call(case: Case, name: tree.Name) -> tree.Expression | None:
    """What a call on the way to the fault gives for a block's parameter."""
    found = case.places.parameter(name)
    if found is None:
        return None
    block, parameter = found
    for frame in reversed(case.found.trace):
        call = case.places.at(frame.span, tree.Apply)
        if call is None or call.name != block.name.name:
            continue
        at = block.parameters.index(parameter)
        by_place = [argument for argument in call.arguments or () if argument.name is None]
        given = next((a for a in call.arguments or () if a.name == parameter.name), None)
        if given is None and at < len(by_place):
            given = by_place[at]
        return parameter.default if given is None else given.value
    return None


def change_cost(old: Any, new: Any) -> float:
    """How much a change of a value is: a word 1, a number the more the further it goes."""
    if isinstance(old, bool) or isinstance(new, (bool, str)):
        return 1.0
    if isinstance(old, int) and isinstance(new, int):
        return 1.0 + 0.8 * abs(new - old) / max(1, abs(old), abs(new))
    if isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        if (
            len(old) > 1
            and all(isinstance(each, int) for each in old)
            and {a - b for a, b in zip(old, new, strict=True)} == {1}
        ):
            return 1.1  # they were counted from 1
        return 0.1 + max([1.0, *(change_cost(a, b) for a, b in zip(old, new, strict=True) if a != b)])
    return 1.7 if isinstance(old, str) else 1.4


__all__ = ["change_cost", "earlier_arguments", "own_arguments", "with_argument", "words_for"]

"""Stages more: what a tensor goes through to be what is wanted of it.

Stages are proposed as operators, and their own rules say what comes out of them; which of them the text needs, the
trial says. The last word in a branch may also stand in place of `_`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes.graph import UNEQUAL_SHARES
from nnspec.diagnostics.codes.promises import SHAPE_PROMISE
from nnspec.diagnostics.codes.shapes import (
    ATTENTION_DIFFERS,
    DOES_NOT_DIVIDE,
    GROUPS_DO_NOT_DIVIDE,
    NO_SUCH_AXIS,
    SHAPES_DIFFER,
    WRONG_RANK,
)
from nnspec.diagnostics.diagnostic import Edit
from nnspec.mending.bridges import bridge_cost, bridges, crop_like, merges, projection
from nnspec.mending.candidate import Candidate, suits
from nnspec.mending.replay import Stopped
from nnspec.mending.witness import Kept, Scene
from nnspec.mending.writing import after, arrow, before, instead, stage_text
from nnspec.ops.registry import find_operator
from nnspec.program.program import OperatorStep
from nnspec.record import Record
from nnspec.shapes.tensor import TensorType
from nnspec.source import Span
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.mending.candidate import Case
    from nnspec.mending.witness import Applied
    from nnspec.ops.operator import Operator
    from nnspec.shapes.tensor import Type

    Chain = tuple[Operator, ...]

MOST_STAGES = 8  # before the fault, with a stage put before them
MOST_CHANNELS = 64  # more or fewer, to be divided
STAGE = 1.3  # what a stage more costs
#: What an axis more or fewer before an earlier stage may mend. A window fits along one long axis, and means another.
_ABOUT_RANK = (WRONG_RANK, SHAPES_DIFFER, ATTENTION_DIFFERS, NO_SUCH_AXIS, SHAPE_PROMISE, UNEQUAL_SHARES)


class _Behind(Record):
    """An operator behind others, which change its first input."""

    chain: tuple[Any, ...]
    operator: Any

    def infer(self, first: TensorType, *others: TensorType) -> Any:
        """What comes out of the last."""
        for each in self.chain:
            first = each.infer(first)
        return self.operator.infer(first, *others)


def more_stages(case: Case) -> Iterator[Candidate]:
    """Stages before the fault, at the end of a branch, or before an earlier stage."""
    if isinstance(case.scene, Kept):
        yield from _for_wanted(case, case.scene)
    elif case.scene.is_read:
        yield from _at_inputs(case, case.scene)
    yield from _before_earlier(case)


def joined_tensors(case: Case) -> Iterator[Candidate]:
    """A merge, where several tensors arrive at an operator of one; a merge of one tensor left out."""
    scene, node = case.scene, case.node
    if not isinstance(scene, Scene) or node is None or not scene.arriving or node.braces is not None:
        return
    place = case.places.stage_of(node)
    if place is None:
        return
    flow, stage = place
    if len(scene.arriving) == 1:
        yield from _left_out(case, scene, stage, flow)
        return
    for cost, merge in enumerate(merges()):
        try:
            case.replay.infer(merge, scene.arriving)
        except Stopped:
            continue
        text, at = type(merge).__name__, flow.stages.index(stage)
        side = flow.stages[at - 1] if at else None
        if isinstance(side, tree.Side) and side.span.text.startswith("{"):
            wording = (Edit(Span(side.span.file, side.span.start, side.span.start), text),)
            yield Candidate(f"join them: write `{text}{{ … | … }}`", (wording,), 1.1 + cost / 10, text)
        else:
            yield Candidate(f"put `{text}` before it", before(stage, flow, text), 1.1 + cost / 10, text)


def _left_out(case: Case, scene: Scene, stage: tree.Stage, flow: tree.Flow) -> Iterator[Candidate]:
    """The flow without a merge that has nothing to merge."""
    at = flow.stages.index(stage)
    if scene.applied.operator.is_merge and at and isinstance(stage, tree.Apply):
        end = flow.stages[at - 1].span.end
        if end <= stage.span.start:
            edit = Edit(Span(stage.span.file, end, stage.span.end), "")
            yield Candidate(f"leave `{stage.name}` out", ((edit,),), 1.2, "left out")


def _at_inputs(case: Case, scene: Scene) -> Iterator[Candidate]:
    """Stages that bring one of the inputs to what the operator takes."""
    arriving, operator = scene.arriving, scene.applied.wrapping.changed(scene.applied.operator)
    if case.found.code in (GROUPS_DO_NOT_DIVIDE, DOES_NOT_DIVIDE):
        yield from _other_channels(case, scene, operator)
    if len(arriving) != len(scene.operands) or (len(arriving) == 1 and case.found.code is not WRONG_RANK):
        return
    for at, x in enumerate(arriving):
        for chain in bridges(x, [*arriving[:at], *arriving[at + 1 :]]):
            types: list[Type] = list(arriving)
            try:
                for each in chain:
                    (types[at],) = case.replay.infer(each, [types[at]])
                case.replay.infer(operator, types)
            except (Stopped, ValueError):
                continue
            yield from _put(case, scene, at, chain)
    yield from _cut_like_another(case, scene)


def _other_channels(case: Case, scene: Scene, operator: Operator) -> Iterator[Candidate]:
    """A projection to the nearest number of channels that can be divided as the operator does."""
    x = scene.arriving[0]
    if len(scene.operands) != 1 or not x.rank or not isinstance(x.channels, int):
        return
    for more in range(1, MOST_CHANNELS):
        for channels in (x.channels + more, x.channels - more):
            if channels < 1:
                continue
            chain = (projection(x, channels),)
            try:
                case.replay.infer(operator, case.replay.infer(chain[0], [x]))
            except Stopped:
                continue
            yield from _put(case, scene, 0, chain)
            return


def _cut_like_another(case: Case, scene: Scene) -> Iterator[Candidate]:
    """A crop of one branch to the sizes of another that has a name: `Crop(like=_)`."""
    node, arriving = case.node, scene.arriving
    if node is None or len(set(scene.flows)) < len(scene.flows):
        return
    for at, flow in enumerate(_branches(case, scene)):
        for like, other in enumerate(_branches(case, scene)):
            name = _name_of(other)
            if name is None or flow is None or at == like:
                continue
            types: list[Type] = list(arriving)
            try:
                (types[at],) = case.replay.infer(crop_like(arriving[like]), [arriving[at], arriving[like]])
                case.replay.infer(scene.applied.wrapping.changed(scene.applied.operator), types)
            except Stopped:
                continue
            text = stage_text(crop_like(arriving[like])).partition("(")[0] + f"(like={name})"
            if flow.stages:
                wordings = after(flow.stages[-1], flow, text)
                yield Candidate(f"end branch {at + 1} in `{text}`", wordings, STAGE - 0.1, f"crop {at}")
            else:
                yield Candidate(f"write `{text}` for nothing", instead(flow, text), STAGE - 0.1, f"crop {at}")


def _branches(case: Case, scene: Scene) -> list[tree.Flow | None]:
    """The flow that gives each input, where braces do."""
    return [case.places.at(span, tree.Flow) for span in scene.flows[: len(scene.arriving)]]


def _name_of(flow: tree.Flow | None) -> str | None:
    """What a branch is called in an argument, where it only hands on a tensor."""
    if flow is None or len(flow.stages) > 1:
        return None
    if not flow.stages or isinstance(flow.stages[0], tree.Here):
        return "_"
    return flow.stages[0].span.text if isinstance(flow.stages[0], tree.Reference) else None


def _put(case: Case, scene: Scene, at: int, chain: Chain) -> Iterator[Candidate]:
    """The stages at one input: at the end of its branch, or before the stage at fault."""
    node = case.node
    if node is None:
        return
    text = _text(case, chain)
    cost = STAGE + bridge_cost(scene.arriving[at], chain) + 0.01 * len(text)
    family = f"{type(chain[0]).__name__} {at}"
    if node.braces is not None:
        yield from _in_branch(case, node, scene, at, text, cost, _for_nothing(scene.arriving[at], chain), family)
        return
    place = case.places.stage_of(node)
    if place is not None and at == 0:
        flow, stage = place
        yield Candidate(f"put `{text}` before `{node.name}`", before(stage, flow, text), cost, family)


def _for_nothing(x: TensorType, chain: Chain) -> float:
    """What a chain costs less on a shortcut: papers project it, and do not reorder it."""
    y = x
    for each in chain[:-1]:
        y = each.infer(y)
    if list(chain[-1].weights(y)):
        return 0.45
    return 0.0 if sorted(map(str, chain[-1].infer(y).shape)) == sorted(map(str, x.shape)) else 0.2


def _in_branch(
    case: Case, node: tree.Apply, scene: Scene, at: int, text: str, cost: float, for_nothing: float, family: str
) -> Iterator[Candidate]:
    cls = find_operator(node.name)
    if cls is not None and cls.adds_skip is not None and at == 1:
        yield from _with_shortcut(case, node, cls.adds_skip.__name__, text, cost - 0.15)
        return
    flow = case.places.at(scene.flows[at], tree.Flow) if at < len(scene.flows) else None
    if flow is None or scene.flows.count(scene.flows[at]) > 1 + (cls is not None and cls.adds_skip is not None):
        return
    hands_on = not flow.stages or (len(flow.stages) == 1 and isinstance(flow.stages[0], tree.Here))
    if hands_on:
        shown = flow.span.text.strip() or "nothing"
        yield Candidate(f"write `{text}` for `{shown}`", instead(flow, text), cost - for_nothing, family)
    else:
        number = f"branch {at + 1}" if len(set(scene.flows)) > 1 else "the branch"
        yield Candidate(f"end {number} in `{text}`", after(flow.stages[-1], flow, text), cost, family)


def _with_shortcut(case: Case, node: tree.Apply, merge: str, text: str, cost: float) -> Iterator[Candidate]:
    """`Residual{ F }` as `Add{ F | Conv(64, 1) }`: its shortcut has no place of its own."""
    end = node.span.end - 1
    if node.arguments or node.span.file.text[end : end + 1] != "}":
        return
    space = "" if node.span.file.text[end - 1 : end].isspace() else " "
    edits = (Edit(node.name_span, merge), Edit(Span(node.span.file, end, end), f"{space}| {text} "))
    yield Candidate(f"write `{merge}{{ … | {text} }}`", (edits,), cost, f"shortcut {text.partition('(')[0]}")


def _for_wanted(case: Case, kept: Kept) -> Iterator[Candidate]:
    """Stages at the end of the stage that promises a shape, or before a part that is used."""
    x, promise = kept.leaves, _promise(case)
    used = None if kept.place is None else case.places.at(kept.place, tree.Apply)
    place = None if used is None else case.places.stage_of(used)
    for chain in bridges(x, _goal(case)):
        types: list[Type] = [x]
        try:
            for each in chain:
                types = list(case.replay.infer(each, types))
        except Stopped:
            continue
        if len(types) != 1 or not suits(types[0], kept.wanted, kept.dtype):
            continue
        text = _text(case, chain)
        cost = STAGE + bridge_cost(x, chain) + 0.01 * len(text)
        if promise is not None:
            end = promise.body.span.end
            edit = Edit(Span(promise.span.file, end, end), f" {arrow(case.found.span.file)} {text}")
            yield Candidate(f"put `{text}` before the promise", ((edit,),), cost, "bridge")
        elif used is not None and place is not None and used.braces is None:
            flow, stage = place
            title = f"put `{text}` before `{used.name}`{case.where(used)}"
            yield Candidate(title, before(stage, flow, text), cost, f"bridge {used.span.start}")


def _before_earlier(case: Case) -> Iterator[Candidate]:
    """Stages before an operator that leads to the fault, a pooling before the last `Dense`, say."""
    goal, keeps_rank = _goal(case), case.found.code not in _ABOUT_RANK
    for distance, (level, span) in enumerate(case.before()[:MOST_STAGES]):
        node = case.places.at(span, tree.Apply)
        place = None if node is None else case.places.stage_of(node)
        there = _there(case, level, span)
        if node is None or place is None or there is None or node.braces is not None:
            continue
        inputs: Any = there.inputs
        for chain in bridges(inputs[0], goal):
            if keeps_rank and chain[0].infer(inputs[0]).rank != inputs[0].rank:
                continue

            def changed(step: OperatorStep, span: Span = span, chain: Chain = chain, there: Applied = there) -> Any:
                is_it = step.span == span and step.operands
                return _Behind(tuple(map(there.whole, chain)), step.operator) if is_it else None

            if case.holds_with(changed, level):
                text = _text(case, chain)
                flow, stage = place
                title = f"put `{text}` before `{node.name}`{case.where(node)}"
                cost = STAGE + 0.2 + 0.1 * distance + bridge_cost(inputs[0], chain) + 0.01 * len(text)
                yield Candidate(title, before(stage, flow, text), cost, type(chain[0]).__name__)


def _there(case: Case, level: int, span: Span) -> Applied | None:
    """How the operator of a place was applied in a region before the fault, if to tensors of known types."""
    for step in reversed(case.levels[level].steps):
        if isinstance(step, OperatorStep) and step.span == span and step.operands:
            found = case.written(step)
            return found if found and all(isinstance(type, TensorType) for type in found.inputs) else None
    return None


def _goal(case: Case) -> list[TensorType]:
    """The shapes that play a part at the fault."""
    if isinstance(case.scene, Kept):
        return [_wanted(case.scene)]
    return list(case.scene.arriving)


def _wanted(kept: Kept) -> TensorType:
    """The type wanted; where any size will do, its own at the use of a part, and 1 before a promise."""
    own = kept.leaves.shape if len(kept.wanted) == kept.leaves.rank and kept.place is not None else ()
    sizes = [size if size is not None else own[at] if own else 1 for at, size in enumerate(kept.wanted)]
    return TensorType(tuple(sizes), kept.leaves.dtype)


def _promise(case: Case) -> tree.Promise | None:
    shape = case.places.at(case.found.span, tree.Tuple)
    around = () if shape is None else case.places.around(shape)
    return next((each for each in around if isinstance(each, tree.Promise)), None)


def promised_shape(case: Case) -> Iterator[Candidate]:
    """The shape that leaves, in place of the one promised."""
    promise, kept = _promise(case), case.scene
    if promise is None or not isinstance(kept, Kept):
        return
    leaves = kept.leaves
    text = ", ".join(map(str, leaves.shape)) + ("," if leaves.rank == 1 else "")
    is_same = [size for size in kept.wanted if size != 1] == [size for size in leaves.shape if size != 1]
    cost = 1.2 if is_same else 2.6  # ones more or fewer say nothing about the network
    items = promise.shape.items
    if len(items) == leaves.rank:
        edits = tuple([
            Edit(item.span, str(size))
            for item, size, wanted in zip(items, leaves.shape, kept.wanted, strict=True)
            if wanted is not None and size != wanted
        ])  # fmt: skip
        yield Candidate(f"promise what leaves: `({text})`", (edits,), cost, "promise")
    else:
        yield Candidate(
            f"promise what leaves: `({text})`", ((Edit(promise.shape.span, f"({text})"),),), cost, "promise"
        )


def _text(case: Case, chain: Sequence[Operator]) -> str:
    return f" {arrow(case.found.span.file)} ".join(map(stage_text, chain))

"""A projection on a shortcut inside a block: as wide as the other branch is written to be, not as it is at one use.

`_` in `Add{ F | _ }` stands for `Conv(4 * c, 1, stride=s)` where F ends in `4 * c` channels and strides by `s`: the
numbers of one use would not suit the next.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from nnspec.mending.arguments import words_for
from nnspec.mending.bridges import projection
from nnspec.mending.candidate import Candidate
from nnspec.mending.replay import Stopped
from nnspec.mending.witness import Scene
from nnspec.mending.writing import after, instead, stage_text
from nnspec.ops.registry import find_operator
from nnspec.shapes.tensor import TensorType
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.mending.candidate import Case
    from nnspec.mending.replay import Changed

MOST_WIDTHS = 3
MOST_STRIDES = 3
MOST_STAGES = 24


def projections(case: Case) -> Iterator[Candidate]:
    """A projection written with the names of the block around the fault."""
    scene, node = case.scene, case.node
    if not isinstance(scene, Scene) or node is None or not isinstance(node.braces, tree.Braces):
        return
    cls = find_operator(node.name)
    if cls is None or not cls.is_merge or len(node.braces.flows) != 2 or not scene.arriving:
        return
    shortcut = next((flow for flow in node.braces.flows if _hands_on(flow)), None)
    other = next((flow for flow in node.braces.flows if flow is not shortcut), None)
    if shortcut is None or other is None:
        return
    names = type(projection(scene.arriving[0], 1)).__name__
    for cost, text in enumerate(_texts(case, names, other)):
        wordings = instead(shortcut, text) if _hands_on(shortcut) else after(shortcut.stages[-1], shortcut, text)
        shown = shortcut.span.text.strip() or "nothing"
        yield Candidate(f"write `{text}` for `{shown}`{case.where(node)}", wordings, 1.2 + 0.02 * cost, "projection")


def padded_projections(case: Case) -> Iterator[Candidate]:
    """A word that keeps the sizes of one branch, and a projection for the other, which hands on what arrives."""
    scene, node = case.scene, case.node
    if not isinstance(scene, Scene) or node is None or not isinstance(node.braces, tree.Braces):
        return
    flows = [case.places.at(span, tree.Flow) for span in scene.flows]
    if len(flows) != 2 or len(scene.arriving) != 2:
        return
    for at, flow in enumerate(flows):
        if flow is None or not _hands_on(flow):
            continue
        for words in words_for(case, case.leading(0, (scene.operands[1 - at],))[:MOST_STAGES]):
            goal, own = _type_with(case, scene, 1 - at, words.changed), scene.arriving[at]
            if goal is None or goal.spatial != own.spatial or goal.channels == own.channels:
                continue
            if not isinstance(goal.channels, int):
                continue
            text = stage_text(projection(own, goal.channels))
            wordings = tuple([(*words.wording, *each) for each in instead(flow, text)])
            shown = flow.span.text.strip() or "nothing"
            title = f"{words.title}, and `{text}` for `{shown}`"
            yield Candidate(title, wordings, 1.55 + 0.12 * words.count, f"{words.name} and projection")


def _type_with(case: Case, scene: Scene, at: int, changed: Changed) -> TensorType | None:
    """What arrives as one of the inputs where some operators before are others."""
    wire = scene.operands[at]
    try:
        type = case.replay.types(scene.steps, scene.types, changed)[wire]
    except Stopped:
        return None
    hidden = len(scene.applied.wrapping.steps)
    return TensorType(type.shape[hidden:], type.dtype) if isinstance(type, TensorType) else None


def _hands_on(flow: tree.Flow) -> bool:
    return not flow.stages or (len(flow.stages) == 1 and isinstance(flow.stages[0], tree.Here))


def _texts(case: Case, name: str, flow: tree.Flow) -> Iterator[str]:
    """`Conv(4 * c, 1)`, `Conv(4 * c, 1, stride=s)`: widths as they are written, the last first."""
    arguments = list(case.places.of_kind(tree.Argument, flow))
    widths = dict.fromkeys(each.value.span.text for each in reversed(arguments) if _is_formula(each.value))
    strides = dict.fromkeys(each.value.span.text for each in arguments if isinstance(each.value, tree.Name))
    for width in islice(widths, MOST_WIDTHS):
        yield f"{name}({width}, 1)"
        for stride in islice(strides, MOST_STRIDES):
            if stride not in width:
                yield f"{name}({width}, 1, stride={stride})"


def _is_formula(node: tree.Expression) -> bool:
    """Whether an argument may say how many channels there are, in terms of names."""
    return isinstance(node, (tree.Name, tree.Binary, tree.FunctionCall, tree.Attribute))

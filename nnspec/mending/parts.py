"""Parts with weights or inputs of their own, used where a tensor of other sizes arrives: changes of the part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.diagnostic import Edit
from nnspec.mending.candidate import Candidate
from nnspec.mending.witness import Kept
from nnspec.mending.writing import added
from nnspec.ops.registry import find_operator
from nnspec.program.program import OperatorStep
from nnspec.source import Span
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.mending.candidate import Case
    from nnspec.mending.writing import Wording


def own_weights(case: Case) -> Iterator[Candidate]:
    """A block for a shared part: new weights at each use. It is another network, so it comes last."""
    if not isinstance(case.scene, Kept) or case.scene.place is None:
        return
    used = case.places.at(case.scene.place, tree.Apply)
    statement = None if used is None else case.places.shared(used.name, used.span)
    if statement is not None and statement.span.text.startswith("shared "):
        word = Span(statement.span.file, statement.span.start, statement.span.start + len("shared"))
        title = f"write `block {statement.name.name}`{case.line_of(word)}: weights of its own at each use"
        yield Candidate(title, ((Edit(word, "block"),),), 2.7, "own weights")


def wanted_input(case: Case) -> Iterator[Candidate]:
    """The sizes that a part wants for an `Input` that leads there."""
    kept = case.scene
    if not isinstance(kept, Kept) or kept.place is None or None in kept.wanted or kept.hidden:
        return
    for at, wires in enumerate(case.wanted()):
        for step in case.levels[at].steps:
            if isinstance(step, OperatorStep) and step.operator.is_input and set(wires) & set(step.outputs):
                node = case.places.at(step.span, tree.Apply)
                edits = None if node is None else _other_sizes(node, kept.leaves.shape, kept.wanted)
                if node is not None and edits:
                    yield Candidate(f"write {case.reads(node, edits)}", (edits,), 1.3, f"input {node.span.start}")


def arriving_input(case: Case) -> Iterator[Candidate]:
    """What arrives at a model that is a stage, as the sizes and the dtype of the model's `Input`."""
    kept, labels = case.scene, case.found.labels
    node = case.places.at(labels[0].span, tree.Apply) if labels and isinstance(kept, Kept) else None
    cls = None if node is None else find_operator(node.name)
    if node is None or cls is None or not cls.is_input or not isinstance(kept, Kept):
        return
    arrives = kept.leaves
    sizes = _other_sizes(node, kept.wanted, arrives.shape)
    if sizes is None:
        return
    edits = list(sizes)
    if arrives.dtype != kept.dtype:
        there = next((a.value.span for a in node.arguments or () if a.name == "dtype"), None)
        wordings = added(node, cls, "dtype", arrives.dtype) if there is None else ((Edit(there, arrives.dtype),),)
        edits += next(iter(wordings), ())
    wording = tuple(edits)
    yield Candidate(f"write {case.reads(node, wording)}", (wording,), 1.4, "model's input")


def _other_sizes(node: tree.Apply, sizes: Sequence[object], others: Sequence[object]) -> Wording | None:
    """An `Input` with other sizes than it has; None where it does not write them plainly."""
    written = [argument for argument in node.arguments or () if argument.name is None]
    if len(written) != len(sizes) or not written:
        return None
    if len(others) != len(sizes):
        return (Edit(written[0].span.to(written[-1].span), ", ".join(map(str, others))),)
    pairs = zip(written, sizes, others, strict=True)
    return tuple([Edit(each.value.span, str(other)) for each, size, other in pairs if size != other])

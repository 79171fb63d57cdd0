"""From a training and a network to decisions: how examples enter, how targets meet each loss.

`Seen` is what is known of the data, stated or looked up or, in a run, counted; the same rules decide in
all cases, so that `check` and `train` agree. Nothing here opens data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.record import Record
from nnspec.shapes.dim import Dim, is_known
from nnspec.train.losses import Loss
from nnspec.train.sources import SKLEARN, CsvData, Known

if TYPE_CHECKING:
    from nnspec.train.keys import Pick
    from nnspec.train.network import End, Network
    from nnspec.train.section import Training

Shape = tuple[int, ...]


class Seen(Record):
    """What is known of data; None is unknown. `shapes` are those that an example can be had in."""

    examples: int | None = None
    shapes: tuple[Shape, ...] | None = None
    target_shape: Shape | None = None
    classes: int | None = None
    encoding: str | None = None
    labels: tuple[float, float] | None = None  # the least and greatest class number
    has_names: bool = False  # the targets are words, to be numbered


class OutputPlan(Record):
    """How the targets meet the loss of an output.

    `encode` turns class numbers into one-hot vectors of `classes`; `expand` gives single values an
    axis of their own. `logits` is whether the loss applies the softmax or sigmoid.
    """

    end: End
    loss: Pick
    metrics: tuple[Pick, ...]
    weight: float | None
    logits: bool
    encode: bool
    expand: bool

    @property
    def reads(self) -> str:
        """What the loss reads."""
        assert isinstance(self.loss.choice, Loss)
        return self.loss.choice.reads


class Plan(Record):
    """All decisions. `shape` is the form in which an example is had, before an axis is added to it."""

    training: Training
    network: Network
    seen: Seen
    shape: Shape | None
    add_axis: bool
    outputs: tuple[OutputPlan, ...]

    @property
    def stratify(self) -> bool:
        """Whether the split keeps the shares of classes."""
        classes = all(output.reads in ("int", "onehot") or output.encode for output in self.outputs)
        binary = all(output.reads == "binary" and self.seen.classes == 2 for output in self.outputs)
        single = self.seen.target_shape in ((), None)
        return (classes or binary) and single and self.training.data.shuffle


def known_set(training: Training) -> Known | None:
    """The set of scikit-learn's that the data are, if they are."""
    return SKLEARN.get(training.data.source.removeprefix("sklearn/"))


def stated(training: Training) -> Seen:
    """What is known before the data are opened: from facts, and from the table of scikit-learn's sets."""
    data, known = training.data, known_set(training)
    features, target = data.features, data.target
    if known is not None:
        return Seen(
            known.examples,
            tuple(shape for shape, _ in known.shapes),
            known.target_shape,
            known.classes,
            target.encoding if target else None,
        )
    shape = features.shape if features else None
    target_shape = target.shape if target else None
    if target_shape is None and target is not None and target.encoding in ("int", "value") and target.classes:
        target_shape = ()
    if isinstance(data, CsvData) and target_shape is None:
        target_shape = () if len(data.target.column) == 1 else (len(data.target.column),)
    return Seen(
        data.examples,
        None if shape is None else (shape,),
        target_shape,
        target.classes if target else None,
        target.encoding if target else None,
    )


def fits(shape: tuple[Dim, ...], wanted: tuple[Dim, ...]) -> bool:
    """Whether sizes are those wanted, a symbolic size being any."""
    return len(shape) == len(wanted) and all(
        s == w or not is_known(s) or not is_known(w) for s, w in zip(shape, wanted, strict=True)
    )


def entry(seen: Seen, end: End) -> tuple[Shape | None, bool] | None:
    """The shape in which an example enters an input, and whether it gets one more axis; None if it cannot."""
    if seen.shapes is None:
        return None, False
    for shape in seen.shapes:
        if fits(shape, end.type.shape):
            return shape, False
    for shape in seen.shapes:
        if fits((*shape, 1), end.type.shape) and end.type.shape[-1:] == (1,):
            return shape, True
    return None


def is_class_numbers(seen: Seen) -> bool:
    """Whether the data hold each class as a number (or a word, to be numbered)."""
    if seen.encoding is not None:
        return seen.encoding == "int"
    return seen.classes is not None or seen.has_names


def plan(training: Training, network: Network, seen: Seen) -> Plan | None:
    """The decisions; None where the data cannot enter or meet the losses (which `check` reports)."""
    way = entry(seen, network.inputs[0])
    outputs = [plan_output(training, end, seen) for end in network.outputs]
    known = [output for output in outputs if output is not None]
    if way is None or len(known) < len(outputs):
        return None
    return Plan(training, network, seen, way[0], way[1], tuple(known))


def plan_output(training: Training, end: End, seen: Seen) -> OutputPlan | None:
    """How targets meet the loss of an output; None where it has none."""
    loss = training.loss.of(end.name)
    if loss is None or not isinstance(loss.choice, Loss):
        return None
    reads = loss.choice.reads
    written = loss.given.get("from_logits")
    has_logits = "from_logits" in loss.choice.settings
    logits = bool(written) if written is not None else has_logits and not end.is_probability
    encode = _encodes(reads, end, seen)
    single = seen.target_shape in ((), None) and not encode
    expand = single and reads in ("binary", "value") and end.type.rank == 1
    metrics = training.metrics.get(end.name, training.metrics.get("", ()))
    return OutputPlan(end, loss, metrics, training.loss.weights.get(end.name), logits, encode, expand)


def _encodes(reads: str, end: End, seen: Seen) -> bool:
    """Whether class numbers become one-hot vectors."""
    if seen.encoding is not None and seen.encoding != "int":
        return False
    if reads == "onehot":
        return True
    if reads == "int" or seen.classes is None or not end.type.rank:
        return False
    return end.type.channels == seen.classes and seen.target_shape == ()

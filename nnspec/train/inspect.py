"""What opened data are: verified against the spec's facts, and counted for the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnspec.diagnostics.codes import training as codes
from nnspec.ops.dtypes import cast
from nnspec.record import replace
from nnspec.shapes.tensor import shape_text
from nnspec.train.check import split_sizes, target_span, within
from nnspec.train.keys import Unread, refuse
from nnspec.train.load import Raw, load
from nnspec.train.losses import Loss
from nnspec.train.plan import Plan, Seen, fits, known_set, stated
from nnspec.train.section import Training, is_shares, split_of
from nnspec.train.sources import CsvData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.source import Span
    from nnspec.train.network import End, Network


class Opened:
    """Opened data: what is known of them now, and the targets, by which a split is tried."""

    def __init__(self, seen: Seen, labels: Any, test_examples: int) -> None:
        self.seen = seen
        self.labels = labels
        self.test_examples = test_examples


def open_data(training: Training, network: Network, spec_folder: str, found: Diagnostics) -> Opened | None:
    """The data of a training, opened and checked; None where something is wrong, which is reported."""
    try:
        raw, test = load(training, _held(training, network.inputs[0]), spec_folder, found)
        seen = _seen(training, network, raw, found)
        if test is not None:
            seen = replace(seen, labels=_joined_labels(seen, test))
    except Unread:
        return None
    return Opened(seen, raw.y, 0 if test is None else len(test.x))


def _held(training: Training, end: End) -> str:
    """What the features are held as in the first layer: Keras computes floats as float32, unless told otherwise."""
    dtype = end.type.dtype
    return dtype if dtype == "float16" or (dtype == training.precision == "float64") else cast(dtype)


def _joined_labels(seen: Seen, test: Raw) -> tuple[float, float] | None:
    if seen.labels is None:
        return None
    return min(seen.labels[0], float(test.y.min())), max(seen.labels[1], float(test.y.max()))


def _seen(training: Training, network: Network, raw: Raw, found: Diagnostics) -> Seen:
    """What was counted, and the facts that hold.

    Raises: Unread.
    """
    known = stated(training)
    if known_set(training) is not None:
        natural = "int" if known.classes else "value"
        return replace(known, encoding=known.encoding or natural, labels=_range(raw.y) if known.classes else None)
    data = training.data
    if data.examples is not None and data.examples != len(raw.x):
        _false(found, data.at("examples"), f"there are {len(raw.x)} examples, not {data.examples}")
    shape = _features(training, raw, found)
    return _targets(training, network, replace(known, examples=len(raw.x), shapes=(shape,)), raw, found)


def _false(found: Diagnostics, span: Span, message: str) -> None:
    refuse(found, codes.WRONG_FACT, message, span, help="mend the fact, or leave it out")


def _features(training: Training, raw: Raw, found: Diagnostics) -> tuple[int, ...]:
    """The shape of an example.

    Raises: Unread, where a fact about the features is false.
    """
    facts = training.data.features
    shape: tuple[int, ...] = tuple(map(int, raw.x.shape[1:]))
    if facts is None:
        return shape
    if facts.range is not None and not within(_range(raw.x), facts.range):
        low, high = _range(raw.x)
        _false(
            found,
            facts.at("range"),
            f"the features run from {low:g} to {high:g}, which is not within {facts.range[0]:g} and {facts.range[1]:g}",
        )
    if facts.shape is None or facts.shape == shape:
        return shape
    if isinstance(training.data, CsvData) and int(np.prod(facts.shape)) == shape[0]:
        return facts.shape
    there = (
        f"a row has {shape[0]} features" if isinstance(training.data, CsvData) else f"an example is {shape_text(shape)}"
    )
    _false(found, facts.at("shape"), f"{there}, which is not {shape_text(facts.shape)}")
    return shape


def _range(values: Any) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _targets(training: Training, network: Network, seen: Seen, raw: Raw, found: Diagnostics) -> Seen:
    """What the targets are.

    Raises: Unread, where a fact about them is false.
    """
    facts, y = training.data.target, raw.y
    shape: tuple[int, ...] = tuple(map(int, y.shape[1:]))
    shape = () if shape == (1,) else shape
    reads = [pick.choice.reads for pick in training.loss.picks.values() if isinstance(pick.choice, Loss)]
    if raw.has_names and "value" in reads:
        refuse(
            found,
            codes.BAD_DATA,
            "the target holds words, and the loss reads values",
            target_span(training),
            help="write `loss: sparse_categorical_crossentropy` to tell classes apart",
        )
    admitted = _encodings(y, shape, network.outputs[0], reads)
    encoding = seen.encoding or _natural(reads, admitted, shape)
    if facts is not None and facts.encoding is not None and facts.encoding not in admitted:
        _false(
            found, facts.at("encoding"), f"the targets are `{_natural(reads, admitted, shape)}`, not `{facts.encoding}`"
        )
    if facts is not None and facts.shape is not None and facts.shape not in (shape, tuple(y.shape[1:])):
        _false(found, facts.at("shape"), f"a target has the shape {shape_text(shape)}, not {shape_text(facts.shape)}")
    if facts is not None and facts.range is not None and not within(_range(y), facts.range):
        low, high = _range(y)
        _false(
            found,
            facts.at("range"),
            f"the targets run from {low:g} to {high:g}, which is not within {facts.range[0]:g} and {facts.range[1]:g}",
        )
    classes = _classes(training, y, encoding, raw.has_names, found)
    labels = _range(y) if encoding == "int" and "value" not in reads else None
    if encoding == "int" and any(read in ("int", "onehot") for read in reads) and not _whole(y):
        row = int(np.argmax((y != np.round(y)).reshape(len(y), -1).any(axis=1)))
        refuse(
            found,
            codes.BAD_DATA,
            f"the target of row {row + 1}, {np.ravel(y[row])[0]:g}, is no class number",
            target_span(training),
            help="write `loss: mean_squared_error` to predict values",
        )
    return replace(seen, target_shape=shape, encoding=encoding, classes=classes, labels=labels, has_names=raw.has_names)


def _whole(y: Any) -> bool:
    return bool((y == np.round(y)).all())


def _encodings(y: Any, shape: tuple[int, ...], end: End, reads: Sequence[str]) -> list[str]:
    """All encodings that the targets could be in."""
    found = ["value"]
    if _whole(y) and y.min() >= (-1 if "binary" in reads else 0):
        found.append("int")
    if shape and y.min() >= 0:
        is_sequence = "int" in reads and fits(shape, end.type.shape[:-1])
        if not is_sequence and np.allclose(y.sum(axis=-1, dtype=float), 1, atol=1e-3):
            found.append("onehot")
        if not is_sequence and np.isin(y, (0, 1)).all():
            found.append("multihot")
    return found


def _natural(reads: Sequence[str], admitted: list[str], shape: tuple[int, ...]) -> str:
    """The encoding that targets are taken for where the spec states none."""
    wanted = {
        "int": ("onehot", "multihot", "int") if shape else ("int",),
        "onehot": ("onehot", "multihot") if shape else ("int",),
        "binary": ("multihot",) if shape else ("int",),
        "value": (),
    }.get(reads[0] if reads else "value", ())
    return next(
        (encoding for encoding in wanted if encoding in admitted), "value" if shape or "int" not in wanted else "int"
    )


def _classes(training: Training, y: Any, encoding: str, has_names: bool, found: Diagnostics) -> int | None:
    """The number of classes, where it is certain.

    Raises: Unread, where it is stated otherwise.
    """
    facts = training.data.target
    if encoding in ("onehot", "multihot"):
        there = {int(y.shape[-1])}
    elif encoding == "int" and _whole(y):
        there = {len(np.unique(y)), int(y.max()) + 1}
    else:
        there = set()
    if facts is not None and facts.classes is not None:
        if there and facts.classes not in there:
            _false(found, facts.at("classes"), f"the data have {min(there)} classes, not {facts.classes}")
        return facts.classes
    return min(there) if has_names else None


# --- the split, tried --------------------------------------------------------------------


def try_split(plan: Plan, opened: Opened, found: Diagnostics) -> bool:
    """Whether the split can be made; why not is reported."""
    from sklearn.model_selection import train_test_split

    data = plan.training.data
    split = split_of(data)
    sizes = split_sizes(split, plan.seen.examples or 0)
    if not plan.stratify or not (sizes[1] or sizes[2]):
        return True
    labels = np.ravel(opened.labels) if plan.seen.target_shape == () else opened.labels
    try:
        if sizes[1] and sizes[2]:
            labels, _ = train_test_split(labels, test_size=sizes[2], stratify=labels, random_state=plan.training.seed)
        part = {"train_size": sizes[0]} if not is_shares(split) else {}
        train_test_split(
            labels, test_size=sizes[1] or sizes[2], stratify=labels, random_state=plan.training.seed, **part
        )
    except ValueError:
        counts = np.unique(opened.labels, return_counts=True, axis=0)[1]
        found.report(
            codes.TOO_FEW_EXAMPLES,
            f"{len(counts)} classes, the smallest of {counts.min()} examples, "
            f"cannot be split into "
            f"{', '.join(map(str, sizes))}",
            data.at("split") if data.wrote("split") else data.at("source"),
            help="give each part at least one example of each class, or write `shuffle: false` to split in order",
        )
        return False
    return True

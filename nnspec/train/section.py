"""The `train` section: every key once, and from it the reading, the JSON Schema and the reference page.

It reads what was written and says what is wrong with it; how it is carried out is in `lower.py`.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes import yaml as codes
from nnspec.diagnostics.codes.training import NOT_THERE_YET, SETTINGS_CLASH
from nnspec.ops.kinds import Flag, Integer, Many, OneOf, OrNone, Real
from nnspec.ops.operator import REQUIRED
from nnspec.record import Record
from nnspec.source import Span
from nnspec.syntax.tree import Data, DataList, DataMapping, DataScalar
from nnspec.train.keys import (
    RENAMED,
    Key,
    Named,
    Off,
    Pick,
    Reader,
    Section,
    Settings,
    Unread,
    Value,
    holders,
    join,
    key,
    plain,
    refuse,
)
from nnspec.train.losses import LOSSES, METRICS
from nnspec.train.optimizers import MODES, MONITOR, OPTIMIZERS, SCHEDULES, SCHEDULES_LATER
from nnspec.train.scalars import Free
from nnspec.train.sources import DataReader, DataSettings, NpzData

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nnspec.diagnostics.diagnostic import Diagnostics


class Clip(Settings):
    """A bound on the gradients; one of the three."""

    value: float | None = key(OrNone(Real(gt=0)), default=None, doc="each element between -value and value")
    norm: float | None = key(OrNone(Real(gt=0)), default=None, doc="the norm of each weight's gradient at most this")
    global_norm: float | None = key(
        OrNone(Real(gt=0)), default=None, doc="the norm of all gradients together at most this"
    )


class EarlyStopping(Settings):
    """Stops when a figure no longer improves."""

    monitor: str | None = key(OrNone(MONITOR), default=None, doc="the figure to watch; the validation loss by default")
    patience: int = key(Integer(ge=0), default=5, doc="epochs without improvement to wait")
    min_delta: float = key(Real(ge=0), default=0.0, doc="the least change that is an improvement")
    mode: str = key(MODES, default="auto", doc="whether less or more is better; Keras tells by the name")
    start_from: int = key(Integer(ge=0), default=0, doc="epochs before it begins to watch")
    restore_best: bool = key(Flag(), default=True, doc="whether the weights of the best epoch are put back")


class Checkpoint(Settings):
    """Keeps the weights of the best epoch in a file."""

    monitor: str | None = key(OrNone(MONITOR), default=None, doc="the figure to watch; the validation loss by default")
    mode: str = key(MODES, default="auto", doc="whether less or more is better; Keras tells by the name")
    restore: bool = key(Flag(), default=True, doc="whether the best weights are put back at the end")


class OutputLosses(Record):
    """Losses by output name; under "" the one of every output. `weights` scale them in the sum."""

    picks: Mapping[str, Pick]
    weights: Mapping[str, float]
    span: Span
    places: Mapping[str, Span]

    def of(self, output: str) -> Pick | None:
        """The loss of an output."""
        return self.picks.get(output, self.picks.get(""))

    def plain(self) -> dict[str, Any]:
        """The losses as JSON has them."""
        found = {name or "all": plain(pick) for name, pick in self.picks.items()}
        return {**found, "weights": dict(self.weights)} if self.weights else found


_LOSS = Named("a loss", LOSSES)
_METRIC = Named("a metric", METRICS)


class LossReader(Reader[OutputLosses]):
    """A loss, or a mapping from outputs to losses with `weights`."""

    def read(self, data: Data, path: str, found: Diagnostics) -> OutputLosses:
        if not isinstance(data, DataMapping) or data.get("name") is not None:
            return OutputLosses({"": _LOSS.read(data, path, found)}, {}, data.span, {})
        picks: dict[str, Pick] = {}
        weights: dict[str, float] = {}
        failed = False
        for name, item in data.items:
            try:
                if name.value == "weights":
                    weights = _weights(item, join(path, "weights"), found)
                else:
                    picks[str(name.value)] = _LOSS.read(item, join(path, str(name.value)), found)
            except Unread:
                failed = True
        if failed:
            raise Unread
        if not picks:
            refuse(
                found, codes.MISSING_KEY, f"`{path}` names no loss", data.span, help="write `loss: mean_squared_error`"
            )
        return OutputLosses(picks, weights, data.span, {str(name.value): name.span for name, _ in data.items})

    def describe(self) -> str:
        return "the name of a loss, a mapping with its `name` and settings, or a mapping from outputs to losses"

    def schema(self) -> dict[str, Any]:
        loss = _LOSS.schema()
        weights = {"type": "object", "additionalProperties": Real(ge=0).schema()}
        outputs = {
            "type": "object",
            "not": {"required": ["name"]},
            "minProperties": 1,
            "properties": {"weights": weights},
            "additionalProperties": {"type": ["string", "object"]},
        }
        return {"anyOf": [*loss["anyOf"], outputs]}


def _weights(data: Data, path: str, found: Diagnostics) -> dict[str, float]:
    if not isinstance(data, DataMapping):
        refuse(
            found,
            codes.WRONG_TYPE,
            f"`{path}` expects a mapping from outputs to numbers",
            data.span,
            help="write `weights: {main: 1.0, aux: 0.3}`",
        )
    reader = Value(Real(ge=0))
    return {str(name.value): reader.read(item, join(path, str(name.value)), found) for name, item in data.items}


class MetricReader(Reader["Mapping[str, tuple[Pick, ...]]"]):
    """A metric, a list of them, or a mapping from outputs to either; under "" those of every output."""

    def read(self, data: Data, path: str, found: Diagnostics) -> Mapping[str, tuple[Pick, ...]]:
        if isinstance(data, DataMapping) and data.get("name") is None:
            return {str(name.value): self._list(item, join(path, str(name.value)), found) for name, item in data.items}
        return {"": self._list(data, path, found)}

    def _list(self, data: Data, path: str, found: Diagnostics) -> tuple[Pick, ...]:
        picks: list[Pick] = []
        failed = False
        for item in data.items if isinstance(data, DataList) else (data,):
            try:
                picks.append(_METRIC.read(item, path, found))
            except Unread:
                failed = True
        if failed:
            raise Unread
        return tuple(picks)

    def describe(self) -> str:
        return "the name of a metric, a list of names or mappings, or a mapping from outputs to such lists"

    def schema(self) -> dict[str, Any]:
        one = _METRIC.schema()
        outputs = {
            "type": "object",
            "not": {"required": ["name"]},
            "additionalProperties": {"type": ["string", "object", "array"]},
        }
        return {"anyOf": [*one["anyOf"], {"type": "array", "items": one}, outputs]}


class OneThere(Reader[str]):
    """One of some words, of which some are refused for now."""

    def __init__(self, there: tuple[str, ...], later: tuple[str, ...]) -> None:
        self.there = Value(OneOf(*there))
        self.words = there
        self.later = later

    def read(self, data: Data, path: str, found: Diagnostics) -> str:
        if isinstance(data, DataScalar) and data.value in self.later:
            refuse(
                found,
                NOT_THERE_YET,
                f"`{path}: {data.value}` is not there yet",
                data.span,
                help=f"there is {self.there.describe()}",
            )
        return self.there.read(data, path, found)

    def describe(self) -> str:
        return self.there.describe()

    def schema(self) -> dict[str, Any]:
        return self.there.schema()


TASKS = ("multiclass", "binary", "multilabel", "regression", "sequence")
PRECISIONS = OneOf("float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
_OPTIMIZER = Named("an optimiser", OPTIMIZERS, {"clip": Off(Section(Clip))})
_SCHEDULE = Named("a schedule", SCHEDULES, later_settings=SCHEDULES_LATER)
_ADAM = DataScalar(Span(None, 0, 0), "adam", "adam", True)  # type: ignore[arg-type]  # a default has no place


class Training(Settings):
    """A `train` section as read."""

    task: str | None = key(
        OneThere(TASKS, ("adversarial",)), default=None, doc="what is learned; follows from the loss"
    )
    data: DataSettings = key(DataReader(), doc="the data: their source, its keys, facts about them, the split")
    loss: OutputLosses = key(LossReader(), doc="what is minimised")
    metrics: Mapping[str, tuple[Pick, ...]] = key(MetricReader(), default={}, doc="what else is measured")
    optimizer: Pick = key(
        _OPTIMIZER,
        default=Pick.of("adam", OPTIMIZERS["adam"], {}, _ADAM.span, {}),
        doc="how the weights follow the gradients; adam",
    )
    schedule: Pick | None = key(Off(_SCHEDULE), default=None, doc="the learning rate over time, in epochs")
    epochs: int = key(Integer(ge=1), default=10, doc="passes over the training set")
    early_stopping: EarlyStopping | None = key(
        Off(Section(EarlyStopping, plain="patience")),
        default=None,
        doc="stop when nothing improves; a number is the patience",
    )
    checkpoint: Checkpoint | None = key(
        Off(Section(Checkpoint, plain="monitor")), default=None, doc="keep the best epoch; a word is what is watched"
    )
    seed: int = key(Integer(ge=0, le=2**32 - 1), default=0, doc="the start of all random numbers, set once")
    precision: str = key(PRECISIONS, default="float32", doc="the numbers that layers compute with and keep")
    device: str = key(OneThere(("auto",), ("cpu", "gpu", "tpu")), default="auto", doc="where it runs; Keras chooses")
    distribute: str = key(
        OneThere(("none",), ("data", "model", "mirrored", "workers")), default="none", doc="over how many devices"
    )
    log: tuple[str, ...] = key(
        Many(OneOf("csv", "terminal")),
        default=("terminal",),
        doc="`terminal`: a line for each epoch; `csv`: the same in history.csv, besides the files of the run folder",
    )


def read_training(section: DataMapping, found: Diagnostics) -> Training | None:
    """The training that a section describes; None where it has faults, which are reported."""
    try:
        training = Training.read(section, "train", found)
    except Unread as unread:
        if isinstance(unread.part, Training):
            _report_clashes(unread.part, found)
        return None
    return None if _report_clashes(training, found) else training


def _report_clashes(training: Training, found: Diagnostics) -> bool:
    """Report faults between keys, of a training that may lack what could not be read; whether there are any."""
    of_data = () if training.data is REQUIRED else (*_split_clashes(training), *_watch_clashes(training))
    clashes = [*of_data, *_rate_clashes(training)]
    for span, message, help in clashes:
        found.report(SETTINGS_CLASH, message, span, help=help)
    return bool(clashes)


_Clash = tuple[Span, str, str]


def split_of(data: DataSettings) -> tuple[float, float, float]:
    """Shares or counts for train, validation and test."""
    if data.split is not None:
        return data.split[0], data.split[1], data.split[2]
    return (0.9, 0.1, 0.0) if has_test_set(data) else (0.8, 0.1, 0.1)


def has_test_set(data: DataSettings) -> bool:
    """Whether the source brings a test set of its own."""
    return isinstance(data, NpzData) and data.x_test is not None


def is_shares(split: tuple[float, ...]) -> bool:
    """Whether a split is shares of the examples, not counts."""
    return all(part <= 1 for part in split)


def _split_clashes(training: Training) -> Iterator[_Clash]:
    data = training.data
    if data.split is None:
        return
    shown = ", ".join(f"{part:g}" for part in data.split)
    if len(data.split) != 3:
        yield (
            data.at("split"),
            f"`split` is three numbers, not {len(data.split)}: train, validation and test",
            "write `split: [0.8, 0.1, 0.1]`; a part may be 0",
        )
    elif data.split[0] == 0:
        yield data.at("split"), "the first part of the split, for training, is empty", "write `split: [0.8, 0.1, 0.1]`"
    elif is_shares(data.split) and abs(sum(data.split) - 1) > 1e-6:
        yield data.at("split"), f"the shares {shown} add up to {sum(data.split):g}, not 1", _mended(data.split)
    elif not is_shares(data.split) and any(part != int(part) for part in data.split):
        yield data.at("split"), f"{shown} are neither shares up to 1 nor whole counts", "write `split: [0.8, 0.1, 0.1]`"
    elif has_test_set(data) and data.split[2]:
        yield (
            data.at("split"),
            "the source has a test set of its own, and the split takes another",
            "write a split that ends with 0, such as `[0.9, 0.1, 0]`",
        )


def _mended(split: tuple[float, ...]) -> str:
    rest = 1 - split[1] - split[2]
    return (
        f"write `split: [{rest:g}, {split[1]:g}, {split[2]:g}]`" if 0 < rest < 1 else "write `split: [0.8, 0.1, 0.1]`"
    )


def monitor_of(training: Training, written: str | None) -> str:
    """The figure that a callback watches."""
    return written or ("val_loss" if split_of(training.data)[1] else "loss")


def _watch_clashes(training: Training) -> Iterator[_Clash]:
    data = training.data
    if (data.split is not None and len(data.split) != 3) or split_of(data)[1]:
        return
    schedule = training.schedule
    watchers: list[tuple[Settings | None, str | None]] = [
        (w, getattr(w, "monitor", None)) for w in (training.early_stopping, training.checkpoint)
    ]
    if schedule is not None:
        watchers.append((schedule, schedule.given.get("monitor")))
    for watcher, monitor in watchers:
        if watcher is not None and monitor is not None and monitor.startswith("val_"):
            yield (
                watcher.at("monitor"),
                f"`{monitor}` is measured on a validation set, and the split has none",
                "give the second part of `data.split` a share",
            )


def _rate_clashes(training: Training) -> Iterator[_Clash]:
    clip = training.optimizer.given.get("clip")
    if isinstance(clip, Clip):
        ways = [name for name in clip.keys if getattr(clip, name) is not None]
        if len(ways) != 1:
            yield clip.span, f"gradients are clipped in one way, not {len(ways)}", "write `clip: {global_norm: 1.0}`"
    schedule = training.schedule
    if schedule is None:
        return
    if schedule.word == "step" and (schedule.given.get("every") is None) == (schedule.given.get("at") is None):
        yield (
            schedule.span,
            "a step schedule needs `every` or `at`, and not both",
            "write `{name: step, every: 10, factor: 0.1}`",
        )
    at = schedule.given.get("at") or ()
    if any(late <= early for early, late in itertools.pairwise(at)):
        yield schedule.at("at"), "the epochs in `at` must grow", f"write `at: [{', '.join(map(str, sorted(set(at))))}]`"
    warmup = schedule.given.get("warmup", 0)
    whole = schedule.given.get("epochs") or training.epochs
    if warmup and warmup >= whole:
        yield schedule.at("warmup"), f"a warm-up of {warmup:g} of {whole:g} epochs leaves none", "shorten `warmup`"


def settings_of(training: Training) -> dict[str, Any]:
    """Every setting with its value, defaults included, as JSON has them."""
    return {**training.plain(), "loss": training.loss.plain()}


def key_path(name: str) -> str | None:
    """How `--set` writes a key of the section, or the one mapping's key, that was written alone: `train.epochs`."""
    name = RENAMED.get(name, name)
    if name in Training.keys:
        return f"train.{name}"
    inside = holders(name, Training.keys)
    return f"train.{inside[0]}.{name}" if len(inside) == 1 else None


# --- what is derived ---------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """The JSON Schema of a `train` section."""
    return {"description": "Data and training.", **Training.schema()}


__all__ = [
    "Checkpoint",
    "Clip",
    "EarlyStopping",
    "Free",
    "Key",
    "OutputLosses",
    "Training",
    "has_test_set",
    "is_shares",
    "key_path",
    "monitor_of",
    "read_training",
    "schema",
    "settings_of",
    "split_of",
]

"""The reference page of the `train` section, from its declarations; `python -m nnspec.derive` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.ops.operator import REQUIRED
from nnspec.ops.reference import choices_table
from nnspec.train.keys import Off, Reader, Section, Settings
from nnspec.train.losses import LOSSES, METRICS
from nnspec.train.optimizers import OPTIMIZERS, SCHEDULES
from nnspec.train.section import Training
from nnspec.train.sources import SKLEARN, SOURCES, DataReader, SklearnData

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = """# The `train` section

Written by `python -m nnspec.derive` from `nnspec/train`. Every key of the section may also be given on the command
line: `nnspec train FILE --set train.epochs=5 --set train.optimizer.learning_rate=1e-2`.

Where `from_logits` is not written, it follows from the network's last activation: after a softmax or sigmoid the
loss reads probabilities, else it applies the softmax or sigmoid itself. Targets that the data hold as class
numbers are encoded as the loss needs them. An example enters the network in its own shape, or with one more axis of
size 1 at its end where the Input has exactly that. Nothing is ever downloaded.

## The run folder

| file | holds |
| --- | --- |
| `spec.yaml`, `imports/` | the spec as it was trained: `-p`, `--set` and `--input` written in, files taken in, the\
 path of the data from the root. It checks and trains by itself, wherever the folder is moved |
| `settings.json` | every setting of the training, defaults included |
| `metrics.jsonl` | a line for each epoch: its figures, `learning_rate` (that of the epoch's last step), `seconds` |
| `history.csv` | the same from Keras, with `log: csv` |
| `classes.json` | where the targets are words: their names, in the order of the class numbers |
| `model.keras` | the model with the weights that are kept |
| `best.weights.h5` | the weights of the best epoch, with `checkpoint` |
| `state.npz` | what `--resume` goes on from |
| `test.json`, `curves.png` | the figures of the test, and a picture of those of each epoch |
"""


def reference() -> str:
    """The page, as Markdown."""
    parts = [_HEAD, *_settings("`train`", Training), *_sources()]
    for title, table in (
        ("Losses", LOSSES),
        ("Metrics", METRICS),
        ("Optimisers", OPTIMIZERS),
        ("Schedules", SCHEDULES),
    ):
        parts += [f"## {title}\n", choices_table(table)]
    return "\n".join(parts)


def _settings(title: str, settings: type[Settings]) -> Iterator[str]:
    """A table of keys, then those of the mappings inside."""
    yield f"## {title}\n"
    yield _table(settings)
    for name, declared in settings.keys.items():
        inner = _inner(declared.reader)
        if inner is not None:
            yield from _settings(f"`{title.strip('`')}.{name}`", inner)


def _inner(reader: Reader[object]) -> type[Settings] | None:
    if isinstance(reader, Off):
        return _inner(reader.reader)
    return reader.settings if isinstance(reader, Section) else None


def _table(settings: type[Settings]) -> str:
    rows = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for name, declared in settings.keys.items():
        default = "required" if declared.default is REQUIRED else _shown(declared.default)
        rows.append(f"| `{name}` | {_cell(_kind(declared.reader))} | {_cell(default)} | {_cell(declared.doc)} |")
    return "\n".join(rows) + "\n"


def _kind(reader: Reader[object]) -> str:
    if isinstance(reader, Off):
        return f"{_kind(reader.reader)}, or false"
    return "a mapping, below" if isinstance(reader, (Section, DataReader)) else reader.describe()


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return str(value) if isinstance(value, (int, float, str)) else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _sources() -> Iterator[str]:
    for name, settings in [("sklearn/…", SklearnData), *SOURCES.items()]:
        yield from _settings(f"`data` with `source: {name}`", settings)
    yield "The sets of scikit-learn:\n"
    rows = ["| source | examples | features | range | target |", "| --- | --- | --- | --- | --- |"]
    for name, known in SKLEARN.items():
        shapes = " or ".join(str(shape) for shape, _ in known.shapes)
        target = f"{known.classes} classes" if known.classes else f"values {known.target_shape}"
        rows.append(
            f"| `sklearn/{name}` | {known.examples} | {shapes} | {known.range[0]:g} to {known.range[1]:g} | {target} |"
        )
    yield "\n".join(rows) + "\n"

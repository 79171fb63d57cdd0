"""Where data come from: each source's keys, and what is known of a set before it is opened.

It opens nothing: `load.py` reads data, `lower.py` says how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes import yaml as codes
from nnspec.diagnostics.codes.training import NOT_THERE_YET, UNKNOWN_CHOICE
from nnspec.ops.kinds import Flag, Integer, Many, OneOf, OrNone, Real
from nnspec.record import Record
from nnspec.syntax.near import near_help
from nnspec.syntax.tree import Data, DataMapping, DataScalar
from nnspec.train.keys import Later, Reader, Section, Settings, Unread, key, refuse
from nnspec.train.scalars import Column, Free

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics

ENCODINGS = ("int", "onehot", "multihot", "value")


class Known(Record):
    """What is known of a set that scikit-learn ships: one of `shapes` is asked of it by the network's Input."""

    examples: int
    shapes: tuple[tuple[tuple[int, ...], str], ...]  # (shape of an example, the field that holds it so)
    range: tuple[float, float]
    classes: int | None
    target_shape: tuple[int, ...]
    target_range: tuple[float, float]


#: scikit-learn's own sets; those that it would download are not here.
SKLEARN: dict[str, Known] = {
    "digits": Known(1797, (((64,), "data"), ((8, 8), "images")), (0, 16), 10, (), (0, 9)),
    "iris": Known(150, (((4,), "data"),), (0.1, 7.9), 3, (), (0, 2)),
    "wine": Known(178, (((13,), "data"),), (0.13, 1680), 3, (), (0, 2)),
    "breast_cancer": Known(569, (((30,), "data"),), (0, 4254), 2, (), (0, 1)),
    "diabetes": Known(442, (((10,), "data"),), (-0.1378, 0.1988), None, (), (25, 346)),
    "linnerud": Known(20, (((3,), "data"),), (1, 251), None, (3,), (31, 247)),
}
_THERE = "there are `csv`, `npz` and " + ", ".join(f"`sklearn/{name}`" for name in SKLEARN)
_LATER = ("images", "text", "tfrecord", "python")

_RANGE = OrNone(Many(Real(), 2))
_SHAPE = OrNone(Many(Integer(ge=1)))


class Features(Settings):
    """Facts about the features of one example."""

    shape: tuple[int, ...] | None = key(_SHAPE, default=None, doc="the sizes of one example, without the batch")
    range: tuple[float, ...] | None = key(_RANGE, default=None, doc="least and greatest value")


class Target(Settings):
    """Facts about the target of one example."""

    classes: int | None = key(OrNone(Integer(ge=2)), default=None, doc="number of classes")
    encoding: str | None = key(OrNone(OneOf(*ENCODINGS)), default=None, doc="how the data hold the targets")
    shape: tuple[int, ...] | None = key(_SHAPE, default=None, doc="the sizes of one target; `[]` is a single number")
    range: tuple[float, ...] | None = key(_RANGE, default=None, doc="least and greatest value")


class CsvFeatures(Features):
    """Which columns are features, and facts about them."""

    columns: tuple[int | str, ...] | None = key(
        OrNone(Many(Column(), 1)), default=None, doc="the columns, by name or number; all but the targets by default"
    )
    shape: tuple[int, ...] | None = key(
        _SHAPE, default=None, doc="the sizes into which the columns of a row are put, in order"
    )


class CsvTarget(Target):
    """Which columns are to be predicted, and facts about them."""

    column: tuple[int | str, ...] = key(Many(Column(), 1), doc="the column to predict, or several, by name or number")


class DataSettings(Settings):
    """Keys that every source has."""

    source: str = key(Free("the name of a source"), doc=f"where the data come from; {_THERE}")
    examples: int | None = key(OrNone(Integer(ge=1)), default=None, doc="fact: how many examples there are")
    features: Features | None = key(Section(Features), default=None, doc="facts about the features")
    target: Target | None = key(Section(Target), default=None, doc="facts about the targets")
    split: tuple[float, ...] | None = key(
        OrNone(Many(Real(ge=0))), default=None,
        doc="shares or counts for train, validation and test, stratified for classes; [0.8, 0.1, 0.1], "
        "or [0.9, 0.1, 0] beside test arrays",
    )  # fmt: skip
    batch: int = key(Integer(ge=1), default=32, doc="examples in a step")
    shuffle: bool = key(Flag(), default=True, doc="whether the split and each epoch are shuffled")
    augment: Any = key(Later("leave it out"), default=None, doc="changed copies of examples")


class SklearnData(DataSettings):
    """A set that scikit-learn ships."""


class CsvData(DataSettings):
    """A table of separated values with a row for each example."""

    path: str = key(Free("the path of a file"), doc="the file, relative to the spec's folder")
    target: CsvTarget = key(
        Section(CsvTarget, plain="column"), doc="the column or columns to predict, and facts about them"
    )
    features: CsvFeatures | None = key(Section(CsvFeatures, plain="columns"), default=None,
                                       doc="the columns that are features, and facts about them")  # fmt: skip
    header: bool = key(Flag(), default=True, doc="whether the first line holds the names of the columns")
    delimiter: str = key(Free('a character, such as ";"'), default=",", doc="what separates the values")


class NpzData(DataSettings):
    """A NumPy archive of arrays, the first axis of each counting the examples."""

    path: str = key(Free("the path of a file"), doc="the file, relative to the spec's folder")
    x: str = key(Free("the name of an array"), default="x", doc="the array of features")
    y: str = key(Free("the name of an array"), default="y", doc="the array of targets")
    x_test: str | None = key(
        OrNone(Free("the name of an array")), default=None, doc="features of a test set of their own"
    )
    y_test: str | None = key(OrNone(Free("the name of an array")), default=None, doc="targets of that test set")


SOURCES: dict[str, type[DataSettings]] = {"csv": CsvData, "npz": NpzData}


class DataReader(Reader[DataSettings]):
    """`data`, whose `source` decides which keys there are."""

    def read(self, data: Data, path: str, found: Diagnostics) -> DataSettings:
        if not isinstance(data, DataMapping):
            refuse(found, codes.WRONG_TYPE, f"`{path}` expects a mapping with `source`", data.span,
                   help="write `data: {source: sklearn/digits}`")  # fmt: skip
        source = data.get("source")
        if source is None:
            refuse(
                found, codes.MISSING_KEY, f"`{path}` lacks `source`: where the data come from", data.span, help=_THERE
            )
        read = _kind_of(source, path, found).read(data, path, found)
        _check_source(read, found)
        return read

    def holds(self, name: str) -> bool:
        return any(name in settings.keys for settings in SOURCES.values())

    def describe(self) -> str:
        return "a mapping with `source` and that source's keys"

    def schema(self) -> dict[str, Any]:
        kinds = [(SklearnData, [f"sklearn/{name}" for name in SKLEARN])] + [(c, [name]) for name, c in SOURCES.items()]
        return {"anyOf": [_source_schema(settings, names) for settings, names in kinds]}


def _kind_of(source: Data, path: str, found: Diagnostics) -> type[DataSettings]:
    name = str(source.value) if isinstance(source, DataScalar) else ""
    if name in SOURCES:
        return SOURCES[name]
    if name.startswith("sklearn/") and name[len("sklearn/") :] in SKLEARN:
        return SklearnData
    if name in _LATER:
        refuse(found, NOT_THERE_YET, f"`{path}.source: {name}` is not there yet", source.span, help=_THERE)
    known = [*SOURCES, *(f"sklearn/{each}" for each in SKLEARN)]
    refuse(
        found, UNKNOWN_CHOICE, f"`{name}` is not a source of data", source.span, help=near_help(name, known) or _THERE
    )


def _source_schema(settings: type[DataSettings], names: list[str]) -> dict[str, Any]:
    schema = settings.schema()
    schema["properties"] = {**schema["properties"], "source": {"enum": names}}
    return {**schema, "description": (settings.__doc__ or "").strip()}


def _is_delimiter(text: str) -> bool:
    return text in ("\t", "\\t") or (len(text) == 1 and text.isprintable() and text not in '"\\')


def _check_source(data: DataSettings, found: Diagnostics) -> None:
    """What kinds cannot say of one key alone.

    Raises: Unread.
    """
    failed = False
    if isinstance(data, CsvData) and not _is_delimiter(data.delimiter):
        failed = True
        found.report(codes.WRONG_TYPE, "`train.data.delimiter` expects one character", data.at("delimiter"),
                     help='write ";" or "\\t"')  # fmt: skip
    for facts in (data.features, data.target):
        if facts is not None and facts.range is not None and (len(facts.range) != 2 or facts.range[0] > facts.range[1]):
            failed = True
            found.report(codes.WRONG_TYPE, "a range is two numbers, the least first", facts.at("range"),
                         help="write `range: [0, 1]`")  # fmt: skip
    if isinstance(data, NpzData) and (data.x_test is None) != (data.y_test is None):
        failed = True
        lacking = "y_test" if data.y_test is None else "x_test"
        found.report(codes.MISSING_KEY, f"a test set of its own needs `{lacking}` too", data.span,
                     help=f"write `{lacking}: …`, the name of an array")  # fmt: skip
    if failed:
        raise Unread(data)

"""Opens data to see that they are what the spec says, before the first step; nothing in them is run.

It reads what the lowered statements will read again, checks every value, and counts what a plan needs.
"""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nnspec.diagnostics.codes import training as codes
from nnspec.ops.dtypes import is_float, is_number
from nnspec.record import Record
from nnspec.train.keys import Unread, listed, refuse
from nnspec.train.lower_data import spec_path
from nnspec.train.section import Training, has_test_set
from nnspec.train.sources import CsvData, NpzData

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.source import Span

#: The largest file that is opened, and the most that an archive may unpack to.
MOST_BYTES = 4 * 2**30
#: What losses compute with, and targets become.
TARGETS = "float32"


class Raw(Record):
    """Features and targets as the source holds them; words among the targets are numbered in `labels`.

    `names` are the columns of a table, for messages.
    """

    x: Any
    y: Any
    names: tuple[str, ...] = ()
    has_names: bool = False


def load(training: Training, dtype: str, spec_folder: str, found: Diagnostics) -> tuple[Raw, Raw | None]:
    """The data and, where the source brings one, the test set. `dtype` is what the network takes.

    Raises: Unread, after what is wrong was reported.
    """
    data = training.data
    if isinstance(data, CsvData):
        return _csv(data, dtype, spec_folder, found), None
    if isinstance(data, NpzData):
        return _npz(data, dtype, spec_folder, found)
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{data.source.removeprefix('sklearn/')}")()
    return Raw(bunch.data, bunch.target), None


def _file(path: str, span: Span, found: Diagnostics) -> str:
    """A path that names a readable file of bearable size.

    Raises: Unread.
    """
    if os.path.isdir(path):
        refuse(found, codes.UNREADABLE_DATA, f"{path} is a folder, not a file", span)
    if not os.path.exists(path):
        refuse(found, codes.UNREADABLE_DATA, f"there is no file {path}", span, help=_beside(path))
    if not os.path.isfile(path):
        refuse(found, codes.UNREADABLE_DATA, f"{path} is not a regular file", span)
    if not os.access(path, os.R_OK):
        refuse(found, codes.UNREADABLE_DATA, f"{path} may not be read", span, help="change its permissions")
    _bearable(os.path.getsize(path), path, span, found)
    return path


def _bearable(size: int, what: str, span: Span, found: Diagnostics) -> None:
    if size == 0:
        help = "write the data into it, or name another file"
        refuse(found, codes.UNREADABLE_DATA, f"{what} is empty", span, help=help)
    if size > MOST_BYTES:
        refuse(
            found,
            codes.UNREADABLE_DATA,
            f"{what} has {size / 2**30:.1f} GiB, and at most {MOST_BYTES // 2**30} GiB are read",
            span,
            label=f"{size:,} bytes",
        )


def _too_large(values: Any, dtype: str) -> Any:
    """Which of the values a number of this type cannot hold, infinite ones aside."""
    if not is_number(dtype):
        return np.zeros(values.shape, bool)
    limits = np.finfo(dtype) if is_float(dtype) else np.iinfo(dtype)
    return np.isfinite(values) & ((values < float(limits.min)) | (values > float(limits.max)))


def _beside(path: str) -> str:
    """What lies where a missing file was looked for."""
    from nnspec.syntax.near import near_help

    folder = os.path.dirname(path) or "."
    try:
        with os.scandir(folder) as entries:
            there = sorted(entry.name for _, entry in zip(range(1000), entries, strict=False))
    except OSError:
        return f"there is no folder {folder} either; the path is relative to the spec's folder"
    return near_help(os.path.basename(path), there) or "the path is relative to the spec's folder"


# --- tables ------------------------------------------------------------------------------


def _csv(data: CsvData, dtype: str, spec_folder: str, found: Diagnostics) -> Raw:
    import pandas as pd

    span = data.at("path")
    path = _file(spec_path(data.path, spec_folder), span, found)
    try:
        table = pd.read_csv(
            path, sep=data.delimiter.replace("\\t", "\t"), header=0 if data.header else None, low_memory=False
        )
    except UnicodeDecodeError as error:
        refuse(
            found,
            codes.UNREADABLE_DATA,
            f"{path} is not UTF-8 text",
            span,
            label=f"at byte {error.start}",
            help="save the table as UTF-8",
        )
    except (ValueError, OSError, MemoryError, OverflowError) as error:
        said = str(error).strip().splitlines()
        why = said[0][:200] if said else type(error).__name__
        refuse(
            found,
            codes.UNREADABLE_DATA,
            f"{path} cannot be read as a table: {why}",
            span,
            help="check `delimiter` and `header`",
        )
    if table.empty:
        header = "; its one line is read as the header: write `header: false` if it holds data" * (
            len(table.columns) > 0
        )
        help = f"a row is an example: write at least one{header}"
        refuse(found, codes.UNREADABLE_DATA, f"{path} has no rows", span, help=help)
    return _columns(table, data, dtype, found)


def _columns(table: Any, data: CsvData, dtype: str, found: Diagnostics) -> Raw:
    """The columns of features and targets, their values checked.

    Raises: Unread.
    """
    target_span = data.target.at("column")
    written = data.features.columns if data.features is not None else None
    span = data.features.at("columns") if data.features is not None and written is not None else data.at("path")
    targets = _positions(data.target.column, table, data, target_span, found)
    features = _positions(written or (), table, data, span, found)
    if targets is None or features is None:
        raise Unread
    if written is None:
        features = [index for index in range(table.shape[1]) if index not in targets]
    shared = [str(table.columns[index]) for index in features if index in targets]
    if shared:
        refuse(
            found,
            codes.SETTINGS_CLASH,
            f"the target `{shared[0]}` is among the features",
            span,
            help="a network that sees the answer learns nothing: take it from `features`",
        )
    if not features:
        refuse(
            found,
            codes.UNKNOWN_COLUMN,
            "the table has no column besides the target",
            span,
            help="check `delimiter`: the columns are " + listed([str(name) for name in table.columns], 8),
        )
    names = tuple(str(table.columns[index]) for index in features)
    x = np.column_stack([_numbers(table.iloc[:, index], dtype, span, found) for index in features])
    y, has_names = _target_values(table, targets, target_span, found)
    return Raw(x, y, names, has_names)


def _positions(
    columns: tuple[int | str, ...], table: Any, data: CsvData, span: Span, found: Diagnostics
) -> list[int] | None:
    """The places of columns; None where one is not there, which is reported."""
    try:
        return [_position(column, table, data, span, found) for column in columns]
    except Unread:
        return None


def _position(column: int | str, table: Any, data: CsvData, span: Span, found: Diagnostics) -> int:
    """The place of a column in the table.

    Raises: Unread.
    """
    from nnspec.syntax.near import near_help

    names = [str(name) for name in table.columns]
    if isinstance(column, int):
        if -len(names) <= column < len(names):
            return column % len(names)
        refuse(
            found,
            codes.UNKNOWN_COLUMN,
            f"there is no column {column} of {len(names)}",
            span,
            help=f"columns are counted from 0 to {len(names) - 1}",
        )
    if data.header and column in names:
        return names.index(column)
    if not data.header:
        refuse(
            found,
            codes.UNKNOWN_COLUMN,
            f"there is no column `{column}`: a table without a header has no names",
            span,
            help="give its number, counted from 0, or write `header: true`",
        )
    separator = next((mark for mark in ";\t|," if len(names) == 1 and mark in names[0]), None)
    help = near_help(column, names) or f"there are {listed(names, 20)}"
    if separator is not None:
        help = f"the table has one column, called {names[0][:60]!r}: write `delimiter: {separator!r}`".replace("'", '"')
    refuse(found, codes.UNKNOWN_COLUMN, f"the table has no column `{column}`", span, help=help)


def _numbers(column: Any, dtype: str, span: Span, found: Diagnostics) -> Any:
    """A column as numbers.

    Raises: Unread, where it has gaps, text, or values that are infinite or become so as `dtype`.
    """
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    values = numbers.to_numpy(dtype=float, na_value=np.nan)
    missing, infinite = column.isna().to_numpy(), np.isinf(values)
    text = np.isnan(values) & ~missing
    for wrong, what, help in (
        (text, "is not a number", "list the columns of numbers under `features`, or number its words"),
        (missing, "has no value", "fill the gaps, or leave the rows or the column out"),
        (infinite, "is infinite", "mend the value, or leave the row out"),
        (_too_large(values, dtype), f"is past what {dtype} holds", "scale the column, or leave the row out"),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            shown = "" if what == "has no value" else f" {str(column.iloc[row])[:40]!r}"
            refuse(
                found,
                codes.BAD_DATA,
                f"column `{column.name}`, row {row + 1}:{shown} {what}",
                span,
                label=_others(int(wrong.sum()) - 1),
                help=help,
            )
    return values


def _others(count: int) -> str:
    return f"and {count:,} other row{'s' * (count != 1)}" if count else ""


def _target_values(table: Any, targets: list[int], span: Span, found: Diagnostics) -> tuple[Any, bool]:
    """The targets, words numbered in the order of their names; whether there were words.

    Raises: Unread.
    """
    import pandas as pd

    if len(targets) > 1:
        return np.column_stack([_numbers(table.iloc[:, index], TARGETS, span, found) for index in targets]), False
    column = table.iloc[:, targets[0]]
    if pd.api.types.is_numeric_dtype(column) or column.isna().any():
        return _numbers(column, TARGETS, span, found), False
    return np.unique(column.to_numpy(dtype=str), return_inverse=True)[1], True


# --- archives ----------------------------------------------------------------------------

#: What zipfile, its decompressors and numpy raise for archives that are damaged, or not what they seem.
DAMAGED = (
    *(OSError, ValueError, EOFError, MemoryError, OverflowError, NotImplementedError, RuntimeError),
    *(KeyError, TypeError, SyntaxError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
)


def _npz(data: NpzData, dtype: str, spec_folder: str, found: Diagnostics) -> tuple[Raw, Raw | None]:
    span = data.at("path")
    path = _file(spec_path(data.path, spec_folder), span, found)
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename.removesuffix(".npy") for entry in archive.infolist()]
            size = sum(entry.file_size for entry in archive.infolist())
    except DAMAGED as error:
        refuse(
            found,
            codes.UNREADABLE_DATA,
            f"{path} is not a NumPy archive: {str(error)[:100]}",
            span,
            help="write one with `numpy.savez(path, x=…, y=…)`",
        )
    _bearable(size, f"{path}, unpacked,", span, found)
    x = _array(path, data.x, names, dtype, _at(data, "x"), found)
    raw = Raw(x, _array(path, data.y, names, TARGETS, _at(data, "y"), found))
    _paired(raw, data, ("x", "y"), found)
    if not has_test_set(data):
        return raw, None
    test = Raw(
        _array(path, str(data.x_test), names, dtype, data.at("x_test"), found),
        _array(path, str(data.y_test), names, TARGETS, data.at("y_test"), found),
    )
    _paired(test, data, ("x_test", "y_test"), found)
    for name, one, other in (("x_test", raw.x, test.x), ("y_test", raw.y, test.y)):
        if one.shape[1:] != other.shape[1:]:
            refuse(
                found,
                codes.UNREADABLE_DATA,
                f"`{name}` has examples of {other.shape[1:]}, and `{name[0]}` of {one.shape[1:]}",
                data.at(name),
                help=f"save both in one shape, or take `{name}` out to have a test set split off",
            )
    return raw, test


def _at(data: NpzData, name: str) -> Span:
    """Where an array is named, else the archive."""
    return data.at(name) if data.wrote(name) else data.at("path")


def _array(path: str, name: str, names: list[str], dtype: str, span: Span, found: Diagnostics) -> Any:
    """An array of the archive: numbers, finite also as `dtype`, with at least one example.

    Raises: Unread.
    """
    from nnspec.syntax.near import near_help

    if name not in names:
        help = near_help(name, names) or f"there are {listed(names, 20)}"
        refuse(found, codes.UNKNOWN_COLUMN, f"{path} has no array `{name}`", span, help=help)
    try:
        with np.load(path, allow_pickle=False) as archive:
            array = archive[name]
    except DAMAGED as error:
        pickled = "pickle" in str(error).lower() or "Object arrays" in str(error)
        why = "holds Python objects, which are refused: loading them could run code" if pickled else str(error)[:200]
        refuse(
            found,
            codes.UNREADABLE_DATA,
            f"array `{name}` {why if pickled else f'cannot be read: {why}'}",
            span,
            help="save an array of numbers: `array.astype('float32')`" if pickled else None,
        )
    if array.dtype.kind not in "biuf":
        refuse(found, codes.BAD_DATA, f"array `{name}` holds {array.dtype}, not numbers", span)
    if array.ndim == 0 or not array.size:
        refuse(
            found, codes.UNREADABLE_DATA, f"array `{name}` has no examples", span, label=f"its shape is {array.shape}"
        )
    for wrong, what, help in (
        (~np.isfinite(array), "is not a finite number", "mend the value, or leave the example out"),
        (_too_large(array, dtype), f"is past what {dtype} holds", "scale the array, or leave the example out"),
    ):
        if wrong.any():
            first = np.unravel_index(int(np.argmax(wrong)), array.shape)
            where = f"row {first[0] + 1}" + (f", position {tuple(map(int, first[1:]))}" if array.ndim > 1 else "")
            refuse(
                found,
                codes.BAD_DATA,
                f"array `{name}`, {where}: {array[first]} {what}",
                span,
                label=_others(int(wrong.sum()) - 1).replace("row", "value"),
                help=help,
            )
    return array


def _paired(raw: Raw, data: NpzData, keys: tuple[str, str], found: Diagnostics) -> None:
    """Demand as many targets as examples.

    Raises: Unread.
    """
    if len(raw.x) != len(raw.y):
        refuse(
            found,
            codes.UNREADABLE_DATA,
            f"`{keys[0]}` has {len(raw.x)} examples and `{keys[1]}` {len(raw.y)}",
            data.at(keys[1]),
            help="the first axis counts the examples, and each needs its target: save as many of both",
        )

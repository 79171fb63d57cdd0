"""From a path to a tree: decides the surface by the file's ending, decodes, and calls its parser.

A fault in what the file says is a located diagnostic; a file that cannot be read at all is an
`Unreadable`, which the command line answers with exit status 2.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import limits
from nnspec.source import SourceFile, Span
from nnspec.syntax.tree import Tree

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics

MOST_BYTES = 1_000_000
STANDARD_INPUT = "<stdin>"

_ARROW = (".nn",)
_YAML = (".yaml", ".yml")
_VERSION_LINE = re.compile(r"^nnspec[ \t]*:", re.MULTILINE)
_BOM = b"\xef\xbb\xbf"


class Unreadable(Exception):  # noqa: N818  # it says what the file is, as `KeyError` does not
    """A file that cannot be read; `reason` is for the user."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def is_stream(path: str) -> bool:
    """Whether a path is standard input or a pipe of the shell's, `<(…)`, which can be read once and has no ending."""
    return path == "-" or path.startswith("/dev/fd/")


def read_spec(path: str, found: Diagnostics) -> Tree:
    """The tree of a spec file, `-` being an arrow spec from standard input.

    Raises: Unreadable, where there is no such file or its name says no surface.
    """
    ending = os.path.splitext(path)[1].lower()
    if not is_stream(path) and ending not in _ARROW + _YAML:
        if not os.path.lexists(path):
            raise Unreadable(path, "no such folder" if path.endswith(os.sep) else "no such file or directory")
        raise Unreadable(path, "not a spec by its name: it should end in .nn, .yaml or .yml")
    file = read_source(path, found)
    if file is None:
        file = SourceFile(STANDARD_INPUT if path == "-" else path, "")
        return Tree(Span(file, 0, 0), file, ())
    return parse(file, found, yaml=ending in _YAML)


def is_yaml(path: str) -> bool:
    """Whether a file's name says that it is a YAML spec."""
    return os.path.splitext(path)[1].lower() in _YAML


def parse(file: SourceFile, found: Diagnostics, *, yaml: bool) -> Tree:
    """The tree of a text of either surface."""
    if yaml:
        from nnspec.syntax.yaml import parse_yaml  # an arrow spec does not pay for PyYAML

        return parse_yaml(file, found)
    version = _VERSION_LINE.search(file.text)
    if version is not None:
        from nnspec.diagnostics.codes.syntax import SYNTAX

        place = Span(file, version.start(), version.end())
        found.report(
            SYNTAX, "this is a YAML spec, and an arrow spec is expected here", place, help="save it as a `.yaml` file"
        )
        return Tree(Span(file, 0, len(file.text)), file, ())
    from nnspec.syntax.arrow import parse_arrow

    return parse_arrow(file, found)


def read_source(path: str, found: Diagnostics) -> SourceFile | None:
    """A file's text without its byte order mark; None where it is too large or not UTF-8, which is reported.

    Raises: Unreadable, where it cannot be opened or read.
    """
    data = _read_bytes(path)
    name = STANDARD_INPUT if path == "-" else path
    if len(data) > MOST_BYTES:
        nothing = SourceFile(name, "")
        found.report(
            limits.TOO_LARGE,
            "a spec file may hold 1 MB",
            Span(nothing, 0, 0),
            label=f"more than {MOST_BYTES:,} bytes",
            help="`import` parts of it",
        )
        return None
    data = data.removeprefix(_BOM)
    try:
        return SourceFile(name, data.decode())
    except UnicodeDecodeError as error:
        _report_undecodable(name, data, error, found)
        return None


def _read_bytes(path: str) -> bytes:
    """At most one byte more than a spec may have."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        if not is_stream(path) and not stat.S_ISREG(os.stat(path).st_mode):  # a pipe or device may have no end
            raise Unreadable(path, "is a directory" if os.path.isdir(path) else "is no regular file")
        with open(path, "rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(path, (error.strerror or str(error)).lower()) from None
    except ValueError as error:  # a NUL in the path
        raise Unreadable(path, str(error)) from None


def _report_undecodable(name: str, data: bytes, error: UnicodeDecodeError, found: Diagnostics) -> None:
    from nnspec.diagnostics.codes import yaml as codes

    before = data[: error.start].decode()
    shown = SourceFile(name, before + data[error.start :].decode(errors="replace"))
    found.report(
        codes.NOT_UTF8,
        f"byte {error.start} is not UTF-8: 0x{data[error.start]:02x}",
        Span(shown, len(before), len(before) + 1),
        help="save the file as UTF-8",
    )


def find_specs(folder: str) -> list[str]:
    """Every `.nn` file below a folder, and every YAML file whose top level has `nnspec`, sorted.

    Raises: Unreadable, where the folder itself cannot be listed.
    """

    def refuse(error: OSError) -> None:
        if error.filename == folder:
            raise Unreadable(folder, (error.strerror or str(error)).lower())

    paths = [os.path.join(at, name) for at, _, names in os.walk(folder, onerror=refuse) for name in names]
    return sorted([path for path in paths if path.endswith(_ARROW) or (path.endswith(_YAML) and _is_spec(path))])


def _is_spec(path: str) -> bool:
    try:
        data = _read_bytes(path)
    except Unreadable:
        return False
    if b"nnspec" not in data:
        return False
    return _claims_version(SourceFile(path, data.removeprefix(_BOM).decode(errors="replace")))


def _claims_version(file: SourceFile) -> bool:
    """Whether the top level has `nnspec`; in a file that is not YAML, whether a line begins with it."""
    import re

    from nnspec.syntax.yaml import has_version

    claimed = has_version(file)
    if claimed is None:
        return re.search(r"""^["']?nnspec["']?[ \t]*:""", file.text, re.MULTILINE) is not None
    return claimed

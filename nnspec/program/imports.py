"""Imports: other spec files, below one folder, each read once, cycles named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.include import with_files
from nnspec.program.unit import Unit
from nnspec.source import Span
from nnspec.syntax import tree
from nnspec.syntax.read import Unreadable, read_spec

if TYPE_CHECKING:
    from nnspec.program.declarations import Declarations


class Importer:
    """Reads imported files.

    `first` is the file that was named; `root` is the folder that all must lie below, None for any. `read` makes a
    tree of a path: of the file there, or of a text that stands for it.
    """

    def __init__(
        self,
        found: Diagnostics,
        first: str,
        root: str | None,
        read: Callable[[str, Diagnostics], tree.Tree] = read_spec,
    ) -> None:
        self._found = found
        self._read_tree = read
        self._root = None if root is None else os.path.realpath(root)
        self._units: dict[str, Unit | None] = {}
        self._open: list[str] = [os.path.realpath(first)]

    def units(self) -> Iterable[Unit]:
        """All files imported so far."""
        return [unit for unit in self._units.values() if unit is not None]

    def load(self, elaborator: Declarations, path: tree.Text) -> Unit | None:
        """The imported file; None after a fault was reported."""
        target = self._target(path)
        if target is None:
            return None
        real = os.path.realpath(target)
        if real not in self._units:
            self._units[real] = None
            self._open.append(real)
            syntax = self._read(target, path)
            self._units[real] = None if syntax is None else elaborator.declare_imported(syntax)
            self._open.pop()
        return self._units[real]

    def read_whole(self, path: tree.Text) -> tree.Tree | None:
        """The tree of a file that another takes in; None after a fault was reported."""
        target = self._target(path)
        syntax = None if target is None else self._read(target, path)
        if syntax is None or target is None:
            return None
        self._open.append(os.path.realpath(target))
        whole = with_files(syntax, self, self._found)
        self._open.pop()
        return whole

    def _target(self, path: tree.Text) -> str | None:
        """The path of a file below the root that is not being read already; None after a fault was reported.

        It is written relative to the file that names it, which need not be the one that takes it in.
        """
        here = path.span.file.path
        target = os.path.join(os.path.dirname(here) if here != "<stdin>" else "", path.value)
        if "\0" in target:
            self._fail(path.span, "a path cannot hold a null character", None)
            return None
        real = os.path.realpath(target)
        if self._root is not None and os.path.commonpath([self._root, real]) != self._root:
            self._fail(
                path.span,
                f"{path.value} lies outside the folder that imports must stay in",
                f"move it below {os.path.basename(self._root) or self._root}, or give `--allow-outside`",
            )
            return None
        if real in self._open:
            way = " imports ".join([os.path.basename(p) for p in (*self._open[self._open.index(real) :], real)])
            self._fail(path.span, f"this import comes back to itself: {way}", "move what both need to a third file")
            return None
        return target

    def _read(self, target: str, path: tree.Text) -> tree.Tree | None:
        try:
            return self._read_tree(target, self._found)
        except Unreadable as error:
            near = "paths are relative to the folder of the file that names them"
            self._fail(path.span, f"{path.value} cannot be read: {error.reason}", near)
            return None

    def _fail(self, span: Span, message: str, help: str | None) -> None:
        self._found.report(codes.IMPORT_FAILED, message, span, help=help)

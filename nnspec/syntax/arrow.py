"""The arrow surface: text to tree, statement by statement.

The first stage of the flow text -> Tree -> Program. A statement that does not parse
gives one error and the others are read all the same. It resolves no name and
computes no number.
"""

from __future__ import annotations

import gc
from functools import cache
from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes import limits
from nnspec.record import replace
from nnspec.syntax import tree
from nnspec.syntax.layout import Piece, lay_out, single
from nnspec.syntax.place import Place
from nnspec.syntax.slip import Slip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.source import SourceFile
    from nnspec.syntax.build import Builder

LONGEST_FILE = 1_000_000
EXPLAINED = 200  # faults of one file that are explained; a file with more is hardly a spec


def parse_arrow(file: SourceFile, found: Diagnostics) -> tree.Tree:
    """The tree of an arrow file; faults are added to `found`."""
    place = Place(file)
    whole = place.span(0, len(file.text))
    if len(file.text) > LONGEST_FILE:
        message = f"the file has {len(file.text):,} characters, more than {LONGEST_FILE:,}"
        found.report(limits.TOO_LARGE, message, place.span(0, 0), help="split it, and import its parts")
        return tree.Tree(whole, file, ())
    layout = lay_out(file.text, place)
    with _NoCollection():
        statements = tuple(_statements(layout.pieces, place, found))
    return tree.Tree(whole, file, statements, layout.description, allowances=layout.allowances, closing=layout.closing)


def parse_statement(text: str, place: Place, found: Diagnostics) -> tree.AnyStatement:
    """One statement; a broken one if it has a fault, which is added to `found`."""
    with _NoCollection():
        return _statement(single(text, place), place, found)


def parse_flow(text: str, place: Place, found: Diagnostics) -> tree.Flow | None:
    """One flow, or None and an error."""
    return _part("flow", text, place, found)  # type: ignore[no-any-return]


def parse_expression(text: str, place: Place, found: Diagnostics) -> tree.Expression | None:
    """One expression, or None and an error."""
    return _part("expression", text, place, found)  # type: ignore[no-any-return]


def parse_head(
    text: str, place: Place, found: Diagnostics
) -> tuple[tree.Name, tuple[tree.Parameter, ...] | None] | None:
    """A name with or without parameters, as in YAML keys: `Tower`, `ConvBN(c, k=3)`."""
    return _part("head", text, place, found)  # type: ignore[no-any-return]


def parse_names(text: str, place: Place, found: Diagnostics) -> tuple[tree.Name, ...] | None:
    """Lower-case names: `y, h, c`."""
    names = _part("names", text, place, found)
    return None if names is None else tuple(names)


def parse_labels(text: str, place: Place, found: Diagnostics) -> tuple[tree.Label, ...] | None:
    """What stands behind `as`: `e1`, `e[i]`, `h, c`."""
    labels = _part("targets", text, place, found)
    return None if labels is None else tuple(labels)


def _part(start: str, text: str, place: Place, found: Diagnostics) -> Any:
    with _NoCollection():
        piece = single(text, place)
        try:
            return _parse(start, piece, place)
        except Slip as slip:
            slip.report(found)
            return None


def _statements(pieces: Iterable[Piece], place: Place, found: Diagnostics) -> Iterator[tree.AnyStatement]:
    broken = 0
    for piece in pieces:
        statement = _statement(piece, place, found, brief=broken >= EXPLAINED)
        broken += isinstance(statement, tree.BrokenStatement)
        yield statement


def _statement(piece: Piece, place: Place, found: Diagnostics, *, brief: bool = False) -> tree.AnyStatement:
    try:
        statement = _parse("statement", piece, place, brief=brief)
    except Slip as slip:
        slip.report(found)
        from nnspec.syntax.mishaps import defined_names  # only faults need it

        return tree.BrokenStatement(place.span(piece.start, piece.end), defined_names(piece.text), piece.comments)
    if piece.comments is not tree.NO_COMMENTS:
        statement = replace(statement, comments=piece.comments)
    return statement  # type: ignore[no-any-return]


def _parse(start: str, piece: Piece, place: Place, *, brief: bool = False) -> Any:
    """Parse a piece of text from one of the grammar's starts.

    Raises: Slip: the one fault to report.
    """
    if piece.slip is not None:
        raise piece.slip
    from lark.exceptions import UnexpectedInput  # only imported when something is parsed

    parser, builder = _parser()
    here = place.at(piece.start)
    builder.start(here, len(piece.text))
    try:
        return parser.parse(piece.text, start=start)
    except UnexpectedInput as error:
        from nnspec.syntax.mishaps import explain  # only faults need it

        slip = explain(start, piece.text, here, error, brief=brief)
    raise slip


@cache
def _parser() -> tuple[Any, Builder]:
    """The parser, built when first needed, and the builder that it calls."""
    from nnspec.syntax.build import Builder
    from nnspec.syntax.grammar import load_parser

    builder = Builder()
    parser = load_parser(builder)
    return parser, builder


class _NoCollection:
    """Switches the cyclic garbage collector off: a parse makes many nodes and no cycles."""

    def __enter__(self) -> None:
        self.enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            gc.enable()

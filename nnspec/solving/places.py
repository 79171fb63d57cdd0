"""Where holes stand: what each is called in an answer, and which numbers may be put there.

An operator's argument says by its kind which numbers it takes; everywhere else a hole is a whole
number of at least 1. This file tries nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes.names import HOLE
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.registry import find_operator
from nnspec.record import Record
from nnspec.shapes.tensor import SPATIAL_NAMES
from nnspec.syntax import tree
from nnspec.syntax.holes import holes_in

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.ops.kinds import Kind
    from nnspec.ops.operator import Operator
    from nnspec.source import Span

LARGEST = 512  # every number up to here is tried; beyond it, those to which the promises point
FARTHEST = 2**24
LONGEST_KIND = 60


_EXPRESSIONS = (
    tree.Binary, tree.Unary, tree.Conditional, tree.FunctionCall, tree.Index, tree.Attribute, tree.Tuple, tree.List,
)  # fmt: skip


class Gap(Record):
    """A hole of the file: its place, what it is called, and the numbers that may be put there.

    `values` are those that are tried one by one, the least first; `goes_on` says whether there are more behind them.
    """

    span: Span
    what: str
    values: tuple[int, ...]
    goes_on: bool = True
    within: Span | None = None  # of a size of an `Input`, for which a letter can stand: the `Input`

    @property
    def is_size(self) -> bool:
        """Whether it is a size of an `Input`."""
        return self.within is not None

    def values_to(self, bound: int) -> tuple[int, ...]:
        """The numbers up to a bound, or else the least that may be put there."""
        return tuple([value for value in self.values if value <= bound]) or self.values[:1]


def gaps_of(syntax: tree.Tree, found: Diagnostics) -> list[Gap]:
    """All holes of a file in the order of its text; what stands where no number can is reported, and left out."""
    gaps: dict[Span, Gap | None] = {}
    for hole, around in holes_in(syntax):
        if hole.span not in gaps:
            gaps[hole.span] = _gap(hole, around, syntax, found)
    return sorted([gap for gap in gaps.values() if gap is not None], key=lambda gap: gap.span.start)


def _gap(hole: tree.Hole, around: tuple[tree.Node, ...], syntax: tree.Tree, found: Diagnostics) -> Gap | None:
    if hole.span.file is not syntax.file:
        _refuse(hole, f"this hole stands in {hole.span.file.path}, which is not the file that is solved", found)
        return None
    if hole.span.text.strip("()\"' \t\r\n") != "?":
        _refuse(hole, "a hole in a text of several lines has no place of its own here", found)
        return None
    argument = _argument(around)
    if argument is None:
        return Gap(hole.span, _called(hole, around, syntax), tuple(range(1, LARGEST + 1)))
    cls, node, name = argument
    kind = cls.params[name].kind
    values = tuple([number for number in range(LARGEST + 1) if _takes(kind, number)])
    if not values:
        takes = kind.describe() if len(kind.describe()) <= LONGEST_KIND else "none"
        message = f"a hole stands for a whole number, and `{name}` of {cls.__name__} takes {takes}"
        _refuse(hole, message, found)
        return None
    goes_on = _takes(kind, LARGEST + 1)
    if not cls.is_input:
        return Gap(hole.span, f"{name} of {cls.__name__}", values, goes_on)
    return Gap(hole.span, f"{_axis(hole, node)} of {cls.__name__}", values, goes_on, node.span)


def _refuse(hole: tree.Hole, message: str, found: Diagnostics) -> None:
    found.report(HOLE, message, hole.span, help="write the value in place of `?`")


def _takes(kind: Kind[Any], number: int) -> bool:
    """Whether a kind of argument takes a whole number as one; what takes any number at all does not."""
    try:
        read = kind.read(number)
    except RuleError:
        return False
    return not isinstance(read, (bool, float, str)) and not (isinstance(read, tuple) and _is_real(read))


def _is_real(items: tuple[Any, ...]) -> bool:
    return any(isinstance(item, (float, str)) for item in items)


def _argument(around: tuple[tree.Node, ...]) -> tuple[type[Operator], tree.Node, str] | None:
    """The operator's argument that a hole is, alone or as an item of it; None where it is none."""
    inner = list(around)
    while inner and isinstance(inner[-1], (tree.Tuple, tree.List)):
        inner.pop()
    if len(inner) < 2 or not isinstance(inner[-1], tree.Argument):
        return None
    argument, node = inner[-1], inner[-2]
    if isinstance(node, tree.Apply):
        cls, written = find_operator(node.name), node.arguments or ()
    elif isinstance(node, tree.DefaultStatement):
        cls, written = find_operator(node.operator.name), node.arguments
    else:
        return None
    if cls is None:
        return None
    name = argument.name if argument.name is not None else _positional(cls, _index(argument, written))
    return (cls, node, name) if name in cls.params else None


def _index(argument: tree.Argument, written: tuple[tree.Argument, ...]) -> int:
    """How many arguments stand before this one: equal ones are told apart by being others."""
    return next(number for number, each in enumerate(written) if each is argument)


def _positional(cls: type[Operator], position: int) -> str:
    """The parameter that an argument by position is for."""
    names = cls.positional
    if position < len(names):
        return names[position]
    return names[-1] if names and cls.params[names[-1]].variadic else ""


def _axis(hole: tree.Hole, node: tree.Node) -> str:
    """Which size of an `Input` a hole is."""
    written = [a for a in getattr(node, "arguments", None) or () if a.name is None]
    position = next((n for n, a in enumerate(written) if a.value.span == hole.span), 0)
    rank = len(written)
    if rank > 1 and position == rank - 1:
        return "channels"
    names = SPATIAL_NAMES.get(rank, ())
    return names[position] if position < len(names) else "size" if rank == 1 else f"size {position + 1}"


def _called(hole: tree.Hole, around: tuple[tree.Node, ...], syntax: tree.Tree) -> str:
    """What a hole is called that is no argument of an operator."""
    nearest = around[-1] if around else hole
    if isinstance(nearest, tree.Repeat):
        return "repeat"
    if isinstance(nearest, (tree.LetStatement, tree.ParamStatement)):
        return nearest.name.name
    if isinstance(nearest, tree.Parameter):
        return nearest.name
    if isinstance(nearest, tree.Argument) and isinstance(around[-2], tree.Apply):
        return f"{nearest.name or _parameter(nearest, around[-2], syntax)} of {around[-2].name}"
    shown = _shown(around)
    return "a number" if shown == "?" else f"`?` in `{shown}`"


def _parameter(argument: tree.Argument, node: tree.Apply, syntax: tree.Tree) -> str:
    """What a block calls an argument that is given by position."""
    position = _index(argument, node.arguments or ())
    for statement in syntax.statements:
        if isinstance(statement, tree.BlockStatement) and statement.name.name == node.name:
            return statement.parameters[position].name if position < len(statement.parameters) else "argument"
    return "argument"


def _shown(around: tuple[tree.Node, ...]) -> str:
    """The expression that a hole stands in, as it was written."""
    whole = None
    for node in reversed(around):
        if isinstance(node, _EXPRESSIONS):
            whole = node
        elif not isinstance(node, tree.Argument):
            break
    text = (whole or around[-1]).span.text if around else "?"
    return text if len(text) <= 40 and "\n" not in text else "?"

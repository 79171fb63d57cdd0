"""Elaborates a filled tree for a trial: notes on which side of its promises the spec lies, and trusts them.

What leaves a promise has the sizes that it states, for else the promise is at fault already. So what stands behind
one is judged by itself, whatever stands before it; and an error behind it is one whatever the open holes are.
Nothing here knows which numbers are tried.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.diagnostics.codes.graph import UNEQUAL_SHARES
from nnspec.diagnostics.codes.promises import UNDECIDED_EXPECT
from nnspec.diagnostics.codes.shapes import NOT_REAL, NOT_WHOLE
from nnspec.program.elaborate import Elaborator
from nnspec.program.scope import Tensor
from nnspec.program.values import Site
from nnspec.shapes.tensor import TensorType
from nnspec.syntax import tree

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Code, Diagnostic, Diagnostics
    from nnspec.program.imports import Importer
    from nnspec.program.program import Program
    from nnspec.program.scope import Made, Scope, Value
    from nnspec.program.settings import Given
    from nnspec.shapes.dim import Dim
    from nnspec.solving.reuse import Known
    from nnspec.source import Span

#: Where an error stands: its code, and its place.
Key: TypeAlias = "tuple[str, str, int, int]"
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_OF_DTYPES = (NOT_REAL, NOT_WHOLE, UNEQUAL_SHARES)  # a promise states no dtype


class Attempt(Elaborator):
    """Elaborates a filled tree; `doubted` are errors that may not come to pass, `leans` the sides of its promises.

    A side is a bit: 1 for less than promised, 2 for equal, 4 for greater; several where the turns of a repeat differ.
    """

    explains = False

    def __init__(self, found: Diagnostics, given: Given, importer: Importer, known: Known) -> None:
        super().__init__(found, given, importer)
        self.regions = known
        self.known_parts = known.parts
        self.marks = 0  # findings, and whatever else a region that was made before would not do again
        self.borrowed = 0, 0  # steps and stages of regions that were made in other trials
        known.begin(self)
        self.doubted: set[Key] = set()
        self.leans: dict[tuple[int, int], int] = {}
        self.misses = 0  # sizes that are not what was promised, those of all turns
        #: What each comparison of a budget leaves over, left less right, by its place and its relation.
        self.amounts: dict[tuple[int, str], Fraction] = {}
        self.shares: dict[tuple[int, int], Fraction] = {}  # by which part the greater side of a promise passes the less
        self._sides = {id(node) for node in _compared(self.unit.tree)}
        self._is_broken = False  # a promise was trusted that something else was to keep, so nothing can be counted
        self._is_blind = False  # one was trusted behind what is unknown

    def program(self) -> Program:
        """The whole file; never complete where there is a tensor that nothing makes."""
        program = super().program()
        self.is_complete = self.is_complete and not self._is_broken
        return program

    def report(self, code: Code, message: str, span: Span, **more: Any) -> None:
        """Report an error, or that something stays open; one in what may not come to pass is doubted."""
        if code.severity != "error" and code is not UNDECIDED_EXPECT:
            return  # nobody reads it, and what says nothing can be used again
        if self.uncertain or (self._is_blind and code in _OF_DTYPES):
            self.doubted.add((code.number, span.file.path, span.start, span.end))
        else:
            self.doubted.discard((code.number, span.file.path, span.start, span.end))
        self.marks += 1
        super().report(code, message, span, **more)

    def share(self, owner: str, made: Made, span: Span, name: str) -> bool:
        """Demand that all uses of one owner have the same weights: told by the order of its uses in each trial."""
        self.marks += 1
        return super().share(owner, made, span, name)

    def take(self, steps: int, stages: int, leans: dict[tuple[int, int], int]) -> None:
        """Go on as if a region had been made here that was made in another trial."""
        self.steps += steps
        self.stages += stages
        self.borrowed = self.borrowed[0] + steps, self.borrowed[1] + stages
        self.add_leans(leans)

    def add_leans(self, leans: dict[tuple[int, int], int]) -> None:
        """Add what promises said inside a region."""
        for place, sides in leans.items():
            self.leans[place] = self.leans.get(place, 0) | sides

    # Promises.

    def _promise(self, node: tree.Promise, arriving: Value | None, scope: Scope) -> Value:
        value = super()._promise(node, arriving, scope)
        if self.uncertain or isinstance(value, tuple):
            return value
        found = value.type if isinstance(value.type, TensorType) else None
        shape = self._trusted(found, node, Site(scope, arriving))
        if shape is None or (found is not None and shape == found.shape):
            return value
        type = TensorType(shape) if found is None else TensorType(shape, found.dtype, found.batched)
        if found is not None and _may_equal(found.shape, shape):
            if scope.frame.wrapping.steps:
                return value
            scope.frame.types[value.wire] = type  # letters that the promise makes numbers
            return Tensor(type, value.wire)
        self.is_ambiguous = self._is_broken = True
        self.marks += 1
        self._is_blind = self._is_blind or found is None
        return scope.frame.wire(type)

    def _trusted(self, found: TensorType | None, node: tree.Promise, site: Site) -> tuple[Dim, ...] | None:
        """The sizes that leave where the promise holds; None where it does not say."""
        items = node.shape.items
        if found is not None and len(items) != found.rank:
            found = None
        sizes: list[Dim] = []
        for axis, item in enumerate(items):
            wanted = None if isinstance(item, tree.Outer) else self.evaluate(item, site)
            if isinstance(wanted, Fraction) and wanted.denominator == 1:
                wanted = int(wanted)
            if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0:
                sizes.append(wanted)
            elif found is None or wanted is not None:
                return None
            else:
                sizes.append(found.shape[axis])
        return tuple(sizes)

    def _verify(self, type: TensorType, wanted: list[Any], node: tree.Promise, site: Site) -> None:
        for axis, (size, promised) in enumerate(zip(type.shape, wanted, strict=False)):
            if isinstance(size, int) and isinstance(promised, int):
                self._lean((node.shape.span.start, axis), size, promised)
                self.misses += size != promised
        super()._verify(type, wanted, node, site)

    def _binary(self, node: tree.Binary, site: Site, words: Any) -> Any:
        if id(node) in self._sides:
            left, right = self.evaluate(node.left, site), self.evaluate(node.right, site)
            if isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction)):
                self._lean((node.span.start, -1), left, right)
                self.amounts[node.span.start, node.operator] = Fraction(left - right)
        return super()._binary(node, site, words)

    def _lean(self, place: tuple[int, int], size: int | Fraction, promised: int | Fraction) -> None:
        side = 1 if size < promised else 2 if size == promised else 4
        self.leans[place] = self.leans.get(place, 0) | side
        low, high = sorted([abs(Fraction(size)), abs(Fraction(promised))])
        self.shares[place] = (high - low) / max(low, Fraction(1))


def _may_equal(found: tuple[Dim, ...], trusted: tuple[Dim, ...]) -> bool:
    """Whether sizes differ by letters alone."""
    pairs = zip(found, trusted, strict=False)
    return len(found) == len(trusted) and not any(isinstance(one, int) and one != other for one, other in pairs)


def key_of(error: Diagnostic) -> Key:
    """Where an error stands."""
    return error.code.number, error.span.file.path, error.span.start, error.span.end


def _compared(syntax: tree.Tree) -> list[tree.Binary]:
    """The comparisons in the promises of a file."""
    todo: list[tree.Node] = [each.condition for each in syntax.statements if isinstance(each, tree.ExpectStatement)]
    found: list[tree.Binary] = []
    while todo:
        node = todo.pop()
        if isinstance(node, tree.Binary) and node.operator in _COMPARISONS:
            found.append(node)
        todo.extend(tree.children(node))
    return found

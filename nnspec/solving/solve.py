"""From a spec with holes to what fills them: the front of the room.

Sizes of an `Input` are letters as long as letters decide everything, for then the conditions on them are
exact; all else, and sizes where letters do not do, is found by search. Every answer was elaborated.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes.promises import SHAPE_PROMISE
from nnspec.diagnostics.codes.shapes import NO_VALID_SIZE
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.record import Record, replace
from nnspec.solving.places import FARTHEST, Gap, gaps_of
from nnspec.solving.search import Found, Search, TooSymbolic
from nnspec.solving.sizes import least_sizes, left_out
from nnspec.solving.trial import Budget, Spent, Trials
from nnspec.solving.why import Reason, reasons
from nnspec.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nnspec.compiler import Settings
    from nnspec.diagnostics.diagnostic import Diagnostic
    from nnspec.program.program import Program
    from nnspec.shapes.alternatives import Demand
    from nnspec.source import Span

MOST_MISSES = 4  # ways whose sizes are too large to be found; then the search for sizes ends
_LETTERS = {"height": "H", "width": "W", "depth": "D", "length": "T", "channels": "C"}


class Way(Record):
    """Numbers for all holes, in their order; `conditions` say which others sizes may be, by their letters.

    `limits` are what the file's own letters must fulfil with these numbers.
    """

    numbers: tuple[int, ...]
    conditions: tuple[Demand, ...] = ()
    limits: tuple[Demand, ...] = ()

    @property
    def restrictions(self) -> tuple[Demand, ...]:
        """The limits that leave out more than small sizes."""
        return tuple([each for each in self.limits if each.relation != ">=" or str(each.left) not in each.symbols])

    @property
    def order(self) -> tuple[int, int, tuple[int, ...]]:
        """Those that restrict the file's letters least come first, then those with the smallest largest number."""
        return left_out(self.restrictions), max(self.numbers, default=0), self.numbers


class Solution(Record):
    """What the holes of a spec come to.

    `others` are errors that no number mends, with which nothing was tried; `misplaced` are holes where no number can
    stand. `letters` stand for the sizes that conditions speak of, by their places. `reasons` say why nothing fits.
    """

    gaps: tuple[Gap, ...]
    found: Found
    ways: tuple[Way, ...] = ()
    letters: tuple[tuple[Span, str], ...] = ()
    others: tuple[Diagnostic, ...] = ()
    misplaced: tuple[Diagnostic, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def is_only(self) -> bool:
        """Whether there is one way, and it is known that there is no other."""
        return self.found.is_only and len(self.ways) == 1 and all(map(self._is_fixed, self.letters))

    def _is_fixed(self, letter: tuple[Span, str]) -> bool:
        return any(str(each.left) == letter[1] and each.relation == "==" for each in self.ways[0].conditions)

    @property
    def is_free(self) -> bool:
        """Whether what fits one hole does not hang on what is put into the others."""
        columns = [{way.numbers[n] for way in self.ways} for n, gap in enumerate(self.gaps) if not self._letter(gap)]
        said = {(way.conditions, way.restrictions if len(self.gaps) > 1 else ()) for way in self.ways}
        return len(self.ways) == prod(map(len, columns)) and len(said) == 1

    def _letter(self, gap: Gap) -> str | None:
        return dict(self.letters).get(gap.span)

    def filling(self, way: Way) -> dict[Span, int]:
        """The numbers of a way, by the places of the holes."""
        return dict(zip([gap.span for gap in self.gaps], way.numbers, strict=True))


def solve(
    syntax: tree.Tree,
    settings: Settings,
    verify: Callable[[Program, Diagnostics], object] | None = None,
    budget: Budget | None = None,
) -> Solution:
    """What fills the holes of a spec, so that it checks without errors and keeps its promises."""
    misplaced = Diagnostics()
    gaps = tuple(gaps_of(syntax, misplaced))
    nothing = Found((), 0, is_whole=False)
    trials = Trials(syntax, settings, budget or Budget(), verify)
    start = trials.of({}, is_free=True)
    if not misplaced.has_errors:
        _find_foreign(syntax, start.open, misplaced)
    if misplaced.has_errors or start.certain:
        return Solution(gaps, nothing, others=start.certain, misplaced=tuple(misplaced.sorted()))
    gaps = tuple([gap for gap in gaps if not _is_replaced(gap, start.open)])
    if any(gap.is_size for gap in gaps):
        answer = _by_letters(trials, gaps)
        if answer is not None:
            return answer
        trials.budget.renew()
    search = Search(trials, gaps, {})
    found = search.run()
    ways = sorted([_limited(search, numbers) for numbers in found.ways], key=lambda way: way.order)
    return Solution(gaps, found, tuple(ways), reasons=() if ways else reasons(search))


def _limited(search: Search, numbers: tuple[int, ...]) -> Way:
    """A way that was found, with what it demands of the file's letters."""
    return Way(
        numbers, limits=search.trials.of(dict(zip([gap.span for gap in search.gaps], numbers, strict=True))).demands
    )


def _is_replaced(gap: Gap, open_holes: frozenset[Span]) -> bool:
    """Whether a hole is a size of an `Input` that the command line gives: none of its holes was asked for."""
    within = gap.within
    return within is not None and not any(within.start <= span.start < within.end for span in open_holes)


def _find_foreign(syntax: tree.Tree, spans: frozenset[Span], found: Diagnostics) -> None:
    """Report holes that were met in files that this one imports."""
    from nnspec.diagnostics.codes.names import HOLE

    for span in spans:
        if span.file.path == "<command line>":
            found.report(HOLE, "holes stand in the file, not on the command line", span, help="write a number here")
        elif span.file is not syntax.file:
            message = f"this hole stands in {span.file.path}, and only those of the named file are filled"
            found.report(HOLE, message, span, help=f"fill it there: `nnspec solve {span.file.path}`")


# Sizes as letters.


def _by_letters(trials: Trials, gaps: tuple[Gap, ...]) -> Solution | None:
    """The answer with letters for sizes; None where letters leave something undecided."""
    letters = _letters(trials.syntax, gaps)
    search = Search(trials, [gap for gap in gaps if not gap.is_size], letters)
    try:
        found = search.run()
        ways, to = _all_sized(search, gaps, found.ways, letters)
        found = replace(found, searched=min(found.searched, to))
        if not ways:
            return _without_size(search, gaps, found, letters) if not found.ways else None
        ways.sort(key=lambda way: way.order)
        sound = all(trials.of(_filling(gaps, way), is_free=True).fits for way in ways[:1])
    except (TooSymbolic, Spent):
        return None
    if not sound:
        return None
    if search.sized:  # sizes that were tried one by one: no conditions say which fit
        found, letters = replace(found, searched=min(found.searched, search.sizes_to)), {}
        ways = [replace(way, conditions=()) for way in ways]
    return Solution(gaps, found, tuple(ways), tuple(letters.items()))


def _filling(gaps: Sequence[Gap], way: Way) -> dict[Span, int]:
    return dict(zip([gap.span for gap in gaps], way.numbers, strict=True))


def _letters(syntax: tree.Tree, gaps: Sequence[Gap]) -> dict[Span, str]:
    """A letter of its own for each size."""
    taken = tree.names_in(syntax)
    letters: dict[Span, str] = {}
    for gap in gaps:
        if gap.is_size:
            first = letter = _LETTERS.get(gap.what.partition(" ")[0], "S")
            number = 1
            while letter in taken:
                number += 1
                letter = f"{first}{number}"
            taken.add(letter)
            letters[gap.span] = letter
    return letters


def _all_sized(
    search: Search, gaps: Sequence[Gap], numbers: Sequence[tuple[int, ...]], letters: Mapping[Span, str]
) -> tuple[list[Way], int]:
    """The ways with their least sizes; and up to which numbers all have some that were found."""
    ways: list[Way] = []
    misses, to = 0, FARTHEST
    for each in numbers:
        sized = list(_sized(search, gaps, each, letters))
        ways += sized
        if not sized:
            misses, to = misses + 1, min(to, max(each, default=1) - 1)
            if misses == MOST_MISSES:
                break
    return ways, to


def _sized(search: Search, gaps: Sequence[Gap], numbers: tuple[int, ...], letters: Mapping[Span, str]) -> Iterator[Way]:
    """A way with the least sizes that its conditions allow, or with each that was tried; none where none were found."""
    filling = dict(zip([gap.span for gap in search.gaps], numbers, strict=True))
    tried = search.sized.get(frozenset(filling.items()))
    for sizes in tried or ():
        yield Way(tuple([{**filling, **sizes}[gap.span] for gap in gaps]))
    if tried is not None:
        return
    demands = search.outcome(numbers).demands
    least = least_sizes(tuple(letters.values()), demands)
    if least is not None:
        whole = tuple([least[letters[gap.span]] if gap.span in letters else filling[gap.span] for gap in gaps])
        own = [each for each in demands if each.symbols & set(letters.values())]
        yield Way(whole, tuple(own), tuple([each for each in demands if each not in own]))


def _without_size(search: Search, gaps: tuple[Gap, ...], found: Found, letters: Mapping[Span, str]) -> Solution | None:
    """That no size fits, where letters show it of themselves."""
    if search.gaps:
        return None
    errors = search.outcome(()).errors
    if not all(error.code in (NO_VALID_SIZE, SHAPE_PROMISE) for error in errors):
        return None
    return Solution(gaps, found, letters=tuple(letters.items()), reasons=tuple([Reason((), each) for each in errors]))

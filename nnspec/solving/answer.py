"""The findings that an answer comes to: a note for each hole that is filled, an error where none can be.

It knows no command; who asks says whether the smallest of several ways will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes.names import FILLED_HOLE, HOLE
from nnspec.diagnostics.diagnostic import Edit, Fix, Label
from nnspec.record import replace
from nnspec.solving.attempt import key_of
from nnspec.solving.words import described, limited, tried

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.solving.places import Gap
    from nnspec.solving.solve import Solution

_TRUSTED = "this is so whatever fills the holes: what leaves a promise has the sizes that it states"


def report(solution: Solution, found: Diagnostics, path: str, *, smallest_will_do: bool) -> bool:
    """Report what the holes of a file come to; whether they can be filled now."""
    if solution.misplaced:
        for each in solution.misplaced:
            found.add(each)
        return False
    if not solution.ways:
        _report_none(solution, found)
        return False
    for gap in solution.gaps:
        if smallest_will_do or solution.is_only:
            _report_filled(solution, gap, found, path)
        else:
            _report_open(solution, gap, found, path)
    return smallest_will_do or solution.is_only


def _report_none(solution: Solution, found: Diagnostics) -> None:
    """One error for all holes, at the first of them."""
    known = {key_of(error) for error in found.errors()}
    for each in solution.others:
        if key_of(each) not in known:  # else it was found without the promises
            found.add(replace(each, notes=(*each.notes, _TRUSTED)))
    if solution.others or not solution.gaps:
        return
    first, *more = solution.gaps
    searched = solution.found.searched
    if solution.letters and not solution.found.searched < 1 and all(gap.is_size for gap in solution.gaps):
        message = "no size at all fits here"
    elif more:
        message = f"no numbers were found that fill these {len(solution.gaps)} holes"
    else:
        message = f"no number fits here, of those up to {searched:,}" if searched else "no number was found that fits"
    notes = [str(reason) for reason in solution.reasons]
    if more and searched:
        notes.append(f"all up to {searched:,} were tried, and further ones where the promises point")
    found.report(
        HOLE,
        message,
        first.span,
        label=first.what,
        labels=tuple([Label(gap.span, gap.what) for gap in more]),
        notes=tuple(notes),
        help="change what the notes name, or another number near it",
    )


def _report_filled(solution: Solution, gap: Gap, found: Diagnostics, path: str) -> None:
    number = solution.ways[0].numbers[solution.gaps.index(gap)]
    said = described(solution, gap)
    message = f"this hole is {said}" if solution.is_only else f"this hole may be {said}"
    if not solution.is_free:
        message += f"; here {number:,}, the first of {len(solution.ways):,} ways to fill all {len(solution.gaps)}"
    found.report(
        FILLED_HOLE,
        message,
        gap.span,
        label=gap.what,
        notes=_notes(solution, gap),
        help=f"`nnspec solve {path} --write` puts {number} in its place",
        fixes=(Fix(f"write {number}", (Edit(gap.span, str(number)),), safe=solution.is_only),),
    )


def _report_open(solution: Solution, gap: Gap, found: Diagnostics, path: str) -> None:
    number = solution.ways[0].numbers[solution.gaps.index(gap)]
    found.report(
        HOLE,
        f"this hole may be {described(solution, gap)}, and one number is needed",
        gap.span,
        label=gap.what,
        notes=_notes(solution, gap),
        help=f"write the one you want; `nnspec solve {path} --write` puts {number} in its place",
    )


def _notes(solution: Solution, gap: Gap) -> tuple[str, ...]:
    """What was tried; of a size the conditions say all."""
    if gap.span in dict(solution.letters):
        return ()
    only = ", and no other fits" if solution.is_only else ""
    return (*limited(solution), tried(solution.found, len(solution.gaps) - len(solution.letters)) + only)

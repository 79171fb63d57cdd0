"""Where each step of a region stands: the same in every region of one syntax, whatever is live there.

Shared parts are told by it: two uses of one part are two regions when the sizes differ, and still the
convolution written in one place has one kernel.
"""

from __future__ import annotations

from typing import TypeAlias

from nnspec.program.program import Region
from nnspec.source import Span

#: The stage that a step was written as, and how many steps of it stand before: `{ for … }`, shorthands.
Place: TypeAlias = "tuple[Span, int]"


class Places:
    """Places of the steps of regions, remembered."""

    def __init__(self) -> None:
        self._known: dict[Region, dict[int, Place]] = {}

    def of(self, region: Region) -> dict[int, Place]:
        """The place of every step of a region, by the step's id."""
        if region not in self._known:
            met: dict[Span, int] = {}
            places: dict[int, Place] = {}
            for step in region.steps:
                times = met.get(step.span, 0)
                met[step.span] = times + 1
                places[id(step)] = (step.span, times)
            self._known[region] = places
        return self._known[region]

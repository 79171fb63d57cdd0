"""Fills the holes of a spec for the commands: what every one that reads specs does where it meets a `?`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.compiler import compile_tree
from nnspec.diagnostics.codes.names import HOLE
from nnspec.solving.answer import report
from nnspec.solving.solve import Solution, solve
from nnspec.syntax.holes import Template

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.compiler import Settings
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.program.program import Program
    from nnspec.syntax.tree import Tree


def filled(
    syntax: Tree,
    program: Program,
    settings: Settings,
    found: Diagnostics,
    verify: Callable[[Program, Diagnostics], object],
    *,
    smallest_will_do: bool,
) -> tuple[Program, Solution]:
    """The program with its holes filled, and what was found; the one given where they cannot be, which is reported."""
    if any(error.code.number.startswith("NN1") for error in found.errors()):
        found.take_away(lambda each: each.code is HOLE)  # what does not parse comes first
        return program, _untried()
    solution = solve(syntax, settings, verify)
    if solution.ways:
        found.take_away(lambda each: not each.code.number.startswith("NN1"))
    else:
        found.take_away(lambda each: each.code is HOLE)
    if report(solution, found, syntax.file.path, smallest_will_do=smallest_will_do):
        program = compile_tree(Template(syntax).filled(solution.filling(solution.ways[0])), settings, found)
    return program, solution


def _untried() -> Solution:
    from nnspec.solving.search import Found

    return Solution((), Found((), 0, is_whole=False))

"""From a path and the command line's settings to a program: the front door of the compiler."""

from __future__ import annotations

import os
from collections.abc import Callable

from nnspec.analysis.conditions import verify_sizes
from nnspec.analysis.expectations import verify_expectations
from nnspec.analysis.quantities import verify_counts
from nnspec.deep_stack import with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.elaborate import Elaborator
from nnspec.program.imports import Importer
from nnspec.program.include import with_files
from nnspec.program.liveness import forget
from nnspec.program.program import Program
from nnspec.program.reporting import LimitReached
from nnspec.program.settings import Given, Settings, read_settings
from nnspec.record import replace
from nnspec.shapes.work import Work
from nnspec.syntax.read import read_spec
from nnspec.syntax.tree import Tree


def load(path: str, settings: Settings, found: Diagnostics) -> Program:
    """The program of a spec file; `-` is an arrow spec from standard input.

    Raises: Unreadable, where there is no such file.
    """
    return with_deep_stack(lambda: compile_tree(read_spec(path, found), settings, found))


STAGE = 4  # what an elaborated stage counts, in expression steps


class Effort:
    """What compilations took, counted and never timed: stages, steps of expressions, terms of symbolic sizes."""

    spent = 0


def compile_tree(
    syntax: Tree,
    settings: Settings,
    found: Diagnostics,
    read: Callable[[str, Diagnostics], Tree] = read_spec,
    effort: Effort | None = None,
    make: Callable[[Diagnostics, Given, Importer], Elaborator] = Elaborator,
) -> Program:
    """The program of a tree; `read` gives the trees of what it imports, `make` what elaborates it."""
    folder = os.path.dirname(os.path.abspath(syntax.file.path)) if settings.root is None else settings.root
    importer = Importer(found, syntax.file.path, None if settings.allow_outside else folder, read)
    syntax = with_files(syntax, importer, found)
    forget()
    terms = Work.terms
    try:
        given = read_settings(settings, syntax, found)
    except LimitReached:
        return Program(syntax, ())  # it was reported
    elaborator = make(found, given, importer)
    program = elaborator.program()
    try:
        if elaborator.is_complete and verify_counts(program, found):
            verify_sizes(program, found)
            verify_expectations(elaborator, program)
            elaborator.report_unused()
    except LimitReached:
        pass  # it was reported
    if effort is not None:
        effort.spent += elaborator.steps + STAGE * elaborator.stages + Work.terms - terms
    if settings.model is None:
        return program
    return replace(program, models=tuple([m for m in program.models if m.name == settings.model]))


__all__ = ["Effort", "Settings", "compile_tree", "load", "with_deep_stack"]

"""From the files of a command line to programs: reads, elaborates and counts each, and keeps what was found.

What every command that reads specs shares; how it is shown is the commands' own affair.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nnspec.analysis.allowances import silence
from nnspec.cli.usage import UsageError
from nnspec.compiler import Settings, compile_tree, with_deep_stack
from nnspec.diagnostics.diagnostic import Diagnostic, Diagnostics
from nnspec.record import Record
from nnspec.source import SourceFile, Span
from nnspec.syntax.read import STANDARD_INPUT, Unreadable, find_specs, is_stream, parse, read_source, read_spec
from nnspec.syntax.tree import FlowStatement, ModelStatement, TensorStatement, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.analysis.quantities import Counts
    from nnspec.cli.options import Chosen
    from nnspec.program.program import Model, Program
    from nnspec.solving.solve import Solution


class CountedModel(Record):
    """A model, and its quantities where they are known."""

    model: Model
    counts: Counts | None


class Report(Record):
    """What a file came to. `program` is None where our own fault stopped it, `solution` where it has no holes."""

    path: str
    program: Program | None
    models: tuple[CountedModel, ...]
    diagnostics: tuple[Diagnostic, ...]
    is_fault: bool = False
    solution: Solution | None = None

    @property
    def has_errors(self) -> bool:
        """Whether anything found is an error."""
        return self.is_fault or any(found.severity == "error" for found in self.diagnostics)

    @property
    def has_warnings(self) -> bool:
        """Whether anything found is a warning."""
        return any(found.severity == "warning" for found in self.diagnostics)


class Named(Record):
    """A file to read, and the folder that its imports must stay below (None: its own folder)."""

    path: str
    root: str | None = None


def named_files(paths: Sequence[str]) -> Iterator[Named | Unreadable]:
    """The files that the command line names, folders opened; what cannot be read is said in its turn."""
    seen: set[str] = set()
    for path in paths:
        if path != "-" and os.path.isdir(path):
            yield from _below(path, seen)
        elif path not in seen:
            seen.add(path)
            yield Named(path)


def _below(folder: str, seen: set[str]) -> Iterator[Named | Unreadable]:
    try:
        found = find_specs(folder)
    except Unreadable as error:
        yield error
        return
    if not found:
        yield Unreadable(folder, "no spec is in this folder: no `.nn` file, and no YAML file with `nnspec`")
    for path in found:
        if path not in seen:
            seen.add(path)
            yield Named(path, folder)


def read_report(named: Named, chosen: Chosen, *, smallest_will_do: bool = True) -> Report:
    """Everything that can be said of one file, with the smallest numbers that fit where it has holes.

    Where the smallest will not do, holes that several numbers fit are errors.

    Raises: Unreadable.
    """
    found = Diagnostics()
    path = STANDARD_INPUT if named.path == "-" else named.path
    try:
        # A stream is read here: an interrupt could not end a thread that waits for it.
        typed = read_source(named.path, found) if is_stream(named.path) else None
        program, models, solution = with_deep_stack(lambda: _compiled(named, typed, chosen, found, smallest_will_do))
    except Unreadable:
        raise
    except Exception as error:  # our own fault in one file must not silence the others
        return _fault(path, error, found)
    return Report(path, program, models, tuple(found.sorted()), solution=solution)


def _compiled(
    named: Named, typed: SourceFile | None, chosen: Chosen, found: Diagnostics, smallest_will_do: bool
) -> tuple[Program, tuple[CountedModel, ...], Solution | None]:
    tree = _typed_tree(typed, found) if is_stream(named.path) else read_spec(named.path, found)
    settings, solution = settings_of(named, chosen), None
    program = compile_tree(tree, settings, found)
    if any(error.code.slug == "hole" for error in found.errors()):
        from nnspec.cli.holes import filled  # few specs have any

        program, solution = filled(
            tree, program, settings, found, lambda program, found: check_training(program, chosen, found),
            smallest_will_do=smallest_will_do,
        )  # fmt: skip
    if chosen.model is not None and not program.models and not found.has_errors:
        _report_model(program, chosen.model, found)
    models = tuple([CountedModel(model, _counts(model)) for model in program.models])
    check_training(program, chosen, found)
    silence(program.tree, found, library=not program.models)
    return program, models, solution


def _typed_tree(typed: SourceFile | None, found: Diagnostics) -> Tree:
    """The tree of standard input; an empty one where that was no text, which was reported."""
    if typed is None:
        file = SourceFile(STANDARD_INPUT, "")
        return Tree(Span(file, 0, 0), file, ())
    return parse(typed, found, yaml=False)


def _report_model(program: Program, name: str, found: Diagnostics) -> None:
    from nnspec.diagnostics.codes.names import UNKNOWN_OPTION
    from nnspec.diagnostics.nearest import nearest, suggestion
    from nnspec.program.settings import model_name

    statements = program.tree.statements
    known = [each.name.name for each in statements if isinstance(each, ModelStatement)]
    if any(isinstance(each, (FlowStatement, TensorStatement)) for each in statements):
        known.append(model_name(program.tree))
    help = suggestion(nearest(name, known)) or (f"its models are {', '.join(known)}" if known else "it has none")
    text = f"--model {name}"
    span = Span(SourceFile("<command line>", text), len("--model "), len(text))
    found.report(UNKNOWN_OPTION, f"no model of {program.tree.file.path} is called `{name}`", span, help=help)


def settings_of(named: Named, chosen: Chosen) -> Settings:
    """The compiler's settings for one file."""
    return Settings(
        chosen.params, chosen.sets, chosen.inputs, chosen.model, chosen.allow_outside, named.root
    )  # fmt: skip


def _counts(model: Model) -> Counts | None:
    if not model.is_known:
        return None
    from nnspec.analysis.quantities import count
    from nnspec.shapes.dim import DimTooLarge

    try:
        return count(model)
    except DimTooLarge:  # it was reported
        return None


def check_training(program: Program, chosen: Chosen, found: Diagnostics) -> None:
    """What a `train` section says is part of the spec, and is checked without opening data."""
    if program.tree.sections is None and not any(path.startswith("train.") for path, _ in chosen.sets):
        return
    from nnspec.cli.training import check_train_section  # an arrow spec has no such section

    check_train_section(program, chosen.sets, found)


def _fault(path: str, error: Exception, found: Diagnostics) -> Report:
    from nnspec.cli.fault import fault_diagnostic, show_traceback

    show_traceback(error)
    diagnostics = (*found.sorted(), fault_diagnostic(error, SourceFile(path, "")))
    return Report(path, None, (), diagnostics, is_fault=True)


def read_one(path: str, chosen: Chosen, *, smallest_will_do: bool = False) -> Report:
    """The report of the one file of a command that takes one; a hole that several numbers fit is an error there.

    Raises: UsageError, where it is a folder or cannot be read.
    """
    if path != "-" and os.path.isdir(path):
        raise UsageError(f"{path} is a folder; this command takes one spec file")
    try:
        return read_report(Named(path), chosen, smallest_will_do=smallest_will_do)
    except Unreadable as error:
        raise UsageError(str(error)) from None

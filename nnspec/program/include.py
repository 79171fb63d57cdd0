"""YAML's `{file: vgg.nn}`: the statements of another spec, taken in where its network begins a flow.

Params that the taking file declares stand in place of the other's, so a YAML file can hold values,
data and training for a network that an arrow file describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.record import replace
from nnspec.syntax import tree

if TYPE_CHECKING:
    from nnspec.program.imports import Importer


def with_files(syntax: tree.Tree, importer: Importer, found: Diagnostics) -> tree.Tree:
    """The tree with every file that begins a flow taken in."""
    if not any(_file_of(statement) for statement in syntax.statements):
        return syntax
    declared = {s.name.name for s in syntax.statements if isinstance(s, tree.ParamStatement)}
    statements: list[tree.AnyStatement] = []
    for statement in syntax.statements:
        source = _file_of(statement)
        if source is None:
            statements.append(statement)
        else:
            statements += _taken_in(statement, source, declared, importer, found)
    return replace(syntax, statements=tuple(statements))


def _file_of(statement: tree.AnyStatement) -> tree.FromFile | None:
    """The file that begins a statement's flow."""
    flow = getattr(statement, "flow", None)
    first = flow.stages[0] if isinstance(flow, tree.Flow) and flow.stages else None
    return first if isinstance(first, tree.FromFile) else None


def _taken_in(
    statement: tree.AnyStatement,
    source: tree.FromFile,
    declared: set[str],
    importer: Importer,
    found: Diagnostics,
) -> list[tree.AnyStatement]:
    other = importer.read_whole(source.path)
    broken = tree.BrokenStatement(statement.span, (), tree.NO_COMMENTS)
    if other is None:
        return [broken]
    network = next((s for s in other.statements if isinstance(s, tree.FlowStatement)), None)
    if network is None and any(isinstance(s, tree.BrokenStatement) for s in other.statements):
        return [broken]  # what it lacks follows from that
    if network is None:
        found.report(
            codes.IMPORT_FAILED,
            f"{source.path.value} has no network of its own to begin this flow with",
            source.path.span,
            help="end it with a bare flow, or `import` its blocks and models",
        )
        return [broken]
    others: list[tree.AnyStatement] = [
        s
        for s in other.statements
        if s is not network and not (isinstance(s, tree.ParamStatement) and s.name.name in declared)
    ]
    flow: tree.Flow = statement.flow  # type: ignore[union-attr]  # `_file_of` found the file in it
    stages = (*network.flow.stages, *flow.stages[1:])
    return [*others, replace(statement, flow=tree.Flow(flow.span, stages))]

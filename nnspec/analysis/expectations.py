"""Verifies `expect`: promises about what the networks of a file cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from nnspec.analysis.conditions import conditions
from nnspec.analysis.quantities import QUANTITIES, Counts, count
from nnspec.diagnostics.codes import limits, promises
from nnspec.diagnostics.codes import names as name_codes
from nnspec.ops.kinds import Word
from nnspec.program.elaborate import Elaborator
from nnspec.program.program import Model, Program
from nnspec.program.scope import BROKEN, Binding, Broken, Quantities, Scope
from nnspec.program.truths import is_open, settled
from nnspec.program.unit import Home
from nnspec.program.values import Site
from nnspec.syntax import tree

if TYPE_CHECKING:
    from nnspec.shapes.alternatives import Demand

LONGEST: Final = 100  # characters of a condition in a message


def verify_expectations(elaborator: Elaborator, program: Program) -> None:
    """Report each promise that does not hold, with what there is instead."""
    expected = [(order, s) for order, s in enumerate(program.tree.statements) if isinstance(s, tree.ExpectStatement)]
    if not expected:
        return
    counts = {model.name: count(model) if model.is_known else None for model in program.models}
    names: dict[Any, Binding] = {}
    wanted = {getattr(part, "name", None) for _, statement in expected for part in _parts(statement.condition)}
    for model in program.models:
        _report_unfollowed(elaborator, model, counts[model.name], wanted)
    for name, counted in counts.items():
        names[name] = Binding(_quantities(counted, wanted))
    own = next((m for m in program.models if m.name == elaborator.given.model_name), None) or _only(program)
    models: dict[str | None, Model] = {model.name: model for model in program.models}
    if own is not None:
        models[None] = own
    for quantity, value in _quantities(counts[own.name] if own else None, wanted).values.items():
        names[quantity] = Binding(BROKEN if value is None else value)
    for order, statement in expected:
        elaborator.home = Home(elaborator.unit, order)
        scope = Scope(elaborator.frame.root, elaborator.frame, dict(names))
        if own is None:
            _report_ownerless(elaborator, statement.condition, program)
        _verify(elaborator, statement.condition, Site(scope), models)


def _only(program: Program) -> Model | None:
    return program.models[0] if len(program.models) == 1 else None


def _quantities(counted: Counts | None, wanted: set[Any]) -> Quantities:
    """Those that some promise names: paths are followed for no other."""
    named = {name: name in wanted and counted is not None for name in QUANTITIES}
    return Quantities({name: getattr(counted, name) if is_named else None for name, is_named in named.items()})


#: What is said of paths that cannot be followed: message, label, help.
_UNFOLLOWED = {
    "depth": ("the paths of {} are too many to follow for its depth", "too many paths", None),
    "receptive_field": (
        "the receptive field of {} is too long to write down",
        "what its positions see comes round again too late",
        "`nnspec summary` shows the layer from which on it is not known; `--input` with numbers may decide it",
    ),
}


def _report_unfollowed(elaborator: Elaborator, model: Model, counted: Counts | None, wanted: set[Any]) -> None:
    for name in QUANTITIES:
        if name in wanted and counted is not None and getattr(counted, name) is None:
            message, label, help = _UNFOLLOWED[name]
            elaborator.report(limits.TOO_LONG, message.format(model.name), model.span, label=label, help=help)


def _report_ownerless(elaborator: Elaborator, node: tree.Expression, program: Program) -> None:
    """Report a quantity that no one model of the file is meant by: the promise would hold whatever it says."""
    bare = next((p for p in _parts(node) if isinstance(p, tree.Name) and p.name in QUANTITIES), None)
    if bare is None or any(isinstance(s, tree.BrokenStatement) for s in program.tree.statements):
        return
    if program.models:
        message = f"this file has {len(program.models)} models, and `{bare.name}` says of none"
        help = f"write `{program.models[0].name}.{bare.name}`"
    else:
        message, help = f"there is no network in this file, so there is no `{bare.name}`", "promise it where one is"
    elaborator.report(name_codes.UNKNOWN_NAME, message, bare.span, help=help)


def _verify(elaborator: Elaborator, node: tree.Expression, site: Site, models: dict[str | None, Model]) -> None:
    if isinstance(node, tree.Binary) and node.operator == "and":
        _verify(elaborator, node.left, site, models)  # each half on its own, so that the one that breaks is shown
        _verify(elaborator, node.right, site, models)
        return
    try:
        _refuse_words(elaborator, node, site)
        holds = elaborator.evaluate(node, site)
        if is_open(holds):
            _judge_open(elaborator, holds, node, models)
        elif elaborator._boolean(holds, node, site) is False:
            label = _actual(elaborator, node, site)
            notes = _spending(node, models) if elaborator.explains else ()
            elaborator.report(promises.BROKEN_EXPECT, "this promise does not hold", node.span, label=label, notes=notes)
    except Broken:
        return


def _judge_open(elaborator: Elaborator, holds: Demand, node: tree.Expression, models: dict[str | None, Model]) -> None:
    """Say what the sizes that the networks take leave open of a promise."""
    demands = [demand for model in dict.fromkeys(models.values()) for demand in conditions(model)]
    truth = settled(holds, demands)
    if truth is None:
        message = f"whether this holds depends on {_open_text(holds)}"
        help = "give the size with `--input` to decide it"
        elaborator.report(promises.UNDECIDED_EXPECT, message, node.span, help=help)
    elif not truth:
        message = "this promise holds for no size that the network takes"
        related = [str(demand) for demand in demands if demand.symbols & holds.symbols]
        notes = (f"it takes {', '.join(related)}",) if related else ()
        elaborator.report(promises.BROKEN_EXPECT, message, node.span, label=_open_text(holds), notes=notes)


def _open_text(condition: Demand) -> str:
    """The condition, or where a line does not hold it the sizes that it hangs on."""
    text = str(condition)
    return text if len(text) <= LONGEST else " and ".join(sorted(condition.symbols))


def _spending(node: tree.Expression, models: dict[str | None, Model]) -> tuple[str, ...]:
    """Where the quantities of a broken promise come from."""
    from nnspec.analysis.spending import notes_on  # few promises are broken

    named: dict[tuple[str | None, str], None] = {}
    for part in _parts(node):
        if isinstance(part, tree.Attribute) and isinstance(part.value, tree.Name):
            named[part.value.name, part.name] = None
        elif isinstance(part, tree.Name):
            named[None, part.name] = None
    found = [(models[owner], name) for owner, name in named if owner in models and name in QUANTITIES]
    return tuple([note for model, name in found for note in notes_on(model, name)])


def _refuse_words(elaborator: Elaborator, node: tree.Expression, site: Site) -> None:
    """Report every name that nothing defines: a word equals no number, and `parms != 3` would hold.

    Raises: Broken.
    """
    words = {id(side) for part in _parts(node) for side in _compared_words(elaborator, part, site)}
    words |= {id(part.name) for part in _parts(node) if isinstance(part, tree.FunctionCall)}
    unknown = [p for p in _parts(node) if isinstance(p, tree.Name) and _is_unknown(p, site) and id(p) not in words]
    for part in unknown:
        try:
            elaborator.refuse_word(Word(part.name, span=part.span), part, site)
        except Broken:
            continue
    if unknown:
        raise Broken


def _compared_words(elaborator: Elaborator, node: tree.Node, site: Site) -> tuple[tree.Expression, ...]:
    """Both sides of `mode == fast`, where `mode` is a word too: there a name that nothing defines is itself."""
    if not isinstance(node, tree.Binary) or node.operator not in ("==", "!="):
        return ()
    sides = (node.left, node.right)
    if any(isinstance(side, tree.Name) and _is_unknown(side, site) for side in sides):
        known = [side for side in sides if not (isinstance(side, tree.Name) and _is_unknown(side, site))]
        return sides if known and all(isinstance(elaborator.evaluate(side, site), Word) for side in known) else ()
    return ()


def _is_unknown(name: tree.Name, site: Site) -> bool:
    return name.name[0].islower() and site.scope.find(name.name) is None


def _actual(elaborator: Elaborator, node: tree.Expression, site: Site) -> str:
    """What the quantities in a promise come to: `params is 25,636,712`."""
    shown: dict[str, str] = {}
    for part in _parts(node):
        if isinstance(part, tree.Attribute) or (isinstance(part, tree.Name) and part.name in QUANTITIES):
            value = elaborator.evaluate(part, site)
            shown[part.span.text] = f"{value:,}" if isinstance(value, int) else str(value)
    return ", ".join(f"{name} is {value}" for name, value in sorted(shown.items()))


def _parts(node: tree.Expression) -> Iterator[tree.Node]:
    """The expressions in an expression, itself among them."""
    todo: list[Any] = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, tree.Node):
            yield part
            for child in part.__dict__.values():
                todo.extend(child if isinstance(child, tuple) else (child,))

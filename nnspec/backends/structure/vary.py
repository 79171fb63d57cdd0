"""Which params stay open in the source: those at whose other values the spec still has the same body.

The spec is walked at its own setting and, for each param, at others near it; what all walks have in
common is the source. A param that changes more than numbers, counts and choices becomes a constant.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from nnspec.backends.imports import Imports
from nnspec.backends.structure.events import GlobalName, LocalName
from nnspec.backends.structure.meaning import Meaning, NoMeaning
from nnspec.backends.structure.numbers import Recorded
from nnspec.backends.structure.observation import Disagreement
from nnspec.backends.structure.recorder import Recorder
from nnspec.backends.structure.source import Structured
from nnspec.backends.structure.statements import within
from nnspec.deep_stack import with_deep_stack
from nnspec.diagnostics.codes import graph
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.declarations import Pending
from nnspec.program.elaborate import Elaborator
from nnspec.program.imports import Importer
from nnspec.program.liveness import Liveness, uses_of
from nnspec.program.program import CallStep, OperatorStep, Region, RunStep, Step
from nnspec.program.reporting import LimitReached
from nnspec.program.settings import Settings, read_settings
from nnspec.record import Record, replace
from nnspec.syntax import tree

#: At how many other values of a param the spec is walked, and how many are tried for that.
WALKS = 8
TRIES = 24
#: Larger numbers than this are not tried, for a param may be a count of turns.
MOST = 1000
#: Up to which value expressions are worked out, and how many values found so are tried.
TRIED = 130
MOST_CRITICAL = 4
#: Values at which something vanishes: no turn, no padding, a merge of one.
SMALL = (1, 0, 2)


class Structure(Record):
    """The walks over a spec, and the params that stay open."""

    walks: tuple[Recorded, ...]
    kept: frozenset[str]
    fixed: tuple[str, ...]

    def structured(self, imports: Imports, outputs: Sequence[Sequence[str]]) -> Structured:
        """The text of the models, whose outputs have these names."""
        return with_deep_stack(lambda: Structured(self.walks, self.kept, imports, outputs))


def find_structure(syntax: tree.Tree, settings: Settings) -> Structure | None:
    """The structure of a file's models; None where there is none that functions and loops can say."""
    return with_deep_stack(lambda: _find(syntax, settings))


def _find(syntax: tree.Tree, settings: Settings) -> Structure | None:
    base = _walk(syntax, settings, {})
    if base is None or _has_dead_ends(syntax, settings):
        return None
    others = {name: walks for name in _params(base[0]) if (walks := _others(syntax, settings, base[0], name))}
    declared = tuple(_params(base[0]))
    kept = _kept(list(others), base[0], others)
    if kept is None:
        return None
    return Structure(
        (base[0], *[walk for name in kept for walk in others[name]]),
        frozenset(kept),
        tuple(name for name in declared if name not in kept),
    )


def _kept(names: list[str], base: Recorded, others: Mapping[str, Sequence[Recorded]]) -> tuple[str, ...] | None:
    """The params that can stay open together: all of them, else one more at a time; None where there is no source."""

    def holds(kept: Sequence[str]) -> bool:
        walks = (base, *[walk for name in kept for walk in others[name]])
        return _has_source(walks, frozenset(kept))

    if holds(names):
        return tuple(names)
    kept: list[str] = []
    if not holds(kept):
        return None
    for name in names:
        if holds([*kept, name]):
            kept.append(name)
    return tuple(kept)


def _has_source(walks: Sequence[Recorded], kept: frozenset[str]) -> bool:
    try:
        structured = Structured(walks, kept, Imports())
        structured.all_texts()
    except Disagreement:
        return False
    return True


def _walk(syntax: tree.Tree, settings: Settings, params: Mapping[str, Any]) -> tuple[Recorded, bool] | None:
    """The spec walked at a setting of its params, and whether its promises hold; None where it has an error."""
    found = Diagnostics()
    try:
        given = read_settings(settings, syntax, found)
        importer = _importer(syntax, settings, found)
        recorder = Recorder(found, replace(given, params={**given.params, **params}), importer)
        program = recorder.program()
    except LimitReached:
        return None
    errors = [each for each in found.sorted() if each.severity == "error" and each.code is not graph.UNUSED_INPUT]
    models = tuple([m for m in program.models if settings.model in (None, m.name)])
    broken = [each for each in errors if not each.code.number.startswith("NN5")]
    if broken or not models or not all(model.is_known for model in models):
        return None
    return Recorded(recorder, models), not errors


def _has_dead_ends(syntax: tree.Tree, settings: Settings) -> bool:
    """Whether a stage with weights of its own reaches no output, at some use or turn: a body would make its layers."""
    found = Diagnostics()
    elaborator = Elaborator(found, read_settings(settings, syntax, found), _importer(syntax, settings, found))
    liveness = Liveness()
    models = [m for m in elaborator.program().models if settings.model in (None, m.name)]
    todo = [(m.region, frozenset([named.wire for named in m.outputs])) for m in models]
    seen = set(todo)
    while todo:
        region, wanted = todo.pop()
        live = liveness.of(region, wanted).steps
        taking_part = {id(step) for step, _ in live}
        if any(_has_weights(step, region) for step in region.steps if id(step) not in taking_part):
            return True
        for step, entered in live:
            if isinstance(step, RunStep) and step.count != sum(turns.count for turns in entered):
                return True
            fresh = {(turns.region, turns.wanted) for turns in entered} - seen
            seen |= fresh
            todo += fresh
    return False


def _has_weights(step: Step, region: Region) -> bool:
    """Whether a step makes weights that no other use has."""
    if isinstance(step, OperatorStep):
        types: Any = [region.types[wire] for wire in step.operands]
        return any(True for _ in step.operator.weights(*types))
    if isinstance(step, CallStep) and step.owner is not None:
        return False
    regions = {use.region for use in uses_of(step)}
    return any(_has_weights(each, inner) for inner in regions for each in inner.steps)


def _importer(syntax: tree.Tree, settings: Settings, found: Diagnostics) -> Importer:
    path = syntax.file.path
    root = None if settings.allow_outside else settings.root or os.path.dirname(os.path.abspath(path))
    return Importer(found, path, root)


def _params(walk: Recorded) -> list[str]:
    """The params of the named file, in their order."""
    statements = walk.recorder.unit.tree.statements
    return [each.name.name for each in statements if isinstance(each, tree.ParamStatement)]


def _others(syntax: tree.Tree, settings: Settings, base: Recorded, name: str) -> tuple[Recorded, ...]:
    """Walks at other values of one param; those that keep the file's promises are taken first."""
    binding = base.recorder.unit.numbers[name][1]
    value = binding.value.value if isinstance(binding.value, Pending) else binding.value
    sound: list[Recorded] = []
    other: list[Recorded] = []
    shape = [model.name for model in base.models]
    for candidate in list(_candidates(value, base))[:TRIES]:
        walked = _walk(syntax, settings, {name: candidate})
        if walked is None or [model.name for model in walked[0].models] != shape:
            continue
        (sound if walked[1] else other).append(walked[0])
        if len(sound) == WALKS:
            break
    return tuple([*sound, *other][:WALKS])


def _candidates(value: Any, base: Recorded) -> Iterator[Any]:
    """Values near one that a param has, and on both sides of what conditions compare with."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        near = [value + 1, value * 2, value - 1, value + 2, value * 4]
        compared = [n + d for n in _compared(base) if n <= max(MOST, near[-1]) for d in (0, 1, -1)]
        wanted = (*critical_values(base.recorder), *near[:2], *SMALL, near[2], *compared, *near[3:])
        yield from dict.fromkeys(n for n in wanted if n >= 0 and n != value)
    elif isinstance(value, (float, Fraction)):
        yield from (value / 2, value * Fraction(9, 10) if isinstance(value, Fraction) else value * 0.9)
    elif isinstance(value, tuple) and len(value) > 1:
        yield from (value[:-1], (*value, value[-1]))
        if isinstance(value[-1], int):
            yield from ((*value[:-1], n) for n in critical_values(base.recorder))


def critical_values(recorder: Recorder) -> list[int]:
    """The least values of a name at which a number in an argument is 0, or a condition there goes the other way."""
    found: dict[int, None] = {}
    for expression, is_condition in recorder.hanging.values():
        (leaf,) = {part for part in within(expression) if isinstance(part, (LocalName, GlobalName))}
        came_to: list[Any] = []
        for value in range(TRIED):
            try:
                came_to.append(Meaning({**recorder.constants, leaf: value}, recorder.formulas).of(expression))
            except (NoMeaning, KeyError):
                came_to.append(None)
        if is_condition:
            # The first turn of the tide, and the last value before or after it.
            truths = [bool(each) for each in came_to]
            turns = [n for n in range(1, TRIED) if truths[n] is not truths[n - 1]]
            found.update(dict.fromkeys([n + d for n in turns[:2] for d in (0, -1)]))
        else:
            found.update(dict.fromkeys([n for n, each in enumerate(came_to) if each == 0][-1:]))
    return list(found)[:MOST_CRITICAL]


_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def _compared(base: Recorded) -> list[int]:
    """The whole numbers that something is compared with."""
    found: dict[int, None] = {}
    units = [base.recorder.unit, *base.recorder.importer.units()]
    todo: list[tuple[tree.Node, bool]] = [(unit.tree, False) for unit in units]
    while todo:
        node, inside = todo.pop()
        if inside and isinstance(node, tree.Number) and isinstance(node.value, int):
            found[node.value] = None
        for child in tree.children(node) if not isinstance(node, tree.ExpectStatement) else ():
            todo.append((child, inside or (isinstance(node, tree.Binary) and node.operator in _COMPARISONS)))
    return list(found)


__all__ = ["Structure", "find_structure"]

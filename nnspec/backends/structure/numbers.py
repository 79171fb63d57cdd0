"""The params and lets of a file in the source: which stay open, how the others are written, and their types."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from nnspec.backends.printer import flat_text, pieces
from nnspec.backends.structure.events import GlobalName, Place
from nnspec.backends.structure.observation import Disagreement
from nnspec.backends.structure.recorder import Recorder
from nnspec.backends.structure.spelling import NotSpellable, Speller
from nnspec.backends.structure.statements import within
from nnspec.calls import Value
from nnspec.program.declarations import Pending
from nnspec.program.program import Model
from nnspec.program.values import Site
from nnspec.record import Record
from nnspec.syntax import tree


class Recorded(Record):
    """One walk over the spec, at one setting of its params."""

    recorder: Recorder
    models: tuple[Model, ...]


class Numbers:
    """The params and lets of a file: which stay open in the source, and how the others are written."""

    def __init__(self, recorder: Recorder, kept: frozenset[str]) -> None:
        self.recorder = recorder
        self.values: dict[Place, Any] = {}
        self.nodes: dict[Place, tree.Expression] = {}
        self.params: dict[Place, str] = {}
        self.sites: dict[Place, Any] = {}
        self._names: dict[Place, str] = {}
        units = [recorder.unit, *recorder.importer.units()]
        for unit in units:
            for name, (_, binding) in unit.numbers.items():
                span = binding.span
                place = ("", 0, 0) if span is None else (span.file.path, span.start, span.end)
                value = binding.value
                self._names[place] = name
                self.values[place] = value.value if isinstance(value, Pending) else value
                if isinstance(value, Pending):
                    self.nodes[place], self.sites[place] = value.node, value.scope
                if unit is recorder.unit and name in _declared(unit.tree):
                    self.params[place] = name
        self.kept = {place for place, name in self.params.items() if name in kept}

    def names(self) -> list[GlobalName]:
        """All params and lets."""
        return [GlobalName(name, place) for place, name in self._names.items()]

    def definition(self, name: GlobalName) -> Value:
        """What a let is defined as, or what a param is that is not open."""
        if name.place in self.nodes and name.place not in self.params:
            try:
                return Speller(self.recorder, Site(self.sites[name.place])).spell(self.nodes[name.place])
            except NotSpellable:
                pass
        return plain_value(self.values.get(name.place))

    def is_open(self, name: GlobalName) -> bool:
        """Whether a name hangs on a param that is open."""
        if name.place in self.kept:
            return True
        if name.place in self.params or name.place not in self.nodes:
            return False
        return any(isinstance(part, GlobalName) and self.is_open(part) for part in within(self.definition(name)))


def _declared(syntax: tree.Tree) -> set[str]:
    return {s.name.name for s in syntax.statements if isinstance(s, tree.ParamStatement)}


def plain_value(value: Any) -> Value:
    """A value as Python has it.

    Raises: Disagreement, for what is no number, text or list of those.
    """
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, (tuple, range)):
        return tuple(plain_value(item) for item in value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise Disagreement("a number that cannot be written")


def kind_of(values: Sequence[Any]) -> str:
    """The type of a parameter, from what it is given."""
    kinds = {_kind(value) for value in values if value is not None}
    if kinds <= {"int", "float"} and "float" in kinds:
        return "float"
    return kinds.pop() if len(kinds) == 1 else "object" if kinds else "int"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, (float, Fraction)):
        return "float"
    if isinstance(value, (tuple, range)):
        inner = {_kind(item) for item in value}
        return f"tuple[{inner.pop()}, ...]" if len(inner) == 1 else "tuple[object, ...]"
    return "str" if isinstance(value, str) else "object"


def literal_text(value: Value) -> str:
    """A plain value as it stands in the head of a function."""
    return flat_text(pieces(value, str))

"""Makes regions, and finds the one that was made already for equal circumstances.

A region is reused for the same syntax when the incoming types and everything that it read from
outside are equal. This file knows nothing of what stages mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nnspec.ops.kinds import Word
from nnspec.program.program import Region, Use
from nnspec.program.scope import (
    LOST,
    MISSING,
    OUTER,
    Binding,
    Frame,
    Key,
    Made,
    Scope,
    Tensor,
    Value,
    Wrapping,
    tensors_in,
)
from nnspec.shapes.condition import recording
from nnspec.shapes.tensor import TensorType, Type
from nnspec.syntax.tree import Node

_SHORT = 8

#: What elaborates the inside of a region: the value that arrives there, and the region's own scope.
Inside = Callable[["Value | None", Scope], Value]


class _Known:
    """What is known after some reads: a region, if no more was read, else what was read next and what it was.

    The same syntax that read the same so far reads the same key next, so there is hardly ever more than one.
    """

    __slots__ = ("made", "next")

    def __init__(self) -> None:
        self.made: Made | None = None
        self.next: dict[Key, dict[Any, _Known]] = {}


class Regions:
    """All regions made so far."""

    def __init__(self) -> None:
        #: Per syntax and incoming types, the regions by what they read.
        self._known: dict[Any, _Known] = {}
        self._marks = Marks()

    def make(
        self,
        syntax: Node,
        arriving: Value | None,
        outer: Scope,
        inside: Inside,
        *,
        is_turn: bool,
        wrapping: Wrapping | None = None,
    ) -> Made:
        """The region of this syntax here, elaborated only if none is equal; within other wrappers, where told."""
        types = incoming_types(arriving)
        wrapping = outer.frame.wrapping if wrapping is None else wrapping
        start = (id(syntax), types, isinstance(arriving, tuple), is_turn, wrapping.each, wrapping.steps)
        known = self._known.get(start)
        if known is None:
            known = self._known[start] = _Known()
        made = self._found(known, outer)
        if made is None:
            frame = Frame(syntax, types, is_turn=is_turn, wrapping=wrapping)
            made = _elaborate(frame, types, arriving, outer, inside)
            for key, _ in made.reads:
                known = known.next.setdefault(key, {}).setdefault(self._mark(key, outer), _Known())
            known.made = made
        return made

    def _found(self, known: _Known, outer: Scope) -> Made | None:
        """The region that read what would be read here."""
        here: _Known | None = known
        while here is not None and here.made is None:
            branches, here = here.next, None
            for key, by_value in branches.items():
                here = by_value.get(self._mark(key, outer))
                if here is not None:
                    break
        return here.made if here is not None else None

    def _mark(self, key: Key, outer: Scope) -> Any:
        """What stands for a value that is read: with the place of a plain label, which is not seen from above it."""
        found = outer.find(key)
        if found is None:
            return self._marks.of(MISSING)
        mark = self._marks.of(found.value)
        return mark if found.label is None or not isinstance(key, str) else (mark, found.label)


def use(made: Made, arriving: Value | None, outer: Scope) -> Use:
    """The region put to use here: its operands are the tensors that arrive, then those it reads."""
    return Use(made.region, tuple(operands_of(arriving, made.captures, outer)), len(tensors_in(arriving)))


def operands_of(arriving: Value | None, captures: Iterable[Key], outer: Scope) -> list[int]:
    """The wires that a region is given: of what arrives, then of the tensors that it reads by name."""
    operands = [tensor.wire for tensor in tensors_in(arriving)]
    for key in captures:
        found = outer.find(key)
        operands += [tensor.wire for tensor in tensors_in(found.value if found else None)]
    return operands


def incoming_types(arriving: Value | None) -> tuple[Type, ...]:
    """The types of what arrives, in order."""
    if arriving is None:
        return ()
    return tuple([tensor.type for tensor in arriving]) if isinstance(arriving, tuple) else (arriving.type,)


def is_lost(value: Value | None) -> bool:
    """Whether the type of any part of a value is unknown."""
    if not isinstance(value, tuple):
        return value is not None and not isinstance(value.type, TensorType)
    return any(not isinstance(tensor.type, TensorType) for tensor in value)


class Marks:
    """Hashable stand-ins for values that are read: equal exactly where regions may be shared.

    A long list is gone through once and then known by a number, however often it is read.
    """

    def __init__(self) -> None:
        self._lists: dict[int, tuple[Any, Any]] = {}  # by id; the list is held, so that no other takes its id
        self._numbers: dict[Any, int] = {}

    def of(self, value: Any) -> Any:
        """The mark of a value."""
        if isinstance(value, Tensor):
            return value.type
        if isinstance(value, tuple):
            if len(value) > _SHORT:
                return self._of_list(value)
            return (tuple, *[self.of(item) for item in value])
        if isinstance(value, Word):
            return (Word, value.name, self.of(value.args), self.of(value.kwargs))
        return (type(value), value)  # 1, 1.0 and true are equal, and not the same

    def _of_list(self, value: tuple[Any, ...]) -> Any:
        if id(value) not in self._lists:
            kinds = set(map(type, value))
            content: Any = (int, value) if kinds == {int} else tuple([self.of(item) for item in value])
            self._lists[id(value)] = (value, (list, self._numbers.setdefault(content, len(self._numbers))))
        return self._lists[id(value)][1]


def _elaborate(frame: Frame, types: tuple[Type, ...], arriving: Value | None, outer: Scope, inside: Inside) -> Made:
    frame.root.parent = outer
    tensors = tuple([Tensor(type, wire) for wire, type in enumerate(types)])
    inner: Value | None = tensors if isinstance(arriving, tuple) else tensors[0] if tensors else None
    if not frame.is_turn:
        frame.root.names[OUTER] = Binding(inner)
    with recording() as conditions:
        result = inside(inner, frame.root)
    labels = (
        tuple([(key, binding.value, binding.span) for key, binding in frame.labels.items() if binding.span is not None])
        if frame.is_turn
        else ()
    )
    exports = tuple([tensor.wire for _, value, _ in labels for tensor in tensors_in(value)])
    lost = is_lost(result)
    region = Region(
        frame.syntax,
        tuple(frame.inputs),
        tuple(frame.steps),
        tuple(frame.types),
        () if lost else tuple([tensor.wire for tensor in tensors_in(result)]),
        exports,
        tuple(frame.label_names.items()),
        conditions,
    )
    reads = tuple(frame.reads.items())
    frame.close()
    return Made(region, reads, tuple(frame.captures), LOST if lost else result, labels, lost)

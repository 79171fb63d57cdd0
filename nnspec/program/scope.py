"""Names while a program is elaborated: scopes, and the frames that regions are made in.

A frame is a region in the making. Whatever is read from outside it is recorded as it is read: the
values, so that the region can be used again where they are equal, and the tensors, which become
its inputs. This file knows nothing of what stages mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.program.program import Region, Step
from nnspec.record import Record
from nnspec.shapes.tensor import UNKNOWN, TensorType, Type, with_steps
from nnspec.source import SourceFile, Span
from nnspec.syntax.tree import Expression, Node, Parameter

if TYPE_CHECKING:
    from nnspec.ops.operator import Operator
    from nnspec.ops.wrapper import Wrapper
    from nnspec.shapes.alternatives import Demand
    from nnspec.shapes.dim import Dim

#: What a scope is asked for: a name, a label with its indexes, or `_`.
Key: TypeAlias = "str | tuple[Any, ...]"

OUTER: Key = "_"


class Tensor:
    """A tensor while elaborating: its type, and its wire in the frame at hand."""

    __slots__ = ("type", "wire")

    def __init__(self, type: Type, wire: int) -> None:
        self.type = type
        self.wire = wire

    def __eq__(self, other: object) -> bool:
        # Regions are shared by type: which wire it is, the operands of their use say.
        return isinstance(other, Tensor) and self.type == other.type

    def __hash__(self) -> int:
        return hash(self.type)

    def __repr__(self) -> str:
        return "a tensor"  # as messages say it


#: What a flow gives: a tensor, or a tuple of tensors.
Value: TypeAlias = "Tensor | tuple[Tensor, ...]"

LOST = Tensor(UNKNOWN, -1)


class _Broken:
    """The value of what had an error, which was reported: nothing more is said of it."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN = _Broken()


class _Missing:
    """The answer of a scope that does not have a name."""


MISSING = _Missing()


class Broken(Exception):  # noqa: N818 (not an error of ours: the fault was reported already)
    """Raised to leave an expression whose fault was reported."""


class Binding:
    """What a name stands for. `label` is the place of the `as` that put it, if one did, perhaps in a repeat."""

    __slots__ = ("in_repeat", "label", "span", "used", "value")

    def __init__(
        self, value: Any, span: Span | None = None, label: Span | None = None, *, in_repeat: bool = False
    ) -> None:
        self.value = value
        self.span = span
        self.label = label
        self.in_repeat = in_repeat
        self.used = False


class Number(Binding):
    """A number of a file, or a formula."""

    __slots__ = ()


class Scope:
    """Names, and the scope around them. All scopes of one frame share its wires."""

    __slots__ = ("frame", "names", "parent")

    def __init__(self, parent: Scope | None, frame: Frame, names: dict[Key, Binding] | None = None) -> None:
        self.parent = parent
        self.frame = frame
        self.names: dict[Key, Binding] = {} if names is None else names

    def find(self, key: Key) -> Binding | None:
        """The innermost binding of a key, its tensors as wires of this scope's frame."""
        scope: Scope | None = self
        frame = self.frame
        while scope is not None and scope.frame is frame:
            if isinstance(scope, Numbers):
                return scope.find(key)
            found = scope.names.get(key)
            if found is not None:
                return found
            scope = scope.parent
        if scope is None:
            return None
        return scope.find(key) if isinstance(scope, Numbers) else frame.read(key, scope)

    def chain(self) -> Iterator[Scope]:
        """This scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


class Wrapping(Record):
    """The wrappers around a region: what is done to each operator in it.

    `each` change the operators that they accept, `steps` stand for axes that no tensor in the region shows; outermost
    first.
    """

    each: tuple[Wrapper, ...] = ()
    steps: tuple[tuple[Wrapper, Dim], ...] = ()

    def inside(self, wrapper: Wrapper, steps: Dim | None) -> Wrapping:
        """The wrapping within one wrapper more. What is done to one operator alone does not reach into its steps."""
        if steps is None:
            return Wrapping((*self.each, wrapper), self.steps)
        return Wrapping(tuple(each for each in self.each if not each.wraps_one), (*self.steps, (wrapper, steps)))

    def around(self, wrapper: Wrapper) -> Wrapper | None:
        """The wrapper of the same operators that this one would stand in, if any: an operator takes one of them."""
        return next((each for each in self.each if each.wraps and each.wraps == wrapper.wraps), None)

    def changed(self, operator: Operator) -> Operator:
        """An operator as the wrappers make it."""
        for wrapper in reversed(self.each):
            if wrapper.accepts(type(operator)):
                operator = wrapper.around(operator)
        return operator

    def arity(self, cls: type[Operator]) -> tuple[int, int | None]:
        """How many tensors an operator takes within the wrappers."""
        least, most = cls.arity()
        for wrapper in self.each:
            if wrapper.accepts(cls):
                least, most = wrapper.arity_around(least, most)
        return least, most

    def stepped(self, operator: Operator, inputs: list[Type]) -> Operator:
        """An operator as it works on all steps at once; one of learned tensors alone stays what it is."""
        if self.steps and any(isinstance(x, TensorType) and x.batched for x in inputs):
            for wrapper, _ in reversed(self.steps):
                operator = wrapper.around(operator)
        return operator

    def whole(self, type: Type) -> Type:
        """The type of a wire, with the axes that no tensor in the region shows."""
        if not self.steps or not isinstance(type, TensorType):
            return type
        return with_steps(type, tuple(steps for _, steps in self.steps))


class Frame:
    """A region in the making."""

    def __init__(
        self,
        syntax: Node,
        incoming: tuple[Type, ...] = (),
        *,
        is_turn: bool = False,
        wrapping: Wrapping = Wrapping(),  # noqa: B008 (a frozen value)
    ) -> None:
        self.syntax = syntax
        self.is_turn = is_turn  # a turn of a repeat, whose labels leave it
        self.wrapping = wrapping
        self.types: list[Type] = [wrapping.whole(type) for type in incoming]
        self.inputs: list[int] = list(range(len(incoming)))
        self.steps: list[Step] = []
        self.reads: dict[Key, Any] = {}
        self.captured: dict[Key, Binding | None] = {}
        self.captures: list[Key] = []  # what was read and holds tensors
        self.labels: dict[Key, Binding] = {}
        self.lost: set[str] = set()  # labels that a fault, or a number that is not known, kept from being put
        self.label_names: dict[int, str] = {}
        self.conditions: dict[Demand, Span] = {}
        self.root = Scope(None, self)

    def wire(self, type: Type) -> Tensor:
        """A new wire of this type."""
        self.types.append(self.wrapping.whole(type) if self.wrapping.steps else type)
        return Tensor(type, len(self.types) - 1)

    def close(self) -> None:
        """Let go of the scopes, which hold the frame in turn: nothing collects garbage while specs are elaborated."""
        del self.root, self.captured

    def read(self, key: Key, outer: Scope) -> Binding | None:
        """A binding from outside, recorded, its tensors made inputs of this frame."""
        if key in self.captured:
            return self.captured[key]
        found = outer.find(key)
        if isinstance(found, Number):
            return found  # the same wherever it is read: no region need record it
        if found is None:
            self.reads[key] = MISSING
            inner = None
        else:
            self.reads[key] = found.value
            inner = Binding(self._imported(found.value), found.span, found.label)
            if inner.value is not found.value:
                self.captures.append(key)
        self.captured[key] = inner
        return inner

    def _imported(self, value: Any) -> Any:
        """The value with its tensors as inputs of this frame."""
        if isinstance(value, Tensor):
            if isinstance(value.type, TensorType):
                inner = self.wire(value.type)
                self.inputs.append(inner.wire)
                return inner
            return value
        if isinstance(value, tuple) and any(isinstance(item, (Tensor, tuple)) for item in value):
            return tuple([self._imported(item) for item in value])
        return value


class Wall(Scope):
    """A scope that shows the numbers around it, and no tensors: what the flow of a wrapper sees."""

    __slots__ = ()

    def find(self, key: Key) -> Binding | None:
        """The binding of a key that holds no tensor."""
        found = super().find(key)
        return None if found is None or key == OUTER or holds_tensor(found.value) else found


class Numbers(Scope):
    """The numbers of a file that stand above one of its statements: where every scope chain ends.

    They are the same wherever they are read, so no region records them.
    """

    __slots__ = ("above", "all")

    def __init__(self, all: dict[str, tuple[int, Binding]], above: int) -> None:
        super().__init__(None, FILE)
        self.all = all
        self.above = above

    def find(self, key: Key) -> Binding | None:
        """The binding of a number defined above; of one that is not visible there is none."""
        order, binding = self.all.get(key, (0, None)) if isinstance(key, str) else (0, None)
        return binding if order < self.above else None

    def visible(self) -> list[str]:
        """The names that can be read."""
        return [name for name, (order, _) in self.all.items() if order < self.above]


#: The frame of what belongs to no region.
FILE = Frame(Node(Span(SourceFile("", ""), 0, 0)), ())


def holds_tensor(value: Any) -> bool:
    """Whether a value is a tensor, or a tuple with one in it."""
    return isinstance(value, Tensor) or (isinstance(value, tuple) and any(holds_tensor(item) for item in value))


def tensors_in(value: Any) -> list[Tensor]:
    """The known tensors in a value, in the order in which a frame imports them."""
    if isinstance(value, Tensor):
        return [value] if isinstance(value.type, TensorType) else []
    if isinstance(value, tuple):
        return [tensor for item in value for tensor in tensors_in(item)]
    return []


class Quantities(Record):
    """Named numbers of a model, read as its attributes: `Critic.params`."""

    values: Mapping[str, Any]


class Formula(Record):
    """`let f(v) = …`, with the scope it was written in."""

    name: str
    parameters: tuple[Parameter, ...]
    body: Expression
    scope: Scope

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and other.body is self.body

    def __hash__(self) -> int:
        return id(self.body)


class Made(Record):
    """A finished region with what it read from outside, in order, and the labels that leave it.

    `captures` are the keys of those reads that hold tensors.
    """

    region: Region
    reads: tuple[tuple[Key, Any], ...]
    captures: tuple[Key, ...]
    result: Value
    labels: tuple[tuple[Key, Tensor, Span], ...]
    failed: bool

    __eq__ = object.__eq__
    __hash__ = object.__hash__

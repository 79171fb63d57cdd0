"""What was there when a rule was broken: the operator, what arrived at it, and the steps before it.

A diagnostic is for people; whoever looks for a fix needs the values. So the spec is elaborated once more by an
elaborator that remembers. Nothing here judges or proposes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.compiler import Effort, compile_tree
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.mending.outside import WatchedRegions
from nnspec.mending.trial import Frugal, Sign
from nnspec.program.program import OperatorStep, Step
from nnspec.program.scope import LOST, Frame, Scope, Tensor, Value, Wrapping
from nnspec.record import Record
from nnspec.shapes.dim import Symbolic
from nnspec.shapes.tensor import TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.compiler import Settings
    from nnspec.diagnostics.diagnostic import Code
    from nnspec.mending.outside import Level
    from nnspec.ops.operator import Operator
    from nnspec.program.scope import Made
    from nnspec.source import Span
    from nnspec.syntax import tree


class Applied(Record):
    """An operator as it was written and applied once, before wrappers changed it; `places` are its arguments'."""

    operator: Operator
    places: dict[str, Span]
    wrapping: Wrapping
    inputs: tuple[Type, ...]

    def whole(self, operator: Operator) -> Operator:
        """Another operator in its place as it works there: with the wrappers, on all steps at once."""
        return self.wrapping.stepped(self.wrapping.changed(operator), list(self.inputs))


class Scene(Record):
    """What was there when an operator refused what arrived.

    `span` is the stage's, or its name's. `steps` are those of the region before it, over wires of `types`; `operands`
    are the wires that arrive. `flows` are the places of what braces gave, one for each of the first operands; `turns`
    are those around it, with their numbers, and `outside` is what stands before its region, from the inside out.
    `is_read` is false where it takes another number of tensors, for then its arguments were not read.
    """

    applied: Applied
    span: Span
    operands: tuple[int, ...]
    flows: tuple[Span, ...]
    steps: tuple[Step, ...]
    types: tuple[Type, ...]
    turns: tuple[tuple[tree.Repeat | tree.For, int], ...]
    outside: tuple[Level, ...]
    is_read: bool = True

    @property
    def arriving(self) -> tuple[TensorType, ...]:
        """The types that arrive, if all are known, without the axes that wrappers hide."""
        return tuple([type for type in self.applied.inputs if isinstance(type, TensorType)])


class Kept(Record):
    """What was there when a tensor had other sizes than are wanted of it, None for any.

    A promise wants them, or a part with weights or inputs of its own, used at `place`. `hidden` of the axes are steps
    of wrappers, which no promise names.
    """

    wire: int
    leaves: TensorType
    wanted: tuple[Any, ...]
    hidden: int
    steps: tuple[Step, ...]
    types: tuple[Type, ...]
    turns: tuple[tuple[tree.Repeat | tree.For, int], ...]
    outside: tuple[Level, ...]
    place: Span | None = None
    dtype: str | None = None


class Witness(Frugal):
    """Elaborates as ever, and remembers what findings were found on."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.scenes: dict[Sign, tuple[Scene | Kept, ...]] = {}
        #: How each operator step was written, by the step's id; the regions hold the steps.
        self.written: dict[int, Applied] = {}
        self._scene: tuple[_Late | _LateUse | Kept, ...] = ()
        #: What arrived at the first use of each shared part, and where.
        self._first: dict[str, tuple[Tensor, Frame, Span]] = {}
        self._feeds: Frame | None = None
        self.held: list[Step] = []
        self.regions = self._watched = WatchedRegions()
        #: How the operator at each place was written when it was applied last.
        self.latest: dict[Span, Applied] = {}

    def applied(
        self,
        made: Operator,
        inputs: tuple[Tensor, ...],
        span: Span,
        spans: dict[str, Span],
        frame: Frame,
        flows: list[Span] | None = None,
        extra: int = 0,
    ) -> Value:
        """An operator applied to tensors, remembered."""
        applied = Applied(made, spans, frame.wrapping, tuple([tensor.type for tensor in inputs]))
        operands = tuple([tensor.wire for tensor in inputs])
        self._scene = (_Late(applied, span, operands, tuple(flows or ()), frame),)
        value = super().applied(made, inputs, span, spans, frame, flows, extra)
        self._scene = ()
        if value is not LOST and frame.steps and isinstance(frame.steps[-1], OperatorStep):
            self.written[id(frame.steps[-1])] = applied
            self.held.append(frame.steps[-1])  # so that no other step takes its id
            self.latest[span] = applied
        return value

    def _counted(
        self, cls: type[Operator], node: tree.Apply, arriving: Value, scope: Scope
    ) -> tuple[list[Tensor] | None, list[Span]]:
        tensors = arriving if isinstance(arriving, tuple) else (arriving,)
        applied = Applied(cls.of({}), {}, scope.frame.wrapping, tuple([tensor.type for tensor in tensors]))
        wires = tuple([tensor.wire for tensor in tensors])
        self._scene = (_Late(applied, node.span, wires, (), scope.frame, is_read=False),)
        counted = super()._counted(cls, node, arriving, scope)
        self._scene = ()
        return counted

    def _verify(self, type: TensorType, wanted: list[Any], node: tree.Promise, site: Any) -> None:
        self._scene = self._promised(type, wanted, site.scope.frame)
        super()._verify(type, wanted, node, site)
        self._scene = ()

    def share(self, owner: str, made: Made, span: Span, name: str) -> bool:
        """Whether a use of a shared part has the weights of the first, which is remembered."""
        arriving, frame = self._watched.last
        if isinstance(arriving, Tensor) and frame is not None and arriving.wire >= 0:
            first, there, place = self._first.setdefault(owner, (arriving, frame, span))
            here = _LateUse(arriving, first.type, frame, span)
            self._scene = (here, _LateUse(first, arriving.type, frame, place)) if there is frame else (here,)
        is_equal = super().share(owner, made, span, name)
        self._scene = ()
        return is_equal

    def input(self, cls: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        """An `Input`; of a model that is a stage it is remembered what arrives there."""
        self._feeds = scope.frame
        return super().input(cls, node, arriving, scope)

    def _fed(self, made: Operator, node: tree.Apply) -> Value:
        if self.feeding and self._feeds is not None:
            self._scene = (_LateUse(self.feeding[0], made.infer(), self._feeds, self.fed_at, is_whole=True),)
        try:
            return super()._fed(made, node)
        finally:
            self._scene = ()

    def _promised(self, type: TensorType, wanted: list[Any], frame: Frame) -> tuple[Kept, ...]:
        """The scene at a promise: the last wire of this type is the one that leaves the stage."""
        if not all(size is None or isinstance(size, (int, Symbolic)) for size in wanted):
            return ()  # it is at fault itself
        whole, steps = frame.wrapping.whole(type), frame.wrapping.steps
        for wire in range(len(frame.types) - 1, -1, -1):
            if frame.types[wire] is type or (steps and frame.types[wire] == whole):
                there = (tuple(frame.steps), tuple(frame.types), self._turns_at_hand(), self._watched.around(frame))
                return (Kept(wire, type, tuple(wanted), len(steps) if type.batched else 0, *there),)
        return ()

    def report(self, code: Code, message: str, span: Span, **more: Any) -> None:
        """Report a finding, and keep what it was found on."""
        key = (code.number, span.file.path, span.start, span.end)
        if self._scene and key not in self.scenes:
            self.scenes[key] = tuple([
                scene if isinstance(scene, Kept) else scene.at_hand(self._turns_at_hand(), self._watched)
                for scene in self._scene
            ])  # fmt: skip
        super().report(code, message, span, **more)

    def _turns_at_hand(self) -> tuple[tuple[tree.Repeat | tree.For, int], ...]:
        return tuple([(turn.node, turn.number) for turn in reversed(self.turns)])


class _Late(Record):
    """A scene that is made when it is wanted: most operators refuse nothing."""

    applied: Applied
    span: Span
    operands: tuple[int, ...]
    flows: tuple[Span, ...]
    frame: Frame
    is_read: bool = True

    def at_hand(self, turns: tuple[tuple[tree.Repeat | tree.For, int], ...], regions: WatchedRegions) -> Scene:
        """The scene as it is now."""
        there = (tuple(self.frame.steps), tuple(self.frame.types), turns, regions.around(self.frame))
        return Scene(self.applied, self.span, self.operands, self.flows, *there, self.is_read)


class _LateUse(Record):
    """The same of a part that is used where a tensor of this type is wanted; `is_whole` where all of it counts."""

    arrives: Tensor
    wanted: Type
    frame: Frame
    place: Span
    is_whole: bool = False

    def at_hand(self, turns: tuple[tuple[tree.Repeat | tree.For, int], ...], regions: WatchedRegions) -> Kept:
        """The scene as it is now; mostly weights depend on the channels alone."""
        x, wanted = self.arrives.type, self.wanted
        assert isinstance(x, TensorType), "what is lost is at no use"
        assert isinstance(wanted, TensorType), "what is lost is at no use"
        sizes: tuple[Any, ...] = wanted.shape
        if not self.is_whole and x.rank == wanted.rank and x.rank and x.channels != wanted.channels:
            sizes = (*[None] * (x.rank - 1), wanted.channels)
        there = (tuple(self.frame.steps), tuple(self.frame.types), turns, regions.around(self.frame))
        hidden = len(self.frame.wrapping.steps) if x.batched else 0
        return Kept(self.arrives.wire, x, sizes, hidden, *there, self.place, wanted.dtype)


class Testimony(Record):
    """What a witness remembers of a whole spec."""

    scenes: dict[Sign, tuple[Scene | Kept, ...]]
    written: dict[int, Applied]
    latest: dict[Span, Applied]
    trees: tuple[tree.Tree, ...]
    effort: int
    held: list[Step]


def testify(syntax: tree.Tree, settings: Settings, read: Callable[[str, Diagnostics], tree.Tree]) -> Testimony | None:
    """Elaborate a tree, and keep what its findings were found on; None where a limit ended it first."""
    made: list[Witness] = []

    def make(*given: Any) -> Witness:
        made.append(Witness(*given))
        return made[-1]

    effort = Effort()
    compile_tree(syntax, settings, Diagnostics(), read, effort, make)
    if not made:
        return None
    witness = made[0]
    trees = (witness.unit.tree, *[unit.tree for unit in witness.importer.units()])
    return Testimony(witness.scenes, witness.written, witness.latest, trees, effort.spent, witness.held)

"""Elaborates blocks, shared parts, models and files as stages: each becomes a region that is put to use.

What a part is called with is its scope's affair; its own flow is walked like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nnspec.diagnostics.codes import limits
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.codes import shapes as shape_codes
from nnspec.diagnostics.diagnostic import Frame as TraceFrame
from nnspec.ops.operator import Operator
from nnspec.ops.registry import find_operator
from nnspec.program.program import CallStep, OperatorStep, Region, Use
from nnspec.program.regions import is_lost, use
from nnspec.program.scope import LOST, Broken, Frame, Made, Scope, Tensor, Value, Wrapping, tensors_in
from nnspec.program.unit import Block, Home, LostPart, Network, Part, Shared, Unit
from nnspec.program.values import Site
from nnspec.program.wrapping import WrapperElaborator
from nnspec.shapes.tensor import TensorType
from nnspec.source import Span
from nnspec.syntax import tree

MAX_CALLS = 200


class PartElaborator(WrapperElaborator):
    """Elaborates what stands for a flow of its own."""

    def called(self, part: Part, node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        """A block, shared part or model as a stage."""
        self.home.unit.used.add(node.name)
        if node.braces is not None:
            branches = self.branches(node.braces, arriving, scope)
            arriving = self.spliced(branches) if branches else arriving
        if isinstance(part, LostPart):
            self.evaluate_all(node.arguments or (), Site(scope, arriving))
            return LOST
        if isinstance(part, Block):
            inner = self.block_scope(part, node, Site(scope, arriving))
        else:
            inner = Scope(part.home.numbers(), scope.frame)
            for argument in node.arguments or ():
                self.report(codes.TOO_MANY_ARGUMENTS, f"{part.name} takes no arguments", argument.span)
        if inner is None or is_lost(arriving) or self.uncertain:
            return LOST
        return self._entered(part, node, arriving, inner, scope)

    def _entered(
        self, part: Block | Shared | Network, node: tree.Node, arriving: Value | None, inner: Scope, scope: Scope
    ) -> Value:
        if self.calls >= MAX_CALLS:
            self.fail(
                limits.TOO_DEEP,
                f"blocks call each other more than {MAX_CALLS} deep",
                node.span,
                help="a block that calls itself needs an `if` that becomes false",
            )
        self.known_parts.add(id(part.flow))
        home, flows, feeding = self.home, self.flows, self.feeding
        self.home, self.flows, self.feeding = part.home, [], None
        self.calls += 1
        self.trace.append(lambda: TraceFrame(f"{part.name}{self._shown(part, inner)}", node.span))
        try:
            made = self._inside(part, node, arriving, inner)
        finally:
            self.trace.pop()
            self.calls -= 1
            self.home, self.flows, self.feeding = home, flows, feeding
        if made.failed:
            return LOST
        owner = None if isinstance(part, Block) else part.owner
        if owner is not None and not self.share(owner, made, node.span, part.name):
            return LOST
        outputs = self.results(made, scope.frame)
        put_to_use = use(made, arriving, inner)
        self.spend((len(made.reads) + len(put_to_use.operands)) // 4, node.span)
        scope.frame.steps.append(
            CallStep(
                put_to_use,
                tuple([t.wire for t in tensors_in(outputs)]),
                node.span,
                part.name,
                owner,
            )
        )
        return outputs

    def reading_part(
        self, cls: type[Operator], wanted: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope
    ) -> Value:
        """What an operator gives that uses the weights of a shared part: a use of that part."""
        part, table = self._part_read(cls, wanted, node, scope)
        tensors, _ = self._inputs(cls, node, arriving, scope)
        if tensors is None or self.uncertain:
            return LOST
        frame = Frame(part.flow, (tensors[0].type,), wrapping=scope.frame.wrapping)
        inner = self.applied(
            cls.of({"part": part.name}).reading(table.operator), (Tensor(tensors[0].type, 0),), table.span, {}, frame
        )
        if is_lost(inner) or isinstance(inner, tuple):
            return LOST
        region = Region(part.flow, (0,), tuple(frame.steps), tuple(frame.types), (1,))
        made = Made(region, (), (), inner, (), failed=False)
        if not self.share(part.owner, made, node.span, part.name):
            return LOST
        output = scope.frame.wire(inner.type)
        to_use = Use(region, (tensors[0].wire,), 1)
        scope.frame.steps.append(CallStep(to_use, (output.wire,), node.span, part.name, part.owner))
        return output

    def _part_read(
        self, cls: type[Operator], wanted: type[Operator], node: tree.Apply, scope: Scope
    ) -> tuple[Shared, OperatorStep]:
        """The shared part that is named, and the one step that it is.

        Raises: Broken, after the fault was reported.
        """
        help = f"write `shared Table = {wanted.__name__}(…)`, and `{cls.__name__}(Table)`"
        given = node.arguments or ()
        if len(given) != 1 or given[0].name not in (None, *cls.params) or not isinstance(given[0].value, tree.Name):
            self.fail(codes.BAD_ARGUMENT, f"{cls.__name__} takes the name of a shared part", node.span, help=help)
        name, span = given[0].value.name, given[0].value.span
        part = self.part(name)
        self.home.unit.used.add(name)
        if isinstance(part, LostPart) or name in self.home.unit.lost:
            raise Broken
        if not isinstance(part, Shared):
            what = "is no shared part" if part is not None else "names no shared part"
            self.fail(codes.BAD_ARGUMENT, f"`{name}` {what}", span, help=help)
        self.known_parts.add(id(part.flow))
        stages = part.flow.stages
        if len(stages) != 1 or not isinstance(stages[0], tree.Apply) or find_operator(stages[0].name) is not wanted:
            self.fail(codes.BAD_ARGUMENT, f"`{name}` is not one `{wanted.__name__}`", span, help=help)
        home, self.home = self.home, part.home
        arriving = Tensor(TensorType((), "int32"), -1)
        alone = Scope(part.home.numbers(), scope.frame)
        try:
            made = self.regions.make(
                part.flow, arriving, alone, lambda v, s: self._safely(partial(self._flow, part.flow), v, s),
                is_turn=False, wrapping=Wrapping(),
            )  # fmt: skip
        finally:
            self.home = home
        steps = made.region.steps
        if made.failed or not isinstance(steps[0], OperatorStep):
            raise Broken
        return part, steps[0]

    def _shown(self, part: Part, inner: Scope) -> str:
        if not isinstance(part, Block) or not part.parameters:
            return ""
        shown = [f"{name}={self.named(binding.value)}" for name, binding in inner.names.items()]
        return f"({', '.join(shown)})"

    def _inside(self, part: Block | Shared | Network, node: tree.Node, arriving: Value | None, inner: Scope) -> Made:
        def body(value: Value | None, scope: Scope) -> Value:
            self.count_stage(node.span)
            if not isinstance(part, Network):
                return self._present(self.flow(part.flow, value, scope), part.flow.span)
            return self._fed_network(part, node, list(tensors_in(value)), scope)

        return self.regions.make(part.flow, arriving, inner, lambda v, s: self._safely(body, v, s), is_turn=False)

    def _fed_network(self, part: Network, node: tree.Node, given: list[Tensor], scope: Scope) -> Value:
        """What a model gives as a stage: its inputs are the tensors that arrive, one each, in written order."""
        count = len(given)
        self.feeding, self.fed_at, self.unfed = given, node.span, 0
        result = self._present(self.flow(part.flow, None, scope), part.flow.span)
        wants = count - len(given) + self.unfed
        if wants != count:
            self.fail(
                shape_codes.WRONG_INPUT_COUNT,
                f"{part.name} has {wants} input{'s' * (wants != 1)}, "
                f"and {count} tensor{'s' * (count != 1)} arrive{'s' * (count == 1)}",
                node.span,
                help=f"give it a tuple: `{part.name}{{ … | … }}`" if wants > 1 else None,
            )
        return result

    @staticmethod
    def _safely(body: Callable[[Value | None, Scope], Value], value: Value | None, scope: Scope) -> Value:
        try:
            return body(value, scope)
        except Broken:
            return LOST

    def from_file(self, node: tree.FromFile, arriving: Value | None, scope: Scope) -> Value:
        """YAML's `{file: …}` inside a flow: the file's bare flow, as a block.

        `include.py` took in the files that begin a network.
        """
        unit = self.file_unit(node)
        flows = [] if unit is None else list(enumerate(unit.tree.statements))
        for order, statement in flows:
            if unit is not None and isinstance(statement, tree.FlowStatement):
                name = node.path.value
                block = Block(name, (), statement.flow, Home(unit, order), statement.flow.span)
                if is_lost(arriving) or self.uncertain:
                    return LOST
                return self._entered(block, node, arriving, Scope(block.home.numbers(), scope.frame), scope)
        if unit is not None:
            self.report(codes.IMPORT_FAILED, f"{node.path.value} has no bare flow to put here", node.path.span)
        return LOST

    def file_unit(self, node: tree.FromFile) -> Unit | None:
        """The file of a `{file: …}`; None after a fault was reported."""
        raise NotImplementedError

    def share(self, owner: str, made: Made, span: Span, name: str) -> bool:
        """Demand that all uses of one owner have the same weights; False where they have not, which is reported."""
        raise NotImplementedError

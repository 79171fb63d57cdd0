"""Tree to program: the statements of a file, its parts, numbers and networks, in their order.

Elaboration is evaluation over shapes. What can be known of one statement alone is done here; what
stages mean, `flows.py` says, and what repeats do, `repeats.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from nnspec.diagnostics.codes import graph as graph_codes
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import Diagnostics, Label
from nnspec.ops.operator import Operator
from nnspec.ops.registry import find_operator, operator_names
from nnspec.program.declarations import Declarations, Pending
from nnspec.program.imports import Importer
from nnspec.program.model import Namer, make_model, written_name
from nnspec.program.program import Model, Program, Region
from nnspec.program.regions import is_lost
from nnspec.program.reporting import LimitReached
from nnspec.program.scope import BROKEN, FILE, LOST, Binding, Broken, Frame, Made, Scope, Tensor, Value
from nnspec.program.settings import Given
from nnspec.program.sharing import Sharing
from nnspec.program.unit import Block, Home, Part, Shared, Unit
from nnspec.program.values import Site
from nnspec.shapes.condition import compare, demand, recording, stand_at
from nnspec.shapes.dim import is_known
from nnspec.shapes.tensor import TensorType, shape_text
from nnspec.source import Span
from nnspec.syntax import tree


class Elaborator(Declarations):
    """Elaborates one file, and what it imports."""

    def __init__(self, found: Diagnostics, given: Given, importer: Importer) -> None:
        super().__init__(found, given.symbols)
        self.given = given
        self.importer = importer
        self.unit = Unit(given.tree)
        self.sharing = Sharing(self)
        self.settings = {}
        self.input_sizes = given.input_sizes
        self.frame = Frame(given.tree)
        self.last: tuple[str, Value, Span] | None = None
        self.bare: tuple[Value, Span] | None = None
        self.inputs: list[tuple[Tensor, Span]] = []
        self.models: list[Model] = []
        self.has_network = False
        self.is_complete = False
        #: Places of stages that take part in some model, and of those that did not in one.
        self.live_spans: set[Span] = set()
        self.dead_spans: dict[Span, None] = {}
        self.seen_regions: set[Region] = set()
        self.namer = Namer()

    # The order of things.

    def program(self) -> Program:
        """The whole file."""
        self.home = Home(self.unit, 0)
        try:
            with recording() as conditions:
                self.declare(self.unit)
                self._read_settings()
                for order, statement in enumerate(self.unit.tree.statements):
                    self._statement(statement, order)
                self.frame.conditions = conditions
            self._own_model()
            self.is_complete = True
        except LimitReached:
            self._lost_model()
        return Program(self.unit.tree, tuple(self.models))

    # Statements.

    def _statement(self, statement: tree.AnyStatement, order: int) -> None:
        self.home = Home(self.unit, order)
        scope = self._main_scope(order)
        if isinstance(statement, (tree.LetStatement, tree.ParamStatement)):
            self._number(statement, scope)
        elif isinstance(statement, tree.DefaultStatement):
            self.default(self.unit, statement, order)
        elif isinstance(statement, tree.TensorStatement):
            self._tensor(statement, scope)
        elif isinstance(statement, tree.FlowStatement):
            self._bare_flow(statement, scope)
        elif isinstance(statement, tree.ModelStatement):
            self._model_statement(statement)

    def _main_scope(self, order: int) -> Scope:
        """The scope of the file's own network at a statement."""
        self.frame.root.parent = Home(self.unit, order).numbers()
        return self.frame.root

    def _number(self, statement: tree.LetStatement | tree.ParamStatement, scope: Scope) -> None:
        binding = self.unit.numbers[statement.name.name][1]
        if binding.span is not statement.name.span or not isinstance(binding.value, Pending):
            return
        binding.value.scope = scope
        try:
            value = self.settle(binding.value, statement.name.span)
            if isinstance(value, Tensor):
                self.fail(
                    codes.BAD_VALUE,
                    f"`{statement.name.name}` is a number's name, and this is a tensor",
                    statement.name.span,
                    help=f"name tensors without `let`: `{statement.name.name} = …`",
                )
        except Broken:
            binding.value = BROKEN

    def _tensor(self, statement: tree.TensorStatement, scope: Scope) -> None:
        value = self._safe_flow(statement.flow, scope)
        members: tuple[Value, ...] = (value,)
        if len(statement.names) > 1:
            members = self.taken_apart(
                value, len(statement.names), statement.names[0].span.to(statement.names[-1].span)
            )
        for name, member in zip(statement.names, members, strict=True):
            number = self.unit.numbers.get(name.name)
            if number is not None and number[0] >= 0:
                self.duplicate(name, number[1].span)
                number[1].value, self.is_ambiguous = BROKEN, True
            else:
                self.put(self.frame, name.name, member, name.span, name)
            self.last = (name.name, member, name.span)
        self.has_network = True

    def _safe_flow(self, flow: tree.Flow, scope: Scope, arriving: Value | None = None) -> Value:
        try:
            return self._present(self.flow(flow, arriving, scope), flow.span)
        except Broken:
            return LOST
        finally:
            self.flows.clear()

    def _bare_flow(self, statement: tree.FlowStatement, scope: Scope) -> None:
        self.has_network = True
        if self.bare is None:
            self.bare = (self._safe_flow(statement.flow, scope), statement.flow.span)
            return
        self.report(
            graph_codes.SECOND_NETWORK,
            "a second bare flow",
            statement.flow.span,
            labels=(Label(self.bare[1], "the first is here"),),
            help="name it, `y = …`, make it a model, `model Name = …`, or go on with the first: begin with `->`",
        )
        self.is_ambiguous = True
        self._safe_flow(statement.flow, scope, LOST)  # for the faults inside it

    def _model_statement(self, statement: tree.ModelStatement) -> None:
        own, frame, inputs = self.frame, Frame(statement), self.inputs
        frame.root.parent = self.home.numbers()
        self.frame, self.inputs = frame, []
        with recording() as conditions:
            value = self._safe_flow(statement.flow, frame.root)
        frame.conditions = conditions
        name, flow = statement.name.name, statement.flow
        written = partial(written_name, flow, self.unit.parts)
        self.models.append(make_model(self, name, frame, value, None, flow.span, written))
        self.frame, self.inputs = own, inputs

    def _own_model(self) -> None:
        """The file's own network, if it has one."""
        named = [s for s in self.unit.tree.statements if isinstance(s, tree.OutputStatement)]
        self.home = Home(self.unit, len(self.unit.tree.statements))
        scope = self._main_scope(self.home.order)
        outputs: list[tuple[str, Value, Span]] | None = None
        if named:
            outputs = [
                (self._output_name(reference), self._output(reference, scope), reference.span)
                for statement in named
                for reference in statement.outputs
            ]
        if not self.has_network and outputs is None:
            return
        value, span = self.bare or (self.last[1:] if self.last else (LOST, self.unit.tree.span))
        name = self.given.model_name
        self._refuse_namesake(name, span)
        self.models.append(make_model(self, name, self.frame, value, outputs, span, self._written))

    def _refuse_namesake(self, name: str, span: Span) -> None:
        """Report a model that is called as the file's own network is: `--model` could not tell them apart."""
        for statement in self.unit.tree.statements:
            if isinstance(statement, tree.ModelStatement) and statement.name.name == name:
                self.report(
                    codes.DUPLICATE_NAME,
                    f"`{name}` is what the file's own network is called",
                    statement.name.span,
                    labels=(Label(span, "its own network"),),
                    help="rename the model, or make this flow one too: `model Name = …`"
                    if self.unit.tree.name is None
                    else "rename the model, or the file's network by `name`",
                )

    def _lost_model(self) -> None:
        """The file's own network where a limit ended the work: its name, and nothing known of it."""
        flows = (tree.FlowStatement, tree.TensorStatement)
        if any(isinstance(statement, flows) for statement in self.unit.tree.statements):
            span = self.unit.tree.span
            self.models.append(make_model(self, self.given.model_name, self.frame, LOST, None, span, self._written))

    def _written(self) -> str:
        """What the syntax alone calls the output of the file's own network."""
        bare = next((s for s in self.unit.tree.statements if isinstance(s, tree.FlowStatement)), None)
        if bare is not None:
            return written_name(bare.flow, self.unit.parts)
        return self.last[0] if self.last else "output"

    @staticmethod
    def _output_name(reference: tree.Reference) -> str:
        if not reference.indexes:
            return reference.name
        parts = [str(index.value) if isinstance(index, tree.Number) else "n" for index in reference.indexes]
        return "_".join([reference.name, *parts])

    def _output(self, reference: tree.Reference, scope: Scope) -> Value:
        try:
            return self._reference(reference, None, scope)
        except Broken:
            return LOST

    # What flows ask of a file.

    def part(self, name: str) -> Part | None:
        """The part of this name in the file where the syntax at hand is written."""
        return self.home.unit.parts.get(name)

    def file_unit(self, node: tree.FromFile) -> Unit | None:
        """The file of a `{file: …}`; None after a fault was reported."""
        return self.importer.load(self, node.path)

    def continues(self, node: tree.Apply) -> bool:
        """Whether a stage stands behind another in its flow."""
        return bool(self.flows) and not _begins(self.flows[-1], node)

    def share(self, owner: str, made: Made, span: Span, name: str) -> bool:
        """Demand that all uses of one owner have the same weights; False where they have not, which is reported."""
        return self.sharing.use(owner, made.region, span, name)

    def input(self, cls: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        """An `Input`: of the network, or, where a model is a stage, what arrives there."""
        if id(node) in self.input_sizes:
            keywords = [a for a in node.arguments or () if a.name not in (None, "sizes")]
            written = (*self.input_sizes[id(node)], *keywords)
        else:
            written = node.arguments or ()
        arguments = self.operator_arguments(cls, written, node.name_span, Site(scope), self.home)
        if arguments is None:
            return LOST
        if self.feeding is not None:
            return self._fed(cls.of(arguments.values), node)
        if scope.frame is not self.frame or self.calls:
            self.report(
                graph_codes.MISPLACED_INPUT,
                "blocks, shared parts, wrappers and repeats hold no `Input`",
                node.span,
                help="move it to the flow that uses them",
            )
            return LOST
        value = self.applied(cls.of(arguments.values), (), node.span, arguments.spans, scope.frame)
        if isinstance(value, Tensor) and not is_lost(value):
            self.inputs.append((value, node.span))
        return value

    def _fed(self, made: Operator, node: tree.Apply) -> Value:
        assert self.feeding is not None
        wanted = made.infer()
        if not self.feeding:
            self.unfed += 1  # the stage reports how many are wanted
            return LOST
        tensor = self.feeding.pop(0)
        assert isinstance(tensor.type, TensorType)
        # A capital in the model's own sizes takes any size; a number demands itself of a size that is open here.
        stand_at(self.fed_at)
        truths = [compare(a, "==", b) for a, b in zip(wanted.shape, tensor.type.shape, strict=False)]
        same = len(wanted.shape) == tensor.type.rank and False not in truths
        for size, truth in zip(wanted.shape, truths, strict=False):
            if same and is_known(size):
                demand(truth)
        if not same or wanted.dtype != tensor.type.dtype:
            what = "shape" if not same else "dtype"
            self.report(
                graph_codes.UNEQUAL_SHARES,
                f"the model takes another {what} than the one that arrives",
                self.fed_at,
                label=f"{_typed(tensor.type)} arrives, not {_typed(wanted)}",
                labels=(Label(node.span, "this is where it arrives"),),
            )
            raise Broken
        return tensor

    # Settings and what is left over.

    def _read_settings(self) -> None:
        for operator, argument, span in self.given.sets:
            cls = find_operator(operator)
            if cls is None:
                self.report(
                    codes.UNKNOWN_OPTION,
                    f"`--set` names no operator: `{operator}`",
                    span,
                    help=self.near(operator, operator_names),
                )
                continue
            site = Site(Scope(Home(self.unit, len(self.unit.tree.statements)).numbers(), FILE))
            if self.matched(cls, (argument,), site, report=True) is not None:
                self.settings.setdefault(cls, []).append((argument, site))

    def report_unused(self) -> None:
        """Check the parts that nothing uses; report what reaches no output, and names that nothing reads.

        Where there are errors, what seems unused may only follow from them: nothing is said of it.
        """
        for part in self.unit.parts.values():
            if (
                isinstance(part, (Block, Shared))
                and part.home.unit is self.unit
                and id(part.flow) not in self.known_parts
            ):
                self._check_part(part)
        for name, (order, binding) in self.unit.numbers.items():
            if order < 0 and not binding.used and name in self.given.params:
                self.given.report_unused(self, name)
        if self.found.has_errors or not self.models:
            return
        for span in self.dead_spans:
            if span not in self.live_spans:
                help = "use its tensor, name it in `output`, or remove it"
                self.report(graph_codes.UNUSED_STAGE, "this stage reaches no output", span, help=help)
        for name, span in self._unused_names():
            self.report(codes.UNUSED_NAME, f"`{name}` is never used", span)

    def _unused_names(self) -> Iterator[tuple[str, Span]]:
        for name, part in self.unit.parts.items():
            if name not in self.unit.used and isinstance(part, (Block, Shared)):
                yield name, part.span
            if isinstance(part, Block) and part.home.unit is self.unit:
                read = tree.names_in(part.flow).union(*[tree.names_in(p) for p in part.parameters])
                yield from ((p.name, p.span) for p in part.parameters if p.name not in read)
        for name, (order, binding) in self.unit.numbers.items():
            if order >= 0 and not binding.used and binding.span is not None:
                yield name, binding.span
        yield from self._unused_tensors()

    def _unused_tensors(self) -> Iterator[tuple[str, Span]]:
        """Further names of tensors that nothing reads, `y = x`; where a stage is behind a name, that is reported."""
        has_output = any(isinstance(statement, tree.OutputStatement) for statement in self.unit.tree.statements)
        last = self.last[0] if self.last and self.bare is None and not has_output else None
        for statement in self.unit.tree.statements:
            if not isinstance(statement, tree.TensorStatement) or not _is_name(statement.flow):
                continue
            name, *more = statement.names  # of a tuple taken apart each member needs a name
            binding = self.frame.root.names.get(name.name)
            if not more and binding is not None and not binding.used and name.name != last:
                yield name.name, name.span

    def _check_part(self, part: Block | Shared) -> None:
        self.home = part.home
        frame = Frame(part.flow)
        frame.root.parent = part.home.numbers()
        for parameter in part.parameters if isinstance(part, Block) else ():
            frame.root.names[parameter.name] = Binding(BROKEN, parameter.span)
        frame.root.names["_"] = Binding(LOST)
        self.uncertain += 1
        self.calls += 1
        try:
            self.flow(part.flow, LOST, frame.root)
        except Broken:
            pass
        finally:
            self.uncertain -= 1
            self.calls -= 1
            self.flows.clear()


def _is_name(flow: tree.Flow) -> bool:
    return len(flow.stages) == 1 and isinstance(flow.stages[0], tree.Reference)


def _begins(flow: tree.Flow, node: tree.Apply) -> bool:
    first: Any = flow.stages[0] if flow.stages else None
    while first is not None and first is not node:
        if isinstance(first, tree.Group):
            first = first.flow.stages[0] if first.flow.stages else None
        elif isinstance(first, tree.Choice):
            if first.otherwise is node:
                return True
            first = first.then
        else:
            first = getattr(first, "body", None)
    return first is node


def _typed(type: TensorType) -> str:
    return f"{shape_text(type.shape)} {type.dtype}"

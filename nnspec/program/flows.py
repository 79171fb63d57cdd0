"""Elaborates flows: walks stages as an interpreter would, with types for tensors.

One method a stage. What a stage gives is a tensor or a tuple of tensors as wires of the frame at
hand; after a fault it is `LOST`, and nothing is said of what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from nnspec.diagnostics.codes import graph as graph_codes
from nnspec.diagnostics.codes import limits, promises
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import Label
from nnspec.ops.kinds import whole
from nnspec.ops.registry import find_operator, operator_names
from nnspec.program.elsewhere import renaming
from nnspec.program.regions import Regions, is_lost
from nnspec.program.reporting import MAX_COMPARED, STEPS_OF_A_STAGE
from nnspec.program.scope import (
    LOST,
    OUTER,
    Binding,
    Broken,
    Frame,
    Key,
    Made,
    Scope,
    Tensor,
    Value,
    Wall,
    holds_tensor,
)
from nnspec.program.stages import OperatorApplier
from nnspec.program.unit import Home, Part
from nnspec.program.values import Site
from nnspec.shapes.condition import compare, demand, stand_at
from nnspec.shapes.dim import Dim, DimTooLarge, Symbolic
from nnspec.shapes.tensor import TensorType, shape_text
from nnspec.source import SourceFile, Span
from nnspec.syntax import tree

NOWHERE = Span(SourceFile("", ""), 0, 0)


class FlowElaborator(OperatorApplier):
    """Elaborates flows and the stages in them."""

    home: Home

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.regions = Regions()
        self.calls = 0
        self.uncertain = 0  # inside what may not happen: a branch of an undecidable condition, say
        self.flows: list[tree.Flow] = []
        self.known_parts: set[int] = set()  # ids of flows of parts elaborated with known tensors
        self.is_ambiguous = False  # two tensors have one name, so what is used is not known
        #: A model as a stage: what its Inputs are given, where, and how many found nothing.
        self.feeding: list[Tensor] | None = None
        self.fed_at = NOWHERE
        self.unfed = 0
        self._stages: dict[type, Callable[[Any, Value | None, Scope], Value]] = {
            tree.Apply: self._apply,
            tree.Reference: self._reference,
            tree.Here: self._here,
            tree.FromFile: self.from_file,
            tree.Group: self._group,
            tree.Side: self._side,
            tree.Choice: self._choice,
            tree.Repeat: self.repeat,
            tree.For: self.loop,
            tree.Promise: self._promise,
            tree.Labelled: self._labelled,
        }

    def repeat(self, node: tree.Repeat, arriving: Value | None, scope: Scope) -> Value:
        """`stage x n`."""
        raise NotImplementedError

    def loop(self, node: tree.For, arriving: Value | None, scope: Scope) -> Value:
        """`stage for … in …`."""
        raise NotImplementedError

    def from_file(self, node: tree.FromFile, arriving: Value | None, scope: Scope) -> Value:
        """YAML's `{file: …}` inside a flow."""
        raise NotImplementedError

    def called(self, part: Part, node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        """A block, shared part or model as a stage."""
        raise NotImplementedError

    def part(self, name: str) -> Part | None:
        """The block, shared part or model of this name, where the syntax at hand is written."""
        raise NotImplementedError

    # Flows and groups.

    def flow(self, node: tree.Flow, arriving: Value | None, scope: Scope) -> Value | None:
        """What leaves a flow; None where nothing arrived at an empty one."""
        self.flows.append(node)
        value = arriving
        for stage in node.stages:
            value = self.stage(stage, value, scope)
        self.flows.pop()
        return value

    def stage(self, node: tree.Stage, arriving: Value | None, scope: Scope) -> Value:
        """What leaves a stage."""
        self.count_stage(node.span)
        try:
            value = self._stages[type(node)](node, arriving, scope)
        except Broken:
            return LOST
        except DimTooLarge:
            self.report(limits.TOO_LARGE, "a size of this stage, or of its weights, is too large", node.span)
            return LOST
        if isinstance(value, tuple):
            self.spend(len(value), node.span)
        return value

    def unknown_name(self, name: str, span: Span, site: Site, label_span: Span | None = None) -> NoReturn:
        """Report a name that nothing in scope defines, unless it follows from another fault."""
        if _is_lost_label(name, site):
            raise Broken
        super().unknown_name(name, span, site, label_span)

    def missing_index(self, name: str, indexes: tuple[Any, ...], span: Span, site: Site) -> NoReturn:
        """Report a label that does not exist with these indexes, unless it follows from another fault."""
        if _is_lost_label(name, site):
            raise Broken
        super().missing_index(name, indexes, span, site)

    def hint(self, name: str, span: Span, site: Site) -> str | None:
        """The usual slips: a name defined below, and a loop name before the stage that the loop repeats."""
        if _is_walled_off(name, site.scope):
            return f"a wrapper's flow sees no tensor from outside: let it arrive, `{{ _ | {name} }} -> …`"
        _, binding = self.home.unit.numbers.get(name, (-1, None))
        there = None if binding is None else binding.span
        if there is not None and there.file is span.file and there.start > span.start:
            return f"`{name}` is defined below, in line {there.file.position(there.start)[0]}: move it above this"
        if self.compared > MAX_COMPARED:
            return None
        for statement in self.home.unit.tree.statements[self.home.order + 1 :]:
            if isinstance(statement, tree.TensorStatement) and any(n.name == name for n in statement.names):
                line, _ = statement.span.file.position(statement.span.start)
                return f"the tensor `{name}` is named below, in line {line}: move that above this"
        for flow in self.flows:
            for stage in flow.stages:
                inner: Any = stage
                while not isinstance(inner, tree.For) and hasattr(inner, "body"):
                    inner = inner.body
                if isinstance(inner, tree.For) and any(target.name == name for target in inner.names):
                    return f"`for {name}` repeats only the stage before it: put `[…]` around what the loop repeats"
        return None

    def _group(self, node: tree.Group, arriving: Value | None, scope: Scope) -> Value:
        return self._present(self.flow(node.flow, arriving, scope), node.span)

    def _present(self, value: Value | None, span: Span) -> Value:
        if value is None:
            self.fail(graph_codes.NOTHING_ARRIVES, "nothing arrives here", span, help="begin with `Input(…)`")
        return value

    def _here(self, node: tree.Here, arriving: Value | None, scope: Scope) -> Value:
        found: Value = self._outer(tree.Outer(node.span), Site(scope, arriving), None)
        return found

    def _reference(self, node: tree.Reference, arriving: Value | None, scope: Scope) -> Value:
        name = tree.Name(node.span, node.name)
        written: tree.Expression = tree.Index(node.span, name, node.indexes) if node.indexes else name
        value = self.evaluate(written, Site(scope, arriving))
        if isinstance(value, tuple) and value and all(isinstance(item, Tensor) for item in value):
            return value
        if isinstance(value, Tensor):
            return value
        if type(value).__name__ == "Word":
            if node.name in self.home.unit.lost:
                raise Broken
            self._no_such_tensor(node, Site(scope, arriving))
        self.fail(graph_codes.NOT_A_TENSOR, f"`{node.name}` is {self.named(value)}, not a tensor", node.span)

    def _no_such_tensor(self, node: tree.Reference, site: Site) -> None:
        labels = (label.span for flow in self.flows[:1] for label in labels_in(flow) if label.name == node.name)
        below = next((span for span in labels if span.start > node.span.start), None)
        if below is not None:
            self.unknown_name(node.name, node.span, site, below)
        if self.found.is_known(codes.UNKNOWN_NAME, node.span) or _is_lost_label(node.name, site):
            raise Broken
        self.fail(
            codes.UNKNOWN_NAME,
            f"nothing here is called `{node.name}`",
            node.span,
            help=self.hint(node.name, node.span, site)
            or self.near(node.name, lambda: _names_of_tensors(node.name, site.scope))
            or "a tensor is named above: `x = …`, or `… as x`",
        )

    # Braces.

    def _side(self, node: tree.Side, arriving: Value | None, scope: Scope) -> Value:
        flows = self.branches(node.braces, arriving, scope)
        if not flows:
            self.fail(graph_codes.NO_BRACES, "these braces hold no flow", node.span)
        return self.spliced(flows)

    def spliced(self, values: list[tuple[Value, Span]]) -> Value:
        """One flat tuple of what several flows give; of one flow, what it gives."""
        if any(is_lost(value) for value, _ in values):
            return LOST
        if len(values) == 1:
            return values[0][0]
        return tuple([tensor for value, _ in values for tensor in (value if isinstance(value, tuple) else (value,))])

    def branches(
        self, braces: tree.Braces | tree.BracesFor, arriving: Value | None, scope: Scope
    ) -> list[tuple[Value, Span]]:
        """What each flow of the braces gives, with its place."""
        inner = Scope(scope, scope.frame, {OUTER: Binding(arriving)})
        if isinstance(braces, tree.Braces):
            return [(self._branch(flow, arriving, inner), flow.span) for flow in braces.flows]
        items = self.items(braces.iterable, Site(scope, arriving))
        found: list[tuple[Value, Span]] = []
        for item in items:
            self.spend(STEPS_OF_A_STAGE, braces.iterable.span)
            names = self.targets(braces.names, item, braces.iterable)
            turn = Scope(inner, scope.frame, names)
            found.append((self._branch(braces.flow, arriving, turn), braces.flow.span))
        return found

    def _branch(self, flow: tree.Flow, arriving: Value | None, scope: Scope) -> Value:
        try:
            return self._present(self.flow(flow, arriving, scope), flow.span)
        except Broken:
            return LOST

    def items(self, node: tree.Expression, site: Site) -> Any:
        """What a loop runs over.

        Raises: Broken.
        """
        value = self.evaluate(node, site)
        self.refuse_word(value, node, site)
        if not isinstance(value, (tuple, range)):
            self.fail(
                codes.BAD_VALUE,
                f"a loop needs a list, not {self.named(value)}",
                node.span,
                help=f"`range({self.named(value)})` counts from 0" if isinstance(value, int) else None,
            )
        return value

    def targets(self, names: tuple[tree.Name, ...], item: Any, node: tree.Expression) -> dict[Key, Binding]:
        """The loop's names for one item.

        Raises: Broken.
        """
        if len(names) == 1:
            return {names[0].name: Binding(item, names[0].span)}
        for position, name in enumerate(names):
            if any(name.name == before.name for before in names[:position]):
                self.fail(codes.DUPLICATE_NAME, f"`{name.name}` is a name twice", name.span)
        if not isinstance(item, (tuple, range)) or len(item) != len(names):
            self.fail(
                codes.BAD_VALUE,
                f"{len(names)} names for {self.named(item)}",
                node.span,
                label="what the loop runs over",
            )
        return {name.name: Binding(value, name.span) for name, value in zip(names, item, strict=True)}

    # Suffixes.

    def _choice(self, node: tree.Choice, arriving: Value | None, scope: Scope) -> Value:
        try:
            chosen = self.truth(node.condition, Site(scope, arriving))
        except Broken:
            self.uncertain += 1
            self.stage(node.then, arriving, scope)
            if node.otherwise is not None:
                self.stage(node.otherwise, arriving, scope)
            self.uncertain -= 1
            return LOST
        if chosen:
            return self.stage(node.then, arriving, scope)
        if node.otherwise is not None:
            return self.stage(node.otherwise, arriving, scope)
        return self._present(arriving, node.span)

    def _promise(self, node: tree.Promise, arriving: Value | None, scope: Scope) -> Value:
        value = self.stage(node.body, arriving, scope)
        wanted = [
            None if isinstance(item, tree.Outer) else self.evaluate(item, Site(scope, arriving))
            for item in node.shape.items
        ]
        if isinstance(value, tuple):
            self.report(
                promises.SHAPE_PROMISE,
                f"a promise is of one tensor, and {len(value)} leave this stage",
                node.shape.span,
            )
        elif isinstance(value.type, TensorType):
            self._verify(value.type, wanted, node, Site(scope, arriving))
        return value

    def _verify(self, type: TensorType, wanted: list[Any], node: tree.Promise, site: Site) -> None:
        shown = shape_text(type.shape)
        if len(wanted) != type.rank:
            self.report(
                promises.SHAPE_PROMISE,
                f"the shape promised has {len(wanted)} sizes, and {shown} leaves here",
                node.shape.span,
                label=f"{len(wanted)} sizes, not {type.rank}",
                help=f"write `: {shown}`",
            )
            return
        stand_at(node.shape.span)
        for axis, (size, promised) in enumerate(zip(type.shape, wanted, strict=True)):
            if isinstance(node.shape.items[axis], tree.Outer):
                continue
            if not demand(compare(size, "==", self._promised_size(promised, node.shape.items[axis], site))):
                self.report(
                    promises.SHAPE_PROMISE,
                    f"the shape promised is not the one that leaves here: {shown}",
                    node.shape.span,
                    label=f"{size} on axis {axis}, not {self.named(promised)}",
                    help=f"write `: {shown}`, or mend what comes before",
                )
                return

    def _promised_size(self, value: Any, node: tree.Expression, site: Site) -> Dim:
        """A size that a promise may name.

        Raises: Broken, after the fault was reported.
        """
        self.refuse_word(value, node, site)
        size = value if isinstance(value, Symbolic) else whole(value)
        if size is None:
            self.fail(
                codes.BAD_VALUE,
                f"a size that is promised must be a whole number, not {self.named(value)}",
                node.span,
                label=self.named(value),
                help="`_` matches any size",
            )
        return size

    def _labelled(self, node: tree.Labelled, arriving: Value | None, scope: Scope) -> Value:
        value = self.stage(node.body, arriving, scope)
        members: tuple[Value, ...] = (value,)
        if len(node.labels) > 1:
            members = self.taken_apart(value, len(node.labels), node.labels[0].span.to(node.labels[-1].span))
        for label, member in zip(node.labels, members, strict=True):
            try:
                indexes = [self.evaluate(index, Site(scope, value)) for index in label.indexes]
            except Broken:
                scope.frame.lost.add(label.name)
                raise
            for index, written in zip(indexes, label.indexes, strict=True):
                self.refuse_word(index, written, Site(scope, value))
                if whole(index) is None and not isinstance(index, str):
                    self.fail(
                        codes.BAD_VALUE,
                        f"a label is indexed by whole numbers, not {self.named(index)}",
                        written.span,
                        label=self.named(index),
                    )
            key: Key = (label.name, *indexes) if indexes else label.name
            self.put(scope.frame, key, member, label.span, label)
        return value

    def taken_apart(self, value: Value, count: int, span: Span) -> tuple[Value, ...]:
        """The members of a tuple; `LOST` ones where it does not fit, which is reported."""
        if isinstance(value, tuple) and len(value) == count:
            return value
        if not is_lost(value):
            there = f"{len(value)} tensors" if isinstance(value, tuple) else "one tensor"
            self.report(graph_codes.WRONG_TUPLE, f"{count} names for {there}", span, label=f"{there} here")
        return (LOST,) * count

    def put(
        self, frame: Frame, key: Key, value: Value, span: Span, node: tree.Node, *, in_repeat: bool = False
    ) -> None:
        """Give a tensor a name or label in this frame; a label of a repeat names what was put last."""
        there = frame.root.names.get(key)
        in_repeat = in_repeat or frame.is_turn
        is_again = there is not None and not in_repeat and not there.in_repeat
        if there is not None and is_again and there.span not in (None, span) and there.span.file is span.file:
            name = key if isinstance(key, str) else f"{key[0]}[{', '.join(map(str, key[1:]))}]"
            self.report(
                codes.DUPLICATE_NAME,
                f"`{name}` is a name twice",
                span,
                labels=(Label(there.span, "first here"),),
                help="give one of them another name",
            )
            self.is_ambiguous = True
            return
        binding = Binding(value, span, span if isinstance(node, tree.Label) else None, in_repeat=in_repeat)
        frame.root.names[key] = binding
        if frame.is_turn:
            frame.labels[key] = binding
        if isinstance(value, Tensor) and value.wire >= 0:
            text = key if isinstance(key, str) else "_".join(str(part) for part in key)
            frame.label_names[value.wire] = text

    # Operators, blocks, parts.

    def _apply(self, node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        part = self.part(node.name)
        if part is not None:
            return self.called(part, node, arriving, scope)
        cls = find_operator(node.name)
        if cls is None:
            self._unknown_operator(node, arriving, scope)
        return self.operator(cls, node, arriving, scope)

    def _unknown_operator(self, node: tree.Apply, arriving: Value | None, scope: Scope) -> None:
        self.evaluate_all(node.arguments or (), Site(scope, arriving))
        if node.braces is not None:
            self.branches(node.braces, LOST if arriving is None else arriving, scope)
        if node.name in self.home.unit.lost:
            raise Broken
        if self.found.is_known(codes.UNKNOWN_OPERATOR, node.name_span):
            raise Broken
        known = renaming(node)
        if known is not None:
            fixes = () if known.fix is None else (known.fix,)
            message = f"there is no operator `{node.name}`"
            self.fail(codes.UNKNOWN_OPERATOR, message, node.name_span, help=known.help, fixes=fixes)
        near = self.near(node.name, lambda: [*operator_names(), *self.home.unit.parts])
        self.fail(
            codes.UNKNOWN_OPERATOR,
            f"there is no operator, block, part or model `{node.name}`",
            node.name_span,
            help=near or f"define it: `block {node.name}(…) = …`",
        )

    def results(self, made: Made, frame: Frame) -> Value:
        """New wires in a frame for what a region gives."""
        if isinstance(made.result, tuple):
            return tuple([frame.wire(tensor.type) for tensor in made.result])
        return frame.wire(made.result.type)


def _is_lost_label(name: str, site: Site) -> bool:
    return any(name in scope.frame.lost for scope in site.scope.chain())


def _is_walled_off(name: str, scope: Scope) -> bool:
    """Whether a tensor of this name stands outside the wrapper around this scope."""
    walls = False
    for each in scope.chain():
        walls = walls or isinstance(each, Wall)
        if walls and name in each.names and holds_tensor(each.names[name].value):
            return True
    return False


def _names_of_tensors(word: str, scope: Scope) -> Iterator[str]:
    """What a word where a tensor is wanted may have meant: a tensor's name, or an operator's, spelt small."""
    for each in scope.chain():
        for key, binding in each.names.items():
            if isinstance(key, str) and isinstance(binding.value, (Tensor, tuple)):
                yield key
    plain = word.replace("_", "").lower()
    yield from (name for name in operator_names() if name.lower() == plain)


def labels_in(root: tree.Node) -> Iterator[tree.Label]:
    """All labels below a node."""
    todo: list[Any] = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, tree.Label):
            yield node
        for child in node.__dict__.values():
            todo.extend(
                item for item in (child if isinstance(child, tuple) else (child,)) if isinstance(item, tree.Node)
            )

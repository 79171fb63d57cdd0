"""Applies operators: arguments, inputs, rules, and the shorthands that follow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnspec.diagnostics.codes import graph as graph_codes
from nnspec.diagnostics.codes import limits
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.codes import shapes as shape_codes
from nnspec.diagnostics.diagnostic import Edit, Fix, RuleError
from nnspec.ops.kinds import Word
from nnspec.ops.operator import Operator, Remark
from nnspec.ops.registry import find_operator, shorthands
from nnspec.ops.weighted import verify_choices
from nnspec.program.arguments import ArgumentReader, Arguments
from nnspec.program.program import OperatorStep
from nnspec.program.regions import is_lost
from nnspec.program.reporting import MAX_STEPS, STEPS_OF_A_STAGE
from nnspec.program.scope import LOST, Broken, Frame, Scope, Tensor, Value
from nnspec.program.unit import Home
from nnspec.program.values import Site
from nnspec.record import Record
from nnspec.shapes.condition import stand_at
from nnspec.shapes.symbolic import MAX_BITS, DimTooLarge
from nnspec.shapes.tensor import TensorType, shape_text, sizes_text
from nnspec.shapes.work import Work
from nnspec.source import Span
from nnspec.syntax import tree

MAX_STAGES = 100_000


class Turn(Record):
    """A turn of a repeat that is being elaborated: which, of how many, and what arrived at the first."""

    node: tree.Repeat | tree.For
    number: int
    arrived: Value | None


class OperatorApplier(ArgumentReader):
    """Applies operators to tensors."""

    home: Home
    feeding: list[Tensor] | None
    uncertain: int

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stages = 0
        self.turns: list[Turn] = []
        #: Operators whose arguments are the same at every use, by what is written; None where they are not.
        self._operators: dict[tuple[Any, ...], tuple[Operator, Arguments] | None] = {}
        self._handlers[Literal] = self._handlers[tree.Number]
        #: `--input`: sizes that replace those written, by the id of the `Input` stage.
        self.input_sizes: dict[int, tuple[tree.Argument, ...]] = {}

    def operator(self, cls: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        """What an operator gives here."""
        if cls.is_source and arriving is not None and not is_lost(arriving) and self.continues(node):
            self.report(
                graph_codes.MISPLACED_INPUT,
                f"{cls.__name__} begins a flow, and a tensor arrives here",
                node.name_span,
                help="give the flow that it begins a name of its own, or put it in braces",
            )
            return LOST
        if cls.is_input:
            return self.input(cls, node, arriving, scope)
        if cls.reads_part is not None:
            return self.reading_part(cls, cls.reads_part, node, arriving, scope)
        if cls.is_wrapper:
            return self.wrapped(cls, node, arriving, scope)
        if cls.adds_skip is not None:
            return self._residual(cls, node, arriving, scope)
        if cls.is_merge and node.arguments and self._merges_arguments(cls, node, arriving, scope):
            return LOST
        inputs, spans = self._inputs(cls, node, arriving, scope)
        key = (id(node),)
        read = self._read_once(key, cls, node.arguments or (), node.name_span, Site(scope, arriving))
        if read is None or inputs is None:
            return LOST
        if cls.is_merge and node.braces is not None and len(inputs) == 1:
            return inputs[0]
        made, arguments = read
        blame = node.name_span if node.braces is not None else node.span
        value = self.applied(
            made, (*inputs, *arguments.tensors), blame, arguments.spans, scope.frame, spans, len(arguments.tensors)
        )
        followers = made.followers()
        if not followers:
            return value
        constant = key if self._operators[key] else None
        return self._followed(followers, value, arguments.spans, Site(scope, value), blame, constant)

    def _read_once(
        self,
        key: tuple[Any, ...] | None,
        cls: type[Operator],
        written: tuple[tree.Argument, ...],
        span: Span,
        site: Site,
    ) -> tuple[Operator, Arguments] | None:
        """An operator and its arguments, which are read only once where they are always the same.

        The key stands for what is written; there is none where that may change. None after faults.
        """
        known = self._operators.get(key) if key is not None else None
        if known is not None:
            return known
        arguments = self.operator_arguments(cls, written, span, site, self.home)
        if arguments is None:
            return None
        made = (cls.of(arguments.values), arguments)
        if key is not None and key not in self._operators:
            self._operators[key] = made if arguments.are_fixed(cls) else None
        return made

    def _merges_arguments(self, cls: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope) -> bool:
        """Whether tensors are given to a merge as arguments, `Concat(x, y)`, which is reported."""
        written = [argument for argument in node.arguments or () if argument.name is None]
        first = written[0].value if written else None
        listed = first.items if len(written) == 1 and isinstance(first, (tree.List, tree.Tuple)) else ()
        given = list(listed) or [argument.value for argument in written]
        if cls.positional or not all(isinstance(item, (tree.Name, tree.Index, tree.Outer)) for item in given):
            return False
        known = [_names_tensor(item, scope) for item in given]  # all of them: each name counts as used
        if not any(known):
            return False
        flows = [item.span.text for item in given]
        if node.braces is None and arriving is not None and len(flows) == 1:
            flows.insert(0, "_")
        others = ", ".join(argument.span.text for argument in node.arguments or () if argument.name is not None)
        head = f"{cls.__name__}({others})" if others else cls.__name__
        self.report(
            codes.TOO_MANY_ARGUMENTS,
            f"{cls.__name__} takes its tensors in braces, not as arguments",
            written[0].span.to(written[-1].span),
            help=f"write `{head}{{ {' | '.join(flows)} }}`",
        )
        return True

    def continues(self, node: tree.Apply) -> bool:
        """Whether a stage stands behind another in its flow."""
        raise NotImplementedError

    def branches(
        self, braces: tree.Braces | tree.BracesFor, arriving: Value | None, scope: Scope
    ) -> list[tuple[Value, Span]]:
        """What each flow of the braces gives, with its place."""
        raise NotImplementedError

    def input(self, cls: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        """What an `Input` gives."""
        raise NotImplementedError

    def wrapped(self, cls: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        """What the flow of a wrapper gives, with the wrapper around its operators."""
        raise NotImplementedError

    def reading_part(
        self, cls: type[Operator], wanted: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope
    ) -> Value:
        """What an operator gives that uses the weights of a shared part."""
        raise NotImplementedError

    def _inputs(
        self, cls: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope
    ) -> tuple[list[Tensor] | None, list[Span]]:
        """The tensors an operator is applied to, and the flows in its braces; None after a fault."""
        if cls.is_source:
            return [], []
        if node.braces is None:
            if arriving is None:
                self.report(
                    graph_codes.NOTHING_ARRIVES,
                    f"nothing arrives at this {cls.__name__}",
                    node.span,
                    help="begin the flow with `Input(…)` or the name of a tensor",
                )
                return None, []
            return self._counted(cls, node, arriving, scope)
        branches = self.branches(node.braces, arriving, scope)
        if not branches:
            self.report(graph_codes.NO_BRACES, f"the braces of this {cls.__name__} hold no flow", node.span)
            return None, []
        if any(is_lost(value) for value, _ in branches):
            return None, []
        flat = [(t, span) for value, span in branches for t in (value if isinstance(value, tuple) else (value,))]
        tensors = [tensor for tensor, _ in flat]
        if cls.is_merge and len(tensors) == 1:
            return tensors, []
        counted, _ = self._counted(cls, node, tuple(tensors), scope)
        return counted, [span for _, span in flat]

    def _counted(
        self, cls: type[Operator], node: tree.Apply, arriving: Value, scope: Scope
    ) -> tuple[list[Tensor] | None, list[Span]]:
        """The tensors that arrive, if there are as many as the operator takes."""
        if is_lost(arriving):
            return None, []
        tensors = list(arriving) if isinstance(arriving, tuple) else [arriving]
        wrapping = scope.frame.wrapping
        least, most = wrapping.arity(cls) if wrapping.each else cls.arity()
        least, most = (max(least, 2), most) if cls.is_merge else (least, most)
        if len(tensors) >= least and (most is None or len(tensors) <= most):
            return tensors, []
        wants = f"{least}" if most == least else f"at least {least}" if most is None else f"{least} to {most}"
        arrive = "a tuple of " * (len(tensors) > 1) + f"{len(tensors)}"
        self.report(
            shape_codes.WRONG_INPUT_COUNT,
            f"{cls.__name__} takes {wants} tensor{'s' * (wants != '1')}, "
            f"and {arrive} arrive{'s' * (len(tensors) == 1)}",
            node.name_span if node.braces is not None else node.span,
            label=f"{len(tensors)} here",
            help=f"write `{cls.__name__}{{ … | … }}`"
            if cls.is_merge
            else "join them first, with `Concat` or `Add`"
            if len(tensors) > 1
            else None,
        )
        return None, []

    def count_stage(self, span: Span) -> None:
        """One stage more is elaborated.

        Raises: LimitReached.
        """
        self.stages += 1
        if self.trace:  # a text has as many stages as it is long; turns and calls make any number of them
            self.steps += STEPS_OF_A_STAGE
        if self.steps > MAX_STEPS or Work.terms > self.most_terms:
            self.spend(0, span)
        if self.stages > MAX_STAGES:
            self.stop(
                limits.TOO_LONG,
                f"the spec elaborates more than {MAX_STAGES:,} distinct stages",
                span,
                help="a repeat whose body keeps its shape costs one turn; this one changes at every turn",
            )

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
        """An operator applied to tensors: its types by its rule, and a step in the frame."""
        types = [tensor.type for tensor in inputs]
        wrapping = frame.wrapping
        if wrapping.each:
            made = wrapping.changed(made)
        try:
            stand_at(span)
            inferred = made.infer(*types)
            results = inferred if isinstance(inferred, tuple) else (inferred,)
            for type in results:
                for size in type.shape:
                    if isinstance(size, int) and size.bit_length() > MAX_BITS:
                        raise DimTooLarge(f"a size has more than {MAX_BITS} bits")
            verify_choices(made, types)
            remarks = made.remarks(*types)
            if remarks:
                self._remark(remarks, span, spans)
        except RuleError as error:
            self._broken_rule(error, span, spans, flows or [])
            return LOST
        except DimTooLarge:
            self.report(limits.TOO_LARGE, "a size of what leaves here is too large", span)
            return LOST
        outputs = tuple([frame.wire(type) for type in results])
        if wrapping.steps:
            made = wrapping.stepped(made, types)
        frame.steps.append(OperatorStep(made, tuple([t.wire for t in inputs]), tuple([t.wire for t in outputs]), span))
        return outputs if isinstance(inferred, tuple) else outputs[0]

    def _remark(self, remarks: Iterable[Remark], span: Span, spans: dict[str, Span]) -> None:
        """Notes on sound arguments: one for what holds on several axes alike."""
        alike: dict[tuple[str, str], list[Remark]] = {}
        for remark in remarks:
            alike.setdefault((remark.code.number, remark.message), []).append(remark)
        for group in alike.values():
            first = group[0]
            labels = ", ".join(dict.fromkeys(remark.label for remark in group if remark.label))
            notes = tuple(dict.fromkeys(note for remark in group for note in remark.notes))
            self.report(
                first.code, first.message, spans.get(first.at or "", span), label=labels, notes=notes, help=first.help
            )

    def _broken_rule(self, error: RuleError, span: Span, spans: dict[str, Span], flows: list[Span]) -> None:
        if isinstance(error.at, int):
            span = flows[error.at] if error.at < len(flows) else span
        error.help, fixes = self._help_with_turns(error)
        if fixes:
            self.report(
                error.code, error.message, span, label=error.label, notes=error.notes, help=error.help, fixes=fixes
            )
        else:
            self.report_rule(error, spans, span)

    def _help_with_turns(self, error: RuleError) -> tuple[str | None, tuple[Fix, ...]]:
        """Help that knows of repeats: how many turns fit, where a later one does not."""
        turn = next((turn for turn in self.turns if turn.number > 1), None)
        if turn is None or error.code is not shape_codes.WINDOW_TOO_LARGE:
            return error.help, ()
        fit = turn.number - 1
        arrived = turn.arrived.type if isinstance(turn.arrived, Tensor) else None
        size = ""
        if isinstance(arrived, TensorType):
            size = f" a {sizes_text(arrived.spatial)} input" if arrived.rank > 1 else f" {shape_text(arrived.shape)}"
        what = "repeat" if isinstance(turn.node, tree.Repeat) else "turn"
        verb = f"fit{'s' * (fit == 1)}{size or ' it'}"
        text = f"at most {fit} {what}{'s' * (fit != 1)} {verb}" + (f", or {error.help}" if error.help else "")
        count = turn.node.count if isinstance(turn.node, tree.Repeat) else None
        if not isinstance(count, tree.Number):
            return text, ()
        times = "once" if fit == 1 else f"{fit} times"
        return text, (Fix(f"repeat {times}", (Edit(count.span, str(fit)),)),)

    # What stands for several stages.

    def _followed(
        self,
        followers: tuple[tuple[str, Any], ...],
        value: Value,
        spans: dict[str, Span],
        site: Site,
        blame: Span,
        key: tuple[Any, ...] | None,
    ) -> Value:
        """The shorthands of an operator, applied as if they were written behind it.

        The key stands for them where they are always the same.
        """
        for name, given in followers:
            if is_lost(value):
                return LOST
            span = spans.get(name, blame)
            self.count_stage(span)
            value = self._follower(name, given, value, span, site, key and (*key, name))
        return value

    def _follower(
        self, name: str, given: Any, value: Value, span: Span, site: Site, key: tuple[Any, ...] | None
    ) -> Value:
        if isinstance(given, Word):
            cls = find_operator(shorthands(name)[given.name])
            written = [tree.Argument(span, None, Literal(span, item)) for item in given.args]
            written += [tree.Argument(span, key, Literal(span, item), span) for key, item in given.kwargs]
        else:
            cls = find_operator(shorthands(name)[""])
            written = [tree.Argument(span, None, Literal(span, given))]
        read = self._read_once(key, cls, tuple(written), span, site)
        if read is None or isinstance(value, tuple):
            return LOST
        return self.applied(read[0], (value,), span, read[1].spans, site.scope.frame)

    def _residual(self, cls: type[Operator], node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        if not isinstance(node.braces, tree.Braces) or len(node.braces.flows) != 1:
            self.report(
                graph_codes.NO_BRACES,
                f"{cls.__name__} needs braces with one flow",
                node.span,
                help=f"write `{cls.__name__}{{ … }}`",
            )
            return LOST
        arguments = self.operator_arguments(cls, node.arguments or (), node.name_span, Site(scope, arriving), self.home)
        ((value, span),) = self.branches(node.braces, arriving, scope)
        if arguments is None or cls.adds_skip is None or is_lost(value) or arriving is None or is_lost(arriving):
            if arriving is None:
                self.report(graph_codes.NOTHING_ARRIVES, f"nothing arrives at this {cls.__name__}", node.span)
            return LOST
        if not arguments.values["when"]:
            return value
        both = [t for v in (value, arriving) for t in (v if isinstance(v, tuple) else (v,))]
        return self.applied(cls.adds_skip(), tuple(both), node.name_span, {}, scope.frame, [span, span])


def _names_tensor(node: tree.Expression, scope: Scope) -> bool:
    """Whether an expression is the name of a tensor, or of one with an index; the name counts as used."""
    if not isinstance(node, tree.Name):
        return True
    binding = scope.find(node.name)
    if binding is None or not isinstance(binding.value, Tensor):
        return False
    binding.used = True
    return True


class Literal(tree.Number):
    """A value that was evaluated already, where an expression is expected."""

    value: Any


__all__ = ["Broken", "OperatorApplier", "Turn"]

"""Elaborates wrappers: the flow in their braces is a region of its own, within the wrapper.

The flow is like a block: its labels stay inside, and it sees no tensor but those that arrive. What
the wrapper does to an operator happens where operators are applied.
"""

from __future__ import annotations

from typing import Any

from nnspec.diagnostics.codes import graph as codes
from nnspec.diagnostics.diagnostic import Frame as TraceFrame
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.ops.operator import Operator
from nnspec.program.flows import FlowElaborator
from nnspec.program.program import CallStep, OperatorStep, Region
from nnspec.program.regions import is_lost, use
from nnspec.program.scope import LOST, Broken, Scope, Tensor, Value, Wall, tensors_in
from nnspec.program.values import Site
from nnspec.shapes.tensor import TensorType, with_steps
from nnspec.source import Span
from nnspec.syntax import tree


class WrapperElaborator(FlowElaborator):
    """Elaborates `Wrapper{ … }`."""

    def wrapped(self, cls: Any, node: tree.Apply, arriving: Value | None, scope: Scope) -> Value:
        """What the flow of a wrapper gives, with the wrapper around its operators."""
        if not isinstance(node.braces, tree.Braces) or len(node.braces.flows) != 1:
            self.evaluate_all(node.arguments or (), Site(scope, arriving))
            self.fail(
                codes.NO_BRACES, f"{cls.__name__} needs braces with one flow", node.span,
                help=f"write `{cls.__name__}{{ … }}`",
            )  # fmt: skip
        (flow,) = node.braces.flows
        arguments = self.operator_arguments(cls, node.arguments or (), node.name_span, Site(scope, arriving), self.home)
        if arriving is None:
            self.report(codes.NOTHING_ARRIVES, f"nothing arrives at this {cls.__name__}", node.span)
        if arriving is None or is_lost(arriving) or arguments is None or self.uncertain:
            return self._unknown(flow, scope)
        made = cls.of(arguments.values)
        outer = scope.frame.wrapping.around(made)
        if outer is not None:
            name = type(outer).__name__
            self.report(
                codes.NOTHING_TO_WRAP, f"a {made.wraps} takes one wrapper, and {name} stands around already",
                node.name_span, labels=(), help="leave one of the two away, or put them around different operators",
            )  # fmt: skip
            return self._unknown(flow, scope)
        return self._inside_wrapper(made, node, flow, arriving, scope)

    def _unknown(self, flow: tree.Flow, scope: Scope) -> Value:
        """The flow walked for the faults in it alone."""
        self.uncertain += 1
        try:
            self.flow(flow, LOST, Wall(scope, scope.frame))
        except Broken:
            pass
        finally:
            self.uncertain -= 1
        return LOST

    def _inside_wrapper(self, made: Any, node: tree.Apply, flow: tree.Flow, arriving: Value, scope: Scope) -> Value:
        tensors = arriving if isinstance(arriving, tuple) else (arriving,)
        types: Any = tuple([tensor.type for tensor in tensors])
        try:
            inner, steps = made.within(types)
        except RuleError as error:
            self.report_rule(error, {}, node.name_span)
            return LOST
        given = tuple([Tensor(type, tensor.wire) for type, tensor in zip(inner, tensors, strict=True)])
        entering: Value = given if isinstance(arriving, tuple) else given[0]
        wrapping = scope.frame.wrapping.inside(made, steps)
        wall = Wall(scope, scope.frame)
        feeding, self.feeding = self.feeding, None
        flows, self.flows = self.flows, []
        self.calls += 1
        self.trace.append(lambda: TraceFrame(type(made).__name__, node.span))
        try:
            region = self.regions.make(
                flow, entering, wall, lambda v, s: self._flow(flow, v, s), is_turn=False, wrapping=wrapping
            )
        finally:
            self.trace.pop()
            self.calls -= 1
            self.feeding, self.flows = feeding, flows
        if region.failed or not self._has_wrapped(type(made), region.region, node, flow.span):
            return LOST
        outputs = tuple([
            scope.frame.wire(with_steps(tensor.type, () if steps is None else (steps,)))
            for tensor in tensors_in(region.result)
            if isinstance(tensor.type, TensorType)
        ])  # fmt: skip
        wires = tuple([tensor.wire for tensor in outputs])
        name = "" if made.wraps_one else type(made).__name__
        scope.frame.steps.append(CallStep(use(region, entering, wall), wires, node.span, name))
        return outputs if isinstance(region.result, tuple) else outputs[0]

    def _flow(self, flow: tree.Flow, value: Value | None, scope: Scope) -> Value:
        try:
            return self._present(self.flow(flow, value, scope), flow.span)
        except Broken:
            return LOST

    def _has_wrapped(self, cls: Any, region: Region, node: tree.Apply, span: Span) -> bool:
        """Whether the wrapper found in its flow what it is for; reported where not."""
        operators = operators_in(region)
        wrapped = [operator for operator in operators if any(isinstance(each, cls) for each in operator.layered())]
        if not cls.wraps or (wrapped and (not cls.wraps_one or len(operators) == 1)):
            return True
        if wrapped:
            message = f"{cls.__name__} wraps one {cls.wraps}, and this flow has more in it"
            each = " -> ".join([f"{cls.__name__}{{ … }}"] * len(wrapped))
            alone = len(wrapped) == len(operators)
            help = f"wrap each: `{each}`" if alone else f"put what else there is outside: `{each} -> …`"
        else:
            message, help = f"there is no {cls.wraps} in this flow to wrap", None
        self.report(codes.NOTHING_TO_WRAP, message, span, labels=(), help=help)
        return False


def operators_in(region: Region) -> list[Operator]:
    """The operators of all steps of a region and of those it enters, each region looked at once."""
    found: list[Operator] = []
    seen: set[Region] = set()
    todo = [region]
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        for step in here.steps:
            if isinstance(step, OperatorStep):
                found.append(step.operator)
            elif isinstance(step, CallStep):
                todo.append(step.use.region)
            else:
                todo.extend(use.region for use in step.cycle)
    return found


__all__ = ["WrapperElaborator", "operators_in"]

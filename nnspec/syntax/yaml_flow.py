"""Flows of the YAML surface: arrow strings, lists and mappings to the stages of the tree.

It says which keys a stage's mapping has and resolves no name: whether `Conv` is an operator, and
what its arguments mean, is found out later.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from nnspec.diagnostics.codes import yaml as codes
from nnspec.record import replace
from nnspec.syntax.arrow import parse_flow
from nnspec.syntax.near import near_help
from nnspec.syntax.tree import (
    Apply,
    Braces,
    BracesFor,
    Choice,
    Flow,
    For,
    FromFile,
    Group,
    Here,
    Labelled,
    Promise,
    Reference,
    Repeat,
    Side,
    Stage,
)
from nnspec.syntax.yaml_nodes import Mapping, Scalar, Sequence, YamlNode
from nnspec.syntax.yaml_values import ValueReader, is_nothing, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.diagnostics.diagnostic import Diagnostics

_OPERATOR = re.compile(r"[A-Z][A-Za-z0-9_]*")
_ATOMS = (Apply, Reference, Here, FromFile, Group, Side)
_REPEATED = (*_ATOMS, Choice, Repeat, For)
_ANY = (*_REPEATED, Promise, Labelled)

Fields: TypeAlias = "dict[str, YamlNode]"


class FlowReader(ValueReader):
    """Reads flows and stages; what is wrong is reported, and None returned for it."""

    def __init__(self, found: Diagnostics) -> None:
        super().__init__(found)
        self._flows: dict[int, Flow | None] = {}
        self._stages: dict[str, Callable[[Mapping, Fields], Stage | None]] = {
            "use": self._use, "repeat": self._repeat, "for": self._for, "branches": self._branches, "if": self._if,
            "wrap": self._wrap, "stage": self._stage, "file": self._file,
        }  # fmt: skip

    def flow(self, node: YamlNode, wanted: str = "a flow") -> Flow | None:
        """An arrow string, a list of stages, or one stage's mapping."""
        if isinstance(node, Scalar):
            if not node.text.strip() or (node.plain and not isinstance(node.value, str)):
                self.wrong(node, wanted, help='write "Conv(64) -> ReLU" or [Conv(64), ReLU]')
            return None if node.faulty else parse_flow(node.text, place_of(node), self.found)
        if id(node) not in self._flows:  # an aliased flow is read once
            self._flows[id(node)] = self._listed(node) if isinstance(node, Sequence) else self._single(node)
        return self._flows[id(node)]

    def _single(self, node: Mapping) -> Flow | None:
        stage = self.stage(node)
        return None if stage is None else Flow(node.span, (stage,))

    def _listed(self, node: Sequence) -> Flow | None:
        stages: list[Stage] = []
        whole = True
        for child in node.items:
            part = self.flow(child, "a stage")
            if part is None:
                whole = False
            elif isinstance(child, Sequence):
                stages.append(Group(child.span, part, square=True))
            else:
                stages.extend(part.stages)
        return Flow(node.span, tuple(stages)) if whole else None

    def stage(self, node: Mapping) -> Stage | None:
        """A stage written as a mapping."""
        if node.faulty:
            return None
        kind = next((key.text for key, _ in node.pairs if key.text in self._stages), None)
        if kind is not None:
            fields = self.fields(node, *_FIELDS[kind])
            return None if fields is None else self._stages[kind](node, fields)
        if len(node.pairs) == 1 and _OPERATOR.fullmatch(node.pairs[0][0].text):
            return self._apply(node)
        self._no_stage(node)
        return None

    def _no_stage(self, node: Mapping) -> None:
        if not node.pairs:
            self.found.report(codes.NOT_A_STAGE, "an empty mapping is no stage", node.span, help="write `ReLU`")
            return
        key = node.pairs[0][0]
        if all(_OPERATOR.fullmatch(name.text) for name, _ in node.pairs):
            second = node.pairs[1][0]
            self.found.report(
                codes.NOT_A_STAGE,
                "a mapping is one stage, and this one names several operators",
                second.span,
                help=f"begin `{second.text}` with a `- ` of its own",
            )
        elif not re.fullmatch(r"\w+", key.text):
            self.found.report(
                codes.BAD_KEY,
                "YAML takes this arrow line apart at its `: `",
                key.span,
                help=f'put the whole line in quotes: "{key.text[:40].rstrip()} : ..."',
            )
        elif _OPERATOR.fullmatch(key.text):
            other = next(name for name, _ in node.pairs if not _OPERATOR.fullmatch(name.text))
            self.found.report(
                codes.NOT_A_STAGE,
                f"`{other.text}` stands beside the operator, not under it",
                other.span,
                help=f"indent it below `{key.text}:`, or write {{{key.text}: {{{other.text}: ...}}}}",
            )
        else:
            known = near_help(key.text, self._stages)
            self.found.report(
                codes.NOT_A_STAGE,
                f"`{key.text}` is no stage",
                key.span,
                help=known or "operators, blocks, parts and models start with a capital letter",
            )

    def fields(self, node: Mapping, needed: tuple[str, ...], allowed: tuple[str, ...]) -> Fields | None:
        """The values of a mapping by key; None where one is missing or unknown."""
        known = (*needed, *allowed)
        whole = True
        for key, _ in node.pairs:
            if key.text not in known:
                whole = False
                self.found.report(
                    codes.UNKNOWN_KEY,
                    f"`{key.text}` means nothing here",
                    key.span,
                    help=near_help(key.text, known) or f"the keys are {', '.join(known)}",
                )
        missing = [name for name in needed if node.get(name) is None]
        if missing and whole:
            first = node.pairs[0][0] if node.pairs else node
            self.found.report(
                codes.MISSING_KEY,
                f"`{'` and `'.join(missing)}` is missing",
                first.span,
                help=f"add `{missing[0]}: ...`",
            )
        return {key.text: value for key, value in node.pairs} if whole and not missing else None

    def _body(self, node: YamlNode, bare: tuple[type, ...]) -> Stage | None:
        """A flow where one stage is wanted: itself, if it is one that binds as tightly, else in brackets."""
        flow = self.flow(node)
        if flow is None:
            return None
        if not isinstance(node, Sequence) and len(flow.stages) == 1 and isinstance(flow.stages[0], bare):
            return flow.stages[0]
        return Group(node.span, flow, square=isinstance(node, Sequence))

    # --- the stages ---------------------------------------------------------------------

    def _apply(self, node: Mapping) -> Apply | None:
        key, value = node.pairs[0]
        if is_nothing(value):
            return Apply(node.span, key.text, key.span)
        arguments = self.arguments(value)
        return None if arguments is None else Apply(node.span, key.text, key.span, arguments)

    def _use(self, node: Mapping, fields: Fields) -> Stage | None:
        value = fields["use"]
        read = self.reference(value)
        if read is None:
            return None
        name, indexes = read
        if name == "_":
            return Here(node.span)
        if _OPERATOR.fullmatch(name) and not indexes:
            return Apply(node.span, name, value.span)
        return Reference(node.span, name, indexes)

    def _file(self, node: Mapping, fields: Fields) -> FromFile | None:
        path = self.text(fields["file"], "the path of a spec")
        return None if path is None else FromFile(node.span, path)

    def _repeat(self, node: Mapping, fields: Fields) -> Repeat | None:
        count = self.expression(fields["repeat"])
        body = self._body(fields["body"], _REPEATED)
        return None if count is None or body is None else Repeat(node.span, body, count)

    def _for(self, node: Mapping, fields: Fields) -> For | None:
        names = self.names(fields["for"])
        iterable = self.expression(fields["in"])
        body = self._body(fields["body"], _REPEATED)
        if names is None or iterable is None or body is None:
            return None
        return For(node.span, body, names, iterable)

    def _if(self, node: Mapping, fields: Fields) -> Choice | None:
        condition = self.expression(fields["if"])
        then = self._body(fields["then"], _ATOMS)
        otherwise = self._body(fields["else"], (*_ATOMS, Choice)) if "else" in fields else None
        if condition is None or then is None or ("else" in fields and otherwise is None):
            return None
        return Choice(node.span, then, condition, otherwise)

    def _stage(self, node: Mapping, fields: Fields) -> Stage | None:
        stage = self._body(fields["stage"], _ANY)
        shape = self.shape(fields["shape"]) if "shape" in fields else None
        labels = self.labels(fields["as"], fields.get("index")) if "as" in fields else None
        if "index" in fields and "as" not in fields:
            self.fault(fields["index"], "`index` belongs to a label, and there is no `as`", help="add `as: e`")
            return None
        if stage is None or ("shape" in fields and shape is None) or ("as" in fields and labels is None):
            return None
        if shape is not None:
            stage = Promise(node.span, stage, shape)
        return stage if labels is None else Labelled(node.span, stage, labels)

    def _wrap(self, node: Mapping, fields: Fields) -> Apply | None:
        flow = self.flow(fields["body"])
        wrapper = self._operator(fields["wrap"], "a wrapper operator, such as `Bidirectional`")
        given = fields.get("args")
        arguments = None if given is None or is_nothing(given) else self.arguments(given)
        if flow is None or wrapper is None or (arguments is None and given is not None and not is_nothing(given)):
            return None
        if wrapper.arguments is not None and arguments is not None and given is not None:
            self.fault(given, f"the arguments of `{wrapper.name}` are written twice", help="keep one of the two")
            return None
        braces = Braces(fields["body"].span, (flow,))
        arguments = wrapper.arguments if arguments is None else arguments
        return replace(wrapper, span=node.span, braces=braces, arguments=arguments)

    def _operator(self, node: YamlNode, wanted: str) -> Apply | None:
        """An operator without braces: `Concat`, `Concat(axis=0)` or `{Concat: {axis: 0}}`."""
        flow = self.flow(node, wanted)
        stage = flow.stages[0] if flow is not None and len(flow.stages) == 1 else None
        if isinstance(stage, Apply) and stage.braces is None:
            return stage
        if flow is not None:
            self.wrong(node, wanted)
        return None

    def _branches(self, node: Mapping, _: Fields) -> Stage | None:
        value = node.pairs[0][1]
        if not isinstance(value, Mapping):
            self.wrong(value, "a mapping with `flows`", help="write {branches: {merge: Add, flows: [[...], [...]]}}")
            return None
        looped = value.get("for") is not None or value.get("in") is not None
        fields = self.fields(value, *(_LOOPED_BRANCHES if looped else _BRANCHES))
        if fields is None:
            return None
        braces = self._looped(value, fields) if looped else self._flows_of(value, fields["flows"])
        merge = fields.get("merge")
        if merge is None or is_nothing(merge):
            return None if braces is None else Side(node.span, braces)
        merged = self._operator(merge, "a merge, such as `Concat`")
        return None if merged is None or braces is None else replace(merged, span=node.span, braces=braces)

    def _looped(self, node: Mapping, fields: Fields) -> BracesFor | None:
        names = self.names(fields["for"])
        iterable = self.expression(fields["in"])
        flow = self._branch(fields["flow"])
        if names is None or iterable is None or flow is None:
            return None
        return BracesFor(node.span, names, iterable, flow)

    def _flows_of(self, node: Mapping, value: YamlNode) -> Braces | None:
        if not isinstance(value, Sequence):
            self.wrong(value, "a list of flows")
            return None
        flows = [flow for flow in map(self._branch, value.items) if flow is not None]
        return Braces(node.span, tuple(flows)) if len(flows) == len(value.items) else None

    def _branch(self, node: YamlNode) -> Flow | None:
        """A flow inside braces, where nothing at all is the identity."""
        if isinstance(node, Scalar) and (is_nothing(node) or not node.text.strip()):
            return Flow(node.span, ())
        return self.flow(node)


# what each kind of stage needs, and what it may have besides
_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "use": (("use",), ()),
    "repeat": (("repeat", "body"), ()),
    "for": (("for", "in", "body"), ()),
    "branches": (("branches",), ()),
    "if": (("if", "then"), ("else",)),
    "wrap": (("wrap", "body"), ("args",)),
    "stage": (("stage",), ("as", "index", "shape")),
    "file": (("file",), ()),
}
_BRANCHES = (("flows",), ("merge",))
_LOOPED_BRANCHES = (("for", "in", "flow"), ("merge",))

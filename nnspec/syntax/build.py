# ruff: noqa: D102  (a method is documented by the rule of grammar.lark that it is named for)
"""Builds tree nodes while the parser reduces: what grammar.lark's rules call.

Every method takes the list of a rule's children and makes nodes with spans worked
out from tokens and children. It refuses to know names and values, and raises a
`Slip` for what the grammar lets through and the language does not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.diagnostics.codes import limits
from nnspec.diagnostics.codes import syntax as codes
from nnspec.record import Record
from nnspec.source import Span
from nnspec.syntax import tree
from nnspec.syntax.numbers import LONGEST_NUMBER_BITS, read_number
from nnspec.syntax.precedence import bind
from nnspec.syntax.slip import Slip

if TYPE_CHECKING:
    from nnspec.source import SourceFile
    from nnspec.syntax.place import Place

Children: TypeAlias = list[Any]

_SIZE_PART = re.compile(r"[0-9][0-9_]*")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "n": "\n", "t": "\t", "r": "\r"}
_SUFFIXED = (tree.Repeat, tree.For, tree.Promise, tree.Labelled)
_CONSTANTS = {"true": True, "false": False, "none": None}


class _Brackets(Record):
    """`( … )` before it is known whether it is an expression, a tuple or a shape."""

    items: tuple[tree.Expression, ...]
    comma: bool
    span: Span


class _Arguments(Record):
    """The arguments or parameters of a call or signature, and where its bracket closes."""

    items: tuple[Any, ...]
    end: int


class Builder:
    """Callbacks of the grammar's rules. `place` says where the text being parsed lies."""

    file: SourceFile
    place: Place
    whole: Span  # the statement, as the layout found it

    def start(self, place: Place, length: int) -> None:
        """Get ready for a text of that length."""
        self.file = place.file
        self.place = place
        self.whole = place.span(0, length)

    def _span(self, token: Any) -> Span:
        return self.place.span(token.start_pos, token.end_pos)

    def _name(self, token: Any) -> tree.Name:
        return tree.Name(self.place.span(token.start_pos, token.end_pos), str(token))

    # --- statements --------------------------------------------------------------------

    def param(self, children: Children) -> tree.ParamStatement:
        default = children[1] if len(children) == 2 else None
        return tree.ParamStatement(self.whole, self._name(children[0]), default, tree.NO_COMMENTS)

    def let(self, children: Children) -> tree.LetStatement:
        return tree.LetStatement(self.whole, self._name(children[0]), children[1], tree.NO_COMMENTS)

    def formula(self, children: Children) -> tree.FormulaStatement:
        name, signature, value = children
        return tree.FormulaStatement(self.whole, self._name(name), signature.items, value, tree.NO_COMMENTS)

    def default(self, children: Children) -> tree.DefaultStatement:
        return tree.DefaultStatement(self.whole, self._name(children[0]), children[1].items, tree.NO_COMMENTS)

    def block(self, children: Children) -> tree.BlockStatement:
        parameters = children[1].items if len(children) == 3 else ()
        return tree.BlockStatement(self.whole, self._name(children[0]), parameters, children[-1], tree.NO_COMMENTS)

    def shared(self, children: Children) -> tree.SharedStatement:
        return tree.SharedStatement(self.whole, self._name(children[0]), children[1], tree.NO_COMMENTS)

    def model(self, children: Children) -> tree.ModelStatement:
        return tree.ModelStatement(self.whole, self._name(children[0]), children[1], tree.NO_COMMENTS)

    def tensor(self, children: Children) -> tree.TensorStatement:
        return tree.TensorStatement(self.whole, tuple(children[0]), children[1], tree.NO_COMMENTS)

    def output(self, children: Children) -> tree.OutputStatement:
        outputs = tuple(self.reference([target]) for target in children[0])
        return tree.OutputStatement(self.whole, outputs, tree.NO_COMMENTS)

    def imports(self, children: Children) -> tree.ImportStatement:
        return tree.ImportStatement(self.whole, tuple(children[0]), self.text(children[1:]), tree.NO_COMMENTS)

    def expect(self, children: Children) -> tree.ExpectStatement:
        return tree.ExpectStatement(self.whole, children[0], tree.NO_COMMENTS)

    def bare(self, children: Children) -> tree.FlowStatement:
        return tree.FlowStatement(self.whole, children[0], tree.NO_COMMENTS)

    # --- names, targets, signatures ----------------------------------------------------

    def names(self, children: Children) -> list[tree.Name]:
        if len(children) == 1:
            return [self._name(children[0])]
        children[0].append(self._name(children[1]))
        return children[0]  # type: ignore[no-any-return]

    imported = names

    def target(self, children: Children) -> tree.Label:
        if len(children) == 1:
            return tree.Label(self._span(children[0]), str(children[0]))
        span = self.place.span(children[0].start_pos, children[3].end_pos)
        return tree.Label(span, str(children[0]), tuple(children[2]))

    def targets(self, children: Children) -> list[Any]:
        """Any list that grows at its right end."""
        if len(children) == 1:
            return children
        children[0].append(children[1])
        return children[0]  # type: ignore[no-any-return]

    items = parameters = arguments = targets

    def signature(self, children: Children) -> _Arguments:
        items = tuple(children[1]) if len(children) == 3 else ()
        return _Arguments(items, self._span(children[-1]).end)

    def call(self, children: Children) -> _Arguments:
        """The arguments of a call.

        Raises: Slip: a positional argument behind one with a name.
        """
        found = self.signature(children)
        named = False
        for argument in found.items:
            if argument.name is None and named:
                raise Slip(
                    codes.POSITIONAL_AFTER_NAMED,
                    "a positional argument follows one with a name",
                    argument.span,
                    label="no name",
                    help="put it first, or give it its name",
                )
            named = argument.name is not None
        return found

    def parameter(self, children: Children) -> tree.Parameter:
        if len(children) == 1:
            return tree.Parameter(self._span(children[0]), str(children[0]))
        span = self._span(children[0]).to(children[1].span)
        return tree.Parameter(span, str(children[0]), children[1])

    def positional(self, children: Children) -> tree.Argument:
        return tree.Argument(children[0].span, None, children[0])

    def keyword(self, children: Children) -> tree.Argument:
        name = self._span(children[0])
        return tree.Argument(name.to(children[1].span), str(children[0]), children[1], name)

    def head(self, children: Children) -> tuple[tree.Name, tuple[tree.Parameter, ...] | None]:
        return self._name(children[0]), children[1].items if len(children) == 2 else None

    # --- flows and stages --------------------------------------------------------------

    stages = targets

    def flow(self, children: Children) -> tree.Flow:
        stages = children[0]
        for stage in stages[1:]:
            self._not_here(stage)
        return tree.Flow(stages[0].span.to(stages[-1].span), tuple(stages))

    def _not_here(self, stage: Any) -> None:
        """Behind an arrow `_` would throw away what arrived.

        Raises: Slip: the stage is `_`, or may become it.
        """
        while isinstance(stage, _SUFFIXED):
            stage = stage.body
        while isinstance(stage, tree.Choice):
            self._not_here(stage.then)
            stage = stage.otherwise
        if isinstance(stage, tree.Here):
            raise Slip(
                codes.SYNTAX,
                "`_` can only begin a flow",
                stage.span,
                label="behind an arrow",
                help="`Identity` is the tensor that arrives here; a tensor's name replaces it",
            )

    def apply(self, children: Children) -> tree.Apply:
        span = self._span(children[0])
        if len(children) == 1:
            return tree.Apply(span, str(children[0]), span)
        arguments = children[1]
        whole = Span(self.file, span.start, arguments.end)
        return tree.Apply(whole, str(children[0]), span, arguments.items)

    def apply_braces(self, children: Children) -> tree.Apply:
        span = self._span(children[0])
        arguments = children[1].items if len(children) == 3 else None
        braces = children[-1]
        return tree.Apply(span.to(braces.span), str(children[0]), span, arguments, braces)

    def reference(self, children: Children) -> tree.Reference:
        label = children[0]
        return tree.Reference(label.span, label.name, label.indexes)

    def here(self, children: Children) -> tree.Here:
        return tree.Here(self._span(children[0]))

    def group(self, children: Children) -> tree.Group:
        span = self.place.span(children[0].start_pos, children[2].end_pos)
        return tree.Group(span, children[1], children[0] == "[")

    def side(self, children: Children) -> tree.Side:
        return tree.Side(children[0].span, children[0])

    def choice(self, children: Children) -> tree.Choice:
        return tree.Choice(children[0].span.to(children[-1].span), *children)

    def repeat(self, children: Children) -> tree.Repeat:
        body, count = children[0], children[-1]
        if isinstance(count, tree.Tuple) and count.size:
            raise Slip(
                codes.REPEAT_COUNT,
                f"`{count.span.text}` is a size, not a count",
                count.span,
                label="a size",
                help="repeat by one number: `x 3`; a repeat of a repeat is `x 3 x 3`",
            )
        return tree.Repeat(body.span.to(count.span), body, count)

    def loop(self, children: Children) -> tree.For:
        body, names, _, iterable = children
        return tree.For(body.span.to(iterable.span), body, tuple(names), iterable)

    def promise(self, children: Children) -> tree.Promise:
        body, shape = children
        return tree.Promise(body.span.to(shape.span), body, tree.Tuple(shape.span, shape.items))

    def labelled(self, children: Children) -> tree.Labelled:
        body, labels = children
        return tree.Labelled(body.span.to(labels[-1].span), body, tuple(labels))

    def no_branches(self, children: Children) -> tree.Braces:
        return tree.Braces(self.place.span(children[0].start_pos, children[1].end_pos), ())

    def branches(self, children: Children) -> tree.Braces:
        opening, inner, closing = children
        span = self.place.span(opening.start_pos, closing.end_pos)
        if isinstance(inner, tree.Flow):
            return tree.Braces(span, (inner,))
        return tree.Braces(span, tuple(self._filled(opening, inner, closing)))

    def _filled(self, opening: Any, inner: Children, closing: Any) -> list[tree.Flow]:
        """Branches and the bars between them to flows; an empty branch lies between its neighbours."""
        marks = [opening, *inner[1::2], closing]
        return [
            found if found is not None else tree.Flow(self.place.span(before.end_pos, after.start_pos), ())
            for before, found, after in zip(marks, inner[::2], marks[1:], strict=False)
        ]

    def branches_for(self, children: Children) -> tree.BracesFor:
        opening, names, _, iterable, flow, closing = children
        span = self.place.span(opening.start_pos, closing.end_pos)
        return tree.BracesFor(span, tuple(names), iterable, flow)

    def bars(self, children: Children) -> Children:
        if isinstance(children[0], list):
            children[0].extend(children[1:])
            return children[0]
        return children

    def no_flow(self, children: Children) -> None:
        return None

    # --- expressions -------------------------------------------------------------------

    def number(self, children: Children) -> tree.Number:
        return self._number(children[0], self._span(children[0]))

    def _number(self, literal: str, span: Span) -> tree.Number:
        value = read_number(literal)
        if value is None:
            raise Slip(
                limits.TOO_LARGE,
                f"a number of more than {LONGEST_NUMBER_BITS:,} bits",
                span,
                label=f"past {LONGEST_NUMBER_BITS:,} bits",
                help="write a smaller number",
            )
        return tree.Number(span, value)

    def size(self, children: Children) -> tree.Tuple:
        token = children[0]
        items = [
            self._number(part.group(), self.place.span(token.start_pos + part.start(), token.start_pos + part.end()))
            for part in _SIZE_PART.finditer(token)
        ]
        return tree.Tuple(self._span(token), tuple(items), size=True)

    def text(self, children: Children) -> tree.Text:
        token = children[0]
        return tree.Text(self._span(token), _ESCAPE.sub(self._unescape(token), token[1:-1]))

    def _unescape(self, token: Any) -> Any:
        def one(found: re.Match[str]) -> str:
            code = found.group(1)
            if code in _ESCAPES:
                return _ESCAPES[code]
            if len(code) == 5 and not 0xD800 <= int(code[1:], 16) < 0xE000:
                return chr(int(code[1:], 16))
            start = token.start_pos + 1 + found.start()
            raise Slip(
                codes.BAD_TEXT,
                f"`{found.group()}` is not an escape",
                self.place.span(start, start + len(code) + 1),
                help=r"escapes are `\"` `\\` `\n` `\t` `\r` and `\u00e9`; a backslash is written `\\`",
            )

        return one

    def constant(self, children: Children) -> tree.Constant:
        return tree.Constant(self._span(children[0]), _CONSTANTS[children[0]])

    def name(self, children: Children) -> tree.Name:
        return self._name(children[0])

    def incoming(self, children: Children) -> tree.Incoming:
        return tree.Incoming(self._span(children[0]))

    def outer(self, children: Children) -> tree.Outer:
        return tree.Outer(self._span(children[0]))

    def hole(self, children: Children) -> tree.Hole:
        return tree.Hole(self._span(children[0]))

    def function_call(self, children: Children) -> tree.FunctionCall:
        name = self._name(children[0])
        return tree.FunctionCall(Span(self.file, name.span.start, children[1].end), name, children[1].items)

    def brackets(self, children: Children) -> _Brackets:
        items = tuple(children[1]) if len(children) == 3 else ()
        return _Brackets(items, not items, self.place.span(children[0].start_pos, children[-1].end_pos))

    def brackets_comma(self, children: Children) -> _Brackets:
        return _Brackets(tuple(children[1]), True, self.place.span(children[0].start_pos, children[2].end_pos))

    def bracketed(self, children: Children) -> Any:
        """`(a)` is a itself, and spans its brackets; `(a,)` and `(a, b)` are tuples."""
        found = children[0]
        if found.comma or len(found.items) > 1:
            return tree.Tuple(found.span, found.items)
        inner = found.items[0]
        return type(inner)(**{**inner.__dict__, "span": found.span})

    def list(self, children: Children) -> tree.List:
        items = tuple(children[1]) if len(children) == 3 else ()
        return tree.List(self.place.span(children[0].start_pos, children[-1].end_pos), items)

    def index(self, children: Children) -> tree.Index:
        value, _, indexes, closing = children
        return tree.Index(Span(self.file, value.span.start, self._span(closing).end), value, tuple(indexes))

    def attribute(self, children: Children) -> tree.Attribute:
        value, name = children
        span = self._span(name)
        return tree.Attribute(value.span.to(span), value, str(name), span)

    row = bars

    def operation(self, children: Children) -> Any:
        """A row of operands, bound by precedence."""
        children[0].append(children[1])
        return bind(self.place, children[0])

    def conditional(self, children: Children) -> tree.Conditional:
        then, condition, otherwise = children
        return tree.Conditional(then.span.to(otherwise.span), then, condition, otherwise)

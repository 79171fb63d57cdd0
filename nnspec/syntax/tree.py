"""The one syntax tree: what both surfaces are parsed into and everything else reads.

A node says what was written and where, never what it means: no name is resolved
and no number computed here. Positions take no part in comparison, so two
spellings of one spec are equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar, TypeAlias

from nnspec.record import Record
from nnspec.source import SourceFile, Span


class Node(Record):
    """A piece of syntax and the characters it came from."""

    _unequal: ClassVar[tuple[str, ...]] = ("span",)

    span: Span


# --- expressions -------------------------------------------------------------------------


class Number(Node):
    """`64`, `.5`, `1e-3`, `1K`: always exact."""

    value: int | Fraction


class Text(Node):
    """`"text"`, unescaped."""

    value: str


class Constant(Node):
    """`true`, `false` or `none`."""

    value: bool | None


class Name(Node):
    """A lower-case name, or a capitalised one (a symbolic size such as `H`)."""

    name: str


class Incoming(Node):
    """`in`, the tensor that arrives at this stage."""


class Outer(Node):
    """`_` in an expression or promise: the tensor at the braces or block, or any size."""


class Hole(Node):
    """`?`, for the compiler to fill."""


class Tuple(Node):
    """`(3, 3)` and `3x3` (which is written `size=True`)."""

    items: tuple[Expression, ...]
    size: bool = False


class List(Node):
    """`[64, 128]`."""

    items: tuple[Expression, ...]


class Unary(Node):
    """`-a`, `+a` or `not a`."""

    operator: str
    operand: Expression


class Binary(Node):
    """`+ - * / // % ^`, one comparison `== != < <= > >=`, `and`, `or`."""

    operator: str
    left: Expression
    right: Expression


class Conditional(Node):
    """`a if c else b`."""

    then: Expression
    condition: Expression
    otherwise: Expression


class Index(Node):
    """`a[i]`, `a[i, j]`."""

    value: Expression
    indexes: tuple[Expression, ...]


class Attribute(Node):
    """`in.channels`, `_.shape`, `e.height`."""

    value: Expression
    name: str
    name_span: Span

    _unequal: ClassVar[tuple[str, ...]] = ("span", "name_span")


class FunctionCall(Node):
    """`max(8, v)`, `round8(v)`, and a choice with settings: `normal(std=0.01)`."""

    name: Name
    arguments: tuple[Argument, ...]


Expression: TypeAlias = (
    "Number | Text | Constant | Name | Incoming | Outer | Hole | Tuple | List"
    " | Unary | Binary | Conditional | Index | Attribute | FunctionCall"
)


class Argument(Node):
    """`64` or `padding=same`; `name` is None for a positional one."""

    name: str | None
    value: Expression
    name_span: Span | None = None

    _unequal: ClassVar[tuple[str, ...]] = ("span", "name_span")


# --- stages and flows --------------------------------------------------------------------


class Flow(Node):
    """Stages joined by arrows. No stages at all is the identity, as in `{ F | }`."""

    stages: tuple[Stage, ...]


class Braces(Node):
    """`{ a | b }`: flows side by side."""

    flows: tuple[Flow, ...]


class BracesFor(Node):
    """`{ for k in [3, 4]: flow }`: one flow side by side, once per element."""

    names: tuple[Name, ...]
    iterable: Expression
    flow: Flow


class Apply(Node):
    """`Conv(64, 3)`, `Concat{ a | b }`, `Bidirectional{ LSTM(64) }`: an operator, block, part or model.

    `arguments` is None where no brackets were written, `braces` where no braces were.
    """

    name: str
    name_span: Span
    arguments: tuple[Argument, ...] | None = None
    braces: Braces | BracesFor | None = None

    _unequal: ClassVar[tuple[str, ...]] = ("span", "name_span")


class Reference(Node):
    """A tensor by name or label, `x` or `e[3 - i]`, as a stage."""

    name: str
    indexes: tuple[Expression, ...] = ()


class Here(Node):
    """`_` as a stage: the tensor at the innermost braces or at the block."""


class FromFile(Node):
    """YAML's `{file: vgg.nn}` as a stage: the network of another spec, its statements included."""

    path: Text


class Group(Node):
    """`(…)` or `[…]` around a flow; `square` keeps which, for the layout alone."""

    flow: Flow
    square: bool = False

    _unequal: ClassVar[tuple[str, ...]] = ("span", "square")


class Side(Node):
    """Braces as a stage of their own: the tuple of their outputs."""

    braces: Braces | BracesFor


class Choice(Node):
    """`stage if condition else stage`; without `else`, the identity."""

    then: Stage
    condition: Expression
    otherwise: Stage | None = None


class Repeat(Node):
    """`stage x n`."""

    body: Stage
    count: Expression


class For(Node):
    """`stage for c, n in …`: in a row, once per element."""

    body: Stage
    names: tuple[Name, ...]
    iterable: Expression


class Promise(Node):
    """`stage : (7, 7, 512)`; `_` (an `Outer`) matches any size."""

    body: Stage
    shape: Tuple


class Label(Node):
    """One name after `as`: `e1`, `e[i]`, `x[i, j]`."""

    name: str
    indexes: tuple[Expression, ...] = ()


class Labelled(Node):
    """`stage as e1`, `stage as h, c`."""

    body: Stage
    labels: tuple[Label, ...]


Stage: TypeAlias = "Apply | Reference | Here | FromFile | Group | Side | Choice | Repeat | For | Promise | Labelled"


# --- statements --------------------------------------------------------------------------


class InnerComment(Node):
    """A comment between the lines of a statement; its span says where."""

    text: str


class Comments(Record):
    """Ordinary comments of a statement, without the `#`: lines before it, at its end, inside it."""

    leading: tuple[str, ...] = ()
    trailing: str | None = None
    inside: tuple[InnerComment, ...] = ()


NO_COMMENTS = Comments()


class Parameter(Node):
    """A parameter of a block or formula: `c` or `k=3`."""

    name: str
    default: Expression | None = None


class ParamStatement(Node):
    """`param classes = 10`; without a default a value must be given."""

    name: Name
    default: Expression | None
    comments: Comments


class LetStatement(Node):
    """`let width = 64`."""

    name: Name
    value: Expression
    comments: Comments


class FormulaStatement(Node):
    """`let round8(v) = …`."""

    name: Name
    parameters: tuple[Parameter, ...]
    value: Expression
    comments: Comments


class DefaultStatement(Node):
    """`default Conv(padding=same)`."""

    operator: Name
    arguments: tuple[Argument, ...]
    comments: Comments


class BlockStatement(Node):
    """`block ConvBN(c, k=3) = flow`: a template, new weights at each use."""

    name: Name
    parameters: tuple[Parameter, ...]
    flow: Flow
    comments: Comments


class SharedStatement(Node):
    """`shared Tower = flow`: one set of weights."""

    name: Name
    flow: Flow
    comments: Comments


class ModelStatement(Node):
    """`model Critic = flow`."""

    name: Name
    flow: Flow
    comments: Comments


class TensorStatement(Node):
    """`x = flow`, or `y, h, c = flow` taking a tuple apart."""

    names: tuple[Name, ...]
    flow: Flow
    comments: Comments


class OutputStatement(Node):
    """`output logits, aux`; each a tensor or label, indexed where it has an index."""

    outputs: tuple[Reference, ...]
    comments: Comments


class ImportStatement(Node):
    """`import Bottleneck from "blocks/resnet.nn"`."""

    names: tuple[Name, ...]
    path: Text
    comments: Comments


class ExpectStatement(Node):
    """`expect params <= 26M`."""

    condition: Expression
    comments: Comments


class FlowStatement(Node):
    """A bare flow: the file's own network."""

    flow: Flow
    comments: Comments


class BrokenStatement(Node):
    """A statement with a syntax error; `defines` are the names it would have defined."""

    defines: tuple[str, ...]
    comments: Comments


AnyStatement: TypeAlias = (
    "ParamStatement | LetStatement | FormulaStatement | DefaultStatement | BlockStatement"
    " | SharedStatement | ModelStatement | TensorStatement | OutputStatement | ImportStatement"
    " | ExpectStatement | FlowStatement | BrokenStatement"
)


# --- the rest of a YAML file -------------------------------------------------------------


class DataScalar(Node):
    """A YAML scalar by the 1.2 core schema; `raw` is what was written, `plain` whether unquoted."""

    value: str | int | float | bool | None
    raw: str
    plain: bool


class DataList(Node):
    """A YAML sequence outside the language proper (the `train` section, say)."""

    items: tuple[Data, ...]


class DataMapping(Node):
    """A YAML mapping outside the language proper: keys in order, each with its place."""

    items: tuple[tuple[DataScalar, Data], ...]

    def get(self, key: str) -> Data | None:
        """The value of a key, or None."""
        return next((value for name, value in self.items if name.value == key), None)


Data: TypeAlias = "DataScalar | DataList | DataMapping"


class Allowance(Node):
    """`# allow: slug` at the end of a line: silences that advice on that line.

    On a line of its own, and as YAML's `allow: [slug]`, it holds for the whole file, and `line` is None.
    """

    _unequal: ClassVar[tuple[str, ...]] = ("span", "line")

    slug: str
    line: int | None = None


class Tree(Node):
    """A whole file: its statements in order and what else it says.

    `description` is the comment block at the top (or YAML's `description`), `name` what YAML's
    `name` says. `sections` are YAML's `train`, `search` and `export`, still unread.
    """

    file: SourceFile
    statements: tuple[AnyStatement, ...]
    description: str | None = None
    name: str | None = None
    sections: DataMapping | None = None
    allowances: tuple[Allowance, ...] = ()
    closing: tuple[str, ...] = ()  # comments behind the last statement

    _unequal: ClassVar[tuple[str, ...]] = ("span", "file")


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in order."""
    for value in node.__dict__.values():
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def names_in(root: Node) -> set[str]:
    """All lower-case names that are read anywhere below a node, whatever they stand for."""
    found: set[str] = set()
    todo: list[Node] = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, (Name, Reference)):
            found.add(node.name)
        todo.extend(children(node))
    return found

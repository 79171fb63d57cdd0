"""Canonical layout: parsing what was written gives the same tree again, comments included."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.source import SourceFile, Span
from nnspec.syntax import tree
from nnspec.syntax.arrow import parse_arrow
from nnspec.syntax.format import format_expression, format_flow, format_stage, format_statement, format_tree
from tests.effort import growth

SPAN = Span(SourceFile("made", ""), 0, 0)


def parse(text: str) -> tree.Tree:
    found = Diagnostics()
    parsed = parse_arrow(SourceFile("a.nn", text), found)
    assert [(one.message, one.span.text) for one in found.sorted()] == [], text
    return parsed


def again(text: str) -> str:
    """The canonical text, which must say the same and be a fixed point."""
    parsed = parse(text)
    done = format_tree(parsed)
    assert parse(done) == parsed, done
    assert format_tree(parse(done)) == done
    assert parse(format_tree(parsed, unicode=True)) == parsed
    return done


# The worked examples of the language reference.
RESNET = """\
# ResNet-50, He et al. 2015, table 1, with biases and paddings as in Keras: 25,636,712 parameters
param classes = 1000
default Conv(init=he_normal)
block ConvBN(c, k, s=1, pad=same) = Conv(c, k, stride=s, padding=pad) -> BN(epsilon=1.001e-5)
block Bottleneck(c, s=1) =
  Add{ ConvBN(c, 1, s) -> ReLU -> ConvBN(c, 3) -> ReLU -> ConvBN(4 * c, 1)
     | _ if s == 1 and in.channels == 4 * c else ConvBN(4 * c, 1, s) }
  -> ReLU
Input(224, 224, 3)
-> ConvBN(64, 7, 2, 3) -> ReLU -> MaxPool(3, stride=2, padding=1)  : (56, 56, 64)
-> [Bottleneck(c, s) -> Bottleneck(c) x (n - 1)]
   for c, n, s in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]  : (7, 7, 2048)
-> GlobalAvgPool -> FC(classes) -> Softmax
"""
UNET = """\
# U-Net, valid convolutions, any input size
block Double(c) = (Conv(c, 3) -> ReLU) x 2
Input(H, W, 1)
-> [Double(64 * 2^i) as e[i] -> MaxPool(2)] for i in range(4)
-> Double(1024)
-> [ConvTranspose(512 // 2^i, 2, stride=2) -> Concat{ e[3 - i] -> Crop(like=_) | _ } -> Double(512 // 2^i)]
   for i in range(4)
-> Conv(2, 1)
"""
TEXT_CNN = """\
# TextCNN, Kim 2014
Input(56, dtype=int32) -> Embedding(18765, 300)
-> Concat{ for k in [3, 4, 5]: Conv(100, k) -> ReLU -> GlobalMaxPool }
-> Dropout(0.5) -> FC(2) -> Softmax
"""
SEQUENCES = """\
# Sequence to sequence with attention
src = Input(T, dtype=int32)
tgt = Input(S, dtype=int32)
enc, h, c = src -> Embedding(8000, 256) -> LSTM(512, sequences=true, state=true)
dec = { tgt -> Embedding(8000, 256) | h | c } -> LSTM(512, sequences=true)
{ dec | enc } -> Attention -> Concat{ _ | dec } -> Dense(8000) -> Softmax
"""
SIAMESE = """\
# Siamese twins: one set of weights
shared Tower = [Conv(32, 3) -> ReLU -> Pool] x 2 -> FC(64)
a = Input(28, 28, 1)
b = Input(28, 28, 1)
Subtract{ a -> Tower | b -> Tower } -> FC(1) -> Sigmoid
"""
TRANSFORMER = """\
# A transformer encoder over patches: learned positions, a class token
param classes = 1000
let width = 192
block Encoder(heads, hidden) =
  Residual{ LN(epsilon=1e-6) -> MultiHeadAttention(heads) }
  -> Residual{ LN(epsilon=1e-6) -> Dense(hidden, act=gelu) -> Dense(_.channels) }
Input(64, 64, 3)
-> Conv(width, 8, stride=8) -> Reshape(in.height * in.width, width)  : (64, width)
-> Concat(axis=0){ Weight(1, width) | _ } -> Add{ _ | Weight(65, width, init=normal(std=0.02)) }
-> Encoder(3, 4 * width) x 6
-> LN(epsilon=1e-6) -> Take(0) -> Dense(classes)
"""


@pytest.mark.parametrize("text", [RESNET, UNET, TEXT_CNN, SEQUENCES, SIAMESE, TRANSFORMER])
def test_the_worked_examples(text: str) -> None:
    done = again(text)
    assert max(len(line) for line in done.splitlines()) <= 100
    assert all(isinstance(one, tree.BrokenStatement) is False for one in parse(text).statements)


def test_the_layout_is_that_of_the_worked_examples() -> None:
    assert "\n".join(again(RESNET).splitlines()[4:8]) == "\n".join(RESNET.splitlines()[4:8])
    lines = again(UNET).splitlines()
    assert lines[2:9] == [
        "Input(H, W, 1)",
        "-> [Double(64 * 2^i) as e[i] -> MaxPool(2)] for i in range(4)",
        "-> Double(1024)",
        "-> [ConvTranspose(512 // 2^i, 2, stride=2)",
        "    -> Concat{ e[3 - i] -> Crop(like=_) | _ }",
        "    -> Double(512 // 2^i)]",
        "   for i in range(4)",
    ]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("x=A->B( 3,k = 4 , )", "x = A -> B(3, k=4)"),
        ("let a=(((1+2))*3)", "let a = (1 + 2) * 3"),
        ("let a = 1-(2-3)", "let a = 1 - (2 - 3)"),
        ("let a = (1-2)-3", "let a = 1 - 2 - 3"),
        ("let a = (2^3)^4", "let a = (2^3)^4"),
        ("let a = 2^(3^4)", "let a = 2^3^4"),
        ("let a = (-2)^2", "let a = (-2)^2"),
        ("let a = -(2^2)", "let a = -2^2"),
        ("let a = (not b) == c", "let a = (not b) == c"),
        ("let a = not (b == c)", "let a = not b == c"),
        ("let a = (b if c else d) + 1", "let a = (b if c else d) + 1"),
        ("let a = b and (c or d)", "let a = b and (c or d)"),
        ("let a = 1_000 + 26M + .5 + 1e-3", "let a = 1_000 + 26M + .5 + 1e-3"),
        ("let a = (a+b).n", "let a = (a + b).n"),
        ("let a = (1,)", "let a = (1,)"),
        ("let a = in", "let a = (in)"),
        ("A × 3 × (n-1)", "A x 3 x (n - 1)"),
        ("A x (x)", "A x (x)"),
        ("A:(7,7,_)", "A  : (7, 7, _)"),
        ("A as e [i] ,f", "A as e[i], f"),
        ("{F|}", "{ F | }"),
        ("{|F}", "{ | F }"),
        ("{}", "{}"),
        ("Residual ( when = c ){F}", "Residual(when=c){ F }"),
        ("Concat{for k in [3,4]:A->B}", "Concat{ for k in [3, 4]: A -> B }"),
        ("((A))", "((A))"),
        ("[A->B]x 3", "[A -> B] x 3"),
        ("A if c else B if d", "A if c else B if d"),
        ('import A,B from "a\\"b"', 'import A, B from "a\\"b"'),
        ("Conv(64,7×1)", "Conv(64, 7x1)"),
        ("block B=A", "block B = A"),
        ("let f(a,b=2)=a", "let f(a, b=2) = a"),
    ],
)
def test_one_spelling(text: str, canonical: str) -> None:
    assert again(text) == canonical + "\n"


def test_unicode_signs() -> None:
    assert format_tree(parse("A->B x 3->C(3x3)"), unicode=True) == "A → B × 3 → C(3×3)\n"


def test_long_lists_and_sums_are_filled() -> None:
    done = again("let a = [" + ", ".join(str(n) for n in range(100)) + "]")
    assert max(len(line) for line in done.splitlines()) <= 100
    assert len(done.splitlines()) < 8
    done = again("let a = " + " + ".join(f"width{n}" for n in range(60)))
    assert max(len(line) for line in done.splitlines()) <= 100


def test_blank_lines_between_statements_stay() -> None:
    assert again("let a=1\n\n\n\nlet b=2\nlet c=3\n") == "let a = 1\n\nlet b = 2\nlet c = 3\n"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("A#a\n", "A  # a\n"),
        ("# top\n# more\nA", "# top\n# more\nA\n"),
        ("# top\n\n# lead\nA\n# end", "# top\n\n# lead\nA\n\n# end\n"),
        ("A # a\n-> B # b\n-> C # c", "A  # a\n-> B  # b\n-> C  # c\n"),
        ("A\n# own\n-> B", "A  # own\n-> B\n"),
        ("let a = ( # why\n1)", "let a =  # why\n  1\n"),
        ("output a, # first\n b", "output a,  # first\n  b\n"),
        ("Conv( # c\n3)", "Conv(  # c\n     3)\n"),
        ("A # allow: x\n-> B # allow: y", "A  # allow: x\n-> B  # allow: y\n"),
        ("A\n# allow: z\nlet a = 1 # allow: y", "# allow: z\nA\nlet a = 1  # allow: y\n"),
    ],
)
def test_comments_stay_where_they_were(text: str, canonical: str) -> None:
    assert again(text) == canonical


def test_parts_for_messages_are_one_line() -> None:
    (statement,) = parse("y = A -> [B(1 + 2) x 2] for i in r  : (3)").statements
    assert isinstance(statement, tree.TensorStatement)
    assert format_flow(statement.flow) == "A -> [B(1 + 2) x 2] for i in r  : (3)"
    assert format_stage(statement.flow.stages[1]) == "[B(1 + 2) x 2] for i in r  : (3)"
    assert format_statement(statement) == "y = A -> [B(1 + 2) x 2] for i in r  : (3)"
    assert format_expression(number(Fraction(1, 8))) == "0.125"
    assert format_expression(number(Fraction(1, 3))) == "1 / 3"
    assert format_expression(number(Fraction(1, 10**7))) == "1e-7"
    assert format_expression(binary("^", number(Fraction(1, 3)), number(2))) == "(1 / 3)^2"
    assert format_expression(binary("*", number(-3), number(2))) == "-3 * 2"
    assert format_flow(tree.Flow(SPAN, ())) == ""


@pytest.mark.parametrize(
    ("before", "repeated", "after"),
    [
        ("let a = ", "1+", "1"),
        ("let a = ", "2^", "1"),
        ("A", " x 1", ""),
        ("", "A if c else ", "B"),
        ("Input", " -> Conv(64, 3)", ""),
    ],
)
def test_large_trees_are_written_in_linear_work_and_without_recursion(before: str, repeated: str, after: str) -> None:
    def write(count: int) -> None:
        assert parse(format_tree(parse(before + repeated * count + after))).statements

    write(60_000 // len(repeated))
    assert growth(write, 500) < 2.5


def test_nested_trees_are_written_without_recursion() -> None:
    for text in ("[" * 200 + "A" + "]" * 200, "let a = " + "(" * 199 + "1" + ",)" * 199):
        assert parse(format_tree(parse(text))).statements


# --- random trees ----------------------------------------------------------------------------


def number(value: int | Fraction) -> tree.Number:
    return tree.Number(SPAN, value)


def binary(operator: str, left: Any, right: Any) -> tree.Binary:
    return tree.Binary(SPAN, operator, left, right)


lower = st.sampled_from(["a", "b", "x", "width", "e1", "forest", "notx", "iN"])
upper = st.sampled_from(["A", "Conv", "X", "H", "Add2"])
names = lower.map(lambda name: tree.Name(SPAN, name))
numbers = (st.integers(0, 10**6) | st.fractions(0, 100, max_denominator=1).map(int) | st.sampled_from(
    [Fraction(1, 2), Fraction(1, 1000), Fraction(12345, 10**9), Fraction(3, 2**20), 2**4096 - 1]
)).map(number)  # fmt: skip
sizes = st.lists(st.integers(0, 99).map(number), min_size=2, max_size=3).map(
    lambda items: tree.Tuple(SPAN, tuple(items), size=True)
)
leaves = (
    numbers | names | sizes
    | upper.map(lambda name: tree.Name(SPAN, name))
    | st.sampled_from([True, False, None]).map(lambda value: tree.Constant(SPAN, value))
    | st.text(max_size=6).filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text)).map(
        lambda text: tree.Text(SPAN, text))
    | st.sampled_from([tree.Incoming(SPAN), tree.Outer(SPAN), tree.Hole(SPAN)])
)  # fmt: skip


def short(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The same strategy with a short name, for Hypothesis's reports."""

    @st.composite
    def drawn(draw: Any) -> Any:
        return draw(inner)

    return drawn()


def several(inner: st.SearchStrategy[Any], least: int = 0, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(inner, min_size=least, max_size=most).map(tuple)


def arguments(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    positional = several(values.map(lambda value: tree.Argument(SPAN, None, value)))
    named = several(st.builds(tree.Argument, st.just(SPAN), lower, values, st.just(SPAN)))
    return st.tuples(positional, named).map(lambda both: both[0] + both[1])


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    spans = st.just(SPAN)
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or"])
    return (
        st.builds(tree.Binary, spans, operators, inner, inner)
        | st.builds(tree.Unary, spans, st.sampled_from(["-", "+", "not"]), inner)
        | st.builds(tree.Conditional, spans, inner, inner, inner)
        | st.builds(tree.Tuple, spans, several(inner))
        | st.builds(tree.List, spans, several(inner))
        | st.builds(tree.Index, spans, inner, several(inner, 1))
        | st.builds(tree.Attribute, spans, inner, lower, spans)
        | st.builds(tree.FunctionCall, spans, names, arguments(inner))
    )


expressions = short(st.recursive(short(leaves), lambda inner: short(grown(inner)), max_leaves=8))
labels = several(st.builds(tree.Label, st.just(SPAN), lower, several(expressions, 0, 2)), 1)
references = st.builds(tree.Reference, st.just(SPAN), lower, several(expressions, 0, 2))
counts = expressions.filter(lambda node: not (isinstance(node, tree.Tuple) and node.size))
loop_names = several(names, 1)
EMPTY = tree.Flow(SPAN, ())


HERE = tree.Here(SPAN)
firsts = st.sampled_from([
    HERE,
    tree.Repeat(SPAN, HERE, number(2)),
    tree.Choice(SPAN, HERE, tree.Name(SPAN, "c"), tree.Apply(SPAN, "A", SPAN)),
    tree.Labelled(SPAN, HERE, (tree.Label(SPAN, "h"), tree.Label(SPAN, "c"))),
])  # fmt: skip


def flow_of(stages: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Flows; `_` stands at their start alone."""
    begun = st.tuples(firsts, several(stages, 0, 2)).map(lambda found: (found[0], *found[1]))
    return (several(stages, 1) | begun).map(lambda found: tree.Flow(SPAN, found))


def braces_of(flows: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    side_by_side = several(flows | st.just(EMPTY)).filter(lambda found: found != (EMPTY,))
    return side_by_side.map(lambda found: tree.Braces(SPAN, found)) | st.builds(
        tree.BracesFor, st.just(SPAN), loop_names, expressions, flows
    )


def staged(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    spans = st.just(SPAN)
    flows = flow_of(inner)
    braces = braces_of(flows)
    atoms = (
        st.builds(tree.Apply, spans, upper, spans, st.none() | arguments(expressions), st.none() | braces)
        | st.builds(tree.Group, spans, flows, st.booleans())
        | st.builds(tree.Side, spans, braces)
        | references
    )
    choices = atoms | st.builds(tree.Choice, spans, atoms, expressions, st.none() | atoms) | st.builds(
        lambda one, two: tree.Choice(SPAN, one.then, one.condition, two) if isinstance(one, tree.Choice) else one,
        st.builds(tree.Choice, spans, atoms, expressions, st.none()),
        st.builds(tree.Choice, spans, atoms, expressions, st.none() | atoms),
    )  # fmt: skip
    repeated = choices | st.builds(tree.Repeat, spans, choices, counts) | st.builds(
        lambda body, count, found, iterable: tree.For(SPAN, tree.Repeat(SPAN, body, count), found, iterable),
        choices, counts, loop_names, expressions,
    )  # fmt: skip
    shapes = several(expressions).map(lambda items: tree.Tuple(SPAN, items))
    return repeated | st.builds(
        lambda body, shape, found: tree.Labelled(SPAN, tree.Promise(SPAN, body, shape), found), repeated, shapes, labels
    )


simple = references | upper.map(lambda name: tree.Apply(SPAN, name, SPAN))
stages = short(st.recursive(short(simple), lambda inner: short(staged(inner)), max_leaves=6))
flows = short(flow_of(stages))
said = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=8).map(
    lambda text: text.strip()).filter(lambda text: not text.startswith("allow:"))  # fmt: skip
comments = st.just(tree.NO_COMMENTS) | st.builds(tree.Comments, several(said, 0, 2), st.none() | said)
parameters = several(st.builds(tree.Parameter, st.just(SPAN), lower, st.none() | expressions))
capitals = upper.map(lambda name: tree.Name(SPAN, name))
here = st.just(SPAN)
statements = (
    st.builds(tree.ParamStatement, here, names, st.none() | expressions, comments)
    | st.builds(tree.LetStatement, here, names, expressions, comments)
    | st.builds(tree.FormulaStatement, here, names, parameters, expressions, comments)
    | st.builds(tree.DefaultStatement, here, capitals, arguments(expressions), comments)
    | st.builds(tree.BlockStatement, here, capitals, parameters, flows, comments)
    | st.builds(tree.SharedStatement, here, capitals, flows, comments)
    | st.builds(tree.ModelStatement, here, capitals, flows, comments)
    | st.builds(tree.TensorStatement, here, loop_names, flows, comments)
    | st.builds(tree.OutputStatement, here, several(references, 1), comments)
    | st.builds(tree.ImportStatement, here, several(capitals | names, 1), st.just(tree.Text(SPAN, "a.nn")), comments)
    | st.builds(tree.ExpectStatement, here, expressions, comments)
    | st.builds(tree.FlowStatement, here, flows, comments)
)
trees = st.builds(
    lambda found, description, closing: tree.Tree(SPAN, SPAN.file, found, description, closing=closing),
    several(short(statements), 1, 4), said, several(said, 0, 2),
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(trees, st.booleans())
def test_parsing_what_was_written_gives_the_tree(made: tree.Tree, unicode: bool) -> None:
    done = format_tree(made, unicode=unicode)
    assert parse(done) == made, done
    assert format_tree(parse(done), unicode=unicode) == done


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_an_expression_on_one_line(node: Any) -> None:
    (statement,) = parse(f"let a = ({format_expression(node)})").statements
    assert isinstance(statement, tree.LetStatement)
    assert statement.value == node


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([RESNET, UNET, SEQUENCES, TRANSFORMER]), st.data())
def test_comments_anywhere_survive(text: str, data: st.DataObject) -> None:
    lines = text.splitlines()
    marks = data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=6))
    for index, line in enumerate(sorted(set(marks))):
        own = data.draw(st.booleans())
        lines[line] = f"{lines[line]}\n# own{index}" if own else f"{lines[line]}  # end{index}"
    parsed = parse("\n".join(lines))
    done = format_tree(parsed)
    assert parse(done) == parsed
    assert format_tree(parse(done)) == done

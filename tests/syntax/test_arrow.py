"""The arrow notation of LANGUAGE.md sections 1-4: what each piece of syntax becomes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.source import SourceFile
from nnspec.syntax import tree
from nnspec.syntax.arrow import (
    parse_expression,
    parse_flow,
    parse_head,
    parse_labels,
    parse_names,
    parse_statement,
)
from nnspec.syntax.place import Place
from tests.syntax.arrow_text import NOWHERE, RESERVED, good, only, outline, read, shown, stage, stages, value

# --- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("literal", "exact"),
    [
        ("64", 64),
        (".5", Fraction(1, 2)),
        ("1e-3", Fraction(1, 1000)),
        ("1_000_000", 1_000_000),
        ("1K", 1000),
        ("26M", 26_000_000),
        ("4G", 4_000_000_000),
        ("1.5K", 1500),
        ("2.0", 2),
        ("2.", 2),
        ("1E3", 1000),
        ("0.1", Fraction(1, 10)),
        ("1.001e-5", Fraction(1001, 10**8)),
        ("007", 7),
        ("0e99999999999", 0),
        ("0.000", 0),
        ("1e-0000000000003", Fraction(1, 1000)),
        ("10_0.5_0", Fraction(201, 2)),
        (str(2**4096 - 1), 2**4096 - 1),
    ],
)
def test_numbers_are_exact(literal: str, exact: int | Fraction) -> None:
    number = value(literal)
    assert isinstance(number, tree.Number)
    assert number.value == exact
    assert isinstance(number.value, int) == (Fraction(exact).denominator == 1)


@pytest.mark.parametrize(
    "literal", [str(2**4096), "1e1234", "1e-1300", "1e999999999999", "9" * 50_000, "1e-99999999999"]
)
def test_numbers_past_4096_bits_are_a_limit_error_at_once(literal: str) -> None:
    _, (found,) = read(f"let a = {literal}\n")
    assert found.code.slug == "too-large"
    assert found.span.text == literal


def test_sizes() -> None:
    assert value("3x3") == tree.Tuple(NOWHERE, (tree.Number(NOWHERE, 3), tree.Number(NOWHERE, 3)), size=True)
    assert [item.value for item in value("7×1x2").items] == [7, 1, 2]
    assert value("(3, 3)").size is False
    assert [item.span.text for item in value("7×1x22").items] == ["7", "1", "22"]


def test_texts_and_their_escapes() -> None:
    assert value(r'"a\"b\\c\n\té→"').value == 'a"b\\c\n\té→'
    assert value(r'"\u00e9"').value == "é"


def test_words_that_are_values() -> None:
    assert [value(word).value for word in ("true", "false", "none")] == [True, False, None]
    assert isinstance(value("?"), tree.Hole)
    assert isinstance(value("in"), tree.Incoming)
    assert isinstance(value("_"), tree.Outer)
    assert value("H") == tree.Name(NOWHERE, "H")
    assert value("trueish") == tree.Name(NOWHERE, "trueish")
    assert value("in_1") == tree.Name(NOWHERE, "in_1")


@pytest.mark.parametrize("word", [*RESERVED, "_", "?"])
@pytest.mark.parametrize(
    "pattern",
    [
        "let {} = 3",
        "param {}",
        "let f({}) = 3",
        "block B({}) = A",
        "A as {}",
        "A for {} in r",
        "{} = A",
        "Conv({}=3)",
        "a, {} = A",
    ],
)
def test_reserved_words_are_never_names(pattern: str, word: str) -> None:
    parsed, found = read(pattern.format(word) + "\nlet last = 1\n")
    assert len(found) == 1, [one.message for one in found]
    assert isinstance(parsed.statements[0], tree.BrokenStatement)
    assert isinstance(parsed.statements[-1], tree.LetStatement)


def test_x_is_not_reserved() -> None:
    assert only("x = x -> A(x, x=x)").names[0].name == "x"
    assert outline(stage("x x x")) == "(x x x)"
    assert outline(stage("A as x")) == "(A as x)"
    assert outline(stage("A for x in x")) == "(A for x in x)"


# --- statements ------------------------------------------------------------------------------


def test_every_statement() -> None:
    kinds = [
        ("param classes = 10", tree.ParamStatement),
        ("param n", tree.ParamStatement),
        ("let width = 64", tree.LetStatement),
        ("let round8(v) = max(8, (v + 4) // 8 * 8)", tree.FormulaStatement),
        ("default Conv(padding=same, bias=false)", tree.DefaultStatement),
        ("block ConvBN(c, k=3, s=1,) = Conv(c, k, stride=s) -> BN", tree.BlockStatement),
        ("block Plain = A -> B", tree.BlockStatement),
        ("shared Tower = ConvBN(32) -> FC(64)", tree.SharedStatement),
        ("x = Input(32, 32, 3)", tree.TensorStatement),
        ("y, h, c = x -> LSTM(64, state=true)", tree.TensorStatement),
        ("model Critic = Input(28, 28, 1) -> A", tree.ModelStatement),
        ("output logits, e[2]", tree.OutputStatement),
        ('import Bottleneck, Stem from "blocks/resnet.nn"', tree.ImportStatement),
        ("expect params <= 26M and Critic.macs < 4G", tree.ExpectStatement),
        ("Input(32, 32, 3) -> FC(10)", tree.FlowStatement),
    ]
    parsed = good("\n".join(text for text, _ in kinds))
    assert [type(statement) for statement in parsed.statements] == [kind for _, kind in kinds]
    assert [statement.span.text for statement in parsed.statements] == [text for text, _ in kinds]


def test_the_parts_of_statements() -> None:
    assert only("param n").default is None
    assert [parameter.name for parameter in only("block B(c, k=3) = A").parameters] == ["c", "k"]
    assert only("block B(c, k=in.channels) = A").parameters[1].default.name == "channels"
    assert only("block B = A").parameters == ()
    assert [name.name for name in only("y, h, c = A").names] == ["y", "h", "c"]
    outputs = only("output logits, e[2]").outputs
    assert [(one.name, len(one.indexes)) for one in outputs] == [("logits", 0), ("e", 1)]
    imported = only('import A, b from "f.nn"')
    assert ([name.name for name in imported.names], imported.path.value) == (["A", "b"], "f.nn")
    assert only("default Conv()").arguments == ()


# --- flows -----------------------------------------------------------------------------------


def test_both_arrows_and_all_repeat_signs() -> None:
    assert [one.name for one in stages("A -> B → C->D")] == ["A", "B", "C", "D"]
    assert stage("A x 3") == stage("A * 3") == stage("A × 3") == stage("A×3")


def test_the_textbook_line() -> None:
    line = "Input→[(Conv→ReLU)×n→Pool]×m→FC"
    parsed = stages(line)
    assert [outline(one) for one in parsed] == ["Input", "([([Conv -> ReLU] x n) -> Pool] x m)", "FC"]


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("A if c x 3", "((A if c) x 3)"),
        ("A if c else B x 3", "((A if c else B) x 3)"),
        ("A if c else B if d else C", "(A if c else (B if d else C))"),
        ("A if c else B if d", "(A if c else (B if d))"),
        ("A if a == 1 and not b", "(A if ((a == 1) and (not b)))"),
        ("A if c * 3", "(A if (c * 3))"),
        ("A if c : (3)", "((A if c) : <3>)"),
        ("A x 2 x 3", "((A x 2) x 3)"),
        ("A * 2 * 3", "((A x 2) x 3)"),
        ("A x 2 for i in r", "((A x 2) for i in r)"),
        ("A for i in r x 2", "((A for i in r) x 2)"),
        ("A for i in range(4) * 2", "(A for i in (range(4) * 2))"),
        ("A for i in r if c else s", "(A for i in (r if c else s))"),
        ("A for c, n in [(64, 2), (128, 3),]", "(A for c, n in [<64 2> <128 3>])"),
        ("A x 2 : (3, _) as e", "(((A x 2) : <3 _>) as e)"),
        ("A as e : (3)", "((A as e) : <3>)"),
        ("A as h, c", "(A as h, c)"),
        ("A x f(3)[1].n", "(A x f(3)[1].n)"),
        ("A x (n - 1)", "(A x (n - 1))"),
        ("A x ?", "(A x ?)"),
        ("_ if s == 1 else B", "(_ if (s == 1) else B)"),
    ],
)
def test_suffixes_bind_as_the_page_says(text: str, bound: str) -> None:
    assert outline(stage(text)) == bound


def test_a_suffix_holds_one_stage() -> None:
    assert [outline(one) for one in stages("A -> B x 2 -> C as e")] == ["A", "(B x 2)", "(C as e)"]


def test_references_labels_and_indexes() -> None:
    assert stage("e[3 - i]") == tree.Reference(NOWHERE, "e", (value("3 - i"),))
    labelled = stage("A as x[i, j]")
    assert labelled.labels == (tree.Label(NOWHERE, "x", (value("i"), value("j"))),)
    assert isinstance(stage("_"), tree.Here)
    assert outline(stages("_ x 2 -> {_ | A} -> (_ -> B)")[0]) == "(_ x 2)"
    assert stage("x").indexes == ()


def test_operators_with_and_without_brackets() -> None:
    assert stage("Conv").arguments is None
    assert stage("Conv()").arguments == ()
    arguments = stage("Conv(64, kernel=3,)").arguments
    assert [(one.name, one.value.value) for one in arguments] == [(None, 64), ("kernel", 3)]
    assert arguments[1].name_span.text == "kernel"
    assert stage("Conv(64)").name_span.text == "Conv"


def test_groups_of_both_brackets_are_equal() -> None:
    assert stage("(A -> B)") == stage("[A -> B]")
    assert stage("[A]").square


def test_braces() -> None:
    assert len(stage("{ a | b | c }").braces.flows) == 3
    assert stage("{}").braces.flows == ()
    with_nothing = stage("{ F | }").braces.flows
    assert [len(flow.stages) for flow in with_nothing] == [1, 0]
    assert [len(flow.stages) for flow in stage("{ | }").braces.flows] == [0, 0]
    wrapped = stage("Concat(axis=0){ A | _ }")
    assert (wrapped.name, len(wrapped.arguments), len(wrapped.braces.flows)) == ("Concat", 1, 2)
    assert stage("Bidirectional{ LSTM(64) }").arguments is None
    each = stage("Concat{ for k, n in [3, 4]: Conv(100, k) -> ReLU }").braces
    assert isinstance(each, tree.BracesFor)
    assert ([name.name for name in each.names], len(each.flow.stages)) == (["k", "n"], 2)
    assert outline(stage("{ ReLU if relu -> A | _ }").braces.flows[0].stages[0]) == "(ReLU if relu)"


def test_a_promise_is_always_a_tuple() -> None:
    assert stage("A : (16)").shape == tree.Tuple(NOWHERE, (tree.Number(NOWHERE, 16),))
    assert len(stage("A : (7, _, H // 4,)").shape.items) == 3
    assert stage("A : ()").shape.items == ()


# --- expressions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("8 / 4 // 2 % 3", "(((8 / 4) // 2) % 3)"),
        ("2 ^ 3 ^ 4", "(2 ^ (3 ^ 4))"),
        ("-2 ^ 2", "(- (2 ^ 2))"),
        ("2 ^ -2", "(2 ^ (- 2))"),
        ("2 ^ -2 ^ 3", "(2 ^ (- (2 ^ 3)))"),
        ("2 ^ -2 * 3", "((2 ^ (- 2)) * 3)"),
        ("a * -b", "(a * (- b))"),
        ("- - +a", "(- (- (+ a)))"),
        ("-a * b", "((- a) * b)"),
        ("not a == b", "(not (a == b))"),
        ("not not a", "(not (not a))"),
        ("not a and not b or c", "(((not a) and (not b)) or c)"),
        ("a or b and c", "(a or (b and c))"),
        ("a < b + 1", "(a < (b + 1))"),
        ("a if b else c if d else e", "(a if b else (c if d else e))"),
        ("a if b or c else d + 1", "(a if (b or c) else (d + 1))"),
        ("f(1)[2].n ^ 2", "(f(1)[2].n ^ 2)"),
        ("_.shape[0]", "_.shape[0]"),
        ("in.channels // 2", "(in.channels // 2)"),
        ("a[i, j,]", "a[i, j]"),
        ("[(1, 2), (3,), ()]", "[<1 2> <3> <>]"),
        ("[]", "[]"),
        ("a->b"[:1] + " > b", "(a > b)"),
    ],
)
def test_expressions_bind_as_the_page_says(text: str, bound: str) -> None:
    assert shown(value(text)) == bound


def test_brackets_vanish_but_belong_to_the_span() -> None:
    assert value("(a)") == value("a")
    assert value("((a) + (b)) * c").left.span.text == "((a) + (b))"
    assert isinstance(value("(a,)"), tree.Tuple)


def test_choices_with_settings_are_calls() -> None:
    call = stage("Conv(3, init=normal(std=0.01))").arguments[1].value
    assert (call.name.name, call.arguments[0].name) == ("normal", "std")


def test_spans_are_exact_everywhere() -> None:
    text = "y = [ Conv(64, k=a.b + f(2)[1]) x (n - 1) as e[i] -> { A | B } ] for i in [1]  : (7, _)"
    flow = only(text).flow
    wanted = [
        "[ Conv(64, k=a.b + f(2)[1]) x (n - 1) as e[i] -> { A | B } ] for i in [1]  : (7, _)",
        "(7, _)",
        "[ Conv(64, k=a.b + f(2)[1]) x (n - 1) as e[i] -> { A | B } ] for i in [1]",
    ]
    promise = flow.stages[0]
    assert [promise.span.text, promise.shape.span.text, promise.body.span.text] == wanted
    inner = promise.body.body.flow.stages
    assert [one.span.text for one in inner] == ["Conv(64, k=a.b + f(2)[1]) x (n - 1) as e[i]", "{ A | B }"]
    repeat = inner[0].body
    assert (repeat.count.span.text, inner[0].labels[0].span.text) == ("(n - 1)", "e[i]")
    argument = repeat.body.arguments[1]
    assert (argument.span.text, argument.value.right.span.text) == ("k=a.b + f(2)[1]", "f(2)[1]")
    assert argument.value.left.name_span.text == "b"


# --- other surfaces --------------------------------------------------------------------------


def test_parts_are_read_at_their_place() -> None:
    found = Diagnostics()
    file = SourceFile("a.yaml", "key: 'A -> B(k)'")
    flow = parse_flow("A -> B(k)", Place(file, 6), found)
    assert flow is not None
    assert [one.span.text for one in flow.stages] == ["A", "B(k)"]
    table = [20, 21, 22, 23, 30, 31, 32, 33, 34, 35]  # a fold or an escape lies between the arrow and B
    far = parse_flow("A -> B(k)", Place(SourceFile("b", "." * 40), 0, table), found)
    assert far is not None
    assert (far.stages[1].span.start, far.stages[1].span.end) == (31, 35)
    assert parse_expression("3x3", Place(file), found) == value("3x3")
    assert parse_expression("1 +\n 2", Place(file), found) == value("1 + 2")
    head = parse_head("ConvBN(c, k=3)", Place(file), found)
    assert head is not None
    assert (head[0].name, [one.name for one in head[1] or ()]) == ("ConvBN", ["c", "k"])
    assert parse_head("Tower", Place(file), found) == (tree.Name(NOWHERE, "Tower"), None)
    assert [one.name for one in parse_names("y, h, c", Place(file), found) or ()] == ["y", "h", "c"]
    assert [one.name for one in parse_labels("e[i], f", Place(file), found) or ()] == ["e", "f"]
    assert isinstance(parse_statement("let a = 3", Place(file), found), tree.LetStatement)
    assert found.sorted() == []


def test_faulty_parts_give_one_error_and_nothing_else() -> None:
    for parse, text in (
        (parse_flow, "A -> -> B"),
        (parse_flow, ""),
        (parse_flow, "x = A"),
        (parse_flow, "A\nB"),
        (parse_expression, "1 +"),
        (parse_expression, "# only"),
        (parse_expression, "a b"),
        (parse_head, "3"),
        (parse_names, "Y"),
        (parse_labels, "in"),
    ):
        found = Diagnostics()
        assert parse(text, Place(SourceFile("a", text)), found) is None  # type: ignore[operator]
        assert len(found.sorted()) == 1
    found = Diagnostics()
    broken = parse_statement("let a = ", Place(SourceFile("a", "let a = ")), found)
    assert isinstance(broken, tree.BrokenStatement)
    assert "a" in broken.defines

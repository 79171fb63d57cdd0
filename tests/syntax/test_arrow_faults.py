"""What is said of faults in the arrow notation, and that no text, however long or deep, makes it raise."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnspec.diagnostics.codes import syntax as syntax_codes
from nnspec.diagnostics.diagnostic import Code, Diagnostics
from nnspec.source import SourceFile
from nnspec.syntax import tree
from nnspec.syntax.arrow import (
    parse_expression,
    parse_flow,
    parse_head,
    parse_labels,
    parse_names,
)
from nnspec.syntax.place import Place
from tests.syntax.arrow_text import RESERVED, good, read

# --- faults ----------------------------------------------------------------------------------

FAULTS = [
    # text, slug, spanned text, words of the message or help, what the fix makes of it
    ("[A] x n - 1 -> B", "repeat-count", "n - 1", "`x (n - 1)`", "[A] x (n - 1) -> B"),
    ("A x n // 2", "repeat-count", "n // 2", "`x (n // 2)`", "A x (n // 2)"),
    ("(A -> B) x3", "repeat-count", "x3", "`x 3`", "(A -> B) x 3"),
    ("(A) xn -> B", "repeat-count", "xn", "`x n`", "(A) x n -> B"),
    ("[A] 3", "repeat-count", "3", "`x 3`", "[A] x 3"),
    ("A x 3x3", "repeat-count", "3x3", "a size, not a count", None),
    ("A as e x 2", "needs-brackets", "x", "`A x 2 as e`", None),
    ("A : (3) for i in r", "needs-brackets", "for", "before `as` and `:`", None),
    ("A x 2 if c", "needs-brackets", "if", "binds tighter", None),
    ("A : 64 -> B", "needs-brackets", "64", "`: (64)`", "A : (64) -> B"),
    ("A : [7, 7]", "needs-brackets", "[7, 7]", "`: (7, 7)`", "A : (7, 7)"),
    ("let a = 1 + not b", "needs-brackets", "not", "`(not …)`", None),
    ("A -> B ->", "unfinished", "->", "end of the flow", None),
    ("[A ->] x 3", "unfinished", "->", "between this arrow and `]`", None),
    ("let a =", "unfinished", "=", "nothing follows `=`", None),
    ("let a = 1 +", "unfinished", "+", "nothing follows `+`", None),
    ("let a = b if c", "unfinished", "c", "needs an `else`", None),
    ("Conv(64 if c)", "unfinished", ")", "needs an `else`", None),
    ("A x", "unfinished", "x", "nothing follows `x`", None),
    ("output a,", "unfinished", ",", "last comma", None),
    ("default Conv", "unfinished", "Conv", "`(`", None),
    ("A => B", "bad-arrow", "=>", "`->`", "A -> B"),
    ("x = A => B", "bad-arrow", "=>", "`->`", "x = A -> B"),
    ("A --> B", "bad-arrow", "-->", "`->`", "A -> B"),
    ("A > B", "bad-arrow", ">", "`->`", "A -> B"),
    ("A |> B", "bad-arrow", "|>", "`->`", "A -> B"),
    ("A - > B", "bad-arrow", "- >", "without a space", "A -> B"),
    ("A -> -> B", "bad-arrow", "-> ->", "no stage between", None),
    ("-> A", "bad-arrow", "->", "starts with a stage", None),
    ("A B", "bad-arrow", "B", "no arrow", "A -> B"),
    ("Conv(3) ReLU", "bad-arrow", "ReLU", "no arrow", "Conv(3) -> ReLU"),
    ("A, B", "bad-arrow", ",", "not by commas", "A -> B"),
    ("{ A, B }", "bad-arrow", ",", "`|`", "{ A | B }"),
    ("(A | B)", "bad-arrow", "|", "in braces", None),
    ("A <- B", "bad-arrow", "<-", "to the right", None),
    ("x == Conv(3)", "wrong-equals", "==", "`=`", "x = Conv(3)"),
    ("let a == 3", "wrong-equals", "==", "`=`", "let a = 3"),
    ("let a := 3", "wrong-equals", ":=", "`=`", "let a = 3"),
    ("A if s = 1", "wrong-equals", "=", "`==`", "A if s == 1"),
    ("expect params = 3", "wrong-equals", "=", "`==`", "expect params == 3"),
    ("Conv(64, kernel: 3)", "wrong-equals", ":", "`=`", "Conv(64, kernel= 3)"),
    ("Conv(64, kernel 3)", "wrong-equals", "kernel 3", "`kernel=3`", "Conv(64, kernel=3)"),
    ("x = y = A", "wrong-equals", "=", "only the start", None),
    ("conv(64) -> B", "wrong-case", "conv", "`Conv`", "Conv(64) -> B"),
    ("A -> conv2d(64)", "wrong-case", "conv2d", "`Conv`", "A -> Conv(64)"),
    ("A -> my_part(64)", "wrong-case", "my_part", "`MyPart`", "A -> MyPart(64)"),
    ("param Width = 3", "wrong-case", "Width", "`width`", "param width = 3"),
    ("block double(c) = A", "wrong-case", "double", "`Double`", "block Double(c) = A"),
    ("block Double(C) = A", "wrong-case", "C", "`c`", "block Double(c) = A"),
    ("shared tower = A", "wrong-case", "tower", "`Tower`", "shared Tower = A"),
    ("Foo = Conv(3)", "wrong-case", "Foo", "`block Foo = …`", None),
    ("A as E1", "wrong-case", "E1", "`e1`", "A as e1"),
    ("Conv(Kernel=3)", "wrong-case", "Kernel", "`kernel`", "Conv(kernel=3)"),
    ("output Foo", "wrong-case", "Foo", "an output", None),
    ("let _a = 3", "wrong-case", "_a", "start with a letter", None),
    ("let in = 3", "reserved-word", "in", "reserved", None),
    ("Conv(default=3)", "reserved-word", "default", "reserved", None),
    ("let a = from + 1", "reserved-word", "from", "reserved", None),
    ("in -> A", "reserved-word", "in", "`_`", "_ -> A"),
    ("let a = 1 < b < 3", "chained-comparison", "<", "`… < b and b < …`", None),
    ("Conv(64 3)", "missing-comma", "3", "no comma", "Conv(64, 3)"),
    ("let a = [1 2]", "missing-comma", "2", "no comma", "let a = [1, 2]"),
    ("Conv(a, b=3, 4)", "positional-after-named", "4", "positional", None),
    ("A; B", "foreign-operator", ";", "line", None),
    ("A;", "foreign-operator", ";", "line", "A"),
    ("let a = b && c", "foreign-operator", "&&", "`and`", "let a = b and c"),
    ("let a = b || c", "foreign-operator", "||", "`or`", "let a = b or c"),
    ("let a = b||c", "foreign-operator", "||", "`or`", "let a = b or c"),
    ("let a = !b", "foreign-operator", "!", "`not`", "let a = not b"),
    ("let a = 2 ** 3", "foreign-operator", "**", "`^`", "let a = 2 ^ 3"),
    ("let a = c ? 1 : 2", "foreign-operator", "?", "`a if c else b`", None),
    ("let a = 3abc", "bad-number", "3abc", "not a number", None),
    ("let a = 1.2.3", "bad-number", "1.2.3", "not a number", None),
    ("let 3d = 4", "bad-number", "3d", "start with a letter", None),
    ("Conv('same')", "single-quotes", "'same'", "double quotes", 'Conv("same")'),
    ('let a = "b', "open-text", '"b', "closing quote", None),
    (r'let a = "\q"', "bad-text", r"\q", "not an escape", None),
    ("let a = 2 \u2212 1", "unknown-character", "\u2212", "`-`", "let a = 2 - 1"),
    ("let a = 1 @ 2", "unknown-character", "@", "means nothing", None),
    ("Conv(64, 3 x 3)", "syntax", "3 x 3", "`3x3`", "Conv(64, 3x3)"),
    ("Bidirectional(LSTM(64))", "syntax", "LSTM", "`Bidirectional{ LSTM(64) }`", None),
    ("Bidirectional(LSTM(64), a=sum)", "syntax", "LSTM", "`Bidirectional(a=sum){ LSTM(64) }`", None),
    ("Bidirectional(b=LSTM(3)){ LSTM(2) }", "syntax", "LSTM", "a stage stands in braces", None),
    ("Add(x, FC(4, bias=no) -> B)", "syntax", "FC", "`Add{ x | FC(4, bias=no) -> B }`", None),
    ("A -> Add(B{ C | D }, e[1])", "syntax", "B", "`Add{ B{ C | D } | e[1] }`", None),
    ("Conv(B(3), 64)", "syntax", "B", "`Conv{ B… }`", None),
    ("Conv(B(3), true)", "syntax", "B", "`Conv{ B… }`", None),
    ("Conv(64)(x)", "syntax", "(", "`x -> Conv(64, 3)`", None),
    ("keras.Conv(3)", "syntax", "keras.", "no module", "Conv(3)"),
    ("Conv[64]", "syntax", "[", "round brackets", None),
    ("Residual{ F }(when=c)", "syntax", "(", "before the braces", None),
    ("A -> 64", "syntax", "64", "not a stage", None),
    ("A -> ()", "syntax", "()", "Identity", None),
    ("A -> _", "syntax", "_", "only begin a flow", None),
    ("A -> B if c else _ x 2", "syntax", "_", "Identity", None),
    ("A for (c, n) in r", "syntax", "(", "without brackets", None),
    ("A for i range(3)", "syntax", "range", "`in`", None),
    ("blok Foo(c) = A", "syntax", "blok", "`block`", None),
    ("let a = 3 4", "syntax", "4", "an operator or the end", None),
]


@pytest.mark.parametrize(("text", "slug", "spanned", "words", "mended"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_slip_gives_one_helpful_error(text: str, slug: str, spanned: str, words: str, mended: str | None) -> None:
    _, found = read(text)
    assert [(one.code.slug, one.span.text) for one in found] == [(slug, spanned)]
    (one,) = found
    assert words in f"{one.message} {one.label} {one.help}"
    assert one.message[0].islower() or not one.message[0].isalpha()
    assert not one.message.endswith(".")
    if mended is not None:
        (edit,) = one.fixes[0].edits
        assert text[: edit.span.start] + edit.text + text[edit.span.end :] == mended
        assert mended == "A" or read(mended)[1] == []


@pytest.mark.parametrize(
    ("part", "written", "right", "kinds"),
    [
        ("block ConvBN(c) = A", "convbn(64)", "ConvBN", "blocks"),
        ("block ConvBN(c) = A", "conv_bn(64)", "ConvBN", "blocks"),
        ("shared Tower = A", "tower()", "Tower", "shared parts"),
        ("model Critic = A", "critic()", "Critic", "models"),
        ("block Conv2D(c) = A", "conv2d(64)", "Conv2D", "blocks"),
        ("# block ConvBN(c) = A", "convbn(64)", "Convbn", "operators"),
    ],
)
def test_a_part_in_small_letters_is_named(part: str, written: str, right: str, kinds: str) -> None:
    (one,) = read(f"{part}\nB -> {written}")[1]
    assert (one.span.text, one.message) == (written.split("(")[0], f"{kinds} start with a capital: `{right}`")
    assert [edit.text for edit in one.fixes[0].edits] == [right]


def test_faults_are_found_in_every_statement() -> None:
    text = "let a = \nlet b = 1 2\nA => B\nlet c = 3\noutput Foo\n"
    parsed, found = read(text)
    assert [one.span.file.position(one.span.start)[0] for one in found] == [1, 2, 3, 5]
    assert [isinstance(one, tree.BrokenStatement) for one in parsed.statements] == [True, True, True, False, True]


@pytest.mark.parametrize(
    ("text", "defined"),
    [
        ("let a == 3", ["a"]),
        ("param Width = 3", ["Width", "width"]),
        ("block Double(c = A", ["Double"]),
        ("x, y = A =>", ["x", "y"]),
        ("Input(8) -> A as e, f x 2 -> B as g", ["e", "f", "g"]),
        ('import A, B from "x', ["A", "B"]),
        ("let f(v = 3", ["f"]),
    ],
)
def test_broken_statements_say_what_they_would_define(text: str, defined: list[str]) -> None:
    (statement,) = read(text)[0].statements
    assert isinstance(statement, tree.BrokenStatement)
    assert set(defined) <= set(statement.defines)


def test_a_file_past_its_limit_is_not_read() -> None:
    parsed, (found,) = read("A\n" * 600_000)
    assert (found.code.slug, parsed.statements) == ("too-large", ())


def codes() -> list[Code]:
    return [one for one in vars(syntax_codes).values() if isinstance(one, Code)]


@pytest.mark.parametrize("code", codes(), ids=lambda code: code.slug)
def test_each_code_shows_a_spec_that_has_it_and_the_same_mended(code: Code) -> None:
    assert [one.code for one in read(code.failing)[1]] == [code]
    assert read(code.mended)[1] == []
    assert 101 <= int(code.number[2:]) <= 139


# --- robustness ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "let a = " + "1+" * 30_000 + "1",
        "let a = " + "2^" * 30_000 + "1",
        "let a = " + "-" * 30_000 + "1",
        "let a = " + "not " * 30_000 + "b",
        "let a = " + "b if c else " * 10_000 + "d",
        "A" + " x 1" * 30_000,
        "A" + " as e" * 30_000,
        "A if c else " * 10_000 + "B",
        "let a = b" + "[1]" * 30_000,
        "[" * 200 + "A" + "]" * 200,
    ],
    ids=lambda text: text[:20],
)
def test_deep_trees_need_no_recursion(text: str) -> None:
    good(text)


def test_the_garbage_collector_is_as_it_was() -> None:
    assert gc.isenabled()
    good("A -> B")
    assert gc.isenabled()
    gc.disable()
    try:
        read("A -> ")
        assert not gc.isenabled()
    finally:
        gc.enable()


PIECES = [
    *"()[]{}|:,=+-*/%^<>?_.\"'#;x",
    *RESERVED,
    "->",
    "→",
    "×",
    "==",
    "//",
    "3x3",
    "64",
    "1e-3",
    "Conv",
    "Add",
    "e",
    "x",
    "name",
    "\n",
    "\r\n",
    "\t",
    " ",
    " ",
    '"text"',
    "# note\n",
    "\u0421",
    "é",
    "\0",
    "\u2028",
    "1_0",
    "1K",
    "9" * 1300,
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(lambda parts: " ".join(parts)) | st.text(max_size=80))
def test_no_text_makes_it_raise(text: str) -> None:
    parsed, found = read(text)
    broken = [one for one in parsed.statements if isinstance(one, tree.BrokenStatement)]
    assert len(broken) == len(found)
    for one in found:
        assert 0 <= one.span.start <= one.span.end <= len(text)
        for fix in one.fixes:
            assert all(0 <= edit.span.start <= edit.span.end <= len(text) for edit in fix.edits)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map(lambda parts: "".join(parts)))
def test_no_part_makes_it_raise(text: str) -> None:
    for parse in (parse_flow, parse_expression, parse_head, parse_names, parse_labels):
        found = Diagnostics()
        result = parse(text, Place(SourceFile("a", text)), found)  # type: ignore[operator]
        assert (result is None) == found.has_errors


def test_lark_is_loaded_only_to_parse() -> None:
    program = "import sys, nnspec.syntax.arrow, nnspec.syntax.format; print(*(n in sys.modules for n in sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, "lark", "unicodedata"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]

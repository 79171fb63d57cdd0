"""The newline, comment and bracket rules of LANGUAGE.md sections 1, 8 and 10."""

from __future__ import annotations

import pytest

from nnspec.source import SourceFile
from nnspec.syntax.layout import Layout, blank, lay_out
from nnspec.syntax.place import Place
from tests.effort import growth


def cut(text: str) -> Layout:
    return lay_out(text, Place(SourceFile("a.nn", text)))


def texts(text: str) -> list[str]:
    """The statements, as the file spells them."""
    return [text[piece.start : piece.end] for piece in cut(text).pieces]


def slips(text: str) -> list[tuple[str, str]]:
    """Slug and spanned text of each fault, statement by statement."""
    return [(piece.slip.code.slug, piece.slip.span.text) for piece in cut(text).pieces if piece.slip]


# --- where a statement ends ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "A\n-> B",
        "A\n→ B",
        "{ a\n| b }",
        "A\n| B",
        "A\n: (3)",
        "A\nfor i in r",
        "A\nif c",
        "A if c\nelse B",
        "A\nas e",
        "A\n× 3",
        "A\n* 3",
        "Conv(3\n)",
        "A\n)",
        "A ->\nB",
        "A →\nB",
        "x =\nA",
        "A |\nB",
        "output a,\nb",
        "let a = 1 +\n2",
        "let a = 1 -\n2",
        "let a = 1 *\n2",
        "let a = 1 /\n2",
        "let a = 1 //\n2",
        "let a = 1 %\n2",
        "let a = 1 ^\n2",
        "let a = b ==\n2",
        "let a = b <\n2",
        "let a = b >=\n2",
        "let a = b and\nc",
        "let a = b or\nc",
        "let a = not\nc",
        "A if\nc",
        "A if c else\nB",
        "A for i in\nr",
        "A ×\n3",
        "A *\n3",
        "(A\nB\nC)",
        "A # one\n\n# two\n   # three\n-> B",
        "A -> # one\n\n# two\nB",
        "A\r\n-> B\r-> C",
    ],
)
def test_a_newline_continues(text: str) -> None:
    assert texts(text + "\nlet last = 1") == [text, "let last = 1"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A", "B"),
        ("A", "x 3"),
        ("A", "[B]"),
        ("A", "{ B }"),
        ("A", "(B)"),
        ("A", "forest -> B"),
        ("A", "iffy -> B"),
        ("A", "asset -> B"),
        ("A", "elsewhere -> B"),
        ("A -> begin", "B"),
        ("A -> candor", "B"),
        ("A as xor", "B"),
        ("A :", "(3)"),
        ("A for", "B"),
        ("A as", "B"),
        ("A", "x = B"),
        ("param n", "B"),
    ],
)
def test_a_newline_ends(first: str, second: str) -> None:
    assert texts(f"{first}\n{second}\n") == [first, second]


@pytest.mark.parametrize("stage", ["A x", "(A) x", "[A] x", "{ A } x", "e1 x", "_ x", "A x 3 x", "A x ? x", "A x n x"])
def test_a_final_x_behind_a_stage_continues(stage: str) -> None:
    assert texts(f"{stage}\n3") == [f"{stage}\n3"]


@pytest.mark.parametrize(
    "line",
    [
        "y = x",
        "A -> x",
        "A → x",
        "output a, x",
        "output x",
        "A for i in x",
        "A if x",
        "A if c else x",
        "A as x",
        "let a = -x",
        "let a = not x",
        "x",
        "param x",
        "A -> max",
        "A -> e_x",
    ],
)
def test_a_final_x_elsewhere_is_a_name(line: str) -> None:
    assert texts(f"{line}\nB") == [line, "B"]


def test_an_x_that_opens_a_branch_is_a_tensor() -> None:
    assert texts("{ a |\nx\n}\nB") == ["{ a |\nx\n}", "B"]


def test_line_ends_tabs_and_a_missing_last_newline() -> None:
    assert texts("let a = 1\r\nlet b = 2\rlet c = 3\n\tlet d = 4") == [
        "let a = 1",
        "let b = 2",
        "let c = 3",
        "let d = 4",
    ]
    piece = cut("\tA")
    assert piece.pieces[0].start == 1


def test_offsets_stay_true_when_comments_and_newlines_are_blanked() -> None:
    text = 'A(  # no "text"\r\n "a # b", 3)\n-> B'
    assert blank(text) == "A(" + " " * 16 + '"a # b", 3) -> B'
    assert len(blank(text)) == len(text)


# --- comments --------------------------------------------------------------------------------


def test_comments_know_their_places() -> None:
    layout = cut("# top\n# more\n\n# lead\nA  # one\n# own\n-> B  # two\n# end\n")
    assert layout.description == "top\nmore"
    (piece,) = layout.pieces
    assert piece.comments.leading == ("lead",)
    assert [inner.text for inner in piece.comments.inside] == ["one", "own"]
    assert [inner.span.text for inner in piece.comments.inside] == ["# one", "# own"]
    assert piece.comments.trailing == "two"
    assert layout.closing == ("end",)


def test_the_description_is_the_block_at_the_top_alone() -> None:
    assert cut("\n\n# a\n#b\n#\n#  c\nA").description == "a\nb\n\n c"
    assert cut("A # a\n# b\n").description is None
    assert cut("# only").description == "only"
    assert cut("").description is None


def test_a_comment_sign_in_a_text_is_text() -> None:
    assert texts('import A from "a#b"  # c\nB') == ['import A from "a#b"', "B"]


def test_allowances() -> None:
    layout = cut("# allow: for-all\nA\n-> B  # allow: one, two because\n-> C # not allow: x\n")
    found = [(item.slug, item.line, item.span.text) for item in layout.allowances]
    assert found == [
        ("for-all", None, "# allow: for-all"),
        ("one", 3, "-> B  # allow: one, two because"),
        ("two", 3, "-> B  # allow: one, two because"),
    ]
    assert layout.description is None


# --- brackets, texts and characters ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "slug", "spanned", "statements"),
    [
        ("x = Conv(64\nlet a = 3\nA", "unclosed-bracket", "(", ["x = Conv(64", "let a = 3", "A"]),
        ("x = [A -> B\ny = A\nB", "unclosed-bracket", "[", ["x = [A -> B", "y = A", "B"]),
        ("x = Conv(64,\ny = A\noutput y", "unclosed-bracket", "(", ["x = Conv(64,", "y = A", "output y"]),
        ("x = Conv(64,\n  kernel=3\ny, z = A", "unclosed-bracket", "(", ["x = Conv(64,\n  kernel=3", "y, z = A"]),
        ("(A -> B", "unclosed-bracket", "(", ["(A -> B"]),
        ("[(A] -> B\nlet a = 1", "unclosed-bracket", "(", ["[(A] -> B", "let a = 1"]),
        ("(A]\nlet a = 1", "crossed-brackets", "]", ["(A]", "let a = 1"]),
        ("A)\nlet a = 1", "stray-bracket", ")", ["A)", "let a = 1"]),
        ('let a = "b\nlet c = 1', "open-text", '"b', ['let a = "b', "let c = 1"]),
        ("let a = 'b)'\nlet c = 1", "single-quotes", "'b)'", ["let a = 'b)'", "let c = 1"]),
        ("\u0421onv(3)\nlet c = 1", "lookalike-letter", "\u0421", ["\u0421onv(3)", "let c = 1"]),
        ("A \u21d2 B\nlet c = 1", "unknown-character", "\u21d2", ["A \u21d2 B", "let c = 1"]),
    ],
)
def test_one_fault_and_the_rest_is_read(text: str, slug: str, spanned: str, statements: list[str]) -> None:
    assert slips(text) == [(slug, spanned)]
    assert texts(text) == statements


def test_named_arguments_at_the_start_of_a_line_are_no_statements() -> None:
    text = "x = Conv(\n64,\nkernel=3\n)\nlet a = 1"
    assert texts(text) == ["x = Conv(\n64,\nkernel=3\n)", "let a = 1"]
    assert slips(text) == []


def test_a_look_alike_is_named() -> None:
    (piece,) = cut("\u0421onv(3)").pieces
    assert piece.slip is not None
    assert piece.slip.message == "'\u0421' is Cyrillic U+0421"
    assert piece.slip.fixes[0].edits[0].text == "C"


def test_letters_in_texts_and_comments_are_free() -> None:
    assert slips('import A from "\u0421.nn"  # \u0421\n') == []


def test_brackets_may_be_200_deep() -> None:
    assert slips("(" * 200 + "A" + ")" * 200) == []
    text = "(" * 201 + "A" + ")" * 201 + "\nlet a = 1"
    assert slips(text) == [("too-deep", "(")]
    assert cut(text).pieces[0].slip.span.start == 200  # type: ignore[union-attr]
    assert len(texts(text)) == 2


def test_a_large_file_is_cut_in_linear_work() -> None:
    line = "-> [Conv(64, 3, padding=same) -> ReLU] x 2  # a comment\n"
    assert len(texts("Input(8)\n" + line * (1_000_000 // len(line)))) == 1
    assert growth(lambda count: cut("Input(8)\n" + line * count), 1_000) < 2.5


def test_recovery_is_bounded() -> None:
    assert len(cut("x = (\n" * 100_000).pieces) < 10
    assert growth(lambda count: cut("x = (\n" * count), 2_000) < 2.5


def test_a_statement_word_begins_a_statement_even_behind_an_arrow() -> None:
    assert texts("A ->\nlet a = 1\nx =\n# note\noutput a") == ["A ->", "let a = 1", "x =", "output a"]

"""Whole renderings for people: few, each for one thing that a reader relies on."""

from __future__ import annotations

from nnspec.diagnostics.codes.shapes import WINDOW_TOO_LARGE
from nnspec.diagnostics.diagnostic import Diagnostic, Frame, Label, Severity
from nnspec.diagnostics.screen import Screen, width_in_cells
from nnspec.diagnostics.text import render, tally
from nnspec.source import SourceFile, Span

PLAIN = Screen()


def at(file: SourceFile, text: str, start: int = 0) -> Span:
    offset = file.text.index(text, start)
    return Span(file, offset, offset + len(text))


def window(span: Span, **more: object) -> Diagnostic:
    message = "the window is taller than its input"
    return Diagnostic(WINDOW_TOO_LARGE, "error", message, span, **more)  # type: ignore[arg-type]


def test_the_example_of_the_architecture() -> None:
    file = SourceFile("vgg.nn", "# small\nInput(32, 32, 3)\n-> [(Conv(64, 3) -> ReLU) x 2 -> MaxPool(2)] x 6\n")
    found = window(
        at(file, "MaxPool(2)"),
        label="2 > 1",
        trace=(Frame("repeat 6 of 6", Span(file, file.text.index("[("), len(file.text) - 1)),),
        notes=("size: floor((1 - 2 + 0) / 2) + 1 = 0",),
        help="at most 5 repeats fit a 32 x 32 input, or use `padding=same`",
    )
    assert render(found, PLAIN) == (
        "error[NN301]: the window is taller than its input\n"
        "  --> vgg.nn:3:34\n"
        "   |\n"
        " 3 | -> [(Conv(64, 3) -> ReLU) x 2 -> MaxPool(2)] x 6\n"
        "   |                                  ^^^^^^^^^^ 2 > 1\n"
        "   = in: repeat 6 of 6 (vgg.nn:3:4)\n"
        "   = size: floor((1 - 2 + 0) / 2) + 1 = 0\n"
        "   = help: at most 5 repeats fit a 32 x 32 input, or use `padding=same`"
    )


def test_a_span_of_several_lines_shows_both_ends() -> None:
    file = SourceFile("a.nn", "Input(8)\n-> [A\n    -> B\n    -> C\n   ] x 3\n-> D\n")
    span = Span(file, file.text.index("[A"), file.text.index("] x 3") + 1)
    assert render(window(span, label="here"), PLAIN).split("\n")[2:] == [
        "   |",
        " 2 | -> [A",
        "   |    ^^",
        "...",
        " 5 |    ] x 3",
        "   |    ^ here",
    ]


def test_secondary_places_come_with_their_excerpts_and_files() -> None:
    file = SourceFile("a.nn", "let width = 3\nlet n = 2\nlet width = 4\n")
    other = SourceFile("blocks/b.nn", "# parts\nblock F = FC(3)\n")
    found = window(
        at(file, "width", 20), labels=(Label(at(file, "width"), "first here"), Label(at(other, "FC(3)"), "used here"))
    )
    assert render(found, PLAIN).split("\n")[1:] == [
        "  --> a.nn:3:5",
        "   |",
        " 1 | let width = 3",
        "   |     ----- first here",
        " 2 | let n = 2",
        " 3 | let width = 4",
        "   |     ^^^^^",
        "  ::: blocks/b.nn:2:11",
        "   |",
        " 2 | block F = FC(3)",
        "   |           ----- used here",
    ]


def test_marks_stand_below_what_they_mark_after_tabs_and_wide_letters() -> None:
    file = SourceFile("a.nn", '\tx = 宽度("数据", é) -> FC(3)')
    lines = render(window(at(file, "FC(3)")), PLAIN).split("\n")
    source, marks = lines[3], lines[4]
    assert width_in_cells(source[: source.index("FC(3)")]) == marks.index("^^^^^")


def test_a_spec_sends_no_escapes_to_the_terminal() -> None:
    file = SourceFile("evil\x1b]0;x\x07.nn", "Input(8) # \x1b[2J \u202e \x9b31m\r\n-> FC(3)\x00 -> FC(3)")
    evil = Label(at(file, "Input"), "\x1b[3m")
    found = window(at(file, "FC(3)"), label="\x1b[1m", notes=("a\x07",), help="\x9d0;title\x9c", labels=(evil,))
    shown = render(found, PLAIN)
    assert all(char == "\n" or char.isprintable() for char in shown)
    assert "\\x1b[2J \\u202e \\x9b31m" in shown


def test_what_the_encoding_lacks_is_written_in_ascii_and_marks_stay_in_place() -> None:
    file = SourceFile("a.nn", "Input(8) → é → FC(3) × 2")
    lines = render(window(at(file, "FC(3)"), help="use `×`"), Screen(encoding="ascii")).split("\n")
    assert lines[3] == " 1 | Input(8) -> \\xe9 -> FC(3) x 2"
    assert lines[4].index("^^^^^") == lines[3].index("FC(3)")
    assert all(line.isascii() for line in lines)


def test_a_line_without_end_is_cut_around_the_mark() -> None:
    file = SourceFile("a.nn", "Input(8)" + " -> ReLU" * 10_000 + " -> Dence(3)" + " -> ReLU" * 10_000)
    lines = render(window(at(file, "Dence")), PLAIN).split("\n")
    assert all(len(line) < 200 for line in lines)
    assert lines[3][lines[4].index("^") :].startswith("Dence")


def test_an_empty_file_and_a_place_behind_the_end_are_shown() -> None:
    assert render(window(Span(SourceFile("a.nn", ""), 0, 0)), PLAIN).endswith("--> a.nn:1:1")
    file = SourceFile("a.nn", "Input(8) ->\n")
    assert "   |            ^" in render(window(Span(file, 11, 12)), PLAIN)


def test_colors_only_where_asked() -> None:
    file = SourceFile("a.nn", "FC(3)")
    assert "\x1b[1;31merror[NN301]\x1b[0m" in render(window(at(file, "FC")), Screen(color=True))
    assert "\x1b" not in render(window(at(file, "FC")), PLAIN)


def test_a_tally_counts_each_severity() -> None:
    found: list[Severity] = ["note", "error", "note"]
    assert tally(found, 3) == "1 error, 2 notes in 3 files"
    assert tally(["warning"], 1) == "1 warning in 1 file"

"""Fixes are applied until nothing changes, and never so that a text has more errors than before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from nnspec.diagnostics.codes.names import UNKNOWN_NAME
from nnspec.diagnostics.diagnostic import Diagnostic, Edit, Fix
from nnspec.mending.applying import MOST_ROUNDS, mend
from nnspec.source import SourceFile, Span

#: For a word, the text that a fix puts in its place, and whether that is safe.
Rules = dict[str, tuple[str, bool]]


def look_for(rules: Rules) -> Callable[[SourceFile], Sequence[Diagnostic]]:
    """Every word of the rules is an error, with its fix."""

    def look(file: SourceFile) -> list[Diagnostic]:
        found = []
        for word in re.finditer(r"\w+", file.text):
            if word[0] in rules:
                span, (text, safe) = Span(file, word.start(), word.end()), rules[word[0]]
                fix = Fix(f"write {text}", (Edit(span, text),), safe)
                found.append(Diagnostic(UNKNOWN_NAME, "error", word[0], span, fixes=(fix,)))
        return found

    return look


def mended(text: str, rules: Rules, *, unsafe: bool = False) -> tuple[str, int]:
    done = mend(SourceFile("a.nn", text), look_for(rules), unsafe=unsafe)
    return done.file.text, len(done.titles)


def test_all_that_is_safe_is_applied_at_once() -> None:
    assert mended("a b a", {"a": ("x", True), "b": ("yy", True)}) == ("x yy x", 3)


def test_what_is_not_safe_waits_to_be_asked_for() -> None:
    rules = {"a": ("x", False), "b": ("y", True)}
    assert mended("a b", rules) == ("a y", 1)
    assert mended("a b", rules, unsafe=True) == ("x y", 2)


def test_what_a_fix_uncovers_is_mended_in_its_turn() -> None:
    assert mended("a", {"a": ("b", True), "b": ("c", True)}) == ("c", 2)


def test_more_errors_are_never_left() -> None:
    assert mended("a", {"a": ("b b", True), "b": ("c", True)}) == ("a", 0)
    assert mended("a", {"a": ("b b", False), "b": ("c", False)}, unsafe=True) == ("a", 0)
    assert mended("a", {"a": ("b", False), "b": ("c", False)}, unsafe=True) == ("a", 0)


def test_fixes_that_undo_each_other_end() -> None:
    text, rounds = mended("a", {"a": ("b", True), "b": ("a", True)})
    assert text in ("a", "b")
    assert rounds <= MOST_ROUNDS


def test_one_bad_fix_does_not_keep_the_others_from_being_applied() -> None:
    assert mended("a b", {"a": ("b b b", True), "b": ("c", True)}) == ("a c", 1)


def test_fixes_that_touch_are_applied_one_after_the_other() -> None:
    file = SourceFile("a.nn", "abab")

    def look(file: SourceFile) -> list[Diagnostic]:
        at = file.text.find("ab")
        spans = [Span(file, at, at + 2), Span(file, at + 1, at + 2)] if at >= 0 else []
        fix = [Fix("x", (Edit(span, "x"),), safe=True) for span in spans]
        pairs = zip(spans, fix, strict=True)
        return [Diagnostic(UNKNOWN_NAME, "error", "ab", span, fixes=(each,)) for span, each in pairs]

    assert mend(file, look, unsafe=False).file.text == "xx"


def test_nothing_is_applied_where_nothing_can_be_said() -> None:
    asked: list[str] = []

    def look(file: SourceFile) -> Sequence[Diagnostic] | None:
        asked.append(file.text)
        return look_for({"a": ("b", True)})(file) if len(asked) == 1 else None

    assert mend(SourceFile("a.nn", "a"), look, unsafe=True).file.text == "a"

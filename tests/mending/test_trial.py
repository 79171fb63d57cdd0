"""A trial says of an edited spec what `check` says of the same text in a file; its work is bounded by counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnspec.compiler import Settings, with_deep_stack
from nnspec.diagnostics.diagnostic import Edit
from nnspec.mending.trial import Budget, Edited, Trial, Trials, apply
from nnspec.source import SourceFile, Span
from tests.program.checking import check, shape_of


def edit(file: SourceFile, old: str, new: str, *, which: int = 0) -> Edit:
    at = -1
    for _ in range(which + 1):
        at = file.text.index(old, at + 1)
    return Edit(Span(file, at, at + len(old)), new)


def tried(file: SourceFile, *edits: Edit, budget: Budget | None = None) -> Trial:
    trials = Trials(file, Settings(), budget or Budget())
    trial = with_deep_stack(lambda: trials.of(edits))
    assert trial is not None
    return trial


@pytest.mark.parametrize(
    ("path", "text", "old", "new"),
    [
        ("net.nn", "Input(8, 8, 3) -> Conv(16, 9) -> FC(10)\n", "9)", "8)"),
        ("net.nn", "Input(8, 8, 3) -> Conv(16, 9) -> FC(10)\n", "9)", "9, padding=same)"),
        ("net.yaml", "nnspec: 1\nnetwork: 'Input(8, 8, 3) -> Conv(16, 9)'\n", "9)", "7)"),
        ("net.yaml", "nnspec: 1\nnetwork:\n- Input(8, 8, 3)\n- Conv: {filters: 16, kernel: 9}\n", "9}", "5}"),
        ("net.yaml", "nnspec: 1\nnetwork:\n- Input(8, 8, 3)\n- Conv: {filters: 16, kernel: 9}\n", "9}", "["),
    ],
)
def test_a_trial_is_a_check_of_the_edited_text(path: str, text: str, old: str, new: str) -> None:
    file = SourceFile(path, text)
    trial = tried(file, edit(file, old, new))
    plain = check(text.replace(old, new), path=path)
    assert [(f.code, f.message, f.span.start, f.span.end) for f in trial.found.sorted()] == [
        (f.code, f.message, f.span.start, f.span.end) for f in plain.found
    ]
    shapes = [[shape_of(o.type) for o in m.outputs] for m in trial.program.models if m.is_known]
    assert shapes == [[shape_of(o.type) for o in m.outputs] for m in plain.program.models if m.is_known]


def test_findings_are_told_in_places_of_the_text_before() -> None:
    file = SourceFile("net.nn", "Input(8, 8, 3) -> Conv(16, 3) -> Conv(16, 9) -> FC(10)\n")
    assert tried(file).signs() == {("NN301", "net.nn", 33, 44)}
    shorter, longer = edit(file, "Input(8, 8, 3)", "Input(8, 8)"), edit(file, "16", "1600 + 10000")
    assert tried(file, shorter).signs() == {("NN301", "net.nn", 33, 44)}
    assert tried(file, longer).signs() == {("NN301", "net.nn", 33, 44)}
    inserted = Edit(Span(file, 30, 30), "-> Conv(7, 9) ")
    assert tried(file, inserted).signs() == {("NN301", "net.nn", 30, 30)}


def test_every_offset_has_a_place_in_the_text_before() -> None:
    file = SourceFile("net.nn", "abcdefgh")
    (edited,) = apply([Edit(Span(file, 2, 4), "XYZ"), Edit(Span(file, 6, 6), "!")]) or ()
    assert edited.after.text == "abXYZef!gh"
    assert [edited.back(at) for at in range(11)] == [0, 1, 2, 2, 2, 4, 5, 6, 6, 7, 8]


def test_edits_that_overlap_are_not_tried() -> None:
    file = SourceFile("net.nn", "Input(8) -> FC(3)\n")
    budget = Budget()
    trials = Trials(file, Settings(), budget)
    assert trials.of([Edit(Span(file, 0, 5), "a"), Edit(Span(file, 4, 6), "b")]) is None
    assert budget.trials == Budget().trials
    assert apply([Edit(Span(file, 0, 5), "a"), Edit(Span(file, 5, 6), "b")]) is not None


def test_an_edit_of_an_imported_file_is_tried_there(tmp_path: Path) -> None:
    (tmp_path / "part.nn").write_text("block B(c) = Conv(c, 9)\n")
    path = tmp_path / "net.nn"
    path.write_text('import B from "part.nn"\nInput(8, 8, 3) -> B(4)\n')
    file = SourceFile(str(path), path.read_text())
    trials = Trials(file, Settings(), Budget())
    before = with_deep_stack(lambda: trials.of(()))
    assert before is not None
    (error,) = [found for found in before.found.sorted() if found.severity == "error"]
    assert error.span.file.path == str(tmp_path / "part.nn")
    after = with_deep_stack(lambda: trials.of([edit(error.span.file, "9", "8")]))
    assert after is not None
    assert not after.has_errors
    (model,) = after.program.models
    assert shape_of(model.outputs[0].type) == (1, 1, 4)
    assert (tmp_path / "part.nn").read_text() == "block B(c) = Conv(c, 9)\n"


def test_a_budget_ends_trials() -> None:
    file = SourceFile("net.nn", "Input(8) -> FC(3)\n")
    trials = Trials(file, Settings(), Budget(trials=2))
    assert [with_deep_stack(lambda: trials.of(())) is None for _ in range(4)] == [False, False, True, True]
    costly = SourceFile("net.nn", "Input(8, 8) -> [Conv(8 + i, 1) for i in range(20000)]\n")
    budget = Budget(work=50_000)
    trials = Trials(costly, Settings(), budget)
    assert with_deep_stack(lambda: trials.of(())) is not None
    assert budget.is_spent
    assert with_deep_stack(lambda: trials.of(())) is None


def test_the_edited_text_is_kept(tmp_path: Path) -> None:
    file = SourceFile("net.nn", "Input(8) -> FC(3)\n")
    (text,) = tried(file, edit(file, "3", "4")).texts
    assert isinstance(text, Edited)
    assert (text.before, text.after.text) == (file, "Input(8) -> FC(4)\n")

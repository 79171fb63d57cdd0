"""What an error says to type, and that it holds when it is typed."""

from __future__ import annotations

import pytest

from tests.program.checking import check

HEAD = "let n = 0\nInput(8, 8, 4) -> "

#: A stage, what its help names, and the stage with that done.
HELPED = {
    "Conv(64, 3, 2)": ("`stride=2`", "Conv(64, 3, stride=2)"),
    "Conv(64, 3, (2, 2))": ("`stride=(2, 2)`", "Conv(64, 3, stride=(2, 2))"),
    "Conv(64, 3, same)": ("`padding=same`", "Conv(64, 3, padding=same)"),
    "ConvTranspose(4, 3, 2)": ("`stride=2`", "ConvTranspose(4, 3, stride=2)"),
    "DepthwiseConv(3, 2)": ("`stride=2`", "DepthwiseConv(3, stride=2)"),
    "FC(64, relu)": ("`act=relu`", "FC(64, act=relu)"),
    "FC(12 / n)": ("`12 / n if n != 0 else …`", "FC(12 / n if n != 0 else 3)"),
    "FC(1 / 0)": ("a divisor that is not 0", "FC(1 / 1)"),
    "ReLU x -1": ("`x 1`; `x 0` leaves the stage out", "ReLU x 1"),
    "ReLU x -n": ("`x (-n)`", "ReLU x (-n)"),
    "ReLU x (n - 1)": ("`x 0`", "ReLU x 0"),
    "ReLU x (7 / 2)": ("write 3 or 4", "ReLU x 3"),
}


@pytest.mark.parametrize("stage", HELPED)
def test_help_says_what_to_type(stage: str) -> None:
    says, mended = HELPED[stage]
    assert says in (check(HEAD + stage).only().help or "")
    assert check(HEAD + mended).errors == []


#: A merge whose tensors are written as arguments, what stands under its error, and the merge as it is written.
MERGED = {
    "Concat(x, x)": ("x, x", "Concat{ x | x }"),
    "Add(x, y)": ("x, y", "Add{ x | y }"),
    "Multiply([x, y])": ("[x, y]", "Multiply{ x | y }"),
    "Concat(x, y, axis=0)": ("x, y", "Concat(axis=0){ x | y }"),
    "x -> Average(y)": ("y", "Average{ _ | y }"),
    "Maximum(e[0], e[1])": ("e[0], e[1]", "Maximum{ e[0] | e[1] }"),
    "Subtract(x, y)": ("x, y", "Subtract{ x | y }"),
    "Dot(x, y, axes=0)": ("x, y", "Dot(axes=0){ x | y }"),
}


@pytest.mark.parametrize("flow", MERGED)
def test_a_merge_is_told_its_braces(flow: str) -> None:
    under, mended = MERGED[flow]
    head = "x = Input(8) -> FC(4)\ny = x -> FC(4) as e[0] -> FC(4) as e[1]\n"
    checked = check(head + flow)
    assert checked.all == [f"error NN207 {under}"]
    assert checked.only().help == f"write `{mended}`"
    assert check(head + flow.replace(flow.removeprefix("x -> "), mended)).errors == []


def test_a_number_given_to_a_merge_is_no_tensor() -> None:
    checked = check("let n = 3\nInput(8) -> Concat(n)")
    assert all("braces" not in found.message for found in checked.found)


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("net.nn", "param classes\nInput(8) -> FC(classes)", "in the file: `param classes = …`"),
        (
            "net.yaml",
            "nnspec: 1\nparams: {classes: null}\nnetwork: Input(8) -> FC(classes)\n",
            "`params: {classes: …}`",
        ),
        ("net.yaml", "nnspec: 1\nparams:\n  classes:\nnetwork: Input(8) -> FC(classes)\n", "`params: {classes: …}`"),
        ("net.yaml", "nnspec: 1\nstatements: [param classes, Input(8) -> FC(classes)]\n", "`param classes = …`"),
    ],
)
def test_a_param_without_a_value_is_given_as_the_file_is_written(path: str, text: str, says: str) -> None:
    found = check(text, path=path).only()
    assert found.code.number == "NN209"
    assert says in (found.help or "")
    assert "`-p classes=…`" in (found.help or "")


def test_of_several_arguments_too_many_each_has_its_name() -> None:
    found = check(HEAD + "Conv(64, 3, 2, 1)").found
    assert [each.help for each in found] == ["write `stride=2`", "write `padding=1`"]


@pytest.mark.parametrize("stage", ["ReLU(3, 4)", "Dropout(0.5, 3)"])
def test_where_nothing_is_meant_the_keywords_are_listed(stage: str) -> None:
    assert all("by keyword it takes" in (found.help or "") for found in check(HEAD + stage).found)

"""A branch of a merge in YAML stays one branch, however it is written: a scalar, a mapping or a list."""

from __future__ import annotations

import pytest

from nnspec.diagnostics.diagnostic import Edit
from nnspec.mending import search
from nnspec.mending.candidate import Candidate
from nnspec.source import Span
from tests.mending.offering import Offered, faults, spliced

NETWORK = """nnspec: 1
network:
  - Input(100, 100, 3)
  - {stage: "Conv(16, 3, padding=same)", as: e}
  - MaxPool(3)
  - ConvTranspose(16, 2, stride=3)
  - branches:
      merge: Concat
      flows: %s
  - Conv(4, 3, padding=same)
"""


@pytest.mark.parametrize(
    ("flows", "mended"),
    [
        ('["e", null]', '["e -> Crop(like=_)", null]'),
        ("[e, _]", "[e -> Crop(like=_), _]"),
        ("[_, e]", "[_, e -> Crop(like=_)]"),
        ("['e -> ReLU', null]", "['e -> ReLU -> Crop(like=_)', null]"),
        ("[{use: e}, null]", "[[{use: e}, Crop(like=_)], null]"),
        ("[[{use: e}], null]", "[[{use: e}, Crop(like=_)], null]"),
        ("\n        - e\n        -", "\n        - e -> Crop(like=_)\n        -"),
        ("\n        - use: e\n        - _", "\n        - - use: e\n          - Crop(like=_)\n        - _"),
        (
            "\n        - stage: e\n          as: k\n        - _",
            "\n        - - stage: e\n            as: k\n          - Crop(like=_)\n        - _",
        ),
        ("\n        - - use: e\n        - _", "\n        - - use: e\n          - Crop(like=_)\n        - _"),
    ],
)
def test_a_stage_at_the_end_of_a_branch(flows: str, mended: str) -> None:
    text = NETWORK % flows
    fix = Offered(text, "net.yaml").errors[0].fixes[0]
    assert fix.title == f"end branch {2 if flows == '[_, e]' else 1} in `Crop(like=_)`"
    assert spliced(text, fix.edits) == NETWORK % mended
    assert not faults(NETWORK % mended, "net.yaml")


@pytest.mark.parametrize("flows", ['["e[2 - i]", null]', '[{use: "e[2 - i]"}, null]', '["e[2 - i]", _]'])
def test_the_same_in_each_turn(flows: str) -> None:
    text = (
        "nnspec: 1\nnetwork:\n  - Input(100, 100, 3)\n"
        "  - for: i\n    in: range(3)\n    body:\n"
        '      - {stage: "Conv(16 * 2^i, 3, padding=same)", as: e, index: [i]}\n      - MaxPool(2)\n'
        "  - for: i\n    in: range(3)\n    body:\n"
        "      - ConvTranspose(64 // 2^i, 2, stride=2)\n"
        f"      - branches: {{merge: Concat, flows: {flows}}}\n"
    )
    offered = Offered(text, "net.yaml")
    assert "end branch 1 in `Crop(like=_)`" in [fix.title for fix in offered.fixes]
    for fix in offered.fixes:
        assert not faults(spliced(text, fix.edits), "net.yaml")
        assert "null]" in spliced(text, fix.edits).split("Concat")[1] or "_]" in spliced(text, fix.edits)


def test_a_fix_that_makes_a_branch_more_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "nnspec: 1\nnetwork:\n  - Input(8, 8, 3)\n  - branches: {merge: Concat, flows: [GAP, _]}\n  - Flatten\n"
    file = Offered(text, "net.yaml").file
    at = text.index("_]")

    def branch_more(*_: object) -> list[Candidate]:
        wording = (Edit(Span(file, at, at + 1), "GAP, GAP"),)
        return [Candidate("a branch more", (wording,), 0.1, "more")]

    assert not faults(spliced(text, branch_more()[0].wordings[0]), "net.yaml")
    monkeypatch.setattr(search._Search, "_candidates", branch_more)
    assert not Offered(text, "net.yaml").fixes

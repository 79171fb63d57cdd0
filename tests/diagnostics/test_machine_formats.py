"""JSON, SARIF and GitHub's commands: the keys, their order, the escapes."""

from __future__ import annotations

import json
from typing import Any

from nnspec.diagnostics.codes.shapes import WINDOW_TOO_LARGE
from nnspec.diagnostics.diagnostic import Diagnostic, Edit, Fix, Frame, Label
from nnspec.diagnostics.github import command
from nnspec.diagnostics.json import diagnostic_data
from nnspec.diagnostics.sarif import document
from nnspec.source import SourceFile, Span

FILE = SourceFile("a, b%.nn", "# x\nInput(8) -> FC(0)\n")
OTHER = SourceFile("blocks/b c.nn", "block F = FC(3)\n")
FOUND = Diagnostic(
    WINDOW_TOO_LARGE,
    "error",
    "100% wrong",
    Span(FILE, 16, 21),
    label="0 < 1",
    labels=(Label(Span(OTHER, 10, 15), "there"),),
    trace=(Frame("repeat 6 of 6", Span(FILE, 4, 21)),),
    notes=("size: 0",),
    help="write\n`FC(1)`",
    fixes=(Fix("write 1", (Edit(Span(FILE, 19, 20), "1"),), safe=True),),
)


def test_json_has_the_promised_keys_in_their_order() -> None:
    data = diagnostic_data(FOUND, FILE)
    assert list(data) == [
        "code", "slug", "severity", "message", "span", "label", "labels", "trace", "notes", "help", "fixes",
    ]  # fmt: skip
    assert json.loads(json.dumps(data["span"])) == {
        "start": {"line": 2, "column": 13, "offset": 16},
        "end": {"line": 2, "column": 18, "offset": 21},
    }
    assert data["labels"][0]["span"]["path"] == "blocks/b c.nn"
    assert list(data["trace"][0]) == ["message", "span"]
    assert "path" not in data["trace"][0]["span"]
    assert data["fixes"] == [
        {
            "title": "write 1",
            "safe": True,
            "edits": [
                {
                    "span": {
                        "start": {"line": 2, "column": 16, "offset": 19},
                        "end": {"line": 2, "column": 17, "offset": 20},
                    },
                    "text": "1",
                }
            ],
        }
    ]


def test_json_without_the_optional_parts_has_all_keys() -> None:
    data = diagnostic_data(Diagnostic(WINDOW_TOO_LARGE, "error", "m", Span(FILE, 0, 0)), FILE)
    rest = {"label": "", "labels": [], "trace": [], "notes": [], "help": None, "fixes": []}
    assert {key: data[key] for key in rest} == rest


def test_github_escapes_data_and_properties() -> None:
    assert command(FOUND) == (
        "::error file=a%2C b%25.nn,line=2,col=13,endLine=2,endColumn=18,title=NN301 window-too-large"
        "::100%25 wrong: 0 < 1%0Ain: repeat 6 of 6%0Asize: 0%0Ahelp: write%0A`FC(1)`"
    )
    note = Diagnostic(WINDOW_TOO_LARGE, "note", "m", Span(FILE, 0, 1))
    assert command(note).startswith("::notice ")


def test_sarif_has_what_its_schema_demands() -> None:
    log = document([FOUND, FOUND])
    assert (log["version"], log["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = log["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["id"] == "NN301"
    assert rule["shortDescription"]["text"]
    assert rule["help"]["text"].count("Conv(16, 9") == 2
    assert rule["defaultConfiguration"] == {"level": "error"}
    for result in run["results"]:
        _check_result(result, len(run["tool"]["driver"]["rules"]))


def _check_result(result: dict[str, Any], rules: int) -> None:
    assert result["ruleIndex"] < rules
    assert result["level"] in ("none", "note", "warning", "error")
    assert result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%2C%20b%25.nn"
    assert place["region"] == {
        "startLine": 2, "startColumn": 13, "endLine": 2, "endColumn": 18, "charOffset": 16, "charLength": 5,
    }  # fmt: skip
    assert result["relatedLocations"][0]["message"]["text"] == "there"
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == ["repeat 6 of 6", "100% wrong"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": "1"}


def test_sarif_paths_are_uris() -> None:
    absolute = SourceFile("/specs/x y/<a>.nn", "FC")
    log = document([Diagnostic(WINDOW_TOO_LARGE, "error", "m", Span(absolute, 0, 2))])
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "file:///specs/x%20y/%3Ca%3E.nn"

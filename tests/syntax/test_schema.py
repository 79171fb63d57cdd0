"""The JSON Schema: valid itself, agreeing with the compiler on what it accepts, and up to date on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from nnspec.derive import OUTPUTS, Output, differing, main, operator_keys
from nnspec.syntax.editor_schema import OperatorKeys, editor_schema
from nnspec.syntax.schema import TOP, outline
from nnspec.syntax.yaml_document import compose
from nnspec.syntax.yaml_nodes import Mapping, Scalar, Sequence, YamlNode
from tests.syntax.test_yaml import PAIRS, read

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "schemas" / "nnspec.schema.json"

# Keys as LANGUAGE, section 6, lists them.
KEYS = [
    "nnspec",
    "name",
    "description",
    "import",
    "params",
    "let",
    "default",
    "blocks",
    "shared",
    "models",
    "tensors",
    "network",
    "outputs",
    "expect",
    "statements",
    "train",
    "search",
    "export",
    "allow",
]


def plain(node: YamlNode | None) -> Any:
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.pairs}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.value


def document(text: str) -> Any:
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.source import SourceFile

    return plain(compose(SourceFile("a.yaml", text), Diagnostics()))


def test_the_top_level_keys_are_those_of_the_language() -> None:
    assert list(TOP) == KEYS


def test_the_schemas_are_draft_7() -> None:
    Draft7Validator.check_schema(outline())
    Draft7Validator.check_schema(json.loads(SCHEMA.read_text()))


def test_no_reference_leads_nowhere() -> None:
    schema = json.loads(SCHEMA.read_text())
    text = json.dumps(schema)
    for name in {part.split('"')[0] for part in text.split('"#/definitions/')[1:]}:
        assert name in schema["definitions"]


@pytest.mark.parametrize(
    "name", [name for name in PAIRS if "argument values" not in name and "default back" not in name]
)
def test_what_the_compiler_reads_an_editor_accepts(name: str) -> None:
    operators: list[OperatorKeys] = []  # names are the compiler's; the shapes of stages are the schema's
    found = Draft7Validator(editor_schema(operators)).iter_errors(document("nnspec: 1\n" + PAIRS[name][0]))
    assert [error.message for error in found] == []


WRONG = [
    "network: Input(8)", "nnspec: 2", "nnspec: 1\nnetwrok: a", "nnspec: 1\nnetwork: [{repeat: 2}]",
    "nnspec: 1\nnetwork: [{FC: 2, ReLU: 3}]", "nnspec: 1\nnetwork: [{conv: 3}]", "nnspec: 1\nparams: [n]",
    "nnspec: 1\nnetwork: 3", "nnspec: 1\nimport: [{names: [A]}]", "nnspec: 1\nstatements: [{lett: {}}]",
    "nnspec: 1\nnetwork: [{branches: {flow: a}}]", "nnspec: 1\nname: 3",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_the_compiler_refuses_an_editor_marks(text: str) -> None:
    assert read(text)[1] != []
    assert list(Draft7Validator(editor_schema([])).iter_errors(document(text))) != []


def test_the_schema_on_disk_accepts_the_specs_of_the_language_reference() -> None:
    schema = Draft7Validator(json.loads(SCHEMA.read_text()))
    assert [error.message for error in schema.iter_errors(document(WHOLE))] == []
    assert not schema.is_valid(document(WHOLE.replace("optimizer", "optimiser")))
    assert not schema.is_valid(document(WHOLE.replace("kernel: 3", "kernl: 3")))


WHOLE = """
nnspec: 1
params: {n: 2, m: 3, width: 32, classes: 10}
default:
  Conv: {kernel: 3, padding: same, init: he_normal, norm: batch}
network: "Input(32, 32, 3) -> [(Conv(width * 2^i) -> ReLU) x n -> Pool] for i in range(m) -> FC(classes)"
train:
  data: {source: sklearn/digits, split: [0.8, 0.1, 0.1], batch: 64}
  loss: sparse_categorical_crossentropy
  optimizer: {name: adam, learning_rate: 1e-3, clip: {global_norm: 1.0}}
  epochs: 20
"""


def test_an_editor_knows_the_arguments_of_an_operator() -> None:
    conv = OperatorKeys(("Conv",), "Convolution.", (("filters", "channels", {"type": "integer"}),), ("filters",), False)
    validator = Draft7Validator(editor_schema([conv]))
    assert validator.is_valid({"nnspec": 1, "network": [{"Conv": {"filters": 3}}], "default": {"Conv": {"filters": 3}}})
    assert validator.is_valid({"nnspec": 1, "network": [{"Conv": 3}, {"Conv": [3]}, {"MyBlock": {"c": 3}}]})
    assert not validator.is_valid({"nnspec": 1, "network": [{"Conv": {"filter": 3}}]})
    assert not validator.is_valid({"nnspec": 1, "network": [{"Conv": [3, 4]}]})
    assert not validator.is_valid({"nnspec": 1, "default": {"Conv": {"filter": 3}}})


def test_the_schema_on_disk_names_every_operator() -> None:
    applications = json.loads(SCHEMA.read_text())["definitions"]["application"]["properties"]
    assert {name for keys in operator_keys() for name in keys.names} == set(applications)


@pytest.mark.parametrize("output", OUTPUTS, ids=[getattr(each, "path", "") for each in OUTPUTS])
def test_what_is_derived_is_up_to_date(output: Output) -> None:
    assert [path for path, _ in differing(output)] == []


def test_derive_refuses_other_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chek"]) == 2
    assert "usage" in capsys.readouterr().err


def test_check_names_the_file_that_differs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("nnspec.derive.OUTPUTS", (Output("schemas/nnspec.schema.json", lambda: "{}\n"),))
    assert main(["--check"]) == 1
    assert "schemas/nnspec.schema.json" in capsys.readouterr().out

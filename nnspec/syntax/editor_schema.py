"""The whole JSON Schema of a YAML spec for editors: stages, operators and the train section.

Only `python -m nnspec.derive` uses it. It takes the operators as `OperatorKeys` and knows none of them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nnspec.record import Record
from nnspec.syntax.schema import ARGUMENTS, FLOW, LOOSE, NAME, NAMES, PART, VALUE, Schema, document

if TYPE_CHECKING:
    from collections.abc import Sequence


class OperatorKeys(Record):
    """An operator as an editor sees it: its names, and each parameter with its line of documentation and schema."""

    names: tuple[str, ...]
    doc: str
    params: tuple[tuple[str, str, Schema], ...]
    positional: tuple[str, ...]
    variadic: bool


def editor_schema(operators: Sequence[OperatorKeys], train: Schema | None = None) -> Schema:
    """The whole document; without a schema for it, the train section may hold anything."""
    kinds = _Kinds()
    made = {f"op-{each.names[0]}": _operator(each, kinds) for each in operators}
    references = {name: _ref(f"op-{each.names[0]}") for each in operators for name in each.names}
    definitions: dict[str, Schema] = {
        **LOOSE, **_flows(references), "names": {**LOOSE["names"], "minItems": 1},
        "defaults": {**LOOSE["defaults"], "properties": dict(sorted(references.items()))},
    }  # fmt: skip
    if train is not None:
        definitions["train"] = train
    definitions |= {**kinds.definitions, **dict(sorted(made.items()))}
    return {"$schema": "http://json-schema.org/draft-07/schema#", **document(definitions)}


class _Kinds:
    """Schemas of parameters that several operators have, each written once; long ones get a name."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._names: dict[str, str] = {}

    def reference(self, param: str, schema: Schema) -> Schema:
        text = json.dumps(schema, sort_keys=True)
        if len(text) < _LONG:
            return schema
        if text not in self._names:
            same = sum(1 for name in self._names.values() if name.split(".")[0] == f"kind-{param}")
            self._names[text] = f"kind-{param}" if not same else f"kind-{param}.{same + 1}"
            self.definitions[self._names[text]] = schema
        return {"allOf": [_ref(self._names[text])]}


_LONG = 200


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _operator(keys: OperatorKeys, kinds: _Kinds) -> Schema:
    """What may follow an operator: its first argument, a list of its positional ones, or a mapping of keywords."""
    arguments = {name: {"description": doc, **kinds.reference(name, schema)} for name, doc, schema in keys.params}
    order = [arguments[name] for name in keys.positional]
    listed: Schema = {"type": "array", "items": order} if order else {"type": "array", "maxItems": 0}
    if keys.variadic:
        listed["additionalItems"] = order[-1]
    elif order:
        listed["additionalItems"] = False
    keywords: Schema = {"type": "object", "additionalProperties": False, "properties": arguments}
    return {"description": keys.doc, "anyOf": [{"type": "null"}, *order[:1], listed, keywords]}


def _flows(operators: dict[str, Schema]) -> dict[str, Schema]:
    """The definitions of flows, stages and values."""
    scalar: Schema = {"type": ["string", "number", "boolean", "null"]}
    value = {"anyOf": [scalar, {"type": "array", "items": VALUE}, _setting()]}
    return {
        "value": {"description": "An arrow expression, a list, or a choice with settings.", **value},
        "arguments": {
            "description": "The first positional argument, a list of all, or a mapping of keywords.",
            "anyOf": [scalar, {"type": "array", "items": VALUE},
                      {"type": "object", "propertyNames": {"pattern": NAME}, "additionalProperties": VALUE}],
        },
        "flow": {
            "description": "An arrow string, or a list of stages.",
            "anyOf": [{"type": "string"}, {"type": "array", "items": FLOW}, {"$ref": "#/definitions/stage"}],
        },
        "stage": _stage(operators),
        "operator": {
            "anyOf": [{"type": "string"}, {"$ref": "#/definitions/application"}],
        },
        "application": _application(operators),
    }  # fmt: skip


def _setting() -> Schema:
    return {"type": "object", "minProperties": 1, "maxProperties": 1, "propertyNames": {"pattern": NAME},
            "additionalProperties": ARGUMENTS}  # fmt: skip


def _application(operators: dict[str, Schema]) -> Schema:
    return {
        "type": "object", "minProperties": 1, "maxProperties": 1, "propertyNames": {"pattern": PART},
        "properties": dict(sorted(operators.items())), "additionalProperties": ARGUMENTS,
    }  # fmt: skip


def _keys(doc: str, needed: dict[str, Schema], allowed: dict[str, Schema] | None = None) -> Schema:
    return {"description": doc, "type": "object", "required": list(needed), "additionalProperties": False,
            "properties": {**needed, **(allowed or {})}}  # fmt: skip


def _stage(operators: dict[str, Schema]) -> Schema:
    merge = {"anyOf": [{"$ref": "#/definitions/operator"}, {"type": "null"}]}
    loop = {"for": NAMES, "in": VALUE}
    branch = {"anyOf": [FLOW, {"type": "null"}]}
    flows = _keys("Flows side by side.", {"flows": {"type": "array", "items": branch}}, {"merge": merge})
    looped = _keys("One flow side by side, once per element.", {**loop, "flow": branch}, {"merge": merge})
    kinds = [
        _keys("A tensor by name.", {"use": {"type": "string"}}),
        _keys("The network of another spec.", {"file": {"type": "string"}}),
        _keys("In a row, new weights each time.", {"repeat": VALUE, "body": FLOW}),
        _keys("In a row, once per element.", {**loop, "body": FLOW}),
        _keys("Side by side.", {"branches": {"anyOf": [flows, looped]}}),
        _keys("Chosen while compiling.", {"if": VALUE, "then": FLOW}, {"else": FLOW}),
        _keys("A flow inside an operator.", {"wrap": {"$ref": "#/definitions/operator"}, "body": FLOW},
              {"args": ARGUMENTS}),
        _keys("A stage with a label or a promised shape.", {"stage": FLOW},
              {"as": NAMES, "index": VALUE, "shape": VALUE}),
    ]  # fmt: skip
    return {"anyOf": [_application(operators), *kinds]}

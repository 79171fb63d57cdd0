"""The JSON Schema (draft-07) of a YAML spec's outer document, as data.

`outline()` is what `check` validates; the compiler reads flows and arguments itself, with better
messages. `editor_schema` puts in their place what an editor completes.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

VERSION = 1
NAME = "^[a-z][A-Za-z0-9_]*$"
PART = "^[A-Z][A-Za-z0-9_]*$"

FLOW: Schema = {"$ref": "#/definitions/flow"}
VALUE: Schema = {"$ref": "#/definitions/value"}
ARGUMENTS: Schema = {"$ref": "#/definitions/arguments"}
NAMES: Schema = {"$ref": "#/definitions/names"}
_TEXT: Schema = {"title": "a text", "type": "string"}


def _mapping(value: Schema, title: str, doc: str) -> Schema:
    return {"title": title, "description": doc, "type": "object", "additionalProperties": value}


def _list(item: Schema, title: str, doc: str) -> Schema:
    return {"title": title, "description": doc, "type": ["array", "string"], "items": item}


_IMPORT: Schema = {
    "title": "a mapping with `names` and `from`",
    "type": "object",
    "required": ["names", "from"],
    "additionalProperties": False,
    "properties": {"names": NAMES, "from": {"title": "the path of a spec", "type": "string"}},
}
_PARAMS = _mapping(
    VALUE,
    "a mapping from names to values",
    "Numbers that the command line may set: `-p classes=100`. null: no default.",
)
_LET = _mapping(VALUE, "a mapping from names to values", "Named expressions and formulas: `'r8(v)': 'max(8, v)'`.")
_DEFAULT: Schema = {"$ref": "#/definitions/defaults"}
_BLOCKS = _mapping(FLOW, "a mapping from heads to flows", "Templates, new weights at each use: `ConvBN(c, k=3): FLOW`.")
_SHARED = _mapping(FLOW, "a mapping from names to flows", "Parts with one set of weights, however often used.")
_MODELS = _mapping(FLOW, "a mapping from names to flows", "Named networks.")
_TENSORS = _mapping(FLOW, "a mapping from names to flows", 'Named tensors; `"y, h, c": FLOW` takes a tuple apart.')
_OUTPUTS = _list(_TEXT, "a list of tensors", "The outputs, when they are not just the last flow's tensor.")
_EXPECT = _list(
    {"title": "a promise, such as `params <= 26M`", "type": ["string", "boolean"]},
    "a list of promises",
    "Promises that `check` verifies.",
)
_IMPORTS: Schema = {
    "title": "a list of imports", "description": "Parts of other specs.", "type": ["array", "object"],
    "items": _IMPORT,
}  # fmt: skip

# a statement as a mapping in `statements`: each word of the arrow notation and what it takes
STATEMENTS: dict[str, Schema] = {
    "import": _IMPORTS, "param": _PARAMS, "let": _LET, "default": _DEFAULT, "block": _BLOCKS, "shared": _SHARED,
    "model": _MODELS, "tensor": {"title": "a mapping with `names` and `flow`", "type": "object"}, "network": FLOW,
    "output": _OUTPUTS, "expect": _EXPECT,
}  # fmt: skip
PLURALS = {"params": "param", "blocks": "block", "models": "model", "tensors": "tensor", "outputs": "output"}

_STATEMENT: Schema = {
    "title": "a statement, as text or mapping",
    "type": ["string", "object"],
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {**STATEMENTS, **{plural: STATEMENTS[word] for plural, word in PLURALS.items()}},
}

TOP: dict[str, Schema] = {
    "nnspec": {"title": "the version of the language, 1", "description": "The version of the language: 1.",
               "const": VERSION},
    "name": {"title": "a text of letters, digits, spaces and . _ + -", "description": "What the network is called.",
             "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9 _.+-]*$"},
    "description": {"title": "a text", "description": "What it is, for readers.", "type": "string"},
    "import": _IMPORTS,
    "params": _PARAMS,
    "let": _LET,
    "default": _DEFAULT,
    "blocks": _BLOCKS,
    "shared": _SHARED,
    "models": _MODELS,
    "tensors": _TENSORS,
    "network": FLOW,
    "outputs": _OUTPUTS,
    "expect": _EXPECT,
    "statements": {"title": "a list of statements", "description": "Statements in their order, where order matters.",
                   "type": "array", "items": _STATEMENT},
    "train": {"$ref": "#/definitions/train"},
    "search": {"title": "a mapping", "description": "Search settings.", "type": "object"},
    "export": {"title": "a mapping", "description": "Export settings.", "type": "object"},
    "allow": _list({"title": "the slug of an advice", "type": "string"}, "a list of slugs",
                   "Advice that is silenced in this file."),
}  # fmt: skip

LOOSE: dict[str, Schema] = {
    "flow": {"title": "a flow: an arrow string or a list of stages", "type": ["string", "array", "object"]},
    "value": {},
    "arguments": {},
    "names": {"title": "a name or a list of names", "type": ["string", "array"], "items": {"type": "string"}},
    "train": {"title": "a mapping", "type": "object"},
    "defaults": _mapping(ARGUMENTS, "a mapping from operators to arguments", "Argument defaults, by operator."),
}


def outline() -> Schema:
    """The outer document, flows and arguments left open."""
    return document(LOOSE)


def document(definitions: dict[str, Schema]) -> Schema:
    """The outer document over definitions of what it holds."""
    return {
        "title": "a spec", "type": "object", "required": ["nnspec"], "additionalProperties": False,
        "properties": TOP, "definitions": definitions,
    }  # fmt: skip

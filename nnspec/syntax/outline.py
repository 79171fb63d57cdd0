"""Checks a YAML document against the outer JSON Schema and says what is wrong in our words.

What it reports it marks on the nodes, so that their readers keep silent. Flows and arguments are
not looked into: their own readers do that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from nnspec.diagnostics.codes import yaml as codes
from nnspec.syntax.near import near_help
from nnspec.syntax.schema import TOP, VERSION, outline
from nnspec.syntax.yaml_nodes import Mapping, Scalar, Sequence, YamlNode
from nnspec.syntax.yaml_values import describe_kind

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics

_Plain: TypeAlias = "dict[str, Any] | list[Any] | str | int | float | bool | None"

_LEVELS = 5  # as deep as the outer schema looks
_UNREAD = ("train", "search", "export")


def check_outline(root: Mapping, found: Diagnostics) -> None:
    """Report unknown and missing keys and values of the wrong kind, each once."""
    from jsonschema import Draft7Validator  # half of this command's start: only YAML pays for it

    for error in Draft7Validator(outline()).iter_errors(_plain(root, _LEVELS)):
        node = _node_at(root, list(error.absolute_path))
        if not node.faulty:
            _report(error, node, root, found)


def _plain(node: YamlNode, levels: int) -> _Plain:
    """The document as plain values, cut off where the outer schema does not look."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [_plain(item, levels - 1) for item in node.items] if levels else []
    if not levels:
        return {}
    cut = {key.text: 0 if key.text in _UNREAD else levels - 1 for key, _ in node.pairs}
    return {key.text: _plain(value, cut[key.text]) for key, value in node.pairs}


def _node_at(root: YamlNode, path: list[str | int]) -> YamlNode:
    node = root
    for step in path:
        if isinstance(node, Mapping):
            node = node.get(str(step)) or node
        elif isinstance(node, Sequence):
            node = node.items[int(step)]
    return node


def _report(error: Any, node: YamlNode, root: Mapping, found: Diagnostics) -> None:
    kind = error.validator
    if kind == "additionalProperties" and isinstance(node, Mapping):
        _unknown_keys(node, error.schema["properties"], node is root, found)
    elif kind == "required" and isinstance(node, Mapping):
        _missing_key(node, node is root, error, found)
    elif kind == "const":
        _wrong_version(node, found)
    else:
        node.faulty = True
        wanted = error.schema.get("title", "another value")
        if kind in ("minProperties", "maxProperties"):
            wanted = "a statement with one key"
        keys = [step for step in error.absolute_path if isinstance(step, str)]
        quote = isinstance(node, Scalar) and node.plain and wanted.startswith("a text")
        found.report(
            codes.WRONG_TYPE,
            f"`{keys[-1]}` expects {wanted}, not {describe_kind(node)}",
            node.span,
            help="put it in quotes" if quote else None,
        )


def _unknown_keys(node: Mapping, known: dict[str, Any], top: bool, found: Diagnostics) -> None:
    node.faulty = not top
    for key, value in node.pairs:
        if key.text not in known:
            value.faulty = True
            what = "no key of a spec" if top else "no key here"
            found.report(
                codes.UNKNOWN_KEY,
                f"`{key.text}` is {what}",
                key.span,
                help=near_help(key.text, known) or f"the keys are {', '.join(TOP if top else known)}",
            )


def _missing_key(node: Mapping, top: bool, error: Any, found: Diagnostics) -> None:
    place = node.pairs[0][0].span if node.pairs else node.span
    if top:
        found.report(
            codes.WRONG_VERSION,
            "the spec does not say its version",
            place,
            help=f"begin the file with `nnspec: {VERSION}`",
        )
        return
    missing = [name for name in error.schema["required"] if node.get(name) is None]
    if node.faulty or not missing:
        return
    node.faulty = True
    found.report(codes.MISSING_KEY, f"`{'` and `'.join(missing)}` is missing", place, help=f"add `{missing[0]}: ...`")


def _wrong_version(node: YamlNode, found: Diagnostics) -> None:
    node.faulty = True
    found.report(
        codes.WRONG_VERSION,
        f"this compiler reads version {VERSION}, not {describe_kind(node)}",
        node.span,
        help=f"write `nnspec: {VERSION}`",
    )

"""The options that every command that reads a spec takes, and the settings that they make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnspec.cli.usage import Parser, UsageError
from nnspec.record import Record

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

_NAME = re.compile(r"[a-z][A-Za-z0-9_]*")
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")


class Chosen(Record):
    """What `-p`, `--set`, `--input` and `--model` said, taken apart at their first `=`."""

    params: tuple[tuple[str, str], ...]
    sets: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str | None, str], ...]
    model: str | None
    allow_outside: bool


def add_spec_options(parser: Parser, formats: Sequence[str] = ()) -> None:
    """Add what every command that reads a spec takes."""
    group = parser.add_argument_group("the spec")
    group.add_argument(
        "-p",
        dest="params",
        metavar="NAME=EXPR",
        action="append",
        default=[],
        help="set a param: -p classes=100 (may be repeated)",
    )
    group.add_argument(
        "--set",
        dest="sets",
        metavar="OP.ARG=EXPR",
        action="append",
        default=[],
        help="set a default of an operator: --set Conv.padding=same (may be repeated)",
    )
    group.add_argument(
        "--input",
        dest="inputs",
        metavar="SIZES",
        action="append",
        default=[],
        help="the sizes of the input: 32,32,3 or H,W,3; with several inputs a=32,32,3",
    )
    group.add_argument("--model", metavar="NAME", help="one model of a file that holds several")
    group.add_argument(
        "--allow-outside", action="store_true", help="let imports leave the folder of the named file or folder"
    )
    answer = parser.add_argument_group("the answer")
    if formats:
        answer.add_argument("--format", metavar="|".join(formats), default="text", help="how to answer (text)")
    answer.add_argument("--color", metavar="auto|always|never", default="auto", help="colours (auto)")
    parser.set_defaults(formats=tuple(formats))


def read_options(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """The options, with those of a few values verified.

    Raises: UsageError.
    """
    options = parser.read(arguments)
    verify("--color", options.color, ("auto", "always", "never"))
    if options.formats:
        verify("--format", options.format, options.formats)
    return options


def verify(option: str, value: str, known: Sequence[str]) -> None:
    """Refuse a value that is not one of a few.

    Raises: UsageError.
    """
    if value not in known:
        from nnspec.diagnostics.nearest import nearest, suggestion

        listed = ", ".join(known)
        raise UsageError(
            f"`{option}` takes {listed}, not `{value}`; {suggestion(nearest(value, known)) or 'choose one'}"
        )


def chosen(options: argparse.Namespace) -> Chosen:
    """The settings as they were typed.

    Raises: UsageError, where one cannot be taken apart.
    """
    return Chosen(
        _last(_pair("-p", text, _NAME, "n=2") for text in options.params),
        _last(_pair("--set", text, _PATH, "Conv.filters=32") for text in options.sets),
        tuple([_input(text) for text in options.inputs]),
        options.model,
        options.allow_outside,
    )


def _last(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Of what is given several times, the last."""
    return tuple(dict(pairs).items())


def _pair(option: str, text: str, form: re.Pattern[str], example: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    name = name.strip()
    if not sign or not value.strip():
        raise UsageError(f"`{option} {text}` gives no value: write `{option} {name or example.partition('=')[0]}=…`")
    if not form.fullmatch(name):
        if form is _NAME and _NAME.fullmatch(name[:1].lower() + name[1:]):
            turned = name[0].lower() + name[1:]
            raise UsageError(f"`{option} {text}`: a param begins with a lower-case letter; write `{option} {turned}=…`")
        meant = _in_train(form, name, value)
        raise UsageError(f"`{option}` takes a name and a value, such as `{option} {example}`, not `{text}`{meant}")
    return name, value


def _in_train(form: re.Pattern[str], name: str, value: str) -> str:
    """What to write for a key of the `train` section that was given without its path."""
    from nnspec.train.section import key_path

    path = key_path(name) if form is _PATH else None
    return f"; write `--set {path}={value}`" if path else ""


def _input(text: str) -> tuple[str | None, str]:
    name, sign, sizes = text.partition("=")
    if not sign:
        name, sizes = "", text
    if not sizes.strip() or (sign and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip())):
        raise UsageError(f"`--input` takes sizes, such as `--input 32,32,3` or `--input a=32,32,3`, not `{text}`")
    return name.strip() or None, sizes

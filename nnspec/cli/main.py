"""The command line: finds the command, runs it, and turns whatever happens into an exit status.

A command's module is imported when it is named. 0: the spec holds; 1: it has errors; 2: the command
could not be carried out; 130: interrupted.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from nnspec import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "check": "say what is wrong with specs, before anything runs",
    "solve": "find the numbers that fill the holes `?` of a spec",
    "summary": "the table of layers with sizes, parameters and costs",
    "diff": "what differs between two networks, layer by layer",
    "generate": "write standalone Keras source",
    "build": "build the Keras model and save it",
    "train": "train as the spec's `train` section says",
    "explain": "what a diagnostic means, with a failing and a mended spec",
    "new": "write a starting spec to edit",
}

LATER = ("fmt", "convert", "plot", "evaluate", "predict", "import", "lsp", "search")

_EXAMPLES = ("nnspec new first", "nnspec check specs/vision/vgg16.nn", "nnspec train specs/digits.yaml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _guarded(words)
    except KeyboardInterrupt:
        return 130


def _guarded(words: list[str]) -> int:
    from nnspec.cli.output import OutputError
    from nnspec.cli.usage import UsageError

    try:
        return _dispatch(words)
    except UsageError as error:
        return _refuse(words, str(error))
    except OutputError as error:
        return _refuse(words, str(error))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Exception as error:  # whatever we did not foresee is one short report, never a traceback
        from nnspec.cli.fault import report_fault

        return report_fault(error)


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        return _help(words[1:] if words else [], asked=bool(words))
    if words[0] in ("--version", "-V"):
        from nnspec.cli.output import Output

        Output.standard().text(f"nnspec {__version__}")
        return 0
    command = words[0]
    if command not in COMMANDS:
        _unknown(command)
    status: int = import_module(f"nnspec.cli.{command}").run(words[1:])
    return status


def _unknown(command: str) -> None:
    from nnspec.cli.usage import UsageError
    from nnspec.diagnostics.nearest import nearest, suggestion

    if command in LATER:
        raise UsageError(f"`{command}` is not built yet; there are {', '.join(COMMANDS)}")
    what = "option" if command.startswith("-") else "command"
    hint = suggestion(nearest(command, COMMANDS)) or f"there are {', '.join(COMMANDS)}"
    raise UsageError(f"there is no {what} `{command}`; {hint}")


def _help(rest: list[str], *, asked: bool) -> int:
    from nnspec.cli.output import Output

    if rest and rest[0] in COMMANDS:
        return _dispatch([rest[0], "--help"])
    width = max(map(len, COMMANDS))
    lines = [
        "usage: nnspec COMMAND FILE… [options]",
        "",
        "A compiler for neural networks: exact shapes and costs before anything runs, Keras after.",
        "",
        "commands:",
        *(f"  {name:<{width}}  {does}" for name, does in COMMANDS.items()),
        "",
        "options:",
        "  --version         the version",
        "  COMMAND --help    a command's options, with examples",
        "",
        "examples:",
        *(f"  {example}" for example in _EXAMPLES),
    ]
    output = Output.standard() if asked else Output.errors()
    output.text("\n".join(lines))
    return 0 if asked else 2


def _refuse(words: list[str], message: str) -> int:
    from nnspec.cli.output import Output

    output = Output.errors()
    command = f" {words[0]}" if words and words[0] in COMMANDS else ""
    head = output.screen.paint(f"nnspec{command}: error:", "error")
    output.raw(f"{head} {output.screen.safe(message)}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())

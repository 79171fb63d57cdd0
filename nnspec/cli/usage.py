"""Reading of command lines: argparse, with one clear line for each mistake and near names for misspelt options."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from nnspec.diagnostics.nearest import nearest, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence


class UsageError(Exception):
    """The command cannot be carried out as it was typed; exit status 2."""


class Parser(argparse.ArgumentParser):
    """A parser that raises what it has to say, and takes files and options in any order."""

    def __init__(self, command: str, does: str, examples: Sequence[str]) -> None:
        shown = "\n".join(f"  {example}" for example in examples)
        super().__init__(
            prog=f"nnspec {command}",
            description=does,
            epilog=f"examples:\n{shown}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Refuse, in argparse's words.

        Raises: UsageError.
        """
        raise UsageError(message)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End after `--help`.

        Raises: SystemExit.
        """
        raise SystemExit(status)

    def print_help(self, file: Any = None) -> None:
        """Show the help on standard output, whatever its encoding."""
        from nnspec.cli.output import Output

        Output.standard().text(self.format_help().rstrip("\n"))

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The options of a command.

        Raises: UsageError.
        """
        options, unknown = self.parse_known_intermixed_args(list(arguments))
        if unknown:
            word = unknown[0].partition("=")[0]
            if not word.startswith("-"):
                raise UsageError(f"`{word}` is one argument too many")
            known = [option for action in self._actions for option in action.option_strings]
            hint = suggestion(nearest(word, known)) or f"`{self.prog} --help` lists them"
            raise UsageError(f"there is no option `{word}`; {hint}")
        return options

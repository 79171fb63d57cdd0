"""Writing to the terminal: never an encoding error, never a broken pipe, no escapes of others.

`standard` is where answers go, `errors` where everything else goes.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

from nnspec.diagnostics.screen import Screen


class OutputError(Exception):
    """Standard output takes no more (a full disk, say)."""


class Output:
    """A stream with the screen behind it."""

    def __init__(self, stream: TextIO | None, color: str = "auto") -> None:
        self._stream = stream
        encoding = getattr(stream, "encoding", None) or "ascii"
        self.screen = Screen(_is_colored(stream, color), encoding)
        self.width = _width(stream)

    @classmethod
    def standard(cls, color: str = "auto") -> Output:
        """Standard output."""
        return cls(sys.stdout, color)

    @classmethod
    def errors(cls, color: str = "auto") -> Output:
        """Standard error."""
        return cls(sys.stderr, color)

    def text(self, text: str) -> None:
        """Write a text that this program made and a newline; characters that the encoding lacks are replaced."""
        self.raw(text if text.isascii() else self._encodable(text), end="\n")

    def raw(self, text: str, end: str = "") -> None:
        """Write a text as it is.

        Raises: OutputError.
        """
        if self._stream is None:
            return
        try:
            self._stream.write(text + end)
            self._stream.flush()
        except BrokenPipeError:
            self._silence()
        except UnicodeEncodeError:
            self._stream.write(text.encode("ascii", "backslashreplace").decode() + end)
        except OSError as error:
            self._silence()
            raise OutputError(f"the output cannot be written: {(error.strerror or str(error)).lower()}") from None

    def _encodable(self, text: str) -> str:
        return "".join([each if each in "\n\x1b" else self.screen.glyph(each) for each in text])

    def _silence(self) -> None:
        """Nobody reads any more: let the rest, and the interpreter's last flush, go nowhere."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):
            return


def _width(stream: TextIO | None) -> int | None:
    """How many cells a line of the terminal has; None where there is none to fit into."""
    if stream is None or not stream.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def _is_colored(stream: TextIO | None, color: str) -> bool:
    if color != "auto":
        return color == "always"
    if stream is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()

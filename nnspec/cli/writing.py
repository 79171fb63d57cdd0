"""Files that a command was asked to write: whole or not at all, and never over the spec that was read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nnspec.cli.usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


_SPECS = (".nn", ".yaml", ".yml")


def spare_specs(path: str, spec: str, example: str) -> None:
    """Refuse to write over the spec that is read, by whatever name, or over another that is there.

    Raises: UsageError.
    """
    try:
        is_read = spec != "-" and os.path.samefile(path, spec)
    except (OSError, ValueError):
        is_read = False
    if is_read:
        raise UsageError(f"`-o {path}` is the spec itself, which is not written over; write `-o {example}`, say")
    if path.endswith(_SPECS) and os.path.lexists(path):
        raise UsageError(f"`-o {path}` is a spec by its name, and is not written over; write `-o {example}`, say")


def write_whole(path: str, write: Callable[[str], None]) -> None:
    """Have a file written under another name beside it, and put in its place when it is whole.

    A link is followed; what is no ordinary file, such as a device, is written as it stands.

    Raises: UsageError, where it cannot be written.
    """
    if os.path.isdir(path):
        raise UsageError(f"{path} is a folder; name a file with `-o`")
    is_plain = os.path.isfile(path) or not os.path.exists(path)
    end = os.path.realpath(path) if is_plain else path
    stem, ending = os.path.splitext(end)
    partial = f"{stem}.{os.getpid()}.partial{ending}" if is_plain else path
    try:
        write(partial)
        if is_plain:
            os.replace(partial, end)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} cannot be written: {reason.lower()}") from None
    finally:
        if is_plain and os.path.lexists(partial):
            os.remove(partial)


def write_text(path: str, text: str) -> None:
    """Write a text file.

    Raises: UsageError.
    """

    def write(partial: str) -> None:
        with open(partial, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)

    write_whole(path, write)

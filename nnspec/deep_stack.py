"""A stack as deep as specs are nested, which is more than Python's own: a thread with a larger one.

It knows nothing of the work that is done on it.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

STACK_BYTES = 512 * 1024 * 1024
MOST_FRAMES = 1_000_000

_NAME = "nnspec"

T = TypeVar("T")


def with_deep_stack(work: Callable[[], T]) -> T:
    """The result of work done where it may recurse deep.

    Raises: whatever the work raises.
    """
    if threading.current_thread().name == _NAME:
        return work()
    outcome: dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["result"] = work()
        except BaseException as error:  # handed on to the caller below
            outcome["error"] = error

    collects = gc.isenabled()
    gc.disable()  # regions and nodes live to the end: looking for garbage among them costs half the time
    frames, before = sys.getrecursionlimit(), threading.stack_size(STACK_BYTES)
    sys.setrecursionlimit(MOST_FRAMES)
    try:
        thread = threading.Thread(target=run, name=_NAME, daemon=True)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
        sys.setrecursionlimit(frames)
        if collects:
            gc.enable()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]  # type: ignore[no-any-return]

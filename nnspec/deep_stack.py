"""A stack as deep as specs are nested, which is more than Python's own: a thread with a larger one.

It knows nothing of the work that is done on it.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

STACK_BYTES = 512 * 1024 * 1024
MOST_FRAMES = 1_000_000

_NAME = "nnspec"

T = TypeVar("T")


def _with_room(work: Callable[[], T]) -> T:
    """The result of work, whose frames all lie in one piece of memory.

    Python gives frames memory in pieces of 16 KB. Where the calls of a loop cross the end of one, it asks the system
    for the next at every call and gives it back at every return, which makes such a loop three times as slow. A frame
    larger than a piece gets one of its own, of twice its size at most, and the frames after it the rest of that. What
    is never written to takes no memory.
    """
    return work()


_ROOM = (32 * 1024 * 1024) // 8 + 1_000  # of twice that, a bit less than half is left

_with_room.__code__ = _with_room.__code__.replace(co_stacksize=_ROOM)


def with_deep_stack(work: Callable[[], T]) -> T:
    """The result of work done where it may recurse deep.

    Raises: whatever the work raises.
    """
    if threading.current_thread().name == _NAME:
        return work()
    result: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            result.append(_with_room(work))
        except BaseException as error:  # handed on to the caller below
            raised.append(error)

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
    if raised:
        raise raised[0]
    return result[0]

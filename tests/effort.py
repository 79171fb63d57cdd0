"""How much work an action is, counted and not timed: the same on a slow machine and on a busy one.

What is counted is calls, of Python's functions and of those written in C, also in threads that the
action starts. A test asserts that there are fewer than some bound, which lies far above what there
are today and far below what the bad algorithm would take, or that twice the input is about twice the work.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any


def effort(action: Callable[[], object]) -> int:
    """The number of calls that the action makes.

    Raises: whatever the action raises.
    """
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before, before_in_threads = sys.getprofile(), threading.getprofile()
    threading.setprofile(count)
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(before)
        threading.setprofile(before_in_threads)  # type: ignore[arg-type]
    return calls


def growth(action: Callable[[int], object], size: int) -> float:
    """How many times the work it is at twice the size: 2 where work is linear in the size, 4 where it is quadratic."""
    action(size)  # imports and tables that are made once
    small = effort(lambda: action(size))
    return effort(lambda: action(2 * size)) / small

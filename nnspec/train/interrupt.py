"""Ctrl-C during training, taken between steps.

An interrupt that arrives inside a framework's clean-up is lost there with a traceback, and one inside a
step leaves its weights half changed. The second Ctrl-C does not wait.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType


class Interrupts:
    """While it is entered, the first Ctrl-C is kept until `check` is called."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if before is signal.default_int_handler:  # what another chose to do with it stays
                self._before = before
                signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _take(self, number: int, frame: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def check(self) -> None:
        """Between two steps.

        Raises: KeyboardInterrupt, where it was asked for.
        """
        if self.asked:
            self.asked = False
            raise KeyboardInterrupt

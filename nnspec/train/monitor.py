"""The one callback that a run adds: it writes down what each epoch gave, and changes nothing.

The class is made when Keras is there, for a callback must be one of Keras's.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from nnspec.backends.execute import resolve
from nnspec.train.state import keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.train.report import Report
    from nnspec.train.run_folder import RunFolder


def make_monitor(
    callbacks: list[Any],
    folder: RunFolder,
    report: Report,
    epoch_done: Callable[[int], None],
    between_steps: Callable[[], None],
) -> Any:
    """The callback, which calls `between_steps` after each; its `diverged` is the epoch whose loss was not finite."""
    callback: Any = resolve("keras.callbacks.Callback")
    learning_rate_schedule: Any = resolve("keras.optimizers.schedules.LearningRateSchedule")

    class Monitor(callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.diverged: int | None = None
            self.began = 0.0
            self.rate = 0.0
            self.put_back: Callable[[], None] | None = None

        def on_train_begin(self, logs: Any = None) -> None:
            if self.put_back is not None:  # after the other callbacks have forgotten what they knew
                self.put_back()

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began = time.perf_counter()
            self.rate = float(self.model.optimizer.learning_rate)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            figures = {name: float(value) for name, value in (logs or {}).items()}
            figures.pop("learning_rate", None)
            if not math.isfinite(figures.get("loss", 0.0)):
                self.diverged = epoch
            seconds = time.perf_counter() - self.began
            rate = self.last_rate()
            folder.append_epoch(epoch, figures, rate, seconds)
            if self.diverged is None:
                keep(folder, self.model, [each for each in callbacks if each is not self], epoch)
                epoch_done(epoch)
            report.epoch(epoch, self.params["epochs"], figures, rate, seconds)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            between_steps()

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            between_steps()

        def last_rate(self) -> float:
            """The learning rate of the epoch's last step; one that a callback sets holds for the whole epoch."""
            optimizer = self.model.optimizer
            schedule = optimizer._learning_rate
            if not isinstance(schedule, learning_rate_schedule):
                return self.rate
            return float(schedule(optimizer.iterations - 1))

    return Monitor()

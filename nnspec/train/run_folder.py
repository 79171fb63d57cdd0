"""The folder that a run writes: the spec as it was used, figures of each epoch, curves, the model."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes import training as codes

if TYPE_CHECKING:
    from nnspec.diagnostics.diagnostic import Diagnostics
    from nnspec.source import Span

METRICS = "metrics.jsonl"


class RunFolder:
    """A folder of one run, named on the command line at `span`; `resumes` where it continues an earlier one."""

    def __init__(self, path: str, span: Span, *, resumes: bool = False) -> None:
        self.path = path
        self.span = span
        self.resumes = resumes

    def file(self, name: str) -> str:
        """The path of a file in it."""
        return os.path.join(self.path, name)

    def write_spec(self, files: dict[str, str], settings: dict[str, Any]) -> None:
        """The spec's files, and every setting of the training, defaults included."""
        for name, text in files.items():
            os.makedirs(os.path.dirname(self.file(name)), exist_ok=True)
            with open(self.file(name), "w", encoding="utf-8") as file:
                file.write(text)
        with open(self.file("settings.json"), "w", encoding="utf-8") as file:
            json.dump(settings, file, indent=2, ensure_ascii=False)
            file.write("\n")

    def differs(self, settings: dict[str, Any]) -> str | None:
        """Which of the things that a resumed run must share with the old one it does not: its data or its loss."""
        try:
            with open(self.file("settings.json"), encoding="utf-8") as file:
                old = json.load(file)
            pairs = {
                "data": (old["data"]["source"], settings["data"]["source"]),
                "loss": (old["loss"], settings["loss"]),
            }
        except (OSError, ValueError, LookupError, TypeError):
            return None  # what cannot be compared is written anew
        return next((name for name, (before, now) in pairs.items() if before != now), None)

    def append_epoch(self, epoch: int, figures: dict[str, float], rate: float, seconds: float) -> None:
        """One line of figures; what is not finite is null."""
        line = {"epoch": epoch + 1, **figures, "learning_rate": rate, "seconds": round(seconds, 3)}
        plain = {name: value if _finite(value) else None for name, value in line.items()}
        with open(self.file(METRICS), "a", encoding="utf-8") as file:
            file.write(json.dumps(plain) + "\n")

    def epochs(self) -> list[dict[str, float | None]]:
        """The figures so far."""
        try:
            with open(self.file(METRICS), encoding="utf-8") as file:
                return [json.loads(line) for line in file if line.strip()]
        except FileNotFoundError:
            return []

    def keep_epochs(self, count: int) -> None:
        """Forget the figures of epochs that will be run again."""
        kept = [line for line in self.epochs() if (line["epoch"] or 0) <= count]
        with open(self.file(METRICS), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in kept)

    def write_classes(self, names: list[str]) -> None:
        """The names of the classes, in the order of their numbers."""
        with open(self.file("classes.json"), "w", encoding="utf-8") as file:
            json.dump(names, file, indent=2, ensure_ascii=False)
            file.write("\n")

    def listed(self) -> list[str]:
        """All files and folders in it: the spec first, the model, then the others."""
        names = [name for name in os.listdir(self.path) if not name.startswith(".")]
        shown = [f"{name}/" if os.path.isdir(self.file(name)) else name for name in names]
        return sorted(shown, key=lambda name: (name != "spec.yaml", name != "model.keras", name))

    def write_figures(self, figures: dict[str, float]) -> None:
        """The figures of the test."""
        with open(self.file("test.json"), "w", encoding="utf-8") as file:
            json.dump({name: value if _finite(value) else None for name, value in figures.items()}, file, indent=2)
            file.write("\n")

    def draw_curves(self) -> None:
        """Loss and metrics over the epochs, training beside validation."""
        from nnspec.train.curves import draw

        draw(self.epochs(), self.file("curves.png"))


def _finite(value: float) -> bool:
    return value == value and abs(value) != float("inf")


def one_line(text: str) -> str:
    """A text without line ends and control characters."""
    return re.sub(r"[^\x20-\x7e\xa0-\U0010ffff]", " ", text)


def make_folder(name: str, wanted: str | None, span: Span, found: Diagnostics) -> RunFolder | None:
    """A new folder: the wanted one, which must not hold anything, else the next number below `runs`."""
    try:
        if wanted is not None:
            os.makedirs(wanted, exist_ok=True)
            if os.listdir(wanted):
                found.report(
                    codes.BAD_RUN,
                    f"the folder {wanted} is not empty",
                    span,
                    help="name another one, or continue its run with `--resume`",
                )
                return None
            return RunFolder(wanted, span)
        return RunFolder(_next(re.sub(r"[^A-Za-z0-9_.-]", "_", name) or "run"), span)
    except OSError as error:
        path = wanted or "runs"
        found.report(codes.BAD_RUN, f"the folder {path} cannot be made: {error.strerror or error}", span)
        return None


def _next(name: str) -> str:
    """`runs/digits-1`, `runs/digits-2`, …: the first that is not there.

    Raises: OSError.
    """
    os.makedirs("runs", exist_ok=True)
    number = 1
    while True:
        path = os.path.join("runs", f"{name}-{number}")
        try:
            os.mkdir(path)
        except FileExistsError:
            number += 1
            continue
        return path


def open_run(path: str, span: Span, found: Diagnostics) -> RunFolder | None:
    """The folder of an earlier run that can be continued."""
    if os.path.isfile(os.path.join(path, "state.npz")):
        return RunFolder(path, span, resumes=True)
    why = "it has kept no state" if os.path.isdir(path) else "there is no such folder"
    found.report(
        codes.BAD_RUN,
        f"{path} cannot be resumed: {why}",
        span,
        help="name the folder of a run that has finished an epoch, such as `--resume runs/digits-1`",
    )
    return None

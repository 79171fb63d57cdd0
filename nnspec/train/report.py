"""What a run says on the terminal: one line an epoch, and the test figures last; no tty is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.train.check import split_sizes
from nnspec.train.section import split_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.train.plan import Plan
    from nnspec.train.run_folder import RunFolder


class Report:
    """Writes lines by the function that it is given; a line for each epoch only where `epochs` is true."""

    def __init__(self, write: Callable[[str], None], epochs: bool = True) -> None:
        self.write = write
        self.epochs = epochs

    def starting(self, plan: Plan, folder: RunFolder, test_examples: int) -> None:
        """What is about to be trained, on what."""
        data = plan.training.data
        train, validation, test = split_sizes(split_of(data), plan.seen.examples or 0)
        sizes = (train, validation, test or test_examples)
        parts = [f"{size} {name}" for size, name in zip(sizes, ("training", "validation", "test"), strict=True) if size]
        self.write(f"{plan.network.name} on {data.source}: {', '.join(parts)} examples; {folder.path}")

    def fitting(self, names: list[str]) -> None:
        """Which layers are fitted to the data, before the first epoch."""
        self.write(f"fitted to the training examples: {', '.join(names)}")

    def epoch(self, epoch: int, of: int, figures: dict[str, float], rate: float, seconds: float) -> None:
        """One line."""
        if not self.epochs:
            return
        width = len(str(of))
        shown = "  ".join(f"{name} {_number(value)}" for name, value in figures.items())
        self.write(f"epoch {epoch + 1:>{width}}/{of}  {shown}  rate {rate:.3g}  {seconds:.1f} s")

    def classes(self, names: list[str]) -> None:
        """Which number each class has."""
        shown = [f"{number} {name}" for number, name in enumerate(names[:20])]
        self.write(f"classes: {', '.join(shown)}{' …' if len(names) > 20 else ''}")

    def ended(self, epochs: int, of: int, why: str, kept: tuple[int, str, float] | None) -> None:
        """One line where the run stopped early, or puts the weights of an epoch back."""
        said = [f"stopped after epoch {epochs} of {of}: {why}"] if why else []
        if kept is not None:
            epoch, figure, best = kept
            said.append(f"the weights of epoch {epoch} are kept ({figure} {_number(best)})")
        elif why:
            said.append(f"the weights of epoch {epochs} are kept")
        if said:
            self.write("; ".join(said))

    def finished(self, folder: RunFolder, figures: dict[str, float], examples: int) -> None:
        """Where everything lies, and the test figures."""
        self.write(f"written: {folder.path} ({', '.join(folder.listed())})")
        if figures:
            ordered = ["loss", *(name for name in figures if name != "loss")]
            shown = ", ".join(f"{name} {_number(figures[name])}" for name in ordered if name in figures)
            self.write(f"test: {shown} ({examples} examples)")
        else:
            self.write("test: none, the split leaves no test examples")

    def interrupted(self, folder: RunFolder, epochs: int) -> None:
        """That it was stopped, and how to go on."""
        if epochs:
            self.write(f"interrupted after epoch {epochs}; continue with `--resume {folder.path}`")
        else:
            self.write("interrupted before an epoch was finished")


def _number(value: float) -> str:
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3e}"


__all__ = ["Report"]

"""Curves of a run as a picture: one panel a figure, training beside validation."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_APART = ("epoch", "learning_rate", "seconds")
_ACROSS = 3  # panels side by side; more begin a new row


def draw(epochs: Sequence[dict[str, Any]], path: str) -> None:
    """Write the picture; without epochs there is none."""
    if not epochs:
        return
    os.environ.setdefault("MPLBACKEND", "Agg")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [name for name in epochs[0] if name not in _APART and not name.startswith("val_")]
    panels = [*names, "learning_rate"] if len({line["learning_rate"] for line in epochs}) > 1 else names
    across = min(len(panels), _ACROSS)
    down = -(-len(panels) // across)
    figure = Figure(figsize=(4.8 * across, 3.6 * down), layout="constrained")
    FigureCanvasAgg(figure)
    for number, axes in enumerate(figure.subplots(down, across, squeeze=False).flat):
        if number < len(panels):
            _panel(axes, epochs, panels[number])
        else:
            axes.set_axis_off()
    figure.savefig(path, dpi=120)


def _panel(axes: Any, epochs: Sequence[dict[str, Any]], name: str) -> None:
    marker = "o" if len(epochs) < 3 else None
    for key, label, style in ((name, "training", "-"), (f"val_{name}", "validation", "--")):
        points = [(line["epoch"], line[key]) for line in epochs if line.get(key) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), style, label=label, marker=marker)
    axes.set_xlabel("epoch")
    axes.set_title(name.replace("_", " "))
    axes.grid(alpha=0.3)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if f"val_{name}" in epochs[0]:
        axes.legend()

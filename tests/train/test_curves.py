"""The picture of a run: its panels stand in rows of three."""

import struct

import pytest

from nnspec.train.curves import draw


def epochs_of(figures, count=6, rate=0.1):
    return [
        {
            "epoch": epoch,
            **{name: at + 1 / epoch for at, name in enumerate(figures)},
            **{f"val_{name}": at + 1.5 / epoch for at, name in enumerate(figures)},
            "learning_rate": rate / epoch,
            "seconds": 1.0,
        }
        for epoch in range(1, count + 1)
    ]


def size_of(path):
    with open(path, "rb") as file:
        return struct.unpack(">II", file.read(24)[16:])


@pytest.mark.parametrize(("figures", "across", "down"), [(1, 2, 1), (2, 3, 1), (3, 3, 2), (5, 3, 2), (7, 3, 3)])
def test_panels_stand_in_rows_of_three(tmp_path, figures, across, down):
    path = tmp_path / "curves.png"  # the learning rate, which changes, is one panel more
    draw(epochs_of([f"figure_{number}" for number in range(figures)]), str(path))
    assert size_of(path) == (round(4.8 * 120) * across, round(3.6 * 120) * down)


def test_one_figure_and_a_constant_rate_are_one_panel(tmp_path):
    lines = [{**line, "learning_rate": 0.1} for line in epochs_of(["loss"])]
    draw(lines, str(tmp_path / "curves.png"))
    assert size_of(tmp_path / "curves.png") == (576, 432)


def test_without_epochs_there_is_no_picture(tmp_path):
    draw([], str(tmp_path / "curves.png"))
    assert list(tmp_path.iterdir()) == []

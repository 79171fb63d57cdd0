"""The measure of work tells linear from quadratic, and sees what threads do."""

from __future__ import annotations

import sys
import threading

import pytest

from tests.effort import effort, growth


def step() -> None:
    return None


def test_calls_are_counted() -> None:
    few = effort(lambda: [step() for _ in range(10)])
    assert effort(lambda: [step() for _ in range(1010)]) == few + 1000
    assert effort(lambda: [len("") for _ in range(10)]) == few


def test_threads_are_counted() -> None:
    def action() -> None:
        thread = threading.Thread(target=lambda: [step() for _ in range(1000)])
        thread.start()
        thread.join()

    assert 1000 < effort(action) < 1200


def test_growth_tells_linear_from_quadratic() -> None:
    assert growth(lambda size: [step() for _ in range(size)], 1000) == pytest.approx(2, rel=0.01)
    assert growth(lambda size: [step() for _ in range(size * size)], 100) == pytest.approx(4, rel=0.01)


def test_it_ends_with_the_action() -> None:
    before = sys.getprofile()
    with pytest.raises(ZeroDivisionError):
        effort(lambda: 1 // 0)
    assert sys.getprofile() is before

"""What holds for all tests."""

from __future__ import annotations


def pytest_make_parametrize_id(config: object, val: object) -> str | None:
    """Functions are called by their names: their addresses differ between the processes that share the tests."""
    return str(getattr(val, "__name__", type(val).__name__)) if callable(val) else None

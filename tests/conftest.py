"""What holds for all tests."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A shell that starts the tests in the background has them ignore interrupts; some of them send one.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test is a clock: neither an example nor the making of examples fails because a machine is slow.
settings.register_profile("nnspec", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nnspec")


def pytest_make_parametrize_id(config: object, val: object) -> str | None:
    """Functions are called by their names: their addresses differ between the processes that share the tests."""
    return str(getattr(val, "__name__", type(val).__name__)) if callable(val) else None


@pytest.fixture(autouse=True)
def in_single_precision() -> Iterator[None]:
    """What a test says of Keras's precision ends with it."""
    yield
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "config"):
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")

"""How Keras is chosen, imported and quietened; each in a process of its own, where it matters."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from nnspec.backends import framework
from nnspec.backends.framework import FrameworkMissingError


def python(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Pretend that only these are installed, and that nothing is chosen."""
    monkeypatch.setenv("KERAS_BACKEND", "")  # so that what the test sets is taken back
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def only(*names, configured=None):
        if configured:
            (tmp_path / "keras.json").write_text(json.dumps({"backend": configured}), encoding="utf-8")
        monkeypatch.setattr(framework, "find_spec", lambda name: name if name in names else None)
        framework._choose_framework()
        return os.environ.get("KERAS_BACKEND")

    return only


def test_tensorflow_is_keras_own_choice(installed):
    assert installed("tensorflow", "jax", "torch") is None


def test_what_is_installed_is_chosen(installed):
    assert installed("torch") == "torch"


def test_the_configuration_of_the_user_is_kept(installed):
    assert installed("tensorflow", "jax", configured="jax") is None


def test_a_configuration_that_cannot_work_is_not(installed):
    assert installed("jax", configured="tensorflow") == "jax"


def test_the_environment_of_the_user_is_kept(installed, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert installed("tensorflow", "jax") == "jax"
    with pytest.raises(FrameworkMissingError, match="set KERAS_BACKEND=tensorflow"):
        installed("tensorflow")


def test_no_framework_at_all_says_what_to_type(installed):
    with pytest.raises(FrameworkMissingError, match="pip install"):
        installed()


@pytest.mark.parametrize(
    ("backend", "told", "has"), [("jax", False, False), ("jax", True, True), ("torch", False, True)]
)
def test_jax_has_float64_where_it_is_told_so(backend, told, has, monkeypatch):
    monkeypatch.setattr(framework.import_keras().config, "backend", lambda: backend)
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(config=SimpleNamespace(jax_enable_x64=told)))
    assert framework.has_float64() == has


def test_lowering_and_printing_load_no_framework():
    program = """
import sys
import nnspec.backends.lower, nnspec.backends.keras_source, nnspec.backends.keras_build
loaded = {name.split(".")[0] for name in sys.modules}
print(loaded & {"keras", "tensorflow", "jax", "torch", "numpy", "jsonschema"})
"""
    assert python(program).stdout.strip() == "set()"


def test_the_start_is_quiet_and_what_comes_after_is_not():
    program = """
import os
from nnspec.backends.framework import import_keras
keras = import_keras()
keras.ops.add(1, 2)
os.write(2, b"after")
"""
    done = python(program)
    assert done.returncode == 0
    assert done.stderr == "after"


def test_a_start_that_fails_shows_what_was_said(capfd):
    def fail():
        with framework._quiet_start():
            os.write(2, b"why it is broken")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert capfd.readouterr().err == "why it is broken"

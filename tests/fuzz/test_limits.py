"""Each limit of the language gives its located error, within a gigabyte and without much work."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from nnspec.analysis.quantities import count
from nnspec.compiler import Settings, load
from nnspec.diagnostics.diagnostic import Diagnostics
from tests.effort import effort
from tests.fuzz.limits import CHEAP, LIMITS, Limit

BYTES = 1_000_000_000
CALLS = 3_000_000  # six times what the largest takes; one call for each of its layers would be too many by far
SECONDS = 300  # no measure of a check's work: what stops a run that would not end

_CHECK = """
import json, re, sys
from nnspec.cli.main import main
status = main(["check", sys.argv[1], "--format", "json"])
# Not `ru_maxrss`, which a child takes over from the process that started it.
used = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(json.dumps([status, int(used[1]) * 1024]), file=sys.stderr)
"""


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_past_a_limit(limit: Limit, tmp_path: Path) -> None:
    path = tmp_path / ("spec.yaml" if limit.is_yaml else "spec.nn")
    path.write_text(limit.past)
    run = subprocess.run(
        [sys.executable, "-c", _CHECK, str(path)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    status, used = json.loads(run.stderr.splitlines()[-1])
    (answer,) = json.loads(run.stdout)["files"]
    errors = [found for found in answer["diagnostics"] if found["severity"] == "error"]
    assert (status, [found["code"] for found in errors]) == (1, [limit.code])
    span = errors[0]["span"]
    assert 0 <= span["start"]["offset"] <= span["end"]["offset"] <= len(limit.past)
    assert used < BYTES


@pytest.mark.parametrize("limit", [limit for limit in LIMITS if limit.kept], ids=lambda limit: limit.name)
def test_within_a_limit(limit: Limit, tmp_path: Path) -> None:
    path = tmp_path / ("spec.yaml" if limit.is_yaml else "spec.nn")
    path.write_text(limit.kept)
    found = Diagnostics()
    program = load(str(path), Settings(), found)
    counted = [count(model) for model in program.models]
    assert [f"{each.code.number} {each.message}" for each in found.sorted() if each.severity == "error"] == []
    assert len(counted) == 1


@pytest.mark.parametrize(("spec", "layers"), CHEAP, ids=[spec[:40] for spec, _ in CHEAP])
def test_large_but_cheap(spec: str, layers: int, tmp_path: Path) -> None:
    path = tmp_path / "spec.nn"
    path.write_text(spec)

    def check() -> None:
        found = Diagnostics()
        (model,) = load(str(path), Settings(), found).models
        assert not found.has_errors
        assert count(model).layers == layers

    assert effort(check) < CALLS


def test_memory_is_measured_in_kilobytes() -> None:
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 10_000

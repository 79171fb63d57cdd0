"""The house as docs and code say it is: who imports whom, what `check` loads, how long files are."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nnspec"

#: The rooms, from the top: a module imports only from its own room and those above it.
ROOMS = (
    ("__init__",),
    ("record", "deep_stack"),
    ("source",),
    ("diagnostics.diagnostic", "diagnostics.nearest"),
    ("diagnostics.codes", "diagnostics.catalogue"),
    ("shapes",),
    ("calls", "spelled"),
    ("ops",),
    ("syntax",),
    ("program",),
    ("analysis",),
    ("compiler",),
    ("mending",),
    ("solving",),
    ("backends",),
    ("train",),
    ("comparing",),
    ("lint",),
    ("diagnostics",),  # what renders them, one file a format
    ("lsp",),
    ("cli",),
    ("__main__", "derive"),
)
FRAMEWORKS = {"keras", "tensorflow", "jax", "torch", "numpy", "sklearn", "pandas", "matplotlib"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def room_of(module: str) -> int:
    found = [
        (len(prefix), number)
        for number, prefixes in enumerate(ROOMS)
        for prefix in prefixes
        if module == prefix or module.startswith(f"{prefix}.")
    ]
    assert found, f"nnspec.{module} is in no room of the house"
    return max(found)[1]


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every module that a file names in an import, and whether the file needs it to run."""
    tree = ast.parse(path.read_text())
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in for_types) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path} imports relatively"
            yield node.module, node not in for_types


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_from_rooms_above_its_own(path: Path) -> None:
    here = room_of(name_of(path))
    below = [
        module
        for module, is_needed in imports(path)
        if is_needed and module.startswith("nnspec.") and room_of(module.removeprefix("nnspec.")) > here
    ]
    assert below == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_frameworks_are_imported_where_they_are_run(path: Path) -> None:
    """Backends and training run them; layers of our own are the text that a generated program gets."""
    named = {module.split(".")[0] for module, is_needed in imports(path) if is_needed}
    if not name_of(path).startswith(("backends.", "train.")):
        assert not named & FRAMEWORKS


@pytest.mark.parametrize(
    "path", [p for p in MODULES if p.parent.name == "layers" and p.stem != "__init__"], ids=name_of
)
def test_a_layer_of_our_own_needs_keras_alone(path: Path) -> None:
    assert {module.split(".")[0] for module, _ in imports(path)} <= {"keras", "__future__", "math"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_its_place_and_stays_short(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= 500


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_error_is_caught_unnamed(path: Path) -> None:
    """`except Exception` stands only where everything is raised again, or says why nothing must escape."""
    lines = path.read_text().splitlines()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.ExceptHandler):
            caught = "everything" if node.type is None else ast.unparse(node.type)
            raises_again = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in node.body)
            if caught in ("everything", "Exception", "BaseException") and not raises_again:
                assert "#" in lines[node.lineno - 1], f"line {node.lineno} catches {caught} and does not say why"


@pytest.mark.parametrize("folder", [PACKAGE, ROOT / "tests"], ids=lambda path: path.name)
def test_there_is_no_room_for_odds_and_ends(folder: Path) -> None:
    names = {path.stem for path in folder.rglob("*") if "__pycache__" not in path.parts}
    assert not names & {"utils", "util", "helpers", "helper", "base", "common", "misc"}


def loaded(code: str) -> set[str]:
    """The top-level modules, and those of nnspec, that a fresh Python has loaded after some code."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {module if module.startswith("nnspec") else module.split(".")[0] for module in done.stderr.split()}


def check_of(path: str) -> set[str]:
    return loaded(f"from nnspec.cli.main import main\nassert main(['check', {path!r}]) == 0")


def test_importing_nnspec_loads_nothing_heavy() -> None:
    assert not loaded("import nnspec") & {*FRAMEWORKS, "lark", "yaml", "jsonschema", "importlib.metadata"}


def test_checking_an_arrow_spec_loads_neither_frameworks_nor_yaml() -> None:
    modules = check_of("specs/residual/resnet50.nn")
    assert "nnspec.program.elaborate" in modules
    assert not modules & {*FRAMEWORKS, "yaml", "jsonschema", "asyncio", "rich", "email"}
    assert not {module for module in modules if module.startswith(("nnspec.backends", "nnspec.train"))}


def test_checking_a_yaml_spec_loads_no_framework() -> None:
    modules = check_of("specs/textbook.yaml")
    assert "yaml" in modules
    assert not modules & FRAMEWORKS


def test_checking_a_spec_with_training_loads_no_framework() -> None:
    modules = check_of("specs/digits.yaml")
    assert "nnspec.train.check" in modules
    assert not modules & FRAMEWORKS

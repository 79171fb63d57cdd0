"""What a generated file must import, and what it calls what it imports.

Keras and numpy are called by their usual names; from other packages the function or class itself is
imported. Layers of our own are not imported at all: their text goes into the file.
"""

from __future__ import annotations

import ast
import os
import sys

import nnspec
from nnspec.backends.printer import STEP, WIDTH

#: Packages that are imported whole, and what they are called.
WHOLE = {"keras": "keras", "numpy": "np", "pandas": "pd", "tensorflow": "tf", "matplotlib.pyplot": "plt"}


class Imports:
    """Collects dotted paths while statements are printed; its `name` is what the printer asks."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.names: dict[str, set[str]] = {}
        self.own: dict[str, str] = {}  # module of ours → its text without docstring and imports

    def name(self, path: str) -> str:
        """What the thing at a dotted path is called in the file."""
        if "." not in path:
            return path
        for package, alias in WHOLE.items():
            if path.startswith(f"{package}."):
                self.modules.add(package)
                return alias + path[len(package) :]
        parts = path.split(".")
        first = next((i for i, part in enumerate(parts[:-1]) if part[:1].isupper()), len(parts) - 1)
        module, rest = ".".join(parts[:first]), parts[first:]
        if parts[0] == nnspec.__name__:
            self._insert(module)
        elif "." not in module and rest[0][:1].islower():
            self.modules.add(module)
            return path
        else:
            self.names.setdefault(module, set()).add(rest[0])
        return ".".join(rest)

    def _insert(self, module: str) -> None:
        if module not in self.own:
            text = module_source(module)
            body = [node for node in ast.parse(text).body if not self._is_heading(node, module)]
            first = min(_first_line(node) for node in body)
            self.own[module] = "".join(text.splitlines(keepends=True)[first - 1 :]).rstrip("\n")

    def _is_heading(self, node: ast.stmt, module: str) -> bool:
        """Whether a statement is the docstring, or an import, which is noted."""
        if isinstance(node, ast.Import):
            if any(WHOLE.get(alias.name, alias.name) != (alias.asname or alias.name) for alias in node.names):
                raise ValueError(f"{module} imports {ast.unparse(node)} under a name of its own")
            self.modules.update(alias.name for alias in node.names)
            return True
        if isinstance(node, ast.ImportFrom):
            self.names.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
            return True
        return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

    def lines(self) -> list[str]:
        """The import lines as isort orders them: the standard library first, `import` before `from`."""
        standard, other = self._sorted(standard=True), self._sorted(standard=False)
        return [*standard, *([""] if standard and other else []), *other]

    def _sorted(self, *, standard: bool) -> list[str]:
        def belongs(module: str) -> bool:
            return (module.split(".")[0] in sys.stdlib_module_names) == standard

        whole = [
            f"import {module}" + (f" as {WHOLE[module]}" if WHOLE.get(module, module) != module else "")
            for module in sorted(filter(belongs, self.modules))
        ]
        return whole + [_from_line(module, self.names[module]) for module in sorted(filter(belongs, self.names))]


def module_source(module: str) -> str:
    """The text of one of our own modules, which is read and never imported.

    Raises: OSError, where there is none.
    """
    root = os.path.dirname(nnspec.__file__)
    path = os.path.join(root, *module.split(".")[1:]) + ".py"
    with open(path, encoding="utf-8") as file:
        return file.read()


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, (ast.ClassDef, ast.FunctionDef)) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _from_line(module: str, names: set[str]) -> str:
    ordered = sorted(names, key=lambda name: (not name.isupper(), not name[:1].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"{' ' * STEP}{name}," for name in ordered), ")"])

"""All diagnostics that there are, for `explain` and the reference page; nothing else loads them all."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import nnspec.diagnostics.codes
from nnspec.diagnostics.diagnostic import Code
from nnspec.diagnostics.nearest import nearest


def all_codes() -> list[Code]:
    """Every code, in the order of their numbers."""
    modules = [
        import_module(f"{nnspec.diagnostics.codes.__name__}.{each.name}")
        for each in pkgutil.iter_modules(nnspec.diagnostics.codes.__path__)
    ]
    found = {value.number: value for module in modules for value in vars(module).values() if isinstance(value, Code)}
    return [found[number] for number in sorted(found)]


def find_code(wanted: str) -> Code | None:
    """The code of a number or slug, capitals and underscores apart; `301` is `NN301`."""
    key = wanted.strip().lower().replace("_", "-")
    numbers = (key, f"nn{key}")
    return next((code for code in all_codes() if code.number.lower() in numbers or code.slug == key), None)


def near_codes(wanted: str) -> list[str]:
    """Numbers and slugs that were perhaps meant."""
    codes = all_codes()
    return nearest(wanted, [*(code.slug for code in codes), *(code.number for code in codes)])

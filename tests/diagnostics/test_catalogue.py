"""The table of diagnostics: numbers and slugs are unique, and every entry explains itself."""

from __future__ import annotations

import re

import pytest

from nnspec.diagnostics.catalogue import all_codes, find_code, near_codes
from nnspec.diagnostics.diagnostic import Code

CODES = all_codes()


def test_numbers_and_slugs_are_used_once() -> None:
    import pkgutil
    from importlib import import_module

    import nnspec.diagnostics.codes as package

    modules = [import_module(f"{package.__name__}.{each.name}") for each in pkgutil.iter_modules(package.__path__)]
    own = [value for module in modules for value in vars(module).values() if isinstance(value, Code)]
    distinct = {id(code): code for code in own}.values()
    assert len({code.number for code in distinct}) == len(distinct)
    assert len({code.slug for code in distinct}) == len(distinct)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.number)
def test_every_entry_explains_itself(code: Code) -> None:
    assert re.fullmatch(r"NN\d{3}", code.number)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.slug)
    assert len(code.explanation) > 40
    assert code.title != code.slug
    assert not code.title.endswith(".")
    assert code.surface in ("nn", "yaml", "none")
    assert (code.surface == "none") == (not code.failing and not code.mended)


def test_a_code_is_found_by_number_or_slug() -> None:
    for wanted in ("NN301", "nn301", "301", "window-too-large", "Window_Too_Large"):
        found = find_code(wanted)
        assert found is not None
        assert found.number == "NN301"
    assert find_code("NN999") is None
    assert near_codes("windw-too-large")[0] == "window-too-large"
    assert len(near_codes("NN3")) <= 3

"""The generated files of all specs give what is built, at other values of their params too; large ones are left to

python -m tests.backends.structure.beside
"""

from __future__ import annotations

import ast
import os
import re

import pytest
import yaml

from tests.backends.structure.beside import (
    LARGE,
    ROOT,
    SPECS,
    arguments,
    builders,
    compare,
    compare_params,
    functions_of,
    written,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SMALL = [spec for spec in SPECS if spec not in LARGE]


def test_those_that_are_left_out_are_there() -> None:
    assert set(SPECS) > LARGE


@pytest.mark.parametrize("spec", SMALL)
def test_the_generated_model_is_the_one_that_is_built(spec: str) -> None:
    for lowered, make in builders(spec):
        compare(lowered, make)


@pytest.mark.parametrize("spec", SMALL)
def test_at_other_values_of_params_too(spec: str) -> None:
    compare_params(spec)


@pytest.mark.parametrize("spec", SPECS)
def test_every_param_is_an_argument_with_the_default_of_the_spec_or_the_docstring_names_it(spec: str) -> None:
    declared = _declared(spec)
    given = {name: value for make in functions_of(spec) for name, value in arguments(make).items()}
    fixed = _constants(written(spec))
    assert given.keys() | fixed == declared.keys()
    assert not given.keys() & fixed
    assert {name: declared[name] for name in given} == given


def _declared(spec: str) -> dict[str, object]:
    """The params of a spec, read from its text."""
    with open(os.path.join(ROOT, spec), encoding="utf-8") as file:
        text = file.read()
    if spec.endswith(".yaml"):
        return dict(yaml.safe_load(text).get("params", {}))
    found = re.findall(r"^param (\w+) = (\S+)", text, re.MULTILINE)
    return {name: yaml.safe_load(value.replace("_", "")) for name, value in found}


def _constants(text: str) -> set[str]:
    """The params that a file's docstring calls constants."""
    document = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
    said = re.search(r"The params that are constants here, .*?: (.*?)\.", document)
    return set(re.findall(r"`(\w+)`", said[1])) if said else set()

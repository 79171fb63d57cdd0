"""Published networks, those of `specs/`: our shapes and counts against numbers that were counted without us."""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from typing import Any

import pytest
import yaml

from nnspec.analysis.cost import operator_cost
from nnspec.analysis.layers import layer_rows
from nnspec.analysis.quantities import count
from nnspec.compiler import Settings, load
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.graph import Graph, flatten
from nnspec.program.program import Model
from tests.program.checking import shape_of

HERE = os.path.dirname(__file__)
ROOT = os.path.dirname(os.path.dirname(HERE))

ENTRIES: list[dict[str, Any]] = []
for file in ("published.yaml", "published_text.yaml"):
    with open(os.path.join(HERE, file), encoding="utf-8") as stream:
        ENTRIES += yaml.safe_load(stream)
PUBLISHED = {entry["name"]: entry for entry in ENTRIES}


@cache
def compiled(name: str) -> Model:
    entry = PUBLISHED[name]
    given = entry.get("settings", {})
    sizes = given.get("input", {})  # of the one input, or by name
    named = tuple(sizes.items()) if isinstance(sizes, dict) else ((None, sizes),)
    settings = Settings(tuple(given.get("params", {}).items()), (), named, given.get("model"))
    found = Diagnostics()
    (model,) = load(os.path.join(ROOT, entry["spec"]), settings, found).models
    assert [f.message for f in found.sorted() if f.severity == "error"] == []
    return model


def test_names_are_given_once() -> None:
    assert len(PUBLISHED) == len(ENTRIES)


def that_give(*keys: str) -> list[str]:
    return [name for name, entry in PUBLISHED.items() if any(key in entry for key in keys)]


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts(name: str) -> None:
    counts, entry = count(compiled(name)), PUBLISHED[name]
    for quantity in ("params", "trainable_params", "macs", "layers", "receptive_field"):
        if quantity in entry:
            assert getattr(counts, quantity) == entry[quantity], quantity


@pytest.mark.parametrize("name", PUBLISHED)
def test_outputs(name: str) -> None:
    assert [list(shape_of(output.type)) for output in compiled(name).outputs] == PUBLISHED[name]["outputs"]


@pytest.mark.parametrize("name", that_give("shapes"))
def test_shapes_by_their_labels(name: str) -> None:
    graph, expected = flatten(compiled(name)), PUBLISHED[name]["shapes"]
    labels = {label: list(graph.type_of(port).shape) for port, label in graph.labels}
    assert {label: labels.get(label) for label in expected} == expected


@pytest.mark.parametrize("name", that_give("each"))
def test_shapes_by_operator(name: str) -> None:
    graph = flatten(compiled(name))
    for operator, shapes in PUBLISHED[name]["each"].items():
        layers = [layer for layer in graph.layers if type(layer.operator).__name__ == operator]
        made = [list(shape_of(layer.types[0])) for layer in layers]
        assert [shape for shape in made if shape in shapes] == shapes


@pytest.mark.parametrize("name", that_give("operators"))
def test_numbers_of_layers(name: str) -> None:
    expected = PUBLISHED[name]["operators"]
    made = Counter(type(layer.operator).__name__ for layer in flatten(compiled(name)).layers)
    assert {operator: made[operator] for operator in expected} == expected


@pytest.mark.parametrize("name", that_give("field"))
def test_receptive_field_and_its_step_at_a_label(name: str) -> None:
    graph, expected = flatten(compiled(name)), PUBLISHED[name]["field"]
    (place,) = [port.layer for port, label in graph.labels if label == expected["at"]]
    field = list(layer_rows(graph))[place].field
    assert field is not None
    assert {(axis.size, axis.stride) for axis in field} == {(expected["size"], expected["stride"])}


@pytest.mark.parametrize("name", that_give("weighted"))
def test_layers_with_weights(name: str) -> None:
    expected = PUBLISHED[name]["weighted"]
    made = _weighted(flatten(compiled(name)))
    assert sorted(layer[: len(expected[0])] for layer in made) == sorted(expected)


def _weighted(graph: Graph) -> list[list[Any]]:
    """Parameters, multiply-adds and output of each layer with weights."""
    found = []
    for layer in graph.layers:
        cost = operator_cost(layer.operator, [graph.type_of(port) for port in layer.inputs], list(layer.types))
        if cost.params:
            found.append([cost.params, cost.macs, list(shape_of(layer.types[0]))])
    return found


def test_repeats_are_not_walked_turn_by_turn() -> None:
    model = compiled("resnet1202_cifar")
    seen, todo = set(), [model.region]
    while todo:
        region = todo.pop()
        for step in region.steps:
            for use in getattr(step, "cycle", ()) or ((step.use,) if hasattr(step, "use") else ()):
                if use.region not in seen:
                    seen.add(use.region)
                    todo.append(use.region)
    assert len(seen) < 40

"""What a decision hangs on: the values of all names and sizes in a condition, a count or a list.

Where they differ between walks, and only one way is known, what makes them differ cannot stay open.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nnspec.program.scope import Broken, Formula
from nnspec.program.values import Site
from nnspec.syntax import tree

if TYPE_CHECKING:
    from nnspec.program.values import Evaluator


def leaves(evaluator: Evaluator, node: tree.Node, site: Site) -> Iterator[Any]:
    """The values of names and sizes below a node, those that formulas read included; None for what is no number."""
    if isinstance(node, (tree.Name, tree.Attribute)):
        try:
            value = evaluator.evaluate(node, site)
        except Broken:
            value = None
        yield repr(value) if isinstance(value, (bool, int, float, Fraction, tuple, range)) else None
        return
    if isinstance(node, tree.FunctionCall):
        binding = site.scope.find(node.name.name)
        if binding is not None and isinstance(binding.value, Formula):
            yield from leaves(evaluator, binding.value.body, Site(binding.value.scope))
    for child in tree.children(node):
        if not (isinstance(node, tree.FunctionCall) and child is node.name):
            yield from leaves(evaluator, child, site)

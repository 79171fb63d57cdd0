"""Runs calls: the same data that `printer` prints, evaluated in this process.

It knows expressions and dotted paths, which are imported when they are first called for; not what
any of them does.
"""

from __future__ import annotations

import builtins
import importlib
import operator
from functools import cache
from typing import TYPE_CHECKING, Any

from nnspec.backends.framework import import_keras
from nnspec.calls import Assign, Call, Dotted, Item, Member, Operation, Value, Variable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "@": operator.matmul, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "&": operator.and_, "|": operator.or_,
}  # fmt: skip


@cache
def resolve(path: str) -> Any:
    """The module, class or function at a dotted path; without a dot, the builtin of that name.

    Raises: FrameworkMissingError, where Keras is not installed.
    """
    parts = path.split(".")
    if parts[0] == "keras":
        import_keras()
    if len(parts) == 1 and hasattr(builtins, path):
        return getattr(builtins, path)
    found: Any = importlib.import_module(parts[0])
    for index, part in enumerate(parts[1:], start=2):
        if not hasattr(found, part):
            importlib.import_module(".".join(parts[:index]))
        found = getattr(found, part)
    return found


def evaluate(value: Value, scope: Mapping[str, Any]) -> Any:
    """The value of an expression; `scope` holds what earlier statements assigned."""
    match value:
        case Variable():
            return scope[value.name]
        case Dotted():
            return resolve(value.path)
        case Call():
            target = resolve(value.target) if isinstance(value.target, str) else evaluate(value.target, scope)
            kwargs = {name: evaluate(given, scope) for name, given in value.kwargs.items()}
            return target(*(evaluate(given, scope) for given in value.args), **kwargs)
        case Member():
            return getattr(evaluate(value.value, scope), value.name)
        case Item():
            return evaluate(value.value, scope)[evaluate(value.index, scope)]
        case Operation():
            return _OPERATORS[value.operator](evaluate(value.left, scope), evaluate(value.right, scope))
        case tuple() | list():
            return type(value)(evaluate(item, scope) for item in value)
        case dict():
            return {key: evaluate(item, scope) for key, item in value.items()}
    return value


def run_statement(statement: Assign, scope: dict[str, Any]) -> Any:
    """Run one statement: its names are set in `scope`, and its value is returned."""
    value = evaluate(statement.value, scope)
    if len(statement.names) == 1:
        scope[statement.names[0]] = value
    elif statement.names:
        scope.update(zip(statement.names, value, strict=True))
    return value


def run(statements: Iterable[Assign], scope: dict[str, Any]) -> None:
    """Run statements in order."""
    for statement in statements:
        run_statement(statement, scope)

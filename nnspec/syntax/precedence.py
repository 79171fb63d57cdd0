"""Binds a flat row of operands and operators by precedence: what the grammar leaves open.

Two stacks instead of recursion, so a sum of 30,000 terms is as safe as one of three.
From loose to tight: `or`, `and`, `not`, comparisons (which do not chain), `+ -`,
`* / // %`, the signs, `^` (which binds to the right).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.diagnostics.codes import syntax as codes
from nnspec.diagnostics.diagnostic import Label
from nnspec.syntax import tree
from nnspec.syntax.slip import Slip

if TYPE_CHECKING:
    from nnspec.syntax.place import Place

NOT, COMPARISON, SIGN, POWER = 3, 4, 7, 8
BINDING = {
    "or": 1, "and": 2,
    "==": COMPARISON, "!=": COMPARISON, "<": COMPARISON, "<=": COMPARISON, ">": COMPARISON, ">=": COMPARISON,
    "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "^": POWER,
}  # fmt: skip


def bind(place: Place, row: list[Any]) -> Any:
    """One expression from a row of operands (nodes) and operators (tokens).

    Raises: Slip: a chained comparison, or a `not` where only brackets could hold it.
    """
    return _Binder(place).bind(row)


class _Binder:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.operands: list[Any] = []
        self.operators: list[tuple[int, bool, Any]] = []  # (binding, prefix, token)

    def bind(self, row: list[Any]) -> Any:
        for item in row:
            if not isinstance(item, str):
                self.operands.append(item)
            elif item.type == "PREFIX":  # type: ignore[attr-defined]
                self._prefix(item)
            else:
                self._infix(item)
        while self.operators:
            self._apply()
        return self.operands[0]

    def _prefix(self, token: Any) -> None:
        binding = NOT if token == "not" else SIGN
        if binding == NOT and self.operators and self.operators[-1][0] > NOT:
            raise Slip(
                codes.NEEDS_BRACKETS,
                "`not` behind an operator needs brackets",
                self._at(token),
                help="`not` binds looser than comparisons and sums: write `(not …)`",
            )
        self.operators.append((binding, True, token))

    def _infix(self, token: Any) -> None:
        binding = BINDING[token]
        while self.operators and (self.operators[-1][0] > binding or self._left(binding, token)):
            self._apply()
        self.operators.append((binding, False, token))

    def _left(self, binding: int, token: Any) -> bool:
        """Whether the operator before binds as tight and comes first."""
        before, prefix, earlier = self.operators[-1]
        if before != binding or binding == POWER:
            return False
        if binding == COMPARISON and not prefix:
            raise self._chained(earlier, token)
        return True

    def _chained(self, first: Any, second: Any) -> Slip:
        middle = self.operands[-1].span.text
        between = middle if len(middle) < 30 else "…"
        return Slip(
            codes.CHAINED_COMPARISON,
            "comparisons do not chain",
            self._at(second),
            label=f"a second comparison of `{between}`",
            labels=(Label(self._at(first), "the first"),),
            help=f"join two comparisons by `and`: `… {first} {between} and {between} {second} …`",
        )

    def _at(self, token: Any) -> Any:
        return self.place.span(token.start_pos, token.end_pos)

    def _apply(self) -> None:
        _, prefix, token = self.operators.pop()
        right = self.operands.pop()
        if prefix:
            self.operands.append(tree.Unary(self._at(token).to(right.span), str(token), right))
        else:
            left = self.operands.pop()
            self.operands.append(tree.Binary(left.span.to(right.span), str(token), left, right))

"""The kinds of arguments: how each is read from a value, described, and written as JSON Schema.

A kind gets what the compiler computed (int, Fraction, float, bool, None, str for text, `Word`,
tuple, a symbolic size, a tensor's type) and gives what operators use, or raises a RuleError.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar, cast

from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import RuleError
from nnspec.record import Record
from nnspec.shapes.dim import Dim, Symbolic, compare, demand
from nnspec.shapes.tensor import TensorType
from nnspec.source import Span

T = TypeVar("T")

MAX_SIZE = 2**63 - 1


class Word(Record):
    """A bare word, or one with settings: `same`, `normal(std=0.01)`; `span` is where it was written."""

    _unequal: ClassVar[tuple[str, ...]] = ("span",)

    name: str
    args: tuple[object, ...] = ()
    kwargs: tuple[tuple[str, object], ...] = ()
    span: Span | None = None

    def __str__(self) -> str:
        inside = [show(value) for value in self.args] + [f"{name}={show(value)}" for name, value in self.kwargs]
        return f"{self.name}({', '.join(inside)})" if inside else self.name


def show(value: object) -> str:
    """A value as a spec would write it, for messages."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"({', '.join(show(item) for item in value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, Fraction):
        return str(float(value)) if value.denominator != 1 else str(value.numerator)
    if isinstance(value, TensorType):
        return "a tensor"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(text)} characters)"


class Kind(Generic[T]):
    """A kind of argument; the base class of all."""

    #: Words that win over names in scope where this kind is wanted.
    words: Mapping[str, str] = {}

    def read(self, value: object) -> T:
        """The value in the form that operators use.

        Raises: RuleError, where the value is not of this kind.
        """
        raise NotImplementedError

    def describe(self) -> str:
        """What is accepted, as it reads after "expects"."""
        raise NotImplementedError

    def spell(self, value: T) -> str:
        """What was read, as a spec writes it."""
        return value if isinstance(value, str) and value in self.words else show(value)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what a YAML file may say."""
        raise NotImplementedError

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[Any]:
        """Other values of this kind, as `read` gives them, for whoever looks for one that suits a tensor.

        They are those near to `value`, and near to sizes that play a part there; none where a change of the value
        changes no shape.
        """
        return ()

    def refuse(self, value: object, why: str = "") -> RuleError:
        """The error for a value that is not of this kind."""
        if isinstance(value, Symbolic):
            return RuleError(
                codes.SYMBOLIC_VALUE,
                f"expects {self.describe()}, which may not depend on a symbolic size",
                label=f"{show(value)} is symbolic",
                help="write a number here, or fix the size with `--input`",
            )
        return RuleError(codes.BAD_ARGUMENT, f"expects {self.describe()}, not {show(value)}{why}", label=show(value))


#: A plain YAML scalar may be an arrow expression wherever a value is wanted.
EXPRESSION: dict[str, Any] = {"type": "string"}


def whole(value: object) -> int | None:
    """The int that a value without a fraction is, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, (Fraction, float)) and value == int(value):
        return int(value)
    return None


def _near(value: int, sizes: Iterable[int], ge: int | None, le: int) -> list[int]:
    """Whole numbers beside a value, beside sizes and dividing them: the nearest first, of two as near the smaller."""
    found = {value + step for step in range(-_BESIDE, _BESIDE + 1)}
    for size in sizes:
        found.update((size - 1, size, size + 1))
        found.update(part for part in range(1, _SMALL) if size > 0 and size % part == 0)
    found.discard(value)
    allowed = [number for number in found if number <= le and (ge is None or number >= ge)]
    return sorted(allowed, key=lambda number: (abs(number - value), number))


_BESIDE = 4
_SMALL = 33


def one_changed(items: tuple[Any, ...], near: Callable[[Any], Iterable[Any]]) -> Iterable[tuple[Any, ...]]:
    """A tuple with one of its items changed, the last one first."""
    for at in reversed(range(len(items))):
        for other in near(items[at]):
            yield (*items[:at], other, *items[at + 1 :])


class Integer(Kind[int]):
    """A whole number within bounds."""

    def __init__(self, ge: int | None = None, le: int = MAX_SIZE) -> None:
        self.ge = ge
        self.le = le

    def read(self, value: object) -> int:
        number = whole(value)
        if number is not None and number > self.le:
            raise self.refuse(value, f": {self.le:,} is the most")
        if number is None or (self.ge is not None and number < self.ge):
            raise self.refuse(value)
        return number

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[int]:
        return _near(value, sizes, self.ge, self.le) if isinstance(value, int) else ()

    def describe(self) -> str:
        if self.ge is None:
            return "a whole number"
        return f"a whole number of at least {self.ge}" + (f" and at most {self.le}" if self.le != MAX_SIZE else "")

    def schema(self) -> dict[str, Any]:
        number: dict[str, Any] = {"type": "integer"}
        if self.ge is not None:
            number["minimum"] = self.ge
        return {"anyOf": [number, EXPRESSION]}


class Size(Kind[Dim]):
    """A size of an axis: a whole number or a symbolic size."""

    def __init__(self, ge: int = 1) -> None:
        self.ge = ge

    def read(self, value: object) -> Dim:
        if isinstance(value, Symbolic):
            if not demand(compare(value, ">=", self.ge)):
                raise RuleError(
                    codes.BAD_ARGUMENT,
                    f"expects {self.describe()}, and {value} is smaller for every input",
                    label=f"{value} < {self.ge}",
                )
            return value
        number = whole(value)
        if number is None or not self.ge <= number <= MAX_SIZE:
            raise self.refuse(value)
        return number

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[int]:
        return _near(value, sizes, self.ge, MAX_SIZE) if isinstance(value, int) else ()

    def describe(self) -> str:
        return f"a size of at least {self.ge}"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer", "minimum": self.ge}, EXPRESSION]}


class Real(Kind[float]):
    """A number within bounds: `ge`/`gt` from below, `le`/`lt` from above."""

    def __init__(
        self, *, ge: float | None = None, gt: float | None = None, le: float | None = None, lt: float | None = None
    ) -> None:
        self.bounds: tuple[tuple[float | None, str, Callable[[float, float], bool]], ...] = (
            (ge, "at least", operator.ge),
            (gt, "above", operator.gt),
            (le, "at most", operator.le),
            (lt, "below", operator.lt),
        )

    def read(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, Fraction)):
            raise self.refuse(value)
        try:
            number = float(value)
        except OverflowError:
            raise self.refuse(value, ", which is too large") from None
        if any(bound is not None and not holds(number, bound) for bound, _, holds in self.bounds):
            raise self.refuse(value)
        return number

    def describe(self) -> str:
        parts = [f"{words} {bound:g}" for bound, words, _ in self.bounds if bound is not None]
        return "a number" + (f" {' and '.join(parts)}" if parts else "")

    def schema(self) -> dict[str, Any]:
        names = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
        number = {name: bound for name, (bound, _, _) in zip(names, self.bounds, strict=True) if bound is not None}
        return {"anyOf": [{"type": "number", **number}, EXPRESSION]}


class Flag(Kind[bool]):
    """`true` or `false`."""

    def read(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise self.refuse(value)
        return value

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[bool]:
        return (not value,)

    def describe(self) -> str:
        return "true or false"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "boolean"}, EXPRESSION]}


class OneOf(Kind[str]):
    """One of some words."""

    def __init__(self, *words: str) -> None:
        self.words = dict.fromkeys(words, "")

    def read(self, value: object) -> str:
        name = value.name if isinstance(value, Word) and not (value.args or value.kwargs) else value
        if not isinstance(name, str) or name not in self.words:
            raise self.refuse(value)
        return name

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[str]:
        return [word for word in self.words if word != value]

    def describe(self) -> str:
        *most, last = [f"`{word}`" for word in self.words]
        return f"{', '.join(most)} or {last}" if most else last

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


class Text(Kind[str]):
    """A text in double quotes."""

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.refuse(value)
        return value

    def describe(self) -> str:
        return 'a "text"'

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


class OrNone(Kind["T | None"], Generic[T]):
    """Another kind, or `none`."""

    def __init__(self, kind: Kind[T]) -> None:
        self.kind = kind

    @property
    def words(self) -> Mapping[str, str]:  # type: ignore[override]
        """The words of the other kind, asked for only when they are wanted."""
        return self.kind.words

    def read(self, value: object) -> T | None:
        return None if value is None else self.kind.read(value)

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[Any]:
        return () if value is None else (None, *self.kind.near(value, sizes))

    def describe(self) -> str:
        return f"{self.kind.describe()}, or none"

    def spell(self, value: T | None) -> str:
        return show(None) if value is None else self.kind.spell(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.kind.schema(), {"type": "null"}]}


def _quotients(sizes: Iterable[int], items: tuple[Any, ...], item: Any) -> list[int]:
    """What the other items leave of each size that they divide."""
    rest = 1
    for other in (*items[: items.index(item)], *items[items.index(item) + 1 :]):
        rest *= other if isinstance(other, int) and other > 0 else 1
    return [size // rest for size in sizes if size % rest == 0]


class Many(Kind["tuple[T, ...]"], Generic[T]):
    """A tuple or list of values of one kind; for variadic parameters, all positions left."""

    def __init__(self, kind: Kind[T], least: int = 0) -> None:
        self.kind = kind
        self.least = least

    def read(self, value: object) -> tuple[T, ...]:
        items = value if isinstance(value, tuple) else (value,)
        if len(items) < self.least:
            raise self.refuse(value)
        return tuple(self.kind.read(item) for item in items)

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[tuple[T, ...]]:
        known = tuple(sizes)
        yield from one_changed(value, lambda item: self.kind.near(item, (*known, *_quotients(known, value, item))))
        if len(value) > max(1, self.least):
            yield value[:-1]
        if value:
            yield from [(*value, last) for last in self.kind.near(0, ()) if last in (1, len(value))]

    def describe(self) -> str:
        return f"a list, each item {self.kind.describe()}"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "array", "items": self.kind.schema(), "minItems": self.least}, self.kind.schema()]}


class PerAxis(Kind["int | tuple[int, ...]"]):
    """One whole number, or one per axis: `3`, `3x3`, `(3, 1)`."""

    def __init__(self, ge: int = 1) -> None:
        self.item = Integer(ge)

    def read(self, value: object) -> int | tuple[int, ...]:
        if isinstance(value, tuple):
            if not 1 <= len(value) <= 3:
                raise self.refuse(value)
            return tuple(self.item.read(item) for item in value)
        return self.item.read(value)

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[Any]:
        if isinstance(value, int):
            yield from self.item.near(value, sizes)
            return
        known = tuple(sizes)
        yield from one_changed(value, lambda item: self.item.near(item, known))
        if len(value) > 2:
            yield value[:-1]
        yield from ((*value, value[-1]), value[0]) if len(value) > 1 else (value[0],)

    def describe(self) -> str:
        return f"{self.item.describe()}, or one per axis"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.item.schema(), {"type": "array", "items": self.item.schema()}]}


Pads: TypeAlias = "int | tuple[int, ...] | tuple[tuple[int, int], ...]"
PaddingValue: TypeAlias = 'Literal["valid", "same", "causal"] | Pads'


class Padding(Kind[PaddingValue]):
    """`valid`, `same`, `causal`, `n`, `(n, m)` per axis, or `((a, b), (c, d))` before and after."""

    def __init__(self, *words: str) -> None:
        self.words = dict.fromkeys(words, "")
        self.item = Integer(ge=0)

    def read(self, value: object) -> PaddingValue:
        if isinstance(value, Word) and value.name in self.words and not (value.args or value.kwargs):
            return cast(PaddingValue, value.name)
        if isinstance(value, tuple) and 1 <= len(value) <= 3:
            if all(isinstance(item, tuple) and len(item) == 2 for item in value):
                pairs = cast("tuple[tuple[object, object], ...]", value)
                return tuple((self.item.read(before), self.item.read(after)) for before, after in pairs)
            if not any(isinstance(item, tuple) for item in value):
                return tuple(self.item.read(item) for item in value)
        if isinstance(value, (Word, tuple, str)) or value is None:
            raise self.refuse(value)
        return self.item.read(value)

    def near(self, value: Any, sizes: Iterable[int]) -> Iterable[PaddingValue]:
        yield from [cast(PaddingValue, word) for word in self.words if word != value]
        known = tuple(sizes)
        if not isinstance(value, tuple):
            number = value if isinstance(value, int) else 0
            yield from self.item.near(number, known)
            return
        if any(isinstance(item, tuple) for item in value):
            yield from one_changed(value, lambda pair: one_changed(pair, lambda item: self.item.near(item, known)))
        else:
            yield from one_changed(value, lambda item: self.item.near(item, known))
        yield from ((*value, value[-1]), value[:-1]) if len(value) > 1 else ()

    def describe(self) -> str:
        words = ", ".join(f"`{word}`" for word in self.words)
        return f"{words + ', ' if words else ''}a number, one per axis, or ((before, after), …)"

    def schema(self) -> dict[str, Any]:
        number = {"type": "integer", "minimum": 0}
        pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
        return {
            "anyOf": [
                {"enum": list(self.words)},
                number,
                EXPRESSION,
                {"type": "array", "items": {"anyOf": [number, pair, EXPRESSION]}, "minItems": 1, "maxItems": 3},
            ]
        }


class Tensor(Kind[TensorType]):
    """A tensor in scope; the operator sees its type, and gets it as a further input."""

    def read(self, value: object) -> TensorType:
        if not isinstance(value, TensorType):
            raise self.refuse(value)
        return value

    def describe(self) -> str:
        return "a tensor"

    def schema(self) -> dict[str, Any]:
        return EXPRESSION


class PartName(Kind[str]):
    """The name of a shared part; the elaborator knows the parts."""

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.refuse(value)
        return value

    def describe(self) -> str:
        return "the name of a shared part"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[A-Z][A-Za-z0-9_]*$"}

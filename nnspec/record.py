"""Frozen records: what `dataclasses` gives, at no cost before the first use.

Every `check` imports dozens of node and operator classes and uses a handful of
them, so a record writes its constructor when it is first called, not when its
class is made. It knows nothing of what the records hold.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar, dataclass_transform


def _bootstrap(self: Record, *args: object, **kwargs: object) -> None:
    cls = type(self)
    setattr(cls, "__init__", _constructor(cls))  # noqa: B010 (a class attribute, written once)
    cls.__init__(self, *args, **kwargs)


def _constructor(cls: type[Record]) -> Any:
    defaults = {name: getattr(cls, name) for name in cls._fields if hasattr(cls, name)}
    heads = [f"{name}=_defaults[{name!r}]" if name in defaults else name for name in cls._fields]
    lines = [f"    fields[{name!r}] = {name}" for name in cls._fields]
    text = "\n".join([f"def __init__(self, {', '.join(heads)}):", "    fields = self.__dict__", *lines])
    scope: dict[str, Any] = {"_defaults": defaults}
    exec(text, scope)  # field names only: they are identifiers of our own classes
    return scope["__init__"]


@dataclass_transform(frozen_default=True)
class Record:
    """A frozen value with named fields, compared by its fields.

    Fields are the annotations of the class, after those of its parents; a class
    attribute of the same name is a field's default. Fields named in `_unequal`
    (positions, say) take no part in comparison.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _unequal: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = [
            name
            for name, kind in cls.__dict__.get("__annotations__", {}).items()  # noqa: RUF063
            if not str(kind).startswith("ClassVar")
        ]
        if own:
            cls._fields = tuple(dict.fromkeys((*cls._fields, *own)))
            if "__init__" not in cls.__dict__:
                setattr(cls, "__init__", _bootstrap)  # noqa: B010

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields if name not in self._unequal)
        return f"{type(self).__name__}({shown})"

    def _values(self) -> tuple[object, ...]:
        fields = self.__dict__
        return tuple(fields[name] for name in self._fields if name not in self._unequal)


R = TypeVar("R", bound="Record")


def replace(record: R, **changes: object) -> R:
    """A copy of the record with some fields changed."""
    return type(record)(**{**record.__dict__, **changes})

"""Keys of the `train` section as declarations: from one come its reading, its schema and its page.

A `Settings` class declares keys by `key(reader, doc=…)`; readers turn YAML data with places into
values, and report what is wrong where it was written. Nothing here knows a key of the language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar

from nnspec.diagnostics.codes import yaml as codes
from nnspec.diagnostics.codes.training import NOT_THERE_YET, UNKNOWN_CHOICE
from nnspec.diagnostics.diagnostic import Code, Diagnostics, RuleError
from nnspec.ops.choices import Choice
from nnspec.ops.operator import REQUIRED
from nnspec.syntax.near import near_help
from nnspec.syntax.tree import Data, DataMapping, DataScalar
from nnspec.train.scalars import BadNumber, value_of, wants_text

if TYPE_CHECKING:
    from nnspec.ops.kinds import Kind
    from nnspec.source import Span

T = TypeVar("T")


#: Keras's words for keys that have another name here.
RENAMED = {"lr": "learning_rate", "batch_size": "batch", "validation_split": "split"}


class Unread(Exception):  # noqa: N818 (the fault was reported already)
    """Raised to leave a value whose fault was reported; of a mapping, `part` is what could be read."""

    def __init__(self, part: Settings | None = None) -> None:
        super().__init__()
        self.part = part


class Reader(Generic[T]):
    """Reads data at a key; the base class of all."""

    def read(self, data: Data, path: str, found: Diagnostics) -> T:
        """The value; `path` is how messages call the key.

        Raises: Unread, after the fault was reported.
        """
        raise NotImplementedError

    def describe(self) -> str:
        """What is accepted, as it reads after "expects"."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what a YAML file may say."""
        raise NotImplementedError

    def parts(self) -> Iterator[tuple[str, type[Settings]]]:
        """The mappings it may hold, each with a heading, for the reference page."""
        return iter(())

    def holds(self, name: str) -> bool:
        """Whether a mapping that it reads may have a key."""
        return any(name in settings.keys for _, settings in self.parts())


def refuse(found: Diagnostics, code: Code, message: str, span: Span, **more: Any) -> NoReturn:
    """Report a fault.

    Raises: Unread.
    """
    found.report(code, message, span, **more)
    raise Unread


class Value(Reader[T]):
    """A scalar or list that a kind reads."""

    def __init__(self, kind: Kind[T]) -> None:
        self.kind = kind

    def read(self, data: Data, path: str, found: Diagnostics) -> T:
        if isinstance(data, DataMapping):
            refuse(found, codes.WRONG_TYPE, f"`{path}` expects {self.kind.describe()}, not a mapping", data.span)
        try:
            return self.kind.read(value_of(data, text=wants_text(self.kind)))
        except BadNumber as bad:
            refuse(found, codes.NOT_FINITE, f"`{path}` expects {self.kind.describe()}", bad.span, label=str(bad))
        except RuleError as error:
            refuse(found, error.code, f"`{path}` {error.message}", data.span, label=error.label, help=error.help)

    def describe(self) -> str:
        return self.kind.describe()

    def schema(self) -> dict[str, Any]:
        return self.kind.schema()


class Later(Reader[Any]):
    """A key of the language that this version refuses; `there_is` says what there is instead."""

    def __init__(self, there_is: str) -> None:
        self.there_is = there_is

    def read(self, data: Data, path: str, found: Diagnostics) -> NoReturn:
        refuse(found, NOT_THERE_YET, f"`{path}` is not there yet", data.span, help=self.there_is)

    def describe(self) -> str:
        return "not there yet"

    def schema(self) -> dict[str, Any]:
        return {"not": {}}


class Either(Reader[Any]):
    """A mapping read by one reader, anything else by another."""

    def __init__(self, mapping: Reader[Any], other: Reader[Any]) -> None:
        self.mapping = mapping
        self.other = other

    def read(self, data: Data, path: str, found: Diagnostics) -> Any:
        return (self.mapping if isinstance(data, DataMapping) else self.other).read(data, path, found)

    def describe(self) -> str:
        return f"{self.other.describe()}, or {self.mapping.describe()}"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.other.schema(), self.mapping.schema()]}

    def parts(self) -> Iterator[tuple[str, type[Settings]]]:
        yield from self.other.parts()
        yield from self.mapping.parts()


class Key(Generic[T]):
    """A key of a mapping: its reader, default, and one line of documentation."""

    __slots__ = ("default", "doc", "name", "reader")

    def __init__(self, reader: Reader[T], default: Any, doc: str) -> None:
        self.reader = reader
        self.default = default
        self.doc = doc
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


def key(reader: Reader[T] | Kind[T], *, doc: str, default: Any = REQUIRED) -> T:
    """Declare a key of a `Settings` class; instances hold the value that was read."""
    made: Any = Key(reader if isinstance(reader, Reader) else Value(reader), default, doc)
    return made  # type: ignore[no-any-return]  # the class attribute; instances hold the value


class Settings:
    """A mapping whose keys are declared as class attributes; frozen once read."""

    keys: ClassVar[Mapping[str, Key[Any]]] = {}
    #: The whole mapping, and each value that was written.
    span: Span
    places: Mapping[str, Span]

    def __init_subclass__(cls) -> None:
        own = {name: made for name, made in cls.__dict__.items() if isinstance(made, Key)}
        cls.keys = {**cls.keys, **own}

    def __init__(self, values: Mapping[str, Any], span: Span, places: Mapping[str, Span]) -> None:
        defaults = {name: declared.default for name, declared in self.keys.items()}
        self.__dict__.update({**defaults, **values, "span": span, "places": places})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def at(self, name: str) -> Span:
        """Where the value of a key was written, else the mapping."""
        return self.places.get(name, self.span)

    def wrote(self, name: str) -> bool:
        """Whether the key was written, rather than left at its default."""
        return name in self.places

    def plain(self) -> dict[str, Any]:
        """All settings, defaults included, as JSON has them."""
        return {name: plain(getattr(self, name)) for name in self.keys}

    @classmethod
    def read(cls, data: DataMapping, path: str, found: Diagnostics) -> Self:
        """The settings of a mapping, all its faults reported.

        Raises: Unread.
        """
        values: dict[str, Any] = {}
        places: dict[str, Span] = {}
        failed = False
        for name, item in data.items:
            declared = cls.keys.get(str(name.value))
            if declared is None:
                failed = True
                unknown_key(name, path, cls.keys, found)
                continue
            places[declared.name] = item.span
            try:
                values[declared.name] = declared.reader.read(item, join(path, declared.name), found)
            except Unread as unread:
                failed = True
                if unread.part is not None:
                    values[declared.name] = unread.part
        lacking = [n for n, declared in cls.keys.items() if declared.default is REQUIRED and n not in places]
        if lacking:
            names = " and ".join(f"`{name}`" for name in lacking)
            means = tuple([f"`{name}`: {cls.keys[name].doc}" for name in lacking])
            help = " and ".join(f"`{name}: …`" for name in lacking)
            found.report(codes.MISSING_KEY, f"`{path}` lacks {names}", data.span, notes=means, help=f"add {help}")
        read = cls(values, data.span, places)
        if failed or lacking:
            raise Unread(read)
        return read

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The JSON Schema of the mapping."""
        needed = [name for name, declared in cls.keys.items() if declared.default is REQUIRED]
        properties = {name: {"description": k.doc, **k.reader.schema()} for name, k in cls.keys.items()}
        made: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
        return {**made, "required": needed} if needed else made


def plain(value: Any) -> Any:
    """A value that was read, as JSON has it."""
    if isinstance(value, Pick):
        return {"name": value.word, **{name: plain(given) for name, given in value.given.items()}}
    if isinstance(value, Settings):
        return value.plain()
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def join(path: str, name: str) -> str:
    """The path of a key in a mapping."""
    return f"{path}.{name}" if path else name


def unknown_key(name: DataScalar, path: str, known: Mapping[str, Any], found: Diagnostics) -> None:
    """Report a key that a mapping does not have."""
    help = meant_help(str(name.value), path, known) or f"it has {listed(known)}"
    found.report(codes.UNKNOWN_KEY, f"`{path}` has no key `{name.value}`", name.span, help=help)


def meant_help(name: str, path: str, known: Mapping[str, Any]) -> str | None:
    """What a key that is not known was meant to be: Keras's word for one, one of a mapping inside, or a near one."""
    meant = RENAMED.get(name, name)
    if meant in known:
        return f"here it is called `{meant}`"
    inside = [f"`{join(path, inner)}`" for inner in holders(meant, known)]
    return f"`{meant}` is a key of {' and of '.join(inside)}" if inside else near_help(name, known)


def holders(name: str, known: Mapping[str, Any]) -> list[str]:
    """The keys whose mappings may have a key of this name."""
    return [each for each, declared in known.items() if isinstance(declared, Key) and declared.reader.holds(name)]


def listed(names: Mapping[str, Any] | list[str], most: int = 40) -> str:
    """Names, as messages list them."""
    shown = [f"`{name}`" for name in names][:most]
    return ", ".join(shown) + (" …" if len(names) > most else "")


class Section(Reader[T]):
    """A mapping with declared keys; `plain` is the key that a scalar in its place sets, `true` sets none."""

    def __init__(self, settings: type[T], *, plain: str | None = None) -> None:
        self.settings: type[Any] = settings
        self.plain = plain

    def read(self, data: Data, path: str, found: Diagnostics) -> T:
        if isinstance(data, DataMapping):
            return self.settings.read(data, path, found)  # type: ignore[no-any-return]
        if self.plain is None:
            refuse(found, codes.WRONG_TYPE, f"`{path}` expects {self.describe()}", data.span)
        if isinstance(data, DataScalar) and data.value is True:
            return self.settings({}, data.span, {})  # type: ignore[no-any-return]
        read = self.settings.keys[self.plain].reader.read(data, path, found)
        return self.settings({self.plain: read}, data.span, {self.plain: data.span})  # type: ignore[no-any-return]

    def describe(self) -> str:
        mapping = f"a mapping with {listed(self.settings.keys)}"
        return mapping if self.plain is None else f"{mapping}, or its `{self.plain}`"

    def schema(self) -> dict[str, Any]:
        mapping: dict[str, Any] = self.settings.schema()
        if self.plain is None:
            return mapping
        return {"anyOf": [mapping, self.settings.keys[self.plain].reader.schema(), {"const": True}]}

    def parts(self) -> Iterator[tuple[str, type[Settings]]]:
        yield "", self.settings


class Off(Reader[Any]):
    """`false` or nothing, for what can be switched off; else another reader."""

    def __init__(self, reader: Reader[Any]) -> None:
        self.reader = reader

    def read(self, data: Data, path: str, found: Diagnostics) -> Any:
        if isinstance(data, DataScalar) and (data.value is None or data.value is False):
            return None
        return self.reader.read(data, path, found)

    def holds(self, name: str) -> bool:
        return self.reader.holds(name)

    def describe(self) -> str:
        return f"{self.reader.describe()}, or false"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.reader.schema(), {"enum": [False, None]}]}

    def parts(self) -> Iterator[tuple[str, type[Settings]]]:
        return self.reader.parts()


class Pick(Settings):
    """A word of a table with its settings; `given` are those written, by their names here."""

    word: str
    choice: Choice
    given: Mapping[str, Any]

    @classmethod
    def of(cls, word: str, choice: Choice, given: Mapping[str, Any], span: Span, places: Mapping[str, Span]) -> Pick:
        """A pick of this word."""
        return cls({"word": word, "choice": choice, "given": given}, span, places)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the Keras class, under Keras's names; those at Keras's default are left out."""
        kwargs = dict(self.choice.fixed)
        for name, setting in self.choice.settings.items():
            if name in self.given and (self.given[name] != setting.default or setting.keras in kwargs):
                kwargs[setting.keras] = self.given[name]
        return kwargs


class Named(Reader[Pick]):
    """A word of a table, or `{name: word, …}` with its settings; `common` are settings of every word.

    `later` and `later_settings` are words and settings of the language that this version refuses, with what
    there is instead.
    """

    def __init__(
        self, what: str, table: Mapping[str, Choice], common: Mapping[str, Reader[Any]] | None = None,
        later: Mapping[str, str] | None = None, later_settings: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.what = what
        self.table = table
        self.common = common or {}
        self.later = later or {}
        self.later_settings = later_settings or {}

    def read(self, data: Data, path: str, found: Diagnostics) -> Pick:
        if isinstance(data, DataScalar):
            word, choice = self._choice(data, path, found)
            self._given(DataMapping(data.span, ()), word, choice, path, found)  # which of them must be given
            return Pick.of(word, choice, {}, data.span, {})
        name = data.get("name") if isinstance(data, DataMapping) else None
        if not isinstance(data, DataMapping) or not isinstance(name, DataScalar):
            refuse(found, codes.WRONG_TYPE, f"`{path}` expects the name of {self.what}, or `{{name: …, …}}`", data.span)
        word, choice = self._choice(name, path, found)
        given, places = self._given(data, word, choice, path, found)
        return Pick.of(word, choice, given, data.span, places)

    def _choice(self, data: DataScalar, path: str, found: Diagnostics) -> tuple[str, Choice]:
        word = str(data.value)
        choice = self.table.get(word)
        if choice is not None:
            return word, choice
        if word in self.later:
            refuse(found, NOT_THERE_YET, f"`{path}: {word}` is not there yet", data.span, help=self.later[word])
        help = near_help(word, self.table) or f"there are {listed(self.table)}"
        refuse(found, UNKNOWN_CHOICE, f"`{word}` is not the name of {self.what}", data.span, help=help)

    def _given(
        self, data: DataMapping, word: str, choice: Choice, path: str, found: Diagnostics
    ) -> tuple[dict[str, Any], dict[str, Span]]:
        readers = {n: Value(s.kind) for n, s in choice.settings.items()} | dict(self.common)
        given: dict[str, Any] = {}
        failed = False
        for name, item in data.items:
            if name.value == "name":
                continue
            reader = readers.get(str(name.value))
            if reader is None:
                failed = True
                self._refuse_key(name, word, path, readers, found)
                continue
            try:
                given[str(name.value)] = reader.read(item, join(path, str(name.value)), found)
            except Unread:
                failed = True
        for lacking in (n for n, s in choice.settings.items() if s.default is REQUIRED and data.get(n) is None):
            failed = True
            found.report(codes.MISSING_KEY, f"`{word}` needs `{lacking}`", data.span, help=f"add `{lacking}: …`")
        if failed:
            raise Unread
        return given, {str(name.value): item.span for name, item in data.items}

    def _refuse_key(
        self, name: DataScalar, word: str, path: str, readers: Mapping[str, Any], found: Diagnostics
    ) -> None:
        help = self.later_settings.get(str(name.value))
        if help is None:
            unknown_key(name, f"{path} {word}", {"name": None, **readers}, found)
        else:
            found.report(NOT_THERE_YET, f"`{name.value}` of `{path}: {word}` is not there yet", name.span, help=help)

    def holds(self, name: str) -> bool:
        return name in self.common or any(name in choice.settings for choice in self.table.values())

    def describe(self) -> str:
        return f"the name of {self.what}, or a mapping with its `name` and settings"

    def schema(self) -> dict[str, Any]:
        common = {name: reader.schema() for name, reader in self.common.items()}
        plain = [w for w, c in self.table.items() if all(s.default is not REQUIRED for s in c.settings.values())]
        return {"anyOf": [{"enum": plain}, *(_choice_schema(w, c, common) for w, c in self.table.items())]}


def _choice_schema(word: str, choice: Choice, common: Mapping[str, Any]) -> dict[str, Any]:
    settings = {name: setting.kind.schema() for name, setting in choice.settings.items()}
    needed = [name for name, setting in choice.settings.items() if setting.default is REQUIRED]
    return {
        "type": "object", "additionalProperties": False, "required": ["name", *needed],
        "description": choice.doc, "properties": {"name": {"const": word}, **settings, **common},
    }  # fmt: skip

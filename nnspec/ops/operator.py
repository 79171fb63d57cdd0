"""What an operator is: one class that says everything about one operator.

Its parameters are class attributes made by `param` (positional) and `option` (keyword only); its
inputs are the parameters of `infer`: first the tensors that arrive, then one for each parameter of
kind `Tensor` that was given, in the order of declaration (`Crop(like=x)` is `infer(self, x, like)`,
and `lower` likewise). Operators know no source positions and no framework: they
raise `RuleError(code, …, at="kernel")`, and whoever called knows where `kernel` was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar

from nnspec.calls import Arrival, Value
from nnspec.diagnostics.codes import names as codes
from nnspec.diagnostics.diagnostic import Code, RuleError
from nnspec.ops.kinds import Kind
from nnspec.record import Record
from nnspec.shapes.dim import Dim
from nnspec.shapes.reach import SAME_PLACE, Reach
from nnspec.spelled import is_spelled

T = TypeVar("T")

REQUIRED: Any = object()


class Param(Generic[T]):
    """A parameter of an operator: its kind, default, and one line of documentation.

    `keras` is the name of the layer's argument it is handed to unchanged; where a parameter has
    one, its default is Keras's own, so that a default need not be written in generated source.
    """

    __slots__ = ("default", "doc", "keras", "kind", "name", "positional", "variadic")

    def __init__(
        self, kind: Kind[T], default: Any, doc: str, *, keras: str | None, positional: bool, variadic: bool
    ) -> None:
        self.kind = kind
        self.default = default
        self.doc = doc
        self.keras = keras
        self.positional = positional
        self.variadic = variadic
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


def param(kind: Kind[T], *, doc: str, default: Any = REQUIRED, keras: str | None = None, variadic: bool = False) -> T:
    """A parameter that may be given by position; a `variadic` one takes all the positions left."""
    made: Any = Param(kind, default, doc, keras=keras, positional=True, variadic=variadic)
    return made  # type: ignore[no-any-return]  # the class attribute; instances hold the value


def option(kind: Kind[T], *, doc: str, default: Any = REQUIRED, keras: str | None = None) -> T:
    """A parameter that is given by keyword only."""
    made: Any = Param(kind, default, doc, keras=keras, positional=False, variadic=False)
    return made  # type: ignore[no-any-return]


class Weight(Record):
    """A weight of a layer, named and shaped as Keras names and shapes it."""

    name: str
    shape: tuple[Dim, ...]
    trainable: bool = True


class Remark(Record):
    """A note on sound arguments: its code, message and label, the argument it is about, the formula."""

    code: Code
    message: str
    at: str | None = None
    label: str = ""
    notes: tuple[str, ...] = ()
    help: str | None = None


class Example(Record):
    """A use of an operator that its tests run and its reference page shows.

    `spec` is a flow, from `Input` on; `shape` what comes out (a tuple of shapes for several outputs);
    `fails` the slug of the diagnostic it must give instead.
    """

    spec: str
    shape: tuple[Any, ...] | None = None
    fails: str | None = None


class Operator:
    """An operator with its arguments read and checked.

    Raises: RuleError, where an argument is missing or of the wrong kind.
    """

    params: ClassVar[Mapping[str, Param[Any]]] = {}
    #: What each parameter is where it is not given; `REQUIRED` for one that must be.
    defaults: ClassVar[Mapping[str, Any]] = {}
    #: The names of those that may be given by position, in order.
    positional: ClassVar[tuple[str, ...]] = ()
    aliases: ClassVar[tuple[str, ...]] = ()
    #: What others call it, beside the Keras layers in its `Source:`; no names here, but an exact fix is offered.
    elsewhere: ClassVar[tuple[str, ...]] = ()
    #: Keras's spellings that are renamed here, to the name they have here (an exact fix is offered).
    renamed: ClassVar[Mapping[str, str]] = {}
    #: What Keras takes by position after those that go by position here.
    then: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    #: True for `Input` and `Weight`, which start a flow rather than continue one.
    is_source: ClassVar[bool] = False
    #: True for `Input` alone: an input of the whole network.
    is_input: ClassVar[bool] = False
    #: For `Residual`: the merge that joins what its braces give with what arrives.
    adds_skip: ClassVar[type[Operator] | None] = None
    #: For `Unembed`: the operator that the shared part named in its argument must be.
    reads_part: ClassVar[type[Operator] | None] = None
    #: True for merges, which take a tuple of tensors.
    is_merge: ClassVar[bool] = False
    #: True for a merge that gives the same in whatever order its tensors come.
    commutes: ClassVar[bool] = False
    #: True for wrappers, which take the flow in their braces itself.
    is_wrapper: ClassVar[bool] = False
    #: True for what runs over a sequence step by step, which can be run backwards too.
    is_recurrent: ClassVar[bool] = False
    #: True for a dense or convolution operator with one weight called `kernel`.
    has_kernel: ClassVar[bool] = False
    #: True where an element of the output depends on the same element of the inputs alone, whatever the axes.
    is_pointwise: ClassVar[bool] = False
    #: The shorthands among the parameters, which say nothing of the operator itself: they stand for stages.
    expands: ClassVar[tuple[str, ...]] = ()
    #: False for what `layers` does not count (`Input`, `Identity`).
    is_layer: ClassVar[bool] = True
    #: The words that arguments which are left out stand for.
    by_itself: ClassVar[Mapping[str, str]] = {}
    #: True for what gives all elements that arrive, in their order, in other axes.
    arranges: ClassVar[bool] = False
    #: True for what takes all elements that arrive, in their order, whatever the axes.
    flattens: ClassVar[bool] = False
    #: The operator that this one is where a vector arrives, with the same arguments.
    on_vectors: ClassVar[type[Operator] | None] = None

    def __init_subclass__(cls) -> None:
        own = {name: made for name, made in cls.__dict__.items() if isinstance(made, Param)}
        inherited = {name: made for name, made in cls.params.items() if name not in own}
        for parent in cls.__bases__[1:]:
            inherited |= {n: p for n, p in getattr(parent, "params", {}).items() if n not in own and n not in inherited}
        cls.params = {**own, **inherited}
        cls.defaults = {name: declared.default for name, declared in cls.params.items()}
        cls.positional = tuple(name for name, declared in cls.params.items() if declared.positional)

    def __init__(self, **arguments: object) -> None:
        for name, declared in self.params.items():
            value = arguments.pop(name, REQUIRED)
            if value is REQUIRED:
                if declared.default is REQUIRED:
                    raise missing(type(self).__name__, (declared,))
                self.__dict__[name] = declared.default
            else:
                self.__dict__[name] = read_argument(declared, value)
        if arguments:
            raise TypeError(f"{type(self).__name__} has no {', '.join(arguments)}")

    @classmethod
    def of(cls, read: Mapping[str, Any]) -> Self:
        """The operator with arguments that were read by their kinds already; the others have their defaults."""
        made = cls.__new__(cls)
        made.__dict__.update(cls.defaults)
        made.__dict__.update(read)
        return made

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash(type(self).__name__)

    def __repr__(self) -> str:
        given = (f"{n}={self.__dict__[n]!r}" for n, p in self.params.items() if self.__dict__[n] != p.default)
        return f"{type(self).__name__}({', '.join(given)})"

    # What an operator says. `infer` is the one that each must define; its parameters are its inputs.

    infer: Any  # (self, x: TensorType, …) -> TensorType | tuple[TensorType, …]

    def weights(self, *inputs: Any) -> Iterable[Weight]:
        """The weights, in Keras's order."""
        return ()

    def macs(self, *inputs_and_output: Any) -> Dim:
        """Multiply-adds for one example, given the inputs and then the output."""
        return 0

    def reach(self, *inputs: Any) -> tuple[Reach, ...] | None:
        """Per spatial axis, what output positions see of the first input; None where axes do not correspond."""
        return (SAME_PLACE,) * len(inputs[0].spatial) if inputs else None

    def reach_from(self, operand: int, result: int, *inputs: Any) -> tuple[Reach, ...] | None:
        """What positions of one result see of one operand: where it is not the same for all of them."""
        return self.reach(*inputs)

    def remarks(self, *inputs: Any) -> Iterable[Remark]:
        """What a reader should know of sound arguments at these sizes; reported as notes."""
        return ()

    def trace(self, tape: Any, *inputs_and_output: Any) -> Any:
        """What comes out as it lies in memory, given what arrives and then the type of what comes out (`ops/tape.py`).

        What is kept for the backward pass is noted on the tape: what arrives, where nothing else is said.
        """
        *inputs, y = inputs_and_output
        if isinstance(y, tuple):
            return tuple(tape.function(each, *inputs) for each in y)
        return tape.function(y, *inputs)

    lower: Any  # (self, x: Arrival, …) -> Value: an expression over its inputs

    def reading(self, table: Operator) -> Operator:
        """For `Unembed`: this operator with the one whose weights it uses."""
        raise NotImplementedError

    def beside(self, other: Operator, *inputs: Any) -> Operator:
        """This operator where another one, of these inputs, uses the same weights: both must ask for one layer."""
        return self

    @property
    def keeps(self) -> str:
        """The operator whose weights these are; uses of one set must agree on it."""
        return self.title

    def one_rank(self, *inputs: Any) -> int | None:
        """The number of axes that all uses of one set of weights must have; None where any will do."""
        return None

    def kernel_outputs(self, kernel: tuple[Dim, ...]) -> Dim:
        """How many output channels a kernel of this shape feeds, where there is one."""
        return kernel[-1]

    @property
    def is_fitted(self) -> bool:
        """Whether training first sets its weights from the training data, by the `adapt` of its Keras layer."""
        return False

    def followers(self) -> tuple[tuple[str, Any], ...]:
        """Shorthands to expand after this operator: (parameter, its word), in order."""
        return ()

    def is_idle(self, *inputs: Any) -> bool:
        """Whether what comes out of these inputs is the first of them, in training too."""
        return False

    def filled(self, *inputs: Any) -> Mapping[str, Any]:
        """Arguments by what they come to at these inputs, where that can be said in several ways: an absent stride."""
        return {}

    # What is derived from it.

    def layered(self) -> tuple[Operator, ...]:
        """The operator, and those that it wraps, from the outside in."""
        return (self,)

    @property
    def names_after(self) -> type[Operator]:
        """The operator that a layer without a label is named after."""
        return type(self)

    @property
    def title(self) -> str:
        """What a table calls it: `Conv`, `Bidirectional(LSTM)`."""
        *around, inner = [type(each).__name__ for each in self.layered()]
        return "(".join((*around, inner)) + ")" * len(around)

    @classmethod
    def arity(cls) -> tuple[int, int | None]:
        """The least and the greatest number of tensors it takes; None is any number."""
        code = cls.infer.__code__
        least = code.co_argcount - 1 - len(cls.infer.__defaults__ or ())
        return least, None if code.co_flags & 0x04 else code.co_argcount - 1

    def keras_options(self, *names: str) -> dict[str, Value]:
        """The named parameters under Keras's names, those at their default left out."""
        found: dict[str, Value] = {}
        for name in names or self.params:
            declared = self.params[name]
            value = self.__dict__[name]
            if declared.keras is not None and (value != declared.default or is_spelled(value)):
                found[declared.keras] = self.__dict__[name]
        return found


def read_argument(declared: Param[Any], value: object) -> Any:
    """The value as the parameter's kind reads it.

    Raises: RuleError at the parameter.
    """
    try:
        return declared.kind.read(value)
    except RuleError as error:
        if error.at is None:
            error.at = declared.name
        raise


def missing(operator: str, absent: Sequence[Param[Any]]) -> RuleError:
    """The error for arguments that have no value: it names them, and every way to give them."""
    names = " and ".join(f"`{declared.name}`" for declared in absent)
    means = "; ".join(f"{declared.name}: {declared.doc}" for declared in absent)
    written = ", ".join(f"{declared.name}=…" for declared in absent)
    options = " ".join(f"--set {operator}.{declared.name}=…" for declared in absent)
    return RuleError(
        codes.MISSING_ARGUMENT,
        f"{operator} needs {names}",
        label=f"no {names} given",
        notes=(means,),
        help=f"write `{operator}({written})`, set it for all with `default {operator}({written})`, "
        f"or give it on the command line: `{options}`",
    )


__all__ = [
    "REQUIRED",
    "SAME_PLACE",
    "Arrival",
    "Example",
    "Operator",
    "Param",
    "Reach",
    "Remark",
    "Value",
    "Weight",
    "missing",
    "option",
    "param",
    "read_argument",
]

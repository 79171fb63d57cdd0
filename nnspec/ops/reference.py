"""The reference page of the operators, from their classes; `python -m nnspec.derive` writes it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from nnspec.ops.catalogue import families
from nnspec.ops.choices import CONSTRAINTS, INITIALIZERS, REGULARIZERS
from nnspec.ops.kinds import show
from nnspec.ops.operator import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nnspec.ops.choices import Choice
    from nnspec.ops.operator import Example, Operator, Param

_HEAD = """# Operators

Written by `python -m nnspec.derive` from the classes in `nnspec/ops`. Shapes never count the batch: axis 0 is the first
axis of a sample, −1 the last; channels come last. Positional arguments stand first; all others go by keyword. Each
example is run by a test, by our rules and by Keras.
"""

#: What weights may be given, beside the operators: title, introduction, table.
_CHOICES = (
    (
        "Initialisers",
        """\
How weights start: `init=he`, `bias_init=constant(0.1)`. std is the root of the variance; n_in is how many numbers feed
a unit, and n_out how many units a number feeds, as Keras reads them off a weight's shape: its last axis but one and its
last, each times the size of the window. So it is for `Dense` and `Conv`. The kernel of a `ConvTranspose` has the two
the other way round, that of a `DepthwiseConv` counts all its channels, and of an `Embedding` n_in is the vocabulary.
With a `seed` the same numbers are drawn each time.""",
        INITIALIZERS,
    ),
    ("Regularisers", "What is added to the loss, summed over the weights w: `regularizer=l2(1e-4)`.", REGULARIZERS),
    (
        "Constraints",
        """\
What is done to weights after each step of training: `constraint=max_norm(3)`. ‖w‖ is the root of Σw² over the weights
that feed one unit: a column of a dense layer, the window and all its channels of a convolution, the window of one
channel of a depthwise one, a vector of an `Embedding`. `axis`, one axis of the weight or several, says otherwise.""",
        CONSTRAINTS,
    ),
)


def reference() -> str:
    """The page, as Markdown."""
    found = families()
    contents = [f"* {_title(family)}: {', '.join(map(_link, operators))}" for family, operators in found.items()]
    contents += [f"* [{title}](#{title.lower()})" for title, _, _ in _CHOICES]
    parts = [_HEAD, "\n".join(contents) + "\n"]
    for family, operators in found.items():
        parts.append(f"## {_title(family)}\n")
        for operator in operators:
            parts += _operator(operator)
    for title, words, table in _CHOICES:
        parts += [f"## {title}\n", words + "\n", choices_table(table)]
    return "\n".join(parts)


def _title(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _link(operator: type[Operator]) -> str:
    return f"[{operator.__name__}](#{operator.__name__.lower()})"


def _operator(operator: type[Operator]) -> Iterator[str]:
    yield f"### {operator.__name__}\n"
    if operator.aliases:
        yield f"Also {', '.join(f'`{alias}`' for alias in operator.aliases)}.\n"
    yield _doc(operator) + "\n"
    if operator.params:
        yield "\n".join(_parameters(operator)) + "\n"
    if operator.examples:
        yield "```\n" + "\n".join(map(_example, operator.examples)) + "\n```\n"


def _doc(operator: type[Operator]) -> str:
    """The docstring, its `Shape:` and `Source:` lines as a list."""
    text = inspect.cleandoc(operator.__doc__ or "")
    lines = []
    for line in text.split("\n"):
        head = line.partition(":")[0]
        lines.append(f"* {line}" if head in ("Shape", "Units", "Source", "Raises", "Example") else line)
    return "\n".join(lines)


def _parameters(operator: type[Operator]) -> Iterator[str]:
    yield "| argument | value | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, declared in operator.params.items():
        shown = f"`{name}…`" if declared.variadic else f"`{name}`"
        by = "" if declared.positional else " (keyword)"
        yield f"| {shown}{by} | {_cell(declared.kind.describe())} | {_default(declared)} | {_cell(declared.doc)} |"


def _default(declared: Param[object]) -> str:
    if declared.default is REQUIRED:
        return "required"
    return f"`{_cell(show(declared.default))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _example(example: Example) -> str:
    if example.fails is not None:
        return f"{example.spec}  # {example.fails}"
    return f"{example.spec}  # {example.shape}"


def choices_table(table: Mapping[str, Choice]) -> str:
    """The words of a table, each with its meaning and its settings."""
    rows = ["| name | meaning | settings |", "| --- | --- | --- |"]
    for word, choice in table.items():
        settings = ", ".join(
            f"`{name}`" + ("" if setting.default is REQUIRED else f" = {_plain(setting.default)}")
            for name, setting in choice.settings.items()
        )
        rows.append(f"| `{word}` | {_cell(choice.doc)} | {settings} |")
    return "\n".join(rows) + "\n"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else show(value)

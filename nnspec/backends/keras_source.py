"""Prints the statements of lowered models: a whole Python file that needs Keras and nothing of ours.

`python FILE` prints each model's summary; where the spec says how to train, `python FILE train`
trains, and other words are refused. The statements are those that `keras_build` and the training run execute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.backends.framework import DEEP
from nnspec.backends.imports import Imports
from nnspec.backends.printer import STEP, comment_text, docstring_text, statement_text, value_text
from nnspec.backends.variables import variable_name
from nnspec.calls import Assign, Call, Variable
from nnspec.record import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnspec.backends.lower import Lowered
    from nnspec.backends.structure.source import Structured
    from nnspec.backends.structure.vary import Structure

_PAD = " " * STEP


def generate(
    models: Sequence[Lowered],
    *,
    title: str,
    description: str = "",
    notes: Mapping[str, str] | None = None,
    training: Sequence[Sequence[Assign]] | None = None,
    trained: str | None = None,
    seed: int | None = None,
    epochs: int | None = None,
    structure: Structure | None = None,
    params: Sequence[str] = (),
) -> str:
    """The text of the file.

    `title` and `description` open its docstring; `notes` have a line on each model, by the model's
    name. `training` are the statements of a training run in groups, in which `Variable("build_model")`
    stands for the function that makes the model called `trained`, the first where that is not said;
    with a seed, the run sets it before anything else; with `epochs`, their number is an argument, and
    `Variable("epochs")` stands for it. With the `structure` of the spec, its blocks are
    functions and its repeats loops; without, every layer is a statement. `params` are those of the spec; the
    docstring names those that are no arguments.
    """
    imports = Imports()
    functions = function_names(models)
    remarks = notes or {}
    constants: list[str] = []
    if structure is not None:
        structured = structure.structured(imports, [model.outputs for model in models])
        builders = _structured(structured, models, functions, remarks, imports)
        constants = structured.constant_lines()
    else:
        builders = [_builder(model, name, remarks.get(model.graph.name), imports)
                    for model, name in zip(models, functions, strict=True)]  # fmt: skip
    fixed = params if structure is None else structure.fixed
    if fixed:
        description = f"{description.strip()}\n\n{_fixed(fixed)}"
    runners = []
    if training is not None:
        built = next(
            (name for model, name in zip(models, functions, strict=True) if model.graph.name == trained), functions[0]
        )
        runners.append(_training(training, built, seed, epochs, imports))
    ending = _ending(functions, training is not None, epochs, imports)
    heading = docstring_text("\n\n".join(filter(None, (title, description.strip()))))
    classes = list(imports.own.values())
    opening = "\n\n".join(filter(None, (heading, "\n".join(imports.lines()), "\n".join(constants))))
    return "\n\n\n".join([opening, *classes, *builders, *runners, ending]) + "\n"


def function_names(models: Sequence[Lowered]) -> list[str]:
    """`build_model`, or where there are several `build_critic`, ….."""
    if len(models) == 1:
        return ["build_model"]
    found: list[str] = []
    for model in models:
        name = plain = f"build_{variable_name(model.graph.name).rstrip('_')}"
        number = 2
        while name in found:
            name, number = f"{plain}_{number}", number + 1
        found.append(name)
    return found


def _fixed(names: Sequence[str]) -> str:
    """What the docstring says of params that are no arguments."""
    listed = ", ".join(f"`{name}`" for name in names)
    return f"The params that are constants here, and take another value only where the file is written anew: {listed}."


def _structured(
    structured: Structured,
    models: Sequence[Lowered],
    functions: Sequence[str],
    notes: Mapping[str, str],
    imports: Imports,
) -> list[str]:
    """Functions and builders."""
    texts = [*structured.function_texts(), *structured.part_texts()]
    for index, (model, function) in enumerate(zip(models, functions, strict=True)):
        doc = _said(model, notes.get(model.graph.name))
        texts.append(structured.builder(index, function, doc, _opening(model), model.model).text)
    formulas = structured.formula_texts()
    return [*formulas, *texts]


def _said(model: Lowered, note: str | None) -> str:
    return f"Build `{model.model.kwargs['name']}`{f': {note}' if note else ''}."


def _opening(model: Lowered) -> list[Assign]:
    """What must be done before a very deep model is built."""
    if model.depth <= DEEP:
        return []
    limit = -(-(model.depth + 1000) // 1000) * 1000
    return [Assign((), Call("sys.setrecursionlimit", (limit,)))]


def _builder(model: Lowered, function: str, note: str | None, imports: Imports) -> str:
    lines = [f"def {function}() -> keras.Model:", docstring_text(_said(model, note), STEP)]
    opening = _opening(model)
    if opening:
        lines += [
            comment_text("Keras recurses once for each layer of a chain, and this one is long.", STEP),
            *_statements(opening, imports),
        ]
    lines += _statements(model.statements, imports)
    lines.append(value_text("return ", model.model, imports.name, STEP))
    return "\n".join(lines)


def _statements(statements: Sequence[Assign], imports: Imports) -> list[str]:
    """The statements, with a blank line above each heading but one at the top."""
    lines: list[str] = []
    for statement in statements:
        if statement.comment is not None and lines:
            lines.append("")
        lines.append(statement_text(statement, imports.name, STEP))
    return lines


def _training(
    groups: Sequence[Sequence[Assign]], built: str, seed: int | None, epochs: int | None, imports: Imports
) -> str:
    head = "def train() -> None:" if epochs is None else f"def train(epochs: int = {epochs}) -> None:"
    lines = [head, docstring_text("Train the model, and test it.", STEP)]
    begin = [] if seed is None else [Assign((), Call("keras.utils.set_random_seed", (seed,)))]
    for index, group in enumerate(filter(None, groups)):
        statements = [*begin, *group] if not index else group
        lines += ([""] if index else []) + _statements([_building(built, one) for one in statements], imports)
    return "\n".join(lines)


def _building(built: str, statement: Assign) -> Assign:
    """The statement, with the function of the model in place of `build_model`."""
    made = statement.value
    if isinstance(made, Call) and made.target == Variable("build_model"):
        return replace(statement, value=Call(Variable(built), made.args, made.kwargs))
    return statement


def _ending(functions: Sequence[str], trains: bool, epochs: int | None, imports: Imports) -> str:
    imports.modules.add("keras")
    summaries = [f"{function}().summary()" for function in functions]
    guard = 'if __name__ == "__main__":'
    if not trains:
        return "\n".join([guard, *(_PAD + line for line in summaries)])
    imports.modules.add("argparse")
    counted = epochs is not None
    return "\n".join([
        "def main() -> None:",
        docstring_text("Print the summary, or train where the command line says `train`.", STEP),
        f"{_PAD}parser = argparse.ArgumentParser()",
        f'{_PAD}parser.add_argument("command", nargs="?", choices=["train"])',
        *([f'{_PAD}parser.add_argument("--epochs", type=int, default={epochs})'] if counted else []),
        f"{_PAD}options = parser.parse_args()",
        f'{_PAD}if options.command == "train":',
        f"{_PAD * 2}train({'options.epochs' if counted else ''})",
        f"{_PAD}else:",
        *(_PAD * 2 + line for line in summaries),
        "",
        "",
        guard,
        f"{_PAD}main()",
    ])  # fmt: skip

"""Texts and names from a spec stay texts and names: no quote, newline, brace or word of Python gets out of its place.

With a hostile text the file has the syntax tree that it has with a harmless one; with a hostile name it makes the model
that is built.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.backends.structure.beside import builders, compare, compare_params, written

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CALL = "__import__('os').system('false')"
TEXTS = {
    "quotes": f'" + {CALL} + "',
    "triple": f'"""\n{CALL}\n"""',
    "other triple": f"'''\n{CALL}\n'''",
    "newline": f"a\n{CALL}\n",
    "indented": f"a\n\n        {CALL}\n    {CALL}",
    "carriage return": f"a\r{CALL}\r\n{CALL}",
    "separators": f"a\u2028{CALL}\u2029{CALL}\x85{CALL}\x0c{CALL}\x0b{CALL}",
    "backslash": "\\",
    "backslashes": '\\" \\\\" \\N{BULLET} \\x41 \\',
    "last quote": 'it is "so"',
    "many quotes": '""""""""',
    "braces": "{__import__('os')} {{x}} %s %(x)s {0}",
    "unicode": "σ 層 \u202e reversed \u200b é́",
    "long": "word " * 60 + CALL,
    "longest": "w" * 300,
    "comment": f"# {CALL}",
    "nul": "a\\0b",
}
#: All are names in a spec.
NAMES = (
    "class", "lambda", "keras", "x", "y_2", "inputs", "outputs", "shortcut", "branches", "branch_1", "self", "main",
    "train", "build_model", "math", "range", "len", "print", "int", "exec", "match", "epochs", "return", "callable",
)  # fmt: skip
#: Names in one spec: what stands before all, what for each, the stage of each, and what follows.
PLACES = {
    "param": ("", "param {n} = 3", "FC({n}) -> FC({n} + 1)", ""),
    "let of a param": ("param size = 3", "let {n} = size * 2", "FC({n} + size)", ""),
    "let": ("", "let {n} = 4", "FC({n} + 1)", ""),
    "formula": ("param size = 3", "let {n}(a) = a * 2", "FC({n}(2)) -> FC({n}(size))", ""),
    "parameter of a formula": ("param size = 3", "let f_{n}({n}) = {n} * 2", "FC(f_{n}(size))", ""),
    "param in a block": ("", "param {n} = 3\nblock In{N}(a) = FC(a) -> FC({n})", "In{N}(4) -> In{N}({n})", ""),
    "let in a block": ("", "let {n} = 3\nblock In{N}(a) = FC(a) -> FC({n})", "In{N}(4) -> In{N}({n})", ""),
    "block": ("", "block {N}(a) = FC(a) -> ReLU", "{N}(3) -> {N}(4)", ""),
    "parameter of a block": ("", "block In{N}({n}, w=2 * {n}) = FC({n}) -> FC(w)", "In{N}(3, w=5) -> In{N}({n}=6)", ""),
    "repeat": ("", "", "FC({n}) for {n} in [3, 4]", ""),
    "repeat of two names": ("", "", "[FC({n}) x k] for {n}, k in [(3, 1), (4, 2)]", ""),
    "braces": ("", "", "Concat{{ for {n} in [3, 4]: FC({n}) -> ReLU }}", ""),
    "label": ("", "", "FC(8) as {n} -> ReLU -> FC(8) -> Add{{ _ | {n} }}", ""),
    "labels together": ("", "", "FC(8) as {n}", "-> Concat{{ {all} }}"),
    "label in a block": ("", "block In{N} = FC(8) as {n} -> ReLU -> FC(8) -> Add{{ _ | {n} }}", "In{N}", ""),
    "label in a repeat": ("", "", "[FC(8) as {n} -> ReLU -> FC(8) -> Add{{ _ | {n} }}] x 2", ""),
    "indexed label": ("", "", "FC(8) as {n}[0] -> [FC(8) as {n}[i + 1]] for i in range(3) -> Add{{ _ | {n}[1] }}", ""),
    "shared layer": ("", "shared {N} = FC(8)", "{N} -> ReLU -> {N}", "-> FC(2)"),
    "shared layers": ("", "shared {N} = FC(8) -> ReLU -> FC(8)", "{N} -> {N}", "-> FC(2)"),
    "param, block, parameter and label": (
        "", "param {n} = 3\nblock {N}({n}) = FC({n}) as t1 -> FC({n}) -> Add{{ _ | t1 }}", "{N}({n}) as t_{n}", "",
    ),
    "param that a loop hides": ("", "param {n} = 3", "FC({n}) -> [FC({n}) for {n} in [4, 5]]", ""),
}  # fmt: skip
#: Names of whole tensors and models.
WHOLE = {
    "tensors": "first = Input(8)\n{0} = first -> FC(8)\nConcat{{ {all} }}",
    "inputs": "{0} = Input(8)\nConcat{{ {all} }}",
    "outputs": "first = Input(8)\n{0} = first -> FC(2)\noutput {commas}",
    "models": "model {0} = Input(8) -> FC(4)",
}


def capital(name: str) -> str:
    return "".join(map(str.capitalize, name.split("_"))) + ("_" if name.endswith("_") else "")


def names_at(place: str) -> tuple[str, ...]:
    """The names that are tried at a place: a third of them, another third at the next place; all in a long run."""
    number = [*PLACES, *WHOLE].index(place)
    return NAMES if "NNSPEC_CASES" in os.environ else NAMES[number % 3 :: 3]


def chain(names: tuple[str, ...], before: str, each: str, stage: str, after: str) -> str:
    """A spec in which every name stands once."""
    statements = [each.format(n=name, N=capital(name)) for name in names]
    stages = " -> ".join(stage.format(n=name, N=capital(name)) for name in names)
    return "\n".join([before, *statements, f"Input(8) -> {stages} {after.format(all=' | '.join(names))}"])


def whole(names: tuple[str, ...], text: str) -> str:
    """The same of statements, the one with `{{0}}` for each name."""
    lines: list[str] = []
    for line in text.split("\n"):
        for name in names if "{0}" in line else ("",):
            said = capital(name) if "model " in line else name
            lines.append(line.format(said, all=" | ".join(names), commas=", ".join(names)))
    return "\n".join(lines)


def spec_of(folder: Path, text: str, name: str = "spec.nn") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def checks(path: str) -> bool:
    """Whether the spec may say so at all."""
    from tests.backends.structure.beside import read

    return not read(path).has_errors


@pytest.mark.parametrize("place", [*PLACES, *WHOLE])
def test_names_that_mean_something_in_python(place: str, tmp_path: Path) -> None:
    names = names_at(place)
    path = spec_of(tmp_path, whole(names, WHOLE[place]) if place in WHOLE else chain(names, *PLACES[place]))
    assert checks(path)
    text = written(path)
    assert "\ndef build_" in text
    command = ["check", "--isolated", "--select", "E9,F,B", "--ignore", "F841", "-"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    for lowered, make in builders(path):
        compare(lowered, make)
    compare_params(path, ("size", "class", "x", "keras", "range", "epochs"))


class _Blank(ast.NodeTransformer):
    """Texts made equal."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node


def shape_of(text: str) -> str:
    """The syntax tree of a file without its texts."""
    return ast.dump(_Blank().visit(ast.parse(text)))


HARMLESS = "plain"


def yaml_spec(text: str) -> str:
    """A spec whose every free text is this."""
    return yaml.safe_dump({"nnspec": 1, "name": "net", "description": text, "network": ["Input(8)", "FC(3)"]})


@pytest.mark.parametrize("kind", TEXTS)
def test_a_hostile_description(kind: str, tmp_path: Path) -> None:
    plain = spec_of(tmp_path, yaml_spec(HARMLESS), "plain.yaml")
    hostile = spec_of(tmp_path, yaml_spec(TEXTS[kind]), "hostile.yaml")
    assert shape_of(written(hostile)) == shape_of(written(plain))
    _formatted(written(hostile), tmp_path)


COMMENTED = """# {text}
# {text}
param size = 3

# {text}
block Two(c) = FC(c) -> ReLU  # {text}

# {text}
shared Part = FC(4) -> ReLU -> FC(size)

# {text}
Input(8)   # {text}
-> Two(3) : (3)  # {text}
-> Part -> FC(size) : (3,  # {text}
)
"""


@pytest.mark.parametrize("kind", TEXTS)
def test_hostile_comments(kind: str, tmp_path: Path) -> None:
    line = " ".join(TEXTS[kind].replace("\\0", "0").split())
    plain = spec_of(tmp_path, COMMENTED.format(text=HARMLESS), "plain.nn")
    hostile = spec_of(tmp_path, COMMENTED.replace("{text}", line), "hostile.nn")
    if not checks(hostile):
        pytest.skip("such letters are refused")
    renamed = written(hostile).replace("hostile", "plain")
    assert shape_of(renamed) == shape_of(written(plain))
    _formatted(written(hostile), tmp_path)


@pytest.mark.parametrize(
    "name", ['a"b.nn', 'a"""b.nn', "a'''b.nn", "a\\.nn", "a\nb.nn", "{x} %s.nn", "σ層.nn", '".nn', "-.nn"]
)
def test_a_hostile_file_name(name: str, tmp_path: Path) -> None:
    plain = spec_of(tmp_path, "Input(8) -> FC(3)", "plain.nn")
    hostile = spec_of(tmp_path, "Input(8) -> FC(3)", name)
    assert shape_of(written(hostile)) == shape_of(written(plain))
    for lowered, make in builders(hostile):
        compare(lowered, make)
    _formatted(written(hostile), tmp_path)


@pytest.mark.parametrize("kind", TEXTS)
def test_a_hostile_text_as_a_value(kind: str, tmp_path: Path) -> None:
    """Where a text may stand, it is refused or stays a text."""
    said = yaml.safe_dump(TEXTS[kind], default_style='"', width=10_000, allow_unicode=True).strip()
    text = f'param mode = {said}\nInput(8) -> FC(3) if mode == "plain" else FC(4)\n'
    path = spec_of(tmp_path, text)
    if checks(path):
        compile(written(path), "spec.py", "exec")
        assert CALL not in _code(written(path))


def _code(text: str) -> str:
    """A file's text without its texts and comments."""
    return ast.unparse(_Blank().visit(ast.parse(text)))


@pytest.mark.parametrize("kind", TEXTS)
def test_hostile_data_paths(kind: str, tmp_path: Path) -> None:
    """The paths and names of a `train` section are texts, too."""

    def spec(text: str) -> str:
        return yaml.safe_dump({
            "nnspec": 1, "name": "net", "network": ["Input(4)", "FC(3)"],
            "train": {
                "data": {"source": "csv", "path": f"{text}.csv", "target": text},
                "loss": "sparse_categorical_crossentropy",
            },
        })  # fmt: skip

    hostile = spec_of(tmp_path, spec(TEXTS[kind]), "hostile.yaml")
    plain = spec_of(tmp_path, spec(HARMLESS), "plain.yaml")
    assert checks(plain)
    if checks(hostile):
        assert shape_of(written(hostile)) == shape_of(written(plain))
        _formatted(written(hostile), tmp_path)


def _formatted(text: str, folder: Path) -> None:
    """Ruff leaves the file as it is."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd=folder, env=os.environ)
    assert done.returncode == 0, done.stdout

"""The printer against ruff itself, and against Python's own reader."""

import ast
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnspec.backends.imports import Imports
from nnspec.backends.printer import comment_text, docstring_text, quoted, statement_text
from nnspec.calls import Assign, Call, Dotted, Item, Member, Operation, Variable, layer

RUFF = [sys.executable, "-m", "ruff"]

HOSTILE = [
    '"""', "'''", '"', "'", "\\", '\\"', "a\nb", "\r\n", "\x00\x1b[31m", "\u202eabc\u2066", "\u2028", "é中文🙂",
    "{x}", "%s", "#", '"""\nimport os\nos.system("x")\n"""', "\\u0041", "\ud800", "\t tab", "end\\", 'end"',
]  # fmt: skip


def text_of(value, *names):
    return statement_text(Assign(names, value), Imports().name)


class Random:
    """Random statements of the forms that lowering makes."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def word(self, longest=24):
        return (
            "".join(self.random.choice("abcghijk_") for _ in range(self.random.randint(1, longest))).strip("_") or "w"
        )

    def atom(self):
        return self.random.choice([
            self.random.randint(-9, 10**self.random.randint(1, 9)), self.random.random(), 1e-5, True, None,
            self.word(), "a 'quoted' \"text\"", Variable(self.word()), Dotted("keras.activations.relu"),
        ])  # fmt: skip

    def many(self, depth, most):
        return [self.value(depth) for _ in range(self.random.randint(0, most))]

    def value(self, depth):
        kind = self.random.randrange(8 if depth else 2)
        if kind <= 2:
            return self.atom()
        if kind == 3:
            return tuple(self.many(depth - 1, 6))
        if kind == 4:
            return self.many(depth - 1, 6)
        if kind == 5:
            return {self.word(): value for value in self.many(depth - 1, 4)}
        if kind == 6:
            return Item(Variable(self.word()), self.random.choice([0, "key", (slice(None), slice(1, -1))]))
        return self.call(depth - 1)

    def call(self, depth):
        target = f"keras.layers.{self.word().title()}"
        kwargs = {self.word(): value for value in self.many(depth, 4)}
        return Call(target, tuple(self.many(depth, 3)), kwargs)

    def statement(self):
        value = self.call(2)
        for _ in range(self.random.randrange(2)):  # a layer is called once
            value = Call(value, tuple(self.many(1, 3)), {self.word(): item for item in self.many(1, 2)})
        return Assign(tuple(self.word(12) for _ in range(self.random.randrange(3))), value)


def formatted(text):
    found = subprocess.run(
        [*RUFF, "format", "--isolated", "--line-length", "88", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout


@pytest.mark.parametrize("seed", range(4))
def test_statements_are_laid_out_as_ruff_leaves_them(seed):
    source = Random(seed)
    lines = ["def f():"]
    lines += [statement_text(source.statement(), Imports().name, 4) for _ in range(500)]
    printed = "\n".join(lines) + "\n"
    assert printed.splitlines() == formatted(printed).splitlines()


@pytest.mark.parametrize(
    "value",
    [
        Operation("/", Operation("-", Variable("x"), Variable("mean")), 16.0),
        Operation("-", Variable("a" * 50), Variable("b" * 40)),
        Call(Member(Call(Member(Call("tf.data.Dataset.of", (Variable("x" * 40),)), "shuffle"), (9,)), "batch"), (64,)),
        Member(Call("numpy.load", ("a" * 90,)), "files"),
        Variable("a" * 90),
        "a" * 90,
        Operation("**", -2, 2),
        (1,),
        {},
        Item(Variable("x"), (slice(None), slice(None, None, 2), ..., None)),
    ],
)
def test_rarer_statements_too(value):
    printed = text_of(value, "x") + "\n"
    assert printed == formatted(printed)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_a_text(text):
    printed = quoted(text)
    assert ast.literal_eval(printed) == text
    assert printed.isprintable()
    assert f"x = {printed}\n" == formatted(f"x = {printed}\n")


@given(st.text())
def test_any_text_stays_a_text(text):
    assert ast.literal_eval(quoted(text)) == text


@given(st.floats())
def test_any_number_stays_a_number(number):
    value = eval(text_of(number))
    assert value == number or value != value


@given(st.text())
def test_a_docstring_holds_whatever_it_is_told(text):
    tree = ast.parse(docstring_text(text))
    assert len(tree.body) == 1
    assert isinstance(tree.body[0], ast.Expr)
    assert isinstance(tree.body[0].value, ast.Constant)


@given(st.text())
def test_a_comment_is_a_comment_in_all_its_lines(text):
    assert ast.parse(comment_text(text)).body == []
    assert all(line.startswith("#") for line in comment_text(text).splitlines())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_docstrings_are_laid_out_too(text):
    printed = docstring_text(f"title {text}\n\n  indented {text}\n\n\n{text}") + "\n"
    assert printed == formatted(printed)


def test_what_is_no_expression_is_refused():
    with pytest.raises(TypeError):
        text_of(object())


def test_imports_are_ordered_as_isort_orders_them():
    imports = Imports()
    said = [imports.name(path) for path in (
        "keras.layers.ReLU", "numpy.load", "sys.argv", "pathlib.Path.cwd", "sklearn.datasets.load_digits",
        "sklearn.model_selection.train_test_split", "sklearn.datasets.load_iris", "len", "csv.reader",
    )]  # fmt: skip
    assert said == [
        "keras.layers.ReLU", "np.load", "sys.argv", "Path.cwd", "load_digits", "train_test_split", "load_iris", "len",
        "csv.reader",
    ]  # fmt: skip
    used = "\n\nprint(keras, np, sys, Path, load_digits, train_test_split, load_iris, csv)\n"
    text = "\n".join(imports.lines()) + used
    check = [*RUFF, "check", "--isolated", "--select", "I,F,E4,E7,E9", "-"]
    done = subprocess.run(check, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_keyword_arguments_follow_the_positional_ones():
    assert text_of(layer("keras.layers.Dense", 10, name="fc")(Variable("x")), "y") == (
        'y = keras.layers.Dense(10, name="fc")(x)'
    )

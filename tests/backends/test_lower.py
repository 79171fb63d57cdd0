"""Lowering: what the statements are, what they are called, and what is refused. No framework is needed."""

import keyword
import sys

import pytest

from nnspec.backends.keras_source import function_names, generate
from nnspec.backends.lower import lower
from nnspec.backends.names import keras_name
from nnspec.backends.steps import snake_case
from nnspec.backends.variables import variable_name
from nnspec.calls import Assign, Call, Variable
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.ops.kinds import Word
from nnspec.ops.registry import find_operator
from nnspec.program.graph import Port
from nnspec.shapes.dim import symbol
from tests.backends.graphs import Net


def op(name, **arguments):
    return find_operator(name)(**arguments)


def lowered(graph):
    found = Diagnostics()
    done = lower(graph, found)
    assert done is not None, found.sorted()
    return done


def body(graph):
    """The statements of the printed function, without their indentation."""
    text = generate([lowered(graph)], title="test")
    lines = text.split('."""\n', 1)[1].split("\n\n\n")[0].splitlines()
    return [line.strip() for line in lines]


def refused(graph):
    found = Diagnostics()
    assert lower(graph, found) is None
    return [(one.code.number, one.span.start, one.label) for one in found.sorted()]


def test_a_chain_runs_through_one_variable():
    net = Net("small")
    x = net(op("Input", sizes=(8, 8, 3)), name="input")
    x = net.chain(x, op("Conv", filters=4, kernel=3), op("ReLU"))
    x = net(op("FC", units=10), x, name="fc")
    assert body(net.graph(fc=x)) == [
        'inputs = keras.Input(shape=(8, 8, 3), name="input")',
        'x = keras.layers.Conv2D(4, 3, name="conv_1")(inputs)',
        "x = keras.layers.ReLU()(x)",
        "x = keras.layers.Flatten()(x)",
        'outputs = keras.layers.Dense(10, name="fc")(x)',
        'return keras.Model(inputs, outputs, name="small")',
    ]


def test_what_lives_longer_has_a_name_of_its_own():
    net = Net()
    x = net(op("Input", sizes=(8,)), name="input")
    a = net(op("Dense", units=8), x, name="a", label="e1")
    b = net(op("ReLU"), a)
    c = net(op("Add"), b, a)
    d = net(op("Dense", units=8), net(op("ReLU"), c), name="d")
    e = net(op("Concat"), d, c, net(op("Dense", units=8), c, name="f"))
    assert body(net.graph(y=e)) == [
        'inputs = keras.Input(shape=(8,), name="input")',
        'e1 = keras.layers.Dense(8, name="a")(inputs)',
        "x = keras.layers.ReLU()(e1)",
        "skip = keras.layers.Add()([x, e1])",
        "x = keras.layers.ReLU()(skip)",
        'branch_1 = keras.layers.Dense(8, name="d")(x)',
        'branch_3 = keras.layers.Dense(8, name="f")(skip)',
        'y = keras.layers.Concatenate(name="y")([branch_1, skip, branch_3])',
        'return keras.Model(inputs, y, name="net")',
    ]


def twins(first_sizes=(8, 8, 1), second_sizes=(8, 8, 1)):
    net = Net("twins")
    a = net(op("Input", sizes=first_sizes), name="a")
    b = net(op("Input", sizes=second_sizes), name="b")
    conv = op("Conv", filters=4, kernel=3, padding=(1, 1))
    tower_a = net(conv, a, name="tower_conv")
    fc_a = net(op("FC", units=6), tower_a, name="tower_fc")
    tower_b = net(conv, b, name="tower_conv_2", shares=2)
    fc_b = net(op("FC", units=6), tower_b, name="tower_fc_2", shares=3)
    return net, net(op("Subtract"), fc_a, fc_b)


def test_shared_layers_are_made_once_before_all_others():
    net, y = twins()
    assert body(net.graph(difference=y)) == [
        'tower_conv = keras.layers.Conv2D(4, 3, name="tower_conv")',
        'tower_fc = keras.layers.Dense(6, name="tower_fc")',
        'a = keras.Input(shape=(8, 8, 1), name="a")',
        'b = keras.Input(shape=(8, 8, 1), name="b")',
        "x = keras.layers.ZeroPadding2D(1)(a)",
        "x = tower_conv(x)",
        "x = keras.layers.Flatten()(x)",
        "branch = tower_fc(x)",
        "x = keras.layers.ZeroPadding2D(1)(b)",
        "x = tower_conv(x)",
        "x = keras.layers.Flatten()(x)",
        "x = tower_fc(x)",
        'difference = keras.layers.Subtract(name="difference")([branch, x])',
        'return keras.Model([a, b], difference, name="twins")',
    ]


def test_a_shared_fc_that_flattens_at_one_use_only():
    net = Net()
    a = net(op("Input", sizes=(2, 2)), name="a")
    b = net(op("Input", sizes=(4,)), name="b")
    fc = op("FC", units=3)
    net(fc, b, name="fc")
    net(fc, a, name="fc_2", shares=2)
    graph = net.graph(p=Port(2), q=Port(3))
    lines = body(graph)
    assert lines.count('fc = keras.layers.Dense(3, name="fc")') == 1
    assert sum("Flatten" in line for line in lines) == 1
    assert sum("Identity(name=" in line for line in lines) == 2  # one layer cannot carry two outputs' names


def test_outputs_leave_layers_of_their_names():
    net = Net()
    x = net(op("Input", sizes=(4,)), name="x")
    p, q = net(op("Split", n=2), net(op("Dense", units=6), x, name="dense"))
    done = lowered(net.graph(p=p, q=q, again=q, x=x))
    assert done.outputs == ("p", "q", "again", "x_2")
    assert done.inputs == ("x",)


def test_a_name_that_keras_might_give_is_evaded():
    net = Net()
    x = net(op("Input", sizes=(4,)), name="input")
    x = net(op("Softmax"), net(op("Softmax"), x, name="first"), name="softmax")
    lines = body(net.graph(softmax=x))
    assert 'x = keras.layers.Softmax(name="first")(inputs)' in lines
    assert 'outputs = keras.layers.Softmax(name="softmax")(x)' in lines


def test_a_name_that_keras_gives_an_operation_is_evaded():
    net = Net()
    x = net(op("Input", sizes=(4, 3)), name="input")
    x = net(op("Dense", units=2), net(op("Take", index=0), x), name="get_item")
    assert lowered(net.graph(get_item=x)).outputs == ("get_item_layer",)


@pytest.mark.parametrize(
    ("keras_class", "name"),
    [("MaxPooling2D", "max_pooling2d"), ("ReLU", "re_lu"), ("LSTM", "lstm"), ("PReLU", "p_re_lu")],
)
def test_the_names_that_keras_gives(keras_class, name):
    assert snake_case(keras_class) == name


HOSTILE = [
    "keras", "lambda", "x", "print", "np", "__import__", "a/b", "", "1st", "build_model", "os.system('x')",
    '"); import os; ("', "näive", "中文", "\u202e", "None", "match", "self", "_", "__class__", "sys", "K" * 5, "\n",
]  # fmt: skip


@pytest.mark.parametrize("label", HOSTILE)
def test_no_label_becomes_code(label):
    name = variable_name(label)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert name not in dir(sys.modules["builtins"])
    assert name not in ("keras", "np", "sys", "build_model")
    assert keras_name(label).replace("_", "a").isalnum()
    assert keras_name(label)[0].isalpha()


def test_hostile_labels_in_one_model():
    net = Net('"); import os; ("')
    x = net(op("Input", sizes=(4,)), name="input")
    kept = [net(op("Dense", units=4), x, name=f"d{i}", label=label) for i, label in enumerate(HOSTILE)]
    y = net(op("Concat"), *kept)
    text = generate([lowered(net.graph(**{"class": y}))], title='"""', description='"""\nimport os\n"""')
    scope = {}
    compiled = compile(text, "model.py", "exec")
    assert "import os" not in [line for line in text.splitlines() if line.startswith("import") and "'''" not in text]
    assert compiled is not None
    assert scope == {}


def test_open_sizes_stay_open_where_no_weight_depends_on_them():
    net = Net()
    x = net(op("Input", sizes=(symbol("H"), symbol("W"), 3)), name="input")
    x = net.chain(x, op("Conv", filters=4, kernel=3), op("GlobalAvgPool"), op("FC", units=2))
    assert body(net.graph(fc=x))[0] == 'inputs = keras.Input(shape=(None, None, 3), name="input")'


def test_weights_of_open_sizes_are_refused_each_at_its_layer():
    net = Net()
    x = net(op("Input", sizes=(symbol("H"), 3)), name="input")
    a = net(op("FC", units=2), x)
    b = net(op("FC", units=3), x)
    assert refused(net.graph(a=a, b=b)) == [("NN701", 10, "kernel: (H * 3, 2)"), ("NN701", 20, "kernel: (H * 3, 3)")]


def test_what_operators_refuse_is_found_at_their_layers():
    net = Net()
    x = net(op("Input", sizes=(symbol("H"), symbol("W"), 2)), name="input")
    y = net(op("Reshape", sizes=(symbol("W"), symbol("H"), 2)), x)
    [(number, start, _)] = refused(net.graph(y=y))
    assert (number, start) == ("NN750", 10)


def test_several_models_have_a_function_each():
    models = []
    for name in ("Critic", "critic", "class", "model"):
        net = Net(name)
        x = net(op("Dense", units=2), net(op("Input", sizes=(4,)), name="input"), name="dense")
        models.append(lowered(net.graph(dense=x)))
    assert function_names(models) == ["build_critic", "build_critic_2", "build_class", "build_model"]
    text = generate(models, title="four")
    assert text.count("def build_") == 4
    assert text.endswith("    build_model().summary()\n")


def test_long_chains_say_why_they_raise_the_limit():
    net = Net()
    x = net(op("Input", sizes=(4,)), name="input")
    deep = net.chain(x, *[op("ReLU")] * 1200)
    assert lowered(net.graph(y=deep)).depth == 1201
    assert "    sys.setrecursionlimit(3000)\n" in generate([lowered(net.graph(y=deep))], title="deep")
    net = Net()
    short = net.chain(net(op("Input", sizes=(4,)), name="input"), *[op("ReLU")] * 12)
    assert "setrecursionlimit" not in generate([lowered(net.graph(y=short))], title="short")


def test_padding_words_are_kept():
    net = Net()
    x = net(op("Input", sizes=(8, 8, 3)), name="input")
    x = net(op("Conv", filters=4, kernel=3, padding=Word("same"), bias=False), x, name="c")
    assert 'y = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="c")(inputs)' not in body(net.graph(y=x))
    assert body(net.graph(y=x))[1] == 'y = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="y")(inputs)'


def test_sections_of_blocks_and_turns_have_headings():
    net = Net()
    x = net(op("Input", sizes=(4,)), name="input")
    for turn in ("1", "2"):
        for _ in range(2):
            x = net(op("Dense", units=4), x, path=(turn, "Block"), name=f"d{len(net.layers)}")
            x = net(op("ReLU"), x, path=(turn, "Block", "Inner"))
    y = net(op("FC", units=2), x, name="fc")
    lines = body(net.graph(fc=y))
    assert lines[1:3] == ["", "# turn 1: Block"]
    assert lines[7:9] == ["", "# turn 2: Block"]
    assert lines[13] == ""


def test_an_output_does_not_take_the_name_of_another_layer():
    net = Net()
    x = net(op("Dense", units=4), net(op("Input", sizes=(4,)), name="input"), name="dense")
    y = net(op("Dense", units=3), x, name="dense_1")
    assert lowered(net.graph(dense=y)).outputs == ("dense_1",)


def test_initialisers_without_settings_are_words():
    net = Net()
    x = net(op("Input", sizes=(4,)), name="input")
    y = net(op("Dense", units=3, init=Word("he_normal"), bias_init=Word("constant", (1,))), x, name="y")
    assert body(net.graph(y=y))[1:4] == [
        "y = keras.layers.Dense(",
        "3,",
        'kernel_initializer="he_normal",',
    ]


def test_training_statements_are_printed_in_groups():
    net = Net("critic")
    x = net(op("Dense", units=2), net(op("Input", sizes=(4,)), name="input"), name="dense")
    other = Net("other")
    y = other(op("Dense", units=2), other(op("Input", sizes=(4,)), name="input"), name="dense")
    made = Assign(("model",), Call(Variable("build_model")))
    data = Assign(("digits",), Call("sklearn.datasets.load_digits"), "the data")
    text = generate(
        [lowered(other.graph(dense=y)), lowered(net.graph(dense=x))], title="t", training=[[made], [], [data]],
        trained="critic", seed=7,
    )  # fmt: skip
    assert text.split("def train() -> None:\n")[1].split("\n\n\n")[0].splitlines() == [
        '    """Train the model, and test it."""',
        "    keras.utils.set_random_seed(7)",
        "    model = build_critic()",
        "",
        "    # the data",
        "    digits = load_digits()",
    ]
    assert "import argparse\n\nimport keras\nfrom sklearn.datasets import load_digits\n" in text


def test_the_help_for_open_sizes_can_be_typed():
    net = Net()
    a = net(op("Input", sizes=(symbol("H"), 3)), name="a")
    b = net(op("Input", sizes=(4,)), name="b")
    found = Diagnostics()
    assert lower(net.graph(y=net(op("FC", units=2), a), z=b), found) is None
    assert [one.help for one in found.sorted()] == ["give the size: `--input a=224,3`, say"]

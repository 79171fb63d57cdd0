"""Wrappers in Keras: the layers that are made, what they compute, and what is saved."""

import keras
import numpy as np
import pytest

from nnspec.backends.keras_build import build
from nnspec.backends.keras_source import generate
from nnspec.backends.lower import lower
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.ops.catalogue import families
from tests.program.checking import check

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def made(spec):
    """The built model, and the one that its printed source makes, with the same weights."""
    found = check(spec)
    assert not found.errors
    keras.utils.clear_session()
    lowered = lower(found.graph, Diagnostics())
    model = build(lowered, 0)
    scope = {"__name__": "printed"}
    exec(compile(generate([lowered], title="A test."), "model.py", "exec"), scope)
    printed = scope["build_model"]()
    printed.set_weights(model.get_weights())
    assert model.count_params() == found.counts.params
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert trainable == found.counts.trainable_params
    shapes = model.output_shape if isinstance(model.output, list) else [model.output_shape]
    assert [shape[1:] for shape in shapes] == [
        tuple(size if isinstance(size, int) else None for size in shape) for shape in found.shapes
    ]
    return model, printed


def data(model, seed=0):
    random = np.random.default_rng(seed)
    shape = [4 if size is None else size for size in model.input_shape[1:]]
    if model.inputs[0].dtype == "int32":
        return random.integers(0, 9, (3, *shape)).astype("int32")
    return random.normal(size=(3, *shape)).astype("float32")


def outputs(spec):
    model, printed = made(spec)
    x = data(model)
    y = np.asarray(model(x))
    np.testing.assert_allclose(np.asarray(printed(x)), y, atol=1e-6)
    return model, x, y


FLOWS = [
    ("(5, 8, 8, 3)", "Conv(4, 3, padding=1) -> BN -> ReLU -> Pool -> FC(10)"),
    ("(5, 8, 8, 3)", "Residual{ Conv(3, 3, padding=same) -> ReLU } -> Conv(2, 3, padding=((0, 1), (1, 0)))"),
    ("(4, 6)", "Residual{ Dense(6) -> ReLU } x 2 -> Multiply{ _ | Dense(6) -> Sigmoid } -> Softmax"),
    (
        "(4, 6, 5)",
        "Add{ _ | Weight(5, init=normal(std=1)) } -> Concat{ Conv(3, 2, padding=same) | _ } -> LN -> Take(0)",
    ),
    ("(4, 6, dtype=int32)", "Embedding(9, 3) -> GlobalAvgPool"),
    ("(4, 7, dtype=int32)", "TimeDistributed{ Embedding(9, 3) } -> Permute(1, 0) -> UpSample(2)"),
    ("(4, 8, 6)", "Split(2, axis=0) -> Subtract -> Maxout(3, 2)"),
    ("(3, 4, 4, 4, 2)", "Conv(2, 2) -> SpatialDropout(0.5) -> GlobalMaxPool"),
    ("(4, 5)", "PReLU -> Reshape(5, 1) -> LRN -> Flatten"),
]


@pytest.mark.parametrize(("sizes", "flow"), FLOWS, ids=[flow for _, flow in FLOWS])
def test_each_step_is_what_the_flow_makes_of_it_alone(sizes, flow):
    """The oracle is the flow's own model, step by step."""
    model, x, y = outputs(f"Input{sizes} -> TimeDistributed{{ {flow} }}")
    one = sizes.strip("()").split(", ")[1:]
    alone, _ = made(f"Input({', '.join(one)}) -> {flow}")
    weights = {weight.shape: [] for weight in alone.weights}
    for weight in model.weights:
        weights[weight.shape].append(weight.numpy())
    for weight in alone.weights:  # equal shapes come in the same order in both
        weight.assign(weights[weight.shape].pop(0))
    for step in range(x.shape[1]):
        np.testing.assert_allclose(y[:, step], np.asarray(alone(x[:, step])), atol=1e-5)


def test_several_tensors_leave_each_step():
    model, _ = made("Input(4, 5, 3) -> TimeDistributed{ LSTM(2, sequences=true, state=true) }")
    alone, _ = made("Input(5, 3) -> LSTM(2, sequences=true, state=true)")
    alone.set_weights(model.get_weights())
    x = data(model)
    for step in range(4):
        for ours, theirs in zip(model(x), alone(x[:, step]), strict=True):
            np.testing.assert_allclose(np.asarray(ours)[:, step], np.asarray(theirs), atol=1e-5)


def test_what_is_padded_runs_in_both_directions():
    model, _, y = outputs("Input(4, 6, 6, 2) -> Bidirectional{ ConvLSTM(3, 3, padding=1) }")
    assert y.shape == (3, 6, 6, 6)
    assert any(type(layer).__name__ == "Bidirectional" for layer in model.layers)


def test_steps_that_are_not_known():
    model, _, y = outputs("Input(T, 6, 2) -> TimeDistributed{ Residual{ Conv(2, 3, padding=same) } -> Take(1) }")
    assert y.shape == (3, 4, 2)
    assert model(np.zeros((2, 9, 6, 2), "float32")).shape == (2, 9, 2)


def test_layers_of_one_tensor_are_keras_time_distributed():
    model, *_ = outputs("Input(5, 8, 8, 3) -> TimeDistributed{ Conv(4, 3) -> ReLU -> FC(10) }")
    names = [type(layer).__name__ for layer in model.layers]
    assert names == ["InputLayer", "TimeDistributed", "ReLU", "TimeDistributed", "TimeDistributed"]


@pytest.mark.parametrize(
    ("sizes", "stage", "axes"),
    [
        ("(8)", "Dense(3)", (0,)),
        ("(6, 8)", "Dense(3, bias=false)", (0,)),
        ("(8, 8, 3)", "Conv(4, 3)", (0, 1, 2)),
        ("(8, 8, 4)", "Conv(4, 3, groups=2)", (0, 1, 2)),
        ("(6, 6, 3)", "ConvTranspose(5, 3, stride=2)", (0, 1, 3)),
        ("(8, 8, 3)", "DepthwiseConv(3, depth_multiplier=2)", (0, 1)),
    ],
)
def test_weight_norm_is_its_formula(sizes, stage, axes):
    """w = g · v / ‖v‖: the outputs are those of the plain layer with that kernel (Salimans & Kingma 2016, eq. 2)."""
    model, x, y = outputs(f"Input{sizes} -> WeightNorm{{ {stage} }}")
    plain, _ = made(f"Input{sizes} -> {stage}")
    layer = model.layers[-1]
    random = np.random.default_rng(1)
    v = np.asarray(layer.layer.kernel)
    norm = np.sqrt(np.sum(v**2, axis=axes, keepdims=True))
    np.testing.assert_allclose(np.asarray(layer.g), norm.reshape(-1), rtol=1e-5)
    start = [np.asarray(weight) for weight in layer.layer.weights]
    plain.set_weights(start)
    np.testing.assert_allclose(y, np.asarray(plain(x)), atol=1e-5)
    g = random.normal(size=layer.g.shape)
    layer.g.assign(g)
    if layer.layer.use_bias:
        start[1] = random.normal(size=start[1].shape)
        layer.layer.bias.assign(start[1])
    plain.set_weights([g.reshape(norm.shape) * v / norm, *start[1:]])
    np.testing.assert_allclose(np.asarray(model(x)), np.asarray(plain(x)), atol=1e-4)


def test_weight_norm_learns_length_and_direction(tmp_path):
    model, x, _ = outputs("Input(8) -> WeightNorm{ Dense(4) -> Tanh } -> WeightNorm{ Dense(1) }")
    model.compile("sgd", "mse")
    before = [weight.numpy() for weight in model.trainable_weights]
    model.fit(x, np.ones((3, 1)), verbose=0)
    assert len(before) == 6
    for old, new in zip(before, model.trainable_weights, strict=True):
        assert not np.array_equal(old, new.numpy()), new.path
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(np.asarray(again(x)), np.asarray(model(x)), atol=1e-6)


def test_spectral_norm_keeps_the_largest_singular_value_at_one():
    model, x, _ = outputs("Input(8) -> SpectralNorm(power_iterations=30){ Dense(5, init=normal(std=1)) }")
    model(x, training=True)
    assert np.linalg.svd(np.asarray(model.layers[-1].layer.kernel))[1][0] == pytest.approx(1, abs=1e-3)


def test_an_embedding_read_backwards_is_its_transpose(tmp_path):
    spec = "shared Table = Embedding(9, 4)\nInput(6, dtype=int32) -> Table -> Dense(4) -> Unembed(Table)"
    model, x, y = outputs(spec)
    table, kernel, bias = model.get_weights()
    np.testing.assert_allclose(y, (table[x] @ kernel + bias) @ table.T, atol=1e-6)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert len(again.weights) == 3
    np.testing.assert_allclose(np.asarray(again(x)), y, atol=1e-6)


def test_shared_weights_inside_and_outside_steps(tmp_path):
    spec = "shared T = FC(4) -> Tanh\nx = Input(3, 4)\nConcat{ x -> TimeDistributed{ T } -> T | x -> Take(0) -> T }"
    wrong = check(spec).only()
    assert wrong.code.slug == "unequal-shares"
    flows = "x -> TimeDistributed{ T } -> Take(1) | x -> Take(0) -> T"
    spec = f"shared T = Dense(4) -> Tanh\nx = Input(3, 4)\nConcat{{ {flows} }}"
    model, x, y = outputs(spec)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(y, np.tanh(x[:, [1, 0]] @ kernel + bias).reshape(3, 8), atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert len(again.weights) == 2
    np.testing.assert_allclose(np.asarray(again(x)), y, atol=1e-6)


def test_a_table_that_is_only_read_backwards():
    model, x, y = outputs("shared Table = Embedding(9, 4)\nInput(6, 4) -> Unembed(Table)")
    np.testing.assert_allclose(y, x @ model.get_weights()[0].T, atol=1e-6)


# Both directions.


@pytest.mark.parametrize("merge_mode", ["concat", "sum", "mul", "ave", "none"])
@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_both_directions_are_those_of_two_layers(cell, merge_mode):
    """The oracle is two layers of one direction each, the second run from the end, with the same weights."""
    model, _ = made(f"Input(5, 3) -> Bidirectional(merge_mode={merge_mode}){{ {cell}(4, sequences=true) }}")
    x = data(model)
    weights = model.get_weights()
    made_of = {"RNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}[cell]
    both = []
    for direction in (0, 1):
        alone = made_of(4, return_sequences=True)
        alone.build((None, 5, 3))
        half = len(weights) // 2
        alone.set_weights(weights[direction * half : (direction + 1) * half])
        step = 1 - 2 * direction
        both.append(np.asarray(alone(x[:, ::step]))[:, ::step])
    joined = {
        "concat": lambda a, b: np.concatenate([a, b], axis=-1),
        "sum": np.add,
        "mul": np.multiply,
        "ave": lambda a, b: (a + b) / 2,
        "none": lambda a, b: [a, b],
    }[merge_mode](*both)
    ours = model(x)
    for y, wanted in zip(ours, joined, strict=True) if merge_mode == "none" else [(ours, joined)]:
        np.testing.assert_allclose(np.asarray(y), wanted, atol=1e-5)


def test_states_of_both_directions_arrive_and_leave():
    spec = """
    x = Input(5, 3)
    a = Input(4)
    b = Input(4)
    { x | a | b } -> Bidirectional{ GRU(4, state=true) } as y, f, g
    output y, f, g
    """
    found = check(spec)
    assert found.shapes == [(8,), (4,), (4,)]
    model = build(found.graph, 0)
    x, a, b = data_of((3, 5, 3), 1), data_of((3, 4), 2), data_of((3, 4), 3)
    y, f, g = map(np.asarray, model([x, a, b]))
    np.testing.assert_allclose(y, np.concatenate([f, g], axis=-1), atol=1e-6)
    _, other, same = map(np.asarray, model([x, a + 1, b]))
    assert not np.allclose(other, f)
    np.testing.assert_allclose(same, g, atol=1e-6)


def data_of(shape, seed):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


EXAMPLES = [example for family in ("wrapper", "unembed") for cls in families()[family] for example in cls.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.spec[:60])
def test_an_example(example):
    """By our rules and by Keras: shapes, weights in Keras's order, which of them are trained."""
    found = check(example.spec)
    if example.fails is not None:
        assert found.only().code.slug == example.fails
        return
    several = isinstance(example.shape[0], tuple)
    assert [tuple(map(str, shape)) for shape in found.shapes] == [
        tuple(map(str, shape)) for shape in (example.shape if several else [example.shape])
    ]
    model, _ = made(example.spec)
    ours = [
        (weight.name, tuple(weight.shape), weight.trainable)
        for layer in found.graph.layers
        if layer.shares is None
        for weight in layer.operator.weights(*[found.graph.type_of(port) for port in layer.inputs])
    ]
    assert ours == [(weight.name, tuple(weight.shape), weight.trainable) for weight in model.weights]


@pytest.mark.parametrize(
    "spec",
    [
        "shared E = Embedding(9, 3)\nInput(4, 5, dtype=int32) -> TimeDistributed{ E -> GAP -> Unembed(E) }",
        "shared L = LSTM(2)\nInput(4, 5, 3) -> TimeDistributed{ { L | { _ | L | L } -> L } -> Add }",
        "shared F = FC(3)\nInput(4) -> { TimeDistributed{ F } | Reshape(4, 1) -> TimeDistributed{ F } } -> Add",
    ],
)
def test_uses_that_keras_wraps_and_uses_that_it_cannot_share_their_weights(spec):
    model, printed = made(spec)
    x = data(model)
    np.testing.assert_allclose(printed(x), model(x), atol=1e-6)


def test_a_mask_is_for_both_directions():
    model, printed = made("{ Input(5, 3) | Input(5, dtype=bool) } -> Bidirectional{ _ as x, m -> x -> GRU(2, mask=m) }")
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    mask = np.array([[True, True, True, False, False]] * 2)
    shorter = keras.layers.Bidirectional(keras.layers.GRU(2))
    shorter(x[:, :3])
    shorter.set_weights(model.get_weights())
    for each in (model, printed):
        np.testing.assert_allclose(each([x, mask]), shorter(x[:, :3]), atol=1e-6)


def test_states_and_a_mask_for_both_directions():
    model, _ = made(
        "x = Input(3, 3)\nh = Input(3)\ng = Input(3)\nm = Input(3, dtype=bool)\n"
        "{ x | h | g | m } -> Bidirectional{ _ as a, b, c, m -> { a | b | c } -> GRU(3, mask=m) }"
    )
    random = np.random.default_rng(1)
    x, h, g = (random.normal(size=size).astype("float32") for size in ((2, 3, 3), (2, 3), (2, 3)))
    oracle = keras.layers.Bidirectional(keras.layers.GRU(3))
    oracle(x)
    oracle.set_weights(model.get_weights())
    expected = oracle(x[:, :2], initial_state=[h, g])
    np.testing.assert_allclose(model([x, h, g, np.array([[True, True, False]] * 2)]), expected, atol=1e-6)

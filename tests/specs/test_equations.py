"""Networks of texts, sequences and graphs give what the equations of their papers give, written out in numpy.

The specs are those of `specs/` as they stand, with small numbers for their params and random ones for their weights.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.compiler import Settings, load
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.graph import flatten
from tests.specs.equations import Array, gru, normalised, read, read_both_ways, sigmoid, softmax
from tests.specs.test_specs import ROOT

keras: Any = import_keras()
RANDOM = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def fresh() -> None:
    keras.utils.clear_session(free_memory=True)


def network(path: str, inputs: dict[str, str] | None = None, **params: Any) -> Any:
    """The model of a spec."""
    given = tuple((name, str(value)) for name, value in params.items())
    found = Diagnostics()
    settings = Settings(params=given, inputs=tuple((inputs or {}).items()))
    (model,) = load(os.path.join(ROOT, "specs", path), settings, found).models
    assert [f.message for f in found.sorted() if f.severity == "error"] == []
    return build(flatten(model), seed=3)


def drawn(model: Any) -> dict[str, list[Array]]:
    """The weights of a model by its layers, drawn anew, so that no bias is zero."""
    model.set_weights(
        [RANDOM.normal(0, w.shape[0] ** -0.5 if len(w.shape) > 1 else 0.7, w.shape) for w in model.weights]
    )
    weights: dict[str, list[Array]] = defaultdict(list)
    for weight in model.weights:
        weights[weight.path.split("/")[0]].append(np.array(weight, dtype="float64"))
    return weights


def words(*sizes: int, of: int = 11) -> Array:
    return RANDOM.integers(0, of, (2, *sizes), dtype="int32")


def outputs(model: Any, *inputs: Array) -> Array:
    made = model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
    return np.array(made)


def same(ours: Array, expected: list[Array], at_most: float = 2e-5) -> None:
    assert np.std(ours, axis=0).max() > 1e-3, "the examples do not differ, so they compare nothing"
    np.testing.assert_allclose(ours, np.array(expected), rtol=1e-4, atol=at_most)


def test_graph_convolution() -> None:
    """Kipf & Welling 2017, equation 9."""
    model = network("graphs/gcn_cora.nn", {"papers": "6,5", "citations": "6,6"})
    w = drawn(model)
    (w0,), (w1,) = w.values()
    x = RANDOM.normal(size=(2, 6, 5))
    a = np.triu(RANDOM.integers(0, 2, (2, 6, 6)), 1)
    a += a.transpose(0, 2, 1)

    def equation(x: Array, a: Array) -> Array:
        return softmax(normalised(a) @ np.maximum(normalised(a) @ x @ w0, 0) @ w1)

    same(outputs(model, x, a), [equation(*each) for each in zip(x, a, strict=True)])


def test_graph_convolution_of_texts() -> None:
    """Yao et al. 2019, equation 7, with X = I as a matrix."""
    model = network("graphs/textgcn.nn", documents=3, words=4, classes=2)
    w = drawn(model)
    (w0,), (w1,) = w.values()
    a = np.array([normalised(np.abs(RANDOM.normal(size=(7, 7)))) for _ in range(2)])
    same(outputs(model, a), [softmax(each @ np.maximum(each @ np.eye(7) @ w0, 0) @ w1) for each in a])


def test_hierarchical_attention() -> None:
    """Yang et al. 2016, equations 1 to 10, with the reset as the spec says."""
    model = network("text/han.nn", {"input": "3,4"}, vocabulary=11, classes=3)
    w = drawn(model)

    def encode(x: Array, cells: list[Array], answers: list[Array], context: list[Array]) -> Array:
        h = read_both_ways(x, cells)
        u = np.tanh(h @ answers[0] + answers[1])
        return softmax(np.array([each @ context[0][0] for each in u])) @ h

    def document(ids: Array) -> Array:
        sentences = [encode(w["words"][0][s], w["bidirectional"], w["dense"], w["weight"]) for s in ids]
        h = encode(np.array(sentences), w["bidirectional_1"], w["dense_1"], w["weight_1"])
        return softmax(h @ w["fc"][0] + w["fc"][1])

    ids = words(3, 4)
    same(outputs(model, ids), [document(each) for each in ids])


def test_contexts_of_words() -> None:
    """Lai et al. 2015, equations 1 to 7, by their recursion: the context of a word ends at its neighbour."""
    model = network("text/rcnn.nn", {"input": "5"}, vocabulary=11, classes=3)
    w = drawn(model)
    wsl, wl, wsr, wr = w["bidirectional"]

    def equations(e: Array) -> Array:
        def left(i: int) -> Array:
            return w["start"][0] if i == 0 else np.tanh(left(i - 1) @ wl + e[i - 1] @ wsl)

        def right(i: int) -> Array:
            return w["end"][0] if i == len(e) - 1 else np.tanh(right(i + 1) @ wr + e[i + 1] @ wsr)

        x = np.array([np.concatenate([left(i), e[i], right(i)]) for i in range(len(e))])
        y3 = np.tanh(x @ w["dense"][0] + w["dense"][1]).max(axis=0)
        return softmax(y3 @ w["fc"][0] + w["fc"][1])

    ids = words(5)
    same(outputs(model, ids), [equations(w["words"][0][each]) for each in ids])


@pytest.mark.parametrize(("last", "first_word_matters"), [("step", True), ("position", False)])
def test_what_the_backward_direction_ends_with(last: str, first_word_matters: bool) -> None:
    model = network("text/textrnn.nn", {"input": "4"}, vocabulary=11, classes=3, last=last)
    kernel = np.array(model.get_layer("fc").kernel)
    kernel[:100] = 0  # what the forward direction says
    model.get_layer("fc").kernel.assign(kernel)
    one = words(4)
    other = one.copy()
    other[:, 0] = (one[:, 0] + 1) % 11
    assert np.allclose(outputs(model, one), outputs(model, other), atol=1e-6) != first_word_matters


def test_a_decoder_whose_state_looks_before_each_step() -> None:
    """Bahdanau et al. 2015, appendix A."""
    sizes = {"vocabulary": 11, "embed": 3, "hidden": 4, "pieces": 2, "length": 3}
    model = network("sequence/rnnsearch.nn", {"source": "5"}, **sizes)
    w = drawn(model)
    (source,), (u_a,), (w_s,), (w_a,) = w["embedding"], w["keys"], w["dense"], w["dense_1"]
    (v_a,), (w_t,), (w_o,) = w["additive_attention"], w["maxout_dense"], w["dense_4"]

    def translate(xs: Array, ys: Array) -> Array:
        h = read_both_ways(source[xs], w["bidirectional"])
        s = np.tanh(h[0, 4:] @ w_s)
        told = []
        for y in w["y"][0][ys]:
            c = softmax(np.array([np.tanh(s @ w_a + each @ u_a) @ v_a for each in h])) @ h
            t = np.concatenate([s, y, c]) @ w_t
            told.append(softmax(t.reshape(2, 2).max(axis=1) @ w_o))
            s = gru(np.concatenate([y, c]), s, *w["gru"])
        return np.array(told)

    xs, ys = words(5), words(3)
    same(outputs(model, xs, ys), [translate(*each) for each in zip(xs, ys, strict=True)])


def test_a_decoder_of_two_layers() -> None:
    """Zhang et al., "Dive into Deep Learning", section 11.4: `Seq2SeqAttentionDecoder.forward`."""
    model = network("sequence/seq2seq_additive.nn", {"source": "5"}, length=3)
    w = drawn(model)
    (w_q,), (w_k,), (w_v,) = w["dense"], w["dense_1"], w["additive_attention"]

    def translate(xs: Array, ys: Array) -> Array:
        below = read(w["embedding"][0][xs], *w["below"])
        memory = read(below, *w["memory"])
        low, high = below[-1], memory[-1]
        told = []
        for y in w["words"][0][ys]:
            context = softmax(np.tanh(high @ w_q + memory @ w_k) @ w_v) @ memory
            low = gru(np.concatenate([context, y]), low, *w["gru"])
            high = gru(low, high, *w["gru_1"])
            told.append(high @ w["dense_6"][0] + w["dense_6"][1])
        return np.array(told)

    xs, ys = words(5, of=10), words(3, of=10)
    same(outputs(model, ys, xs), [translate(*each) for each in zip(xs, ys, strict=True)])


def test_a_memory_that_reads_again() -> None:
    """Kumar et al. 2016, sections 2.1 to 2.4, with the reset as the spec says."""
    sizes = {"vocabulary": 11, "answers": 3, "facts": 3, "length": 2, "passes": 2}
    model = network("text/dmn.nn", {"question": "4"}, **sizes)
    w = drawn(model)
    (table,), (bilinear,) = w["embedding"], w["dense"]

    def gate(c: Array, m: Array, q: Array) -> Any:
        z = [c, m, q, c * q, abs(c - q), c @ bilinear @ q, c * m, abs(c - m), c @ bilinear @ m]
        hidden = np.tanh(np.hstack(z) @ w["dense_2"][0] + w["dense_2"][1])
        return sigmoid(hidden @ w["dense_3"][0] + w["dense_3"][1])

    def answer(story: Array, question: Array) -> Array:
        facts = read(table[story.reshape(-1)], *w["gru"])[1::2]
        q = m = read(table[question], *w["gru_1"])[-1]
        for _ in range(2):
            gates = [gate(c, m, q) for c in facts]
            h = np.zeros(100)
            for c, g in zip(facts, gates, strict=True):
                h = g * gru(c, h, *w["gru_2"]) + (1 - g) * h
            m = gru(h, m, *w["gru_5"])
        a = gru(np.concatenate([np.zeros(3), q]), m, *w["gru_10"])
        return softmax(a @ w["fc"][0])

    story, question = words(3, 2), words(4)
    same(outputs(model, story, question), [answer(*each) for each in zip(story, question, strict=True)])


def test_entities_that_are_remembered() -> None:
    """Henaff et al. 2017, equations 1 to 6."""
    model = network("text/entnet.nn", vocabulary=11, sentences=3, length=4)
    w = drawn(model)
    (table,), (keys,), (slopes,) = w["embedding"], w["w"], w["prelu"]
    (u,), (v,), (to_w,), (to_h,), (to_r,) = w["dense"], w["dense_1"], w["dense_2"], w["dense_9"], w["fc"]

    def phi(x: Array) -> Array:
        return np.where(x > 0, x, slopes[0] * x)

    def answer(story: Array, question: Array) -> Array:
        memories = [key.copy() for key in keys]
        for sentence in story:
            s = sum(f * e for f, e in zip(w["depthwise_conv"][0][:, :, 0], table[sentence], strict=True))
            for j, (h, key) in enumerate(zip(memories, keys, strict=True)):
                g = sigmoid(s @ h + s @ key)
                h = h + g * phi(h @ u + key @ v + s @ to_w)
                memories[j] = h / np.sqrt((h**2).sum())
        q = sum(f * e for f, e in zip(w["q"][0][:, :, 0], table[question], strict=True))
        p = softmax(np.array([q @ h for h in memories]))
        return softmax(phi(q + (p @ np.array(memories)) @ to_h) @ to_r)

    story, question = words(3, 4), words(4)
    same(outputs(model, story, question), [answer(*each) for each in zip(story, question, strict=True)])


def test_a_transformer_tells_nothing_of_what_comes_later() -> None:
    model = network("sequence/transformer.nn", width=64, vocabulary=11)
    xs, ys = words(4), words(5)
    told = outputs(model, xs, ys)
    np.testing.assert_allclose(told.sum(axis=-1), 1, atol=1e-5)
    later = ys.copy()
    later[:, 3] = (ys[:, 3] + 1) % 11
    changed = np.abs(outputs(model, xs, later) - told).max(axis=(0, 2))
    assert (changed[:3] < 1e-6).all()
    assert (changed[3:] > 1e-4).all()
    np.testing.assert_allclose(outputs(model, xs, ys[:, :3]), told[:, :3], atol=1e-5)
    other = xs.copy()
    other[:, 3] = (xs[:, 3] + 1) % 11
    assert (np.abs(outputs(model, other, ys) - told).max(axis=(0, 2)) > 1e-4).all()

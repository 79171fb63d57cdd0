"""seq2seq_additive, written by nnspec from seq2seq_additive.nn.

Sequence to sequence with additive attention as in "Dive into Deep Learning", section
11.4, with the sizes that are tried there: two layers of GRUs on both sides; the upper
state of the decoder looks at the encoder's outputs, and what it finds is read with the
next word. Choices: GRUs have two biases, as in PyTorch and Keras; padding is not
masked.

The params that are constants here, and take another value only where the file is
written anew: `length`.
"""

from collections.abc import Callable

import keras

HIDDEN = 16
LENGTH = 7


def make_look() -> Callable[..., keras.KerasTensor]:
    """Make the layers of `Look` once; what it returns applies them."""
    dense = keras.layers.Dense(HIDDEN, use_bias=False)
    dense_2 = keras.layers.Dense(HIDDEN, use_bias=False)
    additive_attention = keras.layers.AdditiveAttention()

    def look(query: keras.KerasTensor, memory: keras.KerasTensor) -> keras.KerasTensor:
        x = keras.layers.Reshape((1, HIDDEN))(query)
        x = dense(x)
        y = dense_2(memory)
        return additive_attention([x, memory, y])

    return look


def make_lower() -> Callable[..., keras.KerasTensor]:
    """Make the layers of `Lower` once; what it returns applies them."""
    gru = keras.layers.GRU(HIDDEN, return_sequences=True)

    def lower(x: keras.KerasTensor, h: keras.KerasTensor) -> keras.KerasTensor:
        y = keras.layers.Flatten()(h)
        return gru(x, initial_state=y)

    return lower


def make_upper() -> Callable[..., keras.KerasTensor]:
    """Make the layers of `Upper` once; what it returns applies them."""
    gru = keras.layers.GRU(HIDDEN, return_sequences=True)

    def upper(x: keras.KerasTensor, h: keras.KerasTensor) -> keras.KerasTensor:
        y = keras.layers.Flatten()(h)
        return gru(x, initial_state=y)

    return upper


def build_model(vocabulary: int = 10) -> keras.Model:
    """Build `seq2seq_additive`: target (7,), source (S,) → (7, 10), 7,386 params,
    (S * 4,704 + 27,104) MACs, 76 layers.
    """
    look = make_look()
    lower = make_lower()
    upper = make_upper()
    a = {}
    b = {}
    target = keras.Input(shape=(LENGTH,), dtype="int32", name="target")
    words = keras.layers.Embedding(vocabulary, 8)(target)
    source = keras.Input(shape=(None,), dtype="int32", name="source")
    x = keras.layers.Embedding(vocabulary, 8)(source)
    x, y = keras.layers.GRU(HIDDEN, return_sequences=True, return_state=True)(x)
    a[0] = y
    memory, x = keras.layers.GRU(HIDDEN, return_sequences=True, return_state=True)(x)
    b[0] = x
    x = memory
    for t in range(LENGTH):
        x = look(b[t], memory)
        y = words[:, t : t + 1]
        x = keras.layers.Concatenate()([x, y])
        x = lower(x, a[t])
        a[t + 1] = x
        x = upper(x, b[t])
        b[t + 1] = x
    branches = [b[t + 1] for t in range(LENGTH)]
    x = keras.layers.Concatenate(axis=1)(branches)
    outputs = keras.layers.Dense(vocabulary)(x)  # (length, vocabulary)
    return keras.Model([target, source], outputs, name="seq2seq_additive")


if __name__ == "__main__":
    build_model().summary()

"""transformer, written by nnspec from transformer.nn.

Transformer, Vaswani et al. 2017, arXiv:1706.03762, "Attention is all you need", figure
1 and table 3: "base"; "big" is
-p width=1024 -p rate=0.3. One table is both embeddings and, read the other way, the
last linear layer (section 3.4).
Choices: projections have biases; a normalisation follows each sum, and none the whole
stack; 37,000 words.
"""

import math

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class PositionEncoding(keras.layers.Layer):
    """`x + p`, `p[t, 2i] = sin(t / base**(2i / channels))`, `p[t, 2i + 1]` its cosine.

    `x` is `(batch, length, channels)`, `start` the first `t`. Vaswani et al. 2017.
    """

    def __init__(self, base=10000.0, start=0, **kwargs):
        super().__init__(**kwargs)
        self.base = base
        self.start = start
        self.supports_masking = True

    def call(self, x):
        _, length, channels = keras.ops.shape(x)
        steps = keras.ops.arange(length, dtype="float32")
        column = keras.ops.arange(channels, dtype="float32")
        even = column - column % 2
        slowness = keras.ops.power(float(self.base), even / channels)
        angles = (steps[:, None] + self.start) / slowness
        waves = keras.ops.where(
            column % 2 == 0, keras.ops.sin(angles), keras.ops.cos(angles)
        )
        return x + keras.ops.cast(waves, x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "base": self.base, "start": self.start}


def embed(
    x: keras.KerasTensor, *, words: keras.Layer, width: int, rate: float
) -> keras.KerasTensor:
    """`Embed` of the spec."""
    x = words(x)
    x = keras.layers.Rescaling(math.sqrt(width))(x)
    x = PositionEncoding()(x)
    return keras.layers.Dropout(rate)(x)


def feed_forward(x: keras.KerasTensor, *, width: int) -> keras.KerasTensor:
    """`FeedForward` of the spec: `Dense(4 * width, act=relu) -> Dense(width)`."""
    x = keras.layers.Dense(4 * width)(x)
    x = keras.layers.ReLU()(x)
    return keras.layers.Dense(width)(x)


def encoder(x: keras.KerasTensor, *, width: int, rate: float) -> keras.KerasTensor:
    """`Encoder` of the spec."""
    y = keras.layers.MultiHeadAttention(width // 64, x.shape[-1] // (width // 64))(x, x)
    y = keras.layers.Dropout(rate)(y)
    x = keras.layers.Add()([y, x])
    x = keras.layers.LayerNormalization()(x)
    y = feed_forward(x, width=width)
    y = keras.layers.Dropout(rate)(y)
    x = keras.layers.Add()([y, x])
    return keras.layers.LayerNormalization()(x)


def decoder(
    x: keras.KerasTensor, memory: keras.KerasTensor, *, width: int, rate: float
) -> keras.KerasTensor:
    """`Decoder` of the spec."""
    y = keras.layers.MultiHeadAttention(width // 64, x.shape[-1] // (width // 64))(
        x, x, use_causal_mask=True
    )
    y = keras.layers.Dropout(rate)(y)
    x = keras.layers.Add()([y, x])
    x = keras.layers.LayerNormalization()(x)
    y = keras.layers.MultiHeadAttention(width // 64, x.shape[-1] // (width // 64))(
        x, memory
    )
    y = keras.layers.Dropout(rate)(y)
    x = keras.layers.Add()([y, x])
    x = keras.layers.LayerNormalization()(x)
    y = feed_forward(x, width=width)
    y = keras.layers.Dropout(rate)(y)
    x = keras.layers.Add()([y, x])
    return keras.layers.LayerNormalization()(x)


def build_model(
    width: int = 512, rate: float = 0.1, vocabulary: int = 37000
) -> keras.Model:
    """Build `transformer`: source (S,), target (T,) → (T, 37000), 63,082,496
    params, MACs that depend on S and T, 154 layers.
    """
    words = keras.layers.ReversibleEmbedding(vocabulary, width)
    source = keras.Input(shape=(None,), dtype="int32", name="source")
    memory = embed(source, words=words, width=width, rate=rate)
    for _ in range(6):  # to (S, width)
        memory = encoder(memory, width=width, rate=rate)
    target = keras.Input(shape=(None,), dtype="int32", name="target")
    x = embed(target, words=words, width=width, rate=rate)
    for _ in range(6):  # to (T, width)
        x = decoder(x, memory, width=width, rate=rate)
    x = words(x, reverse=True)
    outputs = keras.layers.Softmax()(x)  # (T, vocabulary)
    return keras.Model([source, target], outputs, name="transformer")


if __name__ == "__main__":
    build_model().summary()

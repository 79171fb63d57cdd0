"""Sinusoids that tell positions apart, added to a sequence."""

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

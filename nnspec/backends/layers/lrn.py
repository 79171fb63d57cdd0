"""Local response normalisation across channels, as in AlexNet."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class LRN(keras.layers.Layer):
    """`x / (k + alpha * sum(x**2))**beta`, the sum over `size` neighbouring channels.

    Krizhevsky et al. 2012, section 3.3.
    """

    def __init__(self, size=5, alpha=1e-4, beta=0.75, k=2.0, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def call(self, x):
        half = self.size // 2
        pads = [(0, 0)] * (len(x.shape) - 1) + [(half, half)]
        squares = keras.ops.pad(keras.ops.square(x), pads)
        ends = range(1 - self.size, 1)
        total = sum(squares[..., start : end or None] for start, end in enumerate(ends))
        return x / keras.ops.power(self.k + self.alpha * total, self.beta)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "alpha": self.alpha,
            "beta": self.beta,
            "k": self.k,
        }

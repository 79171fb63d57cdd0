"""Stochastic depth: a residual branch that is left out for some examples."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class DropPath(keras.layers.Layer):
    """Zeroes whole examples in training and scales the others; Huang et al. 2016."""

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x, training=False):
        if not training or self.rate == 0:
            return x
        shape = (keras.ops.shape(x)[0], *[1] * (len(x.shape) - 1))
        return keras.random.dropout(
            x, self.rate, noise_shape=shape, seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}

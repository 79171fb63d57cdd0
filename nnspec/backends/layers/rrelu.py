"""Randomised leaky rectified linear units."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class RReLU(keras.layers.Layer):
    """`x` where it is positive, `a * x` elsewhere; Xu et al. 2015.

    In training each `a` is drawn from `low` to `high`, afterwards it is their mean.
    """

    def __init__(self, low=1 / 8, high=1 / 3, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.low = low
        self.high = high
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x, training=False):
        slope = (self.low + self.high) / 2
        if training:
            slope = keras.random.uniform(
                keras.ops.shape(x),
                self.low,
                self.high,
                dtype=self.compute_dtype,
                seed=self.seed_generator,
            )
        return keras.ops.where(x > 0, x, slope * x)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "low": self.low,
            "high": self.high,
            "seed": self.seed,
        }

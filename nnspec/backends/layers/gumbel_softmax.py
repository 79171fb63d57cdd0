"""Samples of categories that gradients pass through."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class GumbelSoftmax(keras.layers.Layer):
    """`softmax((x + g) / temperature)`, with Gumbel noise `g` in training alone.

    `hard` gives the one-hot of the largest, with the gradient of the soft sample.
    Jang et al. 2017.
    """

    def __init__(self, axis=-1, temperature=1.0, hard=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.temperature = temperature
        self.hard = hard
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x, training=False):
        if training:
            uniform = keras.random.uniform(
                keras.ops.shape(x), 1e-7, 1.0, "float32", self.seed_generator
            )
            noise = -keras.ops.log(-keras.ops.log(uniform))
            x = x + keras.ops.cast(noise, x.dtype)
        soft = keras.ops.softmax(x / self.temperature, axis=self.axis)
        if not self.hard:
            return soft
        largest = soft == keras.ops.max(soft, axis=self.axis, keepdims=True)
        count = keras.ops.cumsum(keras.ops.cast(largest, "int32"), axis=self.axis)
        first = keras.ops.cast(keras.ops.logical_and(largest, count == 1), soft.dtype)
        return first + soft - keras.ops.stop_gradient(soft)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "temperature": self.temperature,
            "hard": self.hard,
            "seed": self.seed,
        }

"""The threshold of the first artificial neurons."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class Step(keras.layers.Layer):
    """1 where `x >= threshold`, 0 elsewhere; its gradient is 0."""

    def __init__(self, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, x):
        fires = keras.ops.greater_equal(x, self.threshold)
        return keras.ops.cast(fires, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}

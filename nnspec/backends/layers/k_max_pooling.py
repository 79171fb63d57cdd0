"""The k largest values of each channel along the length, in their order."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class KMaxPooling(keras.layers.Layer):
    """`(batch, length, channels) -> (batch, k, channels)`; Kalchbrenner et al. 2014."""

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, x):
        rows = keras.ops.transpose(x, (0, 2, 1))
        _, indices = keras.ops.top_k(rows, self.k)
        in_order = keras.ops.sort(indices, axis=-1)
        kept = keras.ops.take_along_axis(rows, in_order, axis=-1)
        return keras.ops.transpose(kept, (0, 2, 1))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.k, input_shape[2])

    def get_config(self):
        return {**super().get_config(), "k": self.k}

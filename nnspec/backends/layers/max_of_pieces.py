"""The second half of a maxout layer: the largest of each unit's weighted sums."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class MaxOfPieces(keras.layers.Layer):
    """`(…, units * pieces) -> (…, units)`; Goodfellow et al. 2013."""

    def __init__(self, pieces, **kwargs):
        super().__init__(**kwargs)
        self.pieces = pieces

    def call(self, x):
        units = x.shape[-1] // self.pieces
        axes = (*keras.ops.shape(x)[:-1], units, self.pieces)
        return keras.ops.max(keras.ops.reshape(x, axes), axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // self.pieces)

    def get_config(self):
        return {**super().get_config(), "pieces": self.pieces}

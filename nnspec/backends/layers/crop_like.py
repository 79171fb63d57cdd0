"""Cuts a tensor down to the spatial sizes of another, known or not."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class CropLike(keras.layers.Layer):
    """`[x, like] -> x`, cut about the centre to all sizes of `like` but the last.

    An odd remainder is cut off the end.
    """

    def call(self, inputs):
        x, like = inputs
        index = [slice(None)]
        have, want = keras.ops.shape(x)[1:-1], keras.ops.shape(like)[1:-1]
        for size, wanted in zip(have, want, strict=True):
            start = (size - wanted) // 2
            index.append(slice(start, start + wanted))
        return x[tuple(index)]

    def compute_output_shape(self, input_shape):
        x, like = input_shape
        return (x[0], *like[1:-1], x[-1])

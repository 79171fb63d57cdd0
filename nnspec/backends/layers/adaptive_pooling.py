"""Pooling into a fixed number of parts, whatever the size of what arrives."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class AdaptivePooling(keras.layers.Layer):
    """The largest value (`mode="max"`) or the mean (`mode="average"`) of each part.

    Part i of n of an axis of W positions is floor(i W / n) up to ceil((i + 1) W / n).
    `size` is the number of parts, one for all spatial axes or one for each.
    """

    def __init__(self, size, mode="max", **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.mode = mode

    def call(self, x):
        reduce = keras.ops.max if self.mode == "max" else keras.ops.mean
        for axis, parts in enumerate(self._sizes(len(x.shape) - 2), start=1):
            width = keras.ops.shape(x)[axis]
            pieces = []
            for part in range(parts):
                start = part * width // parts
                end = ((part + 1) * width + parts - 1) // parts
                piece = x[(*[slice(None)] * axis, slice(start, end))]
                pieces.append(reduce(piece, axis=axis, keepdims=True))
            x = keras.ops.concatenate(pieces, axis=axis)
        return x

    def _sizes(self, count):
        return (
            tuple(self.size) if not isinstance(self.size, int) else (self.size,) * count
        )

    def compute_output_shape(self, input_shape):
        sizes = self._sizes(len(input_shape) - 2)
        return (input_shape[0], *sizes, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "size": self.size, "mode": self.mode}

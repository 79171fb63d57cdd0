"""Pieces of images: random ones in training, the middle ones afterwards."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class RandomCrop(keras.layers.Layer):
    """`(batch, h, w, channels) -> (batch, height, width, channels)`.

    In training each image is cut at a place of its own; Krizhevsky et al. 2012.
    """

    def __init__(self, height, width, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.height = height
        self.width = width
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x, training=False):
        x = keras.ops.cast(x, self.compute_dtype)
        batch, height, width, channels = keras.ops.shape(x)
        down, right = height - self.height, width - self.width
        if not training:
            top, left = down // 2, right // 2
            return x[:, top : top + self.height, left : left + self.width]
        x = self.cut(x, batch, down, self.height, axis=1)
        x = self.cut(x, batch, right, self.width, axis=2)
        return keras.ops.reshape(x, (-1, self.height, self.width, channels))

    def cut(self, x, batch, most, size, axis):
        """So many positions of an axis, from one that is drawn for each image."""
        start = keras.random.randint((batch, 1), 0, most + 1, seed=self.seed_generator)
        taken = start + keras.ops.arange(size, dtype="int32")
        shape = (-1, size, 1, 1) if axis == 1 else (-1, 1, size, 1)
        return keras.ops.take_along_axis(x, keras.ops.reshape(taken, shape), axis=axis)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.height, self.width, input_shape[3])

    def get_config(self):
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "seed": self.seed,
        }

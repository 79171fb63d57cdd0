"""A kernel as a length and a direction."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class WeightNorm(keras.layers.Wrapper):
    """The layer inside with its kernel as w = g · v / ‖v‖.

    `v` is the layer's own kernel; its norm is taken over all that feeds one output
    channel, and `g` starts as that norm.

    Source: Salimans & Kingma 2016, "Weight normalization", equation 2.
    """

    def build(self, input_shape):
        super().build(input_shape)
        norm = self.norm()
        self.g = self.add_weight(name="g", shape=norm.shape, initializer="ones")
        self.g.assign(norm)

    def norm(self):
        """‖v‖ for each output channel."""
        kernel = self.layer.kernel
        name = type(self.layer).__name__
        if "Transpose" in name:
            kernel = keras.ops.swapaxes(kernel, -1, -2)
        if "Depthwise" in name:
            kernel = keras.ops.reshape(kernel, (*kernel.shape[:-2], 1, -1))
        axes = tuple(range(len(kernel.shape) - 1))
        return keras.ops.sqrt(keras.ops.sum(keras.ops.square(kernel), axis=axes))

    def call(self, inputs):
        y = self.layer(inputs)
        scale = keras.ops.divide_no_nan(self.g, self.norm())
        if not self.layer.use_bias:
            return y * scale
        return y * scale + self.layer.bias * (1 - scale)  # the bias is not scaled

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

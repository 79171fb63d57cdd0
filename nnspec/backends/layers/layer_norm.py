"""Layer normalisation over axes that are not the last ones."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class LayerNorm(keras.layers.LayerNormalization):
    """`keras.layers.LayerNormalization`, which takes the last axes on PyTorch."""

    def call(self, x):
        exact = keras.ops.cast(x, keras.backend.result_type(x.dtype, "float32"))
        axes = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        mean, variance = keras.ops.moments(exact, axes=axes, keepdims=True)
        y = (exact - mean) * keras.ops.rsqrt(variance + self.epsilon)
        spread = [size if axis in axes else 1 for axis, size in enumerate(x.shape)]
        if self.gamma is not None:
            y = y * keras.ops.reshape(keras.ops.cast(self.gamma, y.dtype), spread)
        if self.beta is not None:
            y = y + keras.ops.reshape(keras.ops.cast(self.beta, y.dtype), spread)
        return keras.ops.cast(y, self.compute_dtype)

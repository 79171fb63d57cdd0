"""Root mean square normalisation over any axes, with settings for its weights."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class RMSNorm(keras.layers.Layer):
    """`scale * x / sqrt(mean(x**2) + epsilon) + offset`; Zhang & Sennrich 2019."""

    def __init__(
        self,
        axis=-1,
        epsilon=1e-6,
        bias=False,
        gamma_initializer="ones",
        beta_initializer="zeros",
        gamma_regularizer=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon
        self.bias = bias
        self.gamma_initializer = keras.initializers.get(gamma_initializer)
        self.beta_initializer = keras.initializers.get(beta_initializer)
        self.gamma_regularizer = keras.regularizers.get(gamma_regularizer)
        self.gamma_constraint = keras.constraints.get(gamma_constraint)

    def build(self, input_shape):
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        self.axes = sorted(axis % len(input_shape) for axis in axes)
        shape = [input_shape[axis] for axis in self.axes]
        self.spread = [
            size if axis in self.axes else 1 for axis, size in enumerate(input_shape)
        ]
        self.scale = self.add_weight(
            name="scale",
            shape=shape,
            initializer=self.gamma_initializer,
            regularizer=self.gamma_regularizer,
            constraint=self.gamma_constraint,
        )
        self.offset = None
        if self.bias:
            self.offset = self.add_weight(
                name="offset", shape=shape, initializer=self.beta_initializer
            )

    def call(self, x):
        # `keras.ops.rms_normalization` takes the last axes on PyTorch.
        exact = keras.ops.cast(x, keras.backend.result_type(x.dtype, "float32"))
        mean = keras.ops.mean(keras.ops.square(exact), axis=self.axes, keepdims=True)
        normal = exact * keras.ops.rsqrt(mean + self.epsilon)
        normal = keras.ops.cast(normal, x.dtype)
        y = normal * keras.ops.reshape(self.scale, self.spread)
        if self.offset is not None:
            y = y + keras.ops.reshape(self.offset, self.spread)
        return y

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "bias": self.bias,
            "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
            "beta_initializer": keras.initializers.serialize(self.beta_initializer),
            "gamma_regularizer": keras.regularizers.serialize(self.gamma_regularizer),
            "gamma_constraint": keras.constraints.serialize(self.gamma_constraint),
        }

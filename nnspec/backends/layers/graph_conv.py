"""Graph convolution: a dense layer on each node, summed over its neighbours."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class GraphConv(keras.layers.Layer):
    """`[x, a] -> a @ (x @ kernel) + bias`; Kipf & Welling 2017.

    `normalize` is None, "symmetric" for `D**-0.5 @ (a + I) @ D**-0.5` in place of `a`,
    or "row" for `D**-1 @ (a + I)`, where D has the row sums of `a + I`.
    """

    def __init__(
        self,
        units,
        normalize=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        kernel_constraint=None,
        use_bias=True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.normalize = normalize
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.use_bias = use_bias

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[0][-1], self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.units,), initializer=self.bias_initializer
            )

    def call(self, inputs):
        x, a = (keras.ops.cast(given, self.compute_dtype) for given in inputs)
        y = self.summed(keras.ops.matmul(x, self.kernel), a)
        return y if self.bias is None else y + self.bias

    def summed(self, x, a):
        """The sum over the neighbours; the normalised matrix is never made."""
        if self.normalize is None:
            return keras.ops.matmul(a, x)
        degree = keras.ops.sum(a, axis=-1, keepdims=True) + 1
        symmetric = self.normalize == "symmetric"
        counts = degree > 0 if symmetric else degree != 0
        degree = keras.ops.where(counts, degree, keras.ops.ones_like(degree))
        factor = keras.ops.rsqrt(degree) if symmetric else 1 / degree
        factor = keras.ops.where(counts, factor, keras.ops.zeros_like(factor))
        x = factor * x if symmetric else x
        return factor * (keras.ops.matmul(a, x) + x)

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "normalize": self.normalize,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
            "use_bias": self.use_bias,
        }

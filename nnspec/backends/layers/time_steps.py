"""The steps of sequences as examples of their own, and back."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class FoldSteps(keras.layers.Layer):
    """`(batch, steps, …) -> (batch * steps, …)`."""

    def call(self, inputs):
        return keras.ops.reshape(inputs, (-1, *keras.ops.shape(inputs)[2:]))

    def compute_output_shape(self, input_shape):
        return (None, *input_shape[2:])


@keras.saving.register_keras_serializable(package="nnspec")
class UnfoldSteps(keras.layers.Layer):
    """`(batch * steps, …), (batch, steps, …) -> (batch, steps, …)`.

    The first tensor, cut up as the second is.
    """

    def call(self, inputs):
        x, like = inputs
        steps = keras.ops.shape(like)[1]
        return keras.ops.reshape(x, (-1, steps, *keras.ops.shape(x)[1:]))

    def compute_output_shape(self, input_shape):
        x, like = input_shape
        return (*like[:2], *x[1:])


@keras.saving.register_keras_serializable(package="nnspec")
class RepeatSteps(keras.layers.Layer):
    """`(batch, …), (batch, steps, …) -> (batch * steps, …)`: the same for each step."""

    def call(self, inputs):
        x, like = inputs
        return keras.ops.repeat(x, keras.ops.shape(like)[1], axis=0)

    def compute_output_shape(self, input_shape):
        x, _ = input_shape
        return (None, *x[1:])

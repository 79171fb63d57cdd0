"""A learned tensor that belongs to no example: a class token, a table of positions."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class LearnedTensor(keras.layers.Layer):
    """`anchor -> (batch, *shape)`: the tensor, repeated for each example."""

    def __init__(
        self,
        shape,
        initializer="glorot_uniform",
        regularizer=None,
        constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.initializer = keras.initializers.get(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)

    def build(self, input_shape):
        self.value = self.add_weight(
            name="value",
            shape=self.shape,
            initializer=self.initializer,
            regularizer=self.regularizer,
            constraint=self.constraint,
        )

    def call(self, anchor):
        return keras.ops.broadcast_to(
            self.value, (keras.ops.shape(anchor)[0], *self.shape)
        )

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.shape)

    def get_config(self):
        return {
            **super().get_config(),
            "shape": self.shape,
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
        }

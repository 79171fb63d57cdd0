"""Multi-head attention with a few corrections to Keras's layer."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class MultiHead(keras.layers.MultiHeadAttention):
    """`keras.layers.MultiHeadAttention`, whose weights obey `trainable=False`.

    Its scores have the shape `(…, heads, queries, keys)`, which Keras declares as if
    queries and keys were one sequence. The last kernel may have a constraint of its
    own, since its inputs lie on two axes.
    """

    def __init__(self, *args, output_constraint=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.output_constraint = keras.constraints.get(output_constraint)

    def build(self, query_shape, value_shape, key_shape=None):
        super().build(query_shape, value_shape, key_shape)
        for part in self._flatten_layers(include_self=False):
            part.trainable = self.trainable
        if self.output_constraint is not None:
            self.output_dense.kernel.constraint = self.output_constraint

    def compute_output_spec(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        y = super().compute_output_spec(query, value, key)
        if not return_attention_scores:
            return y
        axes = self.attention_axes
        positions = range(len(query.shape) - 1)
        shape = [query.shape[axis] for axis in positions if axis not in axes]
        shape.append(self.num_heads)
        shape += [query.shape[axis] for axis in axes]
        shape += [value.shape[axis] for axis in axes]
        return y, keras.KerasTensor(tuple(shape), dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "output_constraint": keras.constraints.serialize(self.output_constraint),
        }

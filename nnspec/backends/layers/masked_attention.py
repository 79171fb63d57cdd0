"""Dot and additive attention with masks of any kind, and settings for the weight."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class MaskedAttention(keras.layers.Layer):
    """`[query, value, key, mask] -> softmax(scores) · value`, and the scores if wanted.

    A score is `query · key` (`"dot"`, Luong et al. 2015), `sum(tanh(query + key))`
    (`"concat"`) or the same weighted by a learned vector (`"additive"`, Bahdanau et
    al. 2015). `mask` is 0 for keys that are not seen, by all queries `(batch, keys)`
    or by each `(batch, queries, keys)`. Without one the layer takes three tensors.
    """

    def __init__(
        self,
        score_mode="dot",
        use_scale=False,
        causal=False,
        scores=False,
        dropout=0.0,
        seed=None,
        initializer=None,
        regularizer=None,
        constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.score_mode = score_mode
        self.use_scale = use_scale
        self.causal = causal
        self.scores = scores
        self.dropout = dropout
        self.seed = seed
        if initializer is None:
            initializer = "glorot_uniform" if score_mode == "additive" else "ones"
        self.initializer = keras.initializers.get(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)
        self.supports_masking = True
        if dropout > 0:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(
                name="scale",
                shape=input_shape[0][-1:] if self.score_mode == "additive" else (),
                initializer=self.initializer,
                regularizer=self.regularizer,
                constraint=self.constraint,
            )
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                name="concat_score_weight", shape=(), initializer="ones"
            )

    def call(self, inputs, mask=None, training=False):
        query, value, key, *seen = inputs
        scores = self._scores(query, key)
        half = keras.backend.standardize_dtype(scores.dtype) == "float16"
        far = 6e4 if half else 1e9
        for visible in self._visible(scores, seen, mask):
            scores = keras.ops.where(visible, scores, -far)
        weights = keras.ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = keras.random.dropout(
                weights, self.dropout, seed=self.seed_generator
            )
        y = keras.ops.matmul(weights, value)
        if mask is not None and mask[0] is not None:
            y = keras.ops.where(keras.ops.expand_dims(mask[0], -1), y, 0)
        return (y, weights) if self.scores else y

    def _scores(self, query, key):
        scale = 1 if self.scale is None else self.scale
        if self.score_mode == "dot":
            return scale * keras.ops.matmul(query, keras.ops.swapaxes(key, -2, -1))
        pairs = keras.ops.expand_dims(query, -2) + keras.ops.expand_dims(key, -3)
        if self.score_mode == "additive":
            return keras.ops.sum(scale * keras.ops.tanh(pairs), axis=-1)
        sums = keras.ops.sum(keras.ops.tanh(scale * pairs), axis=-1)
        return self.concat_score_weight * sums

    def _visible(self, scores, seen, mask):
        """What each query may see: by the mask, by Keras's own, and of the past."""
        for one in seen:
            for _ in range(len(scores.shape) - len(one.shape)):
                one = keras.ops.expand_dims(one, 1)
            yield keras.ops.cast(one, "bool")
        if mask is not None and mask[1] is not None:
            yield keras.ops.expand_dims(mask[1], -2)
        if self.causal:
            yield keras.ops.cast(keras.ops.tril(keras.ops.ones_like(scores)), "bool")

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else mask[0]

    def compute_output_shape(self, input_shape):
        query, value, key, *_ = input_shape
        shape = (*query[:-1], value[-1])
        return (shape, (*query[:-1], key[-2])) if self.scores else shape

    def get_config(self):
        return {
            **super().get_config(),
            "score_mode": self.score_mode,
            "use_scale": self.use_scale,
            "causal": self.causal,
            "scores": self.scores,
            "dropout": self.dropout,
            "seed": self.seed,
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
        }

"""Principal components, with or without whitening."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class PCA(keras.layers.Layer):
    """`(x - mean) @ components` along the last axis; Pearson 1901, Hotelling 1933.

    The components are the directions in which the data vary most, the first most of
    all. `whiten` divides them by `sqrt(variance + epsilon)`. `adapt` fits them; until
    then the first k channels pass.
    """

    def __init__(self, k=None, whiten=False, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.k = k
        self.whiten = whiten
        self.epsilon = epsilon

    def build(self, input_shape):
        width = input_shape[-1]
        self.mean = self.add_weight(
            name="mean", shape=(width,), initializer="zeros", trainable=False
        )
        self.components = self.add_weight(
            name="components",
            shape=(width, self.k or width),
            initializer="identity",
            trainable=False,
        )

    def adapt(self, data):
        """Fit to an array of examples, or to batches of them."""
        batches = data
        if hasattr(data, "shape"):
            batches = (data[start : start + 256] for start in range(0, len(data), 256))
        # JAX has float64 only where it is told so.
        dtype = "float32" if keras.config.backend() == "jax" else "float64"
        with keras.device("cpu"):
            mean, covariance = self.moments(batches, dtype)
            values, vectors = keras.ops.eigh(covariance)
            values = keras.ops.flip(values)[: self.components.shape[1]]
            vectors = keras.ops.flip(vectors, axis=1)[:, : self.components.shape[1]]
            largest = keras.ops.argmax(keras.ops.abs(vectors), axis=0, keepdims=True)
            largest = keras.ops.take_along_axis(vectors, largest, axis=0)
            vectors = vectors * keras.ops.sign(largest)
            if self.whiten:
                variance = keras.ops.maximum(values, 0) + self.epsilon
                vectors = vectors / keras.ops.sqrt(variance)
            mean, vectors = map(keras.ops.convert_to_numpy, (mean, vectors))
        self.mean.assign(mean.astype("float32"))
        self.components.assign(vectors.astype("float32"))

    def moments(self, batches, dtype):
        """Mean and covariance, batch by batch as in Chan et al. 1983."""
        width = self.mean.shape[0]
        count = 0
        mean = keras.ops.zeros((width,), dtype)
        scatter = keras.ops.zeros((width, width), dtype)
        for batch in batches:
            rows = keras.ops.reshape(keras.ops.cast(batch, dtype), (-1, width))
            share = rows.shape[0] / (count + rows.shape[0])
            here = keras.ops.mean(rows, axis=0)
            rows = rows - here
            shift = here - mean
            scatter = scatter + keras.ops.matmul(keras.ops.transpose(rows), rows)
            scatter = scatter + count * share * keras.ops.outer(shift, shift)
            mean = mean + share * shift
            count += rows.shape[0]
        return mean, scatter / count

    def call(self, x):
        x = keras.ops.cast(x, self.compute_dtype)
        return keras.ops.matmul(x - self.mean, self.components)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.k or input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "k": self.k,
            "whiten": self.whiten,
            "epsilon": self.epsilon,
        }

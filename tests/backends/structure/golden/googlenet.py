"""googlenet, written by nnspec from googlenet.nn.

GoogLeNet, Szegedy et al. 2014, arXiv:1409.4842, table 1 and section 5, with both
auxiliary classifiers, or without, as it is used once it is trained: nnspec check
specs/vision/googlenet.nn -p heads=false

Choices: padding is `same` everywhere, so 112 becomes 56, 28, 14 and 7; no batch
normalisation; the classifiers see what inception 4a and 4d give.

The params that are constants here, and take another value only where the file is
written anew: `heads`.
"""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class LRN(keras.layers.Layer):
    """`x / (k + alpha * sum(x**2))**beta`, the sum over `size` neighbouring channels.

    Krizhevsky et al. 2012, section 3.3.
    """

    def __init__(self, size=5, alpha=1e-4, beta=0.75, k=2.0, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def call(self, x):
        half = self.size // 2
        pads = [(0, 0)] * (len(x.shape) - 1) + [(half, half)]
        squares = keras.ops.pad(keras.ops.square(x), pads)
        ends = range(1 - self.size, 1)
        total = sum(squares[..., start : end or None] for start, end in enumerate(ends))
        return x / keras.ops.power(self.k + self.alpha * total, self.beta)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "alpha": self.alpha,
            "beta": self.beta,
            "k": self.k,
        }


def inception(
    x: keras.KerasTensor,
    one: int,
    reduce3: int,
    three: int,
    reduce5: int,
    five: int,
    pooled: int,
) -> keras.KerasTensor:
    """`Inception` of the spec."""
    branch_1 = keras.layers.Conv2D(one, 1, padding="same")(x)
    branch_1 = keras.layers.ReLU()(branch_1)
    branch_2 = keras.layers.Conv2D(reduce3, 1, padding="same")(x)
    branch_2 = keras.layers.ReLU()(branch_2)
    branch_2 = keras.layers.Conv2D(three, 3, padding="same")(branch_2)
    branch_2 = keras.layers.ReLU()(branch_2)
    branch_3 = keras.layers.Conv2D(reduce5, 1, padding="same")(x)
    branch_3 = keras.layers.ReLU()(branch_3)
    branch_3 = keras.layers.Conv2D(five, 5, padding="same")(branch_3)
    branch_3 = keras.layers.ReLU()(branch_3)
    x = keras.layers.MaxPooling2D(3, strides=1, padding="same")(x)
    x = keras.layers.Conv2D(pooled, 1, padding="same")(x)
    x = keras.layers.ReLU()(x)
    return keras.layers.Concatenate()([branch_1, branch_2, branch_3, x])


def auxiliary(x: keras.KerasTensor, *, classes: int) -> keras.KerasTensor:
    """`Auxiliary` of the spec."""
    x = keras.layers.AveragePooling2D(5, strides=3)(x)
    x = keras.layers.Conv2D(128, 1, padding="same")(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(1024)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Dropout(0.7)(x)
    x = keras.layers.Dense(classes)(x)
    return keras.layers.Softmax()(x)


def build_model(classes: int = 1000) -> keras.Model:
    """Build `googlenet`: (224, 224, 3) → main (1000,), head1 (1000,), head2
    (1000,), 13,378,280 params, 1.59 G MACs, 158 layers.
    """
    inputs = keras.Input(shape=(224, 224, 3), name="input")
    x = keras.layers.Conv2D(64, 7, strides=2, padding="same")(inputs)
    x = keras.layers.ReLU()(x)  # (112, 112, 64)
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = LRN()(x)  # (56, 56, 64)
    x = keras.layers.Conv2D(64, 1, padding="same")(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Conv2D(192, 3, padding="same")(x)
    x = keras.layers.ReLU()(x)
    x = LRN()(x)  # (56, 56, 192)
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)  # (28, 28, 192)
    x = inception(x, 64, 96, 128, 16, 32, 32)  # (28, 28, 256)
    x = inception(x, 128, 128, 192, 32, 96, 64)  # (28, 28, 480)
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)  # (14, 14, 480)
    inception_4a = inception(x, 192, 96, 208, 16, 48, 64)  # (14, 14, 512)
    x = inception(inception_4a, 160, 112, 224, 24, 64, 64)  # (14, 14, 512)
    x = inception(x, 128, 128, 256, 24, 64, 64)  # (14, 14, 512)
    inception_4d = inception(x, 112, 144, 288, 32, 64, 64)  # (14, 14, 528)
    x = inception(inception_4d, 256, 160, 320, 32, 128, 128)  # (14, 14, 832)
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)  # (7, 7, 832)
    x = inception(x, 256, 160, 320, 32, 128, 128)  # (7, 7, 832)
    x = inception(x, 384, 192, 384, 48, 128, 128)  # (7, 7, 1024)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.4)(x)
    x = keras.layers.Dense(classes)(x)
    main_ = keras.layers.Softmax(name="main")(x)
    x = auxiliary(inception_4a, classes=classes)
    y = auxiliary(inception_4d, classes=classes)
    head1 = keras.layers.Identity(name="head1")(x)
    head2 = keras.layers.Identity(name="head2")(y)
    return keras.Model(inputs, [main_, head1, head2], name="googlenet")


if __name__ == "__main__":
    build_model().summary()

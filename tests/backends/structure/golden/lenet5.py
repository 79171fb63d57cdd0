"""lenet5, written by nnspec from lenet5.nn.

LeNet-5, LeCun et al. 1998, "Gradient-based learning applied to document recognition",
figure 2, as it is taught today: 28 x 28 pictures padded to 32, every map of C3 sees all
of S2, plain averages, a linear layer at the end.
"""

import keras


def build_model() -> keras.Model:
    """Build `lenet5`: (28, 28, 1) → (10,), 61,706 params, 416.52 k MACs, 12 layers."""
    inputs = keras.Input(shape=(28, 28, 1), name="input")
    x = keras.layers.Conv2D(6, 5, padding="same")(inputs)
    x = keras.layers.Activation("tanh")(x)  # (28, 28, 6)
    x = keras.layers.AveragePooling2D(2)(x)  # (14, 14, 6)
    x = keras.layers.Conv2D(16, 5)(x)
    x = keras.layers.Activation("tanh")(x)  # (10, 10, 16)
    x = keras.layers.AveragePooling2D(2)(x)  # (5, 5, 16)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(120)(x)
    x = keras.layers.Activation("tanh")(x)
    x = keras.layers.Dense(84)(x)
    x = keras.layers.Activation("tanh")(x)
    x = keras.layers.Dense(10)(x)
    outputs = keras.layers.Softmax()(x)
    return keras.Model(inputs, outputs, name="lenet5")


if __name__ == "__main__":
    build_model().summary()

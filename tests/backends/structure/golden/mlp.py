"""mlp, written by nnspec from mlp.nn.

A multilayer perceptron for handwritten digits, 784-300-100-10: LeCun et al. 1998,
"Gradient-based learning applied to document recognition", section III.C.4.
"""

import keras


def build_model() -> keras.Model:
    """Build `mlp`: (28, 28, 1) → (10,), 266,610 params, 266.20 k MACs, 6 layers."""
    inputs = keras.Input(shape=(28, 28, 1), name="input")
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(300)(x)
    x = keras.layers.Activation("tanh")(x)
    x = keras.layers.Dense(100)(x)
    x = keras.layers.Activation("tanh")(x)
    x = keras.layers.Dense(10)(x)
    outputs = keras.layers.Softmax()(x)
    return keras.Model(inputs, outputs, name="mlp")


if __name__ == "__main__":
    build_model().summary()

"""vgg16, written by nnspec from vgg16.nn.

VGG-16, Simonyan & Zisserman 2014, arXiv:1409.1556, table 1, column D; without the
dropout of its training.
"""

import keras


def build_model(classes: int = 1000) -> keras.Model:
    """Build `vgg16`: (224, 224, 3) → (1000,), 138,357,544 params, 15.47 G MACs, 37
    layers.
    """
    inputs = keras.Input(shape=(224, 224, 3), name="input")
    x = inputs
    for c, n in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(n):
            x = keras.layers.Conv2D(c, 3, padding="same")(x)
            x = keras.layers.ReLU()(x)
        x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(4096)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Dense(4096)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Dense(classes)(x)
    outputs = keras.layers.Softmax()(x)
    return keras.Model(inputs, outputs, name="vgg16")


if __name__ == "__main__":
    build_model().summary()

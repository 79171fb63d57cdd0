"""resnet50, written by nnspec from resnet50.nn.

ResNet-50, He et al. 2015, arXiv:1512.03385, table 1, column "50-layer"; the same as
`keras.applications.ResNet50`.
"""

import keras


def stem(x: keras.KerasTensor, bias: bool = False) -> keras.KerasTensor:
    """What the networks for ImageNet begin with: 224 x 224 becomes 56 x 56."""
    x = keras.layers.ZeroPadding2D(3)(x)
    x = keras.layers.Conv2D(
        64, 7, strides=2, kernel_initializer="he_normal", use_bias=bias
    )(x)
    x = keras.layers.BatchNormalization(epsilon=1.001e-5)(x)
    x = keras.layers.ReLU()(x)
    x = keras.ops.pad(
        x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=float("-inf")
    )
    return keras.layers.MaxPooling2D(3, strides=2)(x)


def bottleneck(x: keras.KerasTensor, c: int) -> keras.KerasTensor:
    """1 x 1 down to c channels, 3 x 3, and 1 x 1 up to 4c."""
    s = 1 if x.shape[-1] == c or x.shape[-1] == 4 * c else 2
    y = keras.layers.Conv2D(c, 1, strides=s, kernel_initializer="he_normal")(x)
    y = keras.layers.BatchNormalization(epsilon=1.001e-5)(y)
    y = keras.layers.ReLU()(y)
    y = keras.layers.Conv2D(c, 3, padding="same", kernel_initializer="he_normal")(y)
    y = keras.layers.BatchNormalization(epsilon=1.001e-5)(y)
    y = keras.layers.ReLU()(y)
    y = keras.layers.Conv2D(4 * c, 1, kernel_initializer="he_normal")(y)
    y = keras.layers.BatchNormalization(epsilon=1.001e-5)(y)
    if x.shape[-1] != 4 * c:
        x = keras.layers.Conv2D(4 * c, 1, strides=s, kernel_initializer="he_normal")(x)
        x = keras.layers.BatchNormalization(epsilon=1.001e-5)(x)
    x = keras.layers.Add()([y, x])
    return keras.layers.ReLU()(x)


def build_model(classes: int = 1000) -> keras.Model:
    """Build `resnet50`: (224, 224, 3) → (1000,), 25,636,712 params, 3.86 G MACs,
    175 layers.
    """
    inputs = keras.Input(shape=(224, 224, 3), name="input")
    x = stem(inputs, bias=True)  # (56, 56, 64)
    for _ in range(3):  # to (56, 56, 256)
        x = bottleneck(x, 64)
    for _ in range(4):  # to (28, 28, 512)
        x = bottleneck(x, 128)
    for _ in range(6):  # to (14, 14, 1024)
        x = bottleneck(x, 256)
    for _ in range(3):  # to (7, 7, 2048)
        x = bottleneck(x, 512)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(classes)(x)
    outputs = keras.layers.Softmax()(x)
    return keras.Model(inputs, outputs, name="resnet50")


if __name__ == "__main__":
    build_model().summary()

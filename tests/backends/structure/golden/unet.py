"""unet, written by nnspec from unet.nn.

U-Net, Ronneberger, Fischer & Brox 2015, arXiv:1505.04597, figure 1: unpadded
convolutions, so that 572 x 572 pixels are judged in 388 x 388. Any size does whose
poolings meet even sizes:
  nnspec check specs/vision/unet.nn --input 700,700,1
Choices: an up-convolution is a transposed convolution of 2 x 2, with a bias; no
dropout.
"""

import keras


def double(x: keras.KerasTensor, c: int) -> keras.KerasTensor:
    """`Double` of the spec: `(Conv(c, 3) -> ReLU) x 2`."""
    for _ in range(2):
        x = keras.layers.Conv2D(c, 3)(x)
        x = keras.layers.ReLU()(x)
    return x


def build_model() -> keras.Model:
    """Build `unet`: (572, 572, 1) → (388, 388, 2), 31,030,658 params, 150.43 G
    MACs, 53 layers.
    """
    down = {}
    inputs = keras.Input(shape=(572, 572, 1), name="picture")
    x = inputs
    for i in range(4):
        x = double(x, 64 * 2**i)
        down[i] = x
        x = keras.layers.MaxPooling2D(2)(x)
    x = double(x, 1024)
    for i, c in ((3, 512), (2, 256), (1, 128), (0, 64)):
        x = keras.layers.Conv2DTranspose(c, 2, strides=2)(x)
        y = keras.layers.Cropping2D((down[i].shape[1] - x.shape[1]) // 2)(down[i])
        x = keras.layers.Concatenate()([y, x])
        x = double(x, c)
    mask = keras.layers.Conv2D(2, 1)(x)  # (388, 388, 2)
    return keras.Model(inputs, mask, name="unet")


if __name__ == "__main__":
    build_model().summary()

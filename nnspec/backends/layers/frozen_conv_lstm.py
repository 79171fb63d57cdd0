"""Convolutional LSTMs whose weights training leaves alone.

Keras's layers do not hand `trainable` on to the cell that has the weights.
"""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class FrozenConvLSTM1D(keras.layers.ConvLSTM1D):
    """`keras.layers.ConvLSTM1D`, whose cell is as trainable as the layer."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cell.trainable = self.trainable


@keras.saving.register_keras_serializable(package="nnspec")
class FrozenConvLSTM2D(keras.layers.ConvLSTM2D):
    """`keras.layers.ConvLSTM2D`, whose cell is as trainable as the layer."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cell.trainable = self.trainable


@keras.saving.register_keras_serializable(package="nnspec")
class FrozenConvLSTM3D(keras.layers.ConvLSTM3D):
    """`keras.layers.ConvLSTM3D`, whose cell is as trainable as the layer."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cell.trainable = self.trainable

"""Average pooling with explicit padding, which is not counted."""

import keras


@keras.saving.register_keras_serializable(package="nnspec")
class PaddedAveragePooling(keras.layers.Layer):
    """Average pooling over every axis but the first and the last.

    `padding` is one number, one per axis, or a pair (before, after) per axis. With
    `ceil` a window may stick out at the end, but none starts in the padding there.
    """

    def __init__(self, pool_size, strides=None, padding=0, ceil=False, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = pool_size
        self.strides = pool_size if strides is None else strides
        self.padding = padding
        self.ceil = ceil

    def call(self, x):
        axes = self._axes(len(x.shape) - 2)
        sizes = tuple(axis[0] for axis in axes)
        strides = tuple(axis[1] for axis in axes)
        pads = [[0, 0], [0, 0]]
        for _, stride, (before, after) in axes:
            pads.insert(-1, [before, after + (stride - 1 if self.ceil else 0)])
        # The mean of real positions: the mean with zeros, over the share that is real.
        ones = keras.ops.ones_like(x[:1, ..., :1])
        mean = keras.ops.average_pool(keras.ops.pad(x, pads), sizes, strides)
        share = keras.ops.average_pool(keras.ops.pad(ones, pads), sizes, strides)
        if self.ceil:
            inside = self._starting_inside(x, axes)
            mean, share = mean[inside], share[inside]
        return mean / share

    def _axes(self, count):
        """Window, stride and (before, after) of each spatial axis."""
        pads = self.padding
        if count == 1 and isinstance(pads, (list, tuple)) and len(pads) == 2:
            pads = (pads,)
        found = []
        for pad, *numbers in zip(
            self._each(pads, count),
            self._each(self.pool_size, count),
            self._each(self.strides, count),
            strict=True,
        ):
            pair = pad if isinstance(pad, (list, tuple)) else (pad, pad)
            found.append((*numbers, pair))
        return found

    def _each(self, value, count):
        return value if isinstance(value, (list, tuple)) else (value,) * count

    def _starting_inside(self, x, axes):
        """The windows that do not start in the padding at the end."""
        index = [slice(None)]
        for size, axis in zip(keras.ops.shape(x)[1:-1], axes, strict=True):
            _, stride, (before, _) = axis
            index.append(slice((size + before + stride - 1) // stride))
        return tuple(index)

    def compute_output_shape(self, input_shape):
        batch, *sizes, channels = input_shape
        return (batch, *map(self._size, sizes, self._axes(len(sizes))), channels)

    def _size(self, width, axis):
        size, stride, (before, after) = axis
        if width is None:
            return None
        room = width + before + after - size
        if not self.ceil:
            return room // stride + 1
        return min(-(-room // stride) + 1, -(-(width + before) // stride))

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "ceil": self.ceil,
        }
